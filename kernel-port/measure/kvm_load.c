/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm_load.c - a process one part of whose memory only a virtual machine of KVM touches.
 *
 * usage: kvm_load MiB PERIOD_MS PAUSE_S SECONDS
 *	Three regions of anonymous memory, each of so many MiB and written once:
 *	vm	is the memory of a virtual machine whose program writes a byte of every
 *		page once a period; the process itself does not touch it again
 *	own	is written by the process in the same way at the same time
 *	idle	is left alone
 *	Every round, before it is made, the pages of each region that are not mapped are
 *	counted (they were reclaimed, and the round brings those of vm and own back).
 *	"ready" when all was touched for the first time; at the end the counts of all
 *	rounds from PAUSE_S on: "vm N own N idle N rounds N", idle's those of the last round.
 */
#include "../tests/common/guest_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define BYTE_TOUCHED 2048u /* of a page; the program lies at the beginning of the first */

enum { VM, OWN, IDLE, REGIONS };

struct region {
	unsigned char *memory;
	unsigned long reclaimed_count;
};

static unsigned char *map_region(size_t size)
{
	unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	return memory;
}

/* Pages of @memory that no page-table entry of this process maps. */
static unsigned long count_unmapped(int pagemap, const unsigned char *memory, size_t size)
{
	static uint64_t entries[512];
	unsigned long unmapped = 0;
	size_t i, j;

	for (i = 0; i < size / PAGE; i += 512) {
		off_t where = (off_t)(((uintptr_t)memory / PAGE + i) * sizeof(entries[0]));
		size_t count = size / PAGE - i < 512 ? size / PAGE - i : 512;
		size_t bytes = count * sizeof(entries[0]);

		if (pread(pagemap, entries, bytes, where) != (ssize_t)bytes)
			die("pagemap");
		for (j = 0; j < count; j++)
			unmapped += !(entries[j] >> 63);
	}
	return unmapped;
}

/* 32 bit, without paging; each round ends with an exit to the process. */
static void write_program(unsigned char *memory, size_t size)
{
	static const unsigned char program[] = {
		0xbf, 0x00, 0x08, 0x00, 0x00,		/* start: mov $BYTE_TOUCHED, %edi */
		0xfe, 0x07,				/* next: incb (%edi) */
		0x81, 0xc7, 0x00, 0x10, 0x00, 0x00,	/* add $PAGE, %edi */
		0x81, 0xff, 0x00, 0x00, 0x00, 0x00,	/* cmp $size, %edi */
		0x72, 0xf0,				/* jb next */
		0xe6, 0x10,				/* out %al, $0x10 */
		0xeb, 0xe7,				/* jmp start */
	};
	uint32_t end = (uint32_t)size;

	memcpy(memory, program, sizeof(program));
	memcpy(memory + 15, &end, sizeof(end));
}

static void set_flat(int vcpu)
{
	struct kvm_regs regs = { .rip = 0, .rflags = 2 };
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .type = 11, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment data = code;
	struct kvm_sregs sregs;

	data.selector = 16;
	data.type = 3;
	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 |= 1;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs))
		die("KVM_SET_SREGS, KVM_SET_REGS");
}

static int make_vm(unsigned char *memory, size_t size, struct kvm_run **run)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = size, .userspace_addr = (uintptr_t)memory,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu, bytes;

	if (kvm < 0)
		die("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		die("KVM_CREATE_VM, KVM_SET_USER_MEMORY_REGION");
	write_program(memory, size);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu < 0 || bytes < 0)
		die("KVM_CREATE_VCPU");
	*run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (*run == MAP_FAILED)
		die("mmap of a vCPU");
	set_flat(vcpu);
	return vcpu;
}

static void run_round(int vcpu, const struct kvm_run *run)
{
	if (ioctl(vcpu, KVM_RUN, 0))
		die("KVM_RUN");
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x10) {
		fprintf(stderr, "kvm_load: the vCPU stops with exit %u\n", run->exit_reason);
		exit(1);
	}
}

static void count_regions(struct region *regions, int pagemap, size_t size)
{
	int i;

	for (i = 0; i < REGIONS; i++) {
		unsigned long unmapped = count_unmapped(pagemap, regions[i].memory, size);

		if (i == IDLE)
			regions[i].reclaimed_count = unmapped;
		else
			regions[i].reclaimed_count += unmapped;
	}
}

int main(int argc, char **argv)
{
	struct region regions[REGIONS] = { 0 };
	struct kvm_run *run;
	double start, next, period_s;
	unsigned long rounds = 0;
	int pagemap, vcpu, i;
	size_t size, at;

	if (argc != 5) {
		fprintf(stderr, "usage: kvm_load MiB PERIOD_MS PAUSE_S SECONDS\n");
		return 2;
	}
	size = (size_t)strtoul(argv[1], NULL, 10) << 20;
	period_s = strtod(argv[2], NULL) / 1000;
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (!size || size > 1u << 30 || period_s <= 0 || pagemap < 0)
		die("1 to 1024 MiB, a period, /proc/self/pagemap");
	for (i = 0; i < REGIONS; i++)
		regions[i].memory = map_region(size);
	vcpu = make_vm(regions[VM].memory, size, &run);
	start = next = now_s();
	while (now_s() < start + strtod(argv[4], NULL)) {
		if (now_s() >= start + strtod(argv[3], NULL)) {
			count_regions(regions, pagemap, size);
			rounds++;
		}
		run_round(vcpu, run);
		for (at = BYTE_TOUCHED; at < size; at += PAGE)
			++*(volatile unsigned char *)(regions[OWN].memory + at);
		if (next == start) {
			puts("ready");
			fflush(stdout);
		}
		next += period_s;
		if (next < now_s())
			next = now_s() + period_s;
		usleep((useconds_t)((next - now_s()) * 1e6));
	}
	printf("vm %lu own %lu idle %lu rounds %lu\n", regions[VM].reclaimed_count,
	       regions[OWN].reclaimed_count, regions[IDLE].reclaimed_count, rounds);
	return 0;
}
