//! What can be looked at on this device alone: source, encoder, disk, versions.
//!
//! Owns the measuring of pictures and of one sync. Everything that blocks runs on a thread of its own with a limit; a driver that
//! hangs in the kernel is left there.

use super::finding::{attention, bad, good};
use super::{Beside, Tell};
use crate::agent::AgentSettings;
use crate::encode::probe::choose;
use crate::encode::{EncodeOptions, EncoderSettings, FfmpegFactory};
use crate::picture::PicturePool;
use crate::source::{self, SourceError, SourceSpec};
use crate::spool::{Disk, Files, bytes_of_copies};
use crate::status::SourceStatus;
use crate::sync::Stop;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use wire::agent::SourceHealth;
use wire::check::{CheckAction, CheckFinding, CheckSays, CheckSubject};

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

/// What a source gave.
struct Seen {
    width: u32,
    height: u32,
    fps: f64,
}

pub(super) async fn look(settings: &AgentSettings, beside: &Beside, tell: Tell<'_>) {
    tell(good(CheckSubject::Versions, versions()));
    match beside {
        Beside::Nobody => {
            let seen = seen(settings.source.clone()).await;
            tell(of_source(&seen));
            if let Ok(seen) = seen {
                tell(encoder(settings.encode.clone(), seen).await);
            }
        }
        Beside::Stranger => {
            let says = CheckSays::AtWorkElsewhere;
            tell(attention(
                CheckSubject::Source,
                says,
                CheckAction::SeeOtherAgent,
            ));
        }
        Beside::Us(status) => {
            tell(of_source(&of_running(&status.source)));
            tell(of_working(&status.encoder));
        }
    }
    tell(disk(settings).await);
}

/// What a source that is open gives.
fn of_running(source: &SourceStatus) -> Result<Seen, String> {
    if source.health == SourceHealth::Running {
        return Ok(Seen {
            width: source.width,
            height: source.height,
            fps: f64::from(source.fps),
        });
    }
    let unsaid = || "it is being opened".to_owned();
    Err(source.trouble.clone().unwrap_or_else(unsaid))
}

fn of_working(encoder: &str) -> CheckFinding {
    let name = encoder.to_owned();
    let says = match encoder {
        "" => CheckSays::CodesNothing,
        _ => CheckSays::Codes { name, ms: None },
    };
    good(CheckSubject::Encoder, says)
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

fn of_source(seen: &Result<Seen, String>) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Source;
    match seen {
        Ok(seen) => {
            let says = CheckSays::Pictures {
                width: seen.width,
                height: seen.height,
                fps: whole(seen.fps),
            };
            if seen.fps < FEWEST_FPS {
                return attention(WHAT, says, CheckAction::ChooseFormat);
            }
            good(WHAT, says)
        }
        Err(trouble) => {
            let detail = trouble.clone();
            bad(
                WHAT,
                CheckSays::NoPicture { detail },
                CheckAction::CheckCable,
            )
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate of pictures is a small positive number"
)]
fn whole(fps: f64) -> u32 {
    fps.round().clamp(0.0, 1_000.0) as u32
}

async fn encoder(options: EncodeOptions, seen: Seen) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Encoder;
    let settings = EncoderSettings {
        width: seen.width,
        height: seen.height,
        frame_rate: seen.fps.max(1.0),
        bit_rate: options.bit_rate,
        preset: options.preset,
        buffer_frames: options.buffer_frames,
    };
    let trying = spawn_blocking(move || choose(&options.choice, &[], &FfmpegFactory, &settings));
    let detail = match timeout(ENCODER_LIMIT, trying).await {
        Ok(Ok(Ok(chosen))) => {
            let says = CheckSays::Codes {
                name: chosen.name.to_owned(),
                ms: Some(millis(chosen.median)),
            };
            if chosen.median > SLOWEST_CODING {
                return attention(WHAT, says, CheckAction::EaseCoding);
            }
            return good(WHAT, says);
        }
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) | Err(_) => "none was ready in time".to_owned(),
    };
    let says = CheckSays::NoEncoder { detail };
    bad(WHAT, says, CheckAction::InstallEncoder)
}

async fn disk(settings: &AgentSettings) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Disk;
    let Some(saving) = &settings.saving else {
        return attention(WHAT, CheckSays::NoSpool, CheckAction::NameSpool);
    };
    let folder = saving.folder.clone();
    let tried = spawn_blocking(move || try_disk(&folder)).await;
    let detail = match tried {
        Ok(Ok((room, sync))) => return of_disk(room, sync),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the trial failed inside".to_owned(),
    };
    let says = CheckSays::DiskRefused { detail };
    bad(WHAT, says, CheckAction::WritableFolder)
}

fn of_disk(room: u64, sync: Duration) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Disk;
    let says = CheckSays::Room {
        mib: u32::try_from(room >> 20).unwrap_or(u32::MAX),
        sync_ms: millis(sync),
    };
    if room < ROOM_BYTES.1 {
        bad(WHAT, says, CheckAction::FreeRoomNow)
    } else if room < ROOM_BYTES.0 {
        attention(WHAT, says, CheckAction::FreeRoom)
    } else if sync > SLOWEST_SYNC {
        attention(WHAT, says, CheckAction::QuickerDisk)
    } else {
        good(WHAT, says)
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// Room, that of copies which go when it is needed included, and how long it takes until a MiB is durable.
fn try_disk(folder: &Path) -> std::io::Result<(u64, Duration)> {
    std::fs::create_dir_all(folder)?;
    let room = Disk.room(folder)?.saturating_add(bytes_of_copies(folder));
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

fn versions() -> CheckSays {
    CheckSays::Versions {
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        libraries: crate::av::version().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::check::CheckLevel as Level;

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
        let says = CheckSays::Pictures {
            width: 800,
            height: 600,
            fps: 8,
        };
        assert_eq!(of_source(&seen(7.6)).says, says);
        assert_eq!(of_source(&seen(7.6)).level, Level::Attention);
        let gone = of_source(&Err("no picture within 8 s".to_owned()));
        assert!(gone.level == Level::Bad && gone.action.is_some());
    }

    #[test]
    fn a_source_in_use_counts_as_looked_at() {
        let source = |health, trouble: Option<&str>| SourceStatus {
            health,
            words: String::new(),
            trouble: trouble.map(str::to_owned),
            fps: 30.0,
            width: 800,
            height: 600,
        };
        let level = |source| of_source(&of_running(&source)).level;
        assert_eq!(level(source(SourceHealth::Running, None)), Level::Good);
        assert_eq!(
            level(source(SourceHealth::Failed, Some("gone"))),
            Level::Bad
        );
        assert_eq!(of_working("libx264").level, Level::Good);
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
