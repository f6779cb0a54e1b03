//! Every bound of this engine has its name here.

/// Messages that wait for a write. Beyond it the oldest is dropped: a lost message is what Raft is made for.
pub const HELD_MESSAGES_MAX: usize = 4096;
/// Reads that wait for a quorum; beyond it `BUSY`.
pub const PENDING_READS_MAX: usize = 65_536;
/// One request for old payloads covers this many messages' worth of bytes, so that catching up is not a disk
/// read per message.
pub const FETCH_MESSAGES: u64 = 8;
/// Requests for old payloads under way; beyond it a peer waits for the next heartbeat.
pub const OPEN_FETCHES_MAX: usize = 64;
/// A fetch that was not answered is forgotten after this many election time-outs.
pub const FETCH_ELECTION_TIMEOUTS: u64 = 4;
/// A read that no quorum confirmed fails with `TIMEOUT` after this many election time-outs.
pub const READ_ELECTION_TIMEOUTS: u64 = 4;
/// Entries handed to raft's own bookkeeping in one go (without payloads).
pub const BARE_ENTRIES_MAX: usize = 4096;
/// Rounds of `ready` in one step. The work is bounded by the log: more of them is a fault.
pub const READY_ROUNDS_MAX: usize = 1 << 20;
/// Members of a group, learners included.
pub const MEMBERS_MAX: usize = 64;
/// Votes and appends are small apart from entries; what one entry costs on the wire besides its payload.
pub const ENTRY_OVERHEAD_BYTES: u64 = 32;
