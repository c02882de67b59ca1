#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws_balloon.ko and hosts that are silent, die, or send garbage; in user-mode Linux.
set -eu
. kernel-port/tests/common/uml_host.inc
parts=
for part in attach state vhost device queues ring mem pageset guard loop socket; do
	parts="$parts build/release/kernel-port/host/wsd_$part.o"
done
# shellcheck disable=SC2086 # words
$cc -std=gnu11 -Icore/env/user -Icore -Itraces -Itraces/format -Ikernel-port/host \
	-o "$dir/bad_host" kernel-port/tests/balloon/uml_bad_host.c $parts build/release/traces/tr_error.o \
	build/release/libws.a

cat > "$dir/silent" << 'END'
total=$(kib MemTotal)
insmod /ws_balloon.ko || exit 1
sleep 1
is "pages in the balloon" "$(value actual_pages)" 0
is "target" "$(value target_pages)" 12800
start=$(date +%s)
rmmod ws_balloon
within "seconds that unloading took" $(($(date +%s) - start)) 0 4
is "MemTotal is whole" "$(kib MemTotal)" "$total"
END
cat > "$dir/deaf" << 'END'
total=$(kib MemTotal)
insmod /ws_balloon.ko || exit 1
sleep 2
is "pages in the balloon, which the host took" "$(value actual_pages)" 12800
is "target" "$(value target_pages)" 25600
status=0
/ws_load touch /tmp 1 a:$(($(kib MemTotal) / 1024 - 6)):0:0 > /dev/null 2>&1 || status=$?
is "memory ran out, who took it was killed" $status 137
# No more than there are messages that the host has not taken.
if [ $((0x$(value features) & 4)) -ne 0 ]; then
	within "pages given back" "$(value oom_deflated_pages)" 256 1024
else
	is "pages given back" "$(value oom_deflated_pages)" 0
fi
is "warnings" "$(dmesg | grep -c -e WARNING: -e BUG:)" 0
dmesg -c > /dev/null # the report of the killing looks like a complaint
start=$(date +%s)
rmmod ws_balloon
within "seconds that unloading took" $(($(date +%s) - start)) 0 5
is "MemTotal is whole" "$(kib MemTotal)" "$total"
END
cat > "$dir/die" << 'END'
total=$(kib MemTotal)
insmod /ws_balloon.ko || exit 1
i=0
while [ -e $B/virtio0 ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done
is "devices left" "$(ls $B | wc -l)" 0
is "MemTotal is whole" "$(kib MemTotal)" "$total"
rmmod ws_balloon && echo "ok unloads"
# virtio_uml itself warns when it cannot tell the dead host to stop its queues.
is "warnings not of virtio_uml" "$(dmesg | grep WARNING: | grep -vc virtio_uml.c)" 0
dmesg -c > /dev/null
END
cat > "$dir/garbage" << 'END'
total=$(kib MemTotal)
insmod /ws_balloon.ko || exit 1
sleep 4
within "messages that made no sense" "$(value malformed)" 100 1000000
within "and of those that did, requests" "$(value requests)" 1 1000000
is "the driver works on: no WARNING" "$(dmesg | grep -c WARNING)" 0
rmmod ws_balloon
is "MemTotal is whole" "$(kib MemTotal)" "$total"
END
cat > "$dir/restless" << 'END'
total=$(kib MemTotal)
while :; do dd if=/dev/zero of=/tmp/load bs=1M count=60 2> /dev/null; done &
for round in 1 2 3 4 5 6 7 8 9 10; do
	insmod /ws_balloon.ko || echo "not ok insmod $round"
	sleep 0.$round
	echo virtio0 > /sys/bus/virtio/drivers/ws_balloon/unbind
	echo virtio0 > /sys/bus/virtio/drivers/ws_balloon/bind
	sleep 0.1
	rmmod ws_balloon || echo "not ok rmmod $round"
done
kill %1
echo "ok loaded, unbound, bound and unloaded ten times under load"
is "MemTotal is whole" "$(kib MemTotal)" "$total"
END

run() { # mode, features
	rm -f "$dir/vm"
	"$dir/bad_host" "$dir/vm" "$1" "$2" 2> "$dir/host" &
	daemon=$!
	until [ -S "$dir/vm" ]; do sleep 0.05; done
	cat $tests/uml_guest.inc "$dir/$1" > "$dir/script"
	kernel-port/uml_boot.sh -r -t 90 -b "$dir/vm" "$dir/linux" "$dir/script" \
		"$uml/ws_balloon.ko" "$dir/ws_load" > "$dir/out" 2> "$dir/err" || echo "not ok $1: exits with $?"
	kill "$daemon" 2> /dev/null || true
	wait "$daemon" 2> /dev/null || true
	daemon=
	# virtio_uml's warning makes user-mode Linux trip over its own trace.
	sed "/aborting stack trace/d; s/^\(ok\|not ok\) /\1 $1, $2: /" "$dir/out"
	grep -q '^ok' "$dir/out" && ! grep -q '^not ok' "$dir/out" || sed 's/^/# /' "$dir/err" "$dir/host"
}

run silent stats,reporting,ws
run deaf stats
run deaf stats,oom
run deaf stats,oom,tell
run die stats,reporting,ws
run garbage stats,oom,ws
run restless stats,reporting,tell
