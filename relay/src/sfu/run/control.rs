//! Control messages that go with a datagram: from which address of ours, and how to cut it.
//!
//! Owns their layout (cmsg(3)). `send` fills one per buffer. Invariant: every message lies whole within the buffer.

use super::receive::cmsg_length;
use crate::sfu::net::ice::Path;
use std::mem::size_of;
use std::net::IpAddr;

/// Room for a local address and a segment size: 40 + 24 bytes on 64-bit Linux.
const CONTROL_BYTES: usize = 96;

/// A buffer, aligned as the kernel reads it.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(super) struct Control {
    bytes: [u8; CONTROL_BYTES],
    used: usize,
}

impl Control {
    pub(super) const EMPTY: Self = Self {
        bytes: [0; CONTROL_BYTES],
        used: 0,
    };

    /// Writes the messages; returns where they are, or None when there is nothing to say.
    pub(super) fn fill(
        &mut self,
        path: Path,
        segment: Option<u16>,
        socket_is_v6: bool,
    ) -> Option<(*mut libc::c_void, usize)> {
        self.used = 0;
        match path.local {
            None => {}
            Some(IpAddr::V4(ip)) if !socket_is_v6 => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from_ne_bytes(ip.octets()),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                self.put(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
            }
            Some(ip) => {
                let ip = match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                    IpAddr::V6(ip) => ip,
                };
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr {
                        s6_addr: ip.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                self.put(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
            }
        }
        if let Some(size) = segment {
            self.put(libc::SOL_UDP, libc::UDP_SEGMENT, size);
        }
        (self.used > 0).then(|| (self.bytes.as_mut_ptr().cast(), self.used))
    }

    /// Appends one message.
    fn put<T>(&mut self, level: libc::c_int, kind: libc::c_int, value: T) {
        // SAFETY: pure arithmetic.
        let room = unsafe { libc::CMSG_SPACE(size_of::<T>() as libc::c_uint) } as usize;
        let header = libc::cmsghdr {
            cmsg_len: cmsg_length(size_of::<T>()) as _,
            cmsg_level: level,
            cmsg_type: kind,
        };
        if self.used + room > CONTROL_BYTES {
            return;
        }
        // SAFETY: the room was checked; the buffer is aligned for a header and CMSG_SPACE keeps it so; the value may be
        // unaligned.
        unsafe {
            let place = self.bytes.as_mut_ptr().add(self.used);
            place.cast::<libc::cmsghdr>().write(header);
            place.add(cmsg_length(0)).cast::<T>().write_unaligned(value);
        }
        self.used += room;
    }
}
