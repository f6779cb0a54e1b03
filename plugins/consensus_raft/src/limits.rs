//! All limits of this engine.

/// Messages that wait for a write. Above it the oldest message is dropped, which is safe because
/// Raft tolerates lost messages.
pub const HELD_MESSAGES_MAX: usize = 4096;
/// Reads that wait for a quorum. Above it a read gets `BUSY`.
pub const PENDING_READS_MAX: usize = 65_536;
/// One request for evicted payloads covers the bytes of this many messages, so that catching up
/// does not need a disk read per message.
pub const FETCH_MESSAGES: u64 = 8;
/// Requests for evicted payloads under way. Above it a peer waits for the next heartbeat.
pub const OPEN_FETCHES_MAX: usize = 64;
/// A fetch without an answer is forgotten after this many election time-outs.
pub const FETCH_ELECTION_TIMEOUTS: u64 = 4;
/// A read that no quorum has confirmed fails with `TIMEOUT` after this many election time-outs.
pub const READ_ELECTION_TIMEOUTS: u64 = 4;
/// Entries handed to raft's own bookkeeping at once (without payloads).
pub const BARE_ENTRIES_MAX: usize = 4096;
/// Rounds of `ready` in one step. The log bounds the work, so more rounds are a fault.
pub const READY_ROUNDS_MAX: usize = 1 << 20;
/// Members of a group, learners included.
pub const MEMBERS_MAX: usize = 64;
/// The bytes of one entry on the wire besides its payload.
pub const ENTRY_OVERHEAD_BYTES: u64 = 32;
