//! More devices of one member: who may add them, and what they may do (docs/protocol/04-authority.md, "Devices").

use pursuance_core::authority::Verdict;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry, GrantRef};
use pursuance_core::founding::{Founded, Founding, MEMBER, found};
use pursuance_core::id::{EntryId, MemberId, PursuanceId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::limits::{MAX_DEVICES, MAX_SENIORITY_DEPTH, MAX_WAITING_STRANGERS};
use pursuance_core::logs::Append;
use pursuance_core::op::{AddDevice, KeyPackage, Op};
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;

const NOW_SECONDS: u64 = 1_790_000_000;

fn keys(seed: u8) -> DeviceKeys {
    DeviceKeys::from_seed([seed; 32])
}

/// Maya founds, Ben is invited and welcomed; both know all.
struct Group {
    maya: Replica,
    ben: Replica,
    epoch: EpochSecret,
    invite: (GrantRef, InviteSecret),
}

fn group() -> Group {
    let founding = Founding { name: "Harbour".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
    let Founded { pursuance, entries, epoch } =
        found(&founding, &keys(1), NOW_SECONDS, &mut Seed::new([9; 32])).expect("good texts");
    let mut maya = Replica::new(pursuance, keys(1));
    take(&mut maya, &entries);
    let authored = act(&maya, 10, &Command::Invite { role: MEMBER, uses: 5, reviewed: false });
    let invite = authored.invite.expect("an invite");
    take(&mut maya, &authored.entries);
    let mut preview = Preview::new(pursuance, invite.0.entry, invite.1.clone());
    maya.preview_entries(invite.0).into_iter().for_each(|entry| preview.add(entry.clone()));
    take(&mut maya, &[preview.join(&keys(2), "Ben", NOW_SECONDS).expect("uses are left")]);
    let welcome = maya.welcome(keys(2).author(), NOW_SECONDS).expect("the epoch is held");
    take(&mut maya, &[welcome]);
    let ben = copy(&maya, keys(2), None);
    Group { maya, ben, epoch, invite }
}

fn act(replica: &Replica, seed: u8, command: &Command) -> Authored {
    try_act(replica, seed, command).expect("allowed")
}

fn try_act(replica: &Replica, seed: u8, command: &Command) -> Result<Authored, Refusal> {
    let mut seed = Seed::new([seed; 32]);
    replica.command(command, &mut Circumstances { now_seconds: NOW_SECONDS + 5, seed: &mut seed, since: vec![] })
}

fn create(title: &str) -> Command {
    Command::create_task(title)
}

fn take(replica: &mut Replica, entries: &[Entry]) {
    for entry in entries {
        assert_eq!(replica.append(entry.clone()).append, Append::Appended);
    }
}

/// What a device knows that was given all entries, and perhaps the epoch.
fn copy(of: &Replica, device: DeviceKeys, epoch: Option<&EpochSecret>) -> Replica {
    let mut replica = Replica::new(of.pursuance(), device);
    epoch.into_iter().for_each(|epoch| replica.learn_epoch(epoch.clone()));
    of.logs().iter().for_each(|entry| drop(replica.append(entry.clone())));
    replica
}

fn counts(replica: &Replica, entry: &Entry) -> bool {
    replica.authority().verdict(entry.id()) == Some(&Verdict::Counts)
}

/// What no client writes by itself: any op, with any beginning.
fn says(
    pursuance: PursuanceId,
    device: &DeviceKeys,
    after: Option<&Entry>,
    heads: &[EntryId],
    by: GrantRef,
    ops: Vec<Op>,
) -> Entry {
    let mut heads = heads.to_vec();
    heads.sort_unstable();
    let body = Body {
        author: device.author(),
        seq: after.map_or(0, |after| after.body().seq + 1),
        prev: after.map(Entry::id),
        heads,
        by: Some(by),
        claimed_seconds: NOW_SECONDS,
        checkpoints: vec![],
        content: Content::Public(ops),
    };
    Entry::sign(&device.signing, Some(pursuance), &body)
}

fn by_of(replica: &Replica) -> GrantRef {
    replica.authority().members()[&replica.me().expect("a member")].grant
}

fn me(replica: &Replica) -> MemberId {
    replica.me().expect("a member")
}

fn tip(replica: &Replica) -> Entry {
    let tip = replica.logs().tip(replica.device().author()).expect("written");
    replica.logs().entry(tip.id).expect("in memory").clone()
}

#[test]
fn an_added_device_writes_at_once_as_its_member() {
    let Group { mut maya, epoch, .. } = group();
    let task = act(&maya, 20, &create("Photograph the permits"));
    take(&mut maya, &task.entries);
    let added = maya.add_device(&keys(11), NOW_SECONDS).expect("a new device");
    take(&mut maya, std::slice::from_ref(&added));
    let mut ben = copy(&maya, keys(2), Some(&epoch));
    let mut second = copy(&maya, keys(11), Some(&epoch));
    assert_eq!((second.me(), second.is_member()), (maya.me(), true));
    // What is its member's own is its own: a member edits nothing else under these rules, an organiser does.
    let title = Command::SetTitle { task: task.task.expect("a task"), title: "Photograph all permits".into() };
    let first = act(&second, 21, &title);
    assert_eq!((first.entries[0].body().seq, first.entries[0].body().prev), (0, None));
    take(&mut second, &first.entries);
    let next = act(&second, 22, &create("Bring a lens"));
    take(&mut second, &next.entries);
    for other in [&mut maya, &mut ben] {
        take(other, &[&first.entries[..], &next.entries].concat());
        assert!(counts(other, &first.entries[0]) && counts(other, &next.entries[0]));
        assert_eq!(other.digest(), second.digest());
    }
    let people = ben.people();
    let view = people.members.iter().find(|view| view.person.member == me(&maya)).expect("Maya");
    assert_eq!(
        view.devices.iter().map(|device| device.author).collect::<Vec<_>>(),
        [keys(1).author(), keys(11).author()]
    );
    assert_eq!((view.devices[0].added_seconds, view.devices[1].added_seconds), (None, Some(NOW_SECONDS)));
    assert!(second.people().members[0].devices[1].mine && !second.people().members[0].devices[0].mine);
    // It adds a third one, and invites; the preview leads through both to the genesis.
    let third = second.add_device(&keys(12), NOW_SECONDS).expect("a third");
    take(&mut second, &[third]);
    let mut third = copy(&second, keys(12), Some(&epoch));
    let authored = act(&third, 23, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
    take(&mut third, &authored.entries);
    let (invite, secret) = authored.invite.expect("an invite");
    let shown = third.preview_entries(invite);
    assert_eq!(shown.len(), 4, "the genesis, two devices, the invite");
    for left_out in 0..shown.len() {
        let mut preview = Preview::new(third.pursuance(), invite.entry, secret.clone());
        let some = shown.iter().enumerate().filter(|(index, _)| *index != left_out);
        some.for_each(|(_, entry)| preview.add((*entry).clone()));
        assert_eq!(preview.view(), None, "without {left_out}");
        // Whoever has the link shows what added the device under another name: it leads nowhere, and hides nothing.
        let Content::Public(ops) = &shown[2].body().content else { panic!("public") };
        let forged = says(third.pursuance(), &keys(66), None, &[shown[0].id()], by_of(&third), ops.clone());
        preview.add(forged);
        assert_eq!(preview.view(), None, "forged, without {left_out}");
        preview.add(shown[left_out].clone());
        assert_eq!(preview.view().expect("whole").invited_by, "Maya");
    }
    let mut preview = Preview::new(third.pursuance(), invite.entry, secret);
    shown.into_iter().for_each(|entry| preview.add(entry.clone()));
    let join = preview.join(&keys(14), "Ana", NOW_SECONDS).expect("a use is left");
    take(&mut third, std::slice::from_ref(&join));
    assert!(counts(&third, &join));
}

#[test]
fn nobody_begins_a_log_without_being_added_in_its_past() {
    let Group { mut maya, ben, .. } = group();
    let pursuance = maya.pursuance();
    let before = tip(&maya).id();
    let added = maya.add_device(&keys(11), NOW_SECONDS).expect("a new device");
    take(&mut maya, std::slice::from_ref(&added));
    let package = || vec![Op::KeyPackage(keys(11).key_package().clone())];
    let begins = |heads: &[EntryId], by| says(pursuance, &keys(11), None, heads, by, package());
    let kept_nowhere = |entry: Entry| {
        let mut maya = copy(&maya, keys(1), None);
        let known = maya.logs().len();
        assert_eq!(maya.append(entry.clone()).append, Append::Refused(Refusal::GrantNotHeld));
        assert!(maya.logs().len() == known && maya.logs().tip(entry.body().author).is_none());
    };
    kept_nowhere(begins(&[before], by_of(&maya)));
    kept_nowhere(begins(&[], by_of(&maya)));
    kept_nowhere(begins(&[added.id()], by_of(&ben)));
    kept_nowhere(begins(&[added.id()], GrantRef { op: 1, ..by_of(&maya) }));
    kept_nowhere(says(pursuance, &keys(66), None, &[added.id()], by_of(&maya), package()));
    // The right beginning counts, whenever it comes, and one that leans on another's grant later does not.
    let good = begins(&[added.id()], by_of(&maya));
    let borrowed = says(pursuance, &keys(11), Some(&good), &[], by_of(&ben), package());
    let mut late = Replica::new(pursuance, keys(1));
    assert!(matches!(late.append(borrowed.clone()).append, Append::Gap { .. }));
    assert!(matches!(late.append(good.clone()).append, Append::Gap { .. }));
    maya.logs().iter().for_each(|entry| drop(late.append(entry.clone())));
    take(&mut maya, &[good.clone(), borrowed.clone()]);
    for replica in [&maya, &late] {
        assert!(counts(replica, &good));
        assert_eq!(replica.authority().verdict(borrowed.id()), Some(&Verdict::Refused(Refusal::GrantNotHeld)));
    }
    assert_eq!(maya.digest(), late.digest());
}

#[test]
fn whom_nobody_lets_add_a_device() {
    let Group { maya, mut ben, .. } = group();
    let (pursuance, newest) = (maya.pursuance(), tip(&maya));
    let add = |member, device: &DeviceKeys| Op::AddDevice(AddDevice::new(pursuance, member, device));
    let verdict = |entry: &Entry| {
        let mut maya = copy(&maya, keys(1), None);
        maya.append(entry.clone());
        maya.authority().verdict(entry.id()).cloned()
    };
    let ben_says = |ops| says(pursuance, &keys(2), Some(&tip(&ben)), &[newest.id()], by_of(&ben), ops);
    let refused = |refusal| Some(Verdict::Refused(refusal));
    assert_eq!(verdict(&ben_says(vec![add(me(&ben), &keys(21))])), Some(Verdict::Counts));
    // With a signature for somebody else, the device of somebody else, a key that is none, and twice at once.
    assert_eq!(verdict(&ben_says(vec![add(me(&maya), &keys(21))])), refused(Refusal::BadKeys));
    assert_eq!(verdict(&ben_says(vec![add(me(&ben), &keys(1))])), refused(Refusal::BadKeys));
    assert_eq!(verdict(&ben_says(vec![add(me(&ben), &keys(2))])), refused(Refusal::BadKeys));
    let twice = vec![add(me(&ben), &keys(21)), add(me(&ben), &keys(21))];
    assert_eq!(verdict(&ben_says(twice)), refused(Refusal::BadKeys));
    let Op::AddDevice(good) = add(me(&ben), &keys(21)) else { panic!("one more device") };
    let other_package = AddDevice { package: keys(22).key_package().clone(), ..good.clone() };
    let weak = AddDevice { author: pursuance_core::id::AuthorId([0; 32]), ..good.clone() };
    let other_author = AddDevice { author: keys(22).author(), ..good.clone() };
    let no_key = KeyPackage { suite: pursuance_core::crypto::KeySuite::X25519, public: vec![0; 32] };
    let no_key = AddDevice { package: no_key, ..good };
    for bad in [other_package, weak, other_author, no_key] {
        assert_eq!(verdict(&ben_says(vec![Op::AddDevice(bad)])), refused(Refusal::BadKeys));
    }
    // On another's grant, and by somebody who never came.
    let leaning = says(pursuance, &keys(2), Some(&tip(&ben)), &[], by_of(&maya), vec![add(me(&maya), &keys(21))]);
    assert_eq!(verdict(&leaning), refused(Refusal::GrantNotHeld));
    let stranger = says(pursuance, &keys(66), None, &[newest.id()], by_of(&maya), vec![add(me(&maya), &keys(67))]);
    assert_eq!(copy(&maya, keys(1), None).append(stranger).append, Append::Refused(Refusal::GrantNotHeld));
    // One's own client says so before.
    assert_eq!(ben.add_device(&keys(1), NOW_SECONDS), Err(Refusal::BadKeys));
    let added = ben.add_device(&keys(21), NOW_SECONDS).expect("a new device");
    take(&mut ben, &[added]);
    assert_eq!(ben.add_device(&keys(21), NOW_SECONDS), Err(Refusal::BadKeys));
}

#[test]
fn a_device_added_twice_at_once_is_one_device() {
    let Group { mut maya, ben, epoch, .. } = group();
    let second = maya.add_device(&keys(11), NOW_SECONDS).expect("a second");
    take(&mut maya, &[second]);
    let other = copy(&maya, keys(11), Some(&epoch));
    // Two devices of Maya add a third one, neither knowing of the other.
    let (a, b) = (maya.add_device(&keys(12), NOW_SECONDS + 9), other.add_device(&keys(12), NOW_SECONDS + 3));
    let (a, b) = (a.expect("a third"), b.expect("a third"));
    let mut third = copy(&maya, keys(12), Some(&epoch));
    take(&mut third, &[a.clone(), b.clone()]);
    let first = act(&third, 30, &create("Bring a lens")).entries;
    take(&mut third, &first);
    let mut orders = [[&a, &b, &first[0]], [&b, &a, &first[0]], [&b, &first[0], &a]].map(|order| {
        let mut ben = copy(&maya, keys(2), Some(&epoch));
        order.into_iter().for_each(|entry| drop(ben.append(entry.clone())));
        ben
    });
    for ben in &mut orders {
        assert!(counts(ben, &a) && counts(ben, &b) && counts(ben, &first[0]));
        let view = &ben.people().members[0];
        assert_eq!((view.devices.len(), view.devices[2].added_seconds), (3, Some(NOW_SECONDS + 3)));
        assert_eq!(ben.digest(), third.digest());
        assert_eq!(ben.authority().packages_known(ben.logs()).len(), 4, "Maya's three and Ben's");
    }
    // A key that agreed to be Ben's too belongs to two members, and speaks as the one whose grant it leans on.
    let pursuance = maya.pursuance();
    let both = says(
        pursuance,
        &keys(2),
        Some(&tip(&ben)),
        &[tip(&maya).id()],
        by_of(&ben),
        vec![Op::AddDevice(AddDevice::new(pursuance, me(&ben), &keys(12)))],
    );
    let as_ben = says(pursuance, &keys(12), Some(&first[0]), &[both.id()], by_of(&ben), vec![Op::SetRelays(vec![])]);
    let unknowing = says(
        pursuance,
        &keys(12),
        Some(&first[0]),
        &[],
        by_of(&ben),
        vec![Op::KeyPackage(keys(12).key_package().clone())],
    );
    take(&mut third, std::slice::from_ref(&both));
    third.append(unknowing.clone());
    third.append(as_ben.clone());
    assert!(counts(&third, &both), "it does not know that the device is Maya's");
    assert_eq!(third.authority().verdict(unknowing.id()), Some(&Verdict::Refused(Refusal::GrantNotHeld)));
    let judged = third.authority().verdict(as_ben.id());
    assert!(matches!(judged, Some(Verdict::Refused(Refusal::NotAllowed { .. }))), "as Ben, who is no organiser");
}

#[test]
fn the_last_of_a_long_row_of_devices_adds_none() {
    let Group { maya, epoch, .. } = group();
    let (mut last, mut newest) = (maya, Vec::new());
    for n in 0..MAX_SENIORITY_DEPTH as u8 {
        let added = last.add_device(&keys(100 + n), NOW_SECONDS).expect("one more");
        take(&mut last, std::slice::from_ref(&added));
        // There is room: the one before goes.
        let gone = act(&last, n, &Command::RemoveDevice { author: last.device().author() });
        take(&mut last, &gone.entries);
        assert!(counts(&last, &added) && counts(&last, &gone.entries[0]));
        last = copy(&last, keys(100 + n), Some(&epoch));
        newest = vec![gone.entries[0].id()];
    }
    let too_deep = Refusal::TooMany { max: MAX_SENIORITY_DEPTH as u32 };
    assert_eq!(last.add_device(&keys(99), NOW_SECONDS), Err(too_deep.clone()));
    // Everybody else says the same.
    let add = Op::AddDevice(AddDevice::new(last.pursuance(), me(&last), &keys(99)));
    let refused = says(last.pursuance(), &keys(131), None, &newest, by_of(&last), vec![add]);
    take(&mut last, std::slice::from_ref(&refused));
    assert_eq!(last.authority().verdict(refused.id()), Some(&Verdict::Refused(too_deep)));
}

#[test]
fn sixteen_devices_and_no_more() {
    let Group { mut maya, epoch, .. } = group();
    let pursuance = maya.pursuance();
    let before = tip(&maya);
    for seed in 1..MAX_DEVICES as u8 {
        let added = maya.add_device(&keys(100 + seed), NOW_SECONDS).expect("one more");
        take(&mut maya, std::slice::from_ref(&added));
        assert!(counts(&maya, &added));
    }
    assert_eq!(maya.add_device(&keys(99), NOW_SECONDS), Err(Refusal::TooMany { max: 16 }));
    let add = |seed: u8| Op::AddDevice(AddDevice::new(pursuance, me(&maya), &keys(seed)));
    let too_many = says(pursuance, &keys(1), Some(&tip(&maya)), &[], by_of(&maya), vec![add(99)]);
    // Back-dated: at a place where there were fewer it is allowed, and is a second history that everybody sees.
    let back_dated = says(pursuance, &keys(1), Some(&before), &[], by_of(&maya), vec![add(98)]);
    let at_once =
        says(pursuance, &keys(1), Some(&before), &[], by_of(&maya), (0..16).map(|index| add(50 + index)).collect());
    let mut ben = copy(&maya, keys(2), Some(&epoch));
    for (entry, expected) in [
        (&too_many, Verdict::Refused(Refusal::TooMany { max: 16 })),
        (&back_dated, Verdict::Counts),
        (&at_once, Verdict::Refused(Refusal::TooMany { max: 16 })),
    ] {
        ben.append(entry.clone());
        assert_eq!(ben.authority().verdict(entry.id()), Some(&expected));
    }
    assert_eq!(ben.logs().forked().collect::<Vec<_>>(), [keys(1).author()]);
    assert!(ben.people().members[0].two_histories);
    // However many there are, no more than sixteen are handed the epoch unasked.
    let mut welcomed = 1;
    while let Some(to) = ben.unwelcomed().first().copied() {
        let welcome = ben.welcome(to, NOW_SECONDS).expect("the epoch is held");
        take(&mut ben, &[welcome]);
        welcomed += 1;
    }
    assert_eq!((welcomed, ben.people().members[0].devices.len()), (MAX_DEVICES, MAX_DEVICES + 1));
}

#[test]
fn a_device_without_the_epoch_is_welcomed_and_takes_no_use_of_an_invite() {
    let Group { mut maya, mut ben, invite, .. } = group();
    assert_eq!(maya.unwelcomed(), []);
    let added = ben.add_device(&keys(21), NOW_SECONDS).expect("a second");
    take(&mut ben, std::slice::from_ref(&added));
    take(&mut maya, &[added]);
    assert_eq!((maya.unwelcomed(), ben.unwelcomed()), (vec![keys(21).author()], vec![keys(21).author()]));
    let mut second = copy(&maya, keys(21), None);
    assert_eq!((second.me(), second.is_member()), (ben.me(), false));
    assert_eq!(try_act(&second, 40, &create("x")).err(), Some(Refusal::NotWelcomedYet));
    let welcome = maya.welcome(keys(21).author(), NOW_SECONDS).expect("the epoch is held");
    take(&mut maya, std::slice::from_ref(&welcome));
    take(&mut second, std::slice::from_ref(&welcome));
    assert!(second.is_member() && maya.unwelcomed().is_empty());
    let first = act(&second, 41, &create("x")).entries;
    take(&mut second, &first);
    take(&mut maya, &first);
    assert!(counts(&maya, &first[0]) && maya.digest() == second.digest());
    // Four more may still come by the link for five; the device took none.
    for seed in 31..35 {
        let mut preview = Preview::new(maya.pursuance(), invite.0.entry, invite.1.clone());
        maya.preview_entries(invite.0).into_iter().for_each(|entry| preview.add(entry.clone()));
        take(&mut maya, &[preview.join(&keys(seed), "Ana", NOW_SECONDS).expect("uses are left")]);
    }
    assert_eq!(maya.unwelcomed().len(), 4);
    // A surplus joiner is not welcomed, and neither is the device that such a one adds.
    let mut preview = Preview::new(maya.pursuance(), invite.0.entry, invite.1);
    maya.preview_entries(invite.0).into_iter().for_each(|entry| preview.add(entry.clone()));
    let join = preview.join(&keys(36), "Eve", NOW_SECONDS).expect("it names none of the others");
    let by = GrantRef { entry: join.id(), op: 0 };
    let member = MemberId(join.id().0);
    take(&mut maya, std::slice::from_ref(&join));
    let adds = Op::AddDevice(AddDevice::new(maya.pursuance(), member, &keys(37)));
    let added = says(maya.pursuance(), &keys(36), Some(&join), &[], by, vec![adds]);
    take(&mut maya, std::slice::from_ref(&added));
    assert!(counts(&maya, &added));
    let due = maya.unwelcomed();
    assert_eq!((due.len(), due.contains(&keys(37).author())), (4, false));
    // An epoch made now is sealed to every device, theirs included.
    assert_eq!(maya.authority().packages_known(maya.logs()).len(), 9);
}

#[test]
fn the_first_entry_knows_what_added_it_among_any_number_of_heads() {
    let Group { mut maya, epoch, .. } = group();
    let pursuance = maya.pursuance();
    let added = maya.add_device(&keys(11), NOW_SECONDS).expect("a second");
    // Sixteen tips that are less deep than what added it, and know nothing of it.
    let base = tip(&maya);
    take(&mut maya, std::slice::from_ref(&added));
    let next = act(&maya, 50, &create("deeper")).entries;
    take(&mut maya, &next);
    for seed in 0..20_u64 {
        let mut body = base.body().clone();
        (body.seq, body.prev, body.heads) = (base.body().seq + 1, Some(base.id()), vec![]);
        body.claimed_seconds = seed;
        body.content = Content::Public(vec![Op::KeyPackage(keys(1).key_package().clone())]);
        maya.append(Entry::sign(&keys(1).signing, Some(pursuance), &body));
    }
    let second = copy(&maya, keys(11), Some(&epoch));
    let first = act(&second, 51, &create("x")).entries;
    assert_eq!(first[0].body().heads.len(), 16);
    assert_eq!(maya.append(first[0].clone()).append, Append::Appended);
    assert!(counts(&maya, &first[0]));
}

#[test]
fn a_device_added_by_a_newer_version_waits_for_it() {
    let Group { mut maya, .. } = group();
    let pursuance = maya.pursuance();
    let by = by_of(&maya);
    let added = Op::AddDevice(AddDevice::new(pursuance, me(&maya), &keys(11)));
    let newer = vec![added, Op::Unknown { number: 900, arguments: vec![] }];
    let newer = says(pursuance, &keys(1), Some(&tip(&maya)), &[], by, newer);
    let package = vec![Op::KeyPackage(keys(11).key_package().clone())];
    let first = says(pursuance, &keys(11), None, &[newer.id()], by, package);
    let second = says(pursuance, &keys(11), Some(&first), &[], by, vec![Op::SetRelays(vec![])]);
    let all = [newer, first, second];
    take(&mut maya, &all);
    for entry in &all {
        assert_eq!(maya.authority().verdict(entry.id()), Some(&Verdict::NeedsNewer));
    }
}

#[test]
fn a_device_whose_log_goes_on_elsewhere_signs_nothing_more() {
    let Group { mut maya, ben, epoch, .. } = group();
    let task = act(&maya, 60, &create("Photograph the permits"));
    take(&mut maya, &task.entries);
    let task = task.task.expect("a task");
    // What it wrote itself comes back from a relay, and others' entries come: all is well.
    let known: Vec<Entry> = maya.logs().iter().cloned().collect();
    for entry in known {
        assert_eq!(maya.receive(entry).append, Append::Duplicate);
    }
    let theirs = act(&ben, 61, &create("theirs")).entries.remove(0);
    assert_eq!(maya.receive(theirs).append, Append::Appended);
    assert!(!maya.is_overtaken());
    // A copy of its folder goes on: one entry further, a waiting one, another one at the same place, one that fits nowhere.
    let mut there = copy(&maya, keys(1), Some(&epoch));
    let one = act(&there, 62, &create("one")).entries.remove(0);
    take(&mut there, std::slice::from_ref(&one));
    let two = act(&there, 63, &create("two")).entries.remove(0);
    let mut misfit = one.body().clone();
    misfit.seq += 7;
    let misfit = Entry::sign(&keys(1).signing, Some(maya.pursuance()), &misfit);
    for (entry, case) in [(&one, "further"), (&two, "waiting"), (&misfit, "malformed")] {
        let mut here = copy(&maya, keys(1), Some(&epoch));
        here.receive(entry.clone());
        overtaken(&here, task, case);
    }
    let mut here = copy(&maya, keys(1), Some(&epoch));
    let other = act(&here, 64, &create("another one")).entries.remove(0);
    take(&mut here, std::slice::from_ref(&other));
    assert!(matches!(here.receive(one.clone()).append, Append::Equivocation { .. }));
    overtaken(&here, task, "two histories");
    // As at unlock: what was written here on one side, what came on the other, in the order of arrival.
    let mut again = Replica::new(maya.pursuance(), keys(1));
    again.learn_epoch(epoch.clone());
    for entry in here.logs().iter() {
        if entry.id() == one.id() {
            again.receive(entry.clone())
        } else {
            again.append(entry.clone())
        };
    }
    overtaken(&again, task, "after a restart");
    // Nobody else is.
    let mut ben = copy(&maya, keys(2), Some(&epoch));
    [&one, &two, &other, &misfit].into_iter().for_each(|entry| drop(ben.receive(entry.clone())));
    assert!(!ben.is_overtaken() && try_act(&ben, 65, &create("x")).is_ok());
    assert_eq!(ben.logs().forked().count(), 1);
}

fn overtaken(replica: &Replica, task: pursuance_core::id::TaskId, case: &str) {
    assert!(replica.is_overtaken(), "{case}");
    let refusal = Refusal::OvertakenElsewhere;
    for command in [
        create("x"),
        Command::Claim { task },
        Command::Comment { task, text: "x".into() },
        Command::Invite { role: MEMBER, uses: 1, reviewed: false },
        Command::SetRelays { relays: vec![] },
    ] {
        assert_eq!(try_act(replica, 66, &command).err(), Some(refusal.clone()), "{case}");
    }
    let mut seed = Seed::new([67; 32]);
    let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: vec![] };
    assert_eq!(replica.import(&[], &mut with).err(), Some(refusal.clone()), "{case}");
    assert_eq!(replica.add_device(&keys(90), NOW_SECONDS), Err(refusal), "{case}");
    assert_eq!(replica.welcome(keys(2).author(), NOW_SECONDS), None, "{case}");
}

#[test]
fn an_own_join_for_which_there_was_no_room_overtakes_nobody() {
    let Group { maya, invite, .. } = group();
    let mut preview = Preview::new(maya.pursuance(), invite.0.entry, invite.1.clone());
    maya.preview_entries(invite.0).into_iter().for_each(|entry| preview.add(entry.clone()));
    let join = preview.join(&keys(71), "Ana", NOW_SECONDS).expect("uses are left");
    let mut ana = Replica::new(maya.pursuance(), keys(71));
    for index in 0..=MAX_WAITING_STRANGERS as u16 {
        let stranger = DeviceKeys::from_seed([&index.to_be_bytes()[..], &[9; 30]].concat().try_into().expect("32"));
        ana.receive(says(
            maya.pursuance(),
            &stranger,
            None,
            &[EntryId([7; 32])],
            invite.0,
            vec![Op::SetRelays(vec![])],
        ));
    }
    assert_eq!(ana.append(join.clone()).append, Append::Full);
    assert_eq!(ana.receive(join.clone()).append, Append::Full);
    assert!(!ana.is_overtaken());
    // Once there is room, it is in its place.
    maya.logs().iter().for_each(|entry| drop(ana.receive(entry.clone())));
    assert_eq!(ana.receive(join.clone()).append, Append::Appended);
    assert_eq!((ana.is_overtaken(), ana.receive(join).append), (false, Append::Duplicate));
}
