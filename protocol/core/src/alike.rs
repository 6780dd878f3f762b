//! Which members' names the eye may take for each other, by Unicode's list of characters that look alike (UTS 39; docs/protocol/05-tasks.md, "Views").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use unicode_security::confusable_detection::skeleton;

use crate::id::MemberId;

/// What stands between a name and its mark on a screen: a name that holds it could show the mark of somebody else.
const BEFORE_MARK: char = '·';

/// What stands between names in a list of them: a name that holds it could be taken for two.
const BETWEEN_NAMES: [char; 6] = [',', ';', '،', '؛', '、', '，'];

/// The members whose names are alike.
#[derive(Default)]
pub(crate) struct Names {
    alike: BTreeSet<MemberId>,
}

impl Names {
    pub(crate) fn of<'a>(names: impl Iterator<Item = (MemberId, &'a str)>) -> Self {
        let mut first: BTreeMap<String, MemberId> = BTreeMap::new();
        let mut alike = BTreeSet::new();
        for (member, name) in names {
            if name.chars().any(|c| is_before_mark(c) || is_between_names(c)) {
                alike.insert(member);
            }
            if let Some(other) = first.insert(as_seen(name), member) {
                alike.extend([member, other]);
            }
        }
        Self { alike }
    }

    /// Whether another member's name is like this one's.
    pub(crate) fn is_alike(&self, member: MemberId) -> bool {
        self.alike.contains(&member)
    }
}

/// A name as the eye takes it: the same for two that differ in case, in white space, in what cannot be seen, and in characters that look
/// like each other.
fn as_seen(name: &str) -> String {
    let name = name.split(is_before_mark).next().unwrap_or_default();
    let seen: String = name.chars().filter(|c| !is_unseen(*c)).collect();
    // A capital looks like other characters than its small letter does.
    let capitals: String = skeleton(&seen).flat_map(char::to_lowercase).collect();
    let small: String = skeleton(&capitals).map(|c| if matches!(c, 'i' | 'ı') { 'l' } else { c }).collect();
    let mut words = String::new();
    for word in small.split_whitespace() {
        words.push_str(word);
        words.push(' ');
    }
    words
}

fn is_before_mark(c: char) -> bool {
    looks_like(c, BEFORE_MARK)
}

fn is_between_names(c: char) -> bool {
    BETWEEN_NAMES.into_iter().any(|between| looks_like(c, between))
}

fn looks_like(c: char, other: char) -> bool {
    skeleton(c.encode_utf8(&mut [0; 4])).eq(skeleton(other.encode_utf8(&mut [0; 4])))
}

/// Characters that take no room, or change what others look like.
const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Which of these names would get a mark.
    fn alike(names: &[&str]) -> Vec<bool> {
        let id = |at: usize| MemberId([u8::try_from(at).expect("few names"); 32]);
        let found = Names::of(names.iter().enumerate().map(|(at, name)| (id(at), *name)));
        (0..names.len()).map(|at| found.is_alike(id(at))).collect()
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        for other in [
            "Maya",
            "MAYA",
            " maya ",
            "M\u{430}ya",
            "\u{41c}\u{430}\u{443}\u{430}",
            "Ma\u{200b}ya",
            "Maya\u{3164}",
            "Maya\u{e0041}",
            "Ｍａｙａ",
            "𝐌𝐚𝐲𝐚",
            "Maya · a3f1",
            "Maya‧a3f1",
        ] {
            assert_eq!(alike(&["Maya", other]), [true, true], "{other:?}");
        }
        assert_eq!(alike(&["Ilse", "llse", "ILSE"]), [true; 3]);
        assert_eq!(alike(&["Ben O", "Ben 0", "ben  o"]), [true; 3]);
    }

    #[test]
    fn other_names_need_no_mark() {
        assert_eq!(alike(&["Maya", "Ben", "Ilse van der Meer", "مايا", "מאיה", "瑪雅", "Мая"]), [false; 7]);
        assert_eq!(alike(&[]), [false; 0]);
    }

    #[test]
    fn a_name_that_could_be_taken_for_two_gets_a_mark() {
        for name in ["Maya, Kim", "Maya; Kim", "Maya، Kim", "瑪雅、金", "Maya‚ Kim", "Maya； Kim"] {
            assert_eq!(alike(&["Ben", name]), [false, true], "{name:?}");
        }
    }

    #[test]
    fn a_name_that_holds_a_mark_gets_its_own() {
        assert_eq!(alike(&["Ben", "Maya · a3f1"]), [false, true]);
    }
}
