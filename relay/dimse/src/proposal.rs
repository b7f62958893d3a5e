//! What we ask of a peer, and what it agrees to (PS3.8 sections 7.1 and 9.3): the requestor's half of the negotiation.
//!
//! Owns A-ASSOCIATE-RQ and reading the answer. Invariant: a context that is agreed on is one that was offered, with a syntax that
//! was offered for it.

use crate::limits::{MAX_CONTEXTS, MAX_PDU_BYTES};
use crate::negotiation::{APPLICATION_CONTEXT, Agreement, plain};
use crate::served::{IMPLEMENTATION_UID, IMPLEMENTATION_VERSION};
use crate::title::AeTitle;
use crate::tls::TlsFault;
use dicom_dictionary_std::uids;
use dicom_ul::pdu::{
    AssociationRJ, AssociationRJResult, AssociationRQ, Pdu, PresentationContextProposed,
    PresentationContextResultReason, UserVariableItem,
};
use std::collections::BTreeMap;
use std::io;
use thiserror::Error;

/// A class and the syntaxes of its data sets, the best first. A peer picks one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// SOP class.
    pub class: String,
    /// Transfer syntaxes.
    pub syntaxes: Vec<String>,
}

impl Offer {
    /// A class of questions, in the syntaxes in which identifiers are read and written.
    #[must_use]
    pub fn of_questions(class: &str) -> Self {
        let syntaxes = [
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
            uids::IMPLICIT_VR_LITTLE_ENDIAN,
        ];
        Self {
            class: class.to_owned(),
            syntaxes: syntaxes.map(str::to_owned).to_vec(),
        }
    }
}

/// Who asks whom for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Our title.
    pub ours: AeTitle,
    /// The peer's.
    pub theirs: AeTitle,
    /// At most 128.
    pub offers: Vec<Offer>,
}

/// An operation could not be brought to a peer, or its answer not back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// Nobody listens there.
    #[error("the peer cannot be reached: {0}")]
    Connect(#[source] io::Error),
    /// It does not answer in time.
    #[error("the peer says nothing")]
    Silent,
    /// The call is to be encrypted.
    #[error("no TLS with the peer: {0}")]
    Tls(TlsFault),
    /// It closed or aborted.
    #[error("the peer ended the association")]
    Left,
    /// It does not want an association.
    #[error("the peer refuses the association: {why}")]
    Rejected {
        /// Its reason.
        why: String,
        /// Whether it says that asking again is of no use.
        permanent: bool,
    },
    /// It takes associations and not this.
    #[error("the peer does not take objects or questions of this kind in this transfer syntax")]
    NotTaken,
    /// More was to be offered than fits.
    #[error("more than 128 kinds of objects for one association")]
    TooManyOffers,
    /// What it says is no answer to what was asked.
    #[error("the peer answers what nobody asked")]
    Strange,
    /// Our own object cannot be read.
    #[error("read what is to be sent: {0}")]
    Source(#[source] io::Error),
}

impl From<TlsFault> for RequestFault {
    fn from(fault: TlsFault) -> Self {
        Self::Tls(fault)
    }
}

impl RequestFault {
    /// Whether the same again would end the same: a title that is not known there, an object that is not taken.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Rejected {
                permanent: true,
                ..
            } | Self::NotTaken
                | Self::TooManyOffers
        )
    }
}

/// What a peer agreed to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// By id.
    pub(crate) contexts: BTreeMap<u8, Agreement>,
    /// Longest PDU that it takes; 0 means any.
    pub(crate) longest_pdu: u32,
}

impl Accepted {
    /// The context for objects as they are.
    pub(crate) fn context_for(&self, class: &str, syntax: &str) -> Result<u8, RequestFault> {
        let mut all = self.contexts.iter();
        let found = all.find(|(_, one)| one.class == class && one.syntax == syntax);
        found.map(|(id, _)| *id).ok_or(RequestFault::NotTaken)
    }

    /// The context of a class, and the syntax that the peer picked.
    pub(crate) fn context_of(&self, class: &str) -> Result<(u8, &str), RequestFault> {
        let mut all = self.contexts.iter();
        let found = all.find(|(_, one)| one.class == class);
        let (id, one) = found.ok_or(RequestFault::NotTaken)?;
        Ok((*id, &one.syntax))
    }
}

impl Proposal {
    /// A-ASSOCIATE-RQ.
    ///
    /// # Errors
    /// `TooManyOffers`.
    pub(crate) fn request(&self) -> Result<Pdu, RequestFault> {
        if self.offers.len() > MAX_CONTEXTS {
            return Err(RequestFault::TooManyOffers);
        }
        let offered = self
            .numbered()
            .map(|(id, offer)| PresentationContextProposed {
                id,
                abstract_syntax: offer.class.clone(),
                transfer_syntaxes: offer.syntaxes.clone(),
            });
        Ok(Pdu::AssociationRQ(AssociationRQ {
            protocol_version: 1,
            calling_ae_title: self.ours.to_string(),
            called_ae_title: self.theirs.to_string(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: offered.collect(),
            user_variables: vec![
                UserVariableItem::MaxLength(MAX_PDU_BYTES),
                UserVariableItem::ImplementationClassUID(IMPLEMENTATION_UID.to_owned()),
                UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION.to_owned()),
            ],
        }))
    }

    /// Odd ids from 1.
    fn numbered(&self) -> impl Iterator<Item = (u8, &Offer)> {
        (1..=u8::MAX).step_by(2).zip(&self.offers)
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// `RequestFault` for a rejection, an abort, and what is no answer.
    pub(crate) fn judge(&self, answer: Pdu) -> Result<Accepted, RequestFault> {
        let accepted = match answer {
            Pdu::AssociationAC(accepted) => accepted,
            Pdu::AssociationRJ(AssociationRJ { result, source }) => {
                return Err(RequestFault::Rejected {
                    // The library's names for PS3.8 Table 9-21.
                    why: format!("{source:?}"),
                    permanent: result == AssociationRJResult::Permanent,
                });
            }
            Pdu::AbortRQ { .. } => return Err(RequestFault::Left),
            _ => return Err(RequestFault::Strange),
        };
        let mut contexts = BTreeMap::new();
        for result in &accepted.presentation_contexts {
            if result.reason != PresentationContextResultReason::Acceptance {
                continue;
            }
            let syntax = plain(&result.transfer_syntax);
            let offer = self.numbered().find(|(id, _)| *id == result.id);
            let (_, offer) = offer
                .filter(|(_, offer)| offer.syntaxes.iter().any(|one| one == syntax))
                .ok_or(RequestFault::Strange)?;
            let agreement = Agreement {
                class: offer.class.clone(),
                syntax: syntax.to_owned(),
            };
            contexts.insert(result.id, agreement);
        }
        let longest_pdu = accepted.user_variables.iter().find_map(|item| match item {
            UserVariableItem::MaxLength(longest) => Some(*longest),
            _ => None,
        });
        Ok(Accepted {
            contexts,
            longest_pdu: longest_pdu.unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::negotiation::answer;
    use crate::negotiation::tests::policy;
    use dicom_ul::pdu::{AbortRQSource, AssociationRJServiceUserReason, AssociationRJSource};

    fn proposal(ours: &str) -> Proposal {
        let offer = |class: &str, syntax: &str| Offer {
            class: class.to_owned(),
            syntaxes: vec![syntax.to_owned()],
        };
        Proposal {
            ours: ours.parse().unwrap(),
            theirs: "HIBIKI".parse().unwrap(),
            offers: vec![
                offer(
                    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
                    uids::JPEG_BASELINE8_BIT,
                ),
                offer("1.2.3", uids::JPEG_BASELINE8_BIT),
                offer(uids::VERIFICATION, uids::IMPLICIT_VR_LITTLE_ENDIAN),
            ],
        }
    }

    fn answered(proposal: &Proposal) -> Pdu {
        let Pdu::AssociationRQ(asked) = proposal.request().unwrap() else {
            unreachable!()
        };
        match answer(&asked, "192.0.2.1".parse().unwrap(), &policy(), false) {
            Ok(agreed) => agreed.answer,
            Err(refusal) => *refusal.answer,
        }
    }

    #[test]
    fn what_a_peer_took_is_used_and_what_it_did_not_is_told() {
        let proposal = proposal("VSCAN");
        let accepted = proposal.judge(answered(&proposal)).unwrap();
        let clip = uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE;
        assert_eq!(
            accepted
                .context_for(clip, uids::JPEG_BASELINE8_BIT)
                .unwrap(),
            1
        );
        assert_eq!(accepted.context_of(uids::VERIFICATION).unwrap().0, 5);
        for (class, syntax) in [
            ("1.2.3", uids::JPEG_BASELINE8_BIT),
            (clip, uids::RLE_LOSSLESS),
        ] {
            let told = accepted.context_for(class, syntax).unwrap_err();
            assert!(told.is_permanent(), "{told}");
        }
    }

    #[test]
    fn a_rejection_says_whether_asking_again_is_of_use() {
        let stranger = proposal("STRANGER");
        let told = stranger.judge(answered(&stranger)).unwrap_err();
        assert!(told.is_permanent() && told.to_string().contains("CallingAETitleNotRecognized"));
        let busy = Pdu::AssociationRJ(AssociationRJ {
            result: AssociationRJResult::Transient,
            source: AssociationRJSource::ServiceUser(AssociationRJServiceUserReason::NoReasonGiven),
        });
        assert!(!stranger.judge(busy).unwrap_err().is_permanent());
        let abort = Pdu::AbortRQ {
            source: AbortRQSource::ServiceUser,
        };
        assert!(matches!(stranger.judge(abort), Err(RequestFault::Left)));
    }

    #[test]
    fn an_acceptance_of_what_was_not_offered_is_refused() {
        let proposal = proposal("VSCAN");
        for change in [
            (|one| one.id = 99) as fn(&mut dicom_ul::pdu::PresentationContextResult),
            |one| one.transfer_syntax = uids::RLE_LOSSLESS.to_owned(),
        ] {
            let Pdu::AssociationAC(mut accepted) = answered(&proposal) else {
                unreachable!()
            };
            change(&mut accepted.presentation_contexts[0]);
            let told = proposal.judge(Pdu::AssociationAC(accepted));
            assert!(matches!(told, Err(RequestFault::Strange)));
        }
    }

    #[test]
    fn more_offers_than_there_are_ids_are_refused_before_anything_is_sent() {
        let mut proposal = proposal("VSCAN");
        let one = proposal.offers[0].clone();
        proposal.offers = vec![one; 129];
        assert!(matches!(
            proposal.request(),
            Err(RequestFault::TooManyOffers)
        ));
    }
}
