//! The rules as somebody looks at them and is about to change them (docs/protocol/04-authority.md, "Rules and roles").

use alloc::string::String;
use alloc::vec::Vec;

use crate::authority::Version;
use crate::change::Change;
use crate::id::EntryId;
use crate::language::print;
use crate::replica::Replica;
use crate::rule::{Role, Rule};
use crate::view::Person;

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

impl Replica {
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
