//! Whether an association is taken, and what is agreed on in it (PS3.8 sections 7.1 and 9.3).
//!
//! Owns the answer to A-ASSOCIATE-RQ: an acceptance that names a transfer syntax for each presentation context we serve, a
//! rejection with the reason that the standard has for it, or an abort for what no implementation sends.

use crate::limits::{MAX_CONTEXTS, MAX_PDU_BYTES};
use crate::models::model;
use crate::peers::Peer;
use crate::served::{
    IMPLEMENTATION_UID, IMPLEMENTATION_VERSION, best_to_give, takes_class, takes_identifiers_in,
    takes_syntax,
};
use crate::title::AeTitle;
use dicom_dictionary_std::uids;
use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationAC, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderASCEReason, AssociationRJServiceProviderPresentationReason,
    AssociationRJServiceUserReason, AssociationRJSource, AssociationRQ, Pdu,
    PresentationContextProposed, PresentationContextResult, PresentationContextResultReason,
    RequestorRoles, UserVariableItem,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// The only one there is (PS3.7 Annex A.2.1).
pub(crate) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";

/// Who is served and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Our title.
    pub title: AeTitle,
    /// Who may send; nobody else.
    pub peers: Vec<Peer>,
    /// Associations at the same time.
    pub associations: usize,
    /// The next PDU has to be whole so long after the last.
    pub idle: Duration,
    /// Largest data set.
    pub object_bytes: u64,
}

/// A presentation context that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// SOP class.
    pub(crate) class: String,
    /// Transfer syntax of its data sets.
    pub(crate) syntax: String,
}

/// What was agreed on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// Title of the sender: one of the peers'.
    pub(crate) caller: String,
    /// By id.
    pub(crate) contexts: BTreeMap<u8, Agreement>,
    /// Classes whose objects it takes on this association (C-GET).
    pub(crate) given: BTreeSet<String>,
    /// Longest PDU that the sender takes; 0 means any.
    pub(crate) longest_pdu: u32,
    /// A-ASSOCIATE-AC.
    pub(crate) answer: Pdu,
}

/// Why not, and what to answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For our log.
    pub(crate) why: &'static str,
    /// A-ASSOCIATE-RJ or A-ABORT.
    pub(crate) answer: Box<Pdu>,
}

/// A-ABORT of the provider.
pub(crate) const fn abort(reason: AbortRQServiceProviderReason) -> Pdu {
    Pdu::AbortRQ {
        source: AbortRQSource::ServiceProvider(reason),
    }
}

fn rejected(
    why: &'static str,
    result: AssociationRJResult,
    source: AssociationRJSource,
) -> Refusal {
    Refusal {
        why,
        answer: Box::new(Pdu::AssociationRJ(AssociationRJ { result, source })),
    }
}

/// There are as many as may be (PS3.8 Table 9-21: local-limit-exceeded, transient).
pub(crate) fn too_many() -> Refusal {
    let reason = AssociationRJServiceProviderPresentationReason::LocalLimitExceeded;
    let source = AssociationRJSource::ServiceProviderPresentation(reason);
    rejected(
        "there are as many associations as may be",
        AssociationRJResult::Transient,
        source,
    )
}

/// Answers a request; `may_ask` tells whether questions of this peer are answered.
///
/// # Errors
/// `Refusal`.
pub(crate) fn answer(
    asked: &AssociationRQ,
    from: IpAddr,
    policy: &Policy,
    may_ask: bool,
) -> Result<Agreed, Refusal> {
    use AssociationRJServiceUserReason as User;
    let by_user = |why, reason| {
        Err(rejected(
            why,
            AssociationRJResult::Permanent,
            AssociationRJSource::ServiceUser(reason),
        ))
    };
    if asked.protocol_version & 1 == 0 {
        let reason = AssociationRJServiceProviderASCEReason::ProtocolVersionNotSupported;
        let source = AssociationRJSource::ServiceProviderASCE(reason);
        return Err(rejected(
            "not version 1 of the protocol",
            AssociationRJResult::Permanent,
            source,
        ));
    }
    if plain(&asked.application_context_name) != APPLICATION_CONTEXT {
        return by_user(
            "not DICOM's application context",
            User::ApplicationContextNameNotSupported,
        );
    }
    if asked.called_ae_title != policy.title.as_str() {
        return by_user("another title was called", User::CalledAETitleNotRecognized);
    }
    if !policy
        .peers
        .iter()
        .any(|peer| peer.is(&asked.calling_ae_title, from))
    {
        return by_user(
            "the sender is not among the peers",
            User::CallingAETitleNotRecognized,
        );
    }
    let proposed = &asked.presentation_contexts;
    let mut ids: Vec<u8> = proposed.iter().map(|context| context.id).collect();
    ids.sort_unstable();
    ids.dedup();
    if proposed.is_empty()
        || proposed.len() > MAX_CONTEXTS
        || ids.len() != proposed.len()
        || ids.iter().any(|id| id % 2 == 0)
    {
        let answer = Box::new(abort(AbortRQServiceProviderReason::InvalidPduParameter));
        return Err(Refusal {
            why: "presentation contexts that no implementation proposes",
            answer,
        });
    }
    Ok(agree(asked, may_ask))
}

fn agree(asked: &AssociationRQ, may_ask: bool) -> Agreed {
    let (mut contexts, mut results) = (BTreeMap::new(), Vec::new());
    let roles = if may_ask {
        roles(asked)
    } else {
        BTreeMap::new()
    };
    let given: BTreeSet<String> = roles.keys().cloned().collect();
    for proposed in &asked.presentation_contexts {
        let (reason, transfer_syntax) = match served(proposed, may_ask, &given) {
            Ok(agreement) => {
                let syntax = agreement.syntax.clone();
                contexts.insert(proposed.id, agreement);
                (PresentationContextResultReason::Acceptance, syntax)
            }
            // The item has to be there and means nothing (PS3.8 section 9.3.3.2).
            Err(reason) => (reason, uids::IMPLICIT_VR_LITTLE_ENDIAN.to_owned()),
        };
        results.push(PresentationContextResult {
            id: proposed.id,
            reason,
            transfer_syntax,
        });
    }
    let longest_pdu = asked.user_variables.iter().find_map(|item| match item {
        UserVariableItem::MaxLength(longest) => Some(*longest),
        _ => None,
    });
    Agreed {
        caller: asked.calling_ae_title.clone(),
        contexts,
        given,
        longest_pdu: longest_pdu.unwrap_or(0),
        answer: Pdu::AssociationAC(AssociationAC {
            protocol_version: 1,
            called_ae_title: asked.called_ae_title.clone(),
            calling_ae_title: asked.calling_ae_title.clone(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: results,
            user_variables: [
                UserVariableItem::MaxLength(MAX_PDU_BYTES),
                UserVariableItem::ImplementationClassUID(IMPLEMENTATION_UID.to_owned()),
                UserVariableItem::ImplementationVersionName(IMPLEMENTATION_VERSION.to_owned()),
            ]
            .into_iter()
            .chain(
                roles.into_iter().map(|(class, roles)| {
                    UserVariableItem::ScuScpRoleSelectionSubItem(class, roles)
                }),
            )
            .collect(),
        }),
    }
}

/// The classes of which a peer that fetches objects (C-GET) is ready to take some (PS3.7 section D.3.3.4), with both roles as it
/// proposed them.
fn roles(asked: &AssociationRQ) -> BTreeMap<String, RequestorRoles> {
    let items = asked.user_variables.iter();
    let roles = items.filter_map(|item| match item {
        UserVariableItem::ScuScpRoleSelectionSubItem(class, roles) if roles.scp => {
            Some((plain(class), *roles))
        }
        _ => None,
    });
    roles
        .filter(|(class, _)| takes_class(class))
        .map(|(class, roles)| (class.to_owned(), roles))
        .collect()
}

/// The first of the sender's syntaxes that we take: it knows best what its objects are in. For what is given to it we know better.
fn served(
    proposed: &PresentationContextProposed,
    may_ask: bool,
    given: &BTreeSet<String>,
) -> Result<Agreement, PresentationContextResultReason> {
    let class = plain(&proposed.abstract_syntax);
    let is_echo = class == uids::VERIFICATION;
    let is_question = may_ask && model(class).is_some();
    if !is_echo && !is_question && !takes_class(class) {
        return Err(PresentationContextResultReason::AbstractSyntaxNotSupported);
    }
    let syntaxes = proposed.transfer_syntaxes.iter();
    let syntaxes: Vec<&str> = syntaxes.map(|syntax| plain(syntax)).collect();
    let takes = if is_question {
        takes_identifiers_in
    } else {
        takes_syntax
    };
    let picked = if given.contains(class) {
        best_to_give(&syntaxes)
    } else {
        syntaxes.into_iter().find(|syntax| takes(syntax))
    };
    match picked {
        Some(syntax) => Ok(Agreement {
            class: class.to_owned(),
            syntax: syntax.to_owned(),
        }),
        None => Err(PresentationContextResultReason::TransferSyntaxesNotSupported),
    }
}

/// Some senders pad UIDs here as they do in data sets.
pub(crate) fn plain(uid: &str) -> &str {
    uid.trim_matches(['\0', ' '])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn policy() -> Policy {
        Policy {
            title: "HIBIKI".parse().unwrap(),
            peers: vec!["VSCAN".parse().unwrap(), "CART@192.0.2.10".parse().unwrap()],
            associations: 2,
            idle: Duration::from_secs(5),
            object_bytes: 1024,
        }
    }

    /// A request of a sender that echoes and stores multi-frame ultrasound.
    pub(crate) fn request(caller: &str, called: &str) -> Pdu {
        let context = |id, class: &str, syntaxes: &[&str]| PresentationContextProposed {
            id,
            abstract_syntax: class.to_owned(),
            transfer_syntaxes: syntaxes.iter().map(|one| (*one).to_owned()).collect(),
        };
        Pdu::AssociationRQ(AssociationRQ {
            protocol_version: 1,
            calling_ae_title: caller.to_owned(),
            called_ae_title: called.to_owned(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: vec![
                context(1, uids::VERIFICATION, &[uids::IMPLICIT_VR_LITTLE_ENDIAN]),
                context(
                    3,
                    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
                    &["1.2.3", uids::EXPLICIT_VR_LITTLE_ENDIAN],
                ),
                context(
                    5,
                    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
                    &[uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN],
                ),
                context(
                    7,
                    "1.2.840.10008.5.1.4.31",
                    &[uids::IMPLICIT_VR_LITTLE_ENDIAN],
                ),
            ],
            user_variables: vec![UserVariableItem::MaxLength(16_384)],
        })
    }

    fn asks(change: impl FnOnce(&mut AssociationRQ), from: &str) -> Result<Agreed, Refusal> {
        let Pdu::AssociationRQ(mut asked) = request("VSCAN", "HIBIKI") else {
            unreachable!()
        };
        change(&mut asked);
        answer(&asked, from.parse().unwrap(), &policy(), false)
    }

    #[test]
    fn each_context_is_answered_for_itself() {
        let agreed = asks(|_| {}, "192.0.2.1").unwrap();
        let Pdu::AssociationAC(accepted) = &agreed.answer else {
            panic!("{agreed:?}")
        };
        let reasons: Vec<_> = accepted
            .presentation_contexts
            .iter()
            .map(|context| (context.id, context.reason.clone()))
            .collect();
        use PresentationContextResultReason::{
            AbstractSyntaxNotSupported, Acceptance, TransferSyntaxesNotSupported,
        };
        assert_eq!(
            reasons,
            [
                (1, Acceptance),
                (3, Acceptance),
                (5, TransferSyntaxesNotSupported),
                (7, AbstractSyntaxNotSupported)
            ]
        );
        assert_eq!(agreed.contexts[&3].syntax, uids::EXPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(agreed.longest_pdu, 16_384);
    }

    #[test]
    fn strangers_and_other_protocols_hear_the_standards_reason() {
        use AssociationRJServiceUserReason as User;
        let refused = |change: fn(&mut AssociationRQ), from: &str| {
            let refusal = asks(change, from).unwrap_err();
            match *refusal.answer {
                Pdu::AssociationRJ(rejected) => rejected.source,
                other => panic!("{other:?}"),
            }
        };
        for (change, from, reason) in [
            (
                (|asked| asked.called_ae_title = "OTHER".to_owned()) as fn(&mut AssociationRQ),
                "192.0.2.1",
                User::CalledAETitleNotRecognized,
            ),
            (
                |asked| asked.calling_ae_title = "vscan".to_owned(),
                "192.0.2.1",
                User::CallingAETitleNotRecognized,
            ),
            (
                |asked| asked.calling_ae_title = "CART".to_owned(),
                "192.0.2.11",
                User::CallingAETitleNotRecognized,
            ),
            (
                |asked| asked.application_context_name = "1.2".to_owned(),
                "192.0.2.1",
                User::ApplicationContextNameNotSupported,
            ),
        ] {
            assert_eq!(
                refused(change, from),
                AssociationRJSource::ServiceUser(reason)
            );
        }
        assert!(
            asks(
                |asked| asked.calling_ae_title = "CART".to_owned(),
                "192.0.2.10"
            )
            .is_ok()
        );
        let version = refused(|asked| asked.protocol_version = 2, "192.0.2.1");
        assert!(matches!(
            version,
            AssociationRJSource::ServiceProviderASCE(_)
        ));
    }

    #[test]
    fn questions_are_agreed_on_with_those_who_may_ask_and_in_syntaxes_that_are_read() {
        let Pdu::AssociationRQ(mut asked) = request("VSCAN", "HIBIKI") else {
            unreachable!()
        };
        let syntaxes = [uids::JPEG_BASELINE8_BIT, uids::EXPLICIT_VR_LITTLE_ENDIAN];
        asked.presentation_contexts[0].abstract_syntax =
            uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND.to_owned();
        asked.presentation_contexts[0].transfer_syntaxes = syntaxes.map(str::to_owned).to_vec();
        let answered = |may_ask| {
            let from = "192.0.2.1".parse().unwrap();
            let agreed = answer(&asked, from, &policy(), may_ask).unwrap();
            agreed.contexts.get(&1).map(|one| one.syntax.clone())
        };
        assert_eq!(
            answered(true).as_deref(),
            Some(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        );
        assert_eq!(answered(false), None);
    }

    #[test]
    fn whoever_may_ask_may_also_take_objects_back_on_the_same_association() {
        let Pdu::AssociationRQ(mut asked) = request("VSCAN", "HIBIKI") else {
            unreachable!()
        };
        let clip = uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE;
        let scp = RequestorRoles {
            scu: false,
            scp: true,
        };
        for class in [clip, uids::VERIFICATION] {
            let item = UserVariableItem::ScuScpRoleSelectionSubItem(class.to_owned(), scp);
            asked.user_variables.push(item);
        }
        let syntaxes = [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::JPEG_BASELINE8_BIT];
        asked.presentation_contexts[1].transfer_syntaxes = syntaxes.map(str::to_owned).to_vec();
        let answered = |may_ask| {
            let from = "192.0.2.1".parse().unwrap();
            let agreed = answer(&asked, from, &policy(), may_ask).unwrap();
            let Pdu::AssociationAC(accepted) = agreed.answer else {
                unreachable!()
            };
            let items = accepted.user_variables.into_iter();
            let roles: Vec<_> = items
                .filter_map(|item| match item {
                    UserVariableItem::ScuScpRoleSelectionSubItem(class, roles) => {
                        Some((class, roles))
                    }
                    _ => None,
                })
                .collect();
            (agreed.contexts[&3].syntax.clone(), roles)
        };
        assert_eq!(
            answered(true),
            (
                uids::JPEG_BASELINE8_BIT.to_owned(),
                vec![(clip.to_owned(), scp)]
            )
        );
        let explicit = uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned();
        assert_eq!(answered(false), (explicit, vec![]));
    }

    #[test]
    fn contexts_that_nobody_proposes_end_the_association() {
        for change in [
            (|asked| asked.presentation_contexts.clear()) as fn(&mut AssociationRQ),
            |asked| asked.presentation_contexts[0].id = 3,
            |asked| asked.presentation_contexts[0].id = 2,
        ] {
            let refused = asks(change, "192.0.2.1").unwrap_err();
            assert!(
                matches!(*refused.answer, Pdu::AbortRQ { .. }),
                "{refused:?}"
            );
        }
    }
}
