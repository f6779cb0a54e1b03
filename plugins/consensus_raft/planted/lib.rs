//! The engine with one guard left out, which `config_json` names: {"plant":"unheld_messages"} or
//! {"plant":"lease_reads"}. The simulator must catch each of them. This library is never installed.

#[path = "../src/abi.rs"]
mod abi;
#[path = "../src/core.rs"]
mod core;
#[path = "../src/effects.rs"]
mod effects;
#[path = "../src/engine.rs"]
mod engine;
#[path = "../src/fault.rs"]
mod fault;
#[path = "../src/fetch.rs"]
mod fetch;
#[path = "../src/ffi.rs"]
mod ffi;
#[path = "../src/journal.rs"]
mod journal;
#[path = "../src/limits.rs"]
mod limits;
#[path = "../src/manifest.rs"]
mod manifest;
#[path = "../src/members.rs"]
mod members;
#[path = "../src/reads.rs"]
mod reads;
#[path = "../src/settings.rs"]
mod settings;
#[path = "../src/start.rs"]
mod start;
#[path = "../src/storage.rs"]
mod storage;
#[path = "../src/timer.rs"]
mod timer;
#[path = "../src/wire.rs"]
mod wire;
#[path = "../src/writes.rs"]
mod writes;

use abi::{ConsensusOpen, ConsensusOps, Error, Factory, Host, Plugin};
use fault::{Fault, Outcome};
use manifest::Shared;
use settings::Safety;
use std::ffi::c_void;

fn planted(config: &[u8]) -> Outcome<Safety> {
    match std::str::from_utf8(config) {
        Ok(r#"{"plant":"unheld_messages"}"#) => Ok(Safety { hold_messages: false, ..Safety::FULL }),
        Ok(r#"{"plant":"lease_reads"}"#) => Ok(Safety { confirm_reads: false, ..Safety::FULL }),
        _ => settings::no_parameters(config)
            .map_err(|_| Fault::invalid("config_json: no such plant")),
    }
}

unsafe extern "C" fn open(
    host: *const Host,
    open: *const ConsensusOpen,
    out: *mut *mut c_void,
    error: *mut Error,
) -> i32 {
    ffi::open(host, open, out, error, planted)
}

static OPS: ConsensusOps = ffi::ops(open);
static FACTORY: Shared<Factory> = manifest::factory("raft\0", &OPS);
static FACTORIES: Shared<[&Shared<Factory>; 1]> = Shared([&FACTORY]);
static PLUGIN: Shared<Plugin> = manifest::plugin("consensus_raft_planted\0", &FACTORIES);

#[no_mangle]
pub extern "C" fn rhumb_plugin_v1() -> *const Plugin {
    &PLUGIN.0
}
