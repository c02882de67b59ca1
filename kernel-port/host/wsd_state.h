/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_state.h - what a daemon must know of a balloon that another one left behind.
 *
 * Two numbers in SOCKET.state, written beside and renamed.  A file that is not one of
 * these is treated as none.
 */
#ifndef WSD_STATE_H
#define WSD_STATE_H

#include <ws_env.h>

#define WSD_STATE_PATH_MAX 512

struct wsd_state {
	u32 target_pages;
	u64 balloon_pages;
};

int wsd_state_read(struct wsd_state *state, const char *socket_path); /* 0, -ENOENT, -EINVAL */
int wsd_state_write(const struct wsd_state *state, const char *socket_path);

#endif /* WSD_STATE_H */
