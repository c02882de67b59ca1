/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli_stop.h - Ctrl-C as a flag, so that a command can keep what it has finished.
 *
 * A second Ctrl-C kills as usual.
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

#include <stdbool.h>

extern volatile bool cli_stop; /* false until the first SIGINT or SIGTERM */

void cli_stop_install(void);

#endif /* CLI_STOP_H */
