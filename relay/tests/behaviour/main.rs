//! The relay's program from outside: over HTTP and WebSocket, killed and started again, with whatever bytes.
//!
//! One file for each behaviour; `support` starts the real program on free ports with a data folder of its own. One test
//! program for all of them, because linking takes longer than running.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking; nothing here is reached from outside"
)]

#[path = "../../echo-dicom/tests/common/coded.rs"]
mod coded;
#[path = "../../../tests/src/free_port.rs"]
mod free_port;
#[path = "../media/mod.rs"]
mod media;
mod page;
mod support;

mod accept_deadlines;
mod an_agent_is_answered;
mod beats_are_kept;
mod cases_are_chosen_and_read;
mod cases_carry_no_identity;
mod cases_have_a_log;
mod cases_leave_as_archives;
mod cases_leave_no_file_behind;
mod certificates;
mod clip_device;
mod clips_are_served;
mod clips_are_uploaded;
mod clips_arrive;
mod clips_come_late;
mod clips_go_on;
mod clips_leave_the_picture_alone;
mod clips_that_are_refused;
mod clock_was_wrong;
mod config_refusals;
mod consults_are_replayed;
mod deny_by_default;
mod dicom_doors;
mod dicom_objects_arrive;
mod dicom_objects_that_are_refused;
mod dicom_over_tls;
mod dicom_sender;
mod dicom_strangers;
mod dicomweb_client;
mod dicomweb_gives;
mod dicomweb_takes;
mod first_freeze_wins;
mod headers_guard;
mod ice_goes_on;
mod links_are_seen;
mod logs_tell_no_names;
mod malformed_sdp;
mod marks_become_dicom;
mod marks_survive_kill;
mod metrics_tell_no_names;
mod nobody_is_a_ghost;
mod objects_are_sent_on;
mod odd_objects_travel;
mod one_place_takes_not_all;
mod one_publisher;
mod origin_is_checked;
mod other_systems_ask;
mod other_systems_fetch;
mod pages_are_served;
mod pages_bring_files;
mod pictures_from_the_video;
mod recordings_become_dicom;
mod shutdown_sends_away;
mod slow_reader;
mod socket_manners;
mod socket_resumes;
mod sockets_do_not_wait;
mod ten_megabyte_message;
mod ticket_is_single_use;
mod tools_change_the_rows;
mod turn_is_offered;
mod uploads_that_misbehave;
mod voices_are_recorded;
