//! Rows, blobs and clips: one SQLite database and two folders of files, all in the data folder.
//!
//! ```text
//! consult, auth, cli ──► Store ──► writer thread   one transaction for all that is queued, synced, then answered
//!                             ├──► reader thread   sees what is committed
//!                             └──► search thread   the same, for what may take long
//! ```
//!
//! `handle` is what others hold, `thread` runs jobs, `schema` the tables; each other file owns the statements of one table.
//! Nobody outside this folder writes SQL. Invariant: an answer to a write means that it is on disk, but
//! for what is written so that it can be done again.

mod archive_reads;
mod blobs;
mod case_looks;
mod cases;
mod clip_disk;
#[cfg(test)]
mod clip_faults;
mod clip_files;
mod clips;
mod clips_beside;
mod collected_clips;
mod conflicts;
mod consults;
mod devices;
mod error;
#[cfg(test)]
mod fixture;
mod folder;
mod forwards;
mod half_clip;
mod handle;
mod index;
mod index_search;
mod installation;
mod json;
mod log;
mod objects;
mod originals;
mod people;
mod replays;
mod said_of_clips;
mod schema;
mod sessions;
mod sightings;
mod strangers;
mod streams;
mod thread;
mod tickets;

pub use archive_reads::{ReadRow, note_read, reads_of};
pub use blobs::{BlobError, Blobs};
pub use case_looks::{case_typed_told, look_at_case, set_case_collections, typed_digest};
pub use cases::{
    CaseClipRow, CaseRow, CaseSearch, add_case, case, case_clips, case_clips_told,
    case_collections, case_files, cases, end_old_cases, note_case_read, publish_case,
    set_case_clip, summary as case_summary, withdraw_case,
};
pub use clip_files::{About, ClipFault, ClipFiles};
pub use clips::{
    ClipBounds, ClipRow, OfferRow, arriving_clips, clip, drop_clip, how_far, keep_clip, kept_clips,
    offer_clip,
};
pub use clips_beside::{
    become_clip, clip_beside, drop_beside, forget_beside, keep_beside, kept_with_instance,
};
pub use collected_clips::{is_collected, note_collected, uncollected};
pub use conflicts::{ConflictKind, ConflictRow, conflicts, count_conflicts, settle_conflict};
pub use consults::{
    ConsultRow, close_consult, consult, consults, consults_of, is_closed, open_consult,
    running_consults, set_running,
};
pub use devices::{
    DeviceRow, add_device, device, device_may_bring, device_may_publish, let_device_publish,
    revoke_device,
};
pub use error::StoreError;
pub use folder::{DataFolder, FolderError, Serving};
pub(crate) use folder::{make_private, owned};
pub use forwards::{
    Chosen, ForwardItem, ForwardRow, ForwardState, NoItem, Takes, count_forwards, due_forwards,
    give_up_forward, list_forwards, note_forward, queue_forwards, retry_forwards,
    set_forward_rules,
};
pub use half_clip::Half;
pub use handle::Store;
pub use index::{
    EntryRow, LocatedRow, Unindexed, count_refused, header_of, keep_entry, located,
    still_unindexed, take_back, unindexed,
};
pub use index_search::{Depth, IndexSeries, IndexStudy, Narrow, Sift, sift};
pub use installation::{last_measuring, started_measuring};
pub use log::{append, entries_after, head};
pub use objects::{KeptAs, ObjectRow, has_object, keep_flagged, keep_object, objects_of};
pub use originals::{add_blob, has_blob};
pub use people::{PersonRow, add_person, people, person, role_in, role_then, set_role};
pub use replays::{
    ReplayFound, ReplayReader, ReplayRow, ReplaySearch, note_replay, replay_of, replays,
};
pub use said_of_clips::{SaidOfClip, note_said, note_said_collected, uncollected_said};
pub use sessions::{SessionRow, add_session, end_session, session, sweep_sessions};
pub use sightings::{last_sighting, note_sighting};
pub use strangers::{look_at, unlooked};
pub use streams::stream_of;
pub use tickets::{
    Bearer, Redeemed, TicketRow, add_ticket, give_back, name_of, redeem, sweep_tickets,
};
