//! Clips on their way out of the spool: on the data channel `clips`, or over HTTPS while nothing is live.
//!
//! `courier` decides what is offered and sent next, `pacer` how fast, both without input or output; `carrier` does it and waits
//! its `turn`. `queue` decides what goes over HTTPS, `upload` sends it.
//! Everything unsent is offered after each connect; pieces go from the offset that the relay names; the device's copy
//! goes when the relay says that it keeps the clip. A clip never goes before an original, and never faster than voice
//! and picture leave room for.

mod carrier;
mod courier;
#[cfg(test)]
mod fixture;
mod pacer;
mod queue;
mod turn;
mod upload;

pub(super) use carrier::{Carrier, Channel, Closed, Event as ChannelEvent};
pub(super) use pacer::Pacer;
pub(super) use turn::turn;
pub(super) use upload::Uploader;
