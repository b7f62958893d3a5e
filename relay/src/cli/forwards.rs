//! What is sent on to other archives: listed, tried again, left, or queued by an operator.

use super::Opened;
use super::args::Forwards;
use super::fault::Fault;
use crate::clock::Clock;
use crate::store::{self, Chosen};

/// Lines of one list.
const MAX_LISTED: u32 = 10_000;

/// Lists or changes the queue. A running relay sees it within a second.
pub(super) async fn change(opened: &Opened, what: Forwards) -> Result<(), Fault> {
    match what {
        Forwards::List { state } => {
            let rows = opened.store.read("list what is sent on", move |db| {
                store::list_forwards(db, state.into(), MAX_LISTED)
            });
            for row in rows.await? {
                println!(
                    "{}  {}  {}  {}  tries {}  {}",
                    row.id,
                    row.state.word(),
                    row.destination,
                    row.item,
                    row.tries,
                    row.reason
                );
            }
        }
        Forwards::Retry { id, to } => {
            let again = opened.store.write("send on again", move |db| {
                store::retry_forwards(db, id, to.as_deref())
            });
            println!("{} will be tried again", again.await?);
        }
        Forwards::GiveUp { id } => {
            let left = opened
                .store
                .write("leave what was to be sent on", move |db| {
                    store::give_up_forward(db, id)
                })
                .await?;
            if !left {
                return Err(Fault::Unknown(
                    "there is nothing with this number that could be left; see: relay forwards list",
                ));
            }
        }
        Forwards::Send {
            to,
            consult,
            instance,
            everything: _,
        } => {
            let chosen = match (consult, instance) {
                (Some(consult), _) => Chosen::Consult(consult),
                (None, Some(instance)) => Chosen::Instance(instance),
                (None, None) => Chosen::Everything,
            };
            let now = Clock::default().now();
            let queued = opened
                .store
                .write("queue what is to be sent on", move |db| {
                    store::queue_forwards(db, &to, &chosen, now)
                });
            println!("{} queued", queued.await?);
        }
    }
    Ok(())
}
