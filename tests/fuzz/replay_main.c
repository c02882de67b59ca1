/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_main.c - runs a fuzz target without a fuzzer: usage RUNS FILE...
 *
 * Every file as it is, the empty input, then RUNS inputs made of the files by random
 * changes with a fixed seed, so that every run does the same.  An input that kills the
 * target is left in "<target>.crash".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ws_env.h>

#define INPUT_MAX 65536u
#define SEED 0x5eed0f5eedull

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static u64 state = SEED;
static u8 input[INPUT_MAX];
static size_t input_size;
static char crash_path[4096];

struct file {
	u8 *data;
	size_t size;
};

static u32 draw(u32 below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((state >> 33) * below >> 31);
}

static void died(int signal_number)
{
	FILE *file = fopen(crash_path, "wb"); /* not signal-safe, but all is lost anyway */

	if (file) {
		fwrite(input, 1, input_size, file);
		fclose(file);
	}
	fprintf(stderr, "the input that did it is in %s\n", crash_path);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void run(void)
{
	/* A copy of its own size, so that a sanitizer sees every byte read past the end. */
	u8 *copy = malloc(input_size ? input_size : 1);

	if (!copy)
		exit(1);
	memcpy(copy, input, input_size);
	LLVMFuzzerTestOneInput(copy, input_size);
	free(copy);
}

static void change_span(u32 at)
{
	u32 from = draw((u32)input_size), length = 1 + draw(16);

	if (length > input_size - from)
		length = (u32)input_size - from;
	switch (draw(3)) {
	case 0: /* delete */
		memmove(input + from, input + from + length, input_size - from - length);
		input_size -= length;
		break;
	case 1: /* repeat */
		if (input_size + length > INPUT_MAX)
			break;
		memmove(input + from + length, input + from, input_size - from);
		input_size += length;
		break;
	default: /* copy elsewhere */
		if (at + length <= input_size)
			memmove(input + at, input + from, length);
	}
}

static void change(void)
{
	static const u8 edges[] = { 0, 1, 0x7f, 0x80, 0xff, '0', '9', '"', '{', '-' };
	u32 at;

	if (!input_size) {
		input[input_size++] = (u8)draw(256);
		return;
	}
	at = draw((u32)input_size);
	switch (draw(6)) {
	case 0:
		input[at] ^= (u8)(1u << draw(8));
		break;
	case 1:
		input[at] = (u8)draw(256);
		break;
	case 2:
		input[at] = edges[draw(sizeof(edges))];
		break;
	case 3:
		input[at] = (u8)(input[at] + draw(16) - 8);
		break;
	case 4:
		if (!draw(4))
			input_size = at;
		break;
	default:
		change_span(at);
	}
}

static void read_file(struct file *to, const char *path)
{
	FILE *file = fopen(path, "rb");

	to->data = malloc(INPUT_MAX);
	if (!file || !to->data) {
		perror(path);
		exit(1);
	}
	to->size = fread(to->data, 1, INPUT_MAX, file);
	fclose(file);
}

static void take(const struct file *file)
{
	input_size = file->size;
	if (file->size)
		memcpy(input, file->data, file->size);
}

int main(int argc, char **argv)
{
	u32 runs = argc > 1 ? (u32)strtoul(argv[1], NULL, 10) : 0;
	u32 files_count = argc > 2 ? (u32)argc - 2 : 0;
	struct file *file = calloc(files_count + 1, sizeof(*file));
	const char *slash = strrchr(argv[0], '/');

	if (!file)
		return 1;
	snprintf(crash_path, sizeof(crash_path), "%s.crash", argv[0]);
	signal(SIGABRT, died);
	signal(SIGSEGV, died);
	signal(SIGILL, died);
	run();
	for (u32 i = 0; i < files_count; i++) {
		read_file(&file[i], argv[i + 2]);
		take(&file[i]);
		run();
	}
	for (u32 i = 0; i < runs; i++) {
		take(&file[draw(files_count + 1)]); /* the last one is the empty input */
		for (u32 changes = 1 + draw(8); changes; changes--)
			change();
		run();
	}
	printf("%s: %u files and %u mutations\n", slash ? slash + 1 : argv[0], files_count, runs);
	for (u32 i = 0; i < files_count; i++)
		free(file[i].data);
	free(file);
	return 0;
}
