//! What people and the bench see: the terminal's status line, plain lines, and the file of measured times.
//!
//! Readers of `StatusBoard` and `Stats`; nothing here changes anything.

mod line;
mod stats_file;
mod terminal;

pub use stats_file::write_stats;
pub use terminal::Terminal;

use crate::stats::Stats;
use crate::status::StatusBoard;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Shows the state until the task is dropped.
pub async fn show(
    board: StatusBoard,
    stats: Arc<Stats>,
    terminal: Terminal,
    stats_json: Option<PathBuf>,
) {
    let start = Instant::now();
    let (mut before, first) = (stats.snapshot(), stats.snapshot());
    let (mut tick, mut changes) = (interval(LOOK), board.watch());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut second = crate::stats::Figures::default();
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let now = stats.snapshot();
                second = now.since(&before);
                let total = now.since(&first);
                before = now;
                if let Some(path) = &stats_json {
                    stats_file::write_stats(path, &board.now(), start.elapsed(), &second, &total);
                }
                terminal.tick(&board.now(), &second, Instant::now());
            }
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                terminal.changed(&board.now(), &second, Instant::now());
            }
        }
    }
}
