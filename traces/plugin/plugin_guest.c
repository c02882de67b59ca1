/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include "plugin.h"
int plugin_guest_install(uint64_t id, int argc, char **argv)
{
	(void)id; (void)argc; (void)argv;
	return -1;
}
void plugin_guest_slow(struct vcpu *c, u32 info, u64 vaddr, u32 write)
{
	(void)c; (void)info; (void)vaddr; (void)write;
}
void plugin_guest_fetch(struct vcpu *c, const struct block *block)
{
	(void)c; (void)block;
}
bool plugin_guest_insn(struct qemu_plugin_insn *insn, u64 vaddr)
{
	(void)insn; (void)vaddr;
	return false;
}
