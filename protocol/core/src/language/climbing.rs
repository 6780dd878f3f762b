//! No climbing: which lines nobody below may write, as everybody judges them (docs/protocol/09-rules-text.md, "No climbing").

use alloc::vec::Vec;

use super::rights::{Line, lines, rank};
use crate::id::RoleId;
use crate::rule::{Object, Rule, RuleTable, Verb};

/// A line that lets a role decide over a senior one: whoever writes it stands at rank 0 (R2RuleSuccession).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
pub struct Climb {
    /// The line, with its number in the table.
    pub line: Line,
    /// The role that is decided over.
    pub over: RoleId,
    /// The role that decides.
    pub by: RoleId,
}

/// Who signs a change of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", content = "rank", rename_all = "camelCase")]
pub enum Signing {
    /// One member alone, with a role of this rank.
    Alone(u8),
    /// The holders of a role of this rank, by a decision.
    Together(u8),
}

/// Why a line is not theirs to write or to take out (F25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum TooHigh {
    /// R2RuleBelow: the role of the line does not stand lower.
    Role,
    /// R2RuleOverBelow: the role that it lets govern does not stand lower.
    Over,
    /// R2RuleSuccession: only rank 0 lets a role decide over a senior one.
    Succession,
    /// F5: a role of the line does not exist.
    NoSuchRole,
}

/// G16: the lines of a table that let a role decide over a senior one.
#[must_use]
pub fn climbs(table: &RuleTable) -> Vec<Climb> {
    let climb = |line: Line| {
        let Object::Role(over) = line.rule.object else { return None };
        let by = line.rule.quorum?.of;
        needs_rank_0(table, &line.rule).then_some(Climb { line, over, by })
    };
    lines(table).into_iter().filter_map(climb).collect()
}

/// G16: whether a line lets a role decide over a senior one.
#[must_use]
pub fn needs_rank_0(table: &RuleTable, rule: &Rule) -> bool {
    let (Object::Role(over), Some(quorum)) = (rule.object, rule.quorum) else { return false };
    matches!((rank(table, over), rank(table, quorum.of)), (Some(over), Some(of)) if over < of)
}

/// G16: why who signs may not put a line into a table (`present`), or take it out; `None` where they may, as far as standing
/// goes. Whether the rules let them change rules at all is asked elsewhere.
#[must_use]
pub fn refuses(table: &RuleTable, rule: &Rule, present: bool, signing: Signing) -> Option<TooHigh> {
    let (own, lowest_peer) = match signing {
        Signing::Alone(rank) => (rank, u16::from(rank) + 1),
        Signing::Together(rank) => (rank, u16::from(rank)),
    };
    let below = |rank: u8| u16::from(rank) >= lowest_peer;
    let Some(standing) = rank(table, rule.role) else { return Some(TooHigh::NoSuchRole) };
    if !below(standing) {
        return Some(TooHigh::Role);
    }
    let Object::Role(over) = rule.object else { return None };
    let Some(over) = rank(table, over) else { return Some(TooHigh::NoSuchRole) };
    let governs = matches!(
        rule.verb,
        Verb::Invite | Verb::Admit | Verb::Grant | Verb::Revoke | Verb::Remove | Verb::RemoveRetroactive
    );
    if present && governs && !below(over) {
        return Some(TooHigh::Over);
    }
    let of = rule.quorum.filter(|_| present)?.of;
    match rank(table, of) {
        None => Some(TooHigh::NoSuchRole),
        Some(of) => (over < of && own != 0).then_some(TooHigh::Succession),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::parse;
    use alloc::vec;

    #[test]
    fn who_may_write_what() {
        let text = "role top  role mid  role low
                    mid { assign tasks everyone  remove low  remove mid with 2 of mid }
                    low { remove mid with 2 of low  remove low with 2 of low  finish tasks mid with 2 of low }";
        let table = parse(text).expect("good").table;
        let of = |signing| -> Vec<Option<TooHigh>> {
            table.rules.iter().map(|rule| refuses(&table, rule, true, signing)).collect()
        };
        use TooHigh::{Over, Role, Succession};
        assert_eq!(of(Signing::Alone(0)), vec![None; 6]);
        let mid = [Some(Role), Some(Role), Some(Role), Some(Over), None, Some(Succession)];
        assert_eq!(of(Signing::Alone(1)), mid);
        let mids = [None, None, None, Some(Succession), None, Some(Succession)];
        assert_eq!(of(Signing::Together(1)), mids);
        assert_eq!(of(Signing::Together(2))[4..], [None, Some(Succession)]);
        assert_eq!(of(Signing::Alone(2)), [Some(Role); 6]);
        // Taking out is asked of the line's role alone.
        assert_eq!(refuses(&table, &table.rules[3], false, Signing::Alone(1)), None);
        let climbing: Vec<(u16, RoleId, RoleId)> =
            climbs(&table).iter().map(|climb| (climb.line.number, climb.over, climb.by)).collect();
        assert_eq!(climbing, [(4, RoleId(2), RoleId(3)), (6, RoleId(2), RoleId(3))]);
    }
}
