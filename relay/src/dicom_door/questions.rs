//! From the identifier of a C-FIND to a question of the index, and from what is found to identifiers (PS3.4 section C.4.1).
//!
//! Rules without input or output. Keys of the study root at the levels of study, series and image; a key of a higher level may be left
//! out. Answers hold the attributes that the question names, as far as the index keeps them, in UTF-8.

use crate::archive::query::{DataSet, Level, Match, Query, Returns, attribute};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dimse::{read_identifier, write_identifier};
use echo_dicom::text_in;

/// Answers are written in UTF-8 (PS3.3 section C.12.1.1.2).
const UTF_8: &str = "ISO_IR 192";

/// A question that cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuestionFault {
    /// No identifier.
    Broken,
    /// No level of the study root.
    Level,
    /// A key that no value could be compared with.
    Key,
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) query: Query,
    /// As it is written.
    level: &'static str,
    /// Some keys are not known here.
    pub(super) partly: bool,
}

/// Reads an identifier.
pub(super) fn asked(bytes: &[u8], syntax: &str) -> Result<Asked, QuestionFault> {
    let elements = read_identifier(bytes, syntax).map_err(|_| QuestionFault::Broken)?;
    let plain = |tag| {
        let found = elements.iter().find(|one| one.tag == tag);
        let text = found.and_then(|one| std::str::from_utf8(&one.value).ok());
        text.unwrap_or_default().trim_matches(['\0', ' '])
    };
    let (level, name) = match plain(tags::QUERY_RETRIEVE_LEVEL) {
        "STUDY" => (Level::Study, "STUDY"),
        "SERIES" => (Level::Series, "SERIES"),
        "IMAGE" => (Level::Instance, "IMAGE"),
        _ => return Err(QuestionFault::Level),
    };
    let sets = plain(tags::SPECIFIC_CHARACTER_SET);
    let (mut query, mut returns, mut partly) = (Query::all(level), Vec::new(), false);
    for element in &elements {
        if matches!(
            element.tag,
            tags::QUERY_RETRIEVE_LEVEL | tags::SPECIFIC_CHARACTER_SET
        ) {
            continue;
        }
        let Some(known) = attribute(element.tag).filter(|known| known.vr != VR::SQ) else {
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
    query.returns = Returns::Only(returns);
    Ok(Asked {
        query,
        level: name,
        partly,
    })
}

/// The identifier of what was found.
pub(super) fn identifier(asked: &Asked, found: &DataSet, syntax: &str) -> Vec<u8> {
    let mut elements = vec![
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, UTF_8.to_owned()),
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, asked.level.to_owned()),
    ];
    let mut wanted: Vec<Tag> = asked.query.level.uids().to_vec();
    if let Returns::Only(named) = &asked.query.returns {
        wanted.extend(named);
    }
    wanted.sort_unstable();
    wanted.dedup();
    for tag in wanted {
        if let Some(known) = attribute(tag) {
            // Asked for and not there: there without a value (PS3.4 section C.1.7).
            elements.push((tag, known.vr, found.texts(tag).join("\\")));
        }
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
        let mut elements = vec![(tags::QUERY_RETRIEVE_LEVEL, VR::CS, level.to_owned())];
        elements.extend(
            keys.iter()
                .map(|(tag, vr, text)| (*tag, *vr, (*text).to_owned())),
        );
        asked(&write_identifier(&elements, SYNTAX), SYNTAX)
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
        assert_eq!(asked(b"no identifier", SYNTAX), Err(QuestionFault::Broken));
    }
}
