/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_host.c - numbers out of /proc; see wsd_host.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wsd_host.h"

#define FILE_MAX 65536

/* The file as text, cut at FILE_MAX; the caller frees it. */
static char *read_text(const char *proc, const char *name)
{
	char path[512];
	char *text = calloc(1, FILE_MAX);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	file = text ? fopen(path, "re") : NULL;
	if (file) {
		size_t size = fread(text, 1, FILE_MAX - 1, file);

		text[size] = '\0';
		fclose(file);
	}
	return text;
}

/* The number behind @key at the beginning of a line. */
static u64 number_of(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] && strchr(": \t", line[length]))
			return strtoull(line + length + 1, NULL, 10);
	}
	return 0;
}

/* "12.34" as 1234. */
static u32 hundredths(const char *text)
{
	char *end;
	u64 whole = strtoull(text, &end, 10), part = 0;

	if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
		part = (u64)(end[1] - '0') * 10;
		if (end[2] >= '0' && end[2] <= '9')
			part += (u64)(end[2] - '0');
	}
	return whole > 100 ? 10000 : (u32)(whole * 100 + part);
}

static void psi_line(const char *text, const char *kind, u64 *total_ns, u32 *avg10)
{
	const char *line = strstr(text, kind), *at;

	*total_ns = *avg10 = 0;
	if (!line)
		return;
	at = strstr(line, "avg10=");
	*avg10 = at ? hundredths(at + 6) : 0;
	at = strstr(line, "total=");
	*total_ns = at ? strtoull(at + 6, NULL, 10) * 1000 : 0;
}

void wsd_host_read(struct wsd_host *host, const char *proc)
{
	char *meminfo = read_text(proc, "meminfo"), *vmstat = read_text(proc, "vmstat");
	char *psi = read_text(proc, "pressure/memory");

	memset(host, 0, sizeof(*host));
	if (meminfo && vmstat && psi) {
		host->memory_bytes = number_of(meminfo, "MemTotal") * 1024;
		host->available_bytes = number_of(meminfo, "MemAvailable") * 1024;
		host->swapped_bytes =
			(number_of(meminfo, "SwapTotal") - number_of(meminfo, "SwapFree")) * 1024;
		host->swap_in_bytes = number_of(vmstat, "pswpin") * 4096;
		host->swap_out_bytes = number_of(vmstat, "pswpout") * 4096;
		psi_line(psi, "some", &host->psi_some_ns, &host->psi_some_avg10);
		psi_line(psi, "full", &host->psi_full_ns, &host->psi_full_avg10);
	}
	free(meminfo);
	free(vmstat);
	free(psi);
}

/* User and system time: the 12th and 13th words behind the name, which may hold anything. */
static u64 cpu_ns_of(const char *stat)
{
	const char *word = strrchr(stat, ')');
	u64 ticks = 0;

	for (u32 i = 1; word && i <= 13; i++) {
		word = strchr(word + 1, ' ');
		if (word && i >= 12)
			ticks += strtoull(word, NULL, 10);
	}
	return ticks * (1000000000ull / (u64)sysconf(_SC_CLK_TCK));
}

void wsd_host_process(struct wsd_process *process, const char *proc, int pid)
{
	char name[64];
	char *text;

	memset(process, 0, sizeof(*process));
	if (pid <= 0)
		return;
	snprintf(name, sizeof(name), "%d/status", pid);
	text = read_text(proc, name);
	if (text) {
		process->resident_bytes = number_of(text, "VmRSS") * 1024;
		process->swapped_bytes = number_of(text, "VmSwap") * 1024;
	}
	free(text);
	snprintf(name, sizeof(name), "%d/stat", pid);
	text = read_text(proc, name);
	if (text)
		process->cpu_ns = cpu_ns_of(text);
	free(text);
}

u64 wsd_host_beside(const char *proc, int pid, u64 ram_bytes)
{
	u64 from, to, size = 0, kib, sum = 0, ram = 0, smallest = ~0ull;
	char path[512], line[4352], rights[8];
	bool writable = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d/smaps", proc, pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%llx %7s", &from, &to, rights) == 3) {
			size = to - from;
			writable = rights[1] == 'w' && rights[2] == '-';
		} else if (sscanf(line, "Rss: %llu kB", &kib) == 1) {
			sum += kib * 1024;
			if (writable && size >= ram_bytes && size < smallest) {
				smallest = size;
				ram = kib * 1024;
			}
		}
	}
	fclose(file);
	return smallest == ~0ull ? 0 : sum - ram;
}
