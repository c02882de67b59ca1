# SPDX-License-Identifier: BSD-2-Clause
# style.awk - the checks of style.sh that read C: run over all sources at once.
# Comments and the insides of strings are blanked first; lines keep their numbers.

function fault(reason) { print FILENAME ":" FNR ": " reason }

# name; where it may stand nevertheless; why not elsewhere
function ban(name, where, why) { allowed[name] = where; reason[name] = why }

BEGIN {
	prints = "^(sim/cli|tests|bench|kernel-port|traces/record/(plugin|guest))/" # programs of their own
	ends = prints
	clocks = "^(sim/cli|tests|bench|kernel-port|traces/record/(plugin|guest))/|^traces/record/tr_(record|origin)"
	ban("strcpy", "^traces/tr_units.c", "may run over; use snprintf")
	ban("strcat", "", "may run over; use snprintf")
	ban("sprintf", "", "may run over; use snprintf")
	ban("vsprintf", "", "may run over; use vsnprintf")
	ban("gets", "", "may run over")
	ban("strtok", "", "keeps hidden state")
	ban("rand", "", "not reproducible; use sim_rng")
	ban("srand", "", "not reproducible; use sim_rng")
	ban("random", "", "not reproducible; use sim_rng")
	ban("drand48", "", "not reproducible; use sim_rng")
	ban("gsl_rng_env_setup", "", "listens to the environment")
	ban("time", clocks, "no wall clock")
	ban("gettimeofday", clocks, "no wall clock")
	ban("clock_gettime", clocks, "no wall clock")
	ban("localtime", "", "depends on the machine")
	ban("setlocale", "^tests/", "results must not depend on the locale")
	ban("atoi", "^traces/record/guest/", "hides errors; use tr_units")
	ban("atof", "", "hides errors; use tr_units")
	ban("alloca", "", "unbounded stack")
	ban("exit", ends, "only the command line ends the process")
	ban("_exit", ends "|^sim/(output/sim_(plot|pool)|sweep/sim_slurm).c|^traces/([a-z]+/)?tr_", "only the command line ends the process")
	ban("printf", prints, "only the command line prints")
	ban("puts", prints, "only the command line prints")
	ban("putchar", prints, "only the command line prints")
	ban("perror", prints, "only the command line prints")
}

FNR == 1 { inside = 0; start = 0 }

# Width first, of the line as it is; bytes that continue a UTF-8 character take no column.
{
	width = 0
	n = length($0)
	if (n > 60) {
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1)
			if (c == "\t")
				width += 8 - width % 8
			else if (c < "\200" || c >= "\300")
				width++
		}
		if (width > 110)
			fault(width " columns; 110 at most")
	}
	if ($0 ~ /[ \t]$/)
		fault("blanks at the end of the line")
}

/^[ \t]*#[ \t]*include/ && !inside { next }

{
	code = $0
	if (inside || code ~ /["'\/]/) {
		code = ""
		quote = ""
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1)
			two = substr($0, i, 2)
			if (inside) {
				if (two == "*/") {
					inside = 0
					i++
				}
			} else if (quote != "") {
				if (c == "\\")
					i++
				else if (c == quote)
					quote = ""
			} else if (two == "/*") {
				inside = 1
				i++
			} else if (two == "//") {
				break
			} else {
				if (c == "\"" || c == "'")
					quote = c
				code = code c
			}
		}
	}
}

code ~ /^\{/ { start = FNR }
code ~ /^\}/ && start {
	if (FNR - start > 70)
		fault("the function ends " FNR - start " lines after it began; 70 are one screen")
	start = 0
}

code ~ /\(/ {
	rest = code
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ ]*\(/)) {
		name = substr(rest, RSTART, RLENGTH - 1)
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
		rest = substr(rest, RSTART + RLENGTH)
		sub(/ +$/, "", name)
		# a member or a pointer in a struct is somebody else's
		if (!(name in allowed) || before == "." || before == ">" || before == "*")
			continue
		if (allowed[name] == "" || FILENAME !~ allowed[name])
			fault(name "(): " reason[name])
	}
}

code ~ /(^|[^A-Za-z0-9_])(stdout|stderr)([^A-Za-z0-9_]|$)/ && FILENAME !~ prints {
	fault("only the command line prints")
}

FILENAME ~ /^core\// && code ~ /(^|[^A-Za-z0-9_])(double|float|__KERNEL__)([^A-Za-z0-9_]|$)/ {
	fault("the core has no floating point and does not ask where it runs")
}

code ~ /^typedef/ && FILENAME !~ /ws_env\.h$/ { fault("no typedefs") }
