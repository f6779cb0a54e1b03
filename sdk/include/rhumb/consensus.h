/* Rhumb plugin SDK: consensus engines. No I/O at all: events in, effects out; the host persists, sends and applies.  DRAFT (see draft.h).
 *
 * step() is [instance-serial], does no I/O, reads no clock, starts no thread and calls nothing back. The effects are BORROWED until the
 * next step. The engine keeps (term, type, size) of each live entry and a byte-bounded cache of payloads; payloads that left the cache
 * are asked for by `fetches` and come back as RHUMB_EV_FETCHED. Proposals beyond the uncommitted bytes limit: RHUMB_BUSY.
 *
 * The host's duties, per group, one thread at a time:
 *   effects.number != 0: one ordered log write {hard state incl. commit_index BEFORE entries, install?, truncate_from, entries}; when it is
 *     durable, PERSISTED{number} (the highest of a group commit is enough).
 *   messages: send at once (what had to wait for durability is held back by the engine). reads: complete when applied >= index.
 *   apply (applied, apply_to] from the own log, then APPLIED{apply_to}; with RHUMB_FX_MEMBERS store members with the applied index.
 *   NEED_SNAPSHOT: checkpoint at applied, then SNAPSHOT. INSTALL: switch state, log and members atomically, then PERSISTED, then SNAPSHOT.
 *   Start: START{commit as stored, members as of applied}, then SNAPSHOT{latest, number = first_index - 1}.
 *   A sender of a SNAPSHOT message always reports SNAPSHOT_SENT; a receiver feeds it only when its files are local.
 *   Bootstrap: the first replicas start from a snapshot at index 1, term 1 that names all voters; a joiner starts empty. */
#ifndef RHUMB_CONSENSUS_H
#define RHUMB_CONSENSUS_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RHUMB_ENTRY_DATA = 0, RHUMB_ENTRY_MEMBERS = 1, RHUMB_ENTRY_NOOP = 2 }; /* same numbers as RHUMB_LOG_* */
enum { RHUMB_MSG_SNAPSHOT = 1, RHUMB_MSG_URGENT = 2 };                        /* message flags */
enum { RHUMB_VOTER = 1, RHUMB_LEARNER = 2, RHUMB_VOTER_OUTGOING = 4, RHUMB_LEARNER_NEXT = 8 }; /* state: a set of roles */
enum { RHUMB_ADD_VOTER = 1, RHUMB_ADD_LEARNER = 2, RHUMB_REMOVE = 3 };        /* change: one operation */
enum { RHUMB_FOLLOWER = 0, RHUMB_CANDIDATE = 1, RHUMB_LEADER = 2 };

typedef struct rhumb_entry {
  uint64_t index, term;
  uint32_t type, reserved;
  rhumb_slice_t data; /* START: data may be NULL with size set */
} rhumb_entry_t;

typedef struct rhumb_message {
  uint64_t peer, index; /* receiver; SNAPSHOT: its index */
  uint32_t kind, flags; /* kind: for logs and metrics only */
  rhumb_slice_t bytes;
} rhumb_message_t;

typedef struct rhumb_member {
  uint64_t id;
  uint32_t role, reserved; /* state: bits VOTER...; change: ADD_VOTER... */
} rhumb_member_t;

typedef struct rhumb_read {
  uint64_t token, index;
  int32_t status; /* RHUMB_OK: the read is safe once applied >= index */
  uint32_t reserved;
} rhumb_read_t;

/* Entries [low, high) are wanted back for `peer` as FETCHED{ticket}. */
typedef struct rhumb_fetch {
  uint64_t ticket, peer, low, high;
} rhumb_fetch_t;

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

/* base_term: term of entry first_index - 1. members (in the event): as of `applied`. incarnation: unique per start of this replica. */
typedef struct rhumb_start {
  uint32_t struct_size, joint_auto_leave;
  uint64_t term, voted_for, commit, first_index, base_term, applied, incarnation;
} rhumb_start_t;

typedef struct rhumb_event {
  uint32_t struct_size, type;
  uint64_t now_ns;
  uint64_t peer;        /* receive (authenticated sender), transfer, unreachable, snapshot_sent, fetched */
  uint64_t number;      /* persisted: number; fetched: ticket; read_index: token; snapshot: entries <= number are gone */
  uint64_t index, term; /* applied: index; snapshot: index, term */
  uint32_t flags, reserved; /* snapshot_sent 1 = ok; propose_members 1 = leader may leave; snapshot 1 = joint auto-leave */
  rhumb_slice_t bytes;      /* receive: message; snapshot: manifest */
  const rhumb_entry_t *entries; /* propose; fetched; start: the whole log */
  uint64_t entry_count;
  const rhumb_member_t *members; /* propose_members, start, snapshot */
  uint64_t member_count;
  const rhumb_start_t *start;
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

typedef struct rhumb_effects {
  uint32_t struct_size, changed; /* RHUMB_FX_* */
  uint64_t number;               /* != 0: one ordered write is asked for */
  uint64_t term, voted_for;      /* stored with commit_index, before the entries, in every numbered write */
  uint64_t install_index, install_term;
  rhumb_slice_t install_manifest;
  uint64_t truncate_from; /* 0 = nothing to truncate */
  const rhumb_entry_t *entries;
  uint64_t entry_count;
  const rhumb_message_t *messages;
  uint64_t message_count;
  const rhumb_read_t *reads;
  uint64_t read_count;
  const rhumb_fetch_t *fetches;
  uint64_t fetch_count;
  uint64_t apply_to; /* what may be applied; never commit_index; stops at each membership entry */
  const rhumb_member_t *members;
  uint64_t member_count, members_index;
  uint32_t joint, joint_auto_leave;
  uint32_t role, reserved;
  uint64_t leader, commit_index, last_index;
} rhumb_effects_t;

typedef struct rhumb_consensus rhumb_consensus_t;

typedef struct rhumb_consensus_open {
  uint32_t struct_size, flags;
  uint64_t id, seed; /* id: this replica's; seed: of election time-outs, so that a run replays */
  uint32_t election_ticks, heartbeat_ticks;
  uint64_t max_message_bytes, max_inflight_messages, max_uncommitted_bytes, cache_bytes;
  const rhumb_open_t *base;
} rhumb_consensus_open_t;

typedef struct rhumb_consensus_ops {
  RHUMB_OPS_HEAD(rhumb_consensus_t, rhumb_consensus_open_t)
  /* [instance-serial] The caller sets out->struct_size. RHUMB_BUG = fence the group; RHUMB_NOT_LEADER, RHUMB_BUSY: refused, state unchanged. */
  rhumb_status_t(RHUMB_CALL *step)(rhumb_consensus_t *, const rhumb_event_t *, rhumb_effects_t *out, rhumb_error_t *);
} rhumb_consensus_ops_t;

#ifdef __cplusplus
}
#endif
#endif
