//! Static data that `rhumb_plugin_v1` returns.

use crate::abi::{self, ConsensusOps, Factory, Plugin};
use std::ffi::c_char;

/// Pointers to static data may be shared between threads.
#[repr(transparent)]
pub struct Shared<T>(pub T);
unsafe impl<T> Sync for Shared<T> {}

const fn text(terminated: &'static str) -> *const c_char {
    assert!(terminated.as_bytes()[terminated.len() - 1] == 0);
    terminated.as_ptr().cast()
}

const VERSION: *const c_char = text(concat!(env!("CARGO_PKG_VERSION"), "\0"));

pub const fn factory(id: &'static str, ops: &'static ConsensusOps) -> Shared<Factory> {
    Shared(Factory {
        struct_size: std::mem::size_of::<Factory>() as u32,
        kind: abi::KIND_CONSENSUS,
        id: text(id),
        version: VERSION,
        ops: (ops as *const ConsensusOps).cast(),
    })
}

pub const fn plugin(
    id: &'static str,
    factories: &'static Shared<[&'static Shared<Factory>; 1]>,
) -> Shared<Plugin> {
    Shared(Plugin {
        magic: abi::PLUGIN_MAGIC,
        struct_size: std::mem::size_of::<Plugin>() as u32,
        abi_major: 1,
        abi_minor_min: 0,
        abi_minor_built: 0,
        draft: 1,
        id: text(id),
        version: VERSION,
        license: text("Apache-2.0\0"),
        draft_hash: text(concat!(env!("RHUMB_DRAFT_HASH"), "\0")),
        factory_count: 1,
        factories: (factories as *const Shared<[&'static Shared<Factory>; 1]>).cast(),
    })
}
