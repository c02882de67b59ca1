#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws_balloon.ko in the stock driver's place: stock kernels, QEMU's own virtio-balloon device.
set -eu
. kernel-port/tests/balloon/qmp_host.inc

cat > "$dir/sizes" << 'END'
until_is actual_pages 65536 "inflates to 256 MiB"
until_is told_pages 65536 "tells the host so"
free=$(free_kib)
[ "$free" -lt 230000 ] && echo "ok $free kB are left free" || echo "not ok $free kB are free"
step inflated
until_is actual_pages 25600 "deflates to 100 MiB"
until_is told_pages 25600 "tells the host that too"
until_least reported_bytes 67108864 "reports free pages, bytes"
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
least "kB that are free, unloaded" "$(free_kib)" 380000
END

one() {
	prepare || return
	boot sizes "" deflate-on-oom=on,free-page-reporting=on
	leave $((256 << 20))
	qmp '{ "execute": "qom-set", "arguments": { "path": "/machine/peripheral/b",
		"property": "guest-stats-polling-interval", "value": 1 } }'
	step inflated
	actual='{ "execute": "query-balloon" }'
	until_told actual $((256 << 20)) "QEMU hears of 256 MiB" "$actual"
	stats='{ "execute": "qom-get", "arguments": { "path": "/machine/peripheral/b",
		"property": "guest-stats" } }'
	# Those of before it inflated are told first.
	for _ in $(seq 600); do
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
	leave $((412 << 20))
	step deflated
	until_told actual $((412 << 20)) "QEMU hears of 412 MiB" "$actual"
	leave $((112 << 20))
	switched_off
	until_told actual $((mib << 20)) "QEMU hears that nothing is left in the balloon" "$actual"
	finish sizes
}

for kernel in $KERNELS; do
	one
done
