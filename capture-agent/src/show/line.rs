//! The state in one line of text (pure).
//!
//! Two of them: the whole line with figures for a screen, and a headline without figures that changes only when
//! something worth telling happened, for a log.

use crate::stats::Figures;
use crate::status::{JournalStatus, Link, Share, Status};
use std::time::Instant;
use wire::agent::SourceHealth;

/// A shorter queue is what every frame makes.
const WORTH_SAYING_MS: u32 = 20;

/// The whole state in one line.
pub(super) fn line(status: &Status, second: &Figures, now: Instant) -> String {
    let clips = clips(status).map_or_else(String::new, |clips| format!(" | {clips}"));
    let journal = journal(status).map_or_else(String::new, |journal| format!(" | {journal}"));
    format!(
        "{}{clips}{journal} | {}",
        link(&status.link, now),
        picture(status, second)
    )
}

/// What must be told even where nobody looks at a changing line: link and health, without figures.
pub(super) fn headline(status: &Status) -> String {
    let link = match &status.link {
        Link::Live { .. } => "LIVE".to_owned(),
        // Without the wait, which is another each time.
        Link::Waiting { reason, .. } => format!("waiting for the relay: {reason}"),
        other => link(other, Instant::now()),
    };
    let clips = clips(status).map_or_else(String::new, |clips| format!(" | {clips}"));
    let trouble = status.journal.as_ref().and_then(journal_trouble);
    let trouble = trouble.map_or_else(String::new, |trouble| format!(" | {trouble}"));
    format!("{link} | {}{clips}{trouble}", source(status))
}

/// What is kept of the coded picture; nothing when there is no journal.
fn journal(status: &Status) -> Option<String> {
    let journal = status.journal.as_ref()?;
    journal_trouble(journal).or_else(|| {
        let (bytes, minutes) = (journal.bytes >> 20, journal.seconds / 60);
        let missed = match journal.missed {
            0 => String::new(),
            count => format!(", {count} frames missed: the disk is slow"),
        };
        Some(format!("journal: {minutes} min, {bytes} MiB{missed}"))
    })
}

fn journal_trouble(journal: &JournalStatus) -> Option<String> {
    let trouble = journal.trouble.as_ref()?;
    Some(format!(
        "the journal is NOT written: {trouble}; the picture goes on"
    ))
}

/// Clips of this device; nothing when there are none and nothing is wrong.
fn clips(status: &Status) -> Option<String> {
    let clips = status.clips.as_ref()?;
    if let Some(trouble) = &clips.trouble {
        return Some(trouble.clone());
    }
    let counts = &clips.counts;
    (counts.safe_here + counts.sent > 0).then(|| {
        let refused = match counts.refused {
            0 => String::new(),
            count => format!(", REFUSED by the relay {count}"),
        };
        format!(
            "clips: safe here {}, sent {}, unsent {}{refused}",
            counts.safe_here, counts.sent, counts.unsent
        )
    })
}

fn link(link: &Link, now: Instant) -> String {
    match link {
        Link::Off => "not publishing (no relay configured)".to_owned(),
        Link::Connecting => "connecting to the relay".to_owned(),
        Link::Live { since } => {
            let seconds = now.saturating_duration_since(*since).as_secs();
            format!(
                "LIVE {:02}:{:02}:{:02}",
                seconds / 3600,
                seconds / 60 % 60,
                seconds % 60
            )
        }
        Link::Mending => "connection interrupted, mending".to_owned(),
        Link::Waiting { reason, retry_in } => {
            format!("waiting {:.1} s: {reason}", retry_in.as_secs_f64())
        }
        Link::Refused { reason } => format!("refused: {reason}"),
    }
}

fn source(status: &Status) -> String {
    let source = &status.source;
    match (source.health, &source.trouble) {
        (SourceHealth::Failed, Some(trouble)) => {
            format!("source FAILED: {trouble}; it is tried again, everything else goes on")
        }
        (SourceHealth::Failed, None) => {
            "source FAILED; it is tried again, everything else goes on".to_owned()
        }
        (SourceHealth::Opening, _) => "opening the source".to_owned(),
        (SourceHealth::Running, _) => {
            format!("{} {}x{}", source.words, source.width, source.height)
        }
    }
}

fn picture(status: &Status, second: &Figures) -> String {
    let mut parts = vec![source(status)];
    if status.source.health == SourceHealth::Running {
        parts.push(format!("{:.1} fps", status.source.fps));
        if second.encoded > 0 {
            parts.push(format!(
                "{} {} kbit/s",
                status.encoder,
                second.encoded_bytes * 8 / 1000
            ));
            parts.push(format!(
                "capture to sent {:.1} ms, p99 {:.1}",
                second.capture_to_sent.p50_ms, second.capture_to_sent.p99_ms
            ));
        }
        parts.extend(status.uplink.as_ref().and_then(uplink));
        if status.frames_skipped > 0 {
            parts.push(format!("replaced {}", status.frames_skipped));
        }
    }
    parts.join(" | ")
}

/// What the link does to the picture; nothing while it does nothing.
fn uplink(share: &Share) -> Option<String> {
    let mut parts = Vec::new();
    if share.scale_percent < 100 {
        parts.push(format!("picture at {} %", share.scale_percent));
    }
    if let Some(rate) = share.frame_rate {
        parts.push(format!("{rate:.0} frames/s sent"));
    }
    if share.lost_percent > 0 {
        parts.push(format!("{} % lost", share.lost_percent));
    }
    if share.queue_ms >= WORTH_SAYING_MS {
        parts.push(format!("{} ms queue", share.queue_ms));
    }
    (!parts.is_empty()).then(|| format!("link {} kbit/s: {}", share.target_kbps, parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::BitRate;
    use crate::status::StatusBoard;
    use std::time::Duration;

    #[test]
    fn the_line_says_live_source_and_figures() {
        let now = Instant::now();
        let mut status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
        status.link = Link::Live {
            since: now - Duration::from_secs(3723),
        };
        status.source.health = SourceHealth::Running;
        (status.source.words, status.source.fps, status.encoder) =
            ("test pattern".into(), 29.97, "libx264".into());
        (status.source.width, status.source.height) = (800, 600);
        let second = Figures {
            encoded: 30,
            encoded_bytes: 250_000,
            ..Figures::default()
        };
        let line = line(&status, &second, now);
        assert_eq!(
            line,
            "LIVE 01:02:03 | test pattern 800x600 | 30.0 fps | libx264 2000 kbit/s | capture to sent 0.0 ms, p99 0.0"
        );
    }

    #[test]
    fn clips_are_counted_and_their_trouble_is_told() {
        let mut status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
        let mut clips = crate::status::ClipStatus::default();
        status.clips = Some(clips.clone());
        assert!(!headline(&status).contains("clips"), "nothing to tell yet");
        (
            clips.counts.safe_here,
            clips.counts.sent,
            clips.counts.unsent,
        ) = (2, 5, 2);
        status.clips = Some(clips.clone());
        let told = line(&status, &Figures::default(), Instant::now());
        assert!(
            told.contains("clips: safe here 2, sent 5, unsent 2"),
            "{told}"
        );
        clips.trouble = Some("a clip was NOT saved: the disk is full".to_owned());
        status.clips = Some(clips);
        assert!(headline(&status).contains("NOT saved"));
    }

    #[test]
    fn the_journal_says_how_much_it_keeps_and_its_trouble_in_plain_words() {
        let mut status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
        let mut journal = JournalStatus {
            bytes: 132 << 20,
            seconds: 490,
            ..JournalStatus::default()
        };
        status.journal = Some(journal.clone());
        let told = line(&status, &Figures::default(), Instant::now());
        assert!(told.contains("journal: 8 min, 132 MiB |"), "{told}");
        assert!(!headline(&status).contains("journal"), "figures change");
        journal.trouble = Some("the disk is full".to_owned());
        status.journal = Some(journal);
        let told = "the journal is NOT written: the disk is full; the picture goes on";
        assert!(headline(&status).contains(told));
    }

    #[test]
    fn trouble_is_told_with_its_reason() {
        let mut status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
        status.source.health = SourceHealth::Failed;
        status.source.trouble = Some("the source cannot be opened: no such file".to_owned());
        status.link = Link::Waiting {
            reason: "the relay does not answer".to_owned(),
            retry_in: Duration::from_millis(700),
        };
        let headline = headline(&status);
        assert!(
            headline.contains("no such file")
                && headline.contains("everything else goes on")
                && headline.contains("does not answer")
                && !headline.contains("0.7")
        );
    }

    #[test]
    fn the_line_says_what_a_weak_link_does_to_the_picture() {
        let weak = Share {
            target_kbps: 310,
            scale_percent: 50,
            frame_rate: Some(20.0),
            lost_percent: 2,
            queue_ms: 35,
            round_trip_ms: Some(120),
        };
        assert_eq!(
            uplink(&weak).as_deref(),
            Some("link 310 kbit/s: picture at 50 %, 20 frames/s sent, 2 % lost, 35 ms queue")
        );
        let wide = Share {
            target_kbps: 12_000,
            scale_percent: 100,
            frame_rate: None,
            lost_percent: 0,
            queue_ms: 3,
            ..weak
        };
        assert_eq!(uplink(&wide), None);
    }
}
