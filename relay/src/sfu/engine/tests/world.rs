//! An engine in virtual time, with connections that do what a test says.

use super::super::core::Engine;
use super::super::peer::{NewPeer, NewRole};
use super::clock;
use crate::sfu::edge::terms::{Extension, ExtensionIds};
use crate::sfu::edge::{Channel, Connection, EdgeEvent, PublisherEdge, RtpIn, RtpOut, ViewerEdge};
use crate::sfu::error::{EdgeError, SfuError};
use crate::sfu::event::{GoneReason, MediaSessionId, SfuEvent};
use crate::sfu::net::ice::{IceLite, Path, Via};
use crate::sfu::net::stun::{Key, request};
use crate::sfu::picture::leg::Leg;
use crate::sfu::sdp::codec::Codec;
use crate::sfu::sdp::offer::Credentials;
use crate::sfu::sdp::voice::Formats;
use crate::sfu::tap::VoiceTap;
use bytes::{Bytes, BytesMut};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;
use wire::{ConsultId, StreamId};

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const KEY: &[u8] = &[0x65, 1];
pub(super) const DELTA: &[u8] = &[0x61, 1];
pub(super) const H264: Codec = Codec::H264 {
    profile_level: [0x42, 0xe0, 0x1f],
    fragmented: true,
};
/// Looks like DTLS: a record of data.
pub(super) const DTLS: [u8; 13] = [23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];

/// The id of transport-wide numbers.
pub(super) const NUMBERS: u8 = 3;

/// A packet that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) ssrc: u32,
    pub(super) seq: u16,
    pub(super) timestamp: u32,
    pub(super) number: Option<u16>,
    pub(super) bytes: usize,
}

/// What a connection did, and what it is to report.
#[derive(Default)]
pub(super) struct Script {
    pub(super) report: Vec<EdgeEvent>,
    pub(super) texts: Vec<String>,
    /// Timestamps of the packets written.
    pub(super) wrote: Vec<u32>,
    /// Source, payload type and payload of each.
    pub(super) packets: Vec<(u32, u8, Vec<u8>)>,
    pub(super) keyframes_asked: usize,
    /// The sources of which they were asked.
    pub(super) keyframes_of: Vec<u32>,
    /// All packets as they left.
    pub(super) left: Vec<Left>,
    pub(super) asked_again: Vec<u16>,
    pub(super) datagrams: usize,
    /// Whether what it takes is authentic.
    pub(super) authentic: bool,
    pub(super) panics_on_write: bool,
    pub(super) closed: bool,
}

#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<Script>>);

impl Fake {
    pub(super) fn with<T>(&self, run: impl FnOnce(&mut Script) -> T) -> T {
        run(&mut self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

impl Connection for Fake {
    fn take_datagram(&mut self, _: Instant, _: BytesMut) -> bool {
        self.with(|script| {
            script.datagrams += 1;
            script.authentic
        })
    }
    fn take_timeout(&mut self, _: Instant) {}
    fn next_timeout(&mut self) -> Option<Instant> {
        None
    }
    fn poll_datagram(&mut self) -> Option<BytesMut> {
        None
    }
    fn poll_event(&mut self, take_data: bool) -> Option<EdgeEvent> {
        self.with(|script| {
            if !script.report.is_empty() {
                return Some(script.report.remove(0));
            }
            let text = (take_data && !script.texts.is_empty()).then(|| script.texts.remove(0));
            text.map(EdgeEvent::ControlText)
        })
    }
    fn close(&mut self, _: Instant) {
        self.with(|script| script.closed = true);
    }
}

impl PublisherEdge for Fake {
    fn ask_keyframe(&mut self, _: Instant, of: u32) {
        self.with(|script| {
            script.keyframes_asked += 1;
            script.keyframes_of.push(of);
        });
    }
    fn ask_again(&mut self, _: Instant, _: u32, missing: &[u16]) {
        self.with(|script| script.asked_again.extend(missing));
    }
    fn send_text(&mut self, _: Instant, _: Channel, _: &str) -> Result<(), EdgeError> {
        Ok(())
    }
}

impl ViewerEdge for Fake {
    fn write_rtp(&mut self, packet: &RtpOut<'_>) -> bool {
        self.with(|script| {
            assert!(!script.panics_on_write, "as the test wants");
            script.wrote.push(packet.timestamp);
            let number = packet.extensions.iter().find(|(id, _)| *id == NUMBERS);
            script.left.push(Left {
                ssrc: packet.ssrc,
                seq: packet.seq,
                timestamp: packet.timestamp,
                number: number.map(|(_, value)| u16::from_be_bytes([value[0], value[1]])),
                bytes: packet.payload.len() + usize::from(packet.padding) + 64,
            });
            let payload = packet.payload.to_vec();
            script
                .packets
                .push((packet.ssrc, packet.payload_type, payload));
        });
        true
    }
}

/// One peer as a test holds it.
pub(super) struct Held {
    pub(super) edge: Fake,
    pub(super) session: MediaSessionId,
    pub(super) address: Path,
    pub(super) name: String,
}

/// An engine, its clock, one consult.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Instant,
    pub(super) consult: ConsultId,
    pub(super) peers: u16,
}

impl World {
    pub(super) fn new() -> Self {
        let now = clock();
        Self {
            engine: Engine::new(now, 100),
            now,
            consult: ConsultId::random(),
            peers: 0,
        }
    }

    pub(super) fn add(&mut self, role: impl FnOnce(Fake) -> NewRole) -> Result<Held, SfuError> {
        self.peers += 1;
        let name = format!("peer{}", self.peers);
        let edge = Fake::default();
        let session = MediaSessionId::from_uuid(Uuid::from_u128(self.peers.into()));
        let credentials = |name: &str| Credentials {
            ufrag: name.to_owned(),
            pwd: format!("{name}-password-of-some-length"),
        };
        let new = NewPeer {
            session,
            consult: self.consult,
            ice: IceLite::new(credentials(&name), credentials("theirs")),
            mid: "0".to_owned(),
            candidates: 0,
            role: role(edge.clone()),
        };
        self.engine.add(self.now, new)?;
        let peer = SocketAddr::from(([192, 0, 2, 1], 1_000 + self.peers));
        Ok(Held {
            edge,
            session,
            address: Path {
                peer,
                local: None,
                via: Via::Udp,
            },
            name,
        })
    }

    pub(super) fn publisher(&mut self) -> Held {
        self.publisher_with(None)
    }

    /// A publisher whose low layer has this source.
    pub(super) fn publisher_with(&mut self, low: Option<u32>) -> Held {
        let held = self.add(|edge| NewRole::Publisher {
            edge: Box::new(edge),
            stream: StreamId::random(),
            codec: H264,
            extensions: ExtensionIds::default(),
            sources: (Some(7), low),
            repairs: Vec::new(),
            has_data: true,
            tap: None,
        });
        let held = held.unwrap();
        self.check(&held);
        self.report(&held, EdgeEvent::Connected);
        held
    }

    pub(super) fn viewer(&mut self) -> Held {
        self.viewer_with(Leg::new(1, 96, ExtensionIds::default(), None, 0))
    }

    /// A viewer that says what arrives and takes padding.
    pub(super) fn measurable_viewer(&mut self) -> Held {
        let mut extensions = ExtensionIds::default();
        extensions.set(Extension::TransportCc, NUMBERS);
        self.viewer_with(Leg::new(1, 96, extensions, Some((2, 97)), 0))
    }

    /// The same after the publisher's first keyframe.
    pub(super) fn measurable_viewer_of(&mut self, publisher: &Held, key: &'static [u8]) -> Held {
        self.rtp(publisher, 10, 3_000, key);
        self.measurable_viewer()
    }

    fn viewer_with(&mut self, leg: Leg) -> Held {
        let held = self.add(|edge| NewRole::Viewer {
            edge: Box::new(edge),
            leg,
            codec: H264,
        });
        let held = held.unwrap();
        self.check(&held);
        self.report(&held, EdgeEvent::Connected);
        held
    }

    /// Somebody who speaks or listens, with seats for all others.
    pub(super) fn talker(&mut self, speaks: bool, formats: Formats) -> Result<Held, SfuError> {
        self.tapped_talker(speaks, formats, None)
    }

    /// The same whose voice goes here besides.
    pub(super) fn tapped_talker(
        &mut self,
        speaks: bool,
        formats: Formats,
        tap: Option<VoiceTap>,
    ) -> Result<Held, SfuError> {
        let held = self.add(|edge| NewRole::Talker {
            edge: Box::new(edge),
            formats,
            speaks,
            source: Some(7),
            seats: (0..6).map(|n| 100 + n).collect(),
            tap: tap.clone(),
        })?;
        self.check(&held);
        self.report(&held, EdgeEvent::Connected);
        Ok(held)
    }

    /// A good ICE check from the peer's address.
    pub(super) fn check(&mut self, held: &Held) {
        let key = Key::new(&format!("{}-password-of-some-length", held.name));
        let check = request([1; 12], &format!("{}:theirs", held.name), true, &key);
        self.engine.take_datagram(self.now, held.address, &check);
        self.settle();
    }

    /// The connection reports something, because a datagram came.
    pub(super) fn report(&mut self, held: &Held, event: EdgeEvent) {
        held.edge.with(|script| script.report.push(event));
        self.engine.take_datagram(self.now, held.address, &DTLS);
        self.settle();
    }

    pub(super) fn rtp(&mut self, held: &Held, seq: u16, timestamp: u32, payload: &'static [u8]) {
        self.rtp_of(held, 7, seq, timestamp, payload);
    }

    /// A packet of this source.
    pub(super) fn rtp_of(
        &mut self,
        held: &Held,
        ssrc: u32,
        seq: u16,
        timestamp: u32,
        payload: &'static [u8],
    ) {
        let packet = RtpIn {
            ssrc,
            payload_type: 96,
            seq,
            timestamp,
            marker: true,
            extensions: Vec::new(),
            payload: Bytes::from_static(payload),
        };
        self.report(held, EdgeEvent::Rtp(packet));
    }

    pub(super) fn settle(&mut self) {
        self.engine.settle(self.now, &mut |out, _| out.clear());
    }

    /// Lets time pass in the engine's own steps.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.engine.next_timeout() <= end {
            self.now = self.engine.next_timeout().max(self.now);
            self.engine.take_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    pub(super) fn events(&mut self) -> Vec<SfuEvent> {
        let events: Vec<_> = std::iter::from_fn(|| self.engine.poll_event()).collect();
        let told = events.into_iter();
        told.filter(|event| !matches!(event, SfuEvent::PictureFlow { .. }))
            .collect()
    }

    pub(super) fn gone(&mut self) -> Vec<(MediaSessionId, GoneReason)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                SfuEvent::WatcherGone {
                    session, reason, ..
                }
                | SfuEvent::PublisherGone {
                    session, reason, ..
                } => Some((session, reason)),
                _ => None,
            })
            .collect()
    }
}

pub(super) fn wrote(held: &Held) -> Vec<u32> {
    held.edge.with(|script| script.wrote.clone())
}
