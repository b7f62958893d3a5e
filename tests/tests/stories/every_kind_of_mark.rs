//! Strokes, arrows and words in every colour reach the bedside, live and on a freeze, each on the frame it was made for.

use anyhow::{Context as _, Result, ensure};
use stories::person::{Person, Stroke};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::mark::{Anchor, DrawnOn, Pen, Shape};

const WORDS: &str = "中隔の動き";

/// The other page has the same mark, in its colour, at the place where it was made.
async fn sees_it_in_its_colour(bedside: &Person, made: &Stroke, at: (f64, f64)) -> Result<()> {
    let mark = &made.mark;
    bedside.sees_mark_within(mark, secs(2)).await?;
    bedside
        .sees_ink_of_within(mark.pen, at.0, at.1, secs(1))
        .await
}

fn belongs_to_the_frame_under_the_hand(made: &Stroke) -> Result<()> {
    let Anchor::Live { rtp_time, .. } = made.mark.anchor;
    let under = made.down.frame.context("a frame was under the hand")?.rtp;
    ensure!(
        made.mark.drawn_on == DrawnOn::Running && under == Some(rtp_time),
        "under the hand was {under:?}: {:?}",
        made.mark
    );
    Ok(())
}

async fn draws_arrow(
    person: &Person,
    pen: Pen,
    from: (f64, f64),
    to: (f64, f64),
) -> Result<Stroke> {
    person.picks_pen(pen).await?;
    person.takes_tool("arrow").await?;
    let made = person.draws_stroke(&[from, to]).await?;
    ensure!(
        made.mark.pen == pen && matches!(made.mark.shape, Shape::Arrow { .. }),
        "{:?}",
        made.mark
    );
    Ok(made)
}

async fn writes(person: &Person, pen: Pen, at: (f64, f64)) -> Result<Stroke> {
    person.picks_pen(pen).await?;
    let made = person.writes_label(at, WORDS).await?;
    ensure!(
        made.mark.pen == pen
            && matches!(&made.mark.shape, Shape::Label { text, .. } if text.as_str() == WORDS),
        "{:?}",
        made.mark
    );
    Ok(made)
}

#[test]
fn arrows_words_and_strokes_in_each_colour_reach_the_bedside_and_those_on_a_freeze_go_with_it()
-> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor.picture_moves().await?;
        let (tip, place) = ((0.35, 0.3), (0.6, 0.3));
        let arrow = draws_arrow(&doctor, Pen::Orange, (0.2, 0.2), tip).await?;
        let words = writes(&doctor, Pen::Violet, place).await?;
        for (made, at) in [(&arrow, tip), (&words, place)] {
            belongs_to_the_frame_under_the_hand(made)?;
            sees_it_in_its_colour(&bedside, made, at).await?;
        }

        let anchor = doctor.freezes().await?;
        bedside.stands_on_frozen_frame_within(secs(2)).await?;
        for (x, y) in [tip, place] {
            bedside.loses_ink_at_within(x, y, secs(2)).await?;
        }
        let (tip, place, end) = ((0.35, 0.7), (0.6, 0.7), (0.6, 0.5));
        let arrow = draws_arrow(&doctor, Pen::White, (0.2, 0.8), tip).await?;
        let words = writes(&doctor, Pen::Orange, place).await?;
        doctor.picks_pen(Pen::Green).await?;
        doctor.takes_pen().await?;
        let stroke = doctor.draws_stroke(&[(0.4, 0.5), end]).await?;
        for (made, at) in [(&arrow, tip), (&words, place), (&stroke, end)] {
            ensure!(
                made.mark.anchor == anchor && made.mark.drawn_on == DrawnOn::Freeze,
                "{:?}",
                made.mark
            );
            sees_it_in_its_colour(&bedside, made, at).await?;
        }
        doctor.releases().await?;
        for person in [&doctor, &bedside] {
            for (x, y) in [tip, place, end] {
                person.loses_ink_at_within(x, y, secs(2)).await?;
            }
        }
        Ok(())
    })
}
