//! Small tools for threads: a lock that survives a panic elsewhere, and the `Stop` signal.
//!
//! `Stop` is shared by threads and tasks; once set it stays set. It carries no reason: who sets it logs why.
//! Sources wait on it instead of sleeping, so that nothing outlives the program by more than a blink.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Locks `mutex`. A panic in another holder does not spread: every value guarded here stays valid between statements.
pub fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says to threads and tasks that it is time to end.
#[derive(Clone)]
pub struct Stop {
    shared: Arc<Shared>,
}

struct Shared {
    set: Mutex<bool>,
    wake: Condvar,
    tasks: watch::Sender<bool>,
    /// Set together with this one.
    children: Mutex<Vec<Weak<Shared>>>,
}

impl Shared {
    fn set(&self) {
        *held(&self.set) = true;
        self.wake.notify_all();
        self.tasks.send_replace(true);
        for child in held(&self.children).drain(..) {
            if let Some(child) = child.upgrade() {
                child.set();
            }
        }
    }
}

impl Default for Stop {
    fn default() -> Self {
        let shared = Shared {
            set: Mutex::new(false),
            wake: Condvar::new(),
            tasks: watch::Sender::new(false),
            children: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl Stop {
    /// Sets it. Again is harmless.
    pub fn set(&self) {
        self.shared.set();
    }

    /// One that is set with this one, and may be set alone before.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::default();
        let mut children = held(&self.shared.children);
        children.retain(|one| one.strong_count() > 0);
        children.push(Arc::downgrade(&child.shared));
        drop(children);
        // Set in the meantime, its children were told before this one was among them.
        if self.is_set() {
            child.set();
        }
        child
    }

    /// Whether it was set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.shared.tasks.borrow()
    }

    /// Waits on a thread until `due` or until the signal; true when it is set.
    pub fn wait_until(&self, due: Instant) -> bool {
        let mut set = held(&self.shared.set);
        while !*set {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            set = self
                .shared
                .wake
                .wait_timeout(set, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    /// Waits on a thread for `time` or until the signal; true when it is set.
    pub fn wait(&self, time: Duration) -> bool {
        self.wait_until(Instant::now() + time)
    }

    /// Resolves in a task once the signal is set.
    pub async fn stopped(&self) {
        // The sender lives in `shared`, so the channel cannot close before this future is dropped.
        let _ = self.shared.tasks.subscribe().wait_for(|set| *set).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_thread_wakes_at_the_signal() {
        let stop = Stop::default();
        let waiting = stop.clone();
        let thread = std::thread::spawn(move || waiting.wait(Duration::from_secs(30)));
        stop.set();
        assert!(thread.join().unwrap());
        assert!(stop.is_set());
    }

    #[test]
    fn a_child_ends_with_its_parent_and_alone() {
        let parent = Stop::default();
        let (first, second) = (parent.child(), parent.child());
        first.set();
        assert!(first.is_set() && !second.is_set() && !parent.is_set());
        parent.set();
        assert!(second.is_set() && parent.child().is_set());
    }

    #[test]
    fn a_wait_ends_by_itself() {
        assert!(!Stop::default().wait(Duration::from_millis(5)));
    }

    #[tokio::test]
    async fn a_waiting_task_wakes_at_the_signal() {
        let stop = Stop::default();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.stopped().await }
        });
        stop.set();
        waiting.await.unwrap();
    }
}
