//! The TypeScript in `viewer/src/wire` is what these Rust types give. `make wire` writes it; a difference fails here.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use ts_rs::{Config, TS};
use wire::{
    agent, case, case_log, check, clip, device, http, link, mark, measure, original, problem,
    region, replay, socket, visit, voice,
};

/// Everything that a page sends or receives; types that these name come along.
fn export_all(into: &Path) {
    let config = Config::new().with_out_dir(into).with_large_int("number");
    socket::ToRelay::export_all(&config).unwrap();
    socket::FromRelay::export_all(&config).unwrap();
    problem::Problem::export_all(&config).unwrap();
    http::SessionRequest::export_all(&config).unwrap();
    http::SessionGrant::export_all(&config).unwrap();
    http::ConsultList::export_all(&config).unwrap();
    http::TicketGrant::export_all(&config).unwrap();
    http::DemoDoor::export_all(&config).unwrap();
    http::DemoTicketRequest::export_all(&config).unwrap();
    region::Region::export_all(&config).unwrap();
    clip::ClipTable::export_all(&config).unwrap();
    clip::ClipToAgent::export_all(&config).unwrap();
    case::NewCase::export_all(&config).unwrap();
    case::CaseList::export_all(&config).unwrap();
    case::CaseAbout::export_all(&config).unwrap();
    case::CaseLookRequest::export_all(&config).unwrap();
    case::CaseDrawn::export_all(&config).unwrap();
    case_log::CaseLog::export_all(&config).unwrap();
    case::CaseCollections::export_all(&config).unwrap();
    case::CaseSources::export_all(&config).unwrap();
    replay::ReplayList::export_all(&config).unwrap();
    replay::ReplayAbout::export_all(&config).unwrap();
    replay::ReplayFrames::export_all(&config).unwrap();
    replay::ReplayLog::export_all(&config).unwrap();
    replay::ReplayPointers::export_all(&config).unwrap();
    device::DeviceState::export_all(&config).unwrap();
    device::DeviceSources::export_all(&config).unwrap();
    device::DeviceMarks::export_all(&config).unwrap();
    device::DeviceEntry::export_all(&config).unwrap();
    device::DeviceFreeze::export_all(&config).unwrap();
    device::DeviceSaveRequest::export_all(&config).unwrap();
    device::DeviceMaskRequest::export_all(&config).unwrap();
    device::DeviceSourceRequest::export_all(&config).unwrap();
    device::DeviceViewRequest::export_all(&config).unwrap();
    device::DeviceScaleRequest::export_all(&config).unwrap();
    device::DeviceSendRequest::export_all(&config).unwrap();
    device::DeviceFile::export_all(&config).unwrap();
    check::DeviceCheck::export_all(&config).unwrap();
    device::DeviceProblem::export_all(&config).unwrap();
    visit::DeviceWorklist::export_all(&config).unwrap();
    visit::DeviceVisitRequest::export_all(&config).unwrap();
    fs::write(into.join("constants.ts"), constants()).unwrap();
}

/// Limits and names that both sides must agree on.
fn constants() -> String {
    let codes: Vec<String> = problem::ProblemCode::ALL
        .iter()
        .map(|code| format!("  {},", serde_json::to_string(code).unwrap()))
        .collect();
    format!(
        "// This file was generated from relay/wire. Do not edit it: run `make wire`.\n\
         import type {{ ProblemCode }} from \"./problem\";\n\n\
         export const WIRE_VERSION = {};\n\
         export const RTP_CLOCK_HZ = {};\n\
         export const SESSION_HEADER = {:?};\n\
         export const MAX_MESSAGE_BYTES = {};\n\
         export const MAX_STROKE_POINTS = {};\n\
         export const MAX_LABEL_CHARS = {};\n\
         export const MAX_MEASURE_POINTS = {};\n\
         export const MAX_BEATS = {};\n\
         export const MAX_SKETCH_POINTS = {};\n\
         export const PRESENCE_INTERVAL_MS = {};\n\
         export const MAX_BEAT_FRAMES = {};\n\
         export const MAX_VIDEO_PICTURE_BYTES = {};\n\
         export const CONTROL_CHANNEL = {:?};\n\
         export const DEFAULT_CLIP_SECONDS = {};\n\
         export const MAX_CLIP_SECONDS = {};\n\
         export const MAX_CLIP_FRAMES = {};\n\
         export const MAX_VIEW_CHARS = {};\n\
         export const VIEWS: readonly string[] = {:?};\n\
         export const VIEW_OTHER = {:?};\n\
         export const CLIP_VIDEO_FRAME = {:?};\n\
         export const MAX_CLIP_BYTES = {};\n\
         export const MAX_CLIP_PART_BYTES = {};\n\
         export const PARTIAL_UPLOAD = {:?};\n\
         export const UPLOAD_OFFSET = {:?};\n\
         export const UPLOAD_LENGTH = {:?};\n\
         export const REPR_DIGEST = {:?};\n\
         export const FILE_WRITTEN = {:?};\n\
         export const MAX_MASK_RECTANGLES = {};\n\
         export const SAVE_CHOICES_S: readonly number[] = {:?};\n\
         export const MAX_VOICES = {};\n\
         export const MAX_RECORDING_GAPS = {};\n\
         export const LINK_INTERVAL_MS = {};\n\
         export const MAX_SEARCH_CHARS = {};
         export const UNIT_KEYFRAME = {};
         export const UNIT_FILLED = {};
         export const UNIT_SPOILT = {};
         export const MAX_CASE_CLIPS = {};
         export const PROBLEM_CODES: readonly ProblemCode[] = [\n{}\n];\n",
        wire::WIRE_VERSION,
        wire::units::RTP_CLOCK_HZ,
        http::SESSION_HEADER,
        socket::MAX_MESSAGE_BYTES,
        mark::MAX_STROKE_POINTS,
        mark::MAX_LABEL_CHARS,
        measure::MAX_MEASURE_POINTS,
        measure::MAX_BEATS,
        socket::MAX_SKETCH_POINTS,
        socket::PRESENCE_INTERVAL_MS,
        original::MAX_BEAT_FRAMES,
        original::MAX_VIDEO_PICTURE_BYTES,
        agent::CONTROL_CHANNEL,
        clip::DEFAULT_CLIP_SECONDS,
        clip::MAX_CLIP_SECONDS,
        clip::MAX_CLIP_FRAMES,
        clip::MAX_VIEW_CHARS,
        clip::VIEWS,
        clip::VIEW_OTHER,
        clip::CLIP_VIDEO_FRAME,
        clip::MAX_CLIP_BYTES,
        clip::MAX_CLIP_PART_BYTES,
        clip::PARTIAL_UPLOAD,
        clip::UPLOAD_OFFSET,
        clip::UPLOAD_LENGTH,
        clip::REPR_DIGEST,
        clip::FILE_WRITTEN,
        device::MAX_MASK_RECTANGLES,
        device::SAVE_CHOICES_S,
        voice::MAX_VOICES,
        socket::MAX_RECORDING_GAPS,
        link::LINK_INTERVAL_MS,
        replay::MAX_SEARCH_CHARS,
        replay::UNIT_KEYFRAME,
        replay::UNIT_FILLED,
        replay::UNIT_SPOILT,
        case::MAX_CASE_CLIPS,
        codes.join("\n"),
    )
}

fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().into(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_viewers_types_are_fresh() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../viewer/src/wire");
    let fresh = tempfile::tempdir().unwrap();
    export_all(fresh.path());
    if std::env::var_os("HIBIKI_WRITE_WIRE").is_some() {
        fs::remove_dir_all(&committed).ok();
        fs::create_dir_all(&committed).unwrap();
        for (name, text) in files(fresh.path()) {
            fs::write(committed.join(name), text).unwrap();
        }
    }
    let (want, have) = (files(fresh.path()), files(&committed));
    assert_eq!(
        want.keys().collect::<Vec<_>>(),
        have.keys().collect::<Vec<_>>(),
        "viewer/src/wire has other files than the wire crate gives: run `make wire`"
    );
    for (name, text) in &want {
        assert_eq!(
            have.get(name),
            Some(text),
            "viewer/src/wire/{} is stale: run `make wire`",
            name.display()
        );
    }
}
