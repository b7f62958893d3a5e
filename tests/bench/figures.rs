//! Figures: what is measured, what must be reached, what others reach, and how all of it is printed and stored.
//!
//! Owns the list of keys with their targets and peers (the "must reach" of the issues), percentiles, the table and the JSON file.
//! It measures nothing. Invariant: a figure without a measured value is not in the file; nothing is filled in.

use crate::memory;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::path::Path;
use stories::machine::Machine;

/// What is known about a figure before it is measured.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Key in the file; issues and later comparisons name it.
    pub(crate) key: &'static str,
    /// Unit of the value.
    pub(crate) unit: &'static str,
    /// What must be reached, if anything.
    pub(crate) target: Option<f64>,
    /// More is better.
    pub(crate) wants_more: bool,
    /// What comparable software reaches, with the source in words.
    pub(crate) peer: &'static str,
}

const fn kind(
    key: &'static str,
    unit: &'static str,
    target: Option<f64>,
    peer: &'static str,
) -> Kind {
    Kind {
        key,
        unit,
        target,
        wants_more: false,
        peer,
    }
}

impl Kind {
    const fn more(self) -> Self {
        Self {
            wants_more: true,
            ..self
        }
    }

    fn is_reached(&self, target: f64, value: f64) -> bool {
        if self.wants_more {
            value >= target
        } else {
            value <= target
        }
    }
}

/// Everything that the bench can measure, in the order of the table.
pub(crate) const KINDS: &[Kind] = &[
    kind(
        "glass_30fps_p50_ms",
        "ms",
        Some(12.0),
        "5.6 without a relay",
    ),
    kind("glass_30fps_p90_ms", "ms", None, "8.9 without a relay"),
    kind(
        "glass_30fps_p99_ms",
        "ms",
        Some(30.0),
        "9.1 without a relay",
    ),
    kind(
        "glass_60fps_p50_ms",
        "ms",
        Some(20.0),
        "7.0-19.2 without a relay",
    ),
    kind("glass_60fps_p90_ms", "ms", None, "20.2 without a relay"),
    kind("glass_60fps_p99_ms", "ms", None, "21.3 without a relay"),
    kind("encode_p50_ms", "ms", None, "2-4 x264 superfast"),
    kind("encode_p99_ms", "ms", None, ""),
    kind("capture_to_sent_p50_ms", "ms", None, ""),
    kind("capture_to_sent_p99_ms", "ms", None, ""),
    kind(
        "relay_share_p50_ms",
        "ms",
        Some(1.0),
        "3.2-3.6 `rtc` at 50 viewers",
    ),
    kind("relay_share_p99_ms", "ms", None, ""),
    kind(
        "first_picture_ms",
        "ms",
        Some(250.0),
        "75-122 `rtc` prototype, 235-252 wrapper",
    ),
    kind("first_picture_p99_ms", "ms", None, ""),
    kind("tcp_first_picture_ms", "ms", Some(2_000.0), ""),
    kind("mark_round_trip_p50_ms", "ms", Some(60.0), ""),
    kind("mark_round_trip_p99_ms", "ms", None, ""),
    kind("freeze_p50_ms", "ms", Some(150.0), ""),
    kind("freeze_p99_ms", "ms", Some(150.0), ""),
    kind("original_p50_ms", "ms", Some(250.0), "nobody offers it"),
    kind("original_p99_ms", "ms", None, ""),
    kind("original_2mbit_p50_ms", "ms", Some(1_200.0), ""),
    kind("beat_first_frame_ms", "ms", Some(300.0), "nobody offers it"),
    kind("beat_playing_ms", "ms", Some(2_000.0), ""),
    kind(
        "replay_first_frame_ms",
        "ms",
        Some(300.0),
        "OHIF 5,000-50,000 to the first picture",
    ),
    kind("replay_seek_p50_ms", "ms", None, ""),
    kind("replay_seek_p95_ms", "ms", Some(50.0), ""),
    kind(
        "replay_wrong_frames",
        "of 10,000",
        Some(0.0),
        "162 of 277 by time × rate",
    ),
    kind("stored_first_frame_ms", "ms", Some(300.0), ""),
    kind("case_open_ms", "ms", Some(1_000.0), ""),
    kind(
        "decode_memory_mb",
        "MiB over idle",
        Some(64.0),
        "one process there and one confined",
    ),
    kind("save_clip_safe_ms", "ms", Some(1_000.0), ""),
    kind("save_clip_dicom_ms", "ms", Some(4_000.0), ""),
    kind("agent_memory_mb", "MB", Some(memory::BOUND_MB), ""),
    kind("clip_over_webrtc_s", "s", Some(2.0), "nobody offers it"),
    kind("spool_link_percent", "% of the link", Some(80.0), "").more(),
    kind("spool_cpu_percent", "% of a core", Some(10.0), ""),
    kind("glass_p99_saving_ratio", "of idle", Some(2.0), ""),
    kind("glass_p99_travelling_ratio", "of idle", Some(2.0), ""),
    kind("voice_relay_share_p95_ms", "ms", Some(5.0), ""),
    kind("voice_delay_p50_ms", "ms", None, ""),
    kind(
        "voice_concealed_loss10_percent",
        "%",
        None,
        "10 without redundancy",
    ),
    kind("voice_idle_delay_p95_ms", "ms", None, ""),
    kind("voice_busy_delay_p95_ms", "ms", None, ""),
    kind("voice_busy_more_delay_ms", "ms", Some(30.0), ""),
    kind("voice_idle_lost_percent", "%", None, ""),
    kind("voice_busy_lost_percent", "%", None, ""),
    kind("voice_busy_more_lost_percent", "%", Some(1.0), ""),
    kind("uplink_backoff_ms", "ms", Some(2_000.0), ""),
    kind(
        "uplink_recover_ms",
        "ms",
        Some(12_000.0),
        "stock `rtc` estimator not in 18,000",
    ),
    kind("uplink_queue_p95_ms", "ms", Some(150.0), ""),
    kind("glass_loss2_p50_ms", "ms", Some(40.0), ""),
    kind("glass_loss2_p99_ms", "ms", Some(90.0), ""),
    kind("glass_loss5_p99_ms", "ms", Some(150.0), ""),
    kind("loss5_longest_freeze_ms", "ms", Some(300.0), ""),
    kind("rural_fps", "fps", Some(20.0), "4.6 in a field study on 4G").more(),
    kind("rural_longest_freeze_ms", "ms", Some(500.0), ""),
    kind(
        "relay_cpu_per_packet_1_us",
        "µs",
        None,
        "28.8 `rtc`+GSO, Janus 41.7",
    ),
    kind(
        "relay_cpu_per_packet_10_us",
        "µs",
        None,
        "4.8-5.4 `rtc`+GSO, Janus 17.0",
    ),
    kind(
        "relay_cpu_per_packet_50_us",
        "µs",
        Some(5.0),
        "3.4-4.0 `rtc`+GSO, str0m 5.9, Janus 26.7",
    ),
    kind(
        "record_10_streams_core_percent",
        "% of a core",
        Some(15.0),
        "",
    ),
    kind("lift_picture_back_ms", "ms", Some(3_000.0), ""),
    kind(
        "lift_recording_complete_ms",
        "ms",
        Some(30_000.0),
        "nobody offers it",
    ),
    kind("cstore_small_s", "s", None, "dcmtk 0.19, Orthanc 0.4-1.5"),
    kind("cstore_small_orthanc_s", "s", None, ""),
    kind("cstore_small_dcmtk_s", "s", None, "without a sync"),
    kind("cstore_small_vs_orthanc", "of Orthanc", Some(0.7), ""),
    kind(
        "cstore_small_over_dcmtk_fsyncs",
        "fsyncs for all",
        Some(1.5),
        "dcmtk syncs nothing",
    ),
    kind(
        "cstore_small_over_dcmtk_fsyncs_each",
        "fsyncs an object",
        Some(1.5),
        "",
    ),
    kind("cstore_large_s", "s", None, "dcmtk 0.85, Orthanc 1.9-2.8"),
    kind("cstore_large_orthanc_s", "s", None, ""),
    kind("cstore_large_dcmtk_s", "s", None, "without a sync"),
    kind("cstore_large_vs_orthanc", "of Orthanc", Some(0.7), ""),
    kind(
        "cstore_large_over_dcmtk_fsyncs",
        "fsyncs for all",
        Some(1.5),
        "dcmtk syncs nothing",
    ),
    kind(
        "cstore_large_over_dcmtk_fsyncs_each",
        "fsyncs an object",
        Some(1.5),
        "",
    ),
    kind("fsync_floor_ms", "ms", None, "one file of 59 kB"),
    kind("fsync_floor_large_ms", "ms", None, "one file of 6.1 MB"),
    kind("floor_per_packet_us", "µs", None, "3.25 seal + sendto"),
    kind(
        "viewer_initial_js_gzip_kb",
        "KB",
        Some(60.0),
        "OHIF entry about 1,016",
    ),
    kind("stow_small_s", "s", None, ""),
    kind("stow_small_orthanc_s", "s", None, ""),
    kind(
        "stow_small_vs_orthanc",
        "of its time",
        Some(1.0),
        "Orthanc in the same run",
    ),
    kind("stow_large_s", "s", None, ""),
    kind("stow_large_orthanc_s", "s", None, ""),
    kind(
        "stow_large_vs_orthanc",
        "of its time",
        Some(1.0),
        "Orthanc in the same run",
    ),
    kind("qido_10k_ms", "ms", Some(20.0), "Orthanc 150-220 over 100"),
    kind("wado_metadata_ms", "ms", None, ""),
    kind("wado_metadata_orthanc_ms", "ms", None, ""),
    kind(
        "wado_metadata_vs_orthanc",
        "of its time",
        Some(0.5),
        "Orthanc in the same run",
    ),
    kind("wado_frame_ms", "ms", None, ""),
    kind("wado_frame_orthanc_ms", "ms", None, ""),
    kind(
        "wado_frame_vs_orthanc",
        "of its time",
        Some(0.5),
        "Orthanc in the same run",
    ),
];

/// What has been measured.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    values: Vec<(&'static str, f64)>,
    notes: Vec<String>,
}

impl Figures {
    /// Keeps a value.
    pub(crate) fn set(&mut self, key: &'static str, value: f64) {
        debug_assert!(
            KINDS.iter().any(|kind| kind.key == key),
            "{key} is in the list"
        );
        self.values.retain(|(known, _)| *known != key);
        self.values.push((key, value));
    }

    /// Keeps a sentence for below the table: sample sizes, what was left out.
    pub(crate) fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }

    fn get(&self, key: &str) -> Option<f64> {
        self.values
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| *value)
    }

    /// Keys whose target was missed.
    pub(crate) fn missed(&self) -> Vec<&'static str> {
        let missed = |kind: &&Kind| {
            kind.target
                .zip(self.get(kind.key))
                .is_some_and(|(target, value)| !kind.is_reached(target, value))
        };
        KINDS.iter().filter(missed).map(|kind| kind.key).collect()
    }

    /// The one table.
    pub(crate) fn table(&self, machine: &Machine) -> String {
        let mut rows = vec![["figure", "value", "unit", "target", "", "peer"].map(str::to_owned)];
        for kind in KINDS {
            let Some(value) = self.get(kind.key) else {
                continue;
            };
            let target = kind.target.map_or_else(String::new, |t| {
                let sign = if kind.wants_more { '≥' } else { '≤' };
                format!("{sign} {}", short(t))
            });
            let verdict = kind.target.map_or("", |t| {
                if kind.is_reached(t, value) {
                    "✓"
                } else {
                    "✗"
                }
            });
            rows.push([
                kind.key.to_owned(),
                short(value),
                kind.unit.to_owned(),
                target,
                verdict.to_owned(),
                kind.peer.to_owned(),
            ]);
        }
        let mut text = String::new();
        let width = |column: usize| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..6).map(width).collect();
        for row in &rows {
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let pad = " ".repeat(width - cell.chars().count());
                // Numbers stand to the right, words to the left.
                text += &if matches!(at, 1 | 3) {
                    format!("{pad}{cell}  ")
                } else {
                    format!("{cell}{pad}  ")
                };
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        for note in &self.notes {
            text += &format!("  {note}\n");
        }
        text += &format!(
            "  {} × {}, Linux {}, load {:.2} before and {:.2} after{}\n",
            machine.cores,
            machine.cpu,
            machine.kernel,
            machine.load_before,
            machine.load_after,
            machine
                .browser
                .as_ref()
                .map_or_else(String::new, |v| format!(", Chromium {v}")),
        );
        text
    }

    /// Writes the file; figures of other groups that stand in it stay.
    pub(crate) fn write(&self, path: &Path, machine: &Machine) -> Result<()> {
        let before = std::fs::read_to_string(path)
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let mut figures: Map<String, Value> = before
            .and_then(|mut file| {
                file.get_mut("figures")
                    .and_then(Value::as_object_mut)
                    .map(std::mem::take)
            })
            .unwrap_or_default();
        for kind in KINDS {
            if let Some(value) = self.get(kind.key) {
                let mut figure = Map::new();
                figure.insert("value".to_owned(), json!(rounded(value)));
                figure.insert("unit".to_owned(), json!(kind.unit));
                if let Some(target) = kind.target {
                    figure.insert("target".to_owned(), json!(target));
                }
                let better = if kind.wants_more { "higher" } else { "lower" };
                figure.insert("better".to_owned(), json!(better));
                figures.insert(kind.key.to_owned(), Value::Object(figure));
            }
        }
        let file = json!({ "figures": figures, "machine": machine, "notes": self.notes });
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, format!("{file:#}\n"))
            .with_context(|| format!("write {}", path.display()))
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn short(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// Percentiles of one pooled list, by nearest rank: the smallest value with at least `p` of all at or below it.
#[derive(Debug)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    /// Sorts; refuses an empty list or one with something that is no number.
    pub(crate) fn of(mut all: Vec<f64>, what: &str) -> Result<Self> {
        anyhow::ensure!(!all.is_empty(), "nothing was measured: {what}");
        anyhow::ensure!(
            all.iter().all(|value| value.is_finite()),
            "not all are numbers: {what}"
        );
        all.sort_by(f64::total_cmp);
        Ok(Self(all))
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The percentile `p`, 0..=100.
    pub(crate) fn p(&self, p: usize) -> f64 {
        let rank = (self.0.len() * p).div_ceil(100).clamp(1, self.0.len());
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let spread = Spread::of((1..=200).rev().map(f64::from).collect(), "numbers").unwrap();
        assert_eq!(
            (spread.p(0), spread.p(50), spread.p(99), spread.p(100)),
            (1.0, 100.0, 198.0, 200.0)
        );
        assert_eq!(Spread::of(vec![7.0], "one").unwrap().p(99), 7.0);
        assert!(Spread::of(vec![], "nothing").is_err());
        assert!(Spread::of(vec![f64::NAN], "no number").is_err());
    }

    #[test]
    fn a_file_keeps_the_figures_of_other_groups() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bench.json");
        let mut first = Figures::default();
        first.set("first_picture_ms", 99.5);
        first.write(&path, &Machine::read()).unwrap();
        let mut second = Figures::default();
        second.set("relay_share_p50_ms", 2.5);
        second.write(&path, &Machine::read()).unwrap();
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(file["figures"]["first_picture_ms"]["value"], 99.5);
        assert_eq!(file["figures"]["relay_share_p50_ms"]["target"], 1.0);
        assert_eq!(
            (first.missed(), second.missed()),
            (vec![], vec!["relay_share_p50_ms"])
        );
    }
}
