//! Coming in by a link: the preview, the join, and what a member answers (docs/protocol/07-joining.md).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::join_message;
use crate::crypto;
use crate::crypto::kem::is_public_key;
use crate::entry::{Body, Content, Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, PursuanceId, RoleId};
use crate::keys::{DeviceKeys, InviteSecret};
use crate::limits::{MAX_HEADS, MAX_MEMBER_NAME_BYTES, MAX_PREVIEW_ENTRIES, MAX_SENIORITY_DEPTH};
use crate::op::{Genesis, Invite, Join, Op, Since};
use crate::plan::line;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::Role;
use crate::view::PreviewView;

/// What stands under an invite's key before it is accepted: verified entries, not a whole log.
pub struct Preview {
    pursuance: PursuanceId,
    secret: InviteSecret,
    invite: EntryId,
    entries: BTreeMap<EntryId, Entry>,
}

impl Preview {
    /// Nothing yet.
    #[must_use]
    pub const fn new(pursuance: PursuanceId, invite: EntryId, secret: InviteSecret) -> Self {
        Self { pursuance, secret, invite, entries: BTreeMap::new() }
    }

    /// Takes a verified entry that stood under the invite's key; more than `MAX_PREVIEW_ENTRIES` are not kept, besides the
    /// two that everything hangs on.
    pub fn add(&mut self, entry: Entry) {
        let needed = entry.id() == self.invite || entry.id() == self.pursuance.genesis();
        if needed || self.entries.len() < MAX_PREVIEW_ENTRIES {
            self.entries.insert(entry.id(), entry);
        }
    }

    /// What can be shown: the genesis that the link names, and the invite with its chain of grants back to it (J4, J5).
    #[must_use]
    pub fn view(&self) -> Option<PreviewView> {
        let (genesis, _) = self.genesis()?;
        let (by, invite, entry) = self.invite()?;
        let mut roles = genesis.table.roles.clone();
        if !roles.iter().any(|role| role.id == invite.role) {
            roles.push(self.defined_later(invite.role)?.clone());
        }
        let role = roles.iter().find(|role| role.id == invite.role)?.clone();
        let invited_by = self.name_of(self.first_of(entry.body().by?)?)?;
        Some(PreviewView {
            pursuance: self.pursuance,
            name: genesis.name.clone(),
            mission: genesis.mission.clone(),
            roles,
            rules: genesis.table.rules.clone(),
            role,
            invited_by,
            used_up: self.joins(by).count() >= usize::from(invite.uses),
            reviewed: invite.reviewed,
            note: invite.note.clone(),
        })
    }

    /// Where the pursuance begins on its relays, as the invite says.
    #[must_use]
    pub fn since(&self) -> Vec<Since> {
        self.invite().map(|(_, invite, _)| invite.since.clone()).unwrap_or_default()
    }

    /// The relays that the genesis names.
    #[must_use]
    pub fn relays(&self) -> Vec<pursuance_wire::RelayAddress> {
        self.genesis().map(|(genesis, _)| genesis.relays.clone()).unwrap_or_default()
    }

    /// Signs the first entry of a new member.
    ///
    /// # Errors
    /// [`Refusal::InviteUsedUp`], [`Refusal::Empty`], [`Refusal::TooLong`], [`Refusal::GrantNotHeld`] without a preview.
    pub fn join(&self, device: &DeviceKeys, my_name: &str, now_seconds: u64) -> Result<Entry, Refusal> {
        let (by, invite, entry) = self.invite().ok_or(Refusal::GrantNotHeld)?;
        let name = line(my_name, MAX_MEMBER_NAME_BYTES)?;
        if self.joins(by).count() >= usize::from(invite.uses) {
            return Err(Refusal::InviteUsedUp);
        }
        let package = device.key_package().clone();
        let message = join_message(self.pursuance, device.author(), &name, &package);
        let signature = self.secret.signing().sign(&message);
        // Joins seen are named, so that a limit is hard where people come one after the other: the newest, which name the
        // others.
        let joins = self.whole_joins(by);
        let named: BTreeSet<EntryId> = joins.iter().flat_map(|join| join.body().named()).collect();
        let newest = joins.iter().map(|join| join.id()).filter(|id| !named.contains(id));
        let mut heads: Vec<EntryId> = newest.take(MAX_HEADS - 1).collect();
        heads.push(entry.id());
        heads.sort_unstable();
        let body = Body {
            author: device.author(),
            seq: 0,
            prev: None,
            heads,
            by: Some(by),
            claimed_seconds: now_seconds,
            checkpoints: Vec::new(),
            content: Content::Public(vec![Op::Join(Join { name, package, signature })]),
        };
        Ok(Entry::sign(&device.signing, Some(self.pursuance), &body))
    }

    fn genesis(&self) -> Option<(&Genesis, &Entry)> {
        let entry = self.entries.get(&self.pursuance.genesis())?;
        ops(entry).iter().find_map(|op| if let Op::Genesis(genesis) = op { Some((genesis, entry)) } else { None })
    }

    fn invite(&self) -> Option<(GrantRef, &Invite, &Entry)> {
        let key = self.secret.signing().author().0;
        let entry = self.entries.get(&self.invite)?;
        let (op, invite) = ops(entry).iter().enumerate().find_map(|(index, op)| match op {
            Op::Invite(invite) if invite.key == key => Some((index, invite)),
            _ => None,
        })?;
        let by = GrantRef { entry: entry.id(), op: u16::try_from(op).ok()? };
        self.leads_to_genesis(entry).then_some((by, invite, entry))
    }

    fn leads_to_genesis(&self, entry: &Entry) -> bool {
        let mut at = entry;
        for _ in 0..2 * MAX_SENIORITY_DEPTH {
            let Some(by) = at.body().by else { return at.id() == self.pursuance.genesis() };
            let Some(next) = self.entries.get(&by.entry) else { return false };
            // A grant speaks for whoever holds it and for whoever their devices added; an invite speaks for anybody.
            let invite = matches!(ops(next).get(usize::from(by.op)), Some(Op::Invite(_)));
            let join = matches!(ops(at).first(), Some(Op::Join(_)));
            let holder = || self.first_of(by).map(|first| first.body().author);
            if invite != join || (!invite && !holder().is_some_and(|holder| self.speaks_for(at, holder))) {
                return false;
            }
            at = next;
        }
        false
    }

    /// Whether an entry is by the device that holds the grant it leans on, or by one that was added by one that was added, and
    /// so on, by that device. All ways are tried: whoever has the link can put more entries here, and must not hide the true way.
    fn speaks_for(&self, entry: &Entry, holder: AuthorId) -> bool {
        let (mut seen, mut open) = (BTreeSet::new(), vec![entry.body().author]);
        while let Some(author) = open.pop() {
            if author == holder {
                return true;
            }
            if !seen.insert(author) {
                continue;
            }
            let adds = |other: &&Entry| {
                ops(other).iter().any(|op| matches!(op, Op::AddDevice(added) if added.author == author))
                    && other.body().by.and_then(|by| self.first_of(by)).is_some_and(|of| of.body().author == holder)
            };
            open.extend(self.entries.values().filter(adds).map(|other| other.body().author));
        }
        false
    }

    /// Joins that the invite's key signed: whoever can merely write cells here cannot use the invite up (J6).
    fn joins(&self, by: GrantRef) -> impl Iterator<Item = &Entry> {
        let key = self.secret.signing().author().0;
        self.entries.values().filter(move |entry| match ops(entry).first() {
            Some(Op::Join(join)) if entry.body().by == Some(by) => {
                let message = join_message(self.pursuance, entry.body().author, &join.name, &join.package);
                crypto::verify(&key, &message, &join.signature).is_ok()
            }
            _ => false,
        })
    }

    /// Joins that members can hold: their keys are keys, and all that they name leads to the invite by such joins. Whoever
    /// names another one waits with it for ever.
    fn whole_joins(&self, by: GrantRef) -> Vec<&Entry> {
        let has_key = |entry: &&Entry| match ops(entry).first() {
            Some(Op::Join(join)) => is_public_key(join.package.suite, &join.package.public),
            _ => false,
        };
        let mut open: Vec<&Entry> = self.joins(by).filter(has_key).collect();
        let (mut whole, mut ids) = (Vec::new(), BTreeSet::from([by.entry]));
        loop {
            let before = open.len();
            open.retain(|join| {
                let known = join.body().named().all(|id| ids.contains(&id));
                if known {
                    ids.insert(join.id());
                    whole.push(*join);
                }
                !known
            });
            if open.len() == before {
                return whole;
            }
        }
    }

    /// The entry by which whoever holds a grant came: the grant itself, or what the grant names.
    fn first_of(&self, by: GrantRef) -> Option<&Entry> {
        let made = self.entries.get(&by.entry)?;
        match granted(made, by.op) {
            Some(member) => self.entries.get(&EntryId(member.0)),
            None => Some(made),
        }
    }

    fn name_of(&self, first: &Entry) -> Option<alloc::string::String> {
        ops(first).iter().find_map(|op| match op {
            Op::Genesis(genesis) => Some(genesis.founder_name.clone()),
            Op::Join(join) => Some(join.name.clone()),
            _ => None,
        })
    }

    /// A role that the genesis does not have.
    fn defined_later(&self, id: RoleId) -> Option<&Role> {
        let defining = self.entries.values().filter(|entry| self.leads_to_genesis(entry));
        defining.flat_map(ops).map(proposed).find_map(|op| match op {
            Op::DefineRole(role) if role.id == id => Some(role),
            _ => None,
        })
    }
}

impl Replica {
    /// The entries of an invite's preview: the invite and its chain of grants back to the genesis, oldest first, with what added
    /// the devices that speak there; likewise what defined the role, where the genesis does not.
    #[must_use]
    pub fn preview_entries(&self, invite: GrantRef) -> Vec<&Entry> {
        let offered = self.authority.invites().get(&invite).map(|open| open.invite.role);
        let defining = offered.into_iter().flat_map(|role| self.authority.defined_in(role));
        let mut found = BTreeMap::new();
        for start in core::iter::once(invite.entry).chain(defining) {
            let mut at = self.logs.entry(start);
            while let Some(entry) = at {
                for needed in core::iter::once(entry).chain(self.devices_up_to(entry)) {
                    found.insert((self.logs.depth(needed.id()), needed.id()), needed);
                }
                at = entry.body().by.and_then(|by| self.logs.entry(by.entry));
            }
        }
        found.into_values().collect()
    }
}

/// Whom an op gives a role, by itself or once it is decided.
fn granted(entry: &Entry, op: u16) -> Option<MemberId> {
    match ops(entry).get(usize::from(op)).map(proposed) {
        Some(Op::Grant(grant)) => Some(grant.member),
        _ => None,
    }
}

/// What an op proposes, or the op.
fn proposed(op: &Op) -> &Op {
    match op {
        Op::Propose(propose) => &propose.op,
        op => op,
    }
}

fn ops(entry: &Entry) -> &[Op] {
    match &entry.body().content {
        Content::Public(ops) => ops,
        Content::Role(_) => &[],
    }
}
