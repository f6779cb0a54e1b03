//! Linearizable reads: each round of heartbeats confirms all reads that waited when it began. A
//! round's context is (replica, incarnation, counter) and is compared whole (trap T6). So answers
//! to an earlier incarnation of this replica, and late answers to earlier rounds, confirm nothing.

use crate::abi;
use crate::fault::{Fault, Outcome};
use crate::limits;
use std::collections::VecDeque;

pub const CONTEXT_BYTES: usize = 24;

struct Waiting {
    token: u64,
    since_tick: u64,
}

pub struct Reads {
    id: u64,
    incarnation: u64,
    counter: u64,
    round: Option<Vec<Waiting>>,
    next: VecDeque<Waiting>,
    /// The term whose leadership the reads rely on.
    term: u64,
}

pub type Answer = abi::Read;

fn answer(token: u64, index: u64, status: i32) -> Answer {
    abi::Read { token, index, status, reserved: 0 }
}

impl Reads {
    pub fn new(id: u64, incarnation: u64) -> Reads {
        Reads { id, incarnation, counter: 0, round: None, next: VecDeque::new(), term: 0 }
    }

    fn pending(&self) -> usize {
        self.next.len() + self.round.as_ref().map_or(0, Vec::len)
    }

    pub fn add(&mut self, token: u64, term: u64, tick: u64) -> Outcome<()> {
        if self.pending() >= limits::PENDING_READS_MAX {
            return Err(Fault::busy(format!("{} reads are waiting", self.pending())));
        }
        self.term = term;
        self.next.push_back(Waiting { token, since_tick: tick });
        Ok(())
    }

    /// Returns the context of a new round if reads wait and no round is under way.
    pub fn begin_round(&mut self) -> Option<Vec<u8>> {
        if self.round.is_some() || self.next.is_empty() {
            return None;
        }
        self.counter += 1;
        self.round = Some(self.next.drain(..).collect());
        Some(self.context())
    }

    fn context(&self) -> Vec<u8> {
        [self.id, self.incarnation, self.counter]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    /// Whether a heartbeat's answer belongs to the round under way.
    pub fn is_current(&self, context: &[u8]) -> bool {
        self.round.is_some() && context.len() == CONTEXT_BYTES && context == self.context()
    }

    pub fn confirmed(&mut self, context: &[u8], index: u64, out: &mut Vec<Answer>) {
        if self.is_current(context) {
            let round = self.round.take().unwrap_or_default();
            out.extend(round.iter().map(|read| answer(read.token, index, abi::OK)));
        }
    }

    /// Answers every waiting read when the leadership is lost, so that no read is dropped silently.
    pub fn check_leadership(&mut self, leads: bool, term: u64, out: &mut Vec<Answer>) {
        if (leads && term == self.term) || (self.round.is_none() && self.next.is_empty()) {
            return;
        }
        let all = self.round.take().into_iter().flatten().chain(self.next.drain(..));
        out.extend(all.map(|read| answer(read.token, 0, abi::NOT_LEADER)));
    }

    /// Fails the reads that have waited since before `oldest_tick`. The round itself goes on,
    /// because its heartbeats are under way.
    pub fn expire(&mut self, oldest_tick: u64, out: &mut Vec<Answer>) {
        let mut give_up = |read: &Waiting| {
            let expired = read.since_tick < oldest_tick;
            if expired {
                out.push(answer(read.token, 0, abi::TIMEOUT));
            }
            !expired
        };
        if let Some(round) = &mut self.round {
            round.retain(&mut give_up);
        }
        self.next.retain(&mut give_up);
    }
}
