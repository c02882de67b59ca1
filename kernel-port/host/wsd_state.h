/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_state.h - what a daemon must know of a balloon that another one left behind.
 *
 * A few numbers in SOCKET.state, written beside and renamed.  A file that is not one of
 * these is treated as none.  Besides the balloon, that is what its driver wrote into config
 * space before DRIVER_OK and will not write again.
 */
#ifndef WSD_STATE_H
#define WSD_STATE_H

#include <ws_env.h>

#define WSD_STATE_PATH_MAX 512

/* The message of a queue that was counted last: one that the guest was told of, or was about
 * to be, when this was written. */
struct wsd_state_message {
	u32 used; /* where the used index stands once the guest is told */
	u32 pages; /* by which the balloon changed */
};

struct wsd_state {
	u32 target_pages;
	u64 balloon_pages;
	struct wsd_state_message inflated, deflated;
	u32 poison_val;
	u64 driver_bounds; /* of wsr1, as in config space */
};

bool wsd_state_same(const struct wsd_state *a, const struct wsd_state *b);
/* @pages_most: that the VM has; more is no state of its.  Return: 0, -ENOENT, -EINVAL. */
int wsd_state_read(struct wsd_state *state, const char *socket_path, u64 pages_most);
/*
 * Take @socket_path's state for this process, until it ends or closes the file: SOCKET.lock,
 * which stays behind, for a lock that is removed could be held twice.
 * Return: the file; -EWOULDBLOCK: another process has it.
 */
int wsd_state_lock(const char *socket_path);
int wsd_state_write(const struct wsd_state *state, const char *socket_path);

#endif /* WSD_STATE_H */
