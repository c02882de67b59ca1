#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# slurm.sh - a sweep on a real slurmctld and slurmd, started here for the test and ended
# after it.  usage: slurm.sh WSSIM
set -u
wssim=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/.." || exit 2
top=$PWD
. tests/scratch.sh
make_scratch
work=$scratch
ctld='' d=''
cleanup() {
	[ -z "$d$ctld" ] || kill $d $ctld 2> /dev/null
	wait 2> /dev/null
	rm -rf "$work"
}
trap cleanup EXIT
passed=0 failed=0
say() { # ok or not, what
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "slurm: FAILED: $2"
		tail -5 "$work/err" "$work/ctld.log" "$work/d.log" 2> /dev/null | sed 's/^/slurm:   /'
	fi
}
for program in slurmctld slurmd sbatch squeue; do
	command -v $program > /dev/null || { echo "slurm: FAILED: $program is not installed"; exit 1; }
done

# --- a cluster of this machine --------------------------------------------------------
port=$((20000 + $$ % 20000))
host=$(hostname -s)
mkdir -p "$work/state" "$work/spool"
cat > "$work/slurm.conf" <<END
ClusterName=wssim
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/ctld.pid
SlurmdPidFile=$work/d.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
MpiDefault=none
ReturnToService=2
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
chmod 755 "$work"
export SLURM_CONF=$work/slurm.conf
slurmctld -D -f "$SLURM_CONF" > "$work/ctld.log" 2>&1 &
ctld=$!
slurmd -D -f "$SLURM_CONF" -N "$host" > "$work/d.log" 2>&1 &
d=$!
up=1
for _ in $(seq 100); do
	sinfo --noheader --format=%T 2> "$work/err" | grep -qE 'idle|mixed' && { up=0; break; }
	sleep 0.2
done
say $up "slurmctld and slurmd come up"
[ $up = 0 ] || { echo "slurm: $passed passed, $failed failed"; exit 1; }

# --- a sweep on it, and the same one here ---------------------------------------------
cat > "$work/plan.json" <<END
{"scenarios": ["$top/sim/scenarios/two-vms.json"], "policies": ["static", "mom"],
 "parameters": {"host.memory": ["320MiB", "384MiB"], "duration": "3s"}, "runs": 3}
END
timeout 120 "$wssim" sweep "$work/plan.json" -o "$work/there" --slurm --tasks 4 --no-plots \
	> "$work/out" 2> "$work/err"
say $? "sweep --slurm"
grep -q 'Slurm job [0-9]*, 4 tasks for 15 runs' "$work/err"; say $? "says the job's number"
ls "$work/there/slurm/"*-3.txt > /dev/null 2>&1; say $? "four tasks ran"
timeout 120 "$wssim" sweep "$work/plan.json" -o "$work/here" --no-plots > "$work/out" 2> "$work/err"
say $? "the same sweep here"
for file in sweep.csv table.csv summary.json; do
	cmp "$work/there/$file" "$work/here/$file" > "$work/err" 2>&1; say $? "$file is the same"
done
[ "$(ls "$work/there/runs" | wc -l)" = 15 ]; say $? "every run once"

# --- what is there is not done again; what Slurm refuses is said -----------------------
rm "$work/there/runs/$(ls "$work/there/runs" | head -1)"
timeout 120 "$wssim" sweep "$work/plan.json" -o "$work/there" --slurm --no-plots \
	> "$work/out" 2> "$work/err"
say $? "going on after a loss"
grep -q '1 tasks for 1 runs' "$work/err"; say $? "only what is missing"
rm "$work/there/runs/"*.json
timeout 120 "$wssim" sweep "$work/plan.json" -o "$work/there" --slurm --no-plots \
	--sbatch=--partition=nowhere > "$work/out" 2> "$work/err"
[ $? = 1 ] && grep -q '^wssim: sbatch: ' "$work/err"; say $? "a partition that is not there"
echo "slurm: $passed passed, $failed failed"
[ $failed = 0 ]
