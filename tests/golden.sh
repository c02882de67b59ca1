#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# golden.sh - every scenario in tests/golden/ gives the digest it gave when it was last
# looked at, and gives it twice.  usage: golden.sh WSSIM [--update]
# A changed digest is no fault by itself: look at what changed, then --update.
set -u
wssim=$1 update=${2:-}
here=$(dirname "$0")/golden
. "$(dirname "$0")/scratch.sh"
make_scratch
out=$scratch
trap 'rm -rf "$out"' EXIT
passed=0 failed=0

# The digest that the run $2 of scenario $1 prints in its summary.
digest_of() {
	"$wssim" run "$1" -o "$out/$2" --json --no-plots --no-baseline 2> "$out/error" > "$out/$2.json" || return 1
	sed -n 's/.*"digest": *"\(0x[0-9a-f]*\)".*/\1/p' "$out/$2.json" | head -1
}

for scenario in "$here"/*.json; do
	[ -e "$scenario" ] || break
	name=$(basename "$scenario" .json)
	golden=$here/$name.digest
	if ! first=$(digest_of "$scenario" first) || [ -z "$first" ]; then
		echo "golden: $name: no digest: $(head -1 "$out/error")"
		failed=$((failed + 1))
		continue
	fi
	second=$(digest_of "$scenario" second)
	if [ "$first" != "$second" ]; then
		echo "golden: $name: the same run gave $first and $second"
		failed=$((failed + 1))
	elif [ "$update" = --update ]; then
		echo "$first" > "$golden"
		echo "golden: $name: $first written"
		passed=$((passed + 1))
	elif [ "$first" != "$(cat "$golden" 2>/dev/null)" ]; then
		echo "golden: $name: $first, was $(cat "$golden" 2>/dev/null || echo never run)"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
done
echo "golden: $passed scenarios run twice and as they were, $failed not"
[ "$failed" -eq 0 ]
