//! Witnesses that a person named: strangers who follow relays' logs, and whose cosignatures of checkpoints are shown
//! (docs/protocol/08-node.md, N66). Nothing is asked of them, and nothing is decided by what they say.

use std::collections::BTreeMap;

use pursuance_wire::RelayAddress;
use pursuance_wire::log::{Checkpoint, SlotNumber, Witness, WitnessError};
use serde::Serialize;

use crate::api::{Reply, Trouble};
use crate::engine::{Open, Surroundings};
use crate::relays::Relay;
use crate::store::{Store, StoreError};

/// Name of the meta value that keeps their keys, line by line.
const WITNESSES: &str = "witnesses";

/// Most witnesses.
pub const MAX_WITNESSES: usize = 8;

/// How far a witness's time may lie beyond this computer's clock before it is not believed.
pub const MAX_WITNESS_AHEAD_SECONDS: u64 = 86_400;

/// A witness that this person named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
pub struct WitnessView {
    /// Its name.
    pub name: String,
    /// Name and key, as they were given.
    pub key: String,
}

/// That a witness signed a relay's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
pub struct CosignedView {
    /// The witness's name.
    pub name: String,
    /// Name and key.
    pub key: String,
    /// Seconds since 1970 at the end of the slot whose checkpoint it is: the newest one of which this is known.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub slot_ended_seconds: u64,
    /// Seconds since 1970 when it signed, by its own clock.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub signed_seconds: u64,
}

/// What is known of the cosignatures of one relay's checkpoints.
#[derive(Default)]
pub(crate) struct Cosigned {
    /// Of each witness, the newest slot whose checkpoint it signed, and when.
    by: BTreeMap<Witness, (SlotNumber, u64)>,
    /// The newest checkpoint, in the note that came last: whoever is named later may have signed it.
    came: Option<Checkpoint>,
}

impl Cosigned {
    /// Looks at a checkpoint that was accepted, whoever has signed it since; whether anything shown has changed.
    pub(crate) fn look(&mut self, witnesses: &[Witness], checkpoint: &Checkpoint, now_seconds: u64) -> bool {
        if self.came.as_ref().is_none_or(|came| came.slot() <= checkpoint.slot()) {
            self.came = Some(checkpoint.clone());
        }
        let mut changed = false;
        for witness in witnesses {
            // A line that is wrong is none: whoever handed the checkpoint on can have written it.
            let Ok(Some(signed_seconds)) = checkpoint.cosignature_of(witness) else { continue };
            if signed_seconds > now_seconds.saturating_add(MAX_WITNESS_AHEAD_SECONDS) {
                continue;
            }
            let found = Some((checkpoint.slot(), signed_seconds));
            if self.by.get(witness).copied() < found {
                self.by.extend(found.map(|found| (witness.clone(), found)));
                changed = true;
            }
        }
        changed
    }

    /// What is shown of it: the newest first.
    pub(crate) fn view(&self, slot_seconds: Option<u32>) -> Vec<CosignedView> {
        let Some(slot_seconds) = slot_seconds else { return Vec::new() };
        let mut all: Vec<_> = self.by.iter().collect();
        all.sort_by(|(_, one), (_, other)| other.cmp(one));
        let view = |(witness, (slot, signed_seconds)): (&Witness, &(SlotNumber, u64))| CosignedView {
            name: witness.name().into(),
            key: witness.vkey(),
            slot_ended_seconds: slot.end_unix_seconds(slot_seconds),
            signed_seconds: *signed_seconds,
        };
        all.into_iter().map(view).collect()
    }
}

/// As they were kept.
pub(crate) fn kept_witnesses(store: &Store) -> Result<Vec<Witness>, StoreError> {
    let lines = store.meta(WITNESSES)?.unwrap_or_default();
    let lines = String::from_utf8(lines).map_err(|_| StoreError::Damaged)?;
    // Another version may have kept keys of a kind that signs nothing here.
    Ok(lines.lines().filter_map(|line| line.parse().ok()).collect())
}

/// What is shown of them.
pub(crate) fn view(witnesses: &[Witness]) -> Vec<WitnessView> {
    witnesses.iter().map(|witness| WitnessView { name: witness.name().into(), key: witness.vkey() }).collect()
}

impl Open {
    pub(crate) fn add_witness(&mut self, around: &Surroundings, text: &str) -> Result<Reply, Trouble> {
        let witness: Witness = text.trim().parse().map_err(|error| match error {
            WitnessError::KeyType { .. } => Trouble::WitnessOfAnotherKind,
            WitnessError::KeyId => Trouble::WitnessChanged,
            WitnessError::TooLong { .. } | WitnessError::Form | WitnessError::Name | WitnessError::Key(_) => {
                Trouble::NotAWitness
            }
        })?;
        if self.witnesses.contains(&witness) {
            return Err(Trouble::WitnessThere);
        }
        if self.witnesses.len() >= MAX_WITNESSES {
            return Err(Trouble::TooManyWitnesses { most: u32::try_from(MAX_WITNESSES).unwrap_or(u32::MAX) });
        }
        let kept = self.witnesses.iter().cloned().chain([witness]).collect();
        self.keep_witnesses(kept)?;
        self.look_at_kept(around.clock.now_seconds())?;
        Ok(Reply::Done)
    }

    pub(crate) fn remove_witness(&mut self, key: &str) -> Result<Reply, Trouble> {
        let kept: Vec<Witness> = self.witnesses.iter().filter(|witness| witness.vkey() != key).cloned().collect();
        if kept.len() == self.witnesses.len() {
            return Err(Trouble::Malformed);
        }
        self.keep_witnesses(kept)?;
        for relay in self.relays.known.values_mut() {
            relay.cosigned.by.retain(|witness, _| self.witnesses.contains(witness));
        }
        Ok(Reply::Done)
    }

    fn keep_witnesses(&mut self, witnesses: Vec<Witness>) -> Result<(), StoreError> {
        let lines: Vec<String> = witnesses.iter().map(Witness::vkey).collect();
        self.store.write(|w| w.set_meta(WITNESSES, lines.join("\n").as_bytes()))?;
        self.witnesses = witnesses;
        // Whom a person trusts stays in no older page.
        self.unswept = true;
        Ok(())
    }

    /// Looks at a checkpoint that was accepted; whether anything shown has changed.
    pub(crate) fn look_for_cosignatures(
        &mut self,
        address: &RelayAddress,
        checkpoint: &Checkpoint,
        now_seconds: u64,
    ) -> bool {
        let relay = self.relays.known.get_mut(address).expect("the caller looked");
        relay.cosigned.look(&self.witnesses, checkpoint, now_seconds)
    }

    /// Looks at the checkpoints that are at hand of each relay: they came before the program started, or before a witness was named.
    pub(crate) fn look_at_kept(&mut self, now_seconds: u64) -> Result<(), StoreError> {
        for (address, relay) in &mut self.relays.known {
            let yesterday = relay.yesterday();
            let Relay { number, history, cosigned, .. } = relay;
            let past = yesterday.map(|slot| self.store.checkpoint_seen(*number, slot.0)).transpose()?.flatten();
            let past = past.map(|note| Checkpoint::verify(&note, &address.log_key()));
            let past = past.transpose().map_err(|_| StoreError::Damaged)?;
            let came = cosigned.came.clone();
            for checkpoint in past.iter().chain(history.newest()).chain(&came) {
                cosigned.look(&self.witnesses, checkpoint, now_seconds);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER};
    use pursuance_wire::log::{LogSigner, NodeHash};
    use sha2::{Digest, Sha256};

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn typed_key(seed: u8) -> Vec<u8> {
        [&[4], &LogSigner::from_seed(&[seed; 32]).key().as_bytes()[..]].concat()
    }

    fn key_id(seed: u8) -> Vec<u8> {
        Sha256::new().chain_update("w\n").chain_update(typed_key(seed)).finalize()[..4].to_vec()
    }

    fn witness(seed: u8) -> Witness {
        format!("w+{}+{}", HEXLOWER.encode(&key_id(seed)), BASE64.encode(&typed_key(seed))).parse().unwrap()
    }

    /// The checkpoint of a slot, signed by these at these times.
    fn checkpoint(slot: u64, signed: &[(u8, u64)]) -> Checkpoint {
        let relay = LogSigner::from_seed(&[2; 32]);
        let plain = Checkpoint::sign(&relay, SlotNumber(slot), 7, NodeHash([0; 32]));
        let mut note = plain.note().as_bytes().to_vec();
        for (seed, seconds) in signed {
            let text = format!("cosignature/v1\ntime {seconds}\n{}", plain.note().text());
            let signed = LogSigner::from_seed(&[*seed; 32]).sign(&text).unwrap().as_bytes().to_vec();
            let signed = String::from_utf8(signed).unwrap();
            let signature = BASE64.decode(signed.trim_end().rsplit(' ').next().unwrap().as_bytes()).unwrap();
            let blob = [&key_id(*seed)[..], &seconds.to_be_bytes(), &signature[4..]].concat();
            note.extend_from_slice(format!("\u{2014} w {}\n", BASE64.encode(&blob)).as_bytes());
        }
        Checkpoint::verify(&note, &relay.key()).unwrap()
    }

    /// Of which slot and time the witnesses' newest cosignatures are, as they are shown.
    fn shown(cosigned: &Cosigned) -> Vec<(String, u64, u64)> {
        let all = cosigned.view(Some(60)).into_iter();
        all.map(|one| (one.key, one.slot_ended_seconds / 60 - 1, one.signed_seconds)).collect()
    }

    #[test]
    fn of_each_witness_the_newest_slot_is_shown_and_the_newest_first() {
        let (one, other) = (witness(7), witness(8));
        let both = [one.clone(), other.clone()];
        let mut cosigned = Cosigned::default();
        assert!(cosigned.look(&both, &checkpoint(5, &[(7, NOW)]), NOW));
        assert!(cosigned.look(&both, &checkpoint(6, &[(9, NOW), (8, NOW + 3)]), NOW));
        assert_eq!(shown(&cosigned), [(other.vkey(), 6, NOW + 3), (one.vkey(), 5, NOW)]);
        assert!(cosigned.view(None).is_empty(), "how long its slots are is not known yet");
        // What is older, or has less, takes nothing back, and changes nothing that is shown.
        for older in [checkpoint(4, &[(7, NOW + 9), (8, NOW + 9)]), checkpoint(6, &[]), checkpoint(7, &[(9, NOW)])] {
            assert!(!cosigned.look(&both, &older, NOW));
        }
        assert_eq!(shown(&cosigned), [(other.vkey(), 6, NOW + 3), (one.vkey(), 5, NOW)]);
        // The same checkpoint, signed once more; and one whose lines came later.
        assert!(cosigned.look(&both, &checkpoint(6, &[(8, NOW + 5)]), NOW));
        assert!(cosigned.look(&both, &checkpoint(7, &[(7, NOW + 6)]), NOW));
        assert_eq!(shown(&cosigned), [(one.vkey(), 7, NOW + 6), (other.vkey(), 6, NOW + 5)]);
    }

    #[test]
    fn a_time_that_is_more_than_a_day_ahead_is_not_believed() {
        let mine = [witness(7)];
        for (ahead, believed) in [(0, true), (86_400, true), (86_401, false), (i64::MAX as u64 - NOW, false)] {
            let mut cosigned = Cosigned::default();
            assert_eq!(cosigned.look(&mine, &checkpoint(5, &[(7, NOW + ahead)]), NOW), believed, "{ahead}");
            assert_eq!(shown(&cosigned).len(), usize::from(believed));
        }
    }

    #[test]
    fn two_lines_by_one_witness_and_those_of_strangers_count_as_none() {
        let mut cosigned = Cosigned::default();
        assert!(!cosigned.look(&[witness(7)], &checkpoint(5, &[(7, NOW), (7, NOW + 1)]), NOW));
        assert!(!cosigned.look(&[witness(7)], &checkpoint(5, &[(8, NOW)]), NOW));
        assert!(!cosigned.look(&[], &checkpoint(5, &[(7, NOW)]), NOW));
        assert_eq!(shown(&cosigned), []);
        assert_eq!(cosigned.came, Some(checkpoint(5, &[(7, NOW)])), "whoever is named later may have signed it");
    }
}
