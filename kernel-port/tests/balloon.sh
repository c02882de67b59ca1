#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws_balloon.ko in the stock driver's place: stock kernels, QEMU's own virtio-balloon device.
# The guest says on a serial port how far it is, the host's side answers over QMP.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mib=512

cat > "$dir/guest" << 'END'
state=/sys/kernel/debug/ws_balloon
step() { echo "$1" > /dev/ttyS2; }
value() { sed -n "s/^$1 //p" $state/virtio*; }
# Wait until $1 is $2, ten seconds at most.
until_is() {
	i=0
	while [ "$(value $1)" != "$2" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
	[ "$(value $1)" = "$2" ] && echo "ok $3" || echo "not ok $3: $1 is $(value $1), not $2"
}
for m in /m/*; do
	[ ! -e "$m" ] || insmod "$m" || exit 1
done
insmod /ws_balloon.ko || exit 1
step loaded
until_is actual_pages 65536 "inflates to 256 MiB"
until_is told_pages 65536 "tells the host so"
free=$(awk '/^MemFree/ { print $2 }' /proc/meminfo)
[ "$free" -lt 230000 ] && echo "ok $free kB are left free" || echo "not ok $free kB are free"
step inflated
until_is actual_pages 25600 "deflates to 100 MiB"
until_is told_pages 25600 "tells the host that too"
i=0
while [ "$(value reported_bytes)" -lt 67108864 ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
[ "$(value reported_bytes)" -ge 67108864 ] && echo "ok reports free pages" ||
	echo "not ok reported $(value reported_bytes) bytes"
step deflated
until_is actual_pages 102400 "inflates to 400 MiB"
step full
dd if=/dev/zero of=/tmp/big bs=1M count=120 2> /dev/null && echo "ok memory is had in spite of the balloon" ||
	echo "not ok allocation failed"
[ "$(value oom_deflated_pages)" -gt 10000 ] && echo "ok $(value oom_deflated_pages) pages given back" ||
	echo "not ok OOM took $(value oom_deflated_pages) pages"
! dmesg | grep -q 'Out of memory: Killed' && echo "ok nobody was killed" || echo "not ok a process was killed"
rm /tmp/big
step oom
for round in 1 2 3 4 5; do
	rmmod ws_balloon && insmod /ws_balloon.ko || echo "not ok reload $round"
	sleep 0.$round
done
echo "ok loaded anew five times, inflating"
rmmod ws_balloon
free=$(awk '/^MemFree/ { print $2 }' /proc/meminfo)
[ "$free" -gt 380000 ] && echo "ok unloaded: $free kB are free" || echo "not ok unloaded: $free kB are free"
step unloaded
sleep 2
END

qmp() { echo "$1" >> "$dir/mon.in"; }
# Wait until the guest said $1, or is gone.
step() {
	until grep -q "^$1" "$dir/steps" 2> /dev/null; do
		kill -0 "$guest" 2> /dev/null || return 0
		sleep 0.1
	done
}
# The last figure named $1 that QEMU told.
told() { grep -o "\"$1\": [0-9]*" "$dir/told" | tail -n 1 | sed 's/.*: //'; }
expect() {
	for _ in $(seq 30); do
		[ "$(told "$1")" = "$2" ] && echo "ok $kernel: $3" && return
		[ -z "${4:-}" ] || qmp "$4"
		sleep 0.1
	done
	echo "not ok $kernel: $3: $1 is $(told "$1")"
}

one() {
	place=$(kernel-port/kernels.sh "$kernel")
	make -s kernel-module KERNEL="$kernel" > "$dir/log" 2>&1 || {
		cat "$dir/log" >&2
		echo "not ok balloon: modules for $kernel do not build"
		return
	}
	modules=$(kernel-port/modules.sh "$place" virtio_pci)
	rm -f "$dir"/mon.* "$dir"/steps "$dir"/told
	mkfifo "$dir/mon.in" "$dir/mon.out"
	# shellcheck disable=SC2086 # modules are words
	kernel-port/boot.sh -t 100 -m $mib "$place/vmlinux" "$dir/guest" \
		"build/kernel-$kernel/ws_balloon.ko" $modules \
		-- -serial "file:$dir/steps" -chardev "pipe,id=m,path=$dir/mon" \
		-mon chardev=m,mode=control \
		-device virtio-balloon-pci,id=b,deflate-on-oom=on,free-page-reporting=on \
		> "$dir/out" &
	guest=$!
	cat "$dir/mon.out" > "$dir/told" &
	exec 3<> "$dir/mon.in"
	qmp '{ "execute": "qmp_capabilities" }'
	qmp '{ "execute": "balloon", "arguments": { "value": 268435456 } }'
	qmp '{ "execute": "qom-set", "arguments": { "path": "/machine/peripheral/b",
		"property": "guest-stats-polling-interval", "value": 1 } }'
	step inflated
	expect actual 268435456 "QEMU hears of 256 MiB" '{ "execute": "query-balloon" }'
	stats='{ "execute": "qom-get", "arguments": { "path": "/machine/peripheral/b",
		"property": "guest-stats" } }'
	# Those of before it inflated are told first.
	for _ in $(seq 200); do
		qmp "$stats"
		sleep 0.1
		[ "$(told stat-free-memory)" -lt $((230 << 20)) ] 2> /dev/null && break
	done
	for stat in total-memory free-memory available-memory disk-caches minor-faults \
		major-faults swap-in swap-out htlb-pgalloc htlb-pgfail; do
		[ -n "$(told stat-$stat)" ] || echo "not ok $kernel: no statistic $stat"
	done
	[ "$(told stat-total-memory)" -gt $((400 << 20)) ] &&
		[ "$(told stat-free-memory)" -lt $((230 << 20)) ] &&
		echo "ok $kernel: statistics: $(told stat-free-memory) bytes free" ||
		echo "not ok $kernel: statistics: $(told stat-total-memory) bytes, $(told stat-free-memory) free"
	qmp '{ "execute": "balloon", "arguments": { "value": 432013312 } }'
	step deflated
	expect actual 432013312 "QEMU hears of 412 MiB" '{ "execute": "query-balloon" }'
	qmp '{ "execute": "balloon", "arguments": { "value": 117440512 } }'
	step unloaded
	expect actual $((mib << 20)) "QEMU hears that nothing is left in the balloon" \
		'{ "execute": "query-balloon" }'
	wait "$guest" || echo "not ok $kernel: boot.sh exits with $?"
	exec 3>&-
	tr -d '\r' < "$dir/out" | sed "s/^ok /ok $kernel: /; s/^not ok /not ok $kernel: /"
}

for kernel in $KERNELS; do
	one
done
