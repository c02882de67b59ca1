/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_hint.c - free page hints: every order of events between the two ends.
 *
 * A state is both ends, what is on the hint queue (at most six entries), how many blocks
 * the guest keeps, and the truth about the series that is offered: how many blocks were
 * handed in and counted.  Ids matter by being equal only, so they are renamed by first
 * appearance; that leaves a finite number of states, and all that can be reached are
 * visited, to any depth.  After every event:
 *
 *	counted		a block counts for the series that it was handed in for, no other
 *	whole		when the series offered ends, every block of it was counted
 *	closed		on the queue no id and no block follows a series that was not ended
 *	kept		blocks are freed after DONE only
 *
 * and from every state, when the host changes nothing more, both come to rest: with DONE
 * the guest keeps nothing, with STOP it hands in nothing, with an id the series is whole.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ws_hint.h"

#define ROOM 6u
#define BLOCK 0xffffu /* on the queue; ids of the search are far below */
#define KEPT_MAX 5u
#define STATES_MAX 400000u
#define SEEN_SIZE (1u << 20)

struct world {
	struct ws_hint_guest guest;
	struct ws_hint_host host;
	u32 queue[ROOM], of[ROOM]; /* of: BLOCK's series */
	u32 length, kept;
	u32 open; /* the id that was put on the queue and not ended */
	u32 handed, counted; /* of the series offered */
	u32 whole; /* id of the series offered when it ended; else 0 */
};

enum event {
	EV_BEGIN, EV_STOP, EV_DONE, EV_LOOK, EV_SEND, EV_HAND, EV_EMPTY, EV_FREE, EV_HEAR, EV_RESET,
	EVENTS
};

static struct world *state;
static u64 *seen;
static u32 states_count;

static void put(struct world *w, u32 entry, u32 of)
{
	w->queue[w->length] = entry;
	w->of[w->length++] = of;
}

static void forget_series(struct world *w)
{
	w->handed = w->counted = w->whole = 0;
}

static void hear(struct world *w)
{
	u32 entry = w->queue[0], of = w->of[0];

	w->length--;
	memmove(w->queue, w->queue + 1, w->length * sizeof(u32));
	memmove(w->of, w->of + 1, w->length * sizeof(u32));
	w->queue[w->length] = w->of[w->length] = 0;
	if (entry == BLOCK) {
		if (!ws_hint_host_counts(&w->host))
			return;
		cr_assert(of == w->host.offered, "a block counts for another series");
		w->counted++;
		return;
	}
	switch (ws_hint_host_hear(&w->host, entry)) {
	case WS_HINT_BEGUN:
		cr_assert(entry == w->host.offered);
		break;
	case WS_HINT_ENDED:
		cr_assert(entry == WS_HINT_STOP && w->handed == w->counted, "not whole");
		w->whole = w->host.offered;
		break;
	case WS_HINT_BAD:
		cr_assert_fail("the guest sent what no guest may");
	case WS_HINT_OTHER:
	default:
		break;
	}
}

static void send_id(struct world *w, u32 id)
{
	if (id == WS_HINT_STOP)
		cr_assert(w->open, "STOP without a series");
	else
		cr_assert(!w->open && id != WS_HINT_DONE, "an id within a series");
	w->open = id;
	put(w, id, 0);
	ws_hint_guest_sent(&w->guest);
}

static bool host_event(struct world *w, enum event event)
{
	if (event == EV_BEGIN)
		ws_hint_host_begin(&w->host);
	else if (event == EV_STOP && w->host.offered != WS_HINT_STOP)
		ws_hint_host_stop(&w->host);
	else if (event == EV_DONE && w->host.offered != WS_HINT_DONE)
		ws_hint_host_done(&w->host);
	else
		return false;
	forget_series(w);
	return true;
}

static bool guest_event(struct world *w, enum event event)
{
	u32 id = WS_HINT_DONE;
	enum ws_hint_next next = ws_hint_guest_next(&w->guest, &id);

	if (event == EV_SEND && next == WS_HINT_SEND && w->length < ROOM) {
		send_id(w, id);
	} else if (event == EV_HAND && next == WS_HINT_HAND && w->length < ROOM && w->kept < KEPT_MAX) {
		cr_assert(w->open == w->guest.series, "a block outside of its series");
		w->kept++;
		w->handed += w->open == w->host.offered;
		put(w, BLOCK, w->open);
	} else if (event == EV_EMPTY && next == WS_HINT_HAND) {
		ws_hint_guest_empty(&w->guest);
	} else if (event == EV_FREE && next == WS_HINT_FREE) {
		cr_assert(w->guest.command == WS_HINT_DONE, "freed before DONE");
		w->kept = 0;
		ws_hint_guest_freed(&w->guest);
	} else {
		return false;
	}
	return true;
}

/* False: not possible now. */
static bool happen(struct world *w, enum event event)
{
	switch (event) {
	case EV_BEGIN:
	case EV_STOP:
	case EV_DONE:
		return host_event(w, event);
	case EV_LOOK:
		if (w->guest.command == w->host.offered)
			return false;
		ws_hint_guest_command(&w->guest, w->host.offered);
		return true;
	case EV_HEAR:
		if (!w->length)
			return false;
		hear(w);
		return true;
	case EV_RESET:
		ws_hint_guest_init(&w->guest);
		ws_hint_host_reset(&w->host);
		memset(w->queue, 0, sizeof(w->queue));
		memset(w->of, 0, sizeof(w->of));
		w->length = w->kept = w->open = 0;
		forget_series(w);
		return true;
	default:
		return guest_event(w, event);
	}
}

/* Without another word of the host's. */
static void comes_to_rest(struct world w)
{
	static const enum event quiet[] = { EV_LOOK, EV_SEND, EV_EMPTY, EV_FREE, EV_HEAR };
	u32 events = 0, offered = w.host.offered;
	bool moved;

	do {
		moved = false;
		for (u32 i = 0; i < sizeof(quiet) / sizeof(*quiet); i++)
			moved |= happen(&w, quiet[i]);
		cr_assert(events++ < 50, "no rest");
	} while (moved);
	cr_assert(w.host.offered == offered);
	cr_assert(!w.open && !w.length, "an open series");
	if (offered == WS_HINT_DONE)
		cr_assert(!w.kept && w.guest.state == WS_HINT_QUIET, "kept after DONE");
	else if (offered != WS_HINT_STOP)
		cr_assert(w.whole == offered, "a series that is not whole");
}

static void rename_id(u32 *id, u32 *name, u32 *names_count)
{
	u32 i;

	if (*id <= WS_HINT_DONE || *id == BLOCK)
		return;
	for (i = 0; i < *names_count && name[i] != *id; i++)
		;
	name[i] = *id;
	*names_count += i == *names_count;
	*id = WS_HINT_DONE + 1 + i;
}

/* Ids by first appearance; the next new one is above them all. */
static void canonical(struct world *w)
{
	u32 name[16], count = 0;

	rename_id(&w->host.offered, name, &count);
	rename_id(&w->host.series, name, &count);
	rename_id(&w->guest.command, name, &count);
	rename_id(&w->guest.series, name, &count);
	rename_id(&w->open, name, &count);
	rename_id(&w->whole, name, &count);
	for (u32 i = 0; i < ROOM; i++) {
		rename_id(&w->queue[i], name, &count);
		rename_id(&w->of[i], name, &count);
	}
	w->host.last = WS_HINT_DONE + count;
}

static void add(const struct world *w)
{
	const u8 *bytes = (const u8 *)w;
	u64 hash = 0xcbf29ce484222325ull;
	u32 at;

	for (size_t i = 0; i < sizeof(*w); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	hash |= 1;
	for (at = (u32)(hash >> 40) % SEEN_SIZE; seen[at]; at = (at + 1) % SEEN_SIZE)
		if (seen[at] == hash)
			return;
	cr_assert(states_count < STATES_MAX, "more states than were thought of");
	seen[at] = hash;
	state[states_count++] = *w;
}

Test(hint, all_orders_of_events)
{
	struct world w;
	u64 happened[EVENTS] = { 0 };

	state = calloc(STATES_MAX, sizeof(*state));
	seen = calloc(SEEN_SIZE, sizeof(*seen));
	cr_assert(state && seen);
	states_count = 0;
	memset(&w, 0, sizeof(w));
	ws_hint_guest_init(&w.guest);
	ws_hint_host_init(&w.host);
	canonical(&w);
	add(&w);
	for (u32 i = 0; i < states_count; i++) {
		comes_to_rest(state[i]);
		for (u32 event = 0; event < EVENTS; event++) {
			w = state[i];
			if (!happen(&w, (enum event)event))
				continue;
			happened[event]++;
			canonical(&w);
			add(&w);
		}
	}
	for (u32 event = 0; event < EVENTS; event++)
		cr_assert(happened[event], "event %u never happened", event);
	cr_log_info("%u states", states_count);
	cr_assert(states_count > 5000, "only %u states", states_count);
	free(state);
	free(seen);
}

Test(hint, ids_skip_the_words_when_they_wrap)
{
	struct ws_hint_host host;

	ws_hint_host_init(&host);
	cr_assert(host.offered == WS_HINT_STOP);
	cr_assert(ws_hint_host_begin(&host) == 2 && host.offered == 2);
	host.last = 0xffffffff;
	cr_assert(ws_hint_host_begin(&host) == 2 && host.offered == 2);
	ws_hint_host_done(&host);
	cr_assert(ws_hint_host_begin(&host) == 3);
}

Test(hint, a_host_hears_what_no_guest_should_say)
{
	struct ws_hint_host host;

	ws_hint_host_init(&host);
	cr_assert(ws_hint_host_hear(&host, WS_HINT_STOP) == WS_HINT_OTHER);
	cr_assert(ws_hint_host_hear(&host, 9) == WS_HINT_OTHER);
	cr_assert(!ws_hint_host_counts(&host));
	cr_assert(ws_hint_host_hear(&host, WS_HINT_STOP) == WS_HINT_OTHER);
	ws_hint_host_begin(&host);
	cr_assert(ws_hint_host_hear(&host, WS_HINT_DONE) == WS_HINT_BAD);
	cr_assert(!ws_hint_host_counts(&host));
	cr_assert(ws_hint_host_hear(&host, 2) == WS_HINT_BEGUN);
	cr_assert(ws_hint_host_hear(&host, 2) == WS_HINT_OTHER);
	cr_assert(ws_hint_host_hear(&host, WS_HINT_DONE) == WS_HINT_BAD);
	cr_assert(ws_hint_host_counts(&host), "the series goes on");
	cr_assert(ws_hint_host_hear(&host, WS_HINT_STOP) == WS_HINT_ENDED);
	cr_assert(!ws_hint_host_counts(&host));
	cr_assert(ws_hint_host_hear(&host, WS_HINT_STOP) == WS_HINT_OTHER);
}

Test(hint, a_host_s_reset_ends_the_series_and_what_was_offered)
{
	struct ws_hint_host host;

	ws_hint_host_init(&host);
	ws_hint_host_reset(&host);
	cr_assert(host.offered == WS_HINT_STOP, "there was none");
	ws_hint_host_begin(&host);
	cr_assert(ws_hint_host_hear(&host, 2) == WS_HINT_BEGUN);
	ws_hint_host_reset(&host);
	cr_assert(host.offered == WS_HINT_DONE && host.series == WS_HINT_STOP);
	cr_assert(ws_hint_host_hear(&host, WS_HINT_STOP) == WS_HINT_OTHER, "of no series");
	cr_assert(ws_hint_host_begin(&host) == 3, "ids go on");
	cr_assert(!ws_hint_host_counts(&host));
}

/* The same word twice is one; DONE to a guest that keeps nothing is nothing to free. */
Test(hint, commands_that_say_nothing_new)
{
	struct ws_hint_guest guest;
	u32 id = 0;

	ws_hint_guest_init(&guest);
	ws_hint_guest_command(&guest, WS_HINT_DONE);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_WAIT && guest.state == WS_HINT_QUIET);
	ws_hint_guest_command(&guest, 5);
	ws_hint_guest_sent(&guest);
	ws_hint_guest_command(&guest, 5);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_HAND, "the series goes on");
	ws_hint_guest_empty(&guest);
	ws_hint_guest_sent(&guest);
	cr_assert(guest.state == WS_HINT_HOLDING);
	ws_hint_guest_command(&guest, 5);
	cr_assert(guest.state == WS_HINT_HOLDING, "and is not begun a second time");
}

/* What was open is closed before what is new begins, and what was not begun never is. */
Test(hint, a_new_id_in_the_midst_of_a_series)
{
	struct ws_hint_guest guest;
	u32 id = 0;

	ws_hint_guest_init(&guest);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_WAIT);
	ws_hint_guest_command(&guest, 5);
	ws_hint_guest_command(&guest, 6);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_SEND && id == 6);
	ws_hint_guest_sent(&guest);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_HAND);
	ws_hint_guest_command(&guest, 7);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_SEND && id == WS_HINT_STOP);
	ws_hint_guest_command(&guest, 8);
	ws_hint_guest_sent(&guest);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_SEND && id == 8);
	ws_hint_guest_sent(&guest);
	ws_hint_guest_command(&guest, WS_HINT_DONE);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_SEND && id == WS_HINT_STOP);
	ws_hint_guest_sent(&guest);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_FREE);
	ws_hint_guest_freed(&guest);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_WAIT);
	ws_hint_guest_command(&guest, WS_HINT_STOP);
	cr_assert(ws_hint_guest_next(&guest, &id) == WS_HINT_WAIT);
}
