//! Socket addresses between Rust and the kernel.
//!
//! Owns the conversion. A socket of IPv6 sees IPv4 peers as `::ffff:a.b.c.d`; above this module an IPv4 peer is always an
//! IPv4 address. Invariant: `read(write(a)) == a` for either kind of socket.

use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Room for either family.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) union Raw {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

impl Raw {
    pub(super) const EMPTY: Self = Self {
        v6: libc::sockaddr_in6 {
            sin6_family: 0,
            sin6_port: 0,
            sin6_flowinfo: 0,
            sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
            sin6_scope_id: 0,
        },
    };
    pub(super) const SIZE: libc::socklen_t = size_of::<Self>() as libc::socklen_t;
}

/// The kernel's form of an address, for a socket of this family, and its length.
pub(super) fn write(address: SocketAddr, socket_is_v6: bool) -> (Raw, libc::socklen_t) {
    match (address, socket_is_v6) {
        (SocketAddr::V4(v4), false) => {
            let raw = libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr {
                    s_addr: u32::from_ne_bytes(v4.ip().octets()),
                },
                sin_zero: [0; 8],
            };
            (Raw { v4: raw }, size_of::<libc::sockaddr_in>() as _)
        }
        (SocketAddr::V4(v4), true) => {
            v6(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0))
        }
        (SocketAddr::V6(address), _) => v6(address),
    }
}

fn v6(address: SocketAddrV6) -> (Raw, libc::socklen_t) {
    let raw = libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: libc::in6_addr {
            s6_addr: address.ip().octets(),
        },
        sin6_scope_id: address.scope_id(),
    };
    (Raw { v6: raw }, size_of::<libc::sockaddr_in6>() as _)
}

/// The address that the kernel wrote.
pub(super) fn read(raw: &Raw) -> Option<SocketAddr> {
    // SAFETY: both variants begin with the family, and every bit pattern is a valid value of either.
    let family = unsafe { raw.v4.sin_family };
    match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: the family says which variant the kernel wrote.
            let v4 = unsafe { raw.v4 };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some((ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6 = unsafe { raw.v6 };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            match ip.to_ipv4_mapped() {
                Some(v4) => Some((v4, port).into()),
                None => Some(SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id).into()),
            }
        }
        _ => None,
    }
}

/// A local address from an `in6_pktinfo`.
pub(super) fn local_v6(raw: libc::in6_addr) -> IpAddr {
    let ip = Ipv6Addr::from(raw.s6_addr);
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_the_kernels_form() {
        for (text, v6_socket) in [
            ("192.0.2.7:4000", false),
            ("192.0.2.7:4000", true),
            ("[2001:db8::1]:9", true),
            ("[fe80::1%3]:9", true),
        ] {
            let address: SocketAddr = text.parse().unwrap();
            let (raw, _) = write(address, v6_socket);
            assert_eq!(read(&raw), Some(address), "{text}");
        }
        assert_eq!(read(&Raw::EMPTY), None);
    }
}
