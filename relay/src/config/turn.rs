//! TURN servers (RFC 8656) as an operator names them.
//!
//! Owns what an address of one may look like (RFC 7065) and that servers and secret come together. The secret itself is read when
//! the relay starts, by `auth`. Called by `settled`.

use super::layers::{ConfigError, Layers};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A browser asks each of them for a place; two machines with three ways each are plenty.
const MAX_SERVERS: usize = 8;
/// Longest address: a host name has 253 characters at most.
const MAX_ADDRESS_BYTES: usize = 300;

/// TURN servers that share one secret with this relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Their addresses, for example `turns:turn.example.jp:443?transport=tcp`.
    pub servers: Vec<String>,
    /// File with the secret.
    pub secret_file: PathBuf,
}

/// What was asked for, or what is wrong with it.
pub(super) fn turn(asked: &Layers, faults: &mut Vec<ConfigError>) -> Option<Turn> {
    let servers = asked.turn.clone().unwrap_or_default();
    if let Some(fault) = fault_of(&servers) {
        faults.push(ConfigError::new("turn", fault));
    }
    match (&asked.turn_secret_file, servers.is_empty()) {
        (None, true) => None,
        (Some(_), true) => {
            let what = "there is a secret and no server; name the servers too, for example turn = [\"turns:turn.example.jp:443?transport=tcp\"]";
            faults.push(ConfigError::new("turn", what));
            None
        }
        (None, false) => {
            let what =
                "name the file with the secret that the TURN servers have as static-auth-secret";
            faults.push(ConfigError::new("turn_secret_file", what));
            None
        }
        (Some(file), false) => Some(Turn {
            servers,
            secret_file: file.clone(),
        }),
    }
}

fn fault_of(servers: &[String]) -> Option<String> {
    if servers.len() > MAX_SERVERS {
        return Some(format!("at most {MAX_SERVERS} addresses"));
    }
    let mut seen = BTreeSet::new();
    servers
        .iter()
        .find_map(|server| match fault_of_one(server) {
            Some(fault) => Some(format!("{server}: {fault}")),
            None if !seen.insert(server) => Some(format!("{server} is named twice")),
            None => None,
        })
}

fn fault_of_one(server: &str) -> Option<&'static str> {
    const FORM: &str = "write turn:HOST:PORT?transport=udp, turn:HOST:PORT?transport=tcp or turns:HOST:PORT?transport=tcp";
    let secure = match server.split_once(':').map(|(scheme, _)| scheme) {
        Some("turns") => true,
        Some("turn") => false,
        Some("stun" | "stuns") => {
            return Some("the relay is reached at addresses of its own, so nobody needs STUN");
        }
        _ => return Some(FORM),
    };
    let rest = server.split_once(':').map_or("", |(_, rest)| rest);
    let (place, transport) = match rest.split_once('?') {
        Some((place, query)) => (place, query.strip_prefix("transport=")),
        None => return Some("say the transport: ?transport=udp or ?transport=tcp"),
    };
    if server.len() > MAX_ADDRESS_BYTES || !is_place(place) {
        return Some(FORM);
    }
    match (transport, secure) {
        (Some("tcp"), _) | (Some("udp"), false) => None,
        (Some("udp"), true) => Some("browsers speak TLS to a TURN server over TCP only"),
        _ => Some(FORM),
    }
}

/// A host with its port, and nothing that could end the header in which it travels.
fn is_place(place: &str) -> bool {
    let Some((host, port)) = place.rsplit_once(':') else {
        return false;
    };
    let inside = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let named = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let host_is_one = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(named),
    };
    host_is_one && port.parse::<u16>().is_ok_and(|port| port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(toml: &str) -> (Option<Turn>, Vec<String>) {
        let asked: Layers = toml::from_str(toml).unwrap();
        let mut faults = Vec::new();
        let turn = turn(&asked, &mut faults);
        (turn, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn servers_come_with_a_secret_and_a_secret_with_servers() {
        assert_eq!(told(""), (None, vec![]));
        let both = "turn = [\"turns:turn.example.jp:443?transport=tcp\", \"turn:[2001:db8::7]:3478?transport=udp\"]\nturn_secret_file = \"/s\"";
        let (turn, faults) = told(both);
        assert_eq!((turn.unwrap().servers.len(), faults.len()), (2, 0));
        let (turn, faults) = told("turn_secret_file = \"/s\"");
        assert!(turn.is_none() && faults[0].starts_with("turn: there is a secret and no server"));
        let (turn, faults) = told("turn = [\"turn:a:3478?transport=udp\"]");
        assert!(turn.is_none() && faults[0].starts_with("turn_secret_file: name the file"));
    }

    #[test]
    fn an_address_that_no_browser_could_use_is_refused_with_what_to_write() {
        for (server, words) in [
            ("turn.example.jp:443", "write turn:HOST:PORT"),
            ("https://turn.example.jp", "write turn:HOST:PORT"),
            ("stun:stun.example.jp:3478", "nobody needs STUN"),
            ("turn:turn.example.jp:3478", "say the transport"),
            ("turn:turn.example.jp?transport=udp", "write turn:HOST:PORT"),
            ("turn:a:0?transport=udp", "write turn:HOST:PORT"),
            ("turn:user@a:3478?transport=udp", "write turn:HOST:PORT"),
            ("turn:a>; rel=x:3478?transport=udp", "write turn:HOST:PORT"),
            ("turns:a:443?transport=udp", "over TCP only"),
            ("turn:a:3478?transport=sctp", "write turn:HOST:PORT"),
        ] {
            let (_, faults) = told(&format!("turn = [\"{server}\"]\nturn_secret_file = \"/s\""));
            assert!(
                faults.iter().any(|fault| fault.contains(words)),
                "{server}: {faults:?}"
            );
        }
        let same = "\"turn:a:3478?transport=udp\", ";
        let (_, twice) = told(&format!("turn = [{same}{same}]\nturn_secret_file = \"/s\""));
        assert!(twice[0].contains("named twice"));
    }
}
