//! The mask that is in force, shared by whoever covers frames and whoever changes it.
//!
//! Owns the moment of change. Covering a frame and keeping it happen under one lock, so that after `set` returns nothing
//! that the new mask covers is kept anywhere here: frames of a smaller mask are dropped from the ring and from the hand-over
//! to the encoder. Covering the ring's frames in place would stall the capture thread for as long as copying the
//! whole ring takes. Lock order: this one, then the ring, then the slot. Owns, too, whether a person looked and saw that nothing
//! names the patient: a mask alone says nothing of what is left to see, and another mask has to be looked at anew.

use crate::frame::Frame;
use crate::mask::Mask;
use crate::picture::Picture;
use crate::ring::Ring;
use crate::slot::Slot;
use crate::sync::held;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use wire::CaptureTime;

/// A person looked at the picture under the mask in force: nothing in it names the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Width and height of the pictures that were looked at: others have their banner elsewhere.
    pub size: (u32, u32),
    /// When; what was captured before nobody looked at.
    pub since: CaptureTime,
}

/// What is in force.
struct InForce {
    mask: Mask,
    checked: Option<Checked>,
}

/// The mask in force.
#[derive(Clone)]
pub struct MaskInForce {
    mask: Arc<Mutex<InForce>>,
    ring: Arc<Mutex<Ring>>,
    slot: Arc<Slot<Frame>>,
    /// How often one came that covers what the one before did not.
    times_grown: Arc<AtomicU64>,
}

impl MaskInForce {
    /// Starts with this one.
    #[must_use]
    pub fn new(mask: Mask, ring: Arc<Mutex<Ring>>, slot: Arc<Slot<Frame>>) -> Self {
        let checked = None;
        let mask = Arc::new(Mutex::new(InForce { mask, checked }));
        Self {
            mask,
            ring,
            slot,
            times_grown: Arc::default(),
        }
    }

    /// How often a mask came into force that covers what the one before did not. A frame that waits somewhere else than in
    /// the ring and the slot is dropped there when this changed meanwhile.
    #[must_use]
    pub fn times_grown(&self) -> u64 {
        self.times_grown.load(Ordering::Acquire)
    }

    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Mask {
        held(&self.mask).mask.clone()
    }

    /// Works under it; it does not change meanwhile.
    pub fn under<T>(&self, work: impl FnOnce(&Mask) -> T) -> T {
        work(&held(&self.mask).mask)
    }

    /// Puts another in force, from the next captured frame on. True when it covers what the one before did not, so that
    /// frames captured before were dropped.
    pub fn set(&self, mask: Mask) -> bool {
        let mut in_force = held(&self.mask);
        let covers_more = !in_force.mask.covers(&mask);
        if in_force.mask != mask {
            in_force.checked = None;
        }
        in_force.mask = mask;
        if covers_more {
            self.times_grown.fetch_add(1, Ordering::Release);
            held(&self.ring).clear();
            self.slot.forget();
        }
        covers_more
    }

    /// A person looked at the picture under this very mask, or nobody can have: nothing when it is another source.
    pub fn check(&self, checked: Option<Checked>) {
        held(&self.mask).checked = checked;
    }

    /// Whether a person looked at the picture under the mask in force.
    #[must_use]
    pub fn checked(&self) -> Option<Checked> {
        held(&self.mask).checked
    }

    /// Whether a person saw that nothing names the patient in pictures like these, which are alike and were captured in order.
    #[must_use]
    pub fn hides_the_patient(&self, frames: &[Frame]) -> bool {
        let (Some(checked), Some(first)) = (self.checked(), frames.first()) else {
            return false;
        };
        let size = (first.picture.width(), first.picture.height());
        size == checked.size && checked.since <= first.stamp.captured_at
    }

    /// Covers a frame that was captured under an earlier mask, then keeps it. A frame that is covered already is
    /// copied for nothing, which happens only while a source is silent.
    pub(crate) fn cover_again(&self, frame: &mut Frame, keep: impl FnOnce(&Frame)) {
        let mask = &held(&self.mask).mask;
        if !mask.is_empty() {
            let old = &frame.picture;
            let copy =
                Picture::from_rows(old.width(), old.height(), old.form(), old.rows().to_vec());
            // A picture of the same size and length is always one.
            if let Ok(mut copy) = copy {
                mask.apply(&mut copy);
                frame.picture = Arc::new(copy);
            }
        }
        keep(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::CaptureClock;
    use crate::frame::{Stamper, StreamName};
    use crate::picture::Form;
    use crate::ring::RingBounds;
    use crate::slot::Wake;
    use std::time::Instant;

    fn white() -> Frame {
        let mut stamper = Stamper::new(CaptureClock::start(), StreamName::default());
        let picture = Picture::from_rows(8, 4, Form::Gray8, vec![255; 32]).unwrap();
        Frame {
            stamp: stamper.stamp(Instant::now()),
            picture: Arc::new(picture),
            provenance: Arc::default(),
        }
    }

    fn in_force() -> (MaskInForce, Arc<Mutex<Ring>>, Arc<Slot<Frame>>) {
        let ring = Arc::new(Mutex::new(Ring::new(RingBounds::DEFAULT)));
        let slot = Arc::new(Slot::default());
        held(&ring).push(white());
        slot.put(white());
        let mask = MaskInForce::new(Mask::default(), Arc::clone(&ring), Arc::clone(&slot));
        (mask, ring, slot)
    }

    fn banner() -> Mask {
        Mask::new(vec!["0,0,1,0.5".parse().unwrap()])
    }

    #[test]
    fn covering_more_leaves_nothing_uncovered_in_the_ring_and_on_the_way_to_the_encoder() {
        let (mask, ring, slot) = in_force();
        assert!(mask.set(banner()));
        assert!(held(&ring).is_empty());
        assert!(matches!(slot.wait(Some(Instant::now())), Wake::Due));
    }

    #[test]
    fn what_a_person_saw_counts_for_pictures_of_this_size_and_mask_from_then_on() {
        let (mask, _, _) = in_force();
        let frame = white();
        let since = frame.stamp.captured_at;
        let hides = || mask.hides_the_patient(std::slice::from_ref(&frame));
        mask.set(banner());
        assert!(!hides(), "a mask alone says nothing");
        for (size, since, counts) in [
            ((8, 4), since, true),
            ((8, 5), since, false),
            ((8, 4), CaptureTime(since.0 + 1), false),
        ] {
            mask.check(Some(Checked { size, since }));
            assert_eq!(hides(), counts);
        }
        mask.check(Some(Checked {
            size: (8, 4),
            since,
        }));
        mask.set(banner());
        assert!(hides(), "the same mask");
        mask.set(Mask::default());
        mask.set(banner());
        assert!(!hides(), "another one came between");
    }

    #[test]
    fn showing_more_drops_nothing() {
        let (mask, ring, slot) = in_force();
        mask.set(banner());
        held(&ring).push(white());
        slot.put(white());
        assert!(!mask.set(Mask::default()));
        assert_eq!(held(&ring).len(), 1);
        assert!(matches!(slot.wait(None), Wake::Fresh(_)));
    }

    #[test]
    fn what_is_coded_again_is_covered_by_the_mask_of_now() {
        let (mask, _, _) = in_force();
        let mut frame = white();
        mask.set(banner());
        let mut kept = None;
        mask.cover_again(&mut frame, |frame| kept = Some(frame.clone()));
        let rows = frame.picture.rows();
        assert!(
            rows[..16].iter().all(|byte| *byte == 0) && rows[16..].iter().all(|byte| *byte == 255)
        );
        assert!(Arc::ptr_eq(&kept.unwrap().picture, &frame.picture));
    }
}
