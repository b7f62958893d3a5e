//! Another archive as an operator names it: `pacs=PACS@192.0.2.20:104`, `pacs=PACS@pacs.example.jp:2762/tls` or `pacs=https://pacs.example.jp/dicom-web`.

use dimse::{Station, StationFault};
use reqwest::Url;
use std::str::FromStr;

/// Longest name.
const MAX_NAME_BYTES: usize = 32;

/// An archive that objects are sent on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// For the queue, the log and the terminal.
    pub name: String,
    /// Where and how it is reached.
    pub place: Place,
}

/// Where and how an archive is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By C-STORE.
    Station(Station),
    /// By STOW-RS, below this address.
    Web(Url),
}

/// This names no destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationFault {
    /// No form of ours.
    #[error(
        "write NAME=TITLE@HOST:PORT, for example pacs=PACS@192.0.2.20:104, with /tls behind it for TLS, or NAME=https://HOST/PATH for STOW-RS"
    )]
    Form,
    /// An address of the web that is none.
    #[error("behind https:// stand a host and a path, without a name, a password or a question")]
    Web,
    /// The name.
    #[error("a destination's name has 1 to 32 small letters, digits and hyphens")]
    Name,
    /// Title or address.
    #[error(transparent)]
    Station(#[from] StationFault),
}

impl FromStr for Destination {
    type Err = DestinationFault;

    fn from_str(text: &str) -> Result<Self, DestinationFault> {
        let (name, rest) = text.split_once('=').ok_or(DestinationFault::Form)?;
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_plain) {
            return Err(DestinationFault::Name);
        }
        Ok(Self {
            name: name.to_owned(),
            place: place(rest)?,
        })
    }
}

fn place(text: &str) -> Result<Place, DestinationFault> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Ok(Place::Station(text.parse()?));
    }
    let url = Url::parse(text).map_err(|_| DestinationFault::Web)?;
    // A password here would stand in every list of processes.
    let is_bare = url.username().is_empty() && url.password().is_none();
    if !is_bare || url.query().is_some() || url.fragment().is_some() {
        return Err(DestinationFault::Web);
    }
    Ok(Place::Web(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_has_a_name_a_title_and_an_address() {
        let pacs: Destination = "pacs=PACS@192.0.2.20:104".parse().unwrap();
        assert_eq!(pacs.name, "pacs");
        let station = "PACS@192.0.2.20:104".parse().unwrap();
        assert_eq!(pacs.place, Place::Station(station));
        let web: Destination = "pacs=https://pacs.example.jp/dicom-web".parse().unwrap();
        assert!(matches!(web.place, Place::Web(url) if url.scheme() == "https"));
        for (wrong, fault) in [
            ("PACS@192.0.2.20:104", DestinationFault::Form),
            (
                "pacs=192.0.2.20:104",
                DestinationFault::Station(StationFault::Form),
            ),
            ("pacs=https://u:p@host/dicom-web", DestinationFault::Web),
            ("pacs=https://host/a?b=c", DestinationFault::Web),
            ("pacs=https://", DestinationFault::Web),
            ("Pacs=PACS@host:104", DestinationFault::Name),
        ] {
            assert_eq!(wrong.parse::<Destination>(), Err(fault), "{wrong}");
        }
    }
}
