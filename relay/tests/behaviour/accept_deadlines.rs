//! Connections that take their time, and requests that are none.

use crate::support::{LIMIT, Relay};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::people::Role;

async fn says(relay: &Relay, bytes: &[u8]) -> TcpStream {
    let mut tcp = TcpStream::connect(relay.http).await.unwrap();
    // It may be closed before everything is written.
    let _ = tcp.write_all(bytes).await;
    tcp
}

async fn hears(mut tcp: TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut heard = Vec::new();
    tokio::time::timeout(LIMIT, tcp.read_to_end(&mut heard))
        .await
        .expect("it is closed in time")
        .ok();
    (
        String::from_utf8_lossy(&heard).into_owned(),
        began.elapsed(),
    )
}

#[tokio::test]
async fn silence_half_a_head_and_half_a_body_are_closed_in_time() {
    let relay = Relay::start().await;
    let silent = hears(says(&relay, b"").await);
    let half_head = hears(says(&relay, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-").await);
    let body = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        relay.http
    );
    let half_body = hears(says(&relay, body.as_bytes()).await);
    let (silent, half_head, half_body) = tokio::join!(silent, half_head, half_body);
    assert!(
        silent.1 < Duration::from_secs(6) && half_head.1 < Duration::from_secs(6),
        "{silent:?} {half_head:?}"
    );
    assert!(
        half_body.0.starts_with("HTTP/1.1 408") && half_body.1 < Duration::from_secs(9),
        "{half_body:?}"
    );
}

#[tokio::test]
async fn a_head_that_drips_does_not_hold_a_connection() {
    let relay = Relay::start().await;
    let mut tcp = says(&relay, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n").await;
    let began = Instant::now();
    while began.elapsed() < LIMIT {
        tokio::time::sleep(Duration::from_millis(250)).await;
        if tcp.write_all(b"X: y\r\n").await.is_err()
            || tcp.try_read(&mut [0; 64]).is_ok_and(|read| read == 0)
        {
            break;
        }
    }
    assert!(
        began.elapsed() < Duration::from_secs(7),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn hundreds_of_idle_connections_keep_nobody_out_who_is_in() {
    let relay = Relay::start().await;
    let mut page = relay.page(Role::Cardiologist).await;
    let mut idle = Vec::new();
    for _ in 0..700 {
        idle.push(TcpStream::connect(relay.http).await.unwrap());
    }
    let began = Instant::now();
    page.draws().await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert!(relay.log().len() < 100_000, "the log is flooded");
    drop(idle);
}

#[tokio::test]
async fn requests_that_are_none_get_a_refusal_and_no_more() {
    let relay = Relay::start().await;
    let host = relay.http;
    let head = |extra: &str| {
        format!(
            "POST /api/v1/sessions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{extra}\r\n\r\n{{}}"
        )
    };
    let many: String = (0..1_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let long = format!("X: {}", "y".repeat(200_000));
    let cases = [
        head("Content-Length: -1"),
        head("Content-Length: 18446744073709551616"),
        head("Content-Length: 2\r\nContent-Length: 3"),
        head("Transfer-Encoding: xchunked"),
        head("Transfer-Encoding: chunked\r\nContent-Length: 5"),
        head(many.trim_end()),
        head(&long),
        head("X : y"),
        "GET / HTTP/0.9\r\n\r\n".to_owned(),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
        format!(
            "GET http://169.254.169.254/latest HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ),
        format!("GET /../../etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!(
            "GET /%2e%2e%2f%2e%2e%2fetc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ),
        format!("GET /assets/%00 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        "GET /api/v1/demo HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
    ];
    for case in cases {
        let (heard, took) = hears(says(&relay, case.as_bytes()).await).await;
        let fine = heard.is_empty() || heard.starts_with("HTTP/1.1 4");
        assert!(
            fine && !heard.contains("root:"),
            "{:?} got {heard}",
            &case[..case.len().min(120)]
        );
        assert!(
            took < Duration::from_secs(6),
            "{took:?} for {:?}",
            &case[..case.len().min(120)]
        );
    }
    assert_eq!(
        relay
            .client
            .get(format!("{}/healthz", relay.origin()))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn json_that_is_none_is_refused() {
    let relay = Relay::start().await;
    for body in [
        "",
        "{",
        r#"{"ticket":1}"#,
        r#"{"ticket":"a","ticket":"b"}"#,
        r#"{"ticket":"a","role":"cardiologist"}"#,
        "\u{feff}{}",
        r#"{"ticket":"\ud800"}"#,
        &"[".repeat(60_000),
    ] {
        let answer = relay
            .client
            .post(relay.api("sessions"))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        assert_eq!(
            crate::support::code(answer).await,
            (400, "badJson".to_owned()),
            "{}",
            &body[..body.len().min(60)]
        );
    }
    let answer = relay
        .client
        .post(relay.api("sessions"))
        .header("content-type", "text/plain")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        crate::support::code(answer).await,
        (415, "wrongContent".to_owned())
    );
}
