/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_hint.h - free page hints, both ends: which free pages belong to which series.
 *
 * A host that migrates a guest would rather not copy what is free.  It opens a series by
 * a command id in config space; the guest repeats the id on the hint queue, hands in free
 * blocks, and ends with STOP.  It keeps the blocks until the host says DONE: until then
 * their contents may be lost.  Nothing orders what goes by config space with what goes by
 * the queue, so a series may be over for one end while the other is still in it.
 *
 *	guest			sends		blocks
 *	QUIET			nothing		none kept
 *	OPENING			the id		kept, of earlier series
 *	HANDING			blocks		kept
 *	CLOSING			STOP		kept
 *	HOLDING			nothing		kept
 *	RELEASING		nothing		to be freed
 *
 * What the host's command does, in every state:
 *	a new id	an open series is closed by STOP first, then the new one begins; an id
 *			that was not yet sent is never sent; blocks stay kept
 *	the same id	nothing
 *	STOP		an open series is closed, or not begun; blocks stay kept
 *	DONE		the same, and then the blocks are freed
 * When several commands follow one another before the guest looks, only the last counts:
 * config space has no memory.  A guest that needs its blocks (under memory pressure) may
 * free them at any time: a page is written before it is used again, and a host that has
 * taken the hint sees that write.  A reset ends everything; blocks are to be freed.
 *
 * What the guest sends does, at the host:
 *	the id offered	the series begins; a second time: nothing
 *	another id	a series that was opened before; what follows counts for nothing
 *	STOP		the series ends; without one: nothing
 *	DONE		refused (WS_HINT_BAD): only a host may say this
 *	blocks		count while the series that is offered is open, else not
 *
 *	for (;;) switch (ws_hint_guest_next(guest, &id)) {
 *	case WS_HINT_SEND:  send id; ws_hint_guest_sent(guest);
 *	case WS_HINT_HAND:  send a block and keep it, or ws_hint_guest_empty(guest);
 *	case WS_HINT_FREE:  free what is kept; ws_hint_guest_freed(guest);
 *	case WS_HINT_WAIT:  until ws_hint_guest_command();
 *	}
 *
 * Memory: the caller's.  Time: constant.  Errors: as said.  Locking: the caller serializes
 * per object.  Source: virtio specification 1.4, 5.5.6.7; virtio-balloon of Linux 6.1 and
 * of QEMU 9 (which also frees at once when DONE comes in the midst of a series).
 */
#ifndef WS_HINT_H
#define WS_HINT_H

#include "ws_wire.h"

enum ws_hint_state {
	WS_HINT_QUIET,
	WS_HINT_OPENING,
	WS_HINT_HANDING,
	WS_HINT_CLOSING,
	WS_HINT_HOLDING,
	WS_HINT_RELEASING,
};

enum ws_hint_next { WS_HINT_WAIT, WS_HINT_SEND, WS_HINT_HAND, WS_HINT_FREE };

struct ws_hint_guest {
	enum ws_hint_state state;
	u32 command; /* the host's last */
	u32 series;  /* HANDING, CLOSING: the id that was sent */
};

/* Also after a reset of the device, when what was kept is freed. */
void ws_hint_guest_init(struct ws_hint_guest *guest);

/* @command as it stands in config space now. */
void ws_hint_guest_command(struct ws_hint_guest *guest, u32 command);

/* What to do; asking changes nothing.  @id: with WS_HINT_SEND, what to send. */
enum ws_hint_next ws_hint_guest_next(const struct ws_hint_guest *guest, u32 *id);

/* After WS_HINT_SEND: it was sent. */
void ws_hint_guest_sent(struct ws_hint_guest *guest);

/* After WS_HINT_HAND: there is no further block. */
void ws_hint_guest_empty(struct ws_hint_guest *guest);

/* After WS_HINT_FREE: nothing is kept any more. */
void ws_hint_guest_freed(struct ws_hint_guest *guest);

/* The host's end: @offered stands in config space and changes by these calls only. */
struct ws_hint_host {
	u32 offered;
	u32 last;   /* the last id given; none is given again before the numbers wrap */
	u32 series; /* the one that the guest is in, 0: none */
};

void ws_hint_host_init(struct ws_hint_host *host);

/* The driver is gone: no series is open or offered (DONE if one was); ids are not reset. */
void ws_hint_host_reset(struct ws_hint_host *host);

/* After each of these, the guest is to be told that the configuration changed. */
u32 ws_hint_host_begin(struct ws_hint_host *host); /* Return: the new id */
void ws_hint_host_stop(struct ws_hint_host *host); /* hand in no more, keep what you have */
void ws_hint_host_done(struct ws_hint_host *host); /* keep nothing */

enum ws_hint_heard {
	WS_HINT_OTHER,	/* meaningless now: a late or repeated id, STOP without a series */
	WS_HINT_BEGUN,	/* the series offered has begun */
	WS_HINT_ENDED,	/* the series offered is whole */
	WS_HINT_BAD,	/* no guest may send this */
};

/* The guest sent @id. */
enum ws_hint_heard ws_hint_host_hear(struct ws_hint_host *host, u32 id);

/* Do blocks that arrive now count? */
bool ws_hint_host_counts(const struct ws_hint_host *host);

#endif /* WS_HINT_H */
