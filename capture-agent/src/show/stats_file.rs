//! Measured times in a file, for the bench: rewritten once a second, whole at any moment.
//!
//! The fields are the figures of the last second and of all time. A bench reads the file at its end; nothing else
//! depends on it.

use crate::spool::Counts;
use crate::stats::Figures;
use crate::status::{LastSave, Link, Share, Status};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::time::Duration;

/// The file.
#[derive(Serialize)]
struct Report<'a> {
    /// Seconds since the agent started.
    running_s: f64,
    live: bool,
    encoder: &'a str,
    target_kbps: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    uplink: Option<Share>,
    fps: f32,
    width: u32,
    height: u32,
    frames_replaced: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    clips: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_save: Option<LastSave>,
    last_second: &'a Figures,
    total: &'a Figures,
}

/// Writes it. A failure is logged, never fatal: measuring must not stop a picture.
pub fn write_stats(
    path: &Path,
    status: &Status,
    running: Duration,
    second: &Figures,
    total: &Figures,
) {
    let report = Report {
        running_s: running.as_secs_f64(),
        live: matches!(status.link, Link::Live { .. }),
        encoder: &status.encoder,
        target_kbps: status.bit_rate.kbps(),
        uplink: status.uplink,
        fps: status.source.fps,
        width: status.source.width,
        height: status.source.height,
        frames_replaced: status.frames_skipped,
        clips: status.clips.as_ref().map(|clips| clips.counts),
        last_save: status.clips.as_ref().and_then(|clips| clips.last),
        last_second: second,
        total,
    };
    if let Err(error) = replace(path, &report) {
        tracing::warn!(error = %error, "measured times could not be written");
    }
}

/// Beside, then over: a reader never sees half a file.
fn replace(path: &Path, report: &Report<'_>) -> io::Result<()> {
    let beside = path.with_extension("part");
    std::fs::write(&beside, serde_json::to_vec(report)?)?;
    std::fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::BitRate;
    use crate::status::StatusBoard;

    #[test]
    fn the_file_is_json_with_the_figures_of_the_last_second_and_of_all_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stats.json");
        let status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
        let figures = Figures {
            encoded: 30,
            ..Figures::default()
        };
        write_stats(&path, &status, Duration::from_secs(1), &figures, &figures);
        let read: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(read["last_second"]["encoded"], 30);
        assert_eq!(read["total"]["capture_to_sent"]["p50_ms"], 0.0);
        assert_eq!(read["live"], false);
    }
}
