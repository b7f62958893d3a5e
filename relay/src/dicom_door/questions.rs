//! From the identifier of a C-FIND to a question of the index, and from what is found to identifiers (PS3.4 section C.4.1); from
//! that of a C-MOVE or C-GET to what is wanted (section C.4.2).
//!
//! Rules without input or output. Keys of both roots at the levels of patient, study, series and image; a key of a higher level may be
//! left out. Answers hold the attributes that the question names, as far as the index keeps them, in UTF-8.

use super::patients::{OF_PATIENTS, STUDIES_OF_PATIENT};
use crate::archive::query::{DataSet, Level, Match, Query, Returns, attribute};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dimse::{Root, read_identifier, write_identifier};
use echo_dicom::text_in;

/// Answers are written in UTF-8 (PS3.3 section C.12.1.1.2).
const UTF_8: &str = "ISO_IR 192";

/// A question that cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuestionFault {
    /// No identifier.
    Broken,
    /// No level of the root.
    Level,
    /// A key that no value could be compared with.
    Key,
    /// Of a retrieval: nothing says which of the level are wanted.
    Unique,
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) query: Query,
    /// As it is written.
    level: &'static str,
    /// Answers are patients.
    pub(super) of_patients: bool,
    /// Some keys are not known here.
    pub(super) partly: bool,
}

/// Reads the identifier of a retrieval: the unique key of its level has to be there, as one value or for UIDs as a list (PS3.4 section
/// C.4.2.2.1); of those above some may be left out. A patient is given in the study root too: Orthanc asks so, and nothing else can be
/// meant.
pub(super) fn wanted(bytes: &[u8], syntax: &str) -> Result<Query, QuestionFault> {
    let Asked {
        mut query,
        of_patients,
        ..
    } = asked(bytes, syntax, Root::Patient)?;
    let unique = |tag: Tag| tag == tags::PATIENT_ID || query.level.uids().contains(&tag);
    query.keys = std::mem::take(&mut query.keys)
        .into_iter()
        .filter(|(tag, _)| unique(*tag))
        .collect();
    let names = |(tag, key): &(Tag, Match)| match key {
        Match::Uids(_) => query.level.uids().last() == Some(tag),
        key => of_patients && key.literal().is_some(),
    };
    if !query.keys.iter().any(names) {
        return Err(QuestionFault::Unique);
    }
    query.returns = Returns::Only(Vec::new());
    Ok(query)
}

/// Reads an identifier.
pub(super) fn asked(bytes: &[u8], syntax: &str, root: Root) -> Result<Asked, QuestionFault> {
    let elements = read_identifier(bytes, syntax).map_err(|_| QuestionFault::Broken)?;
    let plain = |tag| {
        let found = elements.iter().find(|one| one.tag == tag);
        let text = found.and_then(|one| std::str::from_utf8(&one.value).ok());
        text.unwrap_or_default().trim_matches(['\0', ' '])
    };
    let (level, name) = match plain(tags::QUERY_RETRIEVE_LEVEL) {
        "PATIENT" if root == Root::Patient => (Level::Study, "PATIENT"),
        "STUDY" => (Level::Study, "STUDY"),
        "SERIES" => (Level::Series, "SERIES"),
        "IMAGE" => (Level::Instance, "IMAGE"),
        _ => return Err(QuestionFault::Level),
    };
    let of_patients = name == "PATIENT";
    let sets = plain(tags::SPECIFIC_CHARACTER_SET);
    let (mut query, mut returns, mut partly) = (Query::all(level), Vec::new(), false);
    for element in &elements {
        if matches!(
            element.tag,
            tags::QUERY_RETRIEVE_LEVEL | tags::SPECIFIC_CHARACTER_SET
        ) {
            continue;
        }
        if of_patients && element.tag == STUDIES_OF_PATIENT {
            returns.push(element.tag);
            continue;
        }
        let known = attribute(element.tag).filter(|known| known.vr != VR::SQ);
        let Some(known) = known.filter(|one| !of_patients || OF_PATIENTS.contains(&one.tag)) else {
            partly = true;
            continue;
        };
        returns.push(element.tag);
        let text = text_in(sets, &element.value).ok_or(QuestionFault::Key)?;
        match Match::parse(known.vr, &text).map_err(|_| QuestionFault::Key)? {
            Match::Universal => {}
            key => query = query.with(element.tag, key),
        }
    }
    if of_patients {
        // What tells patients apart.
        returns.extend([tags::PATIENT_ID, tags::ISSUER_OF_PATIENT_ID]);
    }
    query.returns = Returns::Only(returns);
    Ok(Asked {
        query,
        level: name,
        of_patients,
        partly,
    })
}

/// The identifier of what was found.
pub(super) fn identifier(asked: &Asked, found: &DataSet, syntax: &str) -> Vec<u8> {
    let mut elements = vec![
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, UTF_8.to_owned()),
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, asked.level.to_owned()),
    ];
    let mut wanted: Vec<Tag> = if asked.of_patients {
        vec![tags::PATIENT_ID]
    } else {
        asked.query.level.uids().to_vec()
    };
    if let Returns::Only(named) = &asked.query.returns {
        wanted.extend(named);
    }
    wanted.sort_unstable();
    wanted.dedup();
    for tag in wanted {
        let vr = match attribute(tag) {
            Some(known) => known.vr,
            None if tag == STUDIES_OF_PATIENT => VR::IS,
            None => continue,
        };
        // Asked for and not there: there without a value (PS3.4 section C.1.7).
        elements.push((tag, vr, found.texts(tag).join("\\")));
    }
    elements.sort_by_key(|(tag, ..)| *tag);
    write_identifier(&elements, syntax)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dimse::Element;
    use serde_json::json;

    const SYNTAX: &str = "1.2.840.10008.1.2.1";

    fn question(level: &str, keys: &[(Tag, VR, &str)]) -> Result<Asked, QuestionFault> {
        asked(&written(level, keys), SYNTAX, Root::Study)
    }

    fn written(level: &str, keys: &[(Tag, VR, &str)]) -> Vec<u8> {
        let mut elements = vec![(tags::QUERY_RETRIEVE_LEVEL, VR::CS, level.to_owned())];
        elements.extend(
            keys.iter()
                .map(|(tag, vr, text)| (*tag, *vr, (*text).to_owned())),
        );
        write_identifier(&elements, SYNTAX)
    }

    #[test]
    fn keys_match_and_empty_ones_are_returned() {
        let asked = question(
            "STUDY",
            &[
                (tags::STUDY_DATE, VR::DA, "20260101-20260131"),
                (tags::PATIENT_NAME, VR::PN, ""),
                (tags::PERFORMED_STATION_NAME, VR::SH, "unknown here"),
            ],
        )
        .unwrap();
        assert_eq!(asked.query.level, Level::Study);
        assert_eq!(asked.query.keys.len(), 1);
        assert!(asked.partly, "a key that is not known is told");
        let mut found = DataSet::default();
        found.set(
            tags::PATIENT_NAME,
            VR::PN,
            &[json!({ "Alphabetic": "Yamada^Taro", "Ideographic": "山田^太郎" })],
        );
        found.set(tags::STUDY_INSTANCE_UID, VR::UI, &[json!("1.2.3")]);
        let answer = read_identifier(&identifier(&asked, &found, SYNTAX), SYNTAX).unwrap();
        let value = |tag| {
            let found = answer.iter().find(|one: &&Element| one.tag == tag);
            String::from_utf8(found.unwrap().value.clone()).unwrap()
        };
        assert_eq!(value(tags::SPECIFIC_CHARACTER_SET), "ISO_IR 192");
        assert_eq!(value(tags::QUERY_RETRIEVE_LEVEL), "STUDY ");
        assert_eq!(value(tags::PATIENT_NAME).trim(), "Yamada^Taro=山田^太郎");
        assert_eq!(value(tags::STUDY_INSTANCE_UID), "1.2.3\0");
        assert_eq!(value(tags::STUDY_DATE), "", "asked for and not there");
        let order: Vec<Tag> = answer.iter().map(|one| one.tag).collect();
        assert!(order.is_sorted());
    }

    #[test]
    fn what_cannot_be_asked_is_told_apart() {
        assert_eq!(question("PATIENT", &[]), Err(QuestionFault::Level));
        assert_eq!(question("", &[]), Err(QuestionFault::Level));
        let no_number = [(tags::SERIES_NUMBER, VR::IS, "one")];
        assert_eq!(question("SERIES", &no_number), Err(QuestionFault::Key));
        assert_eq!(
            asked(b"no identifier", SYNTAX, Root::Study),
            Err(QuestionFault::Broken)
        );
    }

    #[test]
    fn patients_are_asked_for_in_their_own_root_and_answered_without_a_study() {
        let keys = [
            (tags::PATIENT_NAME, VR::PN, "YAMADA*"),
            (STUDIES_OF_PATIENT, VR::IS, ""),
            (tags::STUDY_DATE, VR::DA, "20260101"),
        ];
        let asked = asked(&written("PATIENT", &keys), SYNTAX, Root::Patient).unwrap();
        assert!(asked.of_patients && asked.partly, "no key of a patient");
        assert_eq!(asked.query.keys.len(), 1);
        let mut found = DataSet::default();
        found.set(tags::PATIENT_ID, VR::LO, &[json!("P-1")]);
        found.set(tags::STUDY_INSTANCE_UID, VR::UI, &[json!("1.2.3")]);
        found.set(STUDIES_OF_PATIENT, VR::IS, &[json!(2)]);
        let answer = read_identifier(&identifier(&asked, &found, SYNTAX), SYNTAX).unwrap();
        let value = |tag| {
            answer
                .iter()
                .find(|one| one.tag == tag)
                .map(|one| &*one.value)
        };
        assert_eq!(value(tags::PATIENT_ID), Some(&b"P-1 "[..]));
        assert_eq!(value(STUDIES_OF_PATIENT), Some(&b"2 "[..]));
        assert_eq!(value(tags::STUDY_INSTANCE_UID), None);
    }

    #[test]
    fn a_retrieval_names_what_it_wants_by_unique_keys_only() {
        let asks = |level: &str, keys: &[(Tag, VR, &str)]| {
            wanted(&written(level, keys), SYNTAX).map(|query| query.keys.len())
        };
        let study = (tags::STUDY_INSTANCE_UID, VR::UI, "1.2\\1.3");
        let name = (tags::PATIENT_NAME, VR::PN, "YAMADA*");
        let patient = (tags::PATIENT_ID, VR::LO, "P-1");
        assert_eq!(asks("STUDY", &[study, name]), Ok(1));
        assert_eq!(asks("PATIENT", &[patient]), Ok(1));
        for (level, keys) in [
            ("STUDY", &[name][..]),
            ("SERIES", &[study]),
            ("STUDY", &[(tags::STUDY_INSTANCE_UID, VR::UI, "")]),
            ("PATIENT", &[(tags::PATIENT_ID, VR::LO, "P*")]),
            ("PATIENT", &[name]),
        ] {
            assert_eq!(
                asks(level, keys),
                Err(QuestionFault::Unique),
                "{level} {keys:?}"
            );
        }
    }
}
