//! What a changed client can send, and what becomes of it: one test for each way that was once found open.
//!
//! Eve holds a link, and mostly is a member; she signs whatever she likes. The rules are those of docs/protocol, 2 to 7.

use pursuance_core::authority::{Verdict, join_message, readers_hash};
use pursuance_core::cell::{CellContent, Fragment, open_cell};
use pursuance_core::codec::{DecodeError, Writer};
use pursuance_core::command::Command;
use pursuance_core::crypto::{self, KeySuite, Seed, label};
use pursuance_core::entry::{Body, Content, Entry, EntryError, GrantRef, UnverifiedEntry};
use pursuance_core::founding::{Founding, MEMBER, found};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{AuthorId, EntryId, MemberId, PursuanceId, RoleId, TaskId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::limits::{FRAGMENT_BYTES, MAX_EPOCH_CANDIDATES, MAX_HEADS, MAX_OPS};
use pursuance_core::logs::Append;
use pursuance_core::op::{Invite, Join, KeyPackage, Op, RoleEpoch, Seal, Welcome};
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::seal::{GivesKey, Item, TaskKey, Where, seal_items, task_id};
use pursuance_core::task::Status;
use pursuance_core::task_op::{TaskOp, decode_ops, encode_ops};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

// Cells and fragments

#[test]
fn a_fragment_with_another_count_is_ignored() {
    let part = |count, index| Fragment { entry: EntryId([7; 32]), count, index, bytes: vec![1; FRAGMENT_BYTES] };
    let mut fragments = Fragments::default();
    assert_eq!(fragments.insert(part(3, 0)), Assembly::Kept);
    let before = fragments.pending_bytes();
    assert_eq!(fragments.insert(part(5, 4)), Assembly::Ignored);
    assert_eq!(fragments.insert(part(2, 1)), Assembly::Ignored);
    assert_eq!(fragments.pending_bytes(), before, "nothing of it is left behind");
    assert_eq!(fragments.insert(part(3, 1)), Assembly::Kept);
}

#[test]
fn the_largest_fragment_index_opens_nothing() {
    let secret = EpochSecret::new([1; 32]);
    assert_eq!(open_cell(&secret.cell_key(), &fragment_cell(&secret, u16::MAX)), None);
    assert_eq!(open_cell(&secret.cell_key(), &fragment_cell(&secret, 2)), None);
    let last = open_cell(&secret.cell_key(), &fragment_cell(&secret, 1));
    assert!(matches!(last, Some(CellContent::Fragment(part)) if part.index == 1), "the same cell with an honest index");
}

/// The cell of a fragment of one byte, of two.
fn fragment_cell(secret: &EpochSecret, index: u16) -> pursuance_wire::Cell {
    let mut plain = vec![0; 2_000];
    plain[0] = 1;
    plain[33..35].copy_from_slice(&2_u16.to_be_bytes());
    plain[35..37].copy_from_slice(&index.to_be_bytes());
    plain[37..39].copy_from_slice(&1_u16.to_be_bytes());
    plain[39] = 1;
    let (key, nonce) = (secret.cell_key(), [3; 24]);
    let associated = [label::CELL_AD, key.id()].concat();
    let sealed = crypto::seal(&crypto::derive_key(label::EPOCH_CELL, secret.as_bytes()), &nonce, &associated, &plain);
    let tag = crypto::keyed_hash(&crypto::derive_key(label::EPOCH_DETECT, secret.as_bytes()), &nonce);
    pursuance_wire::Cell::from_parts(tag.first_chunk().unwrap(), &nonce, sealed.as_slice().try_into().unwrap())
}

// Tasks

#[test]
fn false_keys_for_somebodys_task_change_nothing() {
    let mut world = World::new(1);
    let (mut maya, eve) = world.maya_and_eve();
    let known: Vec<Entry> = maya.logs().iter().cloned().collect();
    let good = world.commit(&mut maya, &create("Real"));
    let task = good.task.unwrap();
    // Eve saw the id and hands out keys for it, as if she had not seen the entry: some will get hers first.
    let false_items: Vec<Item> = (0..4).map(|n| item(task, [50 + n; 32], vec![TaskOp::Comment("x".into())])).collect();
    let bad = next(&eve, vec![], world.part(&eve, &false_items));
    let honest_first = observer(&maya, &known, &[&good.entries[0], &bad]);
    let false_first = observer(&maya, &known, &[&bad, &good.entries[0]]);
    for seen in [&honest_first, &false_first] {
        let rows = seen.tree(&|_| false).rows;
        assert_eq!((rows.len(), rows[0].title.as_str(), rows[0].comments), (1, "Real", 0));
    }
    assert_eq!(honest_first.digest(), false_first.digest());
}

#[test]
fn an_assignment_is_judged_by_its_own_past() {
    let mut world = World::new(2);
    let (mut maya, eve) = world.maya_and_eve();
    let known: Vec<Entry> = eve.logs().iter().cloned().collect();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 3, reviewed: false });
    let ben = world.joiner(&mut maya, &invite, "Ben").me().unwrap();
    // A second history of Maya's device assigns Ben, whose join her entry does not name.
    let mut fork = Replica::new(maya.pursuance(), DeviceKeys::from_seed(*maya.device().seed()));
    known.iter().for_each(|entry| drop(fork.append(entry.clone())));
    let ops = |member| vec![TaskOp::Create { parent: None }, TaskOp::SetTitle("t".into()), TaskOp::Assign(member)];
    let key = [1; 32];
    let task = task_id(place(&fork), 0, &TaskKey::new(key));
    let assigned = next(&fork, vec![], world.part(&fork, &[item(task, key, ops(ben))]));
    let history: Vec<&Entry> = maya.logs().iter().collect();
    let (mut join_first, mut join_last) = (history.clone(), history);
    join_first.push(&assigned);
    join_last.insert(0, &assigned);
    let (a, b) = (observer(&maya, &known, &join_first), observer(&maya, &known, &join_last));
    for seen in [&a, &b] {
        assert_eq!(seen.tasks().refused().get(&(assigned.id(), 0)), Some(&Refusal::NoSuchMember));
        assert!(seen.authority().members().contains_key(&ben), "known by now, all the same");
    }
    assert_eq!(a.digest(), b.digest());
    let herself = next(&fork, vec![], world.part(&fork, &[item(task, key, ops(MemberId(maya.pursuance().0)))]));
    assert_eq!(
        observer(&maya, &known, &[&herself]).tree(&|_| false).rows.len(),
        1,
        "who is in the past can be assigned"
    );
}

#[test]
fn a_device_that_began_twice_owns_in_each_history_what_it_created_there() {
    let mut world = World::new(17);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let known: Vec<Entry> = maya.logs().iter().cloned().collect();
    let (device, join) = world.join_seeing(&maya, &invite, "Eve", &[]);
    let again = Body { claimed_seconds: 1, ..join.body().clone() };
    let joins = [join, Entry::sign(&device.signing, Some(maya.pursuance()), &again)];
    let epoch = maya.usable_epoch().unwrap().clone();
    // In both, under the same key: a task, and then its body, which a member may change only where it is its own.
    let histories = joins.each_ref().map(|join| {
        let by = GrantRef { entry: join.id(), op: 0 };
        let mut at = Where { pursuance: maya.pursuance(), author: device.author(), seq: 1, by };
        let (key, mut prev) = ([5; 32], join.id());
        let task = task_id(at, 0, &TaskKey::new(key));
        let create = vec![TaskOp::Create { parent: None }, TaskOp::SetTitle("t".into())];
        [create, vec![TaskOp::SetBody("mine".into())]].map(|ops| {
            let part = seal_items(at, RoleId::EVERYONE, &epoch, &[item(task, key, ops)], &mut Seed::new([2; 32]));
            let (by, content) = (Some(by), Content::Role(part));
            let said = Body { author: at.author, seq: at.seq, prev: Some(prev), by, content, ..body() };
            let entry = Entry::sign(&device.signing, Some(at.pursuance), &said);
            (prev, at.seq) = (entry.id(), at.seq + 1);
            entry
        })
    });
    let [[c1, e1], [c2, e2]] = &histories;
    let [j1, j2] = &joins;
    let orders = [[j1, j2, c1, e1, c2, e2], [j2, c2, e2, j1, c1, e1], [e2, e1, c2, c1, j2, j1]];
    let seen = orders.map(|order| observer(&maya, &known, &order));
    for replica in &seen {
        assert_eq!((replica.tree(&|_| false).rows.len(), replica.tasks().refused().len()), (2, 0));
        assert_eq!(replica.digest(), seen[0].digest());
    }
}

#[test]
fn an_undeclared_epoch_is_refused() {
    let mut world = World::new(3);
    let (mut maya, eve) = world.maya_and_eve();
    let (private, key) = (EpochSecret::new([77; 32]), [1; 32]);
    let task = task_id(place(&eve), 0, &TaskKey::new(key));
    let ops = vec![TaskOp::Create { parent: None }, TaskOp::SetTitle("for the few".into())];
    let part = seal_items(place(&eve), RoleId::EVERYONE, &private, &[item(task, key, ops)], &mut Seed::new([1; 32]));
    let entry = next(&eve, vec![], Content::Role(part));
    assert_eq!(maya.append(entry.clone()).append, Append::Appended);
    assert_eq!(maya.authority().verdict(entry.id()), Some(&Verdict::Refused(Refusal::BadKeys)));
    maya.learn_epoch(private);
    assert_eq!(maya.tree(&|_| false).rows.len(), 0, "it would have said: everyone can read this");
}

// Joining

#[test]
fn a_used_up_link_welcomes_nobody_unasked_though_the_join_names_nobody() {
    let mut world = World::new(4);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
    world.joiner(&mut maya, &invite, "Ben");
    for _ in 0..20 {
        let (_, join) = world.join_seeing(&maya, &invite, "Late", &[]);
        take(&mut maya, std::slice::from_ref(&join));
        assert_eq!(maya.unwelcomed(), [], "whatever its id and depth");
    }
    assert_eq!(maya.people().members.len(), 2 + 20, "they count, and wait for a person's decision");
}

#[test]
fn strangers_refused_joins_are_kept_nowhere_and_take_no_head() {
    let mut world = World::new(5);
    let (mut maya, mut eve) = world.maya_and_eve();
    let grant = maya.authority().invites().keys().next().copied().unwrap();
    let (entries, announced) = (maya.logs().len(), maya.logs().announced().len());
    for n in 0..u64::try_from(4 * MAX_HEADS).unwrap() {
        let device = world.device();
        let join = Join { name: "x".into(), package: device.key_package().clone(), signature: [0; 64] };
        let entry = first(maya.pursuance(), &device, grant, n, join);
        assert_eq!(maya.append(entry).append, Append::Refused(Refusal::BadKeys));
    }
    assert_eq!((maya.logs().len(), maya.logs().announced().len()), (entries, announced));
    let seen = world.commit(&mut eve, &create("From Eve")).entries;
    take(&mut maya, &seen);
    let named = world.commit(&mut maya, &create("After it")).entries;
    assert_eq!(named[0].body().heads, [seen[0].id()]);
}

#[test]
fn entries_of_members_that_are_refused_take_no_head() {
    let mut world = World::new(6);
    let (mut maya, eve) = world.maya_and_eve();
    let refused = next(&eve, vec![], Content::Public(vec![Op::SetRelays(vec![])]));
    assert_eq!(maya.append(refused.clone()).append, Append::Appended, "members' refused entries are kept and shown");
    assert!(matches!(maya.authority().verdict(refused.id()), Some(Verdict::Refused(Refusal::NotAllowed { .. }))));
    assert!(!world.commit(&mut maya, &create("t")).entries[0].body().heads.contains(&refused.id()));
}

#[test]
fn packages_that_are_no_keys_are_refused() {
    let mut world = World::new(7);
    let (mut maya, eve) = world.maya_and_eve();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (grant, secret) = invite.invite.unwrap();
    for (suite, public) in [(KeySuite::XWing, vec![0xff; 1_216]), (KeySuite::X25519, vec![0; 32])] {
        let package = KeyPackage { suite, public };
        let (device, name) = (world.device(), String::from("Zed"));
        let message = join_message(maya.pursuance(), device.author(), &name, &package);
        let join = Join { name, package: package.clone(), signature: secret.signing().sign(&message) };
        let entry = first(maya.pursuance(), &device, grant, 1, join);
        assert_eq!(maya.append(entry).append, Append::Refused(Refusal::BadKeys), "{suite:?}");
        let mut other = observer(&maya, &[], &maya.logs().iter().collect::<Vec<_>>());
        let renewed = next(&eve, vec![], Content::Public(vec![Op::KeyPackage(package)]));
        assert_eq!(other.append(renewed.clone()).append, Append::Appended);
        assert_eq!(other.authority().verdict(renewed.id()), Some(&Verdict::Refused(Refusal::BadKeys)), "{suite:?}");
    }
}

#[test]
fn a_preview_shows_only_the_invite_that_the_link_names() {
    let mut world = World::new(8);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (grant, secret) = invite.invite.as_ref().unwrap();
    let (device, join) = world.join_seeing(&maya, &invite, "Eve", &[]);
    // Eve's own invite with the link's key, to the highest role; one of a hundred ids stands before the true one's.
    let offer = Invite {
        role: RoleId(1),
        uses: 9,
        key: secret.signing().author().0,
        cell_secret: secret.cell_secret(),
        note: String::new(),
        since: vec![],
        reviewed: false,
    };
    for claimed_seconds in 0..100 {
        let by = Some(GrantRef { entry: join.id(), op: 0 });
        let content = Content::Public(vec![Op::Invite(offer.clone())]);
        let forged =
            Body { author: device.author(), seq: 1, prev: Some(join.id()), by, claimed_seconds, content, ..body() };
        let forged = Entry::sign(&device.signing, Some(maya.pursuance()), &forged);
        let mut preview = world.preview(&maya, &invite, &[&join]);
        preview.add(forged);
        let view = preview.view().expect("the true one");
        assert_eq!((view.role.id, view.invited_by.as_str()), (MEMBER, "Maya"));
        assert_eq!(preview.join(&world.device(), "Ben", 1).unwrap().body().by, Some(*grant));
    }
}

#[test]
fn a_join_that_names_an_unknown_entry_is_not_named_by_the_next() {
    let mut world = World::new(9);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (device, join) = world.join_seeing(&maya, &invite, "Eve", &[]);
    let mut poisoned = join.body().clone();
    poisoned.heads.push(EntryId([0; 32]));
    poisoned.heads.sort();
    let poisoned = Entry::sign(&device.signing, Some(maya.pursuance()), &poisoned);
    let (_, next) = world.join_seeing(&maya, &invite, "Ben", &[&poisoned]);
    assert!(matches!(maya.append(poisoned).append, Append::Gap { .. }));
    assert_eq!(maya.append(next).append, Append::Appended, "it does not wait with the other");
    let (_, named) = world.join_seeing(&maya, &invite, "Kim", &[&join]);
    assert!(named.body().heads.contains(&join.id()), "an honest one is named");
}

#[test]
fn a_join_that_waits_or_is_refused_is_not_named_through_another() {
    let mut world = World::new(15);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (device, join) = world.join_seeing(&maya, &invite, "Eve", &[]);
    let mut waits = join.body().clone();
    waits.heads.push(EntryId([0; 32]));
    waits.heads.sort();
    let waits = Entry::sign(&device.signing, Some(maya.pursuance()), &waits);
    // Signed by the link's key, and refused for its package: members will never hold it.
    let (grant, secret) = invite.invite.as_ref().unwrap();
    let (name, package) = (String::from("Zed"), KeyPackage { suite: KeySuite::X25519, public: vec![0; 32] });
    let message = join_message(maya.pursuance(), device.author(), &name, &package);
    let signature = secret.signing().sign(&message);
    let refused = first(maya.pursuance(), &device, *grant, 1, Join { name, package, signature });
    for bad in [&waits, &refused] {
        let (between_device, between) = world.join_seeing(&maya, &invite, "Between", &[]);
        let mut body = between.body().clone();
        body.heads.push(bad.id());
        body.heads.sort();
        let between = Entry::sign(&between_device.signing, Some(maya.pursuance()), &body);
        let (_, next) = world.join_seeing(&maya, &invite, "Ben", &[bad, &between]);
        maya.append(bad.clone());
        assert!(matches!(maya.append(between).append, Append::Gap { .. }));
        assert_eq!(maya.append(next).append, Append::Appended, "it does not wait with the others");
    }
}

// Welcomes and epochs

#[test]
fn a_junk_welcome_does_not_hide_who_lacks_the_epoch() {
    let mut world = World::new(10);
    let (mut maya, eve) = world.maya_and_eve();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (ben, join) = world.join_seeing(&maya, &invite, "Ben", &[]);
    take(&mut maya, &[join]);
    let epoch = maya.usable_epoch().unwrap().id();
    let junk = |sealed| Op::Welcome(Welcome { role: RoleId::EVERYONE, epoch, to: ben.author(), sealed });
    let other = EpochSecret::new([3; 32]).seal_to(maya.pursuance(), RoleId::EVERYONE, ben.key_package()).unwrap();
    take(&mut maya, &[next(&eve, vec![], Content::Public(vec![junk(vec![0; 3]), junk(vec![]), junk(other)]))]);
    assert_eq!(maya.unwelcomed(), [ben.author()]);
    let welcome = maya.welcome(ben.author(), 1).unwrap();
    take(&mut maya, &[welcome]);
    assert_eq!(maya.unwelcomed(), []);
}

#[test]
fn many_junk_welcomes_do_not_keep_the_true_one_out() {
    let mut world = World::new(11);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (ben_device, ben_join) = world.join_seeing(&maya, &invite, "Ben", &[]);
    let (eve, eve_join) = world.join_seeing(&maya, &invite, "Eve", &[]);
    take(&mut maya, &[ben_join.clone(), eve_join.clone()]);
    let (to, package) = (ben_device.author(), ben_device.key_package().clone());
    let junk = (0..2 * MAX_EPOCH_CANDIDATES).map(|n| {
        let mut secret = [9; 32];
        secret[..8].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
        let secret = EpochSecret::new(secret);
        let sealed = secret.seal_to(maya.pursuance(), RoleId::EVERYONE, &package).unwrap();
        Op::Welcome(Welcome { role: RoleId::EVERYONE, epoch: secret.id(), to, sealed })
    });
    let by = Some(GrantRef { entry: eve_join.id(), op: 0 });
    let junk: Vec<Op> = junk.collect();
    let mut last = eve_join.clone();
    let junk: Vec<Entry> = junk
        .chunks(MAX_OPS)
        .map(|ops| {
            let (seq, prev) = (last.body().seq + 1, Some(last.id()));
            let said = Body { author: eve.author(), seq, prev, by, content: Content::Public(ops.to_vec()), ..body() };
            last = Entry::sign(&eve.signing, Some(maya.pursuance()), &said);
            last.clone()
        })
        .collect();
    let welcome = maya.welcome(to, 1).unwrap();
    take(&mut maya, std::slice::from_ref(&welcome));
    for junk_first in [true, false] {
        let mut ben = Replica::new(maya.pursuance(), DeviceKeys::from_seed(*ben_device.seed()));
        ben.append(ben_join.clone());
        let mut order = junk.clone();
        order.insert(if junk_first { junk.len() } else { 0 }, welcome.clone());
        order.into_iter().for_each(|entry| drop(ben.append(entry)));
        if junk_first {
            let real = *maya.usable_epoch().unwrap().cell_key().id();
            assert!(ben.cell_keys().iter().any(|key| *key.id() == real), "the log can be read from here on");
        }
        // The welcome itself waits in the log already, and does not come a second time.
        let rest = maya.logs().iter().filter(|entry| entry.id() != welcome.id());
        rest.for_each(|entry| drop(ben.append(entry.clone())));
        assert!(ben.is_member(), "junk first: {junk_first}");
    }
}

#[test]
fn junk_welcomes_do_not_hide_that_the_true_one_was_given() {
    let mut world = World::new(16);
    let (mut maya, eve) = world.maya_and_eve();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (ben, join) = world.join_seeing(&maya, &invite, "Ben", &[]);
    take(&mut maya, &[join]);
    let epoch = maya.usable_epoch().unwrap().id();
    let junk = |n| Op::Welcome(Welcome { role: RoleId::EVERYONE, epoch, to: ben.author(), sealed: vec![n] });
    take(&mut maya, &[next(&eve, vec![], Content::Public((0..64).map(junk).collect()))]);
    let welcome = maya.welcome(ben.author(), 1).unwrap();
    take(&mut maya, &[welcome]);
    assert_eq!(maya.unwelcomed(), [], "else he would be welcomed again and again");
}

#[test]
fn an_epoch_issued_again_under_its_id_is_refused() {
    let mut world = World::new(12);
    let (mut maya, eve) = world.maya_and_eve();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (ben, join) = world.join_seeing(&maya, &invite, "Ben", &[]);
    take(&mut maya, std::slice::from_ref(&join));
    let epoch = maya.usable_epoch().unwrap().id();
    let ids: Vec<[u8; 32]> = maya.authority().packages_known(maya.logs()).into_iter().map(|(id, ..)| id).collect();
    let again = |epoch| {
        let seals = ids.iter().map(|id| Seal { tag: *id.first_chunk().unwrap(), sealed: vec![] }).collect();
        let made = RoleEpoch {
            role: RoleId::EVERYONE,
            epoch,
            parents: vec![],
            readers: readers_hash(&ids),
            seals,
            backlinks: vec![],
        };
        Content::Public(vec![Op::RoleEpoch(made)])
    };
    let mut heads = vec![join.id(), maya.logs().tip(maya.device().author()).unwrap().id];
    heads.sort();
    let (repeated, fresh) =
        (next(&eve, heads.clone(), again(epoch)), next(&eve, heads, again(EpochSecret::new([9; 32]).id())));
    take(&mut maya, std::slice::from_ref(&repeated));
    assert_eq!(maya.authority().verdict(repeated.id()), Some(&Verdict::Refused(Refusal::BadKeys)));
    assert_eq!(maya.authority().epochs()[&(epoch, RoleId::EVERYONE)].entries.len(), 1);
    assert_eq!(maya.unwelcomed(), [ben.author()], "not taken for sealed to him");
    maya.append(fresh.clone());
    assert_eq!(
        maya.authority().verdict(fresh.id()),
        Some(&Verdict::Counts),
        "refused for its id, and for nothing else"
    );
}

// Texts and numbers

#[test]
fn texts_that_turn_direction_are_refused() {
    let mut world = World::new(13);
    let mut maya = world.founder();
    let invite = world.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
    let (_, join) = world.join_seeing(&maya, &invite, "Zed", &[]);
    for turn in ["\u{202a}", "\u{202e}", "\u{2066}", "\u{2069}"] {
        let at = join.bytes().windows(3).position(|bytes| bytes == b"Zed").unwrap();
        let mut bytes = join.bytes().to_vec();
        bytes[at..at + 3].copy_from_slice(turn.as_bytes());
        let refused = EntryError::Decode(DecodeError::ForbiddenCharacter);
        assert_eq!(UnverifiedEntry::decode(&bytes).err(), Some(refused), "{turn:?}");
        let title = encode_ops(&[TaskOp::SetTitle(format!("a{turn}b"))]);
        assert_eq!(decode_ops(&title), Err(DecodeError::ForbiddenCharacter), "{turn:?}");
        let typed = world.commit(&mut maya, &create(&format!("a{turn}b"))).task.unwrap();
        assert_eq!(maya.task_view(typed, &|_| false).unwrap().row.title, "ab", "one's own go before they are signed");
    }
}

#[test]
fn an_unknown_number_in_a_known_op_waits_for_a_newer_version() {
    let mut world = World::new(14);
    let (mut maya, eve) = world.maya_and_eve();
    // A key package of suite 9, a step to status 9.
    let package = arguments(|w| w.array(2).uint(9).bytes(&[1; 32]));
    let entry = next(&eve, vec![], Content::Public(vec![Op::Unknown { number: 23, arguments: package }]));
    take(&mut maya, std::slice::from_ref(&entry));
    assert_eq!(maya.authority().verdict(entry.id()), Some(&Verdict::NeedsNewer));
    let task = world.commit(&mut maya, &create("t")).task.unwrap();
    let unknown = TaskOp::Unknown { number: 4, arguments: arguments(|w| w.uint(9)) };
    assert_eq!(decode_ops(&encode_ops(std::slice::from_ref(&unknown))), Ok(vec![unknown]));
    assert_eq!(maya.task_view(task, &|_| false).unwrap().row.status, Status::Open);
    // In place of a genesis there is nothing that could wait: a log cannot begin with what nobody understands (E10).
    for (verb, kind) in [(15, 0), (0, 9)] {
        let genesis = maya.logs().iter().next().unwrap();
        let changed = with_first_rule(genesis, verb, kind);
        assert_eq!(UnverifiedEntry::decode(&changed).err(), Some(EntryError::Beginning));
    }
}

fn arguments(write: impl FnOnce(&mut Writer) -> &mut Writer) -> Vec<u8> {
    let mut w = Writer::new();
    write(&mut w);
    w.finish()
}

/// The genesis with another verb, over another kind of thing, in its first rule, which is `[0, 0, 0, 0, []]`.
fn with_first_rule(genesis: &Entry, verb: u8, kind: u8) -> Vec<u8> {
    let rule = [0x85, 0, 0, 0, 0, 0x80];
    let at = genesis.bytes().windows(6).position(|bytes| bytes == rule).unwrap();
    let mut bytes = genesis.bytes().to_vec();
    (bytes[at + 2], bytes[at + 3]) = (verb, kind);
    bytes
}

// People

struct World {
    rng: StdRng,
    now_seconds: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), now_seconds: 1_790_000_000 }
    }

    fn device(&mut self) -> DeviceKeys {
        DeviceKeys::from_seed(self.rng.random())
    }

    fn commit(&mut self, replica: &mut Replica, command: &Command) -> Authored {
        self.now_seconds += 10;
        let mut seed = Seed::new(self.rng.random());
        let mut with = Circumstances { now_seconds: self.now_seconds, seed: &mut seed, since: Vec::new() };
        let authored = replica.command(command, &mut with).expect("allowed");
        take(replica, &authored.entries);
        authored
    }

    fn founder(&mut self) -> Replica {
        let device = self.device();
        let (name, mission, my_name) = ("Harbour watch".into(), "Know what is built there".into(), "Maya".into());
        let mut seed = Seed::new(self.rng.random());
        let founding = Founding { name, mission, my_name, relays: Vec::new() };
        let founded = found(&founding, &device, self.now_seconds, &mut seed).expect("good texts");
        let mut replica = Replica::new(founded.pursuance, device);
        take(&mut replica, &founded.entries);
        replica
    }

    /// A founder, and a member with a changed client, who know the same.
    fn maya_and_eve(&mut self) -> (Replica, Replica) {
        let mut maya = self.founder();
        let invite = self.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 3, reviewed: false });
        let eve = self.joiner(&mut maya, &invite, "Eve");
        (maya, eve)
    }

    /// Joins by an invite and is welcomed by `host`.
    fn joiner(&mut self, host: &mut Replica, invite: &Authored, name: &str) -> Replica {
        let (device, join) = self.join_seeing(host, invite, name, &[]);
        take(host, &[join]);
        let welcome = host.welcome(device.author(), self.now_seconds).expect("the epoch is held");
        take(host, std::slice::from_ref(&welcome));
        let mut replica = Replica::new(host.pursuance(), device);
        host.logs().iter().for_each(|entry| drop(replica.append(entry.clone())));
        assert!(replica.is_member());
        replica
    }

    fn preview(&self, host: &Replica, invite: &Authored, others: &[&Entry]) -> Preview {
        let (grant, secret) = invite.invite.as_ref().expect("an invite");
        let mut preview = Preview::new(host.pursuance(), grant.entry, InviteSecret::new(*secret.as_bytes()));
        host.preview_entries(*grant)
            .into_iter()
            .chain(others.iter().copied())
            .for_each(|entry| preview.add(entry.clone()));
        preview
    }

    /// A join by somebody who sees, of all joins, only these.
    fn join_seeing(&mut self, host: &Replica, invite: &Authored, name: &str, others: &[&Entry]) -> (DeviceKeys, Entry) {
        let device = self.device();
        self.now_seconds += 1;
        let join = self.preview(host, invite, others).join(&device, name, self.now_seconds).expect("a use is left");
        (device, join)
    }

    fn part(&mut self, replica: &Replica, items: &[Item]) -> Content {
        let epoch = replica.usable_epoch().expect("a member");
        let mut seed = Seed::new(self.rng.random());
        Content::Role(seal_items(place(replica), RoleId::EVERYONE, epoch, items, &mut seed))
    }
}

fn create(title: &str) -> Command {
    Command::create_task(title)
}

fn item(task: TaskId, key: [u8; 32], ops: Vec<TaskOp>) -> Item {
    Item { task, generation: 0, key: TaskKey::new(key), gives_key: GivesKey::Yes, ops }
}

/// Through bytes, as everything that arrives.
fn take(replica: &mut Replica, entries: &[Entry]) {
    for entry in entries {
        let entry =
            UnverifiedEntry::decode(entry.bytes()).expect("strict").verify(replica.pursuance()).expect("signed");
        assert_eq!(replica.append(entry).append, Append::Appended);
    }
}

/// A new replica that holds the epoch and got these in this order.
fn observer(of: &Replica, known: &[Entry], then: &[&Entry]) -> Replica {
    let mut replica = Replica::new(of.pursuance(), DeviceKeys::from_seed([0; 32]));
    replica.learn_epoch(of.usable_epoch().unwrap().clone());
    known.iter().chain(then.iter().copied()).for_each(|entry| drop(replica.append(entry.clone())));
    replica
}

/// Where this member's next entry stands.
fn place(replica: &Replica) -> Where {
    let author = replica.device().author();
    let by = replica.authority().members()[&replica.me().unwrap()].grant;
    let seq = replica.logs().tip(author).unwrap().seq + 1;
    Where { pursuance: replica.pursuance(), author, seq, by }
}

/// A member's next entry, with whatever it is to say.
fn next(replica: &Replica, heads: Vec<EntryId>, content: Content) -> Entry {
    let at = place(replica);
    let prev = replica.logs().tip(at.author).map(|tip| tip.id);
    let body = Body { author: at.author, seq: at.seq, prev, heads, by: Some(at.by), content, ..body() };
    Entry::sign(&replica.device().signing, Some(at.pursuance), &body)
}

fn first(pursuance: PursuanceId, device: &DeviceKeys, by: GrantRef, claimed_seconds: u64, join: Join) -> Entry {
    let content = Content::Public(vec![Op::Join(join)]);
    let body = Body { author: device.author(), by: Some(by), claimed_seconds, content, ..body() };
    Entry::sign(&device.signing, Some(pursuance), &body)
}

fn body() -> Body {
    Body {
        author: AuthorId([0; 32]),
        seq: 0,
        prev: None,
        heads: vec![],
        by: None,
        claimed_seconds: 1,
        checkpoints: vec![],
        content: Content::Public(vec![]),
    }
}
