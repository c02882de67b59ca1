/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin_main.c - entry point of the recording plugin, and its hot callbacks.
 *
 *	-plugin wssim-trace-plugin.so,out=PIPE[,window=INSNS][,ns=NS_PER_1000_INSNS]
 *		[,mode=bare]
 *
 * mode=bare installs callbacks that only count, to measure what the filter costs
 * on top of being called at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info,
					   int argc, char **argv);

struct plugin plugin = { .window_insns = 1000000, .ns_per_kinsn = 1000 };

static inline struct vcpu *vcpu_of(unsigned int index)
{
	return plugin.vcpus[index & (VCPUS_MAX - 1)];
}

/* The last bytes of a page go the slow way, which looks whether the access crosses over. */
static inline bool skip(struct vcpu *c, u64 vaddr, u32 info)
{
	return likely(plugin_seen(c, plugin_page(vaddr), info)) &&
	       likely((vaddr & 4095u) <= 4096u - SPLIT_MAX);
}

static void user_access(unsigned int cpu, uint32_t info, uint64_t vaddr, void *user)
{
	struct vcpu *c = vcpu_of(cpu);

	(void)user;
	if (!skip(c, vaddr, info))
		plugin_user_slow(c, info, vaddr);
}

/* The block's instructions.  Return: whether it goes on in the same window. */
static inline bool count(struct vcpu *c, const struct block *block)
{
	c->insns += block->insns;
	return likely((s64)(c->epoch_end - c->insns) > 0);
}

static inline bool block_seen(const struct vcpu *c, const struct block *block)
{
	return likely(c->seen[block->fetch_slot] == block->fetch_key);
}

static void window_next(struct vcpu *c)
{
	plugin_epoch_next(c);
	plugin_clock_note(c);
}

/* Apart, so that the ordinary block saves no registers. */
__attribute__((noinline)) static void user_block_slow(struct vcpu *c, const struct block *block,
						      bool same_window)
{
	if (!same_window)
		window_next(c);
	plugin_user_touch(c, block->page << 12, 1, 0, INFO_FETCH);
	if (block->last_page != block->page)
		plugin_user_touch(c, block->last_page << 12, 1, 0, INFO_FETCH);
}

static void user_block(unsigned int cpu, void *user)
{
	struct vcpu *c = vcpu_of(cpu);
	const struct block *block = user;
	bool same_window = count(c, block);

	if (!same_window || !block_seen(c, block))
		user_block_slow(c, block, same_window);
}

static void guest_access(unsigned int cpu, uint32_t info, uint64_t vaddr, void *user)
{
	struct vcpu *c = vcpu_of(cpu);

	(void)user;
	if (!skip(c, vaddr, info))
		plugin_guest_slow(c, info, vaddr);
}

static void guest_block(unsigned int cpu, void *user)
{
	struct vcpu *c = vcpu_of(cpu);
	const struct block *block = user;

	if (!count(c, block))
		window_next(c);
	if (unlikely(!plugin_seen(c, block->page, INFO_FETCH)))
		plugin_guest_fetch(c, block);
}

static void bare_ref(unsigned int cpu, uint32_t info, uint64_t vaddr, void *user)
{
	(void)info;
	(void)vaddr;
	(void)user;
	vcpu_of(cpu)->refs++;
}

static void bare_block(unsigned int cpu, void *user)
{
	vcpu_of(cpu)->insns += ((const struct block *)user)->insns;
}

/* Blocks live as long as QEMU: a flushed translation may still be running elsewhere. */
static struct block *block_new(struct qemu_plugin_tb *tb, size_t insns)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, insns - 1);
	struct block *block = plugin_alloc(sizeof(*block));

	block->insns = (u32)insns;
	block->vaddr = qemu_plugin_insn_vaddr(first);
	block->haddr = (u64)(uintptr_t)qemu_plugin_insn_haddr(first);
	block->page = plugin_page(block->vaddr);
	block->last_page = plugin_page(qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last) -
				       1);
	block->fetch_key = plugin_key(block->page, block->page == block->last_page ? INFO_FETCH
										   : INFO_NEVER);
	block->fetch_slot = plugin_slot(block->fetch_key);
	return block;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t insns = qemu_plugin_tb_n_insns(tb);
	struct block *block;

	(void)id;
	if (!insns)
		return;
	block = block_new(tb, insns);
	if (!plugin.guest && !plugin.guest_base && plugin.vcpus[0] && !plugin.vcpus[0]->insns) {
		plugin.guest_base = block->haddr ? block->haddr - block->vaddr : 0;
		if (!plugin.bare)
			plugin_user_start(plugin.vcpus[0]);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb,
					     plugin.bare    ? bare_block
					     : plugin.guest ? guest_block
							    : user_block,
					     QEMU_PLUGIN_CB_NO_REGS, block);
	for (size_t i = 0; i < insns; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (plugin.guest && !plugin.bare)
			plugin_guest_insn(insn, qemu_plugin_insn_vaddr(insn));
		/* For one direction alone QEMU 7.2 calls back for the wrong ones: ask each time. */
		qemu_plugin_register_vcpu_mem_cb(insn,
						 plugin.bare    ? bare_ref
						 : plugin.guest ? guest_access
								: user_access,
						 QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
	}
}

static void vcpu_started(uint64_t id, unsigned int index)
{
	struct vcpu **slot = &plugin.vcpus[index & (VCPUS_MAX - 1)];

	(void)id;
	if (!*slot) {
		struct vcpu *c = plugin_alloc(sizeof(*c));

		c->index = index & (VCPUS_MAX - 1);
		plugin_epoch_next(c);
		*slot = c;
	}
	plugin_clock_start(*slot);
}

static void vcpu_ended(uint64_t id, unsigned int index)
{
	(void)id;
	plugin_clock_stop(vcpu_of(index));
}

static void ended(uint64_t id, void *user)
{
	u64 refs = 0, insns = 0;

	(void)id;
	(void)user;
	if (plugin.bare) {
		for (u32 i = 0; i < VCPUS_MAX; i++) {
			refs += plugin.vcpus[i] ? plugin.vcpus[i]->refs : 0;
			insns += plugin.vcpus[i] ? plugin.vcpus[i]->insns : 0;
		}
		fprintf(stderr, "wssim-trace-plugin: %llu references, %llu instructions\n", refs,
			insns);
	}
	plugin_out_close();
}

/* "key=number" of at least 1. */
static bool option_number(const char *arg, const char *key, u64 *value)
{
	size_t length = strlen(key);
	char *end;

	if (strncmp(arg, key, length) || arg[length] != '=')
		return false;
	*value = strtoull(arg + length + 1, &end, 10);
	return !*end && *value;
}

int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
	const char *path = NULL;

	plugin.guest = info->system_emulation;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			path = argv[i] + 4;
		else if (!strcmp(argv[i], "mode=bare"))
			plugin.bare = true;
		else if (!option_number(argv[i], "window", &plugin.window_insns) &&
			 !option_number(argv[i], "ns", &plugin.ns_per_kinsn) &&
			 !(plugin.guest && !strncmp(argv[i], "guest-", 6))) {
			fprintf(stderr, "wssim-trace-plugin: %s: no such option\n", argv[i]);
			return -1;
		}
	}
	if (!plugin.bare && (!path || plugin_out_open(path))) {
		fprintf(stderr, "wssim-trace-plugin: cannot open %s\n", path ? path : "out=");
		return -1;
	}
	if (plugin.guest && plugin_guest_install(id, argc, argv))
		return -1;
	qemu_plugin_register_vcpu_init_cb(id, vcpu_started);
	qemu_plugin_register_vcpu_exit_cb(id, vcpu_ended);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	if (!plugin.guest && !plugin.bare)
		plugin_user_install(id);
	return 0;
}
