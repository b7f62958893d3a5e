//! `make bench`: measures the release programs on this machine and prints one table.
//!
//! One module per kind of figure; each starts what it needs, warms up, measures, and hands values to `figures`. Only
//! what ran is printed. Invariant: figures are medians and percentiles over all samples of all runs, with the warm-up
//! left out and nothing else.

mod beat;
mod bundle;
mod cases;
mod clip;
mod cstore;
mod decode;
mod dicomweb;
mod figures;
mod first_picture;
mod floor;
mod forward;
mod glass;
mod mark;
mod memory;
mod original;
mod phantom;
mod record;
mod replay;
mod spool;
mod travel;
mod uplink;
mod voice;
mod voice_busy;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use figures::Figures;
use std::path::PathBuf;
use std::time::Duration;
use stories::browser::Browser;
use stories::machine::{Machine, load};
use stories::story::runtime;

/// Measures capture to glass, joining, marks, the relay's cost and the viewer's size, and compares with the targets.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Options {
    /// Only these figures.
    #[arg(long, value_enum)]
    group: Option<Group>,
    /// Where the figures are written.
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
    /// How long each run measures, in seconds; a whole bench has about twenty runs.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// End with an error when a target is missed.
    #[arg(long)]
    strict: bool,
}

/// Figures that are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// What a person at the glass feels: age of the picture, joining, marks.
    Live,
    /// What stands still: the shared freeze and its original.
    Still,
    /// What was saved: opening a clip and going to its frames.
    Replay,
    /// Cases and stored clips: opening one, and the memory that decoding takes.
    Cases,
    /// Saving a clip on the device, and its way to the relay.
    Clip,
    /// The spool's clips over a network without media.
    Spool,
    /// The voice beside the picture.
    Voice,
    /// A link that becomes narrow and wide: the rate that follows it.
    Uplink,
    /// Links that lose: the picture on the glass.
    Loss,
    /// Taking DICOM objects, beside Orthanc and dcmtk.
    Cstore,
    /// What forwarding costs the relay.
    Forward,
    /// What recording costs the relay, and how soon it is whole after a cut.
    Record,
    /// The archive over DICOMweb, beside Orthanc.
    Dicomweb,
    /// What the viewer weighs.
    Viewer,
}

impl Group {
    /// Whether Chromium takes part.
    fn has_a_browser(self) -> bool {
        !matches!(
            self,
            Self::Cstore | Self::Dicomweb | Self::Forward | Self::Spool | Self::Viewer
        )
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    let wanted = |group| options.group.is_none_or(|only| only == group);
    let span = Duration::from_secs(options.seconds);
    let mut machine = Machine::read();
    let mut figures = Figures::default();
    if wanted(Group::Viewer) {
        bundle::measure(&mut figures)?;
    }
    if wanted(Group::Forward) {
        floor::measure(&mut figures)?;
        figures = run(figures, move |figures| async move {
            forward::measure(figures, span).await
        })?;
    }
    if wanted(Group::Cstore) {
        figures = run(figures, move |figures| async move {
            cstore::measure(figures).await
        })?;
    }
    if wanted(Group::Record) {
        figures = run(figures, move |figures| async move {
            record::measure(figures, span).await
        })?;
    }
    if wanted(Group::Live) {
        figures = run(figures, move |figures| async move {
            let figures = glass::measure(figures, span).await?;
            let figures = first_picture::measure(figures).await?;
            mark::measure(figures).await
        })?;
    }
    if wanted(Group::Still) {
        figures = run(figures, move |figures| async move {
            let figures = original::measure(figures).await?;
            let figures = original::measure_weak(figures).await?;
            beat::measure(figures).await
        })?;
    }
    if wanted(Group::Clip) {
        figures = run(figures, move |figures| async move {
            let figures = clip::measure(figures).await?;
            let figures = memory::measure(figures).await?;
            travel::measure(figures).await
        })?;
    }
    if wanted(Group::Spool) {
        figures = run(figures, move |figures| async move {
            spool::measure(figures).await
        })?;
    }
    if wanted(Group::Voice) {
        figures = run(figures, move |figures| async move {
            let figures = voice::measure(figures, span).await?;
            voice_busy::measure(figures).await
        })?;
    }
    if wanted(Group::Uplink) {
        figures = run(figures, move |figures| async move {
            uplink::measure(figures).await
        })?;
    }
    if wanted(Group::Loss) {
        figures = run(figures, move |figures| async move {
            uplink::measure_loss(figures).await
        })?;
    }
    if wanted(Group::Replay) {
        figures = run(figures, move |figures| async move {
            replay::measure(figures).await
        })?;
    }
    if wanted(Group::Cases) {
        figures = run(figures, move |figures| async move {
            let figures = cases::measure(figures).await?;
            decode::measure(figures).await
        })?;
    }
    if wanted(Group::Dicomweb) {
        figures = run(figures, move |figures| async move {
            dicomweb::measure(figures).await
        })?;
    }
    if options.group.is_none_or(|group| group.has_a_browser()) {
        machine.browser = Some(runtime()?.block_on(Browser::shared())?.version().to_owned());
    }
    machine.load_after = load();
    figures.write(&options.json, &machine)?;
    println!("{}", figures.table(&machine));
    let missed = figures.missed();
    if options.strict && !missed.is_empty() {
        anyhow::bail!("missed: {}", missed.join(", "));
    }
    Ok(())
}

/// Runs a measurement as a task: programs under test end with the thread that started them, and those of the runtime
/// live as long as this process.
fn run<F, Fut>(figures: Figures, measure: F) -> Result<Figures>
where
    F: FnOnce(Figures) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Figures>> + Send + 'static,
{
    let runtime = runtime()?;
    runtime
        .block_on(runtime.spawn(measure(figures)))
        .context("the measurement panicked")?
}
