//! Mark round trip: from the lift of the cardiologist's pen to the mark's ink on the bedside page, on one host clock.
//!
//! The end is the animation frame that drew the mark after its log entry had come: half-drawn ink that travelled ahead
//! as presence does not count.

use crate::figures::{Figures, Spread};
use anyhow::{Context, Result};
use std::time::Duration;
use stories::story::{Plan, Story};

/// Marks that count; the first ones warm up.
const MARKS: usize = 40;
const WARM_UP: usize = 3;
const LIMIT: Duration = Duration::from_secs(8);

/// Measures `mark_round_trip_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let story = Story::start(Plan::default().source("test:fps=30,size=800x600").release()).await?;
    let bedside = story.bedside().await?;
    let doctor = story.cardiologist().await?;
    bedside.sees_picture_within(LIMIT).await?;
    doctor.sees_picture_within(LIMIT).await?;
    doctor.takes_pen().await?;
    let mut took = Vec::new();
    for n in 0..WARM_UP + MARKS {
        #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
        let y = 0.15 + 0.7 * (n % 20) as f64 / 20.0;
        let stroke = doctor
            .draws_stroke(&[(0.3, y), (0.35, y), (0.4, y)])
            .await?;
        let painted = bedside.sees_mark_within(&stroke.mark, LIMIT).await?;
        if n >= WARM_UP {
            took.push(painted.context("the mark came as news")? - stroke.up.at);
        }
    }
    let spread = Spread::of(took, "marks")?;
    figures.set("mark_round_trip_p50_ms", spread.p(50));
    figures.set("mark_round_trip_p99_ms", spread.p(99));
    Ok(figures)
}
