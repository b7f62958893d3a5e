//! Which configurations are taken, and the sentence that each of the others gets.

use super::*;

fn faults(toml: &str) -> Vec<&'static str> {
    let asked: Layers = toml::from_str(toml).unwrap();
    settle(asked, false)
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|fault| fault.key)
        .collect()
}

const SAFE: &str = "data = \"/d\"\nhttp = \"203.0.113.7:443\"\norigins = [\"https://hibiki.example.jp\"]\ntls_certificate = \"c\"\ntls_key = \"k\"\n";

#[test]
fn voices_are_recorded_where_somebody_says_so_and_pictures_are() {
    let with = |more: &str| {
        let asked = toml::from_str(&format!("{SAFE}measuring = false\n{more}")).unwrap();
        settle(asked, false).map(|config| config.settings.voice_recording)
    };
    assert_eq!(with(""), Ok(false), "off by default");
    assert_eq!(with("recording = true"), Ok(false), "pictures alone");
    assert_eq!(with("recording = true\nvoice_recording = true"), Ok(true));
    let refused = with("voice_recording = true").unwrap_err();
    assert_eq!(refused[0].key, "voice_recording");
    let demo = |more: &str| {
        let asked = toml::from_str(&format!("data = \"/d\"\ndemo = true\n{more}")).unwrap();
        settle(asked, false).map(|config| config.settings.voice_recording)
    };
    assert_eq!(demo(""), Ok(true));
    assert_eq!(demo("recording = false"), Ok(false));
    assert_eq!(demo("voice_recording = false"), Ok(false));
}

#[test]
fn a_safe_installation_is_taken() {
    assert_eq!(faults(&format!("{SAFE}measuring = false")), [""; 0]);
    assert_eq!(faults("data = \"/d\"\ndemo = true"), [""; 0]);
    assert_eq!(
        faults("data = \"/d\"\nplain_http = true\nmeasuring = true"),
        [""; 0]
    );
}

#[test]
fn every_unsafe_or_senseless_setting_has_its_sentence() {
    let cases = [
        (
            "data = \"/d\"\nhttp = \"0.0.0.0:80\"\nplain_http = true\nmeasuring = true\norigins = [\"http://a\"]\nmedia_public = [\"203.0.113.1\"]",
            "tls_certificate",
        ),
        (
            "data = \"/d\"\ndemo = true\nhttp = \"10.0.0.1:8080\"",
            "demo",
        ),
        (
            "data = \"/d\"\ndemo = true\nmedia = \"10.0.0.1:8080\"",
            "demo",
        ),
        ("data = \"/d\"\nmeasuring = true", "plain_http"),
        ("data = \"/d\"\nplain_http = true", "measuring"),
        ("data = \"/d\"\ndemo = true\nhttp = \"127.0.0.1:0\"", "http"),
        (
            "data = \"/d\"\ndemo = true\nmedia_tcp = \"127.0.0.1:8080\"",
            "media_tcp",
        ),
        (
            "data = \"/d\"\ndemo = true\nmedia_tcp = \"127.0.0.1:9090\"",
            "media_tcp",
        ),
        (
            "data = \"/d\"\ndemo = true\nmedia_tcp = \"127.0.0.1:0\"",
            "media_tcp",
        ),
        (
            "data = \"/d\"\ndemo = true\nmedia_tcp = \"10.0.0.1:8443\"",
            "demo",
        ),
        (
            "data = \"/d\"\nplain_http = true\nmeasuring = true\nmedia = \"127.0.0.1:443\"",
            "media",
        ),
        (
            "data = \"/d\"\nplain_http = true\nmeasuring = true\nmedia_tcp = \"127.0.0.1:444\"",
            "media_tcp",
        ),
        ("demo = true", "data"),
        (
            "data = \"/d\"\ndemo = true\nquick_mark_seconds = 0",
            "quick_mark_seconds",
        ),
        (
            "data = \"/d\"\ndemo = true\nticket_seconds = 86400",
            "ticket_seconds",
        ),
        (
            "data = \"/d\"\ndemo = true\ntls_key = \"k\"",
            "tls_certificate",
        ),
        ("data = \"/d\"\ndemo = true\nlog_form = \"xml\"", "log_form"),
        (
            "data = \"/d\"\ndemo = true\nviewer_dir = \"/does/not/exist\"",
            "viewer_dir",
        ),
        ("data = \"/d\"\ndemo = true\nmax_peers = 0", "max_peers"),
        ("data = \"/d\"\ndemo = true\nclips_mib = 0", "clips_mib"),
        ("data = \"/d\"\ndemo = true\nreserve_mib = 0", "reserve_mib"),
        ("data = \"/d\"\ndemo = true\nmax_peers = 10001", "max_peers"),
        (
            "data = \"/d\"\ndemo = true\nclips_mib = 9000000000000000000",
            "clips_mib",
        ),
        (
            "data = \"/d\"\ndemo = true\nreserve_mib = 9000000000000000000",
            "reserve_mib",
        ),
        (
            "data = \"/d\"\ndemo = true\nmetrics = \"127.0.0.1:8080\"",
            "metrics",
        ),
        (
            "data = \"/d\"\ndemo = true\nmetrics = \"0.0.0.0:8080\"",
            "metrics",
        ),
        ("data = \"/d\"\ndemo = true\nlog = \"relay=loud\"", "log"),
        (
            "data = \"/d\"\ndemo = true\norigins = [\"https://a/path\"]",
            "origins",
        ),
    ];
    for (toml, key) in cases {
        assert!(
            faults(toml).contains(&key),
            "{key}: {:?} for {toml}",
            faults(toml)
        );
    }
    assert_eq!(faults(SAFE), ["measuring"]);
    assert_eq!(
        faults(&format!("{SAFE}measuring = false\nmedia = \"0.0.0.0:443\"")),
        ["media_public"]
    );
    assert!(faults("data = \"/d\"\nmeasuring = true\nhttp = \"203.0.113.7:443\"\ntls_certificate = \"c\"\ntls_key = \"k\"").contains(&"origins"));
}

#[test]
fn media_over_tcp_has_the_number_of_the_udp_port_unless_the_pages_have_it() {
    let tcp = |more: &str| {
        let asked = toml::from_str(&format!("data = \"/d\"\ndemo = true\n{more}")).unwrap();
        settle(asked, false).unwrap().media_tcp
    };
    let at = |text: &str| Some(text.parse().unwrap());
    assert_eq!(tcp(""), None, "the pages have it");
    assert_eq!(tcp("media = \"127.0.0.1:8443\""), at("127.0.0.1:8443"));
    assert_eq!(tcp("media_tcp = \"127.0.0.1:8444\""), at("127.0.0.1:8444"));
    assert_eq!(tcp("media = \"127.0.0.1:8443\"\nmedia_tcp = \"off\""), None);
}

#[test]
fn all_faults_are_told_at_once() {
    assert!(faults("http = \"10.0.0.1:0\"").len() >= 5);
}
