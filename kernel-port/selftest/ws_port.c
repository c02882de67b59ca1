/* SPDX-License-Identifier: GPL-2.0-only */
/* ws_port.c - runs the core's known-answer test inside the kernel and prints the digests. */
#define pr_fmt(fmt) "ws: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "ws_kat.h"

static int __init ws_port_init(void)
{
	struct ws_kat_result result[WS_KAT_COUNT];
	u64 size = ws_kat_footprint();
	void *scratch = vmalloc(size);
	int error, i;

	if (!scratch)
		return -ENOMEM;
	error = ws_kat_run(scratch, size, result);
	vfree(scratch);
	if (error)
		return error;
	for (i = 0; i < WS_KAT_COUNT; i++)
		pr_info("kat %s %016llx\n", result[i].name, result[i].digest);
	return 0;
}

static void __exit ws_port_exit(void)
{
}

module_init(ws_port_init);
module_exit(ws_port_exit);

MODULE_DESCRIPTION("Portable core of working set reporting: known-answer test");
MODULE_LICENSE("GPL");
