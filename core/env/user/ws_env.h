/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_env.h - what the core takes from a freestanding C11 compiler.
 *
 * This header and its namesake in env/linux are the only core files that
 * differ between environments.  u64 is unsigned long long, as in the kernel,
 * so that formats and diagnostics are the same in both.
 */
#ifndef WS_ENV_H
#define WS_ENV_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

/* The compiler itself may call these four, so every environment has them. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

/* Error numbers, with Linux's values; a hosted <errno.h> may come before or after. */
#ifndef EINVAL
#define EIO 5
#define EAGAIN 11
#define ENOMEM 12
#define EBUSY 16
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34
#define ENODATA 61
#define EPROTO 71
#define EMSGSIZE 90
#define ESTALE 116
#endif

/* A broken promise of the caller's: programmer error, never a peer's bytes. */
#define WS_ASSERT(x)                                                                               \
	do {                                                                                       \
		if (!(x))                                                                          \
			__builtin_trap();                                                          \
	} while (0)

#endif /* WS_ENV_H */
