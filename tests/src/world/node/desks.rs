//! What a simulated client does where roles read their own tasks: holds their epochs and the keys of tasks, hands tasks on
//! (docs/protocol/03-keys.md, K13 to K18).

use std::collections::BTreeSet;

use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::id::{EpochId, RoleId, TaskId};
use pursuance_core::keys::EpochSecret;
use pursuance_core::op::{Op, RoleEpoch};
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::seal::{
    Addressee, Carries, Finder, GivesKey, Item, List, TaskKey, Where, open_audience, open_item, seal_items_to,
};
use pursuance_core::shelf::Nothing;
use pursuance_core::task_keys::Given;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Node;
use crate::world::Defence;

/// All that must be the same after a crash.
#[derive(PartialEq)]
pub struct Whole {
    state: ([u8; 32], usize),
    epochs: BTreeSet<EpochId>,
    keys: BTreeSet<(TaskId, u32, TaskKey, BTreeSet<Given>)>,
}

impl Node {
    /// What must be the same after a crash: the state, the epochs and keys of tasks that it holds, and who is known to have those.
    #[must_use]
    pub fn whole(&self) -> Whole {
        let replica = &self.memory.replica;
        let keys = replica.task_keys().all();
        let known = replica.authority().epochs().keys().map(|(id, _)| *id);
        Whole {
            state: self.state(),
            epochs: known.filter(|id| replica.epoch(*id).is_some()).collect(),
            keys: keys
                .map(|(task, held)| (task, held.generation, held.key.clone(), held.given.iter().copied().collect()))
                .collect(),
        }
    }

    /// Signs what hands a task to a device that may read it and has no way to it.
    pub fn hand_on(&self, now: u64, rng: &mut StdRng) -> Vec<Entry> {
        if !self.memory.replica.is_member() || self.lacks(Defence::HandsOn) {
            return Vec::new();
        }
        let waiting: Vec<_> = self.memory.replica.unhanded().into_iter().collect();
        if waiting.is_empty() {
            return Vec::new();
        }
        let to = waiting[rng.random_range(0..waiting.len())];
        let now_seconds = self.clock(now, rng);
        let mut seed = super::seed(rng, self.without);
        let mut with = Circumstances { now_seconds, seed: &mut seed, since: Vec::new() };
        self.memory.replica.hand_on(to, &mut with, &Nothing)
    }

    /// Secrets of lists sealed to this device alone that were learned since the last call.
    pub(super) fn learned_lists(&mut self) -> Vec<[u8; 32]> {
        self.memory.replica.take_learned_lists().iter().map(|secret| *secret.as_bytes()).collect()
    }

    /// Secrets of roles' epochs that own entries introduce.
    pub(super) fn epochs_of_roles_in(&self, entries: &[Entry]) -> Vec<[u8; 32]> {
        let made = entries.iter().flat_map(|entry| match &entry.body().content {
            Content::Public(ops) => &ops[..],
            Content::Role(_) => &[],
        });
        let made = made.filter_map(|op| match op {
            Op::RoleEpoch(made) if made.role != RoleId::EVERYONE => self.own_secret(made),
            _ => None,
        });
        made.map(|secret| *secret.as_bytes()).collect()
    }

    fn own_secret(&self, made: &RoleEpoch) -> Option<EpochSecret> {
        let device = self.memory.replica.device();
        made.seals
            .iter()
            .find_map(|seal| EpochSecret::open_seal(self.pursuance, made.role, made.epoch, device, &seal.sealed).ok())
    }

    /// Without that defence, what is said to a role is sealed with the oldest epoch of it that is held, whoever knows it.
    pub(super) fn uncovered(&self, mut authored: Authored, seed: &mut Seed) -> Authored {
        if let Some(said) = authored.entries.last()
            && let Some(other) = self.under_the_oldest(said, &authored.entries, seed)
        {
            authored.entries.pop();
            authored.entries.push(other);
        }
        authored
    }

    fn under_the_oldest(&self, said: &Entry, entries: &[Entry], seed: &mut Seed) -> Option<Entry> {
        let (body, Content::Role(part)) = (said.body(), &said.body().content) else { return None };
        let at = Where { pursuance: self.pursuance, author: body.author, seq: body.seq, by: body.by? };
        // Whoever is handed something alone is left out of this.
        let [list] = &part.audiences[..] else { return None };
        if [RoleId::EVERYONE, RoleId::DEVICES].contains(&list.role) {
            return None;
        }
        let replica = &self.memory.replica;
        let new = self.epochs_of_roles_in(entries).into_iter().map(EpochSecret::new);
        let held = self.disk.epochs.iter().map(|secret| EpochSecret::new(*secret));
        let newest = held.clone().chain(new).find(|secret| secret.id() == list.epoch)?;
        let of_role = |secret: &EpochSecret| replica.authority().epochs().contains_key(&(secret.id(), list.role));
        let oldest = { held }.find(of_role)?;
        let hints = open_audience(at, list, &newest, part.items.len()).ok()?;
        let mut items = Vec::new();
        for (index, (hint, item)) in hints.into_iter().zip(&part.items).enumerate() {
            let known = replica.task_keys().of(hint.task).iter().map(|held| (&held.key, ()));
            let key = hint.key.or_else(|| Some(Finder::new(known).find(item)?.0.clone()))?;
            let ops = open_item(at, index, item, &key)?.ok()?;
            items.push(Item { task: hint.task, generation: hint.generation, key, gives_key: GivesKey::Yes, ops });
        }
        let lists = [List { to: Addressee::Role(list.role, &oldest), carries: Carries::All }];
        let content = Content::Role(seal_items_to(at, &lists, &items, seed));
        let body = Body { content, ..body.clone() };
        Some(Entry::sign(&replica.device().signing, Some(self.pursuance), &body))
    }
}

/// Whether it hands somebody an epoch of another role than everyone's.
pub fn is_for_a_role(entry: &Entry) -> bool {
    let Content::Public(ops) = &entry.body().content else { return false };
    ops.iter().any(|op| matches!(op, Op::Welcome(welcome) if welcome.role != RoleId::EVERYONE))
}
