//! Which role has which rights in a consult.
//!
//! Owns the table. Pages get the answer to hide what would be refused; the core asks it before every change.

use wire::people::{Rights, Role};

/// Visiting physician, cardiologist and trainer freeze, draw, pin and save; trainee and observer point only, and an observer does
/// not speak either. Whoever froze may
/// release; the visiting physician may release any freeze, because the patient is in front of them.
#[must_use]
pub const fn rights(role: Role) -> Rights {
    let advises = matches!(
        role,
        Role::VisitingPhysician | Role::Cardiologist | Role::Trainer
    );
    Rights {
        point: true,
        draw: advises,
        pin: advises,
        freeze: advises,
        save: advises,
        // An observer's seat is muted: whoever only watches does not speak into an examination.
        speak: !matches!(role, Role::Observer),
        // For the patient and everybody in the room, whom nobody else can ask.
        record_voice: matches!(role, Role::VisitingPhysician),
        release_any: matches!(role, Role::VisitingPhysician),
    }
}

/// Whether a person of this role may publish a picture: the one at the bedside (a device does it by its own key).
#[must_use]
pub const fn may_publish(role: Role) -> bool {
    matches!(role, Role::VisitingPhysician)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trainee_and_observer_point_only() {
        for role in [Role::Trainee, Role::Observer] {
            let may = rights(role);
            assert_eq!(may.speak, role == Role::Trainee);
            assert!(
                may.point
                    && !may.draw
                    && !may.pin
                    && !may.freeze
                    && !may.save
                    && !may.record_voice
                    && !may.release_any
                    && !may_publish(role)
            );
        }
    }

    #[test]
    fn those_who_advise_draw_and_freeze_and_only_the_bedside_releases_any() {
        for role in [Role::VisitingPhysician, Role::Cardiologist, Role::Trainer] {
            let may = rights(role);
            assert!(may.point && may.draw && may.pin && may.freeze && may.save && may.speak);
            assert_eq!(may.release_any, role == Role::VisitingPhysician);
            assert_eq!(may.record_voice, role == Role::VisitingPhysician);
        }
    }
}
