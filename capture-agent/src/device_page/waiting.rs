//! Clips that may be another patient's: which wait, and that a person sends one.
//!
//! Owns what the page lists of them. Which go by themselves is the spool's to say; one that was sent here belongs to the
//! consult of this agent for good, also when there is no link yet.

use super::desk::Desk;
use super::problem::Refused;
use crate::spool::Unsent;
use wire::ClipId;
use wire::device::{DeviceFault, DeviceWaiting, MAX_WAITING_SHOWN};

/// As the page lists them, newest first.
pub(super) fn listed(mut waiting: Vec<Unsent>) -> Vec<DeviceWaiting> {
    waiting.sort_unstable_by_key(|it| std::cmp::Reverse((it.known.taken_at, it.clip)));
    let told = |it: Unsent| DeviceWaiting {
        clip: it.clip,
        taken_at: it.known.taken_at,
        frames: it.known.frames,
        exported: it.known.exported,
    };
    waiting
        .into_iter()
        .take(MAX_WAITING_SHOWN)
        .map(told)
        .collect()
}

/// Somebody looked at it: it belongs to the consult of this agent.
pub(super) async fn send(desk: &Desk, clip: ClipId) -> Result<(), Refused> {
    let saving = desk.saving().ok_or(DeviceFault::NoSaving)?;
    let sent = tokio::task::spawn_blocking(move || saving.send(clip)).await;
    match sent {
        Ok(Ok(true)) => {
            tracing::info!(%clip, "a waiting clip was sent to this consult on the device page");
            Ok(())
        }
        // Pressed twice, or it is at the hospital by now: the list says so.
        Ok(Ok(false)) => Ok(()),
        Ok(Err(error)) => {
            tracing::error!(%clip, %error, "a waiting clip could not be sent");
            Err(Refused::because(DeviceFault::Internal, error.to_string()))
        }
        Err(_) => Err(DeviceFault::Internal.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{Belongs, Finished};
    use wire::CaptureTime;

    #[test]
    fn the_newest_are_listed_first_and_not_more_than_a_person_reads() {
        let unsent = |at: u64| Unsent {
            clip: ClipId::random(),
            known: Finished {
                bytes: 1,
                refused: None,
                belongs: Belongs::Unsaid,
                taken_at: CaptureTime(at),
                frames: 1,
                exported: false,
            },
        };
        let listed = listed((0..30).map(unsent).collect());
        assert_eq!(listed.len(), MAX_WAITING_SHOWN);
        assert_eq!(listed[0].taken_at, CaptureTime(29));
    }
}
