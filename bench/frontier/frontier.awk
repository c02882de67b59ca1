# SPDX-License-Identifier: BSD-2-Clause
# frontier.awk - the tables of sweeps and oracles as a page; points for the plot.
#
# usage: awk -f frontier.awk -v sets="tune held", in the folder with SET/table.csv,
# oracle/SET.txt.  A point is the mean over all cells (scenarios by hosts) of a set.

function policy_of(label) { sub(/ .*/, "", label); return label }

# The column of table.csv that is called @name.
function column(head, name,   part, n, i) {
	n = split(head, part, ",")
	for (i = 1; i <= n; i++)
		if (part[i] == name)
			return i
	print "no column " name > "/dev/stderr"
	exit 1
}

# The gentlest policy of each cell, and ws-target where it is asked for 2 %.
function note_cell(cell, label, slowdown, share) {
	if (!(cell in least)) {
		order_of_cells[++cells_count] = cell
		least[cell] = 1e9
	}
	if (slowdown < least[cell]) {
		least[cell] = slowdown; gentlest[cell] = label; gentle_saved[cell] = share
	}
	if (label == "ws-target slowdown=0.02") {
		asked[cell] = slowdown; asked_saved[cell] = share
	}
}

# Where 2 % cannot be had, whoever is asked.  The oracles are those of the scenario's own host.
function cell_table(   i, cell, name, short) {
	print "\n| host | ws-target asked for 2 % | gentlest of all policies and settings | oracle: MIN in one pool, clusters (bound) | oracle: LRU, best constant division, a page a read | 2 % |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= cells_count; i++) {
		cell = order_of_cells[i]; name = cell
		sub(/\.json .*/, ",", name)
		short = cell ~ / 416MiB$/
		printf "| %s | %s | %.3f, %s: %s | %s | %s | %s |\n", cell,
			cell in asked ? sprintf("%.3f: %s", asked[cell], percent(asked_saved[cell])) : "-",
			least[cell], percent(gentle_saved[cell]), gentlest[cell],
			short ? sprintf("%.3f", least_bound[name]) : "-",
			short ? sprintf("%.3f", least_lru[name]) : "-",
			(least[cell] > 1.02 ? "**nobody**" : asked[cell] > 1.02 ? "others" : "yes")
	}
}

function read_set(set,   file, line, part, label, n, c_policy, c_mean, c_max, c_saved, c_oom, c_turn) {
	split("", cells); split("", mean); split("", worst); split("", saved); split("", oom)
	split("", turns); split("", order); labels = 0
	split("", least); split("", gentlest); split("", gentle_saved); split("", asked)
	split("", asked_saved); split("", order_of_cells); cells_count = 0
	file = set "/table.csv"
	if ((getline line < file) <= 0) { print file ": cannot be read" > "/dev/stderr"; exit 1 }
	c_policy = column(line, "policy"); c_mean = column(line, "slowdown_mean")
	c_max = column(line, "slowdown_max"); c_saved = column(line, "saved_share")
	c_oom = column(line, "oom_kills"); c_turn = column(line, "reversals_per_h")
	while ((getline line < file) > 0) {
		split(line, part, ",")
		label = part[c_policy]
		if (!(label in cells))
			order[++labels] = label
		cells[label]++
		mean[label] += part[c_mean]; worst[label] += part[c_max]
		saved[label] += part[c_saved]; oom[label] += part[c_oom]
		turns[label] += part[c_turn]
		note_cell(part[1] " " part[2], label, part[c_mean], part[c_saved])
	}
	close(file)
	for (n = 1; n <= labels; n++) {
		label = order[n]
		mean[label] /= cells[label]; worst[label] /= cells[label]
		saved[label] /= cells[label]; turns[label] /= cells[label]
	}
}

# Most that @policy saves at a mean slowdown of @bound, between its settings by a line.
function at_bound(policy, bound,   i, k, best, a, b, between) {
	best = -1
	for (i = 1; i <= labels; i++) {
		a = order[i]
		if (policy_of(a) != policy || mean[a] > bound)
			continue
		if (saved[a] > best)
			best = saved[a]
		for (k = 1; k <= labels; k++) {
			b = order[k]
			if (policy_of(b) != policy || mean[b] <= bound || saved[b] <= saved[a])
				continue
			between = saved[a] + (saved[b] - saved[a]) * (bound - mean[a]) / (mean[b] - mean[a])
			if (between > best)
				best = between
		}
	}
	return best
}

function percent(share) { return share < 0 ? "-" : sprintf("%.1f %%", 100 * share) }

# "  1.023,   1.180  bound of": slowdowns that page-ins come to.
function clusters_of(line) { match(line, /[0-9.]+, +[0-9.]+/); return substr(line, RSTART) + 0 }
function single_of(line) {
	match(line, /[0-9.]+, +[0-9.]+/)
	line = substr(line, RSTART)
	sub(/^[0-9.]+, +/, "", line)
	return line + 0
}

# Means over scenarios of the oracle's tables: "<= 1.020   79.22 %  62.74 % ...".
function read_oracle(set,   file, line, part, n, kind, name) {
	split("", vmin); split("", paged); split("", idle); split("", tables)
	split("", elastic); split("", limited); split("", least_bound); split("", least_lru)
	file = "oracle/" set ".txt"
	while ((getline line < file) > 0) {
		n = split(line, part, " ")
		if (line ~ /, run [0-9]+, open-loop/)
			name = part[1] # of the scenario, with a comma
		else if (part[1] ~ /^o[0-9]/)
			kind = part[1]
		if (kind == "o3a" && part[1] == kind && !(name in least_bound))
			least_bound[name] = clusters_of(line)
		if (kind == "o1" && part[1] == kind && !(name in least_lru))
			least_lru[name] = single_of(line)
		if (line !~ /^ *<= 1\./)
			continue
		if (kind == "o5") {
			elastic[part[2]] += part[5] / 100; limited[part[2]] += part[9] / 100
			continue
		}
		tables[part[2]]++
		vmin[part[2]] += part[3] / 100; paged[part[2]] += part[5] / 100
		idle[part[2]] += part[9] / 100
	}
	close(file)
}

function oracle_row(name, of) {
	printf "| %s | %s | %s | %s | | | | | |\n", name, percent(of["1.020"] / tables["1.020"]),
		percent(of["1.050"] / tables["1.050"]), percent(of["1.100"] / tables["1.100"])
}

# A row for each policy, most saved at 2 % first; its point there or nearest above.
function table(   n, i, k, names, name, seen, at, best, swap, label, least) {
	split("", seen); names = 0
	for (i = 1; i <= labels; i++)
		if (!((name = policy_of(order[i])) in seen)) {
			seen[name] = ++names
			row[names] = name
			at[name] = at_bound(name, 1.02)
		}
	for (i = 1; i <= names; i++)
		for (k = i + 1; k <= names; k++)
			if (at[row[k]] > at[row[i]] || (at[row[k]] == at[row[i]] &&
			    at_bound(row[k], 1.05) > at_bound(row[i], 1.05))) {
				swap = row[i]; row[i] = row[k]; row[k] = swap
			}
	print "| policy | saved at 2 % slowdown | at 5 % | at 10 % | setting nearest to 2 % | slowdown, mean | worst VM | saved | turns/h |"
	print "|---|---|---|---|---|---|---|---|---|"
	for (n = 1; n <= names; n++) {
		name = row[n]; best = ""
		for (i = 1; i <= labels; i++) {
			label = order[i]
			if (policy_of(label) == name && (best == "" || \
			    (mean[label] - 1.02) ^ 2 < (mean[best] - 1.02) ^ 2))
				best = label
		}
		label = best
		sub(/^[^ ]* ?/, "", label)
		printf "| %s | %s | %s | %s | %s | %.3f | %.3f | %s | %.0f |\n", name, percent(at[name]),
			percent(at_bound(name, 1.05)), percent(at_bound(name, 1.10)),
			label, mean[best], worst[best], percent(saved[best]), turns[best]
	}
	oracle_row("*VMIN, whole clusters (bound)*", vmin)
	oracle_row("*VMIN, a page a read*", paged)
	oracle_row("*LRU in guests, balloon that knows the future, a page a read*", elastic)
	oracle_row("*the same, not below memory_min*", limited)
	oracle_row("*best idle ages, a page a read*", idle)
}

function points(set,   file, i, label) {
	file = set ".points"
	for (i = 1; i <= labels; i++) {
		label = order[i]
		printf "%s\t%s\t%.5f\t%.5f\t%.2f\n", policy_of(label), label, mean[label], worst[label],
			100 * saved[label] > file
	}
	close(file)
	file = set ".oracle"
	for (i in vmin)
		printf "%s %.2f %.2f %.2f\n", i, 100 * vmin[i] / tables[i], 100 * paged[i] / tables[i],
			100 * idle[i] / tables[i] | "sort -n > " file
	close("sort -n > " file)
}

BEGIN {
	sets_count = split(sets, name_of, " ")
	title["tune"] = "Workloads that ws-target was tuned on"
	title["held"] = "Workloads held out"
	for (s = 1; s <= sets_count; s++) {
		read_set(name_of[s])
		read_oracle(name_of[s])
		points(name_of[s])
		printf "%s## %s\n\n![Memory saved against slowdown](%s.png)\n\n", (s == 1 ? "" : "\n"), title[name_of[s]], name_of[s]
		table()
		cell_table()
	}
}
