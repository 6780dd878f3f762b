//! The filter line over the tree: which tasks a text asks for (docs/protocol/05-tasks.md, "Filter").

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::day::Day;
use crate::detail::Kind;
use crate::limits::{MAX_FILTER_CHARS, MAX_FILTER_WORDS, MAX_PRIORITY};
use crate::task::Status;

/// A filter as it was understood: all its words must hold. Nothing is an error; what is not understood is a plain word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    words: Vec<Word>,
    today: Day,
}

/// What a filter looks at: one task as it is shown.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its labels.
    pub labels: Vec<&'a str>,
    /// Whoever took it or is asked to do it.
    pub names: Vec<Named<'a>>,
    /// The owner that an import names, or nothing.
    pub owner: &'a str,
    /// The file and the program or board that it comes from, as an import says.
    pub origin: [&'a str; 2],
    /// Whom an import mentions.
    pub mentioned: Vec<&'a str>,
    /// Its status.
    pub status: Status,
    /// The day by which it should be done.
    pub due: Option<Day>,
    /// 0 none, 1 urgent to 4 low.
    pub priority: u8,
    /// The day on which it begins.
    pub start: Option<Day>,
    /// What kind of task it is.
    pub kind: Kind,
    /// It waits for another one.
    pub blocked: bool,
    /// Its doers ask others to help.
    pub help_wanted: bool,
    /// It is done again and again.
    pub repeats: bool,
    /// What one has to know for it.
    pub skills: Vec<&'a str>,
    /// Who is to look at it when it is done.
    pub reviewers: Vec<Named<'a>>,
}

/// A member as a filter sees one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// The pseudonym.
    pub name: &'a str,
    /// Whether it is me.
    pub me: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    negated: bool,
    asks: Asks,
}

/// Texts are folded.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asks {
    Text(String),
    Label(String),
    Name(String),
    Me,
    Status(Status),
    /// Done or dropped, or neither.
    Ended {
        ended: bool,
    },
    Due(Due),
    Priority(Ordering, u8),
    Start(Due),
    Kind(Kind),
    Blocked,
    Help,
    Repeats,
    Skill(String),
    Reviewer(String),
    Origin(String),
    MineToReview,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Is(Ordering, Day),
    None,
    Any,
    /// Before today, and not ended.
    Overdue,
    /// Today, or one of the six days that follow.
    Week,
}

impl Filter {
    /// Understands a text; what is beyond `MAX_FILTER_CHARS` characters or `MAX_FILTER_WORDS` words is not looked at.
    #[must_use]
    pub fn parse(text: &str, today: Day) -> Self {
        let words = words(text).take(MAX_FILTER_WORDS).map(|raw| raw.understood(today)).collect();
        Self { words, today }
    }

    /// Whether it asks for nothing: every task matches.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a task is asked for.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let mut whole = None;
        self.words.iter().all(|word| self.holds(&word.asks, subject, &mut whole) != word.negated)
    }

    /// Whether a day is as it is asked for.
    fn falls(&self, asked: Due, day: Option<Day>, ended: bool) -> bool {
        match (asked, day) {
            (Due::None, day) => day.is_none(),
            (_, None) => false,
            (Due::Any, Some(_)) => true,
            (Due::Is(order, asked), Some(day)) => day.cmp(&asked) == order,
            (Due::Overdue, Some(day)) => day < self.today && !ended,
            (Due::Week, Some(day)) => (self.today..=self.today.plus_days(6)).contains(&day),
        }
    }

    fn holds(&self, asks: &Asks, subject: &Subject<'_>, whole: &mut Option<String>) -> bool {
        let ended = matches!(subject.status, Status::Done | Status::Dropped);
        match asks {
            Asks::Text(text) => whole.get_or_insert_with(|| all_texts(subject)).contains(text),
            Asks::Label(label) => subject.labels.iter().any(|other| folded(other) == *label),
            Asks::Name(name) => subject.names.iter().any(|other| begins(other.name, name)),
            Asks::Me => subject.names.iter().any(|other| other.me),
            Asks::Status(status) => subject.status == *status,
            Asks::Ended { ended: wanted } => ended == *wanted,
            Asks::Due(due) => self.falls(*due, subject.due, ended),
            Asks::Start(start) => self.falls(*start, subject.start, ended),
            Asks::Kind(kind) => subject.kind == *kind,
            Asks::Blocked => subject.blocked,
            Asks::Help => subject.help_wanted,
            Asks::Repeats => subject.repeats,
            Asks::Skill(skill) => subject.skills.iter().any(|other| folded(other) == *skill),
            Asks::Reviewer(name) => subject.reviewers.iter().any(|other| begins(other.name, name)),
            Asks::Origin(text) => subject.origin.iter().any(|other| folded(other).contains(text)),
            Asks::MineToReview => subject.reviewers.iter().any(|other| other.me),
            // Nothing said is neither above nor below.
            Asks::Priority(order, number) => {
                (*number == 0 || subject.priority != 0) && subject.priority.cmp(number) == *order
            }
        }
    }
}

/// One word as it was typed, without its quotes.
struct Raw {
    negated: bool,
    /// It began with a quote: it is a plain word, whatever is in it.
    plain: bool,
    quoted: bool,
    text: String,
}

impl Raw {
    fn understood(self, today: Day) -> Word {
        let asks = if self.plain { None } else { self.special(today) };
        let (asks, turned) = asks.map_or((None, false), |(asks, turned)| (Some(asks), turned));
        Word { negated: self.negated != turned, asks: asks.unwrap_or_else(|| Asks::Text(folded(&self.text))) }
    }

    /// What a word with a meaning asks for, and whether it is for the opposite.
    fn special(&self, today: Day) -> Option<(Asks, bool)> {
        let (key, value) = self.text.split_once(':').unwrap_or_default();
        let asks = match folded(key).as_str() {
            "blocked" => Asks::Blocked,
            "help" => Asks::Help,
            "repeats" => Asks::Repeats,
            _ => return self.asks(today).map(|asks| (asks, false)),
        };
        match folded(value).as_str() {
            "yes" => Some((asks, false)),
            "no" => Some((asks, true)),
            _ => None,
        }
    }

    fn asks(&self, today: Day) -> Option<Asks> {
        let (text, some) = (self.text.as_str(), |rest: &str| (!rest.is_empty()).then(|| folded(rest)));
        if let Some(label) = text.strip_prefix('#') {
            return some(label).map(Asks::Label);
        }
        if let Some(name) = text.strip_prefix('@') {
            return some(name).map(|name| if name == "me" && !self.quoted { Asks::Me } else { Asks::Name(name) });
        }
        let (key, value) = text.split_once(':')?;
        let value = folded(value);
        match folded(key).as_str() {
            "label" => some(&value).map(Asks::Label),
            "status" => status(&value),
            "due" => due(&value, today).map(Asks::Due),
            "priority" => priority(&value),
            "start" => due(&value, today).map(Asks::Start),
            "kind" => kind(&value).map(Asks::Kind),
            "skill" => some(&value).map(Asks::Skill),
            "reviewer" if value == "me" && !self.quoted => Some(Asks::MineToReview),
            "reviewer" => some(&value).map(Asks::Reviewer),
            "origin" => some(&value).map(Asks::Origin),
            _ => None,
        }
    }
}

/// Cuts a text into words at white space that is not within quotes; a quote that is left open ends with the text.
fn words(text: &str) -> impl Iterator<Item = Raw> + '_ {
    let mut chars = text.chars().take(MAX_FILTER_CHARS).peekable();
    core::iter::from_fn(move || {
        loop {
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            let mut negated = chars.next_if_eq(&'-').is_some();
            let plain = chars.peek() == Some(&'"');
            let (mut text, mut quoted, mut within) = (String::new(), false, false);
            while let Some(c) = chars.next_if(|c| within || !c.is_whitespace()) {
                if c == '"' {
                    (quoted, within) = (true, !within);
                } else {
                    text.push(c);
                }
            }
            if negated && text.is_empty() && !quoted {
                (negated, text) = (false, String::from("-"));
            }
            if !text.is_empty() {
                return Some(Raw { negated, plain, quoted, text });
            }
            chars.peek()?;
        }
    })
}

fn status(value: &str) -> Option<Asks> {
    Some(match value {
        "suggested" => Asks::Status(Status::Suggested),
        "open" => Asks::Status(Status::Open),
        "doing" => Asks::Status(Status::Doing),
        "review" => Asks::Status(Status::Review),
        "done" => Asks::Status(Status::Done),
        "dropped" => Asks::Status(Status::Dropped),
        "ended" => Asks::Ended { ended: true },
        "active" => Asks::Ended { ended: false },
        _ => return None,
    })
}

fn due(value: &str, today: Day) -> Option<Due> {
    Some(match value {
        "none" => Due::None,
        "any" => Due::Any,
        "overdue" => Due::Overdue,
        "today" => Due::Is(Ordering::Equal, today),
        "week" => Due::Week,
        _ => {
            let (order, day) = compared(value);
            Due::Is(order, Day::parse(day).ok()?)
        }
    })
}

fn kind(value: &str) -> Option<Kind> {
    Some(match value {
        "task" => Kind::Task,
        "intake" => Kind::Intake,
        "redaction" => Kind::Redaction,
        "release" => Kind::Release,
        "event" => Kind::Event,
        "decision" => Kind::Decision,
        _ => return None,
    })
}

fn priority(value: &str) -> Option<Asks> {
    let (order, number) = match value {
        "none" => (Ordering::Equal, 0),
        _ => {
            let (order, number) = compared(value);
            let number = number.parse().ok().filter(|of| number.len() == 1 && (1..=MAX_PRIORITY).contains(of));
            (order, number?)
        }
    };
    Some(Asks::Priority(order, number))
}

fn compared(value: &str) -> (Ordering, &str) {
    match (value.strip_prefix('<'), value.strip_prefix('>')) {
        (Some(rest), _) => (Ordering::Less, rest),
        (_, Some(rest)) => (Ordering::Greater, rest),
        _ => (Ordering::Equal, value),
    }
}

/// Whether a name, or a word of it, begins like this.
fn begins(name: &str, with: &str) -> bool {
    let name = folded(name);
    let starts = core::iter::once(0).chain(name.match_indices(char::is_whitespace).map(|(at, space)| at + space.len()));
    starts.into_iter().any(|at| name[at..].starts_with(with))
}

/// All in which a plain word is looked for, with what stands in no text between, so that no word is found across two.
fn all_texts(subject: &Subject<'_>) -> String {
    let mut whole = folded(subject.title);
    let names = subject.names.iter().map(|named| named.name);
    let said = subject.mentioned.iter().copied().chain([subject.owner]);
    for text in subject.labels.iter().copied().chain(names).chain(said) {
        whole.push('\0');
        whole.push_str(&folded(text));
    }
    whole
}

/// Without the difference of capitals, letter by letter, and of the two small sigmas.
pub(crate) fn folded(text: &str) -> String {
    // Most of what people write is ASCII, where this is the same in a tenth of the time.
    if text.is_ascii() { text.to_ascii_lowercase() } else { fold(text).collect() }
}

pub(crate) fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Seed;

    #[test]
    fn of_ascii_the_short_way_gives_the_same() {
        let all: String = (0..=0x7f_u8).map(char::from).collect();
        assert_eq!(folded(&all), fold(&all).collect::<String>());
    }

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn subject() -> Subject<'static> {
        Subject {
            title: "Photograph the Permits of ΟΔΟΣ 7",
            labels: alloc::vec!["Press", "two words"],
            names: alloc::vec![Named { name: "Ana Maria", me: false }, Named { name: "Ben", me: true }],
            owner: "w01",
            origin: ["Boards/quay-2026.json", "Trello"],
            mentioned: alloc::vec!["Jo Bakker"],
            status: Status::Doing,
            due: Some(day("2026-11-23")),
            priority: 2,
            start: Some(day("2026-11-20")),
            kind: Kind::Event,
            blocked: true,
            help_wanted: false,
            repeats: true,
            skills: alloc::vec!["Driving"],
            reviewers: alloc::vec![Named { name: "Zoe Kim", me: false }],
        }
    }

    fn finds(text: &str) -> bool {
        finds_in(text, &subject())
    }

    fn finds_in(text: &str, subject: &Subject<'_>) -> bool {
        Filter::parse(text, day("2026-11-21")).matches(subject)
    }

    #[test]
    fn what_is_asked_for() {
        for yes in [
            "",
            "  \t ",
            "permits",
            "PERM the",
            "\"the permits\"",
            "of-",
            "-of-",
            "w01",
            "maria",
            "press words",
            "οδος",
            "-nothing",
            "#press",
            "#PRESS",
            "#\"two words\"",
            "label:press",
            "label:\"Two Words\"",
            "-#pres",
            "-#other",
            "@ana",
            "@maria",
            "@\"ana maria\"",
            "@me",
            "@BEN",
            "-@eve",
            "-@\"me\"",
            "status:doing",
            "Status:Doing",
            "status:active",
            "-status:ended",
            "-status:open",
            "due:2026-11-23",
            "due:<2026-11-24",
            "due:>2026-11-22",
            "due:any",
            "start:<2026-11-21",
            "start:overdue",
            "-start:none",
            "kind:event",
            "-kind:task",
            "blocked:yes",
            "-blocked:no",
            "help:no",
            "repeats:yes",
            "skill:driving",
            "reviewer:kim",
            "-reviewer:me",
            "origin:quay",
            "origin:2026.JSON",
            "origin:trello",
            "-origin:harbour",
            "bakker",
            "-@jo",
            "-due:none",
            "due:week",
            "-due:today",
            "-due:overdue",
            "priority:2",
            "priority:<3",
            "priority:>1",
            "-priority:none",
            "-priority:<2",
            "#press @me status:doing due:week priority:<3 permits -lens",
            "-\"",
            "\"\"",
            "-\"\" permits",
            "permits \"of οδος",
        ] {
            // "of-" and "-of-" are in no text: one is asked for in vain, the other not to be there.
            assert_eq!(finds(yes), yes != "of-", "{yes}");
        }
        for no in [
            "lens",
            "permits lens",
            "\"permits the\"",
            "\"words\nana\"",
            "pressana",
            "-permits",
            "#pres",
            "#words",
            "@na",
            "@eve",
            "@\"me\"",
            "-@me",
            "status:open",
            "status:ended",
            "-status:active",
            "due:2026-11-22",
            "due:<2026-11-23",
            "due:>2026-11-23",
            "due:none",
            "-due:any",
            "due:today",
            "due:overdue",
            "priority:1",
            "priority:<2",
            "priority:>2",
            "priority:none",
            "origin:harbour",
            "-origin:boards",
        ] {
            assert!(!finds(no), "{no}");
        }
    }

    #[test]
    fn what_is_not_understood_is_a_plain_word() {
        for text in [
            "status:",
            "status:soon",
            "due:",
            "due:2026-02-30",
            "due:<",
            "due:<tomorrow",
            "due:<=2026-11-23",
            "priority:",
            "priority:0",
            "priority:5",
            "priority:+2",
            "priority:02",
            "priority:<",
            "label:",
            "#",
            "@",
            "-",
            "other:x",
            ":",
            "::",
            "due",
        ] {
            let subject = Subject { title: text, names: alloc::vec![], labels: alloc::vec![], owner: "", ..subject() };
            assert!(finds_in(text, &subject) && !finds(text), "{text}");
        }
        let subject = Subject { title: "the status:doing of it", status: Status::Open, ..subject() };
        assert!(finds_in("\"status:doing\"", &subject) && !finds_in("status:doing", &subject));
        assert!(finds_in("-status:doing", &subject) && !finds_in("-\"status:doing\"", &subject));
    }

    #[test]
    fn what_has_ended_is_not_overdue() {
        let late = Subject { due: Some(day("2026-11-20")), ..subject() };
        assert!(finds_in("due:overdue", &late) && !finds_in("due:week", &late));
        assert!(!finds_in("due:overdue", &Subject { status: Status::Done, ..late }));
        let none = Subject { due: None, priority: 0, ..subject() };
        assert!(finds_in(
            "due:none -due:any -due:week -due:>2000-01-01 priority:none -priority:<4 -priority:>1",
            &none
        ));
        let edge = |due| Subject { due: Some(day(due)), ..subject() };
        assert!(finds_in("due:week", &edge("2026-11-21")) && finds_in("due:week", &edge("2026-11-27")));
        assert!(!finds_in("due:week", &edge("2026-11-28")) && finds_in("due:today", &edge("2026-11-21")));
    }

    #[test]
    fn only_so_much_is_looked_at() {
        let long = alloc::format!("{}x", " ".repeat(MAX_FILTER_CHARS));
        assert!(Filter::parse(&long, day("2026-11-21")).is_empty());
        let many = "a ".repeat(MAX_FILTER_WORDS + 7);
        assert_eq!(Filter::parse(&many, day("2026-11-21")).words.len(), MAX_FILTER_WORDS);
    }

    #[test]
    fn no_text_is_an_error() {
        const PARTS: [&str; 32] = [
            "-",
            "\"",
            "#",
            "@",
            ":",
            "<",
            ">",
            " ",
            "\n",
            "\u{3000}",
            "me",
            "status",
            "due",
            "priority",
            "label",
            "week",
            "2026-11-21",
            "none",
            "1",
            "0",
            "é",
            "\u{301}",
            "İ",
            "ß",
            "Σ",
            "\u{202e}",
            "\0",
            "🧭",
            "open",
            "x",
            "\u{10ffff}",
            "9999-12-31",
        ];
        for round in 0..20_000_u32 {
            let mut seed = Seed::new([&round.to_be_bytes()[..], &[7; 28]].concat().try_into().expect("32"));
            let picked: [u8; 24] = seed.draw();
            let text: String =
                picked.iter().take(usize::from(picked[0] % 24)).map(|at| PARTS[usize::from(at % 32)]).collect();
            let filter = Filter::parse(&text, day("9999-12-31"));
            // Each word holds or does not, so each and its opposite never hold together.
            for word in &filter.words {
                let only = |negated| Filter { words: alloc::vec![Word { negated, ..word.clone() }], ..filter.clone() };
                assert_ne!(only(true).matches(&subject()), only(false).matches(&subject()), "{round}: {text:?}");
            }
            let all = filter
                .words
                .iter()
                .all(|word| Filter { words: alloc::vec![word.clone()], ..filter.clone() }.matches(&subject()));
            assert_eq!(filter.matches(&subject()), all, "{round}: {text:?}");
            // A text in quotes is found in itself.
            let quoted = alloc::format!("\"{}\"", text.replace('"', ""));
            assert!(finds_in(&quoted, &Subject { title: &text.replace('"', ""), ..subject() }), "{round}: {text:?}");
        }
    }
}
