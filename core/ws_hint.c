/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_hint.c - free page hints, both ends; see ws_hint.h. */
#include "ws_hint.h"

void ws_hint_guest_init(struct ws_hint_guest *guest)
{
	guest->state = WS_HINT_QUIET;
	guest->command = WS_HINT_STOP;
	guest->series = WS_HINT_STOP;
}

/* Where the host's last command leads when no series is open. */
static enum ws_hint_state state_of(u32 command, bool kept)
{
	if (command > WS_HINT_DONE)
		return WS_HINT_OPENING;
	if (!kept)
		return WS_HINT_QUIET;
	return command == WS_HINT_DONE ? WS_HINT_RELEASING : WS_HINT_HOLDING;
}

void ws_hint_guest_command(struct ws_hint_guest *guest, u32 command)
{
	if (command == guest->command)
		return;
	guest->command = command;
	if (guest->state == WS_HINT_HANDING)
		guest->state = WS_HINT_CLOSING;
	else if (guest->state != WS_HINT_CLOSING)
		guest->state = state_of(command, guest->state != WS_HINT_QUIET);
}

enum ws_hint_next ws_hint_guest_next(const struct ws_hint_guest *guest, u32 *id)
{
	switch (guest->state) {
	case WS_HINT_OPENING:
		*id = guest->command;
		return WS_HINT_SEND;
	case WS_HINT_CLOSING:
		*id = WS_HINT_STOP;
		return WS_HINT_SEND;
	case WS_HINT_HANDING:
		return WS_HINT_HAND;
	case WS_HINT_RELEASING:
		return WS_HINT_FREE;
	case WS_HINT_QUIET:
	case WS_HINT_HOLDING:
	default:
		return WS_HINT_WAIT;
	}
}

void ws_hint_guest_sent(struct ws_hint_guest *guest)
{
	WS_ASSERT(guest->state == WS_HINT_OPENING || guest->state == WS_HINT_CLOSING);
	if (guest->state == WS_HINT_OPENING) {
		guest->series = guest->command;
		guest->state = WS_HINT_HANDING;
	} else if (guest->command == guest->series) {
		guest->state = WS_HINT_HOLDING;
	} else {
		guest->state = state_of(guest->command, true);
	}
}

void ws_hint_guest_empty(struct ws_hint_guest *guest)
{
	WS_ASSERT(guest->state == WS_HINT_HANDING);
	guest->state = WS_HINT_CLOSING;
}

void ws_hint_guest_freed(struct ws_hint_guest *guest)
{
	WS_ASSERT(guest->state == WS_HINT_RELEASING);
	guest->state = WS_HINT_QUIET;
}

void ws_hint_host_init(struct ws_hint_host *host)
{
	host->offered = WS_HINT_STOP;
	host->last = WS_HINT_DONE;
	host->series = WS_HINT_STOP;
}

void ws_hint_host_reset(struct ws_hint_host *host)
{
	host->series = WS_HINT_STOP;
	if (host->offered != WS_HINT_STOP)
		host->offered = WS_HINT_DONE;
}

u32 ws_hint_host_begin(struct ws_hint_host *host)
{
	host->last = host->last == 0xffffffffu ? WS_HINT_DONE + 1 : host->last + 1;
	host->offered = host->last;
	return host->offered;
}

void ws_hint_host_stop(struct ws_hint_host *host)
{
	host->offered = WS_HINT_STOP;
}

void ws_hint_host_done(struct ws_hint_host *host)
{
	host->offered = WS_HINT_DONE;
}

enum ws_hint_heard ws_hint_host_hear(struct ws_hint_host *host, u32 id)
{
	u32 series = host->series;

	if (id == WS_HINT_DONE)
		return WS_HINT_BAD;
	host->series = id;
	if (id == series || (id == WS_HINT_STOP ? series : id) != host->offered)
		return WS_HINT_OTHER;
	return id == WS_HINT_STOP ? WS_HINT_ENDED : WS_HINT_BEGUN;
}

bool ws_hint_host_counts(const struct ws_hint_host *host)
{
	return host->series > WS_HINT_DONE && host->series == host->offered;
}
