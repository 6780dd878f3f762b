//! From a draft to a table: numbers, ranks, and what a name means (docs/protocol/09-rules-text.md, "Roles").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::meaning::{Meaningless, meaning};
use super::names::{Names, nearest, unclean};
use super::problem::{ParseError, Place, Problem};
use super::scanner::{Scanner, Token};
use super::syntax::{Draft, DraftRule, Named, Slot, draft};
use super::words::Form;
use crate::id::RoleId;
use crate::limits::MAX_RULES_TEXT_BYTES;
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable};

/// A text as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Parsed {
    /// Roles and rules.
    pub table: RuleTable,
    /// Where each rule stands, in their order.
    pub places: Vec<Place>,
    /// Roles that the text only mentions: declared by that, and perhaps slips of the hand.
    pub mentions: Vec<Mention>,
}

/// A role that is mentioned and has no block.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Mention {
    /// Which.
    pub role: RoleId,
    /// Where first.
    pub place: Place,
    /// A role with a name much like it.
    pub nearest: Option<String>,
}

/// Reads a text that stands by itself. Roles are numbered in their order; one that is only mentioned is declared by that, and
/// stands lowest (G4, G5, G6).
///
/// # Errors
/// The first thing that is wrong: of what cannot be read, then of roles, then of lines that mean nothing.
pub fn parse(text: &str) -> Result<Parsed, ParseError> {
    read(text, None)
}

/// Reads a text that says what the rules in force shall be. Roles that exist keep number and rank; a new one has to be declared,
/// and its number stands in for the one that it will be given. What is in force already is taken as it is (G6, G12).
///
/// # Errors
/// As [`parse`].
pub fn parse_amending(text: &str, in_force: &RuleTable) -> Result<Parsed, ParseError> {
    read(text, Some(in_force))
}

fn read(text: &str, in_force: Option<&RuleTable>) -> Result<Parsed, ParseError> {
    if text.len() > MAX_RULES_TEXT_BYTES {
        let problem = Problem::TextTooLong { max_bytes: MAX_RULES_TEXT_BYTES as u32 };
        return Err(ParseError::new(Place { line: 1, column: 1 }, text, problem));
    }
    Reading { text, draft: draft(text)?, known: in_force.map(Known::of) }.finish()
}

/// What is in force, to be looked up.
struct Known<'k> {
    roles: BTreeMap<RoleId, &'k Role>,
    by_name: BTreeMap<&'k str, Vec<RoleId>>,
    rules: BTreeSet<Rule>,
    /// Roles that lines in force name, retired ones included.
    named: BTreeSet<RoleId>,
}

impl<'k> Known<'k> {
    fn of(table: &'k RuleTable) -> Self {
        let mut by_name: BTreeMap<&str, Vec<RoleId>> = BTreeMap::new();
        for role in &table.roles {
            by_name.entry(&role.name).or_default().push(role.id);
        }
        Self {
            roles: table.roles.iter().map(|role| (role.id, role)).collect(),
            by_name,
            rules: table.rules.iter().copied().collect(),
            named: table.rules.iter().flat_map(Rule::roles).collect(),
        }
    }
}

struct Reading<'t, 'k> {
    text: &'t str,
    draft: Draft<'t>,
    known: Option<Known<'k>>,
}

impl Reading<'_, '_> {
    fn finish(self) -> Result<Parsed, ParseError> {
        let order = self.order();
        let numbers = self.numbers(&order)?;
        self.check_names(&order, &numbers)?;
        let mut roles = self.roles(&order, &numbers)?;
        let mut rules: Vec<Rule> = Vec::with_capacity(self.draft.rules.len());
        let mut places = Vec::with_capacity(self.draft.rules.len());
        let mut seen: BTreeMap<Rule, u16> = BTreeMap::new();
        for line in &self.draft.rules {
            let rule = self.rule(line, &numbers)?;
            let number = seen.len() as u16 + 1;
            if let Some(first) = seen.insert(rule, number) {
                return Err(self.wrong(line.verb.1, Problem::Twice { rule: first }));
            }
            self.check_meaning(line, &rule)?;
            rules.push(rule);
            places.push(line.verb.1);
        }
        let mentions = self.mentions(&numbers);
        // Those that exist and are named by number only.
        if let Some(known) = &self.known {
            let said: BTreeSet<RoleId> = numbers.iter().copied().collect();
            let named: BTreeSet<RoleId> = rules.iter().flat_map(Rule::roles).collect();
            let more = named.difference(&said).filter_map(|id| known.roles.get(id));
            roles.extend(more.map(|role| (*role).clone()));
        }
        Ok(Parsed { table: RuleTable { roles, rules }, places, mentions })
    }

    /// That something is wrong with the piece that stands there.
    fn wrong(&self, place: Place, problem: Problem) -> ParseError {
        let mut scanner = Scanner::new(self.text);
        loop {
            match scanner.next() {
                Ok(at) if at.place >= place || at.token == Token::Nothing => return at.wrong(problem),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// The roles that are declared, then those that are mentioned.
    fn order(&self) -> Vec<usize> {
        let mentioned = (0..self.draft.roles.len()).filter(|slot| !self.draft.roles[*slot].declared);
        self.draft.declared.iter().copied().chain(mentioned).collect()
    }

    /// G5: a number for each slot.
    fn numbers(&self, order: &[usize]) -> Result<Vec<RoleId>, ParseError> {
        let mut numbers: Vec<Option<RoleId>> = Vec::new();
        let mut taken: BTreeSet<RoleId> = BTreeSet::new();
        for slot in &self.draft.roles {
            let said = slot.number.map(|(number, _)| number);
            if let (Some(known), Some((number, place))) = (&self.known, slot.number)
                && let Some(role) = known.roles.get(&number).filter(|role| role.name != slot.name)
            {
                return Err(self.wrong(place, Problem::NameIs { name: role.name.clone() }));
            }
            if said.is_some_and(|number| !taken.insert(number)) {
                return Err(self.number_taken(slot));
            }
            numbers.push(said);
        }
        if let Some(known) = &self.known {
            for slot in order.iter().filter(|slot| self.draft.roles[**slot].number.is_none()) {
                let same = known.by_name.get(&*self.draft.roles[*slot].name).into_iter().flatten();
                numbers[*slot] = { same }.copied().find(|id| taken.insert(*id));
            }
        }
        let is_free = |number: &RoleId, taken: &BTreeSet<RoleId>| {
            let known = self.known.as_ref();
            !taken.contains(number)
                && !known.is_some_and(|known| known.roles.contains_key(number) || known.named.contains(number))
        };
        for (index, slot) in order.iter().enumerate().filter(|(_, slot)| self.draft.roles[**slot].number.is_none()) {
            if numbers[*slot].is_some() {
                continue;
            }
            let own = RoleId(index as u16 + 1);
            let free = || (1..=u16::MAX).map(RoleId).find(|number| is_free(number, &taken));
            let number = if self.known.is_some() { free() } else { Some(own).filter(|own| is_free(own, &taken)) };
            let Some(number) = number else {
                let other = self.draft.roles.iter().find(|slot| slot.number.is_some_and(|(number, _)| number == own));
                return Err(self.number_taken(other.unwrap_or(&self.draft.roles[*slot])));
            };
            taken.insert(number);
            numbers[*slot] = Some(number);
        }
        Ok(numbers.into_iter().map(|number| number.expect("each has one by now")).collect())
    }

    fn number_taken(&self, slot: &Slot<'_>) -> ParseError {
        self.wrong(slot.number.map_or(slot.place, |(_, place)| place), Problem::NumberTaken)
    }

    fn existing(&self, number: RoleId) -> Option<&Role> {
        self.known.as_ref()?.roles.get(&number).copied()
    }

    /// G6, G7, G8.
    fn check_names(&self, order: &[usize], numbers: &[RoleId]) -> Result<(), ParseError> {
        let mut names = Names::default();
        names.look_alike("everyone");
        // What exists is not to blame.
        let exists = |slot: usize| self.existing(numbers[slot]).is_some();
        for slot in order.iter().filter(|slot| exists(**slot)) {
            names.look_alike(&self.draft.roles[*slot].name);
        }
        for slot in order.iter().filter(|slot| !exists(**slot)) {
            let Slot { name, place, declared, .. } = &self.draft.roles[*slot];
            if let (Some(known), false) = (&self.known, declared) {
                let nearest = nearest(name, known.by_name.keys().copied());
                return Err(self.wrong(*place, Problem::NoSuchRole { nearest }));
            }
            if let Some(problem) = unclean(name) {
                return Err(self.wrong(*place, problem));
            }
            if let Some(other) = names.look_alike(name) {
                return Err(self.wrong(*place, Problem::LooksAlike { other }));
            }
        }
        Ok(())
    }

    /// G5: ranks.
    fn roles(&self, order: &[usize], numbers: &[RoleId]) -> Result<Vec<Role>, ParseError> {
        let mut lowest: Option<u8> = None;
        let mut roles = Vec::new();
        for slot in order {
            let Slot { name, rank, declared, since_joining, .. } = &self.draft.roles[*slot];
            let existing = self.existing(numbers[*slot]);
            let known = existing.map(|role| role.rank);
            if let (Some(known), Some((said, place))) = (known, rank)
                && known != *said
            {
                return Err(self.wrong(*place, Problem::RankIs { rank: known }));
            }
            if let (Some(place), Some(false)) = (since_joining, existing.map(|role| role.since_joining)) {
                return Err(self.wrong(*place, Problem::FullHistory));
            }
            let since_joining = existing.map_or(since_joining.is_some(), |role| role.since_joining);
            let below = lowest.map_or(0, |lowest| lowest.saturating_add(1));
            let rank = known.or(rank.map(|(rank, _)| rank)).unwrap_or(below);
            if *declared {
                lowest = Some(lowest.map_or(rank, |lowest| lowest.max(rank)));
            }
            roles.push(Role { id: numbers[*slot], name: name.clone().into_owned(), rank, since_joining });
        }
        Ok(roles)
    }

    fn mentions(&self, numbers: &[RoleId]) -> Vec<Mention> {
        let slots = self.draft.roles.iter().enumerate();
        let mentioned = slots.filter(|(slot, role)| !role.declared && self.existing(numbers[*slot]).is_none());
        mentioned
            .map(|(slot, role)| {
                let others = self.draft.roles.iter().filter(|other| other.declared).map(|other| &*other.name);
                Mention { role: numbers[slot], place: role.place, nearest: nearest(&role.name, others) }
            })
            .collect()
    }

    fn rule(&self, line: &DraftRule, numbers: &[RoleId]) -> Result<Rule, ParseError> {
        let mut retired = None;
        let mut id = |named: Named, place: Place| match named {
            Named::Everyone => Ok(RoleId::EVERYONE),
            Named::Slot(slot) => Ok(numbers[slot]),
            Named::Number(id) if numbers.contains(&id) || self.existing(id).is_some() => Ok(id),
            Named::Number(id) if self.known.as_ref().is_some_and(|known| known.named.contains(&id)) => {
                retired.get_or_insert(place);
                Ok(id)
            }
            Named::Number(_) => Err(self.wrong(place, Problem::NoSuchRole { nearest: None })),
        };
        let role = id(line.role.0, line.role.1)?;
        let object = match line.object {
            Object::Role(_) => Object::Role(id(line.over.0, line.over.1)?),
            other => other,
        };
        let review = line.review.map(|(of, place)| id(of, place)).transpose()?;
        let quorum = line.quorum.map(|(count, of, place)| Ok(Quorum { count, of: id(of, place)? })).transpose()?;
        let rule =
            Rule { role, verb: line.verb.0, object, conditions: Conditions { review, ..line.conditions }, quorum };
        match retired {
            Some(place) if !self.is_in_force(&rule) => Err(self.wrong(place, Problem::NoSuchRole { nearest: None })),
            _ => Ok(rule),
        }
    }

    fn is_in_force(&self, rule: &Rule) -> bool {
        self.known.as_ref().is_some_and(|known| known.rules.contains(rule))
    }

    /// G10.
    fn check_meaning(&self, line: &DraftRule, rule: &Rule) -> Result<(), ParseError> {
        let Err(why) = meaning(rule) else { return Ok(()) };
        if self.is_in_force(rule) {
            return Ok(());
        }
        let quorum = line.quorum.map(|(_, _, place)| place);
        let review = line.review.map(|(_, place)| place);
        let place = match why {
            Meaningless::Over => {
                let expected = Form::of(rule.verb).expects().to_vec();
                return Err(self.wrong(line.over.1, Problem::Expected { expected, nearest: None }));
            }
            Meaningless::OverEveryone => Some(line.over.1),
            Meaningless::Own => line.own,
            Meaningless::NotSelf | Meaningless::OwnAndNotSelf => line.not_self,
            Meaningless::Review => review,
            Meaningless::Others | Meaningless::Majority | Meaningless::OfEveryone | Meaningless::OtherRole => quorum,
            Meaningless::Alone => None,
            Meaningless::Conditions => line.own.or(line.not_self).or(quorum).or(review),
        };
        let problem = Problem::Meaningless { verb: rule.verb, why };
        Err(self.wrong(place.unwrap_or(line.verb.1), problem))
    }
}
