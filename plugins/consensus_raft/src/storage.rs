//! The engine's picture of its log: (term, kind, size) of every live entry, and the payloads of the
//! newest entries. The host's log is authoritative; raft reads this picture between two steps. It
//! does no I/O: an evicted payload that is needed is noted in `wanted` and comes back as FETCHED.

use crate::fault::{Fault, Outcome};
use crate::limits;
use raft::eraftpb::{ConfState, Entry, EntryType, HardState, Snapshot, SnapshotMetadata};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub type Payload = Arc<Vec<u8>>;

#[derive(Clone, Copy)]
pub struct Meta {
    pub term: u64,
    pub size: u64,
    pub members: bool,
}

pub struct SnapshotPoint {
    pub index: u64,
    pub term: u64,
    pub conf: ConfState,
    pub manifest: Vec<u8>,
}

/// Invariants: `metas[i]` is entry `base_index + 1 + i`; `cache[i]` is the payload of entry
/// `cache_low + i`, and the cache reaches to the last entry; payloads above `durable` are never
/// evicted, because the host could not give them back.
pub struct Log {
    base_index: u64,
    base_term: u64,
    metas: VecDeque<Meta>,
    cache: VecDeque<Payload>,
    cache_low: u64,
    cached_bytes: u64,
    cache_limit: u64,
    /// Membership changes that are not applied yet, with their payloads.
    unapplied_members: BTreeMap<u64, Payload>,
    /// Payloads that came back and are used by the current step.
    fetched: BTreeMap<u64, Payload>,
    snapshot: Option<SnapshotPoint>,
    initial: RaftState,
    wanted: RefCell<Vec<u64>>,
    snapshot_wanted: Cell<bool>,
}

impl Log {
    pub fn new(base_index: u64, base_term: u64, cache_limit: u64) -> Log {
        Log {
            base_index,
            base_term,
            metas: VecDeque::new(),
            cache: VecDeque::new(),
            cache_low: base_index + 1,
            cached_bytes: 0,
            cache_limit,
            unapplied_members: BTreeMap::new(),
            fetched: BTreeMap::new(),
            snapshot: None,
            initial: RaftState::default(),
            wanted: RefCell::new(Vec::new()),
            snapshot_wanted: Cell::new(false),
        }
    }

    pub fn set_initial(&mut self, hard: HardState, conf: ConfState) {
        self.initial = RaftState::new(hard, conf);
    }

    pub fn first(&self) -> u64 {
        self.base_index + 1
    }

    pub fn last(&self) -> u64 {
        self.base_index + self.metas.len() as u64
    }

    pub fn meta(&self, index: u64) -> Option<Meta> {
        index.checked_sub(self.first()).and_then(|at| self.metas.get(at as usize)).copied()
    }

    pub fn term_of(&self, index: u64) -> Option<u64> {
        if index == self.base_index {
            Some(self.base_term)
        } else {
            self.meta(index).map(|meta| meta.term)
        }
    }

    /// Adds an entry that was on disk at START. If it has no payload, the payload is requested when
    /// it is needed.
    pub fn restore_entry(
        &mut self,
        meta: Meta,
        payload: Option<Payload>,
        applied: u64,
    ) -> Outcome<()> {
        let index = self.last() + 1;
        if meta.members && index > applied {
            let Some(payload) = payload.clone() else {
                return Err(Fault::invalid(format!(
                    "start: membership entry {index} needs its data"
                )));
            };
            self.unapplied_members.insert(index, payload);
        }
        self.metas.push_back(meta);
        match payload {
            Some(payload) => {
                self.cached_bytes += payload.len() as u64;
                self.cache.push_back(payload);
            }
            None => self.clear_cache(),
        }
        Ok(())
    }

    /// Takes entries over from raft. Returns the first index whose old entry was replaced, or 0.
    pub fn append(&mut self, entries: &mut [Entry]) -> u64 {
        let Some(first) = entries.first() else { return 0 };
        let truncated = if first.index <= self.last() { first.index } else { 0 };
        assert!(
            first.index > self.base_index && first.index <= self.last() + 1,
            "append leaves a gap"
        );
        self.truncate(first.index);
        for entry in entries {
            let payload = Arc::new(std::mem::take(&mut entry.data));
            let members = entry.entry_type == EntryType::EntryConfChangeV2 as i32;
            if members {
                self.unapplied_members.insert(entry.index, payload.clone());
            }
            self.metas.push_back(Meta { term: entry.term, size: payload.len() as u64, members });
            self.cached_bytes += payload.len() as u64;
            self.cache.push_back(payload);
        }
        truncated
    }

    fn truncate(&mut self, from: u64) {
        while self.last() >= from {
            self.metas.pop_back();
            if let Some(payload) = self.cache.pop_back() {
                self.cached_bytes -= payload.len() as u64;
            }
        }
        self.cache_low = self.cache_low.min(from);
        self.unapplied_members.split_off(&from);
    }

    /// Replaces the whole log by a snapshot.
    pub fn install(&mut self, index: u64, term: u64) {
        self.metas.clear();
        self.unapplied_members.clear();
        self.base_index = index;
        self.base_term = term;
        self.clear_cache();
    }

    /// Drops the entries up to `index`, which are gone from the host's log.
    pub fn compact(&mut self, index: u64) {
        while self.base_index < index {
            let Some(meta) = self.metas.pop_front() else { return };
            self.base_index += 1;
            self.base_term = meta.term;
        }
        while self.cache_low <= self.base_index {
            self.evict_one();
        }
    }

    /// Keeps the cache within its limit. Only durable payloads may be evicted.
    pub fn evict(&mut self, durable: u64) {
        while self.cached_bytes > self.cache_limit
            && self.cache_low <= durable
            && !self.cache.is_empty()
        {
            self.evict_one();
        }
    }

    fn evict_one(&mut self) {
        if let Some(payload) = self.cache.pop_front() {
            self.cached_bytes -= payload.len() as u64;
        }
        self.cache_low += 1;
    }

    fn clear_cache(&mut self) {
        self.cache.clear();
        self.cached_bytes = 0;
        self.cache_low = self.last() + 1;
    }

    pub fn payload(&self, index: u64) -> Option<&Payload> {
        match index.checked_sub(self.cache_low) {
            Some(at) => self.cache.get(at as usize),
            None => self.fetched.get(&index),
        }
    }

    pub fn next_members(&self) -> Option<u64> {
        self.unapplied_members.keys().next().copied()
    }

    pub fn take_members(&mut self, index: u64) -> Option<Payload> {
        self.unapplied_members.remove(&index)
    }

    pub fn lend(&mut self, index: u64, payload: Payload) {
        self.fetched.insert(index, payload);
    }

    pub fn has_lent(&self, index: u64) -> bool {
        self.fetched.contains_key(&index)
    }

    pub fn end_step(&mut self) {
        self.fetched.clear();
    }

    pub fn take_wanted(&mut self) -> Vec<u64> {
        std::mem::take(self.wanted.get_mut())
    }

    /// The range [low, high) to request: it reaches at most to the first cached entry, has limited
    /// bytes, and is never empty.
    pub fn fetch_range(&self, low: u64, bytes_max: u64) -> (u64, u64) {
        let mut bytes = 0;
        let mut high = low;
        while high < self.cache_low {
            let Some(meta) = self.meta(high) else { break };
            bytes += meta.size + limits::ENTRY_OVERHEAD_BYTES;
            if bytes > bytes_max && high > low {
                break;
            }
            high += 1;
        }
        (low, high)
    }

    /// Keeps the newest snapshot.
    pub fn set_snapshot(&mut self, point: SnapshotPoint) {
        if self.snapshot.as_ref().map_or(true, |old| old.index <= point.index) {
            self.snapshot = Some(point);
        }
        self.snapshot_wanted.set(false);
    }

    pub fn snapshot_wanted(&self) -> bool {
        self.snapshot_wanted.get()
    }

    fn gather(&self, low: u64, high: u64, bytes_max: u64) -> raft::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        for index in low..high {
            let meta = self.meta(index).ok_or(StorageError::Unavailable)?;
            bytes += meta.size + limits::ENTRY_OVERHEAD_BYTES;
            if bytes > bytes_max && !entries.is_empty() {
                break;
            }
            match self.payload(index) {
                Some(payload) => entries.push(entry_of(index, meta, payload.as_ref().clone())),
                None if entries.is_empty() => {
                    self.wanted.borrow_mut().push(index);
                    return Err(StorageError::LogTemporarilyUnavailable.into());
                }
                None => break,
            }
        }
        Ok(entries)
    }
}

fn entry_of(index: u64, meta: Meta, data: Vec<u8>) -> Entry {
    let kind = if meta.members { EntryType::EntryConfChangeV2 } else { EntryType::EntryNormal };
    Entry { entry_type: kind as i32, term: meta.term, index, data, ..Entry::default() }
}

impl Storage for Log {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(self.initial.clone())
    }

    /// Returns entries with payloads if they are to be sent. All other callers use index, term and
    /// kind only.
    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        if low < self.first() {
            return Err(StorageError::Compacted.into());
        }
        assert!(high <= self.last() + 1, "entries [{low}, {high}) reach beyond {}", self.last());
        let max_size = max_size.into();
        if context.can_async() {
            return self.gather(low, high, max_size.unwrap_or(u64::MAX));
        }
        let high =
            if max_size.is_some() { high.min(low + limits::BARE_ENTRIES_MAX as u64) } else { high };
        (low..high)
            .map(|index| match self.meta(index) {
                Some(meta) => Ok(entry_of(index, meta, Vec::new())),
                None => Err(StorageError::Unavailable.into()),
            })
            .collect()
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index < self.base_index {
            return Err(StorageError::Compacted.into());
        }
        self.term_of(index).ok_or_else(|| StorageError::Unavailable.into())
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.first())
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last())
    }

    /// A snapshot is useful to `to` only if it contains `to` as a member (trap T8) and the entries
    /// after it are still in the log.
    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<Snapshot> {
        let least = request_index.max(self.base_index);
        match &self.snapshot {
            Some(point) if point.index >= least && point.index > 0 && names(&point.conf, to) => {
                Ok(Snapshot {
                    data: point.manifest.clone(),
                    metadata: Some(SnapshotMetadata {
                        conf_state: Some(point.conf.clone()),
                        index: point.index,
                        term: point.term,
                    }),
                })
            }
            _ => {
                self.snapshot_wanted.set(true);
                Err(StorageError::SnapshotTemporarilyUnavailable.into())
            }
        }
    }
}

pub fn names(conf: &ConfState, id: u64) -> bool {
    conf.voters.contains(&id) || conf.learners.contains(&id) || conf.voters_outgoing.contains(&id)
}
