//! Which other archives objects are sent on to, and what goes there by itself. Off unless a destination is named.

use super::layers::ConfigError;
use super::titles::title;
use crate::forward::Destination;
use crate::store::Takes;
use clap::Args;
use dimse::AeTitle;
use serde::Deserialize;
use std::path::PathBuf;

/// A task for each.
const MAX_DESTINATIONS: usize = 8;

/// The section `[forward]`, as far as somebody set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[group(skip)]
pub struct ForwardLayers {
    /// Other archives that objects are sent on to, each NAME=TITLE@HOST:PORT by C-STORE, unencrypted, for example
    /// pacs=PACS@192.0.2.20:104, NAME=TITLE@HOST:PORT/tls by C-STORE over TLS (/tls=NAME with another name on its certificate), or
    /// NAME=https://HOST/PATH by STOW-RS [default: none].
    #[arg(
        long = "forward-to",
        env = "HIBIKI_RELAY_FORWARD_TO",
        value_name = "DESTINATION",
        value_delimiter = ','
    )]
    pub to: Option<Vec<String>>,
    /// AE title under which the relay sends [default: HIBIKI].
    #[arg(
        id = "forward-title",
        long = "forward-title",
        env = "HIBIKI_RELAY_FORWARD_TITLE",
        value_name = "TITLE"
    )]
    pub title: Option<String>,
    /// File with a line NAME=Basic … or NAME=Bearer … for each destination over HTTPS that wants one; readable by the relay's
    /// account only [default: none].
    #[arg(
        id = "forward-secrets-file",
        long = "forward-secrets-file",
        env = "HIBIKI_RELAY_FORWARD_SECRETS_FILE",
        value_name = "FILE"
    )]
    pub secrets_file: Option<PathBuf>,
    /// Names of destinations that get every DICOM object that arrives and every clip [default: none].
    #[arg(
        long = "forward-everything",
        env = "HIBIKI_RELAY_FORWARD_EVERYTHING",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub everything: Option<Vec<String>>,
    /// Names of destinations that get the clips saved in consults [default: none].
    #[arg(
        long = "forward-consults",
        env = "HIBIKI_RELAY_FORWARD_CONSULTS",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub consults: Option<Vec<String>>,
}

impl ForwardLayers {
    /// What this says, and where it says nothing what `under` says.
    pub(super) fn over(self, under: Self) -> Self {
        Self {
            to: self.to.or(under.to),
            title: self.title.or(under.title),
            secrets_file: self.secrets_file.or(under.secrets_file),
            everything: self.everything.or(under.everything),
            consults: self.consults.or(under.consults),
        }
    }
}

/// Sending on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Our title.
    pub ours: AeTitle,
    /// To whom; may be empty.
    pub destinations: Vec<Destination>,
    /// What some of them want to be told.
    pub secrets_file: Option<PathBuf>,
    /// What goes by itself.
    pub rules: Vec<(String, Takes)>,
}

/// Checks the section.
pub(super) fn forward(asked: &ForwardLayers, faults: &mut Vec<ConfigError>) -> Option<Forward> {
    let title = title(asked.title.as_deref(), "forward.title", faults);
    let mut refuse = |key, what: String| faults.push(ConfigError::new(key, what));
    let mut destinations: Vec<Destination> = Vec::new();
    for text in asked.to.iter().flatten() {
        match text.parse::<Destination>() {
            Ok(one) if destinations.iter().any(|known| known.name == one.name) => {
                refuse("forward.to", format!("{:?} is named twice", one.name));
            }
            Ok(one) => destinations.push(one),
            Err(fault) => {
                // What stands behind the = may hold a password.
                let name = text.split_once('=').map_or(text.as_str(), |(name, _)| name);
                refuse("forward.to", format!("{name:?}: {fault}"));
            }
        }
    }
    if destinations.len() > MAX_DESTINATIONS {
        refuse(
            "forward.to",
            format!("at most {MAX_DESTINATIONS} destinations"),
        );
    }
    let mut rules = Vec::new();
    for (key, names, takes) in [
        ("forward.everything", &asked.everything, Takes::Everything),
        ("forward.consults", &asked.consults, Takes::Consults),
    ] {
        for name in names.iter().flatten() {
            if !destinations.iter().any(|one| one.name == *name) {
                refuse(
                    key,
                    format!("there is no destination {name:?} in forward.to"),
                );
            }
            rules.push((name.clone(), takes));
        }
    }
    Some(Forward {
        ours: title?,
        destinations,
        secrets_file: asked.secrets_file.clone(),
        rules,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str) -> (Option<Forward>, String) {
        let (asked, mut faults) = (toml::from_str(text).unwrap(), Vec::new());
        let forward = forward(&asked, &mut faults);
        let told = faults.iter().map(|fault| format!("{fault}\n")).collect();
        (forward, told)
    }

    #[test]
    fn nothing_is_sent_on_unless_somebody_says_where_and_what() {
        let (forward, told) = settled("");
        assert!(told.is_empty() && forward.unwrap().destinations.is_empty());
        let (forward, told) = settled("to = [\"pacs=PACS@192.0.2.20:104\"]\nconsults = [\"pacs\"]");
        let forward = forward.unwrap();
        assert!(told.is_empty() && forward.ours.as_str() == "HIBIKI");
        assert_eq!(forward.rules, [("pacs".to_owned(), Takes::Consults)]);
    }

    #[test]
    fn each_mistake_is_told_with_what_to_do() {
        let pacs = "to = [\"pacs=PACS@192.0.2.20:104\"]";
        for (text, key) in [
            ("to = [\"PACS@192.0.2.20:104\"]".to_owned(), "forward.to"),
            (
                "to = [\"a=B@host:1\", \"a=C@host:1\"]".to_owned(),
                "named twice",
            ),
            ("everything = [\"pacs\"]".to_owned(), "forward.everything"),
            (
                "to = [\"pacs=https://u:p@host/dicom-web\"]".to_owned(),
                "forward.to",
            ),
            (
                format!("{pacs}\nconsults = [\"other\"]"),
                "forward.consults",
            ),
            (format!("{pacs}\ntitle = \"A\\\\B\""), "forward.title"),
        ] {
            let (_, told) = settled(&text);
            assert!(told.contains(key), "{text}: {told}");
        }
    }
}
