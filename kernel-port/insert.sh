#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# insert.sh - puts the port into a kernel's source tree: a link, two lines, and patches.
# usage: insert.sh [-n] KERNEL
# KERNEL/lib/ws becomes a link to this folder, lib/Kconfig and lib/Makefile name it, and
# the patches for that version (patches/VERSION) are applied.  -n: without patches.
# The core is not copied: what is built is what wssim is built of.  Done twice it changes
# nothing.
set -eu
patches=yes
if [ "${1:-}" = -n ]; then
	patches=
	shift
fi
[ $# -eq 1 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
tree=$1
[ -e "$tree/lib/Kconfig" ] && [ -e "$tree/Makefile" ] || {
	echo "insert.sh: $tree: no kernel source here" >&2
	exit 1
}
version=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$tree/Makefile" | paste -sd .)

rm -f "$tree/lib/ws"
ln -s "$here" "$tree/lib/ws"
grep -q 'lib/ws/Kconfig' "$tree/lib/Kconfig" || echo 'source "lib/ws/Kconfig"' >> "$tree/lib/Kconfig"
grep -q '^obj-y += ws/' "$tree/lib/Makefile" || echo 'obj-y += ws/' >> "$tree/lib/Makefile"
[ -n "$patches" ] || exit 0
[ -d "$here/patches/$version" ] || {
	echo "insert.sh: $version has no patches here; -n goes without" >&2
	exit 1
}
for patch in "$here/patches/$version"/*.patch; do
	if patch -d "$tree" -p1 -R -f -s --dry-run < "$patch" > /dev/null 2>&1; then
		continue # it is there already
	fi
	patch -d "$tree" -p1 -f -s < "$patch" || {
		echo "insert.sh: $(basename "$patch") does not apply" >&2
		exit 1
	}
done
