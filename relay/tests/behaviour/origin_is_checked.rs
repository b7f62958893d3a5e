//! What another site makes a browser send is refused, whatever cookie comes with it.

use crate::support::{Relay, code, consult};
use wire::people::Role;

#[tokio::test]
async fn a_socket_opens_for_our_own_pages_only() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let wrong_port = format!("http://127.0.0.1:{}", relay.http.port() ^ 1);
    for origin in [
        "",
        "https://evil.example",
        "null",
        &wrong_port,
        "http://127.0.0.1.evil.example",
    ] {
        let refused = relay.socket_from(&who, origin, consult()).await;
        let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused else {
            panic!("{origin} was let in")
        };
        assert_eq!(answer.status(), 403, "{origin}");
    }
    assert!(relay.socket(&who).await.is_ok());
}

#[tokio::test]
async fn a_change_by_cookie_needs_a_word_from_the_browser_that_it_is_ours() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let own = relay.api(&format!("sessions/{}", who.grant.session));
    let delete = |headers: &[(&str, &str)]| {
        let request = relay
            .client
            .delete(&own)
            .header("cookie", &who.cookie)
            .header("hibiki-session", who.grant.session.to_string());
        headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        })
    };
    let cases: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://127.0.0.1"),
        ],
        &[("origin", "null")],
    ];
    for headers in cases {
        assert_eq!(
            code(delete(headers).send().await.unwrap()).await,
            (403, "wrongOrigin".to_owned()),
            "{headers:?}"
        );
    }
    assert_eq!(
        delete(&[("sec-fetch-site", "same-origin")])
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
}

#[tokio::test]
async fn a_name_that_was_pointed_at_us_reaches_nothing() {
    let relay = Relay::start().await;
    for path in ["demo", "consults"] {
        let answer = relay
            .client
            .get(relay.api(path))
            .header("host", "evil.example")
            .send()
            .await
            .unwrap();
        assert_eq!(code(answer).await, (403, "wrongOrigin".to_owned()));
    }
    let foreign = relay
        .client
        .post(relay.api("demo/tickets"))
        .header("origin", "https://evil.example")
        .json(&serde_json::json!({}));
    assert_eq!(code(foreign.send().await.unwrap()).await.0, 403);
}

#[tokio::test]
async fn headers_that_proxies_and_tricksters_add_change_nothing() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let own = format!("sessions/{}", who.grant.session);
    let request = relay
        .asks(&who, "GET", &own)
        .header("x-http-method-override", "DELETE")
        .header("x-original-url", "/api/v1/demo");
    assert_eq!(
        request
            .header("x-forwarded-for", "198.51.100.7")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        relay.asks(&who, "GET", &own).send().await.unwrap().status(),
        200,
        "the session is still there"
    );
}
