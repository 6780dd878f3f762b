//! Finding tasks by any word in them (docs/protocol/05-tasks.md, "Views").

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::detail::Detail;
use crate::detailing::skills;
use crate::filter::{fold, folded};
use crate::id::TaskId;
use crate::limits::{MAX_FILTER_CHARS, MAX_FILTER_WORDS};
use crate::replica::Replica;
use crate::views::there;

/// Characters of an excerpt around what was found.
const MAX_EXCERPT_CHARS: usize = 120;
/// Of those, how many come before it.
const CHARS_BEFORE: usize = 30;

impl Replica {
    /// Tasks that have some of the words, with which of them, and where most of them stand; threads are not looked at.
    #[must_use]
    pub fn find(&self, words: &Words) -> BTreeMap<TaskId, Found> {
        let mut found = BTreeMap::new();
        let rank = |member| self.authority.seniority(member);
        for (id, task) in self.tasks.iter().filter(|(id, _)| self.tasks.shown_for(*id) == *id) {
            let mut here = Found::default();
            let texts = [task.title.shown(rank), task.body.shown(rank), task.owner.shown(rank)];
            texts.into_iter().flatten().for_each(|text| here.look(words, text));
            if let Some(origin) = task.origin.shown(rank) {
                let names = origin.people.iter().map(|mention| &mention.name);
                let texts = [&origin.file, &origin.source, &origin.id, &origin.by];
                texts.into_iter().chain(names).for_each(|text| here.look(words, text));
            }
            there(&task.labels).for_each(|label| here.look(words, label));
            skills(task).for_each(|skill| here.look(words, skill));
            for check in task.checks.values() {
                check.text.shown(rank).into_iter().for_each(|text| here.look(words, text));
            }
            if let Detail::Why(why) = task.detail(Detail::Why(String::new()), rank) {
                here.look(words, &why);
            }
            if here.mask != 0 {
                found.insert(id, here);
            }
        }
        found
    }
}

/// The words that are looked for, without the difference of capitals. All must be somewhere in a task, each as a part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// Of a text; what is beyond `MAX_FILTER_CHARS` characters or `MAX_FILTER_WORDS` words is not looked at.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text: String = text.chars().take(MAX_FILTER_CHARS).collect();
        Self(text.split_whitespace().take(MAX_FILTER_WORDS).map(folded).collect())
    }

    /// Whether there are none: nothing is found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of them are in a text, a bit each.
    fn mask(&self, text: &str) -> u32 {
        let text = folded(text);
        let each = self.0.iter().enumerate();
        each.filter(|(_, word)| text.contains(word.as_str())).fold(0, |mask, (at, _)| mask | 1 << at)
    }

    /// Some of a text, around the first of the words in it.
    fn excerpt(&self, text: &str) -> String {
        let starts = |at: usize| self.0.iter().any(|word| begins_with(&text[at..], word));
        let at = text.char_indices().position(|(at, _)| starts(at)).unwrap_or(0);
        let from = at.saturating_sub(CHARS_BEFORE);
        let line = |c: char| if c.is_whitespace() { ' ' } else { c };
        let mut excerpt: String = text.chars().skip(from).take(MAX_EXCERPT_CHARS).map(line).collect();
        if from > 0 {
            excerpt.insert(0, '…');
        }
        if text.chars().count() > from + MAX_EXCERPT_CHARS {
            excerpt.push('…');
        }
        excerpt
    }
}

/// What was found in one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    mask: u32,
    most: u32,
    excerpt: String,
}

impl Found {
    /// Looks at one more text of it.
    fn look(&mut self, words: &Words, text: &str) {
        self.note(words, text, words.mask(text));
    }

    /// Looks at a line in the thread of a task, which is among those found then, if it has some of the words.
    pub fn look_at_line(found: &mut BTreeMap<TaskId, Self>, words: &Words, task: TaskId, line: &str) {
        let mask = words.mask(line);
        if mask != 0 {
            found.entry(task).or_default().note(words, line, mask);
        }
    }

    fn note(&mut self, words: &Words, text: &str, mask: u32) {
        if mask.count_ones() > self.most {
            self.most = mask.count_ones();
            self.excerpt = words.excerpt(text);
        }
        self.mask |= mask;
    }

    /// Where most of the words stand, if all of them are somewhere in the task.
    #[must_use]
    pub fn whole(self, words: &Words) -> Option<String> {
        (!words.is_empty() && self.mask.count_ones() as usize == words.0.len()).then_some(self.excerpt)
    }
}

/// Whether a text begins with a folded word.
fn begins_with(text: &str, word: &str) -> bool {
    let mut wanted = word.chars();
    let mut left = wanted.clone().count();
    for c in text.chars() {
        for c in fold(c.encode_utf8(&mut [0; 4])) {
            if left == 0 {
                return true;
            }
            if wanted.next() != Some(c) {
                return false;
            }
            left -= 1;
        }
    }
    left == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(words: &str, texts: &[&str]) -> Option<String> {
        let (words, mut found) = (Words::of(words), Found::default());
        texts.iter().for_each(|text| found.look(&words, text));
        found.whole(&words)
    }

    #[test]
    fn all_words_somewhere_in_the_task() {
        assert_eq!(find("VAN paid", &["Book a van", "Zoe has paid\nit"]).as_deref(), Some("Book a van"));
        assert_eq!(find("van paid", &["Book a van", "The van is paid"]).as_deref(), Some("The van is paid"));
        assert_eq!(find("van paid", &["Book a van"]), None);
        assert_eq!(find("", &["Book a van"]), None);
        assert_eq!(find("οδος", &["Photograph ΟΔΟΣ 7"]).as_deref(), Some("Photograph ΟΔΟΣ 7"));
        assert_eq!(find("ß", &["STRASSE", "Straße"]).as_deref(), Some("Straße"));
    }

    #[test]
    fn an_excerpt_is_one_short_line_around_the_word() {
        let long = format!("{}\n needle {}", "hay ".repeat(100), "more ".repeat(100));
        let excerpt = find("NEEDLE", &[&long]).expect("found");
        assert!(excerpt.contains("needle") && !excerpt.contains('\n'), "{excerpt}");
        assert!(excerpt.chars().count() <= MAX_EXCERPT_CHARS + 2, "{excerpt}");
        assert!(excerpt.starts_with('…') && excerpt.ends_with('…'));
    }
}
