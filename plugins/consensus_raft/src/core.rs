//! One started replica: the raft node, the log as raft sees it, and the work under way between two
//! steps.

use crate::abi;
use crate::effects::{Install, Out};
use crate::fault::{Fault, Outcome};
use crate::fetch::Fetches;
use crate::limits;
use crate::reads::Reads;
use crate::settings::Settings;
use crate::storage::Log;
use crate::timer::ElectionTimer;
use crate::wire;
use crate::writes::{Outbox, Writes};
use raft::eraftpb::{EntryType, Message, MessageType, Snapshot};
use raft::{RawNode, Ready, StateRole};

/// Invariants: between steps raft holds no unstable entries and no undelivered messages; `out`
/// holds the effects of the last step; `uncommitted_bytes` is the size of the payloads in (commit,
/// last] while this replica leads, else 0.
pub struct Core {
    pub settings: Settings,
    pub node: RawNode<Log>,
    pub out: Out,
    pub writes: Writes,
    pub outbox: Outbox,
    pub reads: Reads,
    pub fetches: Fetches,
    pub timer: ElectionTimer,
    pub ticks: u64,
    pub uncommitted_bytes: u64,
    pub counted_commit: u64,
    /// Term and vote of the newest write that the host was asked for.
    pub written: (u64, u64),
    pub office: (u64, StateRole),
    pub snapshot_asked_tick: Option<u64>,
}

impl Core {
    pub fn is_leader(&self) -> bool {
        self.node.raft.state == StateRole::Leader
    }

    pub fn applied(&self) -> u64 {
        self.node.raft.raft_log.applied
    }

    pub fn must_lead(&self) -> Outcome<()> {
        if self.is_leader() {
            return Ok(());
        }
        Err(Fault::new(abi::NOT_LEADER, format!("replica {} does not lead", self.settings.id)))
    }

    /// A replica may campaign only with a settled log: no write is open and no snapshot is being
    /// installed (trap T3).
    pub fn may_campaign(&self) -> bool {
        let log = &self.node.raft.raft_log;
        !self.writes.any_open() && log.persisted == log.last_index() && self.node.raft.promotable()
    }

    /// Takes all effects of a step out of raft.
    pub fn settle(&mut self) {
        for round in 0.. {
            assert!(round < limits::READY_ROUNDS_MAX, "raft does not come to rest");
            self.check_office();
            self.begin_read_round();
            if !self.node.has_ready() {
                break;
            }
            let ready = self.node.ready();
            self.take(ready);
        }
        self.count_committed();
        self.release_messages();
        self.ask_for_payloads();
        self.ask_for_snapshot();
        let durable = self.node.raft.raft_log.persisted;
        let log = self.node.mut_store();
        log.evict(durable);
        log.end_step();
        self.tell_state();
    }

    fn take(&mut self, mut ready: Ready) {
        let number = ready.number();
        let snapshot_index = self.take_snapshot(ready.snapshot());
        let mut entries = ready.take_entries();
        let truncated = self.node.mut_store().append(&mut entries);
        self.out.truncate(truncated);
        for entry in &entries {
            let payload = self.node.store().payload(entry.index).cloned().unwrap_or_default();
            if self.is_leader() {
                self.uncommitted_bytes += payload.len() as u64;
            }
            let kind = if entry.entry_type == EntryType::EntryConfChangeV2 as i32 {
                abi::ENTRY_MEMBERS
            } else if payload.is_empty() {
                abi::ENTRY_NOOP
            } else {
                abi::ENTRY_DATA
            };
            self.out.write_entry(entry.index, entry.term, kind, payload);
        }
        let hard = ready.hs().map_or(false, |state| (state.term, state.vote) != self.written);
        if let Some(state) = ready.hs() {
            self.written = (state.term, state.vote);
        }
        let writes = hard || !entries.is_empty() || snapshot_index.is_some();
        if writes {
            self.writes.opened(number, hard, snapshot_index);
            self.out.number = number;
        }
        if hard {
            self.out.changed |= abi::FX_HARD_STATE;
        }
        for message in ready.take_messages().into_iter().chain(ready.take_persisted_messages()) {
            let needed = if self.settings.safety.hold_messages {
                self.writes.needed_by(&message)
            } else {
                0
            };
            self.outbox.hold(needed, message);
        }
        for state in ready.take_read_states() {
            self.reads.confirmed(&state.request_ctx, state.index, &mut self.out.reads);
        }
        self.node.advance_append_async(ready);
        if !self.writes.any_open() {
            // No write is open, so this record need not wait for one. Otherwise an idle group would
            // pile up records (trap T15).
            self.node.on_persist_ready(number);
        }
    }

    fn take_snapshot(&mut self, snapshot: &Snapshot) -> Option<u64> {
        let metadata = snapshot.metadata.as_ref().filter(|metadata| metadata.index > 0)?;
        self.node.mut_store().install(metadata.index, metadata.term);
        self.out.install(Install {
            index: metadata.index,
            term: metadata.term,
            manifest: snapshot.data.clone(),
        });
        let conf = self.node.raft.prs().conf().to_conf_state();
        self.out.set_members(&conf, metadata.index);
        Some(metadata.index)
    }

    fn check_office(&mut self) {
        let raft = &self.node.raft;
        let (term, role) = (raft.term, raft.state);
        self.reads.check_leadership(role == StateRole::Leader, term, &mut self.out.reads);
        if (term, role) == self.office {
            return;
        }
        self.office = (term, role);
        self.timer.draw();
        self.fetches.clear();
        self.uncommitted_bytes = 0;
        self.counted_commit = self.node.raft.raft_log.committed;
        if role == StateRole::Leader {
            let log = self.node.store();
            let tail = self.counted_commit + 1..=log.last();
            self.uncommitted_bytes =
                tail.filter_map(|index| log.meta(index)).map(|meta| meta.size).sum();
        }
    }

    fn begin_read_round(&mut self) {
        if self.is_leader() {
            if let Some(context) = self.reads.begin_round() {
                self.node.read_index(context);
            }
        }
    }

    fn count_committed(&mut self) {
        let committed = self.node.raft.raft_log.committed;
        while self.is_leader() && self.counted_commit < committed {
            self.counted_commit += 1;
            let size = self.node.store().meta(self.counted_commit).map_or(0, |meta| meta.size);
            self.uncommitted_bytes = self.uncommitted_bytes.saturating_sub(size);
        }
    }

    fn release_messages(&mut self) {
        let out = &mut self.out;
        self.outbox.release(self.writes.acknowledged(), |message| post(out, message));
    }

    /// Asks for a snapshot, and again after a while, because the host may have been busy or the
    /// first snapshot too old (trap T8).
    fn ask_for_snapshot(&mut self) {
        if !self.node.store().snapshot_wanted() {
            self.snapshot_asked_tick = None;
            return;
        }
        let again = self
            .snapshot_asked_tick
            .map_or(true, |asked| self.ticks >= asked + self.settings.election_ticks);
        if again {
            self.snapshot_asked_tick = Some(self.ticks);
            self.out.changed |= abi::FX_NEED_SNAPSHOT;
        }
    }

    /// The index up to which the host may apply: durable here, committed, and not past a membership
    /// change. The state after a membership change must be stored before the next entry counts.
    fn apply_limit(&self) -> u64 {
        let log = &self.node.raft.raft_log;
        if self.writes.installing() {
            return log.applied;
        }
        let limit = log.committed.min(log.persisted);
        self.node.store().next_members().map_or(limit, |members| limit.min(members))
    }

    pub fn tell_state(&mut self) {
        let apply_to = self.apply_limit();
        let raft = &self.node.raft;
        let role = match raft.state {
            StateRole::Leader => abi::LEADER,
            StateRole::Follower => abi::FOLLOWER,
            StateRole::Candidate | StateRole::PreCandidate => abi::CANDIDATE,
        };
        let state = crate::effects::State {
            term: raft.term,
            voted_for: raft.vote,
            apply_to,
            role,
            leader: raft.leader_id,
            commit_index: raft.raft_log.committed,
            last_index: raft.raft_log.last_index(),
        };
        let before = self.out.state;
        if (state.role, state.leader, state.term) != (before.role, before.leader, before.term) {
            self.out.changed |= abi::FX_ROLE;
        }
        if state.apply_to > before.apply_to {
            self.out.changed |= abi::FX_APPLY;
        }
        self.out.state = state;
    }
}

fn post(out: &mut Out, message: Message) {
    let kind = message.msg_type as u32;
    let (flags, index) = match MessageType::from_i32(message.msg_type) {
        Some(MessageType::MsgSnapshot) => {
            let metadata =
                message.snapshot.as_ref().and_then(|snapshot| snapshot.metadata.as_ref());
            (abi::MSG_SNAPSHOT, metadata.map_or(0, |metadata| metadata.index))
        }
        Some(MessageType::MsgAppend) => (0, message.index),
        _ => (abi::MSG_URGENT, message.index),
    };
    out.send(message.to, index, kind, flags, wire::encode(&message));
}
