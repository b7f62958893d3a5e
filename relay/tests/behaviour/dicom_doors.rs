//! Who comes in over DICOM, how many at once, and what becomes of those who do not speak it.

use crate::dicom_sender::{
    CLIP, EXPLICIT, IMPLICIT, Object, Sender, VERIFICATION, fragment, relay, request,
};
use crate::support::{program, runs};
use dicom_ul::pdu::{
    AssociationRJServiceProviderPresentationReason as Limit,
    AssociationRJServiceUserReason as Reason, AssociationRJSource, AssociationRQ, Pdu,
    PresentationContextResultReason,
};
use std::net::TcpListener;

#[tokio::test]
async fn strangers_are_told_why_they_are_refused() {
    let relay = relay(&[]).await;
    for (change, reason) in [
        (
            (|asked| asked.called_ae_title = "ORTHANC".to_owned()) as fn(&mut AssociationRQ),
            Reason::CalledAETitleNotRecognized,
        ),
        (
            |asked| asked.calling_ae_title = "STRAY".to_owned(),
            Reason::CallingAETitleNotRecognized,
        ),
        (
            |asked| asked.calling_ae_title = "CART".to_owned(),
            Reason::CallingAETitleNotRecognized,
        ),
        (
            |asked| asked.application_context_name = "1.2.3".to_owned(),
            Reason::ApplicationContextNameNotSupported,
        ),
    ] {
        let mut asked = request(&[(VERIFICATION, IMPLICIT)]);
        change(&mut asked);
        let answer = Sender::connect(&relay).asks(asked);
        let Some(Pdu::AssociationRJ(rejected)) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(rejected.source, AssociationRJSource::ServiceUser(reason));
    }
    assert!(
        relay
            .metric("hibiki_dicom_associations_refused_total")
            .await
            == 4.0
    );
}

#[tokio::test]
async fn what_cannot_be_stored_as_it_is_is_not_agreed_on() {
    use PresentationContextResultReason::{
        AbstractSyntaxNotSupported, Acceptance, TransferSyntaxesNotSupported,
    };
    let relay = relay(&[]).await;
    let contexts = [
        (CLIP, "1.2.840.10008.1.2.1.99"),
        (CLIP, "1.2.840.10008.1.2.4.95"),
        ("1.2.840.10008.1.3.10", EXPLICIT),
        ("1.2.840.10008.5.1.4.1.2.2.1", EXPLICIT),
        (CLIP, "1.2.840.10008.1.2.4.106"),
    ];
    let answer = Sender::connect(&relay).asks(request(&contexts));
    let Some(Pdu::AssociationAC(accepted)) = answer else {
        panic!("{answer:?}")
    };
    let reasons: Vec<_> = accepted
        .presentation_contexts
        .into_iter()
        .map(|one| one.reason)
        .collect();
    assert_eq!(
        reasons,
        [
            TransferSyntaxesNotSupported,
            TransferSyntaxesNotSupported,
            AbstractSyntaxNotSupported,
            AbstractSyntaxNotSupported,
            Acceptance
        ]
    );
}

#[tokio::test]
async fn the_thirty_third_association_is_refused_and_the_others_go_on() {
    let relay = relay(&[]).await;
    let (mut taken, mut refused) = (Vec::new(), 0);
    for _ in 0..40 {
        let mut sender = Sender::connect(&relay);
        match sender.asks(request(&[(CLIP, EXPLICIT), (VERIFICATION, IMPLICIT)])) {
            Some(Pdu::AssociationAC(_)) => taken.push(sender),
            Some(Pdu::AssociationRJ(rejected)) => {
                assert_eq!(
                    rejected.source,
                    AssociationRJSource::ServiceProviderPresentation(Limit::LocalLimitExceeded)
                );
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((taken.len(), refused), (32, 8));
    for (number, sender) in taken.iter_mut().enumerate() {
        assert_eq!(
            sender.stores(&Object::small(&format!("1.2.4.{number}"), "x")),
            0
        );
    }
    taken.pop().unwrap().releases();
    Sender::associated(&relay, CLIP, EXPLICIT).releases();
}

#[tokio::test]
async fn bytes_that_are_no_dicom_end_their_own_connection_only() {
    let relay = relay(&["--dicom-idle-seconds", "1"]).await;
    let mut steady = Sender::associated(&relay, CLIP, EXPLICIT);
    let before = relay.memory();
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0x01, 0, 0xFF, 0xFF, 0xFF, 0xFF],
        &[0x01, 0, 0, 0, 0, 2, 0, 1],
        &[0x05, 0, 0, 0, 0, 4, 0, 0, 0, 0],
        &[0x04, 0, 0, 0, 0, 8, 0, 0, 0, 99, 1, 0, 1, 2],
    ] {
        let mut stranger = Sender::connect(&relay);
        stranger.says_bytes(bytes);
        assert!(stranger.is_aborted(), "{bytes:?}");
        assert_eq!(steady.stores(&Object::small("1.2.5", "x")), 0);
    }
    // Within an association: a PDU that declares 4 GiB, a context that was not agreed on, a command without an end.
    let wrong_context = |mut value: dicom_ul::pdu::PDataValue| {
        value.presentation_context_id = 9;
        value
    };
    for wrong in ["length", "context", "command"] {
        let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
        match wrong {
            "length" => sender.says_bytes(&[0x04, 0, 0xFF, 0xFF, 0xFF, 0xFE]),
            "context" => {
                let set = crate::dicom_sender::command(0x0030, VERIFICATION, None);
                sender.says(&Pdu::PData {
                    data: vec![wrong_context(fragment(true, true, set))],
                });
            }
            _ => sender.says(&Pdu::PData {
                data: vec![fragment(true, false, vec![0; 9_000])],
            }),
        }
        assert!(sender.is_aborted(), "{wrong}");
    }
    // Whoever says nothing is sent away.
    assert!(Sender::associated(&relay, CLIP, EXPLICIT).is_aborted());
    assert!(
        relay.memory() < before + (32 << 20),
        "{} MiB more",
        (relay.memory() - before) >> 20
    );
}

#[tokio::test]
async fn without_the_setting_nothing_listens() {
    let relay = crate::support::Relay::start().await;
    assert!(relay.dicom.is_none());
    let anybody = relay
        .client
        .get(format!("{}/dicomweb/studies", relay.origin()));
    let anybody = anybody.bearer_auth("anything").send().await.unwrap();
    assert_eq!(anybody.status(), 401);
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .args([
            "serve",
            "--demo",
            "--announce",
            "--http",
            "127.0.0.1:0",
            "--media",
            "127.0.0.1:0",
        ])
        .args([
            "--media-tcp",
            "off",
            "--metrics",
            "127.0.0.1:0",
            "--dicom-peers",
            "PROBE",
            "--dicom-listen",
        ])
        .arg(taken.local_addr().unwrap().to_string())
        .arg("--data")
        .arg(folder.path().join("data"));
    let (status, _, said) = runs(&mut command);
    assert_eq!(status, 4, "{said}");
    assert!(
        said.contains("Another DICOM server") && said.contains("dicom.listen"),
        "{said}"
    );
}
