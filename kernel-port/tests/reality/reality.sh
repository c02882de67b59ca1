#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The simulator against reality: one workload, described once, in a real guest and in the
# simulator, under the same policy with the same parameters.  Reports are compared bin by bin
# and the balloon's way second by second.
# Of both there is a bound for the mean: in virtual time, where every run is the same, little more
# than was measured.
# usage: reality.sh [-q] [KEEP]; results are left in KEEP.
# The guest is Linux 6.1 as a user-mode kernel in virtual time, with ws.ko, ws_balloon.ko and
# ws-balloond, so that how busy the machine is does not matter.
# -q: stock 6.1 on stock QEMU, in real time, with ws.ko, ws-agent, Linux's own balloon and
# ws-balloond; this wants two idle cores.
set -eu
real=virtual
if [ "${1:-}" = -q ]; then
	real=qemu
	shift
fi
keep=${1:-}
. tests/scratch.sh
make_scratch
dir=$scratch
cleanup() {
	jobs -p | while read -r job; do kill "$job" 2> /dev/null || :; done
	wait
	rm -rf "$dir"
}
trap cleanup EXIT
out=${BUILD_DIR:-build}/release
: "${KERNELS:=6.1}"
here=kernel-port/tests/reality common=kernel-port/tests/common

policy="ws-target"
params="interval=2s stats_interval=1s hold=10s idle=5s step=0.1"
vm() { echo "name=a,size=${mib}MiB,min=${least}MiB,swap=zram,$1"; }

# kind:MiB:period in ms:until s, as ws_load and the trace below take it: memory that is
# used all the time, memory that is used for a minute, and memory that is touched once.
if [ $real = virtual ]; then
	load="a:32:1000:1000 a:24:1000:60 a:48:0:1000"
	mib=160 least=40 swap=96 bounds="0.11 0.02"
else
	load="a:80:1000:1000 a:60:1000:60 a:120:0:1000"
	mib=448 least=96 swap=256 bounds="0.10 0.40"
fi
seconds=150 busy=0
# Accessed bits that the scan takes are given back as folio_mark_accessed(): Linux 6.1 has no
# better way, and a balloon that follows a report at once would else make the kernel evict
# without knowing what is in use.  GIVEBACK=0 tries that.
giveback=${GIVEBACK:-2}
options=
for param in $params; do
	options="$options --param $param"
done
gcc -O2 -static -o "$dir/ws_load" $common/ws_load.c
failed() {
	echo "not ok reality: $*"
	exit 0
}

# --- the real guest, in virtual time ------------------------------------------------------
run_virtual() {
	uml=$(kernel-port/uml.sh)
	cp "$uml/linux" "$dir/linux"
	gcc -O2 -static -o "$dir/uml_ask" $common/uml_ask.c
	gcc -O2 -o "$dir/uml_connect" $common/uml_connect.c
	cat > "$dir/guest" << END
echo ${swap}M > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null
swapon /dev/zram0
insmod /ws.ko giveback=$giveback || exit 1
/ws_load touch /tmp 600 $load > /tmp/load &
# The load has its memory before anybody looks, which takes no time here.
until grep -q touched /tmp/load; do sleep 0.01; done
# Nothing is touched at the moments of reports, when a microsecond would decide.
sleep 0.24
insmod /ws_balloon.ko || exit 1
for half in \$(seq $((2 * seconds))); do
	sleep 0.5
	/uml_ask advance 500ms > /dev/null || exit 1
done
END
	# shellcheck disable=SC2086 # options are words
	"$out/ws-balloond" --policy $policy $options --host-memory 2GiB --name reality \
		--control "$dir/control" --clock guest --no-state -o "$dir/real" \
		--vm "$(vm "vhost-user=$dir/vm,features=stats+oom+reporting+ws,dialect=wsr1")" \
		2> "$dir/said" > "$dir/digest" &
	daemon=$!
	for _ in $(seq 100); do
		[ ! -S "$dir/vm" ] || [ ! -S "$dir/control" ] || break
		sleep 0.1
	done
	kernel-port/uml_boot.sh -t 800 -m $mib -b "$dir/vm" -c "$dir/control" "$dir/linux" \
		"$dir/guest" "$uml/ws.ko" "$uml/ws_balloon.ko" "$dir/uml_ask" "$dir/ws_load" \
		-- norandmaps > "$dir/guest.out" 2>&1 || { cat "$dir/guest.out" >&2; failed "the guest fails"; }
	kill $daemon
	wait $daemon || { cat "$dir/said" >&2; failed "the daemon fails"; }
	sed 's/^digest /# the real run: digest /; /^results/d' "$dir/digest"
}

# --- the real guest, on QEMU in real time ---------------------------------------------------
run_qemu() {
	cat > "$dir/guest" << END
for m in /m/*; do
	[ ! -e "\$m" ] || insmod "\$m" || exit 1
done
echo ${swap}M > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null
swapon /dev/zram0
insmod /ws.ko || exit 1
echo scan > /sys/kernel/ws/source
set -- \$(ls /sys/class/virtio-ports)
/ws_load touch /tmp 600 $load > /tmp/load &
# The load has its memory before anybody looks.
until grep -q touched /tmp/load; do sleep 0.1; done
exec /ws-agent -p "/dev/\$1" -s 600
END
	kernel=${KERNELS%% *}
	place=$(kernel-port/kernels.sh "$kernel")
	built=$(kernel-port/build.sh "$kernel") || failed "no modules for $kernel"
	# shellcheck disable=SC2046 # modules are words
	kernel-port/boot.sh -t 400 -m $mib "$place/vmlinux" "$dir/guest" \
		"$built/ws.ko" "$out/ws-agent" "$dir/ws_load" \
		$(kernel-port/modules.sh "$place" virtio_pci virtio_balloon virtio_console zram) \
		-- -qmp "unix:$dir/a.qmp,server=on,wait=off" \
		-device virtio-balloon-pci,deflate-on-oom=on,free-page-reporting=on \
		-device virtio-serial-pci -device virtserialport,chardev=p,name=ws.balloon \
		-chardev "socket,id=p,path=$dir/a.port,server=on,wait=off" \
		> "$dir/guest.out" 2>&1 &
	# shellcheck disable=SC2086 # options are words
	"$out/ws-balloond" --policy $policy $options --host-memory 2GiB --name reality \
		--control "$dir/control" --vm "$(vm "qmp=$dir/a.qmp,serial=$dir/a.port")" \
		-o "$dir/real" 2> "$dir/said" > "$dir/digest" &
	daemon=$!
	for _ in $(seq 240); do
		"$out/ws-balloond" --tell "$dir/control" state 2> /dev/null |
			grep -q '"up": true' && break
		sleep 0.5
	done
	sleep $seconds
	# A guest that does not get its CPU time cannot do what the simulated one does.
	busy=$(awk -v cores="$(nproc)" '{ print ($2 > 2 * cores + 1) ? $2 : 0 }' /proc/loadavg)
	"$out/ws-balloond" --tell "$dir/control" quit > /dev/null
	wait $daemon || { cat "$dir/said" >&2; failed "the daemon fails"; }
}

run_$real

# --- the same in the simulator --------------------------------------------------------------
# What the guest's kernel has for itself is measured, not guessed.
kernel_bytes=$(awk -F, '$3 == 1 && $7 > 0 && $8 > 0 { own = $4 - $6 - $7 - $8 - $9 }
	END { print int(own / 4096) * 4096 }' "$dir/real/timeseries.csv")
awk -v load="$load" -v end=$seconds -v ahead=250 'BEGIN {
	count = split(load, region, " ")
	for (i = 1; i <= count; i++) {
		split(region[i], part, ":")
		pages[i] = part[2] * 256; period[i] = part[3]; until[i] = part[4]
		first[i + 1] = first[i] + pages[i]
	}
	for (ms = 0; ms < end * 1000; ms += 500) {
		us = ms ? ms * 1000 - ahead * 1000 : 0
		for (i = 1; i <= count; i++)
			if (ms == 0 || (period[i] && ms % period[i] == 0 && ms < until[i] * 1000))
				for (page = 0; page < pages[i]; page++)
					printf "%d,%d,write\n", us++, first[i] + page
	}
}' > "$dir/load.csv"
"$out/wssim" trace import --csv time=1,page=2,op=3,time-unit=us --idle-gap 20ms --type anon \
	--note "the load of reality.sh: $load" "$dir/load.csv" -o "$dir/load.wst" > /dev/null
list=
for param in $params; do
	list="$list${list:+, }\"${param%%=*}\": \"${param#*=}\""
done
cat > "$dir/reality.json" << END
{ "name": "reality", "duration": "${seconds}s",
  "host": { "memory": "2GiB", "reserved": "0" },
  "vms": [ { "name": "a", "memory": "${mib}MiB", "memory_min": "${least}MiB", "kernel": "$kernel_bytes",
    "reclaim": { "engine": "mglru", "generations": 64 },
    "page_reporting": true, "dialect": "wsr1",
    "swap": { "device": "zram", "ratio": 60, "size": "${swap}MiB" },
    "workload": [ { "trace": "load.wst", "keep": "all", "idle": "10m" } ] } ],
  "policy": { "name": "$policy", "params": { $list } } }
END
"$out/wssim" run "$dir/reality.json" --no-baseline --no-plots -o "$dir/sim" > "$dir/sim.out" ||
	failed "the simulator fails"

if [ -n "$keep" ]; then
	mkdir -p "$keep"
	cp -r "$dir/real" "$dir/sim" "$dir/reality.json" "$keep"
	# Time counts from when the VM is there, as in reality.awk.
	for which in real sim; do
		awk -F, '$3 == 1 { if (!begin) begin = $1 + 1e-9
			print $1 - begin, ($4 - $6) / 1048576, $5 / 1048576 }' \
			"$dir/$which/timeseries.csv" > "$keep/$which.dat"
		awk -F, 'FNR == NR { if ($3 == 1 && !begin) begin = $1 + 1e-9; next }
			$4 == 0 { if ($5 == 0 && NR > 1) { if (at) print at, young; at = $2 - begin; young = 0 }
				if ($6 != "" && $6 <= 6) young += ($7 + $8) / 1048576 }' \
			"$dir/$which/timeseries.csv" "$dir/$which/histograms.csv" > "$keep/$which.hot"
	done
	(cd "$keep" && gnuplot) << END
set terminal pngcairo size 1000,420 font "sans,11"
set output "reality.png"
set xlabel "seconds"; set ylabel "MiB"; set xrange [0:*]; set yrange [0:$((mib * 9 / 8))]; set key top right; set grid lc rgb "#dddddd"
plot "real.dat" using 1:2 with lines lw 4 lc rgb "#4477aa" title "left to the guest, real", \\
     "sim.dat" using 1:2 with lines lw 2 dt 2 lc rgb "#000000" title "simulated", \\
     "real.hot" using 1:2 with points pt 7 ps 0.8 lc rgb "#cc6677" title "used within 6 s, real", \\
     "sim.hot" using 1:2 with lines lw 1 lc rgb "#882255" title "simulated"
END
fi

# --- side by side -----------------------------------------------------------------------------
awk -F, -v mib=$mib -v busy="$busy" -v bounds="$bounds" -f $here/reality.awk "$dir/real/timeseries.csv" "$dir/real/histograms.csv" \
	"$dir/sim/timeseries.csv" "$dir/sim/histograms.csv"
sed 's/^/# daemon: /' "$dir/said"
