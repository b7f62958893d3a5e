//! Takes datagrams from the kernel, many per call (`recvmmsg`).
//!
//! Owns the buffers, and the moment at which each datagram arrived: the kernel's, because what a busy machine makes us wait
//! for is not the link's doing, and bandwidth estimators would take it for a queue. A datagram that does not fit is cut by the
//! kernel, marked, and dropped here. Invariant: the pointers in the headers point into buffers of this struct and are set anew
//! before each call.

use super::sockaddr::{Raw, local_v6, read};
use super::socket::MediaSocket;
use crate::sfu::limits::MAX_DATAGRAM_BYTES;
use crate::sfu::net::ice::{Path, Via};
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Datagrams per call: a keyframe burst of 30 packets comes in one.
const BATCH: usize = 64;
/// Control data per datagram: one `in6_pktinfo` or `in_pktinfo`, and one `timespec`, each with its header.
const CONTROL_BYTES: usize = 128;
/// Nothing waits this long in the socket; a time that says so comes from a clock that was set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Aligned as the kernel writes control messages.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// The buffers.
pub(super) struct Receiver {
    data: Vec<[u8; MAX_DATAGRAM_BYTES]>,
    addresses: Vec<Raw>,
    controls: Vec<Control>,
    parts: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: the raw pointers in `parts` and `headers` point into the other vectors of the same struct, which move with it
// on the heap; nothing is shared.
unsafe impl Send for Receiver {}

impl Receiver {
    pub(super) fn new() -> Self {
        // SAFETY: iovec and mmsghdr are plain C structs for which all zeroes is a valid value.
        let (part, header) = unsafe { (zeroed(), zeroed()) };
        Self {
            data: vec![[0; MAX_DATAGRAM_BYTES]; BATCH],
            addresses: vec![Raw::EMPTY; BATCH],
            controls: vec![Control([0; CONTROL_BYTES]); BATCH],
            parts: vec![part; BATCH],
            headers: vec![header; BATCH],
        }
    }

    /// Takes what is there and hands each datagram on with the moment of its arrival. Returns how many came and how many of
    /// them were cut.
    pub(super) fn receive(
        &mut self,
        socket: &MediaSocket,
        mut take: impl FnMut(Instant, Path, &[u8]),
    ) -> (usize, u64) {
        self.set_pointers();
        // SAFETY: the headers point to buffers of the lengths they name, all alive; the count is theirs.
        let count = unsafe {
            libc::recvmmsg(
                socket.fd(),
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        let clocks = (Instant::now(), SystemTime::now());
        let mut cut = 0;
        let received = self.headers.iter().zip(&self.data).zip(&self.addresses);
        for ((header, data), address) in received.take(count) {
            let Some(peer) = read(address) else { continue };
            let bytes = data.get(..header.msg_len as usize);
            let Some(bytes) = bytes.filter(|_| header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0)
            else {
                cut += 1;
                continue;
            };
            let Told { local, arrived } = told(&header.msg_hdr);
            let via = Via::Udp;
            take(moment(arrived, clocks), Path { peer, local, via }, bytes);
        }
        (count, cut)
    }

    /// Whether a full batch came, so that more may wait.
    pub(super) const fn is_full(count: usize) -> bool {
        count == BATCH
    }

    fn set_pointers(&mut self) {
        let buffers = self
            .data
            .iter_mut()
            .zip(&mut self.addresses)
            .zip(&mut self.controls);
        let slots = self.headers.iter_mut().zip(&mut self.parts);
        for ((header, part), ((data, address), control)) in slots.zip(buffers) {
            part.iov_base = data.as_mut_ptr().cast();
            part.iov_len = data.len();
            let message = &mut header.msg_hdr;
            message.msg_name = std::ptr::from_mut(address).cast();
            message.msg_namelen = Raw::SIZE;
            message.msg_iov = part;
            message.msg_iovlen = 1;
            message.msg_flags = 0;
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = CONTROL_BYTES as _;
        }
    }
}

/// The kernel's arrival time on our own clock; the present when it tells none that can be.
fn moment(arrived: Option<Duration>, (now, wall): (Instant, SystemTime)) -> Instant {
    let waited = arrived
        .and_then(|arrived| wall.duration_since(UNIX_EPOCH + arrived).ok())
        .filter(|waited| *waited < LONGEST_WAIT);
    waited
        .and_then(|waited| now.checked_sub(waited))
        .unwrap_or(now)
}

/// What the kernel told beside a datagram.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// The local address that it came to; on a wildcard only.
    local: Option<IpAddr>,
    /// When it came, since 1970.
    arrived: Option<Duration>,
}

fn told(message: &libc::msghdr) -> Told {
    let mut told = Told::default();
    if message.msg_control.is_null() {
        return told;
    }
    // SAFETY: the kernel filled the control buffer and set its length; the macros stay within it.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !control.is_null() {
        // SAFETY: non-null results of the macros point at a whole header.
        let header = unsafe { &*control };
        // SAFETY: as above.
        let data = unsafe { libc::CMSG_DATA(control) };
        let length = header.cmsg_len as usize;
        match (header.cmsg_level, header.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO)
                if length >= cmsg_length(size_of::<libc::in_pktinfo>()) =>
            {
                // SAFETY: the length says that the structure is there; it may be unaligned.
                let info = unsafe { data.cast::<libc::in_pktinfo>().read_unaligned() };
                let ip = Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes());
                told.local = Some(IpAddr::V4(ip));
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO)
                if length >= cmsg_length(size_of::<libc::in6_pktinfo>()) =>
            {
                // SAFETY: as above.
                let info = unsafe { data.cast::<libc::in6_pktinfo>().read_unaligned() };
                told.local = Some(local_v6(info.ipi6_addr));
            }
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS)
                if length >= cmsg_length(size_of::<libc::timespec>()) =>
            {
                // SAFETY: as above.
                let time = unsafe { data.cast::<libc::timespec>().read_unaligned() };
                let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
                told.arrived = Some(Duration::new(time.tv_sec.unsigned_abs(), nanoseconds));
            }
            _ => {}
        }
        // SAFETY: `control` came from the same message.
        control = unsafe { libc::CMSG_NXTHDR(message, control) };
    }
    told
}

/// Length of a control message with this much data.
pub(super) const fn cmsg_length(data: usize) -> usize {
    // SAFETY: pure arithmetic.
    unsafe { libc::CMSG_LEN(data as libc::c_uint) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_arrived_when_the_kernel_says_unless_that_cannot_be() {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let since_1970 = wall.duration_since(UNIX_EPOCH).unwrap();
        let ms = Duration::from_millis;
        for (arrived, is) in [
            (Some(since_1970 - ms(7)), now - ms(7)),
            (Some(since_1970), now),
            (None, now),
            // The clock was set.
            (Some(since_1970 + ms(7)), now),
            (Some(since_1970 - ms(86_400_000)), now),
        ] {
            assert_eq!(moment(arrived, (now, wall)), is, "{arrived:?}");
        }
    }
}
