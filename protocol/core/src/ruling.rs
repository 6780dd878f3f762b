//! The rules as somebody looks at them and is about to change them (docs/protocol/04-authority.md, "Rules and roles").

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use crate::authority::Version;
use crate::change::Change;
use crate::crypto::Seed;
use crate::govern::How;
use crate::id::{EntryId, MemberId, RoleId};
use crate::language::{
    Answer, CourseError, Difference, ParseError, RightsDifference, could, course, difference, parse_amending, print,
    rights_difference,
};
use crate::plan::Circumstances;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::{Object, Role, Rule, RuleTable, Verb};
use crate::view::Person;
use crate::views::count;

/// Roles and rules, and how they came to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct RulesView {
    /// As a text (docs/protocol/09-rules-text.md).
    pub text: String,
    /// The roles.
    pub roles: Vec<Role>,
    /// The rules, in the order of their numbers.
    pub rules: Vec<Rule>,
    /// Changes since the beginning, oldest first.
    pub versions: Vec<VersionView>,
}

/// One change of the rules that counts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// The entry that made or proposed it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub entry: EntryId,
    /// Who signed it.
    pub signed: Vec<Person>,
    /// Claimed time of the entry, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub claimed_seconds: u64,
    /// What changed.
    pub changes: Vec<Change>,
}

/// What a text would make of the rules; nothing is signed by looking.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RulesDraft {
    /// It cannot be read.
    Wrong {
        /// Where, and what was expected.
        error: ParseError,
    },
    /// It asks for what no change of the rules does.
    NoWay {
        /// Why.
        error: CourseError,
    },
    /// It says what is in force.
    Same,
    /// It changes something.
    Changes {
        /// Lines that come and go, and what each role gains and loses.
        difference: Difference,
        /// Members for whom something changes, each with what.
        people: Vec<PersonDifference>,
        /// What has to be signed, in this order, and how. Steps that name a new role are known once it has its number.
        steps: Vec<Step>,
        /// Proposals that are open and lean on a line that goes.
        decisions: u32,
        /// Tasks to which lines that come or go apply.
        tasks: u32,
    },
}

/// What changes for a member.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct PersonDifference {
    /// Who.
    pub person: Person,
    /// What.
    pub rights: RightsDifference,
}

/// One thing to sign.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Step {
    /// What.
    pub change: Change,
    /// How.
    pub how: How,
}

impl Replica {
    /// What a text would make of the rules.
    #[must_use]
    pub fn draft_rules(&self, text: &str, now_seconds: u64, seed: &mut Seed) -> RulesDraft {
        let before = self.authority().table().cloned().unwrap_or_default();
        let after = match parse_amending(text, &before) {
            Ok(parsed) => parsed.table,
            Err(error) => return RulesDraft::Wrong { error },
        };
        let mine = self.me().and_then(|me| self.authority().members().get(&me));
        let by = mine.and_then(|me| me.grants.first()).map_or(RoleId::EVERYONE, |grant| grant.role);
        let course = match course(&before, &after, by) {
            Ok(course) => course,
            Err(error) => return RulesDraft::NoWay { error },
        };
        if course.is_empty() {
            return RulesDraft::Same;
        }
        let mut with = Circumstances { now_seconds, seed, since: Vec::new() };
        // A line that names a role which is still to be defined is judged once it is there.
        let changes = if course.define.is_empty() { course.then } else { course.define };
        let steps = changes.into_iter().map(|change| Step { how: self.how(&change, &mut with), change }).collect();
        let difference = difference(&before, &after);
        let gone: BTreeSet<Rule> = difference.go.iter().map(|line| line.rule).collect();
        let touched = difference.come.iter().chain(&difference.go).any(|line| line.rule.verb.is_about_tasks());
        RulesDraft::Changes {
            people: self.people_differences(&before, &after),
            steps,
            decisions: count(self.authority().open_leaning_on(self.logs(), &gone)),
            tasks: if touched { count(self.tasks().iter().count()) } else { 0 },
            difference,
        }
    }

    /// What a text says that is to be signed next: the first step that is not open as a proposal already. `None` where all is
    /// signed, or waits for others.
    ///
    /// # Errors
    /// [`Refusal::NothingToChange`] for a text that cannot be read or that no change leads to.
    pub fn next_of_draft(&self, text: &str) -> Result<Option<Change>, Refusal> {
        let before = self.authority().table().cloned().unwrap_or_default();
        let after = parse_amending(text, &before).map_err(|_| Refusal::NothingToChange)?.table;
        let mine = self.me().and_then(|me| self.authority().members().get(&me));
        let by = mine.and_then(|me| me.grants.first()).map_or(RoleId::EVERYONE, |grant| grant.role);
        let course = course(&before, &after, by).map_err(|_| Refusal::NothingToChange)?;
        let open: Vec<Change> =
            self.people().decisions.into_iter().filter(|decision| !decision.decided).map(|one| one.change).collect();
        let changes = if course.define.is_empty() { course.then } else { course.define };
        Ok(changes.into_iter().find(|change| !open.contains(change)))
    }

    /// What somebody who holds these roles could do.
    #[must_use]
    pub fn could_do(&self, member: MemberId, verb: Verb, object: Object) -> Option<Answer> {
        let table = self.authority().table()?;
        let held = &self.authority().members().get(&member)?.grants;
        let roles: Vec<RoleId> = held.iter().map(|grant| grant.role).collect();
        Some(could(table, &roles, verb, object))
    }

    fn people_differences(&self, before: &RuleTable, after: &RuleTable) -> Vec<PersonDifference> {
        let names = self.names();
        let each = self.authority().present().map(|(id, member)| {
            let roles: Vec<RoleId> = member.grants.iter().map(|grant| grant.role).collect();
            PersonDifference { person: self.person(id, &names), rights: rights_difference(before, after, &roles) }
        });
        let mut changed: Vec<PersonDifference> = each.filter(|one| !one.rights.is_empty()).collect();
        changed.sort_by(|a, b| (&a.person.name, a.person.member).cmp(&(&b.person.name, b.person.member)));
        changed
    }

    /// Roles and rules in force, and how they came to be.
    #[must_use]
    pub fn rules_view(&self) -> RulesView {
        let names = self.names();
        let table = self.authority().table().cloned().unwrap_or_default();
        let view = |version: Version| VersionView {
            entry: version.entry,
            signed: version.signed.into_iter().map(|member| self.person(member, &names)).collect(),
            claimed_seconds: self.logs().entry(version.entry).map_or(0, |entry| entry.body().claimed_seconds),
            changes: version.ops.iter().filter_map(Change::of).collect(),
        };
        let versions = self.authority().versions(self.logs()).into_iter().map(view).collect();
        RulesView { text: print(&table), roles: table.roles, rules: table.rules, versions }
    }
}
