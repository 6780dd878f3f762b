//! What was found of everything there is, kept from entry to entry (docs/protocol/04-authority.md, "What is remembered").
//!
//! Most entries know all that governs: then the view of their past says of every older entry what everything there is says of it,
//! because nothing beside them takes effect away or gives it back. So the same few answers are asked again and again.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::facts::{Among, Facts, Source};
use super::position::Position;
use crate::clock::{Clock, Dot};
use crate::entry::GrantRef;
use crate::id::{AuthorId, EntryId, MemberId, RoleId};
use crate::rule::Rule;

/// Where a line stands among the others: depth, place in the genesis and entry of the first write that adds it.
pub(crate) type LinePlace = (u32, u16, EntryId, Source);

/// A device, and the id of its newest key package.
pub(crate) type HeldId = (AuthorId, [u8; 32]);

/// Answers that stay until an entry comes that changes them.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Memory {
    /// The newest entry of each chain that governs: a view that holds these holds all of them.
    governing: Clock,
    /// The newest public entry of each chain: a view that holds these holds the whole public layer.
    public: Clock,
    /// Ids of the newest key packages of each member's devices.
    packages: BTreeMap<MemberId, Vec<HeldId>>,
    pub(super) found: Found,
    pub(super) active: Active,
    pub(super) lines: Lines,
    /// Where the decisions stand that were made.
    decided: BTreeMap<EntryId, Position>,
}

impl Memory {
    /// Notes an entry that takes effect away, gives it back, or says what is allowed.
    pub(super) fn take_governing(&mut self, dot: Dot) {
        self.governing.add(dot);
    }

    /// Whether a view holds everything that governs.
    pub(super) fn holds_for(&self, view: &Clock) -> bool {
        self.governing.iter().all(|(chain, end)| view.end(chain) >= end)
    }

    /// Notes an entry of the public layer.
    pub(super) fn take_public(&mut self, dot: Dot) {
        self.public.add(dot);
    }

    /// Whether a view holds the whole public layer.
    pub(super) fn is_whole(&self, view: &Clock) -> bool {
        self.public.iter().all(|(chain, end)| view.end(chain) >= end)
    }

    /// Notes the packages of a member's devices.
    pub(super) fn hold_packages(&mut self, member: MemberId, packages: Vec<HeldId>) {
        if packages.is_empty() {
            self.packages.remove(&member);
        } else {
            self.packages.insert(member, packages);
        }
    }

    /// The packages of a member's devices.
    pub(super) fn packages(&self, member: MemberId) -> &[HeldId] {
        self.packages.get(&member).map_or(&[], Vec::as_slice)
    }

    /// Members who hold a role's keys now (K13).
    pub(super) fn readers(&self, facts: &Facts, role: RoleId) -> BTreeSet<MemberId> {
        let roles: BTreeSet<RoleId> = if role == RoleId::EVERYONE {
            BTreeSet::from([role])
        } else {
            self.lines.iter().flat_map(|line| line.readers_of(role)).collect()
        };
        if roles.contains(&RoleId::EVERYONE) {
            return self.active.holders().collect();
        }
        let held = roles.into_iter().flat_map(|role| self.active.among(Among::To(role)));
        held.filter_map(|at| facts.grants.get(&at)).map(|grant| grant.holder).collect()
    }

    /// Notes where a decision stands; hands out where it stood.
    pub(super) fn decide(&mut self, proposal: EntryId, place: Option<Position>) -> Option<Position> {
        match place {
            Some(place) => self.decided.insert(proposal, place),
            None => self.decided.remove(&proposal),
        }
    }

    /// Forgets who counts, what is held, by whose devices, and which rules there are.
    pub(super) fn forget(&mut self) {
        (self.found, self.active, self.lines) = (Found::default(), Active::default(), Lines::default());
        self.packages = BTreeMap::new();
    }
}

/// Which entries count, judged against restrictions before a position (R4).
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Found(BTreeMap<EntryId, Answers>);

#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
struct Answers {
    /// Before its own position: nearly all questions.
    own: Option<bool>,
    below: BTreeMap<Position, bool>,
}

/// A question: which entry, before which position; `None` for its own.
pub(crate) type Asked = (EntryId, Option<Position>);

impl Found {
    pub(super) fn of(&self, asked: &Asked) -> Option<bool> {
        let answers = self.0.get(&asked.0)?;
        asked.1.as_ref().map_or(answers.own, |limit| answers.below.get(limit).copied())
    }

    pub(super) fn note(&mut self, asked: Asked, counts: bool) {
        let answers = self.0.entry(asked.0).or_default();
        match asked.1 {
            None => answers.own = Some(counts),
            Some(limit) => _ = answers.below.insert(limit, counts),
        }
    }

    pub(super) fn forget(&mut self, id: EntryId) {
        self.0.remove(&id);
    }
}

/// Grants by which a role is held now.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Active {
    of: BTreeMap<MemberId, BTreeSet<GrantRef>>,
    to: BTreeMap<RoleId, BTreeSet<GrantRef>>,
}

impl Active {
    /// Notes whether a grant is active; says whether that is news.
    pub(super) fn set(&mut self, facts: &Facts, at: GrantRef, is_active: bool) -> bool {
        let Some(grant) = facts.grants.get(&at) else { return false };
        let (of, to) = (self.of.entry(grant.holder).or_default(), self.to.entry(grant.role).or_default());
        if is_active { of.insert(at) | to.insert(at) } else { of.remove(&at) | to.remove(&at) }
    }

    /// Whoever holds any role.
    fn holders(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.of.iter().filter(|(_, held)| !held.is_empty()).map(|(member, _)| *member)
    }

    pub(super) fn among(&self, among: Among) -> Box<dyn Iterator<Item = GrantRef> + '_> {
        match among {
            Among::Of(member) => Box::new(self.of.get(&member).into_iter().flatten().copied()),
            Among::To(role) => Box::new(self.to.get(&role).into_iter().flatten().copied()),
            Among::All => Box::new(self.of.values().flatten().copied()),
        }
    }
}

/// Lines in force now, in their order.
#[derive(Default)]
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Lines {
    places: BTreeMap<Rule, LinePlace>,
    order: BTreeMap<LinePlace, BTreeSet<Rule>>,
}

impl Lines {
    /// Notes where a line stands; `None`: it is not in force.
    pub(super) fn set(&mut self, line: Rule, place: Option<LinePlace>) {
        if let Some(before) = self.places.remove(&line)
            && let Some(there) = self.order.get_mut(&before)
        {
            there.remove(&line);
            if there.is_empty() {
                self.order.remove(&before);
            }
        }
        if let Some(place) = place {
            self.places.insert(line, place);
            self.order.entry(place).or_default().insert(line);
        }
    }

    pub(super) fn in_order(&self) -> impl Iterator<Item = &Rule> {
        self.order.values().flatten()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.places.keys()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}
