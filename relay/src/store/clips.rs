//! Which clips belong to which consult, and how far they are.
//!
//! Owns what decides whether an offer is welcome: one object for each UID, the number of clips and the bytes of a consult. What may be
//! another object of a UID goes beside (`clips_beside`).
//! A row is made when a clip is offered, so that what arrives counts; it says that a clip is kept after its file is durable.

use super::clips_beside;
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
    /// Another object may have its UID: its bytes are wanted, and tell.
    ArrivingBeside,
    /// Another object has its UID, and the archive keeps both.
    KeptBeside,
    /// Another object has its id.
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
    let digest = head.digest.to_string();
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
        let is_own = clip == head.clip;
        if is_own {
            let sql = "UPDATE clips SET offered_at = ?3 WHERE consult = ?1 AND clip = ?2";
            db.prepare_cached(sql)?
                .execute((&there, &own, signed(at.0)))?;
        }
        return match (same, is_own, kept) {
            (true, true, true) => Ok(OfferRow::Kept),
            (true, true, false) => Ok(OfferRow::Arriving),
            (true, false, true) => Ok(OfferRow::KeptAs(clip)),
            (false, true, _) => Ok(OfferRow::Conflict),
            // Another object has its UID, or somebody spoke of that UID and brought nothing yet.
            (_, false, _) => clips_beside::offer(db, consult, (head, times), bounds, at),
        };
    }
    // One UID is one object, wherever it lies: an archive that takes all of them would overwrite one with the other.
    let sql = "SELECT 1 FROM clips WHERE instance = ?1 AND digest <> ?2 AND kept_at IS NOT NULL";
    if db.prepare_cached(sql)?.exists((&head.instance, &digest))? {
        return clips_beside::offer(db, consult, (head, times), bounds, at);
    }
    // One that came to the archive by another way may be this very one, or another: its bytes tell.
    let sql = "SELECT 1 FROM objects o WHERE instance = ?1 AND NOT EXISTS \
               (SELECT 1 FROM clips c WHERE c.instance = o.instance AND c.kept_at IS NOT NULL)";
    if db.prepare_cached(sql)?.exists([&head.instance])? {
        return clips_beside::offer(db, consult, (head, times), bounds, at);
    }
    let offered = (consult, (head, times), at);
    if note(db, Among::Clips, offered, bounds)? {
        Ok(OfferRow::Arriving)
    } else {
        Ok(OfferRow::Full)
    }
}

/// Where the row of an offer goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Among {
    Clips,
    Beside,
}

/// Who offers what, and when.
pub(super) type Offered<'a> = (ConsultId, (&'a ClipHead, &'a [RtpTime]), RelayTime);

/// Notes what is new, if the consult has room for it: what lies beside its clips takes of the same.
pub(super) fn note(
    db: &Connection,
    among: Among,
    (consult, (head, times), at): Offered<'_>,
    bounds: ClipBounds,
) -> Result<bool> {
    let consult = consult.to_string();
    let sql = "SELECT count(*), coalesce(sum(bytes), 0) FROM (SELECT bytes FROM clips WHERE consult = ?1 \
               UNION ALL SELECT bytes FROM clips_beside WHERE consult = ?1)";
    let (clips, bytes) = db
        .prepare_cached(sql)?
        .query_row([&consult], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?;
    if clips >= bounds.clips as u64 || bytes.saturating_add(head.bytes) > bounds.bytes {
        return Ok(false);
    }
    let table = match among {
        Among::Clips => "clips",
        Among::Beside => "clips_beside",
    };
    let sql = format!(
        "INSERT INTO {table} (consult, clip, instance, digest, bytes, head, times, offered_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    );
    db.prepare_cached(&sql)?.execute((
        consult,
        head.clip.to_string(),
        &head.instance,
        head.digest.to_string(),
        signed(head.bytes),
        text(head)?,
        text(&times)?,
        signed(at.0),
    ))?;
    Ok(true)
}

/// Notes that a clip is kept. False when it has no row any more, because another one took its place.
///
/// # Errors
/// SQLite's.
pub fn keep_clip(db: &Connection, consult: ConsultId, clip: ClipId, at: RelayTime) -> Result<bool> {
    let own = (consult.to_string(), clip.to_string());
    let sql = "UPDATE clips SET kept_at = ?3 WHERE consult = ?1 AND clip = ?2 AND kept_at IS NULL";
    db.prepare_cached(sql)?
        .execute((&own.0, &own.1, signed(at.0)))?;
    let sql = "SELECT 1 FROM clips WHERE consult = ?1 AND clip = ?2 AND kept_at IS NOT NULL";
    db.prepare_cached(sql)?.exists(own)
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

/// All clips that were offered to a consult, those beside others included, and whether each is kept.
///
/// # Errors
/// SQLite's.
pub fn how_far(db: &Connection, consult: ConsultId) -> Result<Vec<(ClipId, bool)>> {
    let sql = "SELECT clip, kept_at IS NOT NULL FROM clips WHERE consult = ?1 \
               UNION ALL SELECT clip, kept_at IS NOT NULL FROM clips_beside WHERE consult = ?1";
    db.prepare_cached(sql)?
        .query_map([consult.to_string()], |row| Ok((id(row, 0)?, row.get(1)?)))?
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
    use super::super::fixture::object;
    use super::super::{
        become_clip, clip_beside, forget_beside, keep_beside, keep_object, kept_with_instance,
        open_consult, schema,
    };
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
        assert_eq!(world.offer(&other), OfferRow::ArrivingBeside);
        assert_eq!(world.offer(&other), OfferRow::ArrivingBeside, "said again");
        assert!(!become_clip(&world.db, world.consult, other.clip).unwrap());
        keep_beside(&world.db, world.consult, other.clip, RelayTime(6)).unwrap();
        assert_eq!(world.offer(&other), OfferRow::KeptBeside);
        other.clip = ClipId::random();
        assert_eq!(world.offer(&other), OfferRow::KeptBeside, "by another id");
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
    fn what_was_spoken_of_and_never_came_holds_no_place() {
        let world = World::new();
        let spoken = head("1.2.3", 10);
        assert_eq!(world.offer(&spoken), OfferRow::Arriving);
        let mut came = head("1.2.3", 10);
        came.digest = Digest::from_bytes([8; 32]);
        assert_eq!(world.offer(&came), OfferRow::ArrivingBeside);
        let found = kept_with_instance(&world.db, world.consult, "1.2.3").unwrap();
        assert_eq!(found, None, "nobody brought it");
        assert!(become_clip(&world.db, world.consult, came.clip).unwrap());
        assert!(keep_clip(&world.db, world.consult, came.clip, RelayTime(6)).unwrap());
        // Whoever brings the first one after all hears that its place is taken, and offers it again.
        assert!(!keep_clip(&world.db, world.consult, spoken.clip, RelayTime(7)).unwrap());
        assert_eq!(world.offer(&spoken), OfferRow::ArrivingBeside);
        let found = kept_with_instance(&world.db, world.consult, "1.2.3").unwrap();
        assert_eq!(found, Some((world.consult, came.clip)));
        // In another consult it is judged by what is kept here.
        let elsewhere = ConsultId::random();
        open_consult(&world.db, elsewhere, "訪問 2", RelayTime(1)).unwrap();
        let offered = |head: &ClipHead| {
            offer_clip(&world.db, elsewhere, (head, &[]), BOUNDS, RelayTime(5)).unwrap()
        };
        assert_eq!(offered(&spoken), OfferRow::ArrivingBeside);
        assert_eq!(offered(&came), OfferRow::Arriving);
        forget_beside(&world.db, RelayTime(6)).unwrap();
        assert_eq!(
            clip_beside(&world.db, elsewhere, spoken.clip).unwrap(),
            None
        );
    }

    #[test]
    fn an_object_that_the_archive_has_of_another_way_holds_its_uid_until_the_bytes_tell() {
        let world = World::new();
        keep_object(&world.db, &object(1, "1.2.3")).unwrap();
        let came = head("1.2.3", 10);
        assert_eq!(world.offer(&came), OfferRow::ArrivingBeside);
        assert_eq!(world.offer(&head("1.2.4", 10)), OfferRow::Arriving);
        // It was the same: from here on the clip speaks for both.
        assert!(become_clip(&world.db, world.consult, came.clip).unwrap());
        assert!(keep_clip(&world.db, world.consult, came.clip, RelayTime(6)).unwrap());
        assert_eq!(world.offer(&came), OfferRow::Kept);
        let elsewhere = ConsultId::random();
        open_consult(&world.db, elsewhere, "訪問 2", RelayTime(1)).unwrap();
        let offered = offer_clip(&world.db, elsewhere, (&came, &[]), BOUNDS, RelayTime(5));
        assert_eq!(offered.unwrap(), OfferRow::Arriving);
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
