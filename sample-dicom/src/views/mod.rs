//! The echo views: each says where tissue is at a time and how it answers.

pub(crate) mod a4c;
pub(crate) mod anatomy;
pub(crate) mod ivc;
pub(crate) mod leaflet;
pub(crate) mod plax;

pub(crate) use anatomy::{Anatomy, Cursors, Heart};
