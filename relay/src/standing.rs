//! Which entries about reads still stand, so that a thousand requests of one reading leave one entry and not a thousand.
//!
//! Owns how long an entry stands. Forgetting costs an entry more, never one less.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use wire::RelayTime;

/// One entry stands for so long.
pub(crate) const STANDS_US: u64 = 60_000_000;
/// Entries that are remembered; when there are more, all are forgotten, and some are written again.
const MAX_STANDING: usize = 4_096;

/// The entries, by who reads what.
#[derive(Debug)]
pub struct Standing<K>(Mutex<HashMap<K, RelayTime>>);

impl<K> Default for Standing<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Standing<K> {
    /// Whether there is one for this reading.
    pub fn stands(&self, key: &K, now: RelayTime) -> bool {
        let standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back makes a new entry.
        standing
            .get(key)
            .is_some_and(|at| at.0 <= now.0 && now.0 - at.0 < STANDS_US)
    }

    /// One was written, and is durable.
    pub fn written(&self, key: K, now: RelayTime) {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.len() >= MAX_STANDING {
            standing.clear();
        }
        standing.insert(key, now);
    }
}
