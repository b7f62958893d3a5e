//! Enrolled devices: the hash of each one's key and the consults it may publish to.

use super::json::{id, signed};
use rusqlite::{Connection, OptionalExtension, Result};
use wire::{ConsultId, DeviceId, RelayTime};

/// A device that was not revoked.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Which.
    pub device: DeviceId,
    /// Name as shown.
    pub name: String,
    /// SHA-256 of its key.
    pub key_hash: [u8; 32],
}

/// Adds a device, or gives one that is there a new key and name.
///
/// # Errors
/// SQLite's.
pub fn add_device(db: &Connection, device: &DeviceRow, now: RelayTime) -> Result<()> {
    let sql = "INSERT INTO devices (id, name, key_hash, added_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (id) DO UPDATE SET name = excluded.name, key_hash = excluded.key_hash";
    db.prepare_cached(sql)?
        .execute((
            device.device.to_string(),
            &device.name,
            device.key_hash,
            signed(now.0),
        ))
        .map(drop)
}

/// Lets a device publish to a consult.
///
/// # Errors
/// SQLite's.
pub fn let_device_publish(db: &Connection, device: DeviceId, consult: ConsultId) -> Result<()> {
    let sql =
        "INSERT INTO device_consults (device, consult) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    db.prepare_cached(sql)?
        .execute((device.to_string(), consult.to_string()))
        .map(drop)
}

/// A device, unless it was revoked.
///
/// # Errors
/// SQLite's.
pub fn device(db: &Connection, device: DeviceId) -> Result<Option<DeviceRow>> {
    let sql = "SELECT id, name, key_hash FROM devices WHERE id = ?1 AND revoked_at IS NULL";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(DeviceRow {
            device: id(row, 0)?,
            name: row.get(1)?,
            key_hash: row.get(2)?,
        })
    };
    db.prepare_cached(sql)?
        .query_row([device.to_string()], read)
        .optional()
}

/// Whether a device may publish to an open consult.
///
/// # Errors
/// SQLite's.
pub fn device_may_publish(db: &Connection, device: DeviceId, consult: ConsultId) -> Result<bool> {
    let sql = "SELECT 1 FROM device_consults JOIN consults ON consults.id = consult JOIN devices ON devices.id = device
               WHERE device = ?1 AND consult = ?2 AND closed_at IS NULL AND revoked_at IS NULL";
    db.prepare_cached(sql)?
        .exists((device.to_string(), consult.to_string()))
}

/// Whether a device may bring clips to a consult: it keeps that right after the consult is closed, because what it still holds has to
/// come to the hospital.
///
/// # Errors
/// SQLite's.
pub fn device_may_bring(db: &Connection, device: DeviceId, consult: ConsultId) -> Result<bool> {
    let sql = "SELECT 1 FROM device_consults JOIN devices ON devices.id = device
               WHERE device = ?1 AND consult = ?2 AND revoked_at IS NULL";
    db.prepare_cached(sql)?
        .exists((device.to_string(), consult.to_string()))
}

/// Takes a device's right away for good. Gives whether it had one.
///
/// # Errors
/// SQLite's.
pub fn revoke_device(db: &Connection, device: DeviceId, now: RelayTime) -> Result<bool> {
    let sql = "UPDATE devices SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    db.prepare_cached(sql)?
        .execute((device.to_string(), signed(now.0)))
        .map(|rows| rows > 0)
}
