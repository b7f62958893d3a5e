//! Small messages leave at once: on every connection that carries them, made or taken, the relay has told the system so (`TCP_NODELAY`).
//! Without it each answer costs a delayed acknowledgement of some 40 ms.

use crate::dicom_sender::{CLIP, EXPLICIT, Object, Sender, relay};
use crate::support::{LIMIT, Relay};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::time::Duration;

/// Another name for a descriptor of the running relay.
fn borrowed(pidfd: libc::c_long, number: libc::c_int) -> Option<OwnedFd> {
    // SAFETY: the kernel makes a new descriptor, or none.
    let got = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd, number, 0) };
    let got = libc::c_int::try_from(got).ok().filter(|got| *got >= 0)?;
    // SAFETY: it was made just now and belongs to nobody else.
    Some(unsafe { OwnedFd::from_raw_fd(got) })
}

/// The relay's end of a connection, found by one of its addresses.
fn ends(relay: &Relay, is: impl Fn(&TcpStream) -> bool) -> Option<TcpStream> {
    let pid = relay.pid();
    // SAFETY: the kernel makes a new descriptor, or none.
    let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    assert!(pidfd >= 0, "{}", std::io::Error::last_os_error());
    let numbers = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let found = numbers
        .filter_map(|one| one.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|number| borrowed(pidfd, number))
        .map(TcpStream::from)
        .find(|socket| is(socket));
    if let Ok(pidfd) = libc::c_int::try_from(pidfd) {
        // SAFETY: it was made above and nobody else has it.
        drop(unsafe { OwnedFd::from_raw_fd(pidfd) });
    }
    found
}

/// Waits until the relay has such an end, and gives whether it waits with what is small.
async fn is_prompt(relay: &Relay, is: impl Fn(&TcpStream) -> bool) -> bool {
    let looking = async {
        loop {
            if let Some(end) = ends(relay, &is) {
                return end.nodelay().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(LIMIT, looking).await;
    found.expect("the relay has that connection")
}

fn comes_from(there: SocketAddr) -> impl Fn(&TcpStream) -> bool {
    move |socket| socket.peer_addr().is_ok_and(|peer| peer == there)
}

#[tokio::test]
async fn connections_that_are_taken_send_at_once() {
    let relay = relay(&[]).await;
    let sender = Sender::associated(&relay, CLIP, EXPLICIT);
    let from = sender.socket.local_addr().unwrap();
    assert!(is_prompt(&relay, comes_from(from)).await, "DICOM");
    let page = TcpStream::connect(relay.http).unwrap();
    let from = page.local_addr().unwrap();
    assert!(is_prompt(&relay, comes_from(from)).await, "HTTP");
}

#[tokio::test]
async fn connections_to_another_archive_send_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = listener.local_addr().unwrap();
    let to = format!("pacs=ARCHIVE@{there}");
    let flags = ["--forward-to", &to, "--forward-title", "HIBIKI"];
    let all = ["--forward-everything", "pacs"];
    let relay = relay(&[&flags[..], &all].concat()).await;
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&Object::small("1.2.3.1", "goes on")), 0);
    assert!(is_prompt(&relay, comes_from(there)).await, "it calls");
}
