//! How the agent is let in: a ticket that works once, or a device key that buys a fresh ticket each time.
//!
//! Secrets are never printed: neither by `Debug`, nor in an error, nor in a log line.

use crate::publish::refusal::{Asked, Refusal, refusal};
use crate::publish::whip::{Http, away, read_limited};
use std::fmt;
use wire::http::{MAX_JSON_BYTES, TicketGrant, TicketRequest};
use wire::{ConsultId, DeviceId};

/// A ticket.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(String);

/// A device key.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey(String);

/// A secret that cannot be sent in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is empty or contains spaces, line breaks or other characters that no ticket or key has"
)]
pub struct NotASecret;

fn secret(text: &str) -> Result<String, NotASecret> {
    let trimmed = text.trim();
    let usable = !trimmed.is_empty()
        && trimmed.len() <= 512
        && trimmed.bytes().all(|byte| byte.is_ascii_graphic());
    if usable {
        Ok(trimmed.to_owned())
    } else {
        Err(NotASecret)
    }
}

impl Ticket {
    /// Checks the text.
    ///
    /// # Errors
    /// `NotASecret`.
    pub fn new(text: &str) -> Result<Self, NotASecret> {
        secret(text).map(Self)
    }

    /// For the header.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl DeviceKey {
    /// Checks the text.
    ///
    /// # Errors
    /// `NotASecret`.
    pub fn new(text: &str) -> Result<Self, NotASecret> {
        secret(text).map(Self)
    }

    /// For the header.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(…)")
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

/// The way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// One ticket; when it is used up, a person has to bring another.
    Ticket(Ticket),
    /// A fresh ticket for each attempt.
    Device {
        /// Which device.
        device: DeviceId,
        /// Its key.
        key: DeviceKey,
    },
}

impl Entry {
    /// The device that comes in, if it is one.
    #[must_use]
    pub const fn device(&self) -> Option<DeviceId> {
        match self {
            Self::Ticket(_) => None,
            Self::Device { device, .. } => Some(*device),
        }
    }

    /// A ticket for this attempt.
    pub(super) async fn ticket(&self, http: &Http, consult: ConsultId) -> Result<Ticket, Refusal> {
        match self {
            Self::Ticket(ticket) => Ok(ticket.clone()),
            Self::Device { device, key } => fetch(http, *device, key, consult).await,
        }
    }
}

async fn fetch(
    http: &Http,
    device: DeviceId,
    key: &DeviceKey,
    consult: ConsultId,
) -> Result<Ticket, Refusal> {
    let address = http.address(&format!("/api/v1/devices/{device}/tickets"))?;
    let request = http
        .client
        .post(address)
        .bearer_auth(key.secret())
        .json(&TicketRequest { consult });
    let response = request.send().await.map_err(|error| away(&error))?;
    let status = response.status();
    let body = read_limited(response, MAX_JSON_BYTES).await?;
    if !status.is_success() {
        return Err(refusal(Asked::Ticket, status, &body));
    }
    let grant: TicketGrant = serde_json::from_slice(&body)
        .map_err(|_| Refusal::Nonsense("no ticket in the answer".to_owned()))?;
    Ticket::new(&grant.ticket).map_err(|_| Refusal::Nonsense("the ticket is no ticket".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let entry = Entry::Device {
            device: DeviceId::random(),
            key: DeviceKey::new("s3cret").unwrap(),
        };
        assert!(!format!("{entry:?}").contains("s3cret"));
        assert!(!format!("{:?}", Entry::Ticket(Ticket::new("t1cket").unwrap())).contains("t1cket"));
    }

    #[test]
    fn text_that_is_no_secret_is_refused() {
        for wrong in ["", "  ", "two words", "line\nbreak", "schlüssel"] {
            assert_eq!(Ticket::new(wrong), Err(NotASecret), "{wrong:?}");
        }
        assert_eq!(DeviceKey::new(" key\n").unwrap().0, "key");
    }
}
