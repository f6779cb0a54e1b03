//! The engine itself: it compares a query with every vector, so its answers are exact. Start here,
//! and replace the scan by something faster. rhumb/index.h says what each method must do.

use crate::abi::{self, Call, Filter, Hits, Host, HostClock, Kernel, Progress, Query, Vectors};
use crate::ranges::Ranges;
use std::ffi::c_char;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

const FILE_NAME: &str = "my_rust_flat.built";
/// The scan scores this many slots at once and looks at the deadline before each block.
const BLOCK: usize = 64;

/// The answer to a call that fails: a status, a text, and the errno of a system call or 0.
pub struct Failure {
    pub status: abi::Status,
    pub text: String,
    pub os_errno: i32,
}

pub fn fail<T>(status: abi::Status, text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure {
        status,
        text: text.into(),
        os_errno: 0,
    })
}

fn failed_io(path: &Path, error: std::io::Error) -> Failure {
    let status = if error.kind() == ErrorKind::NotFound {
        abi::CORRUPT
    } else {
        abi::IO
    };
    let os_errno = error.raw_os_error().unwrap_or(0);
    Failure {
        status,
        text: format!("{}: {error}", path.display()),
        os_errno,
    }
}

/// An instance over one column of the host. It owns the set of slots that are indexed. Any thread
/// may call insert(), search() and stats(), also at once. Only the file of save() survives a crash.
pub struct Engine {
    host: *const Host,
    clock: *const HostClock,
    column: *const Vectors,
    kernel: *const Kernel,
    indexed: Ranges,
}

/// The pointers lead to the host's data and to static data. The host keeps them until close().
unsafe impl Send for Engine {}
unsafe impl Sync for Engine {}

pub fn describe() -> &'static str {
    concat!(
        r#"{"metrics":["cosine","dot","euclid","manhattan"],"scalars":["f32","f16","u8"],"#,
        r#""parameters":{"type":"object","properties":{},"additionalProperties":false}}"#
    )
}

impl Engine {
    /// # Safety
    /// `host` and `column` must stay valid until the engine is dropped.
    pub unsafe fn open(
        host: *const Host,
        column: *const Vectors,
        metric: u32,
        config: &[u8],
        directory: Option<&Path>,
    ) -> Result<Engine, Failure> {
        let kernel = abi::rhumb_kernel_for(metric, (*column).scalar);
        if kernel.is_null() {
            return fail(
                abi::UNSUPPORTED,
                "no kernel for this metric and scalar type",
            );
        }
        let blank: Vec<u8> = config
            .iter()
            .copied()
            .filter(|c| !c.is_ascii_whitespace())
            .collect();
        if !blank.is_empty() && blank != b"{}" {
            return fail(abi::INVALID, "my_rust_flat has no parameters");
        }
        let id = abi::HOST_CLOCK.as_ptr().cast::<c_char>();
        let clock = ((*host).get_extension)(host, id).cast::<HostClock>();
        let engine = Engine {
            host,
            clock,
            column,
            kernel,
            indexed: Ranges::default(),
        };
        if let Some(directory) = directory {
            engine.load(&directory.join(FILE_NAME))?;
        }
        Ok(engine)
    }

    fn column(&self) -> &Vectors {
        unsafe { &*self.column }
    }

    fn load(&self, path: &Path) -> Result<(), Failure> {
        let text = std::fs::read(path).map_err(|e| failed_io(path, e))?;
        let number = text
            .strip_suffix(b"\n")
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| digits.parse::<u32>().ok()) {
            Some(built) if u64::from(built) <= self.column().rows => self.indexed.add(0..built),
            _ => return fail(abi::CORRUPT, format!("{}: damaged", path.display())),
        }
        Ok(())
    }

    /// There is nothing to compute: the index is the host's column itself.
    pub fn build(&self, slot_end: u32, progress: Option<&Progress>) -> Result<(), Failure> {
        if let Some(progress) = progress {
            let done = u64::from(slot_end);
            let tick = progress
                .tick
                .map(|tick| unsafe { tick(progress.ctx, done, done) });
            if tick == Some(0) {
                return fail(abi::CANCELLED, "cancelled");
            }
        }
        self.indexed.add(0..slot_end);
        Ok(())
    }

    pub fn insert(&self, slot_first: u32, slot_end: u32) {
        self.indexed.add(slot_first..slot_end);
    }

    /// # Safety
    /// The arrays of `out` must have room for the hits, as rhumb/index.h says.
    pub unsafe fn search(
        &self,
        call: Option<&Call>,
        query: &Query,
        out: &mut Hits,
    ) -> Result<(), Failure> {
        let mut ext = query.ext;
        while let Some(one) = ext.as_ref() {
            if one.required != 0 {
                return fail(abi::UNSUPPORTED, "an extension that is required is unknown");
            }
            ext = one.next;
        }
        let column = self.column();
        if query.vectors.dim != column.dim || query.vectors.scalar != column.scalar {
            return fail(
                abi::INVALID,
                "the query has another dimension or scalar type",
            );
        }
        let filter = query.filter.as_ref();
        let k = query.k as usize;
        for q in 0..query.query_count as usize {
            let vector = query.vectors.data.add(q * query.vectors.stride as usize);
            let hits = self.scan(call, filter, vector, k, &mut out.exact_distances)?;
            *out.counts.add(q) = hits.len() as u32;
            for (i, (distance, slot)) in hits.into_iter().enumerate() {
                *out.distances.add(q * k + i) = distance;
                *out.slots.add(q * k + i) = slot;
            }
        }
        Ok(())
    }

    unsafe fn scan(
        &self,
        call: Option<&Call>,
        filter: Option<&Filter>,
        vector: *const u8,
        k: usize,
        compared: &mut u64,
    ) -> Result<Vec<(f32, u32)>, Failure> {
        let mut hits: Vec<(f32, u32)> = Vec::new();
        if k == 0 {
            return Ok(hits);
        }
        let mut block: Vec<u32> = Vec::with_capacity(BLOCK);
        let mut distances = [0f32; BLOCK];
        let mut slots = self.candidates(filter);
        loop {
            self.must_stop(call)?;
            block.clear();
            block.extend(slots.by_ref().take(BLOCK));
            if block.is_empty() {
                return Ok(hits);
            }
            let n = block.len() as u64;
            ((*self.kernel).slots)(
                vector,
                self.column,
                block.as_ptr(),
                n,
                distances.as_mut_ptr(),
            );
            *compared += n;
            for (&slot, &distance) in block.iter().zip(&distances) {
                offer(&mut hits, k, distance, slot);
            }
        }
    }

    /// The slots that are indexed, have the vector and pass the filter.
    fn candidates<'a>(&'a self, filter: Option<&'a Filter>) -> Box<dyn Iterator<Item = u32> + 'a> {
        let ranges = self.indexed.snapshot();
        if let Some(filter) = filter.filter(|filter| filter.kind == abi::FILTER_SLOTS) {
            let listed = match filter.pass_count {
                0 => &[],
                n => unsafe { std::slice::from_raw_parts(filter.slots, n as usize) },
            };
            let indexed = move |slot: &u32| ranges.iter().any(|range| range.contains(slot));
            return Box::new(
                listed
                    .iter()
                    .copied()
                    .filter(indexed)
                    .filter(|&s| self.present(s)),
            );
        }
        let all = (0..ranges.len()).flat_map(move |i| ranges[i].clone());
        Box::new(all.filter(move |&slot| self.present(slot) && passes(filter, slot)))
    }

    /// The host may set bits of later slots in the same word meanwhile, so the read is atomic.
    fn present(&self, slot: u32) -> bool {
        let words = self.column().present;
        if words.is_null() {
            return true;
        }
        let word = unsafe { &*words.add(slot as usize / 64).cast::<AtomicU64>() };
        word.load(Ordering::Relaxed) >> (slot % 64) & 1 != 0
    }

    fn must_stop(&self, call: Option<&Call>) -> Result<(), Failure> {
        let Some(call) = call else { return Ok(()) };
        if call
            .cancelled
            .is_some_and(|cancelled| unsafe { cancelled(call.cancel_ctx) } != 0)
        {
            return fail(abi::CANCELLED, "cancelled");
        }
        if call.deadline_ns != 0 && !self.clock.is_null() {
            let now = unsafe { ((*self.clock).monotonic_ns)(self.host) };
            if now >= call.deadline_ns {
                return fail(abi::TIMEOUT, "the deadline has passed");
            }
        }
        Ok(())
    }

    pub fn save(&self, directory: &Path) -> Result<(), Failure> {
        let path = directory.join(FILE_NAME);
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o640)
                .open(&path)?;
            writeln!(file, "{}", self.indexed.built_through())?;
            file.sync_all()?;
            File::open(directory)?.sync_all()
        };
        write().map_err(|e| failed_io(&path, e))
    }

    pub fn stats(&self) -> String {
        let rows = self.candidates(None).count();
        let built = self.indexed.built_through();
        let bytes = std::mem::size_of::<Engine>();
        let counts = format!(r#""rows":{rows},"built_through":{built}"#);
        format!(r#"{{{counts},"bytes_resident":{bytes},"bytes_mapped":0}}"#)
    }
}

fn passes(filter: Option<&Filter>, slot: u32) -> bool {
    let Some(filter) = filter else { return true };
    let bits = if filter.kind == abi::FILTER_BITS {
        filter.bits
    } else {
        filter.live
    };
    if bits.is_null() {
        return filter.kind != abi::FILTER_BITS;
    }
    let word = slot as usize / 64;
    u64::from(slot) < filter.bit_count && unsafe { *bits.add(word) } >> (slot % 64) & 1 != 0
}

/// Keeps the k closest hits in order. Equal distances stay in the order of their slots.
fn offer(hits: &mut Vec<(f32, u32)>, k: usize, distance: f32, slot: u32) {
    if hits.len() == k && distance >= hits[k - 1].0 {
        return;
    }
    hits.truncate(k - 1);
    let at = hits.partition_point(|hit| hit.0 <= distance);
    hits.insert(at, (distance, slot));
}
