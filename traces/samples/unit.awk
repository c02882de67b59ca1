# SPDX-License-Identifier: BSD-2-Clause
#
# unit.awk - a C source of many functions that differ, for a compiler to work on.
#
# usage: awk -v count=100 -v seed=7 -f unit.awk > unit.c
function number(below) { state = (state * 1103515245 + 12345) % 2147483648
	return int(state / 65536) % below }
BEGIN {
	state = seed
	print "struct item { int key, weight; double score; struct item *next; char name[24]; };"
	print "extern int out(const char *what, long value);"
	print "extern void *take(unsigned long bytes);"
	for (f = 0; f < count; f++) {
		printf "static const short table_%d[] = {", f
		for (i = 0; i < 24; i++) printf " %d,", number(9000)
		print " };"
		printf "struct item *work_%d(struct item *list, int n, const char *text)\n{\n", f
		printf "\tlong sum = %d; double mean = 0; struct item *it, *head = 0;\n", number(100)
		printf "\tfor (it = list; it; it = it->next) {\n"
		printf "\t\tsum += it->key * %d + table_%d[(unsigned)it->weight %% 24u];\n", number(50) + 1, f
		printf "\t\tmean += it->score * %d.5;\n", number(9)
		printf "\t\tswitch ((it->key ^ n) %% %d) {\n", number(6) + 5
		for (i = 0; i < 5; i++) {
			printf "\t\tcase %d: it->weight %s= %d; ", i, substr("+-^|&", i + 1, 1), number(77) + 1
			printf "if (text[it->key & %d] == '%c') sum %s= n; break;\n", number(15), 97 + number(26), substr("+-^", number(3) + 1, 1)
		}
		print "\t\tdefault: out(it->name, sum);\n\t\t}\n\t}"
		printf "\tfor (int i = 0; i < n; i++) {\n\t\tit = take(sizeof(*it));\n"
		printf "\t\tit->key = text[i %% %d] * table_%d[i %% 24];\n", number(30) + 2, f
		printf "\t\tfor (int j = i; j > 0 && j < %d; j -= %d)\n", number(500) + 20, number(4) + 1
		printf "\t\t\tit->score += (double)table_%d[j %% 24] / (j + %d);\n", f, number(7) + 1
		print "\t\tit->next = head;\n\t\thead = it;\n\t}"
		if (f > 3) printf "\tif (sum > n)\n\t\treturn work_%d(head, n - %d, text + 1);\n", f - 1 - number(3), number(5) + 1
		printf "\tif (mean > %d)\n\t\tout(\"mean %d\", (long)mean);\n\treturn head;\n}\n\n", number(99), f
	}
}
