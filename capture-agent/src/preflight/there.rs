//! What is between this device and the relay: is it there, do the clocks agree, does media pass by UDP, by TCP
//! and over a TURN server.
//!
//! Owns the judging; the trying is `publish::trial`'s. The ways for media are judged together: one is enough for a visit.

use super::finding::{attention, bad, good};
use super::{Beside, Tell};
use crate::agent::AgentSettings;
use crate::publish::trial::{Answer, Trial, Way};
use crate::publish::{Entry, Refusal};
use crate::status::Link;
use std::time::{Duration, SystemTime};
use wire::check::{CheckAction, CheckFinding, CheckSays, CheckSubject};

/// For one way, its two requests included; three of them and the first question take less than twenty seconds.
const LONGEST_TRIAL: Duration = Duration::from_millis(5_500);
/// A relay that is slower is none for a live picture.
const LONGEST_QUESTION: Duration = Duration::from_secs(3);
/// Second hands differ by one, and an answer takes its time.
const CLOCK_GOOD: Duration = Duration::from_secs(3);
/// More than this and times in clips and log contradict each other.
const CLOCK_BAD: Duration = Duration::from_secs(60);

pub(super) async fn look(settings: &AgentSettings, beside: &Beside, tell: Tell<'_>) {
    const RELAY: CheckSubject = CheckSubject::Relay;
    let Some(relay) = &settings.relay else {
        tell(attention(RELAY, CheckSays::NoRelay, CheckAction::NameRelay));
        return;
    };
    let asked = match Trial::new(relay.clone()) {
        Ok(trial) => asked(&trial).await.map(|answer| (trial, answer)),
        Err(refusal) => Err(refusal),
    };
    let (trial, answer) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return tell(of_refusal(&refusal)),
    };
    tell(of_relay(&answer));
    tell(of_clock(answer.date, SystemTime::now()));
    match beside {
        Beside::Us(status) => tell(of_our_link(&status.link)),
        Beside::Stranger => {
            let says = CheckSays::AtWorkElsewhere;
            tell(attention(
                CheckSubject::Link,
                says,
                CheckAction::SeeOtherAgent,
            ));
        }
        Beside::Nobody if matches!(relay.entry, Entry::Ticket(_)) => {
            let says = CheckSays::TicketOnce;
            tell(attention(CheckSubject::Link, says, CheckAction::UseKey));
        }
        Beside::Nobody => {
            let udp = tried(&trial, Way::Udp).await;
            let tcp = tried(&trial, Way::Tcp).await;
            let turn = match tried(&trial, Way::Turn).await {
                Err(Refusal::NoTurn) => None,
                tried => Some(tried),
            };
            for finding in of_ways(&udp, &tcp, turn.as_ref()) {
                tell(finding);
            }
        }
    }
}

async fn asked(trial: &Trial) -> Result<Answer, Refusal> {
    let answer = tokio::time::timeout(LONGEST_QUESTION, trial.relay()).await;
    answer.unwrap_or_else(|_| Err(Refusal::Away("no answer in time".to_owned())))
}

async fn tried(trial: &Trial, way: Way) -> Tried {
    let over = tokio::time::timeout(LONGEST_TRIAL, trial.over(way)).await;
    over.unwrap_or_else(|_| Err(Refusal::NoMedia(LONGEST_TRIAL.as_secs())))
}

fn of_relay(answer: &Answer) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Relay;
    if answer.ready {
        let ms = millis(answer.round_trip);
        good(WHAT, CheckSays::Answers { ms })
    } else {
        bad(WHAT, CheckSays::NotReady, CheckAction::AskOperator)
    }
}

fn of_refusal(refusal: &Refusal) -> CheckFinding {
    let action = match refusal {
        Refusal::Away(_) => CheckAction::CheckNetwork,
        _ => CheckAction::AskOperator,
    };
    let detail = refusal.to_string();
    bad(CheckSubject::Relay, CheckSays::Refused { detail }, action)
}

fn of_clock(relay: Option<SystemTime>, here: SystemTime) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Clock;
    let Some(relay) = relay else {
        return attention(WHAT, CheckSays::NoTime, CheckAction::ClockByHand);
    };
    let (off, ahead) = match here.duration_since(relay) {
        Ok(ahead) => (ahead, true),
        Err(behind) => (behind.duration(), false),
    };
    let seconds = u32::try_from(off.as_secs()).unwrap_or(u32::MAX);
    let says = CheckSays::OffBy { seconds, ahead };
    if off <= CLOCK_GOOD {
        good(WHAT, CheckSays::SameTime)
    } else if off <= CLOCK_BAD {
        attention(WHAT, says, CheckAction::SetClock)
    } else {
        bad(WHAT, says, CheckAction::SetClock)
    }
}

/// A connection of this very agent: a second one of the same device would end it.
fn of_our_link(link: &Link) -> CheckFinding {
    const WHAT: CheckSubject = CheckSubject::Link;
    let detail = match link {
        Link::Live { .. } => return good(WHAT, CheckSays::Sending),
        Link::Refused { reason } => {
            let detail = reason.clone();
            let says = CheckSays::NotSending { detail };
            return bad(WHAT, says, CheckAction::AskOperator);
        }
        Link::Waiting { reason, .. } => reason.clone(),
        Link::Off | Link::Connecting | Link::Mending => String::new(),
    };
    attention(WHAT, CheckSays::NotSending { detail }, CheckAction::Wait)
}

type Tried = Result<Duration, Refusal>;

/// One way is enough for a visit; which of them says what is worth doing.
fn of_ways(udp: &Tried, tcp: &Tried, turn: Option<&Tried>) -> Vec<CheckFinding> {
    use CheckSubject::{LinkTcp, LinkTurn, LinkUdp};
    let any = udp.is_ok() || tcp.is_ok() || turn.is_some_and(Result::is_ok);
    let of = |what, tried: &Tried, action| match tried {
        Ok(took) => good(what, CheckSays::Passes { ms: millis(*took) }),
        Err(refusal) => {
            let detail = refusal.to_string();
            let says = CheckSays::Blocked { detail };
            if any {
                attention(what, says, action)
            } else {
                bad(what, says, CheckAction::OpenPorts)
            }
        }
    };
    let mut all = vec![
        of(LinkUdp, udp, CheckAction::LetUdpThrough),
        of(LinkTcp, tcp, CheckAction::NotNeededHere),
    ];
    all.extend(turn.map(|turn| of(LinkTurn, turn, CheckAction::CheckTurn)));
    all
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::check::CheckLevel as Level;

    #[test]
    fn clocks_are_compared_both_ways() {
        let here = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let level = |relay: u64| {
            let relay = SystemTime::UNIX_EPOCH + Duration::from_secs(relay);
            of_clock(Some(relay), here).level
        };
        assert_eq!(level(1_000_002), Level::Good);
        assert_eq!(level(999_990), Level::Attention);
        assert_eq!(level(1_000_010), Level::Attention);
        assert_eq!(level(1_000_000 + 86_400), Level::Bad);
        assert_eq!(of_clock(None, here).level, Level::Attention);
    }

    #[test]
    fn one_way_for_media_is_enough_and_none_is_bad() {
        let (passes, blocked) = (Ok(Duration::from_millis(80)), Err(Refusal::NoMedia(4)));
        let levels = |udp: &Tried, tcp: &Tried, turn: Option<&Tried>| {
            let all = of_ways(udp, tcp, turn);
            all.iter().map(|finding| finding.level).collect::<Vec<_>>()
        };
        assert_eq!(levels(&passes, &passes, None), [Level::Good; 2]);
        assert_eq!(
            levels(&passes, &blocked, None),
            [Level::Good, Level::Attention]
        );
        assert_eq!(
            levels(&blocked, &passes, None),
            [Level::Attention, Level::Good]
        );
        assert_eq!(levels(&blocked, &blocked, None), [Level::Bad; 2]);
        let over_turn = [Level::Attention, Level::Attention, Level::Good];
        assert_eq!(levels(&blocked, &blocked, Some(&passes)), over_turn);
        let no_turn = [Level::Good, Level::Good, Level::Attention];
        assert_eq!(levels(&passes, &passes, Some(&blocked)), no_turn);
    }

    #[test]
    fn a_network_on_which_nothing_answers_is_told_within_twenty_seconds() {
        assert!(LONGEST_QUESTION + 3 * LONGEST_TRIAL < Duration::from_secs(20));
    }

    #[test]
    fn a_connection_at_work_is_told_and_not_tried() {
        let since = std::time::Instant::now();
        assert_eq!(of_our_link(&Link::Live { since }).level, Level::Good);
        assert_eq!(of_our_link(&Link::Connecting).level, Level::Attention);
        let reason = "revoked".to_owned();
        assert_eq!(of_our_link(&Link::Refused { reason }).level, Level::Bad);
    }
}
