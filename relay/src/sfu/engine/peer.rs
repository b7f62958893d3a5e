//! One peer: a session with its connection, its ICE and its role.
//!
//! Owns what the engine keeps per peer, and the wall around the connection's foreign code: a panic in it is caught here
//! and reported as a fault. It decides nothing about streams.

use super::layer::AROUND_PAYLOAD;
use crate::sfu::downlink::Downlink;
use crate::sfu::edge::terms::ExtensionIds;
use crate::sfu::edge::{Connection, PublisherEdge, ViewerEdge};
use crate::sfu::event::MediaSessionId;
use crate::sfu::limits::{MAX_RETRANSMITS_PER_S, MAX_RTCP_SENDERS, MAX_UNDECLARED_SSRCS};
use crate::sfu::net::bucket::Bucket;
use crate::sfu::net::handshake::HandshakeGuard;
use crate::sfu::net::ice::IceLite;
use crate::sfu::net::route::SourceGuard;
use crate::sfu::picture::leg::Leg;
use crate::sfu::picture::{LayerName, Packet, StreamSeq};
use crate::sfu::sdp::codec::Codec;
use crate::sfu::sdp::voice::Formats;
use crate::sfu::tap::{Tap, VoiceTap};
use crate::sfu::voice::seat::Seat;
use crate::sfu::voice::speech::Voice;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use wire::{ConsultId, StreamId};

/// A peer to be added.
pub(crate) struct NewPeer {
    /// Its session.
    pub(crate) session: MediaSessionId,
    /// Its consult.
    pub(crate) consult: ConsultId,
    /// Its ICE.
    pub(crate) ice: IceLite,
    /// Mid of the section that carries the candidates.
    pub(crate) mid: String,
    /// Candidates in its offer.
    pub(crate) candidates: usize,
    /// What it is.
    pub(crate) role: NewRole,
}

/// What a new peer is.
pub(crate) enum NewRole {
    /// It sends a picture.
    Publisher {
        /// Its connection.
        edge: Box<dyn PublisherEdge>,
        /// The stream it publishes.
        stream: StreamId,
        /// Agreed codec.
        codec: Codec,
        /// Its extension ids.
        extensions: ExtensionIds,
        /// Sources it declared: the picture, the low layer if it has one.
        sources: (Option<u32>, Option<u32>),
        /// Sources of its retransmissions.
        repairs: Vec<u32>,
        /// It may open data channels.
        has_data: bool,
        /// Who records it.
        tap: Option<Tap>,
    },
    /// It shows one.
    Viewer {
        /// Its connection.
        edge: Box<dyn ViewerEdge>,
        /// Its copy of the stream.
        leg: Leg,
        /// The stream's codec when its answer was made.
        codec: Codec,
    },
    /// It speaks, or hears the others.
    Talker {
        /// Its connection.
        edge: Box<dyn ViewerEdge>,
        /// How it names its formats.
        formats: Formats,
        /// It brings a voice.
        speaks: bool,
        /// The source it declared for that.
        source: Option<u32>,
        /// Sources of its seats.
        seats: Vec<u32>,
        /// Who may record it.
        tap: Option<VoiceTap>,
    },
}

/// A peer.
pub(super) struct Peer {
    /// Its session.
    pub(super) session: MediaSessionId,
    /// Its consult.
    pub(super) consult: ConsultId,
    /// Its ICE.
    pub(super) ice: IceLite,
    /// Mid of the section that carries the candidates.
    pub(super) mid: String,
    /// Candidates of its offer and fragments.
    pub(super) candidates: usize,
    /// When it was added.
    pub(super) since: Instant,
    /// When anything that proved itself came from it; its adding counts.
    pub(super) heard: Instant,
    /// DTLS is complete.
    pub(super) connected: bool,
    /// It waits to be drained.
    pub(super) dirty: bool,
    /// What it brought of its handshake.
    pub(super) handshake: HandshakeGuard,
    /// Senders of RTCP that reach its decryption.
    pub(super) rtcp_sources: SourceGuard,
    /// What it is.
    pub(super) role: Role,
}

/// What a peer is.
pub(super) enum Role {
    /// It sends a picture.
    Publisher(Publisher),
    /// It shows one.
    Viewer(Viewer),
    /// It speaks, or hears the others.
    Talker(Talker),
}

/// A publisher.
pub(super) struct Publisher {
    /// Its connection; reached through the guards of `Peer` only.
    edge: Box<dyn PublisherEdge>,
    /// The stream it publishes.
    pub(super) stream: StreamId,
    /// Agreed codec.
    pub(super) codec: Codec,
    /// Its extension ids.
    pub(super) extensions: ExtensionIds,
    /// It may open data channels.
    pub(super) has_data: bool,
    /// The source of its low layer.
    pub(super) low_ssrc: Option<u32>,
    /// Sources that reach its decryption.
    pub(super) sources: SourceGuard,
    /// Who records it.
    pub(super) tap: Option<Tap>,
}

/// A viewer.
pub(super) struct Viewer {
    /// Its connection; reached through the guards of `Peer` only.
    pub(super) edge: Box<dyn ViewerEdge>,
    /// The stream's codec when its answer was made.
    pub(super) codec: Codec,
    /// Its copy of the stream.
    pub(super) leg: Leg,
    /// Retransmissions it may still have.
    pub(super) retransmits: Bucket,
    /// The layer that it gets.
    pub(super) layer: LayerName,
    /// Packets of the newest frame that it does not have yet, while it waits to go over to the low layer.
    pub(super) behind: Vec<StreamSeq>,
    /// Its link.
    pub(super) downlink: Box<Downlink>,
    /// Whether it was told that it gets less than the full layer.
    pub(super) told_low: bool,
}

impl Viewer {
    /// Begins, or goes over, to a layer at its keyframe.
    pub(super) fn begin(&mut self, layer: LayerName, first: StreamSeq) {
        self.layer = layer;
        self.behind.clear();
        self.leg.start(first);
    }

    /// Writes a packet of its layer; none when it came from before the beginning, false when it was lost inside.
    pub(super) fn write(&mut self, now: Instant, packet: &Packet) -> Option<bool> {
        if !self.leg.covers(packet) {
            return None;
        }
        let number = self
            .downlink
            .leaves(now, packet.payload.len() + AROUND_PAYLOAD);
        let packet = self.leg.rewrite(packet, number)?;
        Some(self.edge.write_rtp(&packet))
    }

    /// Writes a packet once more. False when it was lost inside.
    pub(super) fn write_again(&mut self, now: Instant, packet: &Packet) -> bool {
        let number = self
            .downlink
            .leaves(now, packet.payload.len() + AROUND_PAYLOAD);
        let again = self.leg.retransmit(packet, number);
        again.is_none_or(|packet| self.edge.write_rtp(&packet))
    }

    /// Writes padding. False when it was lost inside.
    pub(super) fn pad(&mut self, now: Instant, padding: usize) -> bool {
        let number = self.downlink.leaves(now, padding + AROUND_PAYLOAD);
        let padding = u8::try_from(padding).unwrap_or(u8::MAX);
        let packet = self.leg.pad(padding, number);
        packet.is_none_or(|packet| self.edge.write_rtp(&packet))
    }
}

/// Somebody who speaks, or hears the others.
pub(super) struct Talker {
    /// Its connection; reached through the guards of `Peer` only.
    pub(super) edge: Box<dyn ViewerEdge>,
    /// How it names its formats.
    pub(super) formats: Formats,
    /// Its voice, unless it only listens.
    pub(super) voice: Option<Voice>,
    /// Sources that reach its decryption.
    pub(super) sources: SourceGuard,
    /// Its seats for the others.
    pub(super) seats: Vec<Seat>,
    /// Who may record it.
    pub(super) tap: Option<VoiceTap>,
}

/// The connection's code panicked.
#[derive(Debug)]
pub(super) struct Fault;

impl Peer {
    pub(super) fn new(now: Instant, new: NewPeer) -> Self {
        let role = match new.role {
            NewRole::Publisher {
                edge,
                stream,
                codec,
                extensions,
                sources,
                repairs,
                has_data,
                tap,
            } => Role::Publisher(Publisher {
                edge,
                stream,
                codec,
                extensions,
                has_data,
                tap,
                low_ssrc: sources.1,
                sources: SourceGuard::new(
                    [sources.0, sources.1].into_iter().flatten().chain(repairs),
                    MAX_UNDECLARED_SSRCS,
                ),
            }),
            NewRole::Talker {
                edge,
                formats,
                speaks,
                source,
                seats,
                tap,
            } => Role::Talker(Talker {
                edge,
                formats,
                voice: speaks.then(|| Voice::new(now)),
                sources: SourceGuard::new(source, MAX_UNDECLARED_SSRCS),
                seats: seats.into_iter().map(Seat::new).collect(),
                tap,
            }),
            NewRole::Viewer { edge, leg, codec } => Role::Viewer(Viewer {
                edge,
                codec,
                downlink: Box::new(Downlink::new(leg.can_be_measured())),
                leg,
                retransmits: Bucket::new(MAX_RETRANSMITS_PER_S),
                layer: LayerName::Full,
                behind: Vec::new(),
                told_low: false,
            }),
        };
        Self {
            session: new.session,
            consult: new.consult,
            ice: new.ice,
            mid: new.mid,
            candidates: new.candidates,
            since: now,
            heard: now,
            connected: false,
            dirty: false,
            handshake: HandshakeGuard::default(),
            rtcp_sources: SourceGuard::new([], MAX_RTCP_SENDERS),
            role,
        }
    }

    /// Runs something on the connection. After a fault the peer must be removed without touching it again.
    pub(super) fn guarded<T>(
        &mut self,
        run: impl FnOnce(&mut dyn Connection) -> T,
    ) -> Result<T, Fault> {
        let connection: &mut dyn Connection = match &mut self.role {
            Role::Publisher(publisher) => &mut *publisher.edge,
            Role::Viewer(viewer) => &mut *viewer.edge,
            Role::Talker(talker) => &mut *talker.edge,
        };
        caught(|| run(connection))
    }

    /// The same on a publisher's connection; None for others.
    pub(super) fn guarded_publisher<T>(
        &mut self,
        run: impl FnOnce(&mut dyn PublisherEdge) -> T,
    ) -> Result<Option<T>, Fault> {
        match &mut self.role {
            Role::Publisher(publisher) => caught(|| Some(run(&mut *publisher.edge))),
            Role::Viewer(_) | Role::Talker(_) => Ok(None),
        }
    }

    /// The same on a viewer; None for others.
    pub(super) fn guarded_viewer<T>(
        &mut self,
        run: impl FnOnce(&mut Viewer) -> T,
    ) -> Result<Option<T>, Fault> {
        match &mut self.role {
            Role::Viewer(viewer) => caught(|| Some(run(viewer))),
            Role::Publisher(_) | Role::Talker(_) => Ok(None),
        }
    }

    /// The same on a talker; None for others.
    pub(super) fn guarded_talker<T>(
        &mut self,
        run: impl FnOnce(&mut Talker) -> T,
    ) -> Result<Option<T>, Fault> {
        match &mut self.role {
            Role::Talker(talker) => caught(|| Some(run(talker))),
            Role::Publisher(_) | Role::Viewer(_) => Ok(None),
        }
    }

    /// The publisher's side of it.
    pub(super) const fn publisher(&self) -> Option<&Publisher> {
        match &self.role {
            Role::Publisher(publisher) => Some(publisher),
            Role::Viewer(_) | Role::Talker(_) => None,
        }
    }

    /// The viewer's side of it.
    pub(super) const fn viewer_mut(&mut self) -> Option<&mut Viewer> {
        match &mut self.role {
            Role::Viewer(viewer) => Some(viewer),
            Role::Publisher(_) | Role::Talker(_) => None,
        }
    }

    /// The talker's side of it.
    pub(super) const fn talker(&self) -> Option<&Talker> {
        match &self.role {
            Role::Talker(talker) => Some(talker),
            Role::Publisher(_) | Role::Viewer(_) => None,
        }
    }

    /// Whether it shows a picture.
    pub(super) const fn is_viewer(&self) -> bool {
        matches!(self.role, Role::Viewer(_))
    }
}

fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Fault)
}
