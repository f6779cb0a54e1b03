//! The C side of the plugin: the manifest, the table of functions, and a guard in each function.
//! The guard turns a failure or a panic into a status and a text. No panic may leave a plugin.

mod abi;
mod engine;
mod ranges;

use abi::{Buffer, Call, Error, Factory, Hits, Host, Index, IndexOpen, IndexOps, Plugin, Progress};
use abi::{Query, Slice, Status};
use engine::{Engine, Failure};
use std::ffi::{c_char, c_void, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

fn guard(error: *mut Error, body: impl FnOnce() -> Result<(), Failure>) -> Status {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return abi::OK,
        Ok(Err(failure)) => failure,
        Err(_) => Failure {
            status: abi::BUG,
            text: "a panic".to_string(),
            os_errno: 0,
        },
    };
    if let Some(error) = unsafe { error.as_mut() } {
        let mut end = failure.text.len().min(error.text.len() - 1);
        while !failure.text.is_char_boundary(end) {
            end -= 1;
        }
        error.text[..end].copy_from_slice(&failure.text.as_bytes()[..end]);
        error.text[end] = 0;
        error.os_errno = failure.os_errno;
    }
    failure.status
}

unsafe fn bytes<'a>(slice: Slice) -> &'a [u8] {
    match slice.size {
        0 => &[],
        n => std::slice::from_raw_parts(slice.data, n as usize),
    }
}

unsafe fn path<'a>(slice: Slice) -> &'a Path {
    Path::new(OsStr::from_bytes(bytes(slice)))
}

unsafe fn engine<'a>(index: *mut Index) -> &'a Engine {
    &*index.cast::<Engine>()
}

unsafe extern "C" fn open(
    host: *const Host,
    open: *const IndexOpen,
    out: *mut *mut Index,
    error: *mut Error,
) -> Status {
    guard(error, || {
        let base = (*open).base.as_ref();
        let config = base.map_or(&[][..], |base| bytes(base.config_json));
        let directory = base
            .filter(|base| base.data_dir.size > 0)
            .map(|base| path(base.data_dir));
        let engine = Engine::open(host, (*open).vectors, (*open).metric, config, directory)?;
        *out = Box::into_raw(Box::new(engine)).cast();
        Ok(())
    })
}

unsafe extern "C" fn close(index: *mut Index) {
    guard(std::ptr::null_mut(), || {
        drop(Box::from_raw(index.cast::<Engine>()));
        Ok(())
    });
}

unsafe extern "C" fn get_extension(_: *mut Index, _: *const c_char) -> *const c_void {
    std::ptr::null()
}

unsafe extern "C" fn release(buffer: *mut Buffer) {
    drop(Box::from_raw((*buffer).owner.cast::<String>()));
    *buffer = Buffer {
        data: std::ptr::null_mut(),
        size: 0,
        owner: std::ptr::null_mut(),
        release: None,
    };
}

/// Fills a buffer that the receiver releases.
unsafe fn give(out: *mut Buffer, make: impl FnOnce() -> String) -> Status {
    guard(std::ptr::null_mut(), || {
        let text = Box::new(make());
        let (data, size) = (text.as_ptr().cast_mut().cast(), text.len() as u64);
        *out = Buffer {
            data,
            size,
            owner: Box::into_raw(text).cast(),
            release: Some(release),
        };
        Ok(())
    })
}

unsafe extern "C" fn describe(_: *const Host, out: *mut Buffer) -> Status {
    give(out, || engine::describe().to_string())
}

unsafe extern "C" fn build(
    index: *mut Index,
    _: *const Call,
    slot_end: u32,
    _: *const u64,
    progress: *const Progress,
    error: *mut Error,
) -> Status {
    guard(error, || engine(index).build(slot_end, progress.as_ref()))
}

unsafe extern "C" fn insert(
    index: *mut Index,
    _: *const Call,
    slot_first: u32,
    slot_end: u32,
    error: *mut Error,
) -> Status {
    guard(error, || {
        engine(index).insert(slot_first, slot_end);
        Ok(())
    })
}

unsafe extern "C" fn search(
    index: *mut Index,
    call: *const Call,
    query: *const Query,
    out: *mut Hits,
    error: *mut Error,
) -> Status {
    guard(error, || {
        engine(index).search(call.as_ref(), &*query, &mut *out)
    })
}

unsafe extern "C" fn save(index: *mut Index, directory: Slice, error: *mut Error) -> Status {
    guard(error, || engine(index).save(path(directory)))
}

unsafe extern "C" fn stats(index: *mut Index, out: *mut Buffer) -> Status {
    give(out, || engine(index).stats())
}

/// Static data with pointers, which any thread may read.
#[repr(transparent)]
struct Shared<T>(T);
unsafe impl<T> Sync for Shared<T> {}

const fn text(terminated: &'static str) -> *const c_char {
    assert!(terminated.as_bytes()[terminated.len() - 1] == 0);
    terminated.as_ptr().cast()
}

static OPS: IndexOps = IndexOps {
    struct_size: std::mem::size_of::<IndexOps>() as u32,
    caps: abi::CAP_INDEX_INSERT,
    open,
    close,
    get_extension,
    describe,
    build,
    insert,
    search,
    save,
    stats,
};

static FACTORY: Shared<Factory> = Shared(Factory {
    struct_size: std::mem::size_of::<Factory>() as u32,
    kind: abi::KIND_INDEX,
    id: text("my_rust_flat\0"),
    version: text(concat!(env!("CARGO_PKG_VERSION"), "\0")),
    ops: &OPS as *const IndexOps as *const c_void,
});

static FACTORIES: Shared<[&Shared<Factory>; 1]> = Shared([&FACTORY]);

static PLUGIN: Shared<Plugin> = Shared(Plugin {
    magic: abi::PLUGIN_MAGIC,
    struct_size: std::mem::size_of::<Plugin>() as u32,
    abi_major: 1,
    abi_minor_min: 0,
    abi_minor_built: 0,
    draft: 1,
    id: text("my_rust_flat\0"),
    version: text(concat!(env!("CARGO_PKG_VERSION"), "\0")),
    license: text("Apache-2.0\0"),
    draft_hash: text(concat!(env!("RHUMB_DRAFT_HASH"), "\0")),
    factory_count: 1,
    factories: &FACTORIES as *const Shared<[&Shared<Factory>; 1]> as *const *const Factory,
});

#[no_mangle]
pub extern "C" fn rhumb_plugin_v1() -> *const Plugin {
    &PLUGIN.0
}
