/* Rhumb plugin SDK: consensus engines. This header is a DRAFT: see draft.h.
 *
 * An engine does no I/O at all. The host passes it events, and the engine answers with effects. The
 * host then writes the log, sends the messages and applies the entries.
 *
 * step() is [instance-serial]. It does no I/O, reads no clock, starts no thread and calls nothing
 * back. The effects are BORROWED until the next step. The engine keeps the term, the type and the
 * size of each live entry, and a cache of payloads with a limit in bytes. It asks for a payload
 * that left the cache by `fetches`, and the payload comes back as RHUMB_EV_FETCHED. It refuses a
 * proposal beyond the limit of uncommitted bytes with RHUMB_BUSY.
 *
 * For each group the host has these duties, on one thread at a time:
 *   - If effects.number is not 0, it makes one ordered write to the log: the hard state with
 *     commit_index first, then the installed snapshot if there is one, then truncate_from, then the
 *     entries. When the write is durable, it passes PERSISTED{number}. If several writes became
 *     durable together, the highest number is enough.
 *   - It sends the messages at once. The engine itself holds back the messages that must wait for
 *     durability.
 *   - It completes a read when the applied index has reached the read's index.
 *   - It applies the entries (applied, apply_to] from its own log, then passes APPLIED{apply_to}.
 *     With RHUMB_FX_MEMBERS it stores the members together with the applied index.
 *   - NEED_SNAPSHOT: it makes a checkpoint at the applied index, then passes SNAPSHOT.
 *   - INSTALL: it replaces state, log and members atomically, passes PERSISTED, then SNAPSHOT.
 *   - At a start it passes START with the stored commit and the members as of the applied index.
 *     It then passes SNAPSHOT with the latest snapshot and number = first_index - 1.
 *   - The sender of a SNAPSHOT message always reports SNAPSHOT_SENT. The receiver passes the
 *     message to its engine only when the files of the snapshot are local.
 *   - The first replicas of a group start from a snapshot at index 1, term 1. It names all voters.
 *     A replica that joins later starts empty. */
#ifndef RHUMB_CONSENSUS_H
#define RHUMB_CONSENSUS_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The types of entries. They have the numbers of RHUMB_LOG_DATA and its neighbours in storage.h. */
enum { RHUMB_ENTRY_DATA = 0, RHUMB_ENTRY_MEMBERS = 1, RHUMB_ENTRY_NOOP = 2 };
/* rhumb_message.flags. */
enum { RHUMB_MSG_SNAPSHOT = 1, RHUMB_MSG_URGENT = 2 };
/* rhumb_member.role in a state: a set of these bits. */
enum { RHUMB_VOTER = 1, RHUMB_LEARNER = 2, RHUMB_VOTER_OUTGOING = 4, RHUMB_LEARNER_NEXT = 8 };
/* rhumb_member.role in a change: one of these operations. */
enum { RHUMB_ADD_VOTER = 1, RHUMB_ADD_LEARNER = 2, RHUMB_REMOVE = 3 };
enum { RHUMB_FOLLOWER = 0, RHUMB_CANDIDATE = 1, RHUMB_LEADER = 2 };

typedef struct rhumb_entry {
  uint64_t index, term;
  uint32_t type, reserved;
  rhumb_slice_t data; /* In START, data.data may be NULL although data.size is set. */
} rhumb_entry_t;

/* `peer` is the receiver. `index` is the index of the snapshot for SNAPSHOT, and 0 otherwise.
 * `kind` serves logs and metrics only. */
typedef struct rhumb_message {
  uint64_t peer, index;
  uint32_t kind, flags;
  rhumb_slice_t bytes;
} rhumb_message_t;

typedef struct rhumb_member {
  uint64_t id;
  uint32_t role, reserved;
} rhumb_member_t;

/* The answer to READ_INDEX{token}. If `status` is RHUMB_OK, the read is safe once the applied index
 * has reached `index`. */
typedef struct rhumb_read {
  uint64_t token, index;
  int32_t status;
  uint32_t reserved;
} rhumb_read_t;

/* The engine asks for the entries [low, high) for `peer`. They come back as FETCHED{ticket}. */
typedef struct rhumb_fetch {
  uint64_t ticket, peer, low, high;
} rhumb_fetch_t;

/* The events. The host does not send PROPOSE_MEMBERS or UNREACHABLE yet. */
enum {
  RHUMB_EV_START = 1,
  RHUMB_EV_TICK,
  RHUMB_EV_RECEIVE,
  RHUMB_EV_PROPOSE,
  RHUMB_EV_PROPOSE_MEMBERS,
  RHUMB_EV_READ_INDEX,
  RHUMB_EV_PERSISTED,
  RHUMB_EV_APPLIED,
  RHUMB_EV_SNAPSHOT,
  RHUMB_EV_TRANSFER,
  RHUMB_EV_UNREACHABLE,
  RHUMB_EV_SNAPSHOT_SENT,
  RHUMB_EV_FETCHED,
  RHUMB_EV_CAMPAIGN
};

/* The stored state that a replica starts from. `base_term` is the term of entry first_index - 1.
 * The members in the event are those as of `applied`. `incarnation` differs at each start of this
 * replica. */
typedef struct rhumb_start {
  uint32_t struct_size, joint_auto_leave;
  uint64_t term, voted_for, commit, first_index, base_term, applied, incarnation;
} rhumb_start_t;

/* One event. A field means something only for the events that its comment names. */
typedef struct rhumb_event {
  uint32_t struct_size, type;
  uint64_t now_ns;
  /* RECEIVE: the authenticated sender. TRANSFER, UNREACHABLE, SNAPSHOT_SENT and FETCHED: the other
   * replica. */
  uint64_t peer;
  /* PERSISTED: the number of the write. FETCHED: the ticket. READ_INDEX: the token. SNAPSHOT: the
   * entries up to this index are gone. */
  uint64_t number;
  /* APPLIED: the index. SNAPSHOT: the index and the term. */
  uint64_t index, term;
  /* The flag 1 means, for SNAPSHOT_SENT: it succeeded. PROPOSE_MEMBERS: the leader may leave.
   * SNAPSHOT: the engine ends joint consensus by itself. */
  uint32_t flags, reserved;
  rhumb_slice_t bytes;          /* RECEIVE: the message. SNAPSHOT: the manifest. */
  const rhumb_entry_t* entries; /* PROPOSE, FETCHED. START: the whole log. */
  uint64_t entry_count;
  const rhumb_member_t* members; /* PROPOSE_MEMBERS, START, SNAPSHOT. */
  uint64_t member_count;
  const rhumb_start_t* start;
} rhumb_event_t;

enum {
  RHUMB_FX_HARD_STATE = 1,
  RHUMB_FX_ENTRIES = 2,
  RHUMB_FX_INSTALL = 4,
  RHUMB_FX_ROLE = 8,
  RHUMB_FX_MEMBERS = 16,
  RHUMB_FX_APPLY = 32,
  RHUMB_FX_NEED_SNAPSHOT = 64
};

/* The effects of one step. `changed` is a set of RHUMB_FX_* bits. */
typedef struct rhumb_effects {
  uint32_t struct_size, changed;
  /* If it is not 0, the engine asks for one ordered write. Every such write stores `term`,
   * `voted_for` and `commit_index` before the entries. */
  uint64_t number;
  uint64_t term, voted_for;
  uint64_t install_index, install_term;
  rhumb_slice_t install_manifest;
  uint64_t truncate_from; /* 0: There is nothing to truncate. */
  const rhumb_entry_t* entries;
  uint64_t entry_count;
  const rhumb_message_t* messages;
  uint64_t message_count;
  const rhumb_read_t* reads;
  uint64_t read_count;
  const rhumb_fetch_t* fetches;
  uint64_t fetch_count;
  /* The host may apply the entries up to here. It never takes commit_index for that: apply_to stops
   * at each entry that changes the members. */
  uint64_t apply_to;
  const rhumb_member_t* members;
  uint64_t member_count, members_index;
  uint32_t joint, joint_auto_leave;
  uint32_t role, reserved;
  uint64_t leader, commit_index, last_index;
} rhumb_effects_t;

typedef struct rhumb_consensus rhumb_consensus_t;

/* The arguments of open(). `id` is the id of this replica. `seed` decides the random election
 * time-outs, so that the same events give the same run. */
typedef struct rhumb_consensus_open {
  uint32_t struct_size, flags;
  uint64_t id, seed;
  uint32_t election_ticks, heartbeat_ticks;
  uint64_t max_message_bytes, max_inflight_messages, max_uncommitted_bytes, cache_bytes;
  const rhumb_open_t* base;
} rhumb_consensus_open_t;

typedef struct rhumb_consensus_ops {
  RHUMB_OPS_HEAD(rhumb_consensus_t, rhumb_consensus_open_t)
  /* [instance-serial] The caller sets out->struct_size. After RHUMB_BUG the host fences the group.
   * RHUMB_NOT_LEADER and RHUMB_BUSY refuse the event and leave the state as it was. */
  rhumb_status_t(RHUMB_CALL* step)(rhumb_consensus_t*, const rhumb_event_t*, rhumb_effects_t* out,
                                   rhumb_error_t*);
} rhumb_consensus_ops_t;

#ifdef __cplusplus
}
#endif
#endif
