//! FFmpeg inputs: generators, files, MJPEG over HTTP; clear words for what is none; sources that stop come back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::agent::Agent;
use capture_agent::picture::{Form, PicturePool};
use capture_agent::source::{Captured, FrameSource, SourceError, open};
use capture_agent::sync::Stop;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use support::{settings, until};
use wire::agent::SourceHealth;

fn play(text: &str) -> Result<Box<dyn FrameSource>, SourceError> {
    open(
        &text.parse().unwrap(),
        &PicturePool::default(),
        &Stop::default(),
    )
}

fn pictures(source: &mut dyn FrameSource, count: usize) -> Vec<Captured> {
    let stop = Stop::default();
    (0..count).map(|_| source.next(&stop).unwrap()).collect()
}

/// A JPEG of one gray level.
fn jpeg(level: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
    image::GrayImage::from_pixel(64, 48, image::Luma([level]))
        .write_with_encoder(encoder)
        .unwrap();
    bytes
}

/// A file of raw MJPEG with these levels.
fn film(folder: &Path, levels: &[u8]) -> PathBuf {
    let path = folder.join("film.mjpeg");
    std::fs::write(
        &path,
        levels
            .iter()
            .flat_map(|level| jpeg(*level))
            .collect::<Vec<u8>>(),
    )
    .unwrap();
    path
}

/// Middle pixel, rounded to the levels used here.
fn level(captured: &Captured) -> u8 {
    let rows = captured.picture.rows();
    (rows[rows.len() / 2] + 5) / 10 * 10
}

/// A screen of Linux without a monitor; gone with this.
struct Screen {
    server: std::process::Child,
    /// As X names it.
    display: String,
}

impl Screen {
    /// White, with this many pixels. Set-up installs Xvfb.
    fn of(size: &str) -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24")])
            .args(["-wr", "-nolisten", "tcp"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        let mut said = std::io::BufReader::new(server.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut said, &mut number).unwrap();
        let display = format!(":{}.0", number.trim());
        Self { server, display }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_screen_of_linux_is_grabbed_at_its_size_until_it_is_gone() {
    let screen = Screen::of("320x240");
    let text = format!(
        "ffmpeg:{}?format=x11grab&framerate=30&video_size=320x240",
        screen.display
    );
    let mut source = play(&text).unwrap();
    let grabbed = pictures(source.as_mut(), 10);
    for captured in &grabbed {
        let size = (captured.picture.width(), captured.picture.height());
        assert_eq!(size, (320, 240));
        // There is a mouse pointer somewhere.
        let rows = captured.picture.rows();
        let white = rows.iter().filter(|byte| **byte > 250).count();
        assert!(white * 10 > rows.len() * 9, "{white} of {}", rows.len());
    }
    drop(screen);
    let stop = Stop::default();
    assert!((0..60).any(|_| source.next(&stop).is_err()));
    assert!(play(&text).is_err(), "nothing is there any more");
}

#[test]
fn a_generated_picture_comes_at_its_own_rate_and_in_colour() {
    let mut source = play("ffmpeg:testsrc=size=320x240:rate=50?format=lavfi").unwrap();
    assert_eq!(source.describe().frame_rate, Some(50.0));
    let captured = pictures(source.as_mut(), 26);
    let took = captured[25].at - captured[0].at;
    assert!(
        (0.45..0.60).contains(&took.as_secs_f64()),
        "25 pictures at 50 per second took {took:?}"
    );
    assert_eq!(captured[0].picture.form(), Form::Rgb8);
    assert_eq!(
        (captured[0].picture.width(), captured[0].picture.height()),
        (320, 240)
    );
}

#[test]
fn colours_are_right() {
    let mut source =
        play("ffmpeg:color=c=0xE02040:size=64x48:rate=25,format=yuv420p?format=lavfi").unwrap();
    let captured = pictures(source.as_mut(), 1);
    let pixel = &captured[0].picture.rows()[3000..3003];
    for (found, expected) in pixel.iter().zip([0xe0u8, 0x20, 0x40]) {
        assert!(found.abs_diff(expected) <= 3, "{pixel:02x?}");
    }
}

#[test]
fn a_file_without_colour_is_gray_and_loops_without_a_seam() {
    let folder = tempfile::tempdir().unwrap();
    let path = film(folder.path(), &[20, 60, 100, 140]);
    let mut source = play(&format!("ffmpeg:{}?framerate=50", path.display())).unwrap();
    let captured = pictures(source.as_mut(), 12);
    assert_eq!(captured[0].picture.form(), Form::Gray8);
    let levels: Vec<u8> = captured.iter().map(level).collect();
    assert_eq!(
        levels,
        [20, 60, 100, 140, 20, 60, 100, 140, 20, 60, 100, 140]
    );
    let steps: Vec<u128> = captured
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).as_millis())
        .collect();
    assert!(steps.iter().all(|step| *step <= 50), "{steps:?}");
    assert!(
        (200..=260).contains(&steps.iter().sum::<u128>()),
        "eleven steps of 20 ms: {steps:?}"
    );
}

#[test]
fn what_is_no_video_is_told_in_one_line_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let letter = write("letter.txt", b"Dear colleague, this is no video at all.\n");
    let empty = write("empty.mp4", b"");
    let noise = write(
        "noise.mp4",
        &(0u32..5000)
            .map(|n| ((n * n) >> 7) as u8)
            .collect::<Vec<u8>>(),
    );
    let closed = {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
    };
    let folder_name = folder.path().display().to_string();
    for (text, expected) in [
        (format!("ffmpeg:{letter}"), "no video"),
        (format!("ffmpeg:{empty}"), "cut off"),
        (format!("ffmpeg:{noise}"), "cut off"),
        (format!("ffmpeg:{folder_name}"), "folder"),
        ("ffmpeg:/does/not/exist.mp4".to_owned(), "no such file"),
        (
            "ffmpeg:/dev/video99?format=v4l2".to_owned(),
            "no such file or device",
        ),
        (format!("ffmpeg:http://{closed}/x"), "nobody listens"),
        (
            "ffmpeg:testsrc?format=nonsense".to_owned(),
            "no format \"nonsense\"",
        ),
        ("ffmpeg:gopher9://x/y".to_owned(), "no such kind of address"),
        (
            "ffmpeg:testsrc?format=lavfi&colour=blue".to_owned(),
            "no option \"colour\"",
        ),
        ("ffmpeg:sine?format=lavfi".to_owned(), "no picture"),
    ] {
        let told = play(&text)
            .err()
            .unwrap_or_else(|| panic!("{text} opened"))
            .to_string();
        assert!(
            told.starts_with("the source cannot be opened: ")
                && told.contains(expected)
                && !told.contains('\n'),
            "{text}: {told}"
        );
    }
}

/// FFmpeg as a network camera: calls until somebody listens, and sends until nobody does.
fn send_by_rtsp(address: &str, done: &AtomicBool) {
    while !done.load(Ordering::SeqCst) {
        let _ = Command::new("ffmpeg")
            .args(["-v", "quiet", "-re", "-f", "lavfi", "-i"])
            .arg("testsrc=size=64x48:rate=25")
            .args(["-c:v", "libx264", "-tune", "zerolatency", "-g", "5"])
            .args(["-pix_fmt", "yuv420p", "-rtsp_transport", "tcp"])
            .args(["-f", "rtsp", address])
            .status();
    }
}

#[test]
fn a_network_camera_is_followed_over_rtsp() {
    if !support::readers::is_here("ffmpeg", "-version") {
        return;
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtsp://{}/live", free.local_addr().unwrap());
    drop(free);
    let done = Arc::new(AtomicBool::new(false));
    let camera = {
        let (address, done) = (address.clone(), Arc::clone(&done));
        std::thread::spawn(move || send_by_rtsp(&address, &done))
    };
    let mut source = play(&format!(
        "ffmpeg:{address}?rtsp_flags=listen&analyzeduration=100000"
    ))
    .unwrap();
    assert_eq!(source.describe().words, "network camera (RTSP)");
    let seen = pictures(source.as_mut(), 5);
    for pair in seen.windows(2) {
        assert!(pair[1].at > pair[0].at);
        assert!(pair[1].picture.rows() != pair[0].picture.rows(), "it moves");
    }
    assert_eq!(
        (seen[0].picture.width(), seen[0].picture.height()),
        (64, 48)
    );
    done.store(true, Ordering::SeqCst);
    drop(source);
    camera.join().unwrap();
}

/// Serves MJPEG over HTTP: each connection gets pictures of rising level until told to hang up.
struct Camera {
    address: String,
    hang_up: Arc<AtomicBool>,
    fall_silent: Arc<AtomicBool>,
    connections: Arc<AtomicU32>,
}

impl Camera {
    fn start(every: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/camera.mjpeg", listener.local_addr().unwrap());
        let (hang_up, fall_silent) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let connections = Arc::new(AtomicU32::new(0));
        let (stop, silent, count) = (
            Arc::clone(&hang_up),
            Arc::clone(&fall_silent),
            Arc::clone(&connections),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                stop.store(false, Ordering::SeqCst);
                let (stop, silent) = (Arc::clone(&stop), Arc::clone(&silent));
                std::thread::spawn(move || serve(stream, every, &stop, &silent));
            }
        });
        Self {
            address,
            hang_up,
            fall_silent,
            connections,
        }
    }
}

fn serve(mut stream: TcpStream, every: Duration, hang_up: &AtomicBool, silent: &AtomicBool) {
    let mut request = [0; 2048];
    let _ = stream.read(&mut request);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--frame\r\nConnection: close\r\n\r\n";
    if stream.write_all(head.as_bytes()).is_err() {
        return;
    }
    let mut due = Instant::now();
    for n in 0u32.. {
        let picture = jpeg((n % 20 * 10 + 20) as u8);
        let part = format!(
            "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
            picture.len()
        );
        if hang_up.load(Ordering::SeqCst) {
            return;
        }
        if !silent.load(Ordering::SeqCst)
            && stream
                .write_all(&[part.as_bytes(), &picture, b"\r\n"].concat())
                .is_err()
        {
            return;
        }
        due += every;
        Stop::default().wait_until(due);
    }
}

#[test]
fn mjpeg_over_http_plays() {
    let camera = Camera::start(Duration::from_millis(20));
    let mut source = play(&format!("ffmpeg:{}", camera.address)).unwrap();
    let levels: Vec<u8> = pictures(source.as_mut(), 8).iter().map(level).collect();
    assert!(
        levels.windows(2).all(|pair| pair[0] != pair[1]),
        "{levels:?}"
    );
    assert_eq!(source.describe().words, "network stream (http)");
}

#[test]
fn a_slow_reader_gets_the_newest_picture_of_a_camera() {
    let camera = Camera::start(Duration::from_millis(20));
    let mut source = play(&format!("ffmpeg:{}", camera.address)).unwrap();
    pictures(source.as_mut(), 2);
    Stop::default().wait(Duration::from_millis(700));
    let captured = pictures(source.as_mut(), 1);
    let age = captured[0].at.elapsed();
    assert!(
        age < Duration::from_millis(60),
        "the picture is {age:?} old after a pause of 700 ms"
    );
}

#[test]
fn a_camera_that_falls_silent_is_told() {
    let camera = Camera::start(Duration::from_millis(20));
    let mut source = play(&format!("ffmpeg:{}?silent_s=1", camera.address)).unwrap();
    pictures(source.as_mut(), 2);
    camera.fall_silent.store(true, Ordering::SeqCst);
    let (start, stop) = (Instant::now(), Stop::default());
    let error = (0..100).find_map(|_| source.next(&stop).err()).unwrap();
    assert!(matches!(error, SourceError::Silent(1)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4));
    let start = Instant::now();
    drop(source);
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "leaving a silent camera hangs"
    );
}

#[test]
fn opening_something_that_never_answers_ends_at_the_signal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let spec = format!("ffmpeg:http://{}/x", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let stop = Stop::default();
    let opening = std::thread::spawn({
        let stop = stop.clone();
        move || open(&spec, &PicturePool::default(), &stop).err()
    });
    let _connection = listener.accept().unwrap();
    let start = Instant::now();
    stop.set();
    assert!(matches!(
        opening.join().unwrap(),
        Some(SourceError::Stopped)
    ));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_stops_is_opened_again_and_the_state_says_so() {
    let camera = Camera::start(Duration::from_millis(20));
    let agent = Agent::start(settings(&format!("ffmpeg:{}", camera.address))).unwrap();
    let health = || agent.board.now().source.health;
    until("it runs", Duration::from_secs(10), || {
        health() == SourceHealth::Running
    })
    .await;
    camera.hang_up.store(true, Ordering::SeqCst);
    until("it failed", Duration::from_secs(5), || {
        health() == SourceHealth::Failed
    })
    .await;
    let trouble = agent.board.now().source.trouble.unwrap();
    assert!(
        trouble.contains("sends nothing more") || trouble.contains("broke off"),
        "{trouble}"
    );
    until("it runs again", Duration::from_secs(10), || {
        health() == SourceHealth::Running
    })
    .await;
    assert!(camera.connections.load(Ordering::SeqCst) >= 2);
    assert_eq!(agent.board.now().source.trouble, None);
}
