#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws-balloond and two VMs on stock QEMU with stock kernels: policies move real balloons.
# Both have touched 200 MiB: "busy" goes on using 150 of them, "lazy" 10.  Both run
# QEMU's and Linux's own balloon, and beside it ws.ko with ws-agent; both can swap.
# Emulated, each QEMU holds some 170 MiB beside its guest's memory, and each guest some 90 MiB
# for itself: the host has memory for what both use and little more.
set -eu
. tests/scratch.sh
make_scratch
dir=$scratch
daemon=
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2> /dev/null || :
	cat "$dir"/*.pid 2> /dev/null | while read -r vm; do kill "$vm" 2> /dev/null || :; done
	jobs -p | while read -r job; do kill "$job" 2> /dev/null || :; done
	wait
	rm -rf "$dir"
}
trap cleanup EXIT
out=${BUILD_DIR:-build}/release
: "${KERNELS:=6.1}"
mib=448

cat > "$dir/guest" << 'END'
for m in /m/*; do
	[ ! -e "$m" ] || insmod "$m" || exit 1
done
echo 256M > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null
swapon /dev/zram0
insmod /ws.ko || exit 1
echo scan > /sys/kernel/ws/source
set -- $(ls /sys/class/virtio-ports)
/ws-agent -p "/dev/$1" -s 300 > /tmp/agent.log 2>&1 &
/ws_load touch /tmp 300 $(cat /load)
END

gcc -O2 -static -o "$dir/ws_load" kernel-port/tests/common/ws_load.c
start_vm() { # name kernel load
	place=$(kernel-port/kernels.sh "$2")
	echo "$3" > "$dir/$1.load"
	# shellcheck disable=SC2046 # modules are words
	kernel-port/boot.sh -t 280 -m $mib "$place/vmlinux" "$dir/guest" "$built/ws.ko" \
		"$out/ws-agent" "$dir/ws_load" "$dir/$1.load=/load" \
		$(kernel-port/modules.sh "$place" virtio_pci virtio_balloon virtio_console zram) \
		-- -pidfile "$dir/$1.pid" -qmp "unix:$dir/$1.qmp,server=on,wait=off" \
		-device virtio-balloon-pci,deflate-on-oom=on,free-page-reporting=on \
		-device virtio-serial-pci -device virtserialport,chardev=p,name=ws.balloon \
		-chardev "socket,id=p,path=$dir/$1.port,server=on,wait=off" > "$dir/$1.out" 2>&1 &
}

# Starts the daemon with these options beside those of the VMs; its number in $daemon.
start_daemon() {
	"$out/ws-balloond" --no-plots -o "$dir/results" --host-memory 800MiB --control "$dir/control" \
		--vm "name=busy,qmp=$dir/busy.qmp,serial=$dir/busy.port,size=${mib}MiB,min=96MiB,swap=zram" \
		--vm "name=lazy,qmp=$dir/lazy.qmp,serial=$dir/lazy.port,size=${mib}MiB,min=96MiB,swap=zram" \
		"$@" > "$dir/said" 2>&1 &
	daemon=$!
}
tell() { "$out/ws-balloond" --tell "$dir/control" "$@"; }
finish() { # what
	tell quit > /dev/null || :
	wait "$daemon" || { echo "not ok daemon: $1 ends with an error"; sed 's/^/# /' "$dir/said"; }
	daemon=
}
# The last value of column $2 (target 5, balloon 6, free 7) of VM $1, in MiB.
last() {
	awk -F, -v vm="$1" -v column="$2" \
		'$2 == vm && $3 == 1 { value = $column } END { print int(value / 1048576) }' \
		"$dir/results/timeseries.csv"
}
# The pages in the balloon of VM $1 as the daemon knows them.
balloon() {
	tell state 2> /dev/null | awk -v vm="\"$1\"," '
		/"name":/ { here = $2 == vm }
		here && /"balloon_pages":/ { print int($2); exit }'
}
# Waits until the test(1) $2 holds, given as a function of nothing, at most $1 seconds.
until_so() {
	for _ in $(seq $(($1 * 2))); do
		! $2 || return 0
		sleep 0.5
	done
	return 1
}
both_up() {
	for _ in $(seq 240); do
		[ "$(tell state 2> /dev/null | grep -c '"up": true')" = 2 ] && return
		sleep 0.5
	done
	return 1
}
is() { # condition what
	if [ "$1" ]; then echo "ok daemon: $2"; else echo "not ok daemon: $2"; fi
}
check() { # text of a test(1), what
	# shellcheck disable=SC2086 # words of an expression
	if [ $1 ]; then is yes "$2"; else is "" "$2 ($1)"; fi
}

# shellcheck disable=SC2086 # words
set -- $KERNELS
built=$(kernel-port/build.sh "$1") || { echo "not ok daemon: no modules for $1"; exit 0; }
start_vm busy "$1" "a:150:1000:1000 a:50:0:1000"
start_vm lazy "$1" "a:10:1000:1000 a:190:0:1000"

eager="--policy ws-target --param interval=2s --param stats_interval=1s --param hold=4s
	--param idle=15s --param step=0.2"
# shellcheck disable=SC2086 # words
start_daemon $eager --dry-run
both_up && is yes "both VMs are up: QMP, and the agent's port" || is "" "both VMs are up"
would() { grep -q 'would be left' "$dir/said"; }
until_so 20 would || :
finish "a dry run"
check "$(last lazy 6) -eq 0" "a dry run moves nothing"
check "$(grep -c 'would be left' "$dir/said") -gt 0" "a dry run says what it would do"

start_daemon --policy mom
lazy_taken() { [ "$(balloon lazy)" -gt 5120 ] 2> /dev/null; }
until_so 30 lazy_taken || :
sleep 1
finish mom
check "$(last lazy 6) -gt 0" "mom inflates the lazy VM's balloon: $(last lazy 6) MiB"

# shellcheck disable=SC2086 # words
start_daemon $eager
sleep 12
before=$(balloon lazy)
kill -9 $daemon
wait $daemon 2> /dev/null || :
# shellcheck disable=SC2086 # words
start_daemon $eager
both_up || is "" "a new daemon finds both VMs"
after=$(balloon lazy)
check "$after -ge $((before / 2))" "killed and started again: the balloon has $before, then $after pages"
# The one that works gets what it works on, 90 + 150 MiB, and keeps it for ten seconds more.
divided() {
	busy=$(balloon busy) lazy=$(balloon lazy)
	[ "$busy" -le $(((mib - 240) * 256)) ] && [ "$lazy" -gt $((busy + 30 * 256)) ]
}
until_so 100 divided || :
sleep 10
finish ws-target
lazy=$(last lazy 6) busy=$(last busy 6)
check "$lazy -gt 100" "ws-target takes what the lazy VM does not use: $lazy MiB"
check "$((lazy - busy)) -gt 30" "and less from the busy one: $busy MiB"
check "$((mib - busy)) -ge 240" "which keeps what it works on: $((mib - busy)) MiB"
reports=$(awk -F, 'NR > 1 && $5 == 0' "$dir/results/histograms.csv" | wc -l)
check "$reports -gt 8" "$reports reports came through the agent"
check "-s $dir/results/report.html" "the results are whole"
for vm in busy lazy; do
	sed "s/^/# $vm: /" "$dir/$vm.out"
done
