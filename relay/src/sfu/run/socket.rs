//! The one UDP socket of all media, and the listener for those who come by TCP.
//!
//! Owns opening them, what the kernel offers on them, and waiting. `receive` and `send` move the datagrams, `tcp` owns what was
//! listened to. Invariant: every socket is non-blocking and closed when its owner is dropped.

use crate::sfu::limits::TCP_UNSENT_BYTES;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Buffers asked of the kernel in each direction: 50 viewers of a keyframe of 200 kB are 10 MB; the kernel gives what its
/// limits allow.
const KERNEL_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// Callers that wait to be taken; the thread takes them within a millisecond.
const WAITING_CALLERS: libc::c_int = 64;

/// The socket.
pub(super) struct MediaSocket {
    socket: Socket,
    local: SocketAddr,
    /// The kernel cuts one buffer into datagrams (UDP_SEGMENT, Linux 4.18).
    segments: bool,
}

impl MediaSocket {
    /// Opens and binds it.
    pub(super) fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        socket.set_nonblocking(true)?;
        if address.is_ipv6() {
            // One port for both families, when bound to all addresses.
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        // Best effort: what the kernel refuses costs bursts under load, not correctness.
        let _ = socket.set_recv_buffer_size(KERNEL_BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(KERNEL_BUFFER_BYTES);
        socket.bind(&address.into())?;
        let local = socket
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::Error::other("the socket has no address"))?;
        let this = Self {
            segments: probe_segments(&socket),
            socket,
            local,
        };
        // The local address of each datagram matters.
        if local.ip().is_unspecified() {
            this.ask_for_local_addresses()?;
        }
        // Where the kernel does not tell, our own clock is a little late.
        let _ = set_flag(this.fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS);
        Ok(this)
    }

    fn ask_for_local_addresses(&self) -> io::Result<()> {
        set_flag(self.fd(), libc::IPPROTO_IP, libc::IP_PKTINFO)
            .or_else(|error| if self.is_v6() { Ok(()) } else { Err(error) })?;
        if self.is_v6() {
            set_flag(self.fd(), libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)?;
        }
        Ok(())
    }

    /// Where it is bound.
    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether it is a socket of IPv6.
    pub(super) const fn is_v6(&self) -> bool {
        self.local.is_ipv6()
    }

    /// Whether the kernel cuts buffers into datagrams.
    pub(super) const fn segments(&self) -> bool {
        self.segments
    }

    pub(super) fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Opens the listener for TCP.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    // A relay that is restarted finds connections of before in TIME_WAIT.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.bind(&address.into())?;
    socket.listen(WAITING_CALLERS)?;
    Ok(socket.into())
}

/// Lets the kernel take no more than a little of what cannot be sent yet. Where it cannot be told so, more grows old there.
pub(super) fn keep_little_unsent(fd: RawFd) {
    let _ = set_option(
        fd,
        libc::IPPROTO_TCP,
        libc::TCP_NOTSENT_LOWAT,
        TCP_UNSENT_BYTES as libc::c_int,
    );
}

/// Whether UDP_SEGMENT is known: setting it to 0 changes nothing.
fn probe_segments(socket: &Socket) -> bool {
    let off: libc::c_int = 0;
    set_option(socket.as_raw_fd(), libc::SOL_UDP, libc::UDP_SEGMENT, off).is_ok()
}

pub(super) fn set_flag(fd: RawFd, level: libc::c_int, name: libc::c_int) -> io::Result<()> {
    set_option(fd, level, name, 1)
}

fn set_option(
    fd: RawFd,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    // SAFETY: `value` lives through the call and its size is given.
    let done = unsafe {
        libc::setsockopt(
            fd,
            level,
            name,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Wakes the thread from others: an eventfd.
pub(super) struct Waker(OwnedFd);

impl Waker {
    pub(super) fn new() -> io::Result<Self> {
        use std::os::fd::FromRawFd;
        // SAFETY: no pointers; the result is checked.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and belongs to nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Wakes the thread; waking it twice is once.
    pub(super) fn wake(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight readable bytes. It fails only when the counter is full, and then the thread is awake.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Forgets that it was woken.
    pub(super) fn reset(&self) {
        let mut count = [0; 8];
        // SAFETY: eight writable bytes.
        unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }
}

/// What to do after waiting.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ready {
    /// Datagrams have come.
    pub(super) readable: bool,
    /// Somebody called.
    pub(super) woken: bool,
}

/// What is waited for; kept for its allocations.
#[derive(Default)]
pub(super) struct Waiting {
    wishes: Vec<libc::pollfd>,
    /// Other descriptors whose wish came true, in the order of their numbers.
    ready: Vec<RawFd>,
}

impl Waiting {
    /// Waits for datagrams, a call, one of the other wishes or the end of the time.
    pub(super) fn wait(
        &mut self,
        socket: (&MediaSocket, bool),
        waker: &Waker,
        others: impl Iterator<Item = (RawFd, libc::c_short)>,
        at_most: Duration,
    ) -> Ready {
        let (socket, blocked) = socket;
        let events = libc::POLLIN | if blocked { libc::POLLOUT } else { 0 };
        let wish = |(fd, events)| libc::pollfd {
            fd,
            events,
            revents: 0,
        };
        let first = [(socket.fd(), events), (waker.0.as_raw_fd(), libc::POLLIN)];
        self.wishes.clear();
        self.wishes
            .extend(first.into_iter().chain(others).map(wish));
        let timeout = libc::timespec {
            tv_sec: at_most.as_secs() as libc::time_t,
            tv_nsec: at_most.subsec_nanos() as libc::c_long,
        };
        // SAFETY: as many descriptors as are told, which outlive the call, a valid timespec, no signal mask.
        unsafe {
            libc::ppoll(
                self.wishes.as_mut_ptr(),
                self.wishes.len() as libc::nfds_t,
                &raw const timeout,
                std::ptr::null(),
            )
        };
        self.ready.clear();
        let [socket, waker, others @ ..] = self.wishes.as_slice() else {
            return Ready::default();
        };
        let ready = others.iter().filter(|other| other.revents != 0);
        self.ready.extend(ready.map(|other| other.fd));
        self.ready.sort_unstable();
        Ready {
            // Errors on a UDP socket are those of earlier sends; reading clears them.
            readable: socket.revents & (libc::POLLIN | libc::POLLERR) != 0,
            woken: waker.revents & libc::POLLIN != 0,
        }
    }

    /// The others whose wish came true in the last wait, in the order of their numbers.
    pub(super) fn ready(&self) -> &[RawFd] {
        &self.ready
    }
}
