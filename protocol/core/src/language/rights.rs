//! Who may do what, asked of a table alone (docs/protocol/09-rules-text.md, "Questions").

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::meaning::meaning;
use crate::id::RoleId;
use crate::rule::{Object, Rule, RuleTable, Verb};

/// A rule and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Line {
    /// Its place in the table, from 1.
    pub number: u16,
    /// What it says.
    pub rule: Rule,
}

/// How far somebody may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum May {
    /// By themselves, where the conditions of a line hold.
    Alone,
    /// They may propose it, and others have to agree.
    Together,
    /// Not at all.
    No,
}

/// The answer to *could somebody with these roles do this to that?*
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The most that a line allows.
    pub may: May,
    /// Every line that says so, alone or together, by number; their conditions have to hold.
    pub lines: Vec<Line>,
    /// Lines of these roles that name it, and do not reach: whoever it is done to stands too high.
    pub too_high: Vec<Line>,
    /// Where nothing allows it: the first line that gives it to another role.
    pub elsewhere: Option<Line>,
}

/// One thing that some roles may do, and by which lines.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Right {
    /// What.
    pub verb: Verb,
    /// Over whom or what.
    pub object: Object,
    /// By which lines, by number.
    pub lines: Vec<Line>,
}

/// The rules of a table with their numbers.
#[must_use]
pub fn lines(table: &RuleTable) -> Vec<Line> {
    (1..).zip(&table.rules).map(|(number, rule)| Line { number, rule: *rule }).collect()
}

/// G14: whether somebody who holds these roles, and *everyone*, may do this to that. A line over members of a role answers for
/// those who hold no other role.
#[must_use]
pub fn could(table: &RuleTable, roles: &[RoleId], verb: Verb, object: Object) -> Answer {
    let holder = Holder::of(table, roles);
    let about = || lines(table).into_iter().filter(|line| line.rule.verb == verb && line.rule.object == object);
    let (lines, too_high): (Vec<Line>, Vec<Line>) =
        about().filter(|line| holder.has(&line.rule)).partition(|line| holder.reaches(&line.rule));
    let may = match (lines.iter().any(|line| !is_decision(&line.rule)), lines.is_empty()) {
        (true, _) => May::Alone,
        (false, false) => May::Together,
        (false, true) => May::No,
    };
    let others = || about().find(|line| !holder.has(&line.rule) && meaning(&line.rule).is_ok());
    let elsewhere = if may == May::No { others() } else { None };
    Answer { may, lines, too_high, elsewhere }
}

/// G14: everything that somebody who holds these roles, and *everyone*, may do; by verb, then by what it is over.
#[must_use]
pub fn rights(table: &RuleTable, roles: &[RoleId]) -> Vec<Right> {
    let holder = Holder::of(table, roles);
    let mut found: BTreeMap<(u8, Object), Vec<Line>> = BTreeMap::new();
    for line in lines(table).into_iter().filter(|line| holder.has(&line.rule) && holder.reaches(&line.rule)) {
        found.entry((line.rule.verb as u8, line.rule.object)).or_default().push(line);
    }
    found.into_values().map(|lines| Right { verb: lines[0].rule.verb, object: lines[0].rule.object, lines }).collect()
}

/// Whether a line lets somebody propose only: of tasks, what others have to say is asked of each task.
pub(super) const fn is_decision(rule: &Rule) -> bool {
    rule.quorum.is_some() && !rule.verb.is_about_tasks()
}

/// The rank of a role; that of *everyone* is below all.
pub(super) fn rank(table: &RuleTable, role: RoleId) -> Option<u8> {
    if role == RoleId::EVERYONE {
        return Some(u8::MAX);
    }
    table.roles.iter().find(|one| one.id == role).map(|one| one.rank)
}

/// Somebody who holds some roles of a table.
struct Holder<'t> {
    table: &'t RuleTable,
    roles: Vec<RoleId>,
    /// Of their roles, the highest.
    rank: u8,
}

impl<'t> Holder<'t> {
    fn of(table: &'t RuleTable, roles: &[RoleId]) -> Self {
        // A role that has ended gives nothing.
        let held = || roles.iter().filter_map(|role| Some((*role, rank(table, *role)?)));
        let highest = held().map(|(_, rank)| rank).min().unwrap_or(u8::MAX);
        let roles = held().map(|(role, _)| role).chain([RoleId::EVERYONE]).collect();
        Self { table, roles, rank: highest }
    }

    /// Whether a line is theirs, and says something.
    fn has(&self, rule: &Rule) -> bool {
        self.roles.contains(&rule.role) && meaning(rule).is_ok()
    }

    /// Whether those whom a line of theirs is over do not stand too high for it (R2).
    fn reaches(&self, rule: &Rule) -> bool {
        let Object::Role(over) = rule.object else { return true };
        let Some(over) = rank(self.table, over) else { return rule.verb.is_about_tasks() };
        let own = if rule.role == RoleId::EVERYONE { Some(self.rank) } else { rank(self.table, rule.role) };
        match rule.verb {
            _ if is_decision(rule) => true,
            Verb::Remove | Verb::Revoke => own.is_some_and(|own| over > own),
            Verb::Invite | Verb::Admit | Verb::Grant => own.is_some_and(|own| over >= own),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::founding::{MEMBER, ORGANISER, starting_rules};
    use crate::language::parse;
    use alloc::vec;

    const EVERYONE: Object = Object::Role(RoleId::EVERYONE);

    fn numbers(lines: &[Line]) -> Vec<u16> {
        lines.iter().map(|line| line.number).collect()
    }

    #[test]
    fn answers_name_lines() {
        let table = starting_rules();
        let of = |role: RoleId, verb, object| could(&table, &[role], verb, object);
        let editing = of(MEMBER, Verb::Edit, EVERYONE);
        assert_eq!((editing.may, numbers(&editing.lines), editing.elsewhere), (May::Alone, vec![7], None));
        let editing = of(ORGANISER, Verb::Edit, EVERYONE);
        assert_eq!((editing.may, numbers(&editing.lines)), (May::Alone, vec![7, 9]));
        let inviting = of(MEMBER, Verb::Invite, Object::Role(MEMBER));
        assert_eq!((inviting.may, inviting.lines.len()), (May::No, 0));
        assert_eq!(inviting.elsewhere.map(|line| (line.number, line.rule.role)), Some((12, ORGANISER)));
        let removing = of(ORGANISER, Verb::Remove, Object::Role(ORGANISER));
        assert_eq!((removing.may, numbers(&removing.lines)), (May::Together, vec![21]));
        let changing = of(ORGANISER, Verb::Amend, Object::Rules);
        assert_eq!((changing.may, numbers(&changing.lines)), (May::Alone, vec![14, 15]));
        let nowhere = of(ORGANISER, Verb::Dissolve, Object::Rules);
        assert_eq!((nowhere.may, nowhere.elsewhere), (May::No, None));
        // Without a role there is *everyone* still; a role that has ended is none.
        assert_eq!(could(&table, &[], Verb::Claim, EVERYONE).may, May::Alone);
        assert_eq!(of(RoleId(9), Verb::Assign, EVERYONE).may, May::No);
    }

    #[test]
    fn a_line_reaches_nobody_who_stands_as_high() {
        let text =
            "top { grant top remove top } low { remove top invite top invite low remove low } everyone { revoke low }";
        let table = parse(text).expect("good").table;
        let of = |roles: &[u16], verb, over| {
            let roles: Vec<RoleId> = roles.iter().map(|role| RoleId(*role)).collect();
            let answer = could(&table, &roles, verb, Object::Role(RoleId(over)));
            (answer.may, numbers(&answer.lines), numbers(&answer.too_high))
        };
        assert_eq!(of(&[1], Verb::Grant, 1), (May::Alone, vec![1], vec![]));
        assert_eq!(of(&[1], Verb::Remove, 1), (May::No, vec![], vec![2]));
        assert_eq!(of(&[2], Verb::Remove, 1), (May::No, vec![], vec![3]));
        assert_eq!(of(&[2], Verb::Invite, 1), (May::No, vec![], vec![4]));
        assert_eq!(of(&[2], Verb::Invite, 2), (May::Alone, vec![5], vec![]));
        assert_eq!(of(&[2], Verb::Remove, 2), (May::No, vec![], vec![6]));
        // An act leans on one role: that of the line, and on the highest for lines of everyone.
        assert_eq!(of(&[1, 2], Verb::Remove, 2), (May::No, vec![], vec![6]));
        assert_eq!(of(&[1, 2], Verb::Revoke, 2), (May::Alone, vec![7], vec![]));
        assert_eq!(of(&[2], Verb::Revoke, 2), (May::No, vec![], vec![7]));
    }

    #[test]
    fn what_means_nothing_is_no_answer() {
        let mut table = starting_rules();
        table.rules[11].conditions.review = Some(ORGANISER);
        let answer = could(&table, &[ORGANISER], Verb::Invite, Object::Role(MEMBER));
        assert_eq!((answer.may, answer.lines.len(), answer.elsewhere), (May::No, 0, None));
        assert!(rights(&table, &[ORGANISER]).iter().all(|right| right.verb != Verb::Invite));
        assert_eq!(could(&table, &[MEMBER], Verb::Invite, Object::Role(MEMBER)).elsewhere, None);
    }

    #[test]
    fn rights_are_a_union() {
        let table =
            parse("a1 { edit tasks everyone own } b { edit tasks everyone claim tasks b } everyone { see tasks b }")
                .expect("good")
                .table;
        let of = |roles: &[RoleId]| -> Vec<(Verb, Vec<u16>)> {
            rights(&table, roles).iter().map(|right| (right.verb, numbers(&right.lines))).collect()
        };
        let both = [RoleId(1), RoleId(2)];
        assert_eq!(of(&both), [(Verb::See, vec![4]), (Verb::Claim, vec![3]), (Verb::Edit, vec![1, 2])]);
        assert_eq!(of(&both[..1]), [(Verb::See, vec![4]), (Verb::Edit, vec![1])]);
        assert_eq!(of(&[]), [(Verb::See, vec![4])]);
    }
}
