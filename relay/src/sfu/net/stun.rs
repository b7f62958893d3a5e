//! STUN binding messages (RFC 8489), as far as ICE needs them.
//!
//! Owns reading, checking and writing of requests and success responses. It knows no peers. Invariant: a request counts
//! only with MESSAGE-INTEGRITY and FINGERPRINT both right and nothing after them; a response is never longer than the
//! request that caused it.

use ring::hmac;
use std::net::{IpAddr, SocketAddr};

const COOKIE: u32 = 0x2112_a442;
const HEADER: usize = 20;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const FINGERPRINT_XOR: u32 = 0x5354_554e;
/// MESSAGE-INTEGRITY (4 + 20) and FINGERPRINT (4 + 4).
const TAIL: usize = 32;

/// Whether a datagram is STUN by its first byte and cookie (RFC 7983 §7, RFC 8489 §5).
pub(crate) fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4) && read_u32(datagram, 4) == Some(COOKIE)
}

/// A binding request whose integrity has not been checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    raw: &'a [u8],
    /// Both names, `ours:theirs` (RFC 8445 §7.2.2).
    pub(crate) username: &'a str,
    /// Transaction id.
    pub(crate) transaction: [u8; 12],
    /// USE-CANDIDATE: the sender picks this path.
    pub(crate) nominates: bool,
    /// ICE-CONTROLLED: the sender believes that we lead.
    pub(crate) controlled: bool,
    /// Where MESSAGE-INTEGRITY begins.
    integrity_at: usize,
}

impl<'a> Request<'a> {
    /// Reads a binding request; anything else is None. FINGERPRINT is checked here, it costs no key.
    pub(crate) fn read(raw: &'a [u8]) -> Option<Self> {
        if raw.len() < HEADER + TAIL
            || read_u16(raw, 0)? != BINDING_REQUEST
            || read_u32(raw, 4)? != COOKIE
            || usize::from(read_u16(raw, 2)?) != raw.len() - HEADER
            || !raw.len().is_multiple_of(4)
        {
            return None;
        }
        let mut request = Self {
            raw,
            username: "",
            transaction: raw.get(8..20)?.try_into().ok()?,
            nominates: false,
            controlled: false,
            integrity_at: raw.len() - TAIL,
        };
        request.read_attributes()?;
        let fingerprint_at = raw.len() - 8;
        let crc = crc32(raw.get(..fingerprint_at)?) ^ FINGERPRINT_XOR;
        let right = read_u32(raw, fingerprint_at)? == (u32::from(FINGERPRINT) << 16 | 4)
            && read_u32(raw, fingerprint_at + 4)? == crc;
        right.then_some(request)
    }

    fn read_attributes(&mut self) -> Option<()> {
        let mut at = HEADER;
        while at < self.integrity_at {
            let kind = read_u16(self.raw, at)?;
            let length = usize::from(read_u16(self.raw, at + 2)?);
            let value = self.raw.get(at + 4..at + 4 + length)?;
            match kind {
                USERNAME if self.username.is_empty() => {
                    self.username = std::str::from_utf8(value).ok()?;
                }
                // A second name, or the tail's attributes in the middle: RFC 8489 §14.5 would have us ignore what
                // follows integrity; nobody honest sends it.
                USERNAME | MESSAGE_INTEGRITY | FINGERPRINT => return None,
                USE_CANDIDATE => self.nominates = true,
                ICE_CONTROLLED => self.controlled = true,
                _ => {}
            }
            at = at.checked_add(4 + length.next_multiple_of(4))?;
        }
        let tail = read_u32(self.raw, self.integrity_at)?;
        (at == self.integrity_at && tail == (u32::from(MESSAGE_INTEGRITY) << 16 | 20)).then_some(())
    }

    /// Our half of the name.
    pub(crate) fn local_name(&self) -> Option<&'a str> {
        self.username.split_once(':').map(|(ours, _)| ours)
    }

    /// Whether the sender knows the password.
    pub(crate) fn is_signed_with(&self, key: &Key) -> bool {
        let (Some(signed), Some(tag)) = (
            self.raw.get(..self.integrity_at),
            self.raw.get(self.integrity_at + 4..self.integrity_at + 24),
        ) else {
            return false;
        };
        hmac::verify(&key.0, &key.signed_form(signed), tag).is_ok()
    }
}

/// A password made ready for HMAC-SHA1 (RFC 8489 §14.5).
#[derive(Clone)]
pub(crate) struct Key(hmac::Key);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// The key of a short-term password.
    pub(crate) fn new(password: &str) -> Self {
        // RFC 8445 §7.1 prescribes SHA-1 for ICE.
        Self(hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            password.as_bytes(),
        ))
    }

    /// The message as it is signed: its length field counts up to and with MESSAGE-INTEGRITY.
    #[expect(clippy::unused_self, reason = "reads as what the key signs")]
    fn signed_form(&self, message: &[u8]) -> Vec<u8> {
        let mut form = message.to_vec();
        let length = (message.len() + 24 - HEADER) as u16;
        if let Some(field) = form.get_mut(2..4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        form
    }
}

/// The success response to a request that came from `from`.
pub(crate) fn success(transaction: [u8; 12], from: SocketAddr, key: &Key) -> Vec<u8> {
    let mut body = Vec::with_capacity(24);
    let (family, address) = match from.ip() {
        IpAddr::V4(ip) => (1u16, xored(&ip.octets(), transaction)),
        IpAddr::V6(ip) => (2u16, xored(&ip.octets(), transaction)),
    };
    body.extend_from_slice(&family.to_be_bytes());
    body.extend_from_slice(&(from.port() ^ (COOKIE >> 16) as u16).to_be_bytes());
    body.extend_from_slice(&address);
    message(
        BINDING_SUCCESS,
        transaction,
        &[(XOR_MAPPED_ADDRESS, &body)],
        key,
    )
}

/// A binding request, as a client of ours in tests and the priming of the engine send it.
pub(crate) fn request(
    transaction: [u8; 12],
    username: &str,
    nominates: bool,
    key: &Key,
) -> Vec<u8> {
    const PRIORITY: u16 = 0x0024;
    const ICE_CONTROLLING: u16 = 0x802a;
    // RFC 8445 §5.1.2.1: peer-reflexive type 110, highest local preference, component 1.
    let priority = (110u32 << 24 | 65_535 << 8 | 255).to_be_bytes();
    let tie_breaker = [1; 8];
    let mut attributes: Vec<(u16, &[u8])> = vec![
        (USERNAME, username.as_bytes()),
        (PRIORITY, &priority),
        (ICE_CONTROLLING, &tie_breaker),
    ];
    if nominates {
        attributes.push((USE_CANDIDATE, &[]));
    }
    message(BINDING_REQUEST, transaction, &attributes, key)
}

/// Transaction id of a binding request of somebody else, signed or not.
pub(crate) fn transaction_of_request(raw: &[u8]) -> Option<[u8; 12]> {
    (read_u16(raw, 0)? == BINDING_REQUEST && is_stun(raw)).then_some(())?;
    raw.get(8..20)?.try_into().ok()
}

/// Whether it is a success response.
pub(crate) fn is_success(raw: &[u8]) -> bool {
    is_stun(raw) && read_u16(raw, 0) == Some(BINDING_SUCCESS)
}

fn message(kind: u16, transaction: [u8; 12], attributes: &[(u16, &[u8])], key: &Key) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&COOKIE.to_be_bytes());
    out.extend_from_slice(&transaction);
    for (kind, value) in attributes {
        attribute(&mut out, *kind, value);
    }
    let tag = hmac::sign(&key.0, &key.signed_form(&out));
    attribute(&mut out, MESSAGE_INTEGRITY, tag.as_ref());
    // The fingerprint covers the final length, its own 8 bytes included (RFC 8489 §14.7).
    let length = (out.len() + 8 - HEADER) as u16;
    if let Some(field) = out.get_mut(2..4) {
        field.copy_from_slice(&length.to_be_bytes());
    }
    let crc = crc32(&out) ^ FINGERPRINT_XOR;
    attribute(&mut out, FINGERPRINT, &crc.to_be_bytes());
    out
}

fn attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// XOR with cookie and transaction id (RFC 8489 §14.2).
fn xored(address: &[u8], transaction: [u8; 12]) -> Vec<u8> {
    let mask = COOKIE.to_be_bytes().into_iter().chain(transaction);
    address.iter().zip(mask).map(|(a, m)| a ^ m).collect()
}

fn read_u16(from: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(from.get(at..at + 2)?.try_into().ok()?))
}

fn read_u32(from: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(from.get(at..at + 4)?.try_into().ok()?))
}

/// CRC-32 of ISO/IEC 3309, bit by bit: STUN comes a few times per second and peer.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 5769 §2.1, the sample request. Its name is `evtj:h6vY`, its password `VOkJxbRl1RmTxUk/WvJxBt`.
    const SAMPLE: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74\
        002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5\
        b2d3f249c1b571a280280004e57a3bcf";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn the_sample_request_of_rfc_5769_is_read_and_verified() {
        let raw = bytes(SAMPLE);
        let request = Request::read(&raw).unwrap();
        assert_eq!(request.username, "evtj:h6vY");
        assert_eq!(request.local_name(), Some("evtj"));
        assert!(request.controlled && !request.nominates);
        assert!(request.is_signed_with(&Key::new("VOkJxbRl1RmTxUk/WvJxBt")));
        assert!(!request.is_signed_with(&Key::new("VOkJxbRl1RmTxUk/WvJxBu")));
    }

    #[test]
    fn the_sample_response_of_rfc_5769_is_answered_alike() {
        let raw = bytes(SAMPLE);
        let request = Request::read(&raw).unwrap();
        let key = Key::new("VOkJxbRl1RmTxUk/WvJxBt");
        let answer = success(
            request.transaction,
            "192.0.2.1:32853".parse().unwrap(),
            &key,
        );
        // RFC 5769 §2.2, XOR-MAPPED-ADDRESS attribute.
        assert_eq!(answer[20..32], bytes("002000080001a147e112a643")[..]);
        let answer = success(
            request.transaction,
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853"
                .parse()
                .unwrap(),
            &key,
        );
        // RFC 5769 §2.3.
        assert_eq!(
            answer[20..44],
            bytes("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9")[..]
        );
        assert!(answer.len() <= raw.len());
    }

    #[test]
    fn a_request_of_ours_is_read_back() {
        let key = Key::new("pwdpwdpwdpwdpwdpwdpwdp");
        let raw = request([7; 12], "relay:browser", true, &key);
        let read = Request::read(&raw).unwrap();
        assert!(read.nominates && !read.controlled);
        assert_eq!(read.local_name(), Some("relay"));
        assert!(read.is_signed_with(&key));
        assert!(success([7; 12], "[::1]:1".parse().unwrap(), &key).len() <= raw.len());
    }

    #[test]
    fn a_message_with_its_tail_out_of_place_is_none() {
        let good = request([7; 12], "relay:browser", true, &Key::new("x"));
        for cut in 0..good.len() {
            assert!(Request::read(&good[..cut]).is_none(), "cut at {cut}");
        }
        let mut longer = good.clone();
        longer.extend_from_slice(&[0; 4]);
        assert!(Request::read(&longer).is_none());
        let mut swapped = good.clone();
        let at = good.len() - TAIL;
        swapped[at..].rotate_left(24);
        assert!(Request::read(&swapped).is_none());
    }

    proptest! {
        #[test]
        fn junk_is_never_a_request(junk in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Request::read(&junk).is_none());
        }

        #[test]
        fn a_changed_byte_is_noticed(at in 0usize..92, bit in 0u8..8) {
            let key = Key::new("pwdpwdpwdpwdpwdpwdpwdp");
            let mut raw = request([7; 12], "relay:browser", true, &key);
            let at = at % raw.len();
            raw[at] ^= 1 << bit;
            let accepted = Request::read(&raw).is_some_and(|r| r.is_signed_with(&key));
            prop_assert!(!accepted);
        }
    }
}
