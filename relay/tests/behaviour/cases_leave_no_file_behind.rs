//! Consent that is taken back takes the files along: whatever was being made, replaced or removed when the relay was killed.

use crate::cases_carry_no_identity::{asks, closed, facts, made};
use crate::support::{Entered, LIMIT, Relay};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wire::CaseId;
use wire::case::CaseAbout;

const FAR: u64 = 4_000_000_000_000_000;
const DAY_US: i64 = 24 * 3_600 * 1_000_000;

fn folder(relay: &Relay, case: &CaseAbout) -> PathBuf {
    relay.data.join("cases").join(case.summary.case.to_string())
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

async fn comes_true(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn rows(relay: &Relay) -> rusqlite::Connection {
    rusqlite::Connection::open(relay.data.join("relay.db")).unwrap()
}

fn blank(right: u32) -> Value {
    json!({ "keep": [], "blank": [{ "left": 10, "top": 10, "right": right, "bottom": 40 }] })
}

async fn covers(relay: &Relay, who: &Entered, case: &CaseAbout, right: u32) -> reqwest::Response {
    let path = format!("cases/{}/clips/1/cover", case.summary.case);
    asks(relay, who, "PUT", &path, Some(blank(right))).await
}

#[tokio::test]
async fn a_clip_that_is_made_anew_takes_the_place_of_the_one_before() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    let folder = folder(&relay, &case);
    assert_eq!(files(&folder), 3, "a clip, its marks and its log");
    for right in [50, 60, 70] {
        assert_eq!(covers(&relay, &trainer, &case, right).await.status(), 200);
        assert_eq!(files(&folder), 3);
    }
}

#[tokio::test]
async fn what_a_crash_left_of_withdrawn_old_and_half_made_cases_is_gone_after_the_next_start() {
    let mut relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now_us = i64::try_from(now.as_micros()).unwrap();
    let mut cases = Vec::new();
    for change in [
        // Killed between row and files.
        "withdrawn_at = 1, key = NULL".to_owned(),
        format!("expires_at = {}", now_us - 31 * DAY_US),
        // Perhaps a clock that was wrong for some days.
        format!("expires_at = {}", now_us - DAY_US),
        "difficulty = 1".to_owned(),
    ] {
        let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
        let id = case.summary.case.to_string();
        rows(&relay)
            .execute(&format!("UPDATE cases SET {change} WHERE id = ?1"), [id])
            .unwrap();
        cases.push(case);
    }
    // Killed while one was made, while another was removed, and while a clip was made anew.
    let half = relay.data.join("cases").join(CaseId::random().to_string());
    let going = relay
        .data
        .join("cases")
        .join(format!("{}.gone", CaseId::random()));
    for folder in [&half, &going] {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(
            folder.join(format!("{}.dcm", wire::ClipId::random())),
            b"heart",
        )
        .unwrap();
    }
    let replaced = folder(&relay, &cases[3]).join(format!("{}.dcm", wire::ClipId::random()));
    let unnamed = replaced.with_extension("new");
    for file in [&replaced, &unnamed] {
        std::fs::write(file, b"heart").unwrap();
    }
    relay.kill();
    relay.start_again().await;
    let [withdrawn, old, over, live] = [0, 1, 2, 3].map(|at| folder(&relay, &cases[at]));
    let gone = [&withdrawn, &old, &half, &going, &replaced, &unnamed];
    comes_true("files of nothing are still there", || {
        !gone.iter().any(|path| path.exists())
    })
    .await;
    assert_eq!((files(&over), files(&live)), (3, 3));
    let frame = format!("cases/{}/clips/1/frames/0", cases[3].summary.case);
    assert_eq!(
        asks(&relay, &trainer, "GET", &frame, None).await.status(),
        200
    );
    let key = "SELECT count(*) FROM cases WHERE key IS NOT NULL AND withdrawn_at IS NOT NULL";
    let keys: u32 = rows(&relay).query_row(key, [], |row| row.get(0)).unwrap();
    assert_eq!(keys, 0, "the key of a case that ended is forgotten");
}

#[tokio::test]
async fn a_case_that_is_withdrawn_while_a_clip_of_it_is_made_anew_keeps_no_file() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    for wait_ms in [0, 40, 120] {
        let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
        let path = format!("cases/{}", case.summary.case);
        let withdrawal = async {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            asks(&relay, &trainer, "DELETE", &path, None).await.status()
        };
        let (covered, gone) = tokio::join!(covers(&relay, &trainer, &case, 50), withdrawal);
        assert_eq!(gone, 204);
        assert!(
            [200, 404, 409, 503].contains(&covered.status().as_u16()),
            "{covered:?}"
        );
        assert!(!folder(&relay, &case).exists(), "after {wait_ms} ms");
        // The same once more finds nothing to do, whatever became of the first answer.
        assert_eq!(
            asks(&relay, &trainer, "DELETE", &path, None).await.status(),
            204
        );
    }
}

#[tokio::test]
async fn a_case_whose_time_is_over_can_be_withdrawn_and_a_page_that_went_away_leaves_nothing() {
    let relay = Relay::start().await;
    let (trainer, sample) = closed(&relay).await;
    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    rows(&relay)
        .execute("UPDATE cases SET expires_at = 1", [])
        .unwrap();
    let path = format!("cases/{}", case.summary.case);
    assert_eq!(
        asks(&relay, &trainer, "DELETE", &path, None).await.status(),
        204
    );
    assert!(!folder(&relay, &case).exists());

    let case = made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    let path = format!("cases/{}", case.summary.case);
    let away = tokio::time::timeout(
        Duration::from_millis(30),
        covers(&relay, &trainer, &case, 50),
    );
    drop(away.await);
    assert_eq!(
        asks(&relay, &trainer, "DELETE", &path, None).await.status(),
        204
    );
    // The next one is made only when the one that nobody waits for is done.
    made(&relay, &trainer, &sample, facts("teaching", FAR)).await;
    assert!(!folder(&relay, &case).exists());
}
