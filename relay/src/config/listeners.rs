//! Where the relay listens.
//!
//! Owns which addresses go together: every listener has its own port, media is reached by browsers, the demo is for this machine only.

use super::layers::{Layers, MediaTcp};
use super::ports::browsers_send_to;
use super::settled::Faults;
use std::net::{IpAddr, SocketAddr};

/// Where the pages are, unless somebody says otherwise.
const DEFAULT_HTTP: &str = "127.0.0.1:8080";
/// Where the metrics are: away from everybody else.
const DEFAULT_METRICS: &str = "127.0.0.1:9090";

/// The addresses of the listeners.
pub(super) struct Listeners {
    /// Pages and HTTP.
    pub(super) http: SocketAddr,
    /// Media over UDP.
    pub(super) media: SocketAddr,
    /// Media over TCP, if it is taken.
    pub(super) media_tcp: Option<SocketAddr>,
    /// Addresses announced for media; empty means the bound one.
    pub(super) media_public: Vec<IpAddr>,
    /// Metrics.
    pub(super) metrics: SocketAddr,
}

/// Checks what was asked for. `any_port` lets the system choose ports.
pub(super) fn listeners(
    asked: &Layers,
    demo: bool,
    any_port: bool,
    faults: &mut Faults,
) -> Listeners {
    let http = asked.http.unwrap_or_else(|| address(DEFAULT_HTTP));
    let media = asked.media.unwrap_or(http);
    let media_tcp = match asked.media_tcp {
        Some(MediaTcp::Off) => None,
        Some(MediaTcp::At(address)) => Some(address),
        // Two listeners cannot have one TCP port; a port that nobody named would surprise the firewall.
        None => Some(media).filter(|media| !share_a_port(http, *media)),
    };
    let metrics = asked.metrics.unwrap_or_else(|| address(DEFAULT_METRICS));
    let media_public = asked.media_public.clone().unwrap_or_default();
    if !any_port {
        faults.unless(
            http.port() != 0,
            "http",
            "port 0 means any free port, which nobody would find; name one, or add --announce",
        );
        faults.unless(
            media.port() != 0,
            "media",
            "port 0 means any free port, which no firewall could open; name one, or add --announce",
        );
        faults.unless(
            metrics.port() != 0,
            "metrics",
            "port 0 means any free port; name one, or add --announce",
        );
    }
    if let Some(tcp) = media_tcp {
        faults.unless(
            any_port || tcp.port() != 0,
            "media_tcp",
            "port 0 means any free port, which no firewall could open; name one, or add --announce",
        );
        faults.unless(
            !share_a_port(http, tcp) && !share_a_port(metrics, tcp),
            "media_tcp",
            "the pages or the metrics have this address already; choose another port, for example 8443, or media_tcp = \"off\"",
        );
        faults.unless(
            // For media there is this sentence already.
            !tcp.ip().is_unspecified() || media.ip().is_unspecified() || !media_public.is_empty(),
            "media_public",
            "media_tcp is bound to all addresses, so name the ones that pages and devices reach, for example media_public = [\"203.0.113.7\"]",
        );
        faults.unless(
            !demo || tcp.ip().is_loopback(),
            "demo",
            "the demo lets anybody in, so it runs on a loopback address only; set media_tcp to 127.0.0.1, or leave demo out",
        );
    }
    for (key, bound) in [("media", Some(media)), ("media_tcp", media_tcp)] {
        let Some(bound) = bound.filter(|bound| bound.port() != 0) else {
            continue;
        };
        let is_sent_to = |ip: &IpAddr| ip.is_unspecified() || browsers_send_to(*ip, bound.port());
        let own = [bound.ip()];
        let announced = match media_public.as_slice() {
            [] => &own,
            named => named,
        };
        faults.unless(
            announced.iter().all(is_sent_to),
            key,
            "browsers send no media to a port below 1024, except 80 and 443 on public addresses; choose another one, for example 8443",
        );
    }
    faults.unless(
        !share_a_port(http, metrics),
        "metrics",
        "the pages have this address already; choose another port, for example 127.0.0.1:9090",
    );
    faults.unless(
        !media.ip().is_unspecified() || !media_public.is_empty(),
        "media_public",
        "media is bound to all addresses, so name the ones that pages and devices reach, for example media_public = [\"203.0.113.7\"]",
    );
    faults.unless(
        !media_public
            .iter()
            .any(|ip| ip.is_unspecified() || ip.is_multicast()),
        "media_public",
        "an address to send to is one machine's, not 0.0.0.0, :: or a group",
    );
    faults.unless(!demo || (http.ip().is_loopback() && media.ip().is_loopback()), "demo", "the demo lets anybody in, so it runs on a loopback address only; set http and media to 127.0.0.1, or leave demo out");
    Listeners {
        http,
        media,
        media_tcp,
        media_public,
        metrics,
    }
}

/// Whether two listeners would want the same port of the same address.
pub(super) fn share_a_port(one: SocketAddr, other: SocketAddr) -> bool {
    let same_host =
        one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && same_host
}

fn address(text: &str) -> SocketAddr {
    text.parse()
        .unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)))
}
