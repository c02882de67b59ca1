#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# uml.sh - a small user-mode Linux with the port in it, built below build/uml.
# usage: uml.sh
# From Debian's package linux-source-6.1, the newest there is: unpacked, the port inserted
# with its patches, configured as little as the tests need.  Prints the folder that holds
#	linux		the kernel, a program that needs no rights
#	ws.ko ...	the port's modules
# The first time takes two minutes on two cores; later, what changed is built.
# Needs flex, bison, bc, gcc, make, xz, and the network once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=${UML_DIR:-$(dirname "$here")/build/uml}
package=linux-source-6.1
mkdir -p "$dir"

fail() {
	echo "uml.sh: $*" >&2
	exit 1
}

# The source, as the package system of this machine has it.
source_tar() {
	if [ -e "/usr/src/$package.tar.xz" ]; then
		cat "/usr/src/$package.tar.xz"
		return
	fi
	rm -rf "$dir/deb"
	mkdir -p "$dir/deb/lists/partial"
	lists=
	[ -n "$(apt-cache show $package 2> /dev/null)" ] || {
		lists="-o Dir::State::lists=$dir/deb/lists"
		# shellcheck disable=SC2086 # words
		apt-get -q $lists -o APT::Sandbox::User=root update >&2
	}
	# shellcheck disable=SC2086 # words
	(cd "$dir/deb" && apt-get -q $lists -o APT::Sandbox::User=root download $package >&2)
	dpkg-deb --fsys-tarfile "$dir"/deb/$package*.deb | tar -xO "./usr/src/$package.tar.xz"
	rm -rf "$dir/deb"
}

prepare() {
	rm -rf "$dir/source" "$dir/build" "$dir/key" "$dir/built"
	echo "uml.sh: building user-mode Linux in $dir, about two minutes" >&2
	mkdir "$dir/source"
	source_tar | tar -xJ --strip-components=1 -C "$dir/source" \
		--exclude='*/Documentation/[a-z]*' --exclude='*/tools/testing' \
		--exclude='*/arch/*/boot/dts' --exclude='*/drivers/gpu/drm/amd/include' ||
		fail "no source: package $package"
	"$here/insert.sh" "$dir/source"
	mkdir "$dir/build"
	make_in tinyconfig > /dev/null
	"$dir/source/scripts/kconfig/merge_config.sh" -m -O "$dir/build" "$dir/build/.config" \
		"$here/uml.config" > /dev/null
	make_in olddefconfig > /dev/null
	while read -r line; do
		case $line in CONFIG_*) grep -qx "$line" "$dir/build/.config" ||
			fail "this kernel's configuration does not take $line" ;; esac
	done < "$here/uml.config"
}

make_in() {
	make -s -C "$dir/source" ARCH=um O="$dir/build" "$@" 2>> "$dir/log"
}

(
	flock 9
	: > "$dir/log"
	key=$(cat "$here/uml.config" "$here/insert.sh" "$here/uml.sh" "$here"/patches/6.1/* |
		sha256sum)
	if [ "$(cat "$dir/key" 2> /dev/null)" != "$key" ]; then
		prepare
		echo "$key" > "$dir/key"
	fi
	[ -e "$dir/built" ] && [ -z "$(find -H "$here/Kbuild" "$here/reporting" "$here/balloon" \
		"$here/selftest" "$here/core/" -newer "$dir/built" -type f -print -quit)" ] && exit 0
	touch "$dir/building"
	if ! make_in -j"$(nproc)" linux modules > /dev/null; then
		tail -n 40 "$dir/log" >&2
		fail "does not build"
	fi
	mv "$dir/building" "$dir/built"
	ln -sf build/linux "$dir/linux"
	for module in "$dir"/build/lib/ws/*.ko; do
		ln -sf "build/lib/ws/$(basename "$module")" "$dir/"
	done
) 9> "$dir/lock"
echo "$dir"
