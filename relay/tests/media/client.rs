//! A WebRTC client: one `rtc` peer connection on one UDP socket or TCP connection, driven by a task.

use super::DEADLINE;
use super::carrier::Carrier;
use super::connection::{add_candidate, connection};
pub use super::kind::Kind;
use bytes::BytesMut;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::rtcp::Packet as RtcpPacket;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp::Packet;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot};

/// What a client says on the channel `clips`.
pub enum ClipMessage {
    Text(String),
    Piece(Vec<u8>),
}

enum Do {
    Rtp(Vec<Packet>),
    KeyframePlease(u32),
    Reports(Vec<Box<dyn RtcpPacket>>),
    Text(String),
    Original(String, Vec<u8>),
    Clip(ClipMessage),
    Mute(bool),
    Restart(oneshot::Sender<String>),
    Answer(String),
    Raw(Vec<u8>, SocketAddr),
    Move,
    Close,
}

/// What a client has seen.
#[derive(Default)]
pub struct Seen {
    pub connected: bool,
    pub closed: bool,
    pub control_open: bool,
    pub originals_open: bool,
    pub packets: Vec<Packet>,
    pub rtp_count: usize,
    pub keyframe_requests: usize,
    pub texts: Vec<String>,
    pub clips_open: bool,
    /// What was heard on the channel `clips`.
    pub clip_texts: Vec<String>,
    pub lost: usize,
    /// RTP packets that went out: source and sequence number, which stand unencrypted before the rest.
    pub sent_rtp: Vec<(u32, u16)>,
    /// The first datagrams that went out.
    pub sent: Vec<Vec<u8>>,
}

/// A running client.
pub struct Client {
    pub offer: String,
    pub local: SocketAddr,
    todo: mpsc::UnboundedSender<Do>,
    answer: Option<oneshot::Sender<String>>,
    seen: Arc<Mutex<Seen>>,
    changed: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Makes the offer; nothing is sent until `accept`.
    pub async fn new(kind: Kind) -> Self {
        let carrier = Carrier::udp(kind.bind).await;
        let local = carrier.local();
        let mut pc = connection(&kind);
        if kind.control {
            pc.create_data_channel("control", None).unwrap();
        }
        if kind.originals {
            pc.create_data_channel("originals", None).unwrap();
        }
        if kind.clips {
            pc.create_data_channel("clips", None).unwrap();
        }
        add_candidate(&mut pc, local);
        let offer = pc.create_offer(None).unwrap();
        pc.set_local_description(Instant::now(), offer).unwrap();
        let offer = pc.local_description().unwrap().sdp;
        let (todo, tasks) = mpsc::unbounded_channel();
        let (answer, answered) = oneshot::channel();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let changed = Arc::new(Notify::new());
        let driver = Driver {
            pc,
            carrier,
            local,
            kind,
            seen: Arc::clone(&seen),
            changed: Arc::clone(&changed),
            control: None,
            originals: None,
            clips: None,
            counted: 0,
            muted: false,
            narrow: VecDeque::new(),
        };
        let task = tokio::spawn(driver.run(answered, tasks));
        Self {
            offer,
            local,
            todo,
            answer: Some(answer),
            seen,
            changed,
            task,
        }
    }

    /// Takes the relay's answer and starts.
    pub fn accept(&mut self, answer: String) {
        let sender = self.answer.take().expect("accepted once");
        sender.send(answer).unwrap();
    }

    /// Restarts ICE: gives the offer with the new credentials, of which a PATCH carries a fragment.
    pub async fn restarts(&self) -> String {
        let (offer, offered) = oneshot::channel();
        self.seen(|seen| seen.connected = false);
        self.todo.send(Do::Restart(offer)).unwrap();
        offered.await.expect("the client runs")
    }

    /// Takes the answer to a restart; `connected` then waits for the new ICE session.
    pub fn accept_restart(&self, answer: String) {
        self.todo.send(Do::Answer(answer)).unwrap();
    }

    /// Waits until what was seen satisfies a condition.
    pub async fn until<T>(&self, what: &str, check: impl FnMut(&mut Seen) -> Option<T>) -> T {
        self.within(DEADLINE, check)
            .await
            .unwrap_or_else(|| panic!("{what}: not within {DEADLINE:?}"))
    }

    /// The same with a time; None when it passes.
    pub async fn within<T>(
        &self,
        time: Duration,
        mut check: impl FnMut(&mut Seen) -> Option<T>,
    ) -> Option<T> {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = check(&mut self.seen.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(time, wait).await.ok()
    }

    pub async fn connected(&self) {
        self.until("connected", |seen| seen.connected.then_some(()))
            .await;
    }

    /// What was seen so far.
    pub fn seen<T>(&self, read: impl FnOnce(&mut Seen) -> T) -> T {
        read(&mut self.seen.lock().unwrap())
    }

    pub fn send(&self, packets: Vec<Packet>) {
        self.todo.send(Do::Rtp(packets)).unwrap();
    }

    pub fn ask_keyframe(&self, ssrc: u32) {
        self.todo.send(Do::KeyframePlease(ssrc)).unwrap();
    }

    /// Sends these as one datagram of RTCP.
    pub fn send_reports(&self, reports: Vec<Box<dyn RtcpPacket>>) {
        self.todo.send(Do::Reports(reports)).unwrap();
    }

    pub fn send_text(&self, text: &str) {
        self.todo.send(Do::Text(text.to_owned())).unwrap();
    }

    /// Sends what is said of an original, then its blob.
    pub fn send_original(&self, head: &str, blob: Vec<u8>) {
        self.todo.send(Do::Original(head.to_owned(), blob)).unwrap();
    }

    /// Says something on the channel `clips`.
    pub fn send_clip(&self, message: ClipMessage) {
        self.todo.send(Do::Clip(message)).unwrap();
    }

    /// Cuts or mends its network: nothing goes out or comes in.
    pub fn mute(&self, muted: bool) {
        self.todo.send(Do::Mute(muted)).unwrap();
    }

    /// Its network gives it another address, which the client itself does not notice; what comes to the old one is lost.
    pub fn changes_address(&self) {
        self.todo.send(Do::Move).unwrap();
    }

    /// Sends bytes as they are, from its own address.
    pub fn send_raw(&self, datagram: Vec<u8>, to: SocketAddr) {
        self.todo.send(Do::Raw(datagram, to)).unwrap();
    }

    /// The first datagrams that it sent, as they went out.
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        self.seen(|seen| seen.sent.clone())
    }

    /// Says goodbye.
    pub fn close(&self) {
        self.todo.send(Do::Close).unwrap();
    }

    /// Dies without a word.
    pub fn kill(self) {
        self.task.abort();
    }
}

/// Source and sequence number of an RTP datagram (RFC 3550 §5.1).
fn rtp_id(datagram: &[u8]) -> Option<(u32, u16)> {
    let is_rtp = datagram[0] >= 128 && !(192..224).contains(&datagram[1]);
    let word = |at: usize| u16::from_be_bytes([datagram[at], datagram[at + 1]]);
    let ssrc = || u32::from(word(8)) << 16 | u32::from(word(10));
    is_rtp.then(|| (ssrc(), word(2)))
}

struct Driver {
    pc: RTCPeerConnection,
    carrier: Carrier,
    local: SocketAddr,
    kind: Kind,
    seen: Arc<Mutex<Seen>>,
    changed: Arc<Notify>,
    control: Option<usize>,
    originals: Option<usize>,
    clips: Option<usize>,
    counted: usize,
    muted: bool,
    /// What is on its way over the narrow link, and when it arrives.
    narrow: VecDeque<(Instant, SocketAddr, Vec<u8>)>,
}

impl Driver {
    async fn run(
        mut self,
        answered: oneshot::Receiver<String>,
        mut tasks: mpsc::UnboundedReceiver<Do>,
    ) {
        let Ok(mut answer) = answered.await else {
            return;
        };
        if self.kind.over_tcp {
            (self.carrier, answer) = Carrier::tcp(&answer).await;
        }
        let answer = RTCSessionDescription::answer(answer).expect("the answer is SDP");
        self.pc
            .set_remote_description(Instant::now(), answer)
            .expect("the answer fits the offer");
        let mut buffer = [0; 2_000];
        loop {
            self.pump().await;
            let next = self.pc.poll_timeout();
            let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
            let arrives = self.narrow.front().map(|(at, ..)| *at);
            let next = arrives.map_or(next, |arrives| next.min(arrives));
            tokio::select! {
                received = self.carrier.receive(&mut buffer), if !self.is_deaf() => {
                    let (length, from) = match received {
                        Ok(received) => received,
                        Err(_) if self.kind.over_tcp => return self.hung_up(),
                        Err(_) => continue,
                    };
                    self.comes(from, &buffer[..length]);
                    while let Ok((length, from)) = self.carrier.try_receive(&mut buffer) {
                        // The keys of a handshake that just ended are set while events are polled.
                        self.pump().await;
                        self.comes(from, &buffer[..length]);
                    }
                }
                task = tasks.recv() => match task {
                    Some(Do::Raw(datagram, to)) => self.carrier.send(&datagram, to).await,
                    Some(Do::Move) => self.carrier = Carrier::udp(self.kind.bind).await,
                    Some(task) => self.perform(task),
                    None => return,
                },
                () = tokio::time::sleep_until(next.into()) => {
                    let _ = self.pc.handle_timeout(Instant::now());
                }
            }
            self.arrived().await;
        }
    }

    fn is_deaf(&self) -> bool {
        self.kind.never_reads && self.seen.lock().unwrap().connected
    }

    fn hung_up(&self) {
        self.seen.lock().unwrap().closed = true;
        self.changed.notify_waiters();
    }

    /// What comes over a narrow link arrives later, or not at all when its queue is full.
    fn comes(&mut self, from: SocketAddr, datagram: &[u8]) {
        let Some(kbps) = self.kind.kbps else {
            self.take(from, datagram);
            return;
        };
        let now = Instant::now();
        let begins = self.narrow.back().map_or(now, |(at, ..)| now.max(*at));
        if begins <= now + Duration::from_millis(400) {
            let took =
                Duration::from_micros((datagram.len() as u64 + 28) * 8_000 / u64::from(kbps));
            self.narrow
                .push_back((begins + took, from, datagram.to_vec()));
        }
    }

    async fn arrived(&mut self) {
        while self
            .narrow
            .front()
            .is_some_and(|(at, ..)| *at <= Instant::now())
        {
            let Some((_, from, datagram)) = self.narrow.pop_front() else {
                return;
            };
            self.take(from, &datagram);
            self.pump().await;
        }
    }

    fn take(&mut self, from: SocketAddr, datagram: &[u8]) {
        if self.muted {
            return;
        }
        if matches!(datagram[0], 20..=63) && self.kind.loses_handshake > 0 {
            self.kind.loses_handshake -= 1;
            return;
        }
        let is_rtp = datagram[0] >= 128 && !(192..224).contains(&datagram[1]);
        if is_rtp {
            self.counted += 1;
            let mut seen = self.seen.lock().unwrap();
            seen.rtp_count += 1;
            if self.kind.loses_every > 0 && self.counted.is_multiple_of(self.kind.loses_every) {
                seen.lost += 1;
                return;
            }
            if self.kind.lean {
                return;
            }
        }
        let _ = self.pc.handle_read(TaggedBytesMut {
            now: Instant::now(),
            transport: TransportContext {
                local_addr: self.local,
                peer_addr: from,
                ecn: None,
                transport_protocol: TransportProtocol::UDP,
            },
            message: BytesMut::from(datagram),
        });
    }

    async fn pump(&mut self) {
        loop {
            while let Some(out) = self.pc.poll_write() {
                if self.muted {
                    continue;
                }
                {
                    let mut seen = self.seen.lock().unwrap();
                    if seen.sent.len() < 30 {
                        seen.sent.push(out.message.to_vec());
                    }
                    if let Some(id) = rtp_id(&out.message) {
                        seen.sent_rtp.push(id);
                        let count = seen.sent_rtp.len();
                        if self.kind.drops_every > 0 && count.is_multiple_of(self.kind.drops_every)
                        {
                            continue;
                        }
                    }
                }
                self.carrier
                    .send(&out.message, out.transport.peer_addr)
                    .await;
            }
            let mut busy = false;
            while let Some(event) = self.pc.poll_event() {
                busy = true;
                self.on_event(event);
            }
            while let Some(message) = self.pc.poll_read() {
                busy = true;
                self.on_message(message.message);
            }
            if !busy {
                break;
            }
            self.changed.notify_waiters();
        }
    }

    fn on_event(&mut self, event: RTCPeerConnectionEvent) {
        let mut seen = self.seen.lock().unwrap();
        match event {
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
                RTCPeerConnectionState::Connected => seen.connected = true,
                RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => {
                    seen.closed = true;
                }
                _ => {}
            },
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                let label = self
                    .pc
                    .data_channel(id)
                    .map(|channel| channel.label().to_owned());
                if label.as_deref() == Some("originals") {
                    self.originals = Some(id);
                    seen.originals_open = true;
                } else if label.as_deref() == Some("clips") {
                    self.clips = Some(id);
                    seen.clips_open = true;
                } else {
                    self.control = Some(id);
                    seen.control_open = true;
                }
            }
            _ => {}
        }
    }

    fn on_message(&mut self, message: RTCMessage) {
        let mut seen = self.seen.lock().unwrap();
        match message {
            RTCMessage::RtpPacket(_, packet) => seen.packets.push(packet),
            RTCMessage::RtcpPacket(_, packets) => {
                let asked = packets
                    .iter()
                    .filter(|packet| packet.as_any().is::<PictureLossIndication>());
                seen.keyframe_requests += asked.count();
            }
            RTCMessage::DataChannelMessage(id, message) => {
                let text = String::from_utf8_lossy(&message.data).into_owned();
                if self.clips == Some(id) {
                    seen.clip_texts.push(text);
                } else {
                    seen.texts.push(text);
                }
            }
            _ => {}
        }
    }

    fn perform(&mut self, task: Do) {
        let now = Instant::now();
        match task {
            Do::Rtp(packets) => {
                for packet in packets {
                    let message = RTCMessage::RtpPacket(String::new(), packet);
                    let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
                }
            }
            Do::KeyframePlease(media_ssrc) => {
                let packet = PictureLossIndication {
                    sender_ssrc: 1,
                    media_ssrc,
                };
                let packets: Vec<Box<dyn RtcpPacket>> = vec![Box::new(packet)];
                let message = RTCMessage::RtcpPacket(String::new(), packets);
                let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
            }
            Do::Reports(packets) => {
                let message = RTCMessage::RtcpPacket(String::new(), packets);
                let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
            }
            Do::Text(text) => {
                let id = self.control.expect("the control channel is open");
                self.pc
                    .data_channel(id)
                    .unwrap()
                    .send_text(now, text)
                    .unwrap();
            }
            Do::Original(head, blob) => {
                let id = self.originals.expect("the channel of originals is open");
                let mut channel = self.pc.data_channel(id).unwrap();
                channel.send_text(now, head).unwrap();
                for piece in blob.chunks(16 * 1024) {
                    channel.send(now, BytesMut::from(piece)).unwrap();
                }
            }
            Do::Clip(message) => {
                let id = self.clips.expect("the channel for clips is open");
                let mut channel = self.pc.data_channel(id).unwrap();
                match message {
                    ClipMessage::Text(text) => channel.send_text(now, text).unwrap(),
                    ClipMessage::Piece(bytes) => {
                        channel.send(now, BytesMut::from(&bytes[..])).unwrap();
                    }
                }
            }
            Do::Mute(muted) => self.muted = muted,
            Do::Restart(offer) => {
                self.pc.restart_ice();
                let made = self.pc.create_offer(None).unwrap();
                self.pc.set_local_description(now, made).unwrap();
                let _ = offer.send(self.pc.local_description().unwrap().sdp);
            }
            Do::Answer(answer) => {
                let answer = RTCSessionDescription::answer(answer).expect("the answer is SDP");
                self.pc
                    .set_remote_description(now, answer)
                    .expect("the answer fits the offer");
            }
            Do::Close => {
                let _ = self.pc.close();
            }
            Do::Raw(..) | Do::Move => unreachable!("they are for the carrier"),
        }
    }
}
