//! Names of roles: which can stand in a text, which look alike, and which word was probably meant
//! (docs/protocol/09-rules-text.md, "Names").

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::problem::{Problem, shown};
use super::words::is_reserved;
use crate::limits::{MAX_NAME_BYTES, MAX_SHOWN_CHARS};

/// Changes of a letter after which a word is not taken for a slip any more.
const MAX_SLIPS: usize = 2;

/// G7: why a name cannot be a role's; the same names as everywhere else where somebody types one.
pub(super) fn unclean(name: &str) -> Option<Problem> {
    if name.is_empty() {
        return Some(Problem::EmptyName);
    }
    if name.len() > MAX_NAME_BYTES {
        return Some(Problem::NameTooLong { max_bytes: MAX_NAME_BYTES as u32 });
    }
    (name.trim() != name || name.chars().any(|c| c.is_whitespace() && c != ' ')).then_some(Problem::WhiteSpaceInName)
}

/// Whether a name can be written without quotation marks.
pub(super) fn is_bare(name: &str) -> bool {
    let begins = name.chars().next().is_some_and(|c| !c.is_ascii_digit() && c != '@' && c != '\u{feff}');
    begins && !is_reserved(name) && !name.chars().any(|c| c.is_whitespace() || "{};#\"\\".contains(c))
}

/// Two ways to see a name badly: without minding capitals, and without minding strokes that look the same.
fn blurred(name: &str) -> [String; 2] {
    let seen =
        || name.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_whitespace() { ' ' } else { like_latin(c) });
    let strokes = |c| match c {
        'I' | '1' | '|' => 'l',
        '0' | 'O' => 'o',
        other => other,
    };
    [seen().flat_map(char::to_lowercase).map(like_latin).collect(), seen().map(strokes).collect()]
}

/// G8: names seen so far, to find one that can hardly be told from another.
#[derive(Default)]
pub(super) struct Names {
    seen: [BTreeMap<String, String>; 2],
}

impl Names {
    /// Takes a name in; gives one that looks like it and was there before.
    pub(super) fn look_alike(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        for (seen, blurred) in self.seen.iter_mut().zip(blurred(name)) {
            match seen.get(&blurred) {
                Some(other) => found = Some(other.clone()),
                None => drop(seen.insert(blurred, name.into())),
            }
        }
        found
    }
}

/// Letters without a width of their own.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Greek and Cyrillic letters that look like Latin ones, and hyphens.
const fn like_latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'с' | 'ϲ' => 'c',
        'С' | 'Ϲ' => 'C',
        'ԁ' => 'd',
        'е' => 'e',
        'Е' | 'Ε' => 'E',
        'һ' => 'h',
        'Н' | 'Η' => 'H',
        'і' | 'ι' => 'i',
        'І' | 'Ι' => 'I',
        'ј' => 'j',
        'Ј' => 'J',
        'к' | 'κ' => 'k',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'о' | 'ο' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ѕ' => 's',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'у' | 'γ' => 'y',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// The candidate that differs least from what was typed, if a slip can explain it.
pub(super) fn nearest<'a>(given: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let given: Vec<char> = given.chars().take(MAX_SHOWN_CHARS).collect();
    let slips = |other: &str| slips(&given, other);
    let found = candidates.map(|other| (slips(other), other)).min_by_key(|(slips, _)| *slips);
    let allowed = MAX_SLIPS.min(given.len() / 2);
    found.filter(|(slips, _)| *slips <= allowed).map(|(_, other)| shown(other))
}

/// Letters to be added, left out or changed (Levenshtein's distance).
fn slips(given: &[char], other: &str) -> usize {
    let mut row: Vec<usize> = (0..=given.len()).collect();
    for (line, there) in other.chars().take(MAX_SHOWN_CHARS).enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (at, here) in given.iter().enumerate() {
            let changed = diagonal + usize::from(*here != there);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[given.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike() {
        for (one, other) in [
            ("member", "Member"),
            ("member", "mem\u{200b}ber"),
            ("member", "mеmber"),
            ("Pay", "Раy"),
            ("team l", "team 1"),
            ("team I", "team l"),
            ("B0", "BO"),
            ("first aid", "first\u{a0}aid"),
            ("ÉTÉ", "été"),
            ("a-b", "a\u{2011}b"),
        ] {
            let mut names = Names::default();
            assert_eq!(names.look_alike(one), None);
            assert_eq!(names.look_alike(other).as_deref(), Some(one), "{one} {other}");
        }
        let mut names = Names::default();
        for name in ["member", "members", "mail", "mall", "worker", "рабочий", "εργάτης", "team 1", "team 2"]
        {
            assert_eq!(names.look_alike(name), None, "{name}");
        }
    }

    #[test]
    fn slips_of_the_hand() {
        let of = |given| nearest(given, ["worker", "leader", "see"].into_iter());
        assert_eq!(of("wroker").as_deref(), Some("worker"));
        assert_eq!(of("leaders").as_deref(), Some("leader"));
        assert_eq!(of("se").as_deref(), Some("see"));
        assert_eq!((of("member"), of("x"), of("")), (None, None, None));
    }

    #[test]
    fn bare_names() {
        for bare in ["leader", "first-aid", "Größe", "a.b"] {
            assert!(is_bare(bare), "{bare}");
        }
        for quoted in ["", "first aid", "own", "role", "2nd", "@creator", "a;b", "a\"b", "a\\b", "everyone", "link"] {
            assert!(!is_bare(quoted), "{quoted}");
        }
    }
}
