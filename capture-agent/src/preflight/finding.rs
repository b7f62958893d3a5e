//! How the state of one thing is told on the command line: by shape and in words, with one action when something is to be done.
//!
//! Owns text and JSON. Shapes are those of the pages (● ▲ ■), so that colour is never needed.

use super::words;
use std::fmt;
use std::time::Duration;
use wire::check::{CheckAction, CheckFinding, CheckLevel, CheckSays, CheckSubject};

const fn shape(level: CheckLevel) -> char {
    match level {
        CheckLevel::Good => '●',
        CheckLevel::Attention => '▲',
        CheckLevel::Bad => '■',
    }
}

const fn word(level: CheckLevel) -> &'static str {
    match level {
        CheckLevel::Good => "good",
        CheckLevel::Attention => "look",
        CheckLevel::Bad => "BAD",
    }
}

pub(super) const fn good(what: CheckSubject, says: CheckSays) -> CheckFinding {
    CheckFinding {
        what,
        level: CheckLevel::Good,
        says,
        action: None,
    }
}

pub(super) const fn attention(
    what: CheckSubject,
    says: CheckSays,
    action: CheckAction,
) -> CheckFinding {
    CheckFinding {
        what,
        level: CheckLevel::Attention,
        says,
        action: Some(action),
    }
}

pub(super) const fn bad(what: CheckSubject, says: CheckSays, action: CheckAction) -> CheckFinding {
    CheckFinding {
        what,
        level: CheckLevel::Bad,
        says,
        action: Some(action),
    }
}

/// All lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of `CheckSubject`.
    pub findings: Vec<CheckFinding>,
    /// How long the looking took.
    pub took: Duration,
}

impl Report {
    /// The worst of them.
    #[must_use]
    pub fn level(&self) -> CheckLevel {
        let levels = self.findings.iter().map(|finding| finding.level);
        levels.max().unwrap_or(CheckLevel::Good)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> String {
        let told = |finding: &CheckFinding| {
            serde_json::json!({
                "what": words::of_subject(finding.what),
                "level": finding.level,
                "words": words::of(&finding.says),
                "action": finding.action.map(words::of_action),
            })
        };
        serde_json::json!({
            "level": self.level(),
            "tookMs": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "findings": self.findings.iter().map(told).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let (shape, word) = (shape(finding.level), word(finding.level));
            let (what, words) = (words::of_subject(finding.what), words::of(&finding.says));
            writeln!(f, "{shape} {word:<4}  {what:<9} {words}")?;
            if let Some(action) = finding.action {
                writeln!(f, "{:17} → {}", "", words::of_action(action))?;
            }
        }
        let verdict = match self.level() {
            CheckLevel::Good => "● all is well",
            CheckLevel::Attention => "▲ the visit can begin; see the lines with ▲",
            CheckLevel::Bad => "■ not ready; see the lines with ■",
        };
        write!(f, "{verdict} ({:.1} s)", self.took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_shape_words_and_action_and_the_worst_last() {
        let pictures = CheckSays::Pictures {
            width: 800,
            height: 600,
            fps: 30,
        };
        let detail = "no answer".to_owned();
        let report = Report {
            findings: vec![
                good(CheckSubject::Source, pictures),
                attention(
                    CheckSubject::Disk,
                    CheckSays::NoSpool,
                    CheckAction::NameSpool,
                ),
                bad(
                    CheckSubject::Relay,
                    CheckSays::Refused { detail },
                    CheckAction::CheckNetwork,
                ),
            ],
            took: Duration::from_millis(1_240),
        };
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "● good  source    800 x 600, 30 pictures a second"
        );
        assert!(
            lines[1].starts_with("▲ look  disk") && lines[2].trim_start().starts_with("→ name")
        );
        assert!(text.ends_with("■ not ready; see the lines with ■ (1.2 s)"));
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(
            (&json["level"], &json["tookMs"]),
            (&"bad".into(), &1_240.into())
        );
        assert_eq!(json["findings"][2]["words"], "no answer");
        assert!(json["findings"][0]["action"].is_null());
    }
}
