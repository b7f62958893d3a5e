//! WADO-RS: headers as DICOM JSON, with places where bulk data is found (PS3.18 section 10.4.1.1.2).
//!
//! Owns turning the places that the index noted into addresses. Headers are sent one after the other, so that a study of thousands needs
//! the memory of one.

use super::accept::Wanted;
use super::place::{Place, address, base};
use crate::app::App;
use crate::archive::{Located, Way};
use crate::auth::System;
use crate::problem::Refusal;
use axum::body::Body;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Map, Value, json};
use std::io;
use wire::problem::ProblemCode;

/// DICOM JSON (PS3.18 section 8.7.3.2).
pub(super) const DICOM_JSON: &str = "application/dicom+json";
/// Headers sent in one piece.
const AT_ONCE: usize = 32;

/// `GET …/metadata` of a study, a series or an instance.
///
/// # Errors
/// `NotFound`, `NotAcceptable`, `StorageFailed`.
pub async fn show(
    State(app): State<App>,
    system: System,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let place = Place::of(&path)?;
    if !Wanted::of(&headers, query.as_deref()).takes(DICOM_JSON) {
        return Err(ProblemCode::NotAcceptable.into());
    }
    let found = place.find(&app, &system, Way::Metadata).await?;
    let base = base(&app, &headers);
    let left = found.into_iter();
    let pieces = stream::try_unfold((left, true), move |(mut left, is_first)| {
        let (app, base) = (app.clone(), base.clone());
        async move {
            let some: Vec<Located> = left.by_ref().take(AT_ONCE).collect();
            if some.is_empty() && !is_first {
                return Ok::<_, io::Error>(None);
            }
            let mut text = String::from(if is_first { "[" } else { "" });
            for (index, one) in some.iter().enumerate() {
                if index > 0 || !is_first {
                    text.push(',');
                }
                let header = header_of(&app, one, &base).await;
                text.push_str(&Value::Object(header.map_err(io::Error::other)?).to_string());
            }
            if left.len() == 0 {
                text.push(']');
            }
            Ok(Some((Bytes::from(text), (left, false))))
        }
    });
    let body = Body::from_stream(stream::StreamExt::boxed(pieces));
    Ok(([(header::CONTENT_TYPE, DICOM_JSON)], body).into_response())
}

/// The header of an instance as it is given; of one that cannot be read, what the archive itself knows.
async fn header_of(
    app: &App,
    of: &Located,
    base: &str,
) -> Result<Map<String, Value>, crate::store::StoreError> {
    let mut header = app
        .archive
        .catalogue()
        .header(of.digest)
        .await?
        .unwrap_or_default();
    let bulk = format!("{}/bulkdata/", address(base, of));
    place_bulk_data(&mut header, &bulk);
    for (name, uid) in [
        ("00080016", &of.class),
        ("00080018", &of.instance),
        ("00083002", &of.syntax),
        ("0020000D", &of.study),
        ("0020000E", &of.series),
    ] {
        header.insert(name.to_owned(), json!({ "vr": "UI", "Value": [uid] }));
    }
    Ok(header)
}

/// Nesting has a bound in every header that was kept.
fn place_bulk_data(of: &mut Map<String, Value>, base: &str) {
    for attribute in of.values_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::String(at)) = attribute.get_mut("BulkDataURI") {
            at.insert_str(0, base);
        }
        let items = attribute.get_mut("Value").and_then(Value::as_array_mut);
        for item in items.into_iter().flatten().filter_map(Value::as_object_mut) {
            place_bulk_data(item, base);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bulk_data_gets_its_address_at_every_depth() {
        let header = json!({
            "00880200": { "vr": "SQ", "Value": [{ "7FE00010": { "vr": "OW", "BulkDataURI": "3/4" } }] },
            "7FE00010": { "vr": "OB", "BulkDataURI": "pixels" },
            "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "BulkDataURI" }] },
        });
        let Value::Object(mut header) = header else {
            unreachable!()
        };
        place_bulk_data(&mut header, "http://a/bulkdata/");
        assert_eq!(
            header["7FE00010"]["BulkDataURI"],
            "http://a/bulkdata/pixels"
        );
        let nested = &header["00880200"]["Value"][0]["7FE00010"]["BulkDataURI"];
        assert_eq!(nested, "http://a/bulkdata/3/4");
    }
}
