//! Who may do what: members, grants, rules, decisions, epochs, judged from the public layer alone (docs/protocol/04-authority.md).
//!
//! [`permit`] asks an entry's own past, once (R2); [`seen`] and its two evaluators say what counts in a view (R4); [`state`] is
//! what follows from everything that stands in the log.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::crypto::{self, label};
use crate::devices::{Device, adds_devices};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use crate::logs::{Logs, Standing};
use crate::op::{Genesis, Invite, KeyPackage, Op, Welcome};
use crate::refusal::Refusal;
use crate::rule::RuleTable;

mod answers;
mod asking;
#[cfg(test)]
mod definition;
mod facts;
mod memory;
mod note;
mod occasion;
mod permit;
mod position;
mod restand;
mod seen;
mod sight;
mod state;
mod switch;
#[cfg(test)]
mod tests;
mod versions;

pub use asking::Decision;
pub use occasion::Occasion;
pub use position::{Place as Seat, Position, SeniorityKey, Step, Tail};
pub use restand::Doubt;
pub use versions::Version;

use facts::{Act, Facts, Handed};
use memory::Memory;
use permit::{Case, Checked, Denial, Permit};
use seen::Seen;
use sight::{Known, Learned, Outcomes, Sight, View};

/// A person in this pursuance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The pseudonym.
    pub name: String,
    /// The device with which they came.
    pub author: AuthorId,
    /// All their devices, that one included; none that was removed.
    pub devices: BTreeMap<AuthorId, Device>,
    /// The roles held, senior first.
    pub grants: Vec<HeldGrant>,
    /// The grant by which the senior role is held; of who holds none, the one they came by.
    pub grant: GrantRef,
    /// That role.
    pub role: RoleId,
    /// Seniority of that grant.
    pub key: SeniorityKey,
    /// The invite, or `None` for the founder.
    pub invite: Option<GrantRef>,
    /// Whether they belong to the pursuance now.
    pub presence: Presence,
}

/// A role held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// By which grant.
    pub at: GrantRef,
    /// Which role.
    pub role: RoleId,
    /// Seniority.
    pub key: SeniorityKey,
}

/// Whether somebody belongs to the pursuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// They hold a role.
    Here,
    /// They came by an invite with review, and nobody let them in yet.
    Waiting,
    /// They hold none any more: removed, or gone by themselves, or how they came has no effect any more.
    Gone,
}

/// A key package and the entry that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPackage {
    /// The entry's place in the device's log; `None` where it came with what added the device.
    pub seq: Option<u32>,
    /// The entry.
    pub entry: EntryId,
    /// The package.
    pub package: KeyPackage,
}

/// An invite that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvite {
    /// What it says.
    pub invite: Invite,
    /// Who made it.
    pub inviter: MemberId,
    /// The place of its entry in the inviter's log.
    pub seq: u32,
    /// Joins by it that count.
    pub joins: Vec<EntryId>,
    /// Whether one can join by it: nobody closed it, and its author is still here.
    pub open: bool,
}

/// An epoch that was introduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEpoch {
    /// Whether something that counts introduces it.
    pub counts: bool,
    /// The entries that introduce it, more than one where two did at once: those that count, or all, where none does. The first by
    /// depth, then id, gives it its place.
    pub entries: BTreeSet<(u32, EntryId)>,
}

/// Whether an entry, or an item of it, has effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has.
    Counts,
    /// It never has, for this reason.
    Refused(Refusal),
    /// It was permitted and has no effect now, for this reason; it can have again.
    Held(Refusal),
    /// A newer version will tell.
    NeedsNewer,
}

impl Verdict {
    /// In one word.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Counts => Standing::Counts,
            Self::Refused(_) => Standing::Refused,
            Self::Held(_) => Standing::Held,
            Self::NeedsNewer => Standing::NeedsNewer,
        }
    }
}

/// The state of the public layer.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub struct Authority {
    genesis: Option<Genesis>,
    facts: Facts,
    outcomes: Outcomes,
    memory: Memory,
    /// Where each restriction stands that has effect now.
    in_effect: Vec<Option<Position>>,
    verdicts: BTreeMap<EntryId, Verdict>,
    /// Entries that need a newer version and add devices, by the grant they lean on.
    newer_devices: BTreeSet<(GrantRef, EntryId)>,
    doubt: Doubt,
    // What follows for all that stands in the log.
    name: String,
    table: RuleTable,
    /// Roles with history since joining, those that have ended too.
    since_joining: BTreeSet<RoleId>,
    members: BTreeMap<MemberId, Member>,
    invites: BTreeMap<GrantRef, OpenInvite>,
    epochs: BTreeMap<(EpochId, RoleId), KnownEpoch>,
    relays: Vec<RelayAddress>,
    welcomes: BTreeMap<Handed, Vec<(EntryId, Welcome)>>,
    #[cfg(test)]
    by_definition: Option<definition::Pasts>,
}

impl Authority {
    /// Whether somebody's first entry lets them in; asked before it is appended, and `None` for any other entry.
    #[must_use]
    pub fn admits(&self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Option<Verdict> {
        let ops = match &entry.body().content {
            Content::Public(ops) => &ops[..],
            Content::Role(_) => &[],
        };
        let learned = Learned::default();
        match ops.first() {
            Some(Op::Genesis(_)) => None,
            // J7, and who comes back
            Some(Op::Join(_) | Op::Recover(_)) => {
                Some(self.permit(pursuance, logs, entry, Checked::Now, &learned).err().unwrap_or(Verdict::Counts))
            }
            // D3: whoever speaks for a member may say what is refused; a stranger says nothing.
            _ if entry.body().seq == 0 => {
                let past = self.sight(logs, View::Past(logs.past_of(entry)));
                self.with_case(&past, pursuance, logs, entry, Checked::Now, |case| case.leans(ops)).err()
            }
            _ => None,
        }
    }

    /// Judges an entry that has just been appended, and lets it have its effect if it counts.
    ///
    /// Whether it is permitted rests on its own past alone (R2) and never changes; whether it counts, on all that stands in
    /// the log (R4).
    pub fn judge(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Verdict {
        self.judge_as(pursuance, logs, entry, Checked::Now)
    }

    /// Lets an entry that was permitted before have its effect again: what was signed inside it is not checked again.
    pub fn take_back(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry) -> Verdict {
        self.judge_as(pursuance, logs, entry, Checked::Before)
    }

    /// Judges a role entry anew: it was permitted, and what restricts it may have changed. It is in memory.
    #[must_use]
    pub fn judge_again(&self, logs: &Logs, entry: &Entry) -> Verdict {
        let Some(act) = self.role_act(logs, entry) else { return Verdict::Refused(Refusal::GrantNotHeld) };
        self.counting(logs, &Learned::default()).held(&act).map_or(Verdict::Counts, Verdict::Held)
    }

    /// Notes what an entry that stands in the log was judged to be.
    pub fn note_verdict(&mut self, entry: EntryId, verdict: Verdict) {
        self.verdicts.insert(entry, verdict);
    }

    /// Forgets the verdicts on entries that are not in memory; the shelf has them.
    pub fn put_down(&mut self, logs: &Logs) {
        self.verdicts.retain(|id, _| logs.entry(*id).is_some());
    }

    /// The verdict on an entry in memory.
    #[must_use]
    pub fn verdict(&self, entry: EntryId) -> Option<&Verdict> {
        self.verdicts.get(&entry)
    }

    /// All verdicts on entries in memory.
    pub fn verdicts(&self) -> impl Iterator<Item = (EntryId, &Verdict)> {
        self.verdicts.iter().map(|(id, verdict)| (*id, verdict))
    }

    fn judge_as(&mut self, pursuance: PursuanceId, logs: &Logs, entry: &Entry, checked: Checked) -> Verdict {
        let learned = Learned::default();
        let permit = self.permit(pursuance, logs, entry, checked, &learned);
        self.keep(&learned);
        let verdict = match permit {
            Err(verdict) => verdict,
            Ok(permit) => self.take(logs, entry, permit),
        };
        if verdict == Verdict::NeedsNewer
            && let Some(by) = adds_devices(entry)
        {
            self.newer_devices.insert((by, entry.id()));
        }
        self.verdicts.insert(entry.id(), verdict.clone());
        verdict
    }

    fn take(&mut self, logs: &Logs, entry: &Entry, permit: Permit) -> Verdict {
        let id = entry.id();
        let Content::Public(ops) = &entry.body().content else {
            return self.judge_again(logs, entry);
        };
        if let Some(Op::Genesis(genesis)) = ops.first() {
            self.genesis = Some(genesis.clone());
        }
        let Some(noted) = self.read(logs, entry, ops, permit) else {
            return Verdict::Refused(Refusal::GrantNotHeld);
        };
        self.facts.add(entry, noted);
        if let Some(dot) = logs.dot(id) {
            self.memory.take_public(dot);
            if note::governs(ops) {
                self.memory.take_governing(dot);
            }
        }
        if note::changes_others(ops) && self.may_change(logs, id, ops) {
            self.forget_changed(logs, id);
        }
        let held = self.look(logs, |facts, now| now.held(&facts.acts[&id]));
        self.restand(logs, entry, ops, held.is_none());
        held.map_or(Verdict::Counts, Verdict::Held)
    }

    fn permit(
        &self,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        checked: Checked,
        learned: &Learned,
    ) -> Result<Permit, Verdict> {
        #[cfg(test)]
        if let Some(pasts) = &self.by_definition {
            let seen = definition::Definition::past_of(&self.facts, logs, pasts, entry.body().named());
            return self.ask(&seen, pursuance, logs, entry, checked);
        }
        self.ask(&self.before(logs, entry, learned), pursuance, logs, entry, checked)
    }

    /// The past of an entry that is not noted yet.
    fn before<'a>(&'a self, logs: &'a Logs, entry: &Entry, learned: &Learned) -> Sight<'a> {
        let past = logs.past_of(entry);
        let known = if self.memory.holds_for(&past) { Known::Everything(&self.memory) } else { Known::Nothing };
        Sight::new(&self.facts, logs, &self.outcomes, learned.clone(), View::Past(past)).knowing(known)
    }

    fn ask<S: Seen>(
        &self,
        seen: &S,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        checked: Checked,
    ) -> Result<Permit, Verdict> {
        self.with_case(seen, pursuance, logs, entry, checked, |case| case.judge())
    }

    fn with_case<S: Seen, T>(
        &self,
        seen: &S,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        checked: Checked,
        question: impl FnOnce(&Case<'_, S>) -> Result<T, Denial>,
    ) -> Result<T, Verdict> {
        let newer = |id: EntryId| self.verdicts.get(&id) == Some(&Verdict::NeedsNewer);
        let newer_devices = |by: GrantRef| {
            let (first, last) = (EntryId([0; 32]), EntryId([u8::MAX; 32]));
            let mut known = self.newer_devices.range((by, first)..=(by, last));
            known.any(|(_, id)| logs.names_in_past(*id, entry))
        };
        let case = Case { seen, pursuance, entry, newer: &newer, newer_devices: &newer_devices, checked };
        question(&case).map_err(|denial| match denial {
            Denial::Refused(refusal) => Verdict::Refused(refusal),
            Denial::NeedsNewer => Verdict::NeedsNewer,
        })
    }

    fn read(&self, logs: &Logs, entry: &Entry, ops: &[Op], permit: Permit) -> Option<note::Noted> {
        #[cfg(test)]
        if let Some(pasts) = &self.by_definition {
            let seen = definition::Definition::past_of(&self.facts, logs, pasts, entry.body().named());
            return note::read(&seen, logs, entry, ops, permit);
        }
        note::read(&self.before(logs, entry, &Learned::default()), logs, entry, ops, permit)
    }

    /// What judging a role entry needs to know of it.
    fn role_act(&self, logs: &Logs, entry: &Entry) -> Option<Act> {
        let (id, body) = (entry.id(), entry.body());
        let grant = self.facts.grants.get(&body.by?)?;
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        let path = self.facts.devices.get(&body.author)?.iter().filter(|made| made.member == grant.holder);
        let path = path.filter(|made| past.holds(made.source)).map(|made| &made.path).min()?;
        Some(Act {
            id,
            dot: logs.dot(id)?,
            depth: logs.depth(id)?,
            author: body.author,
            by: body.by,
            position: grant.key.position(path.clone()),
            leans: permit::leans(&past, body.author, grant),
            uses: Vec::new(),
            join: false,
        })
    }

    fn sight<'a>(&'a self, logs: &'a Logs, view: View) -> Sight<'a> {
        Sight::new(&self.facts, logs, &self.outcomes, Learned::default(), view)
    }

    /// Looks at everything there is, and remembers what was found.
    fn look<R>(&mut self, logs: &Logs, question: impl FnOnce(&Facts, &Sight<'_>) -> R) -> R {
        let learned = Learned::default();
        let answer = question(&self.facts, &self.counting(logs, &learned));
        self.keep(&learned);
        answer
    }

    /// Keeps what was found.
    fn keep(&mut self, learned: &Learned) {
        let learned = learned.take();
        self.outcomes.extend(learned.outcomes);
        learned.found.into_iter().for_each(|(asked, counts)| self.memory.found.note(asked, counts));
    }

    /// Everything there is, while it is not followed yet what follows from the newest entry.
    fn counting<'a>(&'a self, logs: &'a Logs, learned: &Learned) -> Sight<'a> {
        let now = Sight::new(&self.facts, logs, &self.outcomes, learned.clone(), View::All);
        now.knowing(Known::Counting(&self.memory))
    }

    /// Everything there is, and all that follows.
    fn everything<'a>(&'a self, logs: &'a Logs) -> Sight<'a> {
        self.sight(logs, View::All).knowing(Known::Everything(&self.memory))
    }

    /// Everything there is, with nothing remembered.
    #[cfg(test)]
    fn now<'a>(&'a self, logs: &'a Logs) -> Sight<'a> {
        self.sight(logs, View::All)
    }
}

/// Welcomes of one device into one epoch by one member that are remembered. Nobody's junk takes the places of others.
const MAX_WELCOMES: usize = 16;

/// What an invite key signs for a joiner.
#[must_use]
pub fn join_message(pursuance: PursuanceId, author: AuthorId, name: &str, package: &KeyPackage) -> Vec<u8> {
    [label::JOIN_SIGNATURE, &pursuance.0, &author.0, &package.id(), name.as_bytes()].concat()
}

/// The hash that stands for a list of readers.
#[must_use]
pub fn readers_hash(package_ids: &[[u8; 32]]) -> [u8; 32] {
    crypto::hash::hash_list(label::READERS, package_ids.iter())
}

/// By which a reader finds its seal.
#[must_use]
pub fn package_tag(package_id: &[u8; 32]) -> [u8; 8] {
    *package_id.first_chunk().expect("an id is longer than its tag")
}
