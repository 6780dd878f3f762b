//! What a change of the rules changes: lines, and what each role may do (docs/protocol/09-rules-text.md, "Differences").

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::rights::{Line, Right, is_decision, lines, rights};
use crate::id::RoleId;
use crate::rule::{Object, Quorum, Role, Rule, RuleTable, Verb};

/// From one table to another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Roles that there were not.
    pub new_roles: Vec<Role>,
    /// Roles that end.
    pub gone_roles: Vec<Role>,
    /// Lines that come, with their numbers in the new table.
    pub come: Vec<Line>,
    /// Lines that go, with their numbers in the old table.
    pub go: Vec<Line>,
    /// What a member with one role, and *everyone*, gains and loses; roles for which nothing changes are left out.
    pub roles: Vec<RoleDifference>,
}

/// See [`Difference::roles`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct RoleDifference {
    /// Which; *everyone* stands for members without another role.
    pub role: RoleId,
    /// What changes for them.
    pub rights: RightsDifference,
}

/// What changes for somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct RightsDifference {
    /// What they could not do at all before; numbers are those of the new table.
    pub gained: Vec<Right>,
    /// What they can do no more; numbers are those of the old table.
    pub lost: Vec<Right>,
    /// What they can do under other conditions than before.
    pub changed: Vec<Shift>,
}

impl RightsDifference {
    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty() && self.changed.is_empty()
    }
}

/// One thing that can be done under other conditions.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Shift {
    /// What.
    pub verb: Verb,
    /// Over whom or what.
    pub object: Object,
    /// The lines before, with their numbers in the old table.
    pub before: Vec<Line>,
    /// The lines after, with their numbers in the new table.
    pub after: Vec<Line>,
    /// Which way.
    pub turn: Turn,
}

/// Which way a right changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Turn {
    /// Whatever could be done still can, and more.
    Widened,
    /// Whatever can be done could be before, and more could.
    Narrowed,
    /// Some can be done that could not, and the other way round; or it cannot be told from the table alone.
    Otherwise,
}

/// G15: what comes and goes. Lines are the same when all that they say is; their order gives nobody anything.
#[must_use]
pub fn difference(before: &RuleTable, after: &RuleTable) -> Difference {
    let roles = |table: &RuleTable| -> BTreeSet<RoleId> { table.roles.iter().map(|role| role.id).collect() };
    let (old, new) = (roles(before), roles(after));
    let without = |table: &RuleTable, known: &BTreeSet<RoleId>| -> Vec<Role> {
        table.roles.iter().filter(|role| !known.contains(&role.id)).cloned().collect()
    };
    let missing = |table: &RuleTable, from: &RuleTable| -> Vec<Line> {
        let known: BTreeSet<Rule> = from.rules.iter().copied().collect();
        lines(table).into_iter().filter(|line| !known.contains(&line.rule)).collect()
    };
    let everybody: BTreeSet<RoleId> = [RoleId::EVERYONE].into_iter().chain(old.iter().chain(&new).copied()).collect();
    let each =
        everybody.into_iter().map(|role| RoleDifference { role, rights: rights_difference(before, after, &[role]) });
    Difference {
        new_roles: without(after, &old),
        gone_roles: without(before, &new),
        come: missing(after, before),
        go: missing(before, after),
        roles: each.filter(|role| !role.rights.is_empty()).collect(),
    }
}

/// G15: what changes for somebody who holds these roles, and *everyone*.
#[must_use]
pub fn rights_difference(before: &RuleTable, after: &RuleTable, roles: &[RoleId]) -> RightsDifference {
    let (old, new) = (rights(before, roles), rights(after, roles));
    let find = |among: &[Right], right: &Right| {
        among.iter().position(|other| (other.verb, other.object) == (right.verb, right.object))
    };
    let mut found = RightsDifference::default();
    for right in &old {
        let Some(at) = find(&new, right) else {
            found.lost.push(right.clone());
            continue;
        };
        let (before, after) = (&right.lines, &new[at].lines);
        let turn = match (covers(after, before), covers(before, after)) {
            (true, true) => continue,
            (true, false) => Turn::Widened,
            (false, true) => Turn::Narrowed,
            (false, false) => Turn::Otherwise,
        };
        let (verb, object) = (right.verb, right.object);
        found.changed.push(Shift { verb, object, before: before.clone(), after: after.clone(), turn });
    }
    found.gained = new.iter().filter(|right| find(&old, right).is_none()).cloned().collect();
    found
}

/// Whether whatever is possible by some lines is possible by others too, for sure.
fn covers(these: &[Line], those: &[Line]) -> bool {
    those.iter().all(|that| these.iter().any(|this| asks_no_more(&this.rule, &that.rule)))
}

/// Whether one line allows all that another does, roles aside.
fn asks_no_more(this: &Rule, that: &Rule) -> bool {
    let (mine, theirs) = (&this.conditions, &that.conditions);
    let own = !mine.own || theirs.own;
    // *not-self* is about whom is asked, where somebody is.
    let asks = |rule: &Rule| rule.quorum.is_some() || rule.conditions.review.is_some();
    let not_self = !mine.not_self || (theirs.not_self && asks(this) == asks(that));
    let probation = mine.probation.unwrap_or(0) <= theirs.probation.unwrap_or(0);
    let daily = mine.daily.unwrap_or(u16::MAX) >= theirs.daily.unwrap_or(u16::MAX);
    let after = mine.after <= theirs.after;
    own && not_self && probation && daily && after && asks_no_more_of_others(this, that)
}

fn asks_no_more_of_others(this: &Rule, that: &Rule) -> bool {
    if this.verb.is_about_tasks() {
        let asked = |rule: &Rule| -> Vec<Quorum> {
            let review = rule.conditions.review.map(|of| Quorum { count: 1, of });
            rule.quorum.into_iter().chain(review).collect()
        };
        let theirs = asked(that);
        let is_asked = |mine: &Quorum| {
            let by_all = |their: &Quorum| mine.of == their.of || mine.of == RoleId::EVERYONE;
            theirs.iter().any(|their| by_all(their) && mine.count <= their.count)
        };
        return asked(this).iter().all(is_asked);
    }
    match (this.quorum, that.quorum) {
        (None, None) => true,
        // Alone one changes rules for those below only; a majority for its own role too.
        (None, Some(_)) => this.object != Object::Rules,
        (Some(_), None) => !is_decision(this),
        // How many a majority is cannot be told.
        (Some(mine), Some(theirs)) => {
            mine == theirs || (mine.of == theirs.of && mine.count > 0 && mine.count <= theirs.count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::parse;
    use crate::language::tests::any_table;
    use alloc::format;
    use proptest::prelude::*;

    /// From one text to another.
    fn between(before: &str, after: &str) -> Difference {
        let table = |text: &str| parse(text).unwrap_or_else(|error| panic!("{error}")).table;
        difference(&table(before), &table(after))
    }

    /// Which way one line becomes another, for its role.
    fn turn(before: &str, after: &str) -> Option<Turn> {
        let roles = "role a1 role b role c ";
        let rights = between(&format!("{roles} a1 {{ {before} }}"), &format!("{roles} a1 {{ {after} }}")).roles;
        let changed = rights.first().map(|role| role.rights.changed.as_slice()).unwrap_or_default();
        assert!(changed.len() <= 1 && rights.len() <= 1);
        changed.first().map(|shift| shift.turn)
    }

    #[test]
    fn gains_and_losses() {
        let before = "role top role low  top { assign tasks everyone  remove low }  everyone { claim tasks everyone }";
        let after = "role top role low  low { remove low with 2 of low }  everyone { claim tasks everyone own }
                     top { remove low }";
        let found = between(before, after);
        let numbers = |lines: &[Line]| -> Vec<u16> { lines.iter().map(|line| line.number).collect() };
        assert_eq!((numbers(&found.come), numbers(&found.go)), ([1, 2].into(), [1, 3].into()));
        let rights = |role: u16| &found.roles.iter().find(|one| one.role == RoleId(role)).expect("changed").rights;
        assert_eq!(rights(1).lost.iter().map(|right| right.verb).collect::<Vec<_>>(), [Verb::Assign]);
        assert_eq!(rights(2).gained.iter().map(|right| right.verb).collect::<Vec<_>>(), [Verb::Remove]);
        for role in 0..3 {
            let [shift] = &rights(role).changed[..] else { panic!("one shift") };
            assert_eq!((shift.verb, shift.turn), (Verb::Claim, Turn::Narrowed));
        }
        assert_eq!(rights(0).gained, []);
        assert_eq!(between(before, before).roles, []);
    }

    #[test]
    fn roles_come_and_end() {
        let before = parse("role top  role low  low { claim tasks everyone }").expect("good").table;
        let mut after = before.clone();
        after.roles.remove(1);
        after.rules.clear();
        let found = difference(&before, &after);
        assert_eq!((found.new_roles.len(), found.gone_roles[0].id), (0, RoleId(2)));
        assert_eq!(found.roles.iter().map(|role| role.role).collect::<Vec<_>>(), [RoleId(2)]);
        let back = difference(&after, &before);
        assert_eq!((back.new_roles[0].id, back.roles[0].rights.gained.len()), (RoleId(2), 1));
    }

    #[test]
    fn which_way() {
        let edit = "edit tasks everyone";
        for (more, less) in [
            ("", " own"),
            ("", " not-self"),
            ("", " probation 3"),
            (" probation 3", " probation 4"),
            ("", " limit 5/day"),
            (" limit 5/day", " limit 4/day"),
            ("", " after 2026-12-31"),
            (" after 2026-12-30", " after 2026-12-31"),
            ("", " with review of b"),
            (" with review of b", " with 2 of b"),
            (" with 2 of b", " with 3 of b"),
            (" with 2 of b", " with 2 of b with review of c"),
            (" with 2 of everyone", " with 2 of b"),
            (" with 2 of b", " with 2 of b not-self"),
        ] {
            let (more, less) = (format!("{edit}{more}"), format!("{edit}{less}"));
            assert_eq!(turn(&less, &more), Some(Turn::Widened), "{less} to {more}");
            assert_eq!(turn(&more, &less), Some(Turn::Narrowed), "{more} to {less}");
            // What the wider line allows already, the narrower one beside it does not change.
            assert_eq!(turn(&more, &format!("{more} {less}")), None);
        }
        for (one, other) in [
            (" own", " not-self"),
            (" not-self", " not-self with review of b"),
            (" with 2 of b", " with 2 of c"),
            (" with 2 of b", " with review of c"),
            (" own", " probation 3"),
        ] {
            assert_eq!(
                turn(&format!("{edit}{one}"), &format!("{edit}{other}")),
                Some(Turn::Otherwise),
                "{one} {other}"
            );
        }
        assert_eq!(turn("remove b", "remove b with 2 of a1"), Some(Turn::Narrowed));
        assert_eq!(turn("remove b with 3 of a1", "remove b with 2 of a1"), Some(Turn::Widened));
        assert_eq!(turn("remove b with a majority of a1", "remove b with 2 of a1"), Some(Turn::Otherwise));
        assert_eq!(turn("amend rules", "amend rules with a majority of a1"), Some(Turn::Otherwise));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn there_and_back(before in any_table(), mut after in any_table()) {
            after.roles.clone_from(&before.roles);
            let (there, back) = (difference(&before, &after), difference(&after, &before));
            prop_assert_eq!(&there.come, &back.go);
            prop_assert_eq!(there.roles.len(), back.roles.len());
            for (there, back) in there.roles.iter().zip(&back.roles) {
                prop_assert_eq!(&there.rights.gained, &back.rights.lost);
                for (there, back) in there.rights.changed.iter().zip(&back.rights.changed) {
                    let turned = match there.turn {
                        Turn::Widened => Turn::Narrowed,
                        Turn::Narrowed => Turn::Widened,
                        Turn::Otherwise => Turn::Otherwise,
                    };
                    prop_assert_eq!(turned, back.turn);
                }
            }
        }
    }
}
