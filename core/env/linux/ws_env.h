/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_env.h - what the core takes from the Linux kernel.
 *
 * A broken promise is reported and survived where the core can: WS_ASSERT warns
 * once and goes on, for a kernel is not stopped over a balloon.
 */
#ifndef WS_ENV_H
#define WS_ENV_H

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#define WS_ASSERT(x) ((void)WARN_ON_ONCE(!(x)))

#endif /* WS_ENV_H */
