//! How the state of one thing is told: by shape and in words, with one action when something is to be done.
//!
//! Owns text and JSON. Shapes are those of the pages (● ▲ ■), so that colour is never needed.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// As it should be.
    Good,
    /// The visit can begin; something is worth doing.
    Attention,
    /// The visit would fail.
    Bad,
}

impl Level {
    const fn shape(self) -> char {
        match self {
            Self::Good => '●',
            Self::Attention => '▲',
            Self::Bad => '■',
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "look",
            Self::Bad => "BAD",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which thing.
    pub what: &'static str,
    /// How it is.
    pub level: Level,
    /// In words.
    pub words: String,
    /// What to do, when something is to be done.
    pub action: Option<&'static str>,
}

impl Finding {
    pub(super) fn good(what: &'static str, words: impl Into<String>) -> Self {
        Self {
            what,
            level: Level::Good,
            words: words.into(),
            action: None,
        }
    }

    pub(super) fn attention(
        what: &'static str,
        words: impl Into<String>,
        action: &'static str,
    ) -> Self {
        Self {
            what,
            level: Level::Attention,
            words: words.into(),
            action: Some(action),
        }
    }

    pub(super) fn bad(what: &'static str, words: impl Into<String>, action: &'static str) -> Self {
        Self {
            level: Level::Bad,
            ..Self::attention(what, words, action)
        }
    }
}

/// All lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of looking.
    pub findings: Vec<Finding>,
    /// How long the looking took.
    pub took: Duration,
}

impl Report {
    /// The worst of them.
    #[must_use]
    pub fn level(&self) -> Level {
        let levels = self.findings.iter().map(|finding| finding.level);
        levels.max().unwrap_or(Level::Good)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::json!({
            "level": self.level(),
            "tookMs": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "findings": self.findings,
        })
        .to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let (shape, word) = (finding.level.shape(), finding.level.word());
            writeln!(
                f,
                "{shape} {word:<4}  {:<9} {}",
                finding.what, finding.words
            )?;
            if let Some(action) = finding.action {
                writeln!(f, "{:17} → {action}", "")?;
            }
        }
        let verdict = match self.level() {
            Level::Good => "● all is well",
            Level::Attention => "▲ the visit can begin; see the lines with ▲",
            Level::Bad => "■ not ready; see the lines with ■",
        };
        write!(f, "{verdict} ({:.1} s)", self.took.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_shape_words_and_action_and_the_worst_last() {
        let report = Report {
            findings: vec![
                Finding::good("source", "800 x 600, 30 pictures a second"),
                Finding::attention("disk", "no spool", "name a folder"),
                Finding::bad("relay", "no answer", "check the address"),
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
        assert_eq!(json["findings"][2]["action"], "check the address");
        assert!(json["findings"][0]["action"].is_null());
    }
}
