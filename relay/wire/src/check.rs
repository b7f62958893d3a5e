//! What a check before a visit finds: each thing with its level, what was seen of it, and one thing to do.
//!
//! Owns codes and figures; the words are the command line's and the page's. The capture agent finds and its own page shows; nothing here
//! ever reaches the relay, so it may name encoders and what the system said.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which thing, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "check.ts")]
#[serde(rename_all = "camelCase")]
pub enum CheckSubject {
    /// Where pictures come from.
    Source,
    /// What codes them.
    Encoder,
    /// Where clips are saved.
    Disk,
    /// What runs here.
    Versions,
    /// The hospital's server.
    Relay,
    /// This device's clock against the relay's.
    Clock,
    /// The connection of an agent at work.
    Link,
    /// Media over UDP.
    LinkUdp,
    /// Media over TCP.
    LinkTcp,
    /// Media over a TURN server.
    LinkTurn,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "check.ts")]
#[serde(rename_all = "camelCase")]
pub enum CheckLevel {
    /// As it should be.
    Good,
    /// The visit can begin; something is worth doing.
    Attention,
    /// The visit would fail.
    Bad,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "check.ts")]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum CheckSays {
    /// Pictures come.
    Pictures {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// A second.
        fps: u32,
    },
    /// None come.
    NoPicture {
        /// In the agent's own words.
        detail: String,
    },
    /// Another agent of this device has it.
    AtWorkElsewhere,
    /// An encoder was tried, or is at work.
    Codes {
        /// Its name.
        name: String,
        /// For one picture; nothing of one at work.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        ms: Option<u32>,
    },
    /// Nobody receives, so none is at work.
    CodesNothing,
    /// None works.
    NoEncoder {
        /// In the agent's own words.
        detail: String,
    },
    /// No folder is named.
    NoSpool,
    /// Room and speed of the disk.
    Room {
        /// Free.
        mib: u32,
        /// Until a write is durable.
        sync_ms: u32,
    },
    /// The folder cannot be used.
    DiskRefused {
        /// In the system's words.
        detail: String,
    },
    /// What runs here.
    Versions {
        /// The capture agent.
        agent: String,
        /// FFmpeg's libraries.
        libraries: String,
    },
    /// No relay is named.
    NoRelay,
    /// It answers.
    Answers {
        /// In so many milliseconds.
        ms: u32,
    },
    /// It answers and says that it cannot work.
    NotReady,
    /// It does not answer, or says no.
    Refused {
        /// In the agent's own words.
        detail: String,
    },
    /// The clocks agree.
    SameTime,
    /// They do not.
    OffBy {
        /// How far.
        seconds: u32,
        /// This device's is ahead.
        ahead: bool,
    },
    /// The relay tells no time.
    NoTime,
    /// Media passes.
    Passes {
        /// Until it was connected.
        ms: u32,
    },
    /// It does not.
    Blocked {
        /// In the agent's own words.
        detail: String,
    },
    /// The picture goes out now.
    Sending,
    /// It does not, and the agent tries.
    NotSending {
        /// In the agent's own words; may be empty.
        detail: String,
    },
    /// A ticket works once and cannot be tried.
    TicketOnce,
}

/// The one thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "check.ts")]
#[serde(rename_all = "camelCase")]
pub enum CheckAction {
    /// Another format, size or port of the grabber.
    ChooseFormat,
    /// Cable, power, list of sources.
    CheckCable,
    /// Look at the agent at work.
    SeeOtherAgent,
    /// Close programs or lower the size.
    EaseCoding,
    /// An encoder is missing.
    InstallEncoder,
    /// A folder for clips is missing.
    NameSpool,
    /// A folder that can be written.
    WritableFolder,
    /// Clips cannot be saved.
    FreeRoomNow,
    /// Clips may not fit.
    FreeRoom,
    /// Saving is told late.
    QuickerDisk,
    /// A relay is missing.
    NameRelay,
    /// The relay's operator can help.
    AskOperator,
    /// Network and address.
    CheckNetwork,
    /// NTP.
    SetClock,
    /// Nobody to compare with.
    ClockByHand,
    /// Nothing passes.
    OpenPorts,
    /// A way that is not needed here.
    NotNeededHere,
    /// UDP is better.
    LetUdpThrough,
    /// TURN server.
    CheckTurn,
    /// A key instead of a ticket.
    UseKey,
    /// It goes on by itself.
    Wait,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "check.ts")]
#[serde(rename_all = "camelCase")]
pub struct CheckFinding {
    /// Which thing.
    pub what: CheckSubject,
    /// How it is.
    pub level: CheckLevel,
    /// What was seen.
    pub says: CheckSays,
    /// What to do, when something is to be done.
    pub action: Option<CheckAction>,
}

/// The last check of this start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "check.ts")]
#[serde(rename_all = "camelCase")]
pub struct DeviceCheck {
    /// It is being made; more will come.
    pub running: bool,
    /// What was found so far, in the order of `CheckSubject`.
    pub findings: Vec<CheckFinding>,
    /// How long it took, once it is over; nothing before the first one.
    pub took_ms: Option<u32>,
}
