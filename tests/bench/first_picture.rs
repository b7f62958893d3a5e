//! First picture: from the page's WHEP request to its first decoded frame, over many joins of the product's own page.
//!
//! The start is the browser's own record of the request (Resource Timing), the end the first video-frame callback.
//! Loading the page is outside; it is the viewer's size that tells about that.

use crate::figures::{Figures, Spread};
use anyhow::Result;
use std::time::Duration;
use stories::story::{Plan, Story};

/// Joins that count; the first one warms the browser's caches.
const JOINS: usize = 40;
const LIMIT: Duration = Duration::from_secs(8);

/// Measures `first_picture_ms`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let story = Story::start(Plan::default().source("test:fps=30,size=800x600").release()).await?;
    let doctor = story.cardiologist().await?;
    doctor.sees_picture_within(LIMIT).await?;
    let mut took = Vec::new();
    for join in 0..=JOINS {
        doctor.reloads().await?;
        doctor.sees_picture_within(LIMIT).await?;
        let one = doctor.first_picture_took_ms().await?;
        if join > 0 {
            took.push(one);
        }
    }
    let spread = Spread::of(took, "joins")?;
    figures.set("first_picture_ms", spread.p(50));
    figures.set("first_picture_p99_ms", spread.p(99));
    Ok(figures)
}
