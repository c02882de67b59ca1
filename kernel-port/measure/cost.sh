#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# cost.sh - what ws.ko costs in a guest: processor time a scan and a report, memory a page,
# and how much slower a program that only reads memory becomes.
# usage: cost.sh [6.1|6.12]...
# QEMU counts instructions here (-icount): each takes 16 ns, so figures are the same on every
# machine at every load, and what is said is instructions: the guest is as slow as a 62 MHz
# processor.  Misses of caches and TLBs cost nothing in it.  A few minutes a kernel on an idle machine.
set -eu
cd "$(dirname "$0")/../.."
export KERNELS="${*:-6.1 6.12}"
. kernel-port/tests/common/ws_host.inc

cat > "$dir/cost" << 'END'
load_modules; make_files
N=$W/node0
cpu_ns() { cut -d ' ' -f 1 "/proc/$(pidof ws_aging)/schedstat"; }
stat() { sed -n "s/^$1 //p" $W/stats; }
begin() { # ms between reports, word for insmod...
	ms=$1; shift
	insmod /ws.ko "$@"
	echo 1000,5000,30000 > $N/page_age_intervals
	echo "$ms" > $N/refresh_interval
}
echo "RESULT spin off $(/ws_load spin 64 5)"
# interval, flush, seconds: a pass at the beginning is not counted, those that follow are.
while read -r s flush seconds; do
	begin ${s}000 flush=$flush
	sleep 1; from=$(cpu_ns) passes=$(stat passes)
	echo "RESULT spin $s.$flush $(/ws_load spin 64 $seconds)"
	echo "RESULT cpu $s.$flush $(($(cpu_ns) - from)) ns $(($(stat passes) - passes)) passes"
	rmmod ws
done << LIST
1 1 5
1 0 5
5 1 10
30 1 30
LIST
# Huge pages are off in guests of less than 512 MiB.
# A scan by what there is to scan: a guest that is empty, then anonymous memory, then page cache.
scan() {
	begin 500
	sleep 2; from=$(cpu_ns) passes=$(stat passes) frames=$(stat frames) ptes=$(stat ptes)
	walk=$(stat walk_ns) sweep=$(stat sweep_ns)
	sleep 4; passes=$(($(stat passes) - passes))
	echo "RESULT scan $1 $(($(cpu_ns) - from)) ns $passes passes $(($(stat frames) - frames)) frames" \
		"$(($(stat ptes) - ptes)) ptes walk $(($(stat walk_ns) - walk)) sweep $(($(stat sweep_ns) - sweep))"
	echo "RESULT memory $(stat footprint_bytes) bytes $(stat frames_max) frames"
	rmmod ws
}
scan empty
load wl 100 a:256:0:0; scan anon-256-MiB; kill $!; sleep 0.5
load wl 100 a:256:400:100; scan anon-256-MiB-hot; kill $!; sleep 0.5
load wl 100 h:256:0:0; scan huge-256-MiB; kill $!; sleep 0.5
load wl 100 r:100:0:0; scan cache-100-MiB; kill $!; sleep 0.5
# A report beside the scan: what forty-nine memcgs more cost.
for i in $(seq 49); do mkdir $C/m$i; done
begin 500; sleep 2
from=$(cpu_ns) made=$(stat reports_made); sleep 8
alone=$(($(cpu_ns) - from)) made=$(($(stat reports_made) - made))
for i in $(seq 49); do echo N0=500 > $W/memcg/m$i/memory.workingset.refresh_interval; done
sleep 2; from=$(cpu_ns) more=$(stat reports_made); sleep 8
echo "RESULT report scan $(($(cpu_ns) - from - alone)) ns $(($(stat reports_made) - more - made)) reports"
rmmod ws
echo y > /sys/kernel/mm/lru_gen/enabled
begin 100 source=mglru; sleep 2
from=$(cpu_ns) made=$(stat reports_made); sleep 8
echo "RESULT report mglru $(($(cpu_ns) - from)) ns $(($(stat reports_made) - made)) reports"
rmmod ws
END

# What the guest said, as tables.
tabulate() {
	awk -v kernel="$1" '
		$1 != "RESULT" { next }
		$2 == "spin" { rate[$3] = $4 / $6; if ($3 != "off") order[++runs] = $3 }
		$2 == "cpu" { cpu[$3] = $4; passes[$3] = $6 }
		$2 == "scan" { line[++scans] = $0 }
		$2 == "memory" { bytes = $3; frames = $5 }
		$2 == "report" { report[$3] = $4 / $6 / 16 }
		END {
			printf "\n%s, %d MiB\n\n", kernel, frames / 256
			print "| interval | flush | slowdown | passes | instructions a pass |"
			print "|---|---|---|---|---|"
			for (i = 1; i <= runs; i++) {
				split(order[i], part, ".")
				n = passes[order[i]]
				printf "| %s s | %s | %.2f %% | %d | %s |\n", part[1], part[2] ? "yes" : "no",
					(rate["off"] / rate[order[i]] - 1) * 100, n,
					n ? int(cpu[order[i]] / 16 / n) : "-"
			}
			print "\n| scanned | instructions a pass | page tables | frames | user pages | entries |"
			print "|---|---|---|---|---|---|"
			for (i = 1; i <= scans; i++) {
				split(line[i], f, " ")
				n = f[6]
				printf "| %s | %d | %d | %d | %d | %d |\n", f[3], f[4] / 16 / n,
					f[13] / 16 / n, f[15] / 16 / n, f[8] / n, f[10] / n
			}
			printf "\nA report costs %d instructions (scan, 50 memcgs), %d (mglru, 50 memcgs, the root).\n",
				report["scan"], report["mglru"]
			printf "Memory: %.2f bytes a page frame (%d for %d).\n", bytes / frames, bytes, frames
		}'
}

for kernel in $KERNELS; do
	ws_build "$kernel"
	QEMU_MORE="-icount shift=4,sleep=off" ws_boot "$kernel" "$dir/cost" -m 768 -t 1800 > "$dir/found"
	tabulate "$(cat "$(kernel-port/kernels.sh "$kernel")/release")" < "$dir/found"
	! grep -a 'not ok' "$dir/found"
done
