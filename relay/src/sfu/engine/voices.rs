//! From one voice to all others of its consult, at once.
//!
//! Owns who sits where. A voice packet is written while its sender is drained, before any picture of the same turn is
//! looked at: voice outranks the picture. Nothing is kept: a lost packet is made up for by the one after it (RED), and the
//! next 20 ms matter more than the last. Those who only listen have seats and take none.

use super::core::{Engine, Outgoing};
use super::peer::{Peer, Talker};
use crate::sfu::edge::{RtpIn, RtpOut};
use crate::sfu::error::SfuError;
use crate::sfu::event::SfuEvent;
use crate::sfu::limits::{MAX_VOICES, VIEWER_SILENT};
use crate::sfu::net::route::PeerId;
use crate::sfu::tap::TappedVoice;
use crate::sfu::voice::red;
use crate::sfu::voice::speech::Speech;
use std::time::Instant;
use wire::ConsultId;

impl Engine {
    /// Somebody comes to speak or listen.
    pub(super) fn sit_in(
        &mut self,
        consult: ConsultId,
        id: PeerId,
        speaks: bool,
    ) -> Result<(), SfuError> {
        let here = self.voices.get(&consult).map_or(&[][..], Vec::as_slice);
        let is_voice = |id: &&PeerId| {
            let talker = self.peers.get(id).and_then(Peer::talker);
            talker.is_some_and(|talker| talker.voice.is_some())
        };
        if speaks && here.iter().filter(is_voice).count() >= MAX_VOICES {
            return Err(SfuError::TooManyVoices);
        }
        self.voices.entry(consult).or_default().push(id);
        Ok(())
    }

    /// Somebody goes; their seats are free.
    pub(super) fn stand_up(&mut self, consult: ConsultId, id: PeerId) {
        let Some(here) = self.voices.get_mut(&consult) else {
            return;
        };
        here.retain(|other| *other != id);
        for other in here.iter() {
            if let Some(peer) = self.peers.get_mut(other) {
                let _ = peer.guarded_talker(|talker| {
                    let theirs = talker
                        .seats
                        .iter_mut()
                        .filter(|seat| seat.taken_by() == Some(id));
                    theirs.for_each(crate::sfu::voice::seat::Seat::leave);
                });
            }
        }
        if here.is_empty() {
            self.voices.remove(&consult);
        }
    }

    /// A voice packet came.
    pub(super) fn on_voice(&mut self, now: Instant, id: PeerId, rtp: &RtpIn) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let (consult, session) = (peer.consult, peer.session);
        let heard = peer.guarded_talker(|talker| {
            let level = talker.formats.level.and_then(|level| {
                let said = rtp.extensions.iter().find(|(id, _)| *id == level);
                said.and_then(|(_, value)| value.first().copied())
            });
            let is_red = Some(rtp.payload_type) == talker.formats.red;
            let known = is_red || rtp.payload_type == talker.formats.opus;
            let news = talker.voice.as_mut().map(|voice| voice.packet(now, level));
            known.then_some((is_red, news.flatten()))
        });
        let Ok(Some(Some((is_red, news)))) = heard else {
            return;
        };
        self.stats.voice_in += 1;
        self.tell_speech(consult, session, news);
        let mut faulted = Vec::new();
        let others = self.voices.get(&consult).map_or(&[][..], Vec::as_slice);
        for other in others.iter().filter(|other| **other != id) {
            let Some(peer) = self.peers.get_mut(other) else {
                continue;
            };
            let quiet = now.saturating_duration_since(peer.heard) > VIEWER_SILENT;
            let Some(path) = peer.ice.path().filter(|_| peer.connected && !quiet) else {
                continue;
            };
            let out = &mut self.out;
            let written = peer.guarded_talker(|talker| {
                let written = write(now, talker, id, rtp, is_red);
                while let Some(bytes) = talker.edge.poll_datagram() {
                    out.push(Outgoing { path, bytes });
                }
                written
            });
            match written {
                Ok(Some(Some(true))) => self.stats.voice_out += 1,
                Ok(Some(Some(false))) => self.stats.lost_inside += 1,
                Ok(_) => {}
                Err(_) => faulted.push(*other),
            }
        }
        for other in faulted {
            self.fault(now, other);
        }
        self.tap_voice(id, rtp, is_red);
    }

    /// Whoever may record it gets it after those who hear it.
    fn tap_voice(&self, id: PeerId, rtp: &RtpIn, is_red: bool) {
        let talker = self.peers.get(&id).and_then(Peer::talker);
        let tap = talker.filter(|talker| talker.voice.is_some());
        if let Some(tap) = tap.and_then(|talker| talker.tap.as_ref()) {
            tap.give(TappedVoice {
                ssrc: rtp.ssrc,
                seq: rtp.seq,
                timestamp: rtp.timestamp,
                is_red,
                payload: rtp.payload.clone(),
            });
        }
    }

    /// Voices that fell silent change without a packet.
    pub(super) fn notice_voices(&mut self, now: Instant) {
        let mut news = Vec::new();
        for peer in self.peers.values_mut().filter(|peer| peer.connected) {
            let (consult, session) = (peer.consult, peer.session);
            let look =
                |talker: &mut Talker| talker.voice.as_mut().and_then(|voice| voice.look(now));
            if let Ok(Some(Some(speech))) = peer.guarded_talker(look) {
                news.push((consult, session, speech));
            }
        }
        for (consult, session, speech) in news {
            self.tell_speech(consult, session, Some(speech));
        }
    }

    fn tell_speech(
        &mut self,
        consult: ConsultId,
        session: crate::sfu::event::MediaSessionId,
        news: Option<Speech>,
    ) {
        if let Some(speech) = news {
            self.tell(SfuEvent::Spoke {
                consult,
                session,
                speech,
            });
        }
    }
}

/// Writes a packet of `from` to the seat that they have at this talker, or take now. None when there is no seat, or nothing
/// in the packet for it.
fn write(
    now: Instant,
    talker: &mut Talker,
    from: PeerId,
    rtp: &RtpIn,
    is_red: bool,
) -> Option<bool> {
    let at = talker
        .seats
        .iter()
        .position(|seat| seat.taken_by() == Some(from))
        .or_else(|| {
            talker
                .seats
                .iter()
                .position(|seat| seat.taken_by().is_none())
        })?;
    let seat = talker.seats.get_mut(at)?;
    let (payload_type, payload) = match talker.formats.red {
        Some(red) if is_red => (red, &rtp.payload[..]),
        None if is_red => (talker.formats.opus, red::newest(&rtp.payload)?),
        _ => (talker.formats.opus, &rtp.payload[..]),
    };
    let (seq, timestamp) = seat.number(now, from, rtp)?;
    Some(talker.edge.write_rtp(&RtpOut {
        ssrc: seat.ssrc,
        payload_type,
        seq,
        timestamp,
        marker: rtp.marker,
        extensions: &[],
        original: None,
        payload,
        padding: 0,
    }))
}
