//! Answers that are none: a stable code, and words of the agent's own where they help.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use wire::device::{DeviceFault, DeviceProblem};

/// A refusal.
#[derive(Debug)]
pub(super) struct Refused {
    code: DeviceFault,
    detail: String,
}

impl Refused {
    /// With words for the person.
    pub(super) const fn because(code: DeviceFault, detail: String) -> Self {
        Self { code, detail }
    }
}

impl From<DeviceFault> for Refused {
    fn from(code: DeviceFault) -> Self {
        Self::because(code, String::new())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.code {
            DeviceFault::Locked => StatusCode::UNAUTHORIZED,
            DeviceFault::Foreign => StatusCode::FORBIDDEN,
            DeviceFault::NotFound | DeviceFault::NoWorklist => StatusCode::NOT_FOUND,
            DeviceFault::FrameGone | DeviceFault::ListGone => StatusCode::GONE,
            DeviceFault::Busy => StatusCode::SERVICE_UNAVAILABLE,
            DeviceFault::NoSaving | DeviceFault::NotOnePatient | DeviceFault::VisitUnusable => {
                StatusCode::CONFLICT
            }
            DeviceFault::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            DeviceFault::NotDicom | DeviceFault::NoClip => StatusCode::UNPROCESSABLE_ENTITY,
            DeviceFault::SpoolFull | DeviceFault::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
            DeviceFault::Internal | DeviceFault::VisitNotWritten => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            DeviceFault::WorklistAway
            | DeviceFault::WorklistRefuses
            | DeviceFault::WorklistNotSecured
            | DeviceFault::WorklistStrange => StatusCode::BAD_GATEWAY,
            _ => StatusCode::BAD_REQUEST,
        };
        let problem = DeviceProblem {
            code: self.code,
            detail: self.detail,
        };
        (status, Json(problem)).into_response()
    }
}
