//! Stories: what people do with Hibiki, over the real relay, the real agent and a real browser.
//!
//! One file per behaviour. Each story starts from nothing, owns the machine while it is told, and leaves nothing
//! behind. They read as scripts; how things are done stands in the crate `stories`. Those without a page are in `unwatched`.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON values are read by key, which gives null and does not panic"
)]

mod a_change_of_network;
mod a_consult_is_replayed;
mod a_foreign_whep_player;
mod a_foreign_whip_publisher;
mod a_lift;
mod a_network_without_udp;
mod a_stroke_reaches_the_bedside;
mod a_weak_link;
mod agent_killed;
mod another_consult_beside;
mod calibration_on_the_device_page;
mod cases_are_taught_with;
mod clips_are_saved_and_replayed;
mod every_kind_of_mark;
mod every_sample_file_streams;
mod forms;
mod freeze_is_shared;
mod late_joiner;
mod links_with_names;
mod live_picture;
mod marks_on_the_device_page;
mod measurements_go_with_the_clip;
mod measuring_can_be_off;
mod measuring_finds_the_truth;
mod measuring_is_the_same_for_everyone;
mod measuring_refuses_what_has_no_scale;
mod measuring_screens;
mod measuring_without_regions;
mod ohif_shows_the_archive;
mod phantoms;
mod pointer_is_seen;
mod relay_killed_and_restarted;
mod reload_keeps_everything;
mod roles_are_kept;
mod screens;
mod sides_of_a_replay;
mod that_beat_again;
mod the_device_page_works_alone;
mod the_rate_follows_the_link;
mod three_viewers;
mod undo_withdraws;
mod voices_are_heard;
mod voices_of_a_replay;
mod wrong_messages;
mod wrong_sources;
mod wrong_tickets;
