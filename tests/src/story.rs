//! A story: a relay, an agent and people, from nothing to nothing.
//!
//! `tell` takes the machine for itself (each story owns both cores), starts what the plan says, tells the story within
//! a time limit, and ends everything. When it fails, the last words of all programs come with the reason. Callers:
//! `tests/stories`, the bench. Invariant: two stories never run at once in one process.

use crate::agent::Agent;
use crate::binaries::Binaries;
use crate::door::Door;
use crate::link::{Link, LinkKind};
use crate::relay::{Family, Relay, link_seed};
use crate::wait::until;
use anyhow::{Context as _, Result, anyhow};
use std::fs::File;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wire::ConsultId;

mod people;

/// Longest story; most take a few seconds.
const STORY_LIMIT: Duration = Duration::from_secs(90);
/// Frames a second of a calm story: live video is most of what a story costs.
pub const CALM_FPS: u32 = 20;
/// Its picture: wide enough for the capture barcode, and a third of what a probe gives to code, prove and draw.
pub const CALM_SIZE: &str = "800x208";
/// Of each file a full disk still takes this: the beginning of a clip, and all of what is small.
pub const FULL_DISK_TAKES_BYTES: u64 = 64 * 1024;
/// Lines of each program that come with a failure.
const LAST_WORDS: usize = 60;

/// What a story begins with.
#[derive(Debug, Clone)]
pub struct Plan {
    source: Option<String>,
    agent_over: Option<LinkKind>,
    agent_flags: Vec<String>,
    agent_file: String,
    relay_flags: Vec<String>,
    family: Family,
    recorded: bool,
    release: bool,
    limit: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            source: Some("test:".to_owned()),
            agent_over: None,
            agent_flags: Vec::new(),
            agent_file: String::new(),
            relay_flags: Vec::new(),
            family: Family::V4,
            recorded: true,
            release: false,
            limit: STORY_LIMIT,
        }
    }
}

impl Plan {
    /// For a story that measures no time: two thirds of a probe's frames, each a third of its size, and nobody records them.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            source: Some(format!("test:fps={CALM_FPS},size={CALM_SIZE}")),
            recorded: false,
            ..Self::default()
        }
    }

    /// With the agent's journal and the relay's recording, as every consult has unless it is calm.
    #[must_use]
    pub const fn recorded(mut self) -> Self {
        self.recorded = true;
        self
    }

    /// With a source of its own, for example `dicom:…`.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Without a capture agent.
    #[must_use]
    pub fn no_agent(mut self) -> Self {
        self.source = None;
        self
    }

    /// With a link with a name from the field between the agent and the relay.
    #[must_use]
    pub const fn agent_over(mut self, kind: LinkKind) -> Self {
        self.agent_over = Some(kind);
        self
    }

    /// With more flags for the agent.
    #[must_use]
    pub fn agent_flags(mut self, flags: &[&str]) -> Self {
        self.agent_flags
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// With more lines in the agent's file.
    #[must_use]
    pub fn agent_file(mut self, lines: &str) -> Self {
        self.agent_file.push_str(lines);
        self
    }

    /// With more flags for the relay.
    #[must_use]
    pub fn relay_flags(mut self, flags: &[&str]) -> Self {
        self.relay_flags
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// With everybody on addresses of this family.
    #[must_use]
    pub const fn over(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// With release programs, for the bench.
    #[must_use]
    pub const fn release(mut self) -> Self {
        self.release = true;
        self
    }

    /// With another time limit.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// A running story; clones are the same story.
#[derive(Debug, Clone)]
pub struct Story(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    relay: tokio::sync::Mutex<Relay>,
    agent: tokio::sync::Mutex<Option<Agent>>,
    agent_link: Option<Link>,
    plan: Plan,
    binaries: Binaries,
    door: Door,
    consult: ConsultId,
    folder: TempDir,
}

/// The runtime of this process. Programs are started from its threads, which live as long as the process does.
///
/// # Errors
/// When threads cannot be started.
pub fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let fresh = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    // Whoever was first wins; the other one is dropped unused.
    Ok(RUNTIME.get_or_init(|| fresh))
}

/// Tells one story, alone on the machine.
///
/// # Errors
/// The reason why it failed, with the last words of the programs.
pub fn tell<F, Fut>(plan: Plan, story: F) -> Result<()>
where
    F: FnOnce(Story) -> Fut + Send + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = runtime()?;
    // A task, not this thread: programs die with the thread that started them.
    let told = runtime.spawn(async move {
        let limit = plan.limit;
        let begun = Story::start(plan)
            .await
            .context("the story could not begin")?;
        let ours = begun.clone();
        let told = tokio::spawn(tokio::time::timeout(
            limit,
            async move { story(ours).await },
        ))
        .await;
        let outcome = match told {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(anyhow!("the story was not over after {limit:?}")),
            Err(panic) => Err(anyhow!("the story panicked: {panic}")),
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(reason) => Err(reason.context(begun.last_words().await)),
        }
    });
    runtime.block_on(told)?
}

impl Story {
    /// Starts what the plan says. Callers outside `tell` must run on `runtime`.
    ///
    /// # Errors
    /// When a program does not start.
    pub async fn start(mut plan: Plan) -> Result<Self> {
        if !plan.recorded {
            plan = plan
                .relay_flags(&["--recording", "false"])
                .agent_flags(&["--journal", "off"]);
        }
        let binaries = if plan.release {
            Binaries::release()?
        } else {
            Binaries::get().await?
        };
        let folder = tempfile::tempdir().context("make a folder for the story")?;
        let relay = Relay::start(
            &binaries,
            &folder.path().join("relay"),
            plan.family,
            &plan.relay_flags,
        )
        .await?;
        let agent_link = match plan.agent_over {
            Some(kind) => Some(relay.over(kind).await?),
            None => None,
        };
        let door = Door::new(relay.origin())?;
        let consult = door
            .demo()
            .await?
            .consults
            .first()
            .context("a demo relay has a consult")?
            .consult;
        let inner = Inner {
            relay: tokio::sync::Mutex::new(relay),
            agent: tokio::sync::Mutex::new(None),
            agent_link,
            plan,
            binaries,
            door,
            consult,
            folder,
        };
        let story = Self(Arc::new(inner));
        let mut file = File::options().append(true).open(story.agent_file())?;
        file.write_all(story.0.plan.agent_file.as_bytes())?;
        if let Some(source) = story.0.plan.source.clone() {
            story.start_agent(&source, &[]).await?;
        }
        Ok(story)
    }

    /// The consult of this story.
    #[must_use]
    pub fn consult(&self) -> ConsultId {
        self.0.consult
    }

    /// The relay's HTTP side.
    #[must_use]
    pub fn door(&self) -> &Door {
        &self.0.door
    }

    /// A folder that goes with the story.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// The programs of this story.
    pub(crate) fn binaries(&self) -> &Binaries {
        &self.0.binaries
    }

    /// The relay.
    pub async fn relay(&self) -> tokio::sync::MutexGuard<'_, Relay> {
        self.0.relay.lock().await
    }

    /// The agent, if one was started.
    pub async fn agent(&self) -> tokio::sync::MutexGuard<'_, Option<Agent>> {
        self.0.agent.lock().await
    }

    /// Starts an agent with a source; the one before is ended.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub async fn start_agent(&self, source: &str, more: &[&str]) -> Result<()> {
        let relay = match &self.0.agent_link {
            Some(link) => link.origin(),
            None => self.0.door.origin(),
        };
        let mut args = self.agent_arguments(source, relay);
        args.extend(["--spool".to_owned(), self.spool().display().to_string()]);
        args.extend(self.0.plan.agent_flags.iter().cloned());
        args.extend(more.iter().map(|flag| (*flag).to_owned()));
        let mut place = self.0.agent.lock().await;
        if let Some(mut before) = place.take() {
            before.kill().await;
        }
        *place = Some(Agent::start(&self.0.binaries, args)?);
        Ok(())
    }

    /// An agent of its own with another relay address.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn lost_agent(&self, source: &str, relay: &str) -> Result<Agent> {
        Agent::start(&self.0.binaries, self.agent_arguments(source, relay))
    }

    /// Puts a file that a handheld exported for this consult into the spool, before an agent runs with it.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn imports(&self, file: &Path) -> Result<()> {
        crate::agent::import(&self.0.binaries, &self.spool(), self.consult(), file).await
    }

    /// Saves the last second as a clip, as a hand at the device does without a page.
    ///
    /// # Errors
    /// When it is not saved.
    pub async fn saves_at_the_device(&self) -> Result<()> {
        crate::agent::save(&self.0.binaries, &self.spool()).await
    }

    /// What the check before a visit tells, for the device of this story with a relay at that address.
    ///
    /// # Errors
    /// When the program cannot be started or tells nothing.
    pub async fn checks(&self, relay: &str) -> Result<serde_json::Value> {
        let mut args = self.agent_arguments("test:", relay);
        if let Some(command) = args.first_mut() {
            *command = "check".to_owned();
        }
        args.push("--json".to_owned());
        crate::agent::checks(&self.0.binaries, &args).await
    }

    /// Fills the disk of the device as far as the agent can tell: `true` lets it begin a file and refuses the rest.
    ///
    /// # Errors
    /// When no agent runs.
    pub async fn device_disk_is_full(&self, full: bool) -> Result<()> {
        let agent = self.agent().await;
        let program = agent.as_ref().context("the story has an agent")?.program();
        program.limits_files_to(full.then_some(FULL_DISK_TAKES_BYTES))
    }

    fn spool(&self) -> PathBuf {
        self.0.folder.path().join("spool")
    }

    /// The demo relay writes a configuration with the id and key of its seeded device.
    fn agent_file(&self) -> PathBuf {
        self.0.folder.path().join("relay/demo/agent.toml")
    }

    fn agent_arguments(&self, source: &str, relay: &str) -> Vec<String> {
        let config = self.agent_file().display().to_string();
        let words = [
            "run", "--config", &config, "--source", source, "--relay", relay,
        ];
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Waits until the relay says that a picture arrives in this consult.
    ///
    /// # Errors
    /// When none does in time.
    pub async fn picture_arrives_within(&self, within: Duration) -> Result<()> {
        until("a picture at the relay", within, || async {
            let consults = self.door().demo().await?.consults;
            Ok(consults
                .iter()
                .any(|one| one.consult == self.consult() && one.picture)
                .then_some(()))
        })
        .await
    }

    async fn last_words(&self) -> String {
        let relay = self.0.relay.lock().await.program().last_words(LAST_WORDS);
        let agent = self
            .0
            .agent
            .lock()
            .await
            .as_ref()
            .map(|agent| agent.program().last_words(LAST_WORDS));
        let seed = link_seed().map_or_else(|_| String::new(), |seed| format!("LINK_SEED={seed}"));
        format!(
            "this story failed; its links are the same with {}; last words:\n{relay}{}",
            seed,
            agent.unwrap_or_default()
        )
    }
}
