//! The marks of the consult that are to be seen over this device's picture (sans-IO).
//!
//! Owns putting the relay's words together: marks that come in pieces, lists that come anew, words that were lost. It decides
//! nothing about what is seen when; the page does. Marks stay while the link is away, because they are what was said last.
//! Invariants: at most `MAX_MARKS_FOR_DEVICE` are held, each whole and as the relay may say it; after a lost word nothing is
//! taken until everything is said anew.

use wire::agent::{MARK_POINTS_AT_ONCE, MAX_MARKS_FOR_DEVICE, MarkWord};
use wire::device::DeviceMarks;
use wire::mark::{MAX_STROKE_POINTS, Point};
use wire::socket::MarkState;
use wire::{AnnotationId, ConsultId, StreamId};

/// What the relay said of marks.
#[derive(Debug, Default)]
pub struct Marks {
    /// Whose they are: the consult, and the relay's name of our picture.
    of: Option<(ConsultId, StreamId)>,
    /// How long a quick mark stays over the running picture.
    quick_mark_seconds: u32,
    /// Those in force, in the order in which they were made.
    held: Vec<MarkState>,
    /// A list that is coming anew, and words of it that have not come.
    coming: Option<(Vec<MarkState>, u32)>,
    /// A mark whose points are coming, and how many have not come.
    growing: Option<(MarkState, u32)>,
    /// Number of the last word that came in order over this connection.
    heard: Option<u32>,
    /// Names the list for the page.
    revision: u32,
    /// What to add to this device's clock to get the relay's.
    pub(crate) relay_offset_us: Option<i64>,
}

impl Marks {
    /// A connection begins. Marks of another consult or picture are nobody's here. Says whether the list is another one.
    pub fn welcomed(&mut self, consult: ConsultId, stream: StreamId) -> bool {
        (self.heard, self.coming, self.growing) = (None, None, None);
        if self.of == Some((consult, stream)) {
            return false;
        }
        self.of = Some((consult, stream));
        self.held.clear();
        self.changed()
    }

    /// The relay says something. Says whether the list is another one.
    pub fn hears(&mut self, revision: u32, word: MarkWord) -> bool {
        let anew = matches!(word, MarkWord::Anew { .. });
        let in_order = self
            .heard
            .is_some_and(|last| last.wrapping_add(1) == revision);
        if !anew && !in_order {
            // The last number that is right is what the relay is told, and it begins anew.
            return false;
        }
        self.heard = Some(revision);
        let is_news = match word {
            MarkWord::Anew {
                quick_mark_seconds,
                words,
                ..
            } => {
                self.quick_mark_seconds = quick_mark_seconds;
                self.growing = None;
                self.coming = Some((Vec::new(), words));
                return self.stands_when_whole(0);
            }
            MarkWord::Mark { held, more } => {
                self.growing = Some((*held, more));
                self.grow(&[])
            }
            MarkWord::Points { points } => self.grow(&points),
            MarkWord::Gone { mark } => self.take_back(mark),
            // They count as words; whoever saves hears them.
            MarkWord::Scale { .. } | MarkWord::ScaleGone { .. } => false,
        };
        if self.coming.is_some() {
            return self.stands_when_whole(1);
        }
        is_news && self.changed()
    }

    /// Number of the last word that came in order; nothing before the relay said any over this connection.
    #[must_use]
    pub const fn heard(&self) -> Option<u32> {
        self.heard
    }

    /// Names the list.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// As the page is told.
    #[must_use]
    pub fn for_page(&self) -> DeviceMarks {
        DeviceMarks {
            revision: self.revision,
            stream: self.of.map(|(_, stream)| stream),
            quick_mark_seconds: self.quick_mark_seconds,
            marks: self.held.clone(),
        }
    }

    const fn changed(&mut self) -> bool {
        self.revision = self.revision.wrapping_add(1);
        true
    }

    /// Words of a list that comes anew have come; with the last one it takes the place of the one before.
    fn stands_when_whole(&mut self, came: u32) -> bool {
        let Some((_, left)) = &mut self.coming else {
            return false;
        };
        *left = left.saturating_sub(came);
        if *left > 0 {
            return false;
        }
        self.held = self.coming.take().map_or_else(Vec::new, |(list, _)| list);
        self.changed()
    }

    /// Points of the mark that was said last; a whole one is in force.
    fn grow(&mut self, points: &[Point]) -> bool {
        let Some((mut held, left)) = self.growing.take() else {
            return false;
        };
        let came = u32::try_from(points.len()).unwrap_or(u32::MAX);
        if points.len() > MARK_POINTS_AT_ONCE || came > left {
            return false;
        }
        let shape = &mut held.mark.shape;
        if let Some(all) = shape.points_mut() {
            if all.len() + points.len() > MAX_STROKE_POINTS {
                return false;
            }
            all.extend_from_slice(points);
        }
        if left > came {
            self.growing = Some((held, left - came));
            return false;
        }
        let is_right = shape.check().is_ok();
        if is_right {
            self.put(held);
        }
        is_right
    }

    fn put(&mut self, held: MarkState) {
        if let Some(replaced) = held.mark.replaces {
            self.take_back(replaced);
        }
        let list = self.list();
        if let Some(known) = list.iter_mut().find(|known| known.mark.id == held.mark.id) {
            *known = held;
            return;
        }
        if list.len() >= MAX_MARKS_FOR_DEVICE {
            let oldest = list.iter().position(|known| !known.pinned).unwrap_or(0);
            list.remove(oldest);
        }
        list.push(held);
    }

    fn take_back(&mut self, mark: AnnotationId) -> bool {
        let list = self.list();
        let before = list.len();
        list.retain(|held| held.mark.id != mark);
        list.len() < before
    }

    /// The list that words are about.
    const fn list(&mut self) -> &mut Vec<MarkState> {
        match &mut self.coming {
            Some((list, _)) => list,
            None => &mut self.held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Shape};
    use wire::people::Author;
    use wire::{RelayTime, RtpTime};

    fn stroke(points: usize) -> MarkState {
        MarkState {
            mark: Annotation {
                id: AnnotationId::random(),
                anchor: Anchor::Live {
                    stream: StreamId::random(),
                    rtp_time: RtpTime(7),
                },
                shape: Shape::Stroke {
                    points: vec![Point::default(); points],
                },
                pen: Pen::White,
                drawn_on: DrawnOn::Running,
                replaces: None,
            },
            author: Author::Relay,
            at: RelayTime(1),
            pinned: false,
            gauge: None,
        }
    }

    fn mark(held: &MarkState, more: u32) -> MarkWord {
        MarkWord::Mark {
            held: Box::new(held.clone()),
            more,
        }
    }

    const fn anew(words: u32) -> MarkWord {
        MarkWord::Anew {
            measuring: true,
            quick_mark_seconds: 8,
            words,
        }
    }

    fn ids(marks: &Marks) -> Vec<AnnotationId> {
        marks.held.iter().map(|held| held.mark.id).collect()
    }

    /// A connection over which these words came, from number 1.
    fn after(words: Vec<MarkWord>) -> Marks {
        let mut marks = Marks::default();
        marks.welcomed(ConsultId::random(), StreamId::random());
        for (revision, word) in (1..).zip(words) {
            marks.hears(revision, word);
        }
        marks
    }

    #[test]
    fn marks_come_are_replaced_are_pinned_and_go() {
        let (first, mut second) = (stroke(2), stroke(2));
        second.mark.replaces = Some(first.mark.id);
        let mut marks = after(vec![anew(1), mark(&first, 0)]);
        assert_eq!(ids(&marks), [first.mark.id]);
        assert!(marks.hears(3, mark(&second, 0)));
        assert_eq!(ids(&marks), [second.mark.id]);
        second.pinned = true;
        assert!(marks.hears(4, mark(&second, 0)));
        assert!(marks.held[0].pinned && marks.held.len() == 1);
        assert!(marks.hears(
            5,
            MarkWord::Gone {
                mark: second.mark.id
            }
        ));
        assert!(ids(&marks).is_empty());
    }

    #[test]
    fn a_mark_in_pieces_is_there_when_it_is_whole() {
        let half = stroke(MARK_POINTS_AT_ONCE);
        let points = vec![Point::default(); 3];
        let mut marks = after(vec![anew(0), mark(&half, 3)]);
        assert!(ids(&marks).is_empty());
        marks.hears(3, MarkWord::Points { points });
        let Shape::Stroke { points } = &marks.held[0].mark.shape else {
            panic!("it is a stroke");
        };
        assert_eq!(points.len(), MARK_POINTS_AT_ONCE + 3);
    }

    #[test]
    fn what_stood_before_stands_until_the_list_that_comes_anew_is_whole() {
        let (old, one, two) = (stroke(1), stroke(1), stroke(1));
        let mut marks = after(vec![anew(1), mark(&old, 0)]);
        assert!(!marks.hears(3, anew(3)));
        // Words of the scale are words, too.
        assert!(!marks.hears(4, MarkWord::Scale { held: None }));
        assert!(!marks.hears(5, mark(&one, 0)));
        assert_eq!(ids(&marks), [old.mark.id]);
        assert!(marks.hears(6, mark(&two, 0)));
        assert_eq!(ids(&marks), [one.mark.id, two.mark.id]);
    }

    #[test]
    fn after_a_lost_word_nothing_is_taken_until_everything_is_said_anew() {
        let (one, two) = (stroke(1), stroke(1));
        let mut marks = after(vec![anew(1), mark(&one, 0)]);
        assert!(!marks.hears(4, MarkWord::Gone { mark: one.mark.id }));
        assert!(!marks.hears(5, mark(&two, 0)));
        assert_eq!((marks.heard(), ids(&marks)), (Some(2), vec![one.mark.id]));
        marks.hears(6, anew(1));
        marks.hears(7, mark(&two, 0));
        assert_eq!((marks.heard(), ids(&marks)), (Some(7), vec![two.mark.id]));
    }

    #[test]
    fn marks_outlive_a_lost_link_and_no_other_consult_or_picture_sees_them() {
        let (consult, stream) = (ConsultId::random(), StreamId::random());
        let mut marks = Marks::default();
        marks.welcomed(consult, stream);
        marks.hears(1, anew(1));
        marks.hears(2, mark(&stroke(1), 0));
        assert!(!marks.welcomed(consult, stream));
        assert_eq!((marks.heard(), marks.held.len()), (None, 1));
        for (consult, stream) in [(consult, StreamId::random()), (ConsultId::random(), stream)] {
            marks.welcomed(consult, stream);
            assert!(marks.held.is_empty());
            marks.hears(1, anew(1));
            marks.hears(2, mark(&stroke(1), 0));
        }
    }

    #[test]
    fn there_is_a_bound_and_pinned_ones_stay_longest() {
        let mut pinned = stroke(1);
        pinned.pinned = true;
        let mut words = vec![anew(0), mark(&pinned, 0)];
        words.extend((0..2 * MAX_MARKS_FOR_DEVICE).map(|_| mark(&stroke(1), 0)));
        let marks = after(words);
        assert_eq!(marks.held.len(), MAX_MARKS_FOR_DEVICE);
        assert_eq!(ids(&marks)[0], pinned.mark.id);
    }

    #[test]
    fn what_no_relay_may_say_is_left_out() {
        let many = |count| MarkWord::Points {
            points: vec![Point::default(); count],
        };
        for words in [
            vec![anew(0), mark(&stroke(0), 0)],
            vec![anew(0), mark(&stroke(1), 2), many(3)],
            vec![
                anew(0),
                mark(&stroke(1), 999),
                many(MARK_POINTS_AT_ONCE + 1),
            ],
            vec![anew(0), mark(&stroke(MAX_STROKE_POINTS), 2), many(2)],
            vec![anew(0), many(2)],
            vec![mark(&stroke(1), 0)],
        ] {
            assert!(after(words).held.is_empty());
        }
    }
}
