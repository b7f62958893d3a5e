//! Who may send: a title, and where an operator says so the address that it has to come from.
//!
//! A title is no secret and proves nothing; it keeps strays out, the address and the network keep out the rest.

use crate::title::{AeTitle, TitleFault};
use std::net::{AddrParseError, IpAddr};
use std::str::FromStr;

/// An application that may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its title.
    pub title: AeTitle,
    /// Where it has to come from; none means anywhere.
    pub address: Option<IpAddr>,
}

/// This names no peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerFault {
    /// The title.
    #[error(transparent)]
    Title(#[from] TitleFault),
    /// The address behind the `@`.
    #[error("behind the @ stands one IP address, for example VSCAN@192.0.2.10")]
    Address(#[from] AddrParseError),
}

impl FromStr for Peer {
    type Err = PeerFault;

    fn from_str(text: &str) -> Result<Self, PeerFault> {
        // A title may hold an @ itself; an address never does.
        match text.rsplit_once('@') {
            Some((title, address)) => Ok(Self {
                title: title.parse()?,
                address: Some(address.trim().parse()?),
            }),
            None => Ok(Self {
                title: text.parse()?,
                address: None,
            }),
        }
    }
}

impl Peer {
    /// Whether a caller is it.
    #[must_use]
    pub fn is(&self, title: &str, from: IpAddr) -> bool {
        self.title.as_str() == title
            && self
                .address
                .is_none_or(|address| address.to_canonical() == from.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_known_by_its_title_and_where_said_by_its_address() {
        let anywhere: Peer = "VSCAN".parse().unwrap();
        let there: Peer = "VSCAN@192.0.2.10".parse().unwrap();
        let (here, mapped, else_where) = (
            "192.0.2.10".parse().unwrap(),
            "::ffff:192.0.2.10".parse().unwrap(),
            "192.0.2.11".parse().unwrap(),
        );
        assert!(anywhere.is("VSCAN", else_where) && !anywhere.is("VSCAN2", here));
        assert!(there.is("VSCAN", here) && there.is("VSCAN", mapped));
        assert!(!there.is("VSCAN", else_where));
        assert!(matches!(
            "VSCAN@here".parse::<Peer>(),
            Err(PeerFault::Address(_))
        ));
        assert!(matches!(
            "@192.0.2.10".parse::<Peer>(),
            Err(PeerFault::Title(_))
        ));
    }
}
