//! Who hears whom, and what is told of voices.

use super::world::{Held, MS, World};
use crate::sfu::edge::{EdgeEvent, RtpIn};
use crate::sfu::error::SfuError;
use crate::sfu::event::SfuEvent;
use crate::sfu::limits::MAX_VOICES;
use crate::sfu::sdp::voice::Formats;
use crate::sfu::tap::{TappedVoice, VoiceTap};
use crate::sfu::voice::speech::Speech;
use bytes::Bytes;

const WITH_RED: Formats = Formats {
    opus: 111,
    red: Some(63),
    level: Some(1),
};
const WITHOUT: Formats = Formats {
    opus: 109,
    red: None,
    level: None,
};
/// The frame before once more, then the newest one.
const REDUNDANT: &[u8] = &[0x80 | 111, 0, 0, 1, 111, b'a', b'b'];

fn say(world: &mut World, held: &Held, seq: u16, level: u8) {
    let packet = RtpIn {
        ssrc: 7,
        payload_type: 63,
        seq,
        timestamp: u32::from(seq) * 960,
        marker: false,
        extensions: vec![(1, Bytes::copy_from_slice(&[level]))],
        payload: Bytes::from_static(REDUNDANT),
    };
    world.report(held, EdgeEvent::Rtp(packet));
}

fn heard(held: &Held) -> Vec<(u32, u8, Vec<u8>)> {
    held.edge.with(|script| script.packets.clone())
}

#[test]
fn everybody_but_the_speaker_hears_it_each_in_the_form_they_know() {
    let mut world = World::new();
    let speaker = world.talker(true, WITH_RED).unwrap();
    let knows_red = world.talker(true, WITH_RED).unwrap();
    let lacks_it = world.talker(false, WITHOUT).unwrap();
    say(&mut world, &speaker, 1, 20);
    assert_eq!(heard(&knows_red), [(100, 63, REDUNDANT.to_vec())]);
    assert_eq!(heard(&lacks_it), [(100, 109, b"b".to_vec())]);
    assert_eq!(heard(&speaker), []);
}

#[test]
fn each_speaker_has_a_seat_of_their_own_and_leaves_it_to_the_next() {
    let mut world = World::new();
    let listener = world.talker(false, WITH_RED).unwrap();
    let speakers = [true; 2].map(|_| world.talker(true, WITH_RED).unwrap());
    for (seq, speaker) in (1..).zip(&speakers) {
        say(&mut world, speaker, seq, 20);
    }
    world.engine.close(world.now, speakers[0].session).unwrap();
    let third = world.talker(true, WITH_RED).unwrap();
    say(&mut world, &third, 9, 20);
    say(&mut world, &speakers[1], 3, 20);
    let seats: Vec<u32> = heard(&listener).iter().map(|(seat, ..)| *seat).collect();
    assert_eq!(seats, [100, 101, 100, 101]);
}

#[test]
fn six_speak_a_seventh_is_told_so_and_any_number_listens() {
    let mut world = World::new();
    for _ in 0..MAX_VOICES {
        world.talker(true, WITH_RED).unwrap();
    }
    let seventh = world.talker(true, WITH_RED);
    assert!(matches!(seventh, Err(SfuError::TooManyVoices)));
    world.talker(false, WITH_RED).unwrap();
}

#[test]
fn what_somebody_says_who_may_only_listen_reaches_nobody() {
    let mut world = World::new();
    let (quiet, other) = (world.talker(false, WITH_RED), world.talker(true, WITH_RED));
    let (quiet, other) = (quiet.unwrap(), other.unwrap());
    let rtp = [0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 1, 2];
    world.engine.take_datagram(world.now, quiet.address, &rtp);
    world.settle();
    assert_eq!(
        quiet.edge.with(|script| script.datagrams),
        1,
        "only the DTLS before"
    );
    assert_eq!(heard(&other), []);
}

#[test]
fn it_is_told_who_speaks_who_is_quiet_and_who_cannot_be_heard() {
    let mut world = World::new();
    let speaker = world.talker(true, WITH_RED).unwrap();
    let speech = |world: &mut World| -> Vec<Speech> {
        let said = |event| match event {
            SfuEvent::Spoke { speech, .. } => Some(speech),
            _ => None,
        };
        world.events().into_iter().filter_map(said).collect()
    };
    say(&mut world, &speaker, 1, 20);
    assert_eq!(speech(&mut world), [Speech::Speaking]);
    world.pass(1_000 * MS);
    assert_eq!(speech(&mut world), [Speech::Quiet]);
    world.pass(2_000 * MS);
    assert_eq!(speech(&mut world), [Speech::Unheard]);
}

#[test]
fn whoever_records_gets_each_packet_of_a_speaker_as_it_came_and_none_of_a_listener() {
    let mut world = World::new();
    let (give, taken) = std::sync::mpsc::channel();
    let tap = VoiceTap::new(move |packet| drop(give.send(packet)));
    let speaker = world
        .tapped_talker(true, WITH_RED, Some(tap.clone()))
        .unwrap();
    let quiet = world.tapped_talker(false, WITH_RED, Some(tap)).unwrap();
    say(&mut world, &speaker, 9, 20);
    say(&mut world, &quiet, 9, 20);
    let packets: Vec<_> = taken.try_iter().collect();
    let expected = TappedVoice {
        ssrc: 7,
        seq: 9,
        timestamp: 9 * 960,
        is_red: true,
        payload: Bytes::from_static(REDUNDANT),
    };
    assert_eq!(packets, [expected]);
}

#[test]
fn nothing_is_left_of_voices_that_are_gone_and_one_that_fails_takes_nobody_along() {
    let mut world = World::new();
    let speaker = world.talker(true, WITH_RED).unwrap();
    let faulty = world.talker(false, WITH_RED).unwrap();
    let other = world.talker(false, WITH_RED).unwrap();
    faulty.edge.with(|script| script.panics_on_write = true);
    say(&mut world, &speaker, 1, 20);
    assert_eq!(heard(&other).len(), 1);
    assert_eq!(world.engine.stats().talkers, 2);
    for held in [speaker, other] {
        world.engine.close(world.now, held.session).unwrap();
    }
    assert_eq!(world.engine.table_sizes(), [0; 6]);
}
