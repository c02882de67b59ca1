/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ws_wire.h - the bytes of virtio-balloon, to and from plain structs.
 *
 * Working-set messages were posted in several layouts, which are incompatible.
 * Each is a row of one table, struct ws_dialect; everything above that table sees
 * only struct ws_msg, in ns and bytes.
 *
 *	host -> guest	REQUEST, CONFIG		notification queue
 *	guest -> host	REPORT, VERDICT		working-set queue
 *
 * The wire carries whole milliseconds: encoding rounds down, and it is an error if
 * that makes edges equal (or 0), since the host would be asking something else.
 *
 * Everything that arrives is checked: length, operation, order of edges, range
 * of values.  Errors of both directions, negative errno:
 *	-EMSGSIZE	the message has another length than its kind must have
 *	-ENOSPC		the caller's buffer is too small
 *	-EPROTO		a value that the layout does not know
 *	-ERANGE		a value that does not fit (milliseconds, edges, bins)
 *	-EINVAL		encode: no such kind in this direction; edges not ascending
 *	-ENODATA	a report whose elements are all unset
 * Little endian always.  Nothing is written past the size given; what a failing
 * call leaves in its output is not to be used.
 *
 * Memory: the caller's buffers, of any alignment.  Time: linear in the message.
 * Locking: none, no state.  Source: postings of 2023 and 2024 for Linux and QEMU,
 * crosvm, and the virtio specification for the base device.
 */
#ifndef WS_WIRE_H
#define WS_WIRE_H

#include "ws_report.h"

/* Feature bits of the base device. */
#define WS_F_MUST_TELL_HOST 0
#define WS_F_STATS_VQ 1
#define WS_F_DEFLATE_ON_OOM 2
#define WS_F_FREE_PAGE_HINT 3
#define WS_F_PAGE_POISON 4
#define WS_F_PAGE_REPORTING 5

enum ws_msg_kind {
	WS_MSG_REQUEST,
	WS_MSG_CONFIG,
	WS_MSG_REPORT,
	WS_MSG_VERDICT, /* on a configuration; numbered dialects only */
};

/* How a configuration or a request ended, in numbered dialects; the values are the wire's. */
enum ws_status {
	WS_STATUS_OK,
	WS_STATUS_NOT_CONFIGURED, /* a request before a configuration */
	WS_STATUS_BUSY,		  /* not now */
	WS_STATUS_NODE,		  /* there is no such node */
	WS_STATUS_FAILED,	  /* for a reason of the guest's own */
	WS_STATUS_BINS,		  /* too few or too many; detail: the most */
	WS_STATUS_EDGES,	  /* they do not ascend; detail: the first that does not */
	WS_STATUS_INTERVAL,	  /* refreshed too often; detail: the shortest, in ms */
	WS_STATUSES
};

#define WS_NODE_ANY 0xffffu /* dialects that do not know nodes, or a sender that does not */

/* One bin of a report. */
struct ws_msg_bin {
	u64 idle_age_ns; /* upper edge; WS_AGE_INFINITE in the last bin */
	u64 anon_bytes;
	u64 file_bytes;
};

#define WS_PARTS_MAX 4 /* nodes in one report; more come in several */

/* What one node holds, by type and bin. */
struct ws_msg_part {
	u16 node;
	bool stale; /* made earlier than it should be, because that node could not be asked */
	u64 bytes[WS_TYPES][WS_BINS_MAX];
};

struct ws_msg_report {
	int error; /* 0, or the negative errno the guest failed with; then no bin counts */
	u32 bins_count;
	struct ws_msg_bin bin[WS_BINS_MAX];
	/* From here on: of numbered dialects, and 0 in the others. */
	bool pressure;		 /* reclaim's own, no answer */
	bool stale;		 /* some node's part is */
	bool more;		 /* further nodes follow in another report of the same id */
	bool continued;		 /* it follows another report of the same id */
	u32 config_id;		 /* of the configuration in force when it was made, 0: none */
	u32 unknown_types_count; /* decode: types of memory of no meaning here, skipped */
	u64 sequence;		 /* 1 and up, one a report; 0: the sender does not count */
	u64 made_ns;		 /* the guest's clock, whose zero is its own affair */
	u64 age_ns;		 /* from then to when it was sent */
	u32 parts_count;	 /* 0: one node, msg->node; else 2 and up, and bin[] is their sum */
	struct ws_msg_part part[WS_PARTS_MAX];
};

struct ws_msg_verdict {
	enum ws_status status;
	u32 detail;    /* with WS_STATUS_OK the number of bins, 0: reporting is off */
	u32 config_id; /* of the configuration in force now, 0: reporting is off */
};

struct ws_msg {
	enum ws_msg_kind kind;
	u16 node; /* NUMA node or WS_NODE_ANY */
	u32 id;	  /* numbered dialects: of a request or configuration, or what is answered; else 0 */
	union {
		struct ws_report_config config; /* WS_MSG_CONFIG */
		struct ws_msg_report report;	/* WS_MSG_REPORT */
		struct ws_msg_verdict verdict;	/* WS_MSG_VERDICT */
	};
};

/* No message that is encoded here is longer, in either direction. */
#define WS_WIRE_TO_GUEST_MAX 320
#define WS_WIRE_TO_HOST_MAX 2304

/* A guest may send more than this end knows: a report of wsr1 with 16 types of memory. */
#define WS_WIRE_HEARD_MAX 16624

/*
 * One layout.  @bins below is the number both ends agreed on by the config
 * space, bins_min..bins_max; where the two are equal nothing is negotiated.  In
 * numbered dialects it is the most that a message may have, and each says its own.
 *
 * A configuration of a numbered dialect that is whole but cannot be accepted decodes
 * to the verdict that is to be sent, and not to an error: its sender is to know.
 */
struct ws_dialect {
	const char *name;
	u8 feature_bit;		    /* as posted; in wsr1 the one proposed, until one is reserved */
	u8 bins_min, bins_max;
	u8 config_bins_bytes;	    /* of the exact number of bins in config space; 0: none there */
	bool numbered;		    /* ids, sequence numbers and verdicts */
	bool refresh_zero_disables; /* CONFIG with refresh interval 0 turns reporting off */
	bool carries_node; /* in reports */
	bool asks_node;	   /* configurations and requests name one, or all */
	u8 nodes_max; /* in one report */

	/* Return: bytes written, or negative errno. */
	int (*encode_to_guest)(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size);
	int (*encode_to_host)(const struct ws_msg *msg, u32 bins, u8 *buf, u32 size);
	/* Return: 0 or negative errno.  @len is the length that the transport tells. */
	int (*decode_to_guest)(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len);
	int (*decode_to_host)(struct ws_msg *msg, u32 bins, const u8 *buf, u32 len);
};

extern const struct ws_dialect ws_dialect_rfc1;	  /* Linux RFC v1, 2023 */
extern const struct ws_dialect ws_dialect_rfc2;	  /* Linux RFC v2 and QEMU, 2023 */
extern const struct ws_dialect ws_dialect_crosvm; /* crosvm since 2023 */
extern const struct ws_dialect ws_dialect_v4;	  /* Linux v4, 2024 */
extern const struct ws_dialect ws_dialect_wsr1;	  /* ours: ws_wsr1.h */

/* All dialects; NULL ends the table. */
extern const struct ws_dialect *const ws_dialects[];

/* NULL when there is none of that name. */
const struct ws_dialect *ws_dialect_find(const char *name);

/* A report as a message: pages become bytes. */
void ws_msg_from_hist(struct ws_msg *msg, const struct ws_hist *hist, u16 node);

/* The base device. */

#define WS_PFNS_MAX 256 /* of one inflate or deflate message (VIRTIO_BALLOON_ARRAY_PFNS_MAX) */

/* Return: bytes written or -ENOSPC.  @count is at most WS_PFNS_MAX. */
int ws_wire_pfns_encode(const u32 *pfn, u32 count, u8 *buf, u32 size);

/* Return: number of PFNs; -EMSGSIZE for 0 bytes or no multiple of 4; -ENOSPC past @pfn_max. */
int ws_wire_pfns_decode(u32 *pfn, u32 pfn_max, const u8 *buf, u32 len);

/* Statistics, by tag; the first ten stand in the specification, Linux added six. */
enum ws_stat {
	WS_STAT_SWAP_IN,  /* bytes */
	WS_STAT_SWAP_OUT, /* bytes */
	WS_STAT_MAJFLT,
	WS_STAT_MINFLT,
	WS_STAT_MEMFREE, /* bytes */
	WS_STAT_MEMTOT,	 /* bytes */
	WS_STAT_AVAIL,	 /* bytes */
	WS_STAT_CACHES,	 /* bytes */
	WS_STAT_HTLB_PGALLOC,
	WS_STAT_HTLB_PGFAIL,
	WS_STAT_OOM_KILL,
	WS_STAT_ALLOC_STALL,
	WS_STAT_ASYNC_SCAN,
	WS_STAT_DIRECT_SCAN,
	WS_STAT_ASYNC_RECLAIM,
	WS_STAT_DIRECT_RECLAIM,
	WS_STATS
};

struct ws_stats {
	u32 present; /* bit tag: value[tag] is there */
	u32 unknown_count; /* decode: elements with tags of no meaning here, skipped */
	u64 value[WS_STATS];
};

#define WS_STATS_BYTES_MAX (WS_STATS * 10)

/* All present statistics in order of tags.  Return: bytes written or -ENOSPC. */
int ws_wire_stats_encode(const struct ws_stats *stats, u8 *buf, u32 size);

/* A tag that comes twice: the later one counts.  Return: 0; -EMSGSIZE unless a multiple of 10. */
int ws_wire_stats_decode(struct ws_stats *stats, const u8 *buf, u32 len);

/* Config space, as far as it matters here. */
struct ws_balloon_config {
	u32 num_pages; /* the host's target, read-only to the guest */
	u32 actual;    /* the guest's state, read-only to the host */
	u32 free_page_hint_cmd_id;
	u32 poison_val;
	u32 working_set_bins; /* 0 without a dialect that has it; encode: at most WS_BINS_MAX */
};

#define WS_CONFIG_BYTES 20 /* le32 x 4, then the bins: a u8 and padding, or le32 */
#define WS_CONFIG_NUM_PAGES_OFFSET 0
#define WS_CONFIG_ACTUAL_OFFSET 4
#define WS_CONFIG_HINT_OFFSET 8
#define WS_CONFIG_POISON_OFFSET 12
#define WS_CONFIG_BINS_OFFSET 16

/* Return: WS_CONFIG_BYTES or -ENOSPC. */
int ws_wire_config_encode(const struct ws_balloon_config *config, u8 *buf, u32 size);

/*
 * How wide the number of bins is depends on @dialect (config_bins_bytes; NULL: none is read).
 * It is told as it stands; whoever uses it compares it with bins_min and bins_max.  Shorter
 * spaces are older devices: absent fields read 0.  Return: 0; -EMSGSIZE below 8 bytes.
 */
int ws_wire_config_decode(struct ws_balloon_config *config, const struct ws_dialect *dialect,
			  const u8 *buf, u32 len);

/* Free page hinting: the command id that opens and closes a series of hints. */
#define WS_HINT_STOP 0
#define WS_HINT_DONE 1

int ws_wire_hint_encode(u32 cmd_id, u8 *buf, u32 size);	     /* 4 or -ENOSPC */
int ws_wire_hint_decode(u32 *cmd_id, const u8 *buf, u32 len); /* 0 or -EMSGSIZE */

#endif /* WS_WIRE_H */
