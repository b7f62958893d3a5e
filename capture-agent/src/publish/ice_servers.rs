//! The TURN servers that a relay names in the `Link` fields of its answers (RFC 9725 §4.6).
//!
//! Text in, servers out: links of RFC 8288, addresses of RFC 7065. What is not understood is left out, because another way may be
//! left. Called by `whip`. Invariants: at most `MOST_SERVERS`, and a credential is never printed.

use reqwest::header::{HeaderMap, LINK};
use std::fmt;

/// More are no help to anybody.
const MOST_SERVERS: usize = 8;

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Datagrams.
    Udp,
    /// A stream that anybody on the way can read the head of.
    Tcp,
    /// What every network lets through on port 443.
    Tls,
}

/// One server with what opens it for this session.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct TurnServer {
    pub(super) way: Way,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: String,
    pub(super) credential: String,
}

impl fmt::Debug for TurnServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnServer({:?})", self.way)
    }
}

/// The servers of an answer.
pub(super) fn turn_servers(headers: &HeaderMap) -> Vec<TurnServer> {
    let fields = headers.get_all(LINK).iter();
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(links)
        .filter_map(server)
        .take(MOST_SERVERS)
        .collect()
}

/// The links of one field: a comma between two of them stands outside quotes.
fn links(field: &str) -> Vec<&str> {
    let (mut links, mut begin, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in field.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                links.extend(field.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
    }
    links.extend(field.get(begin..));
    links
}

fn server(link: &str) -> Option<TurnServer> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let parameter = |name: &str| {
        rest.split(';').find_map(|one| {
            let (key, value) = one.trim().split_once('=')?;
            (key.trim().eq_ignore_ascii_case(name)).then(|| value.trim().trim_matches('"'))
        })
    };
    if parameter("rel")? != "ice-server" {
        return None;
    }
    let (way, host, port) = place(address)?;
    Some(TurnServer {
        way,
        host,
        port,
        username: parameter("username")?.to_owned(),
        credential: parameter("credential")?.to_owned(),
    })
}

/// RFC 7065 §3.1; a scheme and transport for which we have no way is none.
fn place(address: &str) -> Option<(Way, String, u16)> {
    let (scheme, rest) = address.split_once(':')?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (way, usual) = match (scheme, query) {
        ("turn", "" | "transport=udp") => (Way::Udp, 3478),
        ("turn", "transport=tcp") => (Way::Tcp, 3478),
        ("turns", "" | "transport=tcp") => (Way::Tls, 5349),
        _ => return None,
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (place, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (way, host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn read(fields: &[&str]) -> Vec<TurnServer> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(LINK, HeaderValue::from_str(field).unwrap());
        }
        turn_servers(&headers)
    }

    #[test]
    fn servers_come_in_fields_of_their_own_or_in_one() {
        let one = "<turns:turn.example.jp:443?transport=tcp>; rel=\"ice-server\"; username=\"1:a,b\"; credential=\"c+/=\"; credential-type=\"password\"";
        let other =
            "<turn:[2001:db8::7]:3479?transport=udp>; rel=ice-server; username=u; credential=p";
        let (apart, joined) = (read(&[one, other]), read(&[&format!("{one}, {other}")]));
        assert_eq!(apart, joined);
        assert_eq!(
            (apart[0].way, apart[0].host.as_str(), apart[0].port),
            (Way::Tls, "turn.example.jp", 443)
        );
        assert_eq!(
            (apart[0].username.as_str(), apart[0].credential.as_str()),
            ("1:a,b", "c+/=")
        );
        assert_eq!(
            (apart[1].way, apart[1].host.as_str(), apart[1].port),
            (Way::Udp, "2001:db8::7", 3479)
        );
        assert!(!format!("{apart:?}").contains("c+/="));
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        for field in [
            "<stun:stun.example.jp>; rel=\"ice-server\"",
            "<turn:turn.example.jp>; rel=\"next\"; username=\"u\"; credential=\"p\"",
            "<turn:turn.example.jp>; rel=\"ice-server\"",
            "<turns:turn.example.jp?transport=udp>; rel=\"ice-server\"; username=\"u\"; credential=\"p\"",
            "<turn::1>; rel=\"ice-server\"; username=\"u\"; credential=\"p\"",
            "<turn:a:99999>; rel=\"ice-server\"; username=\"u\"; credential=\"p\"",
            "turn:a",
            "\"",
        ] {
            assert_eq!(read(&[field]), [], "{field}");
        }
        let usual = read(&["<turns:a>; rel=\"ice-server\"; username=\"u\"; credential=\"p\""]);
        assert_eq!(usual[0].port, 5349);
    }
}
