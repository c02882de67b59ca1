#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ws_balloon.ko and ws-balloond in virtual time: user-mode Linux drives, nothing depends on
# the host's clock, and every run is the same.
set -eu
. kernel-port/tests/common/uml_host.inc

cat > "$dir/base" << 'END'
total=$(kib MemTotal)
insmod /ws_balloon.ko || exit 1
sleep 1
is "statistics came unasked" "$(told stats_messages)" 1
ask target u 156MiB
sleep 1
is "pages in the balloon" "$(value actual_pages)" 25600
is "pages that the daemon counts" "$(told counted_pages)" 25600
is "pages that the guest told" "$(told actual_pages)" 25600
is "inflate messages of 256 pages" "$(told inflate_messages)" 100
is "MemTotal is smaller by" $((total - $(kib MemTotal))) 102400
within "bytes that the host still backs" "$(told backed_bytes)" 1 $((156 << 20))
ask stats u
sleep 0.1
is "MemTotal in statistics" "$(told total_bytes)" $(($(kib MemTotal) << 10))
is "statistics" "$(told stats_messages)" 2
ask target u 206MiB
sleep 1
is "pages after deflation by half" "$(value actual_pages)" 12800
is "pages that the daemon counts" "$(told counted_pages)" 12800
is "deflate messages" "$(told deflate_messages)" 50
ask target u 256MiB
sleep 1
is "pages in the empty balloon" "$(told counted_pages)" 0
is "MemTotal is whole again" "$(kib MemTotal)" "$total"
sleep 10
is "free pages reported, in the guest and" "$(($(value reported_bytes) >> 12))" "$(told reported_pages)"
within "of which there are" "$(told reported_pages)" 10000 65536
for i in 1 2 3 4 5 6 7 8; do
	ask target u $((156 + 10 * (i % 3)))MiB
	sleep 0.01
done
sleep 1
is "pages after eight targets in haste" "$(told counted_pages)" 20480
is "and in the guest" "$(value actual_pages)" 20480
rmmod ws_balloon
is "pages after unloading" "$(told counted_pages)" 0
is "MemTotal is whole" "$(kib MemTotal)" "$total"
insmod /ws_balloon.ko
sleep 1
is "loaded again, the device begins anew" "$(value actual_pages)" 0
ask target u 206MiB
sleep 1
is "and works" "$(told counted_pages)" 12800
END

# hot: 16 MiB ten times a second; warm: 8 MiB for 3 s; cold: 12 MiB once
cat > "$dir/ages" << 'END'
insmod /ws_balloon.ko || exit 1
sleep 1
ask configure u 250ms 0s 1200ms 1500ms 1900ms
is "configured" "$(told configured)" 1
/ws_load touch /tmp 30 a:16:100:100 a:8:500:3 a:12:0:0 > /tmp/touched &
sleep 0.05
for second in 1 2 3 4 5 6 7 8; do
	sleep 1
	ask report u
done
sleep 0.1
is "reports" "$(value reports)" 8
is "reports that came" "$(told number)" 8
ask state
tr '{' '\n' < /tmp/answer | sed -n 's/.*"anon_bytes": *\([0-9]*\).*/\1/p' > /tmp/bins
anon() { echo $(($(sed -n "$1p" /tmp/bins) >> 12)); }
within "hot pages" "$(anon 1)" 4096 4196
is "pages between" $(($(anon 2) + $(anon 3))) 0
within "pages idle for five seconds" "$(anon 4)" $((2048 + 3072)) $((2048 + 3072 + 100))
kill %1
END

# Little memory, a swap device of compressed memory, and a host that wants to hear of it.
cat > "$dir/pressure" << 'END'
insmod /ws_balloon.ko || exit 1
echo 64M > /sys/block/zram0/disksize
mkswap /dev/zram0 > /dev/null && swapon /dev/zram0
ask configure u 1s 2s 1s 5s
sleep 1
is "reports while there is no pressure" "$(value pressure_reports)" 0
ask target u 96MiB
sleep 1
dd if=/dev/zero of=/tmp/big bs=1M count=80 2> /dev/null
sleep 3
within "reports under pressure" "$(value pressure_reports)" 1 3
is "all of them came" "$(told number)" "$(value reports)"
is "the last was of the guest's own" "$(told pressure)" true
END

# Two series of free page hints, the second after half of what was free is in use.
cat > "$dir/hints" << 'END'
insmod /ws_balloon.ko || exit 1
free() { echo $(($(kib MemFree) / 4)); }
sleep 1
before=$(free)
ask hint u
sleep 2
first=$(told hinted_pages)
within "pages of free blocks, of $before free ones" "$first" $((before * 8 / 10)) "$before"
is "in whole blocks of 4 MiB" $((first % 1024)) 0
within "they are the guest's again" "$(free)" $((before - 500)) $((before + 500))
dd if=/dev/zero of=/tmp/big bs=1M count=100 2> /dev/null
ask hint u
sleep 2
within "pages hinted with 100 MiB in use" $(($(told hinted_pages) - first)) $((before * 8 / 10 - 26600)) $((first - 25600))
is "series" "$(told hint_series)" 2
is "messages that made no sense" "$(told malformed)" 0
is "processes killed" "$(dmesg | grep -c 'Out of memory: Killed')" 0
rmmod ws_balloon
END

# Nowhere to swap: pages of the balloon are the last resort.
cat > "$dir/oom" << 'END'
insmod /ws_balloon.ko || exit 1
total=$(kib MemTotal)
ask target u 96MiB
sleep 2
is "pages in the balloon" "$(told counted_pages)" 40960
is "MemTotal does not change with deflation on OOM" "$(kib MemTotal)" "$total"
dd if=/dev/zero of=/tmp/big bs=1M count=110 2> /dev/null && echo "ok 110 MiB are had" ||
	echo "not ok 110 MiB are not had"
sleep 1
within "pages given back" "$(value oom_deflated_pages)" 5000 40000
is "the daemon knows" "$(told counted_pages)" $((40960 - $(value oom_deflated_pages)))
is "processes killed" "$(dmesg | grep -c 'Out of memory: Killed')" 0
rm /tmp/big
ask target u 96MiB
sleep 2
is "pages in the balloon after the next word of the host" "$(told counted_pages)" 40960
rmmod ws_balloon
is "pages after unloading" "$(told counted_pages)" 0
END

run() { # name, script, options of the VM, files...
	name=$1 script=$2
	start_daemon "$3"
	shift 3
	boot "$dir/$script" "$@" > "$dir/out" 2> "$dir/err" || true
	stop_daemon
	sed "s/^\(ok\|not ok\) /\1 $name: /" "$dir/out"
	! grep -q '^not ok' "$dir/out" || sed 's/^/# /' "$dir/err" "$dir/daemon"
}

run base base features=stats+reporting+tell
for dialect in wsr1 crosvm rfc2; do
	run $dialect ages "features=stats+ws,bins=4,dialect=$dialect"
	cp "$dir/out" "$dir/first"
done
for dialect in v4 rfc1; do
	sed "s/ws_balloon.ko/& dialect=$dialect/" "$dir/ages" > "$dir/ages-$dialect"
	run $dialect ages-$dialect "features=stats+ws,bins=4,dialect=$dialect"
done
run again ages features=stats+ws,bins=4,dialect=rfc2 > /dev/null
if cmp -s "$dir/first" "$dir/out"; then
	echo "ok again: a second run is the same, byte for byte"
else
	diff "$dir/first" "$dir/out" | sed 's/^/# /'
	echo "not ok again: a second run differs"
fi
run hints hints features=stats+hints+reporting
run pressure pressure features=stats+oom+ws,dialect=wsr1
run oom oom features=stats+oom
