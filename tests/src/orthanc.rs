//! Orthanc, somebody else's archive, on free ports with a folder of its own. It ends with the story.
//!
//! Owns the process and its REST door. Whether it is installed is the caller's to judge.

use crate::free_port::free_port;
use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// By the path too: Debian puts it where only root looks.
const PROGRAMS: [&str; 2] = ["Orthanc", "/usr/sbin/Orthanc"];
/// Its DICOMweb, where Debian puts it.
const DICOMWEB: &str = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so";
/// The plugin makes it slow to start.
const STARTED_WITHIN: Duration = Duration::from_secs(30);
/// Its title.
pub const TITLE: &str = "ORTHANC";
/// The name under which it knows the archive that it asks.
const PEER: &str = "peer";
/// Between two attempts while it starts.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// A running archive.
#[derive(Debug)]
pub struct Orthanc {
    child: Child,
    door: String,
    dicom: SocketAddr,
    http: Client,
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Orthanc {
    /// Starts one; nothing where it is not installed.
    ///
    /// # Errors
    /// When there is no free port or its settings cannot be written.
    pub fn start(folder: &Path) -> Result<Option<Self>> {
        Self::with_plugins(folder, &[])
    }

    /// Starts one that speaks DICOMweb and waits for it; nothing where it or its plugin is not installed.
    ///
    /// # Errors
    /// As `start`, and when it does not answer in time.
    pub async fn with_dicomweb(folder: &Path) -> Result<Option<Self>> {
        if !Path::new(DICOMWEB).exists() {
            return Ok(None);
        }
        let Some(orthanc) = Self::with_plugins(folder, &[DICOMWEB])? else {
            return Ok(None);
        };
        let until = Instant::now() + STARTED_WITHIN;
        while orthanc.holds().await.is_err() {
            ensure!(Instant::now() < until, "Orthanc does not answer");
            tokio::time::sleep(TRY_AGAIN).await;
        }
        Ok(Some(orthanc))
    }

    /// Where its REST door is.
    #[must_use]
    pub fn door(&self) -> &str {
        &self.door
    }

    fn with_plugins(folder: &Path, plugins: &[&str]) -> Result<Option<Self>> {
        let (http, dicom) = (free_port()?, free_port()?);
        let settings = json!({
            "Name": "Story",
            "DicomAet": TITLE,
            "StorageDirectory": folder.join("db"),
            "IndexDirectory": folder.join("db"),
            "HttpPort": http,
            "DicomPort": dicom,
            "RemoteAccessAllowed": false,
            "AuthenticationEnabled": false,
            "Plugins": plugins,
            // As it is delivered; written down because figures are compared with it.
            "SyncStorageArea": true,
        });
        let config = folder.join("orthanc.json");
        std::fs::write(&config, settings.to_string()).context("write Orthanc's settings")?;
        let started = PROGRAMS.iter().find_map(|name| {
            let mut command = Command::new(name);
            // Its library switches Nagle's algorithm off by this.
            command.env("TCP_NODELAY", "1");
            let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
            quiet.arg(&config).spawn().ok()
        });
        let Some(child) = started else {
            return Ok(None);
        };
        // Fails when it is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // It closes connections that rest.
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0);
        Ok(Some(Self {
            child,
            door: format!("http://127.0.0.1:{http}"),
            dicom: (Ipv4Addr::LOCALHOST, dicom).into(),
            http: client.build()?,
        }))
    }

    /// Where it takes DICOM objects, under the title ORTHANC.
    #[must_use]
    pub const fn dicom(&self) -> SocketAddr {
        self.dicom
    }

    /// It takes an object, as soon as it has started.
    ///
    /// # Errors
    /// When it does not start in time, or refuses.
    pub async fn stores_within(&self, file: &Path, within: Duration) -> Result<()> {
        let bytes = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
        let until = Instant::now() + within;
        let answer = loop {
            let sent = self.http.post(format!("{}/instances", self.door));
            match sent.body(bytes.clone()).send().await {
                Ok(answer) => break answer,
                Err(error) if Instant::now() >= until => {
                    return Err(error).context("Orthanc does not answer");
                }
                Err(_) => tokio::time::sleep(TRY_AGAIN).await,
            }
        };
        let stored: Value = answer.json().await?;
        ensure!(
            stored["Status"] == "Success",
            "{}: {stored}",
            file.display()
        );
        Ok(())
    }

    /// What its own anonymiser makes of an object that it holds.
    ///
    /// # Errors
    /// When it does not hold it, or does not answer.
    pub async fn anonymized(&self, instance: &str) -> Result<Vec<u8>> {
        let asked = self.http.post(format!("{}/tools/lookup", self.door));
        let held: Value = asked.body(instance.to_owned()).send().await?.json().await?;
        let id = held[0]["ID"].as_str().context("Orthanc does not hold it")?;
        let asked = format!("{}/instances/{id}/anonymize", self.door);
        let made = self.http.post(asked).body("{}").send().await?;
        Ok(made.error_for_status()?.bytes().await?.to_vec())
    }

    /// It gets to know another archive, which it may then send to and ask.
    ///
    /// # Errors
    /// When it does not start in time, or refuses.
    pub async fn knows_within(
        &self,
        title: &str,
        address: SocketAddr,
        within: Duration,
    ) -> Result<()> {
        let until = Instant::now() + within;
        let peer = json!({ "AET": title, "Host": address.ip(), "Port": address.port() });
        loop {
            let put = self.http.put(format!("{}/modalities/{PEER}", self.door));
            match put.json(&peer).send().await {
                Ok(answer) => {
                    answer.error_for_status()?;
                    return Ok(());
                }
                Err(error) if Instant::now() >= until => {
                    return Err(error).context("Orthanc does not answer");
                }
                Err(_) => tokio::time::sleep(TRY_AGAIN).await,
            }
        }
    }

    /// It sends all that it holds to the archive that it knows (C-STORE).
    ///
    /// # Errors
    /// When that does not take all.
    pub async fn sends_all(&self) -> Result<()> {
        let all = self.asks("instances").await?;
        self.posts(&format!("modalities/{PEER}/store"), all.to_string())
            .await
            .map(drop)
    }

    /// What it finds there at a level by these keys (C-FIND), and has sent to itself (C-MOVE).
    ///
    /// # Errors
    /// When it is not told, or not all of it comes.
    pub async fn fetches(&self, level: &str, keys: &Value) -> Result<usize> {
        let query = json!({ "Level": level, "Query": keys });
        let there = format!("modalities/{PEER}/query");
        let asked = self.posts(&there, query.to_string()).await?;
        let asked: Value = serde_json::from_str(&asked)?;
        let query = asked["ID"].as_str().context("Orthanc names no query")?;
        let answers = self.asks(&format!("queries/{query}/answers")).await?;
        let found = answers.as_array().map_or(0, Vec::len);
        for answer in 0..found {
            let there = format!("queries/{query}/answers/{answer}/retrieve");
            self.posts(&there, TITLE.to_owned()).await?;
        }
        Ok(found)
    }

    /// Its studies, as it numbers them.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn studies(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.asks("studies").await?)?)
    }

    /// It forgets a study.
    ///
    /// # Errors
    /// When it does not.
    pub async fn forgets(&self, study: &str) -> Result<()> {
        let gone = self.http.delete(format!("{}/studies/{study}", self.door));
        gone.send().await?.error_for_status()?;
        Ok(())
    }

    /// All attributes of the instances that it holds.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn tags(&self) -> Result<Vec<Value>> {
        let all: Vec<String> = serde_json::from_value(self.asks("instances").await?)?;
        let mut tags = Vec::new();
        for one in all {
            tags.push(self.asks(&format!("instances/{one}/tags")).await?);
        }
        Ok(tags)
    }

    async fn asks(&self, path: &str) -> Result<Value> {
        let asked = self.http.get(format!("{}/{path}", self.door));
        Ok(asked.send().await?.error_for_status()?.json().await?)
    }

    async fn posts(&self, path: &str, body: String) -> Result<String> {
        let posted = self.http.post(format!("{}/{path}", self.door)).body(body);
        let answer = posted.send().await?;
        let (status, told) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "Orthanc answers to {path}: {told}");
        Ok(told)
    }

    /// How many studies, series and instances it holds.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn holds(&self) -> Result<[usize; 3]> {
        let asked = self.http.get(format!("{}/statistics", self.door));
        let told: Value = asked.send().await?.json().await?;
        let counts = ["CountStudies", "CountSeries", "CountInstances"];
        let count = |of: &str| told[of].as_u64().and_then(|it| usize::try_from(it).ok());
        let [Some(studies), Some(series), Some(instances)] = counts.map(count) else {
            anyhow::bail!("no counts in {told}");
        };
        Ok([studies, series, instances])
    }
}
