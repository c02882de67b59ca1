#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mglru_age.sh - makes the kernel's MGLRU age, which a module cannot.
# usage: mglru_age.sh [INTERVAL_SECONDS [PASSES]]
# Every interval (10 s) begins a new youngest generation in every memcg and node, through
# debugfs, as root: the source "mglru" of ws.ko is then as fine as that, and looks back
# three intervals.  Without PASSES it goes on for ever.
set -eu
interval=${1:-10} passes=${2:-0}
lru_gen=/sys/kernel/debug/lru_gen
[ -w $lru_gen ] || { echo "mglru_age.sh: no $lru_gen: not root, no debugfs or no MGLRU" >&2; exit 1; }
done=0
while :; do
	# A memcg that goes away meanwhile, and ageing by somebody else, are no failure.
	awk '
		function age() { if (node != "") print "+", memcg, node, youngest, 1, 1 }
		$1 == "memcg" { age(); memcg = $2; node = ""; next }
		$1 == "node" { age(); node = $2; next }
		{ youngest = $1 }
		END { age() }' $lru_gen | while read -r line; do
		echo "$line" > $lru_gen || :
	done 2> /dev/null
	done=$((done + 1))
	[ "$done" -ne "$passes" ] || exit 0
	sleep "$interval"
done
