/* SPDX-License-Identifier: BSD-2-Clause */
/* tr_record_guest.c - boots a Linux guest under qemu-system-x86_64 and records it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/guest_mailbox.h"
#include "tr_cpio.h"
#include "tr_guest.h"
#include "tr_kernel_image.h"
#include "tr_record_guest.h"
#include "tr_record_run.h"

#define DISK_SPARE_BYTES (192ull << 20)

/* In order of loading; what a kernel has built in is simply not there. */
static const char *const modules[] = {
	"drivers/virtio/virtio_ring",
	"drivers/virtio/virtio",
	"drivers/virtio/virtio_pci_legacy_dev",
	"drivers/virtio/virtio_pci_modern_dev",
	"drivers/virtio/virtio_pci",
	"drivers/block/virtio_blk",
};

static const char workload_boot[] = "sleep 10\n";
static const char workload_files[] =
	"set -- *\n"
	"[ -f \"$1\" ] || { cat /proc/kallsyms > symbols; }\n"
	"rm -rf lost+found\n"
	"set -- *\n"
	"cat \"$@\" | sort > /data/sorted\n"
	"sleep 8\n"
	"gzip -c sorted > sorted.gz\n"
	"sha256sum \"$@\" sorted\n"
	"sleep 12\n"
	"sha256sum \"$@\"\n"
	"cat \"$@\" | sort -r > /data/sorted.again\n"
	"sleep 8\n"
	"rm sorted sorted.gz\n"
	"sha256sum \"$@\"\n"
	"sleep 5\n";

struct files {
	char vmlinux[PATH_MAX], initramfs[PATH_MAX], disk[PATH_MAX], spool[PATH_MAX];
	char staging[PATH_MAX];
};

static int add_modules(struct tr_cpio *cpio, const char *from, struct tr_error *error)
{
	char list[2048] = "", path[PATH_MAX], name[128];
	int rc = tr_cpio_dir(cpio, "modules");

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]) && !rc && *from; i++) {
		const char *base = strrchr(modules[i], '/') + 1;

		snprintf(path, sizeof(path), "%.3900s/%s.ko", from, modules[i]);
		if (access(path, R_OK)) { /* packed ones are loadable as they are by none */
			char *unxz[] = { (char *)"sh", (char *)"-c",
					 (char *)"xz -dc \"$1.xz\" > \"$1\"", (char *)"sh", path,
					 NULL };
			char packed[PATH_MAX + 4];

			snprintf(packed, sizeof(packed), "%s.xz", path);
			if (access(packed, R_OK) || tr_spawn_wait(unxz, NULL))
				continue;
		}
		snprintf(name, sizeof(name), "modules/%s.ko", base);
		rc = tr_cpio_file(cpio, name, path, 0644, error);
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "/%s\n", name);
	}
	return rc ? rc : tr_cpio_text(cpio, "modules.txt", list);
}

/* busybox by all its names: init runs the workload by "sh", and that the rest. */
static int add_busybox(struct tr_cpio *cpio, const char *busybox, struct tr_error *error)
{
	char command[PATH_MAX + 64], name[128], link[160];
	int rc = tr_cpio_file(cpio, "bin/busybox", busybox, 0755, error);
	FILE *pipe;

	if (rc)
		return rc;
	if (strchr(busybox, '\''))
		return tr_fail(error, -EINVAL, "%s: a path with a quote", busybox);
	snprintf(command, sizeof(command), "'%s' --list 2>/dev/null", busybox);
	pipe = popen(command, "re");
	while (!rc && pipe && fgets(name, sizeof(name), pipe)) {
		name[strcspn(name, "\n")] = 0;
		snprintf(link, sizeof(link), "bin/%s", name);
		if (name[0] && strcmp(name, "busybox"))
			rc = tr_cpio_link(cpio, link, "busybox");
	}
	if (pipe && pclose(pipe) && !rc)
		rc = tr_fail(error, -ENOEXEC, "%s: does not run", busybox);
	return rc;
}

static int add_workload(struct tr_cpio *cpio, const char *workload, struct tr_error *error)
{
	if (!strcmp(workload, "boot"))
		return tr_cpio_text(cpio, "workload", workload_boot);
	if (!strcmp(workload, "files"))
		return tr_cpio_text(cpio, "workload", workload_files);
	return tr_cpio_file(cpio, "workload", workload, 0755, error);
}

static int make_initramfs(const struct tr_guest_options *options, const char *path,
			  struct tr_error *error)
{
	struct tr_cpio cpio;
	int rc = tr_cpio_open(&cpio, path, error), rc2;

	if (rc)
		return rc;
	rc = tr_cpio_dir(&cpio, "bin");
	if (!rc)
		rc = tr_cpio_file(&cpio, "init", options->init, 0755, error);
	if (!rc)
		rc = add_busybox(&cpio, options->busybox, error);
	if (!rc)
		rc = add_workload(&cpio, options->workload, error);
	if (!rc)
		rc = add_modules(&cpio, options->kernel.modules, error);
	rc2 = tr_cpio_close(&cpio, rc ? NULL : error);
	return rc ? rc : rc2;
}

/* An ext4 disk with the user's files; needs neither root nor a mount. */
static int make_disk(const struct tr_guest_options *options, const struct files *files,
		     struct tr_error *error)
{
	char size[32];
	char *mke2fs[] = { (char *)"/sbin/mke2fs", (char *)"-q", (char *)"-t", (char *)"ext4",
			   (char *)"-E", (char *)"root_owner=0:0,lazy_itable_init=0",
			   (char *)"-d", (char *)files->staging, (char *)files->disk, size, NULL };
	u64 bytes = DISK_SPARE_BYTES;
	struct stat st;

	if (mkdir(files->staging, 0755))
		return tr_fail(error, -errno, "%s: %s", files->staging, strerror(errno));
	for (size_t i = 0; options->files && options->files[i]; i++) {
		char *copy[] = { (char *)"cp", (char *)"-RL", (char *)"--", options->files[i],
				 (char *)files->staging, NULL };

		if (stat(options->files[i], &st))
			return tr_fail(error, -errno, "%s: %s", options->files[i],
				       strerror(errno));
		bytes += 3 * (u64)st.st_size;
		if (tr_spawn_wait(copy, NULL))
			return tr_fail(error, -EIO, "%s: cannot be copied", options->files[i]);
	}
	snprintf(size, sizeof(size), "%lluk", bytes >> 10);
	if (tr_spawn_wait(mke2fs, NULL))
		return tr_fail(error, -EIO, "mke2fs failed: is the Debian package e2fsprogs "
					    "installed, and is there space under $TMPDIR?");
	return 0;
}

static int prepare(const struct tr_guest_options *options, const struct tr_run_dir *dir,
		   struct files *files, struct tr_error *error)
{
	int rc;

	snprintf(files->vmlinux, PATH_MAX, "%.4000s/vmlinux", dir->folder.path);
	snprintf(files->initramfs, PATH_MAX, "%.4000s/initramfs", dir->folder.path);
	snprintf(files->disk, PATH_MAX, "%.4000s/disk", dir->folder.path);
	snprintf(files->spool, PATH_MAX, "%.4000s/spool", dir->folder.path);
	snprintf(files->staging, PATH_MAX, "%.4000s/data", dir->folder.path);
	rc = tr_kernel_unpack(options->kernel.image, files->vmlinux, error);
	if (rc == -ENOTSUP) { /* it will unpack itself, or was not packed */
		snprintf(files->vmlinux, PATH_MAX, "%s", options->kernel.image);
		rc = 0;
	}
	if (!rc)
		rc = make_initramfs(options, files->initramfs, error);
	return rc ? rc : make_disk(options, files, error);
}

static int boot(const struct tr_guest_options *options, const struct tr_run_dir *dir,
		const struct files *files, const char *qemu, struct tr_guest *guest,
		struct tr_guest_result *result, struct tr_error *error)
{
	u64 usable = options->memory_bytes, all = usable + GUEST_MAILBOX_BYTES;
	char plugin[2 * PATH_MAX + 256], memory[64], backend[128], drive[PATH_MAX + 128];
	char append[512];
	const char *args[] = {
		qemu, "-machine", "q35,memory-backend=m,smm=off,hpet=off", "-accel",
		"tcg,thread=multi", "-cpu", "max,cx16=off,erms=off,fsrm=off", "-smp", "1", "-m",
		memory, "-object", backend, "-nodefaults", "-no-user-config", "-display", "none",
		"-serial", options->console ? "file:/dev/stderr" : "null", "-no-reboot", "-kernel",
		files->vmlinux, "-initrd", files->initramfs, "-drive", drive, "-device",
		"virtio-blk-pci,drive=d", "-append", append, "-plugin", plugin, NULL,
	};
	int rc = tr_plugin_argument(plugin, sizeof(plugin) - 64, &options->record, dir->pipe,
				    error);

	if (rc)
		return rc;
	snprintf(plugin + strlen(plugin), 64, ",guest-pages=%llu", all >> 12);
	snprintf(memory, sizeof(memory), "%lluM", all >> 20);
	snprintf(backend, sizeof(backend), "memory-backend-memfd,id=m,size=%lluM", all >> 20);
	snprintf(drive, sizeof(drive), "file=%s,format=raw,if=none,id=d,cache=unsafe",
		 files->disk);
	snprintf(append, sizeof(append),
		 "console=ttyS0 quiet panic=-1 nokaslr init_on_alloc=0 memmap=%uM$%lluM "
		 "wssim.mailbox=%llu rdinit=/init",
		 GUEST_MAILBOX_BYTES >> 20, usable >> 20, usable);
	return tr_run((char **)args, dir, &options->record, tr_guest_event, guest, &result->run,
		      error);
}

int tr_record_guest(const struct tr_guest_options *options, struct tr_sink sink,
		    struct tr_guest_result *result, struct tr_error *error)
{
	struct tr_guest *guest = NULL;
	struct tr_run_dir dir;
	struct files files;
	char qemu[PATH_MAX];
	int rc;

	memset(result, 0, sizeof(*result));
	if (tr_find_program(options->record.qemu, qemu, sizeof(qemu), NULL))
		return tr_fail(error, -ENOENT,
			       "%s: not found: install the Debian package qemu-system-x86",
			       options->record.qemu);
	if (access(options->busybox, X_OK))
		return tr_fail(error, -ENOENT,
			       "%s: not found: install the Debian package busybox-static",
			       options->busybox);
	rc = tr_run_dir_make(&dir, error);
	if (rc)
		return rc;
	rc = prepare(options, &dir, &files, error);
	if (!rc)
		rc = tr_guest_open(&guest, files.spool,
				   (options->memory_bytes + GUEST_MAILBOX_BYTES) >> 12, error);
	if (!rc)
		rc = boot(options, &dir, &files, qemu, guest, result, error);
	if (!rc && !options->record.bare) {
		result->allocations_count = tr_guest_allocations(guest);
		if (!result->allocations_count && !(options->record.stop && *options->record.stop))
			rc = tr_fail(error, -EIO,
				     "the guest did not come as far as its init: try --console");
		else
			rc = tr_guest_write(guest, sink, error);
	}
	tr_guest_close(guest);
	tr_run_dir_remove(&dir);
	return rc;
}
