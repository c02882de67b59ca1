/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_main.c - ws-balloond: its command line. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tr_units.h"
#include "wsd_run.h"
#include "wsd_socket.h"

enum { STATUS_DONE, STATUS_FAILED, STATUS_USAGE };

enum {
	KEY_VM = 1000, KEY_PARAM, KEY_CONTROL, KEY_CLOCK, KEY_DRY_RUN, KEY_NO_PLOTS, KEY_DURATION,
	KEY_SAMPLE, KEY_HOST_MEMORY, KEY_NAME, KEY_INBAND, KEY_NO_STATE, KEY_TELL,
};

static const struct argp_option option_table[] = {
	{ "vm", KEY_VM, "KEY=VALUE,...", 0, "A VM; see below for its keys", 0 },
	{ "config", 'c', "FILE", 0, "Read VMs and options from a JSON file", 0 },
	{ "policy", 'p', "NAME", 0,
	  "Balloon policy (default static: full size); 'wssim policies' lists them", 0 },
	{ "param", KEY_PARAM, "NAME=VALUE", 0, "A parameter of the policy", 0 },
	{ "host-memory", KEY_HOST_MEMORY, "SIZE", 0, "What the VMs may use together (default: all)", 0 },
	{ "output", 'o', "DIR", 0, "Write time series, plots, summary and report.html there", 1 },
	{ "name", KEY_NAME, "NAME", 0, "Of the run, in its results (default live)", 1 },
	{ "sample", KEY_SAMPLE, "TIME", 0, "Interval of the time series (default 1s)", 1 },
	{ "no-plots", KEY_NO_PLOTS, NULL, 0, "Do not draw", 1 },
	{ "duration", KEY_DURATION, "TIME", 0, "End after that long (default: when told to)", 2 },
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "Say what would be done to balloons, and do not", 2 },
	{ "control", KEY_CONTROL, "PATH", 0, "Take commands on this socket ('state', 'quit', ...)", 2 },
	{ "tell", KEY_TELL, "PATH", 0, "Send the arguments as a command to a daemon's control socket", 2 },
	{ "clock", KEY_CLOCK, "monotonic|guest", 0,
	  "guest: time stands still until a command says what it is; for VMs in virtual time", 3 },
	{ "inband", KEY_INBAND, NULL, 0, "Offer kicks in band; implied by --clock guest", 3 },
	{ "no-state", KEY_NO_STATE, NULL, 0, "Keep no PATH.state beside vhost-user sockets", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Drive the balloons of real VMs with the simulator's policies.\v"
	"A VM whose balloon device this program is:\n"
	"  name=NAME,vhost-user=SOCKET,size=SIZE\n"
	"A VM on stock QEMU, optionally with ws-agent behind a virtio-serial port:\n"
	"  name=NAME,qmp=SOCKET,size=SIZE[,serial=SOCKET]\n"
	"More keys: min=SIZE, shares=N, swap=DEVICE, disk=DEVICE (nvme, ssd, hdd, zram, zswap), "
	"dialect=wsr1|v4|rfc2|rfc1|crosvm; for vhost-user also bins=N, queues=fixed|offered|negotiated, "
	"feature-bit=N, features=stats+oom+hints+poison+reporting+ws+tell; for QEMU balloon=QOM-PATH.\n\n"
	"Examples:\n"
	"  ws-balloond --vm name=a,qmp=/run/a.qmp,size=4GiB \\\n"
	"      --vm name=b,qmp=/run/b.qmp,size=4GiB \\\n"
	"      --policy proxmox --host-memory 6GiB -o out\n"
	"  ws-balloond --vm name=u,vhost-user=/tmp/u.sock,size=512MiB \\\n"
	"      --policy ws-target -o out\n"
	"      then: linux mem=512M virtio_uml.device=/tmp/u.sock:5 ...\n"
	"  ws-balloond -c vms.json --dry-run\n"
	"  ws-balloond --tell /run/balloond.control state\n\n"
	"Ctrl-C and SIGTERM finish the output directory; VMs keep their balloons.  Killed, it can be "
	"started again at any time.\n"
	"Exit status: 0 done, 1 failed, 2 usage or bad input.";

static void bad(struct argp_state *state, const struct tr_error *error)
{
	(void)state;
	fprintf(stderr, "ws-balloond: %s\n", error->text);
	exit(STATUS_USAGE);
}

static void copy(struct argp_state *state, char *to, size_t size, const char *arg)
{
	if (strlen(arg) >= size)
		argp_error(state, "%.40s...: too long", arg);
	memcpy(to, arg, strlen(arg) + 1);
}

static void parse_clock(struct argp_state *state, struct wsd_options *options, const char *arg)
{
	if (!strcmp(arg, "guest"))
		options->clock = WSD_CLOCK_GUEST;
	else if (strcmp(arg, "monotonic"))
		argp_error(state, "--clock %s: must be monotonic or guest", arg);
}

static void parse_amount(struct argp_state *state, u64 *to, const char *arg, bool is_time)
{
	if (is_time ? tr_parse_ns(arg, to) : tr_parse_bytes(arg, to))
		argp_error(state, "%s: not a %s with its unit", arg, is_time ? "time" : "size");
}

/* --tell: where to, and the words of the command. */
static const char *tell_path;
static char tell_line[1024];

static void add_word(struct argp_state *state, const char *word)
{
	size_t used = strlen(tell_line);

	if (used + strlen(word) + 2 >= sizeof(tell_line))
		argp_error(state, "the command is too long");
	snprintf(tell_line + used, sizeof(tell_line) - used, "%s%s", used ? " " : "", word);
}

/* The daemon's answer goes to standard output up to its last line, which says how it went. */
static int tell(void)
{
	int fd = wsd_socket_connect(tell_path);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r+");
	char line[4096];

	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	if (!stream) {
		fprintf(stderr, "ws-balloond: %s: %s\n", tell_path, strerror(fd < 0 ? -fd : errno));
		return STATUS_FAILED;
	}
	fprintf(stream, "%s\n", tell_line);
	fflush(stream);
	while (fgets(line, sizeof(line), stream)) {
		bool failed = !strncmp(line, "error", 5);

		fputs(line, failed ? stderr : stdout);
		if (failed || !strncmp(line, "ok", 2)) {
			fclose(stream);
			return failed ? STATUS_USAGE : STATUS_DONE;
		}
	}
	fprintf(stderr, "ws-balloond: %s: no answer\n", tell_path);
	fclose(stream);
	return STATUS_FAILED;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct wsd_options *options = state->input;
	struct tr_error error = { "" };

	switch (key) {
	case KEY_VM:
		if (wsd_options_add_vm(options, arg, &error))
			bad(state, &error);
		return 0;
	case 'c':
		if (wsd_options_read_file(options, arg, &error))
			bad(state, &error);
		return 0;
	case KEY_PARAM:
		if (wsd_options_add_param(options, arg, &error))
			bad(state, &error);
		return 0;
	case 'p':
		copy(state, options->policy, sizeof(options->policy), arg);
		return 0;
	case 'o':
		copy(state, options->output, sizeof(options->output), arg);
		return 0;
	case KEY_NAME:
		copy(state, options->name, sizeof(options->name), arg);
		return 0;
	case KEY_CONTROL:
		copy(state, options->control, sizeof(options->control), arg);
		return 0;
	case KEY_CLOCK:
		parse_clock(state, options, arg);
		return 0;
	case KEY_DURATION:
		parse_amount(state, &options->duration_ns, arg, true);
		return 0;
	case KEY_SAMPLE:
		parse_amount(state, &options->sample_ns, arg, true);
		return 0;
	case KEY_HOST_MEMORY:
		parse_amount(state, &options->host_bytes, arg, false);
		return 0;
	case KEY_DRY_RUN:
		options->dry_run = true;
		return 0;
	case KEY_NO_PLOTS:
		options->no_plots = true;
		return 0;
	case KEY_INBAND:
		options->inband = true;
		return 0;
	case KEY_NO_STATE:
		options->no_state = true;
		return 0;
	case KEY_TELL:
		tell_path = arg;
		return 0;
	case ARGP_KEY_ARG:
		add_word(state, arg);
		return 0;
	case ARGP_KEY_END:
		if (!tell_path && *tell_line)
			argp_error(state, "%s: no argument is expected", tell_line);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void say(const char *vm, const char *text)
{
	fprintf(stderr, "ws-balloond: %s%s%s\n", vm ? vm : "", vm ? ": " : "", text);
}

/* For the report: what made it. */
static char *command_text(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	for (int i = 0; stream && i < argc; i++)
		fprintf(stream, "%s%s", i ? " " : "", argv[i]);
	if (stream)
		fclose(stream);
	return text;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { option_table, parse, "[--tell PATH COMMAND...]", doc, NULL,
					  NULL, NULL };
	struct tr_error error = { "" };
	struct wsd_options options;
	struct wsd_run run = { .options = &options, .say = say };
	char *command = command_text(argc, argv);
	int rc, status = STATUS_DONE;

	setvbuf(stderr, NULL, _IOLBF, 0);
	wsd_options_default(&options);
	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	rc = tell_path ? 0 : wsd_options_check(&options, &error);
	if (tell_path) {
		status = tell();
	} else if (rc) {
		fprintf(stderr, "ws-balloond: %s\n", error.text);
		status = STATUS_USAGE;
	} else {
		run.command = command;
		rc = wsd_run(&run, &error);
		if (rc) {
			fprintf(stderr, "ws-balloond: %s\n", error.text);
			status = rc == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
		} else {
			printf("digest 0x%016llx, %llu events\n", run.digest, run.events);
			if (*options.output)
				printf("results %s/report.html\n", options.output);
		}
		if (!rc && run.plots_missing) {
			fprintf(stderr, "ws-balloond: plots are missing: %s\n", run.plots_error.text);
			status = STATUS_FAILED;
		}
	}
	wsd_options_free(&options);
	free(command);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "ws-balloond: standard output: cannot be written\n");
		return STATUS_FAILED;
	}
	return status;
}
