//! Mirrors of the C structs of `sdk/include/rhumb/{core,host,plugin,consensus}.h` that this engine
//! touches. `layout.rs` pins their sizes and offsets; tests/abi/rust_layout.py compares the same
//! numbers with the headers.

use std::ffi::{c_char, c_void};

pub const OK: i32 = 0;
pub const INVALID: i32 = 1;
pub const UNSUPPORTED: i32 = 3;
pub const DENIED: i32 = 4;
pub const BUSY: i32 = 64;
pub const TIMEOUT: i32 = 65;
pub const NOT_LEADER: i32 = 67;
pub const CORRUPT: i32 = 129;
pub const BUG: i32 = 255;

pub const PLUGIN_MAGIC: u32 = 0x424D_4852;
pub const KIND_CONSENSUS: u32 = 5;
pub const HOST_LOG: &[u8] = b"rhumb.host.log/1\0";

pub const ENTRY_DATA: u32 = 0;
pub const ENTRY_MEMBERS: u32 = 1;
pub const ENTRY_NOOP: u32 = 2;

pub const MSG_SNAPSHOT: u32 = 1;
pub const MSG_URGENT: u32 = 2;

pub const VOTER: u32 = 1;
pub const LEARNER: u32 = 2;
pub const VOTER_OUTGOING: u32 = 4;
pub const LEARNER_NEXT: u32 = 8;

pub const ADD_VOTER: u32 = 1;
pub const ADD_LEARNER: u32 = 2;
pub const REMOVE: u32 = 3;

pub const FOLLOWER: u32 = 0;
pub const CANDIDATE: u32 = 1;
pub const LEADER: u32 = 2;

pub const EV_START: u32 = 1;
pub const EV_TICK: u32 = 2;
pub const EV_RECEIVE: u32 = 3;
pub const EV_PROPOSE: u32 = 4;
pub const EV_PROPOSE_MEMBERS: u32 = 5;
pub const EV_READ_INDEX: u32 = 6;
pub const EV_PERSISTED: u32 = 7;
pub const EV_APPLIED: u32 = 8;
pub const EV_SNAPSHOT: u32 = 9;
pub const EV_TRANSFER: u32 = 10;
pub const EV_UNREACHABLE: u32 = 11;
pub const EV_SNAPSHOT_SENT: u32 = 12;
pub const EV_FETCHED: u32 = 13;
pub const EV_CAMPAIGN: u32 = 14;

pub const FX_HARD_STATE: u32 = 1;
pub const FX_ENTRIES: u32 = 2;
pub const FX_INSTALL: u32 = 4;
pub const FX_ROLE: u32 = 8;
pub const FX_MEMBERS: u32 = 16;
pub const FX_APPLY: u32 = 32;
pub const FX_NEED_SNAPSHOT: u32 = 64;

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub os_errno: i32,
    pub text: [c_char; 248],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    pub data: *const c_void,
    pub size: u64,
}

#[repr(C)]
pub struct Ext {
    pub id: *const c_char,
    pub next: *const Ext,
    pub struct_size: u32,
    pub required: u32,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut c_void,
    pub get_extension: Option<unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void>,
}

#[repr(C)]
pub struct HostLog {
    pub struct_size: u32,
    pub level_min: u32,
    pub log: Option<unsafe extern "C" fn(*const Host, u32, Slice)>,
}

#[repr(C)]
pub struct Factory {
    pub struct_size: u32,
    pub kind: u32,
    pub id: *const c_char,
    pub version: *const c_char,
    pub ops: *const c_void,
}

#[repr(C)]
pub struct Plugin {
    pub magic: u32,
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor_min: u16,
    pub abi_minor_built: u16,
    pub draft: u16,
    pub id: *const c_char,
    pub version: *const c_char,
    pub license: *const c_char,
    pub draft_hash: *const c_char,
    pub factory_count: u64,
    pub factories: *const *const Factory,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Open {
    pub struct_size: u32,
    pub flags: u32,
    pub config_json: Slice,
    pub data_dir: Slice,
    pub ext: *const Ext,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    pub index: u64,
    pub term: u64,
    pub kind: u32,
    pub reserved: u32,
    pub data: Slice,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Message {
    pub peer: u64,
    pub index: u64,
    pub kind: u32,
    pub flags: u32,
    pub bytes: Slice,
}

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub id: u64,
    pub role: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Read {
    pub token: u64,
    pub index: u64,
    pub status: i32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Fetch {
    pub ticket: u64,
    pub peer: u64,
    pub low: u64,
    pub high: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Start {
    pub struct_size: u32,
    pub joint_auto_leave: u32,
    pub term: u64,
    pub voted_for: u64,
    pub commit: u64,
    pub first_index: u64,
    pub base_term: u64,
    pub applied: u64,
    pub incarnation: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event {
    pub struct_size: u32,
    pub kind: u32,
    pub now_ns: u64,
    pub peer: u64,
    pub number: u64,
    pub index: u64,
    pub term: u64,
    pub flags: u32,
    pub reserved: u32,
    pub bytes: Slice,
    pub entries: *const Entry,
    pub entry_count: u64,
    pub members: *const Member,
    pub member_count: u64,
    pub start: *const Start,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Effects {
    pub struct_size: u32,
    pub changed: u32,
    pub number: u64,
    pub term: u64,
    pub voted_for: u64,
    pub install_index: u64,
    pub install_term: u64,
    pub install_manifest: Slice,
    pub truncate_from: u64,
    pub entries: *const Entry,
    pub entry_count: u64,
    pub messages: *const Message,
    pub message_count: u64,
    pub reads: *const Read,
    pub read_count: u64,
    pub fetches: *const Fetch,
    pub fetch_count: u64,
    pub apply_to: u64,
    pub members: *const Member,
    pub member_count: u64,
    pub members_index: u64,
    pub joint: u32,
    pub joint_auto_leave: u32,
    pub role: u32,
    pub reserved: u32,
    pub leader: u64,
    pub commit_index: u64,
    pub last_index: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ConsensusOpen {
    pub struct_size: u32,
    pub flags: u32,
    pub id: u64,
    pub seed: u64,
    pub election_ticks: u32,
    pub heartbeat_ticks: u32,
    pub max_message_bytes: u64,
    pub max_inflight_messages: u64,
    pub max_uncommitted_bytes: u64,
    pub cache_bytes: u64,
    pub base: *const Open,
}

#[repr(C)]
pub struct ConsensusOps {
    pub struct_size: u32,
    pub caps: u32,
    pub open: unsafe extern "C" fn(
        *const Host,
        *const ConsensusOpen,
        *mut *mut c_void,
        *mut Error,
    ) -> i32,
    pub close: unsafe extern "C" fn(*mut c_void),
    pub get_extension: unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void,
    pub step: unsafe extern "C" fn(*mut c_void, *const Event, *mut Effects, *mut Error) -> i32,
}

impl Slice {
    pub const EMPTY: Slice = Slice { data: std::ptr::null(), size: 0 };

    pub fn of(bytes: &[u8]) -> Slice {
        Slice { data: bytes.as_ptr().cast(), size: bytes.len() as u64 }
    }

    /// # Safety
    /// `data` points to `size` readable bytes that outlive `'a`, or is NULL.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        slice_of(self.data.cast(), self.size)
    }
}

/// # Safety
/// `data` points to `count` valid items that outlive `'a`, or is NULL.
pub unsafe fn slice_of<'a, T>(data: *const T, count: u64) -> &'a [T] {
    if data.is_null() || count == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(data, count as usize)
    }
}

/// Copies a growable struct that starts with its `struct_size`: bytes that the caller does not have
/// stay zero.
///
/// # Safety
/// `from` points to a struct of at least its own `struct_size` bytes; all-zero is a valid `T`.
pub unsafe fn read_growable<T: Copy>(from: *const T) -> T {
    let mut to = std::mem::MaybeUninit::<T>::zeroed();
    let size = (*from.cast::<u32>() as usize).min(std::mem::size_of::<T>());
    std::ptr::copy_nonoverlapping(from.cast::<u8>(), to.as_mut_ptr().cast::<u8>(), size);
    to.assume_init()
}
