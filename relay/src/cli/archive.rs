//! The archive: what somebody has to look at.

use super::Opened;
use super::args::Archive;
use super::fault::Fault;
use crate::clock::Clock;
use crate::store::{self, ConflictKind, ConflictRow};
use echo_dicom::write::{LocalTime, UtcOffset};
use wire::CaptureTime;

/// Lines of one list.
const MAX_LISTED: u32 = 10_000;

/// Lists, or notes that somebody looked. No line names a patient or a study.
pub(super) async fn change(opened: &Opened, what: Archive) -> Result<(), Fault> {
    match what {
        Archive::Conflicts { all } => {
            let rows = opened.store.read("list conflicts", move |db| {
                store::conflicts(db, all, MAX_LISTED)
            });
            for row in rows.await? {
                println!("{}", line(&row));
            }
        }
        Archive::Settle { objects } => {
            let now = Clock::default().now();
            for object in objects {
                let settled = opened.store.write("settle a conflict", move |db| {
                    store::settle_conflict(db, object, now)
                });
                if !settled.await? {
                    return Err(Fault::Unknown(
                        "there is no such object among those to look at; relay archive conflicts lists them",
                    ));
                }
            }
        }
    }
    Ok(())
}

fn line(row: &ConflictRow) -> String {
    let (word, of) = match row.kind {
        ConflictKind::SameInstance => ("same-uid", "beside"),
        ConflictKind::OtherPatient => ("other-patient", "in the study of"),
    };
    let other = row.other.map_or_else(
        || "one that is not here".to_owned(),
        |other| other.to_string(),
    );
    // What a sender calls itself stands on one line and moves no cursor.
    let sender = row.sender.escape_debug();
    let at = LocalTime::at(CaptureTime(row.arrived_at.0), UtcOffset::JAPAN);
    let at = at.map_or_else(|| "9999-12-31 23:59".to_owned(), LocalTime::words);
    let settled = if row.settled { "  settled" } else { "" };
    format!(
        "{at}  {word}  {sender}  {}  {of} {other}{settled}",
        row.digest
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::RelayTime;
    use wire::original::Digest;

    #[test]
    fn a_line_says_when_why_who_and_which_and_moves_no_cursor() {
        let row = ConflictRow {
            // 2026-11-27 14:05 in Japan.
            arrived_at: RelayTime(1_795_755_900_000_000),
            kind: ConflictKind::SameInstance,
            sender: "CART\u{1b}[2J".to_owned(),
            digest: Digest::from_bytes([0xAB; 32]),
            other: Some(Digest::from_bytes([0xCD; 32])),
            settled: false,
        };
        let (one, other) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(
            line(&row),
            format!("2026-11-27 14:05  same-uid  CART\\u{{1b}}[2J  {one}  beside {other}")
        );
        let row = ConflictRow {
            kind: ConflictKind::OtherPatient,
            other: None,
            settled: true,
            ..row
        };
        assert!(line(&row).ends_with("  in the study of one that is not here  settled"));
    }
}
