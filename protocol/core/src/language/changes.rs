//! From one table to another, step by step, each permitted after the ones before (docs/protocol/09-rules-text.md, "Changes").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::change::Change;
use crate::id::RoleId;
use crate::limits::MAX_RULES;
use crate::rule::{Object, Quorum, Role, Rule, RuleTable, Verb};

/// What has to be signed, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Course {
    /// First the new roles.
    pub define: Vec<Change>,
    /// For each of them the number that stands in for it in `then`, until it was given one.
    pub stands_in: Vec<RoleId>,
    /// Then lines, and roles that end.
    pub then: Vec<Change>,
}

/// Why no way leads from one table to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum CourseError {
    /// A role's name and rank never change.
    #[error("role {} is defined otherwise", role.0)]
    RoleChanged {
        /// Which.
        role: RoleId,
    },
}

impl Course {
    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.define.is_empty() && self.then.is_empty()
    }

    /// What follows the new roles, once these have their numbers: as many as there are in `define`, in that order.
    #[must_use]
    pub fn then_with(&self, given: &[RoleId]) -> Vec<Change> {
        let of = |id: RoleId| {
            let at = self.stands_in.iter().position(|stands_in| *stands_in == id);
            at.and_then(|at| given.get(at)).copied().unwrap_or(id)
        };
        let renumbered = |change: &Change| match change {
            Change::SetRule { rule, present } => Change::SetRule { rule: with_roles(rule, of), present: *present },
            other => other.clone(),
        };
        self.then.iter().map(renumbered).collect()
    }
}

fn with_roles(rule: &Rule, of: impl Fn(RoleId) -> RoleId) -> Rule {
    let object = match rule.object {
        Object::Role(over) => Object::Role(of(over)),
        other => other,
    };
    let mut conditions = rule.conditions;
    conditions.review = conditions.review.map(&of);
    let quorum = rule.quorum.map(|quorum| Quorum { of: of(quorum.of), ..quorum });
    Rule { role: of(rule.role), object, conditions, quorum, ..*rule }
}

/// G17: how whoever holds `by`, alone or with others of that role, makes one table of another. Where a role is new, its number in
/// `after` stands in for the one that it will be given.
///
/// What gives comes before what takes away, so that somebody may change the rules at every step; what lets `by` change them goes
/// last.
///
/// # Errors
/// [`CourseError::RoleChanged`].
pub fn course(before: &RuleTable, after: &RuleTable, by: RoleId) -> Result<Course, CourseError> {
    let known = |table: &RuleTable, id: RoleId| table.roles.iter().find(|role| role.id == id).cloned();
    let changed = |role: &&Role| known(before, role.id).is_some_and(|known| known != **role);
    if let Some(role) = after.roles.iter().find(changed) {
        return Err(CourseError::RoleChanged { role: role.id });
    }
    let new = || after.roles.iter().filter(|role| known(before, role.id).is_none());
    let define = new()
        .map(|role| Change::DefineRole { name: role.name.clone(), rank: role.rank, since_joining: role.since_joining })
        .collect();
    let stands_in = new().map(|role| role.id).collect();

    let (old, wanted): (BTreeSet<Rule>, BTreeSet<Rule>) =
        (before.rules.iter().copied().collect(), after.rules.iter().copied().collect());
    let mut come: Vec<Rule> = Vec::new();
    for rule in after.rules.iter().filter(|rule| !old.contains(rule)) {
        if !come.contains(rule) {
            come.push(*rule);
        }
    }
    let mut go: Vec<Rule> = old.difference(&wanted).copied().collect();
    // Those that are needed longest stand last.
    go.sort_by_key(|rule| needed(rule, by));
    let free = |rule: &Rule| needed(rule, by) == Needed::No;
    let late = go.split_off(go.iter().take_while(|rule| free(rule)).count());

    let set = |rule: Rule, present| Change::SetRule { rule, present };
    let mut then = Vec::new();
    let mut go = go.into_iter();
    let mut count = old.len();
    for rule in come {
        // Where the table is full, something leaves first.
        if count >= MAX_RULES
            && let Some(gone) = go.next()
        {
            then.push(set(gone, false));
            count -= 1;
        }
        then.push(set(rule, true));
        count += 1;
    }
    then.extend(go.map(|rule| set(rule, false)));
    let gone = before.roles.iter().filter(|role| known(after, role.id).is_none() && role.id != by);
    then.extend(gone.map(|role| Change::RetireRole { role: role.id }));
    then.extend(late.into_iter().map(|rule| set(rule, false)));
    // One's own role ends last of all: nothing is done with it afterwards.
    if known(before, by).is_some() && known(after, by).is_none() {
        then.push(Change::RetireRole { role: by });
    }
    Ok(Course { define, stands_in, then })
}

/// How long a line that goes is needed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needed {
    No,
    /// Somebody may change the rules by it.
    ByOthers,
    /// Whoever signs may.
    BySigner,
}

fn needed(rule: &Rule, by: RoleId) -> Needed {
    if rule.verb != Verb::Amend || rule.object != Object::Rules {
        return Needed::No;
    }
    let signs = [Some(rule.role), rule.quorum.map(|quorum| quorum.of)].contains(&Some(by));
    if signs || rule.role == RoleId::EVERYONE { Needed::BySigner } else { Needed::ByOthers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::founding::{ORGANISER, starting_rules};
    use crate::language::{parse_amending, print};
    use alloc::vec;

    #[test]
    fn gives_before_it_takes() {
        let before = starting_rules();
        let text =
            print(&before).replace("  amend rules\n", "") + "guard rank 1 { amend rules  admit guard with 2 of guard }";
        assert!(parse_amending(&text, &before).is_err(), "nobody is let in together");
        let text = text.replace("  admit guard with 2 of guard", " remove member with 2 of guard");
        let after = parse_amending(&text, &before).expect("good").table;
        let course = course(&before, &after, ORGANISER).expect("roles stay");
        let stands_in = after.roles[2].id;
        assert_eq!(course.define, [Change::DefineRole { name: "guard".into(), rank: 1, since_joining: false }]);
        assert_eq!(course.stands_in, [stands_in]);
        let [first, second] = [after.rules[23], after.rules[24]];
        let gone = before.rules[13];
        let steps = |rules: [Rule; 2]| {
            vec![
                Change::SetRule { rule: rules[0], present: true },
                Change::SetRule { rule: rules[1], present: true },
                Change::SetRule { rule: gone, present: false },
            ]
        };
        assert_eq!(course.then, steps([first, second]));
        // Once it has a number.
        let own = RoleId(40_000);
        let quorum = second.quorum.map(|quorum| Quorum { of: own, ..quorum });
        let [first, second] = [Rule { role: own, ..first }, Rule { role: own, quorum, ..second }];
        assert_eq!(course.then_with(&[own]), steps([first, second]));
    }

    #[test]
    fn what_the_signer_needs_goes_last() {
        let before = starting_rules();
        let mut after = before.clone();
        after.roles.remove(1);
        after.rules.retain(|rule| rule.verb == Verb::See);
        let course = course(&before, &after, ORGANISER).expect("roles stay");
        let retired = course.then.iter().position(|change| *change == Change::RetireRole { role: RoleId(2) });
        assert_eq!(retired, Some(course.then.len() - 3));
        assert!(course.then[course.then.len() - 2..].iter().all(|change| {
            matches!(change, Change::SetRule { rule, present: false } if rule.verb == Verb::Amend && rule.object == Object::Rules)
        }));
    }

    #[test]
    fn ones_own_role_ends_last() {
        let before = starting_rules();
        let mut after = before.clone();
        after.roles.remove(0);
        after.rules.clear();
        let course = course(&before, &after, ORGANISER).expect("roles stay");
        let ends = |change: &Change| matches!(change, Change::RetireRole { .. });
        assert_eq!(course.then.iter().filter(|change| ends(change)).count(), 1);
        assert_eq!(course.then.last(), Some(&Change::RetireRole { role: ORGANISER }));
    }

    #[test]
    fn a_full_table() {
        let mut before = starting_rules();
        let filler = |count: u16| Rule {
            conditions: crate::rule::Conditions { probation: Some(count), ..before.rules[0].conditions },
            verb: Verb::Claim,
            ..before.rules[0]
        };
        let more: Vec<Rule> = (1..=(MAX_RULES - before.rules.len()) as u16).map(filler).collect();
        before.rules.extend(more);
        let mut after = before.clone();
        after.rules[MAX_RULES - 1] = Rule { verb: Verb::Edit, ..before.rules[MAX_RULES - 1] };
        let course = course(&before, &after, ORGANISER).expect("roles stay");
        let present = |change: &Change| matches!(change, Change::SetRule { present: true, .. });
        assert_eq!(course.then.iter().map(present).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn a_role_stays_what_it_is() {
        let before = starting_rules();
        let mut after = before.clone();
        after.roles[1].rank = 5;
        let role = after.roles[1].id;
        assert_eq!(course(&before, &after, ORGANISER), Err(CourseError::RoleChanged { role }));
        assert!(course(&before, &before, ORGANISER).expect("the same").is_empty());
    }
}
