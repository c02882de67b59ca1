#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# frontier.sh - memory saved against slowdown: every policy along its own knob, on the
# workloads that ws-target was tuned on and on others, with the oracle beside.
#
# usage: bench/frontier/frontier.sh [-n RUNS] [-j JOBS] [-p FILE] [-s SET]... [WSSIM [DIR]]
#	-p  policies in place of policies.json; -s  tune or held, default both
# Runs that are done are not done again, unless wssim changed.  Leaves frontier.md,
# frontier.png and a results directory of 'wssim sweep' for each set in DIR.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
runs=1 jobs=$(nproc) policies=$here/policies.json sets=
while getopts n:j:p:s: option; do
	case $option in
	n) runs=$OPTARG ;;
	j) jobs=$OPTARG ;;
	p) policies=$OPTARG ;;
	s) sets="$sets $OPTARG" ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
wssim=$(realpath "${1:-$here/../../build/release/wssim}")
dir=${2:-$here/../../build/frontier}
policies=$(realpath "$policies")
mkdir -p "$dir/traces"
cd "$dir"

# Recorded traces by link, made ones by their recipe; a recipe that changed makes a new one.
for trace in "$here"/../../traces/samples/*.wst; do
	ln -sf "$(realpath "$trace")" traces/
done
while read -r name recipe; do
	case $name in ''|'#') continue ;; esac
	[ "$(cat "traces/$name.recipe" 2>/dev/null)" = "$recipe" ] && continue
	# shellcheck disable=SC2086
	"$wssim" trace gen $recipe -o "traces/$name.wst" > traces/log
	echo "$recipe" > "traces/$name.recipe"
done < "$here/traces.txt"

for set in ${sets:-tune held}; do
	cp "$here/$set"-*.json .
	{
		printf '{ "name": "%s", "runs": %s, "scenarios": [' "$set" "$runs"
		ls "$set"-*.json | sed 's/.*/"&"/' | paste -sd, -
		printf '], "parameters": { "host.memory": ["416MiB", "544MiB"] }, "policies":\n'
		cat "$policies"
		printf '}\n'
	} > "plan-$set.json"
	"$wssim" sweep "plan-$set.json" -o "$set" -j "$jobs" --no-plots --no-oracles > "$set.txt"
	# The oracle knows no policy and no host: once for each scenario and program.
	mkdir -p oracle
	for scenario in "$set"-*.json; do
		sum=$(cat "$scenario" traces/*.recipe "$wssim" | cksum | tr -d ' ')
		[ -s "oracle/$scenario.$sum" ] || echo "$scenario $sum"
	done | xargs -r -n 2 -P "$jobs" sh -c '
		"$0" oracle "$1" > "oracle/$1.$2.tmp" &&
		rm -f "oracle/$1".[0-9]*[0-9] && mv "oracle/$1.$2.tmp" "oracle/$1.$2"' "$wssim"
	cat oracle/"$set"-*.json.[0-9]*[0-9] > "oracle/$set.txt"
done

awk -f "$here/frontier.awk" -v sets="${sets:-tune held}" > frontier.md
for set in ${sets:-tune held}; do
	gnuplot -e "set='$set'" "$here/frontier.gp"
done
cat frontier.md
