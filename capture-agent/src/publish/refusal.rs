//! Why the relay was not reached or said no, and what to do, in one line.
//!
//! Three kinds, because they are waited for differently: away (asked again all the time, cheaply), busy or confused
//! (back-off), refused (a person has to do something). The relay's own code and sentence are used where it sent them.

use reqwest::StatusCode;
use wire::problem::{Problem, ProblemCode};

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody answers at that address.
    #[error(
        "the relay does not answer ({0}); capturing goes on, the picture follows when it is back"
    )]
    Away(String),
    /// It answers, and this will pass.
    #[error("{what} ({status}); capturing goes on and it is tried again")]
    Passing {
        /// HTTP status.
        status: u16,
        /// In words.
        what: String,
    },
    /// It said no.
    #[error("{what} ({status})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What happened, what still works, what to do.
        what: String,
    },
    /// It answered something that makes no sense.
    #[error(
        "the relay's answer was not understood ({0}); check that the address is a Hibiki relay or a WHIP server"
    )]
    Nonsense(String),
    /// The local side failed.
    #[error("the connection could not be set up on this device ({0})")]
    Local(String),
    /// The relay was not told to take media over TCP.
    #[error("the relay takes no media over TCP (its setting media_tcp)")]
    NoTcp,
    /// The relay named no TURN server.
    #[error("the relay names no TURN server (its setting turn)")]
    NoTurn,
    /// HTTP worked, media did not.
    #[error(
        "no media connection within {0} s: let UDP or TCP to the relay's media port through, or check the relay's public address; capturing goes on"
    )]
    NoMedia(u64),
}

impl Refusal {
    /// Whether a person has to do something first.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// What was asked of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A fresh ticket for a device key.
    Ticket,
    /// To publish with a ticket.
    Publish,
    /// To take a clip.
    Clip,
}

/// The refusal that an HTTP answer means.
pub(super) fn refusal(asked: Asked, status: StatusCode, body: &[u8]) -> Refusal {
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let status_number = status.as_u16();
    let told = |fallback: &str| {
        problem
            .as_ref()
            .map_or_else(|| fallback.to_owned(), |problem| problem.title.clone())
    };
    let code = problem.as_ref().map(|problem| problem.code);
    match (asked, status) {
        (_, StatusCode::CONFLICT) => Refusal::Passing {
            status: status_number,
            what: told("another publisher is live in this consult; stop it there"),
        },
        (_, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) => Refusal::Passing {
            status: status_number,
            what: told("the relay has too much to do"),
        },
        (_, status) if status.is_server_error() => Refusal::Passing {
            status: status_number,
            what: told("the relay has a problem"),
        },
        (Asked::Ticket, StatusCode::UNAUTHORIZED) => refused(
            status,
            "the relay does not know this device key (wrong or revoked); capturing works, publishing does not: enrol the device again and give its new key",
        ),
        (Asked::Ticket, StatusCode::FORBIDDEN) => refused(
            status,
            "this device may not publish to that consult; capturing works, publishing does not: ask the operator to allow it, or correct the consult",
        ),
        (_, StatusCode::NOT_FOUND) => refused(
            status,
            "the relay knows no such consult or device; capturing works, publishing does not: correct relay address, consult and device",
        ),
        (Asked::Publish, StatusCode::UNAUTHORIZED) => Refusal::Refused {
            status: status_number,
            what: ticket_words(code),
        },
        (Asked::Publish, StatusCode::FORBIDDEN) => refused(
            status,
            "this ticket does not allow to publish to that consult; capturing works, publishing does not: ask for a ticket for the right consult and role",
        ),
        (Asked::Clip, _) => Refusal::Refused {
            status: status_number,
            what: told("the relay refused a clip"),
        },
        _ => Refusal::Refused {
            status: status_number,
            what: format!(
                "{}; capturing works, publishing does not",
                told("the relay refused the picture")
            ),
        },
    }
}

fn refused(status: StatusCode, what: &str) -> Refusal {
    Refusal::Refused {
        status: status.as_u16(),
        what: what.to_owned(),
    }
}

fn ticket_words(code: Option<ProblemCode>) -> String {
    let happened = match code {
        Some(ProblemCode::TicketExpired) => "the ticket has expired",
        Some(ProblemCode::TicketUsed) => "the ticket was used before, and each one works once",
        _ => "the relay does not accept this ticket",
    };
    format!(
        "{happened}; capturing works, publishing does not: ask for a fresh ticket, or enrol this device so that it gets tickets by itself"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(code: ProblemCode) -> Vec<u8> {
        serde_json::to_vec(&Problem::from(code)).unwrap()
    }

    #[test]
    fn each_refusal_says_what_happened_what_works_and_what_to_do() {
        for (asked, status, body, expected) in [
            (
                Asked::Publish,
                401,
                problem(ProblemCode::TicketExpired),
                "has expired",
            ),
            (
                Asked::Publish,
                401,
                problem(ProblemCode::TicketUsed),
                "each one works once",
            ),
            (Asked::Publish, 403, vec![], "right consult and role"),
            (Asked::Publish, 404, vec![], "no such consult"),
            (Asked::Ticket, 401, vec![], "enrol the device again"),
            (Asked::Ticket, 403, b"<html>".to_vec(), "may not publish"),
        ] {
            let refusal = refusal(asked, StatusCode::from_u16(status).unwrap(), &body);
            let words = refusal.to_string();
            assert!(
                refusal.is_final() && words.contains(expected) && words.contains("capturing works"),
                "{words}"
            );
            assert!(!words.contains('\n'));
        }
    }

    #[test]
    fn what_passes_by_itself_is_tried_again() {
        for (status, code) in [
            (409, ProblemCode::PublisherPresent),
            (503, ProblemCode::ShuttingDown),
            (500, ProblemCode::Internal),
            (429, ProblemCode::TooFast),
        ] {
            let refusal = refusal(
                Asked::Publish,
                StatusCode::from_u16(status).unwrap(),
                &problem(code),
            );
            assert!(!refusal.is_final(), "{refusal}");
            assert!(refusal.to_string().contains("tried again"));
        }
    }
}
