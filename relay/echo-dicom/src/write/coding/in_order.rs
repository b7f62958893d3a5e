//! Coding frames on several threads and taking them in order.
//!
//! Owns the threads of one write. Frame `i` belongs to worker `i mod n`, and each worker may be `AHEAD` frames ahead
//! of the taker, so that the memory in use does not depend on the length of the clip.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::write::error::WriteError;

/// Coded frames that wait for the taker, for each worker: enough to ride out a slow write, little to keep.
const AHEAD: usize = 2;

/// Makes `count` pieces on up to `parallelism` threads and hands them to `take` in order. With one thread the
/// caller's own does both.
pub(in crate::write) fn in_order(
    count: u32,
    parallelism: NonZeroUsize,
    make: &(impl Fn(u32) -> Result<Vec<u8>, WriteError> + Sync),
    mut take: impl FnMut(Vec<u8>) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let workers = parallelism.get().min(count as usize);
    if workers <= 1 {
        return (0..count).try_for_each(|index| take(make(index)?));
    }
    thread::scope(|scope| {
        let lines: Vec<Receiver<_>> = (0..workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(AHEAD);
                scope.spawn(move || {
                    for index in (worker as u32..count).step_by(workers) {
                        let piece = make(index);
                        let last = piece.is_err();
                        // The taker is gone after an error; nobody needs the rest.
                        if sender.send(piece).is_err() || last {
                            return;
                        }
                    }
                });
                receiver
            })
            .collect();
        lines
            .iter()
            .cycle()
            .zip(0..count)
            .try_for_each(|(line, index)| {
                let gone = |_| WriteError::Code {
                    index,
                    codec: "a worker",
                    fault: "it ended early".into(),
                };
                take(line.recv().map_err(gone)??)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn run(count: u32, threads: usize, fails_at: Option<u32>) -> Result<Vec<u8>, WriteError> {
        let mut taken = Vec::new();
        in_order(
            count,
            NonZeroUsize::new(threads).unwrap(),
            &|index| match fails_at {
                Some(bad) if bad == index => Err(WriteError::Frames("bad".into())),
                _ => Ok(vec![index as u8]),
            },
            |piece| {
                taken.extend(piece);
                Ok(())
            },
        )?;
        Ok(taken)
    }

    #[test]
    fn pieces_come_in_order_whatever_the_number_of_threads() {
        let expected: Vec<u8> = (0..100).collect();
        for threads in [1, 2, 3, 7, 200] {
            assert_eq!(run(100, threads, None).unwrap(), expected);
        }
    }

    #[test]
    fn the_first_error_ends_the_work() {
        for threads in [1, 4] {
            assert!(run(1_000, threads, Some(5)).is_err());
        }
    }

    #[test]
    fn workers_wait_for_a_slow_taker() {
        let made = AtomicU32::new(0);
        let make = |_| {
            made.fetch_add(1, Ordering::SeqCst);
            Ok(Vec::new())
        };
        let mut taken = 0;
        in_order(500, NonZeroUsize::new(2).unwrap(), &make, |_| {
            taken += 1;
            // For each worker: the frames that wait, the one in hand, and the one being made.
            let ahead = made.load(Ordering::SeqCst) - taken;
            assert!(ahead <= 2 * (AHEAD as u32 + 2), "{ahead} frames ahead");
            Ok(())
        })
        .unwrap();
        assert_eq!(made.into_inner(), 500);
    }
}
