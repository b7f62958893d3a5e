//! Malformed SDP and JSON, a 10 MB message, a stroke with a million points: each gets one clear answer, and the people
//! in the consult notice nothing.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::fmt::Write;
use stories::door::problem;
use stories::person::Person;
use stories::story::{Plan, Story, tell};
use stories::stranger::Stranger;
use stories::wait::{ms, secs};
use wire::ids::{AnnotationId, StreamId};
use wire::people::Role;
use wire::problem::ProblemCode;

/// Somebody who draws and somebody who watches.
struct AtWork {
    doctor: Person,
    bedside: Person,
    /// What was drawn so far.
    marks: Vec<AnnotationId>,
}

/// Two at work, both undisturbed so far.
async fn two_at_work(story: &Story) -> Result<AtWork> {
    let (doctor, bedside) = story.both().await?;
    doctor.sees_picture_within(secs(5)).await?;
    bedside.sees_picture_within(secs(5)).await?;
    doctor.takes_pen().await?;
    // A page that opens beside them takes the processor for a moment; only what comes from here on is a disturbance.
    for person in [&doctor, &bedside] {
        person.picture_moves().await?;
        person.page().eval::<bool>(FORGET_FRAMES, ()).await?;
    }
    Ok(AtWork {
        doctor,
        bedside,
        marks: Vec::new(),
    })
}

const FORGET_FRAMES: &str = "() => { hibikiWitness.frames.length = 0; return true; }";

impl AtWork {
    /// They still are: the picture moved all the time and a mark goes through; those before it are still there.
    async fn noticed_nothing(&mut self, sent: &str) -> Result<()> {
        for person in [&self.doctor, &self.bedside] {
            person.picture_moves().await?;
            let frames = person.frames().await?;
            let gap = frames
                .windows(2)
                .filter_map(|pair| Some(pair.get(1)?.at - pair.first()?.at))
                .fold(0.0, f64::max);
            ensure!(
                gap < 500.0,
                "a {:?} saw the picture stand still for {gap:.0} ms after {sent}",
                person.role
            );
            person.has_a_clean_console().await?;
        }
        let stroke = self.doctor.draws_stroke(&[(0.2, 0.8), (0.4, 0.8)]).await?;
        self.bedside.sees_mark_within(&stroke.mark, ms(500)).await?;
        self.marks.push(stroke.mark.id);
        self.bedside.holds_marks_within(&self.marks, secs(1)).await
    }
}

#[test]
fn what_nobody_should_send_is_refused_and_the_others_notice_nothing() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let mut people = two_at_work(&story).await?;
        let stream = people.bedside.stream().await?;
        ten_megabytes_end_only_their_own_socket(&story).await?;
        people.noticed_nothing("ten megabytes").await?;
        a_million_points_are_refused(&story, stream).await?;
        people.noticed_nothing("a million points").await?;
        no_messages_are_refused_one_by_one(&story, stream).await?;
        people.noticed_nothing("what is no message").await?;
        is_refused_at(&story, &story.door().whep(story.consult())).await?;
        people.noticed_nothing("what is no SDP").await
    })
}

async fn ten_megabytes_end_only_their_own_socket(story: &Story) -> Result<()> {
    let mut stranger = Stranger::enters(story, Role::Trainer).await?;
    // The relay may close while the rest is still being sent.
    let _ = stranger
        .says_text(format!("{{\"type\":\"{}\"}}", "x".repeat(10_000_000)))
        .await;
    let said = stranger.is_closed_within(secs(3)).await?;
    ensure!(
        said.is_none() || said.as_deref() == Some("tooLarge"),
        "the relay said {said:?}"
    );
    Ok(())
}

async fn a_million_points_are_refused(story: &Story, stream: StreamId) -> Result<()> {
    let mut stranger = Stranger::enters(story, Role::Trainer).await?;
    let mark = json!({ "type": "mark", "mark": stranger.a_mark(stream, 0) }).to_string();
    let points = r#"{"x":0.5,"y":0.5},"#.repeat(1_000_000);
    let points = format!("\"points\":[{}]", points.trim_end_matches(','));
    let _ = stranger
        .says_text(mark.replace("\"points\":[]", &points))
        .await;
    let said = stranger.is_closed_within(secs(3)).await?;
    ensure!(
        said.is_none() || said.as_deref() == Some("tooLarge"),
        "the relay said {said:?}"
    );
    // As many points as fit into a message, but more than a stroke may have.
    let mut stranger = Stranger::enters(story, Role::Trainer).await?;
    let crowded = r#"{"x":0.5,"y":0.5},"#.repeat(2_100);
    let mut mark = stranger.a_mark(stream, 1);
    mark["shape"] = serde_json::from_str(&format!(
        "{{\"type\":\"stroke\",\"points\":[{}]}}",
        crowded.trim_end_matches(',')
    ))?;
    stranger
        .says(&json!({ "type": "mark", "mark": mark }))
        .await?;
    ensure!(stranger.is_refused_within(secs(2)).await? == "markRefused");
    Ok(())
}

async fn no_messages_are_refused_one_by_one(story: &Story, stream: StreamId) -> Result<()> {
    let mut deep = String::new();
    for _ in 0..5_000 {
        deep.write_str("[")?;
    }
    for wrong in [
        "",
        "{",
        "null",
        "[]",
        "{\"type\":\"unheardOf\"}",
        "{\"type\":\"mark\"}",
        deep.as_str(),
    ] {
        let mut stranger = Stranger::enters(story, Role::Trainer).await?;
        stranger.says_text(wrong.to_owned()).await?;
        let code = stranger
            .is_refused_within(secs(2))
            .await
            .with_context(|| format!("{wrong:.20}"))?;
        ensure!(
            ["messageRefused", "markRefused", "badJson"].contains(&code.as_str()),
            "{wrong:.20} was answered with {code}"
        );
        // The same socket goes on.
        stranger.says(&json!({ "type": "ping", "id": 7 })).await?;
        stranger
            .hears_within(secs(2), |m| m["type"] == "pong" && m["id"] == 7)
            .await?;
    }
    for (name, value) in [
        ("x", json!(1.5)),
        ("x", json!(-0.1)),
        ("x", json!(null)),
        ("y", json!("0.5")),
    ] {
        let mut stranger = Stranger::enters(story, Role::Trainer).await?;
        let mut mark = stranger.a_mark(stream, 2);
        mark["shape"]["points"][0][name] = value;
        stranger
            .says(&json!({ "type": "mark", "mark": mark }))
            .await?;
        let code = stranger.is_refused_within(secs(2)).await?;
        ensure!(code == "messageRefused" || code == "markRefused", "{code}");
    }
    // One who says nothing else is shown the door.
    let mut stranger = Stranger::enters(story, Role::Trainer).await?;
    for _ in 0..10 {
        let _ = stranger.says_text("{".to_owned()).await;
    }
    stranger.is_closed_within(secs(2)).await?;
    Ok(())
}

#[test]
fn a_publisher_without_an_sdp_is_refused_in_one_sentence() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        is_refused_at(&story, &story.door().whip(story.consult())).await?;
        // The place is still free for one who can.
        story.start_agent("test:", &[]).await?;
        story
            .cardiologist()
            .await?
            .sees_picture_within(secs(8))
            .await
    })
}

async fn is_refused_at(story: &Story, url: &str) -> Result<()> {
    let door = story.door();
    let who = door.enter(Role::VisitingPhysician, story.consult()).await?;
    let long = format!("v=0\r\n{}", "a=x\r\n".repeat(30_000));
    for (sdp, code) in [
        (String::new(), ProblemCode::BadSdp),
        ("hello".to_owned(), ProblemCode::BadSdp),
        (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n".to_owned(),
            ProblemCode::BadSdp,
        ),
        ("\u{0}\u{1}\u{ff}".to_owned(), ProblemCode::BadSdp),
        (long, ProblemCode::TooLarge),
    ] {
        let refused = problem(door.post_sdp(url, &who, sdp.clone()).await?).await?;
        ensure!(refused.code == code, "{url} with {sdp:.20?}: {refused:?}");
        ensure!(
            !refused.title.contains("hello"),
            "the answer repeats what was sent: {refused:?}"
        );
    }
    Ok(())
}

#[test]
fn a_body_that_is_no_json_is_refused_in_one_sentence() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let door = story.door();
        let post = |body: String| {
            door.http()
                .post(door.api("sessions"))
                .header("content-type", "application/json")
                .body(body)
                .send()
        };
        for body in [
            "",
            "{",
            "{\"ticket\":7}",
            "{\"ticket\":\"a\",\"more\":1}",
            "[1,2",
        ] {
            let refused = problem(post(body.to_owned()).await?).await?;
            ensure!(refused.code == ProblemCode::BadJson, "{body}: {refused:?}");
        }
        let refused =
            problem(post(format!("{{\"ticket\":\"{}\"}}", "x".repeat(100_000))).await?).await?;
        ensure!(refused.code == ProblemCode::TooLarge, "{refused:?}");
        Ok(())
    })
}
