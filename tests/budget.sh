#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# budget.sh - every exported function of the core has a row in core/budget.md, and takes no
# more stack than it says there, with everything that it calls.
# usage: budget.sh FOLDER [--list]; objects and call graphs (gcc -fcallgraph-info=su) go there.
#
# A function that calls itself, by whatever way, has no bound and is a fault.
set -u
folder=$1
mkdir -p "$folder" || exit 2
rm -f "$folder"/*.o "$folder"/*.ci
if ! gcc -fcallgraph-info=su -x c -c -o "$folder/try.o" /dev/null 2> /dev/null; then
	echo "budget: this gcc draws no call graphs, not tried"
	exit 0
fi
rm -f "$folder"/try.*
for f in core/*.c; do
	gcc -std=gnu11 -O2 -ffreestanding -mgeneral-regs-only -fcallgraph-info=su \
		-Icore/env/user -Icore -c -o "$folder/$(basename "$f" .c).o" "$f" || exit 2
done
nm "$folder"/*.o | awk '$2 == "T" { print $3 }' | sort > "$folder/exported"
cat "$folder"/*.ci | awk -v exported="$folder/exported" '
	/^node:/ {
		match($0, /title: "[^"]*"/); name = substr($0, RSTART + 8, RLENGTH - 9)
		if (match($0, /\\n[0-9]+ bytes/))
			own[name] = substr($0, RSTART + 2, RLENGTH - 8) + 0
	}
	/^edge:/ {
		match($0, /sourcename: "[^"]*"/); from = substr($0, RSTART + 13, RLENGTH - 14)
		match($0, /targetname: "[^"]*"/); to = substr($0, RSTART + 13, RLENGTH - 14)
		if (!((from, to) in seen)) {
			seen[from, to]
			calls[from] = calls[from] "\n" to
		}
	}
	function depth(name,    list, count, i, deepest, below) {
		if (name == "__indirect_call")
			through[name] = 1
		if (name in known)
			return known[name]
		if (name in active) {
			print "budget: " name " calls itself" > "/dev/stderr"
			exit_status = 1
			return 0
		}
		active[name]
		count = split(calls[name], list, "\n")
		for (i = 2; i <= count; i++) {
			below = depth(list[i])
			deepest = below > deepest ? below : deepest
			if (list[i] in through)
				through[name] = 1
		}
		delete active[name]
		return known[name] = own[name] + deepest
	}
	END {
		while ((getline name < exported) > 0)
			print name, depth(name), name in through ? "callback" : "-"
		exit exit_status
	}' > "$folder/measured" || exit 1
[ "${2-}" = --list ] && { cat "$folder/measured"; exit 0; }

# Rows: | `name` `name` | work | stack |
awk -F '|' '/^\| `ws_/ {
		stack = $4; gsub(/[^0-9]/, "", stack)
		calls = $4 ~ /\+/ ? "callback" : "-"
		count = split($2, names, "`")
		for (i = 2; i <= count; i += 2)
			print names[i], stack, calls
	}' core/budget.md | sort > "$folder/stated"
join -a 1 -a 2 -e none -o 0,1.2,2.2,1.3,2.3 "$folder/measured" "$folder/stated" | awk '
	$3 == "none" { print "budget: " $1 " has no row in core/budget.md (" $2 " bytes of stack)"; bad++; next }
	$2 == "none" { print "budget: " $1 " is in core/budget.md and not exported"; bad++; next }
	$2 > $3 { print "budget: " $1 " takes " $2 " bytes of stack, core/budget.md says " $3; bad++ }
	$4 != $5 { print "budget: " $1 ": callbacks (+) are not as core/budget.md says"; bad++ }
	{ rows++; most = $2 > most ? $2 : most }
	END {
		if (!bad)
			print "budget: " rows " exported functions of the core, at most " most " bytes of stack, none calls itself"
		exit bad > 0
	}'
