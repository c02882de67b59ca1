#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The files of ws.ko: what they accept and refuse, memcgs that come and go, polling for
# reports under memory pressure with zram, and sources switched while in use.
set -eu
. kernel-port/tests/common/ws_host.inc
QEMU_MORE=$COUNTED

cat > "$dir/files" << 'END'
load_modules; make_files
# try FILE VALUE MESSAGE: writing fails so; no message: it succeeds
try() {
	found=$(echo "$2" 2>&1 > "$1")
	case "$found" in
	*"${3:-}") [ -n "${3:-}" ] || [ -z "$found" ] ;;
	*) false ;;
	esac
	result $? "'$2' to $(basename "$1"): ${found##*: }"
}
# shows FILE VALUE
shows() { found=$(cat "$1" 2>&1); [ "$found" = "$2" ]; result $? "$(basename "$1") shows '$found'"; }
numbers() { seq -s , 10 10 "$(($1 * 10))"; }
N=$W/node0 M=$W/memcg/a/b/memory.workingset
INVALID="Invalid argument" RANGE="Numerical result out of range"

insmod /ws.ko source=nonsense 2> /dev/null; result $((!$?)) "no source of that name: not loaded"
insmod /ws.ko gens=1 2> /dev/null; result $((!$?)) "one generation: not loaded"
insmod /ws.ko || exit 1
shows $W/source "mglru [scan]"
shows $N/refresh_interval 0
shows $N/report_threshold 0
shows $N/page_age_intervals ""
shows $N/workingset_report/refresh_interval 0
found=$(cat $N/page_age 2>&1); case $found in *"$INVALID") ;; *) false ;; esac
result $? "page_age without intervals: $found"
try $N/page_age_intervals abc "$INVALID"
try $N/page_age_intervals 2000,1000 "$INVALID"
try $N/page_age_intervals 1000,1000 "$INVALID"
try $N/page_age_intervals 1000,,2000 "$INVALID"
try $N/page_age_intervals -1 "$INVALID"
try $N/page_age_intervals 4294967296 "$RANGE"
try $N/page_age_intervals "$(numbers 32)" "$RANGE"
try $N/page_age_intervals "$(numbers 31)"
shows $N/page_age_intervals "$(numbers 31)"
try $N/page_age_intervals ""
shows $N/page_age_intervals ""
try $N/page_age_intervals 1000,2000,3000
shows $N/page_age ""
try $N/refresh_interval abc "$INVALID"
try $N/refresh_interval -5 "$INVALID"
try $N/refresh_interval 0x3e8
shows $N/refresh_interval 1000
[ "$(/ws_load read $N/page_age | wc -l)" -eq 4 ]; result $? "a report of four bins"
/ws_load read $N/page_age | tail -n 1 | grep -q ' 18446744073709551615 '
result $? "the last bin has no edge"
[ -n "$(/ws_load read $N/workingset_report/page_age)" ]; result $? "the same where the series has it"
try $N/report_threshold nothing "$INVALID"
try $W/source ldap "$INVALID"
try $W/source nothing-of-that-name "$INVALID"
(echo 1 > $N/page_age) 2> /dev/null; result $((!$?)) "page_age cannot be written"

mkdir -p $C/a/b && echo +memory > $C/a/cgroup.subtree_control
wait_for 3 test -e $M.page_age; result $? "a cgroup inside another has its files"
shows $M.refresh_interval "N0=0 "
shows $M.page_age ""
try $M.refresh_interval 1000 "$INVALID"
try $M.refresh_interval N0 "$INVALID"
try $M.refresh_interval N0= "$INVALID"
try $M.refresh_interval N1=1000 "$INVALID"
try $M.refresh_interval N4294967295=1000 "$INVALID"
try $M.refresh_interval "N0=1000 N0=2000" "$INVALID"
try $M.refresh_interval N0=1000
try $M.report_threshold N0=500
shows $M.refresh_interval "N0=1000 "
shows $M.report_threshold "N0=500 "
[ "$(head -n 1 $M.page_age)" = N0 ]; result $? "its report names the node"

# A cgroup that goes while its report is open and polled, and one of that name that comes.
/ws_load poll $M.page_age 20 > /tmp/polled 2>&1 &
exec 3< $M.page_age
sleep 0.5; rmdir $C/a/b; wait_for 3 sh -c "! test -e $W/memcg/a/b"
result $? "a cgroup that goes takes its files along"
wait_for 5 test -s /tmp/polled; result $? "who polled them is told: $(cat /tmp/polled)"
cat <&3 > /dev/null 2>&1; result $((!$?)) "who has them open cannot read any more"
exec 3<&-
mkdir $C/a/b; wait_for 3 test -e $M.page_age; shows $M.refresh_interval "N0=0 "
for i in $(seq 100); do mkdir $C/a/$i; rmdir $C/a/$((i - 5)) 2> /dev/null; done
wait_for 5 sh -c "[ \$(ls -d $W/memcg/a/*/ | wc -l) -eq \$(ls -d $C/a/*/ | wc -l) ]"
result $? "a hundred cgroups come and most go: $(ls -d $W/memcg/a/*/ | wc -l) are left"

# Pages of a cgroup that has gone are its parent's, as old as they were.
mkdir -p $C/p/q; echo +memory > $C/p/cgroup.subtree_control; mkdir -p $C/p/q
M=$W/memcg/p/memory.workingset
echo 6000 > $N/page_age_intervals
in_cgroup p/q dd if=/dev/zero of=/f/left bs=1M count=8 2> /dev/null; wait $!
echo N0=1000 > $M.refresh_interval
sleep 9
expect "page cache of a cgroup" $M.page_age 0/0 0/2048
rmdir $C/p/q; wait_for 3 sh -c "! test -e $W/memcg/p/q"; sleep 2
expect "its cgroup gone, it is the parent's, as old as it was" $M.page_age 0/0 0/2048
rmmod ws; result $? "unloaded"
END

cat > "$dir/pressure" << 'END'
load_modules; make_files; make_swap 400
insmod /ws.ko || exit 1
N=$W/node0 M=$W/memcg/wl/memory.workingset
echo 6000 > $N/page_age_intervals
echo 1000 > $N/refresh_interval
mkdir $C/wl; wait_for 3 test -e $M.page_age
echo N0=1000 > $M.refresh_interval
echo N0=300 > $M.report_threshold
echo 300 > $N/report_threshold
[ "$(/ws_load poll $N/page_age 3)" = nothing ]; result $? "no pressure, nothing announced"
/ws_load poll $N/page_age 40 > /tmp/node &
# More than there is: 32 MiB hot, of the rest some has to go to zram.
load wl 90 a:32:100:90 a:230:0:0
wait_for 1 test -s /tmp/node; result $? "pollers of the node see memory pressure as $(cat /tmp/node)"
sleep 14
expect "hot under pressure, zram" $M.page_age '8192/*' '*/*'
awk '$1 == "pswpout" { exit $2 < 1000 }' /proc/vmstat; result $? "pages went to zram"
expect_total "under pressure, zram" $M.page_age wl 1024
echo "# swapped: $(awk '/^pswp|^workingset_refault_anon/ { printf "%s ", $0 }' /proc/vmstat)"
/ws_load poll $M.page_age 20 > /tmp/memcg &
sleep 0.5; echo 60M > $C/wl/memory.max
wait_for 20 test -s /tmp/memcg; result $? "pollers of a memcg at its limit see $(cat /tmp/memcg)"
echo "# $(grep reports $W/stats | tr '\n' ' ')"
rmmod ws; result $? "unloaded"
END

cat > "$dir/switch" << 'END'
load_modules; make_files
N=$W/node0 M=$W/memcg/wl/memory.workingset
insmod /ws.ko || exit 1
if [ "$(cat /sys/kernel/mm/lru_gen/enabled)" = 0x0000 ]; then
	(echo mglru > $W/source) 2> /dev/null; result $((!$?)) "no MGLRU, no source of that name"
	echo y > /sys/kernel/mm/lru_gen/enabled
fi
load wl 60 a:16:250:60 a:16:0:0
echo 3500,6500 > $N/page_age_intervals
echo 500 > $N/refresh_interval; echo N0=500 > $M.refresh_interval
for i in 1 2 3; do while cat $N/page_age $M.page_age $W/stats; do :; done > /dev/null 2>> /tmp/readers & done
for i in $(seq 20); do
	echo mglru > $W/source || echo "not ok to mglru"
	sleep 0.2
	echo scan > $W/source || echo "not ok to scan"
	sleep 0.2
done
[ "$(cat $W/source)" = "mglru [scan]" ]; result $? "switched forty times under load"
[ ! -s /tmp/readers ]; result $? "no reader failed meanwhile: $(cat /tmp/readers)"
sleep 10
expect "after switching" $M.page_age 4096/0 0/0 4096/0
rmmod ws; result $? "unloaded under readers"
END

# Eight nodes with the most bins: more than a page of text.
cat > "$dir/nodes" << 'END'
echo +memory > $C/cgroup.subtree_control
insmod /ws.ko || exit 1
edges=$(seq -s , 4294960001 1 4294960031)
M=$W/memcg/wl/memory.workingset
mkdir $C/wl; wait_for 3 test -e $M.page_age
for n in 0 1 2 3 4 5 6 7; do
	echo $edges > $W/node$n/page_age_intervals
	echo N$n=600000 > $M.refresh_interval
done
cat $M.page_age > /tmp/whole; result $? "page_age of eight nodes with 32 bins is read"
bytes=$(wc -c < /tmp/whole)
[ $bytes -gt 4096 ] && [ "$(wc -l < /tmp/whole)" -eq $((8 * 33)) ] &&
	[ "$(grep '^N' /tmp/whole | tr -d '\n')" = N0N1N2N3N4N5N6N7 ]
result $? "all of it: $bytes bytes, $(wc -l < /tmp/whole) lines"
dd if=$M.page_age of=/tmp/pieces bs=100 2> /dev/null; cmp -s /tmp/whole /tmp/pieces
result $? "in small pieces it is the same"
# One reader goes on in its own text while others read theirs, until eight lie half read.
exec 3< $M.page_age
dd bs=1000 count=1 <&3 2> /dev/null > /tmp/slow
for i in $(seq 20); do cat $M.page_age || echo "not ok: a reader beside the slow one"; done > /tmp/beside
! grep -q "^not" /tmp/beside && [ $(wc -l < /tmp/beside) -eq $((20 * 8 * 33)) ]
result $? "twenty others read all of it beside a slow reader"
for i in 1 2 3 4 5 6 7; do dd if=$M.page_age of=/dev/null bs=100 count=1 2> /dev/null; done
dd bs=1000 count=1 <&3 2> /dev/null >> /tmp/slow; head -c 2000 /tmp/whole | cmp -s - /tmp/slow
result $? "the slow reader keeps its text"
for i in 1 2 3 4 5 6 7 8; do dd if=$M.page_age of=/dev/null bs=100 count=1 2> /dev/null; done
found=$(dd bs=1000 count=1 <&3 2>&1 > /dev/null)
case $found in *"Stale"*) ;; *) false ;; esac
result $? "eight half-read texts later it is told so: ${found##*: }"
cat $M.page_age | cmp -s - /tmp/whole; result $? "one that begins now reads all of it"
exec 3<&-
rmmod ws; result $? "unloaded"
END
nodes=
for node in 0 1 2 3 4 5 6 7; do
	nodes="$nodes -object memory-backend-ram,id=m$node,size=64M -numa node,memdev=m$node"
done
for kernel in $KERNELS; do
	ws_build "$kernel" || continue
	ws_boot "$kernel" "$dir/files" -m 512 -t 600
	ws_boot "$kernel" "$dir/pressure" -m 320 -t 600
	QEMU_MORE="$COUNTED $nodes" ws_boot "$kernel" "$dir/nodes" -m 512 -t 300
	QEMU_MORE="" ws_boot "$kernel" "$dir/switch" -m 512 -c 2 -t 400
done
