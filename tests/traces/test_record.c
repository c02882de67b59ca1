/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_record.c - a program whose pages are known is recorded, and they are all there.
 *
 * Needs qemu-x86_64 and a C compiler that links statically; without them those tests
 * are skipped, saying so.  What the rest needs (the plugin's stream, mappings) is in
 * test_recorder.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own_folder.h"
#include "tr_record_cmd.h"

#define RECORDS_MOST 200000u

/* 64 of 100 pages touched, 16 given back, the rest unmapped; 20 pages of a file read,
 * the first of them three times more; 10 mapped and read, 4 of those written; sleep. */
static const char program[] =
	"#define _GNU_SOURCE\n"
	"#include <fcntl.h>\n#include <sys/mman.h>\n#include <time.h>\n#include <unistd.h>\n"
	"static char buffer[16384] __attribute__((aligned(4096)));\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	struct timespec nap = { 0, 200000000 };\n"
	"	volatile char *p = mmap(0, 100 * 4096, PROT_READ | PROT_WRITE,\n"
	"				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *q;\n"
	"	int fd = open(argv[1], O_RDONLY), sum = argc;\n"
	"	for (int i = 0; i < 64; i++)\n"
	"		p[i * 4096] = 1;\n"
	"	madvise((void *)p, 16 * 4096, MADV_DONTNEED);\n"
	"	munmap((void *)p, 100 * 4096);\n"
	"	for (int i = 0; i < 5; i++)\n"
	"		sum += read(fd, buffer, 16384);\n"
	"	for (int i = 0; i < 3; i++)\n"
	"		sum += pread(fd, buffer, 100, 0);\n"
	"	q = mmap(0, 10 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);\n"
	"	for (int i = 0; i < 10; i++)\n"
	"		sum += q[i * 4096];\n"
	"	nanosleep(&nap, 0);\n"
	"	for (int i = 0; i < 4; i++)\n"
	"		q[i * 4096] = 1;\n"
	"	munmap((void *)q, 10 * 4096);\n"
	"	return sum != 1 + 1 + 81920 + 300 + 10 * 'x';\n"
	"}\n";

static char plugin[PATH_MAX], source[96], binary[96], data[96];

static void find_plugin(void)
{
	ssize_t length = readlink("/proc/self/exe", plugin, sizeof(plugin) - 64);

	cr_assert_gt(length, 0);
	plugin[length] = 0;
	snprintf(strrchr(plugin, '/'), 64, "/wssim-trace-plugin.so");
}

static void set_up(void)
{
	make_folder();
	snprintf(source, sizeof(source), "%s/p.c", folder);
	snprintf(binary, sizeof(binary), "%s/p", folder);
	snprintf(data, sizeof(data), "%s/data", folder);
	find_plugin();
}

TestSuite(record, .init = set_up, .fini = remove_folder, .timeout = 60);

static void write_text(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	cr_assert(file);
	cr_assert_eq(fwrite(text, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

/* The program and its file of 20 pages; false, and a note, if that cannot be here. */
static bool prepare(void)
{
	static char pages[20 * 4096];
	char command[256];

	memset(pages, 'x', sizeof(pages));
	write_text(source, program, sizeof(program) - 1);
	write_text(data, pages, sizeof(pages));
	snprintf(command, sizeof(command), "cc -O1 -static -o %s %s", binary, source);
	if (system("command -v qemu-x86_64 > /dev/null") || system(command)) {
		/* A warning of Criterion's would fail the whole run. */
		fprintf(stderr, "SKIPPED: no qemu-x86_64 (package qemu-user), no static linking\n");
		return false;
	}
	return true;
}

struct list {
	struct tr_record *record;
	u32 count;
};

static int list_put(void *ctx, const struct tr_record *record, struct tr_error *error)
{
	struct list *list = ctx;

	(void)error;
	cr_assert_lt(list->count, RECORDS_MOST);
	list->record[list->count++] = *record;
	return 0;
}

static struct tr_record_options plain_options(void)
{
	return (struct tr_record_options){
		.plugin = plugin,
		.qemu = "qemu-x86_64",
		.window_insns = 1000000,
		.ns_per_kinsn = 1000,
	};
}

static struct tr_record_result record_program(struct list *list)
{
	char *argv[] = { binary, data, NULL };
	struct tr_record_options options = plain_options();
	struct tr_sink sink = { list_put, list };
	struct tr_record_result result;
	struct tr_error error = { "" };

	list->record = calloc(RECORDS_MOST, sizeof(*list->record));
	list->count = 0;
	cr_assert(list->record);
	cr_assert_eq(tr_record_command(argv, &options, sink, &result, &error), 0, "%s",
		     error.text);
	return result;
}

/* How many frees followed each other at once, for consecutive pages. */
static bool has_free_group(const struct list *list, u32 size)
{
	u32 run = 0;

	for (u32 i = 0; i <= list->count; i++) {
		const struct tr_record *r = &list->record[i];
		bool goes_on = i < list->count && r->op == TR_FREE && run &&
			       r[-1].op == TR_FREE && r->page == r[-1].page + 1 &&
			       r->time_ns == r[-1].time_ns;

		if (goes_on) {
			run++;
			continue;
		}
		if (run == size)
			return true;
		run = i < list->count && r->op == TR_FREE;
	}
	return false;
}

/* A page is allocated once before it is touched, and is not touched after its free. */
static void check_lives(const struct list *list)
{
	for (u32 i = 0; i < list->count; i++) {
		const struct tr_record *r = &list->record[i];
		u32 j = i;

		cr_assert(!i || r->time_ns >= r[-1].time_ns, "time runs backwards at %u", i);
		if (r->op != TR_ACCESS && r->op != TR_FREE)
			continue;
		while (j-- > 0) {
			const struct tr_record *b = &list->record[j];

			if (b->page == r->page && (b->op == TR_ALLOC || b->op == TR_FREE)) {
				cr_assert_eq(b->op, TR_ALLOC, "record %u after its free", i);
				break;
			}
		}
		cr_assert_lt(j, i, "record %u without an allocation", i);
	}
}

Test(record, known_program_is_recorded_page_by_page)
{
	struct tr_record_result result;
	struct list list;
	u32 descriptor = 0, file_pages = 0, mapped_file = 0, idle = 0;
	u64 file_page[64], slept_ns = 0;

	if (!prepare())
		return;
	result = record_program(&list);
	cr_assert(WIFEXITED(result.status) && !WEXITSTATUS(result.status));
	cr_assert(result.whole);
	check_lives(&list);
	for (u32 i = 0; i < list.count; i++) {
		const struct tr_record *r = &list.record[i];
		bool known = false;

		if (r->op == TR_IDLE) {
			idle++;
			slept_ns += r->time_ns - r[-1].time_ns;
		}
		for (u32 j = 0; j < file_pages; j++)
			known |= file_page[j] == r->page;
		if (r->op == TR_ACCESS && r->kind == TR_DESCRIPTOR) {
			descriptor++;
			if (!known && file_pages < 64)
				file_page[file_pages++] = r->page;
		}
		mapped_file += r->op == TR_ACCESS && r->kind == TR_MAPPED && known;
		cr_assert(!(r->op == TR_FREE && known), "page cache outlives the command");
	}
	cr_assert_eq(descriptor, 23, "%u descriptor accesses", descriptor);
	cr_assert_eq(file_pages, 20, "%u pages of the file", file_pages);
	cr_assert_eq(mapped_file, 10, "%u mapped accesses of the file's pages", mapped_file);
	cr_assert(has_free_group(&list, 16), "madvise() freed no 16 pages");
	cr_assert(has_free_group(&list, 48), "munmap() freed no 48 pages");
	cr_assert(has_free_group(&list, 4), "no 4 pages were copied on write");
	cr_assert_geq(idle, 1);
	cr_assert(slept_ns >= 195000000u && slept_ns < 5000000000u, "slept %llu ns", slept_ns);
	free(list.record);
}

Test(record, wide_window_keeps_every_page_and_drops_repetition)
{
	char *argv[] = { binary, data, NULL };
	struct tr_record_options options = plain_options();
	struct tr_record_result result;
	struct tr_error error = { "" };
	struct list narrow = { NULL, 0 }, wide = { NULL, 0 };
	u32 accesses[2] = { 0, 0 }, allocs[2] = { 0, 0 };

	if (!prepare())
		return;
	narrow.record = calloc(RECORDS_MOST, sizeof(*narrow.record));
	wide.record = calloc(RECORDS_MOST, sizeof(*wide.record));
	cr_assert(narrow.record && wide.record);
	options.window_insns = 100;
	cr_assert_eq(tr_record_command(argv, &options, (struct tr_sink){ list_put, &narrow },
				       &result, &error), 0, "%s", error.text);
	options.window_insns = 1000000000;
	cr_assert_eq(tr_record_command(argv, &options, (struct tr_sink){ list_put, &wide },
				       &result, &error), 0, "%s", error.text);
	for (u32 k = 0; k < 2; k++) {
		const struct list *list = k ? &wide : &narrow;

		for (u32 i = 0; i < list->count; i++) {
			accesses[k] += list->record[i].op == TR_ACCESS;
			allocs[k] += list->record[i].op == TR_ALLOC;
		}
	}
	cr_assert_eq(allocs[0], allocs[1], "%u and %u pages", allocs[0], allocs[1]);
	cr_assert_gt(accesses[0], 2 * accesses[1], "%u and %u accesses", accesses[0], accesses[1]);
	free(narrow.record);
	free(wide.record);
}

/* Return: what recording @command says. */
static int try_command(const char *command, struct tr_record_options *options,
		       struct tr_error *error)
{
	char *argv[] = { (char *)command, NULL };
	struct list list = { calloc(RECORDS_MOST, sizeof(struct tr_record)), 0 };
	struct tr_record_result result;
	int rc;

	cr_assert(list.record);
	rc = tr_record_command(argv, options, (struct tr_sink){ list_put, &list }, &result, error);
	free(list.record);
	return rc;
}

Test(record, what_cannot_be_recorded_is_named)
{
	struct tr_record_options options = plain_options();
	struct tr_error error = { "" };

	if (!prepare())
		return;
	cr_assert_eq(try_command("no-such-command", &options, &error), -ENOENT);
	cr_assert_str_eq(error.text, "no-such-command: command not found");
	cr_assert_eq(chmod(data, 0755), 0);
	cr_assert_eq(try_command(data, &options, &error), -ENOEXEC);
	cr_assert(strstr(error.text, "is not a program for x86-64"));
	options.plugin = "/nonexistent.so";
	cr_assert_eq(try_command(binary, &options, &error), -ENOENT);
	cr_assert_str_eq(error.text, "/nonexistent.so: No such file or directory");
	options.qemu = "no-such-emulator";
	cr_assert_eq(try_command(binary, &options, &error), -ENOENT);
	cr_assert(strstr(error.text, "install the Debian package qemu-user"));
}
