//! HTTP bodies under `/api/v1`. Errors are `problem::Problem`.
//!
//! | method and path | body → answer | who |
//! |---|---|---|
//! | `POST /sessions` | `SessionRequest` → `SessionGrant` + cookie | anyone with a ticket |
//! | `GET /sessions/{session}` | → `SessionGrant` | that session |
//! | `DELETE /sessions/{session}` | → 204 | that session |
//! | `GET /consults` | → `ConsultList` | a session |
//! | `POST /devices/{device}/tickets` | `TicketRequest` → `TicketGrant` | that device's key |
//! | `POST /consults/{consult}/whip`, `/whep` | SDP → SDP, 201 + Location | ticket, or a session's cookie |
//! | `GET /consults/{consult}/clips/{clip}` | → `clip::ClipTable`; `/frames/{index}` → JPEG or PNG; `/file` → DICOM | a session of that consult |
//! | `PUT /devices/{device}/consults/{consult}/clips/{clip}` | `clip::ClipFromAgent` → `clip::ClipToAgent`; `HEAD` and `PATCH` as of resumable uploads | that device's key |
//! | `GET /replays` | → `replay::ReplayList` of what this person may replay, also when it is over | a session |
//! | `GET /replays/{consult}` | → `replay::ReplayAbout`; `/log`, `/pictures/{stream}` (frame table), `/pictures/{stream}/units`, `/voices/{track}` | who may replay it |
//! | `GET /demo`, `POST /demo/tickets` | `DemoDoor`; `DemoTicketRequest` → `TicketGrant` | demo installations only |

use crate::people::Role;
use crate::{ConsultId, PersonId, RelayTime, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Largest JSON body in bytes.
pub const MAX_JSON_BYTES: usize = 64 * 1024;
/// Largest SDP body in bytes.
pub const MAX_SDP_BYTES: usize = 64 * 1024;
/// Header in which a page names which of its sessions it speaks for; two tabs can be two people.
pub const SESSION_HEADER: &str = "hibiki-session";

/// Exchanges a ticket for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionRequest {
    /// As it stood in the link.
    pub ticket: String,
}

/// A session: who somebody is in which consult. The secret is in the cookie, not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase")]
pub struct SessionGrant {
    /// Names the cookie; not a secret.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// One or two characters.
    pub initials: String,
    /// As what.
    pub role: Role,
    /// Where.
    pub consult: ConsultId,
    /// Until when.
    pub expires_at: RelayTime,
}

/// Consults that a session may know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase")]
pub struct ConsultList {
    /// Live ones first, longest waiting first.
    pub consults: Vec<ConsultSummary>,
}

/// A consult in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase")]
pub struct ConsultSummary {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity, for example `訪問 1`.
    pub alias: String,
    /// Whether a picture arrives now.
    pub picture: bool,
    /// How many people are connected now.
    pub people: u32,
    /// When it was opened.
    pub opened_at: RelayTime,
}

/// Asks for a ticket for a consult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TicketRequest {
    /// Where to.
    pub consult: ConsultId,
}

/// A ticket: 256 random bits, used once, soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase")]
pub struct TicketGrant {
    /// The secret.
    pub ticket: String,
    /// Where to.
    pub consult: ConsultId,
    /// Until when.
    pub expires_at: RelayTime,
}

/// The open door of a demo installation (loopback only).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase")]
pub struct DemoDoor {
    /// Seeded people.
    pub people: Vec<DemoPerson>,
    /// Seeded consults.
    pub consults: Vec<ConsultSummary>,
}

/// Somebody to try the product as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase")]
pub struct DemoPerson {
    /// Who.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// As what.
    pub role: Role,
}

/// Asks the demo door for a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "http.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DemoTicketRequest {
    /// As whom.
    pub person: PersonId,
    /// Where to.
    pub consult: ConsultId,
}
