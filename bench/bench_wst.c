/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_wst.c - see bench_wst.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench_wst.h"
#include "tr_file.h"

int bench_folder_make(struct bench_folder *folder)
{
	snprintf(folder->path, sizeof(folder->path), "/tmp/wssim-bench-XXXXXX");
	if (mkdtemp(folder->path))
		return 0;
	folder->path[0] = 0;
	return -errno;
}

char *bench_folder_file(const struct bench_folder *folder, const char *name,
			char path[BENCH_PATH_MAX])
{
	snprintf(path, BENCH_PATH_MAX, "%.38s/%.38s", folder->path, name);
	return path;
}

void bench_folder_remove(struct bench_folder *folder)
{
	DIR *dir = folder->path[0] ? opendir(folder->path) : NULL;
	const struct dirent *entry;
	char path[BENCH_PATH_MAX];

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlink(bench_folder_file(folder, entry->d_name, path));
	if (dir)
		closedir(dir);
	if (folder->path[0])
		rmdir(folder->path);
}

int bench_text_write(const struct bench_folder *folder, const char *name, const char *text)
{
	char path[BENCH_PATH_MAX];
	FILE *file = fopen(bench_folder_file(folder, name, path), "w");

	if (!file)
		return -errno;
	int failed = fputs(text, file) < 0;

	return fclose(file) || failed ? -EIO : 0;
}

int bench_wst_write(const struct bench_folder *folder, const char *name,
		    const struct tr_array *array, const struct bench_wst *how)
{
	struct tr_meta meta = { .numbering = how->scattered ? TR_NUMBER_REGIONS : TR_NUMBER_OBJECTS,
				.origin = "source: benchmark\n" };
	struct tr_writer *writer;
	char path[BENCH_PATH_MAX];
	u32 mask = 1;

	while (mask < array->pages_count)
		mask *= 2;
	int rc = tr_writer_open(&writer, bench_folder_file(folder, name, path), &meta, NULL);

	for (u32 i = 0; !rc && i < array->count; i++) {
		u32 page = TR_PAGE(array->page[i]);
		struct tr_record record = { .op = TR_ACCESS, .page = page,
					    .write = TR_IS_WRITE(array->page[i]),
					    .time_ns = (u64)i * how->access_ns };

		if (how->scattered) /* an odd factor makes a permutation */
			record.page = page * 0x9e3779b1u & (mask - 1);
		rc = tr_writer_put(writer, &record, NULL);
	}
	return rc ? rc : tr_writer_commit(writer, NULL);
}
