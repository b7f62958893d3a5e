//! Gives datagrams to the kernel: runs of equal size to one peer in one buffer (UDP_SEGMENT), many runs per call
//! (`sendmmsg`).
//!
//! Owns the queue and its bounds. When the kernel refuses segments on a path (no checksum offload, a small MTU) it goes
//! on without them. When the socket is full, datagrams wait up to a bound, per peer and in all, and the newest are
//! dropped: late pictures are worth nothing, and loss is mended by the viewer's report. Invariant: order per peer is kept.

use super::control::Control;
use super::sockaddr::{Raw, write};
use super::socket::MediaSocket;
use crate::sfu::engine::Outgoing;
use crate::sfu::limits::{MAX_BACKLOG_BYTES, MAX_PEER_BACKLOG_BYTES};
use std::collections::HashMap;
use std::io;
use std::mem::zeroed;
use std::net::SocketAddr;

/// Datagrams in one buffer; Linux takes 64 (128 since 6.9).
const MAX_SEGMENTS: usize = 64;
/// Bytes in one buffer: an IP packet's length field, less headers.
const MAX_RUN_BYTES: usize = 65_000;
/// Runs per call (UIO_MAXIOV is 1,024).
const MAX_RUNS: usize = 512;
/// Neighbours in the queue that leave in one buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    from: usize,
    to: usize,
}

/// What a flush came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// Datagrams taken by the kernel.
    pub(super) datagrams: u64,
    /// System calls.
    pub(super) calls: u64,
    /// Datagrams given up.
    pub(super) dropped: u64,
}

/// The queue.
pub(super) struct Sender {
    queue: Vec<Outgoing>,
    /// Bytes left in the queue after the socket was full, by peer.
    waiting: HashMap<SocketAddr, usize>,
    /// All of them.
    waiting_bytes: usize,
    segments: bool,
    runs: Vec<Run>,
    parts: Vec<libc::iovec>,
    addresses: Vec<(Raw, libc::socklen_t)>,
    controls: Vec<Control>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: the raw pointers are only used within one call of `send_runs`, which sets them.
unsafe impl Send for Sender {}

impl Sender {
    pub(super) fn new(segments: bool) -> Self {
        Self {
            queue: Vec::new(),
            waiting: HashMap::new(),
            waiting_bytes: 0,
            segments,
            runs: Vec::new(),
            parts: Vec::new(),
            addresses: Vec::new(),
            controls: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Whether datagrams wait for the socket.
    pub(super) fn is_blocked(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Empties the list: sends as much as the socket takes, keeps what may wait.
    pub(super) fn send(&mut self, socket: &MediaSocket, outgoing: &mut Vec<Outgoing>) -> Sent {
        let mut sent = Sent::default();
        if self.queue.is_empty() {
            // The usual case moves nothing: the two lists change places.
            std::mem::swap(&mut self.queue, outgoing);
        } else {
            for datagram in outgoing.drain(..) {
                sent.dropped += u64::from(!self.wait(datagram));
            }
        }
        self.flush(socket, &mut sent);
        sent
    }

    /// Puts a datagram behind those that wait, if there is room.
    fn wait(&mut self, datagram: Outgoing) -> bool {
        let length = datagram.bytes.len();
        let own = self.waiting.entry(datagram.path.peer).or_default();
        if *own + length > MAX_PEER_BACKLOG_BYTES || self.waiting_bytes + length > MAX_BACKLOG_BYTES
        {
            return false;
        }
        *own += length;
        self.waiting_bytes += length;
        self.queue.push(datagram);
        true
    }

    fn flush(&mut self, socket: &MediaSocket, sent: &mut Sent) {
        let mut done = 0;
        while done < self.queue.len() {
            self.find_runs(done);
            sent.calls += 1;
            match self.send_runs(socket) {
                Ok(runs) => {
                    let end = self
                        .runs
                        .get(runs.saturating_sub(1))
                        .map_or(done, |run| run.to);
                    sent.datagrams += (end - done) as u64;
                    done = end;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_full(&error) => break,
                Err(_) => done = self.give_up_or_split(done, sent),
            }
        }
        self.keep_rest(done, sent);
    }

    /// The kernel refused the first run: without segments perhaps it takes it, else its datagrams are lost (no route,
    /// a firewall, a port that is closed).
    fn give_up_or_split(&mut self, done: usize, sent: &mut Sent) -> usize {
        let Some(run) = self.runs.first().copied() else {
            return self.queue.len();
        };
        if self.segments && run.to - run.from > 1 {
            self.segments = false;
            return done;
        }
        sent.dropped += (run.to - run.from) as u64;
        run.to
    }

    /// What was not sent waits, within the bounds.
    fn keep_rest(&mut self, done: usize, sent: &mut Sent) {
        self.waiting.clear();
        self.waiting_bytes = 0;
        if done >= self.queue.len() {
            self.queue.clear();
            return;
        }
        let rest: Vec<Outgoing> = self.queue.drain(..).skip(done).collect();
        for datagram in rest {
            sent.dropped += u64::from(!self.wait(datagram));
        }
    }

    /// Groups the queue from `first` on.
    fn find_runs(&mut self, first: usize) {
        self.runs.clear();
        let mut from = first;
        while from < self.queue.len() && self.runs.len() < MAX_RUNS {
            let to = from + run_length(self.queue.get(from..).unwrap_or_default(), self.segments);
            self.runs.push(Run { from, to });
            from = to;
        }
    }

    /// One system call. Returns how many runs the kernel took.
    fn send_runs(&mut self, socket: &MediaSocket) -> io::Result<usize> {
        self.fill(socket.is_v6());
        // SAFETY: every pointer in the headers was set in `fill` to memory of this struct that nothing changes until
        // the call returns.
        let taken = unsafe {
            libc::sendmmsg(
                socket.fd(),
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        if taken < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(taken as usize)
    }

    fn fill(&mut self, socket_is_v6: bool) {
        self.parts.clear();
        self.addresses.clear();
        self.controls.clear();
        self.headers.clear();
        let first = self.runs.first().map_or(0, |run| run.from);
        let last = self.runs.last().map_or(0, |run| run.to);
        let datagrams = self.queue.get(first..last).unwrap_or_default();
        self.parts
            .extend(datagrams.iter().map(|datagram| libc::iovec {
                iov_base: datagram.bytes.as_ptr().cast_mut().cast(),
                iov_len: datagram.bytes.len(),
            }));
        for run in &self.runs {
            let Some(head) = self.queue.get(run.from) else {
                continue;
            };
            self.addresses.push(write(head.path.peer, socket_is_v6));
            self.controls.push(Control::EMPTY);
        }
        // The vectors do not move from here on.
        let mut parts = self.parts.as_mut_ptr();
        let slots = self.addresses.iter_mut().zip(&mut self.controls);
        for (run, ((address, length), control)) in self.runs.iter().zip(slots) {
            let Some(head) = self.queue.get(run.from) else {
                continue;
            };
            let count = run.to - run.from;
            // SAFETY: msghdr is a plain C struct for which all zeroes is a valid value.
            let mut message: libc::msghdr = unsafe { zeroed() };
            message.msg_name = std::ptr::from_mut(address).cast();
            message.msg_namelen = *length;
            message.msg_iov = parts;
            message.msg_iovlen = count as _;
            let segment = (count > 1).then_some(head.bytes.len() as u16);
            if let Some((data, length)) = control.fill(head.path, segment, socket_is_v6) {
                message.msg_control = data;
                message.msg_controllen = length as _;
            }
            self.headers.push(libc::mmsghdr {
                msg_hdr: message,
                msg_len: 0,
            });
            // SAFETY: the runs cover `parts` one after the other.
            parts = unsafe { parts.add(count) };
        }
    }
}

/// How many of the first datagrams can leave in one buffer: one way, one size, the last may be shorter.
fn run_length(queue: &[Outgoing], segments: bool) -> usize {
    let Some((head, rest)) = queue.split_first() else {
        return 0;
    };
    if !segments {
        return 1;
    }
    let size = head.bytes.len();
    let mut total = size;
    let mut count = 1;
    for next in rest.iter().take(MAX_SEGMENTS - 1) {
        let length = next.bytes.len();
        total += length;
        if next.path != head.path || length > size || length == 0 || total > MAX_RUN_BYTES {
            break;
        }
        count += 1;
        if length < size {
            break;
        }
    }
    count
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

#[cfg(test)]
mod tests {
    use super::super::socket::set_flag;
    use super::*;
    use crate::sfu::net::ice::{Path, Via};
    use bytes::BytesMut;
    use std::net::UdpSocket;

    fn outgoing(to: SocketAddr, length: usize) -> Outgoing {
        Outgoing {
            path: Path {
                peer: to,
                local: None,
                via: Via::Udp,
            },
            bytes: BytesMut::from(&vec![length as u8; length][..]),
        }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_run_is_one_peer_and_one_size_with_a_shorter_end() {
        let sizes = |list: &[(u16, usize)]| {
            let queue: Vec<_> = list
                .iter()
                .map(|(p, n)| outgoing(address(*p), *n))
                .collect();
            run_length(&queue, true)
        };
        assert_eq!(sizes(&[(1, 100), (1, 100), (1, 60), (1, 60)]), 3);
        assert_eq!(sizes(&[(1, 100), (2, 100)]), 1);
        assert_eq!(sizes(&[(1, 100), (1, 101)]), 1);
        assert_eq!(sizes(&[(1, 100); 200]), MAX_SEGMENTS);
        assert_eq!(sizes(&[(1, 2_000); 64]), MAX_RUN_BYTES / 2_000);
        assert_eq!(
            run_length(&[outgoing(address(1), 9), outgoing(address(1), 9)], false),
            1
        );
    }

    #[test]
    fn datagrams_arrive_whole_and_in_order_with_and_without_segments() {
        for segments in [true, false] {
            let socket = MediaSocket::open(address(0)).unwrap();
            let receiver = UdpSocket::bind(address(0)).unwrap();
            let to = receiver.local_addr().unwrap();
            let mut sender = Sender::new(segments && socket.segments());
            let lengths = [200, 200, 200, 90, 100, 100, 255, 1];
            let mut queue: Vec<_> = lengths.iter().map(|n| outgoing(to, *n)).collect();
            let sent = sender.send(&socket, &mut queue);
            assert!(queue.is_empty());
            assert_eq!((sent.datagrams, sent.dropped), (8, 0));
            assert!(!sender.is_blocked());
            let mut buffer = [0; 2_048];
            for length in lengths {
                let (got, _) = receiver.recv_from(&mut buffer).unwrap();
                assert_eq!(got, length);
                assert!(buffer[..got].iter().all(|byte| *byte == length as u8));
            }
        }
    }

    #[test]
    fn a_path_that_refuses_segments_gets_every_datagram_without_them() {
        let socket = MediaSocket::open(address(0)).unwrap();
        // Linux cuts no segments where it may write no checksums.
        set_flag(socket.fd(), libc::SOL_SOCKET, libc::SO_NO_CHECK).unwrap();
        let receiver = UdpSocket::bind(address(0)).unwrap();
        let to = receiver.local_addr().unwrap();
        let mut sender = Sender::new(socket.segments());
        let lengths = [200, 200, 200, 90];
        let mut queue: Vec<_> = lengths.iter().map(|n| outgoing(to, *n)).collect();
        let sent = sender.send(&socket, &mut queue);
        assert_eq!((sent.datagrams, sent.dropped), (4, 0));
        assert!(!sender.segments, "they are not tried again");
        let mut buffer = [0; 2_048];
        for length in lengths {
            assert_eq!(receiver.recv(&mut buffer).unwrap(), length);
        }
    }

    #[test]
    fn a_datagram_that_the_kernel_refuses_stops_no_other() {
        let socket = MediaSocket::open(address(0)).unwrap();
        let receiver = UdpSocket::bind(address(0)).unwrap();
        let to = receiver.local_addr().unwrap();
        let mut sender = Sender::new(socket.segments());
        // Port 0 is no destination.
        let mut queue = vec![outgoing(to, 50), outgoing(address(0), 50), outgoing(to, 60)];
        let sent = sender.send(&socket, &mut queue);
        assert_eq!((sent.datagrams, sent.dropped), (2, 1));
        let mut buffer = [0; 100];
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 50);
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 60);
    }

    #[test]
    fn what_waits_is_bounded_per_peer_and_in_all() {
        let mut sender = Sender::new(true);
        let taken = |sender: &mut Sender, port: u16| {
            (0..10_000)
                .take_while(|_| sender.wait(outgoing(address(port), 1_000)))
                .count()
        };
        assert_eq!(taken(&mut sender, 1), MAX_PEER_BACKLOG_BYTES / 1_000);
        for port in 2..100 {
            taken(&mut sender, port);
        }
        assert!(sender.waiting_bytes <= MAX_BACKLOG_BYTES);
        assert!(sender.is_blocked());
    }

    #[test]
    fn a_socket_on_all_addresses_answers_from_the_one_that_was_called() {
        use super::super::receive::Receiver;
        let socket = MediaSocket::open("0.0.0.0:0".parse().unwrap()).unwrap();
        let port = socket.local().port();
        let client = UdpSocket::bind(address(0)).unwrap();
        let other: SocketAddr = ([127, 0, 0, 9], port).into();
        client.send_to(b"hello", other).unwrap();
        let mut from = None;
        while from.is_none() {
            Receiver::new().receive(&socket, |_, path, _| from = Some(path));
        }
        let path = from.unwrap();
        assert_eq!(path.local, Some(other.ip()));
        let bytes = BytesMut::from(&b"back"[..]);
        Sender::new(false).send(&socket, &mut vec![Outgoing { path, bytes }]);
        let mut buffer = [0; 10];
        assert_eq!(client.recv_from(&mut buffer).unwrap().1, other);
    }
}
