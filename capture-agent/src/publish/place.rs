//! One place in the chain of a WebRTC connection.
//!
//! Owns the form that `rtc` wants of an interceptor: two queues and four duties around them. What a place does with a packet
//! is its own and stands with it. Invariant: packets leave a place in the order in which it let them go; both queues are
//! emptied by the chain after each call, so they hold no more than one call put there.

use rtc::interceptor::{Interceptor, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::time::Instant;

/// What is done with packets at one place. By default everything passes untouched.
pub(super) trait Place: Send + Sync {
    /// A packet that came.
    fn comes(&mut self, _: &mut TaggedPacket) {}

    /// A packet that is to leave; what really leaves goes into `out`.
    fn leaves(&mut self, packet: TaggedPacket, out: &mut VecDeque<TaggedPacket>) {
        out.push_back(packet);
    }

    /// Nothing waits: a packet of the place's own, if it has one.
    fn more(&mut self) -> Option<TaggedPacket> {
        None
    }

    /// Time passes.
    fn passes(&mut self, _: Instant, _: &mut VecDeque<TaggedPacket>) {}

    /// When it wants to be told of the time.
    fn next(&mut self) -> Option<Instant> {
        None
    }
}

/// A place, in the form that the chain takes.
pub(super) struct Placed<P> {
    place: P,
    read: VecDeque<TaggedPacket>,
    written: VecDeque<TaggedPacket>,
}

impl<P> Placed<P> {
    pub(super) const fn new(place: P) -> Self {
        Self {
            place,
            read: VecDeque::new(),
            written: VecDeque::new(),
        }
    }
}

impl<P: Place> Protocol<TaggedPacket, TaggedPacket, ()> for Placed<P> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        self.place.comes(&mut packet);
        self.read.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.place.leaves(packet, &mut self.written);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.written.pop_front().or_else(|| self.place.more())
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.place.passes(now, &mut self.written);
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.place.next()
    }
}

impl<P: Place> Interceptor for Placed<P> {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
