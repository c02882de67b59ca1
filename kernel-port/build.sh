#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# build.sh - the port's modules for a stock kernel, built where something has changed.
# usage: build.sh 6.1|6.12
# Prints the folder that holds ws.ko, ws_balloon.ko and ws_kat.ko.  May be called by several
# at once: one builds, the others wait.
set -eu
[ $# -eq 1 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/.."
dir=${BUILD_DIR:-build}/kernel-$1
mkdir -p "${BUILD_DIR:-build}"
(
	flock 9
	[ ! -e "$dir/built" ] || [ -n "$(find Makefile kernel-port/Kbuild kernel-port/reporting \
		kernel-port/balloon kernel-port/selftest core/ -newer "$dir/built" -type f \
		-print -quit)" ] || exit 0
	started=$(mktemp)
	make -s kernel-module KERNEL="$1" > "$dir.log" 2>&1 || {
		rm -f "$started"
		cat "$dir.log" >&2
		exit 1
	}
	mv "$started" "$dir/built"
) 9> "$dir.lock" || { echo "build.sh: modules for $1 do not build" >&2; exit 1; }
echo "$dir"
