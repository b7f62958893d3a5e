//! Another archive as an operator names it: `pacs=PACS@192.0.2.20:104`.

use dimse::{AeTitle, TitleFault};
use std::str::FromStr;

/// Longest name.
const MAX_NAME_BYTES: usize = 32;
/// Longest address: a host name has 253 characters at most.
const MAX_ADDRESS_BYTES: usize = 260;

/// An archive that objects are sent on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// For the queue, the log and the terminal.
    pub name: String,
    /// Its title.
    pub title: AeTitle,
    /// Host and port.
    pub address: String,
}

/// This names no destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationFault {
    /// No form of ours.
    #[error("write NAME=TITLE@HOST:PORT, for example pacs=PACS@192.0.2.20:104")]
    Form,
    /// The name.
    #[error("a destination's name has 1 to 32 small letters, digits and hyphens")]
    Name,
    /// The title.
    #[error(transparent)]
    Title(#[from] TitleFault),
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
        // A title may hold an @ itself; an address never does.
        let (title, address) = rest.rsplit_once('@').ok_or(DestinationFault::Form)?;
        let (host, port) = address.rsplit_once(':').ok_or(DestinationFault::Form)?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_port || !is_host || address.len() > MAX_ADDRESS_BYTES {
            return Err(DestinationFault::Form);
        }
        Ok(Self {
            name: name.to_owned(),
            title: title.parse()?,
            address: address.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_has_a_name_a_title_and_an_address() {
        let pacs: Destination = "pacs=PACS@192.0.2.20:104".parse().unwrap();
        assert_eq!((pacs.name.as_str(), pacs.title.as_str()), ("pacs", "PACS"));
        assert_eq!(pacs.address, "192.0.2.20:104");
        let six: Destination = "cold=A@B@[2001:db8::1]:11112".parse().unwrap();
        assert_eq!(
            (six.title.as_str(), six.address.as_str()),
            ("A@B", "[2001:db8::1]:11112")
        );
        for (wrong, fault) in [
            ("PACS@192.0.2.20:104", DestinationFault::Form),
            ("pacs=192.0.2.20:104", DestinationFault::Form),
            ("pacs=PACS@192.0.2.20", DestinationFault::Form),
            ("pacs=PACS@host:0", DestinationFault::Form),
            ("Pacs=PACS@host:104", DestinationFault::Name),
            ("pacs=@host:104", DestinationFault::Title(TitleFault)),
        ] {
            assert_eq!(wrong.parse::<Destination>(), Err(fault), "{wrong}");
        }
    }
}
