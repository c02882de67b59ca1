/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_command.c - the control socket; see wsd_command.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/sim_json_write.h"
#include "tr_units.h"
#include "wsd_command.h"

#define LINE_BYTES 1024u
#define CLIENTS_MAX 8u
#define WORDS_MAX 40u

/* --- what is known --- */

static void put_report(struct sim_json_writer *json, const struct sim_vm_report *report)
{
	sim_json_object(json, "report");
	sim_json_number(json, "number", (double)report->number);
	sim_json_number(json, "arrived_s", (double)report->arrived_ns / 1e9);
	sim_json_bool(json, "pressure", report->pressure);
	sim_json_array(json, "bins");
	for (u32 i = 0; i < report->bins_count; i++) {
		sim_json_object(json, NULL);
		if (report->bin[i].idle_age_ns != WS_AGE_INFINITE)
			sim_json_number(json, "idle_age_s", (double)report->bin[i].idle_age_ns / 1e9);
		sim_json_number(json, "anon_bytes", (double)report->bin[i].anon_bytes);
		sim_json_number(json, "file_bytes", (double)report->bin[i].file_bytes);
		sim_json_close(json);
	}
	sim_json_close(json);
	sim_json_close(json);
}

static void put_device(struct sim_json_writer *json, const struct wsd_device *device)
{
	const struct wsd_device_counters *counters = &device->counters;

	sim_json_object(json, "device");
	sim_json_hex(json, "features", device->features);
	sim_json_number(json, "actual_pages", device->config.actual);
	sim_json_number(json, "counted_pages", (double)wsd_device_counted_pages(device));
	sim_json_number(json, "memory_bytes", (double)wsd_mem_bytes(&device->mem));
	sim_json_number(json, "inflate_messages", (double)counters->inflate_messages);
	sim_json_number(json, "deflate_messages", (double)counters->deflate_messages);
	sim_json_number(json, "stats_messages", (double)counters->stats_messages);
	sim_json_number(json, "report_messages", (double)counters->report_messages);
	sim_json_number(json, "inflated_pages", (double)counters->inflated_pages);
	sim_json_number(json, "deflated_pages", (double)counters->deflated_pages);
	sim_json_number(json, "reported_pages", (double)counters->reported_pages);
	sim_json_number(json, "kept_pages", (double)counters->kept_pages);
	sim_json_number(json, "hinted_pages", (double)counters->hinted_pages);
	sim_json_number(json, "hint_series", (double)counters->hint_series);
	sim_json_number(json, "malformed", (double)counters->malformed);
	sim_json_number(json, "unreleased_pages", (double)counters->unreleased_pages);
	sim_json_number(json, "lost_messages", (double)counters->lost_messages);
	sim_json_close(json);
}

static void put_vm(struct sim_json_writer *json, const struct wsd_control *control, u32 i)
{
	const struct wsd_vm *vm = &control->vm[i];
	const u64 *value = vm->stats.value;
	struct wsd_backing backing;
	char channels[128];

	wsd_vm_backing(vm, &backing);
	sim_channels_text(wsd_vm_channels(vm), channels, sizeof(channels));
	sim_json_object(json, NULL);
	sim_json_text(json, "name", vm->options->name);
	sim_json_bool(json, "up", vm->up);
	sim_json_bool(json, "added", control->peer[i].added);
	sim_json_text(json, "channels", channels);
	sim_json_number(json, "target_pages", (double)vm->target_pages);
	sim_json_number(json, "balloon_pages", (double)wsd_vm_balloon_pages(vm));
	sim_json_number(json, "backed_bytes", (double)backing.backed_bytes);
	sim_json_number(json, "stats_s", (double)vm->stats_ns / 1e9);
	sim_json_number(json, "free_bytes", (double)value[WS_STAT_MEMFREE]);
	sim_json_number(json, "total_bytes", (double)value[WS_STAT_MEMTOT]);
	sim_json_number(json, "available_bytes", (double)value[WS_STAT_AVAIL]);
	sim_json_number(json, "configured", vm->proto.configured);
	sim_json_number(json, "reports_lost", (double)vm->reports_lost);
	sim_json_number(json, "malformed_messages", (double)vm->malformed_count);
	if (vm->attach)
		put_device(json, wsd_attach_device(vm->attach));
	put_report(json, &vm->report);
	sim_json_close(json);
}

static void do_state(const struct wsd_control *control, FILE *answer)
{
	struct sim_json_writer json;

	sim_json_begin(&json, answer);
	sim_json_number(&json, "now_s", (double)wsd_loop_now(control->loop) / 1e9);
	sim_json_text(&json, "policy", control->policy->name);
	sim_json_hex(&json, "digest", control->record->engine.digest);
	sim_json_number(&json, "events", (double)control->record->engine.events);
	sim_json_array(&json, "vms");
	for (u32 i = 0; i < control->vms_count; i++)
		put_vm(&json, control, i);
	sim_json_close(&json);
	sim_json_finish(&json);
	fputs("ok\n", answer);
}

/* --- what is to be done --- */

static int find_vm(const struct wsd_control *control, const char *name)
{
	for (u32 i = 0; name && i < control->vms_count; i++)
		if (!strcmp(control->options->vm[i].name, name))
			return (int)i;
	return -1;
}

static void do_time(struct wsd_control *control, const char *word, bool relative, FILE *answer)
{
	u64 ns;

	if (control->loop->clock != WSD_CLOCK_GUEST) {
		fputs("error: the clock is the machine's; see --clock\n", answer);
		return;
	}
	if (!word || tr_parse_ns(word, &ns)) {
		fputs("error: needs a time with its unit\n", answer);
		return;
	}
	wsd_loop_advance(control->loop, relative ? wsd_loop_now(control->loop) + ns : ns);
	fprintf(answer, "ok %llu\n", wsd_loop_now(control->loop));
}

static void do_target(struct wsd_control *control, u32 vm, const char *word, FILE *answer)
{
	u64 bytes;

	if (!word || tr_parse_bytes(word, &bytes)) {
		fputs("error: needs a size\n", answer);
		return;
	}
	wsd_control_set_target(control, vm, bytes);
	fprintf(answer, "ok %llu\n", control->vm[vm].target_pages);
}

static void do_configure(struct wsd_control *control, u32 vm, char **word, u32 count, FILE *answer)
{
	struct ws_report_config config = { .edges_count = 0 };
	int rc = count >= 3 && count <= WS_EDGES_MAX + 2 ? 0 : -EINVAL;

	if (!rc)
		rc = tr_parse_ns(word[0], &config.refresh_interval_ns);
	if (!rc)
		rc = tr_parse_ns(word[1], &config.report_threshold_ns);
	for (u32 i = 2; i < count && !rc; i++)
		rc = tr_parse_ns(word[i], &config.edge_ns[config.edges_count++]);
	if (!rc && wsd_vm_channels(&control->vm[vm]) & SIM_CH_REPORTS)
		rc = wsd_vm_configure(&control->vm[vm], &config);
	else if (!rc)
		rc = -ENODATA;
	if (rc < 0)
		fprintf(answer, "error: %s\n", strerror(-rc));
	else
		fputs("ok\n", answer);
}

static void do_for_vm(struct wsd_control *control, char **word, u32 count, FILE *answer)
{
	int vm = find_vm(control, word[1]);
	int rc = 0;

	if (vm < 0) {
		fputs("error: which VM?\n", answer);
		return;
	}
	if (!control->vm[vm].up) {
		fputs("error: that VM is not there\n", answer);
		return;
	}
	if (!strcmp(word[0], "target")) {
		do_target(control, (u32)vm, word[2], answer);
		return;
	}
	if (!strcmp(word[0], "configure")) {
		do_configure(control, (u32)vm, word + 2, count - 2, answer);
		return;
	}
	if (!strcmp(word[0], "stats"))
		wsd_vm_request_stats(&control->vm[vm]);
	else if (!strcmp(word[0], "report"))
		rc = wsd_vm_request_report(&control->vm[vm]);
	else if (!control->vm[vm].attach || !wsd_device_hint(wsd_attach_device(control->vm[vm].attach)))
		rc = -EOPNOTSUPP;
	if (rc < 0)
		fprintf(answer, "error: %s\n", strerror(-rc));
	else
		fputs("ok\n", answer);
}

/* Carry out one line and write the answer. */
static void carry_out(struct wsd_control *control, const char *line, FILE *answer)
{
	static const char *const for_vm[] = { "target", "configure", "stats", "report", "hint" };
	char text[LINE_BYTES], *word[WORDS_MAX] = { NULL }, *rest = NULL;
	u32 count = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (char *at = strtok_r(text, " \t\r\n", &rest); at && count < WORDS_MAX - 1;
	     at = strtok_r(NULL, " \t\r\n", &rest))
		word[count++] = at;
	if (!count)
		return;
	for (size_t i = 0; i < sizeof(for_vm) / sizeof(*for_vm); i++) {
		if (!strcmp(word[0], for_vm[i])) {
			do_for_vm(control, word, count, answer);
			return;
		}
	}
	if (!strcmp(word[0], "state")) {
		do_state(control, answer);
	} else if (!strcmp(word[0], "tick") || !strcmp(word[0], "advance")) {
		do_time(control, word[1], !strcmp(word[0], "advance"), answer);
	} else if (!strcmp(word[0], "quit")) {
		control->loop->stop = true;
		fputs("ok\n", answer);
	} else {
		fputs("error: known: state, target, stats, report, configure, hint, tick, advance, quit\n",
		      answer);
	}
}

/* --- the socket --- */

struct client {
	struct wsd_watch watch; /* fd -1: free */
	struct wsd_command *command;
	char input[LINE_BYTES];
	u32 input_length;
};

struct wsd_command {
	struct wsd_control *control;
	struct wsd_watch listening;
	char path[WSD_PATH_MAX];
	struct wsd_socket_place place;
	struct client client[CLIENTS_MAX];
};

static void hang_up(struct client *client)
{
	wsd_loop_unwatch(client->command->control->loop, &client->watch);
	close(client->watch.fd);
	client->watch.fd = -1;
	client->input_length = 0;
}

static void hold(struct wsd_control *control, bool held)
{
	for (u32 i = 0; i < control->vms_count; i++)
		if (control->vm[i].attach)
			wsd_attach_hold(control->vm[i].attach, held);
}

static bool answer_line(struct client *client, const char *line)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	bool sent;

	if (!stream)
		return false;
	hold(client->command->control, true);
	carry_out(client->command->control, line, stream);
	hold(client->command->control, false);
	if (fclose(stream))
		return false;
	sent = !size || !wsd_socket_send(client->watch.fd, text, (u32)size);
	free(text);
	return sent;
}

static void on_input(void *ctx, u32 events)
{
	struct client *client = ctx;
	char line[LINE_BYTES], *end;
	ssize_t got;

	(void)events;
	got = read(client->watch.fd, client->input + client->input_length,
		   sizeof(client->input) - client->input_length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		hang_up(client);
		return;
	}
	client->input_length += (u32)got;
	while ((end = memchr(client->input, '\n', client->input_length))) {
		u32 length = (u32)(end - client->input);

		memcpy(line, client->input, length);
		line[length] = '\0';
		client->input_length -= length + 1;
		memmove(client->input, end + 1, client->input_length);
		if (!answer_line(client, line)) {
			hang_up(client);
			return;
		}
	}
	if (client->input_length == sizeof(client->input))
		hang_up(client);
}

static void on_connection(void *ctx, u32 events)
{
	struct wsd_command *command = ctx;
	int fd = accept4(command->listening.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	for (u32 i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &command->client[i];

		if (client->watch.fd >= 0)
			continue;
		client->watch.fd = fd;
		if (wsd_loop_watch(command->control->loop, &client->watch, EPOLLIN))
			hang_up(client);
		return;
	}
	close(fd);
}

int wsd_command_create(struct wsd_command **command, struct wsd_control *control,
		       const char *path, struct tr_error *error)
{
	struct wsd_command *made = calloc(1, sizeof(*made));
	mode_t mask;
	int fd;

	if (!made)
		return tr_fail(error, -ENOMEM, "out of memory");
	made->control = control;
	snprintf(made->path, sizeof(made->path), "%s", path);
	for (u32 i = 0; i < CLIENTS_MAX; i++) {
		made->client[i].command = made;
		made->client[i].watch =
			(struct wsd_watch){ .fd = -1, .ready = on_input, .ctx = &made->client[i] };
	}
	mask = umask(0177);
	fd = wsd_socket_listen(path, &made->place, error);
	umask(mask);
	made->listening = (struct wsd_watch){ .fd = fd, .ready = on_connection, .ctx = made };
	if (fd >= 0)
		fd = wsd_loop_watch(control->loop, &made->listening, EPOLLIN);
	if (fd < 0) {
		free(made);
		return fd;
	}
	*command = made;
	return 0;
}

void wsd_command_destroy(struct wsd_command *command)
{
	if (!command)
		return;
	for (u32 i = 0; i < CLIENTS_MAX; i++)
		if (command->client[i].watch.fd >= 0)
			hang_up(&command->client[i]);
	wsd_loop_unwatch(command->control->loop, &command->listening);
	close(command->listening.fd);
	wsd_socket_remove(command->path, &command->place);
	free(command);
}
