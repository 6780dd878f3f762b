//! What is sealed: role parts, epoch secrets, task ops, links, and what derives from what (K1 to K6, J1 to J3).

use pursuance_core::crypto::{self, NONCE_BYTES, Seed, label};
use pursuance_core::day::Day;
use pursuance_core::detail::{Detail, Element, Kind, Relation, Repeat, Unit};
use pursuance_core::entry::{AudienceSeal, Content, GrantRef, ItemSeal, RolePart};
use pursuance_core::id::{AuthorId, CheckId, EntryId, EpochId, MemberId, PursuanceId, RoleId, TaskId};
use pursuance_core::keys::{DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::link::InviteLink;
use pursuance_core::origin::{Mention, Origin, Part, Quote};
use pursuance_core::seal::{TaskKey, Where};
use pursuance_core::task::Status;
use pursuance_core::task_op::{HandedOn, TaskOp, encode_ops};
use serde_json::{Value, json};

use super::raw::{V, head, wide_head};
use super::{Cast, Shelf, at, hex};

/// One item as it is to be sealed, rightly or wrongly.
#[derive(Clone)]
pub struct ItemPlan {
    pub task: TaskId,
    pub key: [u8; 32],
    pub plain: Vec<u8>,
    /// The audience has the key already.
    pub known_key: bool,
    /// The commitment is that of another key.
    pub other_commit: bool,
    /// A bit of the seal is flipped.
    pub broken: bool,
}

impl ItemPlan {
    pub fn giving(task: TaskId, key: [u8; 32], ops: Vec<TaskOp>) -> Self {
        Self { task, key, plain: encode_ops(&ops), known_key: false, other_commit: false, broken: false }
    }
}

/// Seals a role part by the letter of the specification, without the room's own sealing.
pub fn seal_part(at: Where, role: RoleId, epoch: &EpochSecret, plans: &[ItemPlan], seed: &mut Seed) -> RolePart {
    let mut items = Vec::new();
    let mut hints = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let key = if plan.known_key { vec![] } else { plan.key.to_vec() };
        hints.push(V::Array(vec![V::Bytes(plan.task.0.to_vec()), V::Uint(0), V::Bytes(key)]));
        let nonce: [u8; NONCE_BYTES] = seed.draw();
        let key = crypto::derive_key(label::ITEM_KEY, &plan.key);
        let mut sealed = crypto::seal(&key, &nonce, &item_associated(at, index as u16), &plan.plain);
        sealed[0] ^= u8::from(plan.broken);
        let committed = if plan.other_commit { [0xee; 32] } else { plan.key };
        let commit = crypto::keyed_hash(&crypto::derive_key(label::ITEM_COMMIT, &committed), &nonce);
        items.push(ItemSeal { commit, nonce, sealed });
    }
    RolePart { audiences: vec![seal_hints(at, role, epoch, &V::Array(hints).encode(), seed)], items }
}

/// What an item's seal is bound to.
pub fn item_associated(at: Where, index: u16) -> Vec<u8> {
    [&place(label::ITEM_AD, at)[..], &index.to_be_bytes()].concat()
}

/// Seals any bytes as an audience's list.
pub fn seal_hints(at: Where, role: RoleId, epoch: &EpochSecret, plain: &[u8], seed: &mut Seed) -> AudienceSeal {
    let nonce = seed.draw();
    let associated = [&place(label::AUDIENCE_AD, at)[..], &role.0.to_be_bytes(), &epoch.id().0].concat();
    let key = crypto::derive_key(label::EPOCH_WRAP, epoch.as_bytes());
    AudienceSeal { role, epoch: epoch.id(), nonce, sealed: crypto::seal(&key, &nonce, &associated, plain) }
}

fn place(label: &[u8], at: Where) -> Vec<u8> {
    [label, &at.pursuance.0, &at.author.0, &at.seq.to_be_bytes(), &at.by.entry.0, &at.by.op.to_be_bytes()].concat()
}

/// The id of a task created there under that key, by the letter of the specification.
pub fn task_id(at: Where, item: u16, key: &[u8; 32]) -> TaskId {
    let hash = crypto::hash(label::TASK_ID, &[&place(&[], at), &item.to_be_bytes(), key]);
    TaskId(*hash.first_chunk().expect("32 bytes hold 16"))
}

/// The key of the task that Maya created, read as any reader of the epoch reads it.
pub fn task_key(cast: &Cast) -> [u8; 32] {
    let entry = &cast.entries[at::TASK];
    let Content::Role(part) = &entry.body().content else { panic!("a sealed entry") };
    let by = entry.body().by.expect("it leans on a grant");
    let at = Where { pursuance: cast.pursuance, author: entry.body().author, seq: entry.body().seq, by };
    let audience = &part.audiences[0];
    let associated = [&place(label::AUDIENCE_AD, at)[..], &[0, 0], &audience.epoch.0].concat();
    let key = crypto::derive_key(label::EPOCH_WRAP, cast.epoch.as_bytes());
    let plain = crypto::open(&key, &audience.nonce, &associated, &audience.sealed).expect("it opens");
    let mut hints = V::parse(&plain);
    hints.list()[0].list()[2].blob().clone().try_into().expect("a key")
}

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    role_parts(cast, shelf);
    epoch_seals(cast, shelf);
    task_ops(shelf);
    links(cast, shelf);
    derivations(cast, shelf);
}

fn part_given(at: Where, epoch: &EpochSecret, part: &RolePart) -> Value {
    let audience = &part.audiences[0];
    json!({
        "pursuance": hex(&at.pursuance.0),
        "author": hex(&at.author.0),
        "seq": at.seq,
        "by_entry": hex(&at.by.entry.0),
        "by_op": at.by.op,
        "epoch_secret": hex(epoch.as_bytes()),
        "audience": {
            "role": audience.role.0,
            "epoch": hex(&audience.epoch.0),
            "nonce": hex(&audience.nonce),
            "sealed": hex(&audience.sealed),
        },
        "items": part.items.iter().map(|item| json!({
            "commit": hex(&item.commit), "nonce": hex(&item.nonce), "sealed": hex(&item.sealed),
        })).collect::<Vec<_>>(),
    })
}

fn role_parts(cast: &Cast, shelf: &mut Shelf) {
    let at = Where { pursuance: cast.pursuance, author: cast.ben_keys().author(), seq: 7, by: cast.invite };
    let epoch = &cast.epoch;
    let seed = || Seed::new([0x63; 32]);
    let says = |says: Value, item: u16| json!({"task": hex(&task_id(at, item, &[item as u8 + 1; 32]).0), "generation": 0, "says": says});
    let title = || {
        ItemPlan::giving(
            task_id(at, 0, &[1; 32]),
            [1; 32],
            vec![TaskOp::Create { parent: None }, TaskOp::SetTitle("Bring a lens".into())],
        )
    };
    let ok = json!({"ok": ["Create { parent: None }", "SetTitle(\"Bring a lens\")"]});
    let sealed = |plans: &[ItemPlan]| seal_part(at, RoleId::EVERYONE, epoch, plans, &mut seed());
    let good = sealed(&[title()]);
    let mut add = |case: &str, given: Value, expect: Value| shelf.add("role-part", case, given, expect);
    add("ok-one-item", part_given(at, epoch, &good), json!({"ok": [says(ok.clone(), 0)]}));
    let second = ItemPlan { task: task_id(at, 1, &[2; 32]), key: [2; 32], ..title() };
    add(
        "ok-two-items",
        part_given(at, epoch, &sealed(&[title(), second.clone()])),
        json!({"ok": [says(ok.clone(), 0), says(ok.clone(), 1)]}),
    );
    let known = ItemPlan { known_key: true, ..title() };
    add(
        "ok-key-not-given-again",
        part_given(at, epoch, &sealed(&[known])),
        json!({"ok": [says(json!("not this key"), 0)]}),
    );
    let other = ItemPlan { other_commit: true, ..title() };
    add(
        "bad-commitment-to-another-key",
        part_given(at, epoch, &sealed(&[other])),
        json!({"ok": [says(json!("not this key"), 0)]}),
    );
    let broken = ItemPlan { broken: true, ..title() };
    let structure = json!({"error": "Structure"});
    add(
        "bad-flipped-bit-in-item",
        part_given(at, epoch, &sealed(&[broken])),
        json!({"ok": [says(structure.clone(), 0)]}),
    );
    let loose = ItemPlan { plain: [&title().plain[..], &[0]].concat(), ..title() };
    add(
        "bad-trailing-byte-in-item",
        part_given(at, epoch, &sealed(&[loose])),
        json!({"ok": [says(json!({"error": "Trailing"}), 0)]}),
    );

    let mut swapped = sealed(&[title(), second]);
    swapped.items.swap(0, 1);
    add(
        "bad-items-swapped",
        part_given(at, epoch, &swapped),
        json!({"ok": [says(json!("not this key"), 0), says(json!("not this key"), 1)]}),
    );
    let audience = json!({"at": "audience", "error": "Structure"});
    let moved = |place: Where| part_given(place, epoch, &good);
    add("bad-moved-to-another-seq", moved(Where { seq: 8, ..at }), audience.clone());
    add("bad-moved-to-another-author", moved(Where { author: cast.maya_keys().author(), ..at }), audience.clone());
    add("bad-moved-to-another-pursuance", moved(Where { pursuance: PursuanceId([9; 32]), ..at }), audience.clone());
    add("bad-moved-to-another-grant", moved(Where { by: GrantRef { op: 1, ..at.by }, ..at }), audience.clone());
    add(
        "bad-moved-to-another-history",
        moved(Where { by: GrantRef { entry: EntryId([9; 32]), ..at.by }, ..at }),
        audience.clone(),
    );
    add("bad-another-epoch", part_given(at, &EpochSecret::new([0x79; 32]), &good), audience.clone());
    let mut other_role = good.clone();
    other_role.audiences[0].role = RoleId(1);
    add("bad-another-role", part_given(at, epoch, &other_role), audience.clone());
    let mut other_name = good.clone();
    other_name.audiences[0].epoch = EpochId([9; 32]);
    add("bad-another-epoch-id", part_given(at, epoch, &other_name), audience.clone());
    let mut flipped = good.clone();
    flipped.audiences[0].sealed[3] ^= 0x80;
    add("bad-flipped-bit-in-audience", part_given(at, epoch, &flipped), audience.clone());
    let hinted = |plain: &[u8]| {
        let mut part = good.clone();
        part.audiences[0] = seal_hints(at, RoleId::EVERYONE, epoch, plain, &mut seed());
        part_given(at, epoch, &part)
    };
    let line = V::Array(vec![V::Bytes(vec![1; 16]), V::Uint(0), V::Bytes(vec![1; 32])]).encode();
    let error = |error: &str| json!({"at": "audience", "error": error});
    add("bad-more-lines-than-items", hinted(&[&head(4, 2)[..], &line, &line].concat()), error("Structure"));
    add("bad-no-lines", hinted(&head(4, 0)), error("Structure"));
    add("bad-line-count-not-minimal", hinted(&[&wide_head(4, 1, 1)[..], &line].concat()), error("NotCanonical"));
    add("bad-trailing-byte-in-lines", hinted(&[&head(4, 1)[..], &line, &[0]].concat()), error("Trailing"));
    add("bad-absurd-line-count", hinted(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), error("TooLong"));
    let short_key = V::Array(vec![V::Bytes(vec![1; 16]), V::Uint(0), V::Bytes(vec![1; 31])]).encode();
    add("bad-task-key-of-31-bytes", hinted(&[&head(4, 1)[..], &short_key].concat()), error("Structure"));
    let far = V::Array(vec![V::Bytes(vec![1; 16]), V::Uint(1 << 32), V::Bytes(vec![])]).encode();
    add("bad-generation-beyond-32-bits", hinted(&[&head(4, 1)[..], &far].concat()), error("UnknownNumber"));
}

fn epoch_seals(cast: &Cast, shelf: &mut Shelf) {
    let device = cast.ben_keys();
    let sealed = cast.epoch.seal_to(cast.pursuance, RoleId::EVERYONE, device.key_package()).expect("a key");
    let given = |seed: &[u8; 32], pursuance: PursuanceId, role: u16, epoch: EpochId, sealed: &[u8]| {
        json!({
            "device_seed": hex(seed), "pursuance": hex(&pursuance.0), "role": role, "epoch": hex(&epoch.0), "sealed": hex(sealed),
        })
    };
    let (p, id, not) = (cast.pursuance, cast.epoch.id(), json!({"error": "NotForMe"}));
    let mut add = |case: &str, given: Value, expect: Value| shelf.add("epoch-seal", case, given, expect);
    let good = given(&cast.ben_seed, p, 0, id, &sealed);
    add("ok-own", good, json!({"ok": {"secret": hex(cast.epoch.as_bytes()), "sealed_again": hex(&sealed)}}));
    add("bad-another-device", given(&cast.eve_seed, p, 0, id, &sealed), not.clone());
    add("bad-another-pursuance", given(&cast.ben_seed, PursuanceId([9; 32]), 0, id, &sealed), not.clone());
    add("bad-another-role", given(&cast.ben_seed, p, 1, id, &sealed), not.clone());
    add("bad-another-epoch-id", given(&cast.ben_seed, p, 0, EpochId([9; 32]), &sealed), not.clone());
    add("bad-cut", given(&cast.ben_seed, p, 0, id, &sealed[1..]), not.clone());
    add("bad-empty", given(&cast.ben_seed, p, 0, id, &[]), not.clone());
    let mut flip = |case: &str, at: usize| {
        let mut sealed = sealed.clone();
        sealed[at] ^= 1;
        shelf.add("epoch-seal", case, given(&cast.ben_seed, p, 0, id, &sealed), not.clone());
    };
    flip("bad-flipped-bit-in-encapsulation", 5);
    flip("bad-flipped-bit-in-x25519-part", 1_100);
    flip("bad-flipped-bit-in-secret", 1_125);
    flip("bad-flipped-bit-in-tag", 1_167);
    // The seal opens, but its secret is not the one that the epoch's id commits to.
    let associated = [&p.0[..], &[0, 0], &id.0].concat();
    let package = device.key_package();
    let lie = crypto::kem::seal_secret(package.suite, &package.public, &package.id(), &associated, &[0x55; 32])
        .expect("a key");
    shelf.add("epoch-seal", "bad-secret-of-another-epoch", given(&cast.ben_seed, p, 0, id, &lie), not.clone());
}

fn task_ops(shelf: &mut Shelf) {
    let every = [
        ("create", TaskOp::Create { parent: None }),
        ("create-below", TaskOp::Create { parent: Some(TaskId([1; 16])) }),
        ("move", TaskOp::Move { parent: None }),
        ("move-below", TaskOp::Move { parent: Some(TaskId([1; 16])) }),
        ("title", TaskOp::SetTitle("Fotografiere die Genehmigungen 📷".into())),
        ("body", TaskOp::SetBody("two\nlines\tand a tab".into())),
        ("empty-body", TaskOp::SetBody(String::new())),
        ("step", TaskOp::Step(Status::Review)),
        ("end", TaskOp::End(Status::Dropped)),
        ("reopen", TaskOp::Reopen),
        ("claim", TaskOp::Claim),
        ("give-back", TaskOp::GiveBack),
        ("assign", TaskOp::Assign(MemberId([2; 32]))),
        ("unassign", TaskOp::Unassign(MemberId([2; 32]))),
        ("add-label", TaskOp::AddLabel("press".into())),
        ("remove-label", TaskOp::RemoveLabel("press".into())),
        ("comment", TaskOp::Comment("On my way".into())),
        ("owner", TaskOp::SetOwner("w01".into())),
        ("started", TaskOp::SetStarted("2017-05-28".into())),
        ("finished", TaskOp::SetFinished("2017-05-29".into())),
        ("due", TaskOp::SetDue(Some(Day::parse("2028-02-29").expect("a day")))),
        ("due-no-more", TaskOp::SetDue(None)),
        ("priority", TaskOp::SetPriority(1)),
        ("priority-none", TaskOp::SetPriority(0)),
        ("priority-lowest", TaskOp::SetPriority(4)),
        ("review-done-well", TaskOp::Review { good: true }),
        ("review-not-yet", TaskOp::Review { good: false }),
        ("file", TaskOp::File),
        ("unfile", TaskOp::Unfile),
        ("widen", TaskOp::Widen(RoleId(3))),
        ("narrow", TaskOp::Narrow(RoleId(0))),
        ("widen-to", TaskOp::WidenTo(MemberId([2; 32]))),
        ("narrow-to", TaskOp::NarrowTo(MemberId([2; 32]))),
        ("hand-on", TaskOp::HandOn(handed_on())),
        ("hand-on-nothing-older", TaskOp::HandOn(HandedOn { keys: vec![], places: vec![], ..handed_on() })),
        ("part-of", TaskOp::PartOf { import: [7; 16], of: 3_127 }),
        ("part-of-most", TaskOp::PartOf { import: [7; 16], of: 5_000 }),
        ("why", TaskOp::Set(Detail::Why("So that everybody gets home".into()))),
        ("start", TaskOp::Set(Detail::Start(Some(Day::parse("2028-02-29").expect("a day"))))),
        ("not-before", TaskOp::Set(Detail::NotBefore(None))),
        ("keep-until", TaskOp::Set(Detail::KeepUntil(Some(Day::parse("9999-12-31").expect("a day"))))),
        ("effort", TaskOp::Set(Detail::Effort(527_040))),
        ("help-wanted", TaskOp::Set(Detail::HelpWanted(true))),
        ("places", TaskOp::Set(Detail::Places(255))),
        ("kind", TaskOp::Set(Detail::Kind(Kind::Decision))),
        ("repeat", TaskOp::Set(Detail::Repeat(Some(Repeat { every: 400, unit: Unit::Years })))),
        ("repeat-no-more", TaskOp::Set(Detail::Repeat(None))),
        ("check", TaskOp::SetCheck { check: CheckId([1; 8]), text: "Ask Ben".into() }),
        ("check-taken-away", TaskOp::SetCheck { check: CheckId([1; 8]), text: String::new() }),
        ("tick", TaskOp::Tick { check: CheckId([1; 8]), done: true }),
        ("reviewer", TaskOp::Add(Element::Reviewer { member: MemberId([2; 32]) })),
        ("no-reviewer", TaskOp::Remove(Element::Reviewer { member: MemberId([2; 32]) })),
        ("asked", TaskOp::Add(Element::Asked { role: RoleId(3) })),
        ("not-asked", TaskOp::Remove(Element::Asked { role: RoleId(3) })),
        ("skill", TaskOp::Add(Element::Skill { skill: "a licence".into() })),
        ("no-skill", TaskOp::Remove(Element::Skill { skill: "a licence".into() })),
        ("relation", TaskOp::Add(Element::Relation { relation: Relation::WaitsFor, task: TaskId([1; 16]) })),
        ("no-relation", TaskOp::Remove(Element::Relation { relation: Relation::EvidenceFor, task: TaskId([1; 16]) })),
        ("release", TaskOp::Release(MemberId([2; 32]))),
        ("instance-of", TaskOp::InstanceOf { of: TaskId([1; 16]), since: Day::parse("2028-02-29").expect("a day") }),
        ("origin", TaskOp::SetOrigin(origin())),
        ("origin-of-nothing", TaskOp::SetOrigin(Origin::default())),
        ("quote", TaskOp::Quote(quote())),
        ("quote-of-nobody", TaskOp::Quote(Quote { by: String::new(), claimed_seconds: 0, ..quote() })),
        ("unknown-is-kept", TaskOp::Unknown { number: 900, arguments: vec![1, 2, 3] }),
    ];
    for (name, op) in &every {
        let bytes = encode_ops(std::slice::from_ref(op));
        shelf.add("task-ops", &format!("ok-{name}"), json!({"ops": hex(&bytes)}), json!({"ok": [format!("{op:?}")]}));
    }
    shelf.add("task-ops", "ok-none", json!({"ops": "80"}), json!({"ok": []}));
    let op = |number: u64, arguments: &[u8]| V::Array(vec![V::Uint(number), V::Bytes(arguments.into())]);
    let one = |number: u64, arguments: V| V::Array(vec![op(number, &arguments.encode())]).encode();
    // Numbers without a meaning yet are kept for a version that knows it, as unknown ops are.
    for (name, number, status) in [("step-to-done", 4, 4), ("end-as-open", 5, 1), ("unknown-status", 4, 6)] {
        let kept = format!("Unknown {{ number: {number}, arguments: [{status}] }}");
        let given = json!({"ops": hex(&one(number, V::Uint(status)))});
        shelf.add("task-ops", &format!("ok-{name}-is-kept"), given, json!({"ok": [kept]}));
    }
    let mention = |part: u64, name: &str| V::Array(vec![V::Uint(part), V::Text(name.into())]);
    let part_of = |of: u64| V::Array(vec![V::Bytes(vec![7; 16]), V::Uint(of)]);
    for (name, handed) in [
        ("devices-unsorted", HandedOn { devices: vec![AuthorId([2; 32]), AuthorId([1; 32])], ..handed_on() }),
        ("key-twice", HandedOn { keys: vec![(1, TaskKey::new([4; 32])); 2], ..handed_on() }),
        ("keys-unsorted", HandedOn { keys: handed_on().keys.into_iter().rev().collect(), ..handed_on() }),
        ("place-twice", HandedOn { places: vec![(EntryId([7; 32]), 0); 2], ..handed_on() }),
    ] {
        let given = json!({"ops": hex(&encode_ops(&[TaskOp::HandOn(handed)]))});
        shelf.add("task-ops", &format!("bad-hand-on-{name}"), given, json!({"error": "NotSorted"}));
    }
    for (name, number) in [("widen", 23), ("narrow", 24)] {
        let given = json!({"ops": hex(&one(number, V::Uint(u64::from(u16::MAX))))});
        shelf.add("task-ops", &format!("bad-{name}-no-role"), given, json!({"error": "Structure"}));
    }
    let devices = (0..=200).map(|number: u8| AuthorId([number; 32])).collect();
    let given = json!({"ops": hex(&encode_ops(&[TaskOp::HandOn(HandedOn { devices, ..handed_on() })]))});
    shelf.add("task-ops", "bad-hand-on-to-too-many", given, json!({"error": "TooLong"}));
    for (name, number, arguments) in [
        ("priority-5", 18, V::Uint(5)),
        ("priority-beyond-8-bits", 18, V::Uint(256)),
        ("effort-too-long", 32, V::Uint(527_041)),
        ("places-none", 34, V::Uint(0)),
        ("places-beyond-8-bits", 34, V::Uint(256)),
        ("kind-unknown", 35, V::Uint(6)),
        ("repeat-every-none", 36, V::Array(vec![V::Uint(0), V::Uint(0)])),
        ("repeat-every-401", 36, V::Array(vec![V::Uint(401), V::Uint(0)])),
        ("repeat-unknown-unit", 36, V::Array(vec![V::Uint(1), V::Uint(4)])),
        ("tick-2", 38, V::Array(vec![V::Bytes(vec![1; 8]), V::Uint(2)])),
        ("relation-unknown", 45, V::Array(vec![V::Uint(5), V::Bytes(vec![1; 16])])),
        ("origin-unknown-part", 49, raw_origin("harbour.json", vec![mention(6, "Ana")])),
        ("part-of-none", 19, part_of(0)),
        ("part-of-too-many", 19, part_of(5_001)),
        ("part-of-beyond-32-bits", 19, part_of(1 << 32)),
    ] {
        let kept = format!("Unknown {{ number: {number}, arguments: {:?} }}", arguments.encode());
        let given = json!({"ops": hex(&one(number, arguments))});
        shelf.add("task-ops", &format!("ok-{name}-is-kept"), given, json!({"ok": [kept]}));
    }
    let mut bad = |case: &str, bytes: &[u8], error: &str| {
        shelf.add("task-ops", &format!("bad-{case}"), json!({"ops": hex(bytes)}), json!({"error": error}));
    };
    let text = |text: &str| V::Text(text.into());
    bad("empty-bytes", &[], "Structure");
    bad("trailing-byte", &[0x80, 0], "Trailing");
    bad("map", &[0xa0], "Structure");
    bad("indefinite", &[0x9f, 0xff], "Structure");
    bad("absurd-length", &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "TooLong");
    bad("count-not-minimal", &[&[0x98, 1][..], &op(7, &[]).encode()].concat(), "NotCanonical");
    bad(
        "number-not-minimal",
        &V::Array(vec![V::Array(vec![V::Raw(wide_head(0, 7, 1)), V::Bytes(vec![])])]).encode(),
        "NotCanonical",
    );
    bad("arguments-not-minimal", &one(4, V::Raw(wide_head(0, 2, 1))), "NotCanonical");
    bad("65-ops", &V::Array(vec![op(7, &[]); 65]).encode(), "TooLong");
    bad("op-of-three", &V::Array(vec![V::Array(vec![V::Uint(7), V::Bytes(vec![]), V::Uint(0)])]).encode(), "Structure");
    bad("claim-with-arguments", &one(7, V::Uint(0)), "Trailing");
    bad("create-below-15-bytes", &one(0, V::Bytes(vec![1; 15])), "Structure");
    bad("title-empty", &one(2, text("")), "Structure");
    bad("title-too-long", &one(2, text(&"t".repeat(1_001))), "TooLong");
    bad("title-with-carriage-return", &one(2, text("a\rb")), "ForbiddenCharacter");
    bad("title-not-utf-8", &one(2, V::Text(vec![0xc3, 0x28])), "Structure");
    bad("title-as-bytes", &one(2, V::Bytes(b"x".to_vec())), "Structure");
    bad("title-that-turns-the-line", &one(2, text("a\u{202e}b")), "ForbiddenCharacter");
    bad("assign-31-bytes", &one(9, V::Bytes(vec![1; 31])), "Structure");
    bad("label-empty", &one(11, text("")), "Structure");
    bad("label-too-long", &one(11, text(&"l".repeat(81))), "TooLong");
    bad("comment-empty", &one(13, text("")), "Structure");
    bad("comment-too-long", &one(13, text(&"c".repeat((16 << 10) + 1))), "TooLong");
    bad("day-too-long", &one(15, text(&"d".repeat(33))), "TooLong");
    for (case, due) in [
        ("due-that-is-no-day", "2026-02-29"),
        ("due-in-words", "tomorrow"),
        ("due-of-two-digits", "26-12-31"),
        ("due-with-an-hour", "2026-12-31T10:00"),
        ("due-with-a-blank", "2026-12-31 "),
        ("due-in-the-year-0", "0000-12-31"),
        ("due-in-other-digits", "２０２６-12-31"),
    ] {
        bad(case, &one(17, text(due)), "Structure");
    }
    bad("due-too-long", &one(17, text(&"2".repeat(33))), "TooLong");
    bad("due-as-bytes", &one(17, V::Bytes(b"2026-12-31".to_vec())), "Structure");
    bad("priority-as-text", &one(18, text("1")), "Structure");
    bad("part-of-15-bytes", &one(19, V::Array(vec![V::Bytes(vec![7; 15]), V::Uint(1)])), "Structure");
    bad("part-of-three", &one(19, V::Array(vec![V::Bytes(vec![7; 16]), V::Uint(1), V::Uint(1)])), "Structure");
    bad("origin-file-too-long", &one(49, raw_origin(&"f".repeat(201), vec![])), "TooLong");
    bad("origin-that-turns-the-line", &one(49, raw_origin("a\u{202e}b", vec![])), "ForbiddenCharacter");
    bad("origin-of-five", &one(49, V::Array(vec![text(""); 5])), "Structure");
    bad("origin-name-empty", &one(49, raw_origin("", vec![mention(0, "")])), "Structure");
    bad("origin-name-twice", &one(49, raw_origin("", vec![mention(0, "Ana"); 2])), "NotSorted");
    bad("origin-names-unsorted", &one(49, raw_origin("", vec![mention(1, "Ana"), mention(0, "Ben")])), "NotSorted");
    let crowd = (0..65).map(|number| mention(0, &format!("{number:02}"))).collect();
    bad("origin-of-too-many", &one(49, raw_origin("", crowd)), "TooLong");
    let raw_quote = |by: &str, said: &str| V::Array(vec![text(by), V::Uint(7), text(said)]);
    bad("quote-empty", &one(50, raw_quote("Ana", "")), "Structure");
    bad("quote-too-long", &one(50, raw_quote("Ana", &"q".repeat((16 << 10) + 1))), "TooLong");
    bad("quote-by-too-long", &one(50, raw_quote(&"n".repeat(121), "x")), "TooLong");
    bad("quote-of-two", &one(50, V::Array(vec![text("Ana"), text("x")])), "Structure");
    bad("why-too-long", &one(28, text(&"w".repeat(4_097))), "TooLong");
    bad("why-that-turns-the-line", &one(28, text("a\u{202e}b")), "ForbiddenCharacter");
    bad("start-that-is-no-day", &one(29, text("2026-02-30")), "Structure");
    bad("effort-as-text", &one(32, text("90")), "Structure");
    bad("repeat-of-one", &one(36, V::Array(vec![V::Uint(1)])), "Structure");
    bad("repeat-of-three", &one(36, V::Array(vec![V::Uint(1), V::Uint(1), V::Uint(1)])), "TooLong");
    bad("check-of-7-bytes", &one(37, V::Array(vec![V::Bytes(vec![1; 7]), text("x")])), "Structure");
    bad("check-too-long", &one(37, V::Array(vec![V::Bytes(vec![1; 8]), text(&"x".repeat(1_001))])), "TooLong");
    bad("reviewer-31-bytes", &one(39, V::Bytes(vec![1; 31])), "Structure");
    bad("asked-no-role", &one(41, V::Uint(65_535)), "Structure");
    bad("skill-empty", &one(43, text("")), "Structure");
    bad("skill-too-long", &one(43, text(&"s".repeat(81))), "TooLong");
    bad("relation-to-15-bytes", &one(45, V::Array(vec![V::Uint(0), V::Bytes(vec![1; 15])])), "Structure");
    bad("release-31-bytes", &one(47, V::Bytes(vec![1; 31])), "Structure");
    bad("instance-of-without-a-day", &one(48, V::Array(vec![V::Bytes(vec![1; 16]), text("")])), "Structure");
    bad("number-beyond-16-bits", &one(65_536, V::Uint(0)), "UnknownNumber");
}

fn links(cast: &Cast, shelf: &mut Shelf) {
    let link = InviteLink {
        pursuance: cast.pursuance,
        invite: cast.invite.entry,
        relay: cast.relay,
        from_index: 77,
        secret: InviteSecret::new(*cast.invite_secret.as_bytes()),
    };
    let text = link.to_text().to_string();
    let ok = json!({"ok": {
        "pursuance": hex(&cast.pursuance.0),
        "invite": hex(&cast.invite.entry.0),
        "relay": cast.relay.to_string(),
        "from_index": 77,
        "secret": hex(cast.invite_secret.as_bytes()),
    }});
    let mut add = |case: &str, text: &str, expect: Value| shelf.add("link", case, json!({"text": text}), expect);
    add("ok-as-written", &text, ok.clone());
    add("ok-with-line-breaks", &format!(" {}\r\n{}\n", &text[..70], &text[70..]), ok.clone());
    add("ok-in-capitals", &text.to_uppercase(), ok);
    let error = |name: &str| json!({"error": name});
    add("bad-last-letter-missing", &text[..text.len() - 1], error("NotWhole"));
    add("bad-half", &text[..text.len() / 2], error("NotWhole"));
    add("bad-only-the-beginning", "pursuance:", error("NotWhole"));
    add("bad-cut-within-the-beginning", "pursu", error("NotWhole"));
    add("bad-one-letter-more", &format!("{text}a"), error("NotWhole"));
    let middle = if text.as_bytes()[100] == b'a' { "b" } else { "a" };
    add("bad-one-letter-changed", &[&text[..100], middle, &text[101..]].concat(), error("NotWhole"));
    add("bad-letter-that-is-none", &text.replacen(':', ":1", 1), error("NotWhole"));
    add("bad-empty", "", error("NotAnInvite"));
    add("bad-clearnet", "https://example.com/invite#abc", error("NotAnInvite"));
    add("bad-loopback", "http://127.0.0.1:8080/invite", error("NotAnInvite"));
    add("bad-relay-address-only", &cast.relay.to_string(), error("NotAnInvite"));
    add("bad-very-long", &format!("pursuance:{}", "a".repeat(2_000)), error("NotAnInvite"));
    let code = |body: &[u8]| {
        let sum = crypto::hash(label::LINK_CHECKSUM, &[body]);
        let whole = [body, &sum[..4]].concat();
        format!("pursuance:{}", data_encoding::BASE32_NOPAD.encode(&whole).to_lowercase())
    };
    let body = [
        &[1][..],
        &cast.pursuance.0,
        &cast.invite.entry.0,
        cast.relay.onion(),
        cast.relay.log_key().as_bytes(),
        &77_u64.to_be_bytes(),
        cast.invite_secret.as_bytes(),
    ]
    .concat();
    assert_eq!(code(&body), text, "the maker writes links as the room does");
    let with = |at: usize, bytes: &[u8]| {
        let mut body = body.clone();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        code(&body)
    };
    add("bad-newer", &with(0, &[2]), error("Newer"));
    add("bad-newer-and-longer", &code(&[&[3][..], &[0; 300]].concat()), error("Newer"));
    add("bad-older", &with(0, &[0]), error("Newer"));
    add("bad-body-too-short", &code(&body[..body.len() - 1]), error("NotWhole"));
    add("bad-body-too-long", &code(&[&body[..], &[0]].concat()), error("NotWhole"));
    add("bad-onion-is-no-key", &with(65, &[&[2][..], &[0; 31]].concat()), error("NotWhole"));
    add("bad-log-key-is-weak", &with(97, &[&[1][..], &[0; 31]].concat()), error("NotWhole"));
    // 32 bytes that happen to spell an address are still only a key, and so an onion name.
    let spelled = with(65, &[&b"127.0.0.1:8080"[..], &[0; 18]].concat());
    let found = shelf.add_frozen("link", "ok-bytes-that-spell-loopback-name-an-onion", json!({"text": spelled}));
    assert!(found["ok"]["relay"].as_str().is_some_and(|relay| relay.contains(".onion/")), "{found}");
}

fn derivations(cast: &Cast, shelf: &mut Shelf) {
    for (name, seed) in [("zeros", [0; 32]), ("ones", [1; 32]), ("counting", core::array::from_fn(|at| at as u8))] {
        for of in ["device", "epoch", "invite"] {
            shelf.add_frozen("derivation", &format!("ok-{of}-of-{name}"), json!({"of": of, "seed": hex(&seed)}));
        }
    }
    let author = DeviceKeys::from_seed([0; 32]).author();
    for (seq, item) in [(0, 0), (1, 0), (0, 1), (u32::MAX, u16::MAX)] {
        shelf.add_frozen("derivation", &format!("ok-task-at-{seq}-{item}"), json!({
            "of": "task", "seed": "07".repeat(32), "pursuance": hex(&cast.pursuance.0), "author": hex(&author.0), "seq": seq,
            "by_entry": hex(&cast.invite.entry.0), "by_op": cast.invite.op, "item": item,
        }));
    }
}

fn origin() -> Origin {
    let mention = |part, name: &str| Mention { part, name: name.into() };
    Origin {
        file: "harbour.json".into(),
        source: "Trello: Harbour".into(),
        id: "4fX2".into(),
        by: "Ana".into(),
        created: "2017-05-28T10:00:00Z".into(),
        people: vec![mention(Part::Took, "Ana"), mention(Part::Took, "Ben"), mention(Part::AskedRole, "driver")],
    }
}

fn quote() -> Quote {
    Quote { by: "Ana".into(), claimed_seconds: 1_495_965_600, text: "On my way\n- or nearly".into() }
}

/// Where a task comes from, with any file and any list of people.
fn raw_origin(file: &str, people: Vec<V>) -> V {
    let empty = || V::Text(Vec::new());
    V::Array(vec![V::Text(file.into()), empty(), empty(), empty(), empty(), V::Array(people)])
}

fn handed_on() -> HandedOn {
    HandedOn {
        devices: vec![AuthorId([1; 32]), AuthorId([2; 32])],
        created: (EntryId([4; 32]), 1),
        keys: vec![(0, TaskKey::new([5; 32])), (1, TaskKey::new([4; 32]))],
        places: vec![(EntryId([4; 32]), 2), (EntryId([7; 32]), 0)],
    }
}
