//! Putting values into a data set.
//!
//! Owns the short ways to do it that the modules of this folder share, and nothing about what the values mean.

use dicom_core::header::Length;
use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::InMemDicomObject;

pub(crate) type Object = InMemDicomObject;

pub(super) fn text(object: &mut Object, tag: Tag, vr: VR, value: impl Into<String>) {
    put(object, tag, vr, PrimitiveValue::from(value.into()));
}

pub(super) fn texts(
    object: &mut Object,
    tag: Tag,
    vr: VR,
    values: impl IntoIterator<Item = String>,
) {
    put(
        object,
        tag,
        vr,
        PrimitiveValue::Strs(values.into_iter().collect()),
    );
}

pub(super) fn number(object: &mut Object, tag: Tag, value: u16) {
    put(object, tag, VR::US, PrimitiveValue::from(value));
}

pub(super) fn long(object: &mut Object, tag: Tag, value: u32) {
    put(object, tag, VR::UL, PrimitiveValue::from(value));
}

pub(super) fn signed(object: &mut Object, tag: Tag, value: i32) {
    put(object, tag, VR::SL, PrimitiveValue::from(value));
}

pub(super) fn double(object: &mut Object, tag: Tag, value: f64) {
    put(object, tag, VR::FD, PrimitiveValue::from(value));
}

pub(super) fn floats(object: &mut Object, tag: Tag, values: impl IntoIterator<Item = f32>) {
    put(
        object,
        tag,
        VR::FL,
        PrimitiveValue::F32(values.into_iter().collect()),
    );
}

pub(super) fn signed_pair(object: &mut Object, tag: Tag, pair: [i32; 2]) {
    put(
        object,
        tag,
        VR::SL,
        PrimitiveValue::I32(pair.into_iter().collect()),
    );
}

pub(super) fn sequence(object: &mut Object, tag: Tag, items: Vec<Object>) {
    let value = Value::Sequence(DataSetSequence::new(items, Length::UNDEFINED));
    object.put(DataElement::new(tag, VR::SQ, value));
}

pub(super) fn put(object: &mut Object, tag: Tag, vr: VR, value: PrimitiveValue) {
    object.put(DataElement::new(tag, vr, value));
}
