//! What can be looked at on this device alone: source, encoder, disk, versions.
//!
//! Owns the measuring of pictures and of one sync. Everything that blocks runs on a thread of its own with a limit; a driver that
//! hangs in the kernel is left there.

use super::finding::Finding;
use crate::agent::AgentSettings;
use crate::encode::probe::choose;
use crate::encode::{EncodeOptions, EncoderSettings, FfmpegFactory};
use crate::picture::PicturePool;
use crate::source::{self, SourceError, SourceSpec};
use crate::spool::{Disk, Files};
use crate::sync::Stop;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// A camera or network stream that shows nothing by then shows nothing to the physician either.
const SOURCE_LIMIT: Duration = Duration::from_secs(8);
/// Pictures are counted for this long.
const COUNTING: Duration = Duration::from_millis(1_500);
/// Fewer pictures a second hide what a heart does.
const FEWEST_FPS: f64 = 15.0;
/// Trying every encoder of a machine.
const ENCODER_LIMIT: Duration = Duration::from_secs(6);
/// A picture must be coded before the next one comes.
const SLOWEST_CODING: Duration = Duration::from_millis(25);
/// Written and synced to see how the disk is.
const TRIAL_BYTES: usize = 1024 * 1024;
/// What is said to be safe is synced within a second; a slower disk says so too late.
const SLOWEST_SYNC: Duration = Duration::from_millis(500);
/// Room for a visit's clips, and room without which nothing is saved.
const ROOM_BYTES: (u64, u64) = (2 << 30, 300 << 20);

const BUSY: &str = "a capture agent runs with this spool and has it";
const LEAVE: &str = "look at that agent's terminal, or stop it and check again";

/// What a source gave.
struct Seen {
    width: u32,
    height: u32,
    fps: f64,
}

pub(super) async fn look(settings: &AgentSettings, busy: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if busy {
        findings.push(Finding::attention("source", BUSY, LEAVE));
    } else {
        let seen = seen(settings.source.clone()).await;
        findings.push(of_source(&seen));
        if let Ok(seen) = seen {
            findings.push(encoder(settings.encode.clone(), seen).await);
        }
    }
    findings.push(disk(settings).await);
    findings.push(Finding::good("versions", versions()));
    findings
}

async fn seen(spec: SourceSpec) -> Result<Seen, String> {
    let stop = Stop::default();
    let ends = stop.clone();
    let looking = spawn_blocking(move || count(&spec, &ends).map_err(|error| error.to_string()));
    let seen = timeout(SOURCE_LIMIT, looking).await;
    stop.set();
    match seen {
        Ok(Ok(seen)) => seen,
        Ok(Err(_)) => Err("the source made an internal error".to_owned()),
        Err(_) => Err(format!("no picture within {} s", SOURCE_LIMIT.as_secs())),
    }
}

fn count(spec: &SourceSpec, stop: &Stop) -> Result<Seen, SourceError> {
    let mut source = source::open(spec, &PicturePool::default(), stop)?;
    let first = source.next(stop)?.picture;
    let (began, mut pictures) = (Instant::now(), 0.0);
    while began.elapsed() < COUNTING {
        source.next(stop)?;
        pictures += 1.0;
    }
    Ok(Seen {
        width: first.width(),
        height: first.height(),
        fps: pictures / began.elapsed().as_secs_f64(),
    })
}

fn of_source(seen: &Result<Seen, String>) -> Finding {
    match seen {
        Ok(seen) => {
            let Seen { width, height, fps } = seen;
            let words = format!("{width} x {height}, {fps:.0} pictures a second");
            if *fps < FEWEST_FPS {
                let action =
                    "choose another format or a lower size at the grabber; USB 3 if it can";
                return Finding::attention("source", words, action);
            }
            Finding::good("source", words)
        }
        Err(trouble) => {
            let action =
                "check cable and power; \"capture-agent sources\" lists what can be opened";
            Finding::bad("source", trouble, action)
        }
    }
}

async fn encoder(options: EncodeOptions, seen: Seen) -> Finding {
    const ACTION: &str = "install FFmpeg with libx264, or name another encoder";
    let settings = EncoderSettings {
        width: seen.width,
        height: seen.height,
        frame_rate: seen.fps.max(1.0),
        bit_rate: options.bit_rate,
        preset: options.preset,
        buffer_frames: options.buffer_frames,
    };
    let trying = spawn_blocking(move || choose(&options.choice, &[], &FfmpegFactory, &settings));
    match timeout(ENCODER_LIMIT, trying).await {
        Ok(Ok(Ok(chosen))) => {
            let words = format!(
                "{}, {} ms a picture",
                chosen.name,
                chosen.median.as_millis()
            );
            if chosen.median > SLOWEST_CODING {
                let action = "close other programs, or lower the size of the picture";
                return Finding::attention("encoder", words, action);
            }
            Finding::good("encoder", words)
        }
        Ok(Ok(Err(error))) => Finding::bad("encoder", error.to_string(), ACTION),
        Ok(Err(_)) | Err(_) => Finding::bad("encoder", "none was ready in time", ACTION),
    }
}

async fn disk(settings: &AgentSettings) -> Finding {
    let Some(saving) = &settings.saving else {
        let action = "name a folder with --spool";
        return Finding::attention("disk", "no spool: clips cannot be saved", action);
    };
    let folder = saving.folder.clone();
    let tried = spawn_blocking(move || try_disk(&folder)).await;
    match tried {
        Ok(Ok((room, sync))) => of_disk(room, sync),
        Ok(Err(error)) => {
            let action = "give the agent's user a folder that it may write, on a disk with room";
            Finding::bad(
                "disk",
                format!("the spool folder cannot be used: {error}"),
                action,
            )
        }
        Err(_) => Finding::bad("disk", "the trial failed inside", "check again"),
    }
}

fn of_disk(room: u64, sync: Duration) -> Finding {
    let words = format!(
        "{} MiB free, a sync takes {} ms",
        room >> 20,
        sync.as_millis()
    );
    if room < ROOM_BYTES.1 {
        Finding::bad("disk", words, "free some room: clips cannot be saved")
    } else if room < ROOM_BYTES.0 {
        Finding::attention("disk", words, "free some room: a visit's clips may not fit")
    } else if sync > SLOWEST_SYNC {
        Finding::attention(
            "disk",
            words,
            "put the spool on a quicker disk: saving is told late",
        )
    } else {
        Finding::good("disk", words)
    }
}

/// Room, and how long it takes until a MiB is durable.
fn try_disk(folder: &Path) -> std::io::Result<(u64, Duration)> {
    std::fs::create_dir_all(folder)?;
    let room = Disk.room(folder)?;
    let path = folder.join("check.tmp");
    let began = Instant::now();
    let written = Disk.create(&path).and_then(|mut file| {
        file.write_all(&vec![0x5a; TRIAL_BYTES])?;
        file.flush()?;
        file.sync()
    });
    let took = began.elapsed();
    let removed = Disk.remove(&path);
    written?;
    removed?;
    Ok((room, took))
}

fn versions() -> String {
    format!(
        "capture-agent {}, {}",
        env!("CARGO_PKG_VERSION"),
        crate::av::version()
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_source_is_good_slow_or_not_there() {
        let seen = |fps| {
            Ok(Seen {
                width: 800,
                height: 600,
                fps,
            })
        };
        assert_eq!(of_source(&seen(30.0)).level, Level::Good);
        assert_eq!(
            of_source(&seen(7.6)).words,
            "800 x 600, 8 pictures a second"
        );
        assert_eq!(of_source(&seen(7.6)).level, Level::Attention);
        let gone = of_source(&Err("no picture within 8 s".to_owned()));
        assert!(gone.level == Level::Bad && gone.action.is_some());
    }

    #[test]
    fn a_disk_is_judged_by_room_then_by_speed() {
        let ms = Duration::from_millis;
        assert_eq!(of_disk(100 << 30, ms(5)).level, Level::Good);
        assert_eq!(of_disk(100 << 30, ms(900)).level, Level::Attention);
        assert_eq!(of_disk(1 << 30, ms(5)).level, Level::Attention);
        assert_eq!(of_disk(1 << 20, ms(5)).level, Level::Bad);
    }

    #[test]
    fn trying_the_disk_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("spool");
        assert!(try_disk(&spool).unwrap().0 > 0);
        assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 0);
    }
}
