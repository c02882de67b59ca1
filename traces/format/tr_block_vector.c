/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_block_vector.c - decodes a block's entries four at a time with SSE4.1.
 *
 * A control byte selects a shuffle that spreads the next 4 to 16 bytes over four
 * lanes; the deltas are summed up inside the vector by two shifts.  Twice to three
 * times as fast as one by one; the result is the same, which tests compare.
 *
 * Source of the shuffle: D. Lemire, N. Kurz, C. Rupp, "Stream VByte: Faster
 * byte-oriented integer compression", 2018.
 */
#include "tr_block.h"

#ifdef __x86_64__
#include <smmintrin.h>

struct shuffle {
	u8 lane[16]; /* source byte of each byte; 0x80 makes a zero */
};

static void make_shuffle(struct shuffle *shuffle, u32 control)
{
	u8 from = 0;

	for (u32 i = 0; i < 4; i++)
		for (u32 b = 0; b < 4; b++)
			shuffle->lane[4 * i + b] = b <= (control >> 2 * i & 3) ? from++ : 0x80;
}

__attribute__((target("sse4.1"))) static u32 decode(struct tr_block_decoder *decoder, u32 *entry,
						    u32 groups, const struct shuffle *shuffles)
{
	const u8 *control = decoder->control, *data = decoder->data;
	const __m128i one = _mm_set1_epi32(1);
	__m128i page = _mm_set1_epi32((int)decoder->page);
	__m128i max = _mm_set1_epi32((int)decoder->entry_max);

	for (u32 i = 0; i < groups; i++) {
		u32 c = *control++;
		__m128i shuffle = _mm_loadu_si128((const __m128i *)shuffles[c].lane);
		__m128i value = _mm_loadu_si128((const __m128i *)data);
		value = _mm_shuffle_epi8(value, shuffle);
		c = (c & 0x33) + (c >> 2 & 0x33);
		data += 4 + (c & 15) + (c >> 4);
		__m128i zigzag = _mm_srli_epi32(value, 1);
		__m128i sign = _mm_sub_epi32(_mm_setzero_si128(), _mm_and_si128(zigzag, one));
		__m128i sum = _mm_xor_si128(_mm_srli_epi32(zigzag, 1), sign);
		sum = _mm_add_epi32(sum, _mm_slli_si128(sum, 4));
		sum = _mm_add_epi32(sum, _mm_slli_si128(sum, 8));
		page = _mm_add_epi32(sum, page);
		__m128i out = _mm_or_si128(_mm_slli_epi32(page, 1), _mm_and_si128(value, one));
		page = _mm_shuffle_epi32(page, 0xff);
		max = _mm_max_epu32(max, out);
		_mm_storeu_si128((__m128i *)(entry + 4 * i), out);
	}
	decoder->control = control;
	decoder->data = data;
	decoder->page = (u32)_mm_cvtsi128_si32(page);
	max = _mm_max_epu32(max, _mm_srli_si128(max, 8));
	max = _mm_max_epu32(max, _mm_srli_si128(max, 4));
	decoder->entry_max = (u32)_mm_cvtsi128_si32(max);
	return 4 * groups;
}

u32 tr_block_decode_vector(struct tr_block_decoder *decoder, u32 *entry, u32 count)
{
	struct shuffle shuffles[256];

	/* The table takes as long as some 500 entries. */
	if (count < 1024 || !__builtin_cpu_supports("sse4.1"))
		return 0;
	for (u32 c = 0; c < 256; c++)
		make_shuffle(&shuffles[c], c);
	return decode(decoder, entry, count / 4, shuffles);
}

#else

u32 tr_block_decode_vector(struct tr_block_decoder *decoder, u32 *entry, u32 count)
{
	(void)decoder;
	(void)entry;
	(void)count;
	return 0;
}

#endif
