/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_trace_record.h - wssim trace record, called by the table of wssim trace. */
#ifndef CMD_TRACE_RECORD_H
#define CMD_TRACE_RECORD_H

int cmd_trace_record(int argc, char **argv);

#endif /* CMD_TRACE_RECORD_H */
