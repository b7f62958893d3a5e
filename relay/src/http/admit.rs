//! Asks the entrance before an action runs.
//!
//! Owns what each gate of the route list demands and puts the `Entry` where the action finds it. Invariant: an action
//! behind a gate other than `Open` never runs without an entry, and one entry never opens another consult.

use crate::app::App;
use crate::auth::{Entry, SessionEntry, System};
use crate::http::accept::Caller;
use crate::problem::Refusal;
use axum::RequestPartsExt;
use axum::extract::{FromRequestParts, Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::net::IpAddr;
use wire::ConsultId;
use wire::problem::ProblemCode;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Anyone; there is nothing of a patient behind it.
    Open,
    /// Anyone on this machine, when the installation is a demo.
    Demo,
    /// The action redeems the ticket in its body.
    TicketInBody,
    /// A device with its key.
    Device,
    /// A person with a session.
    Session,
    /// A person with a session, also when its consult is over: reads only. The action asks what they may read.
    Reader,
    /// A person with a session, named in the query, from one of our pages.
    Socket,
    /// The bearer of a fresh ticket, or a person with a session.
    Media,
    /// A hospital system with its token; what changes something needs another right than what reads.
    System,
    /// The bearer of the ticket that opened it, or a person with the session that did.
    MediaResource,
}

#[derive(Debug, Default, Deserialize)]
struct Named {
    session: Option<String>,
}

/// Runs the action if the entrance lets the caller in.
pub async fn admit(
    State((app, gate)): State<(App, Gate)>,
    request: Request,
    next: Next,
) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let entry = match enter(&app, gate, &mut parts).await {
        Ok(entry) => entry,
        Err(code) => return Err(refused(gate, code)),
    };
    parts.extensions.insert(entry);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Hospital systems have a second way to say who they are.
fn refused(gate: Gate, code: ProblemCode) -> Response {
    let mut response = Refusal::from(code).into_response();
    if gate == Gate::System && code == ProblemCode::NoEntry {
        let basic = HeaderValue::from_static("Basic realm=\"hibiki\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .append(header::WWW_AUTHENTICATE, basic);
    }
    response
}

async fn enter(app: &App, gate: Gate, parts: &mut Parts) -> Result<Entry, ProblemCode> {
    let host = host(
        &parts.headers,
        parts.uri.authority().map(|authority| authority.as_str()),
    )
    .map(str::to_owned);
    let (host, origins) = (host.as_deref(), &app.entrance.origins);
    if gate == Gate::Open {
        return Ok(Entry::Anyone);
    }
    if !origins.host_is_ours(host) {
        return Err(ProblemCode::WrongOrigin);
    }
    let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    match gate {
        Gate::Open => Ok(Entry::Anyone),
        Gate::Demo if !app.demo => Err(ProblemCode::NotFound),
        Gate::Demo | Gate::TicketInBody => {
            let fine = origins.is_not_foreign(&parts.headers, host);
            fine.then_some(Entry::Anyone)
                .ok_or(ProblemCode::WrongOrigin)
        }
        Gate::Device => {
            let device = path_id(parts, "device").await;
            app.entrance
                .device(device, &parts.headers, caller(parts)?, app.steady())
                .await
                .map(Entry::Device)
        }
        Gate::System => {
            // A browser sends a password along that somebody once typed, whoever makes it ask.
            if !origins.is_not_foreign(&parts.headers, host) {
                return Err(ProblemCode::WrongOrigin);
            }
            let from = caller(parts)?;
            let system = app
                .entrance
                .system(&parts.headers, changes, from, app.steady());
            system.map(Entry::System)
        }
        Gate::Session | Gate::Socket => {
            // A browser sends no Sec-Fetch-Site with a socket everywhere, but always an Origin (RFC 6455 §10.2).
            if (changes || gate == Gate::Socket) && !origins.page_is_ours(&parts.headers, host) {
                return Err(ProblemCode::WrongOrigin);
            }
            let session = session(app, parts).await?;
            here(parts, session.consult).await?;
            Ok(Entry::Session(session))
        }
        Gate::Reader => {
            if changes && !origins.page_is_ours(&parts.headers, host) {
                return Err(ProblemCode::WrongOrigin);
            }
            let reader = app.entrance.reader(&parts.headers, app.steady());
            reader.await.map(Entry::Session)
        }
        Gate::Media | Gate::MediaResource => {
            media(
                app,
                gate,
                parts,
                changes && !origins.page_is_ours(&parts.headers, host),
            )
            .await
        }
    }
}

async fn media(
    app: &App,
    gate: Gate,
    parts: &mut Parts,
    foreign: bool,
) -> Result<Entry, ProblemCode> {
    let consult: Option<ConsultId> = path_id(parts, "consult").await;
    let Some(ticket) = bearer(&parts.headers) else {
        if foreign && parts.headers.contains_key(header::COOKIE) {
            return Err(ProblemCode::WrongOrigin);
        }
        let session = session(app, parts).await?;
        here(parts, session.consult).await?;
        return Ok(Entry::Session(session));
    };
    let consult = consult.ok_or(ProblemCode::NoEntry)?;
    if gate == Gate::Media && parts.method != Method::OPTIONS {
        return app
            .entrance
            .redeem(&ticket, Some(consult), caller(parts)?, app.steady())
            .await;
    }
    crate::auth::SecretHash::of(&ticket)
        .map(|hash| Entry::Returning { hash })
        .ok_or(ProblemCode::NoEntry)
}

async fn session(app: &App, parts: &mut Parts) -> Result<SessionEntry, ProblemCode> {
    // A query that cannot be read names nobody.
    let named = parts
        .extract::<Query<Named>>()
        .await
        .map(|Query(named)| named)
        .unwrap_or_default();
    app.entrance
        .session(&parts.headers, named.session.as_deref(), app.steady())
        .await
}

/// A path that names a consult names the one of the entry. Another one looks as if it did not exist.
async fn here(parts: &mut Parts, consult: ConsultId) -> Result<(), ProblemCode> {
    match path_param(parts, "consult").await {
        Some(named) if named.parse() != Ok(consult) => Err(ProblemCode::NotFound),
        _ => Ok(()),
    }
}

/// Where the request was sent. Over HTTP/1.1 an absolute target wins over the header (RFC 9112 §3.2.2).
pub(super) fn host<'a>(headers: &'a HeaderMap, target: Option<&'a str>) -> Option<&'a str> {
    target.or_else(|| headers.get(header::HOST)?.to_str().ok())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    crate::auth::bearer(headers).map(str::to_owned)
}

fn caller(parts: &Parts) -> Result<IpAddr, ProblemCode> {
    parts
        .extensions
        .get::<Caller>()
        .map(|caller| *caller.0.reveal())
        .ok_or(ProblemCode::Internal)
}

async fn path_param(parts: &mut Parts, name: &str) -> Option<String> {
    let params = parts.extract::<RawPathParams>().await.ok()?;
    params
        .iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

async fn path_id<T: std::str::FromStr>(parts: &mut Parts, name: &str) -> Option<T> {
    path_param(parts, name).await?.parse().ok()
}

/// Counts refusals, and says over which session an answer went wrong, without saying whose.
pub async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.stopping.load(std::sync::atomic::Ordering::Relaxed) {
        app.metrics.refused.up(ProblemCode::ShuttingDown);
        return Refusal::and_close(ProblemCode::ShuttingDown).into_response();
    }
    let method = request.method().clone();
    let path = request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    if let Some(code) = response.extensions().get::<ProblemCode>() {
        app.metrics.refused.up(*code);
        tracing::debug!(%method, path = path.as_deref().unwrap_or("other"), ?code, "request refused");
    }
    response
}

/// The entry that the gate made.
impl<S: Send + Sync> FromRequestParts<S> for Entry {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        // Without a gate there is no entry, and without an entry no action.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ProblemCode::NoEntry.into())
    }
}

/// The system that the gate found.
impl<S: Send + Sync> FromRequestParts<S> for System {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Entry::from_request_parts(parts, state).await? {
            Entry::System(system) => Ok(system),
            _ => Err(ProblemCode::NoEntry.into()),
        }
    }
}

/// The session that the gate found.
impl<S: Send + Sync> FromRequestParts<S> for SessionEntry {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Entry::from_request_parts(parts, state).await? {
            Entry::Session(session) => Ok(session),
            _ => Err(ProblemCode::NoEntry.into()),
        }
    }
}
