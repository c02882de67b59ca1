#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# disturb.sh - what the scan takes away from the kernel's own reclaim: refaults of hot memory.
# usage: disturb.sh [6.1|6.12]...
# Two memcgs share a limit: one touches 16 MiB every 0.3 s, the other goes through twice
# what is left every 4 s, which nothing can keep.  Reclaim that knows what is hot takes from
# the second alone.  Counts of 16 s, without a scan and with one a second, by what happens
# to the accessed bits that the scan takes ("giveback=").  QEMU counts instructions as time, so
# how busy the machine is has no part in them; chance has, for the guest's random numbers, and
# with them its addresses, are others in every run.  About a minute a row.
set -eu
cd "$(dirname "$0")/../.."
export KERNELS="${*:-6.1 6.12}"
. kernel-port/tests/common/ws_host.inc

cat > "$dir/disturb" << 'END'
load_modules; make_files; make_swap 300
run() { # name, words for insmod; none: no scan
	label=$1; shift
	if [ $# -gt 0 ]; then
		insmod /ws.ko "$@"
		echo 1000 > $W/node0/page_age_intervals
		echo 1000 > $W/node0/refresh_interval
	fi
	mkdir -p $C/p; echo +memory > $C/p/cgroup.subtree_control; echo 34M > $C/p/memory.max
	load p/hot 200 a:8:300:200 m:8:300:200; hot=$!
	load p/cold 200 a:18:4000:200 m:18:4000:200; cold=$!
	sleep 6
	before=$(cat $C/p/hot/memory.stat); other=$(cat $C/p/cold/memory.stat)
	sleep 16
	echo "$before" > /tmp/before; cat $C/p/hot/memory.stat > /tmp/after
	echo "$other" > /tmp/cold
	echo "RESULT $label $(for key in workingset_refault_anon workingset_refault_file pgmajfault; do
		echo $(($(sed -n "s/^$key //p" /tmp/after) - $(sed -n "s/^$key //p" /tmp/before)))
		done | tr '\n' ' ')" \
		"$(($(sed -n 's/^workingset_refault_anon //p' $C/p/cold/memory.stat) -
		$(sed -n 's/^workingset_refault_anon //p' /tmp/cold)))" \
		"$(($(sed -n 's/^workingset_refault_file //p' $C/p/cold/memory.stat) -
		$(sed -n 's/^workingset_refault_file //p' /tmp/cold)))"
	kill $hot $cold; wait $hot $cold 2> /dev/null
	sleep 1; rmdir $C/p/hot $C/p/cold $C/p
	[ $# -eq 0 ] || rmmod ws
}
for lru in n y; do
	echo $lru > /sys/kernel/mm/lru_gen/enabled
	run "$lru none"
	run "$lru lost" giveback=0
	run "$lru noflush" giveback=0 flush=0
	case $(uname -r) in 6.1.*) ;; *) run "$lru young" giveback=1 ;; esac
	run "$lru marked" giveback=2
done
END
for kernel in $KERNELS; do
	ws_build "$kernel"
	QEMU_MORE="-icount shift=4,sleep=off" ws_boot "$kernel" "$dir/disturb" -m 512 -t 1800 > "$dir/found"
	echo
	cat "$(kernel-port/kernels.sh "$kernel")/release"
	awk 'BEGIN {
			print "\n| MGLRU | accessed bits | hot refaults anon | file | major faults | cold refaults anon | file |"
			print "|---|---|---|---|---|---|---|"
			told["none"] = "no scan"
			told["lost"] = "taken, lost"; told["noflush"] = "taken, lost, flush=0"; told["young"] = "taken, PG_young"
			told["marked"] = "taken, folio_mark_accessed()"
		}
		$1 == "RESULT" { printf "| %s | %s | %d | %d | %d | %d | %d |\n", $2 == "y" ? "on" : "off", told[$3], $4, $5, $6, $7, $8 }
		' "$dir/found"
	! grep -a 'not ok' "$dir/found"
done
