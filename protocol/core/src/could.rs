//! Whether a command would be carried out, by which lines of the rules, and with how many signatures: what judging would say of it
//! (docs/protocol/05-tasks.md, "Views").

use alloc::vec::Vec;

use crate::command::Command;
use crate::crypto::Seed;
use crate::plan::Circumstances;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::Rule;

/// The answer about one command.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Could {
    /// Why not; `null` where I may.
    pub refusal: Option<Refusal>,
    /// The numbers of the lines that allow it, from 1, ascending; of a proposal, those by which it could be carried.
    pub rules: Vec<u16>,
    /// Of a proposal: how many must sign it, as far as is known here.
    pub needed: Option<u32>,
    /// Of a proposal: how many hold the role asked.
    pub holders: Option<u32>,
}

impl Replica {
    /// Plans a command and forgets the plan. Costs what planning costs: a signature, and one judgement or two.
    #[must_use]
    pub fn could(&self, command: &Command, seed: &mut Seed) -> Could {
        let mut with = Circumstances { now_seconds: 0, seed, since: Vec::new() };
        let authored = match self.command(command, &mut with) {
            Ok(authored) => authored,
            Err(refusal) => return Could { refusal: Some(refusal), ..Could::default() },
        };
        let Some(stands) =
            authored.entries.first().and_then(|entry| self.authority.stands_on(self.pursuance, &self.logs, entry))
        else {
            return Could::default();
        };
        Could {
            refusal: None,
            rules: self.numbers_of(&stands.lines),
            needed: stands.asked.map(|(needed, _)| count(needed)),
            holders: stands.asked.map(|(_, holders)| count(holders)),
        }
    }

    /// The numbers that lines have now, ascending; none for lines that are not in force.
    pub(crate) fn numbers_of(&self, lines: &[Rule]) -> Vec<u16> {
        let table = self.authority.table().map_or(&[][..], |table| &table.rules);
        let numbered = (1u16..).zip(table).filter(|(_, rule)| lines.contains(rule));
        numbered.map(|(number, _)| number).collect()
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
