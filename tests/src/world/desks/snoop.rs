//! Somebody who opens whatever their secrets lead to, in all entries that there are, in no order, and asks nobody whether it counts.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::entry::{Content, Entry};
use pursuance_core::id::{EntryId, PursuanceId, RoleId};
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::seal::{Finder, TaskKey, Where, open_audience, open_item, open_list_secret};
use pursuance_core::task_op::TaskOp;

use crate::world::outsider::Outsider;

/// What somebody opens.
pub struct Snoop {
    /// Role entries of which they opened something.
    pub opened: BTreeSet<EntryId>,
    /// Ids of the epochs whose secrets they hold.
    pub epochs: BTreeSet<[u8; 32]>,
}

impl Snoop {
    /// With a device's keys, some secrets and all entries.
    pub fn look(
        pursuance: PursuanceId,
        device_seed: [u8; 32],
        secrets: impl Iterator<Item = [u8; 32]>,
        entries: &BTreeMap<EntryId, Entry>,
    ) -> Self {
        let device = DeviceKeys::from_seed(device_seed);
        let (device, secrets) = Outsider::with_entries(pursuance, device, secrets, entries.clone()).follow_all();
        let role_entries: Vec<(&Entry, Where)> =
            entries.values().filter_map(|entry| Some((entry, place(pursuance, entry)?))).collect();
        let mut keys: BTreeSet<TaskKey> = BTreeSet::new();
        for (entry, at) in &role_entries {
            keys.extend(listed(entry, *at, &device, &secrets));
        }
        let mut opened = BTreeSet::new();
        // Keys that were found, and not tried yet.
        let mut new = keys.clone();
        while !new.is_empty() {
            let finder = Finder::new(new.iter().map(|key| (key, ())));
            let mut handed: BTreeSet<TaskKey> = BTreeSet::new();
            for (entry, at) in &role_entries {
                let Content::Role(part) = &entry.body().content else { continue };
                for (index, item) in part.items.iter().enumerate() {
                    let Some((key, ())) = finder.find(item) else { continue };
                    opened.insert(entry.id());
                    let ops = open_item(*at, index, item, key).and_then(Result::ok).unwrap_or_default();
                    handed.extend(ops.into_iter().flat_map(|op| match op {
                        TaskOp::HandOn(handed) => handed.keys.into_iter().map(|(_, key)| key).collect(),
                        _ => Vec::new(),
                    }));
                }
            }
            new = handed.difference(&keys).cloned().collect();
            keys.extend(new.iter().cloned());
        }
        Self { opened, epochs: secrets.keys().map(|id| id.0).collect() }
    }
}

fn place(pursuance: PursuanceId, entry: &Entry) -> Option<Where> {
    let body = entry.body();
    let Content::Role(_) = body.content else { return None };
    Some(Where { pursuance, author: body.author, seq: body.seq, by: body.by? })
}

/// Keys that an entry's lists carry, of those that can be opened.
fn listed(
    entry: &Entry,
    at: Where,
    device: &DeviceKeys,
    secrets: &BTreeMap<pursuance_core::id::EpochId, EpochSecret>,
) -> Vec<TaskKey> {
    let Content::Role(part) = &entry.body().content else { return Vec::new() };
    let mut keys = Vec::new();
    for audience in &part.audiences {
        let secret = match audience.role {
            RoleId::DEVICES => open_list_secret(at, audience, device).ok().flatten(),
            _ => secrets.get(&audience.epoch).cloned(),
        };
        let hints = secret.and_then(|secret| open_audience(at, audience, &secret, part.items.len()).ok());
        keys.extend(hints.into_iter().flatten().filter_map(|hint| hint.key));
    }
    keys
}
