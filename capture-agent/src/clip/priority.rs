//! How far a thread steps back for the live picture.
//!
//! Owns the nice levels. Where the system knows none for threads, threads are equal.

/// A take: somebody waits for it, and the picture still goes first.
pub(super) const TAKE: i32 = 5;
/// An object: nobody waits for it.
pub(super) const OBJECT: i32 = 19;
/// The journal's own encoder: it may be behind the picture, but not for longer than frames can wait.
pub(crate) const JOURNAL: i32 = 5;

/// Lets this thread, and those that it starts, step back.
pub(crate) fn step_back(level: i32) {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: takes plain numbers; 0 names the calling thread, as Linux counts threads.
        let code = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, level) };
        if code != 0 {
            tracing::debug!(level, "the system does not let a thread step back");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = level;
}
