//! Packets that lie about themselves: lengths, counts and kinds that no honest peer writes. Each reads as its kind by its first bytes.

/// Numbers from one seed.
pub struct Seed(pub u64);

impl Seed {
    pub fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// Packets of RTP that lie about themselves.
pub fn malformed_rtp(ssrc: u32, seq: u16) -> Vec<Vec<u8>> {
    let head = |first: u8, rest: &[u8]| {
        let mut out = vec![first, 98];
        out.extend(seq.to_be_bytes());
        out.extend(9_000u32.to_be_bytes());
        out.extend(ssrc.to_be_bytes());
        out.extend_from_slice(rest);
        out
    };
    let extension = |profile: u16, words: u16, body: &[u8]| {
        let mut out = profile.to_be_bytes().to_vec();
        out.extend(words.to_be_bytes());
        out.extend_from_slice(body);
        head(0x90, &out)
    };
    vec![
        head(0x80, &[]),
        head(0xa0, &[]),
        head(0xa0, &[1, 2, 200]),
        head(0xa0, &[0x61, 1, 2, 0]),
        head(0xa0, &[3, 3, 3]),
        head(0x40, &[0x61, 1]),
        head(0xc0, &[0x61, 1]),
        head(0x8f, &[1, 2, 3]),
        head(0x8f, &[0; 60]),
        extension(0xbede, 0xffff, &[0x10, 1, 0, 0]),
        extension(0xbede, 0, &[]),
        extension(0xbede, 1, &[0x1f, 1, 0, 0]),
        extension(0xbede, 1, &[0xf0, 1, 0, 0, 0x61, 1]),
        extension(0xbede, 1, &[0, 0, 0, 0x1f]),
        extension(0x1000, 1, &[5, 255, 0, 0]),
        extension(0x1000, 1, &[0, 0, 0, 5]),
        extension(0x1000, 2, &[5, 0, 6, 0, 7, 0, 8, 0]),
        extension(0x1234, 0x4000, &[0; 40]),
        head(0x80, &[0x7c]),
        head(0x80, &[0x78, 0xff, 0xff, 1]),
        head(0x80, &[0x78]),
        head(0x80, &[0x00]),
        head(0x80, &[0x7f; 3]),
    ]
}

/// Reports that lie about themselves; the first eight bytes are always a head and a sender.
pub fn malformed_rtcp(seed: &mut Seed) -> Vec<Vec<u8>> {
    let packet = |first: u8, kind: u8, words: u16, body: &[u8]| {
        let mut out = vec![first, kind];
        out.extend(words.to_be_bytes());
        out.extend(1u32.to_be_bytes());
        out.extend_from_slice(body);
        out
    };
    let mut all = vec![
        packet(0x80, 201, 0, &[]),
        packet(0x80, 201, 0xffff, &[]),
        packet(0x9f, 201, 1, &[]),
        packet(0x9f, 201, 200, &[0; 100]),
        packet(0x80, 201, 1, &[]).repeat(140),
        packet(0x81, 205, 1, &[]),
        packet(0x81, 205, 2, &[0, 0]),
        packet(0x81, 205, 300, &[0xff; 1_196]),
        packet(0x81, 206, 1, &[]),
        packet(0x84, 206, 2, &[0; 4]),
        packet(0x84, 206, 3, &[0; 8]),
        packet(0x8f, 206, 4, b"\0\0\0\0REMB"),
        packet(0x8f, 206, 5, b"\0\0\0\0REMB\xff\xff\xff\xff"),
        packet(
            0x8f,
            205,
            4,
            &[0, 0, 0, 9, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        packet(
            0x8f,
            205,
            5,
            &[
                0, 0, 0, 9, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 0xff,
            ],
        ),
        packet(0x8b, 205, 3, &[0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff]),
        packet(0x80, 200, 6, &[0; 20]),
        packet(0x9f, 200, 6, &[0xff; 20]),
        packet(0x9f, 203, 1, &[]),
        packet(0x9f, 202, 1, &[]),
        packet(0x81, 202, 2, &[1, 255, b'x', 0]),
        packet(0x85, 204, 3, b"nameabcd"),
        packet(0x80, 207, 2, &[4, 0, 0xff, 0xff]),
        packet(0x80, 207, 3, &[1, 0, 0, 1, 0, 0, 0, 0]),
        packet(0xa0, 201, 1, &[0, 0, 0, 255]),
        packet(0xa0, 201, 2, &[0, 0, 0, 0]),
    ];
    for kind in 192..=223 {
        let (words, length) = (seed.below(12) as u16, seed.below(60));
        let body = seed.bytes(length);
        all.push(packet(0x80 | seed.below(32) as u8, kind, words, &body));
        let length = 4 * seed.below(30);
        let body = seed.bytes(length);
        let words = (length / 4 + 1) as u16;
        all.push(packet(0x80 | seed.below(32) as u8, kind, words, &body));
    }
    all
}

/// Chunks of SCTP (RFC 9260 §3) that lie about themselves.
pub fn malformed_chunks(seed: &mut Seed) -> Vec<Vec<u8>> {
    let chunk = |kind: u8, length: u16, body: &[u8]| {
        let mut out = vec![kind, 0];
        out.extend(length.to_be_bytes());
        out.extend_from_slice(body);
        out
    };
    let mut all = vec![
        vec![],
        vec![1],
        chunk(0, 0, &[]),
        chunk(0, 3, &[]),
        chunk(0, 0xffff, &[0; 12]),
        chunk(0, 16, &[0; 12]),
        chunk(
            1,
            20,
            &[0, 0, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1],
        ),
        chunk(1, 20, &[0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        chunk(1, 0xffff, &[0, 0, 0, 9, 0, 1, 0, 0]),
        chunk(
            1,
            24,
            &[
                0, 0, 0, 9, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 7, 0xff, 0xff,
            ],
        ),
        chunk(
            2,
            20,
            &[0, 0, 0, 9, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1],
        ),
        chunk(3, 16, &[0; 12]),
        chunk(
            3,
            20,
            &[0, 0, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 0, 9, 0, 1],
        ),
        chunk(4, 0xffff, &[0, 1, 0xff, 0xff]),
        chunk(4, 8, &[0, 1, 0, 0]),
        chunk(5, 8, &[0, 1, 0, 4]),
        chunk(6, 4, &[]),
        chunk(7, 8, &[0xff; 4]),
        chunk(9, 8, &[0, 1, 0xff, 0xff]),
        chunk(10, 0xffff, &[0; 8]),
        chunk(10, 12, &[0xff; 8]),
        chunk(11, 4, &[]),
        chunk(14, 4, &[]),
        chunk(130, 8, &[0, 13, 0xff, 0xff]),
        chunk(
            130,
            20,
            &[0, 13, 0, 16, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
        ),
        chunk(192, 8, &[0x80, 0, 0, 0]),
        chunk(192, 12, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];
    for kind in 0..=255 {
        let length = seed.below(40);
        let body = seed.bytes(length);
        all.push(chunk(kind, (length + 4) as u16, &body));
        all.push(chunk(kind, seed.below(65_536) as u16, &body));
    }
    all
}

/// A piece of a ClientHello that never becomes whole: so many bytes at this place.
pub fn piece(offset: u16, bytes: usize) -> Vec<u8> {
    let mut body = vec![1, 0, 0xff, 0xff, 0, 0, 0];
    body.extend(offset.to_be_bytes());
    body.push(0);
    body.extend((bytes as u16).to_be_bytes());
    body.extend(vec![7; bytes]);
    let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0];
    record.extend(offset.to_be_bytes());
    record.extend((body.len() as u16).to_be_bytes());
    record.extend(body);
    record
}
