//! A stroke over the running picture reaches the bedside within a blink and belongs to the frame under the pen.

use anyhow::{Context, Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::{ms, secs};
use wire::CaptureTime;
use wire::mark::{Anchor, DrawnOn};

/// From the lift of the pen to ink on the other page.
const BLINK_MS: f64 = 200.0;
const STROKES: u32 = 4;
/// Touches until one meets a frame that stays.
const MOST_TOUCHES: u32 = 20;

#[test]
fn a_stroke_is_on_the_bedside_page_within_a_blink() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor.takes_pen().await?;
        for n in 0..STROKES {
            let y = 0.2 + 0.15 * f64::from(n);
            let stroke = doctor
                .draws_stroke(&[(0.3, y), (0.4, y), (0.5, y + 0.02)])
                .await?;
            let painted = bedside
                .sees_mark_within(&stroke.mark, secs(2))
                .await?
                .context("it came as news")?;
            let took = painted - stroke.up.at;
            ensure!(took <= BLINK_MS, "stroke {n} took {took:.0} ms");
        }
        Ok(())
    })
}

#[test]
fn its_anchor_is_the_frame_whose_barcode_was_under_the_pen() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.picture_moves().await?;
        doctor.takes_pen().await?;
        let mut the_same = 0;
        // Touches keep step with the screen, and so may meet the next frame on its way several times running.
        for n in 0..MOST_TOUCHES {
            if n >= STROKES && the_same > 0 {
                break;
            }
            let x = 0.2 + 0.15 * f64::from(n % STROKES);
            let stroke = doctor
                .draws_stroke(&[(x, 0.4), (x, 0.5), (x + 0.03, 0.6)])
                .await?;
            let Anchor::Live { rtp_time, .. } = stroke.mark.anchor;
            ensure!(
                stroke.mark.drawn_on == DrawnOn::Running,
                "drawn on the running picture: {:?}",
                stroke.mark
            );
            // What the page painted last before the touch, by the browser's own word, is the anchor …
            let painted = stroke
                .down
                .frame
                .context("a frame was painted before the touch")?;
            ensure!(
                painted.rtp == Some(rtp_time),
                "anchor {rtp_time:?}, but under the pen was {painted:?}"
            );
            // … its barcode says the same capture time …
            let barcode = painted.barcode().context("it has a barcode")?;
            let apart =
                barcode.distance_ms(rtp_time, CaptureTime((stroke.down.at * 1_000.0) as u64));
            ensure!(
                apart.abs() < 1.0,
                "the anchor is {apart:.1} ms from the barcode under the pen"
            );
            // … and so does the glass at the touch, unless the next frame was just coming up on it.
            let glass = stroke.down.glass.context("a barcode was under the pen")?;
            let ahead = glass.n.wrapping_sub(barcode.n);
            ensure!(
                ahead <= 1,
                "on the glass was frame {}, the anchor is frame {}",
                glass.n,
                barcode.n
            );
            the_same += u32::from(ahead == 0);
        }
        ensure!(
            the_same > 0,
            "the glass was ahead of the anchor at every touch"
        );
        Ok(())
    })
}

#[test]
fn half_a_stroke_is_seen_while_it_is_drawn() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor.takes_pen().await?;
        let held = doctor
            .holds_pen(&[(0.3, 0.3), (0.35, 0.3), (0.4, 0.3), (0.45, 0.3)])
            .await?;
        bedside.sees_ink_at_within(0.32, 0.3, ms(500)).await?;
        ensure!(
            bedside.marks().await?.is_empty(),
            "a half-drawn stroke is no mark yet"
        );
        held.lift().await
    })
}
