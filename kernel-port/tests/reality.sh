#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The simulator against reality: one workload, described once, in a real guest (stock 6.1
# on stock QEMU, ws.ko, ws-agent, Linux's own balloon, ws-balloond) and in the simulator,
# under the same policy with the same parameters.  Reports are compared bin by bin and the
# balloon's way second by second.  usage: reality.sh [KEEP]; results are left in KEEP.
set -eu
keep=${1:-}
dir=$(mktemp -d)
cleanup() {
	jobs -p | while read -r job; do kill "$job" 2> /dev/null || :; done
	wait
	rm -rf "$dir"
}
trap cleanup EXIT
out=${BUILD_DIR:-build}/release
: "${KERNELS:=6.1}"
here=kernel-port/tests

# kind:MiB:period in ms:until s, as ws_load and the trace below take it: memory that is
# used all the time, memory that is used for a minute, and memory that is touched once.
load="a:80:1000:1000 a:60:1000:60 a:120:0:1000"
mib=448 seconds=150 size=256 swap=256
policy="ws-target"
params="interval=2s stats_interval=1s hold=10s idle=5s step=0.1 proactive=1"

# --- the real guest -----------------------------------------------------------------------
cat > "$dir/guest" << 'END'
for m in /m/*; do
	[ ! -e "$m" ] || insmod "$m" || exit 1
done
echo ${SWAP}M > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null
swapon /dev/zram0
insmod /ws.ko || exit 1
echo scan > /sys/kernel/ws/source
set -- $(ls /sys/class/virtio-ports)
/ws_load touch /tmp 600 $(cat /load) &
# The load has its memory before anybody looks.
sleep 3
exec /ws-agent -p "/dev/$1" -s 600
END
sed -i "s/\${SWAP}/$swap/" "$dir/guest"
kernel=${KERNELS%% *}
place=$(kernel-port/kernels.sh "$kernel")
make -s kernel-module KERNEL="$kernel" > "$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	echo "not ok reality: modules for $kernel do not build"
	exit 0
}
gcc -O2 -static -o "$dir/ws_load" $here/ws_load.c
echo "$load" > "$dir/load"
# shellcheck disable=SC2046 # modules are words
kernel-port/boot.sh -t 400 -m $mib "$place/vmlinux" "$dir/guest" "build/kernel-$kernel/ws.ko" \
	"$out/ws-agent" "$dir/ws_load" "$dir/load=/load" \
	$(kernel-port/modules.sh "$place" virtio_pci virtio_balloon virtio_console zram) \
	-- -qmp "unix:$dir/a.qmp,server=on,wait=off" \
	-device virtio-balloon-pci,deflate-on-oom=on,free-page-reporting=on \
	-device virtio-serial-pci -device virtserialport,chardev=p,name=ws.balloon \
	-chardev "socket,id=p,path=$dir/a.port,server=on,wait=off" > "$dir/guest.out" 2>&1 &
options=
for param in $params; do
	options="$options --param $param"
done
# shellcheck disable=SC2086 # options are words
"$out/ws-balloond" --policy $policy $options --host-memory 2GiB --name reality --control "$dir/control" \
	--vm "name=a,qmp=$dir/a.qmp,serial=$dir/a.port,size=${mib}MiB,min=96MiB,swap=zram" \
	-o "$dir/real" 2> "$dir/said" > "$dir/digest" &
daemon=$!
for _ in $(seq 240); do
	"$out/ws-balloond" --tell "$dir/control" state 2> /dev/null | grep -q '"up": true' && break
	sleep 0.5
done
sleep $seconds
# A guest that does not get its CPU time cannot do what the simulated one does.
busy=$(awk -v cores="$(nproc)" '{ print ($2 > 2 * cores + 1) ? $2 : 0 }' /proc/loadavg)
"$out/ws-balloond" --tell "$dir/control" quit > /dev/null
wait $daemon || { cat "$dir/said" >&2; echo "not ok reality: the daemon fails"; exit 0; }

# --- the same in the simulator --------------------------------------------------------------
# What the guest's kernel has for itself is measured, not guessed.
kernel_bytes=$(awk -F, '$3 == 1 && $7 > 0 && $8 > 0 { own = $4 - $6 - $7 - $8 - $9 }
	END { print int(own / 4096) * 4096 }' "$dir/real/timeseries.csv")
awk -v load="$load" -v end=$((seconds + 3)) 'BEGIN {
	count = split(load, region, " ")
	for (i = 1; i <= count; i++) {
		split(region[i], part, ":")
		pages[i] = part[2] * 256; period[i] = part[3]; until[i] = part[4]
		first[i + 1] = first[i] + pages[i]
	}
	for (ms = 0; ms < end * 1000; ms += 500) {
		us = ms * 1000
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
{ "name": "reality", "duration": "$((seconds + 3))s",
  "host": { "memory": "2GiB", "reserved": "0" },
  "vms": [ { "name": "a", "memory": "${mib}MiB", "memory_min": "96MiB", "kernel": "$kernel_bytes",
    "reclaim": { "engine": "mglru", "generations": 64 },
    "swap": { "device": "zram", "ratio": 60, "size": "${swap}MiB" },
    "workload": [ { "trace": "load.wst", "keep": "all", "idle": "10m" } ] } ],
  "policy": { "name": "$policy", "params": { $list } } }
END
"$out/wssim" run "$dir/reality.json" --no-baseline --no-plots -o "$dir/sim" > "$dir/sim.out" ||
	{ echo "not ok reality: the simulator fails"; exit 0; }

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
	(cd "$keep" && gnuplot) << 'END'
set terminal pngcairo size 1000,420 font "sans,11"
set output "reality.png"
set xlabel "seconds"; set ylabel "MiB"; set xrange [0:*]; set yrange [0:460]; set key top right; set grid lc rgb "#dddddd"
plot "real.dat" using 1:2 with lines lw 4 lc rgb "#4477aa" title "left to the guest, real", \
     "sim.dat" using 1:2 with lines lw 2 dt 2 lc rgb "#000000" title "simulated", \
     "real.hot" using 1:2 with points pt 7 ps 0.8 lc rgb "#cc6677" title "used within 6 s, real", \
     "sim.hot" using 1:2 with lines lw 1 lc rgb "#882255" title "simulated"
END
fi

# --- side by side -----------------------------------------------------------------------------
awk -F, -v mib=$mib -v busy="$busy" -f $here/reality.awk "$dir/real/timeseries.csv" "$dir/real/histograms.csv" \
	"$dir/sim/timeseries.csv" "$dir/sim/histograms.csv"
sed 's/^/# daemon: /' "$dir/said"
