//! Opens an FFmpeg input with a watchdog.
//!
//! Owns the unsafe part of opening, because no safe call takes an input format, options and an interrupt callback at
//! once. Invariant: no call into FFmpeg blocks longer than the watchdog's patience, nor beyond `stop`. (A driver that
//! sleeps in the kernel can; `live` reads on a thread of its own for that reason.)

use crate::source::SourceError;
use crate::source::ffmpeg::wish::Wish;
use crate::source::ffmpeg::words::why;
use crate::sync::Stop;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::util::interrupt;
use ffmpeg_next::{Dictionary, Error, ffi, media};
use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Opening may take this long: a camera that wakes up, a slow DNS.
const OPENING: Duration = Duration::from_secs(10);
/// Demuxers that take anything: a text file must not become a picture of text.
const NOT_VIDEO: &[&str] = &["tty", "bin", "xbin", "adf", "idf", "data", "rawvideo"];

/// Interrupts FFmpeg when it takes too long or the program ends.
pub(super) struct Watchdog {
    origin: Instant,
    /// Microseconds after `origin` at which patience ends.
    deadline_us: AtomicU64,
    cancelled: AtomicBool,
    stop: Stop,
}

impl Watchdog {
    fn new(stop: Stop) -> Arc<Self> {
        let (deadline_us, cancelled) = (AtomicU64::new(u64::MAX), AtomicBool::new(false));
        Arc::new(Self {
            origin: Instant::now(),
            deadline_us,
            cancelled,
            stop,
        })
    }

    /// The next call may take this long.
    pub(super) fn allow(&self, time: Duration) {
        let until = (self.origin.elapsed() + time).as_micros();
        self.deadline_us
            .store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Every call ends now.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn bites(&self) -> bool {
        let elapsed = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.cancelled.load(Ordering::Relaxed)
            || elapsed > self.deadline_us.load(Ordering::Relaxed)
            || self.stop.is_set()
    }
}

/// An open input.
pub(super) struct Opened {
    pub(super) input: Input,
    pub(super) watchdog: Arc<Watchdog>,
    /// Index of the video stream.
    pub(super) stream: usize,
    /// A file or a generator, which would come as fast as we read.
    pub(super) has_own_pace: bool,
    /// In words, without path or address.
    pub(super) words: String,
}

/// Opens what is wished for.
pub(super) fn open(wish: &Wish, stop: &Stop) -> Result<Opened, SourceError> {
    crate::av::ready().map_err(|error| wish.cannot_open(why(error)))?;
    let watchdog = Watchdog::new(stop.clone());
    watchdog.allow(OPENING);
    let input = open_input(wish, Arc::clone(&watchdog));
    if stop.is_set() {
        return Err(SourceError::Stopped);
    }
    let input = input?;
    let name = input.format().name().to_owned();
    if wish.format.is_none() && NOT_VIDEO.contains(&name.as_str()) {
        return Err(wish.cannot_open(why(Error::InvalidData)));
    }
    let best = input
        .streams()
        .best(media::Type::Video)
        .map(|stream| stream.index());
    let stream =
        best.ok_or_else(|| wish.cannot_open("there is sound or data in it, but no picture"))?;
    let has_own_pace = has_own_pace(&input, &name);
    let words = words(&wish.input, &name);
    Ok(Opened {
        input,
        watchdog,
        stream,
        has_own_pace,
        words,
    })
}

fn open_input(wish: &Wish, watchdog: Arc<Watchdog>) -> Result<Input, SourceError> {
    let refused = |error: Error| wish.cannot_open(why(error));
    let address = CString::new(wish.input.as_str()).map_err(|_| refused(Error::InvalidData))?;
    let format = input_format(wish)?;
    let mut options = Dictionary::new();
    for (key, value) in &wish.options {
        options.set(key, value);
    }
    let callback = interrupt::new(Box::new(move || watchdog.bites()));
    // SAFETY: the context is allocated here and handed to FFmpeg, which frees it itself when opening fails and leaves
    // it open otherwise; from then on `Input` owns it. `callback.guard` keeps the closure alive as long as the context:
    // it is dropped after a failed opening (no further calls) or moves into `Input`. `opts` is a dictionary that
    // FFmpeg replaces by one of unused entries, which we own again.
    let (opened, unused) = unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(refused(Error::Other {
                errno: libc::ENOMEM,
            }));
        }
        (*context).interrupt_callback = callback.interrupt;
        let mut opts = options.disown();
        let code =
            ffi::avformat_open_input(&raw mut context, address.as_ptr(), format, &raw mut opts);
        let unused = Dictionary::own(opts);
        let opened = if code < 0 {
            Err(Error::from(code))
        } else {
            Ok(Input::wrap_with_interrupt(context, callback.guard))
        };
        (opened, unused)
    };
    let mut input = opened.map_err(refused)?;
    if let Some((key, _)) = unused
        .iter()
        .find(|(key, _)| wish.asked.iter().any(|asked| asked == key))
    {
        let told = format!(
            "FFmpeg knows no option \"{key}\" for it; if it belongs to the address, add one more ? at the end"
        );
        return Err(wish.cannot_open(told));
    }
    // SAFETY: the context is open and ours.
    let code = unsafe { ffi::avformat_find_stream_info(input.as_mut_ptr(), ptr::null_mut()) };
    if code < 0 {
        Err(refused(Error::from(code)))
    } else {
        Ok(input)
    }
}

/// FFmpeg's description of the format that was asked for; null when none was.
fn input_format(wish: &Wish) -> Result<*const ffi::AVInputFormat, SourceError> {
    let Some(name) = &wish.format else {
        return Ok(ptr::null());
    };
    let unknown = || {
        wish.cannot_open(format!(
            "FFmpeg here knows no format \"{name}\"; \"capture-agent sources\" lists its devices"
        ))
    };
    let text = CString::new(name.as_str()).map_err(|_| unknown())?;
    // SAFETY: returns null or a pointer to static data of FFmpeg.
    let format = unsafe { ffi::av_find_input_format(text.as_ptr()) };
    if format.is_null() {
        Err(unknown())
    } else {
        Ok(format)
    }
}

/// Whether pictures come as fast as they are read: a seekable file, here or over HTTP, or a generator.
fn has_own_pace(input: &Input, format: &str) -> bool {
    // SAFETY: the context is open; `pb` is null for devices and live protocols.
    let seekable = unsafe {
        let context = input.as_ptr();
        (*context).pb.as_ref().is_some_and(|io| io.seekable != 0)
    };
    format == "lavfi" || seekable
}

/// What it is, for people.
fn words(input: &str, format: &str) -> String {
    // SAFETY: `avio_find_protocol_name` returns null or static text.
    let protocol = CString::new(input).ok().and_then(|text| unsafe {
        let name = ffi::avio_find_protocol_name(text.as_ptr());
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    });
    match (
        format.split(',').next().unwrap_or(format),
        protocol.as_deref(),
    ) {
        ("lavfi", _) => "generated picture".to_owned(),
        ("x11grab" | "gdigrab", _) => "screen".to_owned(),
        ("video4linux2" | "v4l2" | "dshow" | "avfoundation", _) => {
            "video grabber or camera".to_owned()
        }
        ("rtsp", _) => "network camera (RTSP)".to_owned(),
        (_, Some("file") | None) => "video file".to_owned(),
        (_, Some(protocol)) => format!("network stream ({protocol})"),
    }
}
