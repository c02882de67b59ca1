#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Known hot, warm and cold memory, by both sources, in bins with known pages.
# Hot memory is touched every quarter of a second up to the end, warm memory for 12 s,
# cold memory once; reports are made after 24 s.  2 MiB are 512 pages.
set -eu
. kernel-port/tests/common/ws_host.inc
QEMU_MORE=$COUNTED
regions="a:16:250:30 a:8:250:12 a:24:0:0 h:8:250:30 h:8:0:0 m:8:250:30 m:8:0:0 r:4:500:30 r:4:0:0"

# Every bin is exact: hot 16+8 MiB and 8+4 of files, warm 8, cold 24+8 and 8+4.
cat > "$dir/scan" << END
load_modules; make_files
on=\$(cat /sys/kernel/mm/lru_gen/enabled)
insmod /ws.ko source=scan || exit 1
load wl2 34 a:6:250:34 a:10:0:0
load wl 32 $regions
M=\$W/memcg/wl/memory.workingset M2=\$W/memcg/wl2/memory.workingset
wait_for 5 test -e \$M2.page_age || echo "not ok scan: no directory for a new memcg"
echo 6000,18000 > \$W/node0/page_age_intervals
echo 2000 > \$W/node0/refresh_interval
for m in \$M \$M2; do echo N0=2000 > \$m.refresh_interval; done
sleep 24
expect "scan, MGLRU \$on" \$M.page_age 6144/3072 2048/0 8192/3072
expect "scan, second memcg" \$M2.page_age 1536/0 0/0 2560/0
expect_total "scan, memcg" \$M.page_age wl
echo "# \$(tr '\n' ' ' < \$W/stats)"
rmmod ws
END
# The kernel's generations: begun at 4, 14 and 22 s; what read() brings stays in the oldest.
cat > "$dir/mglru" << END
load_modules; make_files
echo y > /sys/kernel/mm/lru_gen/enabled
insmod /ws.ko source=mglru || exit 1
load wl2 34 a:6:250:34 a:10:0:0
load wl 32 $regions
M=\$W/memcg/wl/memory.workingset M2=\$W/memcg/wl2/memory.workingset
sleep 4; sh /mglru_age.sh 1 1; first=\$(seconds)
sleep 8; sh /mglru_age.sh 1 1; second=\$(seconds)
sleep 8; sh /mglru_age.sh 1 1; sleep 2
# Bins between the generations, whatever time the emulator took; an edge that misses a
# generation's birth by a tenth of a second moves a hundredth of it into the next bin.
TOLERANCE=160
echo "\$first \$second \$(seconds)" | awk '{ printf "%d,%d\n", (\$3 - \$2) * 1000, (\$3 - \$1) * 1000 }' \
	> \$W/node0/page_age_intervals
for m in \$M \$M2; do echo N0=1000 > \$m.refresh_interval; done
expect "mglru" \$M.page_age 6144/2048 2048/0 8192/4096
expect "mglru, second memcg" \$M2.page_age 1536/0 0/0 2560/0
expect_total "mglru, memcg" \$M.page_age wl
rmmod ws
END
for kernel in $KERNELS; do
	ws_build "$kernel" || continue
	ws_boot "$kernel" "$dir/scan" -m 768 -t 600
	ws_boot "$kernel" "$dir/mglru" -m 768 -t 600
done
