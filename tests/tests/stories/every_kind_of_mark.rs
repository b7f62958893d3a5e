//! Strokes, arrows and words in every colour reach the bedside, live and on a freeze, each on the frame it was made for.

use anyhow::{Context as _, Result, ensure};
use stories::person::{Person, Stroke};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::mark::{Anchor, DrawnOn, Pen, Shape};

const WORDS: &str = "中隔の動き";
/// The cardiologist's of the demo.
const INITIALS: &str = "佐";

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

/// How each pen's line is broken, as a reader of the design and not of the viewer knows it: so that colour is never all that
/// tells two of them apart.
fn is_broken_as_it_should_be(pen: Pen, pieces: &[u32]) -> bool {
    // A dot is as long as the line is wide, a dash several times that. What is cut at an end says nothing.
    let whole = pieces
        .get(1..pieces.len().saturating_sub(1))
        .unwrap_or_default();
    let (dots, dashes) = (
        whole.iter().filter(|length| **length <= 6).count(),
        whole.iter().filter(|length| **length >= 10).count(),
    );
    let all = whole.len() >= 8 && dots + dashes == whole.len();
    match pen {
        Pen::White => pieces.len() == 1,
        Pen::Green => all && dots == 0,
        Pen::Orange => all && dashes == 0,
        Pen::Violet => all && dots.abs_diff(dashes) <= 1,
    }
}

/// A line with each pen on the frozen frame: on the other page each has its own pattern.
async fn tells_pens_apart_without_colour(doctor: &Person, bedside: &Person) -> Result<()> {
    doctor.takes_pen().await?;
    let pens = [Pen::White, Pen::Green, Pen::Orange, Pen::Violet];
    for (pen, y) in pens.into_iter().zip([0.1, 0.2, 0.3, 0.4]) {
        doctor.picks_pen(pen).await?;
        let line = doctor.draws_stroke(&[(0.7, y), (0.95, y)]).await?;
        bedside.sees_mark_within(&line.mark, secs(2)).await?;
        let pieces = bedside.pieces_of_line(pen, (0.71, 0.94), y).await?;
        ensure!(
            is_broken_as_it_should_be(pen, &pieces),
            "the line of the {pen:?} pen has pieces of {pieces:?} pixels"
        );
    }
    Ok(())
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
        // Whose each of them is stands at its first point, on both pages.
        for person in [&doctor, &bedside] {
            for first in [(0.2, 0.8), place, (0.4, 0.5)] {
                person.reads_beside_within(INITIALS, first, secs(2)).await?;
            }
        }
        tells_pens_apart_without_colour(&doctor, &bedside).await?;
        doctor.releases().await?;
        for person in [&doctor, &bedside] {
            for (x, y) in [tip, place, end] {
                person.loses_ink_at_within(x, y, secs(2)).await?;
            }
        }
        Ok(())
    })
}
