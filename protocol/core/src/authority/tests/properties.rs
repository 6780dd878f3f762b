//! What must hold in every world of authority, each by its name (docs/protocol/04-authority.md, "What is proved").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use super::definition::{Definition, Pasts};
use super::facts::{Act, Kind, Source};
use super::fault::{Fault, is_made};
use super::position::{Position, Step};
use super::seen::Seen;
use super::sight::{Learned, Outcomes, Sight, View};
use super::stage::{Stage, State, Told, Who};
use super::worlds::World;
use super::{Presence, Verdict};
use crate::entry::{Entry, GrantRef};
use crate::id::{AuthorId, EntryId, MemberId, RoleId};
use crate::keys::DeviceKeys;
use crate::op::{Op, SetRule};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::rule::{Conditions, Object, Role, Rule, Verb};
use crate::shelf::Shelf;
use crate::shelf::drawer::{Drawer, is_role};

/// Asked of a world, with its seed for whatever is left to chance; says what it found wrong.
pub(crate) type Property = fn(&Stage, u64) -> Result<(), String>;

/// All of them.
pub(crate) const PROPERTIES: [(&str, Property); 9] = [
    ("any order gives the same state", any_order_gives_the_same_state),
    ("the definition agrees", the_definition_agrees),
    ("what is followed entry by entry is what is found anew", followed_is_found_anew),
    ("what was stored gives the same state", stored_gives_the_same_state),
    ("an old view stays as it was", an_old_view_stays),
    ("juniors never move seniors", juniors_never_move_seniors),
    ("who was removed by a senior stays removed", the_removed_stay_removed),
    ("what a pin covers stays", what_a_pin_covers_stays),
    ("somebody can still change the rules", somebody_can_amend),
];

/// How often something happened in a world.
pub(crate) fn words(stage: &Stage) -> BTreeMap<&'static str, u64> {
    let mut words = BTreeMap::new();
    let mut say = |word| *words.entry(word).or_insert(0) += 1;
    let facts = &stage.told.authority.facts;
    for entry in &stage.entries {
        let removal = facts.carried_by.get(&entry.id()).into_iter().flatten().any(|index| {
            let restriction = &facts.restrictions[*index];
            matches!(restriction.kind, Kind::Member { .. }) && matches!(restriction.source, Source::Entry(_))
        });
        match stage.told.verdict(entry.id()) {
            None => say("kept out"),
            Some(Verdict::Counts) => say("counts"),
            Some(Verdict::Held(_)) => say("held"),
            Some(Verdict::Refused(_)) => say("refused"),
            Some(Verdict::NeedsNewer) => say("needs newer"),
        }
        match stage.told.verdict(entry.id()) {
            Some(Verdict::Counts) if removal => say("removal counts"),
            Some(Verdict::Held(_)) if removal => say("removal held"),
            _ => {}
        }
    }
    let now = stage.told.authority.now(&stage.told.logs);
    for proposal in facts.proposals.keys() {
        say("proposed");
        if now.decided(*proposal).is_some() {
            say("decided");
        }
    }
    stage.told.logs.forked().for_each(|_| say("two histories"));
    facts.ratified.keys().for_each(|_| say("ratified"));
    words
}

/// The first way in which two states differ.
fn differ(left: &State, right: &State) -> Result<(), String> {
    for id in left.verdicts.keys().chain(right.verdicts.keys()) {
        let (left, right) = (left.verdicts.get(id), right.verdicts.get(id));
        if left != right {
            return Err(format!("{id:?}: {left:?} and {right:?}"));
        }
    }
    for id in left.members.keys().chain(right.members.keys()) {
        let (left, right) = (left.members.get(id), right.members.get(id));
        if left != right {
            return Err(format!("{id:?}: {left:#?} and {right:#?}"));
        }
    }
    if left == right { Ok(()) } else { Err(format!("{left:#?}\nand\n{right:#?}")) }
}

/// P5: same set, same state, in whatever order it comes.
fn any_order_gives_the_same_state(stage: &Stage, seed: u64) -> Result<(), String> {
    let mut chance = StdRng::seed_from_u64(seed);
    let expected = stage.told.state();
    for _ in 0..2 {
        let told = stage.replay(&some_order(stage, &mut chance));
        differ(&expected, &told.state())?;
    }
    Ok(())
}

/// An order in which each entry comes after what it names.
pub(crate) fn some_order(stage: &Stage, chance: &mut StdRng) -> Vec<EntryId> {
    let mut open: Vec<&Entry> = stage.entries.iter().collect();
    open.shuffle(chance);
    let mut order: Vec<EntryId> = Vec::new();
    while !open.is_empty() {
        // Sometimes all of one, as after a silence; sometimes one of each.
        let at = open.iter().position(|entry| entry.body().named().all(|id| order.contains(&id)));
        order.push(open.remove(at.expect("a graph without cycles")).id());
        if chance.random_range(0..4) == 0 {
            open.shuffle(chance);
        }
    }
    order
}

/// All that a view says, for comparing.
#[derive(Debug, PartialEq)]
struct Digest {
    held: BTreeMap<EntryId, Option<Refusal>>,
    active: BTreeSet<GrantRef>,
    table: Vec<Rule>,
    roles: BTreeMap<RoleId, (Role, bool)>,
    decided: BTreeMap<EntryId, Option<Position>>,
    devices: BTreeMap<(AuthorId, MemberId), Option<Vec<Step>>>,
    open: BTreeMap<GrantRef, bool>,
}

fn digest<S: Seen>(seen: &S, held: impl Fn(&Act) -> Option<Refusal>) -> Digest {
    let facts = seen.facts();
    let devices = facts.devices.iter().flat_map(|(author, made)| made.iter().map(|made| (*author, made)));
    let devices = devices.filter(|(_, made)| seen.holds(made.source));
    let roles = facts.roles.keys().filter_map(|id| Some((*id, (seen.role(*id)?.1.clone(), seen.is_retired(*id)))));
    Digest {
        held: facts.acts.values().filter(|act| seen.holds(act.id)).map(|act| (act.id, held(act))).collect(),
        active: facts.grants.keys().copied().filter(|at| seen.holds(at.entry) && seen.is_active(*at)).collect(),
        table: seen.table(),
        roles: roles.collect(),
        decided: {
            let held = facts.proposals.keys().filter(|id| seen.holds(**id));
            held.map(|id| (*id, seen.decided(*id))).collect()
        },
        devices: devices.map(|(author, made)| ((author, made.member), seen.device_path(author, made.member))).collect(),
        open: facts.invites.keys().filter(|at| seen.holds(at.entry)).map(|at| (*at, seen.is_open(*at))).collect(),
    }
}

fn same(left: &Digest, right: &Digest) -> Result<(), String> {
    for (id, held) in &left.held {
        if right.held.get(id) != Some(held) {
            return Err(format!("{id:?}: {held:?} and {:?}", right.held.get(id)));
        }
    }
    if left == right { Ok(()) } else { Err(format!("{left:#?}\nand\n{right:#?}")) }
}

/// The two evaluators give the same verdicts with the same reasons, and the same views.
fn the_definition_agrees(stage: &Stage, seed: u64) -> Result<(), String> {
    let by_definition = stage.replay_by_definition(&stage.order());
    differ(&stage.told.state(), &by_definition.state())?;
    let told = &stage.told;
    let (facts, logs, pasts) = (&told.authority.facts, &told.logs, Pasts::default());
    let now = told.authority.now(logs);
    let all = Definition::new(facts, logs, &pasts, told.heard.iter().copied().collect());
    same(&digest(&now, |act| now.held(act)), &digest(&all, |act| all.held(act)))?;
    for entry in &stage.entries {
        if let Some(act) = told.authority.role_act(logs, entry).filter(|_| !facts.acts.contains_key(&entry.id())) {
            let held = all.held(&act).map_or(Verdict::Counts, Verdict::Held);
            let verdict = told.verdict(entry.id());
            if matches!(verdict, Some(Verdict::Counts | Verdict::Held(_))) && verdict != Some(held.clone()) {
                return Err(format!("{:?} speaks: {verdict:?}, and by definition {held:?}", entry.id()));
            }
        }
    }
    let mut chance = StdRng::seed_from_u64(seed);
    for id in told.heard.sample(&mut chance, 2) {
        let outcomes = Outcomes::default();
        let view = logs.clock(*id).expect("it was heard").clone();
        let past = Sight::new(facts, logs, &outcomes, Learned::default(), View::Past(view));
        let by_definition = Definition::past_of(facts, logs, &pasts, core::iter::once(*id));
        same(&digest(&past, |act| past.held(act)), &digest(&by_definition, |act| by_definition.held(act)))?;
    }
    Ok(())
}

/// After each entry, what was followed is what looking at everything anew finds; and what is refused stays refused.
fn followed_is_found_anew(stage: &Stage, seed: u64) -> Result<(), String> {
    let mut chance = StdRng::seed_from_u64(seed ^ 1);
    let mut told = stage.replay(&[]);
    let mut refused: BTreeSet<EntryId> = BTreeSet::new();
    for id in some_order(stage, &mut chance) {
        told.hear(stage.entry(id));
        let (followed, anew) = (told.state(), told.state_anew());
        differ(&followed, &anew).map_err(|what| format!("after {id:?}: {what}"))?;
        for (id, verdict) in &followed.verdicts {
            let is_refused = matches!(verdict, Verdict::Refused(_));
            if is_refused != refused.contains(id) && (told.heard.last() != Some(id) || !is_refused) {
                return Err(format!("{id:?} was refused, or not, and is {verdict:?}"));
            }
            if is_refused {
                refused.insert(*id);
            }
        }
    }
    Ok(())
}

/// A machine that starts again from its store is where it was.
fn stored_gives_the_same_state(stage: &Stage, seed: u64) -> Result<(), String> {
    let mut chance = StdRng::seed_from_u64(seed ^ 2);
    let told = stage.replay(&some_order(stage, &mut chance));
    let verdict = |id: &EntryId| (*id, told.verdict(*id).expect("it was heard"));
    let stored: Vec<(EntryId, Verdict)> = told.heard.iter().map(verdict).collect();
    let state = State { kept_out: BTreeMap::new(), ..told.state() };
    differ(&state, &stage.take_back(&stored).state())?;
    put_down_gives_the_same_state(stage, &state, &mut chance)
}

/// Nor is one otherwise that puts down what it need not hold, and stops and starts again, while it hears.
fn put_down_gives_the_same_state(stage: &Stage, state: &State, chance: &mut StdRng) -> Result<(), String> {
    let (drawer, empty) = (Drawer::default(), || Replica::new(stage.pursuance, DeviceKeys::from_seed([9; 32])));
    let (mut replica, mut came) = (empty(), Vec::new());
    for id in some_order(stage, chance) {
        let entry = stage.entry(id);
        replica.logs.fetch_for(entry, &drawer);
        let past = replica.logs.past_of(entry);
        let appended = replica.append_from(entry.clone(), &drawer);
        came.push(entry.clone());
        if chance.random_range(0..2) == 0 {
            drawer.lighten(&mut replica);
        }
        replica.logs.fetch(id, &drawer);
        if appended.entries.contains(&id) && replica.logs.past_of(entry) != past {
            return Err(format!("the past of {id:?} was {past:?} and is {:?}", replica.logs.past_of(entry)));
        }
        if chance.random_range(0..12) == 0 {
            drawer.lighten(&mut replica);
            replica = drawer.restart(&replica, empty(), &came);
        }
    }
    drawer.lighten(&mut replica);
    for (id, verdict) in &state.verdicts {
        let standing = drawer.entry(*id).map(|kept| kept.standing);
        if standing != Some(verdict.standing()) {
            return Err(format!("{id:?} is {verdict:?}, and where it was put down {standing:?}"));
        }
    }
    // Of role entries a store knows no more than how they stand.
    let public = |state: State| {
        let is_public = |id: &EntryId| !is_role(stage.entry(*id));
        State { verdicts: state.verdicts.into_iter().filter(|(id, _)| is_public(id)).collect(), ..state }
    };
    let state = public(state.clone());
    differ(&state, &public(State::of(&replica.authority)))?;
    differ(&state, &public(State::of(&drawer.restart(&replica, empty(), &[]).authority)))
}

/// What the past of an entry says is the same whether it is asked at once or when much more is known.
fn an_old_view_stays(stage: &Stage, seed: u64) -> Result<(), String> {
    let mut chance = StdRng::seed_from_u64(seed ^ 3);
    let mut told = stage.replay(&[]);
    let order = stage.order();
    let asked: BTreeSet<EntryId> = order.sample(&mut chance, 3).copied().collect();
    let mut then: Vec<(EntryId, Digest)> = Vec::new();
    for id in order {
        told.hear(stage.entry(id));
        if asked.contains(&id) && told.verdict(id).is_some() {
            then.push((id, digest_of_past(&told, id)));
        }
    }
    for (id, then) in then {
        same(&then, &digest_of_past(&told, id)).map_err(|what| format!("the past of {id:?}: {what}"))?;
    }
    Ok(())
}

fn digest_of_past(told: &Told, id: EntryId) -> Digest {
    let (facts, outcomes) = (&told.authority.facts, Outcomes::default());
    let view = told.logs.clock(id).expect("it was heard").clone();
    let past = Sight::new(facts, &told.logs, &outcomes, Learned::default(), View::Past(view));
    let now = told.authority.now(&told.logs);
    digest(&past, |act| if is_made(Fault::PastsKnowBetter) { now.held(act) } else { past.held(act) })
}

/// Taking away all that juniors said beside what seniors did changes nothing about the seniors, but for lines that let juniors
/// decide over them.
fn juniors_never_move_seniors(stage: &Stage, _: u64) -> Result<(), String> {
    let told = &stage.told;
    let (facts, logs) = (&told.authority.facts, &told.logs);
    for rank in 1..=3 {
        // Succession: a majority of juniors stands before the senior rank it is about.
        let succession = |asked: &super::facts::ProposalFact| asked.rank >= rank && asked.majority_rank < rank;
        if facts.proposals.values().any(succession) {
            continue;
        }
        let by_senior = |id: &EntryId| facts.acts[id].position.rank < rank;
        let seniors: BTreeSet<EntryId> = facts.acts.keys().copied().filter(by_senior).collect();
        let kept = |id: &EntryId| seniors.contains(id) || seniors.iter().any(|senior| logs.in_past(*id, *senior));
        let order: Vec<EntryId> = told.heard.iter().copied().filter(kept).collect();
        let without = stage.replay(&order);
        for id in &seniors {
            if told.verdict(*id) != without.verdict(*id) {
                return Err(format!(
                    "rank {rank}: {id:?} is {:?}, and {:?} without what juniors said",
                    told.verdict(*id),
                    without.verdict(*id)
                ));
            }
        }
        let senior = |at: &GrantRef| facts.grants[at].key.rank < rank;
        let active: BTreeSet<GrantRef> = told.active_now().into_iter().filter(senior).collect();
        let before: BTreeSet<GrantRef> = without.active_now().into_iter().filter(senior).collect();
        if active != before {
            return Err(format!("rank {rank}: {active:?}, and {before:?} without what juniors said"));
        }
    }
    Ok(())
}

/// Whoever was removed by a strict senior can say what they like, with whomever comes by their invites: nothing changes.
fn the_removed_stay_removed(stage: &Stage, seed: u64) -> Result<(), String> {
    let (facts, authority) = (&stage.told.authority.facts, &stage.told.authority);
    let mut chance = StdRng::seed_from_u64(seed ^ 4);
    let now = authority.now(&stage.told.logs);
    let of_strict_senior = facts.restrictions.iter().filter_map(|restriction| {
        let (Kind::Member { member, roles }, Source::Entry(id)) = (&restriction.kind, restriction.source) else {
            return None;
        };
        let remover = facts.grants.get(&facts.acts.get(&id)?.by?)?;
        let theirs = facts.grants_of.get(member)?;
        let senior = theirs.iter().all(|at| facts.grants[at].key.rank > remover.key.rank);
        let gone = authority.members().get(member)?.presence == Presence::Gone;
        // What was given back knowing of it stands against it.
        let again = theirs.iter().any(|at| now.knows(*at, &facts.grants[at], restriction.source));
        let place = now.effective(restriction, &Position::LAST)?;
        (roles.is_empty() && remover.holder != *member && senior && gone && !again).then_some((*member, id, place))
    });
    let removals: Vec<(MemberId, EntryId, Position)> = of_strict_senior.collect();
    let Some((member, removal, place)) = removals.choose(&mut chance).cloned() else { return Ok(()) };
    let devices = &facts.devices_of[&member];
    let devices: Vec<Who> = (0..stage.len()).map(Who).filter(|who| devices.contains(&stage.author(*who))).collect();
    // One device for several members stands for all of them.
    let devices: Vec<Who> = devices
        .into_iter()
        .filter(|who| facts.devices[&stage.author(*who)].iter().all(|made| made.member == member))
        .collect();
    if devices.is_empty() {
        return Ok(());
    }
    let invites = facts.invites.iter().filter(|(_, invite)| invite.inviter == member).map(|(at, _)| *at);
    let invites: Vec<GrantRef> = invites.collect();
    let mut world = World { stage: stage.only(&stage.order()), chance, cast: devices, invites, honest_of_eight: 1 };
    for _ in 0..10 {
        world.act();
    }
    let after = &world.stage.told;
    // A majority asked before the removal stands before it, and they are of it.
    let stands_before = |asked: &super::facts::ProposalFact| Position::majority(asked.majority_rank) <= place;
    if after.authority.facts.proposals.values().any(stands_before) {
        return Ok(());
    }
    let shown = || super::telling::describe(&world.stage);
    if after.verdict(removal) != Some(Verdict::Counts) {
        return Err(format!("{removal:?} is {:?} now\n{}", after.verdict(removal), shown()));
    }
    for (id, verdict) in stage.told.authority.verdicts() {
        if after.verdict(id).as_ref() != Some(verdict) {
            return Err(format!("{id:?} was {verdict:?} and is {:?}\n{}", after.verdict(id), shown()));
        }
    }
    if after.active_now() != stage.told.active_now() {
        return Err(format!("{:?} and {:?}\n{}", stage.told.active_now(), after.active_now(), shown()));
    }
    let (before, after) = (stage.told.state(), after.state());
    if (&before.name, &before.table, &before.relays) != (&after.name, &after.table, &after.relays) {
        return Err(format!("{before:#?} and {after:#?}\n{}", shown()));
    }
    Ok(())
}

/// R7: what a counting removal leaves stays, whatever a less senior removal of the same member says that does not know of it.
fn what_a_pin_covers_stays(stage: &Stage, _: u64) -> Result<(), String> {
    what_a_pin_covers_stays_with(&stage.told)
}

/// The same, with any machine.
pub(super) fn what_a_pin_covers_stays_with(told: &Told) -> Result<(), String> {
    let (facts, logs) = (&told.authority.facts, &told.logs);
    let now = told.authority.now(logs);
    let placed = facts
        .restrictions
        .iter()
        .filter_map(|restriction| Some((restriction, now.effective(restriction, &Position::LAST)?)));
    let placed: Vec<_> = placed.collect();
    let covers = |restriction: &super::facts::Restriction, act: EntryId| {
        let knows = |of: EntryId| logs.in_past(act, of);
        match &restriction.pins[..] {
            [] => knows(restriction.source.entry()),
            pins => pins.iter().any(|pin| *pin == act || knows(*pin)),
        }
    };
    for act in facts.acts.values() {
        if told.verdict(act.id) != Some(Verdict::Held(Refusal::Removed)) {
            continue;
        }
        let Some((at, grant)) = facts.leant_on(act) else { continue };
        let about = |kind: &Kind| match kind {
            Kind::Member { member, roles } => {
                *member == grant.holder && (roles.is_empty() || roles.contains(&grant.role))
            }
            Kind::Grant(one) => *one == at,
            _ => false,
        };
        let hits = placed.iter().filter(|(one, place)| {
            about(&one.kind) && !covers(one, act.id) && !now.knows(at, grant, one.source) && *place < act.position
        });
        let hits: Vec<_> = hits.collect();
        let may = |(one, place): &&(&super::facts::Restriction, Position)| {
            !matches!(one.kind, Kind::Member { .. })
                || !placed.iter().any(|(other, before)| {
                    matches!(other.kind, Kind::Member { .. })
                        && about(&other.kind)
                        && covers(other, act.id)
                        && before < place
                        && !logs.in_past(one.source.entry(), other.source.entry())
                })
        };
        if !hits.into_iter().any(|one| may(&one)) {
            return Err(format!("{:?} is held although a senior removal leaves it", act.id));
        }
    }
    Ok(())
}

/// R13: somebody may change the rules; or, where nobody is left who may, two thirds of the first rank that has holders can.
fn somebody_can_amend(stage: &Stage, _: u64) -> Result<(), String> {
    let authority = &stage.told.authority;
    if authority.now(&stage.told.logs).has_amender(|_, _| false) {
        return Ok(());
    }
    let mut stage = stage.only(&stage.order());
    // A device with two histories signs nothing more, and could name only one of them.
    let forked: BTreeSet<AuthorId> = stage.told.logs.forked().collect();
    let here = |stage: &Stage| -> Vec<(RoleId, u8, Who)> {
        let members = stage.told.authority.present().filter_map(|(_, member)| {
            let author = *member.devices.keys().find(|author| !forked.contains(author))?;
            let who = (0..stage.len()).map(Who).find(|who| stage.author(*who) == author)?;
            Some((member.role, member.key.rank, who))
        });
        members.collect()
    };
    let signers = here(&stage);
    let Some(first) = signers.iter().map(|(_, rank, _)| *rank).min() else { return Ok(()) };
    let Some((of, ..)) = signers.iter().find(|(_, rank, _)| *rank == first).copied() else { return Ok(()) };
    let signers: Vec<Who> = signers.iter().filter(|(role, ..)| *role == of).map(|(.., who)| *who).collect();
    if stage.told.authority.present().map(|(_, member)| member.key.rank).min() != Some(first)
        || 3 * signers.len() < 2 * stage.told.holders(of).len()
    {
        // Too many who hold it have no device left that can sign: a recovery key is all that helps.
        return Ok(());
    }
    // They hear each other first.
    for _ in 0..3 {
        for who in &signers {
            stage.at(*who).speak();
        }
    }
    let rule =
        Rule { role: of, verb: Verb::Amend, object: Object::Rules, conditions: Conditions::ALWAYS, quorum: None };
    let proposal = stage.at(signers[0]).propose(of, Op::SetRule(SetRule { rule, present: true }));
    for who in &signers[1..] {
        stage.at(*who).approve(proposal);
    }
    if stage.told.authority.now(&stage.told.logs).has_amender(|_, _| false) {
        return Ok(());
    }
    Err(format!("nobody can change the rules any more\n{}", super::telling::describe(&stage)))
}
