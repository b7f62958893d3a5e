//! More presses of save than the disk keeps up with: refused at once and for good, and none before them suffers.

use super::{Bench, Coding, Form, Progress, Wish};
use capture_agent::clip::MAX_WAITING_SAVES;
use std::sync::Arc;
use wire::ClipId;
use wire::clip::{ClipGap, SaveWhat};

fn last_seconds(clip: ClipId) -> Wish {
    Wish {
        clip,
        what: SaveWhat::Last { seconds: 6 },
        view: None,
        asked_in: None,
    }
}

#[test]
fn a_save_beyond_those_that_may_wait_is_too_many_and_stays_refused_while_the_others_are_saved() {
    // Its disk has not begun yet.
    let (mut bench, work) = Bench::idle_over(Arc::new(tempfile::tempdir().unwrap()), Coding::Jpeg);
    bench.film(5, Form::Gray8, &Arc::default());
    let waiting: Vec<_> = (0..MAX_WAITING_SAVES)
        .map(|_| bench.saver.save(last_seconds(ClipId::random())))
        .collect();
    for progress in &waiting {
        assert_eq!(*progress.borrow(), Progress::Waiting);
    }
    let one_more = ClipId::random();
    let refused = || *bench.saver.save(last_seconds(one_more)).borrow();
    assert_eq!(refused(), Progress::Missing(ClipGap::TooMany));
    let said = bench.board.now().clips.unwrap().trouble.unwrap();
    assert!(said.contains("too many saves at once"), "{said}");

    bench.work(work);
    for progress in waiting {
        assert_eq!(bench.ends(progress), Progress::Finished);
    }
    // Later frames never take its place; another press is another clip.
    let refused = *bench.saver.save(last_seconds(one_more)).borrow();
    assert_eq!(refused, Progress::Missing(ClipGap::TooMany));
    assert!(!bench.object(one_more).exists());
    let another = bench.saver.save(last_seconds(ClipId::random()));
    assert_eq!(bench.ends(another), Progress::Finished);
    assert_eq!(bench.board.now().clips.unwrap().trouble, None);
}
