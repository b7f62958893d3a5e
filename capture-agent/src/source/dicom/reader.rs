//! Opens and decodes clips ahead, on a thread of its own.
//!
//! Holds at most `AHEAD` decoded pictures, and opens the next file while the last pictures of this one are shown: that
//! is what makes the loop seamless. The thread ends when nobody receives any more.

use crate::picture::{Form, Picture};
use crate::provenance::Provenance;
use crate::source::dicom::playlist::{OpenClip, Playlist};
use crate::source::dicom::timeline::Timeline;
use echo_dicom::PixelForm;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;
use wire::FrameIndex;

/// Pictures decoded before their time: a tenth of a second at 30 per second covers a slow frame or a file opening.
const AHEAD: usize = 3;

/// A picture and its time.
pub(super) struct Decoded {
    /// Pixels.
    pub(super) picture: Picture,
    /// When it is to be shown.
    pub(super) due: Instant,
    /// What its clip says of it.
    pub(super) provenance: Arc<Provenance>,
}

/// Starts the thread with its first clip open.
pub(super) fn start_reader(
    playlist: Playlist,
    first: OpenClip,
) -> Result<Receiver<Result<Decoded, String>>, String> {
    let (sender, receiver) = sync_channel(AHEAD);
    let work = move || {
        if let Err(Fault::Told(why)) = play(playlist, first, &sender) {
            // Nobody listens any more when this fails.
            let _ = sender.send(Err(why));
        }
    };
    std::thread::Builder::new()
        .name("decode".to_owned())
        .spawn(work)
        .map_err(|error| error.to_string())?;
    Ok(receiver)
}

/// Why playing ends.
enum Fault {
    /// Nobody listens.
    Unheard,
    /// To be told.
    Told(String),
}

fn play(
    mut playlist: Playlist,
    first: OpenClip,
    sender: &SyncSender<Result<Decoded, String>>,
) -> Result<(), Fault> {
    let mut timeline = Timeline::new();
    let mut clip = first;
    // Clips in a row of which nothing could be decoded.
    let mut barren = 0;
    loop {
        match play_clip(&clip, &mut timeline, sender)? {
            None => barren = 0,
            Some(why) => {
                barren += 1;
                if barren >= playlist.files() {
                    return Err(Fault::Told(why));
                }
            }
        }
        if playlist.is_folder() {
            clip = playlist.next_clip().map_err(Fault::Told)?;
        }
    }
}

/// Plays a clip once; damaged frames are left out. Gives the reason when nothing could be decoded.
fn play_clip(
    clip: &OpenClip,
    timeline: &mut Timeline,
    sender: &SyncSender<Result<Decoded, String>>,
) -> Result<Option<String>, Fault> {
    let mut still: Option<echo_dicom::Picture> = None;
    let (mut good, mut fault) = (0u32, None);
    for n in 0..clip.pictures() {
        let Some(due) = timeline.next(clip.interval(n), Instant::now()) else {
            continue;
        };
        let decoded = match &still {
            Some(picture) => Ok(picture.clone()),
            None => decode(clip, clip.frame_of(n)),
        };
        match decoded {
            Ok(picture) => {
                if clip.is_still() {
                    still = Some(picture.clone());
                }
                let picture = ours(picture).map_err(Fault::Told)?;
                sender
                    .send(Ok(Decoded {
                        picture,
                        due,
                        provenance: Arc::clone(&clip.provenance),
                    }))
                    .map_err(|_| Fault::Unheard)?;
                good += 1;
            }
            Err(why) => {
                fault.get_or_insert(why);
                if clip.is_still() {
                    break;
                }
            }
        }
    }
    if let Some(why) = &fault {
        tracing::warn!(
            reason = why,
            "frames of a clip could not be decoded and are left out"
        );
    }
    Ok(fault.filter(|_| good == 0))
}

fn decode(clip: &OpenClip, frame: FrameIndex) -> Result<echo_dicom::Picture, String> {
    clip.decode(frame)
        .map_err(|error| format!("frame {}: {error}; {}", frame.0 + 1, error.what_to_do()))
}

fn ours(picture: echo_dicom::Picture) -> Result<Picture, String> {
    let form = match picture.form {
        PixelForm::Gray8 => Form::Gray8,
        PixelForm::Rgb8 => Form::Rgb8,
    };
    Picture::from_rows(picture.width, picture.height, form, picture.rows)
        .map_err(|error| error.to_string())
}
