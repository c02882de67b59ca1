#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# coverage.sh - how many of the core's branches its tests take, and which they do not.
# usage: coverage.sh FOLDER PERCENT KNOWN; FOLDER holds the objects and counts of gcov.
#
# A branch is one way out of one condition, as gcc compiles it without optimization.  Not
# counted are those on lines with WS_ASSERT: a broken promise of the caller's cannot be
# tried without ending the process (tests with .signal = SIGILL do, and their counts are
# lost with the process).  Every other branch that no test takes must stand in KNOWN, as
# "file: source line", with the reason.
set -u
folder=$1 percent=$2 known=$3
. "$(dirname "$0")/scratch.sh"
make_scratch
work=$scratch
trap 'rm -rf "$work"' EXIT
mapfile -t counts < <(find "$folder" -name '*.gcda' | sort)
[ ${#counts[@]} -gt 0 ] || { echo "coverage: no counts below $folder" >&2; exit 2; }
top=$PWD
ln -s "$top/core" "$work/core" # so that gcov finds the sources
# One object at a time: gcov lumps together what several of them have of one header.
for count in "${counts[@]}"; do
	(cd "$work" && gcov -b -c "$top/$count" > /dev/null 2>&1 && cat ./*.gcov >> all && rm ./*.gcov) || exit 2
done

# Inline functions of headers are compiled into many objects: a branch of theirs is taken
# when it is taken in any of them.
awk -v work="$work" '
	/^ *[^:]+: *0:Source:/ { sub(/.*Source:/, ""); file = $0; next }
	/^branch / {
		if (file !~ /^core\// || text ~ /WS_ASSERT/)
			next
		key = file ":" line ":" $2
		places[key] = file "\t" line "\t" text
		if ($3 == "taken" && $4 + 0 > 0)
			taken[key] = 1
		next
	}
	/^(call|function|unconditional)/ { next }
	{
		line = $0; sub(/^[^:]*:/, "", line)
		text = line; sub(/^ *[0-9]+:/, "", text); sub(/:.*/, "", line); line += 0
		gsub(/^[ \t]+|[ \t]+$/, "", text)
	}
	END {
		for (key in places) {
			split(places[key], place, "\t")
			all[place[1]]++
			hit[place[1]] += key in taken
			if (!(key in taken))
				print places[key] > (work "/missed")
		}
		for (file in all)
			printf "%s %d %d\n", file, hit[file], all[file]
	}' "$work/all" | sort > "$work/files"
touch "$work/missed"
awk '{ printf "  %-28s %5d of %5d branches  %5.1f %%\n", $1, $2, $3, $3 ? 100 * $2 / $3 : 100 }' "$work/files"

status=0
awk -F '\t' '{ print $1 ": " $3 }' "$work/missed" | sort -u > "$work/holes"
sed -n 's/^    \(core\/[a-z0-9_]*\.[ch]: \)/\1/p' "$known" | sort -u > "$work/named"
comm -23 "$work/holes" "$work/named" > "$work/unnamed"
comm -13 "$work/holes" "$work/named" > "$work/stale"
if [ -s "$work/unnamed" ]; then
	echo "coverage: taken by no test and not in $known:" >&2
	sort -t "$(printf '\t')" -k1,1 -k2,2n -u "$work/missed" | awk -F '\t' '{ print $1 ": " $3 "\t" $2 }' |
		grep -F -f "$work/unnamed" | awk -F '\t' '{ print "    " $1 "   (line " $2 ")" }' >&2
	status=1
fi
if [ -s "$work/stale" ]; then
	echo "coverage: in $known, but taken now or gone:" >&2
	sed 's/^/    /' "$work/stale" >&2
	status=1
fi
awk -v percent="$percent" '{ hit += $2; all += $3 }
	END {
		share = 100 * hit / all
		printf "coverage: %d of %d branches of the core, %.2f %%\n", hit, all, share
		exit share < percent
	}' "$work/files" || { echo "coverage: below $percent %" >&2; status=1; }
exit $status
