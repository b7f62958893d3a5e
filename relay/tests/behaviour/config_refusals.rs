//! A configuration that cannot be used is told in sentences, with exit code 2; so is a data folder, with 3.

use crate::support::{program, runs};

fn told(args: &[&str], env: &[(&str, &str)], file: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.toml");
    std::fs::write(&path, file).unwrap();
    let mut command = program();
    command
        .arg("--config")
        .arg(&path)
        .arg("check-config")
        .args(args)
        .envs(env.iter().copied());
    let (status, out, err) = runs(&mut command);
    (status, out + &err)
}

const DEMO: &str = "demo = true\ndata = \"/tmp/none\"\n";

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let file = format!("{DEMO}http = \"127.0.0.1:7001\"\n");
    assert!(told(&[], &[], &file).1.contains("127.0.0.1:7001"));
    let env = [("HIBIKI_RELAY_HTTP", "127.0.0.1:7002")];
    assert!(told(&[], &env, &file).1.contains("127.0.0.1:7002"));
    assert!(
        told(&["--http", "127.0.0.1:7003"], &env, &file)
            .1
            .contains("127.0.0.1:7003")
    );
}

#[test]
fn what_cannot_be_used_is_named_with_what_to_do() {
    for (file, words) in [
        ("demmo = true", vec!["line 1", "`demmo`"]),
        ("demo = \"perhaps\"", vec!["line 1"]),
        ("http = ", vec!["line 1"]),
        (
            "http = \"0.0.0.0:80\"\ndata = \"/d\"\nmeasuring = true",
            vec!["tls_certificate", "origins", "media_public"],
        ),
        (
            "demo = true\ndata = \"/d\"\nhttp = \"192.0.2.1:8080\"",
            vec!["demo", "loopback"],
        ),
        (
            "plain_http = true\ndata = \"/d\"",
            vec!["measuring", "medical device"],
        ),
        ("demo = true", vec!["data"]),
        (
            "demo = true\ndata = \"/d\"\nclips_mib = 9000000000000000000\nlog = \"relay=loud\"",
            vec!["clips_mib", "log: "],
        ),
        (
            "demo = true\ndata = \"/d\"\nhttp = \"127.0.0.1:0\"",
            vec!["port 0"],
        ),
    ] {
        let (status, said) = told(&[], &[], file);
        assert_eq!(status, 2, "{file}: {said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not in: {said}");
        }
        assert!(!said.contains("panicked"));
    }
    assert_eq!(told(&["--no-such-flag"], &[], DEMO).0, 2);
    assert_eq!(told(&["--http", "nowhere"], &[], DEMO).0, 2);
}

#[test]
fn a_certificate_is_read_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, "no key").unwrap();
    let file = format!(
        "data = \"/d\"\nmeasuring = false\nhttp = \"127.0.0.1:8443\"\ntls_certificate = \"{0}\"\ntls_key = \"{0}\"",
        key.display()
    );
    let (status, said) = told(&[], &[], &file);
    assert_eq!(status, 2);
    assert!(
        said.contains("tls_certificate") && said.contains("no certificate"),
        "{said}"
    );
}

#[test]
fn a_taken_port_a_file_in_place_of_the_folder_and_a_newer_database_have_codes_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let serve = |data: &std::path::Path, http: &str| {
        let mut command = program();
        command
            .args([
                "serve",
                "--demo",
                "--announce",
                "--metrics",
                "127.0.0.1:0",
                "--media",
                "127.0.0.1:0",
                "--http",
                http,
                "--data",
            ])
            .arg(data);
        runs(&mut command)
    };
    let (status, _, said) = serve(&folder.path().join("a"), &address);
    assert_eq!(status, 4);
    assert!(
        said.contains(&address) && said.contains("another relay"),
        "{said}"
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(serve(&file, "127.0.0.1:0").0, 3);
    let newer = relay::store::DataFolder::at(&folder.path().join("b"))
        .unwrap()
        .database()
        .unwrap();
    rusqlite::Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let (status, _, said) = serve(&folder.path().join("b"), "127.0.0.1:0");
    assert_eq!(status, 3);
    assert!(said.contains("newer relay"), "{said}");
}
