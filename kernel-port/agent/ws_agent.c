/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ws_agent.c - in a guest on stock QEMU: ws.ko's reports to ws-balloond, by virtio-serial.
 *
 * The guest's end of working-set reporting (ws_proto.h) between the files of ws.ko and a
 * port of ws_agent_frame.h: a configuration is written to every node's files, a request
 * is answered by what page_age says, poll() on it tells of reclaim under pressure.  Once
 * a second it tells the guest's memory pressure and Committed_AS; on RECLAIM it writes to
 * the root cgroup's memory.reclaim.
 *
 * usage: ws-agent [-p PORT] [-w FOLDER] [-d DIALECT] [-s SECONDS]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ws_agent_frame.h"
#include "ws_math.h"
#include "ws_proto.h"

#define NODES_MAX WS_PARTS_MAX
#define TEXT_MAX 65536
#define NS_PER_S 1000000000ull
#define PAUSE_MS 200

struct agent {
	const char *port_path, *folder;
	int port;
	int page_age[NODES_MAX]; /* open for poll(), or -1 */
	u16 node[NODES_MAX];
	u32 nodes_count;
	struct ws_proto_guest proto;
	struct ws_hist hist[NODES_MAX];
	u8 input[2 * (WS_FRAME_HEAD + WS_FRAME_PAYLOAD_MAX)];
	u32 input_length;
	u64 told_ns;
};

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
}

static void complain(const char *format, ...)
{
	va_list args;

	fputs("ws-agent: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* --- files of the kernel --- */

static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	if (got < 0) {
		got = -errno;
	} else {
		text[got] = '\0';
		got = 0;
	}
	close(fd);
	return (int)got;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static void node_path(const struct agent *agent, u32 i, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/node%u/%s", agent->folder, agent->node[i], name);
}

static void find_nodes(struct agent *agent)
{
	char path[256];

	for (u32 nid = 0; nid < 64 && agent->nodes_count < NODES_MAX; nid++) {
		u32 i = agent->nodes_count;

		agent->node[i] = (u16)nid;
		node_path(agent, i, "page_age", path, sizeof(path));
		agent->page_age[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (agent->page_age[i] >= 0)
			agent->nodes_count++;
	}
}

/* The number behind @key, which may stand anywhere. */
static u64 number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key) + strspn(at + strlen(key), ": \t"), NULL, 10) : 0;
}

/* "1000 anon=4096 file=0" and so on, the last line without an edge.  0 or negative errno. */
static int parse_page_age(const char *text, struct ws_hist *hist)
{
	u32 bin = 0;

	memset(hist->pages, 0, sizeof(hist->pages));
	while (*text && bin < hist->bins_count) {
		size_t length = strcspn(text, "\n");
		char line[256];
		u64 edge_ms;

		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		text += length + (text[length] == '\n');
		if (!strstr(line, "anon="))
			continue;
		edge_ms = strtoull(line, NULL, 10);
		if (bin + 1 < hist->bins_count && edge_ms * WS_NS_PER_MS != ws_hist_edge(hist, bin))
			return -EAGAIN; /* somebody else has set other edges */
		hist->pages[WS_ANON][bin] = number_after(line, "anon=") >> WS_PAGE_SHIFT;
		hist->pages[WS_FILE][bin] = number_after(line, "file=") >> WS_PAGE_SHIFT;
		bin++;
	}
	return bin == hist->bins_count ? 0 : -EIO;
}

/* --- frames --- */

static void send_frame(struct agent *agent, enum ws_frame_type type, const u8 *payload, u32 length)
{
	u8 bytes[WS_FRAME_HEAD + WS_WIRE_TO_HOST_MAX];
	u32 sent = 0;

	ws_frame_head(bytes, type, length);
	memcpy(bytes + WS_FRAME_HEAD, payload, length);
	length += WS_FRAME_HEAD;
	/* What the host does not take within a second is dropped; frames can be found again. */
	for (u32 tries = 0; sent < length && tries < 5; tries++) {
		ssize_t wrote = write(agent->port, bytes + sent, length - sent);

		if (wrote > 0)
			sent += (u32)wrote;
		else
			usleep(PAUSE_MS * 1000);
	}
}

static void say_hello(struct agent *agent)
{
	const char *name = agent->proto.dialect->name;

	send_frame(agent, WS_FRAME_HELLO, (const u8 *)name, (u32)strlen(name));
}

static u32 hundredths_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	unsigned int whole = 0, part = 0;

	if (!at || sscanf(at + strlen(key), "%u.%2u", &whole, &part) < 1)
		return 0;
	return whole * 100 + part;
}

static void say_info(struct agent *agent)
{
	char text[TEXT_MAX];
	const char *full;
	u8 info[WS_FRAME_INFO_BYTES] = { 0 };

	if (!read_file("/proc/meminfo", text, sizeof(text)))
		ws_put_le64(info, number_after(text, "Committed_AS") * 1024);
	if (!read_file("/proc/pressure/memory", text, sizeof(text)) && (full = strstr(text, "full"))) {
		ws_put_le64(info + 8, number_after(text, "total=") * 1000);
		ws_put_le64(info + 16, number_after(full, "total=") * 1000);
		ws_put_le32(info + 24, hundredths_after(text, "avg10="));
		ws_put_le32(info + 28, hundredths_after(full, "avg10="));
	}
	send_frame(agent, WS_FRAME_INFO, info, sizeof(info));
}

/* --- the guest's end --- */

static int set_node(struct agent *agent, u32 i, const struct ws_report_config *config)
{
	char path[256], text[1024];
	size_t length = 0;
	int rc;

	for (u32 edge = 0; edge < config->edges_count; edge++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%llu",
					   edge ? "," : "", config->edge_ns[edge] / WS_NS_PER_MS);
	node_path(agent, i, "page_age_intervals", path, sizeof(path));
	rc = write_file(path, text);
	snprintf(text, sizeof(text), "%llu", config->refresh_interval_ns / WS_NS_PER_MS);
	node_path(agent, i, "refresh_interval", path, sizeof(path));
	rc = rc ? rc : write_file(path, text);
	snprintf(text, sizeof(text), "%llu", config->report_threshold_ns / WS_NS_PER_MS);
	node_path(agent, i, "report_threshold", path, sizeof(path));
	rc = rc ? rc : write_file(path, text);
	if (rc)
		complain("%s: %s", path, strerror(-rc));
	return rc;
}

static enum ws_status configure(struct agent *agent)
{
	const struct ws_report_config *config = &agent->proto.msg.config;

	for (u32 i = 0; i < agent->nodes_count; i++) {
		if (ws_hist_init(&agent->hist[i], config->edge_ns, config->edges_count) ||
		    set_node(agent, i, config))
			return WS_STATUS_FAILED;
	}
	return WS_STATUS_OK;
}

static void send_report(struct agent *agent, bool pressure)
{
	struct ws_proto_report report = { .pressure = pressure };
	u8 bytes[WS_WIRE_TO_HOST_MAX];
	char path[256], text[TEXT_MAX];
	int length;

	if (!agent->proto.configured)
		return;
	for (u32 i = 0; i < agent->nodes_count && !report.error; i++) {
		node_path(agent, i, "page_age", path, sizeof(path));
		report.error = read_file(path, text, sizeof(text));
		if (!report.error)
			report.error = parse_page_age(text, &agent->hist[i]);
		report.part[i].node = agent->node[i];
		report.part[i].hist = &agent->hist[i];
	}
	/* Dialects for one node hear of the first. */
	report.parts_count = report.error ? 0 : agent->proto.dialect->numbered ? agent->nodes_count : 1;
	report.made_ns = report.now_ns = now_ns();
	length = ws_proto_guest_send(&agent->proto, &report, bytes, sizeof(bytes));
	if (length > 0)
		send_frame(agent, WS_FRAME_MESSAGE, bytes, (u32)length);
	else if (report.error)
		complain("%s: %s", path, strerror(-report.error));
}

static void take_message(struct agent *agent, const u8 *bytes, u32 length)
{
	int action = ws_proto_guest_consume(&agent->proto, bytes, length, now_ns());
	u8 answer[WS_WIRE_TO_HOST_MAX];
	enum ws_status status = WS_STATUS_OK;

	if (action == WS_PROTO_REPORT) {
		send_report(agent, false);
		return;
	}
	if (action == WS_PROTO_CONFIGURE)
		status = configure(agent);
	if (action == WS_PROTO_CONFIGURE || action == WS_PROTO_UNCONFIGURE || action == WS_PROTO_VERDICT) {
		int written = ws_proto_guest_verdict(&agent->proto, status, 0, answer, sizeof(answer));

		if (written > 0)
			send_frame(agent, WS_FRAME_MESSAGE, answer, (u32)written);
	}
	if (action == -ENODATA && agent->proto.dialect->numbered) {
		int written = ws_proto_guest_report(&agent->proto, NULL, action, answer, sizeof(answer));

		if (written > 0)
			send_frame(agent, WS_FRAME_MESSAGE, answer, (u32)written);
	}
}

static void reclaim(u64 bytes)
{
	char text[32];
	int rc;

	snprintf(text, sizeof(text), "%llu", bytes);
	rc = write_file("/sys/fs/cgroup/memory.reclaim", text);
	/* -EAGAIN: less was reclaimed than was wanted. */
	if (rc && rc != -EAGAIN)
		complain("memory.reclaim: %s", strerror(-rc));
}

static void take_input(struct agent *agent)
{
	u32 at = 0, type, length;
	ssize_t got = read(agent->port, agent->input + agent->input_length,
			   sizeof(agent->input) - agent->input_length);

	if (got <= 0)
		return;
	agent->input_length += (u32)got;
	while (ws_frame_next(agent->input, agent->input_length, &at, &type, &length)) {
		const u8 *payload = agent->input + at + WS_FRAME_HEAD;

		if (type == WS_FRAME_ASK)
			say_hello(agent);
		else if (type == WS_FRAME_MESSAGE)
			take_message(agent, payload, length);
		else if (type == WS_FRAME_RECLAIM && length == 8)
			reclaim(ws_get_le64(payload));
		at += WS_FRAME_HEAD + length;
	}
	memmove(agent->input, agent->input + at, agent->input_length - at);
	agent->input_length -= at;
}

/* --- life --- */

static void run(struct agent *agent, u64 end_ns)
{
	struct pollfd ready[1 + NODES_MAX];
	char text[16];

	say_hello(agent);
	while (now_ns() < end_ns) {
		ready[0] = (struct pollfd){ .fd = agent->port, .events = POLLIN };
		for (u32 i = 0; i < agent->nodes_count; i++)
			ready[i + 1] = (struct pollfd){ .fd = agent->page_age[i], .events = POLLPRI };
		if (poll(ready, 1 + agent->nodes_count, PAUSE_MS) < 0 && errno != EINTR)
			return;
		if (ready[0].revents & POLLIN)
			take_input(agent);
		else if (ready[0].revents & POLLHUP)
			usleep(PAUSE_MS * 1000); /* the host has not opened the port */
		for (u32 i = 0; i < agent->nodes_count; i++) {
			if (!(ready[i + 1].revents & POLLPRI))
				continue;
			/* Reading arms it again. */
			if (pread(agent->page_age[i], text, sizeof(text), 0) >= 0)
				send_report(agent, true);
		}
		if (now_ns() - agent->told_ns >= NS_PER_S) {
			agent->told_ns = now_ns();
			if (!(ready[0].revents & POLLHUP))
				say_info(agent);
		}
	}
}

static int usage(void)
{
	fputs("usage: ws-agent [-p PORT] [-w FOLDER] [-d DIALECT] [-s SECONDS]\n"
	      "  -p  virtio-serial port (default /dev/virtio-ports/ws.balloon)\n"
	      "  -w  where ws.ko's files are (default /sys/kernel/ws)\n"
	      "  -d  wsr1 (default) or v4, as the host's dialect=\n"
	      "  -s  end after that many seconds\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct agent agent = { .port_path = "/dev/virtio-ports/ws.balloon",
				      .folder = "/sys/kernel/ws" };
	const struct ws_dialect *dialect = &ws_dialect_wsr1;
	u64 end_ns = ~0ull;
	int option;

	while ((option = getopt(argc, argv, "p:w:d:s:")) != -1) {
		if (option == 'p')
			agent.port_path = optarg;
		else if (option == 'w')
			agent.folder = optarg;
		else if (option == 'd')
			dialect = ws_dialect_find(optarg);
		else if (option == 's')
			end_ns = now_ns() + strtoull(optarg, NULL, 10) * NS_PER_S;
		else
			return usage();
	}
	if (optind < argc || !dialect || dialect->bins_max < WS_BINS_MAX)
		return usage();
	agent.port = open(agent.port_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (agent.port < 0) {
		complain("%s: %s", agent.port_path, strerror(errno));
		return 1;
	}
	find_nodes(&agent);
	if (!agent.nodes_count)
		complain("%s: no node there (is ws.ko loaded?): pressure only, no reports", agent.folder);
	if (ws_proto_guest_init(&agent.proto, dialect, dialect->bins_max))
		return 1;
	run(&agent, end_ns);
	return 0;
}
