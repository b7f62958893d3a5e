//! Waiting for the pacer, whoever sends: what voice and picture leave may be another thing a moment later.

use super::pacer::Pacer;
use crate::publish::uplink::{Spare, Travelling};
use std::time::{Duration, Instant};

/// At the beginning of a connection what is left grows by a factor of fifty within a second: a piece of 16 KiB that kept to the
/// first rate would wait 2.6 s.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Returns when the next piece may go; what it gives is held until that went. Who waits for anything else has no part in
/// what is left.
pub(in crate::publish) async fn turn(pacer: &mut Pacer, spare: &Spare) -> Travelling {
    let travelling = spare.travels();
    loop {
        pacer.leave(spare.rate());
        let wait = pacer.wait(Instant::now());
        if wait.is_zero() {
            return travelling;
        }
        tokio::time::sleep(wait.min(LOOK_AGAIN)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandwidth::BitRate;

    #[tokio::test]
    async fn a_piece_that_waits_goes_as_soon_as_more_is_left() {
        let (rates, spare) = Spare::told(Some(BitRate::from_kbps(50)));
        let mut pacer = Pacer::new(Instant::now());
        pacer.leave(spare.rate());
        pacer.wait(Instant::now());
        pacer.sent(16 * 1024);
        let begun = tokio::time::Instant::now();
        let waiting = tokio::spawn(async move { drop(turn(&mut pacer, &spare).await) });
        tokio::time::sleep(Duration::from_millis(120)).await;
        rates.send_replace(None);
        waiting.await.unwrap();
        // Less than half of what the first rate would take.
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
