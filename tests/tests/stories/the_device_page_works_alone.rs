//! The page on the device itself, with no relay at all: the preview moves, a freeze stands, a dragged area is covered before
//! anything is kept, and it still is after a restart.

use crate::forms::{devices, takes_form};
use crate::screens::{AXE_TAGS, without_figures};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use stories::agent::Agent;
use stories::barcode::Barcode;
use stories::binaries::{Binaries, workspace};
use stories::browser::{Browser, Page, Screen};
use stories::dropped::drops_file;
use stories::story::{FULL_DISK_TAKES_BYTES, runtime};
use stories::wait::{ms, secs, until};

/// The barcode of the preview.
const CODE: &str = "() => { const canvas = document.querySelector('[data-testid=preview]');
    return canvas && window.hibikiBarcode.read(canvas); }";
/// Brightest pixel of the area that the story covers, a little inside its edges.
const BRIGHTEST: &str = "() => { const canvas = document.querySelector('[data-testid=preview]');
    const [w, h] = [canvas.width, canvas.height];
    const pixels = canvas.getContext('2d').getImageData(w * 0.15, h * 0.45, w * 0.7, h * 0.2).data;
    let most = 0; for (let i = 1; i < pixels.length; i += 4) most = Math.max(most, pixels[i]); return most; }";
/// Where the preview is on the screen.
const BOX: &str =
    "() => { const r = document.querySelector('[data-testid=preview-box]').getBoundingClientRect();
    return [r.x, r.y, r.width, r.height]; }";
/// Seconds that the page says are kept of the picture.
const RING_S: &str = "() => { const row = [...document.querySelectorAll('.status__row')].find((one) => one.querySelector('dt').innerText === '直前の映像');
    const [, seconds] = row?.innerText.match(/(\\d+) 秒/) ?? []; return seconds === undefined ? null : Number(seconds); }";
/// Height of the picture that the preview shows.
const HEIGHT: &str =
    "(height) => document.querySelector('[data-testid=preview]').height === height";
/// The view label that the story chooses, as Image Comments (0020,4000) in Explicit VR Little Endian (PS3.5 section 7.1.2).
const VIEW_IN_FILE: &[u8] = b"\x20\x00\x00\x40LT\x04\x00A4C ";
/// Study Date (0008,0020) in the same form, before its value.
const STUDY_DATE: &[u8] = b"\x08\x00\x20\x00DA\x08\x00";
/// A covered area in a JPEG is black but for what coding leaves of its surroundings.
const BLACK: u8 = 24;

/// A hospital's worklist that answers at once with these two, whatever day it is; asking a real one is the agent's own test.
const WORKLIST: &str = "() => { const real = window.fetch;
    const one = (key, time, step, patient) => ({ key, time, step, patient: { id: null, name: null, nameIdeographic: null,
        namePhonetic: null, birthDate: null, sex: null, accessionNumber: key, ...patient } });
    const list = { list: 1, day: '20261127', unreadable: 1, more: false, entries: [
        one('A-17', '09:30', '経胸壁心エコー', { id: 'FAKE-000017', name: 'YAMADA^TAROU', nameIdeographic: '山田^太郎',
            namePhonetic: 'やまだ^たろう', birthDate: '1941-02-28', sex: 'M' }),
        one('A-20', '', 'TTE', { id: 'FAKE-000020', name: 'SATO^RITSUKO' })] };
    window.fetch = (path, wish) => path.endsWith('/worklist') ? Promise.resolve(Response.json(list)) : real(path, wish); }";

const FPS: u32 = 20;
const CONFIG: &str = "source = \"test:fps=20\"\n";
/// Whole seconds on the page, what was captured before the page came, and a look at the state a few times a second.
const RING_WITHIN_S: f64 = 3.0;

struct Bedside {
    agent: Agent,
    page: Page,
    /// Keeps the browser's storage for as long as the page is open.
    _context: stories::browser::Context,
}

/// The agent's own page; nothing else runs.
async fn open(folder: &Path, words: &str, flags: &[&str], screen: Screen) -> Result<Bedside> {
    let binaries = Binaries::get().await?;
    let config = folder.join("agent.toml");
    std::fs::write(&config, words)?;
    let args = [
        "run",
        "--config",
        config.to_str().context("a path in UTF-8")?,
    ];
    let args = args.iter().chain(flags).map(|flag| (*flag).to_owned());
    let agent = Agent::start(&binaries, args.collect())?;
    let address = agent
        .program()
        .wait_for_line("where its page is", secs(10), |line| {
            Some(line.split_once("Page on this device: ")?.1.to_owned())
        })
        .await?;
    let context = Browser::shared().await?.context(screen).await?;
    let page = context.page().await?;
    page.goto(&address).await?;
    Ok(Bedside {
        agent,
        page,
        _context: context,
    })
}

impl Bedside {
    async fn sees_another_frame_than(&self, before: Option<Barcode>) -> Result<Barcode> {
        until("a moving preview", secs(10), || async {
            let code: Option<Barcode> = self.page.eval(CODE, ()).await?;
            Ok(code.filter(|code| Some(*code) != before))
        })
        .await
    }

    /// The page says how much of what it showed since `first` can still be saved: all of it, and little more.
    async fn keeps_what_was_seen_since(&self, first: Barcode) -> Result<()> {
        until("what the ring holds", secs(10), || async {
            let said: Option<f64> = self.page.eval(RING_S, ()).await?;
            let now = self.sees_another_frame_than(None).await?;
            let seen = f64::from(now.n.wrapping_sub(first.n)) / f64::from(FPS);
            Ok(said.filter(|said| *said >= 2.0 && (said - seen).abs() <= RING_WITHIN_S))
        })
        .await
        .map(drop)
    }

    /// Another source by its name, and the configured one again from the list.
    async fn opens_another_source_and_the_first_again(&self) -> Result<()> {
        let page = &self.page;
        page.click("summary:has-text(\"入力を選ぶ\")").await?;
        page.fill(".sources__other input", "test:fps=20,size=800x400")
            .await?;
        page.click("form:has(.sources__other) button").await?;
        page.until::<bool>("the other source", secs(10), HEIGHT, 400)
            .await?;
        let moving = self.sees_another_frame_than(None).await?;
        self.sees_another_frame_than(Some(moving)).await?;
        page.visible("text=800×400", secs(5)).await?;
        page.click(".sources__one:has-text(\"設定の入力\")").await?;
        page.until::<bool>("the configured source", secs(10), HEIGHT, 600)
            .await
            .map(drop)
    }

    async fn brightest_within(&self, what: &str, is_so: fn(u8) -> bool) -> Result<()> {
        until(what, secs(5), || async {
            Ok(is_so(self.page.eval(BRIGHTEST, ()).await?).then_some(()))
        })
        .await
    }

    async fn drags_over_the_middle(&self) -> Result<()> {
        let [x, y, width, height]: [f64; 4] = self.page.eval(BOX, ()).await?;
        let at = |kind: &str, across: f64, down: f64| json!({ "type": kind, "x": x + width * across, "y": y + height * down });
        let steps = [
            at("move", 0.1, 0.4),
            at("down", 0.1, 0.4),
            at("move", 0.5, 0.6),
            at("move", 0.9, 0.7),
            at("up", 0.9, 0.7),
        ];
        self.page.pointer("mouse", &steps, ms(20)).await
    }
}

/// Files of clips in a spool, half-written ones too.
fn clip_files(spool: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["takes", "clips", "kept", "damaged"] {
        for file in std::fs::read_dir(spool.join(folder))? {
            found.push(file?.path());
        }
    }
    Ok(found)
}

/// A clip that the handheld wrote a while ago.
fn exported(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("export.dcm");
    std::fs::copy(workspace().join("sample-dicom/plax_small.dcm"), &file)?;
    let written = SystemTime::now() - secs(60);
    let opened = std::fs::File::options().append(true).open(&file)?;
    opened.set_modified(written)?;
    Ok(file)
}

/// One of now, one of yesterday, and one that is none; another unsent one is there already.
async fn takes_files_that_are_dropped(page: &Page, folder: &Path) -> Result<()> {
    let sample = |name: &str| workspace().join("sample-dicom").join(name);
    let put = |stage: &str| format!("[data-testid=files] [data-stage={stage}]");
    // Scanned today, for who looks at its study.
    let mut scanned = std::fs::read(sample("sc_ivc_small.dcm"))?;
    let at = scanned
        .windows(STUDY_DATE.len())
        .position(|part| part == STUDY_DATE);
    let at = at.context("a date")? + STUDY_DATE.len();
    scanned
        .get_mut(at..at + 8)
        .context("a whole date")?
        .copy_from_slice(b"29991231");
    let today = folder.join("today.dcm");
    std::fs::write(&today, scanned)?;
    drops_file(page, &today, ms(0)).await?;
    page.visible(&put("safe"), secs(10)).await?;
    drops_file(page, &sample("plax_small.dcm"), secs(86_400)).await?;
    page.visible(&put("waits"), secs(10)).await?;
    page.visible("text=確認待ちのクリップ", secs(5)).await?;
    drops_file(page, &workspace().join("README.md"), ms(0)).await?;
    page.visible(&put("refused"), secs(10)).await?;
    page.visible("text=DICOM のファイルではありません", secs(1))
        .await?;
    page.visible("text=未送信 3", secs(5)).await?;
    let found = page.axe(AXE_TAGS).await?;
    ensure!(found.violations.is_empty(), "{:#?}", found.violations);
    Ok(())
}

fn alone<F: Future<Output = Result<()>> + Send + 'static>(story: F) -> Result<()> {
    // A task, not this thread: programs die with the thread that started them.
    runtime()?.block_on(async { tokio::spawn(tokio::time::timeout(secs(150), story)).await })??
}

#[test]
fn without_any_network_the_preview_moves_a_freeze_stands_and_a_dragged_area_is_covered_for_good()
-> Result<()> {
    alone(async {
        let folder = tempfile::tempdir()?;
        let spool = folder.path().join("spool");
        let unreachable = [
            "--spool",
            spool.to_str().context("a path in UTF-8")?,
            "--relay",
            "http://127.0.0.1:9",
            "--consult",
            "0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44",
            "--ticket",
            "of-no-use-without-a-relay",
        ];
        let exports = folder.path().join("exports");
        std::fs::create_dir(&exports)?;
        let config = format!("{CONFIG}[spool]\nimport = {exports:?}\n");
        let mut bedside = open(folder.path(), &config, &unreachable, Screen::DESK).await?;
        let first = bedside.sees_another_frame_than(None).await?;
        bedside.sees_another_frame_than(Some(first)).await?;
        let page = bedside.page.clone();
        page.visible("text=通信なし", secs(10)).await?;
        page.visible("text=隠す範囲がありません", secs(5)).await?;
        bedside.keeps_what_was_seen_since(first).await?;
        page.click(".chips--view label:has-text(\"A4C\")").await?;
        page.visible(
            ".chips--view label:has-text(\"A4C\") input:checked",
            secs(5),
        )
        .await?;
        ensure!(
            !page
                .eval::<String>("() => location.href", ())
                .await?
                .contains("key")
        );

        page.press("f").await?;
        page.visible("text=FROZEN", secs(5)).await?;
        page.visible("[data-scene=frozen]", secs(5)).await?;
        let stands = bedside.sees_another_frame_than(None).await?;
        let shown: u32 = page
            .eval(
                "() => Number(document.querySelector('[data-testid=preview]').dataset.frame)",
                (),
            )
            .await?;
        ensure!(
            u32::from(stands.n) == shown % 65_536,
            "{stands:?} is shown as frame {shown}"
        );
        // Capture goes on for ten frames and more.
        tokio::time::sleep(ms(500)).await;
        ensure!(
            bedside.sees_another_frame_than(None).await? == stands,
            "a freeze stands"
        );
        page.click("[data-testid=freeze]").await?;
        bedside.sees_another_frame_than(Some(stands)).await?;

        bedside
            .brightest_within("something to cover", |most| most > 100)
            .await?;
        page.click("summary:has-text(\"隠す範囲\")").await?;
        page.visible("[data-testid=mask-stage]", secs(5)).await?;
        bedside.drags_over_the_middle().await?;
        bedside
            .brightest_within("the covered area", |most| most <= BLACK)
            .await?;
        page.gone("text=隠す範囲がありません", secs(5)).await?;
        page.press("f").await?;
        page.visible("text=FROZEN", secs(5)).await?;
        bedside
            .brightest_within("the original in the ring, covered exactly", |most| {
                most == 0
            })
            .await?;

        page.click("[data-testid=freeze]").await?;
        page.visible("[data-scene=live]", secs(5)).await?;
        let moving = bedside.sees_another_frame_than(None).await?;
        page.click("[data-testid=check-begin]").await?;
        for found in ["source good", "disk good", "relay bad"] {
            page.visible(&format!("[data-check='{found}']"), secs(15))
                .await?;
        }
        page.visible("text=このままでは始められません", secs(15))
            .await?;
        bedside.sees_another_frame_than(Some(moving)).await?;

        // A full disk is said in words, the picture goes on, and what was begun is neither counted nor left behind.
        let program = bedside.agent.program();
        program.limits_files_to(Some(FULL_DISK_TAKES_BYTES))?;
        page.press("s").await?;
        page.visible("text=保存していません。端末に書き込めません", secs(20))
            .await?;
        // Nor is there room for what the handheld exports: it waits, and the page says so.
        let export = exported(&exports)?;
        page.visible("text=装置が書き出したファイルを取り込めません", secs(10))
            .await?;
        page.visible("text=取り込み待ち 1", secs(5)).await?;
        std::fs::remove_file(export)?;
        let moving = bedside.sees_another_frame_than(None).await?;
        bedside.sees_another_frame_than(Some(moving)).await?;
        page.visible("text=未送信 0・書き込み中 0", secs(5)).await?;
        let left = clip_files(&spool)?;
        ensure!(left.is_empty(), "a refused save left {left:?}");
        program.limits_files_to(None)?;
        page.press("s").await?;
        page.visible("text=この端末に保存し", secs(10)).await?;
        page.visible("text=未送信 1", secs(20)).await?;
        // Counted while it is still being written.
        let object = until("the object of the save", secs(20), || async {
            let is_object = |file: &PathBuf| file.extension().is_some_and(|end| end == "dcm");
            Ok(clip_files(&spool)?.into_iter().find(is_object))
        })
        .await?;
        let object = std::fs::read(object)?;
        ensure!(
            object
                .windows(VIEW_IN_FILE.len())
                .any(|part| part == VIEW_IN_FILE),
            "the view that was chosen is not in the clip"
        );
        takes_files_that_are_dropped(&page, folder.path()).await?;
        bedside.opens_another_source_and_the_first_again().await?;

        let agent = bedside.agent.program_mut();
        agent.stop(secs(10)).await?;
        let again = open(folder.path(), CONFIG, &unreachable, Screen::DESK).await?;
        again.sees_another_frame_than(None).await?;
        again
            .brightest_within("still covered after a restart", |most| most <= BLACK)
            .await
    })
}

#[test]
fn the_device_screen_is_accessible_and_its_vital_targets_are_18_mm() -> Result<()> {
    alone(async {
        for device in devices() {
            let folder = tempfile::tempdir()?;
            let spool = folder.path().join("spool");
            let config = format!(
                "{CONFIG}[spool]\nfolder = {spool:?}\n[patient]\nid = \"FAKE-000001\"\nname_ideographic = \"鈴木^花子\"\n[worklist]\nserver = \"MWL@127.0.0.1:9\"\ntitle = \"HIBIKI1\"\n"
            );
            let bedside = open(
                folder.path(),
                &config,
                &["--mask", "0,0.9,1,0.1"],
                device.screen,
            )
            .await?;
            bedside.sees_another_frame_than(None).await?;
            let page = &bedside.page;
            page.visible("[data-scene=live]", secs(5)).await?;
            // Open, so that what is behind them is looked at too.
            page.eval::<()>(
                "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })",
                (),
            )
            .await?;
            page.visible("[data-testid=mask-stage]", secs(5)).await?;
            page.visible("li .sourcespec", secs(5)).await?;
            page.eval::<()>(WORKLIST, ()).await?;
            page.click("[data-testid=visit-ask]").await?;
            page.visible("[data-step=listed]", secs(5)).await?;
            if !device.screen.touch {
                // What is confirmed is looked at once, where there is the most room.
                page.click(".visit__one >> nth=0").await?;
                page.visible("[data-testid=visit-confirm]", secs(5)).await?;
            }
            for form in device.forms {
                takes_form(page, form).await?;
                the_screen_is_as_it_should_be(page, &form.name()).await?;
            }
        }
        Ok(())
    })
}

async fn the_screen_is_as_it_should_be(page: &Page, name: &str) -> Result<()> {
    let small: Vec<f64> = page.eval(VITAL, ()).await?;
    ensure!(small.iter().all(|side| *side >= 96.0), "{name}: {small:?}");
    let found = page.axe(AXE_TAGS).await?;
    ensure!(
        found.violations.is_empty(),
        "{name}: axe found {:#?}",
        found.violations
    );
    let wide: bool = page
        .eval(
            "() => document.documentElement.scrollWidth > innerWidth + 1",
            (),
        )
        .await?;
    ensure!(!wide, "{name}: the page is wider than the window");
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    scrolls_to(page, 0).await?;
    page.screenshot(&folder.join(format!("device-{name}.png")))
        .await?;
    scrolls_to(page, 100_000).await?;
    page.screenshot(&folder.join(format!("device-open-{name}.png")))
        .await?;
    aria_is_as_reviewed(page, name).await?;
    page.has_a_clean_console().await
}

/// The page, or the column beside the picture where there is room for one.
async fn scrolls_to(page: &Page, pixels: u32) -> Result<()> {
    let scroll =
        "(to) => { document.querySelector('.device__side').scrollTo(0, to); scrollTo(0, to); }";
    page.eval::<()>(scroll, pixels).await
}

async fn aria_is_as_reviewed(page: &Page, name: &str) -> Result<()> {
    let path = workspace().join(format!("tests/tests/stories/aria/device-{name}.yaml"));
    if std::env::var_os("HIBIKI_WRITE_SNAPSHOTS").is_some() {
        return Ok(std::fs::write(path, without_figures(&page.aria().await?))?);
    }
    let reviewed = std::fs::read_to_string(&path)
        .with_context(|| format!("no reviewed snapshot {}", path.display()))?;
    until(
        &format!("the reviewed aria tree of {name}"),
        secs(5),
        || async { Ok((without_figures(&page.aria().await?) == reviewed).then_some(())) },
    )
    .await
}

/// Sides of the two large buttons.
const VITAL: &str = "() => [...document.querySelectorAll('.vital')].flatMap((one) => {
    const r = one.getBoundingClientRect(); return [r.width, r.height]; })";
