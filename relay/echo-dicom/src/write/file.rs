//! The bytes of a file in front of its pixels (PS3.10 section 7).
//!
//! Owns preamble, file meta group and who wrote the file. The data set goes in Explicit VR Little Endian, which every
//! transfer syntax that is written here uses.

use dicom_dictionary_std::uids;
use dicom_object::FileMetaTableBuilder;
use dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN;

use super::data_set::Object;
use super::error::WriteError;
use super::modules::Identity;
use super::uid::Uid;

/// Implementation Class UID (PS3.7 section D.3.3.2), drawn once.
const WRITER_UID: &str = "2.25.75443592755435483918467788497911733793";
/// Implementation Version Name: raised when files come out differently, so that one can tell who wrote what.
const WRITER: &str = "HIBIKI_ECHO_1";

const PREAMBLE_BYTES: usize = 128;

/// Everything up to and including the last attribute of `object`.
pub(crate) fn head(
    object: &Object,
    class_uid: &str,
    instance_uid: &Uid,
    syntax_uid: &str,
) -> Result<Vec<u8>, WriteError> {
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax_uid)
        .media_storage_sop_class_uid(class_uid)
        .media_storage_sop_instance_uid(instance_uid.as_str())
        .implementation_class_uid(WRITER_UID)
        .implementation_version_name(WRITER)
        .build()
        .map_err(WriteError::header)?;
    let mut bytes = vec![0; PREAMBLE_BYTES];
    bytes.extend_from_slice(b"DICM");
    meta.write(&mut bytes).map_err(WriteError::header)?;
    object
        .write_dataset_with_ts(&mut bytes, &EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .map_err(WriteError::header)?;
    Ok(bytes)
}

/// A whole file of an object without pixels.
pub(super) fn without_pixels(
    object: &Object,
    identity: &Identity<'_>,
) -> Result<Vec<u8>, WriteError> {
    head(
        object,
        identity.class_uid,
        identity.instance_uid,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    )
}
