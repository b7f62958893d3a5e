//! The pages: from a folder, from inside, and what is said when there are none.

use crate::support::Relay;
use std::fs;

#[tokio::test]
async fn a_folder_is_served_and_nothing_outside_it() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    fs::create_dir_all(dist.join("assets")).unwrap();
    fs::write(dist.join("index.html"), "<title>hibiki</title>").unwrap();
    fs::write(dist.join("assets/main-1a2b.js"), "export {}").unwrap();
    fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let relay = Relay::with(&["--viewer-dir", dist.to_str().unwrap()]).await;
    for path in [
        "",
        "consults/0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44",
        "visits/x",
    ] {
        let answer = relay
            .client
            .get(format!("{}/{path}", relay.origin()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert!(answer.text().await.unwrap().contains("hibiki"));
    }
    let script = relay
        .client
        .get(format!("{}/assets/main-1a2b.js", relay.origin()))
        .send()
        .await
        .unwrap();
    assert_eq!(
        script.headers()["content-type"],
        "text/javascript; charset=utf-8"
    );
    for path in [
        "secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "assets/../../secret.txt",
        "assets",
        "/etc/passwd",
        "other",
    ] {
        let answer = relay
            .client
            .get(format!("{}/{path}", relay.origin()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn pages_inside_are_kept_by_name_and_asked_for_by_tag() {
    let relay = Relay::start().await;
    let index = relay.client.get(relay.origin()).send().await.unwrap();
    if index.status() == 503 {
        let told = index.text().await.unwrap();
        assert!(
            told.contains("make setup") && told.contains("--viewer-dir"),
            "{told}"
        );
        return;
    }
    assert_eq!(index.headers()["cache-control"], "no-cache");
    let tag = index.headers()["etag"].clone();
    let again = relay
        .client
        .get(relay.origin())
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let html = index.text().await.unwrap();
    let script = html
        .split('"')
        .find(|part| part.starts_with("/assets/") && part.ends_with(".js"))
        .expect("a script")
        .to_owned();
    let script = relay
        .client
        .get(format!("{}{script}", relay.origin()))
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .unwrap();
    assert_eq!(script.headers()["content-encoding"], "gzip");
    assert_eq!(
        script.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
}
