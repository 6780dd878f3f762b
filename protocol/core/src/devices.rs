//! More devices of one member: how one is added, and whose entries may begin a log (docs/protocol/04-authority.md, "Devices").

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::{Authority, HeldPackage, Verdict};
use crate::crypto::kem::is_public_key;
use crate::crypto::{self, label};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId};
use crate::keys::DeviceKeys;
use crate::limits::{MAX_DEVICES, MAX_HEADS};
use crate::logs::Logs;
use crate::op::{AddDevice, KeyPackage, Op, number};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::view::DeviceView;

/// One device of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The entries that brought it: the member's first entry, or every AddDevice that counts.
    pub brought_by: BTreeSet<EntryId>,
    /// The least claimed time of those, seconds since 1970; `None` for the device the member came with.
    pub added_seconds: Option<u64>,
    /// Key packages, oldest first.
    pub packages: Vec<HeldPackage>,
}

impl Device {
    /// Takes a package that stands in this device's own log, or came with the entry that brought the device.
    pub(crate) fn hold(&mut self, seq: Option<u32>, entry: EntryId, package: KeyPackage) {
        self.packages.push(HeldPackage { seq, entry, package });
        self.packages.sort_by_key(|held| (held.seq, held.entry));
    }
}

impl AddDevice {
    /// What makes this device one more of that member's: signed by the device, so that nobody takes a stranger's for theirs (D1).
    #[must_use]
    pub fn new(pursuance: PursuanceId, member: MemberId, device: &DeviceKeys) -> Self {
        let (author, package) = (device.author(), device.key_package().clone());
        let signature = device.signing.sign(&device_message(pursuance, member, &package));
        Self { author, package, signature }
    }

    /// Whether the device agreed to be this member's (D1).
    #[must_use]
    pub fn is_agreed(&self, pursuance: PursuanceId, member: MemberId) -> bool {
        let message = device_message(pursuance, member, &self.package);
        !crypto::is_weak(&self.author.0) && crypto::verify(&self.author.0, &message, &self.signature).is_ok()
    }
}

/// What a device signs to become a member's. Who adds it is not named: any device of the member may.
#[must_use]
pub fn device_message(pursuance: PursuanceId, member: MemberId, package: &KeyPackage) -> Vec<u8> {
    [label::DEVICE_SIGNATURE, &pursuance.0, &member.0, &package.id()].concat()
}

impl Authority {
    /// D2, for one op of an entry.
    pub(crate) fn judge_added_device(
        &self,
        pursuance: PursuanceId,
        logs: &Logs,
        entry: &Entry,
        member: MemberId,
        added: &AddDevice,
        ops: &[Op],
    ) -> Result<(), Refusal> {
        let known = |device: &Device| device.brought_by.iter().any(|id| logs.names_in_past(*id, entry));
        let new = || ops.iter().filter_map(|op| if let Op::AddDevice(new) = op { Some(new) } else { None });
        // Counted first: signatures are dear.
        let held = self.members().get(&member).map_or(0, |held| held.devices.values().filter(|one| known(one)).count());
        if held + new().count() > MAX_DEVICES {
            return Err(Refusal::TooMany { max: MAX_DEVICES as u32 });
        }
        let mut holders = self.holders(added.author).filter_map(|holder| self.members().get(&holder));
        let is_known = holders.any(|holder| holder.devices.get(&added.author).is_some_and(known));
        let is_once = new().filter(|other| other.author == added.author).count() == 1;
        let is_key = is_public_key(added.package.suite, &added.package.public);
        if is_known || !is_once || !is_key || !added.is_agreed(pursuance, member) {
            return Err(Refusal::BadKeys);
        }
        Ok(())
    }

    /// One more device of the member.
    pub(crate) fn apply_added_device(&mut self, entry: &Entry, by: MemberId, added: &AddDevice) {
        let Some(member) = self.member_mut(by) else { return };
        let claimed = Some(entry.body().claimed_seconds);
        let device = member.devices.entry(added.author).or_insert_with(|| Device {
            brought_by: BTreeSet::new(),
            added_seconds: claimed,
            packages: Vec::new(),
        });
        device.brought_by.insert(entry.id());
        device.added_seconds = device.added_seconds.min(claimed);
        // Older than anything in the device's own log.
        device.hold(None, entry.id(), added.package.clone());
        self.note_holder(added.author, by);
    }

    /// R2 and D3: the grant in `by` is held by the author's member, and what made the author a device of that member stands in
    /// the entry's past.
    pub(crate) fn leaning_member(&self, logs: &Logs, entry: &Entry) -> Result<MemberId, Verdict> {
        let by = entry.body().by.ok_or(Verdict::Refused(Refusal::GrantNotHeld))?;
        if self.verdict(by.entry) == Some(&Verdict::NeedsNewer) {
            return Err(Verdict::NeedsNewer);
        }
        let speaker = self.speaker(entry).filter(|member| {
            // Where the entry before leant on the same grant, this was asked of it.
            let before = entry.body().prev.filter(|prev| self.verdict(*prev) == Some(&Verdict::Counts));
            let before = before.and_then(|prev| logs.entry(prev));
            before.is_some_and(|before| before.body().by == Some(by))
                || self.members()[member].devices.get(&entry.body().author).is_some_and(|device| {
                    let brought_by = &device.brought_by;
                    brought_by.contains(&by.entry) || brought_by.iter().any(|id| logs.names_in_past(*id, entry))
                })
        });
        // A newer version will tell which device it was that was added there.
        let newer = || self.newer_devices(by).any(|id| logs.names_in_past(id, entry));
        match speaker {
            Some(member) => Ok(member),
            None if newer() => Err(Verdict::NeedsNewer),
            None => Err(Verdict::Refused(Refusal::GrantNotHeld)),
        }
    }
}

impl Replica {
    /// Signs one more device of mine, whose keys are at hand: for a copy of this device's folder, which never signs with this
    /// device's key.
    ///
    /// # Errors
    /// [`Refusal::BadKeys`] for a device that is known, [`Refusal::TooMany`], and what is refused to a device that cannot write.
    pub fn add_device(&self, device: &DeviceKeys, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.writer()?;
        if self.authority.member_of(device.author()).is_some() {
            return Err(Refusal::BadKeys);
        }
        if self.authority.members()[&me].devices.len() >= MAX_DEVICES {
            return Err(Refusal::TooMany { max: MAX_DEVICES as u32 });
        }
        let op = Op::AddDevice(AddDevice::new(self.pursuance, me, device));
        Ok(self.sign_next(Content::Public(vec![op]), None, now_seconds))
    }

    /// The heads of an added device's first entry: they have what added it in their past (D3).
    pub(crate) fn first_heads(&self, mut heads: Vec<EntryId>) -> Vec<EntryId> {
        let author = self.device.author();
        let mine = self.me().and_then(|me| self.authority.members()[&me].devices.get(&author));
        let brought_by = mine.and_then(|device| device.brought_by.first().copied());
        if let Some(id) = brought_by.filter(|id| !heads.iter().any(|head| head == id || self.logs.in_past(*id, *head)))
        {
            heads.truncate(MAX_HEADS - 1);
            heads.push(id);
            heads.sort_unstable();
        }
        heads
    }

    /// The devices of a member, the one they came with first, then as they were added.
    pub(crate) fn device_views(&self, member: MemberId) -> Vec<DeviceView> {
        let forked: Vec<AuthorId> = self.logs.forked().collect();
        let Some(held) = self.authority.members().get(&member) else { return Vec::new() };
        let mut devices: Vec<DeviceView> = held
            .devices
            .iter()
            .map(|(author, device)| DeviceView {
                author: *author,
                added_seconds: device.added_seconds,
                mine: *author == self.device.author(),
                two_histories: forked.contains(author),
            })
            .collect();
        devices.sort_by_key(|device| (device.added_seconds, device.author));
        devices
    }

    /// The entries by which a device speaks for whoever holds a grant, newest first; none where it holds the grant itself.
    pub(crate) fn devices_up_to(&self, entry: &Entry) -> Vec<&Entry> {
        let (mut chain, mut at): (Vec<&Entry>, Option<&Entry>) = (Vec::new(), None);
        // Each was brought by one that was there before it, so the way up ends; the limit is for what nobody expects.
        for _ in 0..self.logs.len() {
            let from = at.unwrap_or(entry);
            let member = self.authority.speaker(from).and_then(|member| self.authority.members().get(&member));
            let device = member.and_then(|member| member.devices.get(&from.body().author));
            let in_past = |id: &&EntryId| self.logs.names_in_past(**id, from);
            let Some(next) = device.and_then(|device| device.brought_by.iter().find(in_past)) else { break };
            let Some(next) = self.logs.entry(*next).filter(|next| from.body().by.map(|by| by.entry) != Some(next.id()))
            else {
                break;
            };
            chain.push(next);
            at = Some(next);
        }
        chain
    }
}

/// Whether an entry adds devices, as far as its ops' numbers tell.
pub(crate) fn adds_devices(entry: &Entry) -> Option<GrantRef> {
    let Content::Public(ops) = &entry.body().content else { return None };
    ops.iter().any(|op| op.number() == number::ADD_DEVICE).then_some(())?;
    entry.body().by
}
