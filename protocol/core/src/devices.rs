//! More devices of one member: how one is added, and whose entries may begin a log (docs/protocol/04-authority.md, "Devices").

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::HeldPackage;
use crate::crypto::{self, label};
use crate::entry::{Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId};
use crate::keys::DeviceKeys;
use crate::limits::{MAX_DEVICES, MAX_HEADS, MAX_SENIORITY_DEPTH};
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

impl Replica {
    /// Signs one more device of mine, whose keys are at hand: for a copy of this device's folder, which never signs with this
    /// device's key.
    ///
    /// # Errors
    /// [`Refusal::BadKeys`] for a device that is known, [`Refusal::TooMany`], and what is refused to a device that cannot write.
    pub fn add_device(&self, device: &DeviceKeys, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.writer()?;
        self.sign_added(AddDevice::new(self.pursuance, me, device), now_seconds)
    }

    /// Takes out a device of mine once more, where this device did so and the grant that it leaned on is no longer mine, while another one
    /// is (D6): whoever takes back a grant at the same moment would otherwise let the device in again, and nobody would see it. The one who
    /// wants it out already said so; it is said again for each grant that was lost, and not otherwise.
    #[must_use]
    pub fn take_out_again(&self, now_seconds: u64) -> Option<Entry> {
        let me = self.writer().ok()?;
        let (mine, this) = (self.authority.members().get(&me)?, self.device.author());
        let leans_on_mine = |by: Option<GrantRef>| by.is_some_and(|by| mine.grants.iter().any(|held| held.at == by));
        let is_out = |device: &&AuthorId| {
            let own = self.authority.held_take_outs(**device).filter_map(|id| self.logs.entry(id));
            let own: Vec<&Entry> = own.filter(|entry| entry.body().author == this).collect();
            !own.is_empty() && !own.iter().any(|entry| leans_on_mine(entry.body().by))
        };
        let device = mine.devices.keys().filter(|device| **device != this).find(is_out)?;
        let op = Op::RemoveDevice(*device);
        let entry = self.sign_next(Content::Public(vec![op]), self.my_grant()?, None, now_seconds);
        self.authority.would(self.pursuance, &self.logs, &entry).is_ok().then_some(entry)
    }

    /// Signs one more device of mine, which agreed to be.
    pub(crate) fn sign_added(&self, added: AddDevice, now_seconds: u64) -> Result<Entry, Refusal> {
        let me = self.room_for_device()?;
        if self.authority.member_of(added.author).is_some() {
            return Err(Refusal::BadKeys);
        }
        let by = self.my_grant().ok_or(Refusal::GrantNotHeld)?;
        debug_assert!(added.is_agreed(self.pursuance, me), "the callers see to it");
        Ok(self.sign_next(Content::Public(vec![Op::AddDevice(added)]), by, None, now_seconds))
    }

    /// The member I sign for, if there may be one more device of theirs.
    pub(crate) fn room_for_device(&self) -> Result<MemberId, Refusal> {
        let me = self.writer()?;
        if self.authority.members()[&me].devices.len() >= MAX_DEVICES {
            return Err(Refusal::TooMany { max: MAX_DEVICES as u32 });
        }
        if self.authority.steps_to_device(self.device.author(), me) >= MAX_SENIORITY_DEPTH {
            return Err(Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 });
        }
        Ok(me)
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
                added_seconds: device.added_seconds.or_else(|| self.came_back_seconds(device)),
                mine: *author == self.device.author(),
                two_histories: forked.contains(author),
            })
            .collect();
        devices.sort_by_key(|device| (device.added_seconds, device.author));
        devices
    }

    /// When a member came back with this device, by its clock; `None` for one that did not come by the recovery key.
    fn came_back_seconds(&self, device: &Device) -> Option<u64> {
        let entry = self.logs.entry(*device.brought_by.first()?)?;
        let Content::Public(ops) = &entry.body().content else { return None };
        matches!(ops.first(), Some(Op::Recover(_))).then_some(entry.body().claimed_seconds)
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
