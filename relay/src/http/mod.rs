//! The HTTP side: from a TCP connection to an action and back.
//!
//! `accept` takes connections under limits, `tls` encrypts them, `stream` bounds how long one may take; `body` reads
//! bodies, `headers` puts the guards on every answer, `admit` asks the entrance before an action runs. Each other file is
//! one action or a few on one resource. Which route leads where is in `router`. No action reads a credential itself.

pub mod accept;
pub mod admit;
pub mod blobs;
pub mod body;
pub mod case_clips;
pub mod case_export;
pub mod case_library;
pub mod case_making;
pub mod case_sources;
pub mod cases;
pub mod clip_file;
pub mod clip_marks;
pub mod clip_upload;
pub mod clips;
pub mod consults;
pub mod demo;
pub mod devices;
pub mod dicomweb;
pub mod headers;
pub mod health;
mod ice_servers;
pub mod media_resource;
pub mod media_sessions;
pub mod page_clip;
pub mod page_files;
pub mod pages;
pub mod publish;
pub mod replay_clips;
pub mod replay_media;
pub mod replays;
pub mod sessions;
pub mod socket;
mod stream;
pub mod talk;
pub mod tls;
pub mod video_picture;
pub mod watch;
