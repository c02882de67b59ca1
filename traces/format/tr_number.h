/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_number.h - dense numbers for the pages of a source.
 *
 * Sources name pages by address, block or hash, anywhere in 64 bits; everything
 * behind a trace indexes arrays.  A page gets its number when its life begins (first
 * access or allocation) and keeps it until its free.
 *
 * A freed number may live again only through the stream that freed it: streams
 * drift apart in the simulator, and the late free of one must not hit a page that
 * another has begun.  If another stream begins the page's next life, it takes the
 * same place in the next layer: a further number range for the same source region.
 *
 *	source region 77:   layer 0 -> numbers 512..1023   page 3 freed by stream 0
 *	                    layer 1 -> numbers 4096..4607  page 3 lives, begun by stream 1
 *
 * There are never more layers than streams, since in each the place is owned by
 * another stream.
 *
 * Memory: own; 2 bytes a number and 16 to 32 a region (an object is a region of
 * one).  Errors: negative errno.  Locking: caller serializes.
 */
#ifndef TR_NUMBER_H
#define TR_NUMBER_H

#include <ws_env.h>

#define TR_PAGES_MAX 0x7fffffffu /* a page number and the write bit share 32 bits */
#define TR_STREAMS_MAX 1024u	 /* bounds what a merging reader must hold open */

struct tr_number;

/* @region_shift: 9 for 2 MiB regions of 4 KiB pages, 0 for objects. */
int tr_number_create(struct tr_number **number, u32 region_shift);
void tr_number_destroy(struct tr_number *number);

/*
 * The number of the living page @page, which begins to live if it does not yet.
 * Return: 0 if it lived, 1 if its life begins; -EOVERFLOW beyond TR_PAGES_MAX; -ENOMEM.
 */
int tr_number_get(struct tr_number *number, u64 page, u32 stream, u32 *result);
/* End a life.  Return: 1 and *result, or 0 when @page was not alive. */
int tr_number_free(struct tr_number *number, u64 page, u32 stream, u32 *result);

u32 tr_number_end(const struct tr_number *number);     /* largest number + 1 */
u32 tr_number_touched(const struct tr_number *number); /* distinct numbers */

#endif /* TR_NUMBER_H */
