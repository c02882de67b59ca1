#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# record.sh - runs a workload of known touches in stock kernels and keeps what they said.
# usage: record.sh DIRECTORY KERNEL WORKLOAD...
# Writes DIRECTORY/WORKLOAD-KERNEL.log.  KERNEL is one that kernels.sh knows, WORKLOAD a name in
# "workloads".  QEMU counts instructions, 4 ns each, and sleeps take no time: a log is the same
# at every load of the host.  About a minute each.
set -eu
[ $# -ge 3 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
here=$(dirname "$0")
out=$1 kernel=$2
shift 2
place=$("$here/../kernels.sh" "$kernel")
. "$here/../../tests/scratch.sh"
make_scratch
dir=$scratch
trap 'rm -rf "$dir"' EXIT
"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -Wno-format-truncation -D_GNU_SOURCE -static \
	-o "$dir/ground_truth" "$here/ground_truth.c"
hz=$(sed -n 's/^CONFIG_HZ=//p' "$place/headers/.config")

# A device in memory with a file system on it, and swap that is compressed memory.
files=$("$here/../modules.sh" "$place" brd ext4 crc32c_generic zram)
for workload in "$@"; do
	line=$(grep "^$workload " "$here/workloads") || { echo "record.sh: no workload $workload" >&2; exit 2; }
	cat > "$dir/script" << END
set -e
for m in /m/*; do
	case \$m in
	*brd*) insmod \$m rd_nr=1 rd_size=98304 ;;
	*) insmod \$m ;;
	esac
done
# Since 6.17 the kernel may watch its memory by itself, and take the accessed bits for that.
[ ! -e /sys/module/damon_stat/parameters/enabled ] || echo N > /sys/module/damon_stat/parameters/enabled
mke2fs -q /dev/ram0 > /dev/null 2>&1
mkdir /disk && mount -t ext4 /dev/ram0 /disk
echo 134217728 > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null && swapon /dev/zram0
echo 0 > /proc/sys/vm/page-cluster
echo y > /sys/kernel/mm/lru_gen/enabled
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
/ground_truth /disk $hz $line > /run/log || exit 1
cat /run/log
END
	# shellcheck disable=SC2086 # names are words
	"$here/../boot.sh" -t 240 -m 768 "$place/vmlinux" "$dir/script" "$dir/ground_truth" $files \
		-- -icount shift=2,sleep=off \
		> "$dir/log" || { cat "$dir/log" >&2; exit 1; }
	tr -d '\r' < "$dir/log" > "$dir/clean"
	tail -n 1 "$dir/clean" | grep -q '^# end$' || { echo "record.sh: log ends early" >&2; exit 1; }
	mkdir -p "$out"
	mv "$dir/clean" "$out/$workload-$kernel.log"
	echo "$out/$workload-$kernel.log: $(wc -l < "$out/$workload-$kernel.log") lines"
done
