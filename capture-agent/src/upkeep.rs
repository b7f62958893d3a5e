//! What an agent keeps up beside the picture: the counts of clips, its door, the import folder, the chosen depth scale.
//!
//! Owns no state. Called by the agent while it runs; nothing here ends by itself, so that the picture does not depend on it.

use crate::clip::Saver;
use crate::clip::exports::{self, Exported};
use crate::clip::folder::ImportFolder;
use crate::device_page::Memory;
use crate::door::Door;
use crate::hand_scale::ScaleInForce;
use crate::status::StatusBoard;
use std::path::PathBuf;
use std::time::Instant;

/// Time between looks at the facts of the visit: what is captured between a change and the next look is let go.
const VISIT_LOOK: std::time::Duration = std::time::Duration::from_secs(1);
/// Time between looks into the import folder.
const IMPORT_LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// Shows the counts of clips and holds the door open; ends never, so that the picture does not depend on it.
pub(crate) async fn watch_over_clips(
    saver: Option<Saver>,
    board: StatusBoard,
    import: Option<PathBuf>,
) {
    if let Some(saver) = saver {
        let show = async {
            let mut counts = saver.counts();
            loop {
                let now = *counts.borrow_and_update();
                board.update(|status| {
                    if let Some(clips) = &mut status.clips {
                        clips.counts = now;
                    }
                });
                if counts.changed().await.is_err() {
                    return;
                }
            }
        };
        let serve = async {
            let door = match Door::open(saver.clone(), board.clone()).await {
                Ok(door) => door.serve().await,
                Err(error) => Err(error),
            };
            if let Err(error) = door {
                tracing::error!(%error, "\"capture-agent save\" will not find this agent; saving from the consult works");
            }
        };
        tokio::join!(
            show,
            serve,
            look_at_visit(&saver),
            take_in(&saver, import, &board)
        );
    }
    std::future::pending::<()>().await;
}

/// Sees that the next patient's facts were written, so that no frame of the patient before is theirs; ends never.
async fn look_at_visit(saver: &Saver) {
    let mut look = tokio::time::interval(VISIT_LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let saver = saver.clone();
        // What cannot be read is told at the next save.
        let _ = tokio::task::spawn_blocking(move || saver.look_at_visit()).await;
    }
}

/// Keeps the depth scale over a restart, whoever ends it, and whether anybody may mark one; ends never.
pub(crate) async fn remember_scale(scale: &ScaleInForce, memory: Option<&Memory>) {
    let mut changes = scale.watch();
    if let Some(memory) = memory {
        // It may have ended before anybody looked, and one of another source is over.
        changes.mark_changed();
        while changes.changed().await.is_ok() {
            let now = changes.borrow_and_update().clone();
            memory.choose_scale(now.scale().cloned());
            memory.measuring_is(now.measuring());
        }
    }
    std::future::pending::<()>().await;
}

/// Takes exported clips in, again and again, and shows which of them wait.
async fn take_in(saver: &Saver, import: Option<PathBuf>, board: &StatusBoard) {
    let Some(folder) = import else { return };
    let mut folder = ImportFolder::new(folder);
    let mut look = tokio::time::interval(IMPORT_LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let saver = saver.clone();
        let swept = tokio::task::spawn_blocking(move || {
            let visit = saver.visit();
            let judge = |file: &Exported| exports::belongs(&visit, file, saver.now());
            folder.sweep(&saver.spool(), &judge, Instant::now());
            folder
        });
        match swept.await {
            Ok(back) => {
                let (exports, left_out) = (back.waiting(), back.left_out());
                board.update(|status| {
                    if let Some(clips) = &mut status.clips {
                        clips.exports = exports;
                        clips.left_out = left_out;
                    }
                });
                folder = back;
            }
            Err(_) => return,
        }
    }
}
