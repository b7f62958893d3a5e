//! References to other objects (PS3.3 section 10.3, Image SOP Instance Reference Macro).
//!
//! Owns naming an object and some of its frames. Frames count from 0 here and from 1 in the file.

use dicom_core::VR;
use dicom_dictionary_std::tags;
use wire::FrameIndex;

use super::data_set::{Object, text, texts};
use super::uid::Uid;

/// An image object, or some frames of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its SOP Class UID.
    pub class_uid: Uid,
    /// Its SOP Instance UID.
    pub instance_uid: Uid,
    /// The frames that are meant; empty means all.
    pub frames: Vec<FrameIndex>,
}

impl Reference {
    pub(super) fn item(&self) -> Object {
        let mut item = Object::new_empty();
        text(
            &mut item,
            tags::REFERENCED_SOP_CLASS_UID,
            VR::UI,
            self.class_uid.as_str(),
        );
        text(
            &mut item,
            tags::REFERENCED_SOP_INSTANCE_UID,
            VR::UI,
            self.instance_uid.as_str(),
        );
        if !self.frames.is_empty() {
            let numbers = self
                .frames
                .iter()
                .map(|frame| (u64::from(frame.0) + 1).to_string());
            texts(&mut item, tags::REFERENCED_FRAME_NUMBER, VR::IS, numbers);
        }
        item
    }
}
