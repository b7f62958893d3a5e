//! All codes that this crate writes by itself.
//!
//! Owns the list, for whoever has to tell a code from words that were put in the place of one.

use super::code::Code;
use super::image::HEART;
use super::report::codes;
use super::view::ViewLabel;

/// What a volume by other methods is called (`codes` has those with a method).
const VOLUME: Code = Code::new("118565006", "SCT", "Volume");

/// Body part, views, and what reports are made of.
pub(crate) fn known_codes() -> impl Iterator<Item = Code> {
    const VIEWS: [ViewLabel; 7] = [
        ViewLabel::Plax,
        ViewLabel::Psax,
        ViewLabel::A4c,
        ViewLabel::A2c,
        ViewLabel::A3c,
        ViewLabel::Sc4c,
        ViewLabel::ScIvc,
    ];
    let views = VIEWS.into_iter().filter_map(|view| view.code());
    [HEART, VOLUME].into_iter().chain(views).chain(codes::ALL)
}
