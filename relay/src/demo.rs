//! What a demo installation holds: fictional people, two consults, one device.
//!
//! Owns their fixed ids, so that a demo is the same every day, and writes the device's key and a configuration for the
//! capture agent into the data folder, readable by its owner only. Called at start in demo mode, and changes nothing
//! that is there already.

use crate::auth::{Secret, SecretHash};
use crate::store::{self, DataFolder, DeviceRow, FolderError, PersonRow, Store, StoreError};
use thiserror::Error;
use uuid::Uuid;
use wire::people::Role;
use wire::{ConsultId, DeviceId, PersonId, RelayTime};

/// Names are fictional.
const PEOPLE: [(u128, &str, &str, Role); 5] = [
    (0x1001, "田中 誠", "田", Role::VisitingPhysician),
    (0x1002, "佐藤 律子", "佐", Role::Cardiologist),
    (0x1003, "鈴木 修", "鈴", Role::Trainer),
    (0x1004, "高橋 学", "高", Role::Trainee),
    (0x1005, "伊藤 見", "伊", Role::Observer),
];
const CONSULTS: [(u128, &str); 2] = [(0xC001, "訪問 1"), (0xC002, "訪問 2")];
const DEVICE: (u128, &str) = (0xD001, "往診バッグ 1");
const KEY_FILE: &str = "demo/device.key";
const AGENT_FILE: &str = "demo/agent.toml";

/// The demo could not be set up.
#[derive(Debug, Error)]
pub enum DemoError {
    /// A file.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A row.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No key.
    #[error(transparent)]
    Grant(#[from] crate::auth::NoRandomness),
}

/// In a list, roles stand in this order.
#[must_use]
pub const fn place(role: Role) -> u8 {
    match role {
        Role::VisitingPhysician => 0,
        Role::Cardiologist => 1,
        Role::Trainer => 2,
        Role::Trainee => 3,
        Role::Observer => 4,
    }
}

/// Version 4, variant 1, and a number that is easy to recognise.
const fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x4000_8000_0000_0000_0000 | number)
}

/// Sets the demo up.
///
/// # Errors
/// `DemoError`.
pub async fn seed(store: &Store, folder: &DataFolder, now: RelayTime) -> Result<(), DemoError> {
    let key = key(folder)?;
    let device = DeviceId::from_uuid(id(DEVICE.0));
    let row = DeviceRow {
        device,
        name: DEVICE.1.to_owned(),
        key_hash: *key.bytes(),
    };
    store
        .write("seed the demo", move |db| seed_rows(db, &row, now))
        .await?;
    let consult = ConsultId::from_uuid(id(CONSULTS[0].0));
    let key_file = folder.path().join(KEY_FILE);
    let agent = format!(
        "# Written by the relay's demo mode: lets the demo's device publish into its first consult.\n\
         consult = \"{consult}\"\ndevice = \"{device}\"\ndevice_key_file = {}\n",
        toml::Value::String(key_file.display().to_string())
    );
    folder.write_private(AGENT_FILE, &agent)?;
    Ok(())
}

fn seed_rows(
    db: &rusqlite::Connection,
    device: &DeviceRow,
    now: RelayTime,
) -> rusqlite::Result<()> {
    store::add_device(db, device, now)?;
    for (offset, (number, alias)) in (0..).zip(CONSULTS) {
        let consult = ConsultId::from_uuid(id(number));
        store::open_consult(db, consult, alias, RelayTime(now.0 + offset))?;
        store::let_device_publish(db, device.device, consult)?;
        for (number, name, initials, role) in PEOPLE {
            let person = PersonRow {
                person: PersonId::from_uuid(id(number)),
                name: name.to_owned(),
                initials: initials.to_owned(),
            };
            store::add_person(db, &person, now)?;
            store::set_role(db, person.person, consult, role)?;
        }
    }
    Ok(())
}

/// The hash of the key in the file; a file that is not there, or holds no key, is written anew.
fn key(folder: &DataFolder) -> Result<SecretHash, DemoError> {
    let there = std::fs::read_to_string(folder.path().join(KEY_FILE)).ok();
    if let Some(hash) = there
        .as_deref()
        .and_then(|text| SecretHash::of(text.trim()))
    {
        return Ok(hash);
    }
    let key = Secret::make()?;
    let hash = key.hash();
    folder.write_private(KEY_FILE, &format!("{}\n", key.into_text()))?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_demo_is_the_same_every_day() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(&folder.path().join("data")).unwrap();
        let store = Store::open(&data.database().unwrap()).unwrap();
        seed(&store, &data, RelayTime(1)).await.unwrap();
        let key = std::fs::read_to_string(data.path().join(KEY_FILE)).unwrap();
        seed(&store, &data, RelayTime(2)).await.unwrap();
        assert_eq!(
            std::fs::read_to_string(data.path().join(KEY_FILE)).unwrap(),
            key
        );
        let consults = store.read("list", store::consults).await.unwrap();
        assert_eq!(
            consults
                .iter()
                .map(|row| row.alias.as_str())
                .collect::<Vec<_>>(),
            ["訪問 1", "訪問 2"]
        );
        let people = store
            .read("people", move |db| store::people(db, consults[0].consult))
            .await
            .unwrap();
        assert_eq!(people.len(), PEOPLE.len());
        assert_eq!(
            id(0xD001).to_string(),
            "00000000-0000-4000-8000-00000000d001"
        );
    }
}
