#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# boot.sh - boots a kernel in QEMU, runs a script in it, and exits as the script did.
# usage: boot.sh [-t SECONDS] [-m MIB] [-c CPUS] [-a CMDLINE] [-l LOG] KERNEL SCRIPT
#                [FILE[=PLACE]]... [-- QEMU ARGUMENT...]
# KERNEL	a vmlinuz, or the vmlinux that kernels.sh unpacks, which boots faster
# SCRIPT	for busybox sh, as root; /proc /sys /dev /run /tmp, debugfs and cgroup2
#		(/sys/fs/cgroup) are mounted.  What it prints is what boot.sh prints.
# FILE		is put into the guest as /NAME or as PLACE; a module .ko.xz as .ko
# -t		kill the guest after so many seconds, default 120
# -l		the kernel's console goes there; without it, it is shown when things fail
# Exit status: the script's; 97 when the kernel complained (WARNING, BUG, Oops) though the
# script was content; 98 when the guest died; 124 when its time was up.
# Needs qemu-system-x86, busybox-static, cpio.  No root, and never KVM: the kernel is
# emulated, so that the host's own does not matter.
set -eu
usage() {
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
}
seconds=120 mib=512 cpus=1 cmdline= log=
while getopts t:m:c:a:l: option; do
	case $option in
	t) seconds=$OPTARG ;;
	m) mib=$OPTARG ;;
	c) cpus=$OPTARG ;;
	a) cmdline=$OPTARG ;;
	l) log=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || usage
kernel=$1 script=$2
shift 2
for tool in qemu-system-x86_64 busybox cpio; do
	command -v $tool > /dev/null || { echo "boot.sh: no $tool here" >&2; exit 98; }
done
. "$(dirname "$0")/../tests/scratch.sh"
make_scratch
dir=$scratch
guest=
trap '[ -z "$guest" ] || kill "$guest" 2> /dev/null || :; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
root=$dir/root
mkdir -p "$root/bin" "$root/tmp"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$script" "$root/script"
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	file=${1%%=*} place=
	case $1 in *=*) place=${1#*=} ;; esac
	place=$root/${place:-$(basename "$file")}
	mkdir -p "$(dirname "$place")"
	case $file in
	*.ko.xz) xz -dc "$file" > "${place%.xz}" ;;
	*) cp -L "$file" "$place" ;;
	esac
	shift
done
[ $# -eq 0 ] || shift

# The script's output and its status go through the second port, the kernel's through
# the first, so that neither cuts into the other.
cat > "$root/init" << 'END'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2> /dev/null
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t debugfs debugfs /sys/kernel/debug
mount -t cgroup2 cgroup2 /sys/fs/cgroup
stty -F /dev/ttyS1 raw -echo
sh /script < /dev/null > /dev/ttyS1 2>&1
status=$?
if dmesg | grep -E '(WARNING|BUG|Oops|general protection).*:|Call Trace:' > /dev/null; then
	dmesg | tail -n 200 > /dev/ttyS0
	[ $status -ne 0 ] || status=97
fi
echo "boot.sh: the script's status is $status" > /dev/ttyS0
poweroff -f
END
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 > "$dir/initrd"

: > "$dir/out"
console=${log:-$dir/console}
status=0
# "Oops: int3" was seen once where one of two processors patched the kernel's text (tracepoints
# that come and go).  The breakpoint of the patching was met after it was gone, it is supposed,
# as processors emulated at the same time may; in turns they do not.
# And a host that is busy makes one wait for its turn: a stall is one from a minute on, not
# from 20 s on (stall warnings of RCU, soft lockups at twice watchdog_thresh).
accel=tcg stalls=
[ "$cpus" -eq 1 ] || { accel=tcg,thread=single; stalls="rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30"; }
timeout -k 5 "$seconds" qemu-system-x86_64 -machine q35 -accel "$accel" -cpu max,cx16=off \
	-smp "$cpus" -m "$mib" -nodefaults -no-user-config -display none -no-reboot \
	-serial "file:$console" -serial "file:$dir/out" -kernel "$kernel" -initrd "$dir/initrd" \
	-append "console=ttyS0 panic=-1 quiet $stalls $cmdline" "$@" < /dev/null &
guest=$!
wait "$guest" || status=$?
guest=
cat "$dir/out"
case $status in
0) status=$(tr -d '\r' < "$console" |
	sed -n "s/^boot.sh: the script's status is \\([0-9]*\\)\$/\\1/p" | tail -n 1) ;;
124 | 137) echo "boot.sh: killed after $seconds s" >&2 && status=124 ;;
*) status=98 ;;
esac
if [ "${status:-98}" -ne 0 ] && [ -z "$log" ]; then
	echo "boot.sh: the kernel's console:" >&2
	tr -d '\r' < "$console" | tail -n 250 >&2
fi
exit "${status:-98}"
