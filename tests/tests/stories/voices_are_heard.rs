//! People in a consult hear each other beside the picture, see who speaks, get a voice back that their device or their link
//! took away, and know when it is recorded.
//!
//! Chromium's microphone here beeps once a second; what counts is what arrives at the other page.

use crate::screens::axe_finds_nothing;
use anyhow::{Result, ensure};
use stories::link::LinkKind;
use stories::person::Person;
use stories::story::{Plan, Story, tell};
use stories::wait::secs;
use wire::people::Role;

/// Loudness of a beep as it arrives, and of none.
const BEEP: f64 = 0.01;
const SILENCE: f64 = 0.003;
/// Keeps hold of the microphones that the page opens, so that a story can take one away as a telephone does.
const HOLD_MICROPHONES: &str = "() => { const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.microphones = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => { const stream = await open(wanted); microphones.push(stream); return stream; }; }";
const TAKE_AWAY: &str = "() => { const track = microphones.at(-1).getAudioTracks()[0]; track.stop(); track.dispatchEvent(new Event('ended')); }";
/// The telephone number beside the button that mends a voice.
const DIALS: &str = "() => document.querySelector('[data-testid=voice-trouble] [data-testid=phone]').getAttribute('href')";
const LOUDEST: &str = "(ms) => new Promise((done) => { let loudest = 0; const end = performance.now() + ms;
    const look = () => { loudest = Math.max(loudest, Number(document.querySelector('[data-testid=voice]').dataset.heard));
        if (performance.now() < end) setTimeout(look, 50); else done(loudest); }; look(); })";
const HEARS: &str =
    "(beep) => Number(document.querySelector('[data-testid=voice]').dataset.heard) > beep";

pub(crate) async fn joins(person: &Person) -> Result<()> {
    person
        .page()
        .visible("[data-testid=voice-join]", secs(5))
        .await?;
    person.page().click("[data-testid=voice-join]").await?;
    person
        .page()
        .visible("[data-testid=voice][data-state=on]", secs(5))
        .await
}

async fn hears_somebody(person: &Person) -> Result<()> {
    let page = person.page();
    page.until::<bool>("a voice", secs(5), HEARS, BEEP)
        .await
        .map(drop)
}

/// Nothing before the bedside says that everybody agreed; then it stands on both pages and the recording grows; one touch ends it,
/// two more discard it, and the voices go on.
async fn is_recorded_with_consent(story: &Story, doctor: &Person, bedside: &Person) -> Result<()> {
    const WORDS: &str = "音声を録音中";
    ensure!(story.recorded_voice()? == 0, "recorded without a consent");
    let page = bedside.page();
    page.click("[data-testid=consent-open]").await?;
    axe_finds_nothing(bedside, "consent", "desk-ja").await?;
    page.click("[data-testid=consent-patient]").await?;
    for person in [doctor, bedside] {
        person.reads_within(WORDS, secs(2)).await?;
    }
    story.has_recorded_voice(50, secs(5)).await?;
    axe_finds_nothing(doctor, "recorded", "desk-ja").await?;
    page.click("[data-testid=consent-stop]").await?;
    for person in [doctor, bedside] {
        person.no_longer_reads_within(WORDS, secs(2)).await?;
    }
    hears_somebody(doctor).await?;
    let before = story.recorded_voice()?;
    let loudest: f64 = doctor.page().eval(LOUDEST, 1_200).await?;
    let after = story.recorded_voice()?;
    ensure!(
        loudest > BEEP && after == before,
        "heard at {loudest}, and {after} packets after {before}"
    );
    page.click("[data-testid=consent-discard]").await?;
    page.click("[data-testid=consent-discard-sure]").await?;
    bedside.reads_within("破棄されました", secs(3)).await?;
    ensure!(story.recorded_voice()? == 0, "it is still there");
    Ok(())
}

#[test]
fn both_hear_each_other_a_muted_one_is_silent_and_a_voice_that_was_taken_or_cut_comes_back()
-> Result<()> {
    let plan = Plan::calm()
        .recorded()
        .relay_flags(&["--phone", "042-000-0000"]);
    tell(plan, |story| async move {
        let link = story.link(LinkKind::LAN).await?;
        let (doctor, bedside) = tokio::try_join!(story.cardiologist_over(&link), story.bedside())?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(secs(5)).await?;
        }
        doctor.page().eval::<()>(HOLD_MICROPHONES, ()).await?;
        tokio::try_join!(joins(&doctor), joins(&bedside))?;
        tokio::try_join!(hears_somebody(&doctor), hears_somebody(&bedside))?;
        bedside.reads_within("話しています", secs(3)).await?;

        doctor.page().click("[data-testid=voice-mute]").await?;
        bedside.reads_within("マイク切", secs(2)).await?;
        // What is on its way is still heard for a moment.
        let quiet = "(silence) => Number(document.querySelector('[data-testid=voice]').dataset.heard) < silence";
        bedside
            .page()
            .until::<bool>("silence", secs(3), quiet, SILENCE)
            .await?;
        let loudest: f64 = bedside.page().eval(LOUDEST, 1_500).await?;
        ensure!(loudest < SILENCE, "a muted voice is heard at {loudest}");
        doctor.page().press("t").await?;
        hears_somebody(&bedside).await?;

        doctor.page().eval::<()>(TAKE_AWAY, ()).await?;
        doctor.reads_within("マイクを止めました", secs(1)).await?;
        let dials: String = doctor.page().eval(DIALS, ()).await?;
        ensure!(dials == "tel:0420000000", "the telephone dials {dials}");
        doctor.page().click("[data-testid=voice-restore]").await?;
        hears_somebody(&bedside).await?;
        doctor
            .page()
            .gone("[data-testid=voice-trouble]", secs(3))
            .await?;
        doctor.has_a_clean_console().await?;

        is_recorded_with_consent(&story, &doctor, &bedside).await?;

        link.cut();
        bedside.reads_within("声が届いていません", secs(5)).await?;
        link.restore();
        bedside
            .no_longer_reads_within("声が届いていません", secs(5))
            .await?;
        tokio::try_join!(hears_somebody(&doctor), hears_somebody(&bedside))?;
        for person in [&doctor, &bedside] {
            person
                .page()
                .gone("[data-testid=voice-trouble]", secs(3))
                .await?;
        }
        bedside.has_a_clean_console().await
    })
}

#[test]
fn an_observer_hears_and_is_not_heard() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let bedside = story.bedside().await?;
        let observer = story.arrives(Role::Observer).await?;
        bedside.sees_picture_within(secs(5)).await?;
        observer.sees_picture_within(secs(5)).await?;
        tokio::try_join!(joins(&bedside), joins(&observer))?;
        hears_somebody(&observer).await?;
        ensure!(
            observer.page().count("[data-testid=voice-mute]").await? == 0,
            "an observer has a microphone"
        );
        let loudest: f64 = bedside.page().eval(LOUDEST, 1_200).await?;
        ensure!(loudest < SILENCE, "an observer is heard at {loudest}");
        Ok(())
    })
}
