//! Recording: coded pictures, voice and pointers on disk, so that a crash loses at most a quarter of a second and a gap heals.
//!
//! ```text
//! agent: encoder ──► Writer ──► journal of all that was coded ─┐ missing_from
//!                                                              ├──────────────► frames to send again
//! relay: RTP ──────► Writer (live) ─┐                          │
//!        back-fill ► Writer (fill) ─┴─► recording of what arrived
//! ```
//!
//! Owns the form of the files, the order of writing that makes a crash at any byte harmless, recovery, the table of
//! frames, what one table lacks of another, the states of a timeline, and how a frame is spelt. It knows no network and no
//! clock: payloads and time come in as arguments. Agent and relay call it with the same code, so that "the recording is complete" is one
//! comparison of two digests. Invariants: what was said to be durable is there after a crash; a frame is given out with
//! exactly the bytes it came with or not at all; the journal's frame stands for what arrived of it, and no other does.

mod bounds;
mod digest;
mod event;
mod files;
mod format;
mod header;
mod missing;
mod names;
mod pointers;
mod record;
mod recording;
mod scan;
mod table;
mod tick;
mod timeline;
mod unit;
mod voices;
mod writer;

pub use bounds::{Bounds, SYNC_AFTER, SYNC_WITHIN};
pub use digest::{DigestBuilder, RecordingDigest};
pub use event::{Event, Refused, WriteFault};
pub use files::{Disk, Files, SegmentFile, room, sync_folder};
pub use format::{MAX_UNIT_BYTES, MAX_VOICE_BYTES};
pub use header::{Codec, SegmentFault, SegmentHeader};
pub use missing::{Held, Missing, Run};
pub use names::{Lane, SegmentId};
pub use pointers::{Place, PointerMove};
pub use record::{Frame, FrameHash, GapNote, Record, Voice, VoiceSource, VoiceTime, Why};
pub use recording::{ReadFault, Recording, SegmentReport};
pub use scan::{Scanned, Scanner, Tally};
pub use table::{Conflict, FrameEntry, FrameTable};
pub use tick::Tick;
pub use timeline::{Span, SpanState, Timeline};
pub use unit::{Unit, UnitBuilder};
pub use voices::VoiceTrack;
pub use writer::{Opening, Writer};
