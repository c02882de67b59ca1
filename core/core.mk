# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The one list of the core's sources; the Makefile and the kernel's Kbuild both read it.
core_srcs := ws_math.c ws_age.c ws_rules.c ws_bloom.c ws_walk.c ws_promote.c ws_queue.c ws_refault.c ws_lru.c ws_advice.c \
             ws_hist.c ws_reaccess.c ws_report.c ws_group.c \
             ws_source.c ws_source_mglru.c ws_source_lists.c ws_source_damon.c ws_source_scan.c ws_source_refs.c \
             ws_wire.c ws_wire_base.c ws_wire_rfc.c ws_wire_rfc1.c ws_wire_rfc2.c ws_wire_crosvm.c \
             ws_wire_v4.c ws_wire_wsr1.c ws_wire_wsr1_report.c ws_wsr1.c ws_vq.c ws_proto_guest.c ws_proto_host.c ws_hint.c ws_free.c \
             ws_balloon.c ws_kat.c ws_vectors.c
