#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# uml_boot.sh - boots user-mode Linux in virtual time, runs a script in it, exits as that did.
# usage: uml_boot.sh [-t SECONDS] [-m MIB] [-r] [-b SOCKET] [-c SOCKET] [-l LOG] LINUX SCRIPT
#                    [FILE[=PLACE]]... [-- KERNEL ARGUMENT...]
# LINUX		what uml.sh built
# SCRIPT	for busybox sh, as root, with /proc /sys /dev /tmp, debugfs and cgroup2
# -t		kill it after so many seconds of the host's time, default 60
# -r		real time; without it, time passes only while the guest is idle, and then at once
# -b SOCKET	a virtio-balloon device, of the vhost-user back-end that listens there
# -c SOCKET	what the guest writes to /dev/ttyS0 goes there, and the answer comes back; needs
#		uml_connect beside LINUX
# Exit status: the script's; 97 when the kernel complained though the script was content; 98
# when it died; 124 when its time was up.
set -eu
usage() {
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
}
seconds=60 mib=256 travel='time-travel=inf-cpu time-travel-start=1700000000' balloon='' control='' log=''
while getopts t:m:rb:c:l: option; do
	case $option in
	t) seconds=$OPTARG ;;
	m) mib=$OPTARG ;;
	r) travel='' ;;
	b) balloon=virtio_uml.device=$OPTARG:5 ;;
	c) control=$OPTARG ;;
	l) log=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || usage
linux=$1 script=$2
shift 2
. "$(dirname "$0")/../tests/scratch.sh"
make_scratch
dir=$scratch
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
root=$dir/root
mkdir -p "$root/bin" "$root/tmp" "$root/dev" "$root/proc" "$root/sys"
cp "$(command -v busybox)" "$root/bin/busybox"
cp "$script" "$root/script"
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	file=${1%%=*} place=
	case $1 in *=*) place=${1#*=} ;; esac
	place=$root/${place:-$(basename "$file")}
	mkdir -p "$(dirname "$place")"
	cp -L "$file" "$place"
	shift
done
[ $# -eq 0 ] || shift
# The device is taken from its driver before the end: user-mode Linux hangs else.
cat > "$root/init" << 'END'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t debugfs debugfs /sys/kernel/debug
mkdir -p /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
sh /script < /dev/null 2>&1
status=$?
for device in /sys/bus/virtio/devices/*; do
	[ ! -e "$device/driver/unbind" ] || echo "${device##*/}" > "$device/driver/unbind"
done
if dmesg | grep -E '(WARNING|BUG|Oops|general protection).*:|Call Trace:' > /dev/null; then
	dmesg | tail -n 100
	[ $status -ne 0 ] || status=97
fi
echo "uml_boot.sh: the script's status is $status"
poweroff -f
END
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 > "$dir/initrd"

# Its memory is a file there, which must not be on a disk nor without the right to execute.
memory=/dev/shm
findmnt -n -o OPTIONS -T $memory | grep -q noexec && memory=/tmp
mkdir "$dir/run"
status=0
set -- "$linux" "mem=${mib}M" root=/dev/ram0 "initrd=$dir/initrd" quiet con=null con0=fd:0,fd:1 \
	con1=null ssl=null "uml_dir=$dir/run" $balloon $travel "$@"
[ -z "$control" ] || set -- "$(dirname "$linux")/uml_connect" "$control" "$@" ssl0=fd:3
# Where the host puts it must not decide how much memory is left.
! setarch -R true 2> /dev/null || set -- setarch -R "$@"
TMPDIR=$memory timeout -k 2 "$seconds" "$@" < /dev/null > "$dir/out" 2> "${log:-$dir/log}" ||
	status=$?
tr -d '\r' < "$dir/out" |
	sed "/^uml_boot.sh: the script's status is /,\$d; s/uml_boot.sh: the script's status is .*//"
case $status in
124 | 137) echo "uml_boot.sh: killed after $seconds s" >&2 && status=124 ;;
*) status=$(tr -d '\r' < "$dir/out" |
	sed -n "s/.*uml_boot.sh: the script's status is \\([0-9]*\\)\$/\\1/p" | tail -n 1) ;;
esac
[ "${status:-98}" -eq 0 ] || [ -n "$log" ] || tail -n 60 "$dir/log" >&2
exit "${status:-98}"
