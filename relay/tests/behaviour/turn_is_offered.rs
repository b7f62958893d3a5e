//! TURN servers are told with the answer to an offer, to whoever was let in, with credentials that end.

use crate::media::client::{Client, Kind};
use crate::support::{Relay, consult, program, runs};
use relay::store::DataFolder;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use wire::people::Role;

const SECRET: &str = "a-secret-of-this-test-that-is-long-enough";
const SERVERS: [&str; 2] = [
    "turns:turn.example.jp:443?transport=tcp",
    "turn:turn.example.jp:3478?transport=udp",
];

fn secret(folder: &tempfile::TempDir) -> PathBuf {
    let file = folder.path().join("turn.secret");
    std::fs::write(&file, SECRET).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    file
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn value<'a>(link: &'a str, name: &str) -> &'a str {
    let (_, rest) = link.split_once(&format!("; {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

async fn asks(relay: &Relay, ticket: &str) -> reqwest::Response {
    let offer = Client::new(Kind::publisher(7)).await.offer.clone();
    let door = relay.api(&format!("consults/{}/whip", consult()));
    let request = relay.client.post(door).bearer_auth(ticket);
    let request = request
        .header("content-type", "application/sdp")
        .body(offer);
    request.send().await.unwrap()
}

fn links(answer: &reqwest::Response) -> Vec<String> {
    let links = answer.headers().get_all("link").iter();
    links
        .map(|link| link.to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn whoever_was_let_in_gets_credentials_for_half_a_day_and_nobody_else_gets_any() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret(&folder);
    let servers = SERVERS.join(",");
    let flags = [
        "--turn",
        &servers,
        "--turn-secret-file",
        file.to_str().unwrap(),
    ];
    let relay = Relay::with(&flags).await;
    let ticket = relay.ticket(Role::VisitingPhysician, consult()).await;
    let answer = asks(&relay, &ticket).await;
    assert_eq!(answer.status(), 201);
    let links = links(&answer);
    assert_eq!(links.len(), 2);
    for (link, server) in links.iter().zip(SERVERS) {
        assert!(
            link.starts_with(&format!("<{server}>; rel=\"ice-server\"; ")),
            "{link}"
        );
        assert_eq!(value(link, "credential-type"), "password");
        let (until, session) = value(link, "username").split_once(':').unwrap();
        let lasts = until.parse::<u64>().unwrap() - now();
        assert!((11 * 3_600..=12 * 3_600).contains(&lasts), "{lasts} s");
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.ends_with(session), "bound to this session");
        let key =
            ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let shown = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            value(link, "credential"),
        );
        let name = value(link, "username").as_bytes();
        assert!(ring::hmac::verify(&key, name, &shown.unwrap()).is_ok());
    }
    let stranger = asks(&relay, "not-a-ticket").await;
    assert_eq!(stranger.status(), 401);
    assert!(!stranger.headers().contains_key("link"));
    let log = relay.log();
    assert!(!log.contains(SECRET) && !log.contains(value(&links[0], "credential")));
}

#[tokio::test]
async fn without_servers_nothing_is_told() {
    let relay = Relay::start().await;
    let ticket = relay.ticket(Role::VisitingPhysician, consult()).await;
    let answer = asks(&relay, &ticket).await;
    assert_eq!((answer.status().as_u16(), links(&answer).len()), (201, 0));
}

#[test]
fn a_secret_that_others_can_read_stops_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret(&folder);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let data = folder.path().join("data");
    DataFolder::at(&data).unwrap();
    for command in ["check-config", "serve"] {
        let mut relay = program();
        relay.args([
            command,
            "--demo",
            "--http",
            "127.0.0.1:7001",
            "--turn",
            SERVERS[0],
        ]);
        relay
            .arg("--turn-secret-file")
            .arg(&file)
            .arg("--data")
            .arg(&data);
        let (status, out, err) = runs(&mut relay);
        let said = out + &err;
        assert_eq!(status, 2, "{command}: {said}");
        assert!(
            said.contains("turn_secret_file") && said.contains("chmod 600"),
            "{said}"
        );
        assert!(!said.contains(SECRET));
    }
}
