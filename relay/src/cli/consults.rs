//! Consults: opened, listed and closed by an operator until the product's own request for help does it.

use super::Opened;
use super::args::Consult;
use super::fault::Fault;
use super::people::is_open;
use crate::clock::Clock;
use crate::store;
use wire::ConsultId;

/// Opens, lists or closes.
pub(super) async fn change(opened: &Opened, what: Consult) -> Result<(), Fault> {
    let now = Clock::default().now();
    match what {
        Consult::Open { alias } => {
            let consult = ConsultId::random();
            opened
                .store
                .write("open a consult", move |db| {
                    store::open_consult(db, consult, &alias, now)
                })
                .await?;
            println!("{consult}");
        }
        Consult::List => {
            for row in opened.store.read("list consults", store::consults).await? {
                println!("{}  {}", row.consult, row.alias);
            }
        }
        Consult::Close { consult } => {
            is_open(opened, consult).await?;
            opened
                .store
                .write("close a consult", move |db| {
                    store::close_consult(db, consult, now)
                })
                .await?;
        }
    }
    Ok(())
}
