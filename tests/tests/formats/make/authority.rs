//! Ops of authority in entries: roles, rules, removal, decisions, recovery. Form alone; who may is judged in logs.

use pursuance_core::crypto::SigningKey;
use pursuance_core::day::Day;
use pursuance_core::entry::{Body, Content, Entry};
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::id::{EntryId, RoleId};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::op::{Grant, Invite, Op, Propose, Recover, RecoveryKey, Remove, SetRule, Vouch, number};
use pursuance_core::rule::{Conditions, Object, Quorum, Role, Rule, Verb};
use pursuance_wire::log::{Checkpoint, LogSigner, NodeHash, SlotNumber};

use super::entry::{accepted, field, op, refused};
use super::raw::{V, wide_head};
use super::{Cast, Shelf, at, body_tree, signed, signing_seed};

const STRUCTURE: &str = "Decode(Structure)";
const TOO_LONG: &str = "Decode(TooLong)";
const NOT_SORTED: &str = "Decode(NotSorted)";
const NOT_CANONICAL: &str = "Decode(NotCanonical)";

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    for (name, entry) in entries(cast) {
        accepted(cast, shelf, name, entry.bytes());
    }
    roles(cast, shelf);
    members(cast, shelf);
    decisions(cast, shelf);
    invites(cast, shelf);
    recovery(cast, shelf);
    seen(cast, shelf);
}

/// One good entry of each kind, by name.
pub fn entries(cast: &Cast) -> Vec<(&'static str, Entry)> {
    let says = |op: Op| cast.says(&cast.maya, vec![op]);
    let ben = cast.ben.me().expect("a member");
    let (claim, comment) = (cast.entries[at::CLAIM].id(), cast.entries[at::COMMENT].id());
    let grant = cast.maya.authority().members()[&ben].grant;
    let role = |id: u16, name: &str, since_joining| {
        Op::DefineRole(Role { id: RoleId(id), name: name.into(), rank: 1, since_joining })
    };
    let plain = Rule {
        role: ORGANISER,
        verb: Verb::Grant,
        object: Object::Role(MEMBER),
        conditions: Conditions::ALWAYS,
        quorum: None,
    };
    let together =
        Rule { verb: Verb::Amend, object: Object::Rules, quorum: Some(Quorum { count: 2, of: ORGANISER }), ..plain };
    let set = |rule: Rule, present: bool| Op::SetRule(SetRule { rule, present });
    let remove = |roles: &[RoleId], pins: Vec<EntryId>| Op::Remove(Remove { member: ben, roles: roles.into(), pins });
    let propose = |op: Op| says(Op::Propose(Propose { of: ORGANISER, op: Box::new(op) }));
    let vouch = |note: &str| Op::Vouch(Vouch { member: ben, note: note.into() });
    let mut pins = vec![claim, cast.entries[at::JOIN].id()];
    pins.sort_unstable();
    let mut ratified = vec![claim, comment];
    ratified.sort_unstable();
    let maya = cast.maya.me().expect("a member");
    let recovery_key = RecoveryKey::new(cast.pursuance, maya, &recovery_key());
    vec![
        ("set-name", says(Op::SetName("Harbour for all".into()))),
        ("define-role", says(role(3, "scribe", false))),
        ("define-role-with-history-since-joining", says(role(3, "scribe", true))),
        ("retire-role", says(Op::RetireRole(MEMBER))),
        ("set-rule", says(set(plain, true))),
        ("set-rule-taken-back", says(set(plain, false))),
        ("set-rule-with-a-quorum", says(set(together, true))),
        (
            "set-rule-with-a-majority",
            says(set(Rule { quorum: Some(Quorum { count: 0, of: ORGANISER }), ..together }, true)),
        ),
        (
            "set-rule-with-all-conditions",
            says(set(
                Rule {
                    verb: Verb::Finish,
                    conditions: Conditions {
                        own: true,
                        not_self: true,
                        review: Some(MEMBER),
                        probation: Some(5),
                        daily: Some(3),
                        after: Some(Day::parse("2026-12-31").expect("a day")),
                    },
                    quorum: Some(Quorum { count: 2, of: ORGANISER }),
                    ..plain
                },
                true,
            )),
        ),
        ("set-rule-on-new-labels", says(set(Rule { verb: Verb::Label, object: Object::NewLabels, ..plain }, true))),
        ("set-rule-not-for-oneself", says(set(Rule { conditions: Conditions::NOT_SELF, ..plain }, true))),
        ("set-rule-of-a-role-that-is-not-there", says(set(Rule { role: RoleId(9), ..plain }, true))),
        ("grant", says(Op::Grant(Grant { member: ben, role: ORGANISER }))),
        ("revoke-grant", says(Op::RevokeGrant(grant))),
        ("remove", says(remove(&[], vec![]))),
        ("remove-from-roles", says(remove(&[ORGANISER, MEMBER], vec![]))),
        ("remove-with-pins", says(remove(&[], pins))),
        ("leave", says(Op::Leave)),
        ("remove-device", says(Op::RemoveDevice(cast.maya_keys().author()))),
        ("suspend-device", says(Op::SuspendDevice(cast.ben_keys().author()))),
        ("propose", propose(remove(&[], vec![]))),
        ("propose-a-checkpoint", propose(Op::Checkpoint)),
        ("propose-a-rule", propose(set(together, true))),
        ("propose-relays", propose(Op::SetRelays(vec![cast.relay]))),
        ("approve", says(Op::Approve(comment))),
        ("withdraw-approval", says(Op::WithdrawApproval(comment))),
        ("ratify", says(Op::Ratify(ratified))),
        ("checkpoint", says(Op::Checkpoint)),
        ("revoke-invite", says(Op::RevokeInvite(cast.invite))),
        ("admit", says(Op::Admit(cast.entries[at::JOIN].id()))),
        ("vouch", says(vouch("We met at the gate"))),
        ("vouch-without-a-note", says(vouch(""))),
        ("invite-with-review", says(Op::Invite(reviewed(cast)))),
        ("recovery-key", says(Op::RecoveryKey(recovery_key))),
        ("recover", recover(cast, &new_device())),
        ("saw-checkpoint", says(Op::SawCheckpoint(signed_by_a_relay()))),
        // What is in it is not judged with the entry.
        ("saw-checkpoint-of-nothing", says(Op::SawCheckpoint(vec![]))),
        ("saw-checkpoint-of-1024-bytes", says(Op::SawCheckpoint(vec![b'x'; 1_024]))),
    ]
}

fn recovery_key() -> SigningKey {
    SigningKey::from_seed(&signing_seed(&[0x61; 32]))
}

fn new_device() -> DeviceKeys {
    DeviceKeys::from_seed([0x62; 32])
}

fn reviewed(cast: &Cast) -> Invite {
    Invite {
        role: MEMBER,
        uses: 5,
        key: cast.relay.log_key().as_bytes().to_owned(),
        cell_secret: [1; 32],
        note: "for the neighbours".into(),
        since: vec![],
        reviewed: true,
    }
}

/// Maya comes back on a new device.
fn recover(cast: &Cast, device: &DeviceKeys) -> Entry {
    let maya = cast.maya.me().expect("a member");
    let recover = Recover::new(cast.pursuance, maya, device, &recovery_key());
    let body = Body {
        author: device.author(),
        seq: 0,
        prev: None,
        heads: vec![cast.entries[at::COMMENT].id()],
        by: Some(cast.maya.authority().members()[&maya].grant),
        claimed_seconds: super::NOW_SECONDS + 60,
        checkpoints: Vec::new(),
        content: Content::Public(vec![Op::Recover(recover)]),
    };
    Entry::sign(&device.signing, Some(cast.pursuance), &body)
}

/// One good entry with something changed in the arguments of its first op, signed again.
struct Bend<'a> {
    cast: &'a Cast,
    entry: Entry,
    device: DeviceKeys,
}

impl<'a> Bend<'a> {
    fn new(cast: &'a Cast, name: &str) -> Self {
        let (_, entry) = entries(cast).into_iter().find(|(each, _)| *each == name).expect("one of them");
        let device = if name == "recover" { new_device() } else { cast.maya_keys() };
        Self { cast, entry, device }
    }

    fn body(&self, bend: impl FnOnce(&mut Vec<V>)) -> Vec<u8> {
        let mut tree = body_tree(&self.entry);
        bend(tree.list());
        signed(&self.device, self.cast.pursuance, &tree.encode())
    }

    fn arguments(&self, bend: impl FnOnce(&mut Vec<V>)) -> Vec<u8> {
        self.body(|fields| bend_arguments(fields[field::OPS].list()[0].list(), bend))
    }

    /// In the arguments of the op inside a proposal.
    fn inner(&self, bend: impl FnOnce(&mut Vec<V>)) -> Vec<u8> {
        self.arguments(|outer| bend_arguments(outer[1].list(), bend))
    }
}

/// `op` is `[number, bytes arguments]`.
fn bend_arguments(op: &mut [V], bend: impl FnOnce(&mut Vec<V>)) {
    let mut inner = V::parse(op[1].blob());
    bend(inner.list());
    op[1] = V::Bytes(inner.encode());
}

fn text(text: &str) -> V {
    V::Text(text.into())
}

fn ids(count: usize) -> V {
    V::Array((0..count).map(|n| V::Bytes([&(n as u16).to_be_bytes()[..], &[1; 30]].concat())).collect())
}

fn roles(cast: &Cast, shelf: &mut Shelf) {
    let name = Bend::new(cast, "set-name");
    refused(cast, shelf, "set-name-empty", &name.arguments(|a| a[0] = text("")), STRUCTURE);
    refused(cast, shelf, "set-name-too-long", &name.arguments(|a| a[0] = text(&"n".repeat(121))), TOO_LONG);
    refused(cast, shelf, "set-name-of-two", &name.arguments(|a| a.push(V::Uint(0))), STRUCTURE);
    let turned = name.arguments(|a| a[0] = text("a\u{202e}b"));
    refused(cast, shelf, "set-name-that-turns-the-line", &turned, "Decode(ForbiddenCharacter)");
    let bare = name.body(|f| f[field::OPS] = V::Array(vec![op(1, &text("Harbour").encode())]));
    refused(cast, shelf, "set-name-without-its-list", &bare, STRUCTURE);

    let role = Bend::new(cast, "define-role");
    refused(cast, shelf, "define-role-everyone", &role.arguments(|a| a[0] = V::Uint(0)), STRUCTURE);
    refused(cast, shelf, "define-role-without-name", &role.arguments(|a| a[1] = text("")), STRUCTURE);
    refused(cast, shelf, "define-role-name-too-long", &role.arguments(|a| a[1] = text(&"n".repeat(121))), TOO_LONG);
    refused(cast, shelf, "define-role-of-two", &role.arguments(|a| drop(a.pop())), STRUCTURE);
    accepted(cast, shelf, "define-role-of-a-rank-beyond-8-bits-is-kept", &role.arguments(|a| a[2] = V::Uint(256)));
    let since = Bend::new(cast, "define-role-with-history-since-joining");
    refused(cast, shelf, "define-role-with-history-0", &since.arguments(|a| a[3] = V::Uint(0)), NOT_CANONICAL);
    refused(
        cast,
        shelf,
        "define-role-with-history-as-true",
        &since.arguments(|a| a[3] = V::Raw(vec![0xf5])),
        STRUCTURE,
    );
    refused(cast, shelf, "define-role-of-five", &since.arguments(|a| a.push(V::Uint(1))), TOO_LONG);
    accepted(cast, shelf, "define-role-with-history-2-is-kept", &since.arguments(|a| a[3] = V::Uint(2)));
    let retire = Bend::new(cast, "retire-role");
    refused(cast, shelf, "retire-role-as-text", &retire.arguments(|a| a[0] = text("member")), STRUCTURE);
    let wide = retire.arguments(|a| a[0] = V::Raw(wide_head(0, 2, 2)));
    refused(cast, shelf, "retire-role-not-minimal", &wide, NOT_CANONICAL);
    accepted(cast, shelf, "retire-role-beyond-16-bits-is-kept", &retire.arguments(|a| a[0] = V::Uint(65_536)));

    let rule = Bend::new(cast, "set-rule-with-a-quorum");
    let of_rule = |bend: &dyn Fn(&mut Vec<V>)| rule.arguments(|a| bend(a[0].list()));
    refused(cast, shelf, "set-rule-of-one", &rule.arguments(|a| drop(a.pop())), STRUCTURE);
    refused(cast, shelf, "set-rule-of-three", &rule.arguments(|a| a.push(V::Uint(1))), STRUCTURE);
    refused(cast, shelf, "set-rule-with-a-rule-of-four", &of_rule(&|r| r.truncate(4)), STRUCTURE);
    refused(cast, shelf, "set-rule-with-a-rule-of-six", &of_rule(&|r| r.push(V::Uint(0))), STRUCTURE);
    refused(cast, shelf, "set-rule-with-a-verb-as-text", &of_rule(&|r| r[1] = text("amend")), STRUCTURE);
    refused(cast, shelf, "set-rule-present-as-true", &rule.arguments(|a| a[1] = V::Raw(vec![0xf5])), STRUCTURE);
    let kept: [(&str, usize, u64); 4] = [
        ("set-rule-of-an-unknown-verb-is-kept", 1, 15),
        ("set-rule-over-an-unknown-object-is-kept", 2, 4),
        ("set-rule-over-more-than-the-rules-is-kept", 3, 1),
        ("set-rule-of-a-role-beyond-16-bits-is-kept", 0, 65_536),
    ];
    for (case, place, value) in kept {
        accepted(cast, shelf, case, &of_rule(&|r| r[place] = V::Uint(value)));
    }
    let when = |conditions: &[&[u64]]| of_rule(&|r| r[4] = listed(conditions));
    let kept: [(&str, &[&[u64]]); 6] = [
        ("set-rule-with-an-unknown-condition-is-kept", &[&[8]]),
        ("set-rule-by-a-link-is-kept", &[&[4, 1]]),
        ("set-rule-with-a-quorum-beyond-16-bits-is-kept", &[&[2, 65_536, 1]]),
        ("set-rule-with-a-quorum-of-a-role-beyond-16-bits-is-kept", &[&[2, 2, 65_536]]),
        ("set-rule-with-a-probation-beyond-16-bits-is-kept", &[&[5, 65_536]]),
        ("set-rule-after-a-day-beyond-32-bits-is-kept", &[&[7, 4_294_967_296]]),
    ];
    for (case, conditions) in kept {
        accepted(cast, shelf, case, &when(conditions));
    }
    let bad: [(&str, &[&[u64]], &str); 8] = [
        ("set-rule-with-conditions-unsorted", &[&[1], &[0]], NOT_SORTED),
        ("set-rule-with-a-condition-twice", &[&[0], &[0]], NOT_SORTED),
        ("set-rule-with-an-own-of-two", &[&[0, 0]], STRUCTURE),
        ("set-rule-with-a-quorum-of-two", &[&[2, 2]], STRUCTURE),
        ("set-rule-with-a-probation-of-nothing", &[&[5, 0]], STRUCTURE),
        ("set-rule-with-a-limit-of-nothing", &[&[6, 0]], STRUCTURE),
        ("set-rule-after-the-last-day", &[&[7, 3_652_059]], STRUCTURE),
        ("set-rule-with-a-condition-of-five", &[&[9, 1, 2, 3, 4]], TOO_LONG),
    ];
    for (case, conditions, error) in bad {
        refused(cast, shelf, case, &when(conditions), error);
    }
    let nine = when(&[&[0], &[1], &[2, 2, 1], &[3, 1], &[5, 1], &[6, 1], &[7, 1], &[8], &[9]]);
    refused(cast, shelf, "set-rule-with-nine-conditions", &nine, TOO_LONG);
    let neither = rule.arguments(|a| a[1] = V::Uint(2));
    accepted(cast, shelf, "set-rule-neither-present-nor-not-is-kept", &neither);

    // A genesis may have such rules too; there the roles must exist.
    let genesis = |bend: &dyn Fn(&mut Vec<V>)| {
        let mut tree = body_tree(&cast.entries[at::GENESIS]);
        bend_arguments(tree.list()[field::OPS].list()[0].list(), |a| bend(a[4].list()[0].list()));
        signed(&cast.maya_keys(), cast.pursuance, &tree.encode())
    };
    let with_quorum = |of: u64| move |r: &mut Vec<V>| r[4] = listed(&[&[2, 2, of]]);
    let foreign = |shelf: &mut Shelf, case: &str, bytes: &[u8]| {
        // Well formed, so that it is the genesis of another pursuance.
        let given = serde_json::json!({"pursuance": super::hex(&cast.pursuance.0), "entry": super::hex(bytes)});
        let expected = serde_json::json!({"at": "verify", "error": "ForeignGenesis"});
        shelf.add("entry", &format!("bad-{case}"), given, expected);
    };
    foreign(shelf, "genesis-with-a-quorum-is-of-another-pursuance", &genesis(&with_quorum(1)));
    refused(cast, shelf, "genesis-with-a-quorum-of-an-unknown-role", &genesis(&with_quorum(9)), "Beginning");
    refused(cast, shelf, "genesis-with-a-rule-of-six", &genesis(&|r| r.push(V::Uint(2))), STRUCTURE);
    let role = |bend: &dyn Fn(&mut Vec<V>)| {
        let mut tree = body_tree(&cast.entries[at::GENESIS]);
        bend_arguments(tree.list()[field::OPS].list()[0].list(), |a| bend(a[3].list()[0].list()));
        signed(&cast.maya_keys(), cast.pursuance, &tree.encode())
    };
    let since = role(&|r| r.push(V::Uint(1)));
    foreign(shelf, "genesis-with-history-since-joining-is-of-another-pursuance", &since);
    refused(cast, shelf, "genesis-with-history-0", &role(&|r| r.push(V::Uint(0))), NOT_CANONICAL);
    refused(cast, shelf, "genesis-with-history-2", &role(&|r| r.push(V::Uint(2))), "Beginning");
    let four = role(&|r| r.extend([V::Uint(1), V::Uint(1)]));
    refused(cast, shelf, "genesis-with-a-role-of-four", &four, TOO_LONG);
    refused(cast, shelf, "genesis-with-a-role-of-one", &role(&|r| r.truncate(1)), STRUCTURE);
}

/// A list of lists of numbers.
fn listed(lists: &[&[u64]]) -> V {
    let one = |numbers: &&[u64]| V::Array(numbers.iter().copied().map(V::Uint).collect());
    V::Array(lists.iter().map(one).collect())
}

fn members(cast: &Cast, shelf: &mut Shelf) {
    let grant = Bend::new(cast, "grant");
    refused(cast, shelf, "grant-of-everyone", &grant.arguments(|a| a[1] = V::Uint(0)), STRUCTURE);
    refused(cast, shelf, "grant-to-31-bytes", &grant.arguments(|a| a[0].blob().truncate(31)), STRUCTURE);
    refused(cast, shelf, "grant-of-three", &grant.arguments(|a| a.push(V::Uint(0))), STRUCTURE);
    accepted(cast, shelf, "grant-of-a-role-beyond-16-bits-is-kept", &grant.arguments(|a| a[1] = V::Uint(65_536)));
    let revoke = Bend::new(cast, "revoke-grant");
    refused(cast, shelf, "revoke-grant-of-33-bytes", &revoke.arguments(|a| a[0].blob().push(0)), STRUCTURE);
    refused(cast, shelf, "revoke-grant-of-one", &revoke.arguments(|a| drop(a.pop())), STRUCTURE);
    accepted(
        cast,
        shelf,
        "revoke-grant-of-an-op-beyond-16-bits-is-kept",
        &revoke.arguments(|a| a[1] = V::Uint(65_536)),
    );

    let remove = Bend::new(cast, "remove");
    let listed = |numbers: &[u64]| V::Array(numbers.iter().copied().map(V::Uint).collect());
    let many: Vec<u64> = (1..66).collect();
    refused(cast, shelf, "remove-nobody", &remove.arguments(|a| a[0] = V::Bytes(vec![])), STRUCTURE);
    refused(cast, shelf, "remove-of-two", &remove.arguments(|a| drop(a.pop())), STRUCTURE);
    refused(cast, shelf, "remove-roles-unsorted", &remove.arguments(|a| a[1] = listed(&[2, 1])), NOT_SORTED);
    refused(cast, shelf, "remove-roles-repeated", &remove.arguments(|a| a[1] = listed(&[1, 1])), NOT_SORTED);
    refused(cast, shelf, "remove-from-65-roles", &remove.arguments(|a| a[1] = listed(&many)), TOO_LONG);
    accepted(cast, shelf, "remove-from-64-roles", &remove.arguments(|a| a[1] = listed(&many[..64])));
    let backwards = remove.arguments(|a| {
        a[2] = ids(2);
        a[2].list().reverse();
    });
    refused(cast, shelf, "remove-pins-unsorted", &backwards, NOT_SORTED);
    let twice = remove.arguments(|a| a[2] = V::Array(vec![V::Bytes(vec![1; 32]); 2]));
    refused(cast, shelf, "remove-pins-repeated", &twice, NOT_SORTED);
    refused(cast, shelf, "remove-with-65-pins", &remove.arguments(|a| a[2] = ids(65)), TOO_LONG);
    accepted(cast, shelf, "remove-with-64-pins", &remove.arguments(|a| a[2] = ids(64)));
    let short = remove.arguments(|a| a[2] = V::Array(vec![V::Bytes(vec![1; 31])]));
    refused(cast, shelf, "remove-with-a-pin-of-31-bytes", &short, STRUCTURE);

    let leave = Bend::new(cast, "leave");
    refused(cast, shelf, "leave-with-something", &leave.arguments(|a| a.push(V::Uint(0))), STRUCTURE);
    let nothing = leave.body(|f| f[field::OPS] = V::Array(vec![op(8, &[])]));
    refused(cast, shelf, "leave-without-its-list", &nothing, STRUCTURE);
    for name in ["remove-device", "suspend-device", "approve", "withdraw-approval", "admit"] {
        let bend = Bend::new(cast, name);
        let short = bend.arguments(|a| a[0].blob().truncate(31));
        refused(cast, shelf, &format!("{name}-of-31-bytes"), &short, STRUCTURE);
        refused(cast, shelf, &format!("{name}-of-two"), &bend.arguments(|a| a.push(V::Bytes(vec![]))), STRUCTURE);
    }
    let vouch = Bend::new(cast, "vouch");
    refused(cast, shelf, "vouch-note-too-long", &vouch.arguments(|a| a[1] = text(&"n".repeat(501))), TOO_LONG);
    refused(cast, shelf, "vouch-for-31-bytes", &vouch.arguments(|a| a[0].blob().truncate(31)), STRUCTURE);
    refused(cast, shelf, "vouch-of-one", &vouch.arguments(|a| drop(a.pop())), STRUCTURE);
}

fn decisions(cast: &Cast, shelf: &mut Shelf) {
    let propose = Bend::new(cast, "propose");
    refused(cast, shelf, "propose-nothing", &propose.arguments(|a| drop(a.pop())), STRUCTURE);
    refused(cast, shelf, "propose-two", &propose.arguments(|a| a.push(a[1].clone())), STRUCTURE);
    let bare = propose.arguments(|a| a[1] = V::Array(vec![V::Uint(16)]));
    refused(cast, shelf, "propose-an-op-without-arguments", &bare, STRUCTURE);
    refused(cast, shelf, "propose-a-removal-of-two", &propose.inner(|i| drop(i.pop())), STRUCTURE);
    refused(
        cast,
        shelf,
        "propose-pins-unsorted",
        &propose.inner(|i| i[2] = V::Array(vec![V::Bytes(vec![1; 32]); 2])),
        NOT_SORTED,
    );
    let trailing = propose.arguments(|a| a[1].list()[1].blob().push(0));
    refused(cast, shelf, "propose-with-a-trailing-byte-inside", &trailing, "Decode(Trailing)");
    let wide = propose.inner(|i| i[1] = V::Raw(vec![0x98, 0]));
    refused(cast, shelf, "propose-not-minimal-inside", &wide, NOT_CANONICAL);
    accepted(cast, shelf, "propose-of-a-role-beyond-16-bits-is-kept", &propose.arguments(|a| a[0] = V::Uint(65_536)));
    let role = propose.inner(|i| i[1] = V::Array(vec![V::Uint(65_536)]));
    accepted(cast, shelf, "propose-with-an-unknown-number-inside-is-kept", &role);
    let of = |number: u64, arguments: &[u8]| propose.arguments(|a| a[1] = op(number, arguments));
    accepted(cast, shelf, "propose-an-unknown-op-is-kept", &of(900, &[1, 2, 3]));
    accepted(cast, shelf, "propose-to-leave-is-kept", &of(number::LEAVE.into(), &[0x80]));
    accepted(cast, shelf, "propose-an-approval-is-kept", &of(number::APPROVE.into(), &[0x80]));
    accepted(cast, shelf, "propose-a-recovery-is-kept", &of(number::RECOVER.into(), &[0x80]));
    // However deep: only its number is read.
    let nested =
        (0..200).fold(vec![0x80], |inner, _| V::Array(vec![V::Uint(1), op(number::PROPOSE.into(), &inner)]).encode());
    accepted(cast, shelf, "propose-a-proposal-is-kept", &of(number::PROPOSE.into(), &nested));

    let ratify = Bend::new(cast, "ratify");
    refused(cast, shelf, "ratify-nothing", &ratify.arguments(|a| a[0] = V::Array(vec![])), STRUCTURE);
    refused(cast, shelf, "ratify-unsorted", &ratify.arguments(|a| a[0].list().reverse()), NOT_SORTED);
    refused(
        cast,
        shelf,
        "ratify-repeated",
        &ratify.arguments(|a| a[0] = V::Array(vec![V::Bytes(vec![1; 32]); 2])),
        NOT_SORTED,
    );
    refused(cast, shelf, "ratify-257", &ratify.arguments(|a| a[0] = ids(257)), TOO_LONG);
    accepted(cast, shelf, "ratify-256", &ratify.arguments(|a| a[0] = ids(256)));
    let bare = ratify.body(|f| f[field::OPS] = V::Array(vec![op(15, &ids(2).encode())]));
    refused(cast, shelf, "ratify-without-its-list", &bare, STRUCTURE);
    let checkpoint = Bend::new(cast, "checkpoint");
    refused(cast, shelf, "checkpoint-with-something", &checkpoint.arguments(|a| a.push(V::Uint(0))), STRUCTURE);
}

fn invites(cast: &Cast, shelf: &mut Shelf) {
    let invite = Bend::new(cast, "invite-with-review");
    refused(cast, shelf, "invite-with-review-0", &invite.arguments(|a| a[6] = V::Uint(0)), NOT_CANONICAL);
    refused(cast, shelf, "invite-with-review-as-true", &invite.arguments(|a| a[6] = V::Raw(vec![0xf5])), STRUCTURE);
    refused(cast, shelf, "invite-of-eight", &invite.arguments(|a| a.push(V::Uint(0))), TOO_LONG);
    refused(cast, shelf, "invite-of-five", &invite.arguments(|a| a.truncate(5)), STRUCTURE);
    accepted(cast, shelf, "invite-with-review-2-is-kept", &invite.arguments(|a| a[6] = V::Uint(2)));
    let revoke = Bend::new(cast, "revoke-invite");
    refused(cast, shelf, "revoke-invite-of-31-bytes", &revoke.arguments(|a| a[0].blob().truncate(31)), STRUCTURE);
    refused(cast, shelf, "revoke-invite-of-three", &revoke.arguments(|a| a.push(V::Uint(0))), STRUCTURE);
}

fn signed_by_a_relay() -> Vec<u8> {
    let signer = LogSigner::from_seed(&[0x52; 32]);
    Checkpoint::sign(&signer, SlotNumber(29_921_759), 412, NodeHash([0x77; 32])).note().as_bytes().to_vec()
}

fn seen(cast: &Cast, shelf: &mut Shelf) {
    let saw = Bend::new(cast, "saw-checkpoint");
    refused(cast, shelf, "saw-checkpoint-of-1025-bytes", &saw.arguments(|a| a[0].blob().resize(1_025, b'x')), TOO_LONG);
    refused(cast, shelf, "saw-checkpoint-of-two", &saw.arguments(|a| a.push(V::Bytes(vec![]))), STRUCTURE);
    refused(cast, shelf, "saw-checkpoint-of-a-text", &saw.arguments(|a| a[0] = V::Text("x".into())), STRUCTURE);
}

fn recovery(cast: &Cast, shelf: &mut Shelf) {
    let key = Bend::new(cast, "recovery-key");
    refused(cast, shelf, "recovery-key-of-31-bytes", &key.arguments(|a| a[0].blob().truncate(31)), STRUCTURE);
    refused(
        cast,
        shelf,
        "recovery-key-with-a-short-signature",
        &key.arguments(|a| a[1].blob().truncate(63)),
        STRUCTURE,
    );
    refused(cast, shelf, "recovery-key-of-three", &key.arguments(|a| a.push(V::Uint(0))), STRUCTURE);

    let recover = Bend::new(cast, "recover");
    refused(cast, shelf, "recover-of-two", &recover.arguments(|a| drop(a.pop())), STRUCTURE);
    refused(cast, shelf, "recover-with-a-short-signature", &recover.arguments(|a| a[1].blob().truncate(63)), STRUCTURE);
    refused(cast, shelf, "recover-with-a-short-recovery", &recover.arguments(|a| a[2].blob().truncate(63)), STRUCTURE);
    let package = |bend: &dyn Fn(&mut Vec<V>)| recover.arguments(|a| bend(a[0].list()));
    refused(cast, shelf, "recover-with-a-short-package", &package(&|p| p[1].blob().truncate(9)), STRUCTURE);
    // A beginning that nobody understands is none.
    refused(cast, shelf, "recover-with-an-unknown-package", &package(&|p| p[0] = V::Uint(3)), "Beginning");
    let later = recover.body(|f| {
        f[field::SEQ] = V::Uint(1);
        f[field::PREV] = V::Bytes(vec![7; 32]);
    });
    refused(cast, shelf, "recover-in-the-middle", &later, "Beginning");
    let second = recover.body(|f| f[field::OPS].list().push(op(17, &[0x80])));
    refused(cast, shelf, "recover-with-a-second-op", &second, "Beginning");
    let alone = recover.body(|f| f[field::BY] = V::Array(vec![]));
    refused(cast, shelf, "recover-leans-on-nothing", &alone, "Beginning");
}
