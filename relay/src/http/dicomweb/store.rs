//! STOW-RS: taking objects in (PS3.18 section 10.5).
//!
//! Owns reading the body as it comes, one object after the other into the archive, and the answer that says what became of each. The next
//! part is read while the last ones are made durable, so that many small objects share their syncs. A part that is bad costs itself only.
//! Invariant: nothing is said to be stored before it is durable.

use super::metadata::DICOM_JSON;
use super::parts::{Found, Parts};
use super::place::{Place, base};
use crate::app::App;
use crate::archive::{Archive, ForeignHead, Slot, Taken, foreign_head};
use crate::auth::System;
use crate::problem::Refusal;
use crate::store::KeptAs;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dimse::{Facts, Shelf, Status};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use wire::problem::ProblemCode;

/// Bodies that are read at the same time, each with some objects of 256 KiB in memory.
pub const MAX_AT_ONCE: usize = 8;
/// Objects of one body that become durable while the next ones are read.
const MAX_FINISHING: usize = 16;
/// Objects of one body: a study of thousands fits.
const MAX_OBJECTS: usize = 50_000;
/// Somebody who sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Largest object, as for those that come by C-STORE.
const MAX_OBJECT_BYTES: u64 = echo_dicom::limits::MAX_FILE_BYTES - 4 * 1024;

/// Reasons that DIMSE has no status for in `Status` (PS3.18 table 10.5.3-2, PS3.4 section GG).
const CLASS_NOT_SUPPORTED: u16 = 0x0122;
const SYNTAX_NOT_SUPPORTED: u16 = 0xC122;
const CANNOT_UNDERSTAND: u16 = 0xC000;
const TOO_LARGE: u16 = 0xA700;
/// The object is here beside another of its UID (decision 0030).
const KEPT_BESIDE: u16 = 0xB007;

/// `POST /dicomweb/studies` and of one study.
///
/// # Errors
/// `WrongContent`, `BodyRefused` for what is no body of parts, `TooLarge`, `TooSlow`, `TooMany`. What becomes of each object the answer says.
pub async fn take(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    request: Request,
) -> Result<Response, Refusal> {
    let place = Place::of(&path)?;
    let parts = parts(request.headers())?;
    let busy = |_| Refusal::and_close(ProblemCode::TooMany);
    let _room = app.storing.try_acquire().map_err(busy)?;
    let base = base(&app, request.headers());
    let mut intake = Intake {
        archive: app.archive.clone(),
        sender: Arc::clone(&system.name),
        within: place.study.map(Arc::from),
        now: None,
        finishing: JoinSet::new(),
        done: Vec::new(),
        number: 0,
    };
    let read = intake.read(parts, request).await;
    // Whatever the rest of the body was, what was taken is told of where somebody can still hear it.
    let outcomes = intake.all().await;
    let stored = outcomes.iter().filter(|one| one.taken.is_ok()).count();
    tracing::info!(system = %system.name, stored, refused = outcomes.len() - stored, whole = read.is_ok(), "objects came by STOW-RS");
    read.map_err(Refusal::and_close)?;
    if outcomes.is_empty() {
        return Err(ProblemCode::BodyRefused.into());
    }
    Ok(answer(&outcomes, &base))
}

fn parts(headers: &HeaderMap) -> Result<Parts, Refusal> {
    let wrong = || Refusal::and_close(ProblemCode::WrongContent);
    let content = headers.get(header::CONTENT_TYPE);
    let content = content.and_then(|it| it.to_str().ok()).ok_or_else(wrong)?;
    let mut pieces = content.split(';');
    let media = pieces.next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("multipart/related")
        || headers.contains_key(header::CONTENT_ENCODING)
    {
        return Err(wrong());
    }
    let mut boundary = None;
    for piece in pieces {
        let Some((name, value)) = piece.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "boundary" => boundary = Some(value),
            "type" if !value.eq_ignore_ascii_case("application/dicom") => return Err(wrong()),
            _ => {}
        }
    }
    boundary
        .and_then(Parts::new)
        .ok_or_else(|| Refusal::and_close(ProblemCode::BodyRefused))
}

/// What became of an object.
struct Outcome {
    number: usize,
    /// Class and instance, where they are known.
    named: Option<(String, String)>,
    taken: Result<Taken, u16>,
}

/// The object that arrives.
enum Now {
    /// Its head does.
    Head(Vec<u8>),
    /// Its data set does.
    Data(Box<(Slot, Facts, u64)>),
    /// It is refused; what still comes of it is dropped.
    Refused(Option<(String, String)>, u16),
}

struct Intake {
    archive: Archive,
    sender: Arc<str>,
    /// The study that all must belong to.
    within: Option<Arc<str>>,
    now: Option<Now>,
    finishing: JoinSet<Outcome>,
    done: Vec<Outcome>,
    number: usize,
}

impl Intake {
    async fn read(&mut self, mut parts: Parts, request: Request) -> Result<(), ProblemCode> {
        let mut body = request.into_body().into_data_stream();
        loop {
            let piece = tokio::time::timeout(SILENCE, body.next()).await;
            let piece: Bytes = match piece.map_err(|_| ProblemCode::TooSlow)? {
                Some(Ok(piece)) => piece,
                Some(Err(_)) => return Err(ProblemCode::BodyRefused),
                None => break,
            };
            parts.feed(&piece);
            while let Some(found) = parts.next().map_err(|_| ProblemCode::BodyRefused)? {
                self.take(found).await?;
            }
        }
        // Cut off: the last object is not whole, the others are.
        if parts.is_whole() {
            Ok(())
        } else {
            Err(ProblemCode::BodyRefused)
        }
    }

    async fn take(&mut self, found: Found) -> Result<(), ProblemCode> {
        match found {
            Found::Part(media) => {
                self.number += 1;
                if self.number > MAX_OBJECTS {
                    return Err(ProblemCode::TooLarge);
                }
                let is_dicom = media.is_none_or(|media| media == "application/dicom");
                self.now = Some(if is_dicom {
                    Now::Head(Vec::new())
                } else {
                    Now::Refused(None, CANNOT_UNDERSTAND)
                });
            }
            Found::Data(data) => {
                let now = self.now.take();
                self.now = match now {
                    Some(now) => Some(self.more(now, &data).await),
                    None => None,
                };
            }
            Found::PartEnd => {
                if let Some(now) = self.now.take() {
                    self.end(now).await;
                }
            }
            Found::End => {}
        }
        Ok(())
    }

    async fn more(&self, now: Now, data: &[u8]) -> Now {
        match now {
            Now::Head(mut head) => {
                head.extend_from_slice(data);
                match foreign_head(&head, &self.sender) {
                    ForeignHead::More => Now::Head(head),
                    ForeignHead::Not(_) => Now::Refused(None, CANNOT_UNDERSTAND),
                    ForeignHead::Is(facts, data_set_at) => {
                        let data_set = head.split_off(data_set_at);
                        self.begin(facts, &data_set).await
                    }
                }
            }
            Now::Data(mut of) => {
                of.2 += data.len() as u64;
                if of.2 > MAX_OBJECT_BYTES {
                    return Now::Refused(Some((of.1.class, of.1.instance)), TOO_LARGE);
                }
                match self.archive.write(&mut of.0, data).await {
                    Ok(()) => Now::Data(of),
                    Err(status) => refused(of.1, status),
                }
            }
            refused @ Now::Refused(..) => refused,
        }
    }

    async fn begin(&self, facts: Facts, data_set: &[u8]) -> Now {
        let unsupported = if !dimse::takes_class(&facts.class) {
            Some(CLASS_NOT_SUPPORTED)
        } else if !dimse::takes_syntax(&facts.syntax) {
            Some(SYNTAX_NOT_SUPPORTED)
        } else {
            None
        };
        if let Some(reason) = unsupported {
            return Now::Refused(Some((facts.class, facts.instance)), reason);
        }
        let begun = async {
            let mut slot = self.archive.begin(facts.clone()).await?;
            self.archive.write(&mut slot, data_set).await?;
            Ok(slot)
        };
        match begun.await {
            Ok(slot) => Now::Data(Box::new((slot, facts, data_set.len() as u64))),
            Err(status) => refused(facts, status),
        }
    }

    /// A part is whole.
    async fn end(&mut self, now: Now) {
        let number = self.number;
        let failed = |named, reason| Outcome {
            number,
            named,
            taken: Err(reason),
        };
        match now {
            Now::Head(_) => self.done.push(failed(None, CANNOT_UNDERSTAND)),
            Now::Refused(named, reason) => self.done.push(failed(named, reason)),
            Now::Data(of) => {
                while self.finishing.len() >= MAX_FINISHING {
                    self.one_done().await;
                }
                let (archive, within) = (self.archive.clone(), self.within.clone());
                self.finishing.spawn(async move {
                    let (slot, facts, _) = *of;
                    let taken = archive.take_in(slot, within.as_deref()).await;
                    Outcome {
                        number,
                        named: Some((facts.class, facts.instance)),
                        taken: taken.map_err(Status::code),
                    }
                });
            }
        }
    }

    async fn one_done(&mut self) {
        // A task that panicked has no outcome; its object is not told as stored.
        if let Some(Ok(outcome)) = self.finishing.join_next().await {
            self.done.push(outcome);
        }
    }

    /// What became of all, in the order of the body.
    async fn all(mut self) -> Vec<Outcome> {
        while !self.finishing.is_empty() {
            self.one_done().await;
        }
        self.done.sort_by_key(|outcome| outcome.number);
        self.done
    }
}

fn refused(facts: Facts, status: Status) -> Now {
    Now::Refused(Some((facts.class, facts.instance)), status.code())
}

fn answer(outcomes: &[Outcome], base: &str) -> Response {
    let (mut stored, mut failed) = (Vec::new(), Vec::new());
    let mut warned = false;
    let mut study = None;
    for outcome in outcomes {
        let mut item = Map::new();
        if let Some((class, instance)) = &outcome.named {
            set(&mut item, "00081150", "UI", json!(class));
            set(&mut item, "00081155", "UI", json!(instance));
        }
        match &outcome.taken {
            Ok(taken) => {
                let at = format!("{base}/studies/{}", taken.study);
                if let Some((_, instance)) = &outcome.named {
                    let at = format!("{at}/series/{}/instances/{instance}", taken.series);
                    set(&mut item, "00081190", "UR", json!(at));
                }
                if taken.kept == KeptAs::Conflict {
                    warned = true;
                    set(&mut item, "00081196", "US", json!(KEPT_BESIDE));
                }
                study.get_or_insert(at);
                stored.push(Value::Object(item));
            }
            Err(reason) => {
                set(&mut item, "00081197", "US", json!(reason));
                failed.push(Value::Object(item));
            }
        }
    }
    let status = if stored.is_empty() {
        StatusCode::CONFLICT
    } else if failed.is_empty() && !warned {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let mut body = Map::new();
    if let Some(study) = study {
        set(&mut body, "00081190", "UR", json!(study));
    }
    for (name, items) in [("00081198", failed), ("00081199", stored)] {
        if !items.is_empty() {
            body.insert(name.to_owned(), json!({ "vr": "SQ", "Value": items }));
        }
    }
    let body = Value::Object(body).to_string();
    (status, [(header::CONTENT_TYPE, DICOM_JSON)], body).into_response()
}

fn set(into: &mut Map<String, Value>, name: &str, vr: &str, value: Value) {
    into.insert(name.to_owned(), json!({ "vr": vr, "Value": [value] }));
}
