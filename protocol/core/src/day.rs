//! Days of the calendar, as a due date names them (docs/protocol/05-tasks.md, "Days").

use alloc::string::String;
use core::fmt;

/// A real day of the Gregorian calendar, years 1 to 9999; without a place on earth and without an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A text that names no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day written YYYY-MM-DD")]
pub struct NotADay;

/// Days from the first of March of the year 0 to the first of January 1970.
const DAYS_BEFORE_1970: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_400_YEARS: i64 = 146_097;
pub(crate) const SECONDS_OF_A_DAY: u64 = 86_400;
/// The last day there is, counted from 1970: 9999-12-31.
const LAST_DAY: i64 = 2_932_896;
/// The first day there is, counted from 1970: 0001-01-01.
const FIRST_DAY: i64 = -719_162;

impl Day {
    /// Reads `YYYY-MM-DD`, ten digits and hyphens and nothing else.
    ///
    /// # Errors
    /// [`NotADay`].
    pub fn parse(text: &str) -> Result<Self, NotADay> {
        let bytes: &[u8; 10] = text.as_bytes().try_into().map_err(|_| NotADay)?;
        if bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(NotADay);
        }
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u16, |sum, digit| {
                digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')).ok_or(NotADay)
            })
        };
        let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?);
        let (month, day) = (u8::try_from(month).map_err(|_| NotADay)?, u8::try_from(day).map_err(|_| NotADay)?);
        if year == 0 || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
            return Err(NotADay);
        }
        Ok(Self { year, month, day })
    }

    /// The day on which a clock stands, in UTC; beyond the year 9999 its last day.
    #[must_use]
    pub fn of_seconds(seconds_since_1970: u64) -> Self {
        Self::of_number(i64::try_from(seconds_since_1970 / SECONDS_OF_A_DAY).unwrap_or(LAST_DAY))
    }

    /// A moment, written as RFC 3339 has it, in UTC; beyond the year 9999 its last second.
    #[must_use]
    pub fn written_moment(seconds_since_1970: u64) -> String {
        let last = (u64::try_from(LAST_DAY).unwrap_or(0) + 1) * SECONDS_OF_A_DAY - 1;
        let seconds = seconds_since_1970.min(last);
        let (day, of_day) = (Self::of_seconds(seconds), seconds % SECONDS_OF_A_DAY);
        alloc::format!("{day}T{:02}:{:02}:{:02}Z", of_day / 3_600, of_day / 60 % 60, of_day % 60)
    }

    /// Reads a moment as RFC 3339 has it, as seconds since 1970; parts of a second are left out. `None` for anything else, and before 1970.
    #[must_use]
    pub fn parse_moment(text: &str) -> Option<u64> {
        let day = Self::parse(text.get(..10)?).ok()?;
        let clock = text.get(10..19)?.as_bytes();
        let digits = |from: usize| {
            let (tens, ones) = (clock[from].wrapping_sub(b'0'), clock[from + 1].wrapping_sub(b'0'));
            (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
        };
        let (hours, minutes, seconds) = (digits(1)?, digits(4)?, digits(7)?);
        let separated = matches!(clock[0], b'T' | b't' | b' ') && clock[3] == b':' && clock[6] == b':';
        if !separated || hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        let rest = text.get(19..)?;
        let zone = match rest.strip_prefix('.') {
            None => rest,
            Some(part) => {
                let zone = part.trim_start_matches(|c: char| c.is_ascii_digit());
                Some(zone).filter(|zone| zone.len() < part.len())?
            }
        };
        let behind = match zone.as_bytes() {
            b"Z" | b"z" => 0,
            [sign @ (b'+' | b'-'), a, b, b':', c, d] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()) => {
                let number = |tens: &u8, ones: &u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
                let minutes = number(a, b) * 60 + number(c, d);
                if *sign == b'+' { minutes } else { -minutes }
            }
            _ => return None,
        };
        let seconds = day.number() * 86_400 + hours * 3_600 + (minutes - behind) * 60 + seconds;
        u64::try_from(seconds).ok()
    }

    /// So many days later; stays at the last day there is.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self::of_number(self.number() + i64::from(days))
    }

    /// So many days later, where there is such a day.
    #[must_use]
    pub fn later(self, days: u32) -> Option<Self> {
        Self::from_first(self.of_first().checked_add(days)?)
    }

    /// The same day so many months later, or the last day of that month where it has fewer days; `None` after the year 9999.
    #[must_use]
    pub fn months_later(self, months: u32) -> Option<Self> {
        let months = (u32::from(self.year) * 12 + u32::from(self.month) - 1).checked_add(months)?;
        let year = u16::try_from(months / 12).ok().filter(|year| *year <= 9_999)?;
        let month = u8::try_from(months % 12 + 1).expect("1 to 12");
        Some(Self { year, month, day: self.day.min(days_of(year, month)) })
    }

    /// Days since 0001-01-01, the first day there is.
    #[must_use]
    pub fn of_first(self) -> u32 {
        u32::try_from(self.number() - FIRST_DAY).expect("no day is before the first")
    }

    /// The day so many days after 0001-01-01, if there is one.
    #[must_use]
    pub fn from_first(days: u32) -> Option<Self> {
        let number = FIRST_DAY + i64::from(days);
        (number <= LAST_DAY).then(|| Self::of_number(number))
    }

    /// The Monday on which its week begins.
    #[must_use]
    pub fn monday(self) -> Self {
        // The first day there is was one.
        self.days_earlier(self.of_first() % 7)
    }

    /// So many days earlier; stays at the first day there is.
    #[must_use]
    pub fn days_earlier(self, days: u32) -> Self {
        Self::of_number(self.number() - i64::from(days))
    }

    /// Days since 1970-01-01; less than 0 before.
    fn number(self) -> i64 {
        // Years are counted from March, so that the leap day is the last of its year.
        let (month, year) = (i64::from(self.month), i64::from(self.year) - i64::from(self.month <= 2));
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_BEFORE_1970
    }

    fn of_number(number: i64) -> Self {
        let number = number.clamp(FIRST_DAY, LAST_DAY) + DAYS_BEFORE_1970;
        let (era, of_era) = (number.div_euclid(DAYS_OF_400_YEARS), number.rem_euclid(DAYS_OF_400_YEARS));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march + 2) / 5 + 1;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = era * 400 + year + i64::from(month <= 2);
        let small = "within the years 1 to 9999";
        Self {
            year: u16::try_from(year).expect(small),
            month: u8::try_from(month).expect(small),
            day: u8::try_from(day).expect(small),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A day as it stands in an op: empty where there is none.
pub(crate) fn written(day: Option<Day>) -> String {
    day.map(|day| alloc::format!("{day}")).unwrap_or_default()
}

const fn days_of(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn only_real_days() {
        for good in ["0001-01-01", "1970-01-01", "2000-02-29", "2024-02-29", "2026-12-31", "9999-12-31"] {
            assert_eq!(Day::parse(good).map(|day| day.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "0000-01-01",
            "1900-02-29",
            "2026-02-29",
            "2026-04-31",
            "2026-00-10",
            "2026-13-01",
            "2026-01-00",
            "2026-01-32",
            "2026-1-01",
            "26-01-01",
            "2026/01/01",
            "2026-01-01 ",
            " 2026-01-01",
            "2026-01-0é",
            "+026-01-01",
            "12026-01-01",
        ] {
            assert_eq!(Day::parse(bad), Err(NotADay), "{bad}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut day, mut number) = (Day::parse("0001-01-01").expect("a day"), FIRST_DAY);
        while number < LAST_DAY {
            assert_eq!((day.number(), Day::parse(&day.to_string())), (number, Ok(day)));
            let next = day.plus_days(1);
            assert!(next > day, "{day}");
            (day, number) = (next, number + 1);
        }
        assert_eq!((day.to_string().as_str(), day.plus_days(9)), ("9999-12-31", day));
    }

    #[test]
    fn weeks_begin_on_mondays() {
        for (day, monday) in [
            ("0001-01-01", "0001-01-01"),
            ("1970-01-01", "1969-12-29"),
            ("2026-11-22", "2026-11-16"),
            ("2026-11-23", "2026-11-23"),
            ("9999-12-31", "9999-12-27"),
        ] {
            assert_eq!(Day::parse(day).expect("a day").monday().to_string(), monday, "{day}");
        }
        assert_eq!(Day::parse("0001-01-05").expect("a day").days_earlier(9).to_string(), "0001-01-01");
    }

    #[test]
    fn clocks() {
        assert_eq!(Day::of_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Day::of_seconds(1_798_675_199).to_string(), "2026-12-30");
        assert_eq!(Day::of_seconds(1_798_675_200).to_string(), "2026-12-31");
        assert_eq!(Day::of_seconds(u64::MAX).to_string(), "9999-12-31");
    }

    #[test]
    fn moments_there_and_back() {
        for seconds in [0, 59, 951_782_399, 1_798_675_200, 253_402_300_799] {
            assert_eq!(Day::parse_moment(&Day::written_moment(seconds)), Some(seconds));
        }
        assert_eq!(Day::written_moment(u64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(Day::written_moment(951_782_400), "2000-02-29T00:00:00Z");
        for (text, seconds) in [
            ("2000-02-29T00:00:00.123Z", 951_782_400),
            ("2000-02-29t02:00:00+02:00", 951_782_400),
            ("2000-02-28 19:30:00-04:30", 951_782_400),
        ] {
            assert_eq!(Day::parse_moment(text), Some(seconds), "{text}");
        }
        for not in [
            "",
            "2000-02-29",
            "2000-02-30T00:00:00Z",
            "2000-02-29T24:00:00Z",
            "2000-02-29T00:60:00Z",
            "2000-02-29T00:00:00",
            "2000-02-29T00:00:00.Z",
            "2000-02-29T00:00:00Z ",
            "2000-02-29T00:00:00+0200",
            "2000-02-29T0\u{e9}:00:00Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(Day::parse_moment(not), None, "{not}");
        }
    }
}
