//! Which study, series or instance an address names, and where answers are found again.
//!
//! Owns reading UIDs from the path: what is no UID names nothing. Finding it notes who reads first.

use crate::app::App;
use crate::archive::{Located, Way};
use crate::auth::System;
use crate::http::admit::host;
use axum::extract::RawPathParams;
use axum::http::HeaderMap;
use wire::problem::ProblemCode;

/// What a path names, as far as it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) study: Option<String>,
    pub(super) series: Option<String>,
    pub(super) instance: Option<String>,
}

/// Digits and points, 64 at most (PS3.5 section 9.1).
pub(super) fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

impl Place {
    pub(super) fn of(path: &RawPathParams) -> Result<Self, ProblemCode> {
        let mut place = Self::default();
        for (name, value) in path {
            let into = match name {
                "study" => &mut place.study,
                "series" => &mut place.series,
                "instance" => &mut place.instance,
                _ => continue,
            };
            *into = Some(value.to_owned());
            if !is_uid(value) {
                return Err(ProblemCode::NotFound);
            }
        }
        Ok(place)
    }

    /// What is there, noted as read by a system in a way.
    pub(super) async fn find(
        &self,
        app: &App,
        system: &System,
        way: Way,
    ) -> Result<Vec<Located>, ProblemCode> {
        let study = self.study.as_deref().ok_or(ProblemCode::NotFound)?;
        let found = app
            .archive
            .catalogue()
            .instances(study, self.series.as_deref(), self.instance.as_deref())
            .await;
        let found = found.map_err(|error| failed(&error))?;
        if found.is_empty() {
            return Err(ProblemCode::NotFound);
        }
        let noted = app.readings.note(&system.name, way, study, app.now()).await;
        noted.map_err(|error| failed(&error))?;
        Ok(found)
    }

    /// The one instance that is there.
    pub(super) async fn find_one(
        &self,
        app: &App,
        system: &System,
        way: Way,
    ) -> Result<Located, ProblemCode> {
        let mut found = self.find(app, system, way).await?;
        found.pop().ok_or(ProblemCode::NotFound)
    }
}

pub(super) fn failed(error: &crate::store::StoreError) -> ProblemCode {
    tracing::error!(%error, "the archive's index could not be used");
    ProblemCode::StorageFailed
}

/// Address under which this relay was asked, up to and with `/dicomweb`.
pub(super) fn base(app: &App, headers: &HeaderMap) -> String {
    let scheme = if app.tls { "https" } else { "http" };
    // The gate let only names of ours in.
    let host = host(headers, None).unwrap_or("localhost");
    format!("{scheme}://{host}/dicomweb")
}

/// Address of an instance.
pub(super) fn address(base: &str, of: &Located) -> String {
    let Located {
        study,
        series,
        instance,
        ..
    } = of;
    format!("{base}/studies/{study}/series/{series}/instances/{instance}")
}
