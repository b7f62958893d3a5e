//! A confined process can read what it was given and answer, and nothing else: each way out ends it. The same attempts
//! succeed in a process that is free, so they are real ones.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test by panicking"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio, exit};

/// What it is, and doing it: whether it went well.
type Attempt = (&'static str, fn() -> bool);

/// What a file that took a reader over may try.
const ATTEMPTS: &[Attempt] = &[
    ("open a file", || File::open("/etc/passwd").is_ok()),
    ("open its own memory", || {
        File::open("/proc/self/mem").is_ok()
    }),
    ("make a file", || {
        let path = std::env::temp_dir().join(format!("guarded-{}", std::process::id()));
        fs::write(&path, "x").is_ok() && fs::remove_file(&path).is_ok()
    }),
    ("list a folder", || fs::read_dir("/").is_ok()),
    ("look at a path", || fs::metadata("/etc/passwd").is_ok()),
    ("make an internet socket", || {
        std::net::UdpSocket::bind("127.0.0.1:0").is_ok()
    }),
    ("make a local socket", || {
        std::os::unix::net::UnixDatagram::unbound().is_ok()
    }),
    ("start a program", || {
        Command::new("/bin/true").status().is_ok()
    }),
    ("fork", || {
        // SAFETY: the child does nothing but end.
        match unsafe { libc::fork() } {
            0 => exit(0),
            pid => pid > 0,
        }
    }),
    ("become another program", || {
        use std::os::unix::process::CommandExt;
        let _ = Command::new("/bin/true").exec();
        false
    }),
    ("fork by the old call", || {
        // SAFETY: the child does nothing but end.
        match unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } {
            0 => exit(0),
            pid => pid > 0,
        }
    }),
    ("signal its parent", || {
        // SAFETY: signal 0 asks whether one could be sent.
        unsafe { libc::kill(libc::getppid(), 0) == 0 }
    }),
    ("look into its parent", || {
        let mut byte = 0_u8;
        let here = libc::iovec {
            iov_base: (&raw mut byte).cast(),
            iov_len: 1,
        };
        // SAFETY: one byte of this process is written, from an address that the parent does not have.
        unsafe { libc::process_vm_readv(libc::getppid(), &here, 1, &here, 1, 0) };
        // Free, it fails or not by what lies there: it lives to tell.
        true
    }),
    ("map memory that can be run", || {
        let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping that nobody uses.
        unsafe {
            libc::mmap(std::ptr::null_mut(), 4096, protection, kind, -1, 0) != libc::MAP_FAILED
        }
    }),
    ("take 1 GiB of memory", || {
        let held = vec![1_u8; 1 << 30];
        held.iter().step_by(4096).all(|byte| *byte == 1)
    }),
    ("raise a limit", || {
        let wish = libc::rlimit {
            rlim_cur: 1 << 20,
            rlim_max: 1 << 20,
        };
        // SAFETY: the kernel reads one struct.
        unsafe { libc::setrlimit(libc::RLIMIT_CORE, &wish) == 0 }
    }),
    ("open another process's line", || {
        // SAFETY: a pidfd of the parent, which is only asked for.
        unsafe { libc::syscall(libc::SYS_pidfd_open, libc::getppid(), 0) >= 0 }
    }),
    ("do input and output by a ring", || {
        let mut parameters = [0_u8; 256];
        // SAFETY: the kernel writes 120 bytes of parameters.
        unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, parameters.as_mut_ptr()) };
        true
    }),
];

fn thread_works() -> bool {
    let thread = std::thread::Builder::new().name("decodes".to_owned());
    thread
        .spawn(|| vec![1_u8; 1 << 20].len())
        .is_ok_and(|thread| thread.join().is_ok())
}

/// What the program is called with to keep a processor busy for ever.
const SPIN: &str = "spin";
/// No reader may have more of a processor in its life.
const MOST_PROCESSOR_SECONDS: u64 = 60;

fn spin() -> ! {
    let said: &[u8] = if guarded::confine().is_ok() {
        b"c"
    } else {
        b"n"
    };
    std::io::stdout().write_all(said).unwrap();
    std::io::stdout().flush().unwrap();
    loop {
        std::hint::spin_loop();
    }
}

/// Runs an attempt in place of the tests.
extern "C" fn attempt() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == SPIN) {
        spin();
    }
    let [_, word, name, free] = &arguments[..] else {
        return;
    };
    if word != "attempt" {
        return;
    }
    let mut given = File::open("/etc/passwd").unwrap();
    if free == "confined" {
        let confined = guarded::confine();
        // What a reader needs still works: reading what it was given, decoding on a thread, and answering.
        let mut byte = [0];
        let works = confined.is_ok() && given.read_exact(&mut byte).is_ok() && thread_works();
        let said = std::io::stdout().write_all(if works { b"confined" } else { b"not" });
        if said.is_err() || std::io::stdout().flush().is_err() {
            exit(3);
        }
    }
    let (_, work) = ATTEMPTS.iter().find(|(known, _)| known == name).unwrap();
    exit(if work() { 0 } else { 1 });
}

// SAFETY: the loader calls it once before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static ATTEMPT: extern "C" fn() = attempt;

fn tried(name: &str, how: &str) -> (ExitStatus, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["attempt", name, how])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    (output.status, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_way_out_ends_a_confined_process() {
    for (name, _) in ATTEMPTS {
        let (status, said) = tried(name, "confined");
        assert_eq!(said, "confined", "{name}");
        // Also where memory ends: to abort, a process signals itself, which it may not.
        assert_eq!(status.signal(), Some(libc::SIGSYS), "{name}: {status}");
    }
}

#[test]
fn the_same_ways_are_open_to_a_free_process() {
    for (name, _) in ATTEMPTS {
        let (status, _) = tried(name, "free");
        assert!(status.success(), "{name}: {status}");
    }
}

/// The limit of processor time of another process; `less` is set in its place first.
fn processor_limit(pid: u32, less: Option<u64>) -> (u64, u64) {
    let mut held = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    let wish = less.map(|seconds| libc::rlimit {
        rlim_cur: seconds,
        rlim_max: seconds,
    });
    let wish = wish.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let pid = i32::try_from(pid).unwrap();
    // SAFETY: the kernel reads one struct and writes the other; the process is a child that was not waited for.
    let done = unsafe { libc::prlimit(pid, libc::RLIMIT_CPU, wish, &raw mut held) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    (held.rlim_cur, held.rlim_max)
}

/// Its whole time is too long for a test: the limit that it set for itself is looked at, and then lowered to what a test can wait for.
#[test]
fn a_confined_process_that_is_busy_for_ever_is_ended_by_the_system() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(SPIN)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut said).unwrap();
    let (soft, hard) = processor_limit(child.id(), None);
    processor_limit(child.id(), Some(1));
    let status = child.wait().unwrap();
    assert_eq!(&said, b"c", "it is confined");
    assert!((1..=MOST_PROCESSOR_SECONDS).contains(&soft) && soft == hard);
    let by = status.signal();
    assert!(
        by == Some(libc::SIGKILL) || by == Some(libc::SIGXCPU),
        "{status}"
    );
}
