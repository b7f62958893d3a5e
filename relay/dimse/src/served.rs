//! What is taken: all storage classes for patients' objects, and every transfer syntax whose data set can be walked as it is.
//!
//! Objects are stored unaltered, so a syntax needs no decoder. Left out are those whose identifiers lie in deflated bytes, and
//! those whose pixels lie elsewhere (JPIP), because such an object is not whole.

use crate::classes::CLASSES;
use dicom_dictionary_std::uids;

/// Implementation Class UID (PS3.7 section D.3.3.2) of what answers the network, drawn once.
pub const IMPLEMENTATION_UID: &str = "2.25.83117453207549327466475515724918053732";
/// Implementation Version Name.
pub const IMPLEMENTATION_VERSION: &str = "HIBIKI_RELAY_1";

/// Syntaxes that are stored as they come; handhelds' first.
const SYNTAXES: &[&str] = &[
    uids::JPEG_BASELINE8_BIT,
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
    uids::RLE_LOSSLESS,
    uids::JPEG_LOSSLESS_SV1,
    uids::JPEG_LOSSLESS,
    uids::JPEG_EXTENDED12_BIT,
    uids::JPEGLS_LOSSLESS,
    uids::JPEGLS_NEAR_LOSSLESS,
    uids::JPEG2000_LOSSLESS,
    uids::JPEG2000,
    uids::JPEG2000MC_LOSSLESS,
    uids::JPEG2000MC,
    uids::HTJ2K_LOSSLESS,
    uids::HTJ2K_LOSSLESS_RPCL,
    uids::HTJ2K,
    uids::JPEGXL_LOSSLESS,
    uids::JPEGXLJPEG_RECOMPRESSION,
    uids::JPEGXL,
    uids::MPEG2MPML,
    uids::MPEG2MPHL,
    uids::MPEG4HP41,
    uids::MPEG4HP41BD,
    uids::MPEG4HP422D,
    uids::MPEG4HP423D,
    uids::MPEG4HP42STEREO,
    uids::MPEG2MPMLF,
    uids::MPEG2MPHLF,
    uids::MPEG4HP41F,
    uids::MPEG4HP41BDF,
    uids::MPEG4HP422DF,
    uids::MPEG4HP423DF,
    uids::MPEG4HP42STEREOF,
    uids::HEVCMP51,
    uids::HEVCM10P51,
    "1.2.840.10008.1.2.2", // Explicit VR Big Endian: retired, still met
];

/// Whether objects of this class are taken.
#[must_use]
pub fn takes_class(uid: &str) -> bool {
    CLASSES.contains(&uid)
}

/// Whether objects in this transfer syntax are taken.
#[must_use]
pub fn takes_syntax(uid: &str) -> bool {
    SYNTAXES.contains(&uid)
}

/// Of the syntaxes that a receiver takes the one that most of what is here is in: objects are given as they are stored.
pub(crate) fn best_to_give<'a>(offered: &[&'a str]) -> Option<&'a str> {
    let ours = SYNTAXES.iter();
    let mut both = ours.filter_map(|ours| offered.iter().find(|one| *one == ours));
    both.next().copied()
}

/// Whether identifiers are read and written in this transfer syntax.
pub(crate) fn takes_identifiers_in(uid: &str) -> bool {
    [
        uids::IMPLICIT_VR_LITTLE_ENDIAN,
        uids::EXPLICIT_VR_LITTLE_ENDIAN,
    ]
    .contains(&uid)
}

/// `^[0-9.]{1,64}$`: anything else is never stored or used.
pub(crate) fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ultrasound_states_and_reports_are_taken_and_what_is_no_object_of_a_patient_is_not() {
        for taken in [
            uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
            uids::ULTRASOUND_IMAGE_STORAGE,
            "1.2.840.10008.5.1.4.1.1.3", // Ultrasound Multi-frame, retired
            uids::COMPREHENSIVE_SR_STORAGE,
            uids::ENCAPSULATED_PDF_STORAGE,
            uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
        ] {
            assert!(takes_class(taken), "{taken}");
        }
        for refused in [
            uids::VERIFICATION,
            uids::MEDIA_STORAGE_DIRECTORY_STORAGE,
            uids::STORAGE_COMMITMENT_PUSH_MODEL,
            "1.2.840.10008.5.1.4.1.1.999999",
        ] {
            assert!(!takes_class(refused), "{refused}");
        }
    }

    #[test]
    fn clips_are_given_as_they_are_to_whoever_takes_them_so() {
        let offered = [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::JPEG_BASELINE8_BIT];
        assert_eq!(best_to_give(&offered), Some(uids::JPEG_BASELINE8_BIT));
        assert_eq!(best_to_give(&offered[..1]), Some(offered[0]));
        assert_eq!(best_to_give(&["1.2.3"]), None);
    }

    #[test]
    fn what_hides_its_identifiers_or_its_pixels_is_not_taken() {
        assert!(takes_syntax(uids::RLE_LOSSLESS) && takes_syntax(uids::MPEG4HP41));
        assert!(!takes_syntax(uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN));
        assert!(!takes_syntax(uids::JPIP_REFERENCED));
    }
}
