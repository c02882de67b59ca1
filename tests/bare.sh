#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# bare.sh - the core's minimal port, run on a machine without an operating system.
# usage: bare.sh PORT WSSIM; the digests must be wssim's, the working set what was touched.
set -u
port=$1 wssim=$2
command -v qemu-system-i386 > /dev/null || { echo "bare: no qemu-system-i386, not tried"; exit 0; }
. "$(dirname "$0")/scratch.sh"
make_scratch
work=$scratch
trap 'rm -rf "$work"' EXIT
fail() { echo "bare: $*" >&2; exit 1; }

timeout 120 qemu-system-i386 -accel tcg -kernel "$port" -display none -monitor none \
	-serial file:"$work/out" -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=1
# What was written to the port is 0, which QEMU makes the exit status 1.
[ $? -eq 1 ] || fail "the machine did not end by itself: $(tail -1 "$work/out")"
"$wssim" kat | tr -s ' ' > "$work/kat" || fail "no known answers to compare with"
# Of 512 pages 32 were used in the last two seconds, 96 in the two before.
printf 'pages %016x\n' 32 96 384 >> "$work/kat"
echo done >> "$work/kat"
diff "$work/out" "$work/kat" > "$work/diff" || { cat "$work/diff"; fail "differs from wssim"; }

lines=$(cat core/example/ws_env.h core/example/bare.c | wc -l)
[ "$lines" -lt 100 ] || fail "a minimal port of $lines lines"
echo "bare: the core's $(grep -vc -e pages -e done "$work/out") digests on a bare machine, port of $lines lines"
