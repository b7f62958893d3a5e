//! What is to go to other archives, and what became of it.
//!
//! An item goes to a destination once: the pair is the key, so that queueing again changes nothing. What is kept while a rule names a
//! destination is queued by the schema's triggers, in the transaction that keeps it. Rows stay after they are sent; there are as many
//! as objects and clips, for each destination.

use super::json::{signed, unsigned};
use rusqlite::{Connection, Result, Row};
use std::fmt;
use std::str::FromStr;
use wire::original::Digest;
use wire::{ClipId, ConsultId, RelayTime};

/// What goes to a destination by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Every object that arrives, and every clip.
    Everything,
    /// Clips that were saved in consults, and what was drawn and measured on them.
    Consults,
}

impl Takes {
    const fn word(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Consults => "consults",
        }
    }
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardItem {
    /// An object of the archive.
    Object(Digest),
    /// A clip of a consult.
    Clip(ConsultId, ClipId),
}

impl fmt::Display for ForwardItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(digest) => write!(f, "object/{digest}"),
            Self::Clip(consult, clip) => write!(f, "clip/{consult}/{clip}"),
        }
    }
}

/// This names no item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an item of the queue names neither an object nor a clip")]
pub struct NoItem;

impl FromStr for ForwardItem {
    type Err = NoItem;

    fn from_str(text: &str) -> std::result::Result<Self, NoItem> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            ["object", digest] => digest.parse().map(Self::Object).map_err(|_| NoItem),
            ["clip", consult, clip] => {
                let consult = consult.parse().map_err(|_| NoItem)?;
                Ok(Self::Clip(consult, clip.parse().map_err(|_| NoItem)?))
            }
            _ => Err(NoItem),
        }
    }
}

/// How far an item is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardState {
    /// It will be tried, or tried again.
    Waiting,
    /// The destination has it.
    Sent,
    /// The destination will never take it.
    Refused,
    /// Somebody said that it need not go.
    GivenUp,
}

impl ForwardState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Sent, Self::Refused, Self::GivenUp];

    /// As in the database and on the terminal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

/// An item on its way to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardRow {
    /// Its number in the queue.
    pub id: i64,
    /// To whom.
    pub destination: String,
    /// What.
    pub item: ForwardItem,
    /// How far.
    pub state: ForwardState,
    /// How often it was tried.
    pub tries: u32,
    /// Not before then.
    pub next_at: RelayTime,
    /// Why it is not there yet; empty before the first try.
    pub reason: String,
}

/// What to send by command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All objects and clips.
    Everything,
    /// The clips of a consult, and what was drawn and measured on them.
    Consult(ConsultId),
    /// Objects and clips of this SOP Instance UID.
    Instance(String),
}

/// Writes down what goes where by itself, instead of what was said before.
///
/// # Errors
/// SQLite's.
pub fn set_forward_rules(db: &Connection, rules: &[(String, Takes)]) -> Result<()> {
    db.execute("DELETE FROM forward_rules", [])?;
    let mut add = db.prepare_cached(
        "INSERT OR IGNORE INTO forward_rules (destination, takes) VALUES (?1, ?2)",
    )?;
    for (destination, takes) in rules {
        add.execute((destination, takes.word()))?;
    }
    Ok(())
}

/// Queues what was chosen and is not in the queue yet; gives the number.
///
/// # Errors
/// SQLite's.
pub fn queue_forwards(
    db: &Connection,
    destination: &str,
    chosen: &Chosen,
    at: RelayTime,
) -> Result<usize> {
    const OBJECTS: &str = "SELECT 'object/' || digest FROM objects";
    const CLIPS: &str =
        "SELECT 'clip/' || consult || '/' || clip FROM clips WHERE kept_at IS NOT NULL";
    const SAID: &str = "SELECT 'object/' || object FROM said_of_clips WHERE object IS NOT NULL";
    let (items, value) = match chosen {
        Chosen::Everything => (
            format!("{OBJECTS} WHERE ?3 = '' UNION ALL {CLIPS}"),
            String::new(),
        ),
        Chosen::Consult(consult) => (
            format!("{CLIPS} AND consult = ?3 UNION ALL {SAID} AND consult = ?3"),
            consult.to_string(),
        ),
        Chosen::Instance(instance) => (
            format!("{OBJECTS} WHERE instance = ?3 UNION ALL {CLIPS} AND instance = ?3"),
            instance.clone(),
        ),
    };
    let sql = format!(
        "INSERT OR IGNORE INTO forwards (destination, item, state, tries, next_at, reason, queued_at) \
         SELECT ?1, item, 'waiting', 0, 0, '', ?2 FROM (SELECT column1 AS item FROM (VALUES ('')) WHERE 0 UNION ALL {items})"
    );
    db.execute(&sql, (destination, signed(at.0), value))
}

/// Those that a destination can be sent now, the oldest first. One whose time lies further ahead than any wait was put there by a
/// clock that was wrong.
///
/// # Errors
/// SQLite's.
pub fn due_forwards(
    db: &Connection,
    destination: &str,
    (now, longest_wait): (RelayTime, RelayTime),
    most: u32,
) -> Result<Vec<ForwardRow>> {
    let sql = "SELECT id, destination, item, state, tries, next_at, reason FROM forwards \
               WHERE state = 'waiting' AND destination = ?1 AND (next_at <= ?2 OR next_at > ?3) ORDER BY next_at, id LIMIT ?4";
    let latest = now.0.saturating_add(longest_wait.0);
    db.prepare_cached(sql)?
        .query_map((destination, signed(now.0), signed(latest), most), row_of)?
        .collect()
}

/// Notes what became of a try. What somebody gave up meanwhile stays given up, unless it arrived.
///
/// # Errors
/// SQLite's.
pub fn note_forward(
    db: &Connection,
    id: i64,
    state: ForwardState,
    (next_at, reason): (RelayTime, &str),
) -> Result<()> {
    let sql = "UPDATE forwards SET state = ?2, tries = tries + 1, next_at = ?3, reason = ?4 \
               WHERE id = ?1 AND (state = 'waiting' OR ?2 = 'sent')";
    db.prepare_cached(sql)?
        .execute((id, state.word(), signed(next_at.0), reason))
        .map(drop)
}

/// The queue in some state, the oldest first.
///
/// # Errors
/// SQLite's.
pub fn list_forwards(db: &Connection, state: ForwardState, most: u32) -> Result<Vec<ForwardRow>> {
    let sql = "SELECT id, destination, item, state, tries, next_at, reason FROM forwards WHERE state = ?1 ORDER BY id LIMIT ?2";
    db.prepare_cached(sql)?
        .query_map((state.word(), most), row_of)?
        .collect()
}

/// How many are in a state.
///
/// # Errors
/// SQLite's.
pub fn count_forwards(db: &Connection, state: ForwardState) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM forwards WHERE state = ?1")?
        .query_row([state.word()], |row| unsigned(row, 0))
}

/// Tries again what waits, was refused or was given up: one, or all for a destination. Gives the number.
///
/// # Errors
/// SQLite's.
pub fn retry_forwards(
    db: &Connection,
    id: Option<i64>,
    destination: Option<&str>,
) -> Result<usize> {
    let sql = "UPDATE forwards SET state = 'waiting', next_at = 0 \
               WHERE state <> 'sent' AND (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR destination = ?2)";
    db.execute(sql, (id, destination))
}

/// Leaves one that is not there yet.
///
/// # Errors
/// SQLite's.
pub fn give_up_forward(db: &Connection, id: i64) -> Result<bool> {
    let sql = "UPDATE forwards SET state = 'given_up' WHERE id = ?1 AND state <> 'sent'";
    Ok(db.execute(sql, [id])? > 0)
}

fn row_of(row: &Row<'_>) -> Result<ForwardRow> {
    let damaged = |column| {
        rusqlite::Error::InvalidColumnType(column, "text".to_owned(), rusqlite::types::Type::Text)
    };
    let (item, state): (String, String) = (row.get(2)?, row.get(3)?);
    let state = ForwardState::ALL
        .into_iter()
        .find(|one| one.word() == state);
    Ok(ForwardRow {
        id: row.get(0)?,
        destination: row.get(1)?,
        item: item.parse().map_err(|_| damaged(2))?,
        state: state.ok_or_else(|| damaged(3))?,
        tries: row.get(4)?,
        next_at: RelayTime(unsigned(row, 5)?),
        reason: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::clip_files::About;
    use super::super::collected_clips::note_collected;
    use super::super::fixture;
    use super::super::objects::{ObjectRow, keep_object};
    use super::super::said_of_clips::{SaidOfClip, note_said, note_said_collected};
    use super::*;

    const NOW: RelayTime = RelayTime(1_000);
    const LONGEST: RelayTime = RelayTime(100);

    fn database() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&mut db).unwrap();
        db
    }

    fn object(db: &Connection, digest: u8, instance: &str) {
        object_of(db, digest, instance, "VSCAN");
    }

    fn object_of(db: &Connection, digest: u8, instance: &str, sender: &str) {
        let row = ObjectRow {
            sender: sender.to_owned(),
            ..fixture::object(digest, instance)
        };
        keep_object(db, &row).unwrap();
    }

    fn clip(db: &Connection) {
        db.execute_batch(
            "INSERT OR IGNORE INTO consults (id, alias, opened_at) VALUES ('00000000-0000-4000-8000-000000000001', '', 0);
             INSERT INTO clips (consult, clip, instance, digest, bytes, head, times, offered_at)
               VALUES ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', '7.9', 'd', 1, '{}', '[]', 0);
             UPDATE clips SET kept_at = 5;",
        )
        .unwrap();
    }

    /// The archive has the clip as this object, or not.
    fn collected(db: &Connection, object: Option<u8>) {
        let of = ["1", "2"].map(|n| format!("00000000-0000-4000-8000-00000000000{n}"));
        let [consult, clip] = of;
        let of = (consult.parse().unwrap(), clip.parse().unwrap());
        let came = object.map(|digest| Digest::from_bytes([digest; 32]));
        note_collected(db, of, &came.ok_or_else(String::new)).unwrap();
    }

    fn due(db: &Connection, destination: &str) -> Vec<ForwardRow> {
        due_forwards(db, destination, (NOW, LONGEST), 10).unwrap()
    }

    #[test]
    fn rules_queue_what_is_kept_from_then_on_once_for_each_destination() {
        let db = database();
        object(&db, 1, "7.1");
        let rules = [
            ("pacs".to_owned(), Takes::Everything),
            ("cloud".to_owned(), Takes::Consults),
        ];
        set_forward_rules(&db, &rules).unwrap();
        object(&db, 2, "7.2");
        object(&db, 2, "7.2");
        object(&db, 3, "7.2");
        clip(&db);
        assert_eq!(due(&db, "cloud"), [], "not before the archive looked at it");
        object_of(&db, 9, "7.9", "HIBIKI-CLIP");
        collected(&db, Some(9));
        let items: Vec<_> = due(&db, "pacs").into_iter().map(|row| row.item).collect();
        assert_eq!(items.len(), 2, "not the one before, not the conflict");
        assert_eq!(items[0], ForwardItem::Object(Digest::from_bytes([2; 32])));
        assert!(matches!(items[1], ForwardItem::Clip(..)));
        assert_eq!(due(&db, "cloud").len(), 1);
        object_of(&db, 5, "7.5", "HIBIKI-MARKS");
        for destination in ["pacs", "cloud"] {
            let marks = ForwardItem::Object(Digest::from_bytes([5; 32]));
            assert!(due(&db, destination).iter().any(|row| row.item == marks));
        }
        set_forward_rules(&db, &[]).unwrap();
        object(&db, 4, "7.4");
        assert_eq!(due(&db, "pacs").len(), 3);
    }

    #[test]
    fn a_clip_beside_another_object_of_its_uid_is_not_sent_on_by_itself() {
        let rules = [
            ("pacs".to_owned(), Takes::Everything),
            ("cloud".to_owned(), Takes::Consults),
        ];
        let sent_on = |before: &[(u8, &str)], as_object: Option<u8>| {
            let db = database();
            set_forward_rules(&db, &rules).unwrap();
            for (digest, sender) in before {
                object_of(&db, *digest, "7.9", sender);
            }
            clip(&db);
            collected(&db, as_object);
            ["pacs", "cloud"].map(|there| due(&db, there).len())
        };
        let (own, other) = ((1, "HIBIKI-CLIP"), (2, "VSCAN"));
        assert_eq!(sent_on(&[own], Some(1)), [1, 1]);
        assert_eq!(
            sent_on(&[other, own], Some(1)),
            [1, 0],
            "the other is there"
        );
        assert_eq!(sent_on(&[own, other], Some(1)), [1, 1]);
        assert_eq!(sent_on(&[other], Some(2)), [1, 1], "one object, once");
        assert_eq!(sent_on(&[], None), [1, 1], "no object for this archive");
        assert_eq!(sent_on(&[other], None), [1, 0]);
    }

    #[test]
    fn a_command_queues_what_is_there_and_nothing_twice() {
        let db = database();
        object(&db, 1, "7.1");
        object(&db, 2, "7.2");
        clip(&db);
        let queue = |chosen: &Chosen| queue_forwards(&db, "pacs", chosen, NOW).unwrap();
        assert_eq!(queue(&Chosen::Instance("7.1".to_owned())), 1);
        assert_eq!(queue(&Chosen::Instance("7.9".to_owned())), 1);
        assert_eq!(queue(&Chosen::Everything), 1);
        assert_eq!(queue(&Chosen::Everything), 0);
        let said = SaidOfClip {
            consult: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            clip: "00000000-0000-4000-8000-000000000002".parse().unwrap(),
            what: About::Marks,
            written_at: NOW,
        };
        note_said(&db, &said).unwrap();
        note_said_collected(&db, &said, Ok(Digest::from_bytes([8; 32]))).unwrap();
        assert_eq!(queue(&Chosen::Consult(said.consult)), 1, "what was drawn");
    }

    #[test]
    fn a_try_is_noted_and_people_have_the_last_word() {
        let db = database();
        object(&db, 1, "7.1");
        queue_forwards(&db, "pacs", &Chosen::Everything, NOW).unwrap();
        let id = due(&db, "pacs")[0].id;
        note_forward(&db, id, ForwardState::Waiting, (RelayTime(1_050), "away")).unwrap();
        assert!(due(&db, "pacs").is_empty(), "its time has not come");
        let waiting = list_forwards(&db, ForwardState::Waiting, 9).unwrap();
        assert_eq!((waiting[0].tries, waiting[0].reason.as_str()), (1, "away"));
        note_forward(&db, id, ForwardState::Waiting, (RelayTime(9_999), "away")).unwrap();
        assert_eq!(
            due(&db, "pacs").len(),
            1,
            "a clock that was wrong holds nothing back"
        );
        assert!(give_up_forward(&db, id).unwrap());
        note_forward(&db, id, ForwardState::Refused, (NOW, "late")).unwrap();
        assert_eq!(count_forwards(&db, ForwardState::GivenUp).unwrap(), 1);
        assert_eq!(retry_forwards(&db, None, Some("other")).unwrap(), 0);
        assert_eq!(retry_forwards(&db, Some(id), None).unwrap(), 1);
        note_forward(&db, id, ForwardState::Sent, (NOW, "")).unwrap();
        assert_eq!(retry_forwards(&db, None, None).unwrap(), 0, "it is there");
        assert!(!give_up_forward(&db, id).unwrap());
    }
}
