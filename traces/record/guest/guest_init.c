/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_init.c - the first process of a recorded guest.
 *
 * Sets the guest up (file systems, modules, disk), turns on the kernel's tracepoints
 * of page allocation and free and tells the plugin where their code is, runs
 * /workload, and has a second process of real-time priority hand /proc/kpageflags to
 * the plugin every second.  Its own work lies between GUEST_PAUSE and GUEST_RESUME.
 * Statically linked; the guest has nothing else but busybox.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest_mailbox.h"

#define TRACING "/sys/kernel/tracing"
#define EVENTS TRACING "/events/kmem/"

static volatile struct guest_mailbox *mailbox;

static void say(enum guest_message message)
{
	if (mailbox)
		mailbox->message[message] = 1;
}

static void end(const char *why)
{
	printf("wssim-guest: %s\n", why);
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return done < 0 ? -1 : 0;
}

static void map_mailbox(void)
{
	char line[4096] = "", *at;
	unsigned long long base = 0;
	FILE *file = fopen("/proc/cmdline", "re");
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	void *memory;

	if (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "wssim.mailbox=");
		base = at ? strtoull(at + 14, NULL, 0) : 0;
	}
	if (file)
		fclose(file);
	memory = base && fd >= 0 ? mmap(NULL, GUEST_MAILBOX_BYTES, PROT_READ | PROT_WRITE,
					MAP_SHARED, fd, (off_t)base)
				 : MAP_FAILED;
	if (memory == MAP_FAILED)
		end("cannot map the mailbox through /dev/mem");
	mailbox = memory;
	mailbox->magic = GUEST_MAILBOX_MAGIC;
}

/* /modules.txt: paths in order of loading; what the kernel has built in may be missing. */
static void load_modules(void)
{
	char path[256];
	FILE *list = fopen("/modules.txt", "re");

	while (list && fgets(path, sizeof(path), list)) {
		int fd;

		path[strcspn(path, "\n")] = 0;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			printf("wssim-guest: %s: %s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (list)
		fclose(list);
}

static void mount_disk(void)
{
	for (int i = 0; i < 200; i++) {
		if (!access("/dev/vda", F_OK))
			break;
		usleep(10000);
	}
	if (access("/dev/vda", F_OK))
		return;
	if (mount("/dev/vda", "/data", "ext4", MS_NOATIME, NULL))
		end("cannot mount the disk");
}

/* "field:unsigned long pfn; offset:8; size:8; signed:0;" */
static struct guest_field field_of(const char *event, const char *name)
{
	struct guest_field field = { 0, 0 };
	char path[256], line[512], want[64];
	FILE *file;

	snprintf(path, sizeof(path), EVENTS "%s/format", event);
	snprintf(want, sizeof(want), " %s;", name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		char *offset = strstr(line, "offset:"), *size = strstr(line, "size:");

		if (strstr(line, want) && offset && size) {
			field.offset = (unsigned int)atoi(offset + 7);
			field.size = (unsigned int)atoi(size + 5);
		}
	}
	if (file)
		fclose(file);
	return field;
}

/* Begin and end of two functions in one pass; the end is the next symbol's address. */
static void find_code(unsigned long long begin[2], unsigned long long end_[2])
{
	static const char *const name[2] = { "trace_event_raw_event_mm_page_alloc",
					     "trace_event_raw_event_mm_page_free" };
	unsigned long long address;
	char symbol[512], type;
	FILE *file = fopen("/proc/kallsyms", "re");

	while (file && fscanf(file, "%llx %c %511s%*[^\n]", &address, &type, symbol) == 3) {
		for (int i = 0; i < 2; i++) {
			if (begin[i] && !end_[i] && address > begin[i])
				end_[i] = address;
			if (!strcmp(symbol, name[i]))
				begin[i] = address;
		}
	}
	if (file)
		fclose(file);
}

static void set_up_tracing(void)
{
	unsigned long long begin[2] = { 0, 0 }, end_[2] = { 0, 0 };

	find_code(begin, end_);
	mailbox->alloc_begin = begin[0];
	mailbox->alloc_end = end_[0];
	mailbox->free_begin = begin[1];
	mailbox->free_end = end_[1];
	*(struct guest_field *)&mailbox->alloc_pfn = field_of("mm_page_alloc", "pfn");
	*(struct guest_field *)&mailbox->alloc_order = field_of("mm_page_alloc", "order");
	*(struct guest_field *)&mailbox->alloc_gfp = field_of("mm_page_alloc", "gfp_flags");
	*(struct guest_field *)&mailbox->free_pfn = field_of("mm_page_free", "pfn");
	*(struct guest_field *)&mailbox->free_order = field_of("mm_page_free", "order");
	/* Compaction moves pages without telling the tracepoints; leave out what is for luxury. */
	write_file("/proc/sys/vm/compaction_proactiveness", "0");
	say(GUEST_SETUP);
	if (write_file(TRACING "/buffer_size_kb", "64") ||
	    write_file(EVENTS "mm_page_alloc/enable", "1") ||
	    write_file(EVENTS "mm_page_free/enable", "1") ||
	    write_file(TRACING "/tracing_on", "1"))
		printf("wssim-guest: no tracepoints: %s\n", strerror(errno));
}

static void sample(int fd)
{
	unsigned char *to = (unsigned char *)mailbox + GUEST_FLAGS_OFFSET;
	size_t have = 0, most = GUEST_PAGES_MAX * 8u;

	if (most > GUEST_MAILBOX_BYTES - GUEST_FLAGS_OFFSET)
		most = GUEST_MAILBOX_BYTES - GUEST_FLAGS_OFFSET;
	say(GUEST_PAUSE);
	while (have < most) {
		ssize_t got = pread(fd, to + have, most - have > 262144 ? 262144 : most - have,
				    (off_t)have);

		if (got <= 0)
			break;
		have += (size_t)got;
	}
	mailbox->flags_count = have / 8;
	say(GUEST_FLAGS);
	say(GUEST_RESUME);
}

static void sampler(int fd)
{
	struct sched_param param = { .sched_priority = 50 };
	struct timespec next;

	sched_setscheduler(0, SCHED_FIFO, &param);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		next.tv_sec++;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		sample(fd);
	}
}

static void mount_all(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mkdir("/data", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
}

int main(void)
{
	int fd, status = 0;
	pid_t workload, helper;

	mount_all();
	map_mailbox();
	say(GUEST_PAUSE);
	set_up_tracing();
	say(GUEST_RESUME);
	fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		end("no /proc/kpageflags");
	sample(fd);
	load_modules();
	mount_disk();
	helper = fork();
	if (!helper)
		sampler(fd);
	workload = fork();
	if (!workload) {
		if (chdir("/data"))
			_exit(126);
		execl("/bin/sh", "sh", "/workload", (char *)NULL);
		_exit(127);
	}
	waitpid(workload, &status, 0);
	kill(helper, SIGKILL);
	waitpid(helper, NULL, 0);
	sample(fd);
	printf("wssim-guest: workload status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	end("done");
}
