//! Voices are recorded with consent, and only then: real peers speak to the program, which is killed, and what is on its disk is
//! what they sent.

use crate::media::client::{Client, Kind};
use crate::one_publisher::event;
use crate::support::{Entered, Page, Relay, consult};
use bytes::Bytes;
use recording::{PointerMove, VoiceTrack};
use relay::recording::recorded_voices;
use rtc::rtp::{Header, Packet};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use wire::people::Role;
use wire::{ConsentId, SessionId};

const SSRC: u32 = 77;
/// Between two packets of a voice (RFC 7587 §4.2).
const PACKET: Duration = Duration::from_millis(20);

async fn voice(relay: &Relay, who: &Entered, kind: Kind) -> Client {
    let mut client = Client::new(kind).await;
    let path = format!("consults/{}/voice", consult());
    let answer = relay
        .asks(who, "POST", &path)
        .header("content-type", "application/sdp")
        .body(client.offer.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    client.accept(answer.text().await.unwrap());
    client.connected().await;
    client
}

fn said(n: u16) -> Vec<u8> {
    (0..30 + n % 70).map(|at| ((at * 7) ^ n) as u8).collect()
}

fn say(client: &Client, n: u16) {
    let header = Header {
        version: 2,
        payload_type: 111,
        sequence_number: n,
        timestamp: u32::from(n) * 960,
        ssrc: SSRC,
        ..Header::default()
    };
    let payload = Bytes::from(said(n));
    client.send(vec![Packet { header, payload }]);
}

/// Speaks from this packet on while something is waited for; says how far it came.
async fn speaks_while<T>(client: &Client, from: u16, wait: impl Future<Output = T>) -> u16 {
    let mut next = from;
    let talking = async {
        loop {
            say(client, next);
            next += 1;
            tokio::time::sleep(PACKET).await;
        }
    };
    tokio::select! {
        () = talking => {}
        _ = wait => {}
    }
    next
}

/// Speaks until the other end has heard so many packets.
async fn is_heard(client: &Client, from: u16, ear: &Client, packets: usize) -> u16 {
    let before = ear.seen(|seen| seen.packets.len());
    let hears = ear.until("a voice", |seen| {
        (seen.packets.len() >= before + packets).then_some(())
    });
    speaks_while(client, from, hears).await
}

fn agree(consent: ConsentId) -> Value {
    json!({ "type": "consentToVoice", "consent": consent, "by": "patient" })
}

fn tracks(relay: &Relay) -> Vec<VoiceTrack> {
    let found = recorded_voices(&relay.data.join("voices"), consult()).unwrap();
    let tracks = found
        .iter()
        .flat_map(|(_, recording)| recording.voice_tracks().unwrap());
    tracks.collect()
}

fn points(x: f64) -> Value {
    json!({ "type": "point", "at": { "x": x, "y": 0.5 }, "rtpTime": 9_000 })
}

fn moves(relay: &Relay) -> Vec<PointerMove> {
    let found = recorded_voices(&relay.data.join("voices"), consult()).unwrap();
    let moves = found
        .iter()
        .flat_map(|(_, recording)| recording.pointer_moves().unwrap());
    moves.collect()
}

/// The numbers of what one track holds; every packet of it is what was sent.
fn kept(track: &VoiceTrack, session: SessionId) -> Vec<u16> {
    assert_eq!((track.session, track.source.0), (session, SSRC));
    let number = |packet: &recording::Voice<'_>| {
        assert_eq!(*packet.opus, *said(packet.number), "byte for byte");
        assert_eq!(packet.rtp_time.0, u32::from(packet.number) * 960);
        packet.number
    };
    track.packets.iter().map(number).collect()
}

struct Consult {
    relay: Relay,
    bedside: Page,
    doctor: Entered,
    doctors_page: Page,
    speaker: Client,
    ear: Client,
}

impl Consult {
    /// A physician and a cardiologist with their pages; the cardiologist speaks, an observer listens.
    async fn begins(flags: &[&str]) -> Self {
        let relay = Relay::with(flags).await;
        let bedside = relay.page(Role::VisitingPhysician).await;
        let doctor = relay.enter(Role::Cardiologist).await;
        let (doctors_page, _) = relay.page_of(&doctor, None).await;
        let observer = relay.enter(Role::Observer).await;
        let speaker = voice(&relay, &doctor, Kind::talker(SSRC)).await;
        let ear = voice(&relay, &observer, Kind::listener()).await;
        Self {
            relay,
            bedside,
            doctor,
            doctors_page,
            speaker,
            ear,
        }
    }
}

#[tokio::test]
async fn what_is_said_with_consent_comes_back_byte_for_byte_after_kill_nine_and_goes_when_it_is_discarded()
 {
    let mut here = Consult::begins(&[]).await;
    let before = is_heard(&here.speaker, 0, &here.ear, 20).await;
    for x in [0.1, 0.2] {
        here.doctors_page.says(&points(x)).await;
        here.bedside
            .hears_where(|message| message["pointers"][0]["at"]["x"] == x)
            .await;
    }
    assert!(
        !here.relay.data.join("voices").exists(),
        "nothing before a consent"
    );
    let consent = ConsentId::random();
    here.bedside.says(&agree(consent)).await;
    for page in [&mut here.bedside, &mut here.doctors_page] {
        page.hears_where(|message| event(message, "voiceConsented"))
            .await;
    }
    let written = here
        .bedside
        .hears_where(|message| event(message, "voiceRecorded"));
    let after = speaks_while(&here.speaker, before, written).await;
    here.doctors_page.says(&points(0.9)).await;
    is_heard(&here.speaker, after, &here.ear, 20).await;
    here.relay.kill();
    let pointed = moves(&here.relay);
    assert!(
        pointed
            .iter()
            .all(|moved| moved.session == here.doctor.grant.session)
    );
    let xs: Vec<f64> = pointed
        .iter()
        .map(|moved| wire::mark::Point::from(moved.place.unwrap()).x.get())
        .map(|x| (x * 100.0).round() / 100.0)
        .collect();
    assert_eq!(
        xs,
        [0.2, 0.9],
        "where it rested at the consent, and from there on"
    );

    let found = tracks(&here.relay);
    assert_eq!(found.len(), 1);
    let numbers = kept(&found[0], here.doctor.grant.session);
    assert!(
        numbers.iter().all(|n| *n >= before),
        "{before}: {numbers:?}"
    );
    let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
    assert!(
        numbers.iter().copied().eq(first..=last),
        "no hole: {numbers:?}"
    );
    let arrived: BTreeSet<_> = found[0].packets.iter().map(|it| it.arrived_at).collect();
    assert!(
        arrived.len() > numbers.len() / 2,
        "each has a time of its own"
    );

    here.relay.start_again().await;
    let physician = here.relay.enter(Role::VisitingPhysician).await;
    let (mut bedside, heard) = here.relay.page_of(&physician, None).await;
    let state = &heard[0]["state"]["voiceRecording"];
    assert_eq!(state["consent"]["consent"], json!(consent), "{state}");
    assert_eq!(state["consent"]["by"], "patient");
    let withdraw = json!({ "type": "withdrawVoiceConsent", "consent": consent, "discard": true });
    bedside.says(&withdraw).await;
    bedside
        .hears_where(|message| event(message, "voiceDiscarded"))
        .await;
    assert_eq!(tracks(&here.relay), []);
    assert_eq!(moves(&here.relay), []);
    assert!(
        !here
            .relay
            .data
            .join("voices")
            .join(consult().to_string())
            .exists()
    );
}

#[tokio::test]
async fn a_withdrawal_stops_it_and_what_is_said_afterwards_is_heard_and_not_kept() {
    let mut here = Consult::begins(&[]).await;
    let consent = ConsentId::random();
    // Only whoever stands beside the patient can ask them.
    here.doctors_page.says(&agree(consent)).await;
    assert_eq!(
        here.doctors_page.hears("refused").await["code"],
        "notAllowed"
    );
    here.bedside.says(&agree(consent)).await;
    let written = here
        .bedside
        .hears_where(|message| event(message, "voiceRecorded"));
    let with = speaks_while(&here.speaker, 0, written).await;
    let late = here.relay.enter(Role::Trainee).await;
    let (_, heard) = here.relay.page_of(&late, None).await;
    assert_eq!(
        heard[0]["state"]["voiceRecording"]["consent"]["consent"],
        json!(consent),
        "a late joiner knows it before anything else"
    );
    let withdraw = json!({ "type": "withdrawVoiceConsent", "consent": consent, "discard": false });
    here.bedside.says(&withdraw).await;
    let ended = here
        .doctors_page
        .hears_where(|message| event(message, "voiceConsentEnded"))
        .await;
    assert!(ended.to_string().contains("withdrawn"), "{ended}");
    // Behind a gap that tells the two apart.
    let without = with + 1_000;
    is_heard(&here.speaker, without, &here.ear, 20).await;
    assert!(here.relay.stop().await.success());
    let numbers = kept(&tracks(&here.relay)[0], here.doctor.grant.session);
    assert!(
        !numbers.is_empty() && numbers.iter().all(|n| *n < without),
        "{numbers:?}"
    );
}

#[tokio::test]
async fn an_installation_that_forbids_it_says_so_and_refuses() {
    let relay = Relay::with(&["--voice-recording", "false"]).await;
    let who = relay.enter(Role::VisitingPhysician).await;
    let mut page = relay.socket(&who).await.unwrap();
    page.hello(None).await;
    let welcome = page.hears("welcome").await;
    assert_eq!(welcome["settings"]["voiceRecording"], false);
    page.says(&agree(ConsentId::random())).await;
    assert_eq!(page.hears("refused").await["code"], "notAllowed");
}

#[tokio::test]
async fn on_a_full_disk_the_consult_hears_that_nothing_is_recorded_and_the_voice_goes_on() {
    // More is to be left free than any disk has.
    let mut here = Consult::begins(&["--reserve-mib", "1000000000"]).await;
    here.bedside.says(&agree(ConsentId::random())).await;
    let stopped = here
        .bedside
        .hears_where(|message| event(message, "voiceRecorded"));
    let mut next = 0;
    let told = async {
        let told = stopped.await;
        assert!(told.to_string().contains(r#""on":false"#), "{told}");
    };
    next = speaks_while(&here.speaker, next, told).await;
    is_heard(&here.speaker, next, &here.ear, 50).await;
    assert!(
        here.relay
            .metric("hibiki_voice_recordings_stopped_total")
            .await
            >= 1.0
    );
}
