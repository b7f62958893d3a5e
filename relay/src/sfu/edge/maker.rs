//! Makes connections on the `rtc` family of crates, 0.21.1.

use super::contract::{EdgeMaker, PublisherEdge, ViewerEdge};
use super::identity::Identity;
use super::publisher_setup;
use super::secure::Secure;
use super::terms::{PublisherTerms, ViewerTerms};
use super::viewer_edge::RtcViewer;
use crate::sfu::error::EdgeError;
use std::time::Instant;

/// The maker.
pub(crate) struct RtcMaker {
    identity: Identity,
}

impl RtcMaker {
    /// Makes the certificate of this process.
    ///
    /// # Errors
    /// The crypto provider refused.
    pub(crate) fn new() -> Result<Self, EdgeError> {
        Ok(Self {
            identity: Identity::new()?,
        })
    }
}

impl EdgeMaker for RtcMaker {
    fn fingerprint(&self) -> [u8; 32] {
        self.identity.fingerprint
    }

    fn open_publisher(
        &self,
        now: Instant,
        terms: &PublisherTerms,
    ) -> Result<Box<dyn PublisherEdge>, EdgeError> {
        let edge = publisher_setup::open(&self.identity, now, terms)?;
        Ok(Box::new(edge))
    }

    fn open_viewer(
        &self,
        _now: Instant,
        terms: &ViewerTerms,
    ) -> Result<Box<dyn ViewerEdge>, EdgeError> {
        let secure = Secure::server(&self.identity, terms.fingerprint)?;
        Ok(Box::new(RtcViewer::new(secure, terms.ssrc)))
    }
}
