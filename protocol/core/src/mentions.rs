//! Who is named by `@name` in a text: members only, by the name that stands on the screen (docs/protocol/05-tasks.md, "Views").

use alloc::string::String;
use alloc::vec::Vec;

use crate::detail::Detail;
use crate::id::{EntryId, MemberId, TaskId};
use crate::register::Write;
use crate::replica::Replica;
use crate::view::Person;

/// Characters after an `@` that are looked at: a name as it is typed is no longer, with its mark and what comes after it.
const MAX_TYPED_CHARS: usize = 100;

/// How I am named, and how those are whose names begin like mine.
pub struct Called {
    mine: String,
    longer: Vec<String>,
}

/// A text of a task, other than a comment, that names me.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedIn {
    /// Which task.
    pub task: TaskId,
    /// The entry that says it.
    pub entry: EntryId,
    /// By whom.
    pub by: MemberId,
    /// The text.
    pub text: String,
}

impl Called {
    /// Whether a text names me. The longest name that fits is the one that is meant.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let mut before = ' ';
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            before = rest[..at].chars().next_back().unwrap_or(before);
            rest = &rest[at + 1..];
            if before.is_whitespace() || before == '(' {
                let typed: String = rest.chars().take(MAX_TYPED_CHARS).flat_map(char::to_lowercase).collect();
                if begins(&typed, &self.mine) && !self.longer.iter().any(|other| begins(&typed, other)) {
                    return true;
                }
            }
            before = '@';
        }
        false
    }
}

/// Whether a name stands at the beginning of what was typed, and ends there.
fn begins(typed: &str, name: &str) -> bool {
    let after = typed.strip_prefix(name).map(|rest| rest.chars().next());
    after.is_some_and(|after| after.is_none_or(|c| c.is_whitespace() || ".,;:!?#@()\"'’”".contains(c)))
}

impl Replica {
    /// How texts name me; `None` for whoever is no member.
    #[must_use]
    pub fn called(&self) -> Option<Called> {
        let (me, names) = (self.me()?, self.names());
        let typed = |member: &MemberId| {
            let person = self.person(*member, &names);
            let mark = if person.mark.is_empty() { String::new() } else { alloc::format!("~{}", person.mark) };
            person.name.chars().flat_map(char::to_lowercase).chain(mark.chars()).collect::<String>()
        };
        let mine = typed(&me);
        let others = self.authority().members().keys().filter(|member| **member != me).map(typed);
        let longer = others.filter(|other| other.len() > mine.len() && other.starts_with(&mine)).collect();
        (!mine.trim().is_empty()).then_some(Called { mine, longer })
    }

    /// The title shown of a task that can be read here.
    #[must_use]
    pub fn title_of(&self, task: TaskId) -> Option<String> {
        Some(
            self.tasks()
                .task(task)?
                .title
                .shown(|member| self.authority().seniority(member))
                .cloned()
                .unwrap_or_default(),
        )
    }

    /// A member as they are shown.
    #[must_use]
    pub fn person_of(&self, member: MemberId) -> Person {
        self.person(member, &self.names())
    }

    /// Bodies, and what tasks are good for, that name me and that others wrote.
    #[must_use]
    pub fn named_in_texts(&self, called: &Called) -> Vec<NamedIn> {
        let me = self.me();
        let rank = |member| self.authority().seniority(member);
        let mut found = Vec::new();
        let mut look = |task: TaskId, by: MemberId, entry: EntryId, text: &str| {
            if Some(by) != me && called.is_in(text) {
                found.push(NamedIn { task, entry, by, text: text.into() });
            }
        };
        for (id, task) in self.tasks().iter() {
            if let Some(Write { value, by, at, .. }) = task.body.ranked(rank).first() {
                look(id, *by, at.entry, value);
            }
            let why = task.details.get(&Detail::Why(String::new()).number());
            if let Some(Write { value: Detail::Why(text), by, at, .. }) =
                why.and_then(|why| why.ranked(rank).first().copied())
            {
                look(id, *by, at.entry, text);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_it_is_meant() {
        let ben = Called { mine: "ben".into(), longer: alloc::vec!["ben smith".into(), "ben~a3f1".into()] };
        for text in ["@Ben", "ask @ben, please", "(@BEN)", "x@ben.org @Ben?", "@Ben Smithson", "@Kim @Ben\nand"] {
            assert!(ben.is_in(text), "{text:?}");
        }
        for text in
            ["", "Ben", "x@ben", "@Benjamin", "@Ben Smith", "@ben~a3f1 knows", "@", "@@ben", "@ ben", "@\u{200b}ben"]
        {
            assert!(!ben.is_in(text), "{text:?}");
        }
    }

    #[test]
    fn many_signs_cost_no_more_than_their_number() {
        let ben = Called { mine: "ben".into(), longer: Vec::new() };
        assert!(!ben.is_in(&" @".repeat(30_000)));
        assert!(ben.is_in(&alloc::format!("{} @ben", "@".repeat(30_000))));
    }
}
