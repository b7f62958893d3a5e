//! What operators watch, named after what a clinician feels.
//!
//! Owns the counters and their text form (Prometheus exposition format 0.0.4). Counters are atomics that anybody may
//! raise; what has a present value is asked for when somebody reads. Invariant: labels come from closed lists of ours,
//! never from input, and no value names a person, a consult or an address.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wire::problem::ProblemCode;

/// Upper bounds of histogram buckets in milliseconds: from one frame to what makes people hang up.
const BUCKETS_MS: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 2_500, 10_000];

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn up(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long something took, in buckets.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Counter; BUCKETS_MS.len()],
    count: Counter,
    sum_us: Counter,
}

impl Histogram {
    /// It took this long.
    pub fn took(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        for (bound, bucket) in BUCKETS_MS.iter().zip(&self.buckets) {
            if us <= bound * 1_000 {
                bucket.up();
            }
        }
        self.count.up();
        self.sum_us.add(us);
    }
}

/// Refusals by code.
#[derive(Debug)]
pub struct Refusals(Vec<(ProblemCode, Counter)>);

impl Default for Refusals {
    fn default() -> Self {
        Self(
            ProblemCode::ALL
                .iter()
                .map(|code| (*code, Counter::default()))
                .collect(),
        )
    }
}

impl Refusals {
    /// One more.
    pub fn up(&self, code: ProblemCode) {
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == code) {
            counter.up();
        }
    }
}

/// All counters of the relay.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Marks that are in a log for good.
    pub marks: Counter,
    /// Entries that are in a log for good.
    pub entries: Counter,
    /// Batches that could not be made durable.
    pub store_failures: Counter,
    /// Consults that had to be restarted after a fault.
    pub consult_faults: Counter,
    /// Sockets that were welcomed.
    pub sockets: Counter,
    /// Messages that were left out because a page was slow.
    pub messages_left_out: Counter,
    /// Messages of pages of a type that this relay does not know, and other malformed ones.
    pub messages_refused: Counter,
    /// Control messages of agents that were refused.
    pub agent_messages_refused: Counter,
    /// Originals that were kept.
    pub originals: Counter,
    /// Originals, or pieces of them, that were refused or could not be kept.
    pub originals_refused: Counter,
    /// Clips that were kept.
    pub clips: Counter,
    /// Their bytes.
    pub clip_bytes: Counter,
    /// Clips that came with the UID of another one; the archive keeps both.
    pub clips_beside: Counter,
    /// Clips that were refused or could not be kept.
    pub clips_refused: Counter,
    /// Messages on the channel for clips that made no sense.
    pub clip_messages_refused: Counter,
    /// Messages on that channel that were dropped because the disk did not keep up; they come again.
    pub clip_pieces_dropped: Counter,
    /// Frames of clips that were given out.
    pub clip_frames: Counter,
    /// Frames and tables of clips that could not be given out although their clip is here.
    pub clip_faults: Counter,
    /// From the request for a clip's frame to its bytes.
    pub clip_frame: Histogram,
    /// Frames that were recorded as they arrived.
    pub frames_recorded: Counter,
    /// Frames that were sent again for a recording.
    pub frames_filled: Counter,
    /// Frames whose stamp lay far from their agent's clock; they are not recorded.
    pub frames_misdated: Counter,
    /// Packets that were not recorded because the disk did not keep up; they come again.
    pub packets_unrecorded: Counter,
    /// Messages on the channel for back-fill that made no sense or came too fast.
    pub backfill_refused: Counter,
    /// How often a recording came to a stop because the disk took nothing.
    pub recordings_stopped: Counter,
    /// Voice packets that were recorded.
    pub voice_recorded: Counter,
    /// Voice packets that were not recorded although they should have been: the disk did not keep up, or they came too fast.
    pub voice_unrecorded: Counter,
    /// How often the recording of voices came to a stop because the disk took nothing.
    pub voice_recordings_stopped: Counter,
    /// Microseconds in which a picture stood still although its publisher was there.
    pub frozen_us: Counter,
    /// From the request to watch until the picture can flow.
    pub first_frame: Histogram,
    /// Age of stamped frames when their stamp reached the relay.
    pub image_age: Histogram,
    /// From a mark's arrival until it is durable.
    pub mark_stored: Histogram,
    /// Refused requests and messages.
    pub refused: Refusals,
}

/// What has a present value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Present {
    /// Consults that somebody or a picture is in.
    pub consults_live: u64,
    /// Consults with a picture.
    pub pictures: u64,
    /// People with an open page.
    pub participants: u64,
    /// Open HTTP connections, sockets included.
    pub connections: u64,
}

/// The text form.
pub struct Text(String);

impl Text {
    /// A counter or gauge.
    pub fn value(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        value: impl std::fmt::Display,
    ) -> &mut Self {
        self.head(name, kind, help);
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "hibiki_{name} {value}");
        self
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(
            self.0,
            "# HELP hibiki_{name} {help}\n# TYPE hibiki_{name} {kind}"
        );
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> &mut Self {
        self.head(name, "histogram", help);
        for (bound, bucket) in BUCKETS_MS.iter().zip(&histogram.buckets) {
            let _ = writeln!(
                self.0,
                "hibiki_{name}_bucket{{le=\"{bound}\"}} {}",
                bucket.get()
            );
        }
        let (count, sum) = (histogram.count.get(), millis(histogram.sum_us.get()));
        let _ = writeln!(
            self.0,
            "hibiki_{name}_bucket{{le=\"+Inf\"}} {count}\nhibiki_{name}_sum {sum}\nhibiki_{name}_count {count}"
        );
        self
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Metrics {
    /// Everything that this module knows.
    pub fn text(&self, present: Present) -> Text {
        let mut text = Text(String::with_capacity(8 * 1024));
        text.value("consults_live", "gauge", "Consults that somebody or a picture is in.", present.consults_live)
            .value("pictures_live", "gauge", "Consults with a picture.", present.pictures)
            .value("participants", "gauge", "People with an open page.", present.participants)
            .value("connections", "gauge", "Open HTTP connections, sockets included.", present.connections)
            .histogram("time_to_first_frame_ms", "From the request to watch until the picture flows to that page.", &self.first_frame)
            .histogram("image_age_ms", "Age of a stamped frame when its stamp reaches the relay; glass adds the way to the page.", &self.image_age)
            .histogram("mark_stored_ms", "From the arrival of a mark until it is durable and told to all.", &self.mark_stored)
            .value("frozen_seconds_total", "counter", "Time in which a picture stood still although its publisher was there.", millis(self.frozen_us.get() / 1_000))
            .value("marks_total", "counter", "Marks that are in a log for good.", self.marks.get())
            .value("log_entries_total", "counter", "Log entries that are durable.", self.entries.get())
            .value("store_failures_total", "counter", "Batches that could not be made durable; what was in them was refused.", self.store_failures.get())
            .value("consult_faults_total", "counter", "Consults restarted from their log after a fault.", self.consult_faults.get())
            .value("sockets_total", "counter", "Pages that were welcomed.", self.sockets.get())
            .value("messages_left_out_total", "counter", "Presence and flow messages left out because a page was slow.", self.messages_left_out.get())
            .value("messages_refused_total", "counter", "Malformed or unknown messages of pages.", self.messages_refused.get())
            .value("agent_messages_refused_total", "counter", "Malformed or too frequent control messages of agents.", self.agent_messages_refused.get())
            .value("originals_total", "counter", "Originals of frozen frames that were kept.", self.originals.get())
            .value("originals_refused_total", "counter", "Originals, or pieces of them, that were refused or not kept.", self.originals_refused.get())
            .value("clips_total", "counter", "Clips that were kept.", self.clips.get())
            .value("clip_bytes_total", "counter", "Bytes of clips that were kept.", self.clip_bytes.get())
            .value("clips_beside_total", "counter", "Clips that came with the UID of another object; the archive keeps both.", self.clips_beside.get())
            .value("clips_refused_total", "counter", "Clips that were refused or not kept.", self.clips_refused.get())
            .value("clip_messages_refused_total", "counter", "Messages about clips that made no sense.", self.clip_messages_refused.get())
            .value("clip_pieces_dropped_total", "counter", "Messages about clips dropped because the disk did not keep up; they come again.", self.clip_pieces_dropped.get())
            .value("clip_frames_total", "counter", "Frames of clips that were given out.", self.clip_frames.get())
            .value("clip_faults_total", "counter", "Frames and tables that could not be given out although their clip is here.", self.clip_faults.get())
            .value("frames_recorded_total", "counter", "Frames that were recorded as they arrived.", self.frames_recorded.get())
            .value("frames_filled_total", "counter", "Frames that were sent again for a recording after a gap.", self.frames_filled.get())
            .value("frames_misdated_total", "counter", "Frames not recorded because their stamp lay far from their agent's clock.", self.frames_misdated.get())
            .value("packets_unrecorded_total", "counter", "Packets not recorded because the disk did not keep up; they are sent again.", self.packets_unrecorded.get())
            .value("backfill_refused_total", "counter", "Messages about recordings that made no sense or came too fast.", self.backfill_refused.get())
            .value("recordings_stopped_total", "counter", "Times that a recording stood still because the disk took nothing.", self.recordings_stopped.get())
            .value("voice_packets_recorded_total", "counter", "Voice packets recorded with consent.", self.voice_recorded.get())
            .value("voice_packets_unrecorded_total", "counter", "Voice packets not recorded although they should have been, because the disk did not keep up, or they came too fast to be a voice.", self.voice_unrecorded.get())
            .value("voice_recordings_stopped_total", "counter", "Times that a recording of voices stood still because the disk took nothing.", self.voice_recordings_stopped.get())
            .histogram("clip_frame_ms", "From the request for a clip's frame to its bytes.", &self.clip_frame);
        text.head(
            "refused_total",
            "counter",
            "Refused requests and messages by code.",
        );
        for (code, counter) in &self.refused.0 {
            let name = serde_json::to_string(code).unwrap_or_default();
            let _ = writeln!(
                text.0,
                "hibiki_refused_total{{code={name}}} {}",
                counter.get()
            );
        }
        text
    }
}

/// Thousandths with a point: Prometheus wants base units where a name says so.
fn millis(thousandths: u64) -> String {
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_sample_or_a_comment() {
        let metrics = Metrics::default();
        metrics.mark_stored.took(Duration::from_micros(4_200));
        metrics.refused.up(ProblemCode::TicketUsed);
        let text = metrics
            .text(Present {
                participants: 3,
                ..Present::default()
            })
            .finish();
        assert!(text.contains("\nhibiki_participants 3\n"));
        assert!(text.contains("hibiki_refused_total{code=\"ticketUsed\"} 1"));
        assert!(
            text.contains("hibiki_mark_stored_ms_bucket{le=\"2\"} 0")
                && text.contains("hibiki_mark_stored_ms_bucket{le=\"5\"} 1")
        );
        assert!(text.contains("hibiki_mark_stored_ms_sum 4.200"));
        for line in text.lines() {
            let sample = line.rsplit_once(' ').is_some_and(|(name, value)| {
                name.starts_with("hibiki_") && value.parse::<f64>().is_ok()
            });
            assert!(line.starts_with("# ") || sample, "{line}");
        }
    }
}
