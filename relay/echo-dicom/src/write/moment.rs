//! Dates and times as DICOM writes them (PS3.5 section 6.2: DA, TM, DT).
//!
//! Owns the way from a capture time and an offset from UTC to local date and time. It reads no clock and knows no
//! time zone rules: whoever calls it knows the offset that held when the picture was taken.

use serde::{Deserialize, Serialize};
use wire::CaptureTime;

const MICROS_PER_SECOND: u64 = 1_000_000;
const MICROS_PER_DAY: u64 = 86_400 * MICROS_PER_SECOND;

/// A day of the Gregorian calendar, years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl TryFrom<String> for Date {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("this is no day")
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.value()
    }
}

impl Date {
    /// A day that exists; `None` for any other.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => 0,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
        })
    }

    /// A DICOM date, `YYYYMMDD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
        Self::new(
            part(0, 4)?,
            u8::try_from(part(4, 6)?).ok()?,
            u8::try_from(part(6, 8)?).ok()?,
        )
    }

    pub(super) fn value(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }

    /// The day so many days after 1970-01-01. Years begin in March here, so that a leap day comes last.
    fn from_days(days: i64) -> Option<Self> {
        const DAYS_PER_400_YEARS: i64 = 146_097;
        const FROM_MARCH_OF_YEAR_0: i64 = 719_468;
        let shifted = days.checked_add(FROM_MARCH_OF_YEAR_0)?;
        let (era, day) = (
            shifted.div_euclid(DAYS_PER_400_YEARS),
            shifted.rem_euclid(DAYS_PER_400_YEARS),
        );
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        Self::new(
            u16::try_from(era * 400 + year + next).ok()?,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }
}

/// How far local time is ahead of UTC, in whole minutes, from -12 to +14 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i16", into = "i16")]
pub struct UtcOffset(i16);

impl TryFrom<i16> for UtcOffset {
    type Error = &'static str;

    fn try_from(minutes: i16) -> Result<Self, Self::Error> {
        Self::from_minutes(minutes).ok_or("this is no offset from UTC")
    }
}

impl From<UtcOffset> for i16 {
    fn from(offset: UtcOffset) -> Self {
        offset.0
    }
}

impl UtcOffset {
    /// No offset.
    pub const UTC: Self = Self(0);
    /// Japan Standard Time.
    pub const JAPAN: Self = Self(9 * 60);

    /// Minutes ahead of UTC.
    #[must_use]
    pub fn from_minutes(minutes: i16) -> Option<Self> {
        (-12 * 60..=14 * 60)
            .contains(&minutes)
            .then_some(Self(minutes))
    }

    /// Timezone Offset From UTC (0008,0201), `+HHMM`.
    pub(super) fn value(self) -> String {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.unsigned_abs();
        format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
    }
}

/// A local date and time of day, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "(Date, u64)", into = "(Date, u64)")]
pub struct LocalTime {
    date: Date,
    micros_of_day: u64,
}

impl TryFrom<(Date, u64)> for LocalTime {
    type Error = &'static str;

    fn try_from((date, micros_of_day): (Date, u64)) -> Result<Self, Self::Error> {
        (micros_of_day < MICROS_PER_DAY)
            .then_some(Self {
                date,
                micros_of_day,
            })
            .ok_or("this is no time of day")
    }
}

impl From<LocalTime> for (Date, u64) {
    fn from(time: LocalTime) -> Self {
        (time.date, time.micros_of_day)
    }
}

impl LocalTime {
    /// A time of day that exists; `None` for any other. No leap seconds.
    #[must_use]
    pub fn new(date: Date, hour: u8, minute: u8, second: u8, micros: u32) -> Option<Self> {
        if hour > 23 || minute > 59 || second > 59 || micros > 999_999 {
            return None;
        }
        let seconds = (u64::from(hour) * 60 + u64::from(minute)) * 60 + u64::from(second);
        let micros_of_day = seconds * MICROS_PER_SECOND + u64::from(micros);
        Some(Self {
            date,
            micros_of_day,
        })
    }

    /// What the clock on the wall said at a capture time. `None` after the year 9999.
    #[must_use]
    pub fn at(time: CaptureTime, offset: UtcOffset) -> Option<Self> {
        let micros = i128::from(time.0) + i128::from(offset.0) * 60_000_000;
        let day = i128::from(MICROS_PER_DAY);
        Some(Self {
            date: Date::from_days(i64::try_from(micros.div_euclid(day)).ok()?)?,
            micros_of_day: u64::try_from(micros.rem_euclid(day)).ok()?,
        })
    }

    /// The day.
    #[must_use]
    pub fn date(self) -> Date {
        self.date
    }

    /// For people, to the minute.
    #[must_use]
    pub fn words(self) -> String {
        let Date { year, month, day } = self.date;
        let minutes = self.micros_of_day / MICROS_PER_SECOND / 60;
        let (hour, minute) = (minutes / 60, minutes % 60);
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }

    /// A TM value to the microsecond.
    pub(super) fn time_value(self) -> String {
        let seconds = self.micros_of_day / MICROS_PER_SECOND;
        format!(
            "{:02}{:02}{:02}.{:06}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60,
            self.micros_of_day % MICROS_PER_SECOND
        )
    }

    /// A DT value with its offset.
    pub(super) fn date_time_value(self, offset: UtcOffset) -> String {
        format!(
            "{}{}{}",
            self.date.value(),
            self.time_value(),
            offset.value()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_time_is_the_clock_on_the_wall() {
        // 2026-02-28T23:59:59.000001Z is the first of March in Japan.
        let time = CaptureTime(1_772_323_199_000_001);
        let there = LocalTime::at(time, UtcOffset::JAPAN).unwrap();
        assert_eq!(
            there.date_time_value(UtcOffset::JAPAN),
            "20260301085959.000001+0900"
        );
        assert_eq!(there.words(), "2026-03-01 08:59");
        let utc = LocalTime::at(time, UtcOffset::UTC).unwrap();
        assert_eq!(utc.date().value(), "20260228");
        let before = UtcOffset::from_minutes(-150).unwrap();
        assert_eq!(
            LocalTime::at(CaptureTime(0), before)
                .unwrap()
                .date_time_value(before),
            "19691231213000.000000-0230"
        );
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = Date::new(1970, 1, 1).unwrap();
        for days in 0..60_000 {
            let date = Date::from_days(days).unwrap();
            assert_eq!(date, expected, "day {days}");
            expected = Date::new(date.year, date.month, date.day + 1)
                .or_else(|| Date::new(date.year, date.month + 1, 1))
                .or_else(|| Date::new(date.year + 1, 1, 1))
                .unwrap();
        }
    }

    #[test]
    fn a_day_that_is_none_is_refused() {
        for text in [
            "20260230",
            "19000229",
            "20261301",
            "2026-1-1",
            "2026010",
            "１９７００１０１",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("20000229").is_some());
        assert_eq!(LocalTime::at(CaptureTime(u64::MAX), UtcOffset::UTC), None);
    }
}
