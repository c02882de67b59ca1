# SPDX-License-Identifier: BSD-2-Clause
# reality.awk - two runs side by side: real timeseries.csv and histograms.csv, then those of
# the simulator.  Time counts from when each VM was there; a report is held against the
# simulated one nearest in time.  Prints "ok" lines with figures, for check.sh.
function abs(x) { return x < 0 ? -x : x }
function verdict(good) {
	if (busy)
		return "ok reality, not judged:"
	return good ? "ok reality:" : "not ok reality:"
}

BEGIN { split(bounds, most_mean, " ") } # of the guest, of the reports' bytes

FNR == 1 { file++; next }

# Balloons: every sample.
(file == 1 || file == 3) && $3 == 1 {
	which = file == 1 ? "real" : "sim"
	if (!(which in begin))
		begin[which] = $1
	second = int($1 - begin[which] + 0.5)
	left[which, second] = ($4 - $6) / 1048576
	swapped_in[which] = $26 / 1048576
	if (second > last[which])
		last[which] = second
}

# Reports that were asked for: bins, youngest first.
(file == 2 || file == 4) && $4 == 0 {
	which = file == 2 ? "real" : "sim"
	if ($5 == 0)
		time[which, ++reports[which]] = $2 - begin[which]
	bins[which, reports[which]] = $5 + 1
	edge[which, reports[which], $5] = $6
	bytes[which, reports[which], $5] = $7 + $8
}

# What of a report was used in the last 5 s, in the last 30 s, before that; in MiB.
function part(which, report, from, to,    i, sum) {
	for (i = 0; i < bins[which, report]; i++) {
		upper = edge[which, report, i] == "" ? 1e9 : edge[which, report, i]
		if (upper > from && upper <= to)
			sum += bytes[which, report, i]
	}
	return sum / 1048576
}

END {
	end = last["real"] < last["sim"] ? last["real"] : last["sim"]
	printf "#  time   left to the guest, MiB    used within 6 s / 30 s / older, MiB\n"
	printf "#     s     real    sim   diff      real               sim\n"
	for (second = 0; second <= end; second++) {
		if (!(("real", second) in left) || !(("sim", second) in left))
			continue
		difference = left["sim", second] - left["real", second]
		sum += abs(difference); samples++
		if (abs(difference) > most) { most = abs(difference); most_at = second }
	}
	s = 1
	for (r = 1; r <= reports["real"]; r++) {
		at = time["real", r]
		while (s < reports["sim"] && abs(time["sim", s + 1] - at) <= abs(time["sim", s] - at))
			s++
		if (abs(time["sim", s] - at) > 2 || bins["real", r] != bins["sim", s])
			continue
		wrong = total = 0
		for (i = 0; i < bins["real", r]; i++) {
			wrong += abs(bytes["real", r, i] - bytes["sim", s, i]) / 2
			total += bytes["real", r, i]
		}
		if (!total)
			continue
		share = wrong / total
		shares += share; compared++
		if (share > worst) { worst = share; worst_at = at }
		second = int(at + 0.5)
		if (second >= shown + 10 || !shown) {
			shown = second
			printf "#  %4d   %6.0f %6.0f %6.0f      %3.0f %3.0f %3.0f        %3.0f %3.0f %3.0f\n",
				second, left["real", second], left["sim", second],
				left["sim", second] - left["real", second],
				part("real", r, 0, 6), part("real", r, 6, 30), part("real", r, 30, 2e9),
				part("sim", s, 0, 6), part("sim", s, 6, 30), part("sim", s, 30, 2e9)
		}
	}
	if (!samples || !compared) {
		print "not ok reality: nothing to compare"
		exit
	}
	mean = sum / samples
	if (busy)
		printf "# a load of %s: the guest did not get its CPU time, so this is not judged\n", busy
	printf "%s the balloon's way differs by %.1f MiB (%.1f %% of the guest) on average, " \
		"%.0f MiB at most, at %d s\n", verdict(mean <= most_mean[1] * mib), mean, 100 * mean / mib,
		most, most_at
	printf "%s %d reports differ by %.1f %% of their bytes on average, %.0f %% at most, at %d s\n",
		verdict(shares / compared <= most_mean[2]), compared, 100 * shares / compared, 100 * worst,
		worst_at
	printf "# read back from swap: %.0f MiB in the real guest, %.0f in the simulated one\n",
		swapped_in["real"], swapped_in["sim"]
}
