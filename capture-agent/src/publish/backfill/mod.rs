//! Frames of the journal on their way to the relay's recording, on the data channel `backfill`.
//!
//! The relay asks, `filler` answers: what the journal says of a span, and the frames that the recording lacks. Frames go
//! oldest first, no faster than the relay makes them durable, never before an original, and never faster than voice and
//! picture leave room for (the pacer of clips). It ends with the channel; the relay asks again on the next one.

mod filler;
mod window;

pub(super) use filler::Filler;
