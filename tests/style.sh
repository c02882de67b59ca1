#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# style.sh - what a reviewer would otherwise have to look for: who includes whom,
# functions that are not used here, sizes, names, licences.
# usage: style.sh [FOLDER]; prints "place: reason" for each fault and fails if any.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
export LC_ALL=C
faults=$(mktemp) || exit 2
trap 'rm -f "$faults"' EXIT
fault() { echo "$1: $2" >> "$faults"; }

if [ -e .git ]; then
	mapfile -t files < <(git ls-files -co --exclude-standard | sort -u)
else
	mapfile -t files < <(find . -path ./build -prune -o -type f -printf '%P\n')
fi
plain=()
for f in "${files[@]}"; do
	[ -f "$f" ] && [ ! -L "$f" ] && plain+=("$f")
done
files=("${plain[@]}")
pick() { printf '%s\n' "${files[@]}" | grep -E "$1"; }
mapfile -t sources < <(pick '\.[ch]$')
mapfile -t scripts < <(pick '(\.sh|\.awk|\.mk|(^|/)Makefile|(^|/)Kbuild|\.ci/run)$')
mapfile -t texts < <(pick '(\.([ch]|sh|awk|mk|md|json|html|css|js|gp|1)|(^|/)(Makefile|Kbuild)|\.ci/run)$')

awk -f "$here/style.awk" "${sources[@]}" >> "$faults"

# --- licence: the SPDX line comes first (second after #!) -------------------------------
for f in "${sources[@]}" "${scripts[@]}"; do
	case $f in
	core/*) want='GPL-2.0-only OR BSD-2-Clause' ;;
	kernel-port/truth/* | kernel-port/tests/* | kernel-port/agent/*) want='BSD-2-Clause' ;;
	kernel-port/host/*) want='BSD-2-Clause' ;;
	kernel-port/Kbuild | kernel-port/*.[ch]) want='GPL-2.0-only' ;;
	traces/record/plugin/*) want='(BSD-2-Clause|GPL-2.0-or-later)' ;;
	*) want='BSD-2-Clause' ;;
	esac
	{ read -r first; read -r second; } < "$f"
	[[ $first == '#!'* ]] && first=$second
	[[ $first =~ ^('/*'|'#')' SPDX-License-Identifier: '($want)(' */')?$ ]] ||
		fault "$f:1" "no line 'SPDX-License-Identifier: $want'"
done

# --- who includes whom -----------------------------------------------------------------
# Each folder: what its files may include (+) or may not (-).  knows A|B: of the folders that
# are named in includes those, besides system headers and what is named without a folder.
knows() { echo "+^(<[a-zA-Z0-9_/]+\\.h>|\"[a-z0-9_]+\\.h\"|\"($1)/[a-z0-9_]+\\.h\")$"; }
includes_rule() {
	case $1 in
	core/env/linux/*) echo '+^<linux/[a-z]+\.h>$' ;;
	core/env/* | core/example/ws_env.h) echo '+^<std(bool|def|int)\.h>$' ;;
	core/*) echo '+^(<ws_env\.h>|"ws_[a-z0-9_]+\.h")$' ;;
	traces/*) knows 'format|import|gen|record|guest|plugin' ;;
	# A policy sees sim_policy.h and nothing of guests, hosts or scenarios.
	sim/policy/policy_*) echo '+^(<[a-z0-9_]+\.h>|"policy/[a-z0-9_]+\.h")$' ;;
	sim/policy/*) knows policy ;;
	# The model knows no observer: it tells what happens through model/sim_probe.h.
	sim/model/*) knows 'model|scenario|policy' ;;
	sim/scenario/*) knows 'scenario|model|policy' ;;
	sim/reclaim/*) knows 'reclaim|model' ;;
	sim/lab/*) knows 'lab|reclaim|model' ;;
	sim/oracle/*) knows 'oracle|lab|reclaim|model|scenario' ;;
	# Observers know no picture and no page.
	sim/observe/*) knows 'observe|model|scenario|policy' ;;
	sim/output/*) knows 'output|observe|oracle|model|scenario|policy' ;;
	sim/lint/*) knows 'lint|policy' ;;
	sim/advice/*) knows 'advice|output|observe|model|scenario|policy' ;;
	sim/sweep/*) knows 'sweep|output|observe|model|scenario|policy' ;;
	sim/trial/*) knows 'trial|sweep|output|observe|model|scenario' ;;
	# What drives real VMs shares policies, results and the scenario's words.
	kernel-port/host/*) knows 'output|observe|model|scenario|policy|[.][.]/agent' ;;
	# The core's tests need nothing else: they are run with its branches counted, too.
	tests/core/*) echo '+^(<[a-zA-Z0-9_/]+\.h>|"(ws|naive)_[a-z0-9_]+\.h"|"(diff|proto_pair)\.h")$' ;;
	*) echo '-^none$' ;;
	esac
}
check_include() { # file:line, file, name
	local rule
	rule=$(includes_rule "$2")
	case $rule in
	+*) [[ $3 =~ ${rule#+} ]] || fault "$1" "may not include $3" ;;
	-*) [[ $3 =~ ${rule#-} ]] && fault "$1" "may not include $3" ;;
	esac
	case $3 in
	*cjson/*) [ "$2" = sim/scenario/sim_json.c ] || fault "$1" "only sim_json.c knows cJSON" ;;
	'<gsl/'*) [[ $2 =~ ^(sim/observe/sim_stats|sim/model/sim_quantile|bench/|tests/) ]] ||
		fault "$1" "GSL belongs in statistics and in the tool that makes quantile tables" ;;
	'<zstd'*) [[ $2 =~ ^(traces/([a-z]+/)?tr_|tests/traces/test_trace_) ]] || fault "$1" "zstd belongs in reading and writing traces" ;;
	esac
}
while IFS=: read -r f line text; do
	[[ $text =~ include[[:space:]]*([\<\"][^\>\"]+[\>\"]) ]] &&
		check_include "$f:$line" "$f" "${BASH_REMATCH[1]}"
done < <(grep -nE '^[ 	]*#[ 	]*include' "${sources[@]}" /dev/null)

# A program is started by name in few places only: plots, recordings, job schedulers, and
# the programs that a benchmark runs beside.
while IFS=: read -r f line _; do
	[[ $f =~ ^(sim/output/sim_plot|sim/sweep/sim_slurm|traces/([a-z]+/)?tr_|sim/cli/cmd_trace|traces/record/guest/|tests/|kernel-port/|bench/bench_(peer|record)|bench/experiments/exp_run|bench/frontier/frontier_tune) ]] ||
		fault "$f:$line" "starts a program"
done < <(grep -nE '\b(popen|system|exec[lv]p?e?|posix_spawnp?)\(' "${sources[@]}" /dev/null)

# --- names, sizes, words -----------------------------------------------------------------
while read -r name; do
	fault "$name" "two files of that name"
done < <(pick '\.[ch]$' | sed 's|.*/||' | sort | uniq -d | grep -vx 'ws_env\.h')
while read -r f; do
	fault "$f" "belongs in a folder of tests/, or nothing builds it"
done < <(pick '^tests/[^/]*\.[ch]$')
while read -r size f; do
	fault "$f" "$size bytes; 4 MiB at most"
done < <(stat -c '%s %n' "${files[@]}" | awk '$1 > 4194304')
while IFS=: read -r f line _; do
	[ "$f" = tests/style.sh ] || fault "$f:$line" "unfinished business belongs in the issue tracker"
done < <(grep -nE '\b(TODO|FIXME|XXX)\b' "${texts[@]}" /dev/null)
while IFS=: read -r f line _; do
	[ "$f" = tests/style.sh ] || fault "$f:$line" "a path of one machine"
done < <(grep -nE '(^|[^a-zA-Z0-9_.])/(work|home/[a-z]+|root|farm)/|\.\./shared' "${texts[@]}" /dev/null)
for f in "${sources[@]}"; do
	head -4 "$f" | grep -qF "$(basename "$f") - " || fault "$f:2" "no comment 'NAME - what it is'"
done

# --- the specification's text: every clause stands in its table, every test named there exists ---
spec=core/ws_balloon_spec.md
while read -r clause; do
	grep -qE "^\\|([^|]*[ ,])?$clause[ ,]" "$spec" || fault "$spec" "no line of the table says who holds $clause"
done < <(grep -oE '^\* \*\*(dev|drv)-[0-9]+' "$spec" | cut -c5-)
while IFS=/ read -r suite name; do
	grep -qE "Test\\($suite, $name[,)]|^EACH_DIALECT\\($name\\)" tests/*/test_*.c ||
		fault "$spec" "no test $suite/$name"
done < <(grep -oE '`[a-z0-9_]+/[a-z0-9_]+`' "$spec" | tr -d '`' | sort -u)

if [ -s "$faults" ]; then
	sort -t: -k1,1 -k2,2n "$faults" >&2
	echo "style: $(wc -l < "$faults") faults" >&2
	exit 1
fi
echo "style: ${#sources[@]} sources, ${#files[@]} files, no fault"
