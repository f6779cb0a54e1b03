//! The effects that a step asks the host for. This struct owns every byte that the C struct points
//! to, until the next step.

use crate::abi::{self, Effects, Slice};
use crate::storage::Payload;
use raft::eraftpb::ConfState;

#[derive(Default)]
pub struct Out {
    pub changed: u32,
    pub number: u64,
    pub install: Option<Install>,
    pub truncate_from: u64,
    pub members_index: u64,
    pub reads: Vec<abi::Read>,
    pub fetches: Vec<abi::Fetch>,
    pub state: State,
    entries: Vec<abi::Entry>,
    payloads: Vec<Payload>,
    messages: Vec<abi::Message>,
    frames: Vec<Vec<u8>>,
    members: Vec<abi::Member>,
    joint: bool,
    auto_leave: bool,
}

pub struct Install {
    pub index: u64,
    pub term: u64,
    pub manifest: Vec<u8>,
}

/// Reported after every step, also after a refused one, because a refusal may need the leader's
/// name.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    pub term: u64,
    pub voted_for: u64,
    pub apply_to: u64,
    pub role: u32,
    pub leader: u64,
    pub commit_index: u64,
    pub last_index: u64,
}

impl Out {
    /// Effects that ask for nothing.
    pub fn idle(state: State) -> Out {
        Out { state, ..Out::default() }
    }

    pub fn clear(&mut self) {
        *self = Out::idle(self.state);
    }

    /// Adds an entry to the step's one write. Entries that were added before with the same or a
    /// higher index are replaced.
    pub fn write_entry(&mut self, index: u64, term: u64, kind: u32, payload: Payload) {
        while self.entries.last().map_or(false, |last| last.index >= index) {
            self.entries.pop();
            self.payloads.pop();
        }
        self.entries.push(abi::Entry { index, term, kind, reserved: 0, data: Slice::of(&payload) });
        self.payloads.push(payload);
        self.changed |= abi::FX_ENTRIES;
    }

    pub fn truncate(&mut self, from: u64) {
        if from != 0 && (self.truncate_from == 0 || from < self.truncate_from) {
            self.truncate_from = from;
        }
    }

    pub fn install(&mut self, install: Install) {
        self.entries.clear();
        self.payloads.clear();
        self.truncate_from = 0;
        self.changed = self.changed & !abi::FX_ENTRIES | abi::FX_INSTALL;
        self.install = Some(install);
    }

    pub fn send(&mut self, peer: u64, index: u64, kind: u32, flags: u32, frame: Vec<u8>) {
        self.messages.push(abi::Message { peer, index, kind, flags, bytes: Slice::of(&frame) });
        self.frames.push(frame);
    }

    pub fn set_members(&mut self, conf: &ConfState, index: u64) {
        self.members = crate::members::to_members(conf);
        self.members_index = index;
        self.joint = !conf.voters_outgoing.is_empty();
        self.auto_leave = conf.auto_leave;
        self.changed |= abi::FX_MEMBERS;
    }

    pub fn fill(&self, struct_size: u32) -> Effects {
        let state = self.state;
        let install = self.install.as_ref();
        Effects {
            struct_size,
            changed: self.changed,
            number: self.number,
            term: state.term,
            voted_for: state.voted_for,
            install_index: install.map_or(0, |it| it.index),
            install_term: install.map_or(0, |it| it.term),
            install_manifest: install.map_or(Slice::EMPTY, |it| Slice::of(&it.manifest)),
            truncate_from: self.truncate_from,
            entries: self.entries.as_ptr(),
            entry_count: self.entries.len() as u64,
            messages: self.messages.as_ptr(),
            message_count: self.messages.len() as u64,
            reads: self.reads.as_ptr(),
            read_count: self.reads.len() as u64,
            fetches: self.fetches.as_ptr(),
            fetch_count: self.fetches.len() as u64,
            apply_to: state.apply_to,
            members: self.members.as_ptr(),
            member_count: self.members.len() as u64,
            members_index: self.members_index,
            joint: u32::from(self.joint),
            joint_auto_leave: u32::from(self.auto_leave),
            role: state.role,
            reserved: 0,
            leader: state.leader,
            commit_index: state.commit_index,
            last_index: state.last_index,
        }
    }
}
