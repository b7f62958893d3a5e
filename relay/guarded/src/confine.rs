//! Giving up, for good, all that reading a file does not need.
//!
//! Owns the limits and the order in which they are set: descriptors, core dumps, resource limits, landlock, and at last
//! the list of system calls that are left. It is called before a byte of a foreign file is read. Invariant: where the list
//! of system calls cannot be set, nothing is read; landlock is a second wall and may be missing.

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::set_no_new_privs;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Memory that reading one file may take beyond what the program has when it starts. A data set that is inflated has up
/// to 128 MiB, the largest picture 96 MiB as it is stored and 48 MiB as it is shown; they are not held all at once. A video takes
/// less: its decoder keeps 14 MB of pictures, some of them twice as large with their margins.
const MEMORY_BYTES: u64 = 256 << 20;
/// Processor time of a reader in its whole life. It is replaced long before, and a single job ends by the clock of the
/// process that asked; this holds when that one hangs.
const PROCESSOR_SECONDS: u64 = 60;
/// Descriptors: the line, its copy, two to nowhere, the file, and some for the C library.
const DESCRIPTORS: u64 = 16;

/// How a process is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confinement {
    /// Landlock holds beside the list of system calls.
    pub landlock: bool,
}

/// Dies with the parent, whatever happens to it.
pub(crate) fn die_with(parent: u32) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed("die with the parent"))?;
    // It may have died before that.
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if now == Some(parent) {
        Ok(())
    } else {
        Err("the parent is gone".to_owned())
    }
}

/// From this size on memory is given back when it is freed. By itself the C library raises the bound to the largest piece that was
/// ever freed, and a reader that waits would keep the picture that it showed last.
const GIVEN_BACK_BYTES: libc::c_int = 1 << 20;

/// Keeps the C library to one arena: each thread would else reserve 128 MiB of addresses, and addresses are what is limited.
fn one_arena() {
    // SAFETY: settings of the allocator, made before a second thread exists. If they are not taken, threads fail earlier and memory
    // stays longer.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, GIVEN_BACK_BYTES);
    }
}

/// Confines this process for the rest of its life.
///
/// # Errors
/// What could not be given up.
pub fn confine() -> Result<Confinement, String> {
    one_arena();
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed("hide its memory"))?;
    set_no_new_privs(true).map_err(failed("set no_new_privs"))?;
    limits()?;
    let landlock = landlock()?;
    seccomp()?;
    Ok(Confinement { landlock })
}

fn failed<E: Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("the kernel did not let it {what}: {error}")
}

/// Closes what came along by mistake: our own descriptors are all closed on exec, those of C libraries may not be.
pub(crate) fn close_all_from(first: u32) {
    // SAFETY: the process has just begun and holds no descriptor of ours from this number on. A kernel without the call
    // leaves them open; the list of system calls then still keeps them from being used for more than reading.
    unsafe {
        libc::syscall(libc::SYS_close_range, first, u32::MAX, 0);
    }
}

fn limits() -> Result<(), String> {
    let begin = address_space().ok_or("its own size cannot be read from /proc")?;
    for (resource, most) in [
        (Resource::As, begin + MEMORY_BYTES),
        (Resource::Cpu, PROCESSOR_SECONDS),
        (Resource::Nofile, DESCRIPTORS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit).map_err(failed("set a resource limit"))?;
    }
    Ok(())
}

/// What the program and its libraries take without a file: a hundred MiB of mapped code for some.
fn address_space() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let size = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = size.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// No path of any file system, no port, no process outside, as far as this kernel knows how.
fn landlock() -> Result<bool, String> {
    let restricted = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V6)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(|rules| rules.create())
        .and_then(|rules| rules.restrict_self())
        .map_err(failed("use landlock"))?;
    Ok(restricted.ruleset != RulesetStatus::NotEnforced)
}

/// All that is left: to read what is open, to answer, to manage memory, to end. Everything else ends the process.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_recvmsg,
    libc::SYS_recvfrom,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_sendto,
    libc::SYS_close,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigprocmask,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // What a thread needs at its beginning and end.
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Memory that code could be written into and then run is never given.
const NOT_EXECUTABLE: &[libc::c_long] = &[libc::SYS_mmap, libc::SYS_mprotect];
/// The argument of both that says what the memory is for.
const PROTECTION: u8 = 2;

/// Of `clone`: a thread of this process, which is confined as it is, and no process, namespace or tracing. The JPEG decoder
/// gives each colour a thread.
const THREAD: libc::c_int = libc::CLONE_THREAD | libc::CLONE_VM;
const NO_THREAD: libc::c_int = libc::CLONE_VFORK
    | libc::CLONE_PTRACE
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn seccomp() -> Result<(), String> {
    // Its flags lie in memory, where no filter sees them: it is missing, and `clone` is used in its place.
    let missing = Rules::from([(libc::SYS_clone3, Vec::new())]);
    let no_such_call = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    apply(missing, SeccompAction::Allow, no_such_call)?;
    let mut rules: Rules = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    for call in NOT_EXECUTABLE {
        rules.insert(*call, only_if(PROTECTION, libc::PROT_EXEC, 0)?);
    }
    rules.insert(libc::SYS_clone, only_if(0, THREAD | NO_THREAD, THREAD)?);
    // A thread says its name.
    rules.insert(libc::SYS_prctl, only_if(0, -1, libc::PR_SET_NAME)?);
    // The standard library looks whether a descriptor is open before it closes it.
    rules.insert(libc::SYS_fcntl, only_if(1, -1, libc::F_GETFD)?);
    apply(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

/// A rule for calls of which one argument has these bits.
fn only_if(argument: u8, mask: libc::c_int, bits: libc::c_int) -> Result<Vec<SeccompRule>, String> {
    let unsigned = |bits: libc::c_int| u64::from(bits.cast_unsigned());
    let masked = SeccompCmpOp::MaskedEq(unsigned(mask));
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, masked, unsigned(bits))
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map(|rule| vec![rule])
        .map_err(no_list)
}

fn apply(rules: Rules, otherwise: SeccompAction, on_match: SeccompAction) -> Result<(), String> {
    let arch = std::env::consts::ARCH.try_into().map_err(no_list)?;
    let filter = SeccompFilter::new(rules, otherwise, on_match, arch).map_err(no_list)?;
    let program: BpfProgram = filter.try_into().map_err(no_list)?;
    seccompiler::apply_filter(&program).map_err(no_list)
}

fn no_list(error: impl Into<seccompiler::Error>) -> String {
    let error = error.into();
    format!("the kernel did not let it set a list of system calls (seccomp): {error}")
}
