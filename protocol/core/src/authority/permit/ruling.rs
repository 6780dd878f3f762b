//! What may become of the rules.

use alloc::collections::BTreeSet;

use super::{Case, Standing};
use crate::authority::facts::{Among, GrantFact};
use crate::authority::seen::Seen;
use crate::authority::switch::{Switch, require};
use crate::entry::GrantRef;
use crate::id::RoleId;
use crate::limits::MAX_RULES;
use crate::op::SetRule;
use crate::refusal::Refusal;
use crate::rule::{Object, Rule, Verb};

impl<S: Seen> Case<'_, S> {
    pub(super) fn set_rule(&self, set: &SetRule, standing: &Standing) -> Result<(), Refusal> {
        let rule = &set.rule;
        let below = |rank: u8| u16::from(rank) >= standing.lowest_peer;
        let rank = self.seen.rank(rule.role).ok_or(Refusal::NoSuchRole)?;
        require(Switch::R2RuleNews, self.seen.is_in_force(rule) != set.present, Refusal::NothingToChange)?;
        // Rules are changed only for roles of lower standing.
        require(Switch::R2RuleBelow, below(rank), Refusal::NotSenior)?;
        if let Object::Role(over) = rule.object {
            let over_rank = self.seen.rank(over).ok_or(Refusal::NoSuchRole)?;
            let governs = matches!(
                rule.verb,
                Verb::Invite | Verb::Admit | Verb::Grant | Verb::Revoke | Verb::Remove | Verb::RemoveRetroactive
            );
            require(Switch::R2RuleOverBelow, !(set.present && governs) || below(over_rank), Refusal::NotSenior)?;
            // Whom a junior role may act on by its majority stands after it, or the rule is made at rank 0 (succession).
            if let Some(quorum) = rule.quorum.filter(|_| set.present) {
                let of = self.seen.rank(quorum.of).ok_or(Refusal::NoSuchRole)?;
                require(Switch::R2RuleSuccession, over_rank >= of || standing.own == 0, Refusal::NotSenior)?;
            }
        }
        // Who may do what himself may let a lower role do it; the rules themselves and the relays too.
        if set.present {
            let lines = self.seen.lines_in_force();
            require(Switch::R2RulesLimit, lines < MAX_RULES, Refusal::TooMany { max: MAX_RULES as u32 })
        } else {
            let amends = rule.verb == Verb::Amend && rule.object == Object::Rules;
            if amends { self.keeps_an_amender_without(rule) } else { Ok(()) }
        }
    }

    /// R13
    pub(super) fn keeps_an_amender(
        &self,
        switch: Switch,
        gone: impl Fn(GrantRef, &GrantFact) -> bool,
    ) -> Result<(), Refusal> {
        let had = self.seen.has_amender(|_, _| false);
        require(switch, !had || self.seen.has_amender(gone), Refusal::LastAmender)
    }

    pub(super) fn keeps_an_amender_without(&self, line: &Rule) -> Result<(), Refusal> {
        let roles = |rule: &Rule| [Some(rule.role), rule.quorum.map(|quorum| quorum.of)];
        let others = self.seen.table().into_iter().filter(|rule| rule != line);
        let others = others.filter(|rule| rule.verb == Verb::Amend && rule.object == Object::Rules);
        let roles: BTreeSet<RoleId> = others.flat_map(|rule| roles(&rule)).flatten().collect();
        let stays = roles.iter().flat_map(|role| self.seen.may_be_active(Among::To(*role)));
        require(
            Switch::R13Line,
            { stays }.any(|at| self.seen.holds(at.entry) && self.seen.is_active(at)),
            Refusal::LastAmender,
        )
    }

    pub(super) fn may_amend(&self, role: RoleId) -> bool {
        !self.seen.lines_for(role, Verb::Amend, Object::Rules).is_empty()
    }
}
