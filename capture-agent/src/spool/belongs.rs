//! Which consult a clip belongs to.
//!
//! Owns the rule of what may leave by itself: the spool outlives consults and patients, so a clip goes to the consult it was
//! saved in, or, saved outside of any, to the next one of the same patient; whatever is not known to be either waits until
//! a person says so (decision 0031). Kept beside the object, so that a restart changes nothing.

use serde::{Deserialize, Serialize};
use wire::ConsultId;
use wire::original::Digest;

/// Where a clip may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Belongs {
    /// Nobody noted it, also because it was saved before anybody did: it waits for a person.
    #[default]
    Unsaid,
    /// To this consult: it was saved in it, or a person said so.
    Consult(ConsultId),
    /// It was saved outside of any: to the next consult of the patient with this digest.
    Next(Digest),
}

impl Belongs {
    /// Whether it goes by itself to a consult of this patient; nothing is a patient who is not known.
    #[must_use]
    pub fn goes_to(self, consult: ConsultId, whom: Option<Digest>) -> bool {
        match self {
            Self::Unsaid => false,
            Self::Consult(of) => of == consult,
            Self::Next(of) => Some(of) == whom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_leaves_by_itself_only_for_its_consult_or_its_patient() {
        let (here, other) = (ConsultId::random(), ConsultId::random());
        let [one, two] = [1, 2].map(|byte| Digest::from_bytes([byte; 32]));
        assert!(Belongs::Consult(here).goes_to(here, None));
        assert!(!Belongs::Consult(other).goes_to(here, Some(one)));
        assert!(Belongs::Next(one).goes_to(here, Some(one)));
        assert!(!Belongs::Next(one).goes_to(here, Some(two)));
        assert!(!Belongs::Next(one).goes_to(here, None));
        assert!(!Belongs::Unsaid.goes_to(here, Some(one)));
    }

    #[test]
    fn its_form_on_the_disk_stays() {
        let of = Belongs::Next(Digest::from_bytes([0xab; 32]));
        let text = serde_json::to_string(&of).unwrap();
        assert_eq!(text, format!("{{\"next\":\"{}\"}}", "ab".repeat(32)));
        assert_eq!(serde_json::from_str::<Belongs>(&text).unwrap(), of);
    }
}
