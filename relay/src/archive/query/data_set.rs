//! An answer: attributes with their values in the DICOM JSON model (PS3.18 Annex F).
//!
//! Owns three forms of one thing: sorted attributes in memory, lines in the database, JSON for HTTP. The value of an attribute stays
//! the JSON text that the index was given and is looked into only when a key asks for it, so that ten thousand answers are not parsed
//! to be written again. Invariant: attributes are in the order of their tags, as Annex F.2.2 wants them.

use dicom_core::{Tag, VR};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataSet(BTreeMap<Tag, String>);

impl DataSet {
    /// The attributes of a header that are on a list.
    #[must_use]
    pub fn some_of(header: &Map<String, Value>, wanted: impl Iterator<Item = Tag>) -> Self {
        Self(
            wanted
                .filter_map(|tag| Some((tag, header.get(&name(tag))?.to_string())))
                .collect(),
        )
    }

    /// Sets one. Without a value it is there and empty.
    pub fn set(&mut self, tag: Tag, vr: VR, values: &[Value]) {
        let attribute = if values.is_empty() {
            json!({ "vr": vr.to_string() })
        } else {
            json!({ "vr": vr.to_string(), "Value": values })
        };
        self.0.insert(tag, attribute.to_string());
    }

    /// Sets one to a JSON attribute.
    pub fn set_json(&mut self, tag: Tag, attribute: &Value) {
        self.0.insert(tag, attribute.to_string());
    }

    /// Whether it is there.
    #[must_use]
    pub fn has(&self, tag: Tag) -> bool {
        self.0.contains_key(&tag)
    }

    /// The tags that are there, in order.
    pub fn tags(&self) -> impl Iterator<Item = Tag> {
        self.0.keys().copied()
    }

    /// An attribute as a JSON object with `vr` and, unless it is empty, `Value`.
    #[must_use]
    pub fn json(&self, tag: Tag) -> Option<Value> {
        serde_json::from_str(self.0.get(&tag)?).ok()
    }

    /// The values of an attribute as DICOM writes them: numbers as text, the groups of a name between `=`.
    #[must_use]
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.0.get(&tag).map_or_else(Vec::new, |json| texts(json))
    }

    /// As a JSON object.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let parsed = |(tag, json): (&Tag, &String)| {
            (name(*tag), serde_json::from_str(json).unwrap_or_default())
        };
        self.0.iter().map(parsed).collect()
    }

    /// Writes the JSON object behind what is there.
    pub fn write(&self, into: &mut String) {
        into.push('{');
        for (index, (tag, json)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Writing into a string never fails.
            let _ = write!(into, "{comma}\"{:04X}{:04X}\":{json}", tag.0, tag.1);
        }
        into.push('}');
    }

    /// Keeps what is wanted.
    pub fn retain(&mut self, wanted: impl Fn(Tag) -> bool) {
        self.0.retain(|tag, _| wanted(*tag));
    }

    /// Adds all of another one.
    pub fn add(&mut self, other: &Self) {
        let copied = |(tag, json): (&Tag, &String)| (*tag, json.clone());
        self.0.extend(other.0.iter().map(copied));
    }

    /// For the database: a line for each attribute, its tag and then its JSON, which has no line end in it.
    #[must_use]
    pub fn to_lines(&self) -> String {
        let mut lines = String::new();
        for (tag, json) in &self.0 {
            let _ = writeln!(lines, "{:04X}{:04X}{json}", tag.0, tag.1);
        }
        lines
    }

    /// Adds what stands in lines and is wanted.
    pub fn add_lines(&mut self, lines: &str, wanted: impl Fn(Tag) -> bool) {
        for (tag, json) in attributes(lines) {
            if wanted(tag) {
                self.0.insert(tag, json.to_owned());
            }
        }
    }
}

/// The values of an attribute that stands in lines.
pub(in crate::archive) fn texts_in(lines: &str, tag: Tag) -> Option<Vec<String>> {
    attributes(lines)
        .find(|(found, _)| *found == tag)
        .map(|(_, json)| texts(json))
}

fn attributes(lines: &str) -> impl Iterator<Item = (Tag, &str)> {
    lines.lines().filter_map(|line| {
        let (tag, json) = line.split_at_checked(8)?;
        let tag = u32::from_str_radix(tag, 16).ok()?;
        let [g0, g1, e0, e1] = tag.to_be_bytes();
        Some((
            Tag(u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1])),
            json,
        ))
    })
}

/// Eight hexadecimal digits (PS3.18 section F.2.2).
pub(in crate::archive) fn name(tag: Tag) -> String {
    format!("{:04X}{:04X}", tag.0, tag.1)
}

fn texts(attribute: &str) -> Vec<String> {
    let Ok(attribute) = serde_json::from_str::<Value>(attribute) else {
        return Vec::new();
    };
    let values = attribute.get("Value").and_then(Value::as_array);
    values.into_iter().flatten().map(text).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(groups) => {
            let group = |name| groups.get(name).and_then(Value::as_str).unwrap_or_default();
            let name = ["Alphabetic", "Ideographic", "Phonetic"]
                .map(group)
                .join("=");
            name.trim_end_matches('=').to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::tags;

    #[test]
    fn it_goes_through_lines_and_comes_out_in_order() {
        let mut set = DataSet::default();
        let name = json!({ "Alphabetic": "Yamada^Tarou", "Phonetic": "やまだ\n^たろう" });
        set.set(tags::PATIENT_NAME, VR::PN, &[name]);
        set.set(tags::STUDY_DATE, VR::DA, &[]);
        set.set(tags::ROWS, VR::US, &[json!(480)]);
        let mut back = DataSet::default();
        back.add_lines(&set.to_lines(), |_| true);
        assert_eq!(back, set);
        assert_eq!(
            back.texts(tags::PATIENT_NAME),
            ["Yamada^Tarou==やまだ\n^たろう"]
        );
        assert_eq!(texts_in(&set.to_lines(), tags::ROWS).unwrap(), ["480"]);
        let mut json = String::new();
        back.write(&mut json);
        assert!(
            json.starts_with("{\"00080020\":{\"vr\":\"DA\"},\"00100010\":"),
            "{json}"
        );
        assert_eq!(
            serde_json::from_str::<Map<_, _>>(&json).unwrap(),
            back.to_json()
        );
    }
}
