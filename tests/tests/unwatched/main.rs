//! Stories of programs and devices that nobody watches: no page is open, and most of their time passes in cuts and deadlines.
//!
//! Told like those in `stories`, but beside the unit and behaviour tests, because they leave the processor alone. Invariant:
//! none of them opens a browser.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON values are read by key, which gives null and does not panic"
)]

mod a_case_is_as_clean_as_orthancs;
mod an_export_arrives_whole;
mod clips_reach_other_archives;
mod recording_heals;
mod recording_survives;
mod records_links;
mod the_check_before_a_visit;
mod the_demo_comes_up;
mod the_way_through_turn;
