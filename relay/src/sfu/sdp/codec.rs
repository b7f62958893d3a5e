//! The codecs that can be forwarded, and which of an offer's payload types carries one.
//!
//! Owns the reading of `a=rtpmap` and `a=fmtp` for H.264 (RFC 6184 §8) and VP8 (RFC 7741 §6). It does not look into
//! packets. Invariant: `Codec` always writes an `fmtp` that it would read back as itself.

use super::lines::{decimal, words};

/// A codec family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodecKind {
    /// H.264.
    H264,
    /// VP8.
    Vp8,
}

impl CodecKind {
    /// Name in `a=rtpmap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
            Self::Vp8 => "VP8",
        }
    }
}

/// A codec as negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Codec {
    /// H.264 with its profile (RFC 6184 §8.1) and whether NAL units may be fragmented (packetization-mode 1).
    H264 {
        profile_level: [u8; 3],
        fragmented: bool,
    },
    /// VP8.
    Vp8,
}

impl Codec {
    /// Family.
    pub(crate) const fn kind(self) -> CodecKind {
        match self {
            Self::H264 { .. } => CodecKind::H264,
            Self::Vp8 => CodecKind::Vp8,
        }
    }

    /// The codec of an `a=rtpmap` encoding such as `H264/90000` with its `a=fmtp` parameters, if we forward it.
    pub(crate) fn read(encoding: &str, fmtp: Option<&str>) -> Option<Self> {
        let (name, clock) = encoding.split_once('/')?;
        if clock != "90000" {
            return None;
        }
        if name.eq_ignore_ascii_case("VP8") {
            return Some(Self::Vp8);
        }
        if !name.eq_ignore_ascii_case("H264") {
            return None;
        }
        // RFC 6184 §8.1: without the parameters it is baseline level 1, single NAL units.
        let mut codec = ([0x42, 0x00, 0x0a], false);
        for parameter in fmtp.unwrap_or_default().split(';') {
            let Some((key, value)) = parameter.trim().split_once('=') else {
                continue;
            };
            match key {
                "profile-level-id" => codec.0 = three_bytes(value)?,
                "packetization-mode" => {
                    codec.1 = match value {
                        "0" => false,
                        "1" => true,
                        _ => return None,
                    }
                }
                _ => {}
            }
        }
        Some(Self::H264 {
            profile_level: codec.0,
            fragmented: codec.1,
        })
    }

    /// The `a=fmtp` parameters; VP8 has none.
    pub(crate) fn fmtp(self) -> Option<String> {
        match self {
            Self::Vp8 => None,
            Self::H264 {
                profile_level: [profile, constraints, level],
                fragmented,
            } => Some(format!(
                "level-asymmetry-allowed=1;packetization-mode={};profile-level-id={profile:02x}{constraints:02x}{level:02x}",
                u8::from(fragmented)
            )),
        }
    }

    /// How well a viewer that decodes `self` can show a stream of `stream`: 0 best, None not at all.
    /// Another H.264 profile is worse but shown: browsers decode more than they list, and a black page helps nobody.
    pub(crate) fn distance(self, stream: Self) -> Option<u8> {
        match (self, stream) {
            (Self::Vp8, Self::Vp8) => Some(0),
            (
                Self::H264 {
                    profile_level: own,
                    fragmented: takes,
                },
                Self::H264 {
                    profile_level: theirs,
                    fragmented: sends,
                },
            ) => {
                // A receiver of single NAL units cannot put fragments together.
                if sends && !takes {
                    return None;
                }
                let profile = if own[..2] == theirs[..2] {
                    0
                } else if own[0] == theirs[0] {
                    1
                } else {
                    2
                };
                Some(profile * 2 + u8::from(takes != sends))
            }
            _ => None,
        }
    }

    /// Whether viewers of `self` can go on with `next` without joining again.
    pub(crate) fn continues_as(self, next: Self) -> bool {
        match (self, next) {
            (Self::Vp8, Self::Vp8) => true,
            (
                Self::H264 {
                    profile_level: old,
                    fragmented: takes,
                },
                Self::H264 {
                    profile_level: new,
                    fragmented: sends,
                },
            ) => old[0] == new[0] && (takes || !sends),
            _ => false,
        }
    }
}

/// The payload type that a retransmission format repairs: `apt=96` (RFC 4588 §8).
pub(crate) fn apt(fmtp: &str) -> Option<u8> {
    fmtp.split(';')
        .filter_map(|parameter| parameter.trim().strip_prefix("apt="))
        .find_map(|value| decimal::<u8>(value).filter(|pt| *pt <= 127))
}

/// `a=rtpmap:96 H264/90000` without its key: payload type and encoding.
pub(crate) fn rtpmap(value: &str) -> Option<(u8, &str)> {
    let [pt, encoding] = words::<2>(value)?;
    Some((payload_type(pt)?, encoding))
}

/// A payload type: seven bits (RFC 3550 §5.1).
pub(crate) fn payload_type(text: &str) -> Option<u8> {
    decimal::<u8>(text).filter(|pt| *pt <= 127)
}

/// Six hex digits.
fn three_bytes(text: &str) -> Option<[u8; 3]> {
    if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(text, 16).ok()?;
    let [_, profile, constraints, level] = value.to_be_bytes();
    Some([profile, constraints, level])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h264(fmtp: &str) -> Option<Codec> {
        Codec::read("H264/90000", Some(fmtp))
    }

    #[test]
    fn a_codec_reads_back_what_it_wrote() {
        for codec in [
            Codec::Vp8,
            h264("packetization-mode=1;profile-level-id=42e01f").unwrap(),
            h264("profile-level-id=640032; packetization-mode=0").unwrap(),
        ] {
            let encoding = format!("{}/90000", codec.kind().name());
            assert_eq!(Codec::read(&encoding, codec.fmtp().as_deref()), Some(codec));
        }
    }

    #[test]
    fn nonsense_in_h264_parameters_is_no_codec() {
        for wrong in [
            "profile-level-id=zzzzzz",
            "profile-level-id=42e0",
            "profile-level-id=+2e01f",
            "packetization-mode=9;profile-level-id=42e01f",
            "packetization-mode=",
        ] {
            assert_eq!(h264(wrong), None, "{wrong}");
        }
        assert_eq!(Codec::read("H264/8000", None), None);
        assert_eq!(Codec::read("AV1/90000", None), None);
        assert_eq!(Codec::read("H264", None), None);
    }

    #[test]
    fn a_viewer_without_fragmentation_cannot_watch_fragments() {
        let whole = h264("packetization-mode=0;profile-level-id=42e01f").unwrap();
        let fragmented = h264("packetization-mode=1;profile-level-id=42e01f").unwrap();
        assert_eq!(whole.distance(fragmented), None);
        assert_eq!(fragmented.distance(whole), Some(1));
        assert_eq!(fragmented.distance(fragmented), Some(0));
        assert_eq!(fragmented.distance(Codec::Vp8), None);
    }

    #[test]
    fn a_retransmission_format_names_what_it_repairs() {
        assert_eq!(apt("apt=96"), Some(96));
        assert_eq!(apt("rtx-time=200; apt=102"), Some(102));
        for wrong in ["apt=128", "apt=-1", "apt=x", "", "apt=99999999999"] {
            assert_eq!(apt(wrong), None, "{wrong}");
        }
    }
}
