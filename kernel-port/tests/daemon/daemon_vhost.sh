#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws-balloond as the balloon device of a stock kernel on stock QEMU, which has no generic
# vhost-user device: vhost-user-blk-pci passes the queues through, ws_balloon.ko is told to
# take that id.  Then the daemon is killed and started again, idle and in the middle of
# inflation and deflation, while QEMU goes on and reconnects.
set -eu
. tests/scratch.sh
make_scratch
dir=$scratch
daemon='' guest=''
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2> /dev/null || :
	[ -z "$guest" ] || kill "$guest" 2> /dev/null || :
	wait
	rm -rf "$dir"
}
trap cleanup EXIT
out=${BUILD_DIR:-build}/release
mib=512

# The guest waits for a size of the balloon that is asked for at the very end, and that no
# batch of 256 pages leads to before.
cat > "$dir/guest" << 'END'
value() { sed -n "s/^$1 //p" /sys/kernel/debug/ws_balloon/virtio*; }
for m in /m/*; do
	[ ! -e "$m" ] || insmod "$m" || exit 1
done
insmod /ws.ko && insmod /ws_balloon.ko also_id=2 dialect=$(cat /dialect) || exit 1
/ws_load touch /tmp 600 a:32:500:600 a:16:0:0 > /dev/null &
while [ "$(value actual_pages)" != 13057 ]; do sleep 0.5; done
sleep 1
[ "$(value target_pages)" = 13057 ] && echo "ok the guest counts as the host does" ||
	echo "not ok the guest has a target of $(value target_pages) pages"
rmmod ws_balloon && echo "ok unloaded" || echo "not ok unloaded"
found=$(dmesg | grep -c -e WARNING: -e BUG:)
[ "$found" = 0 ] && echo "ok no warnings" || echo "not ok warnings: $found"
END

tell() { "$out/ws-balloond" --tell "$dir/control" "$@"; }
known() { tell state 2> /dev/null | sed -n "s/^ *\"$1\": *\([^,]*\),*\$/\1/p" | head -n 1; }
until_is() { # what, key, value
	for _ in $(seq 1200); do
		[ "$(known "$2")" != "$3" ] || { echo "ok $kernel: $1: $3"; return 0; }
		sleep 0.1
	done
	echo "not ok $kernel: $1: $(known "$2"), not $3"
	return 0
}
start_daemon() {
	rm -f "$dir/control"
	"$out/ws-balloond" --no-plots --control "$dir/control" \
		--vm "name=a,vhost-user=$dir/vm,size=${mib}MiB,dialect=$dialect,features=stats+hints+reporting+ws" \
		>> "$dir/said" 2>&1 &
	daemon=$!
	for _ in $(seq 600); do
		[ ! -S "$dir/control" ] || return 0
		sleep 0.1
	done
}
kill_daemon() {
	kill -9 $daemon
	wait $daemon 2> /dev/null || :
}

again() {
	kill_daemon
	start_daemon
	until_is "  it is up again" up true
}
resize() { # what, MiB left to the guest, pages in the balloon
	tell target a "$2MiB" > /dev/null
	until_is "$1" counted_pages "$3"
}

one() {
	place=$(kernel-port/kernels.sh "$kernel")
	built=$(kernel-port/build.sh "$kernel") || { echo "not ok $kernel: no modules"; return; }
	rm -f "$dir"/vm* "$dir/said"
	echo $dialect > "$dir/dialect"
	start_daemon
	# shellcheck disable=SC2046 # modules are words
	kernel-port/boot.sh -t 800 -m $mib "$place/vmlinux" "$dir/guest" "$built/ws.ko" \
		"$built/ws_balloon.ko" "$dir/ws_load" "$dir/dialect=/dialect" \
		$(kernel-port/modules.sh "$place" virtio_pci) \
		-- -machine memory-backend=m -object "memory-backend-memfd,id=m,size=${mib}M,share=on" \
		-chardev "socket,id=c,path=$dir/vm,reconnect=1" \
		-device vhost-user-blk-pci,chardev=c,num-queues=7,queue-size=128,disable-legacy=on \
		> "$dir/out" 2> "$dir/qemu" &
	guest=$!
	for _ in $(seq 1800); do
		[ "$(known up)" != true ] || break
		sleep 0.1
	done
	until_is "the VM is up" up true
	tell target a 312MiB > /dev/null
	until_is "pages in the balloon" counted_pages 51200
	backed=$(known backed_bytes)
	if [ "$backed" -lt $((312 << 20)) ]; then
		echo "ok $kernel: the host backs $((backed >> 20)) MiB"
	else
		echo "not ok $kernel: the host backs $backed bytes"
	fi
	tell configure a 1s 0s 3s 9s > /dev/null
	tell report a > /dev/null
	until_is "reports" number 1
	# While nothing happens.  The new daemon's policy would leave the VM all it has.
	again
	resize "killed and started again, it deflates" 412 25600
	# In the middle of inflation, in the middle of deflation.
	for round in 1 2; do
		tell target a 212MiB > /dev/null; sleep 0.0$((round * 3)); again
		resize "killed while it inflates ($round)" 212 76800
		tell target a 462MiB > /dev/null; sleep 0.0$((round * 2)); again
		resize "killed while it deflates ($round)" 462 12800
	done
	tell target a 472060KiB > /dev/null
	wait $guest || { echo "not ok $kernel: boot.sh exits with $?"; sed 's/^/# /' "$dir/qemu"; }
	guest=
	kill $daemon; wait $daemon || :
	daemon=
	tr -d '\r' < "$dir/out" | sed "s/^ok /ok $kernel: /; s/^not ok /not ok $kernel: /"
	sed 's/^/# /' "$dir/said"
}

gcc -O2 -static -o "$dir/ws_load" kernel-port/tests/common/ws_load.c
dialect=rfc2
for kernel in $KERNELS; do
	one
done
