//! A heap of deadlines, four children a node: half the depth of two, and the children of a node share one
//! cache line. (Go: `time.go`, siftupTimer; LaMarca and Ladner, 1996)

use crate::waiter::Waiter;

const CHILDREN: usize = 4;

/// Who is to be woken when. 16 bytes.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) deadline: u64,
    pub(super) waiter: Waiter,
}

#[derive(Debug, Default)]
pub(super) struct Heap {
    entries: Vec<Entry>,
}

impl Heap {
    pub(super) const fn new() -> Heap {
        Heap {
            entries: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The earliest deadline, `u64::MAX` for none.
    pub(super) fn earliest(&self) -> u64 {
        self.entries
            .first()
            .map_or(u64::MAX, |entry| entry.deadline)
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.sift_up(self.entries.len() - 1);
    }

    /// Takes the earliest entry if it is due at `now`.
    pub(super) fn pop_due(&mut self, now: u64) -> Option<Entry> {
        if self.entries.first()?.deadline > now {
            return None;
        }
        let entry = self.entries.swap_remove(0);
        self.sift_down(0);
        Some(entry)
    }

    /// Takes the entry that was pushed last, if it is `key` and stayed where it was pushed.
    pub(super) fn pop_last(&mut self, key: (u64, u64)) -> Option<Entry> {
        let is_it = self.entries.last().is_some_and(|entry| entry.key() == key);
        if is_it { self.entries.pop() } else { None }
    }

    /// The key at a place of the array below [`len`](Self::len).
    pub(super) fn key_at(&self, at: usize) -> (u64, u64) {
        self.entries[at].key()
    }

    /// Takes out the entry at a place. One from behind comes there, which may move some from before it.
    pub(super) fn remove_at(&mut self, at: usize) -> Entry {
        let entry = self.entries.swap_remove(at);
        if at < self.entries.len() {
            self.sift_up(at);
            self.sift_down(at);
        }
        entry
    }

    fn sift_up(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if self.entries[parent].deadline <= self.entries[at].deadline {
                return;
            }
            self.entries.swap(parent, at);
            at = parent;
        }
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let first = at * CHILDREN + 1;
            let last = (first + CHILDREN).min(self.entries.len());
            let least = (first..last).min_by_key(|&child| self.entries[child].deadline);
            match least {
                Some(child) if self.entries[child].deadline < self.entries[at].deadline => {
                    self.entries.swap(at, child);
                    at = child;
                }
                _ => return,
            }
        }
    }
}

impl Entry {
    /// What tells entries apart. Equal ones are interchangeable: they wake the same task at the same time.
    pub(super) fn key(&self) -> (u64, u64) {
        (self.deadline, self.waiter.bits())
    }
}
