#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# kernels.sh - Debian's stock kernels, unpacked below build/kernels and never installed.
# usage: kernels.sh 6.1|6.12|6.18|7.3...
# For each, prints the folder that holds
#	release		what uname -r says in it
#	vmlinuz		the image; vmlinux the same unpacked, which boots in half the time
#	headers		KDIR for modules
#	modules		the kernel's own modules, lib/modules/RELEASE
# The newest package of the name is taken when the folder is not there yet, from where this
# machine gets its packages from; afterwards no network is needed ("make clean" forgets).
# 6.1 is Debian 12's own, 6.12 that of its backports, which need not be set up.  6.18 and 7.3
# are from the backports of Debian 13, by name; of them there are no headers but .config.
# Needs no root.  FLAVOUR is amd64, or cloud-amd64.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${KERNELS_DIR:-$here/build/kernels}
flavour=${FLAVOUR:-amd64}
[ $# -gt 0 ] || { echo "usage: $0 6.1|6.12|6.18|7.3..." >&2; exit 2; }

fail() {
	echo "kernels.sh: $*" >&2
	exit 1
}

# apt with the lists and sources of $1 alone.
private_apt() {
	lists=$1 tool=$2
	shift 2
	"$tool" -q -o "Dir::State::lists=$lists/lists" -o "Dir::Cache=$lists/cache" \
		-o "Dir::Etc::sourcelist=$lists/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::Etc::preferences=/dev/null -o "Dir::Etc::preferencesparts=$lists/none" \
		-o APT::Sandbox::User=root -o Acquire::Retries=2 "$@"
}

# Where this machine gets the main section from: lines "URI suite".
machine_sources() {
	targets='$(REPO_URI) $(RELEASE) $(COMPONENT)'
	found=$(apt-get indextargets --format "$targets" 'Created-By: Packages' |
		awk '$3 == "main" { print $1, $2 }' | sort -u)
	if [ -z "$found" ]; then # no package lists here yet: some of our own
		mkdir -p "$cache/apt/lists/partial"
		apt-get -q -o "Dir::State::lists=$cache/apt/lists" -o APT::Sandbox::User=root \
			update >&2 || fail "no package lists can be had"
		found=$(apt-get -o "Dir::State::lists=$cache/apt/lists" indextargets \
			--format "$targets" 'Created-By: Packages' |
			awk '$3 == "main" { print $1, $2 }' | sort -u)
	fi
	[ -n "$found" ] || fail "no source of packages is set up on this machine"
	echo "$found"
}

# A sources.list in $1 for kernel $2.
write_sources() {
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ "$codename" = bookworm ] || fail "knows the kernels of Debian 12, not of '$codename'"
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	signed=
	[ ! -r $key ] || signed="[signed-by=$key]"
	machine_sources > "$1/machine"
	case $2 in
	6.1) awk -v s="$signed" -v c="$codename" '$2 == c || $2 == c "-security" ||
		$2 == c "-updates" { print "deb", s, $1, $2, "main" }' "$1/machine" ;;
	6.12) awk -v s="$signed" -v c="$codename" '$2 == c {
		print "deb", s, $1, c "-backports", "main" }' "$1/machine" ;;
	6.18|7.3) awk -v s="$signed" -v c="$codename" '$2 == c {
		print "deb", s, $1, "trixie-backports", "main" }' "$1/machine" ;;
	*) fail "no kernel $2; known: 6.1 6.12 6.18 7.3" ;;
	esac > "$1/sources.list"
	[ -s "$1/sources.list" ] || fail "this machine has no source for kernel $2"
}

# The package that $2 depends on whose name begins with $3.
depends() {
	private_apt "$1" apt-cache depends --important "$2" |
		sed -n "s/^ *|*Depends: \\($3[^ ]*\\)\$/\\1/p" | grep -v unsigned | head -n 1
}

# The newest kernel $2 by its name, and what the image is divided into.
name_packages() {
	image=$(private_apt "$1" apt-cache pkgnames "linux-image-$2." |
		grep -E "^linux-image-$2\\.[0-9]+\\+deb13-$flavour\$" | sort -V | tail -n 1)
	[ -n "$image" ] || fail "$2: no such kernel among the packages"
	names=$image
	for part in base binary modules; do
		names="$names $(depends "$1" "$image" "linux-$part-${image#linux-image-}")"
	done
}

fetch() {
	dir=$1 version=$2
	lists=$dir.apt
	mkdir -p "$lists/none" "$lists/lists/partial" "$lists/cache/archives/partial" "$dir.deb"
	write_sources "$lists" "$version"
	private_apt "$lists" apt-get update >&2 || fail "$version: no package lists"
	case $version in
	6.18|7.3)
		name_packages "$lists" "$version"
		# shellcheck disable=SC2086 # names are words
		(cd "$dir.deb" && private_apt "$lists" apt-get download $names) >&2 ||
			fail "$version: download failed"
		echo "${image#linux-image-}" > "$dir.deb/release"
		return ;;
	esac
	image=$(depends "$lists" "linux-image-$flavour" linux-image-)
	headers=$(depends "$lists" "linux-headers-$flavour" linux-headers-)
	[ -n "$image" ] && [ -n "$headers" ] || fail "$version: no such kernel among the packages"
	common=$(depends "$lists" "$headers" 'linux-headers-.*-common')
	kbuild=$(depends "$lists" "$headers" linux-kbuild-)
	case $image in
	linux-image-$version.*) ;;
	*) fail "$version: the packages have $image instead" ;;
	esac
	(cd "$dir.deb" && private_apt "$lists" apt-get download \
		"$image" "$headers" "$common" "$kbuild") >&2 || fail "$version: download failed"
	echo "${image#linux-image-}" > "$dir.deb/release"
}

# The kernel inside a bzImage, by the boot protocol's own fields.
unpack_image() {
	field() { od -An -t "u$2" -j "$3" -N "$2" "$1" | tr -d ' '; }
	sects=$(field "$1" 1 497)
	start=$(((sects + 1) * 512 + $(field "$1" 4 584)))
	size=$(field "$1" 4 588)
	magic=$(od -An -t x1 -j "$start" -N 4 "$1" | tr -d ' ')
	case $magic in
	fd377a58) how="xz -dc --single-stream" ;;
	28b52ffd) how="zstd -dcq" ;;
	1f8b*) how="gzip -dcq" ;;
	*) fail "$1: packed in a way not known here ($magic)" ;;
	esac
	# Four bytes behind the packed kernel tell its size.
	tail -c "+$((start + 1))" "$1" | head -c "$((size - 4))" | $how > "$2" ||
		fail "$1: could not be unpacked"
}

# The headers of release $3 in $1, to be used from $2; without a package of them, .config alone.
unpack_headers() {
	hdr=root/usr/src/linux-headers-$3
	if [ ! -d "$1/$hdr" ]; then
		mkdir "$1/headers"
		find "$1/root/boot" "$4" -maxdepth 1 \( -name config -o -name "config-$3" \) \
			-exec cp {} "$1/headers/.config" \; 2> /dev/null || :
		[ -s "$1/headers/.config" ] || fail "$3: no configuration in the package"
		return
	fi
	# The headers name their other half by where it would be installed, and are
	# used from the folder's final name.
	sed -i "s#/usr/src/#$2/root/usr/src/#; s#/usr/lib/#$2/root/usr/lib/#" "$1/$hdr/Makefile"
	# With it, building a module asks for pahole.
	[ ! -e "$1/$hdr/vmlinux" ] || mv "$1/$hdr/vmlinux" "$1/$hdr/vmlinux.aside"
	ln -s "$hdr" "$1/headers"
}

unpack() {
	dir=$1 new=$1.new
	release=$(cat "$dir.deb/release")
	rm -rf "$new"
	mkdir -p "$new/root"
	for deb in "$dir.deb"/*.deb; do
		dpkg-deb -x "$deb" "$new/root" || fail "$deb: could not be unpacked"
	done
	lib=$new/root/lib/modules/$release
	[ -d "$lib" ] || lib=$new/root/usr/lib/modules/$release
	[ -d "$lib" ] || fail "$release: no modules in the package"
	ln -s "${lib#"$new/"}" "$new/modules"
	image=$(find "$new/root/boot" "$lib" -maxdepth 1 -name 'vmlinuz*' 2> /dev/null | head -n 1)
	ln -s "${image#"$new/"}" "$new/vmlinuz"
	unpack_headers "$new" "$dir" "$release" "$lib"
	unpack_image "$new/vmlinuz" "$new/vmlinux"
	echo "$release" > "$new/release"
	mv "$new" "$dir"
	rm -rf "$dir.deb" "$dir.apt"
}

for version in "$@"; do
	dir=$cache/$version
	[ "$flavour" = amd64 ] || dir=$dir-$flavour
	mkdir -p "$cache"
	(
		flock 9
		[ -e "$dir/release" ] || {
			rm -rf "$dir" "$dir.deb"
			fetch "$dir" "$version"
			unpack "$dir"
			echo "kernels.sh: $version is $(cat "$dir/release"), in $dir" >&2
		}
	) 9> "$dir.lock" || exit 1
	echo "$dir"
done
