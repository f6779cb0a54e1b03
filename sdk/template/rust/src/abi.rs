//! The structs of rhumb/core.h, host.h, plugin.h, index.h and kernels.h that this plugin uses. The
//! names and the order of the fields are those of the headers, whose comments say what they mean.
//!
//! `layout!` states the size of a struct and the offsets of its fields. The compiler checks the
//! numbers against the struct; a test of Rhumb checks the same numbers against the C headers.

use std::ffi::{c_char, c_void};

pub type Status = i32;
pub const OK: Status = 0;
pub const INVALID: Status = 1;
pub const UNSUPPORTED: Status = 3;
pub const TIMEOUT: Status = 65;
pub const CANCELLED: Status = 66;
pub const IO: Status = 128;
pub const CORRUPT: Status = 129;
pub const BUG: Status = 255;

pub const PLUGIN_MAGIC: u32 = 0x424D_4852;
pub const KIND_INDEX: u32 = 1;
pub const CAP_INDEX_INSERT: u32 = 1 << 8;
pub const FILTER_BITS: u32 = 1;
pub const FILTER_SLOTS: u32 = 2;
pub const HOST_CLOCK: &[u8] = b"rhumb.host.clock/1\0";

macro_rules! layout {
    ($name:ident $size:literal { $($field:ident $offset:literal),* $(,)? }) => {
        const _: () = {
            assert!(std::mem::size_of::<$name>() == $size);
            let value = std::mem::MaybeUninit::<$name>::uninit();
            let base = value.as_ptr();
            $(unsafe {
                let field = std::ptr::addr_of!((*base).$field).cast::<u8>();
                assert!(field.offset_from(base.cast::<u8>()) == $offset);
            })*
        };
    };
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub os_errno: i32,
    pub text: [u8; 248],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    pub data: *const u8,
    pub size: u64,
}

#[repr(C)]
pub struct Buffer {
    pub data: *mut c_void,
    pub size: u64,
    pub owner: *mut c_void,
    pub release: Option<unsafe extern "C" fn(*mut Buffer)>,
}

#[repr(C)]
pub struct Matrix {
    pub data: *const u8,
    pub rows: u64,
    pub stride: u64,
    pub dim: u32,
    pub scalar: u32,
}

#[repr(C)]
pub struct Ext {
    pub id: *const c_char,
    pub next: *const Ext,
    pub struct_size: u32,
    pub required: u32,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub flags: u32,
    pub deadline_ns: u64,
    pub trace_hi: u64,
    pub trace_lo: u64,
    pub cancel_ctx: *mut c_void,
    pub cancelled: Option<unsafe extern "C" fn(*mut c_void) -> u32>,
    pub ext: *const Ext,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut c_void,
    pub get_extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
}

#[repr(C)]
pub struct HostClock {
    pub struct_size: u32,
    pub reserved: u32,
    pub monotonic_ns: unsafe extern "C" fn(*const Host) -> u64,
    pub wall_ns: unsafe extern "C" fn(*const Host) -> u64,
}

#[repr(C)]
pub struct Open {
    pub struct_size: u32,
    pub flags: u32,
    pub config_json: Slice,
    pub data_dir: Slice,
    pub ext: *const Ext,
}

#[repr(C)]
pub struct Vectors {
    pub struct_size: u32,
    pub scalar: u32,
    pub dim: u32,
    pub chunk_shift: u32,
    pub rows: u64,
    pub stride: u64,
    pub chunks: *const *const c_void,
    pub present: *const u64,
}

#[repr(C)]
pub struct Filter {
    pub struct_size: u32,
    pub kind: u32,
    pub bits: *const u64,
    pub slots: *const u32,
    pub bit_count: u64,
    pub pass_count: u64,
    pub live: *const u64,
}

#[repr(C)]
pub struct IndexOpen {
    pub struct_size: u32,
    pub metric: u32,
    pub vectors: *const Vectors,
    pub capacity_hint: u64,
    pub base: *const Open,
}

#[repr(C)]
pub struct Progress {
    pub struct_size: u32,
    pub threads: u32,
    pub ctx: *mut c_void,
    pub tick: Option<unsafe extern "C" fn(*mut c_void, u64, u64) -> u32>,
}

#[repr(C)]
pub struct Query {
    pub struct_size: u32,
    pub k: u32,
    pub vectors: Matrix,
    pub query_count: u64,
    pub filter: *const Filter,
    pub ef: u32,
    pub flags: u32,
    pub params_json: Slice,
    pub ext: *const Ext,
    pub recall: f32,
    pub widen: f32,
    pub oversampling: f32,
    pub reserved: f32,
}

#[repr(C)]
pub struct Hits {
    pub struct_size: u32,
    pub flags: u32,
    pub slots: *mut u32,
    pub distances: *mut f32,
    pub counts: *mut u32,
    pub exact_distances: u64,
    pub code_distances: u64,
}

/// The instance is opaque to the host. `Engine` of engine.rs lies behind the pointer.
pub type Index = c_void;

#[repr(C)]
pub struct IndexOps {
    pub struct_size: u32,
    pub caps: u32,
    pub open:
        unsafe extern "C" fn(*const Host, *const IndexOpen, *mut *mut Index, *mut Error) -> Status,
    pub close: unsafe extern "C" fn(*mut Index),
    pub get_extension: unsafe extern "C" fn(*mut Index, *const c_char) -> *const c_void,
    pub describe: unsafe extern "C" fn(*const Host, *mut Buffer) -> Status,
    pub build: unsafe extern "C" fn(
        *mut Index,
        *const Call,
        u32,
        *const u64,
        *const Progress,
        *mut Error,
    ) -> Status,
    pub insert: unsafe extern "C" fn(*mut Index, *const Call, u32, u32, *mut Error) -> Status,
    pub search: unsafe extern "C" fn(
        *mut Index,
        *const Call,
        *const Query,
        *mut Hits,
        *mut Error,
    ) -> Status,
    pub save: unsafe extern "C" fn(*mut Index, Slice, *mut Error) -> Status,
    pub stats: unsafe extern "C" fn(*mut Index, *mut Buffer) -> Status,
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
pub struct Kernel {
    pub metric: u32,
    pub scalar: u32,
    pub one: unsafe extern "C" fn(*const u8, *const u8, u32) -> f32,
    pub rows: unsafe extern "C" fn(*const u8, *const u8, u64, u64, u32, *mut f32),
    pub slots: unsafe extern "C" fn(*const u8, *const Vectors, *const u32, u64, *mut f32),
}

extern "C" {
    pub fn rhumb_kernel_for(metric: u32, scalar: u32) -> *const Kernel;
}

layout!(Error 256 { struct_size 0, os_errno 4, text 8 });
layout!(Slice 16 { data 0, size 8 });
layout!(Buffer 32 { data 0, size 8, owner 16, release 24 });
layout!(Matrix 32 { data 0, rows 8, stride 16, dim 24, scalar 28 });
layout!(Ext 24 { id 0, next 8, struct_size 16, required 20 });
layout!(Call 56 { struct_size 0, flags 4, deadline_ns 8, trace_hi 16, trace_lo 24, cancel_ctx 32,
    cancelled 40, ext 48 });
layout!(Host 24 { struct_size 0, abi_major 4, abi_minor 6, ctx 8, get_extension 16 });
layout!(HostClock 24 { struct_size 0, reserved 4, monotonic_ns 8, wall_ns 16 });
layout!(Open 48 { struct_size 0, flags 4, config_json 8, data_dir 24, ext 40 });
layout!(Vectors 48 { struct_size 0, scalar 4, dim 8, chunk_shift 12, rows 16, stride 24, chunks 32,
    present 40 });
layout!(Filter 48 { struct_size 0, kind 4, bits 8, slots 16, bit_count 24, pass_count 32,
    live 40 });
layout!(IndexOpen 32 { struct_size 0, metric 4, vectors 8, capacity_hint 16, base 24 });
layout!(Progress 24 { struct_size 0, threads 4, ctx 8, tick 16 });
layout!(Query 104 { struct_size 0, k 4, vectors 8, query_count 40, filter 48, ef 56, flags 60,
    params_json 64, ext 80, recall 88, widen 92, oversampling 96, reserved 100 });
layout!(Hits 48 { struct_size 0, flags 4, slots 8, distances 16, counts 24, exact_distances 32,
    code_distances 40 });
layout!(IndexOps 80 { struct_size 0, caps 4, open 8, close 16, get_extension 24, describe 32,
    build 40, insert 48, search 56, save 64, stats 72 });
layout!(Factory 32 { struct_size 0, kind 4, id 8, version 16, ops 24 });
layout!(Plugin 64 { magic 0, struct_size 4, abi_major 8, abi_minor_min 10, abi_minor_built 12,
    draft 14, id 16, version 24, license 32, draft_hash 40, factory_count 48, factories 56 });
layout!(Kernel 32 { metric 0, scalar 4, one 8, rows 16, slots 24 });
