//! Which clips belong to which consult, and how far they are.
//!
//! Owns what decides whether an offer is welcome: one object for each UID, the number of clips and the bytes of a consult.
//! A row is made when a clip is offered, so that what arrives counts; it says that a clip is kept after its file is durable.

use super::json::{id, signed, text, unsigned, value};
use rusqlite::{Connection, OptionalExtension, Result};
use wire::clip::ClipHead;
use wire::{ClipId, ConsultId, RelayTime, RtpTime};

/// A clip.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipRow {
    /// What was said of it.
    pub head: ClipHead,
    /// RTP time of each frame; none for an imported one.
    pub times: Vec<RtpTime>,
    /// Whether it is whole, durable and what was said.
    pub kept: bool,
}

/// What may lie in a consult.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipBounds {
    /// Clips, those that arrive included.
    pub clips: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// What an offer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferRow {
    /// Its bytes are wanted.
    Arriving,
    /// It is kept.
    Kept,
    /// The same object is kept under another id.
    KeptAs(ClipId),
    /// Another object has its UID, or its id.
    Conflict,
    /// The consult has as much as it may.
    Full,
}

/// Notes an offer, unless it is not welcome.
///
/// # Errors
/// SQLite's.
pub fn offer_clip(
    db: &Connection,
    consult: ConsultId,
    (head, times): (&ClipHead, &[RtpTime]),
    bounds: ClipBounds,
    at: RelayTime,
) -> Result<OfferRow> {
    // One UID is one object, wherever it lies: an archive that takes all of them would overwrite one with the other.
    let sql = "SELECT EXISTS (SELECT 1 FROM clips WHERE instance = ?1 AND digest <> ?2)";
    let digest = head.digest.to_string();
    if db
        .prepare_cached(sql)?
        .query_row((&head.instance, &digest), |row| row.get(0))?
    {
        return Ok(OfferRow::Conflict);
    }
    let (there, own) = (consult.to_string(), head.clip.to_string());
    let sql = "SELECT clip, instance = ?2 AND digest = ?3, kept_at IS NOT NULL FROM clips \
               WHERE consult = ?1 AND (clip = ?4 OR instance = ?2) ORDER BY clip = ?4 DESC LIMIT 1";
    let known: Option<(ClipId, bool, bool)> = db
        .prepare_cached(sql)?
        .query_row((&there, &head.instance, &digest, &own), |row| {
            Ok((id(row, 0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    if let Some((clip, same, kept)) = known {
        let sql = "UPDATE clips SET offered_at = ?3 WHERE consult = ?1 AND clip = ?2";
        db.prepare_cached(sql)?
            .execute((&there, clip.to_string(), signed(at.0)))?;
        return Ok(match (same, clip == head.clip, kept) {
            (true, true, true) => OfferRow::Kept,
            (true, true, false) => OfferRow::Arriving,
            (true, false, true) => OfferRow::KeptAs(clip),
            _ => OfferRow::Conflict,
        });
    }
    let sql = "SELECT count(*), coalesce(sum(bytes), 0) FROM clips WHERE consult = ?1";
    let (clips, bytes) = db
        .prepare_cached(sql)?
        .query_row([&there], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?;
    if clips >= bounds.clips as u64 || bytes.saturating_add(head.bytes) > bounds.bytes {
        return Ok(OfferRow::Full);
    }
    let sql = "INSERT INTO clips (consult, clip, instance, digest, bytes, head, times, offered_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    db.prepare_cached(sql)?.execute((
        there,
        own,
        &head.instance,
        digest,
        signed(head.bytes),
        text(head)?,
        text(&times)?,
        signed(at.0),
    ))?;
    Ok(OfferRow::Arriving)
}

/// Notes that a clip is kept.
///
/// # Errors
/// SQLite's.
pub fn keep_clip(db: &Connection, consult: ConsultId, clip: ClipId, at: RelayTime) -> Result<()> {
    let sql = "UPDATE clips SET kept_at = ?3 WHERE consult = ?1 AND clip = ?2 AND kept_at IS NULL";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), clip.to_string(), signed(at.0)))
        .map(drop)
}

/// Forgets a clip that is not kept.
///
/// # Errors
/// SQLite's.
pub fn drop_clip(db: &Connection, consult: ConsultId, clip: ClipId) -> Result<()> {
    let sql = "DELETE FROM clips WHERE consult = ?1 AND clip = ?2 AND kept_at IS NULL";
    db.prepare_cached(sql)?
        .execute((consult.to_string(), clip.to_string()))
        .map(drop)
}

/// A clip of a consult.
///
/// # Errors
/// SQLite's.
pub fn clip(db: &Connection, consult: ConsultId, clip: ClipId) -> Result<Option<ClipRow>> {
    let sql = "SELECT head, times, kept_at IS NOT NULL FROM clips WHERE consult = ?1 AND clip = ?2";
    db.prepare_cached(sql)?
        .query_row((consult.to_string(), clip.to_string()), |row| {
            Ok(ClipRow {
                head: value(row, 0)?,
                times: value(row, 1)?,
                kept: row.get(2)?,
            })
        })
        .optional()
}

/// Clips of a consult that are kept, in order of arrival.
///
/// # Errors
/// SQLite's.
pub fn kept_clips(db: &Connection, consult: ConsultId) -> Result<Vec<ClipRow>> {
    let sql = "SELECT head, times FROM clips WHERE consult = ?1 AND kept_at IS NOT NULL ORDER BY kept_at, clip";
    db.prepare_cached(sql)?
        .query_map([consult.to_string()], |row| {
            Ok(ClipRow {
                head: value(row, 0)?,
                times: value(row, 1)?,
                kept: true,
            })
        })?
        .collect()
}

/// Clips that arrive and were not offered since `before`.
///
/// # Errors
/// SQLite's.
pub fn arriving_clips(db: &Connection, before: RelayTime) -> Result<Vec<(ConsultId, ClipId)>> {
    let sql = "SELECT consult, clip FROM clips WHERE kept_at IS NULL AND offered_at < ?1";
    let mut found = db.prepare_cached(sql)?;
    found
        .query_map([signed(before.0)], |row| Ok((id(row, 0)?, id(row, 1)?)))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{open_consult, schema};
    use super::*;
    use wire::CaptureTime;
    use wire::clip::{ClipCoding, ClipOrigin};
    use wire::original::Digest;

    const BOUNDS: ClipBounds = ClipBounds {
        clips: 3,
        bytes: 100,
    };

    fn head(instance: &str, bytes: u64) -> ClipHead {
        ClipHead {
            clip: ClipId::random(),
            instance: instance.into(),
            bytes,
            digest: Digest::from_bytes([7; 32]),
            frames: 1,
            width: 8,
            height: 8,
            coding: ClipCoding::Other,
            origin: ClipOrigin::Imported,
            taken_at: CaptureTime(1),
            span_us: 0,
            view: None,
            marker: None,
            captured: None,
        }
    }

    struct World {
        db: Connection,
        consult: ConsultId,
    }

    impl World {
        fn new() -> Self {
            let mut db = Connection::open_in_memory().unwrap();
            schema::migrate(&mut db).unwrap();
            let world = Self {
                db,
                consult: ConsultId::random(),
            };
            open_consult(&world.db, world.consult, "訪問 1", RelayTime(1)).unwrap();
            world
        }

        fn offer(&self, head: &ClipHead) -> OfferRow {
            offer_clip(&self.db, self.consult, (head, &[]), BOUNDS, RelayTime(5)).unwrap()
        }
    }

    #[test]
    fn the_same_object_is_kept_once_and_another_under_its_uid_is_a_conflict() {
        let world = World::new();
        let first = head("1.2.3", 10);
        assert_eq!(world.offer(&first), OfferRow::Arriving);
        assert_eq!(world.offer(&first), OfferRow::Arriving, "said again");
        keep_clip(&world.db, world.consult, first.clip, RelayTime(6)).unwrap();
        assert_eq!(world.offer(&first), OfferRow::Kept);
        let again = head("1.2.3", 10);
        assert_eq!(world.offer(&again), OfferRow::KeptAs(first.clip));
        let mut other = head("1.2.3", 10);
        other.digest = Digest::from_bytes([8; 32]);
        assert_eq!(world.offer(&other), OfferRow::Conflict);
        let mut renamed = head("1.2.4", 10);
        renamed.clip = first.clip;
        assert_eq!(world.offer(&renamed), OfferRow::Conflict);
        drop_clip(&world.db, world.consult, first.clip).unwrap();
        let row = clip(&world.db, world.consult, first.clip).unwrap().unwrap();
        assert!(row.kept && row.head == first, "what is kept is not dropped");
        assert_eq!(
            clip(&world.db, ConsultId::random(), first.clip).unwrap(),
            None
        );
    }

    #[test]
    fn a_consult_has_so_many_clips_and_bytes() {
        let world = World::new();
        let large = head("1.1", 90);
        assert_eq!(world.offer(&large), OfferRow::Arriving);
        assert_eq!(world.offer(&head("1.2", 11)), OfferRow::Full);
        drop_clip(&world.db, world.consult, large.clip).unwrap();
        for n in 3..6 {
            assert_eq!(
                world.offer(&head(&format!("1.{n}"), 11)),
                OfferRow::Arriving
            );
        }
        assert_eq!(world.offer(&head("1.9", 1)), OfferRow::Full);
        let all = arriving_clips(&world.db, RelayTime(6)).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(arriving_clips(&world.db, RelayTime(5)).unwrap(), []);
    }
}
