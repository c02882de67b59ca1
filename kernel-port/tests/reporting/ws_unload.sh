#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ws.ko is loaded and unloaded under load, at moments of no choice: while it scans, while
# reports are read, polled and configured, while cgroups and processes come and go, while
# memory is short and huge pages are made and split.
set -eu
. kernel-port/tests/common/ws_host.inc

cat > "$dir/unload" << 'END'
load_modules; make_files; make_swap 300
[ "$(cat /sys/kernel/mm/lru_gen/enabled)" != 0x0000 ] || echo y > /sys/kernel/mm/lru_gen/enabled
echo 64 > /proc/sys/vm/compaction_proactiveness
in_cgroup wl /ws_load touch /f 600 a:24:50:600 h:16:50:600 m:8:100:600 r:8:100:600
in_cgroup short /ws_load touch /f 600 a:40:20:600
echo 24M > $C/short/memory.max
while :; do mkdir $C/c; (echo 0 > $C/c/cgroup.procs; /ws_load spin 2 0.1 > /dev/null); rmdir $C/c; done &
while :; do cat $W/node0/page_age $W/memcg/wl/*page_age $W/stats; done > /dev/null 2>&1 &
while :; do /ws_load poll $W/node0/page_age 1; done > /dev/null 2>&1 &
while :; do echo 1000,2000 > $W/node0/page_age_intervals; echo 1 > $W/node0/refresh_interval
	echo 1 > $W/node0/report_threshold; echo mglru > $W/source; echo scan > $W/source
	echo N0=1 > $W/memcg/short/memory.workingset.report_threshold
done > /dev/null 2>&1 &
sleep 3
# A delay by the number, so that a failure can be had again: none up to 1.2 s.
failed=0 passes=0 reports=0
for i in $(seq 20); do
	insmod /ws.ko source=$([ $((i % 5)) -eq 0 ] && echo mglru || echo scan) || failed=$((failed + 1))
	sleep $((i * 7 % 13 / 10)).$((i * 7 % 13 % 10))
	now=$(sed -n 's/^passes //p' $W/stats 2> /dev/null)
	passes=$((passes + ${now:-0}))
	now=$(sed -n 's/^reports_made //p' $W/stats 2> /dev/null)
	reports=$((reports + ${now:-0}))
	rmmod ws || failed=$((failed + 1))
	[ ! -e $W ] || failed=$((failed + 1))
done
[ $failed -eq 0 ] && [ $passes -gt 0 ]
result $? "loaded and unloaded 20 times under load, $failed failures ($passes passes, $reports reports seen)"
END
for kernel in $KERNELS; do
	ws_build "$kernel" || continue
	ws_boot "$kernel" "$dir/unload" -m 320 -c 2 -t 400
done
