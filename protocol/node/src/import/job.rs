//! An import on its way: planned step by step between other work, saved in one commit or not at all
//! (docs/protocol/08-node.md, section 8).

use std::time::{Duration, Instant};

use pursuance_core::crypto::Seed;
use pursuance_core::id::PursuanceId;
use pursuance_core::importing::ImportPlan;
use pursuance_core::plan::Circumstances;

use crate::api::{ImportState, Reply, Trouble};
use crate::asker::Asker;
use crate::chance::random;
use crate::engine::{Open, Surroundings};
use crate::import::ImportList;
use crate::requests::refused;

/// How often progress is shown.
const SHOW_PROGRESS: Duration = Duration::from_millis(100);

/// The import that is on its way; there is one at most.
pub(crate) struct ImportJob {
    pursuance: PursuanceId,
    plan: ImportPlan,
    seed: Seed,
    asker: Asker,
    shown: Instant,
}

impl Open {
    /// Begins the import of a list; the asker is answered at the end, or now if there is trouble.
    pub(crate) fn begin_import(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        list: ImportList,
        asker: Asker,
    ) {
        match self.planned(around, pursuance, list) {
            Ok((plan, seed)) => {
                self.import = Some(ImportJob { pursuance, plan, seed, asker, shown: Instant::now() });
            }
            Err(trouble) => asker.answer(Err(trouble)),
        }
    }

    fn planned(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        list: ImportList,
    ) -> Result<(ImportPlan, Seed), Trouble> {
        if self.import.is_some() {
            return Err(Trouble::ImportRunning);
        }
        self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        if !list.problems.is_empty() {
            return Err(Trouble::ImportProblems { problems: u32::try_from(list.problems.len()).unwrap_or(u32::MAX) });
        }
        // Whoever writes does not wait for another's epoch.
        self.make_epoch(around, pursuance)?;
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let mut seed = Seed::new(random());
        let mut with = Circumstances { now_seconds: around.clock.now_seconds(), seed: &mut seed, since: Vec::new() };
        let plan = ImportPlan::new(&held.replica, list.tasks, &mut with).map_err(refused)?;
        Ok((plan, seed))
    }

    /// Plans one more entry, and after the last one saves them all; whether anything shown has changed.
    pub(crate) fn step_import(&mut self, around: &Surroundings) -> bool {
        let Some(job) = self.import.as_mut() else { return false };
        let stepped = match self.held.get(&job.pursuance) {
            Some(held) => {
                let now_seconds = around.clock.now_seconds();
                let mut with = Circumstances { now_seconds, seed: &mut job.seed, since: Vec::new() };
                job.plan.step(&held.replica, &mut with).map_err(refused)
            }
            None => Err(Trouble::NoSuchPursuance),
        };
        if stepped == Ok(true) {
            let due = job.shown.elapsed() >= SHOW_PROGRESS;
            if due {
                job.shown = Instant::now();
            }
            return due;
        }
        let Some(ImportJob { pursuance, plan, asker, .. }) = self.import.take() else { return false };
        let tasks = u32::try_from(plan.of()).expect("at most MAX_IMPORT_TASKS");
        let saved = stepped.and_then(|_| self.commit(around, pursuance, &plan.finish(), None));
        asker.answer(saved.map(|()| Reply::Imported { tasks }));
        true
    }

    /// Stops the import, if one is on its way. Nothing of it was saved.
    pub(crate) fn cancel_import(&mut self) {
        self.import = None;
    }

    /// An own change would stand in the way of an import in the same pursuance.
    pub(crate) fn no_import(&self, pursuance: PursuanceId) -> Result<(), Trouble> {
        let running = self.import.as_ref().is_some_and(|job| job.pursuance == pursuance);
        if running { Err(Trouble::ImportRunning) } else { Ok(()) }
    }

    /// How far the import is.
    pub(crate) fn import_state(&self) -> Option<ImportState> {
        let job = self.import.as_ref()?;
        let count = |n: usize| u32::try_from(n).expect("at most MAX_IMPORT_TASKS");
        Some(ImportState { pursuance: job.pursuance, done: count(job.plan.done()), of: count(job.plan.of()) })
    }
}
