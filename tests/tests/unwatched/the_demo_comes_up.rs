//! `make demo`, from where everything is built: it brings up both programs, says where the pages are, and ends both when asked.

use anyhow::{Context as _, Result, ensure};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use stories::binaries::Binaries;
use stories::free_port::free_port;
use stories::process::Program;
use stories::wait::secs;

/// Tries for a port that is free together with the next one.
const TRIES: usize = 50;

#[tokio::test]
async fn the_demo_says_where_its_pages_are_and_ends_when_asked() -> Result<()> {
    let binaries = Binaries::get().await?;
    let folder = tempfile::tempdir()?;
    let clip = binaries.workspace.join("sample-dicom/plax_small.dcm");
    let args = [
        binaries
            .workspace
            .join("tools/demo.mjs")
            .display()
            .to_string(),
        format!("dicom:{}", clip.display()),
        "none".to_owned(),
    ];
    let programs = binaries
        .relay
        .parent()
        .context("programs lie in a folder")?;
    let port = two_free_ports()?;
    let env = [
        ("HIBIKI_DEMO_PORT", port.to_string()),
        ("HIBIKI_DEMO_DATA", folder.path().display().to_string()),
        ("HIBIKI_PROGRAMS", programs.display().to_string()),
    ];
    let mut demo = Program::start("demo", Path::new("node"), &args, &env)?;
    demo.wait_for_line("that it runs", secs(30), |line| {
        line.contains("Hibiki is running").then_some(())
    })
    .await?;
    let device = |line: &str| {
        let is_address = line.contains("http://127.0.0.1:") && line.contains("#key=");
        is_address.then_some(())
    };
    demo.wait_for_line("the page on the device", secs(2), device)
        .await?;
    demo.wait_for_line("how to end it", secs(2), |line| {
        line.contains("Ctrl-C ends it").then_some(())
    })
    .await?;
    demo.ask_to_end();
    demo.wait_for_line("that it ends", secs(2), |line| {
        line.contains("Stopping").then_some(())
    })
    .await?;
    // Whoever is in a hurry asks twice, and the programs end all the same.
    let end = demo.stop(secs(15)).await?;
    ensure!(end.success(), "{end}:\n{}", demo.last_words(30));
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("the relay has ended as well")?;
    Ok(())
}

/// The demo takes it for the pages and for media, and the next one for metrics.
fn two_free_ports() -> Result<u16> {
    for _ in 0..TRIES {
        let port = free_port()?;
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok();
        if free && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no two free ports in a row in {TRIES} tries")
}
