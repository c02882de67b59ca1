/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_hash.h - a 64-bit checksum for blocks and files: XXH64, by its published
 * specification, so that other tools can verify a file.  Not for secrets.
 *
 * Source: "xxHash fast digest algorithm", version 0.1.1, Yann Collet.
 */
#ifndef TR_HASH_H
#define TR_HASH_H

#include <ws_env.h>

/* Hash of @size bytes; chain calls by passing one's result as the next one's @seed. */
u64 tr_hash64(const void *data, size_t size, u64 seed);

/* A good mixing of one word, for hash tables (the finalizer of splitmix64). */
static inline u64 tr_mix64(u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

#endif /* TR_HASH_H */
