/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ws_load.c - touches memory by a schedule in a guest, and reads and polls reports.
 *
 * usage: ws_load touch DIRECTORY SECONDS REGION...
 *	REGION is kind:MiB:period_ms:end_s, touched from the start every period until
 *	the end and left alone then, but kept; period 0: touched once; says so when
 *	all have been touched for the first time
 *	kind	a  anonymous	h  anonymous, huge pages
 *		m  mapped file	r  file through read(), both in DIRECTORY
 * usage: ws_load spin MiB SECONDS
 *	reads a byte of every page, over and over without ever sleeping;
 *	prints rounds made
 * usage: ws_load read FILE
 *	a report, read strictly as the posted series prints it: prints lines of
 *	"node edge_ms anon_pages file_pages", node -1 where the file names none
 * usage: ws_load poll FILE SECONDS
 *	waits for a report to be announced; prints "announced" or "nothing"
 */
#include "guest_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define HUGE (2u << 20)
#define REGIONS_MAX 16

struct region {
	char kind;
	unsigned int mib, period_ms;
	double end, next;
	unsigned char *memory;
	int fd;
};

static size_t pages_of(const struct region *region)
{
	return (size_t)region->mib * (1024 * 1024 / PAGE);
}

static void make_file(struct region *region, const char *directory, int number)
{
	static unsigned char buffer[PAGE];
	char path[256];
	size_t i;

	snprintf(path, sizeof(path), "%s/load%d.%d", directory, (int)getpid(), number);
	region->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (region->fd < 0 || unlink(path))
		die(path);
	for (i = 0; i < pages_of(region); i++)
		if (write(region->fd, buffer, PAGE) != PAGE)
			die(path);
	/* What is touched below is read from the disk again. */
	if (fsync(region->fd) || posix_fadvise(region->fd, 0, 0, POSIX_FADV_DONTNEED))
		die(path);
	/* No more is read than is touched. */
	posix_fadvise(region->fd, 0, 0, POSIX_FADV_RANDOM);
}

static void map_region(struct region *region, const char *directory, int number)
{
	size_t size = pages_of(region) * PAGE;

	if (region->kind == 'm' || region->kind == 'r')
		make_file(region, directory, number);
	if (region->kind == 'r')
		return;
	if (region->kind == 'm') {
		region->memory = mmap(NULL, size, PROT_READ, MAP_SHARED, region->fd, 0);
	} else {
		region->memory = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
				      MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
		if (region->memory != MAP_FAILED)
			region->memory += -(uintptr_t)region->memory & (HUGE - 1);
	}
	if (region->memory == MAP_FAILED)
		die("mmap");
	if (region->kind != 'm')
		madvise(region->memory, size,
			region->kind == 'h' ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static void touch_region(struct region *region)
{
	unsigned char buffer[PAGE];
	size_t i;

	for (i = 0; i < pages_of(region); i++) {
		volatile unsigned char *byte = region->memory + i * PAGE;

		if (region->kind == 'r') {
			if (pread(region->fd, buffer, PAGE, (off_t)(i * PAGE)) != PAGE)
				die("pread");
		} else if (region->kind == 'm') {
			(void)*byte;
		} else {
			*byte = 1;
		}
	}
}

static int load(int count, char **words)
{
	struct region regions[REGIONS_MAX] = { 0 };
	double start, end;
	int i;

	if (count < 3 || count - 2 > REGIONS_MAX)
		return 2;
	for (i = 0; i < count - 2; i++) {
		struct region *region = &regions[i];

		if (sscanf(words[i + 2], "%c:%u:%u:%lf", &region->kind, &region->mib,
			   &region->period_ms, &region->end) != 4 ||
		    !strchr("ahmr", region->kind))
			return 2;
		map_region(region, words[0], i);
	}
	start = now_s();
	for (i = 0; i < count - 2; i++)
		regions[i].next = start;
	end = start + strtod(words[1], NULL);
	while (now_s() < end) {
		static bool touched;
		double due = end;

		for (i = 0; i < count - 2; i++) {
			struct region *region = &regions[i];

			if (now_s() >= region->next) {
				touch_region(region);
				/* In step with the start, unless there was no time for that. */
				region->next += region->period_ms / 1000.0;
				if (region->next < now_s())
					region->next = now_s() + region->period_ms / 1000.0;
				if (!region->period_ms ||
				    region->next > start + region->end - region->period_ms / 2000.0)
					region->next = end + 1;
			}
			if (region->next < due)
				due = region->next;
		}
		if (!touched) {
			touched = true;
			puts("all touched");
			fflush(stdout);
		}
		if (due > now_s())
			usleep((useconds_t)((due - now_s()) * 1e6) + 100);
	}
	return 0;
}

static int spin(unsigned int mib, double seconds)
{
	size_t size = (size_t)mib << 20, i;
	unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	unsigned long rounds = 0;
	double end, begin;

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	begin = now_s();
	end = begin + seconds;
	while (now_s() < end) {
		int repeat;

		for (repeat = 0; repeat < 16; repeat++)
			for (i = 0; i < size; i += PAGE)
				(void)*(volatile unsigned char *)(memory + i);
		rounds += 16;
	}
	printf("%lu rounds %.3f s\n", rounds, now_s() - begin);
	return 0;
}

static int read_report(const char *path)
{
	unsigned long edge, anon, file, last = 0;
	char line[256], end;
	FILE *in = fopen(path, "r");
	int node = -1;

	if (!in)
		die(path);
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "N%d%c", &node, &end) == 2 && end == '\n') {
			last = 0;
			continue;
		}
		if (sscanf(line, "%lu anon=%lu file=%lu%c", &edge, &anon, &file, &end) != 4 ||
		    end != '\n' || edge <= last || anon % PAGE || file % PAGE) {
			fprintf(stderr, "ws_load: %s: not a line of a report: %s", path, line);
			return 1;
		}
		last = edge;
		printf("%d %lu %lu %lu\n", node, edge, anon / PAGE, file / PAGE);
	}
	if (ferror(in))
		die(path);
	fclose(in);
	return 0;
}

static int wait_report(const char *path, int seconds)
{
	struct pollfd wait = { .fd = open(path, O_RDONLY), .events = POLLPRI };
	char buffer[8192];
	int result;

	/* As with every file of sysfs, what was read before is what news are compared with. */
	if (wait.fd < 0 || read(wait.fd, buffer, sizeof(buffer)) < 0)
		die(path);
	result = poll(&wait, 1, seconds * 1000);
	if (result < 0)
		die("poll");
	puts(result && (wait.revents & POLLPRI) ? "announced" : "nothing");
	return 0;
}

int main(int argc, char **argv)
{
	int result = 2;

	if (argc >= 4 && !strcmp(argv[1], "touch"))
		result = load(argc - 2, argv + 2);
	else if (argc == 4 && !strcmp(argv[1], "spin"))
		result = spin((unsigned int)strtoul(argv[2], NULL, 10), strtod(argv[3], NULL));
	else if (argc == 3 && !strcmp(argv[1], "read"))
		result = read_report(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "poll"))
		result = wait_report(argv[2], (int)strtol(argv[3], NULL, 10));
	if (result == 2)
		fprintf(stderr, "usage: see the top of ws_load.c\n");
	return result;
}
