#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# cli.sh - the command line from outside: exit codes, one line for bad input, nothing
# lost when a disk is full or a person presses Ctrl-C.  usage: cli.sh WSSIM
set -u
wssim=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/.." || exit 2
. tests/scratch.sh
make_scratch
work=$scratch
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
say() { # ok or not, what
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "cli: FAILED: $2"
		sed 's/^/cli:   /' "$work/err" | head -5
	fi
}
run() { "$wssim" "$@" > "$work/out" 2> "$work/err" < /dev/null; }

# expect CODE PATTERN ARGS..: exits with CODE and says PATTERN in one line on stderr.
expect() {
	local code=$1 pattern=$2 got
	shift 2
	run "$@"
	got=$?
	[ $got -eq "$code" ] && [ "$(wc -l < "$work/err")" -eq 1 ] && grep -q -- "$pattern" "$work/err"
	say $? "wssim $* (exit $got, wanted $code and one line with '$pattern')"
}
has() { "$wssim" --help | grep -qE "^ +$1 "; }

# --- help -----------------------------------------------------------------------------
run --help; say $? "--help"
run --version && grep -qxE 'wssim [0-9.]+' "$work/out"; say $? "--version"
run run --version && grep -qxE 'wssim [0-9.]+' "$work/out"; say $? "run --version"
mapfile -t commands < <("$wssim" --help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
[ "${#commands[@]}" -gt 0 ]; say $? "--help lists commands"
for command in "${commands[@]}"; do
	run "$command" --help && [ -s "$work/out" ]; say $? "$command --help"
done
expect 2 'no such command' frobnicate
run; [ $? -eq 2 ]; say $? "no command is a usage error"

# --- input that is wrong --------------------------------------------------------------
trace=$(ls traces/samples/*.wst 2>/dev/null | head -1)
cat > "$work/ok.json" <<END
{"duration": "2s", "host": {"memory": "256MiB"}, "trace_folder": "$PWD/traces/samples",
 "vms": [{"name": "a", "memory": "192MiB",
          "workload": [{"trace": "$(basename "${trace:-none}")"}]}]}
END
change() { sed "s|$1|$2|" "$work/ok.json" > "$work/$3"; }
change '"host"' '"hots"' unknown.json
change '192MiB' '192 elephants' unit.json
change '"name": "a"' '"name": "a", "memory_min": "1GiB"' balloon.json
change '192MiB' '0' zero.json
change '"name": "a"' '"name": "a", "count": 100, "memory_min": "128MiB"' many.json
change 'trace": "[^"]*"' 'trace": "nowhere.wst"' lost.json
head -c 60 "$work/ok.json" > "$work/cut.json"
if has run; then
	expect 2 'missing.json: No such file' run "$work/missing.json"
	expect 2 'unknown.json: /hots: unknown key' run "$work/unknown.json"
	expect 2 'unit.json: /vms/0/memory: must be a size' run "$work/unit.json"
	expect 2 '/vms/0/memory_min: is above "memory"' run "$work/balloon.json"
	expect 2 '/vms/0/memory: must be from' run "$work/zero.json"
	expect 2 '/host/memory: leaves nothing' run "$work/ok.json" --set host.memory=8MiB
	expect 2 'parameter' run "$work/ok.json" --policy mom --set policy.params.x=1
	expect 2 '/vms: need' run "$work/many.json"
	sed 's/"name": "a"/"name": "a\\u0000b"/' "$work/ok.json" > "$work/nul.json"
	expect 2 'nul.json: .u0000 in a string' run "$work/nul.json"
	expect 2 'nowhere.wst: No such file' run "$work/lost.json"
	expect 2 'cut.json: line' run "$work/cut.json"
	expect 2 'unknown policy "best"' run "$work/ok.json" --policy best
	expect 2 '/host/memroy: unknown key' run "$work/ok.json" --set host.memroy=1GiB
	[ ! -e "$work/results" ]; say $? "bad input leaves no results behind"
fi
if has compare; then
	expect 2 'best' compare "$work/ok.json" --policies static,best
	run compare "$work/ok.json" -p static,wmo --runs 1 --no-plots -o "$work/beside"
	grep -q '^  POLICY.*REGRET VMIN .* O5 ' "$work/out" && grep -q '^These runs are closed-loop' "$work/out"
	say $? "compare shows regret and what bounds what"
	grep -q '^wmo,.*,o5,1,reference,every policy whose guests evict in LRU order,' "$work/beside/regret.csv"
	say $? "regret.csv has the oracle that is right for each policy"
	run compare "$work/ok.json" -p static,wmo --runs 1 --no-plots --no-oracles -o "$work/beside"
	[ ! -e "$work/beside/regret.csv" ] && ! grep -q '^Regret' "$work/out"; say $? "compare --no-oracles"
	expect 2 'none of the policies has' compare "$work/ok.json" -p static,mom \
		--set policy.params.idle=3s
fi
if has policies; then
	run policies && grep -q '^ *static' "$work/out"; say $? "policies lists static"
	run policies mom && grep -q 'pressure_threshold' "$work/out"; say $? "policies mom"
	expect 2 'best' policies best
fi
if has lint; then
	run lint --list && grep -q '^slow-balloon' "$work/out"; say $? "lint lists its drills"
	run lint hyperv-like -d calm; say $? "lint passes what has no error"
	run lint static --drill step --json
	[ $? -eq 1 ] && grep -q '"check": "host-left-short"' "$work/out"; say $? "lint finds, exit 1"
	run lint mom -d step --set pressure_threshold=0.3 --series "$work/step.csv"
	grep -q '^1199,idle,' "$work/step.csv"; say $? "lint writes a drill's seconds"
	run lint --all -d refuses; [ $? -eq 1 ] && grep -q '^ws-target' "$work/out"; say $? "lint --all"
	expect 2 'best: no such policy' lint best
	expect 2 'no such drill' lint mom -d tuesday
	expect 2 'no such parameter' lint mom --set colour=red
	expect 2 'out of range' lint mom --set pressure_threshold=7
fi
if has explain && has run; then
	run run sim/scenarios/two-vms.json --set duration=2m --set policy.params.patience=0.01 \
		--set policy.params.start=0.4 --no-plots --no-baseline -o "$work/why"
	run explain "$work/why"; say $? "explain tells all decisions of a run"
	[ "$(wc -l < "$work/out")" -eq $(($(wc -l < "$work/why/decisions.csv") - 1)) ]
	say $? "a line for each"
	run explain "$work/why" --vm batch; ! grep -q cache "$work/out" && grep -q 'grow .* MiB (distress), need [0-9]* MiB, stall' "$work/out"
	say $? "explain tells those of one VM, and why"
	run explain "$work/why" --vm batch --at 0m59.5s; say $? "a time of two units"
	run explain "$work/why" --vm batch --at 1m
	grep -q '^At 60 s it has' "$work/out" && grep -q '^  need .* = base .* - cold' "$work/out" &&
		grep -q '^  stall .* grows above' "$work/out"
	say $? "explain tells how the VM was, and the numbers"
	grep -q '^  demand' "$work/out" &&
		awk '/^  [^ ]/ || /^$/ { if (bare) exit 1; bare = /^  / } /^      / { bare = 0 }' "$work/out"
	say $? "and what each of them means"
	run explain "$work/why" --vm batch --at 0.0; say $? "at the start"
	expect 2 'no VM is called "nobody"' explain "$work/why" --vm nobody
	mkdir "$work/nothing"; expect 2 'timeseries.csv: No such file' explain "$work/nothing"
	mkdir -p "$work/cmp/runs"; cp -r "$work/why" "$work/cmp/runs/mom"; cp -r "$work/why" "$work/cmp/runs/pi"
	expect 2 "cmp: is not one run's results; runs in it: runs/mom, runs/pi" explain "$work/cmp"
	run explain "$work/why" --vm batch --at 0:01; say $? "hours and minutes"
	grep -q '^At 60 s it has' "$work/out"; say $? "are those of the simulation"
	run explain "$work/why" --vm batch --at 0:60
	[ $? -eq 2 ] && grep -q 'at 0:60: not a time, such as' "$work/err"; say $? "an hour has 60 minutes, 0 to 59"
	run run sim/scenarios/two-vms.json --set duration=90s --set policy=equal-share --no-plots --no-baseline -o "$work/mute"
	run explain "$work/mute" --vm batch --at 1m
	grep -q '^No decision about it is recorded until then' "$work/out" &&
		grep -q '^Its target moved last between 0 and 1 s: from 256 to 137 MiB' "$work/out" &&
		grep -q '^When a VM comes or goes' "$work/out"
	say $? "explain tells what a target did without a reason on record, and the rule"
	run explain "$work/mute"; grep -q '^ *1.0 s  batch *shrink 256 -> 137 MiB' "$work/out"
	say $? "and all such moves"
	printf 'time_s,vm,text\n1,batch,"grow; ; need"\n2,batch,\n' > "$work/why/decisions.csv"
	run explain "$work/why" --vm batch --at 1; say $? "empty clauses break nothing"
	run explain "$work/why" --vm batch; [ $? -eq 0 ] && [ "$(wc -l < "$work/out")" -eq 2 ]; say $? "nor does an empty decision"
	printf '1,batch,"grow\n' >> "$work/why/decisions.csv"
	expect 2 'decisions.csv: line 4: quotes without an end' explain "$work/why" --vm batch
	head -c 300 /dev/zero > "$work/why/decisions.csv"
	expect 2 "is not wssim's" explain "$work/why" --vm batch
fi
if has kat; then
	run kat && [ -s "$work/out" ]; say $? "kat"
	cp "$work/out" "$work/kat"
	for words in kat policies 'lint --list' 'trace --help' --help --version; do
		"$wssim" $words > /dev/full 2> "$work/err"
		[ $? -eq 1 ] && [ "$(cat "$work/err")" = 'wssim: standard output: cannot be written' ]
		say $? "$words: output that cannot be written is exit 1 and a line"
	done
	run kat && cmp -s "$work/out" "$work/kat"; say $? "kat says the same twice"
fi
if [ -n "$trace" ]; then
	head -c 300 "$trace" > "$work/cut.wst"
	head -c 5000 /dev/urandom > "$work/noise.wst"
	for command in "trace info" "trace dump" "mrc"; do
		has "${command%% *}" || continue
		# shellcheck disable=SC2086 # a command of two words
		{ run $command "$trace" && [ -s "$work/out" ]; say $? "$command of a sample"
		expect 2 'cut.wst: ' $command "$work/cut.wst"
		expect 2 'noise.wst: ' $command "$work/noise.wst"
		expect 2 'No such file' $command "$work/missing.wst"; }
	done
fi
if has trace; then
	for name in a b; do
		run trace gen jvm --heap 1MiB --live 256KiB --rate 100 --duration 9s --uncommit yes -o "$work/$name.wst"
		say $? "trace gen $name"
	done
	cmp -s "$work/a.wst" "$work/b.wst"; say $? "a seed makes the same file twice"
	run trace dump "$work/a.wst"; cp "$work/out" "$work/a.csv"
	run trace import "$work/a.csv" -o "$work/c.wst"; say $? "import of a dump"
	run trace dump "$work/c.wst" && cmp -s "$work/out" "$work/a.csv"; say $? "a dump reads back"
	run trace pack "$work/a.wst" -o "$work/p.wst"; say $? "trace pack"
	run trace dump "$work/p.wst" && cmp -s "$work/out" "$work/a.csv"; say $? "packed, the same records"
	run trace pack "$work/p.wst" -o "$work/pp.wst" && cmp -s "$work/p.wst" "$work/pp.wst"
	say $? "packed again, the same bytes"
	expect 2 'No such file' trace pack "$work/missing.wst"
	gzip -k "$work/a.csv"
	run trace import "$work/a.csv.gz" -o "$work/d.wst"; say $? "import of a packed dump"
	run trace info --json "$work/d.wst" && grep -q '"footprint_bytes"' "$work/out"; say $? "trace info --json"
	ln -s /dev/full "$work/full.wst.tmp"
	expect 1 'No space left' trace gen loop --count 10000 -o "$work/full.wst"
	for i in 1 2 3 4 5 6; do echo "12.5 $i.25"; done > "$work/demand"
	run trace import "$work/demand" --memory 64MiB --time-scale 30 -o "$work/demand.wst" &&
		grep -q 'read as gcd' "$work/out" && grep -q 'time divided by 30' "$work/out"
	say $? "a demand series becomes a trace, and the time scale is told"
	run trace info "$work/demand.wst" && grep -q 'time divided by 30' "$work/out"
	say $? "the trace keeps its model"
	echo "12.5 x" >> "$work/demand"
	expect 2 'demand: line 7: wanted' trace import -f gcd "$work/demand" -o "$work/e.wst"
	head -c 5000 /dev/urandom > "$work/noise.bin"
	expect 2 'unknown format; name one of' trace import "$work/noise.bin" -o "$work/e.wst"
	expect 2 'and --hot is for demand series' trace import --hot 0.5/10s "$work/a.csv" -o "$work/e.wst"
	expect 2 'read as gcd, and --csv is for csv' trace import -f gcd --csv page=1 "$work/demand" -o "$work/e.wst"
	expect 2 'no such format' trace import -f tape "$work/a.csv" -o "$work/e.wst"
	expect 2 'No such file' trace import "$work/missing" -o "$work/e.wst"
	expect 2 'no such pattern' trace gen chaos -o "$work/e.wst"
	expect 2 'no such subcommand' trace frobnicate
	printf '1,2\n3,x\n' > "$work/bad.csv"
	expect 2 "bad.csv: line 2: 'x' is no time" trace import --csv page=1,time=2 "$work/bad.csv" -o "$work/e.wst"
	[ ! -e "$work/e.wst" ] && [ ! -e "$work/e.wst.tmp" ]; say $? "a failed import leaves nothing"
	mkfifo "$work/pipe"; mkdir "$work/folder"
	expect 2 'pipe: not a regular file' trace gen loop --count 10 -o "$work/pipe"
	expect 2 'folder: Is a directory' trace gen loop --count 10 -o "$work/folder"
	[ -p "$work/pipe" ]; say $? "only a regular file is replaced"
	ln -s b.wst "$work/link.wst"
	run trace gen loop --count 10 -o "$work/link.wst" && [ -L "$work/link.wst" ] &&
		[ ! -L "$work/b.wst" ] && cmp -s "$work/b.wst" "$work/link.wst"
	say $? "a link as output stays, and what it names is written"
	expect 2 "'-': not a file name" trace gen loop --count 10 -o -
	: > "$work/none"
	expect 2 'none: no records' trace import -f list "$work/none" -o "$work/e.wst"
	expect 2 'not a journal of wssim' replay "$work/a.csv"
	expect 2 'a.csv: is the input' trace import "$work/a.csv" -o "$work/a.csv"
	flock "$work/twice.wst.tmp" "$wssim" trace gen loop --count 10 -o "$work/twice.wst" \
		> "$work/out" 2> "$work/err"
	[ $? -eq 1 ] && grep -q 'another process is writing it' "$work/err"
	say $? "of two writers of one file the second is refused"
	run trace gen loop --count 10 -o "$work/twice.wst"; say $? "what a killed writer left is written over"
fi
if has reclaim && [ -n "$trace" ]; then
	run reclaim "$trace" --reclaim lru,clock --frames 0.1; say $? "reclaim of a sample"
	expect 2 'lru' reclaim "$trace" --reclaim magic --frames 0.1
	expect 2 'frames' reclaim "$trace" --reclaim lru --frames 0
	expect 2 'cut.wst: ' reclaim "$work/cut.wst" --reclaim lru --frames 0.1
	expect 2 'folder: Is a directory' reclaim "$trace" -r lru -f 0.1 -o "$work/folder"
fi

if has size && [ -n "$trace" ]; then
	run trace gen loop --pages 24MiB --count 400000 --access 50us -o "$work/loop.wst"; say $? "a loop for size"
	run size "$work/loop.wst" --memory 96MiB --duration 20s --runs 2 --step 4MiB --slowdown 1.05
	grep -q '^The smallest safe guest for vm is' "$work/out" && grep -q 'What limits it' "$work/out"
	say $? "size answers"
	run size "$work/loop.wst" --memory 96MiB --duration 20s --runs 2 --step 8MiB --balloon --json
	grep -q '"balloon_bytes"' "$work/out"; say $? "size --balloon --json"
	run density --trace "$work/loop.wst" --memory 96MiB --host-memory 192MiB --duration 20s --runs 1 -p static --max 6
	grep -qE '^static +together +[1-6] ' "$work/out" && grep -q '^static *spread' "$work/out"; say $? "density answers"
	run density --trace "$work/loop.wst" --memory 96MiB --host-memory 192MiB --duration 20s --runs 1 -p static --max 2 --set sample_one_in=4
	grep -q '^Sampled: one block of 32 pages in 4' "$work/out" && grep -q '\[1 run\]' "$work/out"
	say $? "density says what sampling cost, and of one run no interval"
	run size "$work/loop.wst" --memory 96MiB --duration 20s --runs 1 --step 16MiB --set sample_one_in=32
	grep -q '^Sampled: one block of 32 pages in 32 .*one in 32 does was not measured' "$work/out" &&
		grep -q 'one run: no interval' "$work/out" && grep -q 'random numbers alone' "$work/out"
	say $? "size says what sampling cost, and of one run no interval"
	run size "$work/loop.wst" --memory 96MiB --duration 20s --runs 1 --step 16MiB --set sample_one_in=4 -J
	grep -q '"sampled": *"one block of 32' "$work/out"; say $? "size -J says what sampling cost"
	for i in 1 2 3 4; do echo "20.0 40.5"; done > "$work/series"
	printf 'name,memory,trace,demand,count\na,96MiB,loop.wst,,1\nb,64MiB,,series,2\n' > "$work/vms.csv"
	run whatif "$work/vms.csv" --host-memory 192MiB --duration 20s --runs 1 --policy static,mom
	grep -q '^Under mom the median VM takes' "$work/out" && grep -q 'at their real pace from 0' "$work/out" &&
		grep -q 'one run: no interval' "$work/out"
	say $? "whatif answers from an inventory, at its pace"
	run whatif "$work/vms.csv" --host-memory 192MiB --duration 20s -n 1 -p static --time-scale 24 --set sample_one_in=4
	grep -q 'divided by 24, .* an upper bound' "$work/out" && grep -q '^Sampled: one block' "$work/out"
	say $? "whatif says what a scale of time and sampling do"
	run whatif "$work/vms.csv" --host-memory 192MiB --duration 20s -n 1 -p static --from 5m -J --set sample_one_in=4
	grep -q '"series_from_s": *300' "$work/out" && grep -q '"sampled"' "$work/out"
	say $? "whatif --from -J"
	for i in 5 5 5 5 5 5 90 90; do echo "20.0 $i.5"; done > "$work/longer"
	printf 'name,memory,demand\na,64MiB,longer\nb,64MiB,series\n' > "$work/unequal.csv"
	run whatif "$work/unequal.csv" --host-memory 192MiB --duration 20s -p static --quick
	[ $? -eq 0 ] && grep -q 'in the first 20.0 min alone: there the shortest' "$work/out"
	say $? "whatif looks for the time of most use as far as all series last"
	run whatif "$work/vms.csv" --host-memory 192MiB --time-scale 0.9999995
	[ $? -eq 2 ] && grep -q 'time-scale 0.9999995: not a number from 1 to' "$work/err"
	say $? "whatif --time-scale below 1"
	expect 2 'time-scale: is for demand series' whatif "$work/ok.json" --time-scale 3
	expect 2 'from: is for demand series' whatif "$work/ok.json" --from 3s
	printf 'name,memory,demand\na,64MiB,nowhere\n' > "$work/early.csv"
	expect 2 'no such policy' whatif "$work/early.csv" --host-memory 192MiB -p nosuch
	run whatif "$work/ok.json" --runs 2 --policy static --json && grep -q '"oom_risk_below"' "$work/out"
	say $? "whatif --json of a scenario"
	run whatif "$work/ok.json" --precision 0.5 --policy static && grep -q '^5 runs of each: by then' "$work/out"
	say $? "whatif makes as many runs as its intervals need"
	run whatif "$work/ok.json" --quick --policy static --json && grep -q '"pages_one_in": 16' "$work/out"
	say $? "whatif --quick samples pages"
	expect 2 'runs has no place' whatif "$work/ok.json" --quick --runs 2
	expect 2 'vms.csv: an inventory needs --host-memory' whatif "$work/vms.csv"
	echo 'c,many,loop.wst' >> "$work/vms.csv"
	expect 2 'vms.csv: line 4: memory' whatif "$work/vms.csv" --host-memory 1GiB
	printf 'name,memory,trase\n' > "$work/vms.csv"
	expect 2 "vms.csv: line 1: column 'trase'" whatif "$work/vms.csv" --host-memory 1GiB
	expect 2 'No such file' size "$work/missing.json"
	printf 'name,memory\n' > "$work/list.csv"
	expect 2 'list.csv: neither a .wst trace nor a scenario' size "$work/list.csv"
	expect 2 'no VM of that name' density "$work/ok.json" --vm b
	expect 2 'no such policy' whatif "$work/ok.json" --policy best
	expect 2 'cut.wst: ' size "$work/cut.wst"
fi

if has ages && [ -n "$trace" ]; then
	run ages "$trace" -o "$work/ages" -r 500ms && grep -q '^mglru:16@1s' "$work/out"; say $? "ages of a sample"
	[ -s "$work/ages/summary.json" ] && [ -s "$work/ages/plots/ages.svg" ] &&
		[ -s "$work/ages/ages.csv" ]; say $? "ages writes results"
	grep -q '^set ytics (.*, .*)' "$work/ages/plots/ages.gp" &&
		! grep -q '^set [xy]tics ([^,]*)' "$work/ages/plots/ages.gp"
	say $? "both logarithmic axes of ages have two labels at least"
	run ages "$trace" -o "$work/ages" -r 500ms --json --no-plots && cmp -s "$work/out" "$work/ages/summary.json"
	say $? "ages --json prints what it writes, over the results of before"
	expect 2 'lru: no such source; there are mglru' ages "$trace" --source lru -o "$work/e"
	expect 2 'mglru:65: needs a number from 3 to 64 after the colon' ages "$trace" --source mglru:65 -o "$work/e"
	expect 2 'mglru:6.13: needs a number' ages "$trace" --source mglru:6.13 -o "$work/e"
	expect 2 'twolist:1.5: needs a number' ages "$trace" --source twolist:1.5 -o "$work/e"
	expect 2 'two versions' ages "$trace" --source mglru:6.12:6.14 -o "$work/e"
	run ages "$trace" --source mglru:6.12,mglru:6.18:16 -r 500ms -o "$work/ages" --no-plots &&
		grep -q '^mglru:6.18:16@1s' "$work/out"; say $? "ages by a version's rules"
	expect 2 'a list with commas' ages "$trace" --source mglru,,damon -o "$work/e"
	expect 2 'edges: 1s is not above' ages "$trace" --edges 2s,1s -o "$work/e"
	expect 2 'age 5 minutes: a time' ages "$trace" --age '5 minutes' -o "$work/e"
	expect 2 'more than 64 sources' ages "$trace" --age "$(seq -s, -f %gms 10 40)" -o "$work/e"
	expect 2 'ends before the first report' ages "$trace" --report 1h -o "$work/e"
	expect 2 'cut.wst: ' ages "$work/cut.wst" -o "$work/e"
	expect 2 'No such file' ages "$work/missing.wst" -o "$work/e"
	[ ! -e "$work/e" ] && ! ls "$work"/e.tmp.* 2>/dev/null | grep -q .; say $? "ages leaves nothing behind when it fails"
	touch "$work/folder/notes"
	expect 2 'neither empty nor results of wssim' ages "$trace" -o "$work/folder"
	rm "$work/folder/notes"
	(trap '' XFSZ; ulimit -f 1; "$wssim" ages "$trace" -o "$work/ages" -r 100ms) > "$work/out" 2> "$work/err" < /dev/null
	[ $? -eq 1 ] && [ "$(wc -l < "$work/err")" -eq 1 ]; say $? "ages on a full disk is exit 1 and a line"
	"$wssim" ages "$trace" -r 1ms -o "$work/stopped-ages" > "$work/out" 2> "$work/err" < /dev/null &
	pid=$!
	sleep 0.3
	kill -INT $pid 2>/dev/null
	wait $pid; [ $? -eq 1 ] && grep -q interrupted "$work/err" && [ ! -e "$work/stopped-ages" ]
	say $? "Ctrl-C ends ages and leaves no half of it"
fi

# --- what the README shows works ----------------------------------------------------------
if has run && [ -n "$trace" ]; then
	awk '/^```json/ { on = !seen++; next } /^```/ { on = 0 } on' README.md > "$work/readme.json"
	run run "$work/readme.json" -o "$work/readme" --no-plots --no-baseline \
		--set "trace_folder=$PWD/sim/scenarios"
	say $? "the README's scenario runs"
	for f in sim/scenarios/*.json; do
		[ "${f##*/}" != terabyte.json ] || continue # minutes; make bench-host runs it
		run run "$f" -o "$work/readme" --no-plots --no-baseline --set duration=90s \
			--set 'disturbances=[]'
		code=$?
		# one whose VMs start later has to be cut less
		[ $code -eq 0 ] || { run run "$f" -o "$work/readme" --no-plots --no-baseline; code=$?; }
		say $code "$f runs"
	done
fi

if has mrc && [ -n "$trace" ]; then
	expect 2 'follows none of its pages' mrc "$trace" --rate 1e-300
	expect 2 'is a .wst trace already' trace import "$trace" -o "$work/again.wst"
fi

# --- results: whole or not there --------------------------------------------------------
if has run && [ -n "$trace" ]; then
	run run "$work/ok.json" -o "$work/results"; say $? "run writes results"
	[ -s "$work/results/summary.json" ]; say $? "summary.json is there"
	! find "$work/results" -name '*.tmp' | grep -q .; say $? "no temporary file stays"
	find "$work/results" -type f -exec md5sum {} + | sort > "$work/before"
	# A limit on file size stands for a full disk: every write past 1 KiB fails.
	(trap '' XFSZ; ulimit -f 1; "$wssim" run "$work/ok.json" -o "$work/results" --seed 7) \
		> "$work/out" 2> "$work/err" < /dev/null
	[ $? -eq 1 ]; say $? "a full disk is exit 1"
	[ "$(grep -c . "$work/err")" -eq 1 ]; say $? "a full disk is told in one line"
	find "$work/results" -type f -exec md5sum {} + | sort | cmp -s - "$work/before"
	say $? "a full disk leaves the results of before whole"
	run run "$work/ok.json" -o /proc/nowhere; [ $? -ne 0 ] && [ "$(grep -c . "$work/err")" -eq 1 ]
	say $? "a folder that cannot be made"

	sed 's/"2s"/"20h"/' "$work/ok.json" > "$work/long.json"
	"$wssim" run "$work/long.json" -o "$work/stopped" > "$work/out" 2> "$work/err" < /dev/null &
	pid=$!
	sleep 1
	kill -INT $pid 2>/dev/null
	for _ in $(seq 100); do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
	! kill -0 $pid 2>/dev/null; say $? "Ctrl-C ends a run within 10 s"
	kill -KILL $pid 2>/dev/null
	wait $pid; [ $? -eq 1 ]; say $? "a run ended by Ctrl-C is exit 1"
	[ ! -e "$work/stopped/summary.json" ] || grep -q interrupted "$work/stopped/summary.json"
	say $? "an interrupted result says so"
fi

# --- sweeps: killed at any moment, nothing is lost and nothing done twice ----------------
if has sweep && [ -n "$trace" ]; then
	cat > "$work/plan.json" <<END
{"scenarios": ["ok.json"], "policies": ["static", "mom"], "runs": 60,
 "parameters": {"host.memory": ["256MiB", "320MiB"], "duration": "1s"}}
END
	cat > "$work/sampled.json" <<END
{"scenarios": ["ok.json"], "policies": ["static"], "runs": 2, "parameters": {"sample_one_in": [1, 4]}}
END
	run sweep "$work/sampled.json" -o "$work/sampled" --no-plots --no-oracles &&
		grep -q '^Sampled: one block of 32 pages in 4' "$work/out" &&
		grep -q 'Sampled: one block of 32 pages in 4' "$work/sampled/report.html" &&
		grep -q '"sampled"' "$work/sampled/summary.json"
	say $? "sweep says what sampling cost, in its table and in its results"
	sed 's/"mom"/"best"/' "$work/plan.json" > "$work/bad-plan.json"
	expect 2 'bad-plan.json: /policies/1: .best.' sweep "$work/bad-plan.json" -o "$work/sweep"
	sed 's/host.memory/hots.memory/' "$work/plan.json" > "$work/bad-plan.json"
	expect 2 'ok.json: /hots: unknown key' sweep "$work/bad-plan.json" -o "$work/sweep-bad"
	expect 2 'holds something else' sweep "$work/plan.json" -o "$work"
	rm -rf "$work/sweep"
	for after in 0.2 0.5 1; do
		"$wssim" sweep "$work/plan.json" -o "$work/sweep" --no-plots > /dev/null 2>&1 < /dev/null &
		pid=$!
		sleep $after
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
	done
	sleep 0.2
	(cd "$work/sweep/runs" && find . -name '*.json' -printf '%f %T@ %i\n' | sort) > "$work/before"
	[ -s "$work/before" ]; say $? "a killed sweep leaves the runs that were done"
	run sweep "$work/plan.json" -o "$work/sweep" --no-plots; say $? "a killed sweep goes on"
	(cd "$work/sweep/runs" && find . -name '*.json' -printf '%f %T@ %i\n' | sort) > "$work/after"
	[ "$(comm -23 "$work/before" "$work/after" | wc -l)" -eq 0 ]; say $? "nothing is done twice"
	! ls "$work/sweep/runs" | grep -q tmp; say $? "no half file stays"
	run sweep "$work/plan.json" -o "$work/sweep-2" --no-plots; say $? "the same sweep in one go"
	for file in sweep.csv table.csv summary.json; do
		cmp -s "$work/sweep/$file" "$work/sweep-2/$file"; say $? "a killed sweep has the same $file"
	done
	run sweep "$work/plan.json" -o "$work/sweep-3" --part 0/2; say $? "a part"
	run sweep "$work/plan.json" -o "$work/sweep-3" --part 1/2; say $? "the other part"
	run sweep "$work/plan.json" -o "$work/sweep-3" --gather --no-plots; say $? "parts gather"
	cmp -s "$work/sweep-3/sweep.csv" "$work/sweep-2/sweep.csv"; say $? "parts are the whole"
	sed 's/"1s"/"2h"/' "$work/plan.json" > "$work/long-plan.json"
	"$wssim" sweep "$work/long-plan.json" -o "$work/sweep-4" --no-plots > "$work/out" 2> "$work/err" < /dev/null &
	pid=$!
	sleep 1
	expect 1 'another sweep is at work' sweep "$work/long-plan.json" -o "$work/sweep-4"
	kill -INT $pid
	wait $pid; [ $? -eq 1 ]; say $? "a sweep ended by Ctrl-C is exit 1"
	(trap '' XFSZ; ulimit -f 1; "$wssim" sweep "$work/plan.json" -o "$work/sweep-5" --no-plots) \
		> "$work/out" 2> "$work/err" < /dev/null
	[ $? -eq 1 ] && [ "$(wc -l < "$work/err")" -eq 1 ]; say $? "a full disk ends a sweep in one line"
fi

# --- trials ----------------------------------------------------------------------------
if has trial && [ -n "$trace" ]; then
	cat > "$work/trial.json" <<END
{"traces": ["$PWD/traces/samples/cc1.wst"], "memory": [0.7], "engines": ["twolist", "mglru:6.14"],
 "repeat": 1}
END
	sed 's/0.7/70/' "$work/trial.json" > "$work/bad-trial.json"
	expect 2 'bad-trial.json: /memory/0: 70: a share' trial "$work/bad-trial.json" -o "$work/trial-bad"
	run trial "$work/trial.json" -o "$work/trial" --no-plots && grep -q '^mglru:6.14 ' "$work/out"
	say $? "a trial"
	[ "$(wc -l < "$work/trial/trial.csv")" -eq 13 ]; say $? "a trial has a line for every run"
	run run "$work/trial/scenarios/cc1-70.json" -o "$work/again" --no-plots \
		--set vms.0.reclaim.engine=mglru:6.14; say $? "a trial's setting runs by itself"
fi
if has oracle && [ -n "$trace" ]; then
	run oracle "$work/ok.json" && grep -q '^o3a' "$work/out"; say $? "oracle"
	! grep -q '^Sampled' "$work/out"; say $? "oracle says nothing of sampling where there was none"
	run oracle "$work/ok.json" --set sample_one_in=4 && grep -q '^Sampled: one block of 32 pages in 4' "$work/out"
	say $? "oracle says what sampling cost"
	sed 's/"2s"/"2000h"/' "$work/ok.json" > "$work/years.json"
	"$wssim" oracle "$work/years.json" > "$work/out" 2> "$work/err" < /dev/null &
	pid=$!
	sleep 0.5
	kill -INT $pid 2>/dev/null
	wait $pid; [ $? -eq 1 ] && grep -q interrupted "$work/err"; say $? "Ctrl-C ends oracle"
	expect 2 'missing.json: No such file' oracle "$work/missing.json"
fi

echo "cli: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
