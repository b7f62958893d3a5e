//! What a page says: each message leads to one rule, and what a rule refuses is said back to that page only.
//!
//! Called by the core. Invariant: the person is the one behind the socket, whatever the message says.

use super::core::{Consult, Done, Refused, refusal};
use super::effect::{Audience, Effect, Newcomer, SocketKey};
use super::rights::rights;
use wire::RelayTime;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, MAX_SKETCH_POINTS, Pointer, Sketch, ToRelay};

impl Consult {
    pub(super) fn said(
        &mut self,
        socket: SocketKey,
        message: ToRelay,
        now: RelayTime,
    ) -> Vec<Effect> {
        // A word of a socket that was replaced or closed meanwhile is nobody's.
        let Some(who) = self.people.behind(socket).cloned() else {
            return Vec::new();
        };
        // That somebody must not be recorded waits for no disk; it is refused below, after it counts.
        let is_withdrawal = matches!(message, ToRelay::WithdrawVoiceConsent { .. });
        if self.broken
            && !is_withdrawal
            && let Some(refused) = in_doubt(&message)
        {
            return vec![refusal(socket, refused)];
        }
        let done = match message {
            ToRelay::Ping { id } => {
                return vec![Effect::Say(
                    Audience::One(socket),
                    FromRelay::Pong {
                        id,
                        relay_time: self.dated(now),
                    },
                )];
            }
            ToRelay::Hello { .. } => Err(Refused {
                code: ProblemCode::MessageRefused,
                mark: None,
                freeze: None,
                clip: None,
            }),
            ToRelay::Mark { mark } => self.mark(&who, mark, now),
            ToRelay::Withdraw { mark } => self.withdraw(&who, mark, now),
            ToRelay::Pin { mark, pinned } => self.pin(&who, mark, pinned, now),
            ToRelay::Freeze { freeze, anchor } => {
                self.freeze(&who, freeze, anchor, now).map(|()| Done::Taken)
            }
            ToRelay::Release { freeze } => self.release(&who, freeze, now).map(|()| Done::Taken),
            ToRelay::Step { freeze, by } => self
                .step((socket, &who), freeze, by, now)
                .map(|()| Done::Taken)
                .map_err(|code| Refused {
                    code,
                    mark: None,
                    freeze: Some(freeze),
                    clip: None,
                }),
            ToRelay::Beat { freeze, shown } => self
                .show_beat((socket, &who), freeze, shown, now)
                .map(|()| Done::Taken)
                .map_err(|code| Refused {
                    code,
                    mark: None,
                    freeze: Some(freeze),
                    clip: None,
                }),
            ToRelay::DoubtOriginal { freeze, rtp_time } => self
                .doubt(&who, (freeze, rtp_time), now)
                .map(|()| Done::Taken),
            ToRelay::SaveClip { clip, what, view } => self
                .save(&who, (clip, what, view), now)
                .map(|()| Done::Taken),
            ToRelay::Calibrate {
                scale,
                freeze,
                from,
                to,
                centimetres,
            } => self
                .calibrate(&who, freeze, scale, ([from, to], centimetres), now)
                .map(|()| Done::Taken),
            ToRelay::WithdrawCalibration { scale } => self
                .withdraw_calibration(&who, scale, now)
                .map(|()| Done::Taken),
            ToRelay::MuteVoice { muted } => return self.mute(&who, muted),
            ToRelay::ConsentToVoice { consent, by } => {
                self.consent_to_voice(&who, (consent, by), now)
            }
            ToRelay::WithdrawVoiceConsent { consent, discard } => {
                self.withdraw_voice_consent(&who, (consent, discard), now)
            }
            ToRelay::DiscardVoice {} => self.discard_voice(&who, now),
            ToRelay::LinkSeen { seen } => self.link_seen(&who, seen, now),
            ToRelay::Point { at, rtp_time } => {
                self.presence.point(Pointer {
                    session: who.session,
                    at,
                    rtp_time,
                });
                Ok(Done::Taken)
            }
            ToRelay::Sketch {
                mark,
                anchor,
                pen,
                form,
                from,
                points,
            } => self.sketch(
                &who,
                Sketch {
                    session: who.session,
                    mark,
                    anchor,
                    pen,
                    form,
                    from,
                    points,
                },
            ),
        };
        match done {
            Ok(Done::Taken) => Vec::new(),
            Ok(Done::Known(mark)) => vec![Effect::Say(
                Audience::One(socket),
                FromRelay::Known { mark },
            )],
            Err(refused) => vec![refusal(socket, refused)],
        }
    }

    fn sketch(&mut self, who: &Newcomer, sketch: Sketch) -> Result<Done, Refused> {
        let refused = |code| Refused {
            code,
            mark: Some(sketch.mark),
            freeze: None,
            clip: None,
        };
        if !rights(who.role).draw {
            return Err(refused(ProblemCode::NotAllowed));
        }
        if sketch.points.len() > MAX_SKETCH_POINTS {
            return Err(refused(ProblemCode::MessageRefused));
        }
        self.presence.sketch(sketch);
        Ok(Done::Taken)
    }
}

/// The refusal of what the log would have to know. After a failed write the ledger knows entries that were lost: judged
/// by it, a mark that is sent again would pass for known, and be lost for good.
fn in_doubt(message: &ToRelay) -> Option<Refused> {
    let (mark, freeze, clip) = match message {
        ToRelay::Mark { mark } => (Some(mark.id), None, None),
        ToRelay::Withdraw { mark } | ToRelay::Pin { mark, .. } => (Some(*mark), None, None),
        ToRelay::Freeze { freeze, .. }
        | ToRelay::Release { freeze }
        | ToRelay::Step { freeze, .. }
        | ToRelay::Calibrate { freeze, .. }
        | ToRelay::Beat { freeze, .. }
        | ToRelay::DoubtOriginal { freeze, .. } => (None, Some(*freeze), None),
        ToRelay::WithdrawCalibration { .. }
        | ToRelay::ConsentToVoice { .. }
        | ToRelay::WithdrawVoiceConsent { .. }
        | ToRelay::DiscardVoice {} => (None, None, None),
        ToRelay::SaveClip { clip, .. } => (None, None, Some(*clip)),
        ToRelay::Hello { .. }
        | ToRelay::Ping { .. }
        | ToRelay::MuteVoice { .. }
        | ToRelay::LinkSeen { .. }
        | ToRelay::Point { .. }
        | ToRelay::Sketch { .. } => return None,
    };
    Some(Refused {
        code: ProblemCode::StorageFailed,
        mark,
        freeze,
        clip,
    })
}
