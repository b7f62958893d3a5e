//! The handle to the database.
//!
//! Owns opening, the three threads and their bounded queues. `write` answers after the change is on disk, `read` sees what
//! is committed. Work is a closure over the functions of the table files. Closing waits for what is queued.

use super::thread::{Durable, Job, Work, read_jobs, write_jobs};
use super::{StoreError, schema};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait: at 310 syncs a second and 256 jobs each, more than this means that the disk hangs.
const MAX_QUEUED_JOBS: usize = 1_024;
/// Searches that may wait. At 20 ms each, more would wait longer than anybody does.
const MAX_QUEUED_SEARCHES: usize = 128;
/// How long to wait for a command-line tool that holds the database.
const BUSY: Duration = Duration::from_secs(5);

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Mutex<Option<mpsc::Sender<Job>>>,
    reader: Mutex<Option<mpsc::Sender<Job>>>,
    /// Reads as well, what may take long: nobody's session waits behind it.
    searcher: Mutex<Option<mpsc::Sender<Job>>>,
    /// The readers', then the writer's: they end in this order.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Store {
    /// Opens or makes the database file and brings its tables up to date.
    ///
    /// # Errors
    /// `StoreError` naming the step; a file of a newer relay is left untouched.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let mut db = Connection::open(file).map_err(StoreError::Open)?;
        prepare(&db).map_err(StoreError::Open)?;
        schema::migrate(&mut db)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reading = || {
            let reading = Connection::open_with_flags(file, flags).map_err(StoreError::Open)?;
            reading.busy_timeout(BUSY).map_err(StoreError::Open)?;
            Ok(reading)
        };
        Self::over(db, [reading()?, reading()?])
    }

    fn over(
        writing: Connection,
        [reading, searching]: [Connection; 2],
    ) -> Result<Self, StoreError> {
        let (writer, writes) = mpsc::channel(MAX_QUEUED_JOBS);
        let (reader, reads) = mpsc::channel(MAX_QUEUED_JOBS);
        let (searcher, searches) = mpsc::channel(MAX_QUEUED_SEARCHES);
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(run)
                .map_err(StoreError::StartThread)
        };
        let threads = vec![
            start("store-read", Box::new(move || read_jobs(&reading, reads)))?,
            start(
                "store-search",
                Box::new(move || read_jobs(&searching, searches)),
            )?,
            start(
                "store-write",
                Box::new(move || write_jobs(&writing, writes)),
            )?,
        ];
        let inner = Inner {
            writer: Mutex::new(Some(writer)),
            reader: Mutex::new(Some(reader)),
            searcher: Mutex::new(Some(searcher)),
            threads: Mutex::new(threads),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Changes something; answers when it is durable.
    ///
    /// # Errors
    /// `StoreError`; then nothing of this job was kept.
    pub async fn write<T: Send + 'static>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.change(step, work, Durable::First).await
    }

    /// Changes something that can be done again from what is durable elsewhere; answers when everybody sees it. A power cut may take it
    /// back, a kill of this program does not.
    ///
    /// # Errors
    /// `StoreError`; then nothing of this job was kept.
    pub async fn write_again_if_lost<T: Send + 'static>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.change(step, work, Durable::Later).await
    }

    async fn change<T: Send + 'static>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        durable: Durable,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |db| {
            let done = in_savepoint(db, work);
            Box::new(move |failure| {
                let answer = match failure {
                    Some(reason) => Err(StoreError::Commit {
                        step,
                        reason: reason.to_owned(),
                    }),
                    None => done.map_err(|source| StoreError::Run { step, source }),
                };
                // The asker may have gone; the change stays.
                let _ = tell.send(answer);
            })
        });
        self.send(&self.inner.writer, step, Job { work, durable })?;
        told.await.map_err(|_| StoreError::Fault { step })?
    }

    /// Reads what is committed.
    ///
    /// # Errors
    /// `StoreError`.
    pub async fn read<T: Send + 'static>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reads(&self.inner.reader, step, work).await
    }

    /// Reads what is committed and may take long: searches of the archive, one after the other, in nobody else's way.
    ///
    /// # Errors
    /// `StoreError`.
    pub async fn search<T: Send + 'static>(
        &self,
        step: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reads(&self.inner.searcher, step, work).await
    }

    async fn reads<T: Send + 'static>(
        &self,
        lane: &Mutex<Option<mpsc::Sender<Job>>>,
        step: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |db| {
            let done = work(db).map_err(|source| StoreError::Run { step, source });
            Box::new(move |_| {
                let _ = tell.send(done);
            })
        });
        let durable = Durable::Later;
        self.send(lane, step, Job { work, durable })?;
        told.await.map_err(|_| StoreError::Fault { step })?
    }

    fn send(
        &self,
        to: &Mutex<Option<mpsc::Sender<Job>>>,
        step: &'static str,
        job: Job,
    ) -> Result<(), StoreError> {
        let queue = to.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(StoreError::Closed { step })?;
        queue.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Behind { step },
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed { step },
        })
    }

    /// Whether a change can be made durable now.
    ///
    /// # Errors
    /// `StoreError` when it cannot.
    pub async fn probe(&self) -> Result<(), StoreError> {
        // Takes the write lock and the journal without changing a row.
        self.write("probe the store", |db| {
            db.execute("UPDATE consults SET running = running WHERE id = ''", [])
                .map(drop)
        })
        .await
    }

    /// Finishes what is queued, checkpoints and closes. Blocks: call it where blocking is allowed.
    pub fn close(&self) {
        let threads = std::mem::take(
            &mut *self
                .inner
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        // One after the other, the writer last: SQLite removes the journal only for a connection that it finds alone.
        let lanes = [&self.inner.reader, &self.inner.searcher, &self.inner.writer];
        for (queue, thread) in lanes.into_iter().zip(threads) {
            queue.lock().unwrap_or_else(PoisonError::into_inner).take();
            if thread.join().is_err() {
                tracing::error!("a store thread ended by a panic");
            }
        }
    }
}

/// WAL so that readers never wait; FULL so that a commit survives a power cut (NORMAL does not sync at commit).
fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)
}

fn in_savepoint<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    db.execute_batch("SAVEPOINT job")?;
    let done = work(db);
    let end = if done.is_ok() {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    };
    // On a full disk SQLite has rolled everything back by itself and the savepoint is gone; `done` says so.
    if !db.is_autocommit() {
        db.execute_batch(end)?;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("relay.db")).unwrap();
        (folder, store)
    }

    fn insert(
        id: &'static str,
    ) -> impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static {
        move |db| {
            db.execute(
                "INSERT INTO consults (id, alias, opened_at) VALUES (?1, '', 0)",
                [id],
            )
            .map(drop)
        }
    }

    async fn count(store: &Store) -> i64 {
        store
            .read("count", |db| {
                db.query_row("SELECT count(*) FROM consults", [], |row| row.get(0))
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_failed_job_leaves_the_others_of_its_transaction_alone() {
        let (_folder, store) = opened();
        let (a, wrong, b) = tokio::join!(
            store.write("a", insert("a")),
            store.write("again", insert("a")),
            store.write("b", insert("b"))
        );
        assert!(a.is_ok() && b.is_ok());
        assert!(matches!(wrong, Err(StoreError::Run { step: "again", .. })));
        assert_eq!(count(&store).await, 2);
    }

    #[tokio::test]
    async fn a_job_that_panics_takes_nobody_with_it() {
        let (_folder, store) = opened();
        let fault = store
            .write("broken", |_| -> rusqlite::Result<()> { panic!("planted") })
            .await;
        assert!(matches!(fault, Err(StoreError::Fault { .. })));
        store.write("a", insert("a")).await.unwrap();
        assert_eq!(count(&store).await, 1);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_room_lets_it_go_on() {
        let (_folder, store) = opened();
        store
            .write("limit", |db| {
                db.query_row("PRAGMA max_page_count = 1", [], |_| Ok(()))
            })
            .await
            .unwrap();
        let big = |db: &Connection| {
            db.execute(
                "INSERT INTO consults (id, alias, opened_at) VALUES ('b', ?1, 0)",
                ["x".repeat(1 << 20)],
            )
            .map(drop)
        };
        let (full, with_it) =
            tokio::join!(store.write("big", big), store.write("small", insert("s")));
        assert!(full.is_err(), "a full disk was told as stored");
        store
            .write("room", |db| {
                db.query_row("PRAGMA max_page_count = 100000", [], |_| Ok(()))
            })
            .await
            .unwrap();
        assert_eq!(
            count(&store).await,
            i64::from(with_it.is_ok()),
            "what was refused is not there"
        );
        store.write("big", big).await.unwrap();
    }

    #[tokio::test]
    async fn what_may_be_lost_is_seen_at_once_and_what_must_not_be_syncs_again() {
        let (folder, store) = opened();
        let syncs = |store: &Store| {
            let asked = store.clone();
            async move {
                asked
                    .write("look", |db| {
                        db.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))
                    })
                    .await
                    .unwrap()
            }
        };
        let seen = store
            .write_again_if_lost("look", |db| {
                insert("a")(db)?;
                db.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))
            })
            .await
            .unwrap();
        assert_eq!((seen, count(&store).await), (1, 1), "NORMAL, and visible");
        assert_eq!(syncs(&store).await, 2, "FULL");
        let (_, of_both) = tokio::join!(store.write_again_if_lost("b", insert("b")), syncs(&store));
        assert_eq!(of_both, 2, "together they sync");
        let beside = Store::open(&folder.path().join("relay.db")).unwrap();
        assert_eq!(count(&beside).await, 2);
    }

    #[tokio::test]
    async fn closing_keeps_what_was_written() {
        let (folder, store) = opened();
        store.write("a", insert("a")).await.unwrap();
        tokio::task::spawn_blocking({
            let store = store.clone();
            move || store.close()
        })
        .await
        .unwrap();
        assert!(matches!(
            store.write("b", insert("b")).await,
            Err(StoreError::Closed { .. })
        ));
        let again = Store::open(&folder.path().join("relay.db")).unwrap();
        assert_eq!(count(&again).await, 1);
    }
}
