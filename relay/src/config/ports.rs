//! Where browsers send media at all.
//!
//! Owns one rule of theirs. Chromium and Safari refuse the whole answer when one of its candidates has a port below 1024, except 80
//! and 443 on public addresses (`VerifyCandidate` in libwebrtc): there would be no picture and no reason for it to be seen.
//! Called by `settled`.

use std::net::IpAddr;

/// Whether browsers send media to this address.
pub(super) fn browsers_send_to(ip: IpAddr, port: u16) -> bool {
    port >= 1_024 || (matches!(port, 80 | 443) && !is_private(ip))
}

/// As libwebrtc says it: loopback, link-local, private (RFC 1918, RFC 4193) and shared by providers (RFC 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            ip.is_loopback() || ip.is_link_local() || ip.is_private() || shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_ports_are_for_the_web_and_then_only_in_public() {
        let to = |ip: &str, port| browsers_send_to(ip.parse().unwrap(), port);
        for private in [
            "10.0.0.5",
            "172.16.0.1",
            "192.168.1.2",
            "100.64.0.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
        ] {
            assert!(to(private, 8_443) && to(private, 1_024), "{private}");
            assert!(!to(private, 443) && !to(private, 1_023), "{private}");
        }
        for public in ["203.0.113.7", "100.128.0.1", "2001:db8::7"] {
            assert!(
                to(public, 443) && to(public, 80) && !to(public, 444),
                "{public}"
            );
        }
    }
}
