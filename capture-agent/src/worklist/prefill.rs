//! Writes the patient of a visit into the agent's file.
//!
//! Owns the section `[patient]` and nothing else of the file: comments and other keys stay. The file is replaced in one go, because a
//! running agent reads it at each save. Invariant: no fact of the patient before is left.

use crate::clip::{DeviceFacts, PatientFacts, Visit, VisitFault};
use crate::config::FileConfig;
use crate::whole_file::replace;
use std::fs;
use std::io;
use std::path::Path;
use toml_edit::{DocumentMut, Item, Table, value};
use wire::CaptureTime;

/// The section.
const SECTION: &str = "patient";
/// Some moment of this century, to try the facts with.
const SOME_DAY: CaptureTime = CaptureTime(1_700_000_000_000_000);

/// The facts are not in the file. No message repeats one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrefillFault {
    /// The file.
    #[error("the configuration file cannot be read or replaced: {0}")]
    File(#[from] io::Error),
    /// What is in it.
    #[error("the configuration file is wrong; \"capture-agent check-config\" says where")]
    Wrong,
    /// A clip could not carry them.
    #[error("the entry makes no clip: {0}; write [patient] by hand")]
    Facts(#[from] VisitFault),
}

/// Replaces the facts in a file by these.
///
/// # Errors
/// `PrefillFault`; then the file is as it was.
pub fn prefill(path: &Path, facts: &PatientFacts) -> Result<(), PrefillFault> {
    Visit::new(
        None,
        None,
        SOME_DAY,
        facts.clone(),
        DeviceFacts::default(),
        0,
    )?;
    // What a link points to is replaced, not the link.
    let path = path.canonicalize()?;
    let text = with_patient(&fs::read_to_string(&path)?, facts)?;
    let rights = fs::metadata(&path)?.permissions();
    replace(&path, text.as_bytes(), Some(rights))?;
    Ok(())
}

fn with_patient(text: &str, facts: &PatientFacts) -> Result<String, PrefillFault> {
    let mut document: DocumentMut = text.parse().map_err(|_| PrefillFault::Wrong)?;
    let section = document.entry(SECTION).or_insert(Item::Table(Table::new()));
    if !section.is_table() {
        *section = Item::Table(Table::new());
    }
    let table = section.as_table_mut().ok_or(PrefillFault::Wrong)?;
    table.clear();
    table.set_implicit(false);
    for (key, fact) in facts.named() {
        if let Some(fact) = fact {
            table.insert(key, value(fact.as_str()));
        }
    }
    let text = document.to_string();
    let read: FileConfig = toml::from_str(&text).map_err(|_| PrefillFault::Wrong)?;
    if read.patient != *facts {
        return Err(PrefillFault::Wrong);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> PatientFacts {
        let said = |text: &str| Some(text.to_owned());
        PatientFacts {
            id: said("P-2"),
            name_ideographic: said("山田^太郎"),
            accession_number: said("A-17"),
            ..PatientFacts::default()
        }
    }

    #[test]
    fn facts_of_the_patient_before_go_and_all_else_stays() {
        let before = "# ours\nsource = \"test:\"\n\n[patient] # of today\nid = \"P-1\"\nalias = \"the lady\"\n\n[ultrasound]\nmodel = \"X\" # new\n";
        let text = with_patient(before, &facts()).unwrap();
        assert!(
            !text.contains("P-1") && !text.contains("the lady"),
            "{text}"
        );
        for kept in ["# ours", "model = \"X\" # new", "山田^太郎"] {
            assert!(text.contains(kept), "{text}");
        }
        assert!(text.find("[patient]") < text.find("[ultrasound]"));
        for without in ["", "source = \"test:\"\n", "patient = { id = \"P-1\" }\n"] {
            let text = with_patient(without, &facts()).unwrap();
            assert!(text.contains("A-17") && !text.contains("P-1"), "{text}");
        }
        assert!(with_patient("source = ", &facts()).is_err());
    }

    #[test]
    fn a_file_is_replaced_whole_or_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, "source = \"test:\"\n").unwrap();
        prefill(&path, &facts()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let long = PatientFacts {
            accession_number: Some("9".repeat(17)),
            ..facts()
        };
        let fault = prefill(&path, &long).unwrap_err().to_string();
        assert!(!fault.contains("999"), "{fault}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
