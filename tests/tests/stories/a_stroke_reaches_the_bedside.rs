//! A stroke over the running picture reaches the bedside within a blink and belongs to the frame under the pen.

use anyhow::{Context, Result, bail, ensure};
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::{ms, secs};
use wire::CaptureTime;
use wire::mark::{Anchor, Annotation, DrawnOn, Point, Shape};

/// From the lift of the pen to ink on the other page.
const BLINK_MS: f64 = 200.0;
const STROKES: u32 = 4;
/// A pixel or two of a page, as a fraction of the picture.
const NEAR: f64 = 0.003;
/// Touches until one meets a frame that stays.
const MOST_TOUCHES: u32 = 20;

#[test]
fn a_stroke_is_seen_at_the_bedside_while_it_is_drawn_and_within_a_blink_of_its_end() -> Result<()> {
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
        let marks = bedside.marks().await?.len();
        let held = doctor
            .holds_pen(&[(0.6, 0.3), (0.65, 0.3), (0.7, 0.3), (0.75, 0.3)])
            .await?;
        bedside.sees_ink_at_within(0.62, 0.3, ms(500)).await?;
        ensure!(
            bedside.marks().await?.len() == marks,
            "a half-drawn stroke is no mark yet"
        );
        held.lift().await?;
        a_zoomed_stroke_lies_where_it_was_drawn(&doctor, &bedside).await?;
        so_does_one_by_keys(&doctor, &bedside).await
    })
}

/// Whoever zooms with the wheel draws on the same tissue, and the others, who did not zoom, see it there.
async fn a_zoomed_stroke_lies_where_it_was_drawn(doctor: &Person, bedside: &Person) -> Result<()> {
    doctor.zooms_in_at((0.5, 0.8)).await?;
    let (from, to) = ((0.55, 0.85), (0.6, 0.9));
    let mark = doctor.draws_stroke(&[from, to]).await?.mark;
    goes(&mark, from, to)?;
    bedside.sees_mark_within(&mark, secs(2)).await?;
    bedside.sees_ink_at_within(to.0, to.1, ms(500)).await?;
    doctor.page().press("0").await
}

async fn so_does_one_by_keys(doctor: &Person, bedside: &Person) -> Result<()> {
    doctor.page().press("p").await?;
    let mark = doctor
        .draws_by_keys(&["ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight"])
        .await?;
    goes(&mark, (0.5, 0.5), (0.53, 0.51))?;
    bedside.sees_mark_within(&mark, secs(2)).await.map(drop)
}

fn goes(mark: &Annotation, from: (f64, f64), to: (f64, f64)) -> Result<()> {
    let Shape::Stroke { points } = &mark.shape else {
        bail!("no stroke: {mark:?}");
    };
    let near = |point: Option<&Point>, (x, y): (f64, f64)| {
        point.is_some_and(|p| (p.x.get() - x).abs() < NEAR && (p.y.get() - y).abs() < NEAR)
    };
    ensure!(
        near(points.first(), from) && near(points.last(), to),
        "not from {from:?} to {to:?}: {points:?}"
    );
    Ok(())
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
