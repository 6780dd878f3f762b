//! Logs: what becomes of entries in the order of their delivery, and whether they count (R0 to R2).

use pursuance_core::authority::{join_message, package_tag, readers_hash};
use pursuance_core::crypto::{KeySuite, Seed};
use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Element};
use pursuance_core::entry::{AudienceSeal, Content, Entry, GrantRef, ItemSeal, RolePart};
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::id::{AuthorId, CheckId, EpochId, MemberId, RoleId, TaskId};
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::op::{AddDevice, Invite, Join, KeyPackage, Op, RoleEpoch, Seal, Welcome};
use pursuance_core::origin::{Origin, Quote};
use pursuance_core::replica::Replica;
use pursuance_core::task::Status;
use pursuance_core::task_op::TaskOp;
use serde_json::{Value, json};

use super::raw::V;
use super::sealed::{ItemPlan, seal_part, task_id};
use super::{Cast, Shelf, at, body_tree, hex, hexes, signed};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    orders(cast, shelf);
    chains(cast, shelf);
    judged(cast, shelf);
    joins(cast, shelf);
    devices(cast, shelf);
    keys(cast, shelf);
    items(cast, shelf);
}

/// Runs a delivery as Maya's device and checks what the maker says of it; the rest is frozen.
fn deliver(cast: &Cast, shelf: &mut Shelf, case: &str, entries: &[String], check: impl FnOnce(&Value)) {
    let given = json!({
        "pursuance": hex(&cast.pursuance.0),
        "device_seed": hex(&cast.maya_seed),
        "deliver": entries,
    });
    let found = shelf.add_frozen("log", case, given);
    check(&found["ok"]);
}

/// Everything so far, then one more, which is appended and gets this verdict.
fn verdict(cast: &Cast, shelf: &mut Shelf, case: &str, extra: &[&Entry], expected: Value) {
    let all: Vec<String> = hexes(cast.entries.iter().chain(extra.iter().copied()));
    let last = hex(&extra.last().expect("one more").id().0);
    deliver(cast, shelf, case, &all, |found| assert_eq!(found["verdicts"][&last], expected, "{case}"));
}

/// Everything so far, then one more, which is refused before it is appended.
fn kept_nowhere(cast: &Cast, shelf: &mut Shelf, case: &str, extra: &Entry, code: &str) {
    let all: Vec<String> = hexes(cast.entries.iter().chain([extra]));
    deliver(cast, shelf, case, &all, |found| {
        assert_eq!(found["appends"].as_array().expect("a list").last(), Some(&refused(code)), "{case}");
        assert_eq!(found["verdicts"][hex(&extra.id().0)], Value::Null, "{case}");
        assert_eq!(found["members"], 2, "{case}");
    });
}

fn refused(code: &str) -> Value {
    json!({"refused": {"code": code}})
}

fn orders(cast: &Cast, shelf: &mut Shelf) {
    let all = hexes(&cast.entries);
    let mut digest = Value::Null;
    deliver(cast, shelf, "ok-in-order", &all, |found| {
        assert!(found["appends"].as_array().expect("a list").iter().all(|append| append == "appended"));
        digest = found["digest"].clone();
    });
    let mut same = |case: &str, entries: &[String], last: Value| {
        deliver(cast, shelf, case, entries, |found| {
            assert_eq!(found["digest"], digest, "{case}");
            assert_eq!(found["appends"].as_array().expect("a list").last(), Some(&last), "{case}");
        });
    };
    let reversed: Vec<String> = all.iter().rev().cloned().collect();
    same("ok-in-reverse", &reversed, json!("appended"));
    let twice: Vec<String> = all.iter().chain(&all).cloned().collect();
    same("ok-everything-twice", &twice, json!("duplicate"));
    let mut late = all.clone();
    let invite = late.remove(at::INVITE);
    late.push(invite);
    same("ok-invite-comes-last", &late, json!("appended"));
    deliver(cast, shelf, "ok-nothing", &[], |found| assert_eq!(found["members"], 0));
    deliver(cast, shelf, "ok-gap-that-stays", &all[at::INVITE..], |found| {
        assert!(found["appends"][0]["gap"].is_array());
        assert_eq!(found["verdicts"], json!({}));
    });
}

fn chains(cast: &Cast, shelf: &mut Shelf) {
    let all = hexes(&cast.entries);
    let with = |bytes: Vec<u8>| [&all[..], &[hex(&bytes)]].concat();
    let maya = cast.maya_keys();
    let bent = |of: usize, bend: &dyn Fn(&mut Vec<V>)| {
        let mut tree = body_tree(&cast.entries[of]);
        bend(tree.list());
        signed(&maya, cast.pursuance, &tree.encode())
    };
    let last = |expected: Value| {
        move |found: &Value| assert_eq!(found["appends"].as_array().expect("a list").last(), Some(&expected))
    };
    let id = |of: usize| V::Bytes(cast.entries[of].id().0.to_vec());
    // A chain in another order: the invite's successor claims to stand two places further.
    deliver(cast, shelf, "bad-seq-skips", &with(bent(at::TASK, &|f| f[3] = V::Uint(5))), last(json!("malformed")));
    deliver(cast, shelf, "bad-seq-repeats", &with(bent(at::TASK, &|f| f[3] = V::Uint(2))), last(json!("malformed")));
    deliver(
        cast,
        shelf,
        "bad-chain-reordered",
        &with(bent(at::TASK, &|f| f[4] = id(at::EPOCH))),
        last(json!("malformed")),
    );
    deliver(
        cast,
        shelf,
        "bad-prev-of-another-author",
        &with(bent(at::COMMENT, &|f| f[4] = id(at::JOIN))),
        last(json!("malformed")),
    );
    let other = json!({"equivocation": hex(&cast.entries[at::COMMENT].id().0)});
    let author = hex(&maya.author().0);
    deliver(cast, shelf, "bad-two-bodies-at-one-seq", &with(bent(at::COMMENT, &|f| f[7] = V::Uint(1))), |found| {
        last(other)(found);
        assert_eq!(found["forked"], json!([author]));
    });
    let unsigned_elsewhere = {
        let mut tree = body_tree(&cast.entries[at::COMMENT]);
        tree.list()[7] = V::Uint(1);
        signed(&maya, pursuance_core::id::PursuanceId([9; 32]), &tree.encode())
    };
    deliver(
        cast,
        shelf,
        "bad-entry-of-another-pursuance",
        &with(unsigned_elsewhere),
        last(json!({"at": "verify", "error": "Signature"})),
    );
    deliver(cast, shelf, "bad-garbage-between", &[&all[..3], &[String::from("00ff")], &all[3..]].concat(), |found| {
        assert_eq!(found["appends"][3], json!({"at": "decode", "error": "Decode(Structure)"}));
        assert_eq!(found["tasks"], 1);
    });
}

fn judged(cast: &Cast, shelf: &mut Shelf) {
    let not_allowed = |verb: &str, rule: u16| json!({"refused": {"code": "notAllowed", "verb": verb, "rule": rule, "allowedRole": 1}});
    verdict(
        cast,
        shelf,
        "ok-organiser-sets-relays",
        &[&cast.says(&cast.maya, vec![Op::SetRelays(vec![])])],
        json!("counts"),
    );
    verdict(
        cast,
        shelf,
        "bad-member-sets-relays",
        &[&cast.says(&cast.ben, vec![Op::SetRelays(vec![])])],
        not_allowed("amend", 13),
    );
    let invite = |role| {
        Op::Invite(Invite {
            role,
            uses: 1,
            key: cast.relay.log_key().as_bytes().to_owned(),
            cell_secret: [1; 32],
            note: String::new(),
            since: vec![],
            reviewed: false,
        })
    };
    verdict(
        cast,
        shelf,
        "bad-member-invites",
        &[&cast.says(&cast.ben, vec![invite(MEMBER)])],
        not_allowed("invite", 12),
    );
    verdict(
        cast,
        shelf,
        "bad-invite-to-an-unknown-role",
        &[&cast.says(&cast.maya, vec![invite(RoleId(9))])],
        refused("noSuchRole"),
    );
    verdict(
        cast,
        shelf,
        "bad-invite-without-a-rule",
        &[&cast.says(&cast.maya, vec![invite(ORGANISER)])],
        json!({
            "refused": {"code": "notAllowed", "verb": "invite", "rule": null, "allowedRole": null},
        }),
    );
    let body_by = |by: GrantRef| {
        let mut body = cast.next_body(&cast.ben, Content::Public(vec![Op::SetRelays(vec![])]));
        body.by = Some(by);
        Entry::sign(&cast.ben_keys().signing, Some(cast.pursuance), &body)
    };
    let genesis = GrantRef { entry: cast.entries[at::GENESIS].id(), op: 0 };
    verdict(cast, shelf, "bad-leans-on-anothers-grant", &[&body_by(genesis)], refused("grantNotHeld"));
    let join = cast.entries[at::JOIN].id();
    verdict(
        cast,
        shelf,
        "bad-leans-on-another-op",
        &[&body_by(GrantRef { entry: join, op: 1 })],
        refused("grantNotHeld"),
    );
    verdict(cast, shelf, "bad-leans-on-an-invite-without-joining", &[&body_by(cast.invite)], refused("grantNotHeld"));

    let newer = cast.says(&cast.maya, vec![Op::Unknown { number: 900, arguments: vec![1] }]);
    verdict(cast, shelf, "ok-unknown-op-needs-newer", &[&newer], json!("needs newer"));
    let reserved = cast.says(&cast.maya, vec![Op::Unknown { number: 26, arguments: vec![] }, Op::SetRelays(vec![])]);
    verdict(cast, shelf, "ok-reserved-op-beside-a-known-one", &[&reserved], json!("needs newer"));
    let with_invite = cast.says(&cast.maya, vec![invite(MEMBER), Op::Unknown { number: 900, arguments: vec![] }]);
    let leaning = join_by(
        cast,
        &DeviceKeys::from_seed(cast.eve_seed),
        GrantRef { entry: with_invite.id(), op: 0 },
        vec![with_invite.id()],
    );
    verdict(cast, shelf, "ok-what-leans-on-newer-needs-newer", &[&with_invite, &leaning], json!("needs newer"));
}

/// A join that the invite's key has signed.
fn join_by(cast: &Cast, device: &DeviceKeys, by: GrantRef, heads: Vec<pursuance_core::id::EntryId>) -> Entry {
    let package = device.key_package().clone();
    let message = join_message(cast.pursuance, device.author(), "Eve", &package);
    let signature = cast.invite_secret.signing().sign(&message);
    begin(cast, device, by, heads, vec![Op::Join(Join { name: "Eve".into(), package, signature })])
}

fn begin(
    cast: &Cast,
    device: &DeviceKeys,
    by: GrantRef,
    mut heads: Vec<pursuance_core::id::EntryId>,
    ops: Vec<Op>,
) -> Entry {
    heads.sort_unstable();
    let body = pursuance_core::entry::Body {
        author: device.author(),
        seq: 0,
        prev: None,
        heads,
        by: Some(by),
        claimed_seconds: super::NOW_SECONDS,
        checkpoints: vec![],
        content: Content::Public(ops),
    };
    Entry::sign(&device.signing, Some(cast.pursuance), &body)
}

fn joins(cast: &Cast, shelf: &mut Shelf) {
    let eve = DeviceKeys::from_seed(cast.eve_seed);
    let invited = cast.entries[at::INVITE].id();
    let ben = cast.entries[at::JOIN].id();
    let concurrent = join_by(cast, &eve, cast.invite, vec![invited]);
    verdict(cast, shelf, "ok-join-that-knows-no-rival", &[&concurrent], json!("counts"));
    let late = join_by(cast, &eve, cast.invite, vec![invited, ben]);
    kept_nowhere(cast, shelf, "bad-invite-used-up", &late, "inviteUsedUp");
    let Content::Public(ops) = &cast.entries[at::JOIN].body().content else { panic!("a join is public") };
    let replayed = begin(cast, &eve, cast.invite, vec![invited], ops.clone());
    kept_nowhere(cast, shelf, "bad-join-replayed-by-another-key", &replayed, "badKeys");
    let [Op::Join(join)] = &ops[..] else { panic!("one op") };
    let renamed = Join { name: "Maya".into(), ..join.clone() };
    let renamed = begin(cast, &cast.ben_keys(), cast.invite, vec![invited], vec![Op::Join(renamed)]);
    kept_nowhere(cast, shelf, "bad-join-renamed", &renamed, "badKeys");
    let package = KeyPackage { suite: KeySuite::X25519, public: vec![0; 32] };
    let message = join_message(cast.pursuance, eve.author(), "Eve", &package);
    let signature = cast.invite_secret.signing().sign(&message);
    let no_key =
        begin(cast, &eve, cast.invite, vec![invited], vec![Op::Join(Join { name: "Eve".into(), package, signature })]);
    kept_nowhere(cast, shelf, "bad-join-with-a-package-that-is-no-key", &no_key, "badKeys");
    let genesis = GrantRef { entry: cast.entries[at::GENESIS].id(), op: 0 };
    kept_nowhere(cast, shelf, "bad-join-by-no-invite", &join_by(cast, &eve, genesis, vec![]), "grantNotHeld");
    let another_op = GrantRef { op: 1, ..cast.invite };
    kept_nowhere(cast, shelf, "bad-join-by-another-op", &join_by(cast, &eve, another_op, vec![]), "grantNotHeld");
}

fn devices(cast: &Cast, shelf: &mut Shelf) {
    let (maya, ben) = (cast.maya.me().expect("a member"), cast.ben.me().expect("a member"));
    let device = |seed: u8| DeviceKeys::from_seed([seed; 32]);
    let add = |member, device: &DeviceKeys| Op::AddDevice(AddDevice::new(cast.pursuance, member, device));
    let (second, by) = (device(0x12), GrantRef { entry: cast.entries[at::GENESIS].id(), op: 0 });
    let added = cast.says(&cast.maya, vec![add(maya, &second)]);
    verdict(cast, shelf, "ok-device-added", &[&added], json!("counts"));
    verdict(cast, shelf, "ok-member-adds-a-device", &[&cast.says(&cast.ben, vec![add(ben, &second)])], json!("counts"));
    let relays = || vec![Op::SetRelays(vec![])];
    let first = begin(cast, &second, by, vec![added.id()], relays());
    verdict(cast, shelf, "ok-added-device-begins", &[&added, &first], json!("counts"));
    let hers = add(maya, &device(0x13));
    let adds_another = begin(cast, &second, by, vec![added.id()], vec![hers]);
    let third = begin(cast, &device(0x13), by, vec![adds_another.id()], relays());
    verdict(cast, shelf, "ok-added-device-adds-another", &[&added, &adds_another, &third], json!("counts"));
    let refused_first = begin(cast, &second, by, vec![added.id()], vec![Op::SetRelays(vec![]), add(maya, &second)]);
    verdict(cast, shelf, "bad-added-device-adds-itself", &[&added, &refused_first], refused("badKeys"));

    let newest = cast.entries[at::COMMENT].id();
    let unknowing = begin(cast, &second, by, vec![newest], relays());
    kept_nowhere(cast, shelf, "bad-device-begins-without-being-added", &unknowing, "grantNotHeld");
    let joined = GrantRef { entry: cast.entries[at::JOIN].id(), op: 0 };
    for (case, first) in [
        ("bad-device-begins-beside-what-added-it", &unknowing),
        ("bad-device-begins-on-anothers-grant", &begin(cast, &second, joined, vec![added.id()], relays())),
        (
            "bad-device-begins-on-another-op",
            &begin(cast, &second, GrantRef { op: 1, ..by }, vec![added.id()], relays()),
        ),
        ("bad-stranger-begins", &begin(cast, &device(0x14), by, vec![added.id()], relays())),
    ] {
        let all = hexes(cast.entries.iter().chain([&added, first]));
        deliver(cast, shelf, case, &all, |found| {
            let last = found["appends"].as_array().expect("a list").last();
            assert_eq!((last, &found["verdicts"][hex(&first.id().0)]), (Some(&refused("grantNotHeld")), &Value::Null));
        });
    }

    let Op::AddDevice(good) = add(ben, &second) else { panic!("one more device") };
    let no_key = KeyPackage { suite: KeySuite::X25519, public: vec![0; 32] };
    for (case, ops) in [
        ("bad-device-that-agreed-to-another-member", vec![add(maya, &second)]),
        ("bad-device-of-anothers", vec![add(ben, &cast.maya_keys())]),
        ("bad-device-twice", vec![add(ben, &second), add(ben, &second)]),
        (
            "bad-device-with-another-package",
            vec![Op::AddDevice(AddDevice { package: device(0x13).key_package().clone(), ..good.clone() })],
        ),
        (
            "bad-device-with-a-package-that-is-no-key",
            vec![Op::AddDevice(AddDevice { package: no_key, ..good.clone() })],
        ),
        (
            "bad-device-with-a-weak-key",
            vec![Op::AddDevice(AddDevice {
                author: AuthorId([&[1][..], &[0; 31]].concat().try_into().expect("32")),
                ..good
            })],
        ),
    ] {
        verdict(cast, shelf, case, &[&cast.says(&cast.ben, ops)], refused("badKeys"));
    }
    let many = |count: u8| (0..count).map(|index| add(ben, &device(0x80 + index))).collect();
    verdict(cast, shelf, "ok-sixteen-devices", &[&cast.says(&cast.ben, many(15))], json!("counts"));
    verdict(
        cast,
        shelf,
        "bad-seventeen-devices",
        &[&cast.says(&cast.ben, many(16))],
        json!({"refused": {"code": "tooMany", "max": 16}}),
    );
    let newer = cast.says(&cast.maya, vec![add(maya, &second), Op::Unknown { number: 900, arguments: vec![] }]);
    let waits = begin(cast, &second, by, vec![newer.id()], relays());
    verdict(cast, shelf, "ok-device-added-by-a-newer-version", &[&newer, &waits], json!("needs newer"));

    // An epoch is sealed to every device.
    let epoch = EpochSecret::new([0x77; 32]);
    let mut packages: Vec<KeyPackage> =
        [cast.maya_keys(), cast.ben_keys(), device(0x12)].iter().map(|device| device.key_package().clone()).collect();
    packages.sort_by_key(KeyPackage::id);
    let ids: Vec<[u8; 32]> = packages.iter().map(KeyPackage::id).collect();
    let seal = |package: &KeyPackage| Seal {
        tag: package_tag(&package.id()),
        sealed: epoch.seal_to(cast.pursuance, RoleId::EVERYONE, package).expect("a key"),
    };
    let introduces = Op::RoleEpoch(RoleEpoch {
        role: RoleId::EVERYONE,
        epoch: epoch.id(),
        parents: vec![],
        readers: readers_hash(&ids),
        seals: packages.iter().map(seal).collect(),
        backlinks: vec![],
    });
    let introduces = begin(cast, &second, by, vec![added.id()], vec![introduces]);
    verdict(cast, shelf, "ok-epoch-for-all-devices", &[&added, &introduces], json!("counts"));
}

fn keys(cast: &Cast, shelf: &mut Shelf) {
    let epoch = EpochSecret::new([0x77; 32]);
    let readers = || {
        let mut packages: Vec<KeyPackage> =
            [cast.maya_keys(), cast.ben_keys()].iter().map(|device| device.key_package().clone()).collect();
        packages.sort_by_key(KeyPackage::id);
        packages
    };
    let role_epoch = |role: RoleId, packages: &[KeyPackage]| {
        let ids: Vec<[u8; 32]> = packages.iter().map(KeyPackage::id).collect();
        let seals = packages.iter().map(|package| Seal {
            tag: package_tag(&package.id()),
            sealed: epoch.seal_to(cast.pursuance, role, package).expect("a key"),
        });
        RoleEpoch {
            role,
            epoch: epoch.id(),
            parents: vec![cast.epoch.id()],
            readers: readers_hash(&ids),
            seals: seals.collect(),
            backlinks: vec![],
        }
    };
    let says = |epoch: RoleEpoch| cast.says(&cast.ben, vec![Op::RoleEpoch(epoch)]);
    verdict(
        cast,
        shelf,
        "ok-epoch-for-all-readers",
        &[&says(role_epoch(RoleId::EVERYONE, &readers()))],
        json!("counts"),
    );
    verdict(
        cast,
        shelf,
        "bad-epoch-that-leaves-one-out",
        &[&says(role_epoch(RoleId::EVERYONE, &readers()[..1]))],
        refused("badKeys"),
    );
    let mut with_eve = readers();
    with_eve.push(DeviceKeys::from_seed(cast.eve_seed).key_package().clone());
    with_eve.sort_by_key(KeyPackage::id);
    verdict(
        cast,
        shelf,
        "bad-epoch-for-a-stranger",
        &[&says(role_epoch(RoleId::EVERYONE, &with_eve))],
        refused("badKeys"),
    );
    let mut swapped = role_epoch(RoleId::EVERYONE, &readers());
    swapped.seals.swap(0, 1);
    verdict(cast, shelf, "bad-epoch-with-seals-swapped", &[&says(swapped)], refused("badKeys"));
    let mut other_hash = role_epoch(RoleId::EVERYONE, &readers());
    other_hash.readers = [0; 32];
    verdict(cast, shelf, "bad-epoch-with-another-reader-hash", &[&says(other_hash)], refused("badKeys"));
    let again = RoleEpoch { epoch: cast.epoch.id(), ..role_epoch(RoleId::EVERYONE, &readers()) };
    verdict(cast, shelf, "bad-epoch-declared-again", &[&says(again)], refused("badKeys"));
    let no_key = Op::KeyPackage(KeyPackage { suite: KeySuite::X25519, public: vec![0; 32] });
    verdict(cast, shelf, "bad-package-that-is-no-key", &[&cast.says(&cast.ben, vec![no_key])], refused("badKeys"));
    verdict(
        cast,
        shelf,
        "bad-epoch-of-a-role-that-nobody-reads",
        &[&says(role_epoch(MEMBER, &readers()))],
        refused("notAReader"),
    );
    let welcome =
        Op::Welcome(Welcome { role: MEMBER, epoch: epoch.id(), to: cast.maya_keys().author(), sealed: vec![] });
    verdict(
        cast,
        shelf,
        "bad-welcome-of-a-role-that-nobody-reads",
        &[&cast.says(&cast.ben, vec![welcome])],
        refused("notAReader"),
    );
    let handed = |epoch: EpochId| {
        let to = cast.maya_keys().author();
        cast.says(&cast.ben, vec![Op::Welcome(Welcome { role: RoleId::EVERYONE, epoch, to, sealed: vec![0; 1_168] })])
    };
    verdict(cast, shelf, "ok-welcome-that-does-not-open", &[&handed(cast.epoch.id())], json!("counts"));
    verdict(cast, shelf, "bad-welcome-to-an-epoch-nobody-made", &[&handed(epoch.id())], refused("badKeys"));
}

fn items(cast: &Cast, shelf: &mut Shelf) {
    let place = |replica: &Replica| {
        let author = replica.device().author();
        let seq = replica.logs().tip(author).expect("written").seq + 1;
        pursuance_core::seal::Where {
            pursuance: cast.pursuance,
            author,
            seq,
            by: replica.authority().members()[&replica.me().expect("a member")].grant,
        }
    };
    let sign = |replica: &Replica, part: RolePart| {
        let body = cast.next_body(replica, Content::Role(part));
        Entry::sign(&replica.device().signing, Some(cast.pursuance), &body)
    };
    let own = |replica: &Replica, item: u16| task_id(place(replica), item, &[0x62; 32]);
    let mut case = |name: &str, replica: &Replica, plans: &[ItemPlan], expected: Value| {
        let part = seal_part(place(replica), RoleId::EVERYONE, &cast.epoch, plans, &mut Seed::new([0x61; 32]));
        let entry = sign(replica, part);
        let all = hexes(cast.entries.iter().chain([&entry]));
        deliver(cast, shelf, name, &all, |found| {
            assert_eq!(found["verdicts"][hex(&entry.id().0)], "counts", "{name}");
            let refusals: Vec<&Value> =
                found["refused_items"].as_array().expect("a list").iter().map(|item| &item["refused"]).collect();
            let newer = found["newer_items"].as_array().expect("a list").len();
            assert_eq!(json!([refusals, newer]), expected, "{name}");
        });
    };
    let plan = |task: TaskId, ops: Vec<TaskOp>| ItemPlan::giving(task, [0x62; 32], ops);
    let one = |code: &str| json!([[{"code": code}], 0]);
    let known = |ops: Vec<TaskOp>| ItemPlan { known_key: true, ..plan(cast.task, ops) };
    let none = TaskOp::Create { parent: None };
    case("ok-ben-creates", &cast.ben, &[plan(own(&cast.ben, 0), vec![none.clone()])], json!([[], 0]));
    // The id commits to the key, so whatever else is handed out for it is not read at all.
    case("bad-creation-of-another-id", &cast.ben, &[plan(TaskId([5; 16]), vec![none.clone()])], json!([[], 0]));
    case(
        "bad-creation-twice",
        &cast.ben,
        &[plan(own(&cast.ben, 0), vec![none.clone(), none.clone()])],
        one("notACreation"),
    );
    let swapped = [plan(own(&cast.ben, 1), vec![none.clone()]), plan(own(&cast.ben, 0), vec![none.clone()])];
    case("bad-creations-swapped", &cast.ben, &swapped, json!([[], 0]));
    let key = super::sealed::task_key(cast);
    let known = |ops| ItemPlan { key, ..known(ops) };
    case("bad-creation-of-a-task-that-is-there", &cast.ben, &[known(vec![none.clone()])], one("notACreation"));
    let part = TaskOp::PartOf { import: [7; 16], of: 2 };
    let created = plan(own(&cast.ben, 0), vec![none.clone(), part.clone()]);
    case("ok-part-of-an-import", &cast.ben, &[created], json!([[], 0]));
    let twice = plan(own(&cast.ben, 0), vec![none.clone(), part.clone(), part.clone()]);
    case("bad-part-of-an-import-twice", &cast.ben, &[twice], one("notACreation"));
    case("bad-part-of-an-import-later", &cast.maya, &[known(vec![part])], one("notACreation"));
    let again = TaskOp::InstanceOf { of: cast.task, since: Day::parse("2028-02-29").expect("a day") };
    let created = plan(own(&cast.ben, 0), vec![none.clone(), again.clone()]);
    case("ok-an-instance", &cast.ben, &[created], json!([[], 0]));
    let twice = plan(own(&cast.ben, 0), vec![none.clone(), again.clone(), again.clone()]);
    case("bad-an-instance-twice", &cast.ben, &[twice], one("notACreation"));
    case("bad-an-instance-later", &cast.maya, &[known(vec![again])], one("notACreation"));
    let stranger = MemberId([9; 32]);
    for (name, op) in [
        ("reviewer", TaskOp::Add(Element::Reviewer { member: stranger })),
        ("no-reviewer", TaskOp::Remove(Element::Reviewer { member: stranger })),
        ("release", TaskOp::Release(stranger)),
    ] {
        case(&format!("bad-{name}-nobody-knows"), &cast.maya, &[known(vec![op])], one("noSuchMember"));
    }
    let reviewer = TaskOp::Add(Element::Reviewer { member: cast.maya.me().expect("a member") });
    case(
        "bad-ben-names-a-reviewer",
        &cast.ben,
        &[known(vec![reviewer])],
        json!([[{"code": "notAllowed", "verb": "assign", "rule": 11, "allowedRole": 1}], 0]),
    );
    case(
        "bad-ben-says-why-of-anothers-task",
        &cast.ben,
        &[known(vec![TaskOp::Set(Detail::Why("Mine".into()))])],
        json!([[{"code": "onlyOwn", "verb": "edit", "rule": 7}], 0]),
    );
    case(
        "ok-ben-ticks",
        &cast.ben,
        &[known(vec![TaskOp::Tick { check: CheckId([1; 8]), done: true }])],
        json!([[], 0]),
    );
    let origin = TaskOp::SetOrigin(Origin { file: "harbour.csv".into(), ..Origin::default() });
    case(
        "bad-ben-says-where-anothers-task-is-from",
        &cast.ben,
        &[known(vec![origin.clone()])],
        json!([[{"code": "onlyOwn", "verb": "edit", "rule": 7}], 0]),
    );
    let created = plan(own(&cast.ben, 0), vec![none.clone(), origin]);
    case("ok-ben-creates-with-an-origin", &cast.ben, &[created], json!([[], 0]));
    let quote = TaskOp::Quote(Quote { by: "Ana".into(), claimed_seconds: 7, text: "On my way".into() });
    case("ok-ben-quotes", &cast.ben, &[known(vec![quote])], json!([[], 0]));
    let due = TaskOp::SetDue(None);
    case("ok-maya-sets-due-and-priority", &cast.maya, &[known(vec![due, TaskOp::SetPriority(2)])], json!([[], 0]));
    case(
        "bad-ben-sets-anothers-priority",
        &cast.ben,
        &[known(vec![TaskOp::SetPriority(2)])],
        json!([[{"code": "onlyOwn", "verb": "edit", "rule": 7}], 0]),
    );
    case("ok-ben-finishes", &cast.ben, &[known(vec![TaskOp::End(Status::Done)])], json!([[], 0]));
    case(
        "bad-ben-edits-anothers-task",
        &cast.ben,
        &[known(vec![TaskOp::SetTitle("Mine".into())])],
        json!([[{"code": "onlyOwn", "verb": "edit", "rule": 7}], 0]),
    );
    case(
        "bad-ben-assigns",
        &cast.ben,
        &[known(vec![TaskOp::Assign(cast.ben.me().expect("a member"))])],
        json!([[{"code": "notAllowed", "verb": "assign", "rule": 11, "allowedRole": 1}], 0]),
    );
    case(
        "bad-half-allowed-counts-not-at-all",
        &cast.ben,
        &[known(vec![TaskOp::End(Status::Done), TaskOp::SetTitle("x".into())])],
        json!([[{"code": "onlyOwn", "verb": "edit", "rule": 7}], 0]),
    );
    case("bad-assigns-a-stranger", &cast.maya, &[known(vec![TaskOp::Assign(MemberId([9; 32]))])], one("noSuchMember"));
    case(
        "ok-unknown-task-op-needs-newer",
        &cast.maya,
        &[known(vec![TaskOp::Unknown { number: 900, arguments: vec![] }])],
        json!([[], 1]),
    );
    case("ok-task-of-nobody-waits", &cast.maya, &[plan(TaskId([5; 16]), vec![TaskOp::Claim])], json!([[], 0]));
    case(
        "bad-commitment-to-another-key",
        &cast.ben,
        &[ItemPlan { other_commit: true, ..known(vec![TaskOp::End(Status::Done)]) }],
        one("badKeys"),
    );
    case(
        "bad-item-that-does-not-open",
        &cast.ben,
        &[ItemPlan { broken: true, ..known(vec![TaskOp::End(Status::Done)]) }],
        one("badKeys"),
    );

    let unreadable = RolePart {
        audiences: vec![AudienceSeal {
            role: RoleId::EVERYONE,
            epoch: cast.epoch.id(),
            nonce: [0; 24],
            sealed: vec![0; 64],
        }],
        items: vec![ItemSeal { commit: [0; 32], nonce: [0; 24], sealed: vec![0; 16] }],
    };
    let entry = sign(&cast.ben, unreadable.clone());
    deliver(cast, shelf, "bad-audience-that-does-not-open", &hexes(cast.entries.iter().chain([&entry])), |found| {
        assert_eq!(found["refused_items"][0]["refused"], json!({"code": "badKeys"}));
    });
    let mut other_role = unreadable.clone();
    other_role.audiences[0].role = MEMBER;
    verdict(
        cast,
        shelf,
        "bad-audience-of-a-role-that-nobody-reads",
        &[&sign(&cast.ben, other_role)],
        refused("notAReader"),
    );
    let mut unknown_epoch = unreadable;
    unknown_epoch.audiences[0].epoch = EpochSecret::new([0x78; 32]).id();
    verdict(cast, shelf, "bad-epoch-never-declared", &[&sign(&cast.ben, unknown_epoch)], refused("badKeys"));
    // Eve holds no epoch: the entries count for her as for all, and she reads nothing until she is given it.
    for (case, secrets, tasks) in
        [("ok-reader-without-the-epoch", vec![], 0), ("ok-reader-with-the-epoch", vec![hex(cast.epoch.as_bytes())], 1)]
    {
        let found = shelf.add_frozen(
            "log",
            case,
            json!({
                "pursuance": hex(&cast.pursuance.0),
                "device_seed": hex(&cast.eve_seed),
                "epoch_secrets": secrets,
                "deliver": hexes(&cast.entries),
            }),
        );
        assert_eq!(found["ok"]["tasks"], tasks, "{case}");
    }
}
