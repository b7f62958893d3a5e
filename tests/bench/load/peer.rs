//! One WebRTC peer of the load: its own socket, the sans-IO core of `rtc`, and our loop between them.
//!
//! Owns joining (offer, POST, answer, until connected) and the loops: publish pictures at a fixed rate, receive and count, speak,
//! or hear. Feedback is what a browser sends: receiver reports, NACK and transport-wide
//! reports, so that the relay's cost of reading it is in the figure. Invariant: times are taken beside the system calls.

use crate::connection::{self, Role};
use crate::keyframes;
use crate::orders::Door;
use crate::packets;
use crate::share::Crossing;
use anyhow::{Context, Result, anyhow, bail};
use bytes::BytesMut;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::rtp_transceiver::RTCRtpSenderId;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// Longest ICE and DTLS handshake on a busy machine.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How often, and after what pause, a viewer asks for a picture that has not come yet.
const PICTURE_ATTEMPTS: usize = 50;
const PICTURE_PAUSE: Duration = Duration::from_millis(100);
/// Larger than any datagram on a path of 1,500 bytes.
const DATAGRAM: usize = 2_000;

/// A connected peer.
pub(crate) struct Peer {
    pc: RTCPeerConnection,
    socket: UdpSocket,
    local: SocketAddr,
    sender: Option<RTCRtpSenderId>,
    payload_type: u8,
    ssrc: u32,
    connected: bool,
    failed: bool,
    keyframe_wanted: bool,
}

impl Peer {
    /// Connects through `door`.
    pub(crate) async fn join(http: &reqwest::Client, door: &Door, role: Role) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let local = socket.local_addr()?;
        let ssrc = uuid::Uuid::new_v4().as_fields().0;
        let (mut pc, sender) = connection::new(local, role, ssrc)?;
        let offer = pc.create_offer(None)?;
        pc.set_local_description(Instant::now(), offer)?;
        let offer = pc.local_description().context("no local description")?.sdp;
        let answer = ask(http, door, offer).await?;
        pc.set_remote_description(Instant::now(), RTCSessionDescription::answer(answer)?)?;
        let mut peer = Self {
            pc,
            socket,
            local,
            sender,
            payload_type: role.payload_type(),
            ssrc,
            connected: false,
            failed: false,
            keyframe_wanted: true,
        };
        let limit = Instant::now() + CONNECT_LIMIT;
        let mut buffer = vec![0; DATAGRAM];
        while !peer.connected {
            peer.turn(&mut buffer, limit, |_, _| {}).await?;
            if peer.failed || Instant::now() > limit {
                bail!("no connection to {}", door.url);
            }
        }
        Ok(peer)
    }

    /// Sends pictures until `stop`.
    pub(crate) async fn publish(
        &mut self,
        frame: Duration,
        per_frame: u16,
        bytes: usize,
        crossing: &Crossing,
        sent: &AtomicU64,
        stop: &Notify,
    ) -> Result<()> {
        let mut buffer = vec![0; DATAGRAM];
        let (mut number, mut sequence) = (0_u64, 0_u16);
        let mut due = Instant::now();
        let stopped = stop.notified();
        tokio::pin!(stopped);
        loop {
            due += frame;
            while Instant::now() < due {
                tokio::select! {
                    () = &mut stopped => return Ok(()),
                    turned = self.turn(&mut buffer, due, |_, _| {}) => turned?,
                }
            }
            let keyframe = std::mem::take(&mut self.keyframe_wanted);
            self.flush()?;
            let rtp_time = rtp_now()?;
            if keyframe {
                self.write(packets::parameter_sets(), sequence, rtp_time, false)?;
                sequence = sequence.wrapping_add(1);
                self.flush()?;
            }
            for at in 0..per_frame {
                let payload = packets::fragment(at, per_frame, keyframe, bytes, number);
                self.write(payload, sequence, rtp_time, at + 1 == per_frame)?;
                // The clock is read when the datagram is ready: our own encryption is no share of the relay's.
                while let Some(datagram) = self.pc.poll_write() {
                    crossing.sent(number, Instant::now());
                    send(&self.socket, &datagram)?;
                }
                (sequence, number) = (sequence.wrapping_add(1), number + 1);
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Speaks for ever: a packet each `packet`, as a voice of 32 kbit/s.
    pub(crate) async fn speak(&mut self, packet: Duration, crossing: &Crossing) -> Result<()> {
        let mut buffer = vec![0; DATAGRAM];
        let (mut number, mut sequence, mut rtp_time) = (0_u64, 0_u16, 0_u32);
        let mut due = Instant::now();
        loop {
            due += packet;
            while Instant::now() < due {
                self.turn(&mut buffer, due, |_, _| {}).await?;
            }
            self.flush()?;
            self.write(packets::voice(number), sequence, rtp_time, false)?;
            while let Some(datagram) = self.pc.poll_write() {
                crossing.sent(number, Instant::now());
                send(&self.socket, &datagram)?;
            }
            (sequence, number) = (sequence.wrapping_add(1), number + 1);
            rtp_time = rtp_time.wrapping_add(packets::VOICE_TICKS);
        }
    }

    /// Hears for ever.
    pub(crate) async fn hear(&mut self, crossing: &Crossing) -> Result<()> {
        let mut buffer = vec![0; DATAGRAM];
        loop {
            let limit = Instant::now() + Duration::from_secs(1);
            self.turn(&mut buffer, limit, |payload, at| {
                if let Some(number) = packets::voice_number(payload) {
                    crossing.arrived(number, at);
                }
            })
            .await?;
            if self.failed {
                bail!("the voice's connection failed");
            }
        }
    }

    /// Receives for ever, counting.
    pub(crate) async fn watch(
        &mut self,
        crossing: &Crossing,
        received: &AtomicU64,
        lost: &AtomicU64,
    ) -> Result<()> {
        let mut buffer = vec![0; DATAGRAM];
        let mut last: Option<u64> = None;
        loop {
            let limit = Instant::now() + Duration::from_secs(1);
            self.turn(&mut buffer, limit, |payload, at| {
                received.fetch_add(1, Ordering::Relaxed);
                let Some(number) = packets::number(payload) else {
                    return;
                };
                crossing.arrived(number, at);
                if let Some(before) = last {
                    lost.fetch_add(number.saturating_sub(before + 1), Ordering::Relaxed);
                }
                last = Some(number);
            })
            .await?;
            if self.failed {
                bail!("the connection failed");
            }
        }
    }

    fn write(
        &mut self,
        payload: bytes::Bytes,
        sequence: u16,
        rtp_time: u32,
        marker: bool,
    ) -> Result<()> {
        let header = rtc::rtp::header::Header {
            version: 2,
            payload_type: self.payload_type,
            sequence_number: sequence,
            timestamp: rtp_time,
            ssrc: self.ssrc,
            marker,
            ..Default::default()
        };
        let id = self.sender.context("only a publisher sends")?;
        let mut sender = self
            .pc
            .rtp_sender(id)
            .ok_or_else(|| anyhow!("the sender is gone"))?;
        Ok(sender.write_rtp(Instant::now(), rtc::rtp::Packet { header, payload })?)
    }

    fn flush(&mut self) -> Result<()> {
        while let Some(datagram) = self.pc.poll_write() {
            send(&self.socket, &datagram)?;
        }
        Ok(())
    }

    /// One round: waits for a datagram, a timer or `limit`, and handles what came.
    async fn turn(
        &mut self,
        buffer: &mut [u8],
        limit: Instant,
        mut on_rtp: impl FnMut(&[u8], Instant),
    ) -> Result<()> {
        self.flush()?;
        let timer = self.pc.poll_timeout().map_or(limit, |at| at.min(limit));
        if let Ok(came) = tokio::time::timeout_at(timer.into(), self.socket.recv_from(buffer)).await
        {
            let (mut size, mut from) = came?;
            loop {
                let at = Instant::now();
                self.take(
                    buffer.get(..size).unwrap_or_default(),
                    from,
                    at,
                    &mut on_rtp,
                );
                match self.socket.try_recv_from(buffer) {
                    Ok(more) => (size, from) = more,
                    Err(_) => break,
                }
            }
        }
        let now = Instant::now();
        if self.pc.poll_timeout().is_some_and(|at| at <= now) {
            self.pc.handle_timeout(now)?;
        }
        self.events();
        self.flush()
    }

    fn take(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        at: Instant,
        on_rtp: &mut impl FnMut(&[u8], Instant),
    ) {
        let transport = TransportContext {
            local_addr: self.local,
            peer_addr: from,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        // A datagram that does not parse is the relay's business, and shows as lost.
        let _ = self.pc.handle_read(TaggedBytesMut {
            now: at,
            transport,
            message: BytesMut::from(datagram),
        });
        while let Some(message) = self.pc.poll_read() {
            match message.message {
                RTCMessage::RtpPacket(_, packet) => on_rtp(&packet.payload, at),
                RTCMessage::RtcpPacket(_, packets) => {
                    self.keyframe_wanted |= keyframes::asked(&packets)
                }
                _ => {}
            }
        }
    }

    fn events(&mut self) {
        while let Some(event) = self.pc.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event {
                match state {
                    RTCPeerConnectionState::Connected => self.connected = true,
                    RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => {
                        self.failed = true
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Posts the offer. While the picture has not come yet, the relay says so (409) and the ticket stays good.
async fn ask(http: &reqwest::Client, door: &Door, offer: String) -> Result<String> {
    for attempt in 0..=PICTURE_ATTEMPTS {
        let mut request = http
            .post(&door.url)
            .header("content-type", "application/sdp");
        for (name, value) in &door.headers {
            request = request.header(name, value);
        }
        let answer = request.body(offer.clone()).send().await?;
        let (status, answer) = (answer.status().as_u16(), answer.text().await?);
        match status {
            201 => return Ok(answer),
            409 if attempt < PICTURE_ATTEMPTS => tokio::time::sleep(PICTURE_PAUSE).await,
            _ => bail!("{} answered {status}: {answer}", door.url),
        }
    }
    bail!("{} has no picture", door.url)
}

fn send(socket: &UdpSocket, datagram: &TaggedBytesMut) -> Result<()> {
    match socket.try_send_to(&datagram.message, datagram.transport.peer_addr) {
        Ok(_) => Ok(()),
        // A full socket buffer loses the datagram, as it would on any sender that does not wait.
        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
        Err(e) => Err(e.into()),
    }
}

fn rtp_now() -> Result<u32> {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    Ok(wire::RtpTime::of(wire::CaptureTime(u64::try_from(micros)?)).0)
}
