/* SPDX-License-Identifier: BSD-2-Clause */
/* test_host_qmp.c - ws-balloond as the client of QEMU, which is played here. */
#include "../kernel-port/agent/ws_agent_frame.h"
#include "fake_vmm.h"

#define SIZE (512 * FAKE_MIB)

/* QEMU's monitor, and the port behind which an agent is. */
struct fake_qemu {
	struct fake_daemon daemon;
	char qmp_path[96], port_path[96];
	int qmp_listen, port_listen, qmp, port;
	u64 left_bytes; /* to the guest */
	u32 update, commands;
	bool polls;
	char line[4096];
	u32 length;
};

static int fake_listen(const char *path)
{
	struct wsd_socket_place place;
	struct tr_error error;
	int fd = wsd_socket_listen(path, &place, &error);

	cr_assert(fd >= 0, "%s", error.text);
	return fd;
}

static int accept_within(int listening)
{
	struct pollfd ready = { .fd = listening, .events = POLLIN };
	int fd = -1;

	if (poll(&ready, 1, FAKE_WAIT_MS) == 1)
		fd = accept(listening, NULL, NULL);
	cr_assert(fd >= 0, "the daemon does not come");
	return fd;
}

static void say_qmp(struct fake_qemu *qemu, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say_qmp(struct fake_qemu *qemu, const char *format, ...)
{
	char text[2048];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cr_assert(write(qemu->qmp, text, (size_t)size) == size);
}

static void answer(struct fake_qemu *qemu, const char *json)
{
	const char *id_at = strstr(json, "\"id\"");
	u64 id = id_at ? strtoull(id_at + strcspn(id_at, "0123456789"), NULL, 10) : 0;

	qemu->commands++;
	if (strstr(json, "qmp_capabilities")) {
		say_qmp(qemu, "{\"return\": {}, \"id\": %llu}\r\n", id);
	} else if (strstr(json, "\"/machine/peripheral\"")) {
		say_qmp(qemu, "{\"return\": [{\"name\": \"net\", \"type\": \"child<e1000>\"}], "
			      "\"id\": %llu}\r\n", id);
	} else if (strstr(json, "qom-list")) {
		say_qmp(qemu, "{\"return\": [{\"name\": \"device[3]\", \"type\": "
			      "\"child<virtio-balloon-pci>\"}], \"id\": %llu}\r\n", id);
	} else if (strstr(json, "query-balloon")) {
		say_qmp(qemu, "{\"return\": {\"actual\": %llu}, \"id\": %llu}\r\n", qemu->left_bytes, id);
	} else if (strstr(json, "qom-set")) {
		cr_assert(strstr(json, "/machine/peripheral-anon/device[3]"));
		qemu->polls = true;
		say_qmp(qemu, "{\"return\": {}, \"id\": %llu}\r\n", id);
	} else if (strstr(json, "guest-stats-polling-interval")) {
		say_qmp(qemu, "{\"return\": %d, \"id\": %llu}\r\n", qemu->polls, id);
	} else if (strstr(json, "guest-stats")) {
		say_qmp(qemu, "{\"return\": {\"last-update\": %u, \"stats\": {\"stat-free-memory\": %llu, "
			      "\"stat-total-memory\": %llu, \"stat-htlb-pgfail\": 18446744073709551615}}, "
			      "\"id\": %llu}\r\n", ++qemu->update, 300 * FAKE_MIB, 500 * FAKE_MIB, id);
	} else if (strstr(json, "\"balloon\"")) {
		const char *value = strstr(json, "\"value\"");

		cr_assert(value);
		qemu->left_bytes = strtoull(value + strcspn(value, "0123456789"), NULL, 10);
		say_qmp(qemu, "{\"return\": {}, \"id\": %llu}\r\n", id);
		say_qmp(qemu, "{\"event\": \"BALLOON_CHANGE\", \"timestamp\": {\"seconds\": 1, "
			      "\"microseconds\": 2}, \"data\": {\"actual\": %llu}}\r\n", qemu->left_bytes);
	} else {
		cr_assert_fail("unknown command: %s", json);
	}
}

/* Answer the next @count commands.  They end where braces close. */
static void serve(struct fake_qemu *qemu, u32 count)
{
	struct pollfd ready = { .fd = qemu->qmp, .events = POLLIN };
	u32 until = qemu->commands + count;

	while (qemu->commands < until) {
		cr_assert(poll(&ready, 1, FAKE_WAIT_MS) == 1, "%u commands are missing",
			  until - qemu->commands);
		ssize_t got = read(qemu->qmp, qemu->line + qemu->length,
				   sizeof(qemu->line) - 1 - qemu->length);
		u32 depth = 0, start = 0;

		cr_assert(got > 0, "the daemon hangs up");
		qemu->length += (u32)got;
		for (u32 i = 0; i < qemu->length; i++) {
			depth += qemu->line[i] == '{';
			if (qemu->line[i] != '}' || --depth)
				continue;
			char json[4096];

			snprintf(json, sizeof(json), "%.*s", (int)(i + 1 - start), qemu->line + start);
			start = i + 1;
			answer(qemu, json);
		}
		qemu->length -= start;
		memmove(qemu->line, qemu->line + start, qemu->length);
	}
}

static struct fake_qemu *starting;

static void use_qemu(struct wsd_options *options)
{
	struct wsd_vm_options *vm = &options->vm[0];

	*vm->vhost = '\0';
	vm->size_bytes = SIZE;
	vm->min_bytes = 64 * FAKE_MIB;
	snprintf(vm->qmp, sizeof(vm->qmp), "%s", starting->qmp_path);
	if (starting->port_listen >= 0)
		snprintf(vm->serial, sizeof(vm->serial), "%s", starting->port_path);
	options->host_bytes = 1024 * FAKE_MIB;
}

static void start_qemu(struct fake_qemu *qemu, const char *policy, bool with_port)
{
	memset(qemu, 0, sizeof(*qemu));
	qemu->left_bytes = SIZE;
	qemu->port = qemu->port_listen = -1;
	fake_daemon_folder(&qemu->daemon);
	snprintf(qemu->qmp_path, sizeof(qemu->qmp_path), "%s/qmp", folder);
	snprintf(qemu->port_path, sizeof(qemu->port_path), "%s/port", folder);
	qemu->qmp_listen = fake_listen(qemu->qmp_path);
	if (with_port)
		qemu->port_listen = fake_listen(qemu->port_path);
	starting = qemu;
	fake_daemon_start(&qemu->daemon, "", policy, use_qemu);
	if (with_port)
		qemu->port = accept_within(qemu->port_listen);
	qemu->qmp = accept_within(qemu->qmp_listen);
	say_qmp(qemu, "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
	serve(qemu, 6); /* capabilities, two folders of devices, polling, its setting, size */
}

static void stop_qemu(struct fake_qemu *qemu)
{
	cr_assert(!fake_daemon_stop(&qemu->daemon, SIGTERM));
	remove_folder();
}

Test(balloond_qmp, finds_the_balloon_reads_its_size_and_sets_targets)
{
	struct fake_qemu qemu;

	start_qemu(&qemu, NULL, false);
	fake_await(&qemu.daemon, "up", 1);
	cr_assert(qemu.polls, "QEMU was not told to poll statistics");
	fake_do(&qemu.daemon, "target a 384MiB");
	serve(&qemu, 1);
	cr_assert(qemu.left_bytes == 384 * FAKE_MIB);
	fake_await(&qemu.daemon, "balloon_pages", 128 * FAKE_MIB / 4096);
	fake_do(&qemu.daemon, "stats a");
	serve(&qemu, 1);
	fake_await(&qemu.daemon, "free_bytes", 300 * FAKE_MIB);
	fake_expect(&qemu.daemon, "total_bytes", 500 * FAKE_MIB);
	stop_qemu(&qemu);
}

Test(balloond_qmp, started_again_it_finds_target_and_size_as_they_are)
{
	struct fake_qemu qemu;

	start_qemu(&qemu, NULL, false);
	fake_do(&qemu.daemon, "target a 384MiB");
	serve(&qemu, 1);
	cr_assert(fake_daemon_stop(&qemu.daemon, SIGKILL) == -SIGKILL);
	close(qemu.qmp);
	fake_daemon_start(&qemu.daemon, "", NULL, use_qemu);
	qemu.qmp = accept_within(qemu.qmp_listen);
	say_qmp(&qemu, "{\"QMP\": {}}\r\n");
	serve(&qemu, 5);
	fake_await(&qemu.daemon, "up", 1);
	fake_await(&qemu.daemon, "target_pages", 128 * FAKE_MIB / 4096);
	fake_await(&qemu.daemon, "balloon_pages", 128 * FAKE_MIB / 4096);
	cr_assert(qemu.left_bytes == 384 * FAKE_MIB);
	stop_qemu(&qemu);
}

Test(balloond_qmp, a_monitor_that_talks_nonsense_is_left_and_looked_for_again)
{
	struct fake_qemu qemu;

	start_qemu(&qemu, NULL, false);
	say_qmp(&qemu, "{\"return\": {\"actual\": -5}, \"id\": 6}\r\n"
		       "{\"return\": 7, \"id\": 7}\n{\"event\": 3}\n[]\n{\"id\": 1e300}\n");
	fake_await(&qemu.daemon, "up", 1);
	fake_expect(&qemu.daemon, "balloon_pages", 0);
	say_qmp(&qemu, "this is no JSON\n");
	fake_await(&qemu.daemon, "up", 0);
	close(qemu.qmp);
	fake_do(&qemu.daemon, "advance 1s");
	qemu.qmp = accept_within(qemu.qmp_listen);
	say_qmp(&qemu, "{\"QMP\": {}}\r\n");
	serve(&qemu, 5);
	fake_await(&qemu.daemon, "up", 1);
	stop_qemu(&qemu);
}

/* --- the agent's port --- */

static void say_frame(struct fake_qemu *qemu, u32 type, const void *payload, u32 length)
{
	u8 bytes[WS_FRAME_HEAD + WS_FRAME_PAYLOAD_MAX];

	ws_frame_head(bytes, (enum ws_frame_type)type, length);
	memcpy(bytes + WS_FRAME_HEAD, payload, length);
	cr_assert(write(qemu->port, bytes, WS_FRAME_HEAD + length) == (ssize_t)(WS_FRAME_HEAD + length));
}

/* The next MESSAGE frame of the daemon.  Return: its length. */
static u32 hear_message(struct fake_qemu *qemu, u8 *payload)
{
	u8 head[WS_FRAME_HEAD];

	for (;;) {
		struct pollfd ready = { .fd = qemu->port, .events = POLLIN };
		u32 length;

		cr_assert(poll(&ready, 1, FAKE_WAIT_MS) == 1, "no frame came");
		cr_assert(recv(qemu->port, head, sizeof(head), MSG_WAITALL) == sizeof(head));
		length = ws_get_le32(head + 4);
		cr_assert(ws_get_le32(head) == WS_FRAME_MARK && length <= WS_FRAME_PAYLOAD_MAX);
		if (length)
			cr_assert(recv(qemu->port, payload, length, MSG_WAITALL) == (ssize_t)length);
		if (head[8] == WS_FRAME_MESSAGE)
			return length;
	}
}

Test(balloond_qmp, reports_come_through_the_agents_port_whatever_garbage_is_between_them)
{
	static const char garbage[] = "garbage WSA1 that is no frame at all WSA1";
	u8 bytes[WS_FRAME_PAYLOAD_MAX];
	struct ws_proto_guest guest;
	struct fake_qemu qemu;
	struct ws_hist hist;
	int length;

	start_qemu(&qemu, NULL, true);
	fake_expect(&qemu.daemon, "up", 0); /* the agent has not said hello */
	cr_assert(write(qemu.port, garbage, sizeof(garbage)) == sizeof(garbage));
	memset(bytes, 0, sizeof(bytes));
	cr_assert(write(qemu.port, bytes, sizeof(bytes)) == sizeof(bytes)); /* ends what seemed a frame */
	say_frame(&qemu, WS_FRAME_HELLO, "wsr1", 4);
	fake_await(&qemu.daemon, "up", 1);
	fake_do(&qemu.daemon, "configure a 1s 5s 1s 10s");
	cr_assert(!ws_proto_guest_init(&guest, &ws_dialect_wsr1, 32));
	length = (int)hear_message(&qemu, bytes);
	cr_assert(ws_proto_guest_consume(&guest, bytes, (u32)length, 1) == WS_PROTO_CONFIGURE);
	cr_assert(!ws_hist_init(&hist, guest.msg.config.edge_ns, guest.msg.config.edges_count));
	length = ws_proto_guest_verdict(&guest, WS_STATUS_OK, 0, bytes, sizeof(bytes));
	say_frame(&qemu, WS_FRAME_MESSAGE, bytes, (u32)length);
	fake_do(&qemu.daemon, "report a");
	length = (int)hear_message(&qemu, bytes);
	cr_assert(ws_proto_guest_consume(&guest, bytes, (u32)length, 2) == WS_PROTO_REPORT);
	hist.pages[WS_ANON][0] = 11;
	hist.pages[WS_FILE][2] = 22;
	length = ws_proto_guest_report(&guest, &hist, 0, bytes, sizeof(bytes));
	say_frame(&qemu, WS_FRAME_MESSAGE, bytes, (u32)length);
	fake_await(&qemu.daemon, "report.number", 1);
	fake_expect(&qemu.daemon, "report.bins.0.anon_bytes", 11 * 4096);
	fake_expect(&qemu.daemon, "report.bins.2.file_bytes", 22 * 4096);
	close(qemu.port);
	fake_await(&qemu.daemon, "up", 0);
	stop_qemu(&qemu);
}

/* --- options --- */

static int check_options(const char *vm, const char *policy, char text[TR_ERROR_MAX])
{
	struct wsd_options options;
	struct tr_error error = { "" };
	int rc;

	wsd_options_default(&options);
	snprintf(options.policy, sizeof(options.policy), "%s", policy);
	rc = wsd_options_add_vm(&options, vm, &error);
	if (!rc)
		rc = wsd_options_check(&options, &error);
	snprintf(text, TR_ERROR_MAX, "%s", error.text);
	wsd_options_free(&options);
	return rc;
}

Test(balloond_options, what_a_vm_cannot_give_its_policy_is_said_before_anything_starts)
{
	char text[TR_ERROR_MAX];

	cr_assert(!check_options("name=a,qmp=/q,size=1GiB", "proxmox", text), "%s", text);
	cr_assert(check_options("name=a,qmp=/q,size=1GiB", "ws-target", text) == -EINVAL);
	cr_assert(strstr(text, "a: policy ws-target needs reports"), "%s", text);
	cr_assert(!check_options("name=a,qmp=/q,serial=/s,size=1GiB", "ws-target", text), "%s", text);
	cr_assert(check_options("name=a,vhost-user=/v,size=1GiB", "tmo", text) == -EINVAL);
	cr_assert(check_options("name=a,vhost-user=/v,size=1GiB,features=stats", "ws-target", text) ==
		  -EINVAL);
}

Test(balloond_options, nonsense_is_refused_in_one_line)
{
	static const char *const bad[] = {
		"", "name=a", "name=a,size=1GiB", "name=a,qmp=/q,vhost-user=/v,size=1GiB",
		"name=a,qmp=/q,size=1", "name=a,qmp=/q,size=many", "name=a,qmp=/q,size=1GiB,min=2GiB",
		"name=a,vhost-user=/v,size=1GiB,dialect=latin", "name=a,qmp=/q,size=1GiB,shares=0",
		"name=a,vhost-user=/v,size=1GiB,dialect=crosvm,bins=31", "qmp=/q,size=1GiB",
		"name=a,vhost-user=/v,size=1GiB,features=stats+magic", "name,qmp=/q",
		"name=a,vhost-user=/v,size=1GiB,feature-bit=3", "name=a,qmp=/q,size=1GiB,unknown=1",
	};
	char text[TR_ERROR_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_assert(check_options(bad[i], "static", text) < 0, "%s", bad[i]);
		cr_assert(*text && !strchr(text, '\n'), "%s: %s", bad[i], text);
	}
	cr_assert(check_options("name=a,qmp=/q,size=1GiB", "nonsense", text) == -EINVAL);
}
