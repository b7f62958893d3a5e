//! First picture: from the page's WHEP request to its first decoded frame, over many joins of the product's own page, directly and
//! where the network lets no UDP through.
//!
//! The start is the browser's own record of the request (Resource Timing), the end the first video-frame callback.
//! Loading the page is outside; it is the viewer's size that tells about that.

use crate::figures::{Figures, Spread};
use anyhow::Result;
use std::time::Duration;
use stories::link::LinkKind;
use stories::person::Person;
use stories::story::{Plan, Story};

/// Joins that count; the first one warms the browser's caches.
const JOINS: usize = 40;
/// The same over TCP, which differ less.
const TCP_JOINS: usize = 20;
const LIMIT: Duration = Duration::from_secs(8);

/// Measures `first_picture_ms` and `tcp_first_picture_ms`; the latter with the agent behind such a network too.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let plan = Plan::default().source("test:fps=30,size=800x600").release();
    let story = Story::start(plan.clone()).await?;
    let doctor = story.cardiologist().await?;
    let spread = Spread::of(joins(&doctor, JOINS).await?, "joins")?;
    figures.set("first_picture_ms", spread.p(50));
    figures.set("first_picture_p99_ms", spread.p(99));
    drop((doctor, story));

    let story = Story::start(plan.agent_over(LinkKind::UDP_BLOCKED)).await?;
    story.picture_arrives_within(LIMIT).await?;
    let link = story.link(LinkKind::UDP_BLOCKED).await?;
    let doctor = story.cardiologist_over(&link).await?;
    let spread = Spread::of(joins(&doctor, TCP_JOINS).await?, "joins")?;
    figures.set("tcp_first_picture_ms", spread.p(50));
    Ok(figures)
}

async fn joins(doctor: &Person, count: usize) -> Result<Vec<f64>> {
    doctor.sees_picture_within(LIMIT).await?;
    let mut took = Vec::new();
    for join in 0..=count {
        doctor.reloads().await?;
        doctor.sees_picture_within(LIMIT).await?;
        let one = doctor.first_picture_took_ms().await?;
        if join > 0 {
            took.push(one);
        }
    }
    Ok(took)
}
