//! Problems: what went wrong, in a stable code that pages and agents turn into words.
//!
//! HTTP errors are `application/problem+json` (RFC 9457) with `code`; the socket uses the same codes. A problem never
//! repeats its input and never tells whether something exists that the asker may not see.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A problem in an HTTP answer (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "problem.ts")]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Stable code; the key of the words shown.
    pub code: ProblemCode,
    /// HTTP status.
    pub status: u16,
    /// One English sentence for logs and terminals: what happened and what to do.
    pub title: String,
}

macro_rules! problem_codes {
    ($( $(#[$doc:meta])* $name:ident = $status:literal, $title:literal; )+) => {
        /// Every way in which the relay says no.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        #[ts(export_to = "problem.ts")]
        #[serde(rename_all = "camelCase")]
        pub enum ProblemCode {
            $( $(#[$doc])* #[doc = $title] $name, )+
        }

        impl ProblemCode {
            /// Every code, for tests and dictionaries.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )+ ];

            /// HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $( Self::$name => $status, )+ }
            }

            /// One English sentence: what happened and what to do.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )+ }
            }
        }
    };
}

problem_codes! {
    NoEntry = 401, "No valid ticket or session came with this request. Open a fresh link.";
    TicketUnknown = 401, "This ticket is not valid. Ask for a fresh link or ticket.";
    TicketExpired = 401, "This ticket has expired. Ask for a fresh link or ticket.";
    TicketUsed = 401, "This ticket was used before; each one works once. Ask for a fresh link or ticket.";
    SessionExpired = 401, "The session has ended. Open a fresh link; nothing saved is lost.";
    NotAllowed = 403, "Your role may not do this. Everything else works.";
    WrongOrigin = 403, "The request came from another site and was refused. Open the pages of this relay itself.";
    NotFound = 404, "There is nothing here, or nothing that you may see. Correct the address, or ask for a fresh link.";
    WrongMethod = 405, "This address does not take that method. Nothing was changed; correct the request.";
    NoPicture = 409, "Nobody publishes a picture in this consult yet. Wait; it is shown as soon as it comes.";
    PublisherPresent = 409, "Another publisher is live in this consult. Stop it first.";
    AlreadyFrozen = 409, "Somebody froze the picture first. Everybody stands on that frame.";
    NotFrozen = 409, "That freeze is over. The picture runs; freeze again.";
    NoFrame = 404, "The device has no frame that way any more. Everybody stays on this one.";
    NoDevice = 409, "No capture device of ours is connected in this consult. Save on the device itself.";
    ClipRefused = 422, "What was asked to be saved makes no sense. Nothing was saved.";
    ClipNameless = 422, "The clip does not say readably whose it is, so nothing can be written about it. Its marks stay in the consult.";
    ClipGone = 410, "Nothing of that clip is here any more. Offer it again; it goes up from its start.";
    CaseNotReady = 409, "The case is not ready: look at what was typed and at each clip as they are now, tick them, and try again; what is published stays.";
    MarkIdTaken = 409, "A different mark with this id exists. Nothing was changed.";
    MarkUnknown = 404, "That mark does not exist or was withdrawn. Nothing was changed.";
    NotYourMark = 403, "Only its author can withdraw or replace a mark. Nothing was changed.";
    MarkRefused = 422, "The mark was not understood or is too large. It was not stored; the others are.";
    MeasuringOff = 403, "This installation does not measure. Drawing works.";
    MeasureNotHere = 409, "Measuring needs a frozen frame whose original is kept. Freeze, wait for the original, measure again.";
    ScaleGone = 409, "The calibration changed meanwhile. Measure again.";
    ScaleRefused = 422, "That depth scale cannot be right: too short, or a depth that no echo has. Nothing was changed.";
    MessageRefused = 400, "A message was not understood and was ignored. The rest goes on; reload the page or update the program.";
    TooLarge = 413, "The request or message is too large. It was not taken and the rest goes on; send less.";
    WrongContent = 415, "The content type is not the one expected here. Nothing was changed; correct it and send it again.";
    BadJson = 400, "The body is not the JSON expected here. Nothing was changed; correct it and send it again.";
    QueryRefused = 400, "The question or a number in the address was not understood. Nothing was changed; correct it and ask again.";
    BodyRefused = 400, "The body is not of the parts that its content type says, or was cut off. Objects that were whole are kept; correct it and send it again.";
    NotAcceptable = 406, "Nothing here has the form that was asked for. Nothing was changed; ask for another media type or transfer syntax.";
    BadSdp = 400, "The session description (SDP) was not understood. Other connections go on; reload the page or update the program.";
    CodecUnsupported = 422, "No common video codec. Other connections go on; set the sender or the browser to H.264 or VP8.";
    TooFast = 429, "Too many messages or requests. Some were dropped; slow down.";
    TooMany = 503, "The relay has as many connections as it may have. Try again soon.";
    VersionUnknown = 400, "This program is too old or too new for the relay. Reload the page or update the program.";
    ResumeAhead = 409, "The page knows more than the relay's log. It starts again from a snapshot.";
    ConnectedElsewhere = 409, "This session was opened in another window, which took over.";
    TooSlow = 408, "The connection was too slow to keep up and was closed; it comes back by itself.";
    ShuttingDown = 503, "The relay is going down and comes back soon. Pages and agents return by themselves.";
    StorageFailed = 503, "The relay could not store this. It was not accepted; try again and call the operator.";
    Internal = 500, "The relay made a mistake; it was logged. The rest goes on.";
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self {
            code,
            status: code.status(),
            title: code.title().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word of what still works, or of what to do; a new problem needs one of them or a new one here.
    const HELP: &[&str] = &[
        "again",
        "open a ",
        "ask for",
        "works",
        "goes on",
        "go on",
        "wait",
        "stop it",
        "stands",
        "stay",
        "save on",
        "correct",
        "open the",
        "nothing was",
        "stored",
        "slow down",
        "reload",
        "took over",
        "comes back",
        "return",
    ];

    #[test]
    fn every_problem_says_what_happened_and_then_what_still_works_or_what_to_do() {
        for code in ProblemCode::ALL {
            let (happened, help) = code
                .title()
                .split_once(['.', ';', ','])
                .unwrap_or_else(|| panic!("{code:?} is one word"));
            assert!(
                happened.len() > 10 && code.title().ends_with('.'),
                "{code:?}"
            );
            let help = help.to_lowercase();
            assert!(
                HELP.iter().any(|word| help.contains(word)),
                "{code:?} leaves the reader alone: {help:?}"
            );
            assert!(
                code.title().len() < 140,
                "{code:?} is too long for one line"
            );
            assert!((400..=599).contains(&code.status()), "{code:?}");
        }
    }
}
