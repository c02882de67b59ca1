/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_qmp.c - commands to QEMU and what it answers; see wsd_qmp.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "scenario/sim_json.h"
#include "scenario/sim_json_write.h"
#include "wsd_port.h"
#include "wsd_qmp.h"

#define LINE_MAX_BYTES (1u << 20)
/* Looks, one a second, until a monitor that does not answer is worth a line. */
#define PATIENCE_COUNT 10u

/* What a command was for; goes out as its id and comes back with the answer. */
enum ask {
	ASK_CAPABILITIES = 1,
	ASK_DEVICES,	  /* named ones */
	ASK_DEVICES_ANON, /* the others */
	ASK_POLLING,
	ASK_SET_POLLING,
	ASK_SIZE,
	ASK_STATS,
	ASK_TARGET,
};

struct wsd_qmp {
	struct wsd_loop *loop;
	struct wsd_vm *vm;
	struct wsd_watch watch; /* fd -1: not connected */
	int pid;
	char *input;
	u32 input_length;
	char balloon[256]; /* QOM path; "": not found yet */
	bool sized;	   /* the size is known */
	bool complained;
	bool greeted;	   /* QEMU has said anything since it was connected to */
	u32 waited_count;  /* looks without an answer */
	u64 left_bytes;	   /* memory left to the guest */
	u64 last_update;   /* of the newest statistics */
};

static void hang_up(struct wsd_qmp *qmp, const char *why)
{
	if (qmp->watch.fd < 0)
		return;
	wsd_loop_unwatch(qmp->loop, &qmp->watch);
	close(qmp->watch.fd);
	qmp->watch.fd = -1;
	qmp->pid = 0;
	qmp->sized = qmp->greeted = false;
	qmp->input_length = 0;
	*qmp->balloon = '\0';
	if (why)
		wsd_vm_complain(qmp->vm, why);
	wsd_vm_went_down(qmp->vm);
}

static void check_up(struct wsd_qmp *qmp)
{
	bool ready = qmp->sized && (!qmp->vm->port || wsd_port_is_up(qmp->vm->port));

	if (ready)
		wsd_vm_went_up(qmp->vm);
	else
		wsd_vm_went_down(qmp->vm);
}

void wsd_qmp_port_changed(struct wsd_qmp *qmp)
{
	check_up(qmp);
}

/* --- commands --- */

static void put_id(struct sim_json_writer *json, enum ask id)
{
	sim_json_number(json, "id", (double)id);
}

static void send_text(struct wsd_qmp *qmp, const char *text, size_t size)
{
	if (qmp->watch.fd >= 0 && wsd_socket_send(qmp->watch.fd, text, (u32)size))
		hang_up(qmp, "QEMU does not read its monitor: connection ended");
}

/* A command with up to three arguments; text ones first, then a number or flag. */
static void command(struct wsd_qmp *qmp, enum ask id, const char *name, const char *path,
		    const char *property, const char *number_key, u64 number)
{
	struct sim_json_writer json;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return;
	sim_json_begin(&json, stream);
	sim_json_text(&json, "execute", name);
	if (path || number_key) {
		sim_json_object(&json, "arguments");
		if (path)
			sim_json_text(&json, "path", path);
		if (property)
			sim_json_text(&json, "property", property);
		if (number_key)
			sim_json_number(&json, number_key, (double)number);
		sim_json_close(&json);
	}
	put_id(&json, id);
	sim_json_finish(&json);
	if (!fclose(stream))
		send_text(qmp, text, size);
	free(text);
}

void wsd_qmp_set_target(struct wsd_qmp *qmp, u64 bytes)
{
	command(qmp, ASK_TARGET, "balloon", NULL, NULL, "value", bytes);
}

void wsd_qmp_request_stats(struct wsd_qmp *qmp)
{
	if (*qmp->balloon)
		command(qmp, ASK_STATS, "qom-get", qmp->balloon, "guest-stats", NULL, 0);
}

/* --- answers --- */

static bool number_at(const struct sim_json_in *in, const char *key, double *value)
{
	struct sim_json_in child;

	return sim_json_find(in, key, &child) && !sim_json_get_double(&child, value, NULL);
}

static void take_stats(struct wsd_qmp *qmp, const struct sim_json_in *answer)
{
	static const char *const keys[WS_STATS] = {
		[WS_STAT_SWAP_IN] = "stat-swap-in",
		[WS_STAT_SWAP_OUT] = "stat-swap-out",
		[WS_STAT_MAJFLT] = "stat-major-faults",
		[WS_STAT_MINFLT] = "stat-minor-faults",
		[WS_STAT_MEMFREE] = "stat-free-memory",
		[WS_STAT_MEMTOT] = "stat-total-memory",
		[WS_STAT_AVAIL] = "stat-available-memory",
		[WS_STAT_CACHES] = "stat-disk-caches",
		[WS_STAT_HTLB_PGALLOC] = "stat-htlb-pgalloc",
		[WS_STAT_HTLB_PGFAIL] = "stat-htlb-pgfail",
		[WS_STAT_OOM_KILL] = "stat-oom-kills",
		[WS_STAT_ALLOC_STALL] = "stat-alloc-stalls",
		[WS_STAT_ASYNC_SCAN] = "stat-async-scans",
		[WS_STAT_DIRECT_SCAN] = "stat-direct-scans",
		[WS_STAT_ASYNC_RECLAIM] = "stat-async-reclaims",
		[WS_STAT_DIRECT_RECLAIM] = "stat-direct-reclaims",
	};
	struct ws_stats stats = { .present = 0 };
	struct sim_json_in list;
	double update;

	if (!number_at(answer, "last-update", &update) || !sim_json_find(answer, "stats", &list) ||
	    update <= 0 || update >= (double)SIM_JSON_EXACT || (u64)update == qmp->last_update)
		return;
	qmp->last_update = (u64)update;
	for (u32 i = 0; i < WS_STATS; i++) {
		double value;

		/* A statistic that the guest does not have is all ones. */
		if (!number_at(&list, keys[i], &value) || value < 0 || value >= 9.2e18)
			continue;
		stats.present |= 1u << i;
		stats.value[i] = (u64)value;
	}
	wsd_vm_stats_heard(qmp->vm, &stats);
}

static void take_size(struct wsd_qmp *qmp, double bytes)
{
	bool moved;

	if (!(bytes >= 0 && bytes < (double)SIM_JSON_EXACT))
		return;
	moved = qmp->left_bytes != (u64)bytes;
	qmp->left_bytes = (u64)bytes;
	if (!qmp->sized) {
		/* What it is now is what somebody wanted: the state lives in the VM. */
		qmp->sized = true;
		qmp->vm->target_pages = wsd_vm_balloon_pages(qmp->vm);
		check_up(qmp);
	} else if (moved && qmp->vm->up) {
		qmp->vm->events->moved(qmp->vm->ctx, qmp->vm);
	}
}

static void found_balloon(struct wsd_qmp *qmp)
{
	command(qmp, ASK_POLLING, "qom-get", qmp->balloon, "guest-stats-polling-interval", NULL, 0);
	command(qmp, ASK_SIZE, "query-balloon", NULL, NULL, NULL, 0);
}

/* The balloon among the children of a QOM object. */
static void take_devices(struct wsd_qmp *qmp, const struct sim_json_in *answer, const char *folder)
{
	struct sim_json_in device, type, name;
	const char *type_text, *name_text;

	if (*qmp->balloon || sim_json_kind(answer) != SIM_JSON_ARRAY)
		return;
	for (bool ok = sim_json_first(answer, &device); ok; ok = sim_json_next(&device)) {
		if (!sim_json_find(&device, "type", &type) || !sim_json_find(&device, "name", &name) ||
		    sim_json_get_text(&type, &type_text, NULL) ||
		    sim_json_get_text(&name, &name_text, NULL) ||
		    strncmp(type_text, "child<virtio-balloon", 20))
			continue;
		snprintf(qmp->balloon, sizeof(qmp->balloon), "%s/%.200s", folder, name_text);
		found_balloon(qmp);
		return;
	}
}

static void take_polling(struct wsd_qmp *qmp, const struct sim_json_in *answer)
{
	double interval;

	if (sim_json_get_double(answer, &interval, NULL))
		return;
	if (interval > 0)
		return;
	if (qmp->vm->dry_run)
		wsd_vm_complain(qmp->vm, "QEMU does not poll statistics, and a dry run does not tell it to");
	else
		command(qmp, ASK_SET_POLLING, "qom-set", qmp->balloon, "guest-stats-polling-interval",
			"value", 1);
}

static void look_for_balloon(struct wsd_qmp *qmp)
{
	if (*qmp->vm->options->balloon) {
		snprintf(qmp->balloon, sizeof(qmp->balloon), "%s", qmp->vm->options->balloon);
		found_balloon(qmp);
		return;
	}
	command(qmp, ASK_DEVICES, "qom-list", "/machine/peripheral", NULL, NULL, 0);
	command(qmp, ASK_DEVICES_ANON, "qom-list", "/machine/peripheral-anon", NULL, NULL, 0);
}

static void take_answer(struct wsd_qmp *qmp, enum ask id, const struct sim_json_in *answer)
{
	double bytes;

	switch (id) {
	case ASK_CAPABILITIES:
		look_for_balloon(qmp);
		break;
	case ASK_DEVICES:
		take_devices(qmp, answer, "/machine/peripheral");
		break;
	case ASK_DEVICES_ANON:
		take_devices(qmp, answer, "/machine/peripheral-anon");
		if (!*qmp->balloon && !qmp->complained)
			wsd_vm_complain(qmp->vm, "QEMU has no virtio-balloon device; see balloon=QOM-PATH");
		qmp->complained = !*qmp->balloon;
		break;
	case ASK_POLLING:
		take_polling(qmp, answer);
		break;
	case ASK_SIZE:
		if (number_at(answer, "actual", &bytes))
			take_size(qmp, bytes);
		break;
	case ASK_STATS:
		take_stats(qmp, answer);
		break;
	case ASK_SET_POLLING:
	case ASK_TARGET:
		break;
	}
}

static void take_error(struct wsd_qmp *qmp, enum ask id, const struct sim_json_in *error)
{
	struct sim_json_in in;
	const char *why = "?";
	char text[256];

	/* A guest whose driver is not there yet has no balloon to ask about: tried again. */
	if (id == ASK_SIZE || id == ASK_STATS)
		return;
	if (sim_json_find(error, "desc", &in))
		sim_json_get_text(&in, &why, NULL);
	snprintf(text, sizeof(text), "QEMU refuses a command (%d): %.160s", (int)id, why);
	wsd_vm_complain(qmp->vm, text);
}

static void take_event(struct wsd_qmp *qmp, const char *event, const struct sim_json_in *top)
{
	struct sim_json_in data;
	double bytes;

	if (!strcmp(event, "BALLOON_CHANGE") && sim_json_find(top, "data", &data) &&
	    number_at(&data, "actual", &bytes) && qmp->sized)
		take_size(qmp, bytes);
	if (!strcmp(event, "RESET")) {
		/* The guest starts again, with an empty balloon. */
		qmp->sized = false;
		check_up(qmp);
		command(qmp, ASK_SIZE, "query-balloon", NULL, NULL, NULL, 0);
	}
}

static void take_line(struct wsd_qmp *qmp, const char *line, size_t size)
{
	struct sim_json_in top, in;
	struct sim_json *json;
	const char *event;
	double id = 0;

	if (sim_json_parse(&json, "qmp", line, size, NULL)) {
		hang_up(qmp, "QEMU's monitor speaks no JSON: connection ended");
		return;
	}
	top = sim_json_top(json, "qmp");
	number_at(&top, "id", &id);
	if (!(id >= 0 && id < 100))
		id = 0;
	if (sim_json_find(&top, "QMP", &in))
		command(qmp, ASK_CAPABILITIES, "qmp_capabilities", NULL, NULL, NULL, 0);
	else if (sim_json_find(&top, "event", &in) && !sim_json_get_text(&in, &event, NULL))
		take_event(qmp, event, &top);
	else if (sim_json_find(&top, "error", &in))
		take_error(qmp, (enum ask)(int)id, &in);
	else if (sim_json_find(&top, "return", &in))
		take_answer(qmp, (enum ask)(int)id, &in);
	sim_json_free(json);
}

/* --- the socket --- */

static void on_input(void *ctx, u32 events)
{
	struct wsd_qmp *qmp = ctx;
	u32 at = 0;
	char *end;
	ssize_t got;

	(void)events;
	got = read(qmp->watch.fd, qmp->input + qmp->input_length, LINE_MAX_BYTES - qmp->input_length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		hang_up(qmp, qmp->input_length == LINE_MAX_BYTES ?
				     "QEMU's monitor sends a line too long: connection ended" : NULL);
		return;
	}
	qmp->input_length += (u32)got;
	qmp->greeted = true;
	qmp->waited_count = 0;
	while ((end = memchr(qmp->input + at, '\n', qmp->input_length - at))) {
		take_line(qmp, qmp->input + at, (size_t)(end - qmp->input) - at);
		if (qmp->watch.fd < 0)
			return;
		at = (u32)(end - qmp->input) + 1;
	}
	qmp->input_length -= at;
	memmove(qmp->input, qmp->input + at, qmp->input_length);
}

/* Once for each time of silence: a VM may well be started after its daemon. */
static void wait_on(struct wsd_qmp *qmp, const char *why)
{
	char text[WSD_PATH_MAX + 160];

	if (qmp->waited_count++ != PATIENCE_COUNT)
		return;
	snprintf(text, sizeof(text), "%s: %s; tried again every second", qmp->vm->options->qmp, why);
	wsd_vm_complain(qmp->vm, text);
}

void wsd_qmp_look_after(struct wsd_qmp *qmp)
{
	int fd;

	if (qmp->watch.fd >= 0) {
		if (*qmp->balloon)
			command(qmp, ASK_SIZE, "query-balloon", NULL, NULL, NULL, 0);
		else if (!qmp->greeted)
			wait_on(qmp, "no greeting from QEMU's monitor, which talks to one at a time");
		return;
	}
	fd = wsd_socket_connect(qmp->vm->options->qmp);
	if (fd < 0) {
		wait_on(qmp, strerror(-fd));
		return;
	}
	qmp->watch.fd = fd;
	qmp->pid = wsd_socket_peer(qmp->watch.fd);
	if (wsd_loop_watch(qmp->loop, &qmp->watch, EPOLLIN))
		hang_up(qmp, NULL);
}

int wsd_qmp_create(struct wsd_qmp **qmp, struct wsd_loop *loop, struct wsd_vm *vm,
		   struct tr_error *error)
{
	struct wsd_qmp *made = calloc(1, sizeof(*made));

	if (made)
		made->input = malloc(LINE_MAX_BYTES);
	if (!made || !made->input) {
		free(made);
		return tr_fail(error, -ENOMEM, "out of memory");
	}
	made->loop = loop;
	made->vm = vm;
	made->watch = (struct wsd_watch){ .fd = -1, .ready = on_input, .ctx = made };
	made->left_bytes = vm->options->size_bytes;
	*qmp = made;
	wsd_qmp_look_after(made);
	return 0;
}

void wsd_qmp_destroy(struct wsd_qmp *qmp)
{
	if (!qmp)
		return;
	if (qmp->watch.fd >= 0) {
		wsd_loop_unwatch(qmp->loop, &qmp->watch);
		close(qmp->watch.fd);
	}
	free(qmp->input);
	free(qmp);
}

u64 wsd_qmp_balloon_pages(const struct wsd_qmp *qmp)
{
	u64 size = qmp->vm->options->size_bytes;

	return qmp->left_bytes < size ? (size - qmp->left_bytes) / WS_PAGE_BYTES : 0;
}

int wsd_qmp_pid(const struct wsd_qmp *qmp)
{
	return qmp->pid;
}
