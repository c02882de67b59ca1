/* SPDX-License-Identifier: BSD-2-Clause */
/* wsd_guard.c - SIGBUS becomes an error code; see wsd_guard.h. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>

#include "wsd_guard.h"

static sigjmp_buf back;
static volatile sig_atomic_t armed;

static void on_bus_error(int number)
{
	if (armed)
		siglongjmp(back, 1);
	/* Not guest memory: a fault of this program's own. */
	signal(number, SIG_DFL);
	raise(number);
}

int wsd_guard_install(void)
{
	/* Not deferred: the signal must still be open after the jump, whose mask is not saved. */
	struct sigaction action = { .sa_handler = on_bus_error, .sa_flags = SA_NODEFER };

	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) ? -errno : 0;
}

int wsd_guard_copy(void *to, const void *from, size_t size)
{
	if (sigsetjmp(back, 0)) {
		armed = 0;
		return -EFAULT;
	}
	armed = 1;
	__asm__ volatile("" ::: "memory");
	memcpy(to, from, size);
	__asm__ volatile("" ::: "memory");
	armed = 0;
	return 0;
}

int wsd_guard_load16(const u16 *from, u16 *value)
{
	if (sigsetjmp(back, 0)) {
		armed = 0;
		return -EFAULT;
	}
	armed = 1;
	__asm__ volatile("" ::: "memory");
	*value = __atomic_load_n(from, __ATOMIC_ACQUIRE);
	__asm__ volatile("" ::: "memory");
	armed = 0;
	return 0;
}

int wsd_guard_store16(u16 *to, u16 value)
{
	if (sigsetjmp(back, 0)) {
		armed = 0;
		return -EFAULT;
	}
	armed = 1;
	__asm__ volatile("" ::: "memory");
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
	__asm__ volatile("" ::: "memory");
	armed = 0;
	return 0;
}
