//! Presence: pointers and half-drawn marks, batched, newest wins, never stored.
//!
//! Sans-IO. What comes within one interval goes out as one message; the first after a pause goes out at once. When more
//! comes than a batch may hold it is dropped: the next movement, or the finished mark, makes up for it.

use std::collections::HashMap;
use wire::socket::{FromRelay, PRESENCE_INTERVAL_MS, Pointer, Sketch};
use wire::{AnnotationId, RelayTime, SessionId};

/// One batch each.
const INTERVAL_US: u64 = PRESENCE_INTERVAL_MS * 1_000;
/// Half-drawn marks in one batch: as many hands as a consult has, and some that lift in between.
const MAX_SKETCHES: usize = 64;
/// Points of one batch: 8 pencils of 240 Hz, four times over.
const MAX_POINTS: usize = 512;

/// What moved since the last batch.
#[derive(Debug, Default)]
pub struct Presence {
    /// The newest pointer of each session.
    pointers: HashMap<SessionId, Pointer>,
    /// Where everybody's pointer is, for those who join.
    last: HashMap<SessionId, Pointer>,
    /// In order of arrival; runs of one mark are joined.
    sketches: Vec<Sketch>,
    points: usize,
    sent_at: RelayTime,
}

impl Presence {
    /// A pointer moved.
    pub fn point(&mut self, pointer: Pointer) {
        if pointer.at.is_some() {
            self.last.insert(pointer.session, pointer);
        } else {
            self.last.remove(&pointer.session);
        }
        self.pointers.insert(pointer.session, pointer);
    }

    /// A half-drawn mark grew.
    pub fn sketch(&mut self, sketch: Sketch) {
        if self.points + sketch.points.len() > MAX_POINTS {
            return;
        }
        self.points += sketch.points.len();
        let before = self
            .sketches
            .iter_mut()
            .rev()
            .find(|known| known.session == sketch.session);
        if let Some(before) = before
            && before.mark == sketch.mark
            && !sketch.points.is_empty()
            && follows(before, sketch.from)
        {
            before.points.extend(sketch.points);
        } else if self.sketches.len() < MAX_SKETCHES {
            self.sketches.push(sketch);
        }
    }

    /// A mark is in the log. What is still to be told of its drawing would come after it, and nobody would ever end it.
    pub fn finished(&mut self, mark: AnnotationId) {
        self.sketches.retain(|sketch| sketch.mark != mark);
        self.points = self.sketches.iter().map(|sketch| sketch.points.len()).sum();
    }

    /// Somebody went: their pointer goes with them.
    pub fn gone(&mut self, session: SessionId) {
        self.sketches.retain(|sketch| sketch.session != session);
        self.points = self.sketches.iter().map(|sketch| sketch.points.len()).sum();
        if self.last.contains_key(&session) {
            self.point(Pointer {
                session,
                at: None,
                rtp_time: None,
            });
        }
    }

    /// Where everybody points, for somebody who joins.
    pub fn pointers(&self) -> Option<FromRelay> {
        let mut pointers: Vec<Pointer> = self.last.values().copied().collect();
        pointers.sort_by_key(|pointer| pointer.session);
        (!pointers.is_empty()).then_some(FromRelay::Pointers { pointers })
    }

    /// When the batch is due; none while nothing moved.
    pub fn due(&self) -> Option<RelayTime> {
        let something = !self.pointers.is_empty() || !self.sketches.is_empty();
        something.then(|| RelayTime(self.sent_at.0.saturating_add(INTERVAL_US)))
    }

    /// The batch, if it is due.
    pub fn take(&mut self, now: RelayTime) -> Vec<FromRelay> {
        // A clock that was set back must not hold presence up.
        if self.sent_at > now {
            self.sent_at = RelayTime(0);
        }
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.sent_at = now;
        self.points = 0;
        let mut messages = Vec::new();
        if !self.pointers.is_empty() {
            let mut pointers: Vec<Pointer> =
                self.pointers.drain().map(|(_, pointer)| pointer).collect();
            pointers.sort_by_key(|pointer| pointer.session);
            messages.push(FromRelay::Pointers { pointers });
        }
        if !self.sketches.is_empty() {
            messages.push(FromRelay::Sketches {
                sketches: std::mem::take(&mut self.sketches),
            });
        }
        messages
    }
}

/// Whether `from` is the index right after the points of `before`.
fn follows(before: &Sketch, from: u32) -> bool {
    u32::try_from(before.points.len()).is_ok_and(|len| before.from.checked_add(len) == Some(from))
}

/// The part of a presence message that is news to `session`: nobody hears of their own hand. None when nothing is left.
#[must_use]
pub fn without_own(message: &FromRelay, session: SessionId) -> Option<FromRelay> {
    match message {
        FromRelay::Pointers { pointers } => {
            let pointers: Vec<Pointer> = pointers
                .iter()
                .filter(|pointer| pointer.session != session)
                .copied()
                .collect();
            (!pointers.is_empty()).then_some(FromRelay::Pointers { pointers })
        }
        FromRelay::Sketches { sketches } => {
            let sketches: Vec<Sketch> = sketches
                .iter()
                .filter(|sketch| sketch.session != session)
                .cloned()
                .collect();
            (!sketches.is_empty()).then_some(FromRelay::Sketches { sketches })
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{anchor, stroke};
    use super::*;
    use uuid::Uuid;
    use wire::mark::Shape;
    use wire::socket::SketchForm;

    fn sketch_of(mark: AnnotationId) -> Sketch {
        let drawn = stroke(3);
        let points = match drawn.shape {
            Shape::Stroke { points, .. } => points,
            _ => Vec::new(),
        };
        Sketch {
            session: SessionId::from_uuid(Uuid::from_u128(1)),
            mark,
            anchor: anchor(),
            pen: drawn.pen,
            form: SketchForm::Stroke,
            from: 0,
            points,
        }
    }

    #[test]
    fn nothing_is_told_of_the_drawing_of_a_mark_that_is_in_the_log() {
        let mut presence = Presence::default();
        let (done, begun) = (AnnotationId::random(), AnnotationId::random());
        presence.sketch(sketch_of(done));
        presence.sketch(sketch_of(begun));
        presence.finished(done);
        let said = presence.take(RelayTime(INTERVAL_US));
        let [FromRelay::Sketches { sketches }] = &said[..] else {
            panic!("{said:?}");
        };
        let told: Vec<AnnotationId> = sketches.iter().map(|sketch| sketch.mark).collect();
        assert_eq!(told, [begun]);
    }
}
