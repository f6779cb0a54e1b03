//! One instance. Each event of the ABI is one short method. See sdk/include/rhumb/consensus.h.

use crate::abi::{self, Event};
use crate::core::Core;
use crate::effects::Out;
use crate::fault::{Fault, Outcome};
use crate::limits;
use crate::members;
use crate::settings::Settings;
use crate::start;
use crate::storage::SnapshotPoint;
use raft::eraftpb::{ConfChangeV2, Entry, EntryType, Message, MessageType};
use raft::SnapshotStatus;

/// Invariant: once `fault` is set, the instance refuses every step, and the host fences the group.
pub struct Engine {
    settings: Settings,
    logger: slog::Logger,
    core: Option<Core>,
    fault: Option<Fault>,
}

impl Engine {
    pub fn new(settings: Settings, logger: slog::Logger) -> Engine {
        Engine { settings, logger, core: None, fault: None }
    }

    /// Returns the effects of the last step.
    pub fn out(&self) -> Option<&Out> {
        self.core.as_ref().map(|core| &core.out)
    }

    pub fn fence(&mut self, fault: Fault) {
        self.fault = Some(fault);
        if let Some(core) = &mut self.core {
            core.out.clear();
        }
    }

    /// # Safety
    /// The event's pointers are valid for the call.
    pub unsafe fn step(&mut self, event: &Event) -> Outcome<()> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let outcome = self.dispatch(event);
        if let Err(fault) = &outcome {
            if fault.fences() {
                self.fence(fault.clone());
            }
        }
        outcome
    }

    unsafe fn dispatch(&mut self, event: &Event) -> Outcome<()> {
        if event.kind == abi::EV_START {
            if self.core.is_some() {
                return Err(Fault::invalid("start: this instance runs already"));
            }
            self.core = Some(start::start(&self.settings, event, &self.logger)?);
        }
        let Some(core) = &mut self.core else {
            return Err(Fault::invalid("the first event is START"));
        };
        if event.kind != abi::EV_START {
            core.out.clear();
        }
        let entries = abi::slice_of(event.entries, event.entry_count);
        let members = abi::slice_of(event.members, event.member_count);
        match event.kind {
            abi::EV_START => Ok(()),
            abi::EV_TICK => core.tick(),
            abi::EV_RECEIVE => core.receive(event.peer, event.bytes.bytes()),
            abi::EV_PROPOSE => core.propose(entries),
            abi::EV_PROPOSE_MEMBERS => core.propose_members(members, event.flags & 1 != 0),
            abi::EV_READ_INDEX => core.read_index(event.number),
            abi::EV_PERSISTED => core.persisted(event.number),
            abi::EV_APPLIED => core.applied_to(event.index),
            abi::EV_SNAPSHOT => core.snapshot_taken(event, members),
            abi::EV_TRANSFER => core.transfer(event.peer),
            abi::EV_UNREACHABLE => core.unreachable(event.peer),
            abi::EV_SNAPSHOT_SENT => core.snapshot_sent(event.peer, event.flags & 1 != 0),
            abi::EV_FETCHED => {
                core.fetched(event.number, entries);
                Ok(())
            }
            abi::EV_CAMPAIGN => core.campaign(),
            unknown => Err(Fault::new(abi::UNSUPPORTED, format!("event {unknown} is unknown"))),
        }?;
        core.settle();
        Ok(())
    }
}

impl Core {
    fn tick(&mut self) -> Outcome<()> {
        self.ticks += 1;
        let patience =
            |timeouts: u64| self.ticks.saturating_sub(self.settings.election_ticks * timeouts);
        let (fetches_since, reads_since) =
            (patience(limits::FETCH_ELECTION_TIMEOUTS), patience(limits::READ_ELECTION_TIMEOUTS));
        self.fetches.expire(fetches_since);
        self.reads.expire(reads_since, &mut self.out.reads);
        if self.is_leader() {
            self.node.tick();
            return self.leave_forgotten_joint();
        }
        // Raft's own timer uses the thread's random numbers; this one uses the seed (trap T16).
        let elapsed = self.node.raft.election_elapsed + 1;
        self.node.raft.election_elapsed = elapsed;
        if self.timer.expired(elapsed as u64) && self.may_campaign() {
            self.node.raft.election_elapsed = 0;
            self.timer.draw();
            self.node.campaign()?;
        }
        Ok(())
    }

    /// Raft forgets to leave a joint state by itself when the leader is lost (trap T10).
    fn leave_forgotten_joint(&mut self) -> Outcome<()> {
        let raft = &self.node.raft;
        let joint = raft.prs().conf().auto_leave();
        if !self.is_leader() || !joint || raft.has_pending_conf() || raft.lead_transferee.is_some()
        {
            return Ok(());
        }
        self.node.propose_conf_change(Vec::new(), ConfChangeV2::default()).map_err(Fault::from)
    }

    fn propose(&mut self, entries: &[abi::Entry]) -> Outcome<()> {
        self.must_lead()?;
        if entries.is_empty()
            || entries.iter().any(|entry| entry.kind != abi::ENTRY_DATA || entry.data.size == 0)
        {
            return Err(Fault::invalid("propose: data entries with at least one byte each"));
        }
        if self.node.raft.lead_transferee.is_some() {
            return Err(Fault::busy("the leadership is being transferred"));
        }
        let bytes: u64 = entries.iter().map(|entry| entry.data.size).sum();
        let limit = self.settings.max_uncommitted_bytes;
        if self.uncommitted_bytes > 0 && self.uncommitted_bytes.saturating_add(bytes) > limit {
            return Err(Fault::busy(format!(
                "{} bytes are not committed yet, at most {limit}",
                self.uncommitted_bytes
            )));
        }
        let entries = entries
            .iter()
            .map(|entry| Entry { data: unsafe { entry.data.bytes() }.to_vec(), ..Entry::default() })
            .collect();
        let message = Message {
            msg_type: MessageType::MsgPropose as i32,
            from: self.settings.id,
            entries,
            ..Message::default()
        };
        self.node.raft.step(message).map_err(Fault::from)
    }

    fn propose_members(&mut self, wanted: &[abi::Member], leader_may_leave: bool) -> Outcome<()> {
        self.must_lead()?;
        let change = members::change_of(wanted)?;
        if self.node.raft.lead_transferee.is_some() {
            return Err(Fault::busy("the leadership is being transferred"));
        }
        if self.node.raft.has_pending_conf() {
            return Err(Fault::busy("an earlier membership change is not applied yet"));
        }
        members::dry_run(self.node.raft.prs(), &change)?;
        if members::loses_vote(&change, self.settings.id) && !leader_may_leave {
            return Err(Fault::new(
                abi::DENIED,
                "the leader would lose its vote: transfer the leadership first",
            ));
        }
        self.node.propose_conf_change(Vec::new(), change).map_err(Fault::from)
    }

    fn read_index(&mut self, token: u64) -> Outcome<()> {
        self.must_lead()?;
        if !self.node.raft.commit_to_current_term() {
            return Err(Fault::busy("this leader has not committed an entry of its term yet"));
        }
        let (term, tick) = (self.node.raft.term, self.ticks);
        self.reads.add(token, term, tick)
    }

    fn persisted(&mut self, number: u64) -> Outcome<()> {
        if number > self.writes.newest() {
            return Err(Fault::invalid(format!("write {number} was never asked for")));
        }
        if number <= self.writes.acknowledged() {
            return Ok(());
        }
        let installed = self.writes.acknowledge(number);
        // Records of steps without a write wait only for open writes.
        self.node.on_persist_ready(if self.writes.any_open() { number } else { u64::MAX });
        if let Some(index) = installed {
            self.node.advance_apply_to(index);
        }
        Ok(())
    }

    fn applied_to(&mut self, index: u64) -> Outcome<()> {
        if self.writes.installing() || index <= self.applied() {
            return Ok(());
        }
        if index > self.out.state.apply_to {
            return Err(Fault::invalid(format!(
                "entry {index} is beyond apply_to {}",
                self.out.state.apply_to
            )));
        }
        if let Some(payload) = self.node.mut_store().take_members(index) {
            self.change_members(index, &payload)?;
        }
        self.node.advance_apply_to(index);
        Ok(())
    }

    fn change_members(&mut self, index: u64, payload: &[u8]) -> Outcome<()> {
        let change = members::decode_change(payload).map_err(|fault| Fault::corrupt(fault.text))?;
        let conf = self.node.apply_conf_change(&change).map_err(|error| {
            Fault::corrupt(format!("membership entry {index} does not apply: {error}"))
        })?;
        self.out.set_members(&conf, index);
        if self.is_leader() && !self.node.raft.promotable() {
            self.leave_office();
        }
        Ok(())
    }

    /// A leader outside its own membership has no entry in raft's progress tracker (trap T4). So it
    /// tells the others how far they may commit, asks the most up-to-date of them to take over, and
    /// becomes a follower.
    fn leave_office(&mut self) {
        self.node.raft.bcast_append();
        let raft = &mut self.node.raft;
        let conf = raft.prs().conf().to_conf_state();
        let voters = raft.prs().iter().filter(|(id, _)| conf.voters.contains(id));
        let best = voters.map(|(id, progress)| (progress.matched, std::cmp::Reverse(*id))).max();
        if let Some((_, std::cmp::Reverse(heir))) = best {
            raft.send_timeout_now(heir);
        }
        let term = raft.term;
        raft.become_follower(term, raft::INVALID_ID);
    }

    fn snapshot_taken(&mut self, event: &Event, members: &[abi::Member]) -> Outcome<()> {
        let conf = members::conf_state(members, event.flags & 1 != 0)?;
        if event.index == 0 || conf.voters.is_empty() {
            return Err(Fault::invalid("snapshot: its index is 0, or it has no voters"));
        }
        if event.index > self.applied() || event.number > event.index {
            return Err(Fault::invalid(format!(
                "snapshot: at {} with the log gone up to {}, but applied is {}",
                event.index,
                event.number,
                self.applied()
            )));
        }
        let log = self.node.mut_store();
        if log.term_of(event.index).map_or(false, |term| term != event.term) {
            return Err(Fault::corrupt(format!(
                "snapshot: entry {} is not of term {}",
                event.index, event.term
            )));
        }
        let manifest = unsafe { event.bytes.bytes() }.to_vec();
        log.set_snapshot(SnapshotPoint { index: event.index, term: event.term, conf, manifest });
        log.compact(event.number);
        Ok(())
    }

    fn transfer(&mut self, to: u64) -> Outcome<()> {
        self.must_lead()?;
        let conf = self.node.raft.prs().conf().to_conf_state();
        if to == self.settings.id || !conf.voters.contains(&to) {
            return Err(Fault::invalid(format!("transfer: replica {to} is not another voter")));
        }
        self.node.transfer_leader(to);
        Ok(())
    }

    fn unreachable(&mut self, peer: u64) -> Outcome<()> {
        self.node.report_unreachable(peer);
        Ok(())
    }

    fn snapshot_sent(&mut self, peer: u64, ok: bool) -> Outcome<()> {
        let status = if ok { SnapshotStatus::Finish } else { SnapshotStatus::Failure };
        self.node.report_snapshot(peer, status);
        Ok(())
    }

    fn campaign(&mut self) -> Outcome<()> {
        if self.is_leader() {
            return Ok(());
        }
        if !self.node.raft.promotable() {
            return Err(Fault::invalid("campaign: this replica has no vote"));
        }
        if !self.may_campaign() {
            return Err(Fault::busy("campaign: writes are open"));
        }
        self.node.raft.election_elapsed = 0;
        self.timer.draw();
        self.node.campaign().map_err(Fault::from)
    }
}

/// Only data entries reach `propose`. The kinds on the wire and in the log must have the same
/// numbers.
const _: () = assert!(EntryType::EntryNormal as u32 == abi::ENTRY_DATA);
