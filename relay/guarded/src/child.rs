//! The confined process: one file, one question after the other.
//!
//! Owns its life: dying with its parent, giving everything up, saying so, taking the descriptor, answering. It writes no log
//! and shows no message, because what it could say may be what a file made it say. A panic in a decoder becomes a refusal
//! that names the step; everything worse ends the process, which its parent sees.

use crate::confine::{close_all_from, confine, die_with};
use crate::guard::READER;
use crate::protocol::{Answer, Ask, FILE_MARK, MAX_ASK_BYTES, Said, receive, send};
use crate::refusal::said;
use echo_dicom::{Clip, ClipError, HeaderPlace, PixelForm, RowSink, header_json};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wire::FrameIndex;

/// Becomes a confined reader, and never returns, when the process was started as one; returns at once otherwise. Programs
/// call it before anything else, while there is one thread and nothing is open.
pub fn serve_if_asked() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != READER) {
        return;
    }
    let parent = arguments.next().and_then(|pid| pid.to_str()?.parse().ok());
    std::panic::set_hook(Box::new(|_| {}));
    // Whoever started it sees the line end.
    let served = serve(parent);
    std::process::exit(i32::from(served.is_err()));
}

fn serve(parent: Option<u32>) -> io::Result<()> {
    close_all_from(3);
    let mut line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let parent = parent.ok_or_else(|| "it was not told who its parent is".to_owned());
    match parent.and_then(die_with).and_then(|()| confine()) {
        Ok(confinement) => {
            let landlock = confinement.landlock;
            send(&mut line, &Answer::Ready { landlock }, &[])?;
        }
        Err(why) => return send(&mut line, &Answer::Unfit { why }, &[]),
    }
    let file = take_file(&line)?;
    let (whole, here) = match receive(&mut line, MAX_ASK_BYTES, 0)?.0 {
        Ask::Open { whole, here } => (whole, here),
        Ask::Header {
            whole,
            data_set_at,
            syntax,
        } => return answer_header(&mut line, file, (whole, data_set_at, &syntax)),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    let clip = match guarded(|| Clip::from_file(file, whole, here)) {
        Ok(clip) => clip,
        Err(said) => return send(&mut line, &Answer::Refused(said), &[]),
    };
    match guarded(|| Ok(clip.outline())) {
        Ok(outline) => send(&mut line, &Answer::Outline(Box::new(outline)), &[])?,
        Err(said) => return send(&mut line, &Answer::Refused(said), &[]),
    }
    loop {
        let answer = match receive(&mut line, MAX_ASK_BYTES, 0)?.0 {
            Ask::Open { .. } | Ask::Header { .. } => return Err(io::ErrorKind::InvalidData.into()),
            Ask::Provenance => match guarded(|| clip.provenance()) {
                Ok(provenance) => Answer::Provenance(Box::new(provenance)),
                Err(said) => Answer::Refused(said),
            },
            Ask::Frame { index } => {
                let mut sink = ToLine(&mut line);
                match guarded(|| clip.rows_step(FrameIndex(index), &mut sink)) {
                    Ok(true) => continue,
                    Ok(false) => Answer::Underway,
                    Err(said) => Answer::Refused(said),
                }
            }
        };
        send(&mut line, &answer, &[])?;
    }
}

/// Rows leave while the picture is decoded: none is held here that the decoder does not need.
struct ToLine<'a>(&'a mut UnixStream);

impl RowSink for ToLine<'_> {
    fn begin(&mut self, width: u32, height: u32, form: PixelForm) -> io::Result<()> {
        let picture = Answer::Picture {
            width,
            height,
            form,
        };
        send(self.0, &picture, &[])
    }

    fn rows(&mut self, rows: &[u8]) -> io::Result<()> {
        send(self.0, &Answer::Rows, rows)
    }
}

fn answer_header(
    line: &mut UnixStream,
    file: File,
    (whole, data_set_at, syntax): (u64, u64, &str),
) -> io::Result<()> {
    let place = HeaderPlace {
        whole,
        data_set_at,
        syntax,
    };
    match guarded(|| header_json(file, place)) {
        Ok(json) => send(line, &Answer::Header, json.as_bytes()),
        Err(said) => send(line, &Answer::Refused(said), &[]),
    }
}

/// The one descriptor that comes over.
fn take_file(line: &UnixStream) -> io::Result<File> {
    let mut mark = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(&mut mark)];
    recvmsg(line, &mut into, &mut beside, RecvFlags::CMSG_CLOEXEC)?;
    let file = beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    match file {
        Some(file) if mark == [FILE_MARK] => Ok(File::from(file)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Runs one job; a panic in it is a refusal.
fn guarded<T>(job: impl FnOnce() -> Result<T, ClipError>) -> Result<T, Said> {
    match catch_unwind(AssertUnwindSafe(job)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(said(&error)),
        Err(_) => Err(Said::Step {
            step: "decode".to_owned(),
            words: "reading it failed inside its reader".to_owned(),
        }),
    }
}
