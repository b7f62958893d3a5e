//! The desk over one captured frame, without HTTP.

use super::*;
use crate::clip::{PatientFacts, VisitUnread};
use crate::encode::BitRate;
use crate::frame::{Stamper, StreamName};
use crate::picture::{Form, Picture};
use crate::slot::Slot;
use crate::spool::{SpoolError, Unsent};
use wire::StreamId;
use wire::clip::ClipGap;
use wire::device::SaveStage;

type Asked = (ClipId, SaveWhat, Option<String>);

/// Keeps what was asked of it and answers as the test says.
#[derive(Default)]
struct InMemory {
    asked: Mutex<Vec<Asked>>,
    progress: Mutex<Vec<watch::Sender<Progress>>>,
}

impl Saving for InMemory {
    fn save(
        &self,
        clip: ClipId,
        what: SaveWhat,
        view: Option<String>,
    ) -> watch::Receiver<Progress> {
        held(&self.asked).push((clip, what, view));
        let progress = watch::Sender::new(Progress::Waiting);
        let watched = progress.subscribe();
        held(&self.progress).push(progress);
        watched
    }

    fn waiting(&self) -> Vec<Unsent> {
        Vec::new()
    }

    fn send(&self, _: ClipId) -> Result<bool, SpoolError> {
        Ok(false)
    }

    fn patient(&self) -> Option<PatientFacts> {
        None
    }

    fn look_at_visit(&self) -> Result<(), VisitUnread> {
        Ok(())
    }
}

/// A desk over one captured frame.
fn desk(saving: Option<Arc<dyn Saving>>) -> (Arc<Desk>, StreamId, RtpTime) {
    let (clock, stream) = (CaptureClock::start(), StreamName::default());
    let stamp = Stamper::new(clock, stream.clone()).stamp(Instant::now());
    let ring = Arc::new(Mutex::new(Ring::new(RingBounds::DEFAULT)));
    let picture = Picture::from_rows(8, 4, Form::Gray8, vec![255; 32]).unwrap();
    held(&ring).push(Frame {
        stamp,
        picture: Arc::new(picture),
        provenance: Arc::default(),
    });
    let mask = MaskInForce::new(
        Mask::default(),
        Arc::clone(&ring),
        Arc::new(Slot::default()),
    );
    let (desk, _preview) = Desk::new(DeskParts {
        clock,
        ring,
        bounds: RingBounds::DEFAULT,
        mask,
        choice: Arc::new(SourceChoice::new("test:".parse().unwrap())),
        marks: MarksBoard::default(),
        scale: ScaleInForce::new(None),
        board: StatusBoard::new(BitRate::from_kbps(2000).unwrap()),
        memory: Arc::default(),
        saving,
        worklist: None,
    });
    (desk, stream.get(), stamp.rtp_time)
}

#[test]
fn a_save_takes_the_last_seconds_or_the_frozen_frame_with_the_view_label() {
    let saving = Arc::new(InMemory::default());
    let (desk, stream, rtp_time) = desk(Some(Arc::clone(&saving) as Arc<dyn Saving>));
    desk.label(Some("A4C".to_owned()));
    assert!(matches!(desk.save(Some(6)), Some(Some(_))));
    assert_eq!(desk.save(None), Some(None), "nothing is frozen");
    assert!(desk.freeze(rtp_time));
    assert!(matches!(desk.save(None), Some(Some(_))));
    let asked = held(&saving.asked);
    let what: Vec<_> = asked.iter().map(|(_, what, _)| *what).collect();
    let anchor = Anchor::Live { stream, rtp_time };
    assert_eq!(
        what,
        [SaveWhat::Last { seconds: 6 }, SaveWhat::Frame { anchor }]
    );
    assert!(
        asked
            .iter()
            .all(|(_, _, view)| view.as_deref() == Some("A4C"))
    );
}

#[test]
fn what_became_of_a_save_is_told_newest_first_and_only_the_last_few() {
    let saving = Arc::new(InMemory::default());
    let (desk, _, _) = desk(Some(Arc::clone(&saving) as Arc<dyn Saving>));
    for _ in 0..MAX_SAVES_SHOWN + 3 {
        desk.save(Some(6));
    }
    let newest = held(&saving.progress).last().cloned().unwrap();
    newest.send_replace(Progress::Missing(ClipGap::DeviceStorage));
    let saves = desk.state(Instant::now()).saves;
    assert_eq!(saves.len(), MAX_SAVES_SHOWN);
    let reason = ClipGap::DeviceStorage;
    assert_eq!(saves[0].stage, SaveStage::Missing { reason });
    assert_eq!(saves[1].stage, SaveStage::Waiting);
}

#[test]
fn an_agent_with_nowhere_to_save_says_so() {
    let (desk, _, _) = desk(None);
    assert_eq!(desk.save(Some(6)), None);
    assert_eq!(desk.state(Instant::now()).clips, None);
}

#[test]
fn covering_more_lets_go_of_the_frozen_frame() {
    let (desk, _, rtp_time) = desk(None);
    assert!(desk.freeze(rtp_time));
    desk.cover(vec!["0,0,1,0.5".parse().unwrap()], false)
        .unwrap();
    assert!(desk.state(Instant::now()).frozen.is_none());
    assert!(!desk.freeze(rtp_time), "the ring let go of it too");
    assert!(
        desk.cover(
            vec!["0,0,1,0.5".parse().unwrap(); MAX_RECTANGLES + 1],
            false
        )
        .is_err()
    );
}

fn point(y: f64) -> Point {
    let at = |fraction| wire::Fraction::new(fraction).unwrap();
    Point {
        x: at(0.9),
        y: at(y),
    }
}

#[test]
fn a_depth_scale_is_marked_on_the_frozen_frame_only_and_ends_with_the_source() {
    let (desk, _, rtp_time) = desk(None);
    let ends = (point(0.0), point(1.0));
    assert_eq!(desk.calibrate(rtp_time, ends, 10.0), Ok(None));
    assert!(desk.freeze(rtp_time));
    // The picture of this test has four rows.
    let refused = Err(ScaleRefused::TooShort);
    assert_eq!(desk.calibrate(rtp_time, ends, 10.0), refused);
    let scale = crate::hand_scale::tests::scale(10.0);
    desk.parts.scale.set(Some(scale));
    assert!(desk.state(Instant::now()).scale.is_some());
    desk.choose_source(Some("test:fps=9".to_owned())).unwrap();
    assert_eq!(desk.state(Instant::now()).scale, None);
    desk.parts.scale.measuring_is(false);
    assert!(desk.freeze(rtp_time) && !desk.state(Instant::now()).measuring);
    assert_eq!(desk.calibrate(rtp_time, ends, 10.0), Err(ScaleRefused::Off));
}
