//! A person in a story: one page of their own, and what people can do and see there.
//!
//! `seen` is what reaches their eyes, `told` what the page says in words, `drawn` what their hand does, `tools` with what, `measured` what
//! it measures, `page` how they come, go and read, `replayed` the clips that they save and look at. Everything is
//! observed from outside the viewer: painted frames, the socket's messages, pixels, roles and names of elements.

mod drawn;
mod measured;
mod page;
mod replayed;
mod seen;
mod told;
mod tools;

pub use drawn::{HeldPen, PenTouch, Stroke};
pub use page::Person;
pub use replayed::{By, Colours, Replayed, same_frame};
pub use seen::SeenFrame;
