//! QIDO-RS: searching for studies, series and instances (PS3.18 section 10.6).
//!
//! Owns how a query string is read. Keys that the archive does not match by are left out and said so in a warning; what cannot be read is
//! refused. Judging is the archive's.

use super::accept::Wanted;
use super::metadata::DICOM_JSON;
use super::place::{Place, base, failed};
use crate::app::App;
use crate::archive::Way;
use crate::archive::query::{
    DataSet, Level, MAX_ANSWERS, MAX_KEYS, Match, Query, Returns, Tag, VR, attribute,
};
use crate::auth::System;
use crate::problem::Refusal;
use axum::extract::{MatchedPath, RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use serde_json::json;
use wire::problem::ProblemCode;

/// Answers to a question that names no limit: a study of thousands is answered whole.
const DEFAULT_LIMIT: usize = MAX_ANSWERS;
/// Warnings of RFC 7234 section 5.5 with the code that PS3.18 section 8.3.4 gives.
const NOT_FUZZY: &str = "299 hibiki: \"The fuzzymatching parameter is not supported. Only literal matching has been performed.\"";
const LEFT_OUT: &str =
    "299 hibiki: \"Attributes that are not searched here were left out of the matching.\"";
const MORE: &str =
    "299 hibiki: \"There are additional results that can be requested with offset.\"";

/// `GET` of studies, series or instances: what is searched for is the last word of the route.
///
/// # Errors
/// `QueryRefused`, `NotAcceptable`, `StorageFailed`.
pub async fn find(
    State(app): State<App>,
    system: System,
    matched: MatchedPath,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let level = match matched.as_str().rsplit('/').next() {
        Some("studies") => Level::Study,
        Some("series") => Level::Series,
        _ => Level::Instance,
    };
    let place = Place::of(&path)?;
    if !Wanted::of(&headers, query.as_deref()).takes(DICOM_JSON) {
        return Err(ProblemCode::NotAcceptable.into());
    }
    let asked = asked(level, &place, query.as_deref().unwrap_or_default())?;
    let study = place.study.as_deref().unwrap_or_default();
    let noted = app
        .readings
        .note(&system.name, Way::Search, study, app.now())
        .await;
    noted.map_err(|error| failed(&error))?;
    let answers = app.archive.catalogue().find(asked.query).await;
    let answers = answers.map_err(|error| failed(&error))?;
    let mut warnings = asked.warnings;
    if answers.more {
        warnings.push(MORE);
    }
    let mut response = if answers.found.is_empty() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let body = written(answers.found, &base(&app, &headers));
        ([(header::CONTENT_TYPE, DICOM_JSON)], body).into_response()
    };
    for warning in warnings {
        response
            .headers_mut()
            .append(header::WARNING, HeaderValue::from_static(warning));
    }
    Ok(response)
}

fn written(found: Vec<DataSet>, base: &str) -> String {
    let mut json = String::with_capacity(found.len() * 1_024);
    json.push('[');
    for (index, mut answer) in found.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        let mut at = base.to_owned();
        for (tag, kind) in [
            (tags::STUDY_INSTANCE_UID, "studies"),
            (tags::SERIES_INSTANCE_UID, "series"),
            (tags::SOP_INSTANCE_UID, "instances"),
        ] {
            if let Some(uid) = answer.texts(tag).first() {
                at.extend(["/", kind, "/", uid]);
            }
        }
        answer.set(tags::RETRIEVE_URL, VR::UR, &[json!(at)]);
        answer.write(&mut json);
    }
    json.push(']');
    json
}

struct Asked {
    query: Query,
    warnings: Vec<&'static str>,
}

fn asked(level: Level, place: &Place, query: &str) -> Result<Asked, ProblemCode> {
    let uri = format!("/?{query}").parse();
    let uri = uri.map_err(|_| ProblemCode::QueryRefused)?;
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let pairs = pairs.map_err(|_| ProblemCode::QueryRefused)?.0;
    if pairs.len() > MAX_KEYS {
        return Err(ProblemCode::QueryRefused);
    }
    let mut asked = Asked {
        query: Query {
            limit: DEFAULT_LIMIT,
            returns: Returns::All,
            ..Query::all(level)
        },
        warnings: Vec::new(),
    };
    for (tag, uid) in [
        (tags::STUDY_INSTANCE_UID, &place.study),
        (tags::SERIES_INSTANCE_UID, &place.series),
    ] {
        if let Some(uid) = uid {
            asked.query.keys.push((tag, Match::Uids(vec![uid.clone()])));
        }
    }
    for (name, value) in pairs {
        take(&mut asked, &name, &value)?;
    }
    Ok(asked)
}

fn take(asked: &mut Asked, name: &str, value: &str) -> Result<(), ProblemCode> {
    let number = || value.trim().parse().map_err(|_| ProblemCode::QueryRefused);
    match name {
        "limit" => asked.query.limit = number()?,
        "offset" => asked.query.offset = number()?,
        "fuzzymatching" if value.eq_ignore_ascii_case("true") => asked.warnings.push(NOT_FUZZY),
        // All that is kept is in every answer; what is not kept is left out, as the standard lets us.
        "fuzzymatching" | "includefield" | "accept" => {}
        name => {
            let tag = tag(name)?;
            let known = tag.and_then(attribute);
            match known.filter(|known| known.level <= asked.query.level && known.vr != VR::SQ) {
                Some(known) => {
                    let key =
                        Match::parse(known.vr, value).map_err(|_| ProblemCode::QueryRefused)?;
                    asked.query.keys.push((known.tag, key));
                }
                None if asked.warnings.contains(&LEFT_OUT) => {}
                None => asked.warnings.push(LEFT_OUT),
            }
        }
    }
    Ok(())
}

/// A keyword or eight digits; of a path into a sequence nothing, because nothing is matched there.
fn tag(name: &str) -> Result<Option<Tag>, ProblemCode> {
    if name.contains('.') {
        return Ok(None);
    }
    if name.len() == 8 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
        let number = u32::from_str_radix(name, 16).map_err(|_| ProblemCode::QueryRefused)?;
        let [g0, g1, e0, e1] = number.to_be_bytes();
        let tag = Tag(u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1]));
        return Ok(Some(tag));
    }
    let entry = StandardDataDictionary.by_name(name);
    entry
        .map(|entry| Some(entry.tag()))
        .ok_or(ProblemCode::QueryRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(level: Level, query: &str) -> Result<Asked, ProblemCode> {
        asked(level, &Place::default(), query)
    }

    #[test]
    fn keywords_and_tags_are_keys_alike() {
        let query = "PatientName=%E5%B1%B1%E7%94%B0*&00100020=P-1&limit=7&offset=2&includefield=all&StudyDate=20260101-";
        let query = asks(Level::Study, query).unwrap().query;
        assert_eq!((query.limit, query.offset, query.keys.len()), (7, 2, 3));
        let name = &query
            .keys
            .iter()
            .find(|(tag, _)| *tag == tags::PATIENT_NAME)
            .unwrap()
            .1;
        assert!(name.fits(&["Yamada=山田^太郎".to_owned()]));
    }

    #[test]
    fn what_is_not_searched_is_said_and_what_is_no_question_is_refused() {
        let asked = asks(
            Level::Study,
            "Modality=US&fuzzymatching=true&ReferencedSOPSequence.ReferencedSOPInstanceUID=1",
        )
        .unwrap();
        assert_eq!(asked.warnings, [LEFT_OUT, NOT_FUZZY]);
        assert!(asked.query.keys.is_empty());
        for wrong in [
            "limit=-1",
            "limit=x",
            "PatientNam=A",
            "StudyDate=yesterday",
            "StudyInstanceUID=../x",
        ] {
            assert_eq!(
                asks(Level::Study, wrong).err(),
                Some(ProblemCode::QueryRefused),
                "{wrong}"
            );
        }
        let many = "PatientID=1&".repeat(MAX_KEYS + 1);
        assert!(asks(Level::Study, &many).is_err());
    }
}
