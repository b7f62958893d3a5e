//! Objects that carry no identity: PS3.15 Annex E, Basic Application Level Confidentiality Profile, with clean pixel data.
//!
//! Owns what may stay. Nothing is taken out of a file: an object is written anew, and of the old one only what `table`
//! names gets in, in the form that it allows: numbers, words of a list, codes that are known, UIDs under the case's key. So an
//! attribute nobody thought of, a private one, a nested one or a byte behind the end has no way through. Pixels are decoded,
//! blanked outside what is kept (`Cover`) and coded again. Whatever was written can be read back with `remains`, which lists
//! the words that a person has to look at. Invariants: one case, one key and so one UID for one UID; times of day and dates
//! are gone, distances between frames stay. Callers: the relay, over clips that a confined reader opened.

mod clip;
mod codes;
mod cover;
mod drawn;
mod error;
mod identity;
mod object;
mod remains;
mod table;
mod tree;

pub use clip::{CleanClip, Whose};
pub use cover::{Cover, MAX_RECTANGLES};
pub use drawn::{DrawnLine, DrawnNumber, MAX_DRAWN, drawn_lines, drawn_numbers, instance_of};
pub use error::DeidentifyError;
pub use identity::{Alias, CaseIdentity, CaseKey};
pub use object::clean_object;
pub use remains::{Remaining, remains, remains_in};
pub use table::allowed;
