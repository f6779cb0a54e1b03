//! The settings of an instance, checked and with defaults filled in.

use crate::abi::{self, ConsensusOpen};
use crate::fault::{Fault, Outcome};
use std::ffi::CStr;

/// The guards that a planted build may leave out. The shipped engine always has all of them.
#[derive(Clone, Copy)]
pub struct Safety {
    /// Messages wait for the writes that they promise (trap T2).
    pub hold_messages: bool,
    /// Reads are confirmed by a quorum, not by a lease (trap T7).
    pub confirm_reads: bool,
}

impl Safety {
    pub const FULL: Safety = Safety { hold_messages: true, confirm_reads: true };
}

#[derive(Clone)]
pub struct Settings {
    pub id: u64,
    pub seed: u64,
    pub election_ticks: u64,
    pub heartbeat_ticks: u64,
    pub max_message_bytes: u64,
    pub max_inflight_messages: u64,
    pub max_uncommitted_bytes: u64,
    pub cache_bytes: u64,
    pub safety: Safety,
}

/// Zero means the default.
fn or_default(value: u64, default: u64) -> u64 {
    if value == 0 {
        default
    } else {
        value
    }
}

impl Settings {
    /// # Safety
    /// `open` and what it points to are valid for the call.
    pub unsafe fn read(
        open: &ConsensusOpen,
        accept: fn(&[u8]) -> Outcome<Safety>,
    ) -> Outcome<Settings> {
        if open.id == 0 {
            return Err(Fault::invalid("id: 0 is not a valid replica id"));
        }
        let mut config: &[u8] = &[];
        if !open.base.is_null() {
            let base = abi::read_growable(open.base);
            refuse_required(base.ext)?;
            config = base.config_json.bytes();
        }
        let settings = Settings {
            id: open.id,
            seed: open.seed,
            election_ticks: or_default(u64::from(open.election_ticks), 10),
            heartbeat_ticks: or_default(u64::from(open.heartbeat_ticks), 1),
            max_message_bytes: or_default(open.max_message_bytes, 1 << 20),
            max_inflight_messages: or_default(open.max_inflight_messages, 64),
            max_uncommitted_bytes: or_default(open.max_uncommitted_bytes, 256 << 20),
            cache_bytes: or_default(open.cache_bytes, 1 << 20),
            safety: accept(config)?,
        };
        if settings.election_ticks <= settings.heartbeat_ticks {
            return Err(Fault::invalid(format!(
                "election_ticks: {} is not above heartbeat_ticks {}",
                settings.election_ticks, settings.heartbeat_ticks
            )));
        }
        Ok(settings)
    }

    pub fn raft_config(&self, applied: u64) -> raft::Config {
        raft::Config {
            id: self.id,
            election_tick: self.election_ticks as usize,
            heartbeat_tick: self.heartbeat_ticks as usize,
            applied,
            max_size_per_msg: self.max_message_bytes,
            max_inflight_msgs: self.max_inflight_messages as usize,
            check_quorum: true,
            pre_vote: true,
            read_only_option: if self.safety.confirm_reads {
                raft::ReadOnlyOption::Safe
            } else {
                raft::ReadOnlyOption::LeaseBased
            },
            max_committed_size_per_ready: 64 << 10,
            ..raft::Config::default()
        }
    }
}

/// The shipped engine has no parameters of its own.
pub fn no_parameters(config: &[u8]) -> Outcome<Safety> {
    let bare: Vec<u8> = config.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if bare.is_empty() || bare == b"{}" {
        Ok(Safety::FULL)
    } else {
        Err(Fault::invalid("config_json: this engine takes no parameters"))
    }
}

unsafe fn refuse_required(mut ext: *const abi::Ext) -> Outcome<()> {
    while !ext.is_null() {
        if (*ext).required != 0 {
            let id = if (*ext).id.is_null() {
                "?".into()
            } else {
                CStr::from_ptr((*ext).id).to_string_lossy()
            };
            return Err(Fault::new(
                abi::UNSUPPORTED,
                format!("extension {id} is required and unknown"),
            ));
        }
        ext = (*ext).next;
    }
    Ok(())
}
