//! The least that a forwarded packet can cost on this machine: one AES-128-GCM seal and one `sendto` on loopback.
//!
//! Measured in the same run as the relay's own cost, on one thread, as CPU time of that thread. A relay that sends
//! batches (UDP GSO) can go below it.

use crate::figures::Figures;
use anyhow::{Context, Result, anyhow};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::net::UdpSocket;
use std::time::Duration;

/// An RTP packet of 1,100 B of payload with header and extensions.
const PACKET_BYTES: usize = 1_140;
/// Packets per round; rounds are short, so that the best and the median can be told apart.
const ROUND: u32 = 20_000;
const ROUNDS: usize = 7;

/// Measures `floor_per_packet_us`.
pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    let to = receiver.local_addr()?;
    receiver.set_nonblocking(true)?;
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    let key = LessSafeKey::new(
        UnboundKey::new(&AES_128_GCM, &[7; 16]).map_err(|_| anyhow!("make a key"))?,
    );
    let mut rounds = Vec::new();
    let mut drain = [0; 2_048];
    for round in 0..=ROUNDS {
        let before = thread_cpu()?;
        let mut draining = Duration::ZERO;
        for packet in 0..ROUND {
            let mut nonce = [0; 12];
            nonce
                .get_mut(..4)
                .context("a nonce has 12 bytes")?
                .copy_from_slice(&packet.to_be_bytes());
            let mut bytes = vec![0xab; PACKET_BYTES];
            key.seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut bytes,
            )
            .map_err(|_| anyhow!("seal"))?;
            sender.send_to(&bytes, to)?;
            // The receiver's cost is not the relay's: it is taken out again.
            if packet % 64 == 63 {
                let from = thread_cpu()?;
                while receiver.recv_from(&mut drain).is_ok() {}
                draining += thread_cpu()? - from;
            }
        }
        let spent = thread_cpu()? - before - draining;
        // The first round warms caches and the socket.
        if round > 0 {
            rounds.push(spent.as_secs_f64() * 1e6 / f64::from(ROUND));
        }
    }
    figures.set(
        "floor_per_packet_us",
        crate::figures::Spread::of(rounds, "floor")?.p(50),
    );
    Ok(())
}

fn thread_cpu() -> Result<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: clock_gettime writes one timespec, to a valid place of our own.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    anyhow::ensure!(failed == 0, "this kernel does not tell a thread's CPU time");
    Ok(Duration::new(
        u64::try_from(time.tv_sec)?,
        u32::try_from(time.tv_nsec)?,
    ))
}
