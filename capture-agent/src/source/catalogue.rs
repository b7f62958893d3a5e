//! What can be opened on this device, as text for `capture-agent sources`.
//!
//! Lists FFmpeg's input devices and the devices found; opens none of them. It says honestly what was never tried.

use std::fmt::Write;

/// The list.
#[must_use]
pub fn text() -> String {
    let mut text = String::from(INTRODUCTION);
    let _ = writeln!(text, "\nFFmpeg here ({}) reads these devices:", version());
    match input_devices() {
        devices if devices.is_empty() => text.push_str("  none; install a fuller FFmpeg\n"),
        devices => {
            for (name, description) in devices {
                let _ = writeln!(text, "  {name:<14} {description}");
            }
        }
    }
    let cameras = cameras();
    text.push_str("\nVideo devices found:\n");
    match cameras.is_empty() {
        true => text.push_str("  none under /dev/video*; plug the grabber in and look again\n"),
        false => cameras.iter().for_each(|(path, name)| {
            let _ = writeln!(text, "  ffmpeg:{path:<14} {name}");
        }),
    }
    match std::env::var("DISPLAY") {
        Ok(display) if !display.is_empty() => {
            let _ = writeln!(
                text,
                "\nScreen found:\n  ffmpeg:{display}?format=x11grab&framerate=60"
            );
        }
        _ => text.push_str("\nNo screen to grab (DISPLAY is not set).\n"),
    }
    text.push_str(UNTESTED);
    text
}

/// Sources that can be chosen here without writing anything, each with the name that its driver gives.
#[must_use]
pub fn found() -> Vec<(String, String)> {
    let cameras = cameras().into_iter();
    let mut found: Vec<(String, String)> = cameras
        .map(|(path, name)| (format!("ffmpeg:{path}"), name))
        .collect();
    found.push(("test:".to_owned(), String::new()));
    found
}

const INTRODUCTION: &str = "\
Sources for --source:

  test:                                   moving pattern with time and frame number as barcode
  test:fps=60,size=1024x768,form=rgb      the same with options
  dicom:/data/clip.dcm                    a DICOM clip at its own frame times, looping
  dicom:/data/clips                       all DICOM files of a folder in name order, looping
  ffmpeg:/data/clip.mp4                   a video file at its own pace, looping (loop=0 plays it once)
  ffmpeg:rtsp://host/live?rtsp_transport=tcp
  ffmpeg:http://host/stream.mjpeg         MJPEG over HTTP; an address with a ? of its own gets one more ? at its end
  ffmpeg:/dev/video0?video_size=1280x720&framerate=60
  ffmpeg::0.0?format=x11grab&framerate=60&video_size=1280x720
  ffmpeg:testsrc=size=800x600:rate=30?format=lavfi

Behind the last ? stand options: format (FFmpeg's -f), loop=0, silent_s=5 (seconds without a picture after which the
source counts as stopped), and everything that FFmpeg's demuxer, device or protocol knows.
";

const UNTESTED: &str = "
Tested by us: DICOM, files, lavfi, MJPEG over HTTP, RTSP from FFmpeg, screens of Linux (x11grab, without a monitor), the test
pattern. Untested, for lack of the hardware or system: USB grabbers (v4l2), RTSP from a real camera, screens (gdigrab) and
grabbers (dshow) of Windows, screens and cameras of macOS (avfoundation). They go through the same code. Try them before a
visit.
";

fn version() -> String {
    let number = ffmpeg_next::format::version();
    format!(
        "libavformat {}.{}.{}",
        number >> 16,
        number >> 8 & 0xff,
        number & 0xff
    )
}

/// Name and description of each input device of this FFmpeg that gives pictures.
fn input_devices() -> Vec<(String, String)> {
    if crate::av::ready().is_err() {
        return Vec::new();
    }
    let mut devices: Vec<(String, String)> = ffmpeg_next::device::input::video()
        .map(|format| (format.name().to_owned(), format.description().to_owned()))
        .collect();
    devices.sort();
    devices
}

/// Video devices of Linux with the names that their drivers give.
fn cameras() -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir("/sys/class/video4linux") else {
        return Vec::new();
    };
    let mut found: Vec<(String, String)> = entries
        .flatten()
        .map(|entry| {
            let name = std::fs::read_to_string(entry.path().join("name")).unwrap_or_default();
            (
                format!("/dev/{}", entry.file_name().to_string_lossy()),
                name.trim().to_owned(),
            )
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_kind_and_what_was_never_tried() {
        let text = text();
        for expected in [
            "dicom:",
            "ffmpeg:",
            "test:",
            "lavfi",
            "Untested",
            "screens of Linux (x11grab",
            "dshow",
            "avfoundation",
        ] {
            assert!(text.contains(expected), "{expected} is missing:\n{text}");
        }
    }

    #[test]
    fn every_example_in_the_list_is_understood() {
        for line in INTRODUCTION.lines() {
            let word = line.split_whitespace().next().unwrap_or_default();
            if ["dicom:", "ffmpeg:", "test:"]
                .iter()
                .any(|kind| word.starts_with(kind))
            {
                word.parse::<crate::source::SourceSpec>().unwrap();
            }
        }
    }
}
