/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tr_kernel_image.h - takes vmlinux out of a compressed x86 kernel.
 *
 * QEMU starts an uncompressed kernel directly (PVH), which under emulation saves the
 * guest some seconds in which it would unpack itself.  The image's own header says
 * where the payload is; LZ4 (Debian's choice for cloud kernels) is decoded here, xz,
 * gzip and zstd by the programs of those names.
 *
 * Memory: freed before return.  Errors: -ENOTSUP when it is packed otherwise (then
 * boot the image as it is), -EINVAL for what is no kernel, other negative errno; text.
 */
#ifndef TR_KERNEL_IMAGE_H
#define TR_KERNEL_IMAGE_H

#include <ws_env.h>

#include "tr_error.h"

int tr_kernel_unpack(const char *image_path, const char *vmlinux_path, struct tr_error *error);

/*
 * LZ4's legacy frame, as the kernel uses it.  Return: bytes written to @to, or -EINVAL
 * when @from is damaged or does not fit @room.
 */
s64 tr_lz4_legacy(const u8 *from, size_t size, u8 *to, size_t room);

#endif /* TR_KERNEL_IMAGE_H */
