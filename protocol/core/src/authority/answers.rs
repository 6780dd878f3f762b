//! What is so by all entries together: who is in, what they hold and may do, which keys there are.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use super::facts::Source;
use super::occasion::{Occasion, not_allowed};
use super::position::SeniorityKey;
use super::seen::Seen;
use super::sight::View;
use super::{Authority, KnownEpoch, Member, OpenInvite, Presence, Verdict, permit};
use crate::entry::{Entry, GrantRef};
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::logs::Logs;
use crate::op::{Genesis, KeyPackage, Welcome};
use crate::refusal::Refusal;
use crate::rule::{Object, Role, Rule, RuleTable, Verb};
use crate::true_seals::own_package;

impl Authority {
    /// What the genesis declared, once it is here.
    #[must_use]
    pub const fn genesis(&self) -> Option<&Genesis> {
        self.genesis.as_ref()
    }

    /// The pursuance's name in force.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Roles and rules in force, once the genesis is here.
    #[must_use]
    pub fn table(&self) -> Option<&RuleTable> {
        self.genesis.is_some().then_some(&self.table)
    }

    /// The role with this number; *everyone* has none.
    #[must_use]
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.table.roles.iter().find(|role| role.id == id)
    }

    /// Whether whoever comes to read a role reads only what is written after that (K26).
    #[must_use]
    pub fn is_since_joining(&self, role: RoleId) -> bool {
        self.since_joining.contains(&role)
    }

    /// Whether there is such a role.
    #[must_use]
    pub fn has_since_joining(&self) -> bool {
        !self.since_joining.is_empty()
    }

    /// Everybody who ever came and counts, those who are gone too.
    #[must_use]
    pub const fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// Members who are here.
    pub fn present(&self) -> impl Iterator<Item = (MemberId, &Member)> {
        let here = self.members.iter().filter(|(_, member)| member.presence == Presence::Here);
        here.map(|(id, member)| (*id, member))
    }

    /// The member whose device this is; the first by id, where a device with two histories began twice.
    #[must_use]
    pub fn member_of(&self, author: AuthorId) -> Option<MemberId> {
        self.holders(author).min()
    }

    /// The public half of a member's recovery key, and the entry that declares it: of several that count, the one at the senior
    /// position (D7).
    #[must_use]
    pub fn recovery_key(&self, member: MemberId) -> Option<(EntryId, [u8; 32])> {
        let counts = |entry: &EntryId| self.verdicts.get(entry) == Some(&Verdict::Counts);
        let declared = self.facts.recovery.get(&member)?.iter().filter(|(entry, _)| counts(entry));
        let first = declared.min_by_key(|(entry, _)| (&self.facts.acts[entry].position, *entry));
        first.copied()
    }

    /// Every recovery key that was declared for a member, whether it counts or not.
    pub(crate) fn recovery_keys(&self, member: MemberId) -> impl Iterator<Item = (EntryId, [u8; 32])> + '_ {
        self.facts.recovery.get(&member).into_iter().flatten().copied()
    }

    /// What brought the devices that a member ever had.
    pub(crate) fn devices_came_by(&self, member: MemberId) -> impl Iterator<Item = EntryId> + '_ {
        let devices = self.facts.devices_of.get(&member).into_iter().flatten();
        let made = devices.flat_map(|author| &self.facts.devices[author]);
        made.filter(move |made| made.member == member).map(|made| made.source)
    }

    /// Entries in which a member's own devices said that it goes.
    pub(crate) fn departures(&self, member: MemberId) -> impl Iterator<Item = EntryId> + '_ {
        let removals = self.facts.on_member.get(&member).into_iter().flatten();
        let said = removals.map(|index| self.facts.restrictions[*index].source.entry());
        said.filter(move |id| {
            let by = self.facts.acts.get(id).and_then(|act| self.facts.leant_on(act));
            by.is_some_and(|(_, grant)| grant.holder == member)
        })
    }

    /// The member as whom an entry speaks: the one whose grant it leans on.
    #[must_use]
    pub fn speaker(&self, entry: &Entry) -> Option<MemberId> {
        let Some(by) = entry.body().by else {
            return self.facts.members.contains_key(&MemberId(entry.id().0)).then(|| MemberId(entry.id().0));
        };
        // A join leans on its invite and makes its author a member.
        if self.facts.members.contains_key(&MemberId(entry.id().0)) {
            return Some(MemberId(entry.id().0));
        }
        let holder = self.facts.grants.get(&by)?.holder;
        self.holders(entry.body().author).any(|member| member == holder).then_some(holder)
    }

    /// The members whose device this is, or was: one, but for a device with two beginnings.
    pub(super) fn holders(&self, author: AuthorId) -> impl Iterator<Item = MemberId> + '_ {
        self.facts.devices.get(&author).into_iter().flatten().map(|device| device.member)
    }

    /// All invites that count.
    #[must_use]
    pub const fn invites(&self) -> &BTreeMap<GrantRef, OpenInvite> {
        &self.invites
    }

    /// Secrets of the cells of all invites there ever were: what was said by one may count again.
    pub fn invite_secrets(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.facts.invites.values().map(|fact| &fact.invite.cell_secret)
    }

    /// Epochs that were introduced, also by somebody whose acts are held: others may have written with them.
    #[must_use]
    pub const fn epochs(&self) -> &BTreeMap<(EpochId, RoleId), KnownEpoch> {
        &self.epochs
    }

    /// The roles that an epoch was introduced for: one, unless somebody gave the readers of one role the secret of another.
    pub fn roles_of_epoch(&self, epoch: EpochId) -> impl Iterator<Item = RoleId> + '_ {
        self.epochs.range((epoch, RoleId(0))..=(epoch, RoleId(u16::MAX))).map(|((_, role), _)| *role)
    }

    /// Whether the log names an epoch.
    #[must_use]
    pub fn names_epoch(&self, epoch: EpochId) -> bool {
        self.roles_of_epoch(epoch).next().is_some()
    }

    /// What was handed to a device as this epoch, by welcomes that count, each with its entry. Only who holds the epoch can tell whether
    /// it is.
    pub fn welcomes(
        &self,
        epoch: EpochId,
        role: RoleId,
        author: AuthorId,
    ) -> impl Iterator<Item = &(EntryId, Welcome)> {
        let (first, last) = (MemberId([0; 32]), MemberId([u8::MAX; 32]));
        self.welcomes.range((epoch, role, author, first)..=(epoch, role, author, last)).flat_map(|(_, handed)| handed)
    }

    /// Devices that were handed an epoch by anybody, whether it counts or not: they may know it (K10). Whoever is no device of
    /// anybody can be named by everybody.
    pub fn handed(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = AuthorId> + '_ {
        let (first, last) = ([0; 32], [u8::MAX; 32]);
        let handed = (epoch, role, AuthorId(first), MemberId(first))..=(epoch, role, AuthorId(last), MemberId(last));
        let to = self.facts.welcomes.range(handed).map(|((_, _, to, _), _)| *to);
        to.filter(|to| self.facts.devices.contains_key(to))
    }

    /// Epochs of a role that follow this one.
    pub fn epochs_after(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EpochId> + '_ {
        self.facts.epochs_after.get(&(epoch, role)).into_iter().flatten().copied()
    }

    /// Devices that came by right and may ever have read what is said to a role, each with the entries by which they may have come to
    /// read: whoever knows all of these and that the device may not read hands it nothing more.
    pub(crate) fn arrivals(&self, role: RoleId) -> impl Iterator<Item = (AuthorId, Vec<EntryId>)> + '_ {
        let counts = |id: &EntryId| self.verdicts.get(id) == Some(&Verdict::Counts);
        let said = move |source: Source| match source {
            Source::Entry(id) => Vec::from_iter(counts(&id).then_some(id)),
            Source::Decision(id) => {
                let signed = self.facts.proposals.get(&id).into_iter().flat_map(|asked| &asked.approvals);
                signed.copied().chain([id]).collect()
            }
        };
        // Lines that were ever written, with what wrote them: of *everyone* none is needed.
        let lines = self.facts.lines.iter().filter(move |_| role != RoleId::EVERYONE);
        let mut read_by: BTreeMap<RoleId, BTreeSet<EntryId>> = BTreeMap::new();
        for (line, written) in lines {
            for reader in line.readers_of(role) {
                let added = written.writes.iter().filter(|write| write.value);
                read_by.entry(reader).or_default().extend(added.flat_map(|write| said(write.source)));
            }
        }
        let ways = move |given: RoleId| {
            let everyone = if role == RoleId::EVERYONE { Some(BTreeSet::new()) } else { None };
            everyone.or_else(|| read_by.get(&given).or_else(|| read_by.get(&RoleId::EVERYONE)).cloned())
        };
        let made = self.facts.devices.iter().flat_map(|(author, made)| made.iter().map(move |made| (*author, made)));
        let came = made.filter(move |(_, made)| counts(&made.source) && !self.was_never_let_in(made.member));
        came.filter_map(move |(author, made)| {
            let grants = self.facts.grants_of.get(&made.member).into_iter().flatten();
            let grants = grants.filter_map(|at| self.facts.grants.get(at));
            let reading: Vec<_> = grants.filter_map(|grant| Some((grant.source, ways(grant.role)?))).collect();
            let admitted = self.facts.admits.get(&EntryId(made.member.0)).into_iter().flatten().copied();
            let by = reading.iter().flat_map(|(source, ways)| said(*source).into_iter().chain(ways.iter().copied()));
            let by: Vec<EntryId> = by.chain(admitted).chain([made.source]).collect();
            (!reading.is_empty()).then_some((author, by))
        })
    }

    /// Whether somebody came for review and nothing is known by which anybody may have let them in, or took that back: no client
    /// hands them anything. Who holds a link for review would otherwise have everybody make an epoch for each join.
    fn was_never_let_in(&self, member: MemberId) -> bool {
        let facts = &self.facts;
        let Some(beginning) = facts.members.get(&member) else { return false };
        let Some(came) = facts.grants.get(&beginning.grant).filter(|came| came.reviewed) else { return false };
        let none = |about: Option<&Vec<usize>>| about.is_none_or(Vec::is_empty);
        facts.grants_of.get(&member).is_none_or(|grants| grants.len() <= 1)
            && facts.admits.get(&EntryId(member.0)).is_none_or(Vec::is_empty)
            && none(facts.on_member.get(&member))
            && none(facts.on_grant.get(&beginning.grant))
            && came.invite.is_none_or(|invite| none(facts.on_invite.get(&invite)))
    }

    /// All devices that ever came or were added, whether that counts or not.
    pub(crate) fn devices(&self) -> impl Iterator<Item = AuthorId> + '_ {
        self.facts.devices.keys().copied()
    }

    /// Entries that took out a device and lost their effect since.
    pub(crate) fn held_take_outs(&self, device: AuthorId) -> impl Iterator<Item = EntryId> + '_ {
        let about = self.facts.on_device.get(&device).into_iter().flatten();
        let entries = about.map(|index| self.facts.restrictions[*index].source.entry());
        entries.filter(|id| matches!(self.verdicts.get(id), Some(Verdict::Held(_))))
    }

    /// Devices that published a key package with this tag; anybody can publish anybody's.
    pub fn devices_with(&self, tag: [u8; 8]) -> impl Iterator<Item = AuthorId> + '_ {
        self.facts.tags.get(&tag).into_iter().flatten().copied()
    }

    /// All key packages that a device published, whether they count or not, oldest first: the place in its own log, none where it came
    /// with what added the device; the entry; the package.
    pub(crate) fn published(&self, author: AuthorId) -> Vec<(Option<u32>, EntryId, &KeyPackage)> {
        let came = self.facts.devices.get(&author).into_iter().flatten();
        let came = came.filter_map(|made| Some((made.first_seq(), made.source, made.package.as_ref()?)));
        let own = self.facts.packages.get(&author).into_iter().flatten();
        let mut all: Vec<_> = came.chain(own.map(|(seq, entry, package)| (Some(*seq), *entry, package))).collect();
        all.sort_by_key(|(seq, entry, _)| (*seq, *entry));
        all
    }

    /// The entry by which a device published the second package after one at this place of its log.
    pub(crate) fn second_after(&self, author: AuthorId, place: Option<u32>) -> Option<EntryId> {
        let own = self.facts.packages.get(&author).into_iter().flatten();
        let mut newer: Vec<_> =
            { own }.map(|(seq, entry, _)| (Some(*seq), *entry)).filter(|(seq, _)| *seq > place).collect();
        newer.sort_unstable();
        newer.get(1).map(|(_, entry)| *entry)
    }

    /// Roles whose holders hold a role's keys now (K13).
    #[must_use]
    pub fn reading_roles(&self, role: RoleId) -> BTreeSet<RoleId> {
        if role == RoleId::EVERYONE {
            return BTreeSet::from([role]);
        }
        self.table.rules.iter().flat_map(|line| line.readers_of(role)).collect()
    }

    /// Members who hold a role's keys now.
    pub fn readers(&self, role: RoleId) -> impl Iterator<Item = (MemberId, &Member)> {
        let roles = self.reading_roles(role);
        let by_right = move |member: &Member| {
            roles.contains(&RoleId::EVERYONE) || member.grants.iter().any(|grant| roles.contains(&grant.role))
        };
        self.present().filter(move |(_, member)| by_right(member))
    }

    /// What an epoch of a role is sealed to that an entry introduces, sorted by package id (K3).
    #[must_use]
    pub fn packages_before(&self, logs: &Logs, entry: &Entry, role: RoleId) -> Vec<([u8; 32], KeyPackage)> {
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        let mut packages: Vec<_> =
            permit::sealed_to(&past, role).into_iter().map(|(.., package)| (package.id(), package.clone())).collect();
        packages.sort_by_key(|(id, _)| *id);
        packages
    }

    /// What an epoch is sealed to by an entry that was appended and permitted, in the order of its seals, each with its device (K3).
    pub(crate) fn packages_of_epoch(
        &self,
        logs: &Logs,
        entry: &Entry,
        role: RoleId,
    ) -> Vec<([u8; 32], KeyPackage, AuthorId)> {
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        let (author, own) = (entry.body().author, own_package(&entry.body().content));
        let mut sealed: Vec<_> = permit::sealed_to(&past, role)
            .into_iter()
            .filter(|(member, device, _)| own.is_none() || *device != author || Some(*member) != self.speaker(entry))
            .map(|(_, device, package)| (package.id(), package.clone(), device))
            .collect();
        sealed.extend(own.map(|package| (package.id(), package.clone(), author)));
        sealed.sort_by_key(|(id, ..)| *id);
        sealed
    }

    /// Members whose devices an entry seals an epoch of a role to: those who read in its past, and have a place there (K3).
    pub(crate) fn readers_of_epoch(&self, logs: &Logs, entry: &Entry, role: RoleId) -> BTreeSet<MemberId> {
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        permit::sealed_to(&past, role).into_iter().map(|(member, ..)| member).collect()
    }

    /// All entries that introduce an epoch for a role, whether they count or not.
    pub(crate) fn introduced_in(&self, epoch: EpochId, role: RoleId) -> impl Iterator<Item = EntryId> + '_ {
        self.facts.epochs.get(&(epoch, role)).into_iter().flatten().copied()
    }

    /// Devices of all who read what is said to everyone in the past of an entry.
    pub(crate) fn devices_before(&self, logs: &Logs, entry: &Entry) -> BTreeSet<AuthorId> {
        let past = self.sight(logs, View::Past(logs.past_of(entry)));
        permit::packages(&past, RoleId::EVERYONE).into_iter().map(|(_, author, _)| author).collect()
    }

    /// Whether somebody else ever handed a member what is said to everyone.
    pub(crate) fn was_let_in(&self, member: MemberId) -> bool {
        let devices = self.facts.devices_of.get(&member).into_iter().flatten();
        let mut welcomes = devices.filter_map(|device| self.facts.let_in.get(device)).flatten();
        welcomes.any(|(_, by)| *by != member)
    }

    /// Whether keys are for a member now: not for whoever came by an invite that was used up and whom nobody let in (K3).
    #[must_use]
    pub fn has_a_place(&self, logs: &Logs, member: MemberId) -> bool {
        self.sight(logs, View::All).has_a_place(member)
    }

    /// The role that an entry leans on; `None` where that is no grant.
    #[must_use]
    pub fn leant_on(&self, entry: &Entry) -> Option<RoleId> {
        Some(self.facts.grants.get(&entry.body().by?)?.role)
    }

    /// Relays in force.
    #[must_use]
    pub fn relays(&self) -> &[RelayAddress] {
        &self.relays
    }

    /// Seniority of a member, for showing one of several writes first.
    #[must_use]
    pub fn seniority(&self, member: MemberId) -> Option<&SeniorityKey> {
        self.members.get(&member).map(|member| &member.key)
    }

    /// The grant by which the rules let a member do this over that now.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`], or why no line that gives it applies, with the number of the rule that says so.
    pub fn grant_for(
        &self,
        member: MemberId,
        verb: Verb,
        object: Object,
        occasion: &Occasion<'_>,
    ) -> Result<GrantRef, Refusal> {
        let held = self.members.get(&member).map_or(&[][..], |member| &member.grants);
        let mut refusal = None;
        for grant in held {
            match self.allows_role(Some(grant.role), verb, object, occasion) {
                Ok(()) => return Ok(grant.at),
                Err(new) => refusal = refusal.or(Some(new)),
            }
        }
        Err(refusal
            .map_or_else(|| self.allows_role(None, verb, object, occasion).err(), Some)
            .unwrap_or(Refusal::GrantNotHeld))
    }

    /// Whether the rules let a member do this over that now.
    ///
    /// # Errors
    /// As [`Self::grant_for`].
    pub fn allows(&self, member: MemberId, verb: Verb, object: Object, occasion: &Occasion<'_>) -> Result<(), Refusal> {
        self.grant_for(member, verb, object, occasion).map(|_| ())
    }

    /// How many devices added each other until this one of a member was added.
    pub(crate) fn steps_to_device(&self, author: AuthorId, member: MemberId) -> usize {
        let made = self.facts.devices.get(&author).into_iter().flatten().filter(|made| made.member == member);
        let made = made.filter(|made| self.verdicts.get(&made.source) == Some(&Verdict::Counts));
        made.map(|made| &made.path).min().map_or(0, Vec::len)
    }

    /// Whether any line that there ever was asks others to have found good what this is done to.
    pub(crate) fn may_ask_others(&self, verb: Verb, object: Object) -> bool {
        let about = self.facts.lines.keys().filter(|line| line.verb == verb && line.object == object);
        { about }.any(|line| line.quorum.is_some() || line.conditions.review.is_some())
    }

    /// Whether the rules that an entry's own past knows let its author do this with the role it leans on (R2, for what is inside
    /// a role entry). The entry is in memory.
    ///
    /// # Errors
    /// As [`Self::grant_for`].
    pub fn allowed_then(
        &self,
        logs: &Logs,
        entry: EntryId,
        verb: Verb,
        object: Object,
        occasion: &Occasion<'_>,
    ) -> Result<(), Refusal> {
        let by = logs.entry(entry).and_then(|entry| entry.body().by);
        let grant = by.and_then(|by| self.facts.grants.get(&by)).ok_or(Refusal::GrantNotHeld)?;
        // Rules that were never changed are the same in every view.
        if !self.facts.rules_changed {
            return self.allows_role(Some(grant.role), verb, object, occasion);
        }
        let past = logs.past(entry).unwrap_or_default();
        self.sight(logs, View::Past(past)).allowed(grant.role, verb, object, occasion).map(|_| ())
    }

    /// The newest key package of each device of a member who is here, sorted by package id.
    #[must_use]
    pub fn packages_known(&self, logs: &Logs) -> Vec<([u8; 32], &KeyPackage, AuthorId)> {
        let sight = self.everything(logs);
        let known =
            permit::packages(&sight, RoleId::EVERYONE).into_iter().map(|(_, author, package)| (package.id(), author));
        let ids: BTreeSet<([u8; 32], AuthorId)> = known.collect();
        let held = |author: AuthorId, id: [u8; 32]| {
            let own = self.facts.packages.get(&author).into_iter().flatten().map(|(.., package)| package);
            let came =
                self.facts.devices.get(&author).into_iter().flatten().filter_map(|device| device.package.as_ref());
            own.chain(came).find(|package| package.id() == id)
        };
        ids.into_iter().filter_map(|(id, author)| Some((id, held(author, id)?, author))).collect()
    }

    pub(super) fn allows_role(
        &self,
        role: Option<RoleId>,
        verb: Verb,
        object: Object,
        occasion: &Occasion<'_>,
    ) -> Result<(), Refusal> {
        let numbered = (1..).zip(self.table.rules.iter().copied());
        let about = numbered.filter(|(_, rule)| rule.verb == verb && rule.object == object);
        let (lines, others): (Vec<(u16, Rule)>, Vec<_>) =
            about.partition(|(_, rule)| role.is_some_and(|role| rule.role == role || rule.role == RoleId::EVERYONE));
        let elsewhere = others.first().map(|(number, rule)| (*number, rule.role));
        let usable = occasion.usable(&lines).map(|_| ());
        usable.map_err(|refusal| refusal.unwrap_or_else(|| not_allowed(verb, elsewhere)))
    }
}
