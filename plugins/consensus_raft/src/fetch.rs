//! Payloads that were evicted from the cache: requested from the host, awaited, and lent to raft
//! for one step.
//!
//! Raft would remember the requesting peer in a context that it does not let us read (trap T17). We
//! do not need it: the peer that waits for an entry has that entry as its next index.

use crate::abi;
use crate::core::Core;
use crate::limits;
use raft::StateRole;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub struct Fetches {
    tickets: u64,
    open: BTreeMap<u64, Open>,
}

struct Open {
    low: u64,
    high: u64,
    since_tick: u64,
}

impl Fetches {
    fn covers(&self, index: u64) -> bool {
        self.open.values().any(|fetch| fetch.low <= index && index < fetch.high)
    }

    pub fn expire(&mut self, oldest_tick: u64) {
        self.open.retain(|_, fetch| fetch.since_tick >= oldest_tick);
    }

    pub fn clear(&mut self) {
        self.open.clear();
    }
}

impl Core {
    /// Turns the payloads that raft missed during this step into requests to the host.
    pub fn ask_for_payloads(&mut self) {
        let mut wanted = self.node.mut_store().take_wanted();
        wanted.sort_unstable();
        wanted.dedup();
        let bytes_max = self.settings.max_message_bytes.saturating_mul(limits::FETCH_MESSAGES);
        for index in wanted {
            if self.fetches.covers(index) || self.fetches.open.len() >= limits::OPEN_FETCHES_MAX {
                continue;
            }
            let (low, high) = self.node.store().fetch_range(index, bytes_max);
            if low == high {
                continue;
            }
            self.fetches.tickets += 1;
            let ticket = self.fetches.tickets;
            self.fetches.open.insert(ticket, Open { low, high, since_tick: self.ticks });
            let waiting =
                self.node.raft.prs().iter().filter(|(_, progress)| progress.next_idx == index);
            let peer = waiting.map(|(id, _)| *id).min().unwrap_or(0);
            self.out.fetches.push(abi::Fetch { ticket, peer, low, high });
        }
    }

    /// Handles FETCHED. Unknown tickets and entries that were replaced meanwhile are ignored. An
    /// empty answer means that the host could not read; the next heartbeat asks again.
    pub fn fetched(&mut self, ticket: u64, entries: &[abi::Entry]) {
        let Some(fetch) = self.fetches.open.remove(&ticket) else { return };
        let log = self.node.mut_store();
        for entry in entries {
            let bytes = unsafe { entry.data.bytes() };
            let is_same = log
                .meta(entry.index)
                .map_or(false, |meta| meta.term == entry.term && meta.size == bytes.len() as u64);
            if is_same && (fetch.low..fetch.high).contains(&entry.index) {
                log.lend(entry.index, Arc::new(bytes.to_vec()));
            }
        }
        let mut peers: Vec<u64> = self.node.raft.prs().iter().map(|(id, _)| *id).collect();
        peers.sort_unstable();
        for peer in peers {
            self.send_lent(peer);
        }
    }

    fn send_lent(&mut self, peer: u64) {
        let mut sent_up_to = 0;
        while self.node.raft.state == StateRole::Leader && peer != self.settings.id {
            let Some(progress) = self.node.raft.prs().get(peer) else { return };
            let next = progress.next_idx;
            if progress.is_paused() || next <= sent_up_to || !self.node.store().has_lent(next) {
                return;
            }
            sent_up_to = next;
            self.node.raft.send_append(peer);
        }
    }
}
