//! One headless Chromium for a whole test process, shared by all people of all stories.
//!
//! Owns the driver process (`browser/driver.mjs`), the JSON lines to it, contexts (one per person: own cookies and
//! storage) and pages. It knows nothing of Hibiki. Callers: `person`, the bench. Invariant: the driver ends when its
//! input closes, and closes Chromium and its profile on the way; so it is never killed, only hung up on.

use crate::binaries::workspace;
use anyhow::{Context as _, Result, anyhow, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{OnceCell, mpsc, oneshot};

/// Longest start of Chromium on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(40);
/// Longest single operation: the driver's own limit (15 s) and the longest wait a story states, with room.
const OPERATION_LIMIT: Duration = Duration::from_secs(60);
/// Requests on their way to the driver; pages wait when it is full.
const QUEUE: usize = 256;

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>>;

/// The running browser.
#[derive(Debug)]
pub struct Browser {
    to_driver: mpsc::Sender<String>,
    waiting: Waiting,
    next_id: AtomicU64,
    version: String,
    _driver: Child,
}

/// How a person's screen is.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// CSS pixels across.
    pub width: u32,
    /// CSS pixels down.
    pub height: u32,
    /// `ja-JP` or `en-GB`.
    pub locale: &'static str,
    /// Whether it is touched.
    pub touch: bool,
}

impl Screen {
    /// A desk, in Japanese.
    pub const DESK: Self = Self {
        width: 1440,
        height: 900,
        locale: "ja-JP",
        touch: false,
    };
}

impl Browser {
    /// The browser of this process; started by whoever needs it first.
    ///
    /// # Errors
    /// When Node, its packages or Chromium are missing.
    pub async fn shared() -> Result<Arc<Self>> {
        static SHARED: OnceCell<Arc<Browser>> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| async { Self::start().await.map(Arc::new) })
            .await
            .cloned()
    }

    async fn start() -> Result<Self> {
        let folder = workspace().join("tests/browser");
        ensure!(
            folder.join("node_modules/playwright-core").is_dir(),
            "the browser packages are missing: run `npm ci` in tests/browser (`make test` does)"
        );
        let own_node = workspace().join(".tools/node/bin/node");
        let node = if own_node.is_file() {
            own_node.into_os_string()
        } else {
            "node".into()
        };
        let mut command = Command::new(node);
        command
            .arg("driver.mjs")
            .current_dir(folder)
            .process_group(0);
        let mut driver = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start Node for the browser driver")?;
        let mut input = driver
            .stdin
            .take()
            .context("the driver's input was asked for")?;
        let mut lines = BufReader::new(
            driver
                .stdout
                .take()
                .context("the driver's output was asked for")?,
        )
        .lines();
        let ready = tokio::time::timeout(START_LIMIT, lines.next_line())
            .await
            .context("Chromium does not start")??;
        let ready: Value = serde_json::from_str(&ready.context("the driver ended at once")?)?;
        let version = ready["ready"]
            .as_str()
            .context("the driver's first line says it is ready")?
            .to_owned();
        let (to_driver, mut queue) = mpsc::channel::<String>(QUEUE);
        tokio::spawn(async move {
            while let Some(line) = queue.recv().await {
                if input.write_all(line.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
        let waiting = Waiting::default();
        tokio::spawn(deliver(lines, Arc::clone(&waiting)));
        Ok(Self {
            to_driver,
            waiting,
            next_id: AtomicU64::new(1),
            version,
            _driver: driver,
        })
    }

    /// Chromium's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A fresh person's browser: own cookies, storage and language.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn context(self: &Arc<Self>, screen: Screen) -> Result<Context> {
        let id = self
            .call(json!({
                "op": "context",
                "viewport": { "width": screen.width, "height": screen.height },
                "locale": screen.locale,
                "touch": screen.touch,
                "storage": { "hibiki.language": screen.locale.get(..2) },
            }))
            .await?;
        Ok(Context {
            browser: Arc::clone(self),
            id,
        })
    }

    async fn call(&self, mut request: Value) -> Result<Value> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        request["id"] = json!(id);
        let (answer, answered) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, answer);
        self.to_driver
            .send(format!("{request}\n"))
            .await
            .map_err(|_| anyhow!("the browser is gone"))?;
        let answer = tokio::time::timeout(OPERATION_LIMIT, answered).await;
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        answer
            .with_context(|| format!("the browser did not answer: {}", request["op"]))?
            .map_err(|_| anyhow!("the browser is gone"))?
            .map_err(|said| anyhow!("{said}"))
    }
}

/// Hands each answer to the call that waits for it.
async fn deliver(mut lines: tokio::io::Lines<BufReader<ChildStdout>>, waiting: Waiting) {
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(mut answer) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        let Some(id) = answer["id"].as_u64() else {
            continue;
        };
        let result = match answer["error"].as_str() {
            Some(said) => Err(said.to_owned()),
            None => Ok(answer["ok"].take()),
        };
        if let Some(caller) = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
        {
            // A caller whose time is over has stopped listening.
            let _ = caller.send(result);
        }
    }
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}

/// One person's browser; closed when dropped.
#[derive(Debug)]
pub struct Context {
    browser: Arc<Browser>,
    id: Value,
}

impl Context {
    /// Opens an empty page.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn page(&self) -> Result<Page> {
        let id = self
            .browser
            .call(json!({ "op": "page", "context": self.id }))
            .await?;
        Ok(Page {
            browser: Arc::clone(&self.browser),
            id,
        })
    }

    /// Cuts or restores this person's network for HTTP and sockets (not for media).
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn set_offline(&self, offline: bool) -> Result<()> {
        self.browser
            .call(json!({ "op": "offline", "context": self.id, "offline": offline }))
            .await
            .map(drop)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let request = json!({ "id": 0, "op": "closeContext", "context": self.id });
        // Nothing to do when the queue is full or the browser gone: it all ends with the process.
        let _ = self.browser.to_driver.try_send(format!("{request}\n"));
    }
}

/// One open page.
#[derive(Debug, Clone)]
pub struct Page {
    browser: Arc<Browser>,
    id: Value,
}

/// What axe found.
#[derive(Debug, serde::Deserialize)]
pub struct AxeResult {
    /// Rules that were broken, with the places.
    pub violations: Vec<Value>,
    /// Rules that were checked and held.
    pub passes: Vec<String>,
    /// Places that axe could not decide.
    pub undecided: Vec<Value>,
}

impl Page {
    async fn call(&self, mut request: Value) -> Result<Value> {
        request["page"] = self.id.clone();
        self.browser.call(request).await
    }

    /// Opens an address; returns the HTTP status.
    ///
    /// # Errors
    /// When the address does not load.
    pub async fn goto(&self, url: &str) -> Result<Option<u64>> {
        Ok(self
            .call(json!({ "op": "goto", "url": url }))
            .await
            .with_context(|| format!("open {url}"))?
            .as_u64())
    }

    /// Loads the page anew.
    ///
    /// # Errors
    /// When it does not load.
    pub async fn reload(&self) -> Result<()> {
        self.call(json!({ "op": "reload" })).await.map(drop)
    }

    /// Gives its window another size, in CSS pixels.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.call(json!({ "op": "resize", "width": width, "height": height }))
            .await
            .map(drop)
    }

    /// Runs a JavaScript function of one argument in the page.
    ///
    /// # Errors
    /// When it throws or answers something else than `T`.
    pub async fn eval<T: DeserializeOwned>(
        &self,
        function: &str,
        argument: impl serde::Serialize,
    ) -> Result<T> {
        let answer = self
            .call(json!({ "op": "eval", "fn": function, "arg": serde_json::to_value(argument)? }))
            .await?;
        serde_json::from_value(answer).with_context(|| format!("the answer of {function}"))
    }

    /// Asks a JavaScript function of one argument until it answers something true.
    ///
    /// # Errors
    /// `what` was awaited, when the time is over.
    pub async fn until<T: DeserializeOwned>(
        &self,
        what: &str,
        within: Duration,
        function: &str,
        argument: impl serde::Serialize,
    ) -> Result<T> {
        let request = json!({
            "op": "until", "fn": function, "arg": serde_json::to_value(argument)?,
            "timeoutMs": u64::try_from(within.as_millis())?,
        });
        let answer = self
            .call(request)
            .await
            .with_context(|| format!("waited {within:?} in vain for: {what}"))?;
        serde_json::from_value(answer).with_context(|| format!("the answer for: {what}"))
    }

    /// Clicks the first element that a Playwright selector finds.
    ///
    /// # Errors
    /// When there is none that can be clicked.
    pub async fn click(&self, target: &str) -> Result<()> {
        self.call(json!({ "op": "click", "target": target }))
            .await
            .map(drop)
    }

    /// Writes into a field.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fill(&self, target: &str, text: &str) -> Result<()> {
        self.call(json!({ "op": "fill", "target": target, "text": text }))
            .await
            .map(drop)
    }

    /// Presses a key, for example `Escape` or `Control+z`.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn press(&self, key: &str) -> Result<()> {
        self.call(json!({ "op": "press", "key": key }))
            .await
            .map(drop)
    }

    /// Types words into whatever has the focus.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn types(&self, text: &str) -> Result<()> {
        self.call(json!({ "op": "type", "text": text }))
            .await
            .map(drop)
    }

    /// Turns the wheel where the mouse is, by so many pixels downwards.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn turns_wheel(&self, pixels: f64) -> Result<()> {
        self.call(json!({ "op": "wheel", "dx": 0, "dy": pixels }))
            .await
            .map(drop)
    }

    /// Moves a mouse, pen or finger through `steps`.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn pointer(&self, kind: &str, steps: &[Value], pace: Duration) -> Result<()> {
        let pace_ms = u64::try_from(pace.as_millis())?;
        self.call(json!({ "op": "pointer", "kind": kind, "steps": steps, "paceMs": pace_ms }))
            .await
            .map(drop)
    }

    /// The visible words of an element.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn text(&self, target: &str) -> Result<String> {
        let answer = self.call(json!({ "op": "text", "target": target })).await?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// How many elements a selector finds now.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn count(&self, target: &str) -> Result<u64> {
        Ok(self
            .call(json!({ "op": "count", "target": target }))
            .await?
            .as_u64()
            .unwrap_or(0))
    }

    /// Waits until an element can be seen.
    ///
    /// # Errors
    /// When it is not there in time.
    pub async fn visible(&self, target: &str, within: Duration) -> Result<()> {
        let limit = u64::try_from(within.as_millis())?;
        self.call(json!({ "op": "visible", "target": target, "timeoutMs": limit }))
            .await
            .map(drop)
    }

    /// Waits until an element cannot be seen any more.
    ///
    /// # Errors
    /// When it is still there after `within`.
    pub async fn gone(&self, target: &str, within: Duration) -> Result<()> {
        let limit = u64::try_from(within.as_millis())?;
        self.call(json!({ "op": "gone", "target": target, "timeoutMs": limit }))
            .await
            .map(drop)
    }

    /// Writes a PNG of the window.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        self.call(json!({ "op": "screenshot", "path": path }))
            .await
            .map(drop)
    }

    /// The accessibility tree as YAML.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn aria(&self) -> Result<String> {
        Ok(self
            .call(json!({ "op": "aria" }))
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Runs axe with these rule tags.
    ///
    /// # Errors
    /// When axe cannot run in the page.
    pub async fn axe(&self, tags: &[&str]) -> Result<AxeResult> {
        Ok(serde_json::from_value(
            self.call(json!({ "op": "axe", "tags": tags })).await?,
        )?)
    }

    /// What the page wrote to its console, as `kind: text`.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn console(&self) -> Result<Vec<String>> {
        let lines = self.call(json!({ "op": "console" })).await?;
        let line = |l: &Value| {
            format!(
                "{}: {}",
                l["kind"].as_str().unwrap_or(""),
                l["text"].as_str().unwrap_or("")
            )
        };
        Ok(lines
            .as_array()
            .map(|all| all.iter().map(line).collect())
            .unwrap_or_default())
    }

    /// Checks that the page never complained: no error on its console, nothing thrown. Warnings are the browser's own, also about
    /// what a story reads out of a canvas.
    ///
    /// # Errors
    /// What it complained about.
    pub async fn has_a_clean_console(&self) -> Result<()> {
        // 409 is "no picture yet": the browser lists every such answer, and the page goes on asking.
        let harmless = |line: &String| {
            line.contains("Failed to load resource") && line.contains("status of 409")
        };
        let bad = |line: &String| {
            (line.starts_with("error:") && !harmless(line)) || line.starts_with("pageerror:")
        };
        let lines: Vec<String> = self.console().await?.into_iter().filter(bad).collect();
        ensure!(
            lines.is_empty(),
            "the page complained:\n{}",
            lines.join("\n")
        );
        Ok(())
    }

    /// Closes the page, as closing its tab does.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn close(self) -> Result<()> {
        self.call(json!({ "op": "close" })).await.map(drop)
    }
}
