//! What is between this device and the relay: is it there, do the clocks agree, does media pass by UDP and by TCP.
//!
//! Owns the judging; the trying is `publish::trial`'s. UDP and TCP are judged together: one way is enough for a visit.

use super::finding::Finding;
use crate::agent::AgentSettings;
use crate::publish::trial::{Answer, Trial, Way};
use crate::publish::{Entry, Refusal};
use std::time::{Duration, SystemTime};

/// For one way, its two requests included; together with the first question less than twenty seconds.
const LONGEST_TRIAL: Duration = Duration::from_secs(6);
/// Second hands differ by one, and an answer takes its time.
const CLOCK_GOOD: Duration = Duration::from_secs(3);
/// More than this and times in clips and log contradict each other.
const CLOCK_BAD: Duration = Duration::from_secs(60);

pub(super) async fn look(settings: &AgentSettings, busy: bool) -> Vec<Finding> {
    let Some(relay) = &settings.relay else {
        let action = "name it with --relay, --consult and the device's key";
        return vec![Finding::attention(
            "relay",
            "none: pictures are not sent",
            action,
        )];
    };
    let trial = match Trial::new(relay.clone()) {
        Ok(trial) => trial,
        Err(refusal) => return vec![of_refusal("relay", &refusal)],
    };
    let answer = match trial.relay().await {
        Ok(answer) => answer,
        Err(refusal) => return vec![of_refusal("relay", &refusal)],
    };
    let mut findings = vec![of_relay(&answer), of_clock(answer.date, SystemTime::now())];
    if busy {
        let action = "look at that agent's terminal, or stop it and check again";
        findings.push(Finding::attention(
            "link",
            "a capture agent of this device is at work",
            action,
        ));
    } else if matches!(relay.entry, Entry::Ticket(_)) {
        let action = "give the device a key, which can be tried and comes back by itself";
        findings.push(Finding::attention(
            "link",
            "not tried: a ticket works once",
            action,
        ));
    } else {
        let udp = tried(&trial, Way::Udp).await;
        let tcp = tried(&trial, Way::Tcp).await;
        findings.extend(of_link(&udp, &tcp));
    }
    findings
}

async fn tried(trial: &Trial, way: Way) -> Tried {
    let over = tokio::time::timeout(LONGEST_TRIAL, trial.over(way)).await;
    over.unwrap_or_else(|_| Err(Refusal::NoMedia(LONGEST_TRIAL.as_secs())))
}

fn of_relay(answer: &Answer) -> Finding {
    let words = format!("answers in {} ms", answer.round_trip.as_millis());
    if answer.ready {
        Finding::good("relay", words)
    } else {
        let action = "tell the operator: its log says what is wrong";
        Finding::bad(
            "relay",
            format!("{words} and says that it is not ready"),
            action,
        )
    }
}

fn of_refusal(what: &'static str, refusal: &Refusal) -> Finding {
    let action = match refusal {
        Refusal::Away(_) => "check the network of this device and the relay's address",
        _ => "read the line above; the operator can help",
    };
    Finding::bad(what, refusal.to_string(), action)
}

fn of_clock(relay: Option<SystemTime>, here: SystemTime) -> Finding {
    const ACTION: &str = "let this device set its clock from the network (NTP)";
    let Some(relay) = relay else {
        return Finding::attention("clock", "the relay tells no time", "check it by hand");
    };
    let (off, word) = match here.duration_since(relay) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let words = format!("{} s {word} the relay's", off.as_secs());
    if off <= CLOCK_GOOD {
        Finding::good("clock", "as the relay's")
    } else if off <= CLOCK_BAD {
        Finding::attention("clock", words, ACTION)
    } else {
        Finding::bad("clock", words, ACTION)
    }
}

type Tried = Result<Duration, Refusal>;

fn of_link(udp: &Tried, tcp: &Tried) -> [Finding; 2] {
    const OPEN: &str =
        "let UDP or TCP to the relay's media port through, or check its public address";
    let passed = |took: &Duration| format!("media passes, connected in {} ms", took.as_millis());
    match (udp, tcp) {
        (Ok(one), Ok(other)) => [
            Finding::good("link udp", passed(one)),
            Finding::good("link tcp", passed(other)),
        ],
        (Ok(one), Err(refusal)) => [
            Finding::good("link udp", passed(one)),
            Finding::attention(
                "link tcp",
                refusal.to_string(),
                "not needed on this network; where UDP is blocked there would be no picture",
            ),
        ],
        (Err(refusal), Ok(other)) => [
            Finding::attention(
                "link udp",
                refusal.to_string(),
                "let UDP through: over TCP a lossy link shows a later picture",
            ),
            Finding::good("link tcp", passed(other)),
        ],
        (Err(one), Err(other)) => [
            Finding::bad("link udp", one.to_string(), OPEN),
            Finding::bad("link tcp", other.to_string(), OPEN),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

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
        let levels = |udp: &Tried, tcp: &Tried| of_link(udp, tcp).map(|finding| finding.level);
        assert_eq!(levels(&passes, &passes), [Level::Good; 2]);
        assert_eq!(levels(&passes, &blocked), [Level::Good, Level::Attention]);
        assert_eq!(levels(&blocked, &passes), [Level::Attention, Level::Good]);
        assert_eq!(levels(&blocked, &blocked), [Level::Bad; 2]);
    }
}
