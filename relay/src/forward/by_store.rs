//! One group to an archive by C-STORE (PS3.4 Annex B), as stored.
//!
//! Owns one association. What an answer means is `verdict`'s.

use super::items::Item;
use super::verdict::{ANSWER_WITHIN, Tried, of_fault, of_status};
use crate::store::ForwardRow;
use dimse::tls::Connector;
use dimse::{AeTitle, Offer, Proposal, RequestFault, Requestor, Sent, Station};
use tokio::io::BufReader;

/// Read from a file at once.
const READ_BYTES: usize = 256 * 1024;

pub(super) async fn deliver(
    ours: &AeTitle,
    (there, connector): (&Station, &Connector),
    ready: Vec<(ForwardRow, Item)>,
) -> Tried {
    let proposal = Proposal {
        ours: ours.clone(),
        theirs: there.title.clone(),
        offers: offers(&ready),
    };
    let mut tried = Tried::default();
    let associated = Requestor::associate_with(there, connector, &proposal, ANSWER_WITHIN).await;
    let mut peer = match associated {
        Ok(peer) => peer,
        Err(fault) => {
            // The others were not tried: they wait for the destination and not for themselves.
            let first = ready.first();
            tried
                .verdicts
                .extend(first.map(|(row, _)| (row.id, row.tries, of_fault(&fault))));
            return tried;
        }
    };
    for (row, item) in ready {
        let answered = send(&mut peer, item).await;
        let goes_on = matches!(answered, Ok(_) | Err(RequestFault::NotTaken));
        let verdict = match &answered {
            Ok(status) => of_status(*status),
            Err(fault) => of_fault(fault),
        };
        tried.verdicts.push((row.id, row.tries, verdict));
        if !goes_on {
            return tried;
        }
    }
    peer.release().await;
    tried.reached = true;
    tried
}

/// Each kind of object in its own context, in the one syntax that it is in.
fn offers(ready: &[(ForwardRow, Item)]) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for (_, item) in ready {
        let offer = Offer {
            class: item.facts.class.clone(),
            syntaxes: vec![item.facts.syntax.clone()],
        };
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }
    offers
}

async fn send(peer: &mut Requestor, item: Item) -> Result<u16, RequestFault> {
    let Item {
        facts, file, bytes, ..
    } = item;
    let sent = Sent {
        class: &facts.class,
        instance: &facts.instance,
        syntax: &facts.syntax,
        bytes,
        originator: None,
    };
    let file = BufReader::with_capacity(READ_BYTES, tokio::fs::File::from_std(file));
    peer.store(&sent, file).await
}
