//! Packets that wait to leave, in their order: voice, repair, picture, spare.
//!
//! Repair goes before the picture, because every later frame is built on the one with the hole: it can be shown only after
//! the repair. Not without bound, though: a storm of requests leaves the picture its turn. Bounded: what does not fit
//! comes back to the caller. Knows no time.

use std::collections::VecDeque;

/// Repairs in a row while the picture waits.
const REPAIRS_IN_A_ROW: u32 = 4;
/// What may wait at most: a large keyframe, a burst of repairs, a piece of a clip.
const MOST_VOICE: usize = 32 * 1024;
const MOST_REPAIR: usize = 128 * 1024;
const MOST_PICTURE: usize = 512 * 1024;
const MOST_SPARE: usize = 256 * 1024;

/// What a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Leaves at once, whatever the budget says.
    Voice,
    /// A packet that was lost, again.
    Repair,
    /// The live picture.
    Picture,
    /// Stills, clips, back-fill: only what nobody else needs.
    Spare,
}

/// Too much waits already; the packet comes back. A picture without it cannot be decoded: drop the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

/// One class.
#[derive(Debug)]
struct Lane<T> {
    packets: VecDeque<(usize, T)>,
    bytes: usize,
    most: usize,
}

impl<T> Lane<T> {
    fn new(most: usize) -> Self {
        Self {
            packets: VecDeque::new(),
            bytes: 0,
            most,
        }
    }

    fn push(&mut self, bytes: usize, item: T) -> Result<(), Full<T>> {
        if self.bytes.saturating_add(bytes) > self.most {
            return Err(Full(item));
        }
        self.bytes += bytes;
        self.packets.push_back((bytes, item));
        Ok(())
    }

    fn pop(&mut self) -> Option<(usize, T)> {
        let (bytes, item) = self.packets.pop_front()?;
        self.bytes -= bytes;
        Some((bytes, item))
    }

    fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }
}

/// All that waits.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    voice: Lane<T>,
    repair: Lane<T>,
    picture: Lane<T>,
    spare: Lane<T>,
    repairs_in_a_row: u32,
}

impl<T> Waiting<T> {
    pub(crate) fn new() -> Self {
        Self {
            voice: Lane::new(MOST_VOICE),
            repair: Lane::new(MOST_REPAIR),
            picture: Lane::new(MOST_PICTURE),
            spare: Lane::new(MOST_SPARE),
            repairs_in_a_row: 0,
        }
    }

    pub(crate) fn push(&mut self, class: Class, bytes: usize, item: T) -> Result<(), Full<T>> {
        match class {
            Class::Voice => self.voice.push(bytes, item),
            Class::Repair => self.repair.push(bytes, item),
            Class::Picture => self.picture.push(bytes, item),
            Class::Spare => self.spare.push(bytes, item),
        }
    }

    pub(crate) fn voice(&mut self) -> Option<(usize, T)> {
        self.voice.pop()
    }

    pub(crate) fn repair_or_picture(&mut self) -> Option<(usize, T)> {
        let picture_waits = !self.picture.is_empty();
        let repairs_turn = self.repairs_in_a_row < REPAIRS_IN_A_ROW || !picture_waits;
        if let Some(repair) = repairs_turn.then(|| self.repair.pop()).flatten() {
            self.repairs_in_a_row = if picture_waits {
                self.repairs_in_a_row + 1
            } else {
                0
            };
            return Some(repair);
        }
        self.repairs_in_a_row = 0;
        self.picture.pop()
    }

    pub(crate) fn spare(&mut self) -> Option<(usize, T)> {
        self.spare.pop()
    }

    pub(crate) fn has_voice(&self) -> bool {
        !self.voice.is_empty()
    }

    pub(crate) fn has_repair_or_picture(&self) -> bool {
        !self.repair.is_empty() || !self.picture.is_empty()
    }

    pub(crate) fn has_live(&self) -> bool {
        self.has_voice() || self.has_repair_or_picture()
    }

    pub(crate) fn has_spare(&self) -> bool {
        !self.spare.is_empty()
    }

    /// Bytes of the live consult that wait.
    pub(crate) fn live_bytes(&self) -> usize {
        self.voice.bytes + self.repair.bytes + self.picture.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_of_repairs_leaves_the_picture_its_turn() {
        let mut waiting = Waiting::new();
        for _ in 0..20 {
            waiting.push(Class::Repair, 1200, "repair").unwrap();
            waiting.push(Class::Picture, 1200, "picture").unwrap();
        }
        let first: Vec<&str> = (0..10)
            .filter_map(|_| waiting.repair_or_picture())
            .map(|it| it.1)
            .collect();
        assert_eq!(
            first[..5],
            ["repair", "repair", "repair", "repair", "picture"]
        );
        assert_eq!(first[5..], first[..5]);
    }

    #[test]
    fn what_does_not_fit_comes_back() {
        let mut waiting = Waiting::new();
        let refused = (0..1000).filter(|_| waiting.push(Class::Picture, 1200, "early").is_err());
        assert!(refused.count() > 0);
        assert_eq!(
            waiting.push(Class::Picture, 1200, "late"),
            Err(Full("late"))
        );
        assert!(waiting.push(Class::Voice, 100, "voice").is_ok());
        assert!(waiting.live_bytes() <= MOST_PICTURE + 100);
    }
}
