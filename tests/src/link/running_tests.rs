//! Links that run, between small stand-ins for a client and a relay.

use super::super::{LinkKind, TURN_RELAYS_FROM, Way};
use super::*;
use crate::wait::{ms, secs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

const SEED: u64 = 4;
const OFFER: &str = "v=0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
const NAMES_NOBODY: &str = "v=0\r\n";

/// Echoes datagrams with the port that they came from, bytes of TCP as they are, and answers one request by what it heard.
struct Echo {
    ends: Ends,
    _tasks: JoinSet<()>,
}

impl Echo {
    async fn starts() -> Self {
        let (udp, http, tcp) = (
            UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let ends = Ends {
            http: http.local_addr().unwrap(),
            media: udp.local_addr().unwrap(),
            tcp_media: Some(tcp.local_addr().unwrap()),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut buffer = vec![0; 2_048];
            loop {
                let (length, from) = udp.recv_from(&mut buffer).await.unwrap();
                let said = format!(
                    "{} {}",
                    from.port(),
                    String::from_utf8_lossy(&buffer[..length])
                );
                udp.send_to(said.as_bytes(), from).await.unwrap();
            }
        });
        tasks.spawn(each(tcp, |mut stream| async move {
            let (mut says, mut hears) = stream.split();
            let _ = tokio::io::copy(&mut says, &mut hears).await;
        }));
        tasks.spawn(each(http, move |stream| answer(stream, ends)));
        Self {
            ends,
            _tasks: tasks,
        }
    }
}

/// A socket is echoed after its head; an offer is answered with the relay's candidates and with what was heard.
async fn answer(mut stream: TcpStream, ends: Ends) {
    let mut heard = Vec::new();
    while !heard.windows(4).any(|end| end == b"\r\n\r\n") {
        heard.push(stream.read_u8().await.unwrap());
    }
    let heard = String::from_utf8(heard).unwrap();
    if heard.contains("upgrade: websocket") {
        let accepts =
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
        stream.write_all(accepts.as_bytes()).await.unwrap();
        let (mut says, mut hears) = stream.split();
        let _ = tokio::io::copy(&mut says, &mut hears).await;
        return;
    }
    let mut offer = vec![0; NAMES_NOBODY.len()];
    stream.read_exact(&mut offer).await.unwrap();
    assert_eq!(offer, NAMES_NOBODY.as_bytes());
    assert!(heard.contains("Host: 127.0.0.1:") && heard.contains("connection: close"));
    let body = format!(
        "v=0\r\na=candidate:1 1 udp 1 127.0.0.1 {} typ host\r\na=candidate:2 1 tcp 1 127.0.0.1 {} typ host tcptype passive\r\n",
        ends.media.port(),
        ends.tcp_media.unwrap().port()
    );
    let head = format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/sdp\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
}

/// A client of the link: asks for its ports as a publisher does.
async fn posts_an_offer(link: &Link) -> String {
    let address = link.origin().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /whip HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\r\n{OFFER}",
        OFFER.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn port_of(answer: &str, transport: &str) -> u16 {
    let line = answer
        .lines()
        .find(|line| line.contains(&format!(" {transport} ")))
        .unwrap();
    line.split_whitespace().nth(5).unwrap().parse().unwrap()
}

async fn client_of(link: &Link) -> UdpSocket {
    let port = port_of(&posts_an_offer(link).await, "udp");
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(("127.0.0.1", port)).await.unwrap();
    client
}

/// The port from which the relay heard a datagram, if an answer comes.
async fn asks(client: &UdpSocket, within: Duration) -> Option<String> {
    client.send(b"?").await.unwrap();
    let mut buffer = vec![0; 64];
    let length = timeout(within, client.recv(&mut buffer)).await.ok()?;
    let said = String::from_utf8(buffer[..length.unwrap()].to_vec()).unwrap();
    Some(said.split(' ').next().unwrap().to_owned())
}

#[tokio::test]
async fn an_answer_names_the_link_and_media_goes_through_it_by_udp_and_tcp() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::LAN, SEED).await.unwrap();
    let answer = posts_an_offer(&link).await;
    let (udp, tcp) = (port_of(&answer, "udp"), port_of(&answer, "tcp"));
    assert_ne!(udp, echo.ends.media.port());
    assert_ne!(tcp, echo.ends.tcp_media.unwrap().port());
    assert!(asks(&client_of(&link).await, secs(1)).await.is_some());
    let mut stream = TcpStream::connect(("127.0.0.1", tcp)).await.unwrap();
    let sent = vec![7; 100_000];
    let (mut says, mut hears) = stream.split();
    let mut heard = Vec::new();
    let both = async {
        says.read_to_end(&mut heard).await.unwrap();
    };
    let sending = async {
        hears.write_all(&sent).await.unwrap();
        hears.shutdown().await.unwrap();
    };
    tokio::join!(both, sending);
    assert_eq!(heard, sent);
    assert!(link.counts(Way::Up).tcp_bytes >= 100_000);
}

#[tokio::test]
async fn each_client_has_an_address_of_its_own_and_a_new_one_when_told() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::LAN, SEED).await.unwrap();
    let (one, other) = (client_of(&link).await, client_of(&link).await);
    let before = asks(&one, secs(1)).await.unwrap();
    assert_ne!(asks(&other, secs(1)).await.unwrap(), before);
    assert_eq!(asks(&one, secs(1)).await.unwrap(), before);
    link.change_address().unwrap();
    let after = asks(&one, secs(1)).await.unwrap();
    assert_ne!(after, before);
    assert_eq!(link.addresses().len(), 2);
}

#[tokio::test]
async fn a_cut_lets_nothing_pass_and_a_restored_link_everything() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::LAN, SEED).await.unwrap();
    let client = client_of(&link).await;
    asks(&client, secs(1)).await.unwrap();
    link.cut();
    assert_eq!(asks(&client, ms(30)).await, None);
    let request = timeout(ms(30), posts_an_offer(&link)).await;
    assert!(request.is_err(), "a request went through a cut");
    link.restore();
    asks(&client, secs(1)).await.unwrap();
    assert_eq!(link.counts(Way::Up).lost_in_cut, 1);
}

#[tokio::test]
async fn a_handover_pauses_changes_the_address_and_keeps_what_was_sent_meanwhile() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::CELL_HANDOVER, SEED)
        .await
        .unwrap();
    let client = client_of(&link).await;
    let before = asks(&client, secs(2)).await.unwrap();
    let (lasted, answered) = tokio::join!(link.trouble(), asks(&client, secs(3)));
    let lasted = lasted.unwrap();
    assert!((ms(500)..=ms(1_000)).contains(&lasted), "{lasted:?}");
    assert_ne!(answered.unwrap(), before);
    assert_eq!(link.kind().name, "next_cell");
}

#[tokio::test]
async fn a_network_that_blocks_udp_lets_tcp_pass() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::UDP_BLOCKED, SEED)
        .await
        .unwrap();
    let began = Instant::now();
    let tcp = port_of(&posts_an_offer(&link).await, "tcp");
    assert!(began.elapsed() >= ms(8), "about 5 ms each way");
    assert_eq!(asks(&client_of(&link).await, ms(30)).await, None);
    let mut stream = TcpStream::connect(("127.0.0.1", tcp)).await.unwrap();
    stream.write_all(b"through").await.unwrap();
    let mut heard = [0; 7];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"through");
    assert_eq!(link.counts(Way::Up).refused, 1);
}

#[tokio::test]
async fn where_only_tls_passes_no_media_does_but_what_a_turn_server_relays() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::TLS_ONLY, SEED).await.unwrap();
    let answer = posts_an_offer(&link).await;
    let client = client_of(&link).await;
    assert_eq!(asks(&client, ms(100)).await, None);
    let tcp = format!("127.0.0.1:{}", port_of(&answer, "tcp"));
    let mut stream = TcpStream::connect(tcp).await.unwrap();
    stream.write_all(b"media").await.unwrap();
    let heard = timeout(ms(100), stream.read(&mut [0; 16])).await;
    assert!(heard.is_err(), "it stands, and nothing comes of it");
    let relayed = UdpSocket::bind((TURN_RELAYS_FROM, 0)).await.unwrap();
    let front = format!("127.0.0.1:{}", port_of(&answer, "udp"));
    relayed.connect(front).await.unwrap();
    assert!(asks(&relayed, secs(2)).await.is_some());
    let counts = link.counts(Way::Up);
    assert_eq!((counts.packets, counts.refused), (1, 1));
}

#[tokio::test]
async fn a_socket_becomes_a_tunnel_for_both_sides() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::LAN, SEED).await.unwrap();
    let address = link.origin().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /socket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut accepted = Vec::new();
    while !accepted.ends_with(b"\r\n\r\n") {
        accepted.push(stream.read_u8().await.unwrap());
    }
    assert!(accepted.starts_with(b"HTTP/1.1 101"));
    for word in [b"one", b"two"] {
        stream.write_all(word).await.unwrap();
        let mut heard = [0; 3];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, word);
    }
}

#[tokio::test]
async fn what_passed_can_be_told_for_each_span() {
    let echo = Echo::starts().await;
    let link = Link::to(echo.ends, LinkKind::TWO_MEGABITS, SEED)
        .await
        .unwrap();
    let client = client_of(&link).await;
    // 20 packets of 5 ms at once: the last waits for 95.
    for _ in 0..20 {
        client.send(&[0; 1_222]).await.unwrap();
    }
    asks(&client, secs(1)).await.unwrap();
    let passed = link.passages(Way::Up, ms(0)..link.now());
    assert_eq!(passed.all().len(), 21);
    let waited = passed.waited(95).unwrap();
    assert!((ms(60)..=ms(100)).contains(&waited), "{waited:?}");
}
