/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ws_env.h - what the core takes from the bare machine of bare.c. */
#ifndef WS_ENV_H
#define WS_ENV_H
#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
enum { EIO = 5, EAGAIN = 11, ENOMEM, EBUSY = 16, EINVAL = 22, ENOSPC = 28, ERANGE = 34,
       ENODATA = 61, EPROTO = 71, EMSGSIZE = 90, ESTALE = 116 };
void die(const char *why) __attribute__((noreturn));
#define WS_ASSERT(x) ((x) ? (void)0 : die(#x))
#endif
