/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_proto_ids.h - ids of numbered dialects, which wrap round.  For the two ends' files only.
 *
 * 0 means no id.  Which of two ids is newer follows from their difference, as long as they
 * are less than half the circle apart; so an id that falls a quarter behind is forgotten.
 */
#ifndef WS_PROTO_IDS_H
#define WS_PROTO_IDS_H

#include <ws_env.h>

#define WS_ID_HALF 0x80000000u
#define WS_ID_QUARTER 0x40000000u

/* Any id is newer than none. */
static inline bool ws_id_newer(u32 id, u32 than)
{
	return !than || (id != than && id - than < WS_ID_HALF);
}

/* @id kept to compare others with, while the newest is @newest. */
static inline u32 ws_id_keep(u32 id, u32 newest)
{
	return newest - id - WS_ID_QUARTER < WS_ID_QUARTER ? 0 : id;
}

#endif /* WS_PROTO_IDS_H */
