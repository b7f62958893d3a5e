//! People and devices in a consult, and what each may do there.
//!
//! Owns roles and how a participant is shown to others. Which role has which rights is decided by the relay; pages
//! receive the answer as `Rights` and only hide what would be refused.

use crate::{DeviceId, PersonId, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What somebody is in a consult.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "people.ts")]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// 訪問医: scans at the bedside.
    VisitingPhysician,
    /// 循環器医: watches and advises.
    Cardiologist,
    /// 指導医: teaches.
    Trainer,
    /// 研修者: learns.
    Trainee,
    /// 見学: watches only.
    Observer,
}

/// What one person may do in one consult.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "people.ts")]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each right stands alone; pages read them by name"
)]
pub struct Rights {
    /// Show a pointer.
    pub point: bool,
    /// Draw, and withdraw their own marks.
    pub draw: bool,
    /// Pin a quick mark and unpin it.
    pub pin: bool,
    /// Freeze the picture for everyone.
    pub freeze: bool,
    /// Save clips and stills.
    pub save: bool,
    /// Speak; everybody hears.
    pub speak: bool,
    /// Set and withdraw the consent to the recording of voices.
    pub record_voice: bool,
    /// Release a freeze of somebody else's.
    pub release_any: bool,
}

/// Which page a participant has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "people.ts")]
#[serde(rename_all = "camelCase")]
pub enum Page {
    /// ベッドサイド, beside the patient.
    Bedside,
    /// 相談, elsewhere.
    Consult,
}

/// A person in a consult as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "people.ts")]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Their connection.
    pub session: SessionId,
    /// Who they are.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// One or two characters for small places.
    pub initials: String,
    /// What they are here.
    pub role: Role,
    /// What they have open.
    pub page: Page,
}

/// Who caused an event of the log. Set by the relay from the session, never by the sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "people.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Author {
    /// A person through a page.
    Person {
        /// Their connection.
        session: SessionId,
        /// Who.
        person: PersonId,
        /// Name at that time.
        name: String,
        /// Initials at that time.
        initials: String,
        /// Role at that time.
        role: Role,
    },
    /// A capture agent.
    Device {
        /// Which.
        device: DeviceId,
        /// Name at that time.
        name: String,
    },
    /// The relay itself.
    Relay,
}
