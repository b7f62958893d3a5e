//! The command-line tools work beside a running relay.

use crate::support::{Relay, code, program, runs};
use serde_json::json;

pub fn tool(relay: &Relay, args: &[&str]) -> String {
    let mut command = program();
    command.args(args).arg("--data").arg(&relay.data);
    let (status, out, err) = runs(&mut command);
    assert_eq!(status, 0, "{args:?}: {err}");
    out.trim().to_owned()
}

#[tokio::test]
async fn a_consult_is_opened_a_person_added_and_let_in_by_a_link() {
    let relay = Relay::start().await;
    let consult = tool(&relay, &["consult", "open", "--alias", "訪問 9"]);
    let person = tool(
        &relay,
        &[
            "person",
            "add",
            "--name",
            "渡辺 恵",
            "--role",
            "cardiologist",
            "--consult",
            &consult,
        ],
    );
    let link = tool(
        &relay,
        &["ticket", "--person", &person, "--consult", &consult],
    );
    let (page, ticket) = link.split_once("#ticket=").unwrap();
    assert!(page.ends_with(&format!("/consults/{consult}")), "{link}");
    let entered = relay
        .client
        .post(relay.api("sessions"))
        .json(&json!({ "ticket": ticket }))
        .send()
        .await
        .unwrap();
    assert_eq!(entered.status(), 201);
    let grant: serde_json::Value = entered.json().await.unwrap();
    assert_eq!(
        (&grant["name"], &grant["initials"], &grant["role"]),
        (&json!("渡辺 恵"), &json!("渡"), &json!("cardiologist"))
    );
    assert!(tool(&relay, &["consult", "list"]).contains("訪問 9"));
    tool(&relay, &["consult", "close", "--consult", &consult]);
    assert!(!tool(&relay, &["consult", "list"]).contains("訪問 9"));
    let link = tool(
        &relay,
        &["ticket", "--person", &person, "--consult", &consult],
    );
    assert!(
        link.contains(&format!("/consults/{consult}/replay#ticket=")),
        "what is over can be replayed: {link}"
    );
}

#[tokio::test]
async fn a_device_buys_tickets_with_its_key_until_it_is_revoked() {
    let relay = Relay::start().await;
    let consult = crate::support::consult().to_string();
    let told = tool(
        &relay,
        &["device", "add", "--name", "bag", "--consult", &consult],
    );
    let told: toml::Table = told.parse().unwrap();
    let (device, key) = (
        told["device"].as_str().unwrap().to_owned(),
        told["key"].as_str().unwrap().to_owned(),
    );
    let buys = |key: &str, consult: String| {
        let request = relay
            .client
            .post(relay.api(&format!("devices/{device}/tickets")))
            .bearer_auth(key);
        request.json(&json!({ "consult": consult })).send()
    };
    assert_eq!(buys(&key, consult.clone()).await.unwrap().status(), 200);
    assert_eq!(
        code(buys("wrong", consult.clone()).await.unwrap()).await,
        (401, "noEntry".to_owned())
    );
    let elsewhere = crate::support::other_consult().to_string();
    let nowhere = wire::ConsultId::random().to_string();
    assert_eq!(
        code(buys(&key, elsewhere).await.unwrap()).await,
        code(buys(&key, nowhere).await.unwrap()).await
    );
    tool(&relay, &["device", "revoke", "--device", &device]);
    assert_eq!(
        code(buys(&key, consult).await.unwrap()).await,
        (401, "noEntry".to_owned())
    );
}

#[tokio::test]
async fn a_tool_says_what_is_not_there() {
    let relay = Relay::start().await;
    let nobody = wire::PersonId::random().to_string();
    let mut command = program();
    command
        .args([
            "ticket",
            "--person",
            &nobody,
            "--consult",
            &crate::support::consult().to_string(),
            "--data",
        ])
        .arg(&relay.data);
    let (status, _, said) = runs(&mut command);
    assert!(status == 2 && said.contains("no role"), "{said}");
    let mut command = program();
    command.args([
        "ticket",
        "--person",
        "x",
        "--consult",
        "y",
        "--data",
        "/tmp/none",
    ]);
    let (status, _, said) = runs(&mut command);
    assert!(status == 2 && said.contains("lower-case UUID"), "{said}");
}
