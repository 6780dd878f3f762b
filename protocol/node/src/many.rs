//! Many changes at once: saved in one transaction, taken back as one (docs/protocol/05-tasks.md, "Many at once").

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::id::PursuanceId;
use pursuance_core::many::{Many, ManyDone, ManyPlan, NotDone};
use pursuance_core::plan::Circumstances;

use crate::api::{Reply, Trouble};
use crate::chance::random;
use crate::engine::{Open, Surroundings};
use crate::held::Joins;

impl Open {
    pub(crate) fn act_all(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        commands: Vec<Command>,
        joins: Joins,
    ) -> Result<Reply, Trouble> {
        self.no_import(pursuance)?;
        let ManyDone { done, refused, undo } = self.carry_out(around, pursuance, commands)?;
        match refused.first() {
            Some(NotDone { refusal, .. }) if done == 0 => return Err(crate::requests::refused(refusal.clone())),
            _ => {}
        }
        if let Some(held) = self.held.get_mut(&pursuance) {
            held.remember_undo(undo, joins);
        }
        Ok(Reply::Acted { done, refused })
    }

    /// Carries out many commands, of which some may be refused, or all.
    pub(crate) fn carry_out(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        commands: Vec<Command>,
    ) -> Result<ManyDone, Trouble> {
        let many = Many::new(commands).map_err(|_| Trouble::Malformed)?;
        // Whoever writes does not wait for another's epoch.
        self.make_epoch(around, pursuance)?;
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let mut plan = ManyPlan::new(many);
        let mut seed = Seed::new(random());
        let mut with = Circumstances { now_seconds: around.clock.now_seconds(), seed: &mut seed, since: Vec::new() };
        let public = held.commit_many(&mut self.store, &mut plan, &mut with)?;
        held.seal_soon(around.pace.company);
        let number = held.number;
        if public {
            self.after_news(around, number)?;
        }
        Ok(plan.finish())
    }

    pub(crate) fn could_many(&self, pursuance: PursuanceId, commands: &[Command]) -> Result<Vec<NotDone>, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let many = Many::new(commands.to_vec()).map_err(|_| Trouble::Malformed)?;
        Ok(held.replica.could_many(&many))
    }
}
