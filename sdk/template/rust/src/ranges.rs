//! The slots that are indexed.
//!
//! Several threads insert ranges at once, and the ranges end in any order. So one number is not
//! enough: a range may end before the slots below it are indexed.

use std::ops::Range;
use std::sync::{Arc, Mutex};

/// An ascending list of ranges that do not touch. Any thread may call any method. A snapshot does
/// not change when a range is added later.
#[derive(Default)]
pub struct Ranges {
    list: Mutex<Arc<Vec<Range<u32>>>>,
}

impl Ranges {
    pub fn snapshot(&self) -> Arc<Vec<Range<u32>>> {
        self.list
            .lock()
            .expect("no thread panics with this lock")
            .clone()
    }

    /// Adds the range and joins the ranges that touch it. Slots may be added again.
    pub fn add(&self, range: Range<u32>) {
        if range.is_empty() {
            return;
        }
        let mut list = self.list.lock().expect("no thread panics with this lock");
        let mut joined = range;
        let mut next = Vec::with_capacity(list.len() + 1);
        for other in list.iter() {
            if other.end < joined.start || other.start > joined.end {
                next.push(other.clone());
            } else {
                joined = joined.start.min(other.start)..joined.end.max(other.end);
            }
        }
        let at = next.partition_point(|other: &Range<u32>| other.start < joined.start);
        next.insert(at, joined);
        *list = Arc::new(next);
    }

    /// All slots below the answer are indexed.
    pub fn built_through(&self) -> u32 {
        self.snapshot()
            .first()
            .map_or(0, |first| if first.start == 0 { first.end } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn ranges_that_end_in_any_order_are_joined() {
        let ranges = Ranges::default();
        ranges.add(64..128);
        assert_eq!(ranges.built_through(), 0);
        ranges.add(192..256);
        ranges.add(0..64);
        assert_eq!(ranges.built_through(), 128);
        ranges.add(100..192);
        assert_eq!(*ranges.snapshot(), vec![0..256]);
    }
}
