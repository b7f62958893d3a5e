//! The relay's HTTP side as a program meets it: the demo door, tickets, sessions, WHIP and WHEP by hand.
//!
//! Owns one HTTP client and the addresses. It keeps no cookies: each call says who asks. Callers: `story`, stories about
//! wrong input, the bench.

use anyhow::{Context, Result, anyhow, ensure};
use reqwest::header::{CONTENT_TYPE, SET_COOKIE};
use reqwest::{Client, Response};
use std::time::Duration;
use wire::http::{
    DemoDoor, DemoTicketRequest, SESSION_HEADER, SessionGrant, SessionRequest, TicketGrant,
};
use wire::people::Role;
use wire::problem::Problem;
use wire::{ConsultId, PersonId};

/// No answer of a relay on the same machine takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// One relay's HTTP side.
#[derive(Debug, Clone)]
pub struct Door {
    origin: String,
    http: Client,
}

/// Somebody who has entered: the grant and the cookie that proves it.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Who and where.
    pub grant: SessionGrant,
    /// `name=value`, as a browser would send it back.
    pub cookie: String,
}

impl Door {
    /// For the relay at `origin`.
    ///
    /// # Errors
    /// When TLS cannot be set up, which HTTP clients need even for plain addresses.
    pub fn new(origin: String) -> Result<Self> {
        // Fails when it is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            origin,
            http: Client::builder().timeout(ANSWER_LIMIT).build()?,
        })
    }

    /// The HTTP client, for requests that no method here makes.
    #[must_use]
    pub const fn http(&self) -> &Client {
        &self.http
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The full address of a path below `/api/v1`.
    #[must_use]
    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.origin)
    }

    /// Where to publish into a consult.
    #[must_use]
    pub fn whip(&self, consult: ConsultId) -> String {
        self.api(&format!("consults/{consult}/whip"))
    }

    /// Where to watch a consult.
    #[must_use]
    pub fn whep(&self, consult: ConsultId) -> String {
        self.api(&format!("consults/{consult}/whep"))
    }

    /// Seeded people and consults.
    ///
    /// # Errors
    /// When there is no demo door.
    pub async fn demo(&self) -> Result<DemoDoor> {
        json(self.http.get(self.api("demo")).send().await?).await
    }

    /// The seeded person with a role.
    ///
    /// # Errors
    /// When nobody is seeded with it.
    pub async fn person(&self, role: Role) -> Result<PersonId> {
        let people = self.demo().await?.people;
        people
            .iter()
            .find(|p| p.role == role)
            .map(|p| p.person)
            .with_context(|| format!("nobody is a {role:?}"))
    }

    /// A fresh ticket for a person.
    ///
    /// # Errors
    /// When the relay refuses.
    pub async fn ticket(&self, person: PersonId, consult: ConsultId) -> Result<String> {
        let request = self
            .http
            .post(self.api("demo/tickets"))
            .json(&DemoTicketRequest { person, consult });
        Ok(json::<TicketGrant>(request.send().await?).await?.ticket)
    }

    /// Exchanges a ticket for a session; the answer is given as it is.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn offer_ticket(&self, ticket: &str) -> Result<Response> {
        let request = self
            .http
            .post(self.api("sessions"))
            .header("origin", &self.origin);
        Ok(request
            .json(&SessionRequest {
                ticket: ticket.to_owned(),
            })
            .send()
            .await?)
    }

    /// Enters with a fresh ticket.
    ///
    /// # Errors
    /// When the relay refuses.
    pub async fn enter(&self, role: Role, consult: ConsultId) -> Result<Entered> {
        let ticket = self.ticket(self.person(role).await?, consult).await?;
        let answer = self.offer_ticket(&ticket).await?;
        let cookie = answer
            .headers()
            .get(SET_COOKIE)
            .context("a session comes with a cookie")?
            .to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Entered {
            grant: json(answer).await?,
            cookie,
        })
    }

    /// Posts an SDP as somebody who has entered.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post_sdp(&self, url: &str, who: &Entered, sdp: String) -> Result<Response> {
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/sdp")
            .header("origin", &self.origin);
        let request = request
            .header("cookie", &who.cookie)
            .header(SESSION_HEADER, who.grant.session.to_string());
        Ok(request.body(sdp).send().await?)
    }
}

/// Reads the JSON of a good answer.
///
/// # Errors
/// The relay's own words when the answer is not good.
pub async fn json<T: serde::de::DeserializeOwned>(answer: Response) -> Result<T> {
    let (status, url, text) = (
        answer.status(),
        answer.url().path().to_owned(),
        answer.text().await?,
    );
    ensure!(status.is_success(), "{url} answered {status}: {text}");
    serde_json::from_str(&text).map_err(|e| anyhow!("{url} answered something else: {e}: {text}"))
}

/// Reads the problem of a bad answer.
///
/// # Errors
/// When the answer is good, or bad without a problem.
pub async fn problem(answer: Response) -> Result<Problem> {
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(
        !status.is_success(),
        "this should have been refused, but the answer is {status}: {text}"
    );
    let problem: Problem = serde_json::from_str(&text)
        .with_context(|| format!("{status} without a problem: {text}"))?;
    ensure!(
        problem.status == status.as_u16(),
        "status {status} with a problem of status {}",
        problem.status
    );
    Ok(problem)
}
