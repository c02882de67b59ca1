/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_unpack.c - see tr_unpack.h. */
#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "tr_unpack.h"

#define MEMORY_MAX (128ull << 20) /* enough for xz -9 (65 MiB) and zstd without --long */

enum packing { PLAIN, GZIP, XZ, ZSTD };

struct tr_unpack {
	enum packing packing;
	bool inside; /* a member has begun and not ended */
	z_stream zlib;
	lzma_stream lzma;
	ZSTD_DStream *zstd;
};

static enum packing recognize(const u8 *head, size_t size)
{
	if (size >= 3 && !memcmp(head, "\x1f\x8b\x08", 3))
		return GZIP;
	if (size >= 6 && !memcmp(head, "\xfd" "7zXZ\0", 6))
		return XZ;
	if (size >= 4 && !memcmp(head, "\x28\xb5\x2f\xfd", 4))
		return ZSTD;
	return PLAIN;
}

struct tr_unpack *tr_unpack_create(const u8 *head, size_t size)
{
	struct tr_unpack *unpack = calloc(1, sizeof(*unpack));
	bool ok = true;

	if (!unpack)
		return NULL;
	unpack->packing = recognize(head, size);
	if (unpack->packing == GZIP)
		ok = inflateInit2(&unpack->zlib, 15 + 16) == Z_OK;
	if (unpack->packing == XZ)
		ok = lzma_stream_decoder(&unpack->lzma, MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
	if (unpack->packing == ZSTD)
		ok = (unpack->zstd = ZSTD_createDStream()) != NULL;
	if (ok)
		return unpack;
	free(unpack);
	return NULL;
}

void tr_unpack_destroy(struct tr_unpack *unpack)
{
	if (!unpack)
		return;
	if (unpack->packing == GZIP)
		inflateEnd(&unpack->zlib);
	if (unpack->packing == XZ)
		lzma_end(&unpack->lzma);
	ZSTD_freeDStream(unpack->zstd);
	free(unpack);
}

static int fail(const char **reason, const char *text)
{
	*reason = text;
	return -EINVAL;
}

static int step_plain(struct tr_unpack_step *step)
{
	size_t size = step->in_size - step->in_at, room = step->out_size - step->out_at;

	if (size > room)
		size = room;
	memcpy(step->out + step->out_at, step->in + step->in_at, size);
	step->in_at += size;
	step->out_at += size;
	return 0;
}

static int step_gzip(struct tr_unpack *unpack, struct tr_unpack_step *step, const char **reason)
{
	z_stream *z = &unpack->zlib;

	if (!unpack->inside && step->in_at == step->in_size)
		return 0;
	if (!unpack->inside && inflateReset(z) != Z_OK)
		return fail(reason, "cannot reset zlib");
	unpack->inside = true;
	z->next_in = (u8 *)step->in + step->in_at;
	z->avail_in = (uInt)(step->in_size - step->in_at);
	z->next_out = step->out + step->out_at;
	z->avail_out = (uInt)(step->out_size - step->out_at);
	int rc = inflate(z, Z_NO_FLUSH);
	step->in_at = step->in_size - z->avail_in;
	step->out_at = step->out_size - z->avail_out;
	if (rc == Z_STREAM_END)
		unpack->inside = false;
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		return fail(reason, "gzip data is corrupt");
	return 0;
}

static int step_xz(struct tr_unpack *unpack, struct tr_unpack_step *step, const char **reason)
{
	lzma_stream *z = &unpack->lzma;

	z->next_in = step->in + step->in_at;
	z->avail_in = step->in_size - step->in_at;
	z->next_out = step->out + step->out_at;
	z->avail_out = step->out_size - step->out_at;
	lzma_ret rc = lzma_code(z, step->in_ended ? LZMA_FINISH : LZMA_RUN);
	step->in_at = step->in_size - z->avail_in;
	step->out_at = step->out_size - z->avail_out;
	unpack->inside = rc != LZMA_STREAM_END;
	if (rc == LZMA_MEMLIMIT_ERROR)
		return fail(reason, "xz data needs more than 128 MiB to unpack");
	if (rc != LZMA_OK && rc != LZMA_STREAM_END && rc != LZMA_BUF_ERROR)
		return fail(reason, "xz data is corrupt");
	return 0;
}

static int step_zstd(struct tr_unpack *unpack, struct tr_unpack_step *step, const char **reason)
{
	ZSTD_inBuffer in = { step->in, step->in_size, step->in_at };
	ZSTD_outBuffer out = { step->out, step->out_size, step->out_at };

	if (!unpack->inside && in.pos == in.size)
		return 0;
	size_t rc = ZSTD_decompressStream(unpack->zstd, &out, &in);
	step->in_at = in.pos;
	step->out_at = out.pos;
	if (ZSTD_isError(rc))
		return fail(reason, "zstd data is corrupt, or packed with --long");
	unpack->inside = rc != 0;
	return 0;
}

int tr_unpack_step(struct tr_unpack *unpack, struct tr_unpack_step *step, const char **reason)
{
	size_t out_before = step->out_at, in_before = step->in_at;
	int rc = 0;

	switch (unpack->packing) {
	case PLAIN:
		return step_plain(step);
	case GZIP:
		rc = step_gzip(unpack, step, reason);
		break;
	case XZ:
		rc = step_xz(unpack, step, reason);
		break;
	case ZSTD:
		rc = step_zstd(unpack, step, reason);
		break;
	}
	if (!rc && step->in_ended && unpack->inside && step->out_at == out_before &&
	    step->in_at == in_before && step->out_at < step->out_size)
		return fail(reason, "compressed data ends early");
	return rc;
}
