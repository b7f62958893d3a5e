//! Clips that leave the device's spool over HTTPS, on a network of 20 Mbit/s that lets no media through: how much of the link they
//! use, and what they cost the device.
//!
//! The handheld's exports lie in the spool when the agent starts. What counts is between the first bytes at the relay and the last
//! clip that it keeps, offers and answers included; of the processor, the whole agent, which captures a small picture beside it.

use crate::figures::Figures;
use anyhow::{Context as _, Result, ensure};
use echo_dicom::Provenance;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use stories::binaries::workspace;
use stories::link::{LinkKind, PathKind, Rate};
use stories::machine::cpu_time;
use stories::story::{Plan, Story};
use stories::wait::{ms, secs};

/// 1.5 MB; with so many the link is busy for 14 s.
const EXPORT: &str = "sample-dicom/a4c_small_uncompressed.dcm";
const CLIPS: u32 = 24;
const BITS_PER_S: u64 = 20_000_000;
/// A network of a hospital: no UDP, no media over TCP, 10 ms each way.
const NETWORK: LinkKind = LinkKind {
    carries_tcp_media: false,
    ..LinkKind::both(
        "twenty_megabits",
        PathKind {
            rate: Rate::Steady(BITS_PER_S),
            delay: ms(10),
            carries_udp: false,
            ..PathKind::CLEAR
        },
    )
};
const SOURCE: &str = "test:fps=5,size=320x240";
const LIMIT: Duration = secs(120);
const LOOK: Duration = ms(5);

/// Measures `spool_link_percent` and `spool_cpu_percent`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let plan = Plan::calm().release().no_agent().agent_over(NETWORK);
    let story = Story::start(plan).await?;
    let bytes = fill_spool(&story).await?;
    story.start_agent(SOURCE, &[]).await?;
    let agent = story.agent().await;
    let agent = agent.as_ref().context("an agent")?.program().pid();
    let clips = story.folder().join("relay/clips");
    let first = look_until("the first bytes", || Ok(sizes(&clips)?.1 > 0)).await?;
    let (already, before) = (sizes(&clips)?.1, cpu_time(agent)?);
    let last = look_until("all clips", || Ok(sizes(&clips)?.0 == CLIPS)).await?;
    let (took, cpu) = ((last - first).as_secs_f64(), cpu_time(agent)? - before);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (sent, link) = ((bytes - already) as f64 * 8.0 / took, BITS_PER_S as f64);
    figures.set("spool_link_percent", sent / link * 100.0);
    figures.set("spool_cpu_percent", cpu.as_secs_f64() / took * 100.0);
    figures.note(format!(
        "spool: {CLIPS} clips, {:.1} MB in {took:.2} s over HTTP on {}, with the agent's small picture of 5 per second beside it",
        bytes as f64 / 1e6,
        NETWORK.name
    ));
    Ok(figures)
}

/// Puts so many exports into the spool, each an instance of its own. Gives their bytes.
async fn fill_spool(story: &Story) -> Result<u64> {
    let export = workspace().join(EXPORT);
    let uid = Provenance::read(&export)?.instance_uid;
    let export = fs::read(export).context("read an export")?;
    let file = story.folder().join("export.dcm");
    let mut bytes = 0;
    for n in 0..CLIPS {
        fs::write(&file, another_instance(&export, uid.as_str(), n)?)?;
        story.imports(&file).await?;
        bytes += export.len() as u64;
    }
    Ok(bytes)
}

/// The same object with another SOP Instance UID of the same length, wherever it stands.
fn another_instance(object: &[u8], uid: &str, n: u32) -> Result<Vec<u8>> {
    let kept = uid.len().checked_sub(4).and_then(|kept| uid.get(..kept));
    let other = format!("{}{:04}", kept.context("a longer UID")?, 1_000 + n);
    let (mut rest, mut made) = (object, Vec::with_capacity(object.len()));
    while let Some(at) = rest
        .windows(uid.len())
        .position(|some| some == uid.as_bytes())
    {
        let (before, after) = rest.split_at(at);
        made.extend_from_slice(before);
        made.extend_from_slice(other.as_bytes());
        rest = after.get(uid.len()..).unwrap_or_default();
    }
    made.extend_from_slice(rest);
    ensure!(made != object, "the object says its instance");
    Ok(made)
}

/// How many clips the relay has, and how many bytes of clips.
fn sizes(clips: &Path) -> Result<(u32, u64)> {
    let (mut whole, mut bytes) = (0, 0);
    let folders: Vec<PathBuf> = match fs::read_dir(clips) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    for entry in folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
    {
        for entry in entry {
            let entry = entry?;
            // A half file may get its name meanwhile.
            bytes += entry.metadata().map_or(0, |found| found.len());
            whole += u32::from(entry.path().extension().is_some_and(|it| it == "dcm"));
        }
    }
    Ok((whole, bytes))
}

async fn look_until(what: &str, check: impl Fn() -> Result<bool>) -> Result<Instant> {
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        if check()? {
            return Ok(Instant::now());
        }
        tokio::time::sleep(LOOK).await;
    }
    anyhow::bail!("{what}: not within {LIMIT:?}")
}
