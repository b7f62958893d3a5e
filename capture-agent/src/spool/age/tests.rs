//! Clocks that are set while clips are saved, sent and kept.

use super::*;
use crate::spool::{
    AfterKept, Belongs, Disk, Held, KEPT_FOR, Outgoing, Spool, SpoolBounds, SpoolError,
};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;
use wire::clip::{ClipCoding, ClipHead, ClipOrigin};
use wire::{CaptureTime, ClipId};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// A clock whose hands somebody moves.
struct Hands(Mutex<Moment>);

impl Clock for Hands {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap()
    }
}

impl Hands {
    fn right() -> Arc<Self> {
        Arc::new(Self(Mutex::new(MachineClock.now())))
    }

    /// Time passes.
    fn passes(&self, time: Duration) {
        let mut now = self.0.lock().unwrap();
        now.wall += time;
        now.steady += time;
    }

    /// It is set.
    fn shows(&self, wall: SystemTime) {
        self.0.lock().unwrap().wall = wall;
    }
}

fn open(folder: &Path, clock: &Arc<Hands>) -> Arc<Spool> {
    let bounds = SpoolBounds {
        bytes: 1 << 20,
        after_kept: AfterKept::Keep,
    };
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let (spool, found) = Spool::open_by(clock, folder, bounds, Arc::new(Disk)).unwrap();
    assert_eq!(found.damaged, 0);
    spool
}

fn content(clip: ClipId) -> Vec<u8> {
    format!("the object of {clip}").into_bytes()
}

fn take(spool: &Arc<Spool>) -> ClipId {
    let clip = ClipId::random();
    let mut take = spool.begin_take(clip, 1_000).unwrap();
    take.records.add(b"a frame").unwrap();
    spool.finish_take(take).unwrap();
    clip
}

/// Finishes the object of a clip that is captured now.
fn finish(spool: &Arc<Spool>, clip: ClipId, clock: &Hands) -> Result<(), SpoolError> {
    let since = clock.now().wall.duration_since(UNIX_EPOCH).unwrap();
    let mut object = spool.begin_object(clip, 1_000)?;
    object.out.write_all(&content(clip)).unwrap();
    let sealed = spool.seal(object)?;
    let head = ClipHead {
        clip,
        instance: "2.25.1".into(),
        bytes: sealed.bytes,
        digest: sealed.digest,
        frames: 2,
        width: 8,
        height: 8,
        coding: ClipCoding::Jpeg,
        origin: ClipOrigin::Imported,
        taken_at: CaptureTime(u64::try_from(since.as_micros()).unwrap()),
        span_us: 1,
        view: None,
        marker: None,
        captured: None,
    };
    spool.present(sealed, head, Vec::new(), Belongs::Unsaid)
}

/// A clip of which a copy stays.
fn kept(spool: &Arc<Spool>, clock: &Hands) -> ClipId {
    let clip = take(spool);
    finish(spool, clip, clock).unwrap();
    spool.let_go(clip).unwrap();
    clip
}

fn copies(spool: &Spool) -> u32 {
    let counts = *spool.counts().borrow();
    counts.safe_here - counts.unsent
}

#[test]
fn what_a_clock_is_set_by_is_what_neither_clock_can_have_seen() {
    let last = MachineClock.now();
    let between = |wall: SystemTime, steady: Duration| {
        let steady = last.steady + steady;
        SetBy::between(last, Moment { wall, steady })
    };
    let hour = DAY / 24;
    for (wall, steady, set) in [
        (last.wall + hour, hour, SetBy::Nothing),
        (last.wall + hour, hour + MINUTE / 2, SetBy::Nothing),
        // Asleep over night.
        (last.wall + hour * 12, hour, SetBy::Nothing),
        (last.wall + DAY * 9, DAY, SetBy::Ahead(DAY * 7)),
        (last.wall + YEAR, Duration::ZERO, SetBy::Ahead(YEAR - DAY)),
        (last.wall, hour, SetBy::Back(hour)),
        (last.wall - YEAR, hour, SetBy::Back(YEAR + hour)),
    ] {
        assert_eq!(between(wall, steady), set);
    }
}

#[test]
fn a_copy_that_was_kept_while_the_clock_stood_at_1970_stays_its_week() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::right();
    let today = clock.now().wall;
    clock.shows(UNIX_EPOCH + DAY);
    let spool = open(folder.path(), &clock);
    kept(&spool, &clock);
    clock.passes(MINUTE);
    // NTP is there.
    clock.shows(today);
    kept(&spool, &clock);
    assert_eq!(copies(&spool), 2);
    // And again at the next start, which finds no network at first.
    drop(spool);
    clock.shows(UNIX_EPOCH + DAY);
    let spool = open(folder.path(), &clock);
    kept(&spool, &clock);
    drop(spool);
    clock.shows(today + DAY);
    let spool = open(folder.path(), &clock);
    assert_eq!(copies(&spool), 3);
    clock.passes(KEPT_FOR);
    kept(&spool, &clock);
    assert_eq!(copies(&spool), 1, "their week is over");
}

#[test]
fn a_copy_that_was_kept_while_the_clock_was_ahead_goes_and_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::right();
    let today = clock.now().wall;
    clock.shows(today + 10 * YEAR);
    let spool = open(folder.path(), &clock);
    kept(&spool, &clock);
    clock.shows(today);
    kept(&spool, &clock);
    clock.passes(KEPT_FOR - MINUTE);
    kept(&spool, &clock);
    assert_eq!(copies(&spool), 3);
    clock.passes(MINUTE);
    kept(&spool, &clock);
    assert_eq!(copies(&spool), 2, "the first two had their week");
}

#[test]
fn clocks_that_jump_by_years_lose_no_clip_and_change_no_order_and_no_word() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::right();
    let today = clock.now().wall;
    let mut spool = open(folder.path(), &clock);
    let (mut unsent, mut taken, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for shows in [
        today,
        today - YEAR,
        today + 10 * YEAR,
        UNIX_EPOCH,
        today + MINUTE,
    ] {
        for restarts in [false, true] {
            // A take from before the jump becomes an object behind it.
            let early = take(&spool);
            clock.shows(shows);
            if restarts {
                drop(spool);
                spool = open(folder.path(), &clock);
            }
            finish(&spool, early, &clock).unwrap();
            let exported = ClipId::random();
            finish(&spool, exported, &clock).unwrap();
            unsent.extend([early, exported]);
            taken.push(take(&spool));
            gone.push(kept(&spool, &clock));
            clock.passes(MINUTE);

            let order: Vec<ClipId> = spool.unsent().iter().map(|it| it.clip).collect();
            assert_eq!(order, unsent, "in the order of finishing");
            for clip in &unsent {
                let read = Outgoing::open(&spool, *clip).unwrap().window(0, 1_000);
                assert_eq!(read.unwrap(), content(*clip));
            }
            let holds = |clips: &[ClipId], held: Held| {
                let all = clips.iter().map(|clip| spool.holds(*clip));
                all.for_each(|it| assert_eq!(it, Some(held)));
            };
            holds(&taken, Held::Take);
            holds(&gone, Held::Gone);
            let counts = *spool.counts().borrow();
            let [of_unsent, of_taken, of_gone] =
                [&unsent, &taken, &gone].map(|clips| u32::try_from(clips.len()).unwrap());
            assert_eq!(
                (counts.takes, counts.unsent),
                (of_taken, of_unsent + of_taken)
            );
            assert_eq!(copies(&spool), of_gone, "minutes are no week");
        }
    }
    clock.passes(KEPT_FOR);
    drop(spool);
    let spool = open(folder.path(), &clock);
    assert_eq!(spool.unsent().len(), unsent.len());
}
