#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws.ko in user-mode Linux in virtual time, where every page is exact: by scan, and by the
# kernel's generations, which our patch lets the kernel age by itself; unloaded in use.
set -eu
. tests/scratch.sh
make_scratch
dir=$scratch
trap 'rm -rf "$dir"' EXIT
uml=$(kernel-port/uml.sh)
${CC:-gcc} -O2 -Wall -Wextra -Werror -static -o "$dir/ws_load" kernel-port/tests/common/ws_load.c
cp "$uml/linux" "$dir/linux"
{
	cat kernel-port/tests/common/ws_guest.inc
	cat << 'END'
TOLERANCE=40 # the shell's and the program's own
mkdir -p /f; echo +memory > $C/cgroup.subtree_control
A=/sys/kernel/mm/lru_gen_ageing
REGIONS="a:16:250:60 a:8:500:12 a:12:0:0"
M=$W/memcg/wl/memory.workingset
begin() { # source, edges, ms between reports
	insmod /ws.ko source=$1 || echo "not ok $1: is not loaded"
	echo $2 > $W/node0/page_age_intervals
	load wl 60 $REGIONS
	wait_for 5 test -e $M.page_age
	sleep 2
	echo N0=$3 > $M.refresh_interval
}
end() { # source
	expect_total "$1" $M.page_age wl 512
	(while :; do cat $M.page_age; sleep 0.01; done) > /dev/null 2>&1 &
	sleep 0.5
	rmmod ws; result $? "$1: unloaded under a reader"
	kill $!
	kill $(pidof ws_load)
	wait
	rmdir $C/wl
}
begin scan 3000,9000 1000
sleep 4
expect "scan, after 6 s" $M.page_age 6144/* 3072/* 0/*
sleep 12
expect "scan, after 18 s" $M.page_age 4096/* 2048/* 3072/*
end scan
# A report makes the kernel begin a generation (patch 0002): the oldest of four has the cold.
begin mglru 6000,12000 4000
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 2; cat $M.page_age > /dev/null; done
expect "mglru, aged for reports" $M.page_age 4096/* 2048/* 3072/*
end mglru
# Without the module, the kernel ages by itself (patch 0003); generations in pages.
is=$(cat $A/interval_ms)
[ "$is" = 0 ]; result $? "the kernel does not age by itself unless it is told: $is"
load wl 60 $REGIONS
generations() { sed -n '/wl/,$p' /sys/kernel/debug/lru_gen | awk 'NR > 2 && NR < 7 { print $3, $2 }'; }
echo 4000 > $A/interval_ms
sleep 18
generations > /tmp/found
awk -v want="3072 2048 4096 0" '
	BEGIN { split(want, wanted, " ") }
	{ all = all " " $1; ages = ages " " $2; far = $1 - wanted[NR]; if (far < 0 || far > 40) bad = 1
		if (NR > 1 && (last - $2 < 4000 || last - $2 > 4200)) bad = 1
		last = $2 }
	END { print (bad || NR != 4 ? "not ok" : "ok") " aged every 4 s: pages by generation" all \
		", expected " want ", ages in ms" ages }' /tmp/found
echo 0 > $A/interval_ms
sleep 10
[ "$(generations | cut -d ' ' -f 1)" = "$(cut -d ' ' -f 1 /tmp/found)" ]
result $? "switched off, generations stay"
END
} > "$dir/script"
kernel-port/uml_boot.sh -m 192 "$dir/linux" "$dir/script" "$uml/ws.ko" "$dir/ws_load" -- norandmaps ||
	echo "not ok uml_boot.sh exits with $?"
