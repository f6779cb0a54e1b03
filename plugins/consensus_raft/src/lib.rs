//! Consensus for Rhumb: the crate `raft` (tikv/raft-rs) behind the sans-I/O ABI of
//! rhumb/consensus.h. `step(event) -> effects` does no I/O and has no clock, thread or callback.
//! The host persists, sends and applies.

mod abi;
mod core;
mod effects;
mod engine;
mod fault;
mod fetch;
mod ffi;
mod journal;
mod layout;
mod limits;
mod manifest;
mod members;
mod reads;
mod settings;
mod start;
mod storage;
mod timer;
mod wire;
mod writes;

use abi::{ConsensusOpen, ConsensusOps, Error, Factory, Host, Plugin};
use manifest::Shared;
use std::ffi::c_void;

unsafe extern "C" fn open(
    host: *const Host,
    open: *const ConsensusOpen,
    out: *mut *mut c_void,
    error: *mut Error,
) -> i32 {
    ffi::open(host, open, out, error, settings::no_parameters)
}

static OPS: ConsensusOps = ffi::ops(open);
static FACTORY: Shared<Factory> = manifest::factory("raft\0", &OPS);
static FACTORIES: Shared<[&Shared<Factory>; 1]> = Shared([&FACTORY]);
static PLUGIN: Shared<Plugin> = manifest::plugin("consensus_raft\0", &FACTORIES);

#[no_mangle]
pub extern "C" fn rhumb_plugin_v1() -> *const Plugin {
    &PLUGIN.0
}
