/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_vq.h - which virtqueue of a balloon has which number.
 *
 * The specification gives every queue a fixed number.  Implementations count
 * differently: a queue whose feature is absent takes no number, and those behind it
 * move down.  Nor does "absent" mean the same to both ends: a device (QEMU, crosvm
 * since 2025) makes its queues before there is a driver, so it counts what it offers;
 * a driver (Linux) asks for the queues it wants, so it counts what was negotiated.
 * The two agree as long as the driver accepts every queue that precedes one it
 * accepts; otherwise one end listens where the other does not speak.
 *
 *	all but hints offered, statistics refused by the driver:
 *				inflate deflate stats hints reporting working-set notify
 *	WS_VQ_FIXED		   0       1      -     -       4          5         6
 *	WS_VQ_OFFERED		   0       1      -     -       3          4         5
 *	WS_VQ_NEGOTIATED	   0       1      -     -       2          3         4
 *
 * So a device that wants to be understood offers no queue that its driver may refuse,
 * or asks ws_vq_agree() before it starts, and refuses FEATURES_OK when it says no.
 *
 * The specification has no feature bit for working sets: it is a parameter, which as
 * a rule comes from the dialect.
 *
 * Memory: none.  Time: constant.  Errors: negative errno.  Locking: none, no state.
 * Source: virtio specification 1.4, virtio-balloon of Linux 6.x, QEMU 9, crosvm.
 */
#ifndef WS_VQ_H
#define WS_VQ_H

#include <ws_env.h>

/* In the order of the specification; the last two are of working-set reporting. */
enum ws_vq {
	WS_VQ_INFLATE,
	WS_VQ_DEFLATE,
	WS_VQ_STATS,
	WS_VQ_FREE_PAGE,
	WS_VQ_REPORTING,
	WS_VQ_WORKING_SET,
	WS_VQ_NOTIFY,
	WS_VQS
};

enum ws_vq_rule {
	WS_VQ_FIXED,	  /* as the specification says; crosvm before April 2025 */
	WS_VQ_OFFERED,	  /* QEMU, crosvm since */
	WS_VQ_NEGOTIATED, /* Linux's driver */
};

#define WS_VQ_BITS 64 /* feature bits known here */

/**
 * ws_vq_index() - the number of a queue
 * @offered: feature bits that the device has
 * @negotiated: those that the driver took, all of them offered
 * @working_set_bit: of the working-set feature, below WS_VQ_BITS
 *
 * Return: the number; -ENODATA when the queue's feature was not negotiated; -EINVAL
 * when a feature was taken that is not offered, or the bit or queue is out of range.
 */
int ws_vq_index(enum ws_vq_rule rule, u64 offered, u64 negotiated, u32 working_set_bit,
		enum ws_vq queue);

/*
 * How many queues the device has, by what it offers: with WS_VQ_FIXED the last one's number
 * + 1.  A working-set bit out of range is not offered.
 */
u32 ws_vq_count(enum ws_vq_rule rule, u64 offered, u32 working_set_bit);

/*
 * Do a device with one rule and a driver with another mean the same queues?  False also for
 * what ws_vq_index() refuses.
 */
bool ws_vq_agree(enum ws_vq_rule device, enum ws_vq_rule driver, u64 offered, u64 negotiated,
		 u32 working_set_bit);

#endif /* WS_VQ_H */
