//! Bodies of HTTP requests and answers.

use crate::each;
use crate::samples::{summary, uuid};
use wire::http::{
    ConsultList, DemoDoor, DemoPerson, DemoTicketRequest, SessionGrant, SessionRequest,
    TicketGrant, TicketRequest,
};
use wire::people::Role;
use wire::problem::{Problem, ProblemCode};
use wire::{ConsultId, PersonId, RelayTime, SessionId};

#[test]
fn what_http_carries() {
    let (consult, person) = (ConsultId::from_uuid(uuid(1)), PersonId::from_uuid(uuid(5)));
    let expires_at = RelayTime(1_795_000_300_000_000);
    each(
        "http",
        vec![(
            "session-request",
            SessionRequest {
                ticket: "abc".into(),
            },
        )],
    );
    each(
        "http",
        vec![(
            "session-grant",
            SessionGrant {
                session: SessionId::from_uuid(uuid(4)),
                person,
                name: "佐藤 花".into(),
                initials: "佐".into(),
                role: Role::Cardiologist,
                consult,
                expires_at,
            },
        )],
    );
    each(
        "http",
        vec![(
            "consult-list",
            ConsultList {
                consults: vec![summary()],
            },
        )],
    );
    each("http", vec![("ticket-request", TicketRequest { consult })]);
    each(
        "http",
        vec![(
            "ticket-grant",
            TicketGrant {
                ticket: "abc".into(),
                consult,
                expires_at,
            },
        )],
    );
    let demo = DemoPerson {
        person,
        name: "佐藤 花".into(),
        role: Role::Cardiologist,
    };
    each(
        "http",
        vec![(
            "demo-door",
            DemoDoor {
                people: vec![demo],
                consults: vec![summary()],
            },
        )],
    );
    each(
        "http",
        vec![("demo-ticket-request", DemoTicketRequest { person, consult })],
    );
    each(
        "http",
        vec![("problem", Problem::from(ProblemCode::TicketUsed))],
    );
}
