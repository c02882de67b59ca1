/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_guest_kernel.h - finds a kernel for a recorded guest.
 *
 * @spec is the path of a kernel image; or of a Debian package "linux-image-*.deb"; or
 * the name of such a package; or NULL, for what linux-image-cloud-amd64 depends on
 * now.  Packages are fetched by apt-get as any user, unpacked (not installed) into
 * $XDG_CACHE_HOME/wssim/kernels or ~/.cache/wssim/kernels, and found there the next time.
 *
 * Errors: negative errno and text.
 */
#ifndef TR_GUEST_KERNEL_H
#define TR_GUEST_KERNEL_H

#include <limits.h>

#include "tr_error.h"

struct tr_guest_kernel {
	char name[256];		 /* the package's, or the image's path */
	char image[PATH_MAX];
	char modules[PATH_MAX]; /* .../lib/modules/VERSION/kernel; empty: none known */
};

int tr_guest_kernel_find(struct tr_guest_kernel *kernel, const char *spec, struct tr_error *error);

/* Run a program and wait; @dir may be NULL.  Return: its exit status, or negative errno. */
int tr_spawn_wait(char *const *argv, const char *dir);

#endif /* TR_GUEST_KERNEL_H */
