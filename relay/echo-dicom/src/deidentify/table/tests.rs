//! The table against the profile that it keeps (PS3.15 Table E.1-1 in `profile.txt`).

use super::*;

/// (tag, what the profile does).
fn profile() -> impl Iterator<Item = (Tag, &'static str)> {
    include_str!("profile.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (tag, what) = line.split_once(' ').unwrap();
            let (group, element) = tag.split_once(',').unwrap();
            let number = |hex| u16::from_str_radix(hex, 16).unwrap();
            (Tag(number(group), number(element)), what)
        })
}

#[test]
fn every_row_does_at_least_what_the_profile_demands() {
    let mut met = 0;
    for (tag, what) in profile() {
        let Some(rule) = rule(tag) else { continue };
        met += 1;
        let replaced = matches!(rule.action, Alias | Empty | Is(_));
        let fine = match what {
            // What a presentation state must have is replaced instead, and of comments only a phrase of our own stays.
            "X" => matches!(
                (tag, rule.action),
                (
                    t::PRESENTATION_CREATION_DATE | t::PRESENTATION_CREATION_TIME,
                    Is(_)
                ) | (t::IMAGE_COMMENTS, HandScale)
            ),
            "U" => matches!(rule.action, MappedUid),
            // Content and graphics are cleaned item by item, as options 113103 and 113104 say.
            "D" => replaced || rule.action.is_sequence(),
            // References stay within the case, under its UIDs.
            "X/Z/U*" => matches!(rule.action, Items),
            _ => replaced || (rule.action.is_sequence() && rule.may_be_empty()),
        };
        assert!(fine, "{tag}: {what}, and here {:?}", rule.action);
    }
    assert!(met >= 20, "only {met} rows of the profile were met");
}

#[test]
fn nothing_private_no_overlay_no_curve_and_no_thumbnail_has_a_row() {
    for rule in TABLE.iter().copied().flatten() {
        let group = rule.tag.0;
        assert_eq!(group % 2, 0, "{}", rule.tag);
        assert!(!(0x5000..=0x60FF).contains(&group), "{}", rule.tag);
    }
    for gone in [
        t::ICON_IMAGE_SEQUENCE,
        t::DATA_SET_TRAILING_PADDING,
        Tag(0x6000, 0x3000),
    ] {
        assert!(!allowed(gone), "{gone}");
    }
}

#[test]
fn no_attribute_has_two_rows_and_each_has_the_form_of_its_dictionary() {
    use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
    let mut seen = std::collections::BTreeSet::new();
    for rule in TABLE.iter().copied().flatten() {
        assert!(seen.insert(rule.tag), "{}", rule.tag);
        let known = dicom_dictionary_std::StandardDataDictionary.by_tag(rule.tag);
        assert_eq!(known.unwrap().vr().relaxed(), rule.vr, "{}", rule.tag);
        assert_eq!(rule.vr == VR::SQ, rule.action.is_sequence(), "{}", rule.tag);
    }
}
