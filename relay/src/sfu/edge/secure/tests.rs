//! Handshakes over a path that loses, in virtual time: a browser repeats what it sent after 50 ms, before the server does, then
//! after twice the time each.

use super::*;
use crate::sfu::edge::identity::Identity;
use rtc::crypto;
use rtc::dtls::crypto::Certificate;
use std::collections::HashSet;

const STEP: Duration = Duration::from_millis(10);
const CLIENT_FLIGHT: Duration = Duration::from_millis(50);

struct Path {
    client: Endpoint,
    client_repeats: u32,
    /// What the client has. A browser's timer runs on when it hears the same again, the library's does not.
    heard: HashSet<Vec<u8>>,
    server: Secure,
    start: Instant,
    now: Instant,
    ready: bool,
}

impl Path {
    fn new() -> Self {
        let provider = crypto::default_provider().unwrap();
        let names = vec!["browser".to_owned()];
        let certificate = Certificate::generate_self_signed(names, provider.crypto()).unwrap();
        let fingerprint = sha256(certificate.certificate.first().unwrap());
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider)
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(PROFILES.map(|(dtls, _)| dtls).to_vec())
            .with_insecure_skip_verify(true)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(CLIENT_FLIGHT)
            .build(true, None)
            .unwrap();
        let (start, mut client) = (
            clock(),
            Endpoint::new(OTHER_SIDE, TransportProtocol::UDP, None),
        );
        client
            .connect(start, OTHER_SIDE, Arc::new(config), None)
            .unwrap();
        Self {
            client,
            client_repeats: 0,
            heard: HashSet::new(),
            server: Secure::server(&Identity::new().unwrap(), fingerprint).unwrap(),
            start,
            now: start,
            ready: false,
        }
    }

    /// One step of time; `arrives` says of each datagram, by direction, whether it does. To the client is `false`.
    fn step(&mut self, arrives: &mut impl FnMut(bool, &[u8]) -> bool) {
        while let Some(transmit) = self.client.poll_transmit() {
            if arrives(true, &transmit.message) {
                self.ready |= self.server.take_dtls(self.now, transmit.message) == Step::Ready;
            }
        }
        while let Some(datagram) = self.server.poll_datagram() {
            // Type, number and place of the message at the head of the datagram, in the clear.
            let head = datagram.get(13..22).unwrap_or_default().to_vec();
            let is_clear = datagram.get(3..5) == Some(&[0, 0]);
            if arrives(false, &datagram) && (!is_clear || self.heard.insert(head)) {
                let _ = self.client.read(self.now, OTHER_SIDE, None, datagram);
            }
        }
        self.now += STEP;
        let more = CLIENT_FLIGHT * ((1 << self.client_repeats.min(6)) - 1);
        let due = self.client.poll_timeout(&OTHER_SIDE);
        if due.is_some_and(|due| due + more <= self.now) {
            self.client_repeats += 1;
            let _ = self.client.handle_timeout(OTHER_SIDE, self.now);
        }
        self.server.take_timeout(self.now);
    }

    /// How long the handshake took on the server's side.
    fn shakes_hands(
        mut self,
        limit: Duration,
        mut arrives: impl FnMut(bool, &[u8]) -> bool,
    ) -> Option<Duration> {
        while !self.ready && self.now < self.start + limit {
            self.step(&mut arrives);
        }
        self.ready.then(|| self.now - self.start)
    }
}

#[test]
fn a_flight_that_was_lost_is_sent_again_although_the_client_repeats_its_hello_first() {
    // ServerHello, Certificate and what follows: 1,000 bytes and more; the answer to the first hello is short.
    let mut lost = 0;
    let took = Path::new().shakes_hands(Duration::from_secs(3), |to_server, datagram| {
        let is_flight = !to_server && datagram.len() > 200;
        if is_flight && lost < 2 {
            lost += 1;
            return false;
        }
        true
    });
    let took = took.expect("a handshake");
    assert!(lost == 2 && took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn hands_are_shaken_over_a_path_that_loses_two_datagrams_in_ten() {
    // An own small generator (Numerical Recipes): one seed, one run.
    let mut state = 7_u32;
    let mut chance = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let mut slowest = Duration::ZERO;
    for n in 0..100 {
        let took = Path::new().shakes_hands(Duration::from_secs(15), |_, _| chance() > 0.2);
        slowest = slowest.max(took.unwrap_or_else(|| panic!("handshake {n} stands still")));
    }
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
}

#[test]
fn a_flight_is_repeated_ever_more_slowly_and_still_after_ten_seconds() {
    let mut flights: Vec<Duration> = Vec::new();
    let mut path = Path::new();
    let start = path.start;
    while path.now < start + Duration::from_secs(12) {
        let at = path.now - start;
        path.step(&mut |to_server, datagram| {
            let is_flight = !to_server && datagram.len() > 200;
            if is_flight && flights.last() != Some(&at) {
                flights.push(at);
            }
            !is_flight
        });
    }
    let waits: Vec<_> = flights.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.is_sorted() && waits.len() >= 5, "{waits:?}");
    assert!(waits[0] <= FLIGHT + STEP, "{waits:?}");
    assert!(
        *flights.last().unwrap() > Duration::from_secs(8),
        "{flights:?}"
    );
}
