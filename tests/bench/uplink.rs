//! What a publisher makes of links with names from the field: ours, and Chromium's own over the same kind of link in the same
//! run.
//!
//! Rates and queues are read from the link, on its clock; frames from a consult page that watches without a link. The
//! test pattern fills any bit rate. Of Chromium's frames only the pace is known: they carry no barcode.

use crate::figures::{Figures, Spread};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use stories::browser::{Context, Screen};
use stories::link::{BOTTLENECK_DROPS_AT, BOTTLENECK_RISES_AT, Link, LinkKind, Way};
use stories::person::SeenFrame;
use stories::story::{Plan, Story};
use stories::wait::{ms, secs};
use wire::people::Role;

/// More than any of these links carries.
const KBPS: u32 = 8_000;
/// The agent of a glass over loss: the figures without loss are taken with it.
const GLASS_KBPS: &str = "2000";
const SOURCE: &str = "test:fps=30,size=800x600";
const LIMIT: Duration = secs(12);
/// Before a trace begins, or frames count.
const WARM_UP: Duration = secs(3);
/// A link that became wide is watched for so long.
const RISEN: Duration = secs(20);
/// The estimate is young.
const SETTLES: Duration = secs(5);
/// After a drop what was on its way may stand.
const DRAINS: Duration = secs(2);
/// A rate is read over this span: some frames.
const SPAN: Duration = ms(500);
const STEP: Duration = ms(50);
/// Bits per second.
const NARROW: f64 = 1e6;
const MOST_OF_WIDE: f64 = 0.8 * 6e6;
/// Source and screen beat against each other, by up to a frame of the screen and as they happen to begin: hence several runs.
const LOSS_2_RUNS: usize = 5;
const LOSS_2_SPAN: Duration = secs(8);
const LOSS_5_SPAN: Duration = secs(60);
const RURAL_SPAN: Duration = secs(120);

/// Measures `uplink_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let ours = bottleneck_ours().await?;
    figures.set(
        "uplink_backoff_ms",
        ours.backoff_ms.context("it never fell")?,
    );
    if let Some(recovered) = ours.recover_ms {
        figures.set("uplink_recover_ms", recovered);
    }
    figures.set("uplink_queue_p95_ms", ours.queue_p95_ms);
    figures.note(format!("bottleneck 3 -> 1 -> 6 Mbit/s, ours: {ours}"));
    match bottleneck_chromium().await {
        Ok(chromium) => figures.note(format!("the same, Chromium's publisher: {chromium}")),
        Err(error) => figures.note(format!("Chromium's publisher was not measured: {error:#}")),
    }
    Ok(figures)
}

/// Measures `glass_loss*` and `rural_*`.
pub(crate) async fn measure_loss(mut figures: Figures) -> Result<Figures> {
    let mut ages = Vec::new();
    for _ in 0..LOSS_2_RUNS {
        let two = glass(LinkKind::LOSS_2, LOSS_2_SPAN).await?;
        ages.extend(two.frames.iter().filter_map(|frame| frame.age_ms));
        figures.note(format!("loss_2: {two}"));
    }
    let ages = Spread::of(ages, "capture to glass")?;
    figures.set("glass_loss2_p50_ms", ages.p(50));
    figures.set("glass_loss2_p99_ms", ages.p(99));
    let five = glass(LinkKind::LOSS_5, LOSS_5_SPAN).await?;
    figures.set("glass_loss5_p99_ms", five.ages()?.p(99));
    figures.set("loss5_longest_freeze_ms", five.longest_ms);
    figures.note(format!("loss_5: {five}"));
    let rural = glass(LinkKind::LTE_RURAL, RURAL_SPAN).await?;
    figures.set("rural_fps", rural.fps);
    figures.set("rural_longest_freeze_ms", rural.longest_ms);
    figures.note(format!("lte_rural: {rural}"));
    match pace_of_chromium(LinkKind::LTE_RURAL, RURAL_SPAN).await {
        Ok(chromium) => figures.note(format!("the same, Chromium's publisher: {chromium}")),
        Err(error) => figures.note(format!("Chromium's publisher was not measured: {error:#}")),
    }
    Ok(figures)
}

/// How a publisher followed the bottleneck.
struct Course {
    backoff_ms: Option<f64>,
    recover_ms: Option<f64>,
    queue_p95_ms: f64,
    /// Sent before the drop, in the narrow part and at the end, in kbit/s.
    kbps: [f64; 3],
}

impl std::fmt::Display for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = |ms: Option<f64>| ms.map_or("never".to_owned(), |ms| format!("{ms:.0} ms"));
        let [wide, narrow, wider] = self.kbps;
        write!(
            f,
            "below 1 Mbit/s after {}, at 80 % of 6 after {}, queue p95 {:.0} ms, {wide:.0} {narrow:.0} {wider:.0} kbit/s",
            told(self.backoff_ms),
            told(self.recover_ms),
            self.queue_p95_ms
        )
    }
}

async fn bottleneck_ours() -> Result<Course> {
    let plan = Plan::default()
        .source(SOURCE)
        .agent_flags(&["--bit-rate", &KBPS.to_string()])
        .agent_over(LinkKind::BOTTLENECK_3_1_6);
    let story = Story::start(plan.release()).await?;
    story.picture_arrives_within(LIMIT).await?;
    follow(story.agent_link()?).await
}

async fn bottleneck_chromium() -> Result<Course> {
    let story = Story::start(Plan::default().no_agent().release()).await?;
    let link = story.link(LinkKind::BOTTLENECK_3_1_6).await?;
    let _publisher = chromium(&story, &link).await?;
    follow(&link).await
}

/// Lets the trace begin anew and watches it to its end.
async fn follow(link: &Link) -> Result<Course> {
    tokio::time::sleep(WARM_UP).await;
    link.set(LinkKind::BOTTLENECK_3_1_6);
    let begin = link.now();
    let (drops, rises) = (begin + BOTTLENECK_DROPS_AT, begin + BOTTLENECK_RISES_AT);
    let end = rises + RISEN;
    tokio::time::sleep(end - begin).await;
    let rate =
        |from: Duration, until: Duration| link.passages(Way::Up, from..until).offered_bits_per_s();
    let first = |from: Duration, until: Duration, holds: &dyn Fn(f64) -> bool| {
        let mut at = from;
        while at + SPAN <= until {
            if holds(rate(at, at + SPAN)) {
                return Some((at + SPAN - from).as_secs_f64() * 1e3);
            }
            at += STEP;
        }
        None
    };
    let calm = [begin + SETTLES..drops, drops + DRAINS..end];
    let waits = calm.into_iter().flat_map(|span| {
        let passed = link.passages(Way::Up, span);
        let waited = passed.all().iter().filter_map(|passage| passage.waited);
        waited
            .map(|waited| waited.as_secs_f64() * 1e3)
            .collect::<Vec<f64>>()
    });
    Ok(Course {
        backoff_ms: first(drops, rises, &|bits| bits < NARROW),
        recover_ms: first(rises, end, &|bits| bits >= MOST_OF_WIDE),
        queue_p95_ms: Spread::of(waits.collect(), "packets of the bottleneck")?.p(95),
        kbps: [
            rate(begin + SETTLES, drops) / 1e3,
            rate(drops + DRAINS, rises) / 1e3,
            rate(end - SETTLES, end) / 1e3,
        ],
    })
}

/// What stood on the glass.
struct Glass {
    frames: Vec<SeenFrame>,
    fps: f64,
    longest_ms: f64,
    passed: String,
}

impl Glass {
    fn of(frames: Vec<SeenFrame>, span: Duration, link: &Link) -> Result<Self> {
        ensure!(frames.len() > 1, "the picture stood still");
        let gaps = frames.windows(2).filter_map(|pair| match pair {
            [before, after] => Some(after.at - before.at),
            _ => None,
        });
        let counts = link.counts(Way::Up);
        let lost = counts.lost_on_air + counts.lost_in_queue;
        Ok(Self {
            fps: frames.len() as f64 / span.as_secs_f64(),
            longest_ms: gaps.fold(0.0, f64::max),
            passed: format!("{lost} of {} packets lost on the way up", counts.packets),
            frames,
        })
    }

    fn ages(&self) -> Result<Spread> {
        let ages = self.frames.iter().filter_map(|frame| frame.age_ms);
        Spread::of(ages.collect(), "capture to glass")
    }
}

impl std::fmt::Display for Glass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.1} frames/s, longest time without a new one {:.0} ms, {}",
            self.fps, self.longest_ms, self.passed
        )?;
        if let Ok(ages) = self.ages() {
            let (p50, p99) = (ages.p(50), ages.p(99));
            write!(f, ", age p50 {p50:.0} p99 {p99:.0} ms of {}", ages.count())?;
        }
        let smallest = self.frames.iter().map(|frame| frame.width).min();
        write!(f, ", width at least {}", smallest.unwrap_or(0))
    }
}

async fn glass(kind: LinkKind, span: Duration) -> Result<Glass> {
    let plan = Plan::default()
        .source(SOURCE)
        .agent_flags(&["--bit-rate", GLASS_KBPS])
        .agent_over(kind);
    let story = Story::start(plan.release()).await?;
    let doctor = story.cardiologist().await?;
    doctor.sees_picture_within(LIMIT).await?;
    let frames = doctor.picture_moves_for_time(WARM_UP, span).await?;
    Glass::of(frames, span, story.agent_link()?)
}

async fn pace_of_chromium(kind: LinkKind, span: Duration) -> Result<Glass> {
    let story = Story::start(Plan::default().no_agent().release()).await?;
    let link = story.link(kind).await?;
    let _publisher = chromium(&story, &link).await?;
    let doctor = story.cardiologist().await?;
    doctor.sees_picture_within(LIMIT).await?;
    let frames = doctor.picture_moves_for_time(WARM_UP, span).await?;
    Glass::of(frames, span, &link)
}

/// Chromium publishes its camera in H.264 over a link; it ends with what is given back.
async fn chromium(story: &Story, link: &Link) -> Result<(Context, stories::browser::Page)> {
    let context = story.browser(Screen::DESK).await?;
    let page = context.page().await?;
    let door = story.door_over(link)?;
    page.goto(&format!("{}/healthz", door.origin())).await?;
    page.eval::<Value>(STANDARD_PEER, ()).await?;
    let physician = story.door().person(Role::VisitingPhysician).await?;
    let ticket = story.door().ticket(physician, story.consult()).await?;
    let order = json!({
        "url": door.whip(story.consult()), "ticket": ticket, "codec": "video/H264", "kbps": KBPS,
    });
    let answer: Value = page
        .eval("(order) => standardPeer.publish(order)", order)
        .await?;
    let status = answer.get("status").and_then(Value::as_u64);
    ensure!(status == Some(201), "the relay answered {answer}");
    story.picture_arrives_within(LIMIT).await?;
    Ok((context, page))
}

/// The standard client, evaluated into an empty page.
const STANDARD_PEER: &str = concat!(
    "() => { ",
    include_str!("../browser/standard.js"),
    " return true; }"
);
