//! START: turns the state that the host found on its disk into a running raft node. It checks
//! everything that would make raft panic.

use crate::abi::{self, Event, Start};
use crate::core::Core;
use crate::effects::Out;
use crate::fault::{Fault, Outcome};
use crate::fetch::Fetches;
use crate::members;
use crate::reads::Reads;
use crate::settings::Settings;
use crate::storage::{Log, Meta};
use crate::timer::ElectionTimer;
use crate::writes::{Outbox, Writes};
use raft::eraftpb::HardState;
use raft::{RawNode, StateRole};
use std::sync::Arc;

/// # Safety
/// The event's arrays are valid for the call.
pub unsafe fn start(settings: &Settings, event: &Event, logger: &slog::Logger) -> Outcome<Core> {
    if event.start.is_null() {
        return Err(Fault::invalid("start: no state given"));
    }
    let start = abi::read_growable(event.start);
    let log = load(settings, &start, abi::slice_of(event.entries, event.entry_count))?;
    let conf = members::conf_state(
        abi::slice_of(event.members, event.member_count),
        start.joint_auto_leave != 0,
    )?;
    if conf.voters.is_empty() && log.last() > 0 {
        return Err(Fault::invalid("start: a log without members"));
    }
    if start.applied < log.first() - 1 || start.applied > log.last() {
        return Err(Fault::corrupt(format!(
            "start: applied {} lies outside the log, which holds {} to {}",
            start.applied,
            log.first(),
            log.last()
        )));
    }
    // The commit index is written before the entries of the same write, and only with such writes.
    // After a crash it may be ahead of the log or behind the applied index.
    let commit = start.commit.clamp(start.applied, log.last());
    let newest_term = log.term_of(log.last()).unwrap_or(0);
    if start.term < newest_term {
        return Err(Fault::corrupt(format!(
            "start: term {} is older than the newest entry's {newest_term}",
            start.term
        )));
    }
    let mut log = log;
    log.set_initial(HardState { term: start.term, vote: start.voted_for, commit }, conf);
    let node = RawNode::new(&settings.raft_config(start.applied), log, logger)
        .map_err(|error| Fault::invalid(format!("start: {error}")))?;
    let mut core = Core {
        settings: settings.clone(),
        node,
        out: Out::default(),
        writes: Writes::default(),
        outbox: Outbox::default(),
        reads: Reads::new(settings.id, start.incarnation),
        fetches: Fetches::default(),
        timer: ElectionTimer::new(settings.seed, start.incarnation, settings.election_ticks),
        ticks: 0,
        uncommitted_bytes: 0,
        counted_commit: commit,
        written: (start.term, start.voted_for),
        office: (start.term, StateRole::Follower),
        snapshot_asked_tick: None,
    };
    core.out.changed |= abi::FX_ROLE;
    Ok(core)
}

unsafe fn load(settings: &Settings, start: &Start, entries: &[abi::Entry]) -> Outcome<Log> {
    if start.first_index == 0 {
        return Err(Fault::invalid("start: first_index counts from 1"));
    }
    let mut log = Log::new(start.first_index - 1, start.base_term, settings.cache_bytes);
    let mut term = start.base_term;
    for entry in entries {
        let expected = log.last() + 1;
        if entry.index != expected || entry.term < term || entry.kind > abi::ENTRY_NOOP {
            return Err(Fault::corrupt(format!(
                "start: entry ({}, term {}, kind {}) where ({expected}, term {term} or later) \
                 belongs",
                entry.index, entry.term, entry.kind
            )));
        }
        term = entry.term;
        let known = !entry.data.data.is_null() || entry.data.size == 0;
        let payload = known.then(|| Arc::new(entry.data.bytes().to_vec()));
        let members = entry.kind == abi::ENTRY_MEMBERS;
        log.restore_entry(Meta { term, size: entry.data.size, members }, payload, start.applied)?;
    }
    log.evict(log.last());
    Ok(log)
}
