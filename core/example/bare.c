/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bare.c - the core on a PC without an operating system: with ws_env.h the whole port.
 *
 * Any multiboot loader starts it.  Says over the serial line what the core computes here
 * (the known answers).  A program on top of it has a run() of its own, as watch.c.
 */
#include "ws_kat.h"

__asm__(".text; .align 4; .long 0x1badb002, 0, -0x1badb002\n" /* the loader looks for these */
	".globl start; start: mov $0x90000, %esp; call run\n"); /* ordinary memory of every PC */

void run(void) __attribute__((weak)), say_number(const char *name, u64 number);

static void say(const char *text)
{
	for (; *text; text++)
		__asm__ volatile("outb %0, %1" : : "a"(*text), "d"((u16)0x3f8));
}

void say_number(const char *name, u64 number)
{
	char digits[] = " 0000000000000000\n";

	for (u32 i = 16; i; i--, number >>= 4)
		digits[i] = "0123456789abcdef"[number & 15];
	say(name);
	say(digits);
}

void die(const char *why)
{
	say(why);
	for (;;)
		__asm__ volatile("outb %0, %1" : : "a"((u8)0), "d"((u16)0xf4)); /* QEMU's exit */
}

void *memmove(void *to, const void *from, size_t size)
{
	u8 *t = to;
	const u8 *f = from;

	for (size_t i = 0; i < size; i++)
		t[t < f ? i : size - 1 - i] = f[t < f ? i : size - 1 - i];
	return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
	return memmove(to, from, size);
}

void *memset(void *to, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((u8 *)to)[i] = (u8)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	size_t i = 0;

	while (i < size && ((const u8 *)a)[i] == ((const u8 *)b)[i])
		i++;
	return i < size ? ((const u8 *)a)[i] - ((const u8 *)b)[i] : 0;
}

void run(void)
{
	static u64 scratch[1 << 16];
	struct ws_kat_result result[WS_KAT_COUNT];

	WS_ASSERT(!ws_kat_run(scratch, sizeof(scratch), result));
	for (u32 i = 0; i < WS_KAT_COUNT; i++)
		say_number(result[i].name, result[i].digest);
	die("done\n");
}
