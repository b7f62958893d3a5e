//! The tables, as numbered steps.
//!
//! Owns the SQL that makes them and `user_version`, which says how many steps a file has taken. A step is never edited
//! after a release; a change is a new step. A file with more steps than this program knows is refused untouched.

use super::StoreError;
use rusqlite::Connection;

/// Times are microseconds since the Unix epoch by the relay's clock. Ids are lower-case UUID text.
const STEPS: &[&str] = &["
CREATE TABLE consults (
    id         TEXT PRIMARY KEY,
    alias      TEXT NOT NULL,              -- a name without identity, for example 訪問 1
    opened_at  INTEGER NOT NULL,
    closed_at  INTEGER,
    running    INTEGER NOT NULL DEFAULT 0  -- somebody or a picture was there: look after it when the relay comes up
) STRICT;
CREATE TABLE people (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    initials   TEXT NOT NULL,
    added_at   INTEGER NOT NULL
) STRICT;
CREATE TABLE memberships (
    person     TEXT NOT NULL REFERENCES people(id),
    consult    TEXT NOT NULL REFERENCES consults(id),
    role       TEXT NOT NULL,
    PRIMARY KEY (person, consult)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    key_hash   BLOB NOT NULL,              -- SHA-256 of a 256-bit random key: no slow hash is needed against guessing
    added_at   INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE TABLE device_consults (
    device     TEXT NOT NULL REFERENCES devices(id),
    consult    TEXT NOT NULL REFERENCES consults(id),
    PRIMARY KEY (device, consult)
) STRICT, WITHOUT ROWID;
CREATE TABLE tickets (
    hash       BLOB PRIMARY KEY,           -- SHA-256 of the ticket; the ticket itself is never stored
    consult    TEXT NOT NULL REFERENCES consults(id),
    person     TEXT REFERENCES people(id),
    device     TEXT REFERENCES devices(id),
    role       TEXT,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    CHECK ((person IS NULL) <> (device IS NULL)),
    CHECK ((person IS NULL) = (role IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_expiry ON tickets (expires_at);
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    secret     BLOB NOT NULL,              -- SHA-256 of the cookie
    person     TEXT NOT NULL REFERENCES people(id),
    consult    TEXT NOT NULL REFERENCES consults(id),
    role       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE TABLE streams (
    consult    TEXT NOT NULL REFERENCES consults(id),
    publisher  TEXT NOT NULL,              -- device:ID or person:ID
    stream     TEXT NOT NULL UNIQUE,
    PRIMARY KEY (consult, publisher)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    consult    TEXT NOT NULL REFERENCES consults(id),
    seq        INTEGER NOT NULL CHECK (seq > 0),
    at         INTEGER NOT NULL,
    author     TEXT NOT NULL,              -- JSON, as on the wire
    event      TEXT NOT NULL,              -- JSON, as on the wire
    PRIMARY KEY (consult, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
", "
CREATE TABLE originals (
    consult    TEXT NOT NULL REFERENCES consults(id),
    blob       TEXT NOT NULL,              -- SHA-256, its file's name
    stream     TEXT NOT NULL,
    rtp_time   INTEGER NOT NULL,
    kept_at    INTEGER NOT NULL,
    PRIMARY KEY (consult, blob)
) STRICT, WITHOUT ROWID;
", "
CREATE TABLE clips (
    consult    TEXT NOT NULL REFERENCES consults(id),
    clip       TEXT NOT NULL,              -- its file's name
    instance   TEXT NOT NULL,              -- SOP Instance UID
    digest     TEXT NOT NULL,              -- SHA-256 of the file
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    head       TEXT NOT NULL,              -- JSON, as on the wire
    times      TEXT NOT NULL,              -- RTP time of each frame, JSON
    offered_at INTEGER NOT NULL,           -- last
    kept_at    INTEGER,                    -- none while it arrives
    PRIMARY KEY (consult, clip),
    UNIQUE (consult, instance)
) STRICT, WITHOUT ROWID;
CREATE INDEX clips_by_instance ON clips (instance);
", "
CREATE TABLE clock (                       -- tickets and sessions expire by the steady time, which follows no step
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    boot       TEXT,                       -- the machine's boot
    up         INTEGER NOT NULL,           -- since that boot, in microseconds
    wall       INTEGER NOT NULL,
    steady     INTEGER NOT NULL
) STRICT;
", "
CREATE TABLE installation (                -- what the relay was last started with, for its tools
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    measuring  INTEGER NOT NULL
) STRICT;
", "
CREATE TABLE objects (                     -- DICOM objects of the archive; their files lie in archive/objects
    digest     TEXT PRIMARY KEY,           -- SHA-256 of the data set as it came, its file's name
    instance   TEXT NOT NULL,              -- SOP Instance UID
    study      TEXT NOT NULL,
    series     TEXT NOT NULL,
    class      TEXT NOT NULL,
    syntax     TEXT NOT NULL,
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    sender     TEXT NOT NULL,              -- AE title
    arrived_at INTEGER NOT NULL,
    conflict   INTEGER NOT NULL            -- another object of this instance was here before
) STRICT;
CREATE INDEX objects_by_instance ON objects (instance);
CREATE INDEX objects_by_series ON objects (study, series);
", "
CREATE TABLE index_studies (               -- the archive's index: what objects say of themselves, to be searched
    study      TEXT PRIMARY KEY,
    attributes TEXT NOT NULL,              -- a line for each: tag, then DICOM JSON; of the first object that could be read
    patient    TEXT NOT NULL,              -- Patient ID
    date       TEXT NOT NULL,              -- Study Date, digits
    modalities TEXT NOT NULL,              -- between backslashes
    series     INTEGER NOT NULL,
    instances  INTEGER NOT NULL
) STRICT;
CREATE INDEX index_studies_by_date ON index_studies (date DESC, study);
CREATE INDEX index_studies_by_patient ON index_studies (patient);
CREATE TABLE index_series (
    study      TEXT NOT NULL,
    series     TEXT NOT NULL,
    attributes TEXT NOT NULL,
    modality   TEXT NOT NULL,
    instances  INTEGER NOT NULL,
    PRIMARY KEY (study, series)
) STRICT;
CREATE TABLE index_instances (
    digest     TEXT PRIMARY KEY REFERENCES objects(digest),
    instance   TEXT NOT NULL UNIQUE,
    study      TEXT NOT NULL,
    series     TEXT NOT NULL,
    number     INTEGER NOT NULL,           -- Instance Number; 0 when it has none
    attributes TEXT NOT NULL,
    refused    TEXT                        -- the step at which its header could not be read; none when it was
) STRICT;
CREATE INDEX index_instances_in_order ON index_instances (study, series, number, instance);
CREATE TABLE index_headers (
    digest     TEXT PRIMARY KEY REFERENCES objects(digest),
    header     BLOB NOT NULL               -- DICOM JSON without bulk data, deflated
) STRICT;
", "
CREATE TABLE archive_reads (               -- who read what of the archive; one entry for what somebody reads of one study in a minute
    at         INTEGER NOT NULL,           -- of the first
    reader     TEXT NOT NULL,              -- a hospital system, as the configuration names it
    how        TEXT NOT NULL,              -- search, metadata, pictures or objects
    study      TEXT NOT NULL               -- empty for a search
) STRICT;
CREATE INDEX archive_reads_by_study ON archive_reads (study, at);
CREATE TRIGGER reads_are_never_changed BEFORE UPDATE ON archive_reads BEGIN SELECT RAISE(ABORT, 'entries of reads stay'); END;
CREATE TRIGGER reads_are_never_deleted BEFORE DELETE ON archive_reads BEGIN SELECT RAISE(ABORT, 'entries of reads stay'); END;
", "
CREATE TABLE replays (                     -- who replayed a consult: every read of patient data leaves an entry
    consult    TEXT NOT NULL REFERENCES consults (id),
    person     TEXT NOT NULL REFERENCES people (id),
    role       TEXT NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX replays_by_consult ON replays (consult, at);
", "
CREATE TABLE collected_clips (             -- clips of consults that the archive looked at
    consult    TEXT NOT NULL,
    clip       TEXT NOT NULL,
    object     TEXT,                       -- what it is there; none when it could not be taken
    refused    TEXT,                       -- why not
    PRIMARY KEY (consult, clip),
    CHECK ((object IS NULL) <> (refused IS NULL))
) STRICT, WITHOUT ROWID;
", "
CREATE TABLE forward_rules (               -- what goes where by itself; written anew at each start
    destination TEXT NOT NULL,
    takes      TEXT NOT NULL CHECK (takes IN ('everything', 'consults')),
    PRIMARY KEY (destination, takes)
) STRICT, WITHOUT ROWID;
CREATE TABLE forwards (                    -- what is to go to other archives, and what became of it
    id         INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,             -- its name in the configuration
    item       TEXT NOT NULL,              -- object/<digest> or clip/<consult>/<clip>
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'given_up')),
    tries      INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,           -- not before
    reason     TEXT NOT NULL,              -- of the last try that failed
    queued_at  INTEGER NOT NULL,
    UNIQUE (destination, item)
) STRICT;
CREATE INDEX forwards_due ON forwards (state, destination, next_at);
CREATE TRIGGER forward_objects AFTER INSERT ON objects WHEN NEW.conflict = 0 AND NEW.sender <> 'HIBIKI-CLIP' BEGIN -- clips of consults go as clips
    INSERT OR IGNORE INTO forwards (destination, item, state, tries, next_at, reason, queued_at)
    SELECT destination, 'object/' || NEW.digest, 'waiting', 0, 0, '', NEW.arrived_at
    FROM forward_rules WHERE takes = 'everything';
END;
CREATE TRIGGER forward_clips AFTER UPDATE OF kept_at ON clips WHEN OLD.kept_at IS NULL AND NEW.kept_at IS NOT NULL BEGIN
    INSERT OR IGNORE INTO forwards (destination, item, state, tries, next_at, reason, queued_at)
    SELECT DISTINCT destination, 'clip/' || NEW.consult || '/' || NEW.clip, 'waiting', 0, 0, '', NEW.kept_at
    FROM forward_rules;
END;
", "
CREATE TABLE cases (                       -- stored visits without identity; findings and collections are lists in JSON
    id         TEXT PRIMARY KEY,
    consult    TEXT NOT NULL REFERENCES consults (id),  -- never told
    alias      TEXT NOT NULL,
    key        BLOB,                       -- makes its UIDs; none any more once it is published or withdrawn
    title      TEXT NOT NULL,
    findings   TEXT NOT NULL,
    difficulty INTEGER NOT NULL,
    collections TEXT NOT NULL,
    consent    TEXT NOT NULL,
    licence    TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    made_by    TEXT NOT NULL REFERENCES people (id),
    made_at    INTEGER NOT NULL,
    published_by TEXT REFERENCES people (id),
    published_at INTEGER,
    withdrawn_by TEXT REFERENCES people (id),
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX cases_by_age ON cases (made_at);
CREATE TABLE case_clips (
    case_id    TEXT NOT NULL REFERENCES cases (id),
    number     INTEGER NOT NULL CHECK (number > 0),
    source     TEXT NOT NULL,              -- the clip that it was made of; never told
    view       TEXT,
    cover      TEXT,                       -- what a person drew, JSON as on the wire
    made       TEXT,                       -- what was made, JSON; none when it could not be
    digest     TEXT,                       -- of that
    fault      TEXT,                       -- why it could not be
    PRIMARY KEY (case_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE case_looks (                  -- who looked at which result
    case_id    TEXT NOT NULL REFERENCES cases (id),
    number     INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    person     TEXT NOT NULL REFERENCES people (id),
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX case_looks_by_case ON case_looks (case_id, number, digest);
CREATE TRIGGER looks_are_never_changed BEFORE UPDATE ON case_looks BEGIN SELECT RAISE(ABORT, 'looks stay'); END;
CREATE TRIGGER looks_are_never_deleted BEFORE DELETE ON case_looks BEGIN SELECT RAISE(ABORT, 'looks stay'); END;
CREATE TABLE case_reads (                  -- who read a case, and who took files of it along
    case_id    TEXT NOT NULL REFERENCES cases (id),
    person     TEXT NOT NULL REFERENCES people (id),
    export     INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX case_reads_by_case ON case_reads (case_id, at);
", "
CREATE TABLE said_of_clips (               -- presentation states and reports that lie beside clips of closed consults
    consult    TEXT NOT NULL,
    clip       TEXT NOT NULL,
    what       TEXT NOT NULL CHECK (what IN ('marks', 'measurements')),
    written_at INTEGER NOT NULL,
    object     TEXT,                       -- its digest in the archive, once it was looked at
    refused    TEXT,                       -- or why it is not there
    PRIMARY KEY (consult, clip, what),
    CHECK (object IS NULL OR refused IS NULL)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER forward_said_of_clips AFTER INSERT ON objects WHEN NEW.conflict = 0 AND NEW.sender = 'HIBIKI-MARKS' BEGIN -- goes where clips go
    INSERT OR IGNORE INTO forwards (destination, item, state, tries, next_at, reason, queued_at)
    SELECT destination, 'object/' || NEW.digest, 'waiting', 0, 0, '', NEW.arrived_at
    FROM forward_rules WHERE takes = 'consults';
END;
", "
DELETE FROM collected_clips WHERE refused IS NOT NULL; -- faults of the disk were noted here as if they were the object's
", "
CREATE TABLE clips_beside (                -- clips that came with the UID of another one; the archive keeps them beside it
    consult    TEXT NOT NULL REFERENCES consults(id),
    clip       TEXT NOT NULL,
    instance   TEXT NOT NULL,              -- SOP Instance UID
    digest     TEXT NOT NULL,              -- SHA-256 of the file
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    head       TEXT NOT NULL,              -- JSON, as on the wire
    times      TEXT NOT NULL,              -- RTP time of each frame, JSON
    offered_at INTEGER NOT NULL,           -- last
    kept_at    INTEGER,                    -- in the archive; none while it arrives
    PRIMARY KEY (consult, clip)
) STRICT, WITHOUT ROWID;
CREATE INDEX clips_beside_by_digest ON clips_beside (digest);
", "
UPDATE case_clips SET view = NULL, made = json_set(made, '$[1].view', NULL)  -- what somebody typed in place of a label
    WHERE view NOT IN ('PLAX', 'PSAX', 'A4C', 'A2C', 'A3C', 'SC4C', 'SC-IVC');
", "
CREATE TABLE index_strangers (             -- instances that name another Patient ID than their study does
    digest     TEXT PRIMARY KEY REFERENCES objects(digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX objects_in_conflict ON objects (arrived_at) WHERE conflict = 1;
", "
CREATE INDEX index_studies_of_no_date ON index_studies (study) WHERE length(date) NOT IN (0, 8);
", "
UPDATE case_clips SET fault = '\"unreadable\"' WHERE fault = '\"video\"'; -- made again, a video is read by now
", "
CREATE TABLE conflicts_settled (           -- flagged objects that somebody looked at
    digest     TEXT PRIMARY KEY REFERENCES objects(digest),
    settled_at INTEGER NOT NULL            -- microseconds
) STRICT, WITHOUT ROWID;
", "
DROP TRIGGER forward_clips;                -- a clip whose UID an object of the archive has is not sent on beside it
CREATE TRIGGER forward_clips AFTER INSERT ON collected_clips
WHEN EXISTS (SELECT 1 FROM objects WHERE digest = NEW.object AND conflict = 0)
  OR (NEW.object IS NULL AND NOT EXISTS (SELECT 1 FROM clips c JOIN objects o ON o.instance = c.instance
                                         WHERE c.consult = NEW.consult AND c.clip = NEW.clip)) BEGIN
    INSERT OR IGNORE INTO forwards (destination, item, state, tries, next_at, reason, queued_at)
    SELECT DISTINCT r.destination, 'clip/' || c.consult || '/' || c.clip, 'waiting', 0, 0, '', c.kept_at
    FROM forward_rules r, clips c WHERE c.consult = NEW.consult AND c.clip = NEW.clip
    AND NOT EXISTS (SELECT 1 FROM forwards f WHERE f.destination = r.destination AND f.item = 'object/' || NEW.object);
END;
", "
UPDATE forwards SET state = 'waiting', next_at = 0 WHERE state = 'refused' AND reason = 'its file is gone'; -- it may have been away
", "
CREATE TABLE index_unlooked (              -- instances of studies of before whose patient nobody compared with that of their study
    digest     TEXT PRIMARY KEY REFERENCES objects(digest)
) STRICT, WITHOUT ROWID;
INSERT INTO index_unlooked SELECT i.digest FROM index_instances i JOIN index_studies s ON s.study = i.study
    JOIN index_headers h ON h.digest = i.digest WHERE s.instances > 1;
"];

/// Brings a file up to date, each step in a transaction of its own.
pub(super) fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    let found: u32 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(StoreError::Open)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (to, step) in (1..).zip(STEPS).skip(found as usize) {
        let taken = (|| {
            let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            // Another program may have taken the step while this one waited for the lock.
            if change.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0))? < to {
                change.execute_batch(step)?;
                change.pragma_update(None, "user_version", to)?;
            }
            change.commit()
        })();
        taken.map_err(|source| StoreError::Migrate { to, source })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        migrate(&mut db).unwrap();
        let version: u32 = db
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        assert_eq!(version as usize, STEPS.len());
    }

    #[test]
    fn a_database_of_a_newer_relay_is_refused_untouched() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        let refused = migrate(&mut db).unwrap_err().to_string();
        assert!(
            refused.contains("newer relay") && refused.contains("99"),
            "{refused}"
        );
        let tables: u32 = db
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn the_log_cannot_be_changed_or_deleted() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        db.execute_batch(
            "INSERT INTO consults (id, alias, opened_at) VALUES ('c', 'a', 1);
             INSERT INTO events VALUES ('c', 1, 1, '{}', '{}');",
        )
        .unwrap();
        assert!(db.execute("UPDATE events SET event = '[]'", []).is_err());
        assert!(db.execute("DELETE FROM events", []).is_err());
    }
}
