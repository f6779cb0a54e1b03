//! Passes raft's log lines to the host's logger. Raft logs a lot, so its "info" is our "debug".

use crate::abi::{self, Host, HostLog, Slice};
use slog::{Drain, Level, Never, OwnedKVList, Record};
use std::fmt::Write;

struct HostDrain {
    host: *const Host,
    log: unsafe extern "C" fn(*const Host, u32, Slice),
    level_min: u32,
}

// The host's services may be called by any thread.
unsafe impl Send for HostDrain {}
unsafe impl Sync for HostDrain {}

fn host_level(level: Level) -> u32 {
    match level {
        Level::Critical | Level::Error => 4,
        Level::Warning => 3,
        Level::Info => 1,
        Level::Debug | Level::Trace => 0,
    }
}

impl Drain for HostDrain {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record, _: &OwnedKVList) -> Result<(), Never> {
        if self.is_enabled(record.level()) {
            let mut text = String::new();
            // Writing to a String cannot fail.
            let _ = write!(text, "raft: {}", record.msg());
            unsafe {
                (self.log)(self.host, host_level(record.level()), Slice::of(text.as_bytes()))
            };
        }
        Ok(())
    }

    fn is_enabled(&self, level: Level) -> bool {
        host_level(level) >= self.level_min
    }
}

/// # Safety
/// `host` is NULL or outlives the logger.
pub unsafe fn logger(host: *const Host, id: u64) -> slog::Logger {
    let values = slog::o!("replica" => id);
    if let Some(get) = host.as_ref().and_then(|host| host.get_extension) {
        let service = get(host, abi::HOST_LOG.as_ptr().cast()).cast::<HostLog>();
        if let Some(HostLog { level_min, log: Some(log), .. }) = service.as_ref() {
            return slog::Logger::root(
                HostDrain { host, log: *log, level_min: *level_min },
                values,
            );
        }
    }
    slog::Logger::root(slog::Discard, values)
}
