//! An application that we call: its title, and where it listens.

use crate::title::{AeTitle, TitleFault};
use std::fmt;
use std::str::FromStr;

/// Longest address: a host name has 253 characters at most.
const MAX_ADDRESS_BYTES: usize = 260;

/// Somebody's application, as an operator writes it: `PACS@192.0.2.20:104`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Its title.
    pub title: AeTitle,
    /// Host and port.
    pub address: String,
}

/// This names no application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StationFault {
    /// No form of ours.
    #[error("write TITLE@HOST:PORT, for example PACS@192.0.2.20:104")]
    Form,
    /// The title.
    #[error(transparent)]
    Title(#[from] TitleFault),
}

impl FromStr for Station {
    type Err = StationFault;

    fn from_str(text: &str) -> Result<Self, StationFault> {
        // A title may hold an @ itself; an address never does.
        let (title, address) = text.rsplit_once('@').ok_or(StationFault::Form)?;
        let (host, port) = address.rsplit_once(':').ok_or(StationFault::Form)?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_port || !is_host || address.len() > MAX_ADDRESS_BYTES {
            return Err(StationFault::Form);
        }
        Ok(Self {
            title: title.parse()?,
            address: address.to_owned(),
        })
    }
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.title, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_has_a_title_and_an_address() {
        let pacs: Station = "PACS@192.0.2.20:104".parse().unwrap();
        assert_eq!(pacs.title.as_str(), "PACS");
        assert_eq!(pacs.address, "192.0.2.20:104");
        let six: Station = "A@B@[2001:db8::1]:11112".parse().unwrap();
        assert_eq!(six.to_string(), "A@B@[2001:db8::1]:11112");
        for (wrong, fault) in [
            ("192.0.2.20:104", StationFault::Form),
            ("PACS@192.0.2.20", StationFault::Form),
            ("PACS@host:0", StationFault::Form),
            ("@host:104", StationFault::Title(TitleFault)),
        ] {
            assert_eq!(wrong.parse::<Station>(), Err(fault), "{wrong}");
        }
    }
}
