//! Ids, units and messages that the capture agent, the relay and the viewer exchange.
//!
//! Owns the shape of everything that crosses a process border as JSON: the consult socket both ways, the agent's
//! control channel both ways, HTTP bodies, problem codes and ultrasound regions. It does no IO, reads no clock, holds
//! no rules: who may do what is the relay's `consult` and `auth`. Everyone may depend on it; it depends on nothing of
//! ours.
//!
//! TypeScript types are generated from here into `viewer/src/wire` (`cargo test -p wire` fails when they are stale;
//! `make wire` writes them). Clients ignore and count variants that they do not know.

pub mod agent;
pub mod backfill;
pub mod case;
pub mod case_log;
pub mod check;
pub mod clip;
pub mod device;
pub mod frames;
pub mod http;
pub mod ids;
pub mod link;
pub mod log;
pub mod mark;
pub mod measure;
pub mod original;
pub mod people;
pub mod problem;
pub mod recording;
pub mod region;
pub mod replay;
pub mod socket;
pub mod units;
pub mod visit;
pub mod voice;

pub use ids::{
    AnnotationId, CaseId, ClipId, ConsentId, ConsultId, DeviceId, FreezeId, PersonId, ScaleId, Seq,
    SessionId, StreamId,
};
pub use units::{CaptureTime, Fraction, FrameIndex, RelayTime, RtpTime};

/// Version of the consult socket and of the agent's control channel. Raised when an old client would misunderstand;
/// additions that old clients may ignore do not raise it.
pub const WIRE_VERSION: u32 = 1;
