/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_balloon.c - the guest's balloon; see ws_balloon.h. */
#include "ws_balloon.h"

void ws_balloon_init(struct ws_balloon *balloon, bool deflate_on_oom)
{
	memset(balloon, 0, sizeof(*balloon));
	balloon->deflate_on_oom = deflate_on_oom;
}

void ws_balloon_set_target(struct ws_balloon *balloon, u32 target_pages)
{
	balloon->target_pages = target_pages;
	balloon->working = true;
}

/* The work is done; what deflation on OOM takes away later does not restart it. */
static void stop_at_target(struct ws_balloon *balloon)
{
	if (balloon->target_pages == balloon->actual_pages)
		balloon->working = false;
}

static u32 batch_of(u32 pages)
{
	return pages < WS_BALLOON_BATCH_PAGES ? pages : WS_BALLOON_BATCH_PAGES;
}

struct ws_balloon_next ws_balloon_step(struct ws_balloon *balloon, u64 now_ns)
{
	struct ws_balloon_next next = { WS_BALLOON_IDLE, 0, 0 };

	stop_at_target(balloon);
	if (!balloon->working)
		return next;
	if (now_ns < balloon->retry_ns) {
		next.what = WS_BALLOON_WAIT;
		next.until_ns = balloon->retry_ns;
	} else if (balloon->target_pages > balloon->actual_pages) {
		next.what = WS_BALLOON_INFLATE;
		next.pages = batch_of(balloon->target_pages - balloon->actual_pages);
	} else {
		next.what = WS_BALLOON_DEFLATE;
		next.pages = batch_of(balloon->actual_pages - balloon->target_pages);
	}
	return next;
}

void ws_balloon_inflated(struct ws_balloon *balloon, u32 wanted, u32 got, u64 now_ns)
{
	WS_ASSERT(got <= wanted && wanted <= WS_BALLOON_BATCH_PAGES);
	WS_ASSERT(got <= 0xffffffffu - balloon->actual_pages);
	balloon->actual_pages += got;
	balloon->inflated_pages += got;
	balloon->batches_count++;
	stop_at_target(balloon);
	if (got < wanted) {
		balloon->out_of_puff_count++;
		balloon->retry_ns = now_ns + WS_BALLOON_RETRY_NS;
	}
}

static void give_back(struct ws_balloon *balloon, u32 pages)
{
	WS_ASSERT(pages <= balloon->actual_pages);
	balloon->actual_pages -= pages;
	balloon->deflated_pages += pages;
	balloon->batches_count++;
}

void ws_balloon_deflated(struct ws_balloon *balloon, u32 pages)
{
	WS_ASSERT(pages <= WS_BALLOON_BATCH_PAGES);
	give_back(balloon, pages);
	stop_at_target(balloon);
}

u32 ws_balloon_oom(struct ws_balloon *balloon)
{
	u32 pages = balloon->actual_pages < WS_BALLOON_OOM_PAGES ? balloon->actual_pages :
								   WS_BALLOON_OOM_PAGES;

	if (!balloon->deflate_on_oom || !pages)
		return 0;
	give_back(balloon, pages);
	balloon->oom_deflated_pages += pages;
	balloon->oom_count++;
	return pages;
}
