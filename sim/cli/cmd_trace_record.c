/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace_record.c - wssim trace record: a command's page accesses, or a guest's. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/cmd_trace.h"
#include "cli/cmd_trace_record.h"
#include "tr_file.h"
#include "tr_origin.h"
#include "tr_record_cmd.h"
#include "tr_record_guest.h"
#include "tr_record_run.h"
#include "tr_units.h"

#define FILES_MOST 256
#define MEMORY_LEAST (64ull << 20)
#define MEMORY_MOST (2040ull << 20)

enum {
	KEY_IPS = 256, KEY_QEMU, KEY_PLUGIN, KEY_BARE, KEY_NOTE, KEY_KERNEL, KEY_MEMORY,
	KEY_WORKLOAD, KEY_FILE, KEY_CONSOLE, KEY_BUSYBOX,
};

struct options {
	struct tr_record_options record;
	struct tr_guest_options guest;
	const char *output, *note, *kernel;
	char **command;
	bool is_guest;
	char *files[FILES_MOST + 1];
	u32 files_count;
	char plugin[PATH_MAX], init[PATH_MAX];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static u64 count_arg(struct argp_state *state, const char *name, const char *arg, u64 most)
{
	u64 value;

	if (tr_parse_count(arg, &value) || !value || value > most)
		argp_error(state, "%s: %s: not a count from 1 to %llu", name, arg, most);
	return value;
}

static error_t parse_guest(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'g':
		options->is_guest = true;
		return 0;
	case KEY_KERNEL:
		options->kernel = arg;
		return 0;
	case KEY_MEMORY:
		if (tr_parse_bytes(arg, &options->guest.memory_bytes) ||
		    options->guest.memory_bytes < MEMORY_LEAST ||
		    options->guest.memory_bytes > MEMORY_MOST ||
		    options->guest.memory_bytes % (1u << 20))
			argp_error(state, "--memory: %s: not whole MiB from 64MiB to 2040MiB", arg);
		return 0;
	case KEY_WORKLOAD:
		options->guest.workload = arg;
		return 0;
	case KEY_FILE:
		if (options->files_count == FILES_MOST)
			argp_error(state, "--file: more than %d", FILES_MOST);
		options->files[options->files_count++] = arg;
		return 0;
	case KEY_CONSOLE:
		options->guest.console = true;
		return 0;
	case KEY_BUSYBOX:
		options->guest.busybox = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		return 0;
	case 'w':
		options->record.window_insns = count_arg(state, "--window", arg, 1000000000000ull);
		return 0;
	case KEY_IPS:
		options->record.ns_per_kinsn =
			1000000000000ull / count_arg(state, "--ips", arg, 1000000000000ull);
		return 0;
	case KEY_QEMU:
		options->record.qemu = arg;
		return 0;
	case KEY_PLUGIN:
		snprintf(options->plugin, sizeof(options->plugin), "%s", arg);
		return 0;
	case KEY_BARE:
		options->record.bare = true;
		return 0;
	case KEY_NOTE:
		options->note = arg;
		return 0;
	case ARGP_KEY_ARG: /* the command begins: the rest is its own */
		options->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!options->command == !options->is_guest)
			argp_error(state, options->is_guest ? "--guest takes a --workload, no command"
							    : "no command to record");
		if (!options->output && !options->record.bare)
			argp_error(state, "no -o FILE to record to");
		return 0;
	default:
		return parse_guest(key, arg, state);
	}
}

static const struct argp_option argp_options[] = {
	{ "output", 'o', "FILE", 0, "the trace to write; it appears when the recording is whole", 0 },
	{ "window", 'w', "INSNS", 0,
	  "one record for each page and direction in so many instructions (default 1M)", 0 },
	{ "ips", KEY_IPS, "COUNT", 0,
	  "instructions that make a second of trace time (default 1G)", 0 },
	{ "note", KEY_NOTE, "TEXT", 0, "a line for the trace's origin, such as a licence", 0 },
	{ NULL, 0, NULL, 0, "A whole Linux guest instead of a command:", 1 },
	{ "guest", 'g', NULL, 0, "boot a guest and record it", 1 },
	{ "kernel", KEY_KERNEL, "KERNEL", 0,
	  "a Debian package's file or name (default: what linux-image-cloud-amd64 depends on, "
	  "fetched by apt-get); or an image, which comes without modules: unless virtio and "
	  "ext4 are built in, the guest has no disk and none of the files", 1 },
	{ "memory", KEY_MEMORY, "SIZE", 0, "the guest's memory (default 256MiB)", 1 },
	{ "workload", KEY_WORKLOAD, "SCRIPT", 0,
	  "a shell script to run in the guest, or 'boot' (idles for ten seconds and ends), or 'files' "
	  "(the default: sorts, packs and checks the files of --file, idles, and again)", 1 },
	{ "file", KEY_FILE, "PATH", 0, "copy to the guest's disk, /data; may be given again", 1 },
	{ "console", KEY_CONSOLE, NULL, 0, "show the guest's console", 1 },
	{ "busybox", KEY_BUSYBOX, "PATH", 0, "a static busybox (default /bin/busybox)", 1 },
	{ NULL, 0, NULL, 0, "The machinery:", 2 },
	{ "qemu", KEY_QEMU, "PATH", 0,
	  "the emulator (default qemu-x86_64, for guests qemu-system-x86_64)", 2 },
	{ "plugin", KEY_PLUGIN, "PATH", 0, "the plugin (default: beside wssim, or ../lib/wssim)", 2 },
	{ "bare", KEY_BARE, NULL, 0, "record nothing: shows what the callbacks alone cost", 2 },
	{ 0 },
};

static const char doc[] =
	"Record which pages a command touches, and when.\v"
	"Examples:\n"
	"  wssim trace record -o sort.wst -- sort -S 100M words.txt -o sorted.txt\n"
	"  wssim trace record -o redis.wst --window 10M -- redis-server --port 7777\n"
	"  wssim trace record -o guest.wst --guest --memory 256MiB --file words.txt\n"
	"\n"
	"The command runs under QEMU's user emulation, some 10 to 50 times slower than by "
	"itself. The trace has its loads, stores and instruction fetches; the page cache "
	"behind its reads, writes and mappings of files; which memory is anonymous and when "
	"it is freed; and as idle time whatever it slept, waited or was blocked.\n"
	"Of a command that starts others only the first process is recorded: name the "
	"program itself and not a shell that runs it.\n"
	"\n"
	"A guest is a stock Debian kernel with busybox and one processor. Its trace has "
	"guest-physical pages: mapped accesses, the kernel's own, and page cache. When a page "
	"is allocated and freed comes from the guest's tracepoints kmem:mm_page_alloc and "
	"mm_page_free; what it was used for (anonymous, file, unevictable) from "
	"/proc/kpageflags, which the guest's init samples every second, and for pages that no "
	"sample met from the flags of their allocation. A halted processor is idle time.\n"
	"\n"
	"Ctrl-C ends the command or guest; what was recorded until then becomes a whole trace.";

static void progress(void *ctx, u64 records_count, u64 time_ns)
{
	char records[TR_UNITS_TEXT], time[TR_UNITS_TEXT];

	(void)ctx;
	fprintf(stderr, "\r\033[K%s records, %s of trace", tr_about_count(records_count, records),
		tr_about_ns(time_ns, time));
}

/* Beside this program, or where "make install" puts it. */
static void find_part(const char *name, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (*path)
		return;
	self[length > 0 ? length : 0] = 0;
	slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	if ((size_t)snprintf(path, size, "%s/%s", self, name) >= size || access(path, R_OK))
		snprintf(path, size, "%.3900s/../lib/wssim/%s", self, name);
}

static int origin_make(const struct options *options, struct tr_origin *origin)
{
	u64 ns = options->record.ns_per_kinsn;
	int rc = 0;

	if (options->is_guest) {
		rc |= tr_origin_add(origin, "recorded", "a guest, by wssim trace record --guest");
		rc |= tr_origin_add(origin, "kernel", "%s", options->guest.kernel.name);
		rc |= tr_origin_add(origin, "memory", "%llu MiB, 1 vCPU",
				    options->guest.memory_bytes >> 20);
		rc |= tr_origin_add(origin, "workload", "%s", options->guest.workload);
	} else {
		rc |= tr_origin_add(origin, "recorded", "a command, by wssim trace record");
		rc |= tr_origin_add_command(origin, "command", options->command);
	}
	rc |= tr_origin_add(origin, "clock", "%llu.%03llu ns for an instruction, sleep as slept",
			    ns / 1000, ns % 1000);
	rc |= tr_origin_add(origin, "window", "%llu instructions", options->record.window_insns);
	rc |= tr_origin_add(origin, "types", "%s",
			    options->is_guest
				    ? "/proc/kpageflags each second, else allocation flags"
				    : "from the command's own mappings and system calls");
	if (options->is_guest)
		rc |= tr_origin_add(origin, "allocations",
				    "tracepoints kmem:mm_page_alloc, mm_page_free");
	rc |= tr_origin_add_system(origin, options->record.qemu);
	if (options->note)
		rc |= tr_origin_add(origin, "note", "%s", options->note);
	return rc;
}

static void report(const struct options *options, const struct tr_record_result *result)
{
	char records[TR_UNITS_TEXT], time[TR_UNITS_TEXT];

	if (options->record.progress)
		fputs("\r\033[K", stderr);
	if (!options->record.bare)
		fprintf(stderr, "wssim: %s: %s records, %s of trace\n", options->output,
			tr_about_count(result->records_count, records),
			tr_about_ns(result->time_ns, time));
	if (options->is_guest && !WIFSIGNALED(result->status) && !stopped)
		return;
	if (stopped)
		fprintf(stderr, "wssim: stopped: the trace holds what was recorded until then\n");
	else if (WIFSIGNALED(result->status))
		fprintf(stderr, "wssim: the command ended by signal %d (%s)\n",
			WTERMSIG(result->status), strsignal(WTERMSIG(result->status)));
	else if (WEXITSTATUS(result->status))
		fprintf(stderr, "wssim: the command ended with status %d\n",
			WEXITSTATUS(result->status));
	else if (!result->whole && !options->record.bare)
		fprintf(stderr, "wssim: the command went on as another program (exec), which was "
				"not recorded: name that program instead\n");
}

static int run(const struct options *options, struct tr_sink sink, struct tr_record_result *result,
	       struct tr_error *error)
{
	struct tr_guest_result guest_result;
	int rc;

	if (!options->is_guest)
		return tr_record_command(options->command, &options->record, sink, result, error);
	rc = tr_record_guest(&options->guest, sink, &guest_result, error);
	*result = guest_result.run;
	return rc;
}

static int record(struct options *options, struct tr_error *error)
{
	struct tr_origin origin = { 0 };
	struct tr_meta meta = { .numbering = TR_NUMBER_REGIONS, .default_type = TR_ANON };
	struct tr_record_result result;
	struct tr_writer *writer;
	int rc = origin_make(options, &origin);

	meta.window_ns = options->record.window_insns * options->record.ns_per_kinsn / 1000;
	rc = cmd_trace_begin(&writer, options->output, &meta, &origin, rc, error);
	if (rc)
		return rc;
	rc = run(options, tr_writer_sink(writer), &result, error);
	if (rc) {
		tr_writer_abort(writer);
		return rc;
	}
	rc = tr_writer_commit(writer, error);
	if (!rc)
		report(options, &result);
	return rc;
}

static int put_nothing(void *ctx, const struct tr_record *one, struct tr_error *error)
{
	(void)ctx;
	(void)one;
	(void)error;
	return 0;
}

static int prepare_guest(struct options *options, struct tr_error *error)
{
	find_part("wssim-guest-init", options->init, sizeof(options->init));
	options->guest.init = options->init;
	options->guest.files = options->files;
	options->guest.record = options->record;
	int rc = tr_guest_kernel_find(&options->guest.kernel, options->kernel, error);

	if (!rc && !options->guest.kernel.modules[0])
		fprintf(stderr, "wssim: %s: no modules beside it: unless virtio and ext4 are built in, "
				"the guest has no disk\n", options->guest.kernel.name);
	return rc;
}

int cmd_trace_record(int argc, char **argv)
{
	static const struct argp argp = { argp_options, parse, "-- COMMAND [ARG...]", doc,
					  NULL,		NULL,  NULL };
	struct options options = {
		.record = { .window_insns = 1000000, .ns_per_kinsn = 1000, .stop = &stopped },
		.guest = { .busybox = "/bin/busybox",
			   .workload = "files",
			   .memory_bytes = 256u << 20 },
	};
	struct sigaction action = { .sa_handler = on_signal };
	struct tr_error error = { "" };
	int rc;

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options))
		return EXIT_USAGE;
	find_part("wssim-trace-plugin.so", options.plugin, sizeof(options.plugin));
	options.record.plugin = options.plugin;
	if (!options.record.qemu)
		options.record.qemu = options.is_guest ? "qemu-system-x86_64" : "qemu-x86_64";
	if (isatty(STDERR_FILENO))
		options.record.progress = progress;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = options.is_guest ? prepare_guest(&options, &error) : 0;
	if (!rc && options.record.bare) {
		struct tr_record_result result;
		struct tr_sink nowhere = { put_nothing, NULL };

		rc = run(&options, nowhere, &result, &error);
	} else if (!rc) {
		rc = record(&options, &error);
	}
	if (rc)
		fputs(options.record.progress ? "\r\033[K" : "", stderr);
	return rc ? cmd_fail(rc, &error) : EXIT_DONE;
}
