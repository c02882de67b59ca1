#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# bare.sh - the core's minimal port, run on a machine without an operating system.
# usage: bare.sh PORT WATCH WSSIM; the port's digests must be wssim's, and the working set that
# a program on top of it finds what was touched.
set -u
port=$1 watch=$2 wssim=$3
command -v qemu-system-i386 > /dev/null || { echo "bare: no qemu-system-i386, not tried"; exit 0; }
. "$(dirname "$0")/scratch.sh"
make_scratch
work=$scratch
trap 'rm -rf "$work"' EXIT
fail() { echo "bare: $*" >&2; exit 1; }

# run_machine PROGRAM: what it says goes to $work/out.
run_machine() {
	timeout 120 qemu-system-i386 -accel tcg -kernel "$1" -display none -monitor none \
		-serial file:"$work/out" -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=1
	# What was written to the port is 0, which QEMU makes the exit status 1.
	[ $? -eq 1 ] || fail "$1: the machine did not end by itself: $(tail -1 "$work/out")"
}
expect_said() {
	echo done >> "$work/expected"
	diff "$work/out" "$work/expected" > "$work/diff" || { cat "$work/diff"; fail "differs from $1"; }
}

run_machine "$port"
"$wssim" kat | tr -s ' ' > "$work/expected" || fail "no known answers to compare with"
digests=$(wc -l < "$work/expected")
expect_said wssim
run_machine "$watch"
# Of 512 pages 32 were used in the last two seconds, 96 in the two before.
printf 'pages %016x\n' 32 96 384 > "$work/expected"
expect_said "what was touched"

# All of which the port was compiled, but for the core: what its dependencies name.
parts=$(tr -s ' \\\n' '\n' < "${port%/*}/example/bare.d" | grep '^core/example/.*\.[ch]$' | sort -u)
lines=$(cat $parts | wc -l)
[ "$lines" -gt 50 ] && [ "$lines" -lt 100 ] || fail "a minimal port of $lines lines"
echo "bare: the core's $digests digests on a bare machine; a port of $lines lines ($(echo $parts))"
