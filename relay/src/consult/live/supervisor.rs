//! Keeps the task of one consult running.
//!
//! A fault in the rules of a consult unwinds to here and no further: the consult comes up again from its log, its pages
//! come back by themselves, and no other consult notices. Started by the hub.

use super::hub::Hub;
use super::log::ConsultLog;
use super::task::{Command, Ended, Surroundings, run};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// After a fault a consult comes up again at once, after more of them ever later.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Keeps a consult running until it ends in order.
pub(super) async fn supervise<L: ConsultLog>(
    hub: Hub<L>,
    around: Surroundings<L>,
    mut commands: mpsc::Receiver<Command>,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = tokio::time::Instant::now();
        match AssertUnwindSafe(run(&around, &mut commands))
            .catch_unwind()
            .await
        {
            Ok(Ok(Ended::ShutDown)) => return,
            Ok(Ok(Ended::Idle)) => break,
            Ok(Ok(Ended::NoSuchConsult)) => {
                tracing::info!("asked for a consult that is not open");
                break;
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the consult's log cannot be used; trying again")
            }
            Err(_) => {
                around.metrics.consult_faults.up();
                tracing::error!("fault in a consult; it starts again from its log");
            }
        }
        // Whoever waits to be let in hears at once that it did not work, and comes back.
        while let Ok(command) = commands.try_recv() {
            if matches!(command, Command::ShutDown) {
                return;
            }
        }
        around.status.people.store(0, Ordering::Relaxed);
        pause = if began.elapsed() > LONGEST_PAUSE {
            FIRST_PAUSE
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        tokio::time::sleep(pause).await;
    }
    hub.forget(around.consult, &around.status);
}
