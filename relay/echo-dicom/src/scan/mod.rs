//! The flat pre-scan: tags and lengths are walked with an explicit stack before anything is parsed.
//!
//! It is the first thing that touches a foreign data set. Nothing here recurses, allocates from a declared
//! length or looks at values; every limit of depth, length and count is enforced here.

mod element;
mod index;
mod walk;

pub(crate) use element::{Element, has_long_length};
pub(crate) use index::{Attributes, Index, PixelSpan};
pub(crate) use walk::{Event, Walker};
