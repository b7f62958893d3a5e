//! The live picture appears by itself and moves, on both pages, and its age is small and known.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::ms;

#[test]
fn a_live_picture_appears_and_moves_on_both_pages() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(ms(5_000)).await?;
            person.picture_moves().await?;
        }
        doctor.has_a_clean_console().await?;
        bedside.has_a_clean_console().await
    })
}

#[test]
fn a_painted_frame_carries_the_capture_time_unchanged() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(ms(5_000)).await?;
        for frame in doctor.picture_moves_for(60, ms(5_000)).await? {
            let (Some(rtp), Some(barcode)) = (frame.rtp, frame.barcode()) else {
                continue;
            };
            let near = wire::CaptureTime((frame.at * 1_000.0) as u64);
            let apart = barcode.distance_ms(rtp, near);
            // One frame of 33 ms off would mean that a mark belongs to another picture.
            ensure!(
                apart.abs() < 1.0,
                "barcode and RTP time are {apart} ms apart: {frame:?}"
            );
        }
        Ok(())
    })
}

#[test]
fn the_picture_is_no_older_than_it_looks() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(ms(5_000)).await?;
        let frames = doctor.picture_moves_for_time(ms(1_000), ms(2_000)).await?;
        let mut ages: Vec<f64> = frames.iter().filter_map(|frame| frame.age_ms).collect();
        ages.sort_by(f64::total_cmp);
        let middle = ages.get(ages.len() / 2).copied().unwrap_or(f64::NAN);
        // Chromium holds frames 20 to 45 ms back when playout-delay 0/0 is missing (decision record 0008).
        ensure!(
            middle < 30.0,
            "half of the frames are older than {middle} ms"
        );
        let offered = doctor.page().eval::<bool>(PLAYOUT_DELAY_AGREED, ()).await?;
        ensure!(
            offered,
            "playout-delay is not part of what page and relay agreed on"
        );
        Ok(())
    })
}

/// Whether a peer connection of this page agreed on playout-delay.
const PLAYOUT_DELAY_AGREED: &str =
    "() => hibikiWitness.answers.some((sdp) => sdp.includes('playout-delay'))";
