//! Reads a text into a draft: the roles that it names, and lines that name them (docs/protocol/09-rules-text.md, "Grammar").

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::names::nearest;
use super::problem::{Expected, ParseError, Place, Problem};
use super::scanner::{At, Scanner, Token};
use super::words::{CONDITIONS, Form, is_reserved, verb, word};
use crate::day::Day;
use crate::id::RoleId;
use crate::limits::{MAX_ROLES, MAX_RULES};
use crate::rule::{Conditions, Object, Verb};

/// A role as a line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Everyone,
    /// By name: its place in [`Draft::roles`].
    Slot(usize),
    /// By number.
    Number(RoleId),
}

/// A role that a text names.
#[derive(Debug)]
pub(super) struct Slot<'t> {
    pub(super) name: Cow<'t, str>,
    /// Where it is named first.
    pub(super) place: Place,
    pub(super) rank: Option<(u8, Place)>,
    pub(super) number: Option<(RoleId, Place)>,
    /// Where it is said that its history is since joining.
    pub(super) since_joining: Option<Place>,
    /// Whether it has a block or a line of its own, or is only mentioned.
    pub(super) declared: bool,
}

/// A line whose roles are not looked up yet, and where its parts stand.
#[derive(Debug)]
pub(super) struct DraftRule {
    pub(super) role: (Named, Place),
    pub(super) verb: (Verb, Place),
    /// The role inside is empty; see `over`.
    pub(super) object: Object,
    /// The role, where it is over one, and where that or the other object stands.
    pub(super) over: (Named, Place),
    /// The role inside is empty; see `review`.
    pub(super) conditions: Conditions,
    pub(super) own: Option<Place>,
    pub(super) not_self: Option<Place>,
    pub(super) quorum: Option<(u16, Named, Place)>,
    pub(super) review: Option<(Named, Place)>,
}

/// Over a role that is not looked up yet.
const OVER: Object = Object::Role(RoleId::EVERYONE);

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Draft<'t> {
    pub(super) roles: Vec<Slot<'t>>,
    /// Those that are declared, in their order.
    pub(super) declared: Vec<usize>,
    pub(super) rules: Vec<DraftRule>,
    by_name: BTreeMap<Cow<'t, str>, usize>,
}

/// Reads a text.
///
/// # Errors
/// The first thing that cannot stand where it does.
pub(super) fn draft(text: &str) -> Result<Draft<'_>, ParseError> {
    let mut scanner = Scanner::new(text);
    let next = scanner.next()?;
    let mut reader = Syntax { scanner, next, draft: Draft::default() };
    loop {
        match &reader.next.token {
            Token::Nothing => return Ok(reader.draft),
            Token::Semicolon => drop(reader.step()?),
            Token::Word("role") => reader.role_line()?,
            _ => reader.block()?,
        }
    }
}

struct Syntax<'t> {
    scanner: Scanner<'t>,
    next: At<'t>,
    draft: Draft<'t>,
}

/// Whose block it is.
#[derive(Clone, Copy)]
struct Whose {
    role: Named,
    place: Place,
    /// `@creator` and `@granter`.
    own: bool,
}

impl<'t> Syntax<'t> {
    fn step(&mut self) -> Result<At<'t>, ParseError> {
        let next = self.scanner.next()?;
        Ok(core::mem::replace(&mut self.next, next))
    }

    fn word(&self) -> Option<&'t str> {
        match self.next.token {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Steps over a word, if it is this one.
    fn takes(&mut self, word: &str) -> Result<bool, ParseError> {
        let is = self.word() == Some(word);
        if is {
            self.step()?;
        }
        Ok(is)
    }

    fn expect(&mut self, word: &str, expected: Expected) -> Result<(), ParseError> {
        if self.takes(word)? { Ok(()) } else { Err(self.expected(&[expected])) }
    }

    fn expected(&self, expected: &[Expected]) -> ParseError {
        let near = |words: &mut dyn Iterator<Item = &'static str>| self.word().and_then(|word| nearest(word, words));
        let nearest = if expected.contains(&Expected::Verb) {
            near(&mut Verb::ALL.into_iter().map(word).chain(CONDITIONS))
        } else {
            None
        };
        self.next.wrong(Problem::Expected { expected: expected.to_vec(), nearest })
    }

    /// `role NAME [rank N] [number N] [since-joining]`: one more role.
    fn role_line(&mut self) -> Result<(), ParseError> {
        self.step()?;
        let place = self.next.place;
        let Some(name) = self.name()? else { return Err(self.expected(&[Expected::RoleName])) };
        let known = self.draft.by_name.get(&name).copied();
        // Two lines for one name are two roles, and somebody will say that they look alike.
        let slot = match known.filter(|slot| !self.draft.roles[*slot].declared) {
            Some(slot) => slot,
            None => self.new_slot(name, place)?,
        };
        self.heading(slot)
    }

    /// The next piece as a name, and steps over it.
    fn name(&mut self) -> Result<Option<Cow<'t, str>>, ParseError> {
        let bare = self.word().filter(|word| {
            !word.starts_with('@') && !word.starts_with(|c: char| c.is_ascii_digit()) && !is_reserved(word)
        });
        if let Some(bare) = bare {
            self.step()?;
            return Ok(Some(Cow::Borrowed(bare)));
        }
        if !matches!(self.next.token, Token::Quoted(_)) {
            return Ok(None);
        }
        match self.step()?.token {
            Token::Quoted(name) => Ok(Some(Cow::Owned(name))),
            _ => Ok(None),
        }
    }

    fn new_slot(&mut self, name: Cow<'t, str>, place: Place) -> Result<usize, ParseError> {
        let slot = self.draft.roles.len();
        if slot == MAX_ROLES {
            return Err(ParseError::new(place, &name, Problem::TooManyRoles { max: MAX_ROLES as u32 }));
        }
        self.draft.by_name.entry(name.clone()).or_insert(slot);
        self.draft.roles.push(Slot { name, place, rank: None, number: None, since_joining: None, declared: false });
        Ok(slot)
    }

    /// `[rank N] [number N] [since-joining]` of a role that is declared here.
    fn heading(&mut self, slot: usize) -> Result<(), ParseError> {
        if !self.draft.roles[slot].declared {
            self.draft.roles[slot].declared = true;
            self.draft.declared.push(slot);
        }
        if self.takes("rank")? {
            let Some(rank) = self.word().and_then(number::<u8>) else { return Err(self.expected(&[Expected::Rank])) };
            let at = self.step()?;
            match self.draft.roles[slot].rank {
                Some((before, _)) if before != rank => return Err(at.wrong(Problem::RankIs { rank: before })),
                _ => self.draft.roles[slot].rank = Some((rank, at.place)),
            }
        }
        if self.takes("number")? {
            let given = self.positive()?;
            let (number, place) = (RoleId(given.0), given.1);
            match self.draft.roles[slot].number {
                Some((before, _)) if before != number => {
                    return Err(ParseError::new(place, &given.0.to_string(), Problem::NumberTaken));
                }
                _ => self.draft.roles[slot].number = Some((number, place)),
            }
        }
        let place = self.next.place;
        if self.takes("since-joining")? {
            self.draft.roles[slot].since_joining = Some(place);
        }
        Ok(())
    }

    /// A number from 1 to 65,535.
    fn positive(&mut self) -> Result<(u16, Place), ParseError> {
        let given = self.word().and_then(number::<u16>).filter(|number| *number > 0);
        let Some(number) = given else { return Err(self.expected(&[Expected::Number])) };
        Ok((number, self.step()?.place))
    }

    /// `ROLE [rank N] [number N] [since-joining] { lines }`
    fn block(&mut self) -> Result<(), ParseError> {
        let place = self.next.place;
        let whose = match self.word() {
            Some("@creator" | "@granter") => {
                self.step()?;
                Whose { role: Named::Everyone, place, own: true }
            }
            Some("@assignee" | "@reviewer") => return Err(self.next.wrong(Problem::NotInThisVersion)),
            _ => {
                let Some(role) = self.role()? else { return Err(self.expected(&[Expected::Role])) };
                if let Named::Slot(slot) = role {
                    self.heading(slot)?;
                }
                Whose { role, place, own: false }
            }
        };
        if self.next.token != Token::Begin {
            return Err(self.expected(&[Expected::BlockBegin]));
        }
        let begin = self.step()?;
        let mut condition_next = false;
        loop {
            match &self.next.token {
                Token::End => {
                    self.step()?;
                    return Ok(());
                }
                Token::Semicolon => {
                    condition_next = false;
                    self.step()?;
                }
                Token::Nothing => return Err(begin.wrong(Problem::NotClosed)),
                Token::Word(given) if verb(given).is_some() => {
                    self.rule(whose)?;
                    condition_next = true;
                }
                _ if condition_next => {
                    return Err(self.expected(&[Expected::Condition, Expected::Verb, Expected::BlockEnd]));
                }
                _ => return Err(self.expected(&[Expected::Verb, Expected::BlockEnd])),
            }
        }
    }

    /// The next piece as a role, and steps over it.
    fn role(&mut self) -> Result<Option<Named>, ParseError> {
        let place = self.next.place;
        if self.takes("everyone")? {
            return Ok(Some(Named::Everyone));
        }
        if let Some(given) = self.word().and_then(|word| word.strip_prefix('@')) {
            if matches!(given, "creator" | "granter" | "assignee" | "reviewer") {
                return Err(self.next.wrong(Problem::NotInThisVersion));
            }
            let Some(number) = number::<u16>(given).filter(|number| *number > 0) else { return Ok(None) };
            self.step()?;
            return Ok(Some(Named::Number(RoleId(number))));
        }
        let Some(name) = self.name()? else { return Ok(None) };
        let slot = match self.draft.by_name.get(&name) {
            Some(slot) => *slot,
            None => self.new_slot(name, place)?,
        };
        Ok(Some(Named::Slot(slot)))
    }

    fn some_role(&mut self) -> Result<(Named, Place), ParseError> {
        let place = self.next.place;
        match self.role()? {
            Some(role) => Ok((role, place)),
            None => Err(self.expected(&[Expected::Role])),
        }
    }

    /// `VERB OBJECT {CONDITION}`
    fn rule(&mut self, whose: Whose) -> Result<(), ParseError> {
        if self.draft.rules.len() == MAX_RULES {
            return Err(self.next.wrong(Problem::TooManyRules { max: MAX_RULES as u32 }));
        }
        let Some(mut verb) = self.word().and_then(verb) else { return Err(self.expected(&[Expected::Verb])) };
        let at = self.step()?;
        let (object, over) = if self.takes("over")? { self.any_object()? } else { self.object(&mut verb)? };
        let mut rule = DraftRule {
            role: (whose.role, whose.place),
            verb: (verb, at.place),
            object,
            over,
            conditions: Conditions { own: whose.own, ..Conditions::ALWAYS },
            own: whose.own.then_some(whose.place),
            not_self: None,
            quorum: None,
            review: None,
        };
        while self.word().is_some_and(|word| CONDITIONS.contains(&word)) {
            self.condition(whose, &mut rule)?;
        }
        self.draft.rules.push(rule);
        Ok(())
    }

    /// What a rule is over, as its verb is written; `assign labels` and `create labels` are *label*.
    fn object(&mut self, verb: &mut Verb) -> Result<(Object, (Named, Place)), ParseError> {
        let form = Form::of(*verb);
        let plain = match (form, self.word()) {
            (Form::Members, _) => return Ok((OVER, self.some_role()?)),
            (Form::Tasks | Form::TasksOrLabels, Some("tasks")) => {
                self.step()?;
                return Ok((OVER, self.some_role()?));
            }
            (Form::Tasks, Some("labels")) if *verb == Verb::Assign => {
                self.step()?;
                *verb = Verb::Label;
                return Ok((OVER, self.some_role()?));
            }
            (Form::Tasks, Some("labels")) if *verb == Verb::Create => {
                *verb = Verb::Label;
                Object::NewLabels
            }
            (Form::TasksOrLabels, Some("labels")) => Object::NewLabels,
            (Form::RelaysOrRules, Some("relays")) => Object::Relays,
            (Form::RelaysOrRules | Form::Rules, Some("rules")) => Object::Rules,
            _ => {
                let has_labels = matches!(verb, Verb::Assign | Verb::Create);
                return Err(self.expected(match form {
                    Form::Tasks if has_labels => &[Expected::Tasks, Expected::Labels],
                    form => form.expects(),
                }));
            }
        };
        let place = self.step()?.place;
        Ok((plain, (Named::Everyone, place)))
    }

    /// What stands after `over`: anything that there is.
    fn any_object(&mut self) -> Result<(Object, (Named, Place)), ParseError> {
        let plain = match self.word() {
            Some("relays") => Object::Relays,
            Some("rules") => Object::Rules,
            Some("labels") => Object::NewLabels,
            _ => return Ok((OVER, self.some_role()?)),
        };
        let place = self.step()?.place;
        Ok((plain, (Named::Everyone, place)))
    }

    fn condition(&mut self, whose: Whose, rule: &mut DraftRule) -> Result<(), ParseError> {
        let at = self.step()?;
        let Token::Word(begin) = at.token else { return Ok(()) };
        let once = |said: bool| if said { Err(at.wrong(Problem::ConditionTwice)) } else { Ok(()) };
        match begin {
            "own" => {
                once(rule.own.is_some())?;
                (rule.own, rule.conditions.own) = (Some(at.place), true);
            }
            "not-self" => {
                once(rule.not_self.is_some())?;
                (rule.not_self, rule.conditions.not_self) = (Some(at.place), true);
            }
            "with" if self.takes("review")? => {
                once(rule.review.is_some())?;
                self.expect("of", Expected::Of)?;
                rule.review = Some((self.some_role()?.0, at.place));
            }
            "with" => {
                once(rule.quorum.is_some())?;
                let count = self.how_many()?;
                self.expect("of", Expected::Of)?;
                rule.quorum = Some((count, self.some_role()?.0, at.place));
            }
            "consensus" => {
                once(rule.quorum.is_some())?;
                rule.quorum = Some((self.positive()?.0, whose.role, at.place));
            }
            "probation" => {
                once(rule.conditions.probation.is_some())?;
                rule.conditions.probation = Some(self.positive()?.0);
            }
            "limit" => {
                once(rule.conditions.daily.is_some())?;
                let times = self.word().and_then(|word| word.strip_suffix("/day")).and_then(number::<u16>);
                let Some(times) = times.filter(|times| *times > 0) else {
                    return Err(self.expected(&[Expected::TimesADay]));
                };
                self.step()?;
                rule.conditions.daily = Some(times);
            }
            "after" => {
                once(rule.conditions.after.is_some())?;
                let day = self.word().and_then(|word| Day::parse(word).ok());
                let Some(day) = day else { return Err(self.expected(&[Expected::Day])) };
                self.step()?;
                rule.conditions.after = Some(day);
            }
            _ => return Err(at.wrong(Problem::NoLinks)),
        }
        Ok(())
    }

    /// `N` or `[a] majority`, which is written 0.
    fn how_many(&mut self) -> Result<u16, ParseError> {
        if self.takes("a")? {
            self.expect("majority", Expected::Majority)?;
            return Ok(0);
        }
        if self.takes("majority")? {
            return Ok(0);
        }
        match self.word().and_then(number::<u16>).filter(|number| *number > 0) {
            Some(count) => {
                self.step()?;
                Ok(count)
            }
            None => Err(self.expected(&[Expected::Number, Expected::Majority, Expected::Review])),
        }
    }
}

/// Digits and nothing else, without zeros in front.
fn number<T: core::str::FromStr>(word: &str) -> Option<T> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if digits { word.parse().ok() } else { None }
}
