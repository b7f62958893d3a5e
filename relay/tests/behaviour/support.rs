//! Starts the relay's program and speaks with it.

pub use crate::page::{Entered, Page, anchor, entries, stroke};
use relay::store::{self, DataFolder, Store};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use uuid::Uuid;
use wire::http::{SESSION_HEADER, TicketGrant};
use wire::log::{LogEntry, LogEvent};
use wire::people::{Author, Role};
use wire::{ConsultId, PersonId, RelayTime, Seq, StreamId};

/// Nothing on one machine takes longer.
pub const LIMIT: Duration = Duration::from_secs(10);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x4000_8000_0000_0000_0000 | number)
}

/// The demo's first consult.
pub fn consult() -> ConsultId {
    ConsultId::from_uuid(id(0xC001))
}

/// The demo's second consult.
pub fn other_consult() -> ConsultId {
    ConsultId::from_uuid(id(0xC002))
}

/// A stream that the first consult's log knows from the start.
pub fn stream() -> StreamId {
    StreamId::from_uuid(id(0x57))
}

fn person(role: Role) -> PersonId {
    let number = match role {
        Role::VisitingPhysician => 0x1001,
        Role::Cardiologist => 0x1002,
        Role::Trainer => 0x1003,
        Role::Trainee => 0x1004,
        Role::Observer => 0x1005,
    };
    PersonId::from_uuid(id(number))
}

/// A running relay.
pub struct Relay {
    child: Child,
    pub http: SocketAddr,
    pub media: SocketAddr,
    pub metrics: SocketAddr,
    /// Where it takes DICOM objects, if it does.
    pub dicom: Option<SocketAddr>,
    pub data: PathBuf,
    folder: tempfile::TempDir,
    flags: Vec<String>,
    pub client: reqwest::Client,
}

impl Relay {
    /// A fresh demo.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A fresh demo with more flags, and a stream in the first consult's log.
    pub async fn with(flags: &[&str]) -> Self {
        Self::of_publisher(true, flags).await
    }

    /// A fresh demo whose publisher is not our agent: it keeps no originals.
    pub async fn of_a_stranger() -> Self {
        Self::of_publisher(false, &[]).await
    }

    async fn of_publisher(stamped: bool, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        lay_down_a_stream(&data, stamped).await;
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let (child, [http, media, metrics], dicom) =
            spawn(&data, &folder.path().join("log"), [free; 3], &flags).await;
        Self {
            child,
            http,
            media,
            metrics,
            dicom,
            data,
            folder,
            flags,
            client: client(),
        }
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub async fn start_again(&mut self) {
        let log = self.folder.path().join("log");
        let (child, addresses, dicom) = spawn(
            &self.data,
            &log,
            [self.http, self.media, self.metrics],
            &self.flags,
        )
        .await;
        assert_eq!(addresses, [self.http, self.media, self.metrics]);
        self.child = child;
        self.dicom = dicom;
    }

    /// Asks it to stop and waits.
    pub async fn stop(&mut self) -> ExitStatus {
        let pid = i32::try_from(self.child.id()).unwrap();
        // SAFETY: kill has no memory effects; the child was not waited for, so its id is still its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it does not stop");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Everything it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory that it holds, in bytes.
    pub fn memory(&self) -> usize {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.http)
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.origin())
    }

    /// A ticket for one of the demo's people.
    pub async fn ticket(&self, role: Role, consult: ConsultId) -> String {
        let body = json!({ "person": person(role), "consult": consult });
        let answer = self
            .client
            .post(self.api("demo/tickets"))
            .json(&body)
            .send()
            .await
            .unwrap();
        answer.json::<TicketGrant>().await.unwrap().ticket
    }

    /// Somebody who has entered the first consult.
    pub async fn enter(&self, role: Role) -> Entered {
        self.enter_at(role, consult()).await
    }

    pub async fn enter_at(&self, role: Role, consult: ConsultId) -> Entered {
        let ticket = self.ticket(role, consult).await;
        let answer = self
            .client
            .post(self.api("sessions"))
            .json(&json!({ "ticket": ticket }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        let cookie = answer.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        Entered {
            grant: answer.json().await.unwrap(),
            cookie,
        }
    }

    /// A page that is up to date.
    pub async fn page(&self, role: Role) -> Page {
        let entered = self.enter(role).await;
        self.page_of(&entered, None).await.0
    }

    /// A page that says hello; gives what it heard before the head of the log.
    pub async fn page_of(&self, who: &Entered, after: Option<u64>) -> (Page, Vec<Value>) {
        let mut page = self.socket(who).await.unwrap();
        page.hello(after).await;
        let welcome = page.hears("welcome").await;
        let head = welcome["head"].as_u64().unwrap();
        page.seq = after.unwrap_or(0);
        let mut heard = Vec::new();
        while page.seq != head {
            let message = page.next().await.unwrap();
            page.note(&message);
            heard.push(message);
        }
        (page, heard)
    }

    /// Opens a socket and says nothing yet.
    pub async fn socket(&self, who: &Entered) -> Result<Page, Error> {
        self.socket_from(who, &self.origin(), consult()).await
    }

    pub async fn socket_from(
        &self,
        who: &Entered,
        origin: &str,
        consult: ConsultId,
    ) -> Result<Page, Error> {
        let session = who.grant.session;
        let address = format!(
            "ws://{}/api/v1/consults/{consult}/socket?session={session}",
            self.http
        );
        let mut request = address.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("cookie", who.cookie.parse().unwrap());
        if !origin.is_empty() {
            headers.insert("origin", origin.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Page { socket, seq: 0 })
    }

    /// A request of a page.
    pub fn asks(&self, who: &Entered, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method.parse().unwrap(), self.api(path));
        request
            .header("cookie", &who.cookie)
            .header(SESSION_HEADER, who.grant.session.to_string())
            .header("origin", self.origin())
    }

    /// The value of a metric.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self
            .client
            .get(format!("http://{}/metrics", self.metrics))
            // A connection that rested may be closed at the very moment at which it is used again.
            .header("connection", "close")
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let line = text
            .lines()
            .find(|line| line.split(' ').next() == Some(name))
            .unwrap_or_else(|| panic!("no {name} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the relay's last words:\n{}",
                self.log()
                    .lines()
                    .rev()
                    .take(30)
                    .collect::<Vec<_>>()
                    .join("\n")
            );
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The problem code of an answer.
pub async fn code(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap_or_default();
    (
        status,
        problem["code"].as_str().unwrap_or("no problem").to_owned(),
    )
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(LIMIT)
        .no_proxy()
        .build()
        .unwrap()
}

/// The program, for tests of its command line.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.env_clear();
    command
}

async fn lay_down_a_stream(data: &Path, stamped: bool) {
    let store = Store::open(&DataFolder::at(data).unwrap().database().unwrap()).unwrap();
    let entry = LogEntry {
        seq: Seq(1),
        at: RelayTime(1),
        author: Author::Relay,
        event: LogEvent::StreamStarted {
            stream: stream(),
            stamped,
            codec: "H264".to_owned(),
            rtp_offset: None,
        },
    };
    let work = move |db: &_| {
        store::open_consult(db, consult(), "訪問 1", RelayTime(1))
            .and_then(|()| store::append(db, consult(), &[entry]))
    };
    store.write("lay down a stream", work).await.unwrap();
    store.close();
}

async fn spawn(
    data: &Path,
    log: &Path,
    addresses: [SocketAddr; 3],
    flags: &[String],
) -> (Child, [SocketAddr; 3], Option<SocketAddr>) {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .unwrap();
    let [http, media, metrics] = addresses.map(|address| address.to_string());
    let mut child = program()
        .args([
            "serve",
            "--demo",
            "--announce",
            "--http",
            &http,
            "--media",
            &media,
            "--media-tcp",
            "127.0.0.1:0",
            "--metrics",
            &metrics,
            "--log-form",
            "json",
            "--data",
        ])
        .arg(data)
        .args(flags)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let reading = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).map(|_| line)
    });
    let line = tokio::time::timeout(LIMIT, reading)
        .await
        .expect("it announces itself")
        .unwrap()
        .unwrap();
    let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it says {line:?}"));
    let address = |name: &str| told[name].as_str().unwrap().parse().unwrap();
    (
        child,
        [address("http"), address("media"), address("metrics")],
        told["dicom"].as_str().map(|at| at.parse().unwrap()),
    )
}

/// Runs the program to its end.
pub fn runs(command: &mut Command) -> (i32, String, String) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    (child.wait().unwrap().code().unwrap_or(-1), out, err)
}
