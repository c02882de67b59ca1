/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ground_truth.c - touches memory by a schedule and writes down what was touched
 * when, and what the kernel's generations said meanwhile.
 *
 * Runs as root in a guest, with cgroup2 on /sys/fs/cgroup, debugfs, and a file
 * system of a real device in the directory that is its first argument.
 *
 * usage: ground_truth DIRECTORY HZ WORKLOAD SECONDS INTERVAL_MS REGION...
 * REGION: kind:MiB:period_ms:start_s:end_s[:free][:again=S][:own][:fork][:alone][:c1]
 *	   [:cold=S][:pageout=S][:lock=S][:unlock=S]
 *	kind	a  anonymous		s  anonymous, a random eighth a touch
 *		z  the same, low pages more often
 *		x  anonymous, MADV_RANDOM	h  anonymous, MADV_HUGEPAGE
 *		t  shared memory	m  mapped file		r  file through read()
 *		e  not a region: evict so many MiB once, at start_s
 *		n  not a region: from start_s to end_s passes and evictions are made as without swap
 *	period	0: touched once, at start
 *	free	unmapped at end; otherwise only left alone
 *	again	touched as before from second S on, after end
 *	own	touched by a process of its own
 *	fork	touched first by one process, then by a child that shares the pages
 *	alone	of e: nothing is touched meanwhile, and no touch half done
 *	c1	by processes in a second memory cgroup
 *	cold	MADV_COLD at second S; pageout: MADV_PAGEOUT; lock: mlock(); unlock: munlock()
 *
 * Every INTERVAL_MS, from three quarters of it on, the kernel is made to age the
 * cgroup's pages through debugfs.  Lines, times in seconds since T0:
 *	T start end rN kind pages	touched
 *	F start end rN kind pages	freed
 *	B time seq N age_ms N anon N file N	generations before an ageing pass
 *	M start end rN kind pages WORD	cold, pageout, lock or unlock: done to the region
 *	A start end seq N [swappiness 0]	the pass; N is the youngest generation now
 *	G time seq N ...		generations after it
 *	E start end asked N swappiness N	an eviction, between lines B and G
 * B1, A1, G1, E1 are those of the second cgroup.
 */
#include "../tests/common/guest_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth_pages.h"

#define REGIONS_MAX 32
#define GROUPS_MAX 2
#define PAGE 4096u
#define LEAD 0.1 /* seconds that the first dump has for itself */
#define HUGE (2u << 20)
#define LRU_GEN "/sys/kernel/debug/lru_gen"
#define CGROUP "/sys/fs/cgroup/wl"

/* What may be done to a region once. */
static const char *const advice_names[] = { "cold", "pageout", "lock", "unlock" };

#define ADVICES (sizeof(advice_names) / sizeof(advice_names[0]))

struct region {
	char spec[96];
	char kind;
	unsigned int mib, group, process, touches;
	double period, start, end, again; /* seconds; again 0: never */
	bool free_at_end, forks, alone, done;
	double next;
	double advice[ADVICES]; /* when; 0: never, or done */
	unsigned char *memory;
	int fd;
};

static struct region regions[REGIONS_MAX];
static unsigned int regions_count, groups_count = 1;
static bool takes_turns; /* touches and evictions do */
static int turn; /* each process's own way to the lock */
static const char *directory;
static double t0, duration, interval;

static double now(void)
{
	return now_s() - t0;
}

/* --- the processes that touch ------------------------------------------------------- */

static void say(int out, const char *format, ...)
{
	char line[128];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(out, line, (size_t)length) != length)
		exit(1);
}

static size_t pages_of(const struct region *region)
{
	return (size_t)region->mib * (1024 * 1024 / PAGE);
}

/* What is left of a mapping on both sides of @memory would keep shared memory when that is unmapped. */
static unsigned char *aligned(unsigned char *mapped, size_t size)
{
	size_t before = -(uintptr_t)mapped & (HUGE - 1);

	if ((before && munmap(mapped, before)) ||
	    munmap(mapped + before + size, HUGE - before))
		die("munmap");
	return mapped + before;
}

static void map_region(struct region *region, unsigned int number)
{
	size_t size = pages_of(region) * PAGE;
	char path[256];

	region->fd = -1;
	if (region->kind == 'm' || region->kind == 'r') {
		snprintf(path, sizeof(path), "%s/r%u", directory, number);
		region->fd = open(path, O_RDONLY);
		if (region->fd < 0 || unlink(path))
			die(path);
	}
	if (region->kind == 'r')
		return;
	if (region->kind == 'm') {
		region->memory = mmap(NULL, size, PROT_READ, MAP_SHARED, region->fd, 0);
	} else {
		int flags = MAP_ANONYMOUS | (region->kind == 't' ? MAP_SHARED : MAP_PRIVATE);

		/* Huge pages want their alignment. */
		region->memory = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, flags, -1, 0);
		if (region->memory != MAP_FAILED)
			region->memory = aligned(region->memory, size);
	}
	if (region->memory == MAP_FAILED)
		die("mmap");
	/* Lest khugepaged puts huge pages in their place, of files too since 7.3. */
	madvise(region->memory, size, region->kind == 'h' ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (region->kind == 'x')
		madvise(region->memory, size, MADV_RANDOM);
}

/* Read where it is known to be filled: a first read would map the zero page. */
static void touch_page(struct region *region, size_t page)
{
	volatile unsigned char *byte = region->memory + page * PAGE;

	if (region->kind == 'm' || region->touches)
		(void)*byte;
	else
		*byte = 1;
}

static size_t touch_pages(struct region *region, unsigned int number)
{
	size_t pages = pages_of(region), i;
	unsigned char buffer[PAGE];

	if ((region->kind == 's' || region->kind == 'z') && region->touches) {
		for (i = 0; i < pages / TRUTH_SUBSET; i++)
			touch_page(region, truth_subset_page(region->kind, number, region->touches,
							     (uint32_t)i, (uint32_t)pages));
		return i;
	}
	for (i = 0; i < pages; i++)
		if (region->kind != 'r')
			touch_page(region, i);
		else if (pread(region->fd, buffer, PAGE, (off_t)(i * PAGE)) != PAGE)
			exit(1);
	return pages;
}

static void open_turn(void)
{
	turn = open("/run/turn", O_RDWR | O_CREAT, 0600);
	if (turn < 0)
		die("/run/turn");
}

/* A child goes on with @region, and with nothing else. */
static void hand_over(struct region *region)
{
	unsigned int i;
	pid_t child = fork();

	region->forks = false;
	if (child < 0)
		die("fork");
	if (child)
		region->done = true;
	else
		open_turn();
	for (i = 0; !child && i < regions_count; i++)
		regions[i].done |= &regions[i] != region;
}

static void touch(struct region *region, unsigned int number, int out)
{
	double begin;
	size_t pages;

	if (takes_turns)
		flock(turn, LOCK_SH);
	begin = now();
	pages = touch_pages(region, number);
	region->touches++;
	say(out, "T %.3f %.3f r%u %c %zu\n", begin, now(), number, region->kind, pages);
	if (takes_turns)
		flock(turn, LOCK_UN);
}

static void advise(struct region *region, unsigned int which)
{
	size_t size = pages_of(region) * PAGE;
	int rc;

	if (which == 0)
		rc = madvise(region->memory, size, 20); /* MADV_COLD */
	else if (which == 1)
		rc = madvise(region->memory, size, 21); /* MADV_PAGEOUT */
	else
		rc = which == 2 ? mlock(region->memory, size) : munlock(region->memory, size);
	if (rc)
		die(advice_names[which]);
}

/* Advice of @region that is due by the time @at. */
static void serve_advice(struct region *region, unsigned int number, int out, double at)
{
	unsigned int i;

	for (i = 0; i < ADVICES && region->memory; i++) {
		double begin;

		if (!region->advice[i] || at < region->advice[i])
			continue;
		region->advice[i] = 0;
		if (takes_turns)
			flock(turn, LOCK_SH);
		begin = now();
		advise(region, i);
		say(out, "M %.3f %.3f r%u %c %zu %s\n", begin, now(), number, region->kind,
		    pages_of(region), advice_names[i]);
		if (takes_turns)
			flock(turn, LOCK_UN);
	}
}

/* When something is next due in @region, at @due at the latest. */
static double next_due(const struct region *region, double due)
{
	unsigned int i;

	if (!region->done && region->next < due)
		due = region->next;
	for (i = 0; i < ADVICES && region->memory; i++)
		if (region->advice[i] && region->advice[i] < due)
			due = region->advice[i];
	return due;
}

/* What has to be done with @region by the time @at; sets when it is next due. */
static void serve_region(struct region *region, unsigned int number, int out, double at)
{
	if (region->done || at < region->next)
		return;
	if (at < region->end && !(region->touches && region->period == 0)) {
		touch(region, number, out);
		while (region->period > 0 && region->next <= now())
			region->next += region->period;
		if (region->period == 0 || region->next > region->end)
			region->next = region->end;
		if (region->forks)
			hand_over(region);
		return;
	}
	if (region->again > 0) {
		region->next = region->again;
		region->end = duration;
		region->again = 0;
		return;
	}
	region->done = true;
	if (region->free_at_end && region->memory) {
		double begin = now();

		munmap(region->memory, pages_of(region) * PAGE);
		say(out, "F %.3f %.3f r%u %c %zu\n", begin, now(), number, region->kind,
		    pages_of(region));
		region->memory = NULL;
	}
}

static void sleep_until(double at)
{
	double left = at - now();

	if (left > 0)
		usleep((useconds_t)(left * 1e6) + 100);
}

static _Noreturn void toucher(unsigned int group, unsigned int process, int out)
{
	unsigned int i;

	for (i = 0; i < regions_count; i++) {
		regions[i].next = regions[i].start;
		if (regions[i].group == group && regions[i].process == process &&
		    regions[i].kind != 'e' && regions[i].kind != 'n')
			map_region(&regions[i], i);
		else
			regions[i].done = true;
	}
	while (now() < duration) {
		double due = duration;

		for (i = 0; i < regions_count; i++) {
			serve_region(&regions[i], i, out, now());
			serve_advice(&regions[i], i, out, now());
		}
		for (i = 0; i < regions_count; i++)
			due = next_due(&regions[i], due);
		sleep_until(due);
	}
	_exit(0);
}

/* --- the process that watches ------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static char group_mark(unsigned int group)
{
	return group ? (char)('0' + group) : ' ';
}

/* Prints the generations of @group; returns the youngest and its cgroup's number. */
static unsigned long dump(char letter, unsigned int group, unsigned int *id)
{
	char line[256], path[64], name[128], want[64], text[32];
	unsigned long seq, age, anon, file, last = 0;
	bool mine = false;
	FILE *in = fopen(LRU_GEN, "r");
	unsigned int memcg;

	if (!in)
		die(LRU_GEN);
	snprintf(path, sizeof(path), "/wl%u", group);
	snprintf(want, sizeof(want), "%c%c", letter, group_mark(group));
	snprintf(text, sizeof(text), "%s%.3f", group ? " " : "", now());
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "memcg %u %127s", &memcg, name) == 2) {
			mine = !strcmp(name, path);
			if (mine)
				*id = memcg;
		} else if (mine && sscanf(line, "%lu %lu %lu %lu", &seq, &age, &anon, &file) == 4) {
			printf("%s%s seq %lu age_ms %lu anon %lu file %lu\n", want, text, seq, age,
			       anon, file);
			last = seq;
		}
	}
	fclose(in);
	return last;
}

/* Is the kernel to be told that it cannot swap? */
static bool without_swap(void)
{
	unsigned int i;

	for (i = 0; i < regions_count; i++)
		if (regions[i].kind == 'n' && now() >= regions[i].start && now() < regions[i].end)
			return true;
	return false;
}

static void age_group(unsigned int group)
{
	unsigned int id = 0;
	unsigned long seq = dump('B', group, &id);
	char command[64], mark[3] = { 'A', group_mark(group), 0 };
	double begin = now();
	bool fixed = without_swap();

	snprintf(command, sizeof(command), "+ %u 0 %lu %d 1", id, seq, !fixed);
	write_text(LRU_GEN, command);
	printf("%s%s%.3f %.3f seq %lu%s\n", mark, group ? " " : "", begin, now(), seq + 1,
	       fixed ? " swappiness 0" : "");
	dump('G', group, &id);
}

/* From the oldest generations that may be evicted. */
static void evict(const struct region *region)
{
	unsigned int id = 0, group = region->group;
	unsigned int swappiness = region->period > 0 ? (unsigned int)(region->period * 1000) : 200;
	unsigned long seq, pages = pages_of(region);
	char command[64], mark[3] = { 'E', group_mark(group), 0 };
	double begin;

	if (without_swap())
		swappiness = 0;
	if (region->alone)
		flock(turn, LOCK_EX);
	seq = dump('B', group, &id);
	begin = now();

	snprintf(command, sizeof(command), "- %u 0 %lu %u %lu", id, seq - 2, swappiness, pages);
	write_text(LRU_GEN, command);
	printf("%s%s%.3f %.3f asked %lu swappiness %u\n", mark, group ? " " : "", begin, now(),
	       pages, swappiness);
	dump('G', group, &id);
	if (region->alone)
		flock(turn, LOCK_UN);
}

/* Lets what the processes say through, until @at. */
static void relay(const int *in, double at)
{
	struct pollfd poll_in[GROUPS_MAX];
	char buffer[4096];
	unsigned int i;
	double left;

	for (i = 0; i < groups_count; i++)
		poll_in[i] = (struct pollfd){ .fd = in[i], .events = POLLIN };
	while ((left = at - now()) > 0) {
		if (poll(poll_in, groups_count, (int)(left * 1000) + 1) <= 0)
			continue;
		for (i = 0; i < groups_count; i++) {
			ssize_t length;

			if (!poll_in[i].revents)
				continue;
			length = read(in[i], buffer, sizeof(buffer));
			if (length > 0)
				fwrite(buffer, 1, (size_t)length, stdout);
			else
				poll_in[i].fd = -1;
		}
	}
}

static void start_process(unsigned int group, unsigned int process, const int *ends)
{
	char path[64];

	fflush(stdout);
	if (fork() == 0) {
		snprintf(path, sizeof(path), CGROUP "%u/cgroup.procs", group);
		write_text(path, "0");
		close(ends[0]);
		open_turn();
		sleep_until(LEAD);
		toucher(group, process, ends[1]);
	}
}

static int start_group(unsigned int group)
{
	unsigned int i;
	char path[64];
	int ends[2];

	snprintf(path, sizeof(path), CGROUP "%u", group);
	if ((mkdir(path, 0755) && errno != EEXIST) || pipe(ends))
		die(path);
	start_process(group, 0, ends);
	for (i = 0; i < regions_count; i++)
		if (regions[i].group == group && regions[i].process)
			start_process(group, regions[i].process, ends);
	close(ends[1]);
	return ends[0];
}

/* When the next eviction is due before @before; its region then counts as done. */
static struct region *eviction_before(double before)
{
	unsigned int i;

	for (i = 0; i < regions_count; i++)
		if (regions[i].kind == 'e' && !regions[i].done && regions[i].start < before) {
			regions[i].done = true;
			return &regions[i];
		}
	return NULL;
}

static void watch(void)
{
	int in[GROUPS_MAX], status;
	unsigned int group, id;
	double at;

	for (group = 0; group < groups_count; group++)
		in[group] = start_group(group);
	open_turn();
	/* What the processes use themselves. */
	relay(in, 0);
	for (group = 0; group < groups_count; group++)
		dump('B', group, &id);
	/* One pass after all have ended. */
	for (at = interval * 3 / 4; at < duration + interval; at += interval) {
		struct region *eviction;

		while ((eviction = eviction_before(at))) {
			relay(in, eviction->start);
			evict(eviction);
		}
		relay(in, at);
		for (group = 0; group < groups_count; group++)
			age_group(group);
	}
	while (wait(&status) > 0)
		if (status)
			die("a process that touches failed");
}

/* --- set-up ------------------------------------------------------------------------- */

static void parse_region(const char *spec)
{
	struct region *region = &regions[regions_count];
	unsigned int period_ms;
	const char *again;
	unsigned int i;
	int used = 0;

	if (regions_count == REGIONS_MAX || strlen(spec) >= sizeof(region->spec) ||
	    sscanf(spec, "%c:%u:%u:%lf:%lf%n", &region->kind, &region->mib, &period_ms,
		   &region->start, &region->end, &used) != 5 ||
	    !strchr("aszxhtmren", region->kind) || !region->mib) {
		fprintf(stderr, "ground_truth: no region: %s\n", spec);
		exit(2);
	}
	snprintf(region->spec, sizeof(region->spec), "%s", spec);
	region->period = period_ms / 1000.0;
	region->free_at_end = strstr(spec + used, ":free");
	region->forks = strstr(spec + used, ":fork");
	region->alone = strstr(spec + used, ":alone");
	takes_turns |= region->alone;
	region->process = strstr(spec + used, ":own") ? regions_count + 1 : 0;
	region->group = strstr(spec + used, ":c1") ? 1 : 0;
	again = strstr(spec + used, ":again=");
	region->again = again ? strtod(again + strlen(":again="), NULL) : 0;
	for (i = 0; i < ADVICES; i++) {
		char word[16];
		const char *found;

		snprintf(word, sizeof(word), ":%s=", advice_names[i]);
		found = strstr(spec + used, word);
		region->advice[i] = found ? strtod(found + strlen(word), NULL) : 0;
	}
	if (region->group)
		groups_count = 2;
	regions_count++;
}

/* Files on the device, and nothing of them in memory. */
static void make_files(void)
{
	static unsigned char mib[1 << 20];
	char path[256];
	unsigned int i, n;

	memset(mib, 1, sizeof(mib));
	for (i = 0; i < regions_count; i++) {
		int fd;

		if (regions[i].kind != 'm' && regions[i].kind != 'r')
			continue;
		snprintf(path, sizeof(path), "%s/r%u", directory, i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		for (n = 0; n < regions[i].mib; n++)
			if (write(fd, mib, sizeof(mib)) != (ssize_t)sizeof(mib))
				die(path);
		if (fsync(fd) || close(fd))
			die(path);
	}
	sync();
	write_text("/proc/sys/vm/drop_caches", "3");
}

int main(int argc, char **argv)
{
	char enabled[16] = "?";
	struct utsname name;
	FILE *in;
	int i;

	if (argc < 7) {
		fprintf(stderr, "usage: %s DIRECTORY HZ WORKLOAD SECONDS INTERVAL_MS REGION...\n",
			argv[0]);
		return 2;
	}
	directory = argv[1];
	duration = strtod(argv[4], NULL);
	interval = strtod(argv[5], NULL) / 1000;
	for (i = 6; i < argc; i++)
		parse_region(argv[i]);
	make_files();
	in = fopen("/sys/kernel/mm/lru_gen/enabled", "r");
	if (!in || fscanf(in, "%15s", enabled) != 1)
		die("lru_gen");
	fclose(in);
	uname(&name);
	printf("# %s lru_gen %s hz %s\n# workload %s\n", name.release, enabled, argv[2], argv[3]);
	t0 = now() + 1;
	printf("# wsgt T0=%.3f %s %s", t0, argv[4], argv[5]);
	for (i = 0; i < (int)regions_count; i++)
		printf(" %s", regions[i].spec);
	printf("\n");
	watch();
	printf("# end\n");
	return fclose(stdout) ? 1 : 0;
}
