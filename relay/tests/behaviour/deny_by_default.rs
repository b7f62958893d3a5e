//! Every route of the relay, asked without a credential, with a false one, and with one for another consult.

use crate::support::{Entered, Relay, code, consult, other_consult};
use relay::http::admit::Gate;
use relay::router::{ROUTES, Route};
use uuid::Uuid;
use wire::http::SESSION_HEADER;
use wire::people::Role;

fn path(route: &Route, session: &str) -> String {
    let any = Uuid::new_v4().to_string();
    route
        .path
        .replace("{consult}", &consult().to_string())
        .replace("{session}", session)
        .replace("{device}", &any)
        .replace("{media}", &any)
        .replace("{clip}", &any)
        .replace("{case}", &any)
        .replace("{number}", "1")
        .replace("{file}", "file")
        .replace("{freeze}", &any)
        .replace("{stream}", &any)
        .replace("{replay}", &consult().to_string())
        .replace("{track}", "nobody")
        .replace("{index}", "0")
        .replace("{id}", &any)
}

/// Routes that let nobody in without a credential.
fn guarded() -> impl Iterator<Item = (&'static Route, &'static str)> {
    let closed =
        |route: &&Route| !matches!(route.gate, Gate::Open | Gate::Demo | Gate::TicketInBody);
    ROUTES
        .iter()
        .filter(closed)
        .flat_map(|route| route.methods.iter().map(move |method| (route, *method)))
}

/// All that answers without a session or a device's key: a new line here is a decision.
const DOORS: [&str; 12] = [
    "/healthz",
    "/readyz",
    "/",
    "/consults/{id}",
    "/consults/{id}/replay",
    "/visits/{id}",
    "/cases",
    "/cases/{id}",
    "/check",
    "/api/v1/demo",
    "/api/v1/demo/tickets",
    "/api/v1/sessions",
];

#[test]
fn the_routes_that_need_no_credential_are_these_and_no_others() {
    let open = |route: &&Route| matches!(route.gate, Gate::Open | Gate::Demo | Gate::TicketInBody);
    let open: Vec<&str> = ROUTES.iter().filter(open).map(|route| route.path).collect();
    assert_eq!(open, DOORS);
}

fn request(relay: &Relay, method: &str, path: &str) -> reqwest::RequestBuilder {
    relay
        .client
        .request(method.parse().unwrap(), format!("{}{path}", relay.origin()))
}

#[tokio::test]
async fn without_a_credential_nothing_but_the_doors_is_open() {
    let relay = Relay::start().await;
    for (route, method) in guarded() {
        for extra in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", method] {
            let answer = request(&relay, extra, &path(route, &Uuid::new_v4().to_string()))
                .send()
                .await
                .unwrap();
            // The socket's gate looks at the origin first, and there is none here; the device's door counts failures.
            let no = match route.gate {
                Gate::Device => [401, 429],
                _ => [401, 403],
            };
            assert!(
                no.contains(&answer.status().as_u16()),
                "{extra} {}: {}",
                route.path,
                answer.status()
            );
        }
    }
}

#[tokio::test]
async fn a_false_credential_is_none() {
    let relay = Relay::start().await;
    let real = relay.enter(Role::Cardiologist).await;
    let session = real.grant.session.to_string();
    for (route, method) in guarded() {
        // The device's door counts failures, and would answer that this is too fast.
        if route.gate == Gate::Device {
            continue;
        }
        let path = path(route, &session);
        let with = |cookie: &str| {
            let request = request(&relay, method, &path)
                .header("origin", relay.origin())
                .header(SESSION_HEADER, &session);
            if cookie.is_empty() {
                request
            } else {
                request.header("cookie", cookie)
            }
        };
        let wrong_value = format!("__Host-hibiki-{session}=AAAA");
        let twice = format!("{}; {}", real.cookie, real.cookie);
        for cookie in ["", "garbage", &wrong_value, &twice] {
            assert_eq!(
                with(cookie).send().await.unwrap().status(),
                401,
                "{method} {} with {cookie:?}",
                route.path
            );
        }
    }
}

#[tokio::test]
async fn somebody_of_another_consult_sees_nothing_of_this_one() {
    let relay = Relay::start().await;
    let stranger: Entered = relay.enter_at(Role::Cardiologist, other_consult()).await;
    for (route, method) in guarded() {
        if route.gate == Gate::Device || !route.path.contains("{consult}") {
            continue;
        }
        let there = path(route, "");
        let nowhere = there.replace(&consult().to_string(), &Uuid::new_v4().to_string());
        let mut answers = Vec::new();
        for path in [&there, &nowhere] {
            let request = request(&relay, method, path)
                .header("cookie", &stranger.cookie)
                .header("origin", relay.origin());
            let answer = request
                .header(SESSION_HEADER, stranger.grant.session.to_string())
                .send()
                .await
                .unwrap();
            answers.push((answer.status().as_u16(), answer.text().await.unwrap()));
        }
        assert_eq!(answers[0].0, 404, "{method} {}", route.path);
        assert_eq!(
            answers[0], answers[1],
            "{method} {}: what exists looks like what does not",
            route.path
        );
    }
}

#[tokio::test]
async fn a_ticket_for_one_consult_opens_no_media_of_another_and_stays_good() {
    let relay = Relay::start().await;
    let ticket = relay.ticket(Role::Cardiologist, other_consult()).await;
    let post = |consult: wire::ConsultId| {
        let request = relay
            .client
            .post(relay.api(&format!("consults/{consult}/whep")))
            .bearer_auth(&ticket);
        request
            .header("content-type", "application/sdp")
            .body("v=0")
    };
    assert_eq!(
        code(post(consult()).send().await.unwrap()).await,
        (401, "ticketUnknown".to_owned())
    );
    assert_eq!(
        code(post(other_consult()).send().await.unwrap()).await.1,
        "noPicture"
    );
}

#[tokio::test]
async fn the_demo_door_is_shut_where_no_demo_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = crate::support::program();
    command.args([
        "serve",
        "--announce",
        "--plain-http",
        "--measuring",
        "false",
        "--http",
        "127.0.0.1:0",
        "--metrics",
        "127.0.0.1:0",
        "--data",
    ]);
    let mut child = command
        .arg(folder.path().join("data"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(child.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let origin = format!("http://{}", told["http"].as_str().unwrap());
    let client = crate::support::client();
    for (method, path) in [("GET", "demo"), ("POST", "demo/tickets")] {
        let answer = client
            .request(method.parse().unwrap(), format!("{origin}/api/v1/{path}"))
            .json(&serde_json::json!({}))
            .send()
            .await
            .unwrap();
        assert_eq!(code(answer).await, (404, "notFound".to_owned()), "{path}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn every_route_takes_its_methods_and_no_other() {
    let relay = Relay::start().await;
    let who = relay.enter(Role::VisitingPhysician).await;
    for route in ROUTES.iter().filter(|route| {
        matches!(
            route.gate,
            Gate::Session | Gate::Reader | Gate::MediaResource
        )
    }) {
        let path = path(route, &who.grant.session.to_string());
        let path = path.strip_prefix("/api/v1/").unwrap();
        let other = match route.methods.contains(&"PUT") {
            true => "POST",
            false => "PUT",
        };
        assert_eq!(
            relay.asks(&who, other, path).send().await.unwrap().status(),
            405,
            "{other} {path}"
        );
        for method in route
            .methods
            .iter()
            .filter(|method| **method != "DELETE" || route.gate != Gate::Reader)
        {
            assert_ne!(
                relay
                    .asks(&who, method, path)
                    .send()
                    .await
                    .unwrap()
                    .status(),
                405,
                "{method} {path}"
            );
        }
    }
    let nothing = relay.client.get(relay.api("nothing")).send().await.unwrap();
    assert_eq!(code(nothing).await, (404, "notFound".to_owned()));
}
