//! An application that we call: its title, where it listens, and whether with TLS.

use crate::title::{AeTitle, TitleFault};
use crate::tls::PeerName;
use std::fmt;
use std::str::FromStr;

/// Longest address: a host name has 253 characters at most.
const MAX_ADDRESS_BYTES: usize = 260;

/// Behind the port of one with TLS.
const TLS: &str = "tls";

/// Somebody's application, as an operator writes it: `PACS@192.0.2.20:104`, `PACS@pacs.example.jp:2762/tls`, or with another name on
/// its certificate `PACS@192.0.2.20:2762/tls=pacs.example.jp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Its title.
    pub title: AeTitle,
    /// Host and port.
    pub address: String,
    /// The name on its certificate; none means that it is called without TLS.
    pub tls: Option<PeerName>,
}

/// This names no application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StationFault {
    /// No form of ours.
    #[error("write TITLE@HOST:PORT, for example PACS@192.0.2.20:104")]
    Form,
    /// What stands behind the port.
    #[error("behind the port stands nothing, /tls, or /tls=NAME with the name on its certificate")]
    Tls,
    /// The title.
    #[error(transparent)]
    Title(#[from] TitleFault),
}

impl FromStr for Station {
    type Err = StationFault;

    fn from_str(text: &str) -> Result<Self, StationFault> {
        // A title may hold an @ itself; an address never does.
        let (title, address) = text.rsplit_once('@').ok_or(StationFault::Form)?;
        let (address, way) = match address.split_once('/') {
            Some((address, way)) => (address, Some(way)),
            None => (address, None),
        };
        let (host, port) = address.rsplit_once(':').ok_or(StationFault::Form)?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
        let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_port || !is_host || address.len() > MAX_ADDRESS_BYTES {
            return Err(StationFault::Form);
        }
        Ok(Self {
            title: title.parse()?,
            address: address.to_owned(),
            tls: way.map(|way| peer_name(way, host)).transpose()?,
        })
    }
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.title, self.address)?;
        match &self.tls {
            Some(name) => write!(f, "/{TLS}={name}"),
            None => Ok(()),
        }
    }
}

fn peer_name(way: &str, host: &str) -> Result<PeerName, StationFault> {
    let name = match way.split_once('=') {
        None if way == TLS => host,
        Some((TLS, name)) => name,
        _ => return Err(StationFault::Tls),
    };
    PeerName::parse(name).ok_or(StationFault::Tls)
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
        assert_eq!(six.tls, None);
        for (text, name) in [
            ("A@pacs.example.jp:2762/tls", "pacs.example.jp"),
            ("A@192.0.2.20:2762/tls=pacs.example.jp", "pacs.example.jp"),
            ("A@[2001:db8::1]:2762/tls", "2001:db8::1"),
        ] {
            let one: Station = text.parse().unwrap();
            assert_eq!(one.tls.as_ref().unwrap().to_string(), name);
            assert_eq!(one.to_string().parse::<Station>().unwrap(), one);
        }
        for (wrong, fault) in [
            ("192.0.2.20:104", StationFault::Form),
            ("PACS@192.0.2.20", StationFault::Form),
            ("PACS@host:0", StationFault::Form),
            ("PACS@host:104/", StationFault::Tls),
            ("PACS@host:104/ssl", StationFault::Tls),
            ("PACS@host:104/tls=", StationFault::Tls),
            ("PACS@host:104/tls=a b", StationFault::Tls),
            ("@host:104", StationFault::Title(TitleFault)),
        ] {
            assert_eq!(wrong.parse::<Station>(), Err(fault), "{wrong}");
        }
    }
}
