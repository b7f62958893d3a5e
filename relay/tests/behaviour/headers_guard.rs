//! Every answer carries the guards, whatever it is.

use crate::support::Relay;
use wire::people::Role;

#[tokio::test]
async fn every_answer_carries_the_guards() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::Cardiologist).await;
    let session = format!("sessions/{}", who.grant.session);
    let answers = [
        relay.client.get(relay.origin()).send().await.unwrap(),
        relay
            .client
            .get(format!("{}/nothing", relay.origin()))
            .send()
            .await
            .unwrap(),
        relay
            .client
            .get(relay.api("consults"))
            .send()
            .await
            .unwrap(),
        relay
            .client
            .put(relay.api("consults"))
            .send()
            .await
            .unwrap(),
        relay.asks(&who, "GET", &session).send().await.unwrap(),
        relay
            .client
            .post(relay.api("sessions"))
            .body("x")
            .send()
            .await
            .unwrap(),
    ];
    for answer in answers {
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("unsafe")
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{}", answer.url());
        }
        assert!(
            headers["permissions-policy"]
                .to_str()
                .unwrap()
                .contains("camera=(self)")
        );
        assert!(
            !headers.contains_key("server") && !headers.contains_key("access-control-allow-origin")
        );
    }
}

#[tokio::test]
async fn a_session_cookie_has_every_guard_and_the_answer_no_secret() {
    let relay = Relay::start().await;
    let ticket = relay
        .ticket(Role::Cardiologist, crate::support::consult())
        .await;
    let answer = relay
        .client
        .post(relay.api("sessions"))
        .json(&serde_json::json!({ "ticket": ticket }))
        .send()
        .await
        .unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for guard in [
        "__Host-hibiki-",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
    ] {
        assert!(cookie.contains(guard), "{cookie}");
    }
    let secret = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    assert!(secret.len() >= 43 && !answer.text().await.unwrap().contains(&secret));
}
