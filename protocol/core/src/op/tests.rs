//! Every op goes there and back; what is out of form is refused, and what has no meaning yet is kept.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec;

use proptest::collection::{btree_set, vec as list};
use proptest::prelude::*;
use pursuance_wire::log::LogSigner;
use zeroize::Zeroizing;

use super::*;
use crate::codec::require_canonical;
use crate::crypto::{KeySuite, SigningKey};
use crate::day::Day;
use crate::devices::device_message;
use crate::id::{EpochId, MemberId, PursuanceId};
use crate::keys::DeviceKeys;
use crate::limits::{MAX_NAME_BYTES, MAX_NOTE_BYTES, MAX_PINS, MAX_RATIFIED, MAX_ROLES, MAX_SEEN_NOTE_BYTES};
use crate::rule::{Conditions, Object, Quorum, Rule, RuleTable, Verb};

const RULE: Rule = Rule {
    role: RoleId(1),
    verb: Verb::Remove,
    object: Object::Role(RoleId(2)),
    conditions: Conditions::NOT_SELF,
    quorum: Some(Quorum { count: 3, of: RoleId(1) }),
};
const REF: GrantRef = GrantRef { entry: EntryId([5; 32]), op: 3 };

fn written(op: &Op) -> Vec<u8> {
    let mut w = Writer::new();
    op.write(&mut w);
    w.finish()
}

fn read(bytes: &[u8]) -> Result<Op, DecodeError> {
    let mut r = Reader::new(bytes);
    let op = Op::read(&mut r)?;
    r.end()?;
    require_canonical(bytes, &written(&op))?;
    Ok(op)
}

/// An op with these arguments.
fn with(number: u16, arguments: impl FnOnce(&mut Writer)) -> Result<Op, DecodeError> {
    let mut w = Writer::new();
    arguments(&mut w);
    read(&written(&Op::Unknown { number, arguments: w.finish() }))
}

fn package(suite: KeySuite) -> KeyPackage {
    KeyPackage { suite, public: vec![9; suite.public_bytes()] }
}

fn relay(seed: u8) -> RelayAddress {
    let key = |seed| *LogSigner::from_seed(&[seed; 32]).key().as_bytes();
    RelayAddress::new(key(seed), key(seed ^ 0x80)).expect("two keys")
}

/// One of each number, in their order.
fn each() -> Vec<Op> {
    let (author, entry, member) = (AuthorId([1; 32]), EntryId([2; 32]), MemberId([3; 32]));
    let proposal = Propose { of: RoleId(1), op: Box::new(Op::SetRule(SetRule { rule: RULE, present: false })) };
    vec![
        Op::Genesis(Genesis {
            name: "p".into(),
            mission: String::new(),
            founder_name: "Maya".into(),
            table: RuleTable {
                roles: [1, 2].map(|id| Role { id: RoleId(id), name: "r".into(), rank: 0, since_joining: false }).into(),
                rules: vec![RULE, Rule { object: Object::Rules, quorum: None, ..RULE }],
            },
            relays: vec![relay(1)],
            nonce: [7; 16],
        }),
        Op::SetName("Harbour".into()),
        Op::DefineRole(Role { id: RoleId(3), name: "scribe".into(), rank: 255, since_joining: false }),
        Op::RetireRole(RoleId(3)),
        Op::SetRule(SetRule { rule: RULE, present: true }),
        Op::Grant(Grant { member, role: RoleId(1) }),
        Op::RevokeGrant(REF),
        Op::Remove(Remove { member, roles: vec![RoleId(1), RoleId(2)], pins: vec![entry] }),
        Op::Leave,
        Op::AddDevice(AddDevice { author, package: package(KeySuite::XWing), signature: [4; 64] }),
        Op::RemoveDevice(author),
        Op::SuspendDevice(author),
        Op::Propose(proposal),
        Op::Approve(entry),
        Op::WithdrawApproval(entry),
        Op::Ratify(vec![entry, EntryId([3; 32])]),
        Op::Checkpoint,
        Op::SetRelays(vec![relay(2)]),
        Op::Invite(invite(true)),
        Op::RevokeInvite(REF),
        Op::Join(Join { name: "Ben".into(), package: package(KeySuite::XWing), signature: [4; 64] }),
        Op::Admit(entry),
        Op::Vouch(Vouch { member, note: "met".into() }),
        Op::KeyPackage(package(KeySuite::XWing)),
        Op::RoleEpoch(RoleEpoch {
            role: RoleId::EVERYONE,
            epoch: EpochId([6; 32]),
            parents: vec![EpochId([1; 32])],
            readers: [8; 32],
            seals: vec![Seal { tag: [1; 8], sealed: vec![2; 9] }],
            backlinks: vec![Backlink { parent: EpochId([1; 32]), nonce: [5; 24], sealed: [6; SEALED_SECRET_BYTES] }],
        }),
        Op::Welcome(Welcome { role: RoleId::EVERYONE, epoch: EpochId([6; 32]), to: author, sealed: vec![2; 9] }),
        Op::Unknown { number: 26, arguments: vec![1, 2, 3] },
        Op::Unknown { number: 27, arguments: vec![] },
        Op::RecoveryKey(RecoveryKey { key: [1; 32], signature: [2; 64] }),
        Op::Recover(Recover { package: package(KeySuite::XWing), signature: [2; 64], recovery: [3; 64] }),
        Op::SawCheckpoint(vec![9; 200]),
    ]
}

fn invite(reviewed: bool) -> Invite {
    let since = vec![Since { relay: [1; 32], index: 5 }];
    Invite { role: RoleId(2), uses: 1, key: [1; 32], cell_secret: [2; 32], note: "come".into(), since, reviewed }
}

#[test]
fn every_op_survives_under_its_own_number() {
    for (number, op) in (0..).zip(each()) {
        let bytes = written(&op);
        assert_eq!((op.number(), read(&bytes)), (number, Ok(op.clone())));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{number} cut at {end}");
        }
        let (known, mut arguments) = (!matches!(op, Op::Unknown { .. }), op.arguments());
        arguments.push(0);
        let trailing = read(&written(&Op::Unknown { number, arguments }));
        assert_eq!(trailing.err(), known.then_some(DecodeError::Trailing), "{number}");
    }
    assert_eq!(read(&written(&Op::Invite(invite(false)))), Ok(Op::Invite(invite(false))));
}

#[test]
fn one_value_more_or_less_is_another_structure() {
    for op in each() {
        let arguments = op.arguments();
        // SetRelays is a list of what there is; an unknown op's arguments are its own.
        if matches!(op, Op::SetRelays(_) | Op::Unknown { .. }) {
            continue;
        }
        for values in [arguments[0] - 1, arguments[0] + 1].into_iter().filter(|head| (0x80..0x98).contains(head)) {
            let mut arguments = arguments.clone();
            arguments[0] = values;
            let read = read(&written(&Op::Unknown { number: op.number(), arguments }));
            assert!(read.is_err(), "{} of {}", op.number(), values - 0x80);
        }
    }
}

#[test]
fn texts_and_lists_have_their_limits() {
    use DecodeError::{ForbiddenCharacter, NotSorted, Structure, TooLong};
    let long = |bytes: usize| "n".repeat(bytes);
    let role =
        |id, name: &str| Op::DefineRole(Role { id: RoleId(id), name: name.into(), rank: 1, since_joining: false });
    let ids = |count: usize| (0..count).map(|n| EntryId([n as u8; 32])).collect::<Vec<_>>();
    let remove = |roles: &[u16], pins: Vec<EntryId>| {
        let roles = roles.iter().map(|id| RoleId(*id)).collect();
        Op::Remove(Remove { member: MemberId([1; 32]), roles, pins })
    };
    let vouch = |note: String| Op::Vouch(Vouch { member: MemberId([1; 32]), note });
    let many_roles: Vec<u16> = (1..=MAX_ROLES as u16 + 1).collect();
    let good = [
        Op::SetName(long(MAX_NAME_BYTES)),
        remove(&many_roles[..MAX_ROLES], ids(MAX_PINS)),
        remove(&[], vec![]),
        Op::Ratify(ids(MAX_RATIFIED)),
        vouch(long(MAX_NOTE_BYTES)),
        vouch(String::new()),
    ];
    for op in good {
        assert_eq!(read(&written(&op)), Ok(op));
    }
    let mut too_many = ids(MAX_RATIFIED);
    too_many.push(EntryId([0xff; 32]));
    let bad = [
        (Op::SetName(String::new()), Structure),
        (Op::SetName(long(MAX_NAME_BYTES + 1)), TooLong),
        (Op::SetName("a\u{202e}b".into()), ForbiddenCharacter),
        (role(0, "r"), Structure),
        (role(1, ""), Structure),
        (role(1, &long(MAX_NAME_BYTES + 1)), TooLong),
        (Op::Grant(Grant { member: MemberId([1; 32]), role: RoleId::EVERYONE }), Structure),
        (remove(&[2, 1], vec![]), NotSorted),
        (remove(&[1, 1], vec![]), NotSorted),
        (remove(&many_roles, vec![]), TooLong),
        (remove(&[], vec![EntryId([2; 32]), EntryId([1; 32])]), NotSorted),
        (remove(&[], ids(MAX_PINS + 1)), TooLong),
        (Op::Ratify(vec![]), Structure),
        (Op::Ratify(vec![EntryId([1; 32]); 2]), NotSorted),
        (Op::Ratify(too_many), TooLong),
        (vouch(long(MAX_NOTE_BYTES + 1)), TooLong),
    ];
    for (op, error) in bad {
        assert_eq!(read(&written(&op)), Err(error), "{op:?}");
    }
}

#[test]
fn a_number_without_meaning_leaves_the_op_unknown() {
    let set_rule = |values: &[u64], conditions: &[&[u64]], present| {
        with(number::SET_RULE, |w| {
            w.array(2).array(values.len() + 1);
            values.iter().for_each(|value| _ = w.uint(*value));
            w.array(conditions.len());
            for numbers in conditions {
                w.array(numbers.len());
                numbers.iter().for_each(|number| _ = w.uint(*number));
            }
            w.uint(present);
        })
    };
    let plain = &[1, 5, 0, 2];
    let two = set_rule(plain, &[&[1], &[2, 3, 1]], 1);
    assert!(matches!(two, Ok(Op::SetRule(set)) if set.rule == RULE && set.present));
    assert!(matches!(set_rule(&[1, 8, 2, 0], &[], 0), Ok(Op::SetRule(set)) if set.rule.quorum.is_none()));
    type Case<'a> = (&'a [u64; 4], &'a [&'a [u64]], u64);
    let newer: [Case<'_>; 14] = [
        (&[1, 15, 0, 2], &[], 1),           // verb
        (&[1, 35, 0, 2], &[], 1),           // verb
        (&[1, 5, 4, 0], &[], 1),            // object
        (&[1, 5, 2, 1], &[], 1),            // the rules, and more
        (&[65_536, 5, 0, 2], &[], 1),       // role
        (plain, &[&[8]], 1),                // condition
        (plain, &[&[0], &[4, 7]], 1),       // by a link
        (plain, &[&[9, 1, 2, 3]], 1),       // condition
        (plain, &[&[2, 65_536, 1]], 1),     // quorum
        (plain, &[&[2, 3, 65_536]], 1),     // its role
        (plain, &[&[3, 65_536]], 1),        // who reviews
        (plain, &[&[5, 65_536]], 1),        // probation
        (plain, &[&[7, 4_294_967_296]], 1), // day
        (plain, &[], 2),                    // neither present nor not
    ];
    for (values, conditions, present) in newer {
        let read = set_rule(values, conditions, present);
        assert!(matches!(read, Ok(Op::Unknown { .. })), "{values:?} {conditions:?}: {read:?}");
    }
    let malformed: [(&[&[u64]], DecodeError); 9] = [
        (&[&[1], &[0]], DecodeError::NotSorted),
        (&[&[1], &[1]], DecodeError::NotSorted),
        (&[&[0, 1]], DecodeError::Structure),
        (&[&[2, 3]], DecodeError::Structure),
        (&[&[5, 0]], DecodeError::Structure),
        (&[&[6, 0]], DecodeError::Structure),
        (&[&[7, 3_652_059]], DecodeError::Structure), // after 9999-12-31
        (&[&[9, 1, 2, 3, 4]], DecodeError::TooLong),
        (&[&[0], &[1], &[2, 1, 1], &[3, 1], &[5, 1], &[6, 1], &[7, 1], &[8], &[9]], DecodeError::TooLong),
    ];
    for (conditions, error) in malformed {
        assert_eq!(set_rule(plain, conditions, 1).err(), Some(error), "{conditions:?}");
    }
    for values in [&[][..], &[1, 5, 0], &[1, 5, 0, 2, 0]] {
        assert_eq!(set_rule(values, &[], 1), Err(DecodeError::Structure), "a rule of {values:?}");
    }
    let rank = with(number::DEFINE_ROLE, |w| _ = w.array(3).uint(1).text("r").uint(256));
    assert!(matches!(rank, Ok(Op::Unknown { .. })));
    let of_op = with(number::REVOKE_GRANT, |w| _ = w.array(2).bytes(&[1; 32]).uint(65_536));
    assert!(matches!(of_op, Ok(Op::Unknown { .. })));
    for (last, expected) in [(0, Err(DecodeError::NotCanonical)), (1, Ok(true)), (2, Ok(false))] {
        let mut arguments = Op::Invite(invite(true)).arguments();
        *arguments.last_mut().expect("seven values") = last;
        let known = read(&written(&Op::Unknown { number: number::INVITE, arguments }));
        assert_eq!(known.map(|op| matches!(op, Op::Invite(_))), expected, "reviewed {last}");
    }
}

#[test]
fn a_proposal_holds_what_can_be_decided_together_and_nothing_else() {
    const PROPOSABLE: [u16; 11] = [1, 2, 3, 4, 5, 6, 7, 11, 16, 17, 19];
    for (number, op) in (0..).zip(each()) {
        let can = PROPOSABLE.contains(&number);
        assert_eq!(op.is_proposable(), can, "{number}");
        let proposal = Op::Propose(Propose { of: RoleId(1), op: Box::new(op) });
        let found = read(&written(&proposal));
        if can {
            assert_eq!(found, Ok(proposal), "{number}");
        } else {
            assert!(matches!(found, Ok(Op::Unknown { number: number::PROPOSE, .. })), "{number}: {found:?}");
        }
    }
    let of_what = |inner: u16, arguments: &[u8]| {
        with(number::PROPOSE, |w| _ = w.array(2).uint(1).array(2).uint(inner.into()).bytes(arguments))
    };
    assert!(matches!(of_what(900, &[]), Ok(Op::Unknown { .. })));
    assert!(matches!(of_what(3, &[0x81, 0x1a, 0, 1, 0, 0]), Ok(Op::Unknown { .. })), "role 65,536");
    assert_eq!(of_what(3, &[0x81]), Err(DecodeError::Structure), "out of form in there too");
    assert_eq!(of_what(3, &[0x81, 1, 0]), Err(DecodeError::Trailing));
    assert_eq!(of_what(3, &[0x81, 0x18, 1]), Err(DecodeError::NotCanonical));
}

#[test]
fn a_recovery_key_speaks_for_one_member_of_one_pursuance() {
    let (here, there) = (PursuanceId([1; 32]), PursuanceId([2; 32]));
    let (maya, ben) = (MemberId([3; 32]), MemberId([4; 32]));
    let key = |seed| SigningKey::from_seed(&Zeroizing::new([seed; 32]));
    let signed = RecoveryKey::new(here, maya, &key(1));
    assert!(signed.is_agreed(here, maya));
    assert!(!signed.is_agreed(there, maya) && !signed.is_agreed(here, ben));
    assert!(!RecoveryKey { key: key(2).author().0, ..signed.clone() }.is_agreed(here, maya));
    // Anybody could sign for the identity.
    let mut weak = RecoveryKey { key: [0; 32], signature: [0; 64] };
    (weak.key[0], weak.signature[0]) = (1, 1);
    assert!(!weak.is_agreed(here, maya));

    let device = DeviceKeys::from_seed([5; 32]);
    let recover = Recover::new(here, maya, &device, &key(1));
    let agreed = |recover: &Recover, pursuance, member, author, key: &SigningKey| {
        recover.is_agreed(pursuance, member, author, &key.author().0)
    };
    let author = device.author();
    assert!(agreed(&recover, here, maya, author, &key(1)));
    assert!(!agreed(&recover, there, maya, author, &key(1)));
    assert!(!agreed(&recover, here, ben, author, &key(1)));
    assert!(!agreed(&recover, here, maya, key(6).author(), &key(1)));
    assert!(!agreed(&recover, here, maya, author, &key(2)));
    // Another device that agrees, and another package: the recovery key spoke for neither.
    let other = DeviceKeys::from_seed([6; 32]);
    let borrowed = |device: &DeviceKeys, package: &KeyPackage| {
        let signature = device.signing.sign(&device_message(here, maya, package));
        agreed(
            &Recover { package: package.clone(), signature, ..recover.clone() },
            here,
            maya,
            device.author(),
            &key(1),
        )
    };
    assert!(borrowed(&device, device.key_package()));
    assert!(!borrowed(&other, device.key_package()));
    assert!(!borrowed(&device, other.key_package()));
    // The recovery key alone makes no stranger's device the member's.
    assert!(!agreed(&Recover { signature: [0; 64], ..recover.clone() }, here, maya, author, &key(1)));
    let swapped = Recover { signature: recover.recovery, recovery: recover.signature, ..recover.clone() };
    assert!(!agreed(&swapped, here, maya, author, &key(1)));
}

fn id() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn entries(count: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<EntryId>> {
    btree_set(id(), count).prop_map(|ids| ids.into_iter().map(EntryId).collect())
}

fn grant_ref() -> impl Strategy<Value = GrantRef> {
    (id(), any::<u16>()).prop_map(|(entry, op)| GrantRef { entry: EntryId(entry), op })
}

fn signature() -> impl Strategy<Value = [u8; 64]> {
    list(any::<u8>(), 64).prop_map(|bytes| bytes.try_into().expect("64"))
}

fn any_package() -> impl Strategy<Value = KeyPackage> {
    (any::<bool>(), any::<u8>()).prop_map(|(larger, fill)| {
        let suite = KeySuite::from_number(if larger { 1 } else { 2 }).expect("two suites");
        KeyPackage { suite, public: vec![fill; suite.public_bytes()] }
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let object = prop_oneof![
        any::<u16>().prop_map(|id| Object::Role(RoleId(id))),
        Just(Object::Relays),
        Just(Object::Rules),
        Just(Object::NewLabels)
    ];
    let quorum = prop::option::of((any::<u16>(), any::<u16>()));
    let parts = (any::<u16>(), 0..Verb::ALL.len(), object, any_conditions(), quorum);
    parts.prop_map(|(role, verb, object, conditions, quorum)| {
        let quorum = quorum.map(|(count, of)| Quorum { count, of: RoleId(of) });
        Rule { role: RoleId(role), verb: Verb::ALL[verb], object, conditions, quorum }
    })
}

fn any_conditions() -> impl Strategy<Value = Conditions> {
    let (of, least) = (|| prop::option::of(any::<u16>()), || prop::option::of(1..=u16::MAX));
    let after = prop::option::of((0..3_652_059_u32).prop_map(|days| Day::from_first(days).expect("a day")));
    (any::<bool>(), any::<bool>(), of(), least(), least(), after).prop_map(
        |(own, not_self, review, probation, daily, after)| Conditions {
            own,
            not_self,
            review: review.map(RoleId),
            probation,
            daily,
            after,
        },
    )
}

fn proposable() -> impl Strategy<Value = Op> {
    let name = || "[a-zæ ]{1,40}".prop_map(|name| name.to_string());
    let roles = btree_set(any::<u16>(), 0..=8).prop_map(|ids: BTreeSet<u16>| ids.into_iter().map(RoleId).collect());
    prop_oneof![
        name().prop_map(Op::SetName),
        (1..u16::MAX, name(), any::<u8>(), any::<bool>()).prop_map(|(id, name, rank, since_joining)| Op::DefineRole(
            Role { id: RoleId(id), name, rank, since_joining }
        )),
        any::<u16>().prop_map(|id| Op::RetireRole(RoleId(id))),
        (any_rule(), any::<bool>()).prop_map(|(rule, present)| Op::SetRule(SetRule { rule, present })),
        (id(), 1..=u16::MAX)
            .prop_map(|(member, role)| Op::Grant(Grant { member: MemberId(member), role: RoleId(role) })),
        grant_ref().prop_map(Op::RevokeGrant),
        (id(), roles, entries(0..=8)).prop_map(|(member, roles, pins)| Op::Remove(Remove {
            member: MemberId(member),
            roles,
            pins
        })),
        id().prop_map(|author| Op::SuspendDevice(AuthorId(author))),
        Just(Op::Checkpoint),
        list(1..100_u8, 0..=4).prop_map(|seeds| Op::SetRelays(seeds.into_iter().map(relay).collect())),
        grant_ref().prop_map(Op::RevokeInvite),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    let text = || "[a-z\n\t ]{0,200}".prop_map(|text| text.to_string());
    prop_oneof![
        6 => proposable(),
        2 => (any::<u16>(), proposable()).prop_map(|(of, op)| Op::Propose(Propose { of: RoleId(of), op: Box::new(op) })),
        1 => Just(Op::Leave),
        1 => id().prop_map(|author| Op::RemoveDevice(AuthorId(author))),
        1 => id().prop_map(|entry| Op::Approve(EntryId(entry))),
        1 => id().prop_map(|entry| Op::WithdrawApproval(EntryId(entry))),
        1 => entries(1..=20).prop_map(Op::Ratify),
        1 => id().prop_map(|entry| Op::Admit(EntryId(entry))),
        1 => (id(), text()).prop_map(|(member, note)| Op::Vouch(Vouch { member: MemberId(member), note })),
        1 => (any::<u16>(), 1..=10_000_u16, text(), any::<bool>()).prop_map(|(role, uses, note, reviewed)| {
            Op::Invite(Invite { role: RoleId(role), uses, note, ..invite(reviewed) })
        }),
        1 => (id(), signature()).prop_map(|(key, signature)| Op::RecoveryKey(RecoveryKey { key, signature })),
        1 => list(any::<u8>(), 0..=MAX_SEEN_NOTE_BYTES).prop_map(Op::SawCheckpoint),
        1 => (any_package(), signature(), signature())
            .prop_map(|(package, signature, recovery)| Op::Recover(Recover { package, signature, recovery })),
    ]
}

proptest! {
    #[test]
    fn any_op_survives(op in any_op()) {
        prop_assert_eq!(read(&written(&op)), Ok(op));
    }

    #[test]
    fn there_is_one_form_only(op in any_op(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = written(&op);
        let at = at.index(bytes.len());
        bytes[at] = to;
        // Whatever is read is written as it came, or refused.
        if let Ok(read) = read(&bytes) {
            prop_assert_eq!(written(&read), bytes);
        }
    }

    #[test]
    fn any_arguments_are_read_or_refused(number in 0..40_u16, arguments in list(any::<u8>(), 0..300)) {
        let bytes = written(&Op::Unknown { number, arguments });
        if let Ok(op) = read(&bytes) {
            prop_assert_eq!(op.number(), number);
        }
    }
}
