//! Bringing a page that joins to the head of the log.
//!
//! Owns the texts of messages that are made of many parts: entries in messages of bounded size, and the snapshot, which
//! may be larger than a message because it is written to the page directly and waits in no queue. Entries that follow
//! the head at joining come through the page's queue, so that nothing is missing and nothing comes twice.

use crate::consult::CatchUp;
use axum::extract::ws::Utf8Bytes;
use wire::Seq;
use wire::log::LogEntry;
use wire::socket::{FromRelay, MAX_MESSAGE_BYTES};

/// Largest snapshot in bytes: about 2,000 marks of 20 points. Beyond it a page reads the log in pages.
const MAX_SNAPSHOT_BYTES: usize = 1024 * 1024;

/// How a page gets to the head, ready to be written.
#[derive(Debug, PartialEq)]
pub(super) enum Way {
    /// Written as it stands.
    Written(Vec<Utf8Bytes>),
    /// First this, then the entries after `after` up to and with `to`.
    Pages {
        /// An empty state, when the page begins from nothing.
        first: Option<Utf8Bytes>,
        /// Last entry that the page holds then.
        after: Seq,
        /// The head at joining.
        to: Seq,
    },
}

/// Prepares the way.
pub(super) fn way(catch_up: CatchUp) -> Way {
    match catch_up {
        CatchUp::Nothing => Way::Written(Vec::new()),
        CatchUp::Entries { after, to } => Way::Pages {
            first: None,
            after,
            to,
        },
        CatchUp::Everything { to } => from_nothing(to),
        CatchUp::Snapshot { seq, state } => {
            let line = line(&FromRelay::Snapshot { seq, state });
            if line.len() <= MAX_SNAPSHOT_BYTES {
                Way::Written(vec![line])
            } else {
                from_nothing(seq)
            }
        }
    }
}

fn from_nothing(to: Seq) -> Way {
    let empty = line(&FromRelay::Snapshot {
        seq: Seq::START,
        state: Box::default(),
    });
    Way::Pages {
        first: Some(empty),
        after: Seq::START,
        to,
    }
}

/// A message as text.
pub(super) fn line(message: &FromRelay) -> Utf8Bytes {
    // Wire types always serialise: they hold no maps with odd keys and no failing implementations.
    Utf8Bytes::from(serde_json::to_string(message).unwrap_or_default())
}

/// Entries as messages of at most `MAX_MESSAGE_BYTES`, at least one entry each.
pub(super) fn entry_lines(entries: &[LogEntry]) -> Vec<Utf8Bytes> {
    const HEAD: &str = r#"{"type":"entries","entries":["#;
    const TAIL: &str = "]}";
    let mut lines = Vec::new();
    let mut text = String::new();
    for entry in entries {
        let json = serde_json::to_string(entry).unwrap_or_default();
        if !text.is_empty() && text.len() + json.len() + 1 + TAIL.len() > MAX_MESSAGE_BYTES {
            text.push_str(TAIL);
            lines.push(Utf8Bytes::from(std::mem::take(&mut text)));
        }
        text.push_str(if text.is_empty() { HEAD } else { "," });
        text.push_str(&json);
    }
    if !text.is_empty() {
        text.push_str(TAIL);
        lines.push(Utf8Bytes::from(text));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consult::samples::{self, stroke};
    use wire::RelayTime;
    use wire::log::LogEvent;

    fn entries(count: u64, points: usize) -> Vec<LogEntry> {
        let who = samples::cardiologist();
        (1..=count)
            .map(|n| LogEntry {
                seq: Seq(n),
                at: RelayTime(n),
                author: who.author(),
                event: LogEvent::Marked {
                    mark: stroke(points),
                    gauge: None,
                },
            })
            .collect()
    }

    #[test]
    fn entries_come_in_messages_of_bounded_size_and_in_order() {
        let sent = entries(300, 40);
        let lines = entry_lines(&sent);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= MAX_MESSAGE_BYTES));
        let mut read = Vec::new();
        for line in &lines {
            match serde_json::from_str::<FromRelay>(line).unwrap() {
                FromRelay::Entries { entries } => read.extend(entries),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(read, sent);
        assert!(entry_lines(&[]).is_empty());
    }

    #[test]
    fn a_state_too_large_for_a_message_is_read_in_pages() {
        let mut shown = crate::consult::state::Shown::default();
        for entry in entries(900, 60) {
            shown.fold(&entry);
        }
        let way = way(CatchUp::Snapshot {
            seq: shown.head,
            state: Box::new(shown.state),
        });
        assert!(matches!(
            way,
            Way::Pages {
                first: Some(_),
                after: Seq::START,
                to: Seq(900)
            }
        ));
    }
}
