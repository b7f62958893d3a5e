//! From an offer's text to a peer ready to be added, and the answer.
//!
//! Owns the order of steps: read and judge, draw names and sources, open the connection, write the answer. It runs beside
//! the media thread (about a millisecond of CPU), so that no offer ever delays a packet.

use super::handle::{Publish, Talk, Watch};
use super::random;
use crate::sfu::edge::EdgeMaker;
use crate::sfu::edge::terms::{PublisherTerms, ViewerTerms};
use crate::sfu::engine::{NewPeer, NewRole};
use crate::sfu::error::SfuError;
use crate::sfu::net::ice::IceLite;
use crate::sfu::picture::leg::Leg;
use crate::sfu::sdp::answer::{self, Candidates, Local};
use crate::sfu::sdp::codec::Codec;
use crate::sfu::sdp::offer::{Fate, Offer, Offerer};
use crate::sfu::sdp::voice::{self, VoiceOffer};
use std::time::Instant;

/// What every negotiation needs.
pub(super) struct Negotiator {
    /// Makes connections.
    pub(super) maker: Box<dyn EdgeMaker>,
    /// Where the relay can be reached.
    pub(super) candidates: Candidates,
}

impl Negotiator {
    /// A publisher's offer.
    pub(super) fn publish(&self, request: &Publish) -> Result<(NewPeer, String), SfuError> {
        let offer = Offer::read(&request.offer, Offerer::Publisher)?;
        let local = self.local(None)?;
        let terms = publisher_terms(&offer);
        let edge = self.maker.open_publisher(Instant::now(), &terms);
        let edge = edge.map_err(SfuError::OpenPeer)?;
        let ssrc_of = |source: Option<(u32, Option<u32>)>| source.map(|(ssrc, _)| ssrc);
        let role = NewRole::Publisher {
            edge,
            stream: request.stream,
            codec: offer.picture.codec,
            extensions: offer.picture.extensions,
            sources: (ssrc_of(terms.picture), ssrc_of(terms.low_layer)),
            repairs: terms.repairs(),
            has_data: offer.data.is_some(),
            tap: request.tap.clone(),
        };
        let text = answer::write(&offer, &local);
        Ok((
            NewPeer {
                session: request.session,
                consult: request.consult,
                ice: IceLite::new(local.credentials, offer.credentials.clone()),
                mid: candidates_mid(&offer),
                candidates: offer.candidates,
                role,
            },
            text,
        ))
    }

    /// A viewer's offer for a stream of this codec.
    pub(super) fn watch(
        &self,
        request: &Watch,
        codec: Codec,
    ) -> Result<(NewPeer, String), SfuError> {
        let offer = Offer::read(&request.offer, Offerer::Viewer(codec))?;
        let (ssrc, repair) = (source()?, source()?);
        let local = self.local(Some((ssrc, repair)))?;
        let terms = ViewerTerms {
            fingerprint: offer.fingerprint,
            ssrc: Some(ssrc),
        };
        let edge = self
            .maker
            .open_viewer(Instant::now(), &terms)
            .map_err(SfuError::OpenPeer)?;
        let picture = &offer.picture;
        let leg = Leg::new(
            ssrc,
            picture.payload_type,
            picture.extensions,
            picture.rtx.map(|payload_type| (repair, payload_type)),
            random::number().map_err(SfuError::OpenPeer)? as u16,
        );
        let text = answer::write(&offer, &local);
        Ok((
            NewPeer {
                session: request.session,
                consult: request.consult,
                ice: IceLite::new(local.credentials, offer.credentials.clone()),
                mid: candidates_mid(&offer),
                candidates: offer.candidates,
                role: NewRole::Viewer { edge, leg, codec },
            },
            text,
        ))
    }

    /// A page's offer of its voice and seats.
    pub(super) fn talk(&self, request: &Talk) -> Result<(NewPeer, String), SfuError> {
        let offer = VoiceOffer::read(&request.offer, request.may_speak)?;
        let local = self.local(None)?;
        let terms = ViewerTerms {
            fingerprint: offer.fingerprint,
            ssrc: None,
        };
        let edge = self
            .maker
            .open_viewer(Instant::now(), &terms)
            .map_err(SfuError::OpenPeer)?;
        let seats = (0..offer.seats()).map(|_| source());
        let seats = seats.collect::<Result<Vec<u32>, SfuError>>()?;
        let text = voice::write(&offer, &local, &seats);
        let role = NewRole::Talker {
            edge,
            formats: offer.formats,
            speaks: offer.speaks(),
            source: offer.source,
            seats,
            tap: request.tap.clone(),
        };
        Ok((
            NewPeer {
                session: request.session,
                consult: request.consult,
                ice: IceLite::new(local.credentials, offer.credentials.clone()),
                mid: offer.candidates_mid(),
                candidates: offer.candidates,
                role,
            },
            text,
        ))
    }

    fn local(&self, sources: Option<(u32, u32)>) -> Result<Local, SfuError> {
        Ok(Local {
            credentials: random::credentials().map_err(SfuError::OpenPeer)?,
            fingerprint: self.maker.fingerprint(),
            candidates: self.candidates.clone(),
            session_number: random::number().map_err(SfuError::OpenPeer)?,
            sources,
        })
    }
}

fn publisher_terms(offer: &Offer) -> PublisherTerms {
    let picture = &offer.picture;
    PublisherTerms {
        fingerprint: offer.fingerprint,
        picture: picture.sources,
        low_layer: picture.low_layer,
        codec: picture.codec,
        payload_type: picture.payload_type,
        rtx: picture.rtx,
        extensions: picture.extensions,
        feedback: picture.feedback.clone(),
        data: offer.data,
    }
}

fn source() -> Result<u32, SfuError> {
    random::source().map_err(SfuError::OpenPeer)
}

/// The section that carries the candidates: the first that is kept.
fn candidates_mid(offer: &Offer) -> String {
    offer
        .sections
        .iter()
        .find(|(_, fate)| *fate != Fate::Refused)
        .map(|(section, _)| section.mid.clone())
        .unwrap_or_default()
}
