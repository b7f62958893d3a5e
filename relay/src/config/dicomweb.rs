//! Which hospital systems may read and write the archive over DICOMweb. Nobody, unless they are named.

use super::dicom::OWN_SENDERS;
use super::layers::ConfigError;
use crate::auth::{SecretHash, System, SystemRights};
use clap::Args;
use serde::Deserialize;

/// Most systems: an installation has a handful.
const MAX_SYSTEMS: usize = 64;
/// Longest name.
const MAX_NAME_BYTES: usize = 32;

/// The section `[dicomweb]`, as far as somebody set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[group(skip)]
pub struct DicomWebLayers {
    /// Hospital systems that may use /dicomweb, each as NAME:RIGHTS:DIGEST: read, store or read+store, and the SHA-256 of its token
    /// [default: none, and then it is off].
    #[arg(
        long = "dicomweb-systems",
        env = "HIBIKI_RELAY_DICOMWEB_SYSTEMS",
        value_name = "SYSTEM",
        value_delimiter = ','
    )]
    pub systems: Option<Vec<String>>,
}

impl DicomWebLayers {
    /// What this says, and where it says nothing what `under` says.
    pub(super) fn over(self, under: Self) -> Self {
        Self {
            systems: self.systems.or(under.systems),
        }
    }
}

/// Checks the section; empty when nobody may.
pub(super) fn systems(asked: &DicomWebLayers, faults: &mut Vec<ConfigError>) -> Vec<System> {
    let mut systems: Vec<System> = Vec::new();
    let mut refuse = |what: String| faults.push(ConfigError::new("dicomweb.systems", what));
    for (index, text) in asked.systems.iter().flatten().enumerate() {
        // What stands there may be a token that somebody forgot to hash: it is not shown again.
        let number = index + 1;
        match system(text) {
            Ok(system) if systems.iter().any(|other| other.name == system.name) => {
                refuse(format!("{} is named twice", system.name));
            }
            Ok(system) if OWN_SENDERS.contains(&&*system.name) => {
                let name = &system.name;
                refuse(format!(
                    "{name}: objects of our own bear this name; give the system another"
                ));
            }
            Ok(system) => systems.push(system),
            Err(fault) => refuse(format!("system {number}: {fault}")),
        }
    }
    if systems.len() > MAX_SYSTEMS {
        refuse(format!("at most {MAX_SYSTEMS} systems"));
    }
    systems
}

fn system(text: &str) -> Result<System, &'static str> {
    let mut parts = text.split(':');
    let (Some(name), Some(rights), Some(digest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("write NAME:RIGHTS:DIGEST, for example PACS:read:SHA-256-OF-ITS-TOKEN");
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(is_name) {
        return Err("a name has 1 to 32 letters, digits, points, lines and low lines");
    }
    let rights = match rights {
        "read" => SystemRights {
            read: true,
            store: false,
        },
        "store" => SystemRights {
            read: false,
            store: true,
        },
        "read+store" => SystemRights {
            read: true,
            store: true,
        },
        _ => return Err("rights are read, store or read+store"),
    };
    Ok(System {
        name: name.into(),
        rights,
        secret: SecretHash::stored(bytes(digest).ok_or(
            "the digest is the SHA-256 of the token in 64 hexadecimal digits, for example by: printf %s TOKEN | sha256sum",
        )?),
    })
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(of: &[&str]) -> (Vec<System>, String) {
        let asked = DicomWebLayers {
            systems: Some(of.iter().map(|one| (*one).to_owned()).collect()),
        };
        let mut faults = Vec::new();
        let systems = systems(&asked, &mut faults);
        (
            systems,
            faults.iter().map(|fault| format!("{fault}\n")).collect(),
        )
    }

    #[test]
    fn a_system_has_a_name_rights_and_the_digest_of_a_token() {
        let digest = "0123456789abcdef".repeat(4);
        let (systems, faults) = told(&[&format!("PACS:read+store:{digest}")]);
        assert!(faults.is_empty(), "{faults}");
        assert!(&*systems[0].name == "PACS" && systems[0].rights.read && systems[0].rights.store);
        assert_eq!(systems[0].secret.bytes()[..2], [0x01, 0x23]);
    }

    #[test]
    fn each_mistake_is_told_and_no_token_is_shown_again() {
        let digest = "0".repeat(64);
        for (text, words) in [
            ("PACS:read:hunter2", "64 hexadecimal digits"),
            ("PACS", "NAME:RIGHTS:DIGEST"),
            (&format!("PACS:all:{digest}"), "read, store or read+store"),
            (&format!("P A:read:{digest}"), "a name has"),
            (&format!("HIBIKI-CLIP:store:{digest}"), "of our own"),
            (&format!("HIBIKI-MARKS:read:{digest}"), "of our own"),
        ] {
            let (_, faults) = told(&[text]);
            assert!(
                faults.contains(words) && !faults.contains("hunter2"),
                "{text}: {faults}"
            );
        }
        let one = format!("A:read:{digest}");
        assert!(told(&[&one, &one]).1.contains("A is named twice"));
    }
}
