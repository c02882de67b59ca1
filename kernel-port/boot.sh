#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# boot.sh - loads the module into a real kernel, in QEMU, and prints the digests it found.
# usage: boot.sh VMLINUZ ws.ko
# Needs qemu-system-x86, busybox-static and cpio.  About 6 seconds; no root, no KVM: the
# kernel is emulated, so the host's own does not matter.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 VMLINUZ ws.ko" >&2; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/root/bin"
cp "$(command -v busybox)" "$dir/root/bin/busybox"
cp "$2" "$dir/root/ws.ko"
cat > "$dir/root/init" << 'END'
#!/bin/busybox sh
/bin/busybox mkdir /proc
/bin/busybox mount -t proc proc /proc
/bin/busybox insmod /ws.ko && /bin/busybox rmmod ws && echo "ws: loaded and unloaded"
/bin/busybox dmesg | /bin/busybox grep -E 'ws: kat|WARNING|BUG|Call Trace'
/bin/busybox poweroff -f
END
chmod 755 "$dir/root/init"
(cd "$dir/root" && find . | cpio -o -H newc --quiet) | gzip -1 > "$dir/initrd"
timeout 120 qemu-system-x86_64 -machine q35 -accel tcg -cpu max,cx16=off -m 512 -nodefaults \
	-no-user-config -display none -serial "file:$dir/log" -no-reboot \
	-kernel "$1" -initrd "$dir/initrd" -append "console=ttyS0 panic=-1 quiet" < /dev/null
tr -d '\r' < "$dir/log" | grep -aq 'ws: loaded and unloaded' || {
	cat "$dir/log" >&2
	exit 1
}
if tr -d '\r' < "$dir/log" | grep -aE 'WARNING|BUG|Call Trace' >&2; then
	exit 1
fi
tr -d '\r' < "$dir/log" | sed -n 's/.*ws: kat //p'
