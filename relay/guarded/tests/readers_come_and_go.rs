//! Readers are bounded, replaced, and gone when nobody needs them; one that a file took over harms that file alone.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Date, Equipment, LocalTime, Patient, Series, Study, Uid,
    UtcOffset,
};
use echo_dicom::{Clip, Picture, PictureRows as _, PixelForm};
use guarded::{Guard, JOB_TIME, MAX_READERS, Program};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use wire::FrameIndex;

guarded::serve_in_tests!();

/// Stands in for a reader that a file took over.
extern "C" fn play_a_part() {
    let part = std::env::args().nth(1).unwrap_or_default();
    match &*part {
        "spins" => {
            answer(b"{\"Ready\":{\"landlock\":true}}", 0);
            loop {
                std::hint::spin_loop();
            }
        }
        "talks-nonsense" => {
            answer(b"{\"Ready\":{\"landlock\":true}}", 0);
            answer(b"{\"Outline\":{\"header\":7}}", 0);
        }
        "claims-much" => {
            answer(b"{\"Ready\":{\"landlock\":true}}", 0);
            answer(b"{}", u32::MAX);
        }
        "ends" => {
            answer(b"{\"Ready\":{\"landlock\":true}}", 0);
            exit(0);
        }
        "is-not-confined" => answer(
            b"{\"Picture\":{\"width\":1,\"height\":1,\"form\":\"Gray8\"}}",
            0,
        ),
        "finds-no-seccomp" => become_a_reader_without_seccomp(),
        "opens-and-waits" => {
            let clip = guard().open(&sample("plax_small"));
            std::io::stdout().write_all(b".").unwrap();
            std::io::stdout().flush().unwrap();
            wait_for_the_end();
            drop(clip);
        }
        _ => return,
    }
    wait_for_the_end();
    exit(0);
}

/// Until whoever started it is gone, or kills it before.
fn wait_for_the_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

// SAFETY: the loader calls it once before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static PART: extern "C" fn() = play_a_part;

/// Says it on the line, with a body that has or claims so many bytes.
fn answer(head: &[u8], body: u32) {
    let mut line = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let length = u32::try_from(head.len()).unwrap();
    line.write_all(&[&length.to_le_bytes(), &body.to_le_bytes()[..], head].concat())
        .unwrap();
}

fn become_a_reader_without_seccomp() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    let rules = [(libc::SYS_seccomp, Vec::new())].into_iter().collect();
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    apply_filter(&program).unwrap();
    let parent = std::env::args().nth(2).unwrap();
    let error = Command::new("/proc/self/exe")
        .args(["confined-reader", &parent])
        .exec();
    panic!("{error}");
}

fn guard() -> Guard {
    Guard::with(Program::this())
}

fn guard_of(part: &str) -> Guard {
    Guard::with(Program {
        argument: part.to_owned(),
        ..Program::this()
    })
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../sample-dicom/{name}.dcm"))
}

/// Tests that count processes and descriptors run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn children_of(parent: u32) -> BTreeSet<u32> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let after_name = stat.rsplit_once(')')?.1;
        let its_parent: u32 = after_name.split_whitespace().nth(1)?.parse().ok()?;
        (its_parent == parent).then_some(pid)
    });
    pids.collect()
}

fn children() -> usize {
    children_of(std::process::id()).len()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits for what must become true; a process that was killed takes a moment to go, one that is started to come.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn two_hundred_jobs_leave_descriptors_and_processes_as_they_were() {
    let _alone = alone();
    let guard = guard();
    let [one, two] = ["plax_small", "a4c_small_uncompressed"].map(sample);
    drop(guard.open(&one).unwrap());
    until("one waits", || children() == 1);
    let before = descriptors();
    let kept = guard.open(&one).unwrap();
    for round in 0..40 {
        let clip = guard
            .open(if round % 2 == 0 { &one } else { &two })
            .unwrap();
        for index in 0..2 {
            clip.frame(FrameIndex(index)).unwrap();
            kept.frame(FrameIndex(index)).unwrap();
        }
        assert!(children() <= MAX_READERS + 1, "{} at once", children());
    }
    drop(kept);
    until("only the one that waits is left", || children() == 1);
    until("no descriptor is left open", || descriptors() <= before);
    drop(guard);
    until("none is left", || children() == 0);
}

#[test]
fn clips_that_are_read_at_the_same_time_do_not_mix() {
    let _alone = alone();
    let guard = guard();
    let folder = fs::read_dir(sample("x").parent().unwrap()).unwrap();
    let clips: Vec<PathBuf> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "dcm"))
        .filter(|path| Clip::open(path).is_ok_and(|clip| clip.video().is_none()))
        .take(4)
        .collect();
    assert!(clips.len() > 1);
    std::thread::scope(|scope| {
        for path in &clips {
            let guard = &guard;
            scope.spawn(move || {
                let free = Clip::open(path).unwrap();
                let guarded = guard.open(path).unwrap();
                for index in (0..free.header().frames.min(12)).map(FrameIndex) {
                    assert!(guarded.frame(index).unwrap() == free.frame(index).unwrap());
                }
            });
        }
    });
}

#[test]
fn a_reader_that_a_file_took_over_costs_that_file_and_nothing_else() {
    let _alone = alone();
    for (part, step) in [
        ("talks-nonsense", "reader-nonsense"),
        ("claims-much", "reader-nonsense"),
        ("ends", "reader-ended"),
        ("is-not-confined", "no-reader"),
    ] {
        let guard = guard_of(part);
        let error = guard.open(&sample("plax_small")).unwrap_err();
        assert_eq!(error.step(), step, "{part}: {error}");
        drop(guard);
    }
    until("all are gone", || children() == 0);
    guard().open(&sample("plax_small")).unwrap();
}

#[test]
fn a_reader_that_spins_is_stopped_in_time() {
    let _alone = alone();
    let guard = guard_of("spins");
    let begin = Instant::now();
    let error = guard.open(&sample("plax_small")).unwrap_err();
    assert_eq!(error.step(), "reader-late", "{error}");
    assert!(begin.elapsed() < JOB_TIME + Duration::from_secs(3));
    drop(guard);
    until("it is gone", || children() == 0);
}

#[test]
fn without_a_list_of_system_calls_nothing_is_read_and_the_reason_is_told() {
    let _alone = alone();
    let guard = guard_of("finds-no-seccomp");
    let error = guard.open(&sample("plax_small")).unwrap_err();
    assert!(guarded::is_no_reader(&error), "{error}");
    assert!(error.to_string().contains("seccomp"), "{error}");
    let missing = Guard::with(Program {
        path: PathBuf::from("/nowhere/relay"),
        ..Program::this()
    });
    let error = missing.open(&sample("plax_small")).unwrap_err();
    assert!(guarded::is_no_reader(&error), "{error}");
}

#[test]
fn readers_end_with_the_process_that_started_them() {
    let _alone = alone();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .arg("opens-and-waits")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0];
    parent.stdout.take().unwrap().read_exact(&mut said).unwrap();
    // The one with the file, and the one that waits.
    until("both are there", || children_of(parent.id()).len() == 2);
    let readers = children_of(parent.id());
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("they are gone", || {
        let lives = |pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        !readers.iter().any(lives)
    });
}

#[test]
fn a_reader_that_was_killed_while_it_waited_is_replaced() {
    let _alone = alone();
    let guard = guard();
    let clip = guard.open(&sample("plax_small")).unwrap();
    let free = Clip::open(&sample("plax_small")).unwrap();
    until("both are there", || children() == 2);
    for pid in children_of(std::process::id()) {
        // SAFETY: a process of this test.
        unsafe { libc::kill(i32::try_from(pid).unwrap(), libc::SIGKILL) };
    }
    // The fresh one is dead too; the next is started.
    let again = (0..3).find_map(|_| clip.frame(FrameIndex(0)).ok());
    assert!(again.unwrap() == free.frame(FrameIndex(0)).unwrap());
}

/// A JPEG still, which is decoded as a whole.
fn still(path: &Path, (width, height): (u32, u32)) {
    let rows = vec![90; (width * height) as usize];
    let form = PixelForm::Gray8;
    let pictures = [Picture {
        width,
        height,
        form,
        rows,
    }];
    let context = Context {
        patient: Patient::default(),
        study: Study::new(Uid::from_uuid(1)),
        series: Series {
            uid: Uid::from_uuid(2),
            number: 1,
            began_at: None,
            description: String::new(),
        },
        equipment: Equipment::default(),
        utc_offset: UtcOffset::JAPAN,
    };
    let taken_at = LocalTime::new(Date::new(2026, 1, 2).unwrap(), 9, 0, 0, 0).unwrap();
    let facts = ClipFacts::new(Uid::from_uuid(3), 1, taken_at);
    let mut file = fs::File::create(path).unwrap();
    let writer = ClipWriter::still(&context, &facts, &pictures[..]).unwrap();
    writer.write_seekable(&mut file).unwrap();
}

#[test]
fn one_large_picture_is_held_whole_at_a_time_and_small_ones_pass_by() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    still(&path("first"), (1_200, 1_000));
    still(&path("second"), (1_200, 1_000));
    still(&path("small"), (400, 300));
    let guard = guard();
    let open = |name: &str| guard.open(&path(name)).unwrap();
    let (first, second, small) = (open("first"), open("second"), open("small"));
    let mut rows = first.rows(FrameIndex(0)).unwrap();
    rows.next_row().unwrap().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| tell.send(second.frame(FrameIndex(0)).map(|_| ())).unwrap());
        small.frame(FrameIndex(0)).unwrap();
        let early = told.recv_timeout(Duration::from_millis(300));
        assert!(early.is_err(), "the second did not wait for the first");
        while rows.next_row().unwrap().is_some() {}
        told.recv().unwrap().unwrap();
    });
}
