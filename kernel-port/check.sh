#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# check.sh - runs the tests in tests/, which boot kernels, and counts what they print.
# usage: check.sh [TEST...]
# A test is a script that prints "ok WHAT" or "not ok WHAT" a line, and "# ..." besides.
# It fails too when it exits otherwise than with 0, or prints no such line.  They find
# the kernels to try in KERNELS.
set -u
cd "$(dirname "$0")/.." || exit 1
export KERNELS="${KERNELS:-6.1 6.12}"
[ $# -gt 0 ] || set -- kernel-port/tests/*.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0
# Without kernels nothing can be tested, which is a failure.
# shellcheck disable=SC2086 # KERNELS is words
if ! kernel-port/kernels.sh $KERNELS > /dev/null; then
	echo "not ok kernels: $KERNELS cannot all be had here; is there a network?"
	failed=1
	set --
fi
for test in "$@"; do
	name=$(basename "$test" .sh)
	echo "# $name"
	{
		timeout -k 10 900 "$test"
		echo "status $?"
	} < /dev/null > "$log"
	grep -v '^status [0-9]*$' "$log"
	status=$(sed -n 's/^status \([0-9]*\)$/\1/p' "$log" | tail -n 1)
	good=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then
		echo "not ok $name: exits with $status after $good tests"
		bad=1
	fi
	passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
