//! What waits for me, and what a person's decisions about others lead to here (docs/protocol/08-node.md, section 9).

use std::collections::BTreeSet;
use std::time::Instant;

use pursuance_core::command::Command;
use pursuance_core::could::Could;
use pursuance_core::crypto::Seed;
use pursuance_core::id::{EntryId, MemberId, PursuanceId};
use pursuance_core::inbox::InboxView;
use pursuance_core::limits::MAX_RATIFIED;
use pursuance_core::refusal::Refusal;
use pursuance_core::shelf::Shelf;

use crate::api::{Reply, Trouble};
use crate::chance::random;
use crate::engine::{Open, Surroundings};
use crate::requests::refused;

/// Commands asked about at once.
pub const MAX_COULD: usize = 256;
/// Entries that are remembered as refused, in one pursuance.
const MAX_REFUSED: usize = 4_096;
const ID_BYTES: usize = 32;

impl Open {
    pub(crate) fn inbox(&mut self, pursuance: PursuanceId) -> Result<InboxView, Trouble> {
        let stays = self.refused_entries(pursuance)?;
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let shelf = self.store.shelf(held.number);
        let view = held.replica.inbox(&stays, &shelf, &mut Seed::new(random()));
        shelf.check()?;
        held.put_down();
        Ok(view)
    }

    pub(crate) fn could(&mut self, pursuance: PursuanceId, commands: &[Command]) -> Result<Vec<Could>, Trouble> {
        let mut answers = Vec::new();
        for command in commands.iter().take(MAX_COULD) {
            self.fetch_for(pursuance, command)?;
            let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
            answers.push(held.replica.could(command, &mut Seed::new(random())));
            held.put_down();
        }
        Ok(answers)
    }

    /// What is ratified is judged, so it has to be in memory.
    pub(crate) fn fetch_for(&mut self, pursuance: PursuanceId, command: &Command) -> Result<(), Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        if let Command::Ratify { entries } = command {
            let shelf = self.store.shelf(held.number);
            held.replica.fetch(entries.iter().take(MAX_RATIFIED), &shelf as &dyn Shelf);
            shelf.check()?;
        }
        Ok(())
    }

    pub(crate) fn set_refused(
        &mut self,
        pursuance: PursuanceId,
        entries: &[EntryId],
        stays: bool,
    ) -> Result<Reply, Trouble> {
        if !self.held.contains_key(&pursuance) {
            return Err(Trouble::NoSuchPursuance);
        }
        let mut known = self.refused_entries(pursuance)?;
        for entry in entries.iter().take(MAX_RATIFIED) {
            if !stays {
                known.remove(entry);
            } else if known.len() < MAX_REFUSED {
                known.insert(*entry);
            }
        }
        let bytes: Vec<u8> = known.iter().flat_map(|entry| entry.0).collect();
        self.store.write(|w| w.set_meta(&refused_name(pursuance), &bytes))?;
        Ok(Reply::Done)
    }

    /// Somebody one too many is let in by a person's decision (J9).
    pub(crate) fn let_in(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        member: MemberId,
    ) -> Result<Reply, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        if let Some(absence) = held.absence() {
            return Err(refused(absence));
        }
        let known = held.replica.authority().members().get(&member).ok_or_else(|| refused(Refusal::NoSuchMember))?;
        let to = known.author;
        let relays = self.relays.wanted_numbers(held.number);
        if !held.welcome(&mut self.store, to, &relays, around.clock.now_seconds())? {
            return Err(refused(Refusal::NothingToChange));
        }
        held.seal_due = Some(Instant::now());
        Ok(Reply::Done)
    }

    fn refused_entries(&self, pursuance: PursuanceId) -> Result<BTreeSet<EntryId>, Trouble> {
        let bytes = self.store.meta(&refused_name(pursuance))?.unwrap_or_default();
        let ids = bytes.chunks_exact(ID_BYTES).filter_map(|id| id.try_into().ok());
        Ok(ids.map(EntryId).collect())
    }
}

/// Where the store keeps what this person refused of a pursuance.
fn refused_name(pursuance: PursuanceId) -> String {
    format!("refused {pursuance}")
}
