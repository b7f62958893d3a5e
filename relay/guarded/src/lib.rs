//! Reading of foreign DICOM files in confined processes. No network.
//!
//! ```text
//! this process                                   a process of the same program
//! Guard ── pool of readers, bounded ── socket ── confine, then serve
//! GuardedClip (header, places of frames)         echo_dicom::Clip of one file
//! ```
//!
//! `Guard::open` gives a file as an open descriptor to a process that was confined before it saw a byte of it: no file, no
//! socket, no process can be opened there, and memory and time have a bound. It answers with an outline of the clip and,
//! frame by frame, with pictures, a strip of rows at a time. Frames that go out as they are stored are read by this process without looking at them.
//! What a reader says is checked; one that dies, is late or says what cannot be is killed, and its file alone is refused
//! with the step that failed. Programs that use this call `serve_if_asked` before anything else. Invariant: a reader sees
//! one file in its life, so no file has a say in what is shown of another. See decision 0029.

mod clip;
mod guard;
mod header;
mod protocol;
mod refusal;
mod rows;

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(target_os = "linux")]
mod process;
#[cfg(not(target_os = "linux"))]
#[path = "process_elsewhere.rs"]
mod process;

#[cfg(target_os = "linux")]
pub use child::serve_if_asked;
pub use clip::GuardedClip;
#[cfg(target_os = "linux")]
pub use confine::{Confinement, confine};
pub use echo_dicom::MAX_HEADER_JSON_BYTES as MAX_HEADER_BYTES;
pub use guard::{Guard, JOB_TIME, MAX_LARGE_READERS, MAX_READERS, Program};
pub use refusal::{is_no_reader, may_pass};
pub use rows::GuardedRows;

/// Elsewhere no process is ever asked to.
#[cfg(not(target_os = "linux"))]
pub fn serve_if_asked() {}

/// Lets a test executable be its own confined reader, as the programs are by calling `serve_if_asked` first in `main`:
/// test executables have a `main` that is not ours.
#[macro_export]
macro_rules! serve_in_tests {
    () => {
        // SAFETY: the loader calls what stands in this section once before `main`, with the standard library usable.
        #[cfg(target_os = "linux")]
        #[used]
        #[unsafe(link_section = ".init_array")]
        static CONFINED_READER: extern "C" fn() = {
            extern "C" fn serve() {
                $crate::serve_if_asked();
            }
            serve
        };
    };
}
