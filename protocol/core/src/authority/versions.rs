//! How the rules came to be what they are: every change that counts, by whom and when (docs/protocol/04-authority.md, "Rules and
//! roles").

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Authority;
use super::facts::Source;
use super::seen::Seen;
use crate::id::{EntryId, MemberId};
use crate::logs::Logs;
use crate::op::{Op, SetRule};

/// A change of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The entry that made or proposed it.
    pub entry: EntryId,
    /// Who signed it.
    pub signed: Vec<MemberId>,
    /// What they signed, in order.
    pub ops: Vec<Op>,
}

impl Authority {
    /// Changes of lines and roles that count, oldest first; the genesis is none.
    #[must_use]
    pub fn versions(&self, logs: &Logs) -> Vec<Version> {
        let now = self.everything(logs);
        let mut ops: BTreeMap<Source, Vec<Op>> = BTreeMap::new();
        for (line, writes) in &self.facts.lines {
            for write in &writes.writes {
                let set = SetRule { rule: *line, present: write.value };
                ops.entry(write.source).or_default().push(Op::SetRule(set));
            }
        }
        for (source, role) in self.facts.roles.values().flatten() {
            ops.entry(*source).or_default().insert(0, Op::DefineRole(role.clone()));
        }
        let decided: BTreeMap<EntryId, Vec<MemberId>> = self
            .decisions(logs)
            .into_iter()
            .filter(|decision| decision.decided)
            .map(|decision| (decision.proposal, decision.signed.into_iter().collect()))
            .collect();
        let signed = |source: &Source| match source {
            Source::Entry(id) => {
                let act = self.facts.acts.get(id).filter(|_| now.counts(*id))?;
                let grant = self.facts.grants.get(&act.by?)?;
                Some(alloc::vec![grant.holder])
            }
            Source::Decision(id) => decided.get(id).cloned(),
        };
        let found = ops
            .into_iter()
            .filter_map(|(source, ops)| Some(Version { entry: source.entry(), signed: signed(&source)?, ops }));
        let mut versions: Vec<Version> = found.collect();
        versions.sort_by_key(|version| (logs.depth(version.entry), version.entry));
        versions
    }
}
