/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_port.c - frames from and to a guest's agent; see wsd_port.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../agent/ws_agent_frame.h"
#include "wsd_port.h"
#include "wsd_qmp.h"

#define BUFFER_BYTES (2 * (WS_FRAME_HEAD + WS_FRAME_PAYLOAD_MAX))

struct wsd_port {
	struct wsd_loop *loop;
	struct wsd_vm *vm;
	struct wsd_watch watch; /* fd -1: not connected */
	char path[WSD_PATH_MAX];
	bool greeted;
	u8 input[BUFFER_BYTES];
	u32 input_length;
	char mismatch[32]; /* the last foreign dialect complained about */
};

static void hang_up(struct wsd_port *port)
{
	if (port->watch.fd < 0)
		return;
	wsd_loop_unwatch(port->loop, &port->watch);
	close(port->watch.fd);
	port->watch.fd = -1;
	port->greeted = false;
	port->input_length = 0;
	if (port->vm->qmp)
		wsd_qmp_port_changed(port->vm->qmp);
	else
		wsd_vm_went_down(port->vm);
}

static void take_hello(struct wsd_port *port, const u8 *payload, u32 length)
{
	const char *want = port->vm->options->dialect->name;
	char text[128], name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(length < 31 ? length : 31), (const char *)payload);
	if (strcmp(name, want)) {
		if (strcmp(port->mismatch, name)) {
			for (char *c = name; *c; c++)
				*c = *c >= ' ' && *c <= '~' ? *c : '?';
			snprintf(text, sizeof(text), "its agent speaks '%s', not '%s': reports are not heard",
				 name, want);
			wsd_vm_complain(port->vm, text);
		}
		memcpy(port->mismatch, name, sizeof(name));
		return;
	}
	port->greeted = true;
	if (port->vm->qmp)
		wsd_qmp_port_changed(port->vm->qmp);
}

static void take_info(struct wsd_port *port, const u8 *payload, u32 length)
{
	struct wsd_vm_agent agent;

	if (length < WS_FRAME_INFO_BYTES)
		return;
	agent = (struct wsd_vm_agent){
		.committed_bytes = ws_get_le64(payload),
		.psi_some_ns = ws_get_le64(payload + 8),
		.psi_full_ns = ws_get_le64(payload + 16),
		.psi_some_avg10 = ws_get_le32(payload + 24),
		.psi_full_avg10 = ws_get_le32(payload + 28),
	};
	if (agent.psi_some_avg10 <= 10000 && agent.psi_full_avg10 <= 10000)
		wsd_vm_agent_heard(port->vm, &agent);
}

static void take_frames(struct wsd_port *port)
{
	u32 at = 0, type, length;

	while (ws_frame_next(port->input, port->input_length, &at, &type, &length)) {
		const u8 *payload = port->input + at + WS_FRAME_HEAD;

		if (type == WS_FRAME_HELLO)
			take_hello(port, payload, length);
		else if (type == WS_FRAME_INFO)
			take_info(port, payload, length);
		else if (type == WS_FRAME_MESSAGE && port->greeted)
			wsd_vm_message_heard(port->vm, payload, length);
		at += WS_FRAME_HEAD + length;
	}
	memmove(port->input, port->input + at, port->input_length - at);
	port->input_length -= at;
}

static void on_input(void *ctx, u32 events)
{
	struct wsd_port *port = ctx;
	ssize_t got;

	(void)events;
	got = read(port->watch.fd, port->input + port->input_length,
		   sizeof(port->input) - port->input_length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		hang_up(port);
		return;
	}
	port->input_length += (u32)got;
	take_frames(port);
}

static void send_frame(struct wsd_port *port, enum ws_frame_type type, const u8 *payload,
		       u32 length)
{
	u8 bytes[WS_FRAME_HEAD + WS_WIRE_TO_GUEST_MAX];

	if (port->watch.fd < 0 || length > WS_WIRE_TO_GUEST_MAX)
		return;
	ws_frame_head(bytes, type, length);
	if (length)
		memcpy(bytes + WS_FRAME_HEAD, payload, length);
	/* A port that nobody reads fills up; what is lost is asked for again. */
	wsd_socket_send(port->watch.fd, bytes, WS_FRAME_HEAD + length);
}

void wsd_port_send_message(struct wsd_port *port, const u8 *bytes, u32 length)
{
	send_frame(port, WS_FRAME_MESSAGE, bytes, length);
}

void wsd_port_reclaim(struct wsd_port *port, u64 bytes)
{
	u8 payload[8];

	ws_put_le64(payload, bytes);
	send_frame(port, WS_FRAME_RECLAIM, payload, sizeof(payload));
}

bool wsd_port_is_up(const struct wsd_port *port)
{
	return port->greeted;
}

void wsd_port_look_after(struct wsd_port *port)
{
	if (port->watch.fd >= 0) {
		if (!port->greeted)
			send_frame(port, WS_FRAME_ASK, NULL, 0);
		return;
	}
	port->watch.fd = wsd_socket_connect(port->path);
	if (port->watch.fd < 0) {
		port->watch.fd = -1;
		return;
	}
	if (wsd_loop_watch(port->loop, &port->watch, EPOLLIN))
		hang_up(port);
	else
		send_frame(port, WS_FRAME_ASK, NULL, 0);
}

int wsd_port_create(struct wsd_port **port, struct wsd_loop *loop, const char *path,
		    struct wsd_vm *vm, struct tr_error *error)
{
	struct wsd_port *made = calloc(1, sizeof(*made));

	if (!made)
		return tr_fail(error, -ENOMEM, "out of memory");
	made->loop = loop;
	made->vm = vm;
	made->watch = (struct wsd_watch){ .fd = -1, .ready = on_input, .ctx = made };
	snprintf(made->path, sizeof(made->path), "%s", path);
	*port = made;
	wsd_port_look_after(made);
	return 0;
}

void wsd_port_destroy(struct wsd_port *port)
{
	if (!port)
		return;
	if (port->watch.fd >= 0) {
		wsd_loop_unwatch(port->loop, &port->watch);
		close(port->watch.fd);
	}
	free(port);
}
