/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd.h - the commands of wssim, one file each.
 *
 * A command gets its own argv (argv[0] is "wssim run" and the like, for usage
 * lines) and returns an exit status: EXIT_DONE, EXIT_FAILED or EXIT_USAGE.
 * Commands parse with argp, so --help and --usage exist on each; only this
 * folder writes to stdout and stderr or ends the process.  Whether stdout could be
 * written is looked at in main.c, for all of them.
 */
#ifndef CMD_H
#define CMD_H

#include "tr_error.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Say @error on stderr.  Return: EXIT_FAILED if the machine failed, else EXIT_USAGE. */
int cmd_fail(int rc, const struct tr_error *error);

int cmd_run(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_oracle(int argc, char **argv);
int cmd_trial(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_policies(int argc, char **argv);
int cmd_reclaim(int argc, char **argv);
int cmd_mrc(int argc, char **argv);
int cmd_ages(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_truth(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_size(int argc, char **argv);
int cmd_whatif(int argc, char **argv);
int cmd_density(int argc, char **argv);
int cmd_kat(int argc, char **argv);

#endif /* CMD_H */
