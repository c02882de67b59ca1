/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wsd_command.h - the control socket: a line in, lines out.
 *
 *	state			what is known of every VM, as JSON
 *	target VM SIZE		memory to leave to a VM, in place of the policy's
 *	stats VM, report VM	ask for them now
 *	configure VM REFRESH THRESHOLD EDGE...	reports, times as "250ms"
 *	hint VM			a series of free page hints
 *	tick TIME		guest time (--clock guest): it is TIME since the start
 *	advance TIME		guest time: that much later
 *	quit			end the run as a signal would
 *
 * The last line of an answer is "ok", with a number or text behind it, or "error: why".
 * With "tick" and "advance" it comes when all that was due has been done, so a guest in
 * virtual time that waits for it (without sleeping) gets the same run every time.
 *
 * The socket is made with the rights of the process alone (0600).
 */
#ifndef WSD_COMMAND_H
#define WSD_COMMAND_H

#include <stdio.h>

#include "wsd_control.h"

struct wsd_command;

int wsd_command_create(struct wsd_command **command, struct wsd_control *control,
		       const char *path, struct tr_error *error);
void wsd_command_destroy(struct wsd_command *command); /* NULL is fine */

#endif /* WSD_COMMAND_H */
