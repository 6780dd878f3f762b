//! Questions to a view: who holds what, which lines are in force, what was decided (docs/protocol/04-authority.md, "Views").
//!
//! A *view* is a set of entries that holds the past of each. Everything here is asked of one view, and follows from one question
//! that each evaluator answers in its own way: does this entry count, as far as restrictions before this position go?

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::facts::{Act, Among, Facts, GrantFact, Kind, Needs, ProposalFact, Restriction, Source, Write, asks_by_rank};
use super::memory::LinePlace;
use super::occasion::{Occasion, not_allowed};
use super::position::{Position, Step};
use super::switch::{Switch, asks, bars, on};
use crate::entry::GrantRef;
use crate::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use crate::limits::MAX_DEVICES;
use crate::logs::Logs;
use crate::refusal::Refusal;
use crate::rule::{Object, Role, Rule, Verb};

/// A view, and how it is evaluated.
pub(crate) trait Seen: Sized {
    fn facts(&self) -> &Facts;
    fn logs(&self) -> &Logs;
    /// Whether an entry is in the view.
    fn holds(&self, id: EntryId) -> bool;
    /// Whether one entry is in the past of another.
    fn in_past(&self, older: EntryId, newer: EntryId) -> bool;
    /// R4: whether an entry in the view counts, judged against restrictions before `limit` only.
    fn counts_below(&self, id: EntryId, limit: &Position) -> bool;
    /// The union of the pasts of some entries, none of which is in it for its own sake.
    fn before(&self, entries: &[EntryId]) -> Self;
    /// Whether two entries of one author at one place are in the view: a proof of two histories.
    fn is_forked(&self, author: AuthorId) -> bool;
    /// R7, for a removal that says what stays.
    fn is_pinned(&self, restriction: &Restriction, id: EntryId) -> bool;
    /// What [`Seen::is_carried`] found for these signatures before; evaluators that remember override both.
    fn remembered(&self, _proposal: EntryId, _place: &Position, _signatures: &[EntryId]) -> Option<bool> {
        None
    }
    fn remember(&self, _proposal: EntryId, _place: &Position, _signatures: &[EntryId], _carried: bool) {}

    /// Ids of the packages that an epoch of a role is sealed to (K3), where they are known of this view without looking at each.
    fn known_packages(&self, _role: RoleId) -> Option<Vec<(MemberId, AuthorId, [u8; 32])>> {
        None
    }

    /// Grants among which are all that are active in this view.
    fn may_be_active(&self, among: Among) -> Box<dyn Iterator<Item = GrantRef> + '_> {
        self.facts().granted(among)
    }

    /// Lines among which are all that are in force in this view, in the order of rules.
    fn may_be_in_force(&self) -> Box<dyn Iterator<Item = &Rule> + '_> {
        Box::new(self.facts().lines.keys())
    }

    /// How many lines are in force.
    fn lines_in_force(&self) -> usize {
        self.may_be_in_force().filter(|line| self.is_in_force(line)).count()
    }

    /// Whether an entry is in the view and counts.
    fn counts(&self, id: EntryId) -> bool {
        self.counts_below(id, &Position::LAST)
    }

    fn source_counts(&self, source: Source, limit: &Position) -> bool {
        match source {
            Source::Entry(id) => self.counts_below(id, limit),
            Source::Decision(id) => self.is_decided(id, limit),
        }
    }

    /// Whether what an act leans on counts. A decision has to be carried by signatures that the act knew: two decisions that give
    /// each other signers would otherwise be asked about each other without end.
    fn lean_counts(&self, act: &Act, source: Source, limit: &Position) -> bool {
        match source {
            Source::Entry(id) => self.counts_below(id, limit),
            Source::Decision(id) => {
                let known = |signature| self.in_past(signature, act.id);
                self.places(id).iter().any(|place| self.is_decided_by(id, place, place.min(limit), known))
            }
        }
    }

    /// Where a restriction stands, if it counts there and that is before `limit`.
    fn effective(&self, restriction: &Restriction, limit: &Position) -> Option<Position> {
        match (&restriction.position, restriction.source) {
            (Some(position), Source::Entry(id)) => {
                let counts = || asks(Switch::R4Counts, self.counts_below(id, position));
                (is_before(position, limit) && counts()).then(|| position.clone())
            }
            (_, Source::Decision(id)) => self
                .places(id)
                .into_iter()
                .find(|place| is_before(place, limit) && self.is_decided_at(id, place, place)),
            (None, Source::Entry(_)) => None,
        }
    }

    /// Restrictions that could be about an act leaning on this grant.
    fn about_grant(&self, at: GrantRef, grant: &GrantFact) -> Vec<usize> {
        let facts = self.facts();
        let mut found = Vec::new();
        for removals in facts.removals.get(&grant.holder).into_iter().flat_map(BTreeMap::values) {
            found.extend_from_slice(self.beside(removals, Switch::R5Knows, at.entry));
        }
        let decided = facts.decided_removals.get(&grant.holder);
        let others = [decided, facts.on_grant.get(&at), facts.on_role.get(&grant.role)];
        found.extend(others.into_iter().flatten().flatten());
        found
    }

    /// Of restrictions said in one chain those that an entry does not know: what it knows comes first.
    fn beside<'a>(&self, chain: &'a [usize], switch: Switch, id: EntryId) -> &'a [usize] {
        let entry = |index: usize| self.facts().restrictions[index].source.entry();
        let known = chain.partition_point(|index| bars(switch, self.in_past(entry(*index), id)));
        &chain[known..]
    }

    /// Whether a grant knows something that removes its holder.
    fn knows(&self, at: GrantRef, grant: &GrantFact, removal: Source) -> bool {
        let Source::Entry(id) = removal else { return grant.knows.contains(&removal) };
        let facts = self.facts();
        let said = facts.carried_by.get(&id).into_iter().flatten().map(|index| &facts.restrictions[*index].kind);
        { said }.any(|kind| matches!(kind, Kind::Member { member, .. } if *member == grant.holder))
            && self.in_past(id, at.entry)
    }

    /// Whether a restriction takes away this grant, whatever it leaves of what was done with it.
    fn takes_grant(&self, restriction: &Restriction, at: GrantRef, grant: &GrantFact) -> bool {
        let named = match &restriction.kind {
            Kind::Member { member, roles } => {
                let among = roles.is_empty() || asks(Switch::R3MemberRoles, roles.contains(&grant.role));
                bars(Switch::R3Member, *member == grant.holder && among)
            }
            Kind::Grant(one) => bars(Switch::R3Grant, *one == at),
            Kind::Role(role) => bars(Switch::R3Role, *role == grant.role),
            _ => false,
        };
        named && !bars(Switch::R5Knows, self.knows(at, grant, restriction.source))
    }

    /// R7: what a restriction leaves standing.
    fn is_covered(&self, restriction: &Restriction, id: EntryId) -> bool {
        if restriction.pins.is_empty() || !on(Switch::R7Pinned) {
            return bars(Switch::R7Covered, self.in_past(id, restriction.source.entry()));
        }
        self.is_pinned(restriction, id)
    }

    /// R5: whether a role is held in this view, as far as restrictions before `limit` go.
    fn is_active_below(&self, at: GrantRef, limit: &Position) -> bool {
        let facts = self.facts();
        let Some(grant) = facts.grants.get(&at) else { return false };
        let own = grant.key.position(Vec::new());
        let limit = limit.min(&own);
        self.source_counts(grant.source, limit)
            && (!bars(Switch::R2Admitted, grant.reviewed) || self.is_admitted(grant, limit))
            && !self.about_grant(at, grant).into_iter().any(|index| {
                let restriction = &facts.restrictions[index];
                on(Switch::R5Removed)
                    && self.holds(restriction.source.entry())
                    && self.takes_grant(restriction, at, grant)
                    && self.effective(restriction, limit).is_some()
            })
    }

    fn is_active(&self, at: GrantRef) -> bool {
        self.is_active_below(at, &Position::LAST)
    }

    /// Whether an epoch was introduced: what becomes of its author does not unmake it.
    fn is_introduced(&self, epoch: EpochId, role: RoleId) -> bool {
        let known = self.facts().epochs.get(&(epoch, role));
        known.is_some_and(|entries| entries.iter().any(|entry| self.holds(*entry)))
    }

    /// Roles whose holders hold a role's keys (K13).
    fn reading_roles(&self, role: RoleId) -> BTreeSet<RoleId> {
        if role == RoleId::EVERYONE {
            return BTreeSet::from([role]);
        }
        let about = self.may_be_in_force().filter(|line| line.readers_of(role).next().is_some());
        about.filter(|line| self.is_in_force(line)).flat_map(|line| line.readers_of(role)).collect()
    }

    /// Members who hold a role's keys.
    fn readers(&self, role: RoleId) -> BTreeSet<MemberId> {
        let roles = self.reading_roles(role);
        if roles.contains(&RoleId::EVERYONE) {
            return self.present();
        }
        roles.into_iter().flat_map(|role| self.holders_below(role, &Position::LAST)).collect()
    }

    /// Whether somebody let in whoever came by a reviewed invite.
    fn is_admitted(&self, grant: &GrantFact, limit: &Position) -> bool {
        let admits = self.facts().admits.get(&grant.source.entry());
        admits.into_iter().flatten().any(|admit| self.counts_below(*admit, limit))
    }

    /// The roles that a member holds, senior first.
    fn active_grants(&self, member: MemberId) -> Vec<(GrantRef, &GrantFact)> {
        let held = self.may_be_active(Among::Of(member)).filter(|at| self.holds(at.entry) && self.is_active(*at));
        let mut held: Vec<_> = held.filter_map(|at| Some((at, self.facts().grants.get(&at)?))).collect();
        held.sort_by_key(|(at, grant)| (&grant.key, *at));
        held
    }

    /// The least rank number that a member stands at.
    fn standing(&self, member: MemberId) -> Option<u8> {
        self.active_grants(member).first().map(|(_, grant)| grant.key.rank)
    }

    /// Members who hold a role, each with the grants by which they do.
    fn holders_below(&self, role: RoleId, limit: &Position) -> BTreeSet<MemberId> {
        let facts = self.facts();
        let grants = facts.grants_to.get(&role).into_iter().flatten();
        let held = grants.filter(|at| self.holds(at.entry) && self.is_active_below(**at, limit));
        held.map(|at| facts.grants[at].holder).collect()
    }

    /// Members whom a proposal asks for what these lines allow: holders of the role, or, where no line is needed, of its rank.
    fn holders_asked(&self, of: RoleId, rank: u8, lines: &[Vec<Rule>], limit: &Position) -> BTreeSet<MemberId> {
        if !asks_by_rank(lines) {
            return self.holders_below(of, limit);
        }
        let facts = self.facts();
        let there = self.may_be_active(Among::All).filter_map(|at| Some((at, facts.grants.get(&at)?)));
        let there = there.filter(|(at, grant)| grant.key.rank == rank && self.holds(at.entry));
        { there }.filter(|(at, _)| self.is_active_below(*at, limit)).map(|(_, grant)| grant.holder).collect()
    }

    /// Whether a device speaks for a member, and by which path it was added.
    fn device_path(&self, author: AuthorId, member: MemberId) -> Option<Vec<Step>> {
        let facts = self.facts();
        let known = facts.devices.get(&author)?.iter().filter(|device| device.member == member);
        let path = known
            .filter(|device| self.holds(device.source) && self.counts(device.source))
            .map(|device| &device.path)
            .min()?;
        (!bars(Switch::D6Gone, self.is_taken(author, member))).then(|| path.clone())
    }

    /// Whether a device was removed or suspended.
    fn is_taken(&self, author: AuthorId, member: MemberId) -> bool {
        let facts = self.facts();
        let on_device = facts.on_device.get(&author).into_iter().flatten();
        let on_others = facts.on_devices_of.get(&member).into_iter().flatten();
        on_device.chain(on_others).any(|index| {
            let restriction = &facts.restrictions[*index];
            let named = match restriction.kind {
                Kind::OtherDevices { but, .. } => {
                    but != author && asks(Switch::D7Known, self.devices_in_past(author, restriction.source.entry()))
                }
                _ => true,
            };
            named && self.holds(restriction.source.entry()) && self.effective(restriction, &Position::LAST).is_some()
        })
    }

    /// Whether what made somebody a device stands in the past of an entry.
    fn devices_in_past(&self, author: AuthorId, of: EntryId) -> bool {
        let known = self.facts().devices.get(&author);
        known.into_iter().flatten().any(|device| self.in_past(device.source, of))
    }

    /// The definition of a role: of several under one number, the senior one (R6).
    fn role(&self, id: RoleId) -> Option<(Source, &Role)> {
        let defined = self.facts().roles.get(&id)?;
        let counting = defined.iter().filter_map(|(source, role)| {
            if !self.holds(source.entry()) {
                return None;
            }
            let place = match source {
                Source::Entry(id) => self.counts(*id).then(|| self.facts().acts[id].position.clone()),
                Source::Decision(id) => self.decided(*id),
            };
            Some((place?, *source, role))
        });
        let senior = |a: &(Position, Source, _), b: &(Position, Source, _)| {
            let places = (&a.0, a.1).cmp(&(&b.0, b.1));
            if on(Switch::R6RoleSenior) { places } else { places.reverse() }
        };
        counting.min_by(senior).map(|(_, source, role)| (source, role))
    }

    /// Whether a role has history since joining (K26): some definition of it that counts says so, the senior one or another by whoever
    /// stands above it. Where none counts, any is enough.
    fn is_since_joining(&self, id: RoleId) -> bool {
        let Some(defined) = self.facts().roles.get(&id) else { return false };
        let stands = self.role(id);
        let mut saying = defined.iter().filter(|(source, role)| role.since_joining && self.holds(source.entry()));
        saying.any(|(source, role)| match stands {
            None => true,
            Some((senior, _)) if senior == *source => true,
            Some((_, senior)) => {
                let counts = match source {
                    Source::Entry(id) => self.counts(*id),
                    Source::Decision(id) => self.decided(*id).is_some(),
                };
                // Whoever defines a role stands above the rank that they give it.
                on(Switch::K26Stays) && asks(Switch::K26Above, role.rank <= senior.rank) && counts
            }
        })
    }

    fn is_retired(&self, role: RoleId) -> bool {
        let facts = self.facts();
        facts.on_role.get(&role).into_iter().flatten().any(|index| {
            let restriction = &facts.restrictions[*index];
            self.holds(restriction.source.entry()) && self.effective(restriction, &Position::LAST).is_some()
        })
    }

    /// Rank of a role; that of *everyone* is below all.
    fn rank(&self, role: RoleId) -> Option<u8> {
        if role == RoleId::EVERYONE { Some(u8::MAX) } else { self.role(role).map(|(_, role)| role.rank) }
    }

    /// R6: whether a line is in force: written by something that counts, and no write that counts and is not superseded takes
    /// it back.
    fn is_in_force(&self, line: &Rule) -> bool {
        let Some(written) = self.facts().lines.get(line) else { return false };
        let counts = |write: &Write<bool>| self.writes(write.source).then_some(());
        let newest = self.unreplaced(Switch::R6Replaced, &written.writes, counts);
        let mut present = newest.iter().map(|(at, ())| written.writes[*at].value);
        if on(Switch::R6DenyWins) { !newest.is_empty() && present.all(|is| is) } else { present.any(|is| is) }
    }

    /// Of several writes those that `counts` says something about and that no other such write knows: newest first, each with its
    /// place among all and what was said. Whatever has a write in its past came after it, so what is known to one that was found
    /// is not asked.
    fn unreplaced<T, C>(
        &self,
        replaced: Switch,
        writes: &[Write<T>],
        counts: impl Fn(&Write<T>) -> Option<C>,
    ) -> Vec<(usize, C)> {
        let mut newest: Vec<(usize, C)> = Vec::new();
        let mut least = 0;
        for (at, write) in writes.iter().enumerate().rev() {
            if at < least {
                break;
            }
            let entry = write.source.entry();
            let known = |later: &(usize, C)| bars(replaced, self.in_past(entry, writes[later.0].source.entry()));
            if newest.iter().any(known) {
                continue;
            }
            if let Some(found) = counts(write) {
                newest.push((at, found));
                least = if on(replaced) { least.max(write.follows) } else { 0 };
            }
        }
        newest
    }

    fn writes(&self, source: Source) -> bool {
        self.holds(source.entry()) && self.source_counts(source, &Position::LAST)
    }

    /// By what a line has its number: the first write that adds it.
    fn line_place(&self, line: &Rule) -> Option<LinePlace> {
        let adds = self.facts().lines.get(line).into_iter().flat_map(|written| &written.adds);
        { adds }.find(|(.., source)| self.writes(*source)).copied()
    }

    /// The lines in force, in their order: those of the genesis, then as they were added.
    fn table(&self) -> Vec<Rule> {
        let in_force = self.may_be_in_force().filter(|line| self.is_in_force(line));
        let mut lines: Vec<_> = in_force.map(|line| (self.line_place(line), *line)).collect();
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// The lines that let a role do something over something, with a quorum or without.
    fn lines_for(&self, role: RoleId, verb: Verb, object: Object) -> Vec<Rule> {
        let about = self.may_be_in_force().filter(|line| {
            line.verb == verb && line.object == object && (line.role == role || line.role == RoleId::EVERYONE)
        });
        about.filter(|line| self.is_in_force(line)).copied().collect()
    }

    /// Lines by which the holder of a role may do this alone.
    ///
    /// # Errors
    /// See [`Occasion::usable`], and [`Refusal::NotAllowed`], with the number of the line that says so.
    fn allowed(&self, role: RoleId, verb: Verb, object: Object, occasion: &Occasion<'_>) -> Result<Vec<Rule>, Refusal> {
        let lines: Vec<(u16, Rule)> = self.lines_for(role, verb, object).into_iter().map(|line| (0, line)).collect();
        match occasion.usable(&lines) {
            Ok(usable) => return Ok(usable),
            Err(_) if !on(Switch::R2Allowed) => return Ok(Vec::new()),
            Err(_) => {}
        }
        // Numbers are for people, and asked for only where there is something to say.
        let table = self.table();
        let number = |line: &Rule| table.iter().position(|one| one == line).map_or(0, |at| at as u16 + 1);
        let numbered: Vec<(u16, Rule)> = lines.into_iter().map(|(_, line)| (number(&line), line)).collect();
        let elsewhere = || {
            let at = table.iter().position(|line| line.verb == verb && line.object == object)?;
            Some((at as u16 + 1, table[at].role))
        };
        Err(occasion.usable(&numbered).err().flatten().unwrap_or_else(|| not_allowed(verb, elsewhere())))
    }

    /// Whether anybody could still change the rules, were some grants gone.
    fn has_amender(&self, without: impl Fn(GrantRef, &GrantFact) -> bool) -> bool {
        let facts = self.facts();
        let amending = self.may_be_in_force().filter(|line| line.verb == Verb::Amend && line.object == Object::Rules);
        let amending = amending.filter(|line| self.is_in_force(line));
        let roles: BTreeSet<RoleId> =
            amending.flat_map(|line| [Some(line.role), line.quorum.map(|quorum| quorum.of)]).flatten().collect();
        let grants = roles.iter().flat_map(|role| self.may_be_active(Among::To(*role)));
        let grants = grants.filter_map(|at| Some((at, facts.grants.get(&at)?)));
        { grants }.any(|(at, grant)| self.holds(at.entry) && !without(at, grant) && self.is_active(at))
    }

    /// Where the decision of a proposal can stand: by a majority, and by fewer (R8).
    fn places(&self, proposal: EntryId) -> Vec<Position> {
        let Some(asked) = self.facts().proposals.get(&proposal) else { return Vec::new() };
        let majority = Position::majority(asked.majority_rank);
        let may_be_few = on(Switch::R8FewerPlace) && asked.needs == Needs::Rule;
        if may_be_few && asked.majority_rank == asked.rank {
            alloc::vec![majority, Position::fewer(asked.rank)]
        } else {
            alloc::vec![majority]
        }
    }

    /// Whether a proposal in the view is decided, judged against restrictions before `limit` only.
    fn is_decided(&self, proposal: EntryId, limit: &Position) -> bool {
        self.places(proposal).iter().any(|place| self.is_decided_at(proposal, place, place.min(limit)))
    }

    /// Where the decision of a proposal in the view stands.
    fn decided(&self, proposal: EntryId) -> Option<Position> {
        self.places(proposal).into_iter().find(|place| self.is_decided_at(proposal, place, place))
    }

    /// R8: whether enough of those asked signed: the first signatures, in the order of depth then id, with which it is carried.
    /// Later ones change nothing.
    fn is_decided_at(&self, proposal: EntryId, place: &Position, limit: &Position) -> bool {
        self.is_decided_by(proposal, place, limit, |_| true)
    }

    /// The same, with some of the signatures only.
    fn is_decided_by(
        &self,
        proposal: EntryId,
        place: &Position,
        limit: &Position,
        known: impl Fn(EntryId) -> bool,
    ) -> bool {
        let facts = self.facts();
        let Some(asked) = facts.proposals.get(&proposal) else { return false };
        if !self.holds(proposal) || !self.counts_below(proposal, limit) {
            return false;
        }
        let signs = |id: &EntryId| known(*id) && self.holds(*id) && self.counts_below(*id, limit);
        let mut signatures: Vec<&Act> =
            asked.approvals.iter().filter(|id| signs(id)).filter_map(|id| facts.acts.get(id)).collect();
        signatures.sort_by_key(|act| (act.depth, act.id));
        // Each device signs once; in many histories one member could have any number of signatures looked at, and kept.
        let mut of_member: BTreeMap<MemberId, usize> = BTreeMap::new();
        signatures.retain(|act| {
            let grant = act.by.and_then(|by| facts.grants.get(&by));
            grant.is_none_or(|grant| {
                let known = of_member.entry(grant.holder).or_default();
                *known += 1;
                asks(Switch::R8PerMember, *known <= MAX_DEVICES)
            })
        });
        let mut first: Vec<EntryId> = signatures.iter().map(|act| act.id).collect();
        // The proposal is the first signature.
        first.insert(0, proposal);
        let least = if on(Switch::R8First) { 1 } else { first.len() };
        (least..=first.len()).any(|count| self.is_carried_by(proposal, asked, place, &first[..count]))
    }

    fn is_carried_by(&self, proposal: EntryId, asked: &ProposalFact, place: &Position, signatures: &[EntryId]) -> bool {
        if let Some(known) = self.remembered(proposal, place, signatures) {
            return known;
        }
        let carried = self.is_carried(proposal, asked, place, signatures);
        self.remember(proposal, place, signatures, carried);
        carried
    }

    /// Holders, and how many must sign, are taken over the union of the pasts of all signatures; who does not hold the role there
    /// does not sign, and what only they knew is not asked.
    fn is_carried(&self, proposal: EntryId, asked: &ProposalFact, place: &Position, signatures: &[EntryId]) -> bool {
        let facts = self.facts();
        let limit = place.next();
        let mut signing: Vec<EntryId> = signatures.to_vec();
        loop {
            let known: &[EntryId] = if on(Switch::R8Union) { &signing } else { core::slice::from_ref(&proposal) };
            let union = self.before(known);
            let mut members = BTreeSet::new();
            let mut stay = Vec::new();
            for id in &signing {
                let by = if *id == proposal { Some(asked.by) } else { facts.acts.get(id).and_then(|act| act.by) };
                let grant = by.and_then(|by| Some((by, facts.grants.get(&by)?)));
                let signs = grant.is_some_and(|(by, grant)| {
                    asked.asks(grant)
                        && !bars(Switch::R8NotSelf, asked.not == Some(grant.holder))
                        && asks(Switch::R8Active, union.is_active_below(by, &limit))
                        && asks(Switch::R8Vouched, asked.is_for_orphans() || union.may_sign(grant))
                        && !bars(Switch::R8Withdrawn, union.has_withdrawn(asked, *id, grant.holder))
                });
                if let Some((_, grant)) = grant.filter(|_| signs) {
                    members.insert(grant.holder);
                }
                // The proposal belongs to what is signed, whoever made it.
                if signs || *id == proposal {
                    stay.push(*id);
                }
            }
            if stay.len() < signing.len() {
                signing = stay;
                continue;
            }
            return union.is_enough(asked, &members, place, &limit);
        }
    }

    /// R8: who came by themselves signs only after somebody senior vouched for them, let them in, or gave them the role.
    ///
    /// Who came by themselves gives no voice to others: so it is looked for an equal who may sign, from one to the next, each
    /// once. Everybody may have vouched for everybody, and often.
    fn may_sign(&self, grant: &GrantFact) -> bool {
        let facts = self.facts();
        let (mut ahead, mut asked) = (alloc::vec![grant], BTreeSet::new());
        while let Some(grant) = ahead.pop() {
            let Some(words) = self.words_for(grant) else { return true };
            let own = grant.key.position(Vec::new());
            for word in words {
                let act = &facts.acts[&word];
                let is_senior = act.position < own && act.position.rank < own.rank;
                let equal = act.by.filter(|_| act.position < own && !is_senior);
                if equal.is_some_and(|by| asked.contains(&by))
                    || !asks(Switch::R8VouchedSenior, is_senior || equal.is_some())
                    || !self.holds(word)
                    || !self.counts_below(word, &own)
                {
                    continue;
                }
                if asks(Switch::R8VouchedSenior, is_senior) {
                    return true;
                }
                if let Some((by, grant)) = equal.and_then(|by| Some((by, facts.grants.get(&by)?))) {
                    asked.insert(by);
                    ahead.push(grant);
                }
            }
        }
        false
    }

    /// The acts by which one alone stands for somebody: vouching for them, letting them in, giving them the role. `None` for whoever began
    /// the pursuance, or got the role by a decision.
    fn words_for(&self, grant: &GrantFact) -> Option<Vec<EntryId>> {
        let facts = self.facts();
        let Source::Entry(source) = grant.source else { return None };
        let alone = grant.invite.is_none() || grant.reviewed;
        if alone && !on(Switch::R8LetIn) {
            return None;
        }
        let let_in = match (grant.invite, grant.reviewed) {
            (None, _) => facts.acts.get(&source)?.by.map(|_| core::slice::from_ref(&source))?,
            (Some(_), true) => facts.admits.get(&source).map_or(&[][..], Vec::as_slice),
            (Some(_), false) => &[],
        };
        let vouches = facts.vouches.get(&grant.holder).into_iter().flatten();
        Some(vouches.chain(let_in).copied().collect())
    }

    fn has_withdrawn(&self, asked: &ProposalFact, signature: EntryId, member: MemberId) -> bool {
        let facts = self.facts();
        asked.withdrawals.iter().any(|id| {
            let by = facts.acts.get(id).and_then(|act| facts.grants.get(&act.by?));
            by.is_some_and(|grant| grant.holder == member)
                && self.holds(*id)
                && asks(Switch::R8WithdrawalKnows, self.in_past(signature, *id))
                && self.counts(*id)
        })
    }

    fn is_enough(
        &self,
        asked: &ProposalFact,
        members: &BTreeSet<MemberId>,
        place: &Position,
        limit: &Position,
    ) -> bool {
        let holders = self.holders_asked(asked.said.of, asked.rank, &asked.lines, limit).len();
        let signed = members.len();
        let majority = 2 * signed > holders;
        let as_majority = place == &Position::majority(asked.majority_rank);
        if signed == 0 || bars(Switch::R8MajorityPlace, as_majority && !majority) {
            return false;
        }
        // The rule may have been changed by what the signers know. What needs no line: a device that showed two histories, and
        // rules that nobody is left to change.
        let enough = asked.lines.iter().all(|lines| {
            let lines = lines.iter().filter(|line| asks(Switch::R8LineInForce, self.is_in_force(line)));
            let least = lines.filter_map(|line| line.quorum).map(|quorum| match quorum.count {
                0 => holders / 2 + 1,
                count => usize::from(count),
            });
            least.min().is_some_and(|least| asks(Switch::R8Count, signed >= least))
        });
        enough
            && match asked.needs {
                Needs::Rule => true,
                Needs::Majority => majority,
                Needs::TwoThirds => {
                    let rule = if asked.lines.is_empty() { Switch::R13TwoThirds } else { Switch::R9TwoThirds };
                    asks(rule, 3 * signed >= 2 * holders)
                }
            }
    }

    /// R3: what takes its effect away from an act, before `limit`; `None` if nothing does.
    fn restricted(&self, act: &Act, limit: &Position, candidates: impl Iterator<Item = usize>) -> Option<Refusal> {
        let facts = self.facts();
        let effective = |index: usize| {
            let restriction = &facts.restrictions[index];
            if !self.holds(restriction.source.entry()) || !self.hits(restriction, act) {
                return None;
            }
            let place = self.effective(restriction, limit)?;
            (!self.is_protected(restriction, &place, act)).then(|| reason(&restriction.kind, act))
        };
        let mut candidates = candidates;
        candidates.find_map(effective).or_else(|| {
            let lost =
                |lines: &Vec<Rule>| !lines.is_empty() && lines.iter().all(|line| self.is_denied(line, act, limit));
            act.uses.iter().any(lost).then_some(Refusal::RuleTakenBack)
        })
    }

    fn is_denied(&self, line: &Rule, act: &Act, limit: &Position) -> bool {
        let facts = self.facts();
        // Of one chain, what the act knows comes first, and what knows the act last.
        facts.on_line.get(line).into_iter().flat_map(BTreeMap::values).any(|chain| {
            let known = chain.partition_point(|index| self.in_past(facts.restrictions[*index].source.entry(), act.id));
            let beside = chain[known..].iter().map(|index| &facts.restrictions[*index]);
            { beside }.take_while(|restriction| !self.is_covered(restriction, act.id)).any(|restriction| {
                on(Switch::R3Line)
                    && self.holds(restriction.source.entry())
                    && self.effective(restriction, limit).is_some()
            })
        })
    }

    /// Whether a restriction is about this act.
    fn hits(&self, restriction: &Restriction, act: &Act) -> bool {
        let facts = self.facts();
        let Some(by) = act.by else { return false };
        let held = facts.leant_on(act);
        let named = match &restriction.kind {
            Kind::Member { .. } | Kind::Grant(_) | Kind::Role(_) => {
                let offered = facts.invites.get(&by).filter(|_| act.join).map(|invite| invite.invite.role);
                (on(Switch::R3InviterGone) || !act.join)
                    && held.is_some_and(|(at, grant)| self.takes_grant(restriction, at, grant))
                    || bars(Switch::R3InviteRole, matches!(restriction.kind, Kind::Role(role) if offered == Some(role)))
            }
            Kind::Device(author) => bars(Switch::R3Device, *author == act.author && !act.join),
            Kind::OtherDevices { member, but } => {
                let theirs = *but != act.author && held.is_some_and(|(_, grant)| grant.holder == *member);
                // A device that was added later stands on what counts by itself.
                let known = || self.devices_in_past(act.author, restriction.source.entry());
                bars(Switch::R3OtherDevices, theirs && !act.join && asks(Switch::D7Known, known()))
            }
            Kind::Invite(invite) => bars(Switch::R3Invite, act.join && *invite == by),
            Kind::Checkpoint { rank } => {
                let own = if act.join { Some(act.position.rank) } else { held.map(|(_, grant)| grant.key.rank) };
                let bound = own.is_some_and(|own| own >= *rank);
                bars(Switch::R9Seals, bound) && !bars(Switch::R9Known, self.in_past(restriction.source.entry(), act.id))
            }
            Kind::Line(_) => false,
        };
        named && restriction.source.entry() != act.id && !self.is_covered(restriction, act.id)
    }

    /// R7: of two removals of one member that do not know each other, the senior's pin decides.
    fn is_protected(&self, restriction: &Restriction, place: &Position, act: &Act) -> bool {
        let facts = self.facts();
        let Kind::Member { member, .. } = &restriction.kind else { return false };
        if !on(Switch::R7Senior) {
            return false;
        }
        let grant = facts.leant_on(act).map(|(_, grant)| grant);
        facts.on_member.get(member).into_iter().flatten().any(|index| {
            let senior = &facts.restrictions[*index];
            let Kind::Member { roles, .. } = &senior.kind else { return false };
            grant.is_some_and(|grant| roles.is_empty() || roles.contains(&grant.role))
                && self.holds(senior.source.entry())
                && self.is_covered(senior, act.id)
                && !self.in_past(restriction.source.entry(), senior.source.entry())
                && self.effective(senior, place).is_some()
        })
    }

    /// R12: whether somebody who may took it on as their own.
    fn is_ratified(&self, act: &Act, limit: &Position) -> bool {
        let facts = self.facts();
        facts.ratified.get(&act.id).into_iter().flatten().any(|id| {
            // Before the limit, not only before the act: whoever came by what they ratify would be asked about themselves.
            let ratifies = facts.acts.get(id).is_some_and(|ratifying| ratifying.position < *limit);
            bars(Switch::R12Counts, asks(Switch::R12Senior, ratifies)) && self.counts_below(*id, limit)
        })
    }

    /// Joins by an invite that count.
    fn joins(&self, invite: GrantRef) -> impl Iterator<Item = EntryId> {
        let known = self.facts().invites.get(&invite);
        let joins = known.into_iter().flat_map(|known| &known.joins).copied();
        joins.filter(|join| self.counts(*join))
    }

    /// Whether as many joins by an invite count. Where fewer are known at all, none is asked.
    fn is_used_up(&self, invite: GrantRef, uses: u16) -> bool {
        let uses = usize::from(uses);
        let known = self.facts().invites.get(&invite).map_or(0, |known| known.joins.len());
        known >= uses && self.joins(invite).take(uses).count() == uses
    }

    /// Whether somebody else handed a member what is said to everyone.
    fn is_let_in(&self, member: MemberId) -> bool {
        let facts = self.facts();
        let mut devices = facts.devices_of.get(&member).into_iter().flatten();
        devices.any(|device| {
            let mut welcomes = facts.let_in.get(device).into_iter().flatten();
            welcomes.any(|(entry, by)| *by != member && self.holds(*entry))
        })
    }

    /// K3: whether a member is let in by somebody, or is one of as many as may come by their invite: those who were let in come
    /// first, here or gone, then the others by how late they came.
    fn has_a_place(&self, member: MemberId) -> bool {
        let facts = self.facts();
        let Some(by) = facts.members.get(&member).and_then(|beginning| beginning.invite) else { return true };
        let Some(open) = facts.invites.get(&by) else { return true };
        let uses = usize::from(open.invite.uses);
        if open.joins.len() <= uses || self.is_let_in(member) {
            return true;
        }
        let late = |join: EntryId| (self.logs().depth(join), join);
        let own = late(EntryId(member.0));
        let before = self.joins(by).filter(|join| late(*join) < own || self.is_let_in(MemberId(join.0)));
        before.take(uses).count() < uses
    }

    /// Whether an invite can be joined by: it counts, was not closed, and its author holds what it leans on.
    fn is_open(&self, at: GrantRef) -> bool {
        let facts = self.facts();
        let Some(invite) = facts.invites.get(&at) else { return false };
        let closed = facts.on_invite.get(&at).into_iter().flatten().any(|index| {
            let restriction = &facts.restrictions[*index];
            self.holds(restriction.source.entry()) && self.effective(restriction, &Position::LAST).is_some()
        });
        !bars(Switch::J7Open, closed)
            && self.counts(at.entry)
            && asks(Switch::J7InviterHere, self.is_active(invite.by))
            && !self.is_retired(invite.invite.role)
    }

    /// Members of this view: who holds a role.
    fn present(&self) -> BTreeSet<MemberId> {
        let held = self.may_be_active(Among::All).filter(|at| self.holds(at.entry) && self.is_active(*at));
        held.map(|at| self.facts().grants[&at].holder).collect()
    }

    /// Devices that read for a member of this view.
    fn reading(&self, member: MemberId) -> BTreeMap<AuthorId, Vec<Step>> {
        let devices = self.facts().devices_of.get(&member).into_iter().flatten();
        devices.filter_map(|author| Some((*author, self.device_path(*author, member)?))).collect()
    }
}

/// R4: a restriction stands strictly before what it takes away.
fn is_before(place: &Position, limit: &Position) -> bool {
    place < limit || (!on(Switch::R4Strict) && place == limit)
}

const fn reason(kind: &Kind, act: &Act) -> Refusal {
    match kind {
        Kind::Member { .. } | Kind::Grant(_) if act.join => Refusal::InviteClosed,
        Kind::Member { .. } | Kind::Grant(_) => Refusal::Removed,
        Kind::Role(_) => Refusal::RoleRetired,
        Kind::Device(_) | Kind::OtherDevices { .. } => Refusal::DeviceRemoved,
        Kind::Invite(_) => Refusal::InviteClosed,
        Kind::Line(_) => Refusal::RuleTakenBack,
        Kind::Checkpoint { .. } => Refusal::SealedOff,
    }
}
