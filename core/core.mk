# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The one list of the core's sources; the Makefile and the kernel's Kbuild both read it.
core_srcs := ws_math.c ws_age.c ws_queue.c ws_refault.c ws_lru.c ws_kat.c
