//! Epochs that somebody makes to do harm, and what becomes of them (docs/protocol/03-keys.md, K2 to K4, K10, K22, K23).

mod people;

use std::collections::BTreeSet;

use people::{World, create, exchange, take};
use pursuance_core::authority::{join_message, package_tag, readers_hash};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::founding::MEMBER;
use pursuance_core::id::{AuthorId, EntryId, EpochId, MemberId, RoleId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{CellKey, EpochSecret, InviteSecret};
use pursuance_core::limits::MAX_READERS;
use pursuance_core::logs::Standing;
use pursuance_core::op::{Backlink, Join, KeyPackage, Op, RoleEpoch, Seal, Welcome};
use pursuance_core::plan::Authored;
use pursuance_core::replica::Replica;
use rand::RngExt;

/// Most rounds in which members hand each other what they lack.
const MAX_ROUNDS: usize = 20;

/// An epoch of everyone by a changed client. `seal` says what a reader gets instead of the secret, `None` for the secret itself.
fn forged(
    maker: &Replica,
    secret: &EpochSecret,
    parents: Vec<EpochId>,
    backlinks: Vec<Backlink>,
    seal: impl Fn(AuthorId) -> Option<Vec<u8>>,
) -> Entry {
    let mut packages = maker.authority().packages_known(maker.logs());
    packages.sort_by_key(|(id, ..)| *id);
    let ids: Vec<[u8; 32]> = packages.iter().map(|(id, ..)| *id).collect();
    let true_seal = |package| secret.seal_to(maker.pursuance(), RoleId::EVERYONE, package).expect("a key");
    let seals = packages.iter().map(|(id, package, author)| Seal {
        tag: package_tag(id),
        sealed: seal(*author).unwrap_or_else(|| true_seal(package)),
    });
    let op = Op::RoleEpoch(RoleEpoch {
        role: RoleId::EVERYONE,
        epoch: secret.id(),
        parents,
        readers: readers_hash(&ids),
        seals: seals.collect(),
        backlinks,
    });
    signed(maker, vec![op])
}

fn signed(maker: &Replica, ops: Vec<Op>) -> Entry {
    let author = maker.device().author();
    let tip = maker.logs().tip(author).expect("has written");
    let body = Body {
        author,
        seq: tip.seq + 1,
        prev: Some(tip.id),
        heads: maker.logs().heads_for(author),
        by: Some(maker.authority().members()[&maker.me().expect("came")].grant),
        claimed_seconds: 0,
        checkpoints: Vec::new(),
        content: Content::Public(ops),
    };
    Entry::sign(&maker.device().signing, Some(maker.pursuance()), &body)
}

/// Everybody hears everything, hands on what others lack, and makes the epochs that are wanted.
fn settle(world: &mut World, members: &mut [Replica]) {
    for _ in 0..MAX_ROUNDS {
        let mut changed = false;
        for _ in 0..2 {
            for a in 0..members.len() {
                for b in a + 1..members.len() {
                    let (left, right) = members.split_at_mut(b);
                    exchange(&mut left[a], &mut right[0]);
                }
            }
        }
        for member in &mut *members {
            let welcome = { member.unwelcomed() }.first().and_then(|to| member.welcome(*to, world.now_seconds));
            let made = if member.needs_epoch() {
                member.rotate(world.now_seconds, &mut Seed::new(world.rng.random()))
            } else {
                None
            };
            for entry in welcome.into_iter().chain(made) {
                take(member, &[entry]);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
    panic!("they never end");
}

fn read_all(members: &[Replica], task: pursuance_core::id::TaskId) -> Vec<bool> {
    members.iter().map(|member| member.tasks().task(task).is_some()).collect()
}

const GARBAGE: [u8; 1_168] = [7; 1_168];

/// A newer epoch takes the place of the older one, whoever made it; but this one opens for some only, and whoever holds it sees that.
#[test]
fn an_epoch_that_shuts_somebody_out_is_written_with_by_nobody_and_handed_to_them() {
    let mut world = World::new(81);
    let (maya, _, [ben, zoe, mallory]) = world.four();
    let members = [maya, ben, zoe, mallory];
    let old = members[0].usable_epoch().expect("is in").clone();
    let (secret, victim) = (EpochSecret::new([0x5e; 32]), members[1].device().author());
    let other = EpochSecret::new([0x5f; 32]);
    let another =
        |_| Some(other.seal_to(members[0].pursuance(), RoleId::EVERYONE, members[1].device().key_package()).unwrap());
    let garbage = |_| Some(GARBAGE.to_vec());
    let ways: [&dyn Fn(AuthorId) -> Option<Vec<u8>>; 2] = [&garbage, &another];
    let nonce = [1; 24];
    let back = secret.link_back(members[3].pursuance(), RoleId::EVERYONE, &old, nonce);
    let lying = Backlink { sealed: [9; 48], ..back.clone() };
    for (way, seal) in ways.iter().enumerate() {
        for (case, backlinks) in [("a false way back", vec![lying.clone()]), ("a true one", vec![back.clone()])] {
            let seal = |to: AuthorId| (to == victim).then(|| seal(to)).flatten();
            let made = forged(&members[3], &secret, vec![old.id()], backlinks, seal);
            let mut members: Vec<Replica> = members.iter().map(copy).collect();
            take(&mut members[3], std::slice::from_ref(&made));
            let (left, right) = members.split_at_mut(3);
            exchange(&mut left[2], &mut right[0]);
            assert_eq!(left[2].usable_epoch().map(EpochSecret::id), Some(old.id()), "{way}, {case}: Zoe holds it");
            let said = world.commit(&mut members[2], &create("Said with the one before", None)).task.expect("a task");
            // Ben sees that his is none, and cannot show it.
            let (left, right) = members.split_at_mut(3);
            exchange(&mut left[1], &mut right[0]);
            assert_eq!(verdicts(&members[1]), [(made.id(), BTreeSet::from([members[1].me().unwrap()]), false)]);
            settle(&mut world, &mut members);
            assert_eq!(read_all(&members, said), [true; 4], "{way}, {case}");
            let (who, whom) = (members[3].me().unwrap(), members[1].me().unwrap());
            for member in &members {
                assert!(member.epoch(secret.id()).is_some(), "{way}, {case}");
                assert_eq!(
                    verdicts(member),
                    [(made.id(), BTreeSet::from([whom]), true)],
                    "{way}, {case}: all find the same"
                );
                assert!(member.false_seals().iter().all(|found| found.by == who), "{way}, {case}");
                assert_eq!(member.usable_epoch().map(EpochSecret::id), Some(old.id()), "{way}, {case}");
                let people = member.people().members;
                let shown: Vec<_> =
                    people.iter().filter(|one| !one.false_seals.is_empty()).map(|one| one.person.member).collect();
                assert_eq!(shown, [who], "{way}, {case}");
            }
        }
    }
}

/// What somebody found of seals that are none: in which entry, whom they leave out, and whether that is proven.
fn verdicts(of: &Replica) -> Vec<(EntryId, BTreeSet<MemberId>, bool)> {
    of.false_seals().into_iter().map(|found| (found.entry, found.to, found.is_proven)).collect()
}

/// After a removal nothing that there is may be used, and this one opens for nobody.
#[test]
fn an_epoch_that_opens_for_nobody_stops_nobody_after_a_removal() {
    for known_by_all in [true, false] {
        let mut world = World::new(93);
        let (mut maya, _, [ben, zoe, mut mallory]) = world.four();
        let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
        let ida = world.joiner(&mut maya, &invite, "Ida");
        world.commit(&mut maya, &Command::RemoveMember { member: ida.me().unwrap(), roles: Vec::new() });
        exchange(&mut maya, &mut mallory);
        let secret = EpochSecret::new([0x5e; 32]);
        let parents = mallory.authority().epochs().keys().map(|(id, _)| *id).collect();
        let made = forged(&mallory, &secret, parents, Vec::new(), |_| Some(GARBAGE.to_vec()));
        take(&mut mallory, std::slice::from_ref(&made));
        let mut members = if known_by_all { vec![maya, ben, zoe] } else { vec![maya] };
        for member in &mut members {
            exchange(&mut mallory, member);
            assert!(member.usable_epoch().is_none(), "who was removed knows the one before");
        }
        settle(&mut world, &mut members);
        let said = world.commit(&mut members[0], &create("We go on", None)).task.expect("a task");
        settle(&mut world, &mut members);
        assert!(read_all(&members, said).iter().all(|reads| *reads));
        let used = members[0].usable_epoch().expect("just written").id();
        assert!(used != secret.id());
    }
}

/// Whoever holds an epoch can introduce it once more beside, with seals that are none: that tells on them, and not on who made it.
#[test]
fn an_epoch_with_true_seals_stays_in_use_whatever_others_seal_in_its_name() {
    let mut world = World::new(94);
    let (maya, _, [ben, zoe, mallory]) = world.four();
    let mut members = [maya, ben, zoe, mallory];
    let beside = copy(&members[3]);
    let parent = members[0].usable_epoch().expect("is in").id();
    let made = members[0].rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut members[0], &[made]);
    let secret = members[0].usable_epoch().expect("just made").clone();
    let again = forged(&beside, &secret, vec![parent], Vec::new(), |_| Some(GARBAGE.to_vec()));
    take(&mut members[3], std::slice::from_ref(&again));
    settle(&mut world, &mut members);
    let him = members[3].me().unwrap();
    for member in &members {
        assert_eq!(member.usable_epoch().map(EpochSecret::id), Some(secret.id()));
        let found: Vec<_> = member.false_seals().into_iter().map(|found| (found.entry, found.by)).collect();
        assert_eq!(found, [(again.id(), him)], "nobody else");
    }
}

/// The same member at the same point, with the same device.
fn copy(of: &Replica) -> Replica {
    let keys = pursuance_core::keys::DeviceKeys::from_seed(*of.device().seed());
    let mut copy = Replica::new(of.pursuance(), keys);
    copy.take_up_epochs(of.authority().epochs().keys().filter_map(|(id, _)| of.epoch(*id).cloned()));
    of.logs().iter().for_each(|entry| drop(copy.append(entry.clone())));
    copy
}

#[test]
fn an_epoch_by_somebody_who_is_being_removed_is_used_by_nobody() {
    let mut world = World::new(82);
    let (mut maya, _, [mut ben, mut zoe, mut mallory]) = world.four();
    let him = mallory.me().expect("came");
    world.commit(&mut maya, &Command::RemoveMember { member: him, roles: Vec::new() });
    // At the same time, and once more when he knows that he is out: the first is permitted by its past, the second is not.
    let mut seed = Seed::new(world.rng.random());
    let beside = mallory.rotate(world.now_seconds, &mut seed).expect("he does not know");
    take(&mut mallory, std::slice::from_ref(&beside));
    exchange(&mut maya, &mut mallory);
    assert!(mallory.rotate(world.now_seconds, &mut Seed::new([3; 32])).is_none());
    let parents = vec![maya.usable_epoch().map_or(EpochId([0; 32]), EpochSecret::id)];
    let after = forged(&mallory, &EpochSecret::new([0x5f; 32]), parents, Vec::new(), |_| None);
    take(&mut mallory, std::slice::from_ref(&after));
    let theirs: BTreeSet<EpochId> = mallory.authority().epochs().keys().map(|(epoch, _)| *epoch).collect();
    let known = |id| theirs.contains(&id);
    exchange(&mut mallory, &mut ben);
    exchange(&mut mallory, &mut zoe);
    let mut members = [maya, ben, zoe];
    settle(&mut world, &mut members);
    let said = world.commit(&mut members[1], &create("Not for him", None));
    settle(&mut world, &mut members);
    assert_eq!(read_all(&members, said.task.expect("a task")), [true; 3]);
    for member in &members {
        assert_eq!(member.logs().standing(beside.id()), Some(Standing::Held));
        assert_eq!(member.logs().standing(after.id()), Some(Standing::Refused));
        let used = member.usable_epoch().map(EpochSecret::id).expect("one that he cannot know");
        assert!(!known(used) && mallory.epoch(used).is_none());
    }
}

/// A parent that is not there yet: an id of the future.
#[test]
fn epochs_that_follow_each_other_in_a_circle_have_a_last_one() {
    let mut world = World::new(83);
    let (maya, _, [ben, zoe, mallory]) = world.four();
    let mut members = [maya, ben, zoe, mallory];
    let before = members[0].usable_epoch().expect("is in").id();
    let parents = |other: &EpochSecret| BTreeSet::from([before, other.id()]).into_iter().collect::<Vec<_>>();
    let (secret, later) = (EpochSecret::new([0x5e; 32]), EpochSecret::new([0x5f; 32]));
    // Two that name each other: the second is named before it is there.
    let first = forged(&members[3], &secret, parents(&later), Vec::new(), |_| None);
    take(&mut members[3], &[first]);
    let second = forged(&members[3], &later, parents(&secret), Vec::new(), |_| None);
    take(&mut members[3], &[second]);
    settle(&mut world, &mut members);
    for member in &mut members {
        assert!(member.usable_epoch().is_some() && !member.needs_epoch());
        assert!(member.unwelcomed().is_empty());
    }
    let used: BTreeSet<_> = members.iter().map(|member| member.usable_epoch().map(EpochSecret::id)).collect();
    assert_eq!(used, BTreeSet::from([Some(later.id())]), "the last of them, for everybody");
    let said = world.commit(&mut members[1], &create("As before", None)).task.expect("a task");
    settle(&mut world, &mut members);
    assert_eq!(read_all(&members, said), [true; 4]);
}

#[test]
fn an_epoch_for_a_role_that_one_does_not_read_is_refused() {
    let mut world = World::new(84);
    let (mut maya, _, [mut ben, ..]) = world.four();
    let organisers = pursuance_core::founding::ORGANISER;
    let of_role = |made: Entry| {
        let Content::Public(mut ops) = made.body().content.clone() else { panic!("an epoch") };
        let Some(Op::RoleEpoch(epoch)) = ops.first_mut() else { panic!("an epoch") };
        epoch.role = organisers;
        ops
    };
    let ops = of_role(forged(&ben, &EpochSecret::new([0x5e; 32]), Vec::new(), Vec::new(), |_| None));
    let act = signed(&ben, ops);
    take(&mut ben, std::slice::from_ref(&act));
    exchange(&mut ben, &mut maya);
    assert_eq!(maya.logs().standing(act.id()), Some(Standing::Refused));
    // Nor does he hand on one of theirs.
    let welcome =
        Welcome { role: organisers, epoch: EpochId([9; 32]), to: ben.device().author(), sealed: vec![0; 1_168] };
    let act = signed(&ben, vec![Op::Welcome(welcome)]);
    take(&mut ben, std::slice::from_ref(&act));
    exchange(&mut ben, &mut maya);
    assert_eq!(maya.logs().standing(act.id()), Some(Standing::Refused));
}

/// Epochs that claim to be as old as time itself: each member answers with one at most.
#[test]
fn epochs_that_claim_to_be_old_are_answered_once_a_month() {
    let mut world = World::new(85);
    let (maya, _, [ben, zoe, mallory]) = world.four();
    let mut members = [maya, ben, zoe, mallory];
    let mut made = 0;
    for round in 0..8u8 {
        let parent = members[3].usable_epoch().expect("is in").id();
        let next = forged(&members[3], &EpochSecret::new([0x60 + round; 32]), vec![parent], Vec::new(), |_| None);
        take(&mut members[3], &[next]);
        settle(&mut world, &mut members);
        for member in 0..3 {
            if members[member].is_epoch_old(RoleId::EVERYONE, world.now_seconds) {
                let epoch =
                    members[member].rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
                take(&mut members[member], &[epoch]);
                made += 1;
                settle(&mut world, &mut members);
            }
        }
    }
    assert_eq!(made, 2, "by Ben and Zoe; Maya made the first one just now");
    let said = world.commit(&mut members[1], &create("As before", None)).task.expect("a task");
    settle(&mut world, &mut members);
    assert_eq!(read_all(&members, said), [true; 4]);
}

/// Joins by a link without saying who else came by it, as whoever wants more from it than it gives.
fn joins_silently(world: &mut World, host: &Replica, invite: &Authored, name: &str) -> (Replica, Entry) {
    let (grant, secret) = invite.invite.as_ref().expect("an invite");
    let mut preview = Preview::new(host.pursuance(), grant.entry, InviteSecret::new(*secret.as_bytes()));
    host.preview_entries(*grant).into_iter().for_each(|entry| preview.add(entry.clone()));
    let device = world.device();
    let join = preview.join(&device, name, world.now_seconds).expect("nobody is known to have come");
    (Replica::new(host.pursuance(), device), join)
}

fn opens_a_cell(keys: &[CellKey], of: &[CellKey]) -> bool {
    keys.iter().any(|key| of.iter().any(|of| of.id() == key.id()))
}

/// Whoever does not know yet that somebody went may welcome them this moment, with an epoch that was made before they were known of.
#[test]
fn an_epoch_that_may_be_handed_this_moment_to_somebody_who_went_is_not_used() {
    let mut world = World::new(91);
    let (mut maya, invite, [mut ben, mut zoe, kim]) = world.four();
    let remove = |member| Command::RemoveMember { member, roles: Vec::new() };
    world.commit(&mut maya, &remove(kim.me().unwrap()));
    [&mut ben, &mut zoe].into_iter().for_each(|other| exchange(&mut maya, other));
    // Ben makes the epoch that is wanted, and knows nothing of Eve, who comes meanwhile.
    let made = ben.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    let (device, join) = world.join(&maya, &invite, "Eve").expect("a use is left");
    let mut eve = Replica::new(maya.pursuance(), device);
    take(&mut maya, std::slice::from_ref(&join));
    take(&mut zoe, &[join, made.clone()]);
    // Maya puts her out; Zoe does not hear of it, and welcomes her.
    let came = MemberId(maya.logs().tip(eve.device().author()).unwrap().id.0);
    world.commit(&mut maya, &remove(came));
    take(&mut maya, std::slice::from_ref(&made));
    let welcome = zoe.welcome(eve.device().author(), world.now_seconds).expect("holds the epoch");
    take(&mut zoe, std::slice::from_ref(&welcome));
    eve.append(welcome);
    zoe.logs().iter().for_each(|entry| drop(eve.append(entry.clone())));
    let used = |of: &Replica| of.usable_epoch().map(EpochSecret::id);
    assert!(eve.is_member() && used(&eve).is_some() && used(&eve) == used(&zoe), "the control");
    assert!(maya.needs_epoch(), "Ben's is no more used than the one before it");
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, &[made]);
    let said = world.commit(&mut maya, &create("Without Eve", None)).entries.remove(0);
    maya.logs().iter().for_each(|entry| drop(eve.append(entry.clone())));
    assert!(!opens_a_cell(&eve.cell_keys(), &maya.cell_keys_for(&said)));
}

/// Whoever comes by a link that is used up waits for a person's decision, also when an epoch is made meanwhile.
#[test]
fn who_comes_by_a_used_link_is_sealed_nothing_before_a_person_lets_them_in() {
    let mut world = World::new(92);
    let mut maya = world.founder();
    let come = |world: &mut World, maya: &mut Replica, name| {
        let invite = world.commit(maya, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
        (world.joiner(maya, &invite, name), invite)
    };
    let ((mut ben, _), (mut kim, link)) = (come(&mut world, &mut maya, "Ben"), come(&mut world, &mut maya, "Kim"));
    [&mut ben, &mut kim].into_iter().for_each(|other| exchange(&mut maya, other));
    // Kim comes once more by the link that she came by, and goes on listening with what she has as Kim.
    let (mut second, join) = joins_silently(&mut world, &kim, &link, "Eve");
    take(&mut maya, &[join]);
    assert!(maya.unwelcomed().is_empty(), "the link is used up");
    world.commit(&mut maya, &Command::RemoveMember { member: kim.me().unwrap(), roles: Vec::new() });
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, std::slice::from_ref(&made));
    assert!(opens_a_cell(&kim.cell_keys(), &maya.cell_keys_for(&made)), "the control: she sees that it was made");
    maya.logs().iter().for_each(|entry| drop(second.append(entry.clone())));
    let used = maya.usable_epoch().map(EpochSecret::id).expect("made just now");
    assert!(second.epoch(used).is_none(), "nothing is sealed to whoever nobody let in");
    assert!(maya.unwelcomed().is_empty(), "also after those went who had come by the link");
    // A person's decision.
    let to = second.device().author();
    let welcome = maya.welcome(to, world.now_seconds).expect("holds it");
    take(&mut maya, std::slice::from_ref(&welcome));
    second.append(welcome);
    assert!(second.epoch(used).is_some());
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, std::slice::from_ref(&made));
    second.append(made);
    assert_eq!(second.usable_epoch().map(EpochSecret::id), maya.usable_epoch().map(EpochSecret::id));
}

/// Joins by an invite with a device that takes its key package from somebody else: whose private half it holds, or not.
fn joins_with_package(world: &mut World, host: &Replica, invite: &Authored, package: &KeyPackage) -> (Replica, Entry) {
    let (grant, secret) = invite.invite.as_ref().expect("an invite");
    let (device, name) = (world.device(), "Kim, again");
    let message = join_message(host.pursuance(), device.author(), name, package);
    let signature = secret.signing().sign(&message);
    let body = Body {
        author: device.author(),
        seq: 0,
        prev: None,
        heads: Vec::new(),
        by: Some(*grant),
        claimed_seconds: 0,
        checkpoints: Vec::new(),
        content: Content::Public(vec![Op::Join(Join { name: name.into(), package: package.clone(), signature })]),
    };
    let join = Entry::sign(&device.signing, Some(host.pursuance()), &body);
    (Replica::new(host.pursuance(), device), join)
}

/// What was sealed to a key package was sealed to the device that stood there, and not to whoever publishes it once more.
#[test]
fn who_comes_by_a_used_link_with_a_package_of_somebody_who_went_is_not_let_in() {
    let mut world = World::new(95);
    let mut maya = world.founder();
    let link = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
    let mut kim = world.joiner(&mut maya, &link, "Kim");
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, &[made]);
    exchange(&mut maya, &mut kim);
    assert!(kim.usable_epoch().is_some(), "the control: an epoch was sealed to her package");
    world.commit(&mut maya, &Command::RemoveMember { member: kim.me().unwrap(), roles: Vec::new() });
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, &[made]);
    let (second, join) = joins_with_package(&mut world, &maya, &link, kim.device().key_package());
    take(&mut maya, std::slice::from_ref(&join));
    assert_eq!(maya.logs().standing(join.id()), Some(Standing::Counts), "the control: her past has no other join");
    assert!(maya.unwelcomed().is_empty(), "the link is used up");
    // A person may let her in all the same, as anybody.
    assert!(maya.welcome(second.device().author(), world.now_seconds).is_some());
}

/// Whoever comes once more, with the package that they have as a member, keeps nothing of what that opens when the member is removed.
#[test]
fn an_epoch_sealed_to_who_was_removed_is_not_used_though_another_has_the_same_package() {
    let mut world = World::new(96);
    let (mut maya, invite, [mut ben, _, mut kim]) = world.four();
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, &[made]);
    [&mut ben, &mut kim].into_iter().for_each(|other| exchange(&mut maya, other));
    let (_, join) = joins_with_package(&mut world, &maya, &invite, kim.device().key_package());
    take(&mut maya, std::slice::from_ref(&join));
    assert!(!maya.needs_epoch(), "the control: nobody went");
    world.commit(&mut maya, &Command::RemoveMember { member: kim.me().unwrap(), roles: Vec::new() });
    assert!(maya.needs_epoch(), "Kim opens what there is");
    // What is said before there is another, by somebody who knows that she went, waits for that one.
    let between =
        world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 1, reviewed: false }).entries.remove(0);
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("is here");
    take(&mut maya, std::slice::from_ref(&made));
    assert!(opens_a_cell(&kim.cell_keys(), &maya.cell_keys_for(&made)), "the control: she sees that it was made");
    assert!(!opens_a_cell(&kim.cell_keys(), &maya.cell_keys_for(&between)));
}

/// More than an entry has room for: of epochs that one follows, then of devices that it is sealed to.
#[test]
fn an_epoch_that_is_too_large_is_made_smaller_or_not_at_all() {
    let mut world = World::new(98);
    let mut maya = world.founder();
    for number in 0..700_u16 {
        let mut secret = [0x5e; 32];
        secret[..2].copy_from_slice(&number.to_be_bytes());
        let made = forged(&maya, &EpochSecret::new(secret), Vec::new(), Vec::new(), |_| None);
        take(&mut maya, &[made]);
    }
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 10_000, reviewed: false });
    let package = world.device().key_package().clone();
    let mut last = None;
    let mut come = |world: &mut World, maya: &mut Replica, count| {
        for _ in 0..count {
            let (who, join) = joins_with_package(world, maya, &invite, &package);
            // Each knows of the one before, so that an entry that names a few heads knows all.
            let body = Body { heads: last.into_iter().collect(), ..join.body().clone() };
            let join = Entry::sign(&who.device().signing, Some(maya.pursuance()), &body);
            last = Some(join.id());
            take(maya, &[join]);
        }
    };
    come(&mut world, &mut maya, MAX_READERS - 5);
    let made = maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).expect("it follows fewer");
    let Content::Public(ops) = &made.body().content else { panic!("an epoch") };
    let [Op::RoleEpoch(epoch)] = &ops[..] else { panic!("an epoch") };
    assert_eq!(epoch.seals.len(), MAX_READERS - 4);
    assert!(!epoch.parents.is_empty() && epoch.backlinks.len() == epoch.parents.len());
    let used = maya.usable_epoch().expect("is held").id();
    assert!(epoch.parents.contains(&used), "the one that was used stays open to whoever comes");
    take(&mut maya, std::slice::from_ref(&made));
    assert_eq!(maya.logs().standing(made.id()), Some(Standing::Counts));
    come(&mut world, &mut maya, 5);
    assert!(maya.rotate(world.now_seconds, &mut Seed::new(world.rng.random())).is_none(), "one too many");
}

/// An epoch that nobody holds proves nothing of one that is held: neither what is said to be in it, nor where it is said to lead back to.
#[test]
fn an_epoch_that_is_not_held_does_not_hide_who_lacks_one_that_is() {
    let mut world = World::new(97);
    let (mut maya, invite, [_, _, mut mallory]) = world.four();
    let used = maya.usable_epoch().expect("is in").clone();
    let secret = EpochSecret::new([0x5e; 32]);
    let back = secret.link_back(maya.pursuance(), RoleId::EVERYONE, &used, [1; 24]);
    let lying = Backlink { sealed: [9; 48], ..back };
    let made = forged(&mallory, &secret, vec![used.id()], vec![lying], |_| Some(GARBAGE.to_vec()));
    take(&mut mallory, std::slice::from_ref(&made));
    let (device, join) = world.join(&maya, &invite, "Ida").expect("a use is left");
    let to = device.author();
    take(&mut maya, std::slice::from_ref(&join));
    exchange(&mut maya, &mut mallory);
    let welcome = Welcome { role: RoleId::EVERYONE, epoch: secret.id(), to, sealed: GARBAGE.to_vec() };
    let act = signed(&mallory, vec![Op::Welcome(welcome)]);
    take(&mut mallory, std::slice::from_ref(&act));
    exchange(&mut maya, &mut mallory);
    assert_eq!(maya.logs().standing(act.id()), Some(Standing::Counts), "the control");
    assert_eq!(maya.usable_epoch().map(EpochSecret::id), Some(used.id()));
    assert_eq!(maya.unwelcomed(), [to]);
    let welcome = maya.welcome(to, world.now_seconds).expect("she holds it");
    take(&mut maya, &[welcome]);
    assert!(maya.unwelcomed().is_empty(), "of what is not held, nothing can be handed on");
    // Whoever comes to hold it finds that it was sealed to nobody.
    maya.learn_epoch(secret);
    assert!(maya.unwelcomed().contains(&to));
}
