//! Devices: enrolled by an operator, whose key is printed once.

use super::Opened;
use super::args::Device;
use super::fault::Fault;
use super::people::is_open;
use crate::auth::{GrantError, Secret};
use crate::clock::Clock;
use crate::store::{self, DeviceRow};
use wire::DeviceId;

/// Enrols, allows or revokes.
pub(super) async fn change(opened: &Opened, what: Device) -> Result<(), Fault> {
    let now = Clock::default().now();
    match what {
        Device::Add { name, consult } => {
            is_open(opened, consult).await?;
            let key = Secret::make().map_err(GrantError::from)?;
            let row = DeviceRow {
                device: DeviceId::random(),
                name,
                key_hash: *key.hash().bytes(),
            };
            let device = row.device;
            let work = move |db: &rusqlite::Connection| {
                store::add_device(db, &row, now)?;
                store::let_device_publish(db, row.device, consult)
            };
            opened.store.write("enrol a device", work).await?;
            println!("device = \"{device}\"\nkey = \"{}\"", key.into_text());
            eprintln!(
                "The key is shown this once. Put it into a file that only the capture agent's user can read (chmod 600)."
            );
        }
        Device::Allow { device, consult } => {
            is_open(opened, consult).await?;
            is_enrolled(opened, device).await?;
            opened
                .store
                .write("allow a device", move |db| {
                    store::let_device_publish(db, device, consult)
                })
                .await?;
        }
        Device::Revoke { device } => {
            is_enrolled(opened, device).await?;
            opened
                .store
                .write("revoke a device", move |db| {
                    store::revoke_device(db, device, now)
                })
                .await?;
        }
    }
    Ok(())
}

async fn is_enrolled(opened: &Opened, device: DeviceId) -> Result<(), Fault> {
    let row = opened
        .store
        .read("look up a device", move |db| store::device(db, device))
        .await?;
    row.map(drop).ok_or(Fault::Unknown(
        "there is no device with this id, or it was revoked",
    ))
}
