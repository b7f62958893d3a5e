//! How the parts of the relay are put together, and what every HTTP action can reach.
//!
//! Owns starting and stopping them in the right order. Invariant: when the media part or the store cannot be started the
//! relay does not listen; when it stops, nothing that was acknowledged is still on its way.

use crate::archive::{Archive, ArchiveFault, ArchiveParts, Readings, Recovered};
use crate::auth::{Entrance, Grants, TurnError, TurnServers};
use crate::cases::{self, CaseShelf};
use crate::clock::Clock;
use crate::config::Config;
use crate::consult::live::{
    Agents, BeatKeeper, Hub, HubParts, Intake, IntakeParts, Keeper, Lines, Pictures, SessionNews,
};
use crate::consult::{Input, PictureInput, VoiceFilesInput};
use crate::forward::ForwardCounts;
use crate::http::clip_upload;
use crate::http::dicomweb;
use crate::http::media_sessions::MediaSessions;
use crate::http::page_files::PageFiles;
use crate::http::pages::Pages;
use crate::http::video_picture;
use crate::metrics::Metrics;
use crate::recording::{Recorders, RecordersParts, VoiceRecorders, VoicesParts};
use crate::replay::{RecordedShelf, Shelf};
use crate::sfu::{Channel, MediaSessionId, Sfu, SfuConfig, SfuError, limits};
use crate::standing::Standing;
use crate::store::{self, Blobs, ClipBounds, ClipFiles, DataFolder, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};
use wire::people::Role;
use wire::{CaseId, ConsultId, PersonId, RelayTime};

/// Expired tickets and sessions are forgotten this often.
const SWEEP: Duration = Duration::from_secs(600);
/// The steady time is noted this often: so much of a step before a reboot may be taken for time that passed.
const CLOCK_NOTED: Duration = Duration::from_secs(60);
/// Pages and media get this long to be told that the relay goes down.
const GOODBYES: Duration = Duration::from_secs(2);

/// People who read recordings at the same time; each holds at most one answer.
const MAX_READING: usize = 4;

/// The relay could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The media part.
    #[error("media: {0}")]
    Media(#[from] SfuError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveFault),
    /// The secret of the TURN servers.
    #[error(transparent)]
    Turn(#[from] TurnError),
}

/// What every HTTP action can reach. Clones share it.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
}

/// The parts.
pub struct Parts {
    /// Rows.
    pub store: Store,
    /// Blobs.
    pub blobs: Blobs,
    /// Clips, to read.
    pub shelf: Shelf,
    /// Recordings of whole consults, to read.
    pub recorded: RecordedShelf,
    /// Room for those who read recordings.
    pub reading: Semaphore,
    /// Files of cases.
    pub cases: CaseShelf,
    /// Room for one case that is made.
    pub case_making: Semaphore,
    /// Clips as files.
    pub clips: ClipFiles,
    /// Clips, to take in.
    pub intake: Intake,
    /// Files that pages bring, before they are clips.
    pub page_files: Arc<PageFiles>,
    /// Room for requests that bring clips.
    pub uploads: Semaphore,
    /// Record the pictures.
    pub recorders: Recorders,
    /// Record voices.
    pub voices: VoiceRecorders,
    /// The clock.
    pub clock: Arc<Clock>,
    /// The counts.
    pub metrics: Arc<Metrics>,
    /// Who may enter.
    pub entrance: Entrance,
    /// Tickets and sessions.
    pub grants: Grants,
    /// Live consults.
    pub hub: Hub<Store>,
    /// Pictures.
    pub sfu: Sfu,
    /// WHIP and WHEP sessions.
    pub media: Arc<MediaSessions>,
    /// Room for pictures from the video that are being taken.
    pub video_pictures: Semaphore,
    /// TURN servers, if there are any.
    pub turn: Option<TurnServers>,
    /// DICOM objects.
    pub archive: Archive,
    /// Who read them.
    pub readings: Readings,
    /// Who replays what by now.
    pub replayed: Arc<Standing<(PersonId, Role, ConsultId)>>,
    /// Who reads which case by now.
    pub cases_read: Arc<Standing<(PersonId, CaseId)>>,
    /// Room for bodies of objects that are being taken.
    pub storing: Semaphore,
    /// What the DICOM door counts.
    pub dicom: Arc<dimse::Counts>,
    /// What was sent on to other archives.
    pub forwards: Arc<ForwardCounts>,
    /// The pages.
    pub pages: Pages,
    /// Whether the demo door is open.
    pub demo: bool,
    /// How long a quick mark stays over the running picture.
    pub quick_mark_seconds: u32,
    /// Whether this installation measures.
    pub measuring: bool,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Open HTTP connections.
    pub connections: AtomicUsize,
    /// Whether the relay goes down.
    pub stopping: AtomicBool,
}

async fn open_archive(
    config: &Config,
    folder: &DataFolder,
    (store, clips, clock): (&Store, &ClipFiles, &Arc<Clock>),
) -> Result<Archive, ArchiveFault> {
    let parts = ArchiveParts {
        store: store.clone(),
        clips: clips.clone(),
        clock: Arc::clone(clock),
        reserve: config.reserve_bytes,
    };
    let (archive, recovered) = Archive::open(folder, parts).await?;
    if recovered != Recovered::default() {
        tracing::warn!(?recovered, "the archive was put in order after a crash");
    }
    Ok(archive)
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl App {
    /// Starts everything but the doors.
    ///
    /// # Errors
    /// `StartError` naming the part.
    pub async fn start(
        config: &Config,
        store: Store,
        (blobs, clips): (Blobs, ClipFiles),
        folder: &DataFolder,
    ) -> Result<Self, StartError> {
        let turn = config.turn.clone();
        let turn = turn.map(|turn| TurnServers::open(turn.servers, &turn.secret_file));
        let turn = turn.transpose()?;
        let last = store
            .read("look up the clock", store::last_sighting)
            .await?;
        let (clock, metrics) = (
            Arc::new(Clock::after(last.as_ref())),
            Arc::new(Metrics::default()),
        );
        note_clock(&store, &clock).await?;
        let archive = open_archive(config, folder, (&store, &clips, &clock)).await?;
        let (events, happened) = mpsc::channel(limits::MAX_QUEUED_EVENTS);
        let media = SfuConfig {
            udp: config.media,
            tcp: config.media_tcp,
            public_addresses: config.media_public.clone(),
            max_peers: config.max_peers,
        };
        let sfu = Sfu::start(&media, events)?;
        let agents = Agents::over(sfu.clone());
        let lines = Arc::new(Lines::default());
        let (voices, voice_news) = voices(config, (&clock, &metrics));
        let hub = Hub::new(HubParts {
            log: store.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            settings: config.settings.clone(),
            agents: agents.clone(),
            lines: Arc::clone(&lines),
            voices: voices.clone(),
        });
        tokio::spawn(tell_of_voices(hub.clone(), voice_news));
        let intake = Intake::new(IntakeParts {
            store: store.clone(),
            files: clips.clone(),
            archive: archive.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            agents: agents.clone(),
            lines,
            bounds: ClipBounds {
                clips: crate::consult::MAX_CLIPS,
                bytes: config.clip_bytes,
            },
            reserve: config.reserve_bytes,
        });
        let recorders = recorders(config, &sfu, (&clock, &metrics), &hub);
        let media = Arc::new(MediaSessions::default());
        let pictures = Pictures {
            hub: hub.clone(),
            keeper: Keeper::new(
                (store.clone(), blobs.clone()),
                Arc::clone(&clock),
                Arc::clone(&metrics),
                agents.clone(),
            ),
            beats: BeatKeeper::new(
                (store.clone(), blobs.clone()),
                Arc::clone(&clock),
                Arc::clone(&metrics),
            ),
            agents,
            intake: intake.clone(),
            recorders: recorders.clone(),
            voices: voices.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            sessions: told(&media, &metrics),
            talker: {
                let media = Arc::clone(&media);
                Box::new(move |session| media.talker(session))
            },
            watcher: {
                let media = Arc::clone(&media);
                Box::new(move |session| media.watcher(session))
            },
        };
        tokio::spawn(pictures.run(happened));
        for consult in store
            .read("find consults that were cut off", store::running_consults)
            .await?
        {
            hub.wake(consult);
        }
        let app = Self {
            parts: Arc::new(Parts {
                entrance: Entrance::new(
                    store.clone(),
                    config.origins.clone(),
                    config.systems.clone(),
                ),
                grants: Grants {
                    ticket_lasts: config.ticket_lasts,
                },
                video_pictures: Semaphore::new(video_picture::MAX_AT_ONCE),
                archive,
                storing: Semaphore::new(dicomweb::MAX_STORING),
                readings: Readings::over(store.clone()),
                replayed: Arc::default(),
                cases_read: Arc::default(),
                dicom: Arc::default(),
                forwards: Arc::default(),
                pages: Pages::new(config.viewer_dir.clone()),
                demo: config.demo,
                quick_mark_seconds: config.settings.quick_mark_seconds,
                measuring: config.settings.measuring,
                tls: config.tls.is_some(),
                connections: AtomicUsize::new(0),
                stopping: AtomicBool::new(false),
                store,
                blobs,
                cases: CaseShelf::beside(&clips),
                case_making: Semaphore::new(1),
                shelf: Shelf::new(clips.clone()),
                page_files: PageFiles::beside(&clips, config.reserve_bytes),
                clips,
                uploads: Semaphore::new(clip_upload::MAX_AT_ONCE),
                recorded: RecordedShelf::new(
                    config.data.join("recordings"),
                    config.data.join("voices"),
                ),
                reading: Semaphore::new(MAX_READING),
                intake,
                recorders,
                voices,
                clock,
                metrics,
                hub,
                sfu,
                media,
                turn,
            }),
        };
        tokio::spawn(sweep(app.clone()));
        tokio::spawn(keep_clock(app.clone()));
        Ok(app)
    }

    /// Now, for what is written and shown.
    pub fn now(&self) -> RelayTime {
        self.clock.now()
    }

    /// Now, for what lasts or ends.
    pub fn steady(&self) -> RelayTime {
        self.clock.steady()
    }

    /// Sends pages and media away to come back, and makes the rows safe.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.hub.shut_down(GOODBYES).await;
        if tokio::time::timeout(GOODBYES, self.sfu.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("the media part did not end in time");
        }
        let (recorders, voices) = (self.recorders.clone(), self.voices.clone());
        let closed = tokio::task::spawn_blocking(move || {
            voices.close();
            recorders.close();
        });
        if tokio::time::timeout(GOODBYES, closed).await.is_err() {
            tracing::warn!("the disk did not take the end of the recordings in time");
        }
        if let Err(error) = note_clock(&self.store, &self.clock).await {
            tracing::warn!(%error, "the clock was not noted");
        }
        let store = self.store.clone();
        if tokio::task::spawn_blocking(move || store.close())
            .await
            .is_err()
        {
            tracing::error!("the store was not closed in order");
        }
    }
}

/// News of recordings that may wait for consults.
const MAX_NEWS: usize = 256;

/// Records pictures, where that is allowed, and lets consults hear of it.
fn recorders(
    config: &Config,
    sfu: &Sfu,
    (clock, metrics): (&Arc<Clock>, &Arc<Metrics>),
    hub: &Hub<Store>,
) -> Recorders {
    if !config.recording {
        return Recorders::off();
    }
    let (news, mut heard) = mpsc::channel(MAX_NEWS);
    let (sfu, hub) = (sfu.clone(), hub.clone());
    tokio::spawn(async move {
        while let Some((consult, stream, news)) = heard.recv().await {
            let input = Input::Picture(stream, PictureInput::Recording(news));
            // A consult that is closed does not hear; the recording has it.
            let _ = hub.tell(consult, input).await;
        }
    });
    Recorders::new(RecordersParts {
        folder: config.data.join("recordings"),
        reserve: config.reserve_bytes,
        clock: Arc::clone(clock),
        metrics: Arc::clone(metrics),
        say: Arc::new(move |session, text| {
            sfu.send_to_publisher(session, Channel::Backfill, text)
                .is_ok()
        }),
        news,
    })
}

/// Records voices, where that is allowed; what there is can be removed everywhere.
fn voices(
    config: &Config,
    (clock, metrics): (&Arc<Clock>, &Arc<Metrics>),
) -> (VoiceRecorders, mpsc::Receiver<(ConsultId, VoiceFilesInput)>) {
    let (news, heard) = mpsc::channel(MAX_NEWS);
    let voices = VoiceRecorders::new(VoicesParts {
        records: config.settings.voice_recording,
        folder: config.data.join("voices"),
        reserve: config.reserve_bytes,
        clock: Arc::clone(clock),
        metrics: Arc::clone(metrics),
        news,
    });
    (voices, heard)
}

/// Lets consults hear of it.
async fn tell_of_voices(hub: Hub<Store>, mut heard: mpsc::Receiver<(ConsultId, VoiceFilesInput)>) {
    while let Some((consult, news)) = heard.recv().await {
        // A consult that is closed does not hear.
        let _ = hub.tell(consult, Input::VoiceFiles(news)).await;
    }
}

/// Keeps the table of media sessions true, and counts how long a viewer waited.
fn told(
    media: &Arc<MediaSessions>,
    metrics: &Arc<Metrics>,
) -> Box<dyn Fn(MediaSessionId, SessionNews) + Send + Sync> {
    let (media, metrics) = (Arc::clone(media), Arc::clone(metrics));
    Box::new(move |session, news| match news {
        SessionNews::Connected => {
            if let Some(waited) = media.connected(session) {
                metrics.first_frame.took(waited);
            }
        }
        SessionNews::Gone => media.gone(session),
    })
}

/// Where the next start, and the command-line tools, go on with the steady time.
async fn note_clock(store: &Store, clock: &Clock) -> Result<(), StoreError> {
    let seen = clock.sighting();
    store
        .write("note the clock", move |db| store::note_sighting(db, &seen))
        .await
}

async fn keep_clock(app: App) {
    let mut every = tokio::time::interval(CLOCK_NOTED);
    while !app.stopping.load(Ordering::Relaxed) {
        every.tick().await;
        // A step shows here at the latest, in the log of a relay that has nothing else to do.
        app.now();
        if let Err(error) = note_clock(&app.store, &app.clock).await {
            tracing::warn!(%error, "the clock was not noted");
        }
    }
}

async fn sweep(app: App) {
    let mut every = tokio::time::interval(SWEEP);
    while !app.stopping.load(Ordering::Relaxed) {
        every.tick().await;
        let now = app.steady();
        let swept = app
            .store
            .write("forget what expired", move |db| {
                Ok(store::sweep_tickets(db, now)? + store::sweep_sessions(db, now)?)
            })
            .await;
        if let Err(error) = swept {
            tracing::warn!(%error, "expired tickets and sessions were not forgotten");
        }
        if let Err(error) = app.intake.sweep(&app.hub).await {
            tracing::warn!(%error, "clips that never came were not forgotten");
        }
        // Not while a case is made: its files wait for their row.
        let _room = app.case_making.acquire().await;
        // A clock that was set ahead ends nothing: the earlier of the two counts.
        cases::sweep(&app.store, &app.cases, app.now().min(app.steady())).await;
    }
}
