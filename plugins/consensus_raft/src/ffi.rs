//! The C side. Every entry catches panics, turns faults into statuses, and copies as many effects
//! as the caller's struct has room for.

use crate::abi::{self, ConsensusOpen, ConsensusOps, Effects, Event, Host};
use crate::effects::Out;
use crate::engine::Engine;
use crate::fault::{Fault, Outcome};
use crate::journal;
use crate::settings::{Safety, Settings};
use std::cell::RefCell;
use std::ffi::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

pub type Accept = fn(&[u8]) -> Outcome<Safety>;

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// This library's copy of the standard library has a panic hook of its own, which keeps the message
/// instead of printing it.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            LAST_PANIC.with(|last| *last.borrow_mut() = info.to_string());
        }));
    });
}

fn guarded<T>(body: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        let text = LAST_PANIC.with(|last| std::mem::take(&mut *last.borrow_mut()));
        Err(Fault::new(abi::BUG, format!("panic: {text}")))
    })
}

unsafe fn report(fault: &Fault, error: *mut abi::Error) -> i32 {
    if let Some(error) = error.as_mut() {
        let room = (error.struct_size as usize).saturating_sub(8).min(error.text.len());
        if room > 0 {
            error.os_errno = 0;
            let mut end = fault.text.len().min(room - 1);
            while !fault.text.is_char_boundary(end) {
                end -= 1;
            }
            for (to, from) in error.text.iter_mut().zip(&fault.text.as_bytes()[..end]) {
                *to = *from as c_char;
            }
            error.text[end] = 0;
        }
    }
    fault.status
}

/// # Safety
/// As the header's `open`.
pub unsafe fn open(
    host: *const Host,
    open: *const ConsensusOpen,
    out: *mut *mut c_void,
    error: *mut abi::Error,
    accept: Accept,
) -> i32 {
    keep_panics();
    let opened = guarded(|| {
        if open.is_null() || out.is_null() {
            return Err(Fault::invalid("open: NULL argument"));
        }
        let open = abi::read_growable(open);
        let settings = Settings::read(&open, accept)?;
        let logger = journal::logger(host, settings.id);
        Ok(Box::new(Engine::new(settings, logger)))
    });
    match opened {
        Ok(engine) => {
            *out = Box::into_raw(engine).cast();
            abi::OK
        }
        Err(fault) => report(&fault, error),
    }
}

pub unsafe extern "C" fn close(instance: *mut c_void) {
    if !instance.is_null() {
        let engine = instance.cast::<Engine>();
        // If a destructor panics, the rest of the instance leaks, because `close` cannot report an
        // error.
        let _ = guarded(|| {
            drop(Box::from_raw(engine));
            Ok(())
        });
    }
}

pub unsafe extern "C" fn get_extension(_: *mut c_void, _: *const c_char) -> *const c_void {
    std::ptr::null()
}

pub unsafe extern "C" fn step(
    instance: *mut c_void,
    event: *const Event,
    out: *mut Effects,
    error: *mut abi::Error,
) -> i32 {
    let Some(engine) = instance.cast::<Engine>().as_mut() else {
        return report(&Fault::invalid("step: NULL instance"), error);
    };
    if event.is_null() || out.is_null() {
        return report(&Fault::invalid("step: NULL argument"), error);
    }
    let event = abi::read_growable(event);
    let outcome = guarded(|| engine.step(&event));
    if let Err(fault) = &outcome {
        if fault.status == abi::BUG {
            engine.fence(fault.clone());
        }
    }
    let size = (*out).struct_size;
    let effects = match (&outcome, engine.out()) {
        (Ok(()), Some(effects)) => effects.fill(size),
        (_, engine_out) => {
            Out::idle(engine_out.map(|effects| effects.state).unwrap_or_default()).fill(size)
        }
    };
    let bytes = (size as usize).min(std::mem::size_of::<Effects>());
    std::ptr::copy_nonoverlapping(
        std::ptr::addr_of!(effects).cast::<u8>(),
        out.cast::<u8>(),
        bytes,
    );
    match outcome {
        Ok(()) => abi::OK,
        Err(fault) => report(&fault, error),
    }
}

pub type OpenFn = unsafe extern "C" fn(
    *const Host,
    *const ConsensusOpen,
    *mut *mut c_void,
    *mut abi::Error,
) -> i32;

pub const fn ops(open: OpenFn) -> ConsensusOps {
    ConsensusOps {
        struct_size: std::mem::size_of::<ConsensusOps>() as u32,
        caps: 0,
        open,
        close,
        get_extension,
        step,
    }
}
