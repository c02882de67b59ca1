#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# secondary.sh - memory that only a KVM guest touches (a secondary MMU): what reports say of
# it, and whether the scan makes reclaim take more of it.
# usage: secondary.sh [6.1|6.12]...
# kvm_load.c runs a virtual machine inside the guest: QEMU emulates AMD's SVM with nested
# paging, so no KVM is needed here.  First, 32 MiB that the machine touches every second, 32
# that the process does and 32 idle: pages of reports by both sources.  Then 8 MiB of each in
# a memcg with another one that goes through twice what is left every 4 s: pages (of 2048)
# that a round finds reclaimed, without a scan and with one a second, over 22 s each for
# three periods of about 1 s: mean, least and most, because chance has its part.  QEMU counts
# instructions as time, so how busy the machine is has none.  Five minutes a kernel.
set -eu
cd "$(dirname "$0")/../.."
export KERNELS="${*:-6.1 6.12}"
. kernel-port/tests/common/ws_host.inc
${CC:-gcc} -O2 -Wall -Wextra -Werror -static -o "$dir/kvm_load" kernel-port/measure/kvm_load.c

cat > "$dir/secondary" << 'END'
load_modules; make_files; make_swap 300
[ "$(cat /sys/module/kvm_amd/parameters/npt)" != N ] || echo "not ok no nested paging"
vm() { # memcg, words for kvm_load
	name=$1; shift
	in_cgroup "$name" /kvm_load "$@"
	wait_for 90 grep -qs ready "/tmp/$(echo "$name" | tr / -)" || echo "not ok kvm_load does not get through"
}
report() { # source
	echo y > /sys/kernel/mm/lru_gen/enabled
	insmod /ws.ko source="$1"
	echo 6000 > $W/node0/page_age_intervals
	echo 1000 > $W/node0/refresh_interval
	vm wl 32 1000 0 60; program=$!
	echo N0=1000 > $W/memcg/wl/memory.workingset.refresh_interval
	if [ "$1" = mglru ]; then sh /mglru_age.sh 4 5; sleep 2; else sleep 18; fi
	/ws_load read $W/memcg/wl/memory.workingset.page_age > /tmp/report
	echo "RESULT report $1 $(cut -d ' ' -f 3 /tmp/report | tr '\n' ' ')$(sed -n 's/^mms_secondary //p' $W/stats)"
	kill $program; wait $program 2> /dev/null; sleep 1; rmdir $C/wl; rmmod ws
}
run() { # MGLRU, accessed bits, words for insmod; none: no scan
	label="$1 $2"; shift 2
	if [ $# -gt 0 ]; then
		insmod /ws.ko "$@"
		echo 1000 > $W/node0/page_age_intervals
		echo 1000 > $W/node0/refresh_interval
	fi
	mkdir -p $C/p; echo +memory > $C/p/cgroup.subtree_control; echo 26M > $C/p/memory.max
	vm p/vm 8 $period 10 32; program=$!
	load p/cold 200 a:18:4000:200; cold=$!
	wait $program
	grep -q 'rounds [1-9]' /tmp/p-vm || echo "not ok kvm_load fails: $(cat /tmp/p-vm)"
	echo "RESULT run $label $(tail -n 1 /tmp/p-vm)"
	kill $cold; wait $cold 2> /dev/null
	sleep 1; rmdir $C/p/vm $C/p/cold $C/p
	[ $# -eq 0 ] || rmmod ws
}
report scan
report mglru
for period in 1000 900 1100; do
	for lru in n y; do
		echo $lru > /sys/kernel/mm/lru_gen/enabled
		run $lru none
		run $lru lost giveback=0
		case $(uname -r) in 6.1.*) ;; *) run $lru young giveback=1 ;; esac
		run $lru marked giveback=2
	done
done
END

# What the guest said, as tables.
tabulate() {
	awk '
		function note(row, column, pages, rounds,  mean) {
			mean = pages / rounds
			sum[row, column] += pages
			if (!((row, column) in least) || mean < least[row, column]) least[row, column] = mean
			if (mean > most[row, column]) most[row, column] = mean
		}
		function told(row, column) {
			return sprintf("%.0f (%.0f to %.0f)", sum[row, column] / all[row], least[row, column], most[row, column])
		}
		$1 != "RESULT" { next }
		$2 == "report" && !reports++ {
			print "\n| source | pages used within 6 s | longer ago |\n|---|---|---|"
			print "| truth | 16384 | 8192 |"
		}
		$2 == "report" { printf "| %s | %d | %d |\n", $3, $4, $5 }
		$2 == "run" && $12 > 0 {
			row = $3 " " $4
			if (!all[row]) order[++rows] = row
			all[row] += $12
			note(row, "vm", $6, $12)
			note(row, "own", $8, $12)
		}
		END {
			text["none"] = "no scan"; text["lost"] = "taken, lost"
			text["young"] = "taken, PG_young"; text["marked"] = "taken, folio_mark_accessed()"
			print "\n| MGLRU | accessed bits | the VM'"'"'s | the process'"'"'s |\n|---|---|---|---|"
			for (i = 1; i <= rows; i++) {
				split(order[i], part, " ")
				printf "| %s | %s | %s | %s |\n", part[1] == "y" ? "on" : "off", text[part[2]],
					told(order[i], "vm"), told(order[i], "own")
			}
		}'
}
for kernel in $KERNELS; do
	ws_build "$kernel"
	MODULES_MORE="kvm kvm-amd" FILES_MORE="$dir/kvm_load" QEMU_MORE="-icount shift=4,sleep=off" \
		ws_boot "$kernel" "$dir/secondary" -m 512 -t 1800 > "$dir/found"
	echo
	cat "$(kernel-port/kernels.sh "$kernel")/release"
	tabulate < "$dir/found"
	! grep -a 'not ok' "$dir/found"
done
