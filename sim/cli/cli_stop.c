/* SPDX-License-Identifier: BSD-2-Clause */
/* cli_stop.c - the signal handler behind cli_stop. */
#include <signal.h>

#include "cli/cli_stop.h"

volatile bool cli_stop;

static void on_signal(int signal)
{
	(void)signal;
	cli_stop = true;
}

void cli_stop_install(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
