//! Every route of the relay, grouped by who may call it.
//!
//! Owns the list and nothing else: a route without a gate cannot be written down. `admit` asks the entrance according to
//! the gate before an action runs; a test walks this list without a credential and with somebody else's.

use crate::app::App;
use crate::http::admit::{Gate, admit, finish};
use crate::http::dicomweb::{bulk, frames, metadata, objects, rendered, search, store};
use crate::http::{
    blobs, case_clips, case_export, case_library, case_making, case_sources, cases, clip_file,
    clip_marks, clip_upload, clips, consults, demo, devices, health, media_resource, page_clip,
    pages, publish, replay_clips, replay_media, replays, sessions, socket, talk, video_picture,
    watch,
};
use crate::problem::Refusal;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, post, put};
use wire::problem::ProblemCode;

/// One route.
pub struct Route {
    /// Its path; `{consult}`, `{session}`, `{device}`, `{media}`, `{blob}`, `{freeze}`, `{stream}`, `{replay}` and `{clip}` stand for ids, `{index}` for
    /// a frame, `{track}` for a voice; `{study}`, `{series}` and `{instance}` for UIDs, `{frames}` for numbers of frames, `{at}` and
    /// `{length}` for a stretch.
    pub path: &'static str,
    /// Methods it takes.
    pub methods: &'static [&'static str],
    /// Who may call it.
    pub gate: Gate,
    make: fn() -> MethodRouter<App>,
}

const fn route(
    path: &'static str,
    methods: &'static [&'static str],
    gate: Gate,
    make: fn() -> MethodRouter<App>,
) -> Route {
    Route {
        path,
        methods,
        gate,
        make,
    }
}

/// All routes below which patient data may lie, and the few that are open.
pub const ROUTES: &[Route] = &[
    // Anyone: is it up, the pages themselves.
    route("/healthz", &["GET"], Gate::Open, || get(health::up)),
    route("/readyz", &["GET"], Gate::Open, || get(health::ready)),
    route("/", &["GET"], Gate::Open, || get(pages::index)),
    route("/consults/{id}", &["GET"], Gate::Open, || get(pages::index)),
    route("/consults/{id}/replay", &["GET"], Gate::Open, || {
        get(pages::index)
    }),
    route("/visits/{id}", &["GET"], Gate::Open, || get(pages::index)),
    route("/cases", &["GET"], Gate::Open, || get(pages::index)),
    route("/cases/{id}", &["GET"], Gate::Open, || get(pages::index)),
    route("/check", &["GET"], Gate::Open, || get(pages::index)),
    // Anyone on this machine, in a demo.
    route("/api/v1/demo", &["GET"], Gate::Demo, || get(demo::door)),
    route("/api/v1/demo/tickets", &["POST"], Gate::Demo, || {
        post(demo::ticket)
    }),
    // The bearer of a ticket.
    route("/api/v1/sessions", &["POST"], Gate::TicketInBody, || {
        post(sessions::create)
    }),
    // A device with its key.
    route(
        "/api/v1/devices/{device}/tickets",
        &["POST"],
        Gate::Device,
        || post(devices::ticket),
    ),
    // A person with a session.
    route(
        "/api/v1/sessions/{session}",
        &["GET", "DELETE"],
        Gate::Reader,
        || get(sessions::show).delete(sessions::end),
    ),
    route("/api/v1/consults", &["GET"], Gate::Reader, || {
        get(consults::list)
    }),
    route(
        "/api/v1/consults/{consult}/socket",
        &["GET"],
        Gate::Socket,
        || get(socket::open),
    ),
    route(
        "/api/v1/consults/{consult}/blobs/{blob}",
        &["GET"],
        Gate::Session,
        || get(blobs::show),
    ),
    route(
        "/api/v1/consults/{consult}/freezes/{freeze}/picture",
        &["PUT"],
        Gate::Session,
        || put(video_picture::supply),
    ),
    route(
        "/api/v1/consults/{consult}/clips/{clip}",
        &["GET"],
        Gate::Session,
        || get(clips::table),
    ),
    route(
        "/api/v1/consults/{consult}/clips/{clip}/frames/{index}",
        &["GET"],
        Gate::Session,
        || get(clips::frame),
    ),
    route(
        "/api/v1/consults/{consult}/clips/{clip}/file",
        &["GET"],
        Gate::Session,
        || get(clip_file::show),
    ),
    route(
        "/api/v1/consults/{consult}/clips/{clip}/marks",
        &["GET"],
        Gate::Session,
        || get(clip_marks::marks),
    ),
    route(
        "/api/v1/consults/{consult}/clips/{clip}/measurements",
        &["GET"],
        Gate::Session,
        || get(clip_marks::measurements),
    ),
    // A person with a session, also when its consult is over.
    route("/api/v1/replays", &["GET"], Gate::Reader, || {
        get(replays::list)
    }),
    route("/api/v1/replays/{replay}", &["GET"], Gate::Reader, || {
        get(replays::about)
    }),
    route(
        "/api/v1/replays/{replay}/log",
        &["GET"],
        Gate::Reader,
        || get(replays::log),
    ),
    route(
        "/api/v1/replays/{replay}/pictures/{stream}",
        &["GET"],
        Gate::Reader,
        || get(replay_media::frames),
    ),
    route(
        "/api/v1/replays/{replay}/pictures/{stream}/units",
        &["GET"],
        Gate::Reader,
        || get(replay_media::units),
    ),
    route(
        "/api/v1/replays/{replay}/blobs/{blob}",
        &["GET"],
        Gate::Reader,
        || get(blobs::replayed),
    ),
    route(
        "/api/v1/replays/{replay}/voices/{track}",
        &["GET"],
        Gate::Reader,
        || get(replay_media::voice),
    ),
    route(
        "/api/v1/replays/{replay}/pointers",
        &["GET"],
        Gate::Reader,
        || get(replay_media::pointers),
    ),
    // A trainer: cases, which carry no identity.
    route("/api/v1/cases", &["GET", "POST"], Gate::Reader, || {
        get(case_library::list).post(case_making::make)
    }),
    route(
        "/api/v1/cases/{case}",
        &["GET", "DELETE"],
        Gate::Reader,
        || get(cases::about).delete(cases::withdraw),
    ),
    route(
        "/api/v1/cases/{case}/looks",
        &["POST"],
        Gate::Reader,
        || post(cases::look_at_typed),
    ),
    route(
        "/api/v1/case-sources/{replay}",
        &["GET"],
        Gate::Reader,
        || get(case_sources::list),
    ),
    route(
        "/api/v1/case-sources/{replay}/clips/{clip}/picture",
        &["GET"],
        Gate::Reader,
        || get(case_sources::picture),
    ),
    route(
        "/api/v1/cases/{case}/publication",
        &["POST"],
        Gate::Reader,
        || post(cases::publish),
    ),
    route(
        "/api/v1/cases/{case}/collections",
        &["PUT"],
        Gate::Reader,
        || put(case_library::collect),
    ),
    route(
        "/api/v1/cases/{case}/export",
        &["GET"],
        Gate::Reader,
        || get(case_export::zip),
    ),
    route(
        "/api/v1/cases/{case}/clips/{number}",
        &["GET"],
        Gate::Reader,
        || get(case_clips::table),
    ),
    route(
        "/api/v1/cases/{case}/clips/{number}/frames/{index}",
        &["GET"],
        Gate::Reader,
        || get(case_clips::frame),
    ),
    route(
        "/api/v1/cases/{case}/clips/{number}/drawn",
        &["GET"],
        Gate::Reader,
        || get(case_clips::drawn),
    ),
    route(
        "/api/v1/cases/{case}/clips/{number}/files/{file}",
        &["GET"],
        Gate::Reader,
        || get(case_clips::file),
    ),
    route(
        "/api/v1/cases/{case}/clips/{number}/cover",
        &["PUT"],
        Gate::Reader,
        || put(case_making::cover),
    ),
    route(
        "/api/v1/cases/{case}/clips/{number}/looks",
        &["POST"],
        Gate::Reader,
        || post(cases::look),
    ),
    // The bearer of a ticket, or a person with a session.
    route(
        "/api/v1/consults/{consult}/whip",
        &["POST", "OPTIONS"],
        Gate::Media,
        || post(publish::create).options(publish::about),
    ),
    route(
        "/api/v1/consults/{consult}/whep",
        &["POST", "OPTIONS"],
        Gate::Media,
        || post(watch::create).options(watch::about),
    ),
    route(
        "/api/v1/consults/{consult}/voice",
        &["POST", "OPTIONS"],
        Gate::Media,
        || post(talk::create).options(watch::about),
    ),
    // Whoever opened it.
    route(
        "/api/v1/consults/{consult}/voice/{media}",
        &["PATCH", "DELETE", "HEAD"],
        Gate::MediaResource,
        media_resource_methods,
    ),
    route(
        "/api/v1/consults/{consult}/whip/{media}",
        &["PATCH", "DELETE", "HEAD"],
        Gate::MediaResource,
        media_resource_methods,
    ),
    route(
        "/api/v1/consults/{consult}/whep/{media}",
        &["PATCH", "DELETE", "HEAD"],
        Gate::MediaResource,
        media_resource_methods,
    ),
    // A hospital system with its token.
    route("/dicomweb/studies", &["GET", "POST"], Gate::System, || {
        get(search::find).post(store::take)
    }),
    route(
        "/dicomweb/studies/{study}",
        &["GET", "POST"],
        Gate::System,
        || get(objects::show).post(store::take),
    ),
    route("/dicomweb/series", &["GET"], Gate::System, || {
        get(search::find)
    }),
    route("/dicomweb/instances", &["GET"], Gate::System, || {
        get(search::find)
    }),
    route(
        "/dicomweb/studies/{study}/metadata",
        &["GET"],
        Gate::System,
        || get(metadata::show),
    ),
    route(
        "/dicomweb/studies/{study}/series",
        &["GET"],
        Gate::System,
        || get(search::find),
    ),
    route(
        "/dicomweb/studies/{study}/instances",
        &["GET"],
        Gate::System,
        || get(search::find),
    ),
    route(
        "/dicomweb/studies/{study}/thumbnail",
        &["GET"],
        Gate::System,
        || get(rendered::thumbnail),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}",
        &["GET"],
        Gate::System,
        || get(objects::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/metadata",
        &["GET"],
        Gate::System,
        || get(metadata::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances",
        &["GET"],
        Gate::System,
        || get(search::find),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/thumbnail",
        &["GET"],
        Gate::System,
        || get(rendered::thumbnail),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}",
        &["GET"],
        Gate::System,
        || get(objects::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/metadata",
        &["GET"],
        Gate::System,
        || get(metadata::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/rendered",
        &["GET"],
        Gate::System,
        || get(rendered::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/thumbnail",
        &["GET"],
        Gate::System,
        || get(rendered::thumbnail),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
        &["GET"],
        Gate::System,
        || get(frames::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered",
        &["GET"],
        Gate::System,
        || get(rendered::show),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail",
        &["GET"],
        Gate::System,
        || get(rendered::thumbnail),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/bulkdata/{at}/{length}",
        &["GET"],
        Gate::System,
        || get(bulk::stretch_of),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/bulkdata/pixels",
        &["GET"],
        Gate::System,
        || get(bulk::pixels),
    ),
    route(
        "/dicomweb/studies/{study}/series/{series}/instances/{instance}/bulkdata/pixels/{at}/{length}",
        &["GET"],
        Gate::System,
        || get(bulk::fragment),
    ),
    // A device with its key: clips while nothing is live.
    route(
        "/api/v1/devices/{device}/consults/{consult}/clips/{clip}",
        &["PUT", "HEAD", "PATCH"],
        Gate::Device,
        || {
            put(clip_upload::offer)
                .head(clip_upload::offset)
                .patch(clip_upload::part)
        },
    ),
    // The visiting physician's page: a clip's file in parts.
    route(
        "/api/v1/consults/{consult}/clips/{clip}/upload",
        &["PUT", "PATCH"],
        Gate::Session,
        || put(page_clip::offer).patch(page_clip::part),
    ),
    // A person with a session, also when its consult is over: saved clips of a consult that is replayed.
    route(
        "/api/v1/replays/{replay}/clips/{clip}",
        &["GET"],
        Gate::Reader,
        || get(replay_clips::table),
    ),
    route(
        "/api/v1/replays/{replay}/clips/{clip}/frames/{index}",
        &["GET"],
        Gate::Reader,
        || get(replay_clips::frame),
    ),
    // A trainer: what a clip of a draft is made of.
    route(
        "/api/v1/cases/{case}/clips/{number}/source",
        &["GET"],
        Gate::Reader,
        || get(case_sources::of_clip),
    ),
    // A trainer: how the consult went around a clip of a case.
    route(
        "/api/v1/cases/{case}/clips/{number}/log",
        &["GET"],
        Gate::Reader,
        || get(case_clips::log),
    ),
];

fn media_resource_methods() -> MethodRouter<App> {
    delete(media_resource::end)
        .patch(media_resource::patch)
        .head(media_resource::pulse)
}

/// The router over the list.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for Route {
        path, gate, make, ..
    } in ROUTES
    {
        let methods = make().fallback(wrong_method);
        router = router.route(
            path,
            methods.layer(from_fn_with_state((app.clone(), *gate), admit)),
        );
    }
    router
        .fallback(pages::file)
        .layer(from_fn_with_state(app.clone(), finish))
        .layer(from_fn(crate::http::headers::guard))
        .with_state(app)
}

async fn wrong_method() -> Refusal {
    ProblemCode::WrongMethod.into()
}
