//! Plays about devices, joining and keys: whose word it is, and who can read (R2, as far as these go).

use alloc::vec;
use alloc::vec::Vec;

use super::super::stage::{FOUNDER, SECOND, Stage, THIRD, alone};
use super::super::switch::Switch::*;
use super::{Play, counts, desk, inviter, longest_path, plain, refused, with};
use crate::crypto::KeySuite;
use crate::entry::Content;
use crate::id::{EntryId, EpochId, RoleId};
use crate::limits::{MAX_DEVICES, MAX_OPS, MAX_PACKAGES, MAX_SENIORITY_DEPTH};
use crate::op::{Backlink, KeyPackage, Op, SEALED_SECRET_BYTES, Welcome};
use crate::refusal::Refusal as F;
use crate::rule::{Object, Verb};

pub(super) const PLAYS: &[Play] = &[
    // Devices
    (D1Agreed, "nobody takes somebody else's device", || {
        let mut stage = plain();
        let [ann, ben] = [(); 2].map(|()| stage.newcomer(FOUNDER, SECOND));
        let device = stage.stranger();
        let added = stage.at(ann).add_device(device);
        let op = said(&stage, added);
        let act = stage.at(ben).alone().say(vec![op]);
        refused(&stage, act, F::BadKeys)
    }),
    (D2New, "a device is added once", || {
        let mut stage = plain();
        let device = stage.stranger();
        stage.at(FOUNDER).add_device(device);
        let act = stage.at(FOUNDER).add_device(device);
        refused(&stage, act, F::BadKeys)
    }),
    (D2Once, "and not twice in an entry", || {
        let mut stage = plain();
        let device = stage.stranger();
        let added = stage.at(FOUNDER).add_device(device);
        let op = said(&stage, added);
        let before = stage.entry(added).body().prev;
        let act = stage.at(FOUNDER).after(before).alone().say(vec![op.clone(), op]);
        refused(&stage, act, F::BadKeys)
    }),
    (D2Limit, "16 devices and no more", || {
        let mut stage = plain();
        for _ in 1..MAX_DEVICES {
            let device = stage.stranger();
            stage.at(FOUNDER).add_device(device);
        }
        let device = stage.stranger();
        let act = stage.at(FOUNDER).add_device(device);
        refused(&stage, act, F::TooMany { max: MAX_DEVICES as u32 })
    }),
    (D2Depth, "the last of a long row of devices adds none", || {
        let mut stage = plain();
        let mut last = FOUNDER;
        for _ in 0..MAX_SENIORITY_DEPTH {
            let device = stage.stranger();
            stage.at(last).hand_over(device);
            last = device;
        }
        let device = stage.stranger();
        let act = stage.at(last).add_device(device);
        refused(&stage, act, F::TooMany { max: MAX_SENIORITY_DEPTH as u32 })
    }),
    (D3Speaks, "a stranger's device speaks for nobody", || {
        let mut stage = plain();
        let (device, grant) = (stage.stranger(), stage.came_by(FOUNDER));
        let act = stage.at(device).with(grant).invite(SECOND, 1);
        refused(&stage, act.entry, F::GrantNotHeld)
    }),
    (D6Senior, "a device does not remove the one that added it", || {
        let mut stage = plain();
        let device = stage.stranger();
        stage.at(FOUNDER).add_device(device);
        let act = stage.at(device).remove_device(FOUNDER);
        refused(&stage, act, F::NotSenior)
    }),
    (D6Gone, "a device that was removed and knows it does nothing more", || {
        let mut stage = plain();
        let device = stage.stranger();
        stage.at(FOUNDER).add_device(device);
        stage.at(FOUNDER).remove_device(device);
        let act = stage.at(device).invite(SECOND, 1);
        refused(&stage, act.entry, F::GrantNotHeld)
    }),
    (D7Once, "one recovery key", || {
        let mut stage = plain();
        stage.at(FOUNDER).recovery_key(0);
        let act = stage.at(FOUNDER).recovery_key(1);
        refused(&stage, act, F::NothingToChange)
    }),
    (D7KeyAgreed, "nobody declares a key that was another's", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        let key = stage.at(ann).recovery_key(0);
        let op = said(&stage, key);
        let act = stage.at(FOUNDER).say(vec![op]);
        refused(&stage, act, F::BadKeys)
    }),
    (D7LeansOnFirst, "recovering is done with the first role held", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, THIRD);
        stage.at(FOUNDER).grant(ann, SECOND);
        stage.at(ann).recovery_key(0);
        let (device, came) = (stage.stranger(), stage.came_by(ann));
        let act = stage.at(device).with(came).recover(ann, 0);
        refused(&stage, act, F::GrantNotHeld)
    }),
    (D7Agreed, "nobody recovers with another key", || {
        let mut stage = plain();
        stage.at(FOUNDER).recovery_key(0);
        let device = stage.stranger();
        let act = stage.at(device).recover(FOUNDER, 1);
        refused(&stage, act, F::BadKeys)
    }),
    (D7New, "a device of the member does not recover it", || {
        let mut stage = plain();
        let device = stage.stranger();
        stage.at(FOUNDER).recovery_key(0);
        stage.at(FOUNDER).add_device(device);
        let act = stage.at(device).recover(FOUNDER, 0);
        refused(&stage, act, F::BadKeys)
    }),
    (D7Known, "a device that was added after recovering speaks", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(ann).recovery_key(0);
        let [new, newer] = [(); 2].map(|()| stage.stranger());
        stage.at(new).recover(ann, 0);
        stage.at(new).add_device(newer);
        let act = stage.at(newer).invite(THIRD, 1);
        counts(&stage, act.entry)
    }),
    // Joining
    (J7Agreed, "nobody joins with what the link signed for another", || {
        let mut stage = plain();
        let invite = stage.at(FOUNDER).invite(SECOND, 5);
        let ann = stage.join(invite);
        let op = said(&stage, stage.came_by(ann).entry);
        let ben = stage.stranger();
        let act = stage.at(ben).with(invite).say(vec![op]);
        refused(&stage, act, F::BadKeys)
    }),
    (J7Open, "nobody joins by an invite that they know to be closed", || {
        let mut stage = plain();
        let (_, invite) = inviter(&mut stage);
        stage.at(FOUNDER).revoke_invite(invite);
        let ben = stage.join(invite);
        let join = stage.came_by(ben).entry;
        refused(&stage, join, F::InviteClosed)
    }),
    (J7InviterHere, "nor by that of somebody whom they know to be gone", || {
        let mut stage = plain();
        let (ann, invite) = inviter(&mut stage);
        stage.at(FOUNDER).remove(ann);
        let ben = stage.join(invite);
        let join = stage.came_by(ben).entry;
        refused(&stage, join, F::InviteClosed)
    }),
    (J7Uses, "an invite for one lets one in", || {
        let mut stage = plain();
        let invite = stage.at(FOUNDER).invite(SECOND, 1);
        stage.join(invite);
        let ben = stage.join(invite);
        let join = stage.came_by(ben).entry;
        refused(&stage, join, F::InviteUsedUp)
    }),
    (J7Depth, "nobody joins beyond the longest path", || {
        let mut stage = plain();
        let last = longest_path(&mut stage);
        let ann = stage.newcomer(last, THIRD);
        let join = stage.came_by(ann).entry;
        refused(&stage, join, F::TooMany { max: MAX_SENIORITY_DEPTH as u32 })
    }),
    // Keys
    (K1IsKey, "a package is a key", || {
        let mut stage = plain();
        let package = KeyPackage { suite: KeySuite::X25519, public: vec![0; 32] };
        let act = stage.at(FOUNDER).say(vec![Op::KeyPackage(package)]);
        refused(&stage, act, F::BadKeys)
    }),
    (K20Most, "a device publishes so many packages and no more", || {
        let mut stage = plain();
        let package = |n: usize| {
            let private = zeroize::Zeroizing::new([u8::try_from(n / 64).expect("few") + 1; 32]);
            let secret = crate::crypto::KemSecret::from_private(KeySuite::X25519, private);
            Op::KeyPackage(KeyPackage { suite: KeySuite::X25519, public: secret.public() })
        };
        let mut acts: Vec<_> = Vec::new();
        // The founder's first one came with the epoch.
        for from in (1..MAX_PACKAGES).step_by(MAX_OPS) {
            let ops = (from..MAX_PACKAGES.min(from + MAX_OPS)).map(package).collect();
            acts.push(stage.at(FOUNDER).say(ops));
        }
        let last = acts.last().copied().expect("some");
        let act = stage.at(FOUNDER).say(vec![package(0)]);
        counts(&stage, last) && refused(&stage, act, F::TooMany { max: MAX_PACKAGES as u32 })
    }),
    (K3Reads, "who makes an epoch reads it", || {
        let (mut stage, ann) = desk();
        let epoch = stage.epoch_for(SECOND, EpochId([9; 32]), &[ann]);
        let act = stage.at(FOUNDER).say(vec![Op::RoleEpoch(epoch)]);
        refused(&stage, act, F::NotAReader)
    }),
    (K3New, "an epoch is introduced once", || {
        let mut stage = plain();
        let op = first_epoch(&stage);
        let act = stage.at(FOUNDER).say(vec![Op::RoleEpoch(op)]);
        refused(&stage, act, F::BadKeys)
    }),
    (K3Readers, "its readers are those of its past", || {
        let mut stage = plain();
        let epoch = crate::op::RoleEpoch { epoch: EpochId([9; 32]), readers: [0; 32], ..first_epoch(&stage) };
        let act = stage.at(FOUNDER).say(vec![Op::RoleEpoch(epoch)]);
        refused(&stage, act, F::BadKeys)
    }),
    (K3Seals, "and each has a seal", || {
        let mut stage = plain();
        let epoch = crate::op::RoleEpoch { epoch: EpochId([9; 32]), seals: Vec::new(), ..first_epoch(&stage) };
        let act = stage.at(FOUNDER).say(vec![Op::RoleEpoch(epoch)]);
        refused(&stage, act, F::BadKeys)
    }),
    (K3Place, "and none is of somebody who came by a used invite and was let in by nobody", || {
        let mut stage = plain();
        let invite = stage.at(FOUNDER).invite(SECOND, 1);
        let first = stage.join(invite);
        let late = stage.stranger();
        stage.at(late).knowing(&[invite.entry]).join(invite);
        let epoch = stage.epoch_for(RoleId::EVERYONE, EpochId([9; 32]), &[FOUNDER, first, late]);
        let act = stage.at(FOUNDER).say(vec![Op::RoleEpoch(epoch)]);
        refused(&stage, act, F::BadKeys)
    }),
    (K26Backlinks, "an epoch of a role with history since joining leads back to none", || {
        let (mut stage, ann) = desk();
        let role = stage.at(FOUNDER).define_role_since(RoleId(9), 1);
        let see = alone(SECOND, Verb::See, Object::Role(RoleId(9)));
        stage.at(FOUNDER).set_rule(see, true);
        let first = stage.epoch_for(RoleId(9), EpochId([9; 32]), &[ann]);
        let made = stage.at(ann).say(vec![Op::RoleEpoch(first)]);
        let next = stage.epoch_for(RoleId(9), EpochId([10; 32]), &[ann]);
        let parent = EpochId([9; 32]);
        let backlink = Backlink { parent, nonce: [0; 24], sealed: [0; SEALED_SECRET_BYTES] };
        let next = crate::op::RoleEpoch { parents: vec![parent], backlinks: vec![backlink], ..next };
        let act = stage.at(ann).say(vec![Op::RoleEpoch(next)]);
        counts(&stage, role) && counts(&stage, made) && refused(&stage, act, F::BadKeys)
    }),
    (K26Stays, "another definition of a role takes nothing back of its history", || {
        let mut stage = plain();
        let other = stage.stranger();
        let added = stage.at(FOUNDER).add_device(other);
        // Neither knows of the other, and the first device is the senior.
        stage.at(FOUNDER).define_role(RoleId(9), 1);
        stage.at(other).knowing(&[added]).define_role_since(RoleId(9), 1);
        stage.told.authority.is_since_joining(RoleId(9))
    }),
    (K26Above, "nor says it who does not stand above the role", || {
        let mut stage = with(&[alone(SECOND, Verb::Amend, Object::Rules)]);
        let ann = stage.newcomer(FOUNDER, SECOND);
        let came = stage.came_by(ann).entry;
        stage.at(FOUNDER).define_role(RoleId(9), 1);
        let act = stage.at(ann).knowing(&[came]).define_role_since(RoleId(9), 3);
        counts(&stage, act) && !stage.told.authority.is_since_joining(RoleId(9))
    }),
    (K5Reads, "who hands an epoch on reads it", || {
        let (mut stage, ann) = desk();
        let epoch = stage.epoch_for(SECOND, EpochId([9; 32]), &[ann]);
        stage.at(ann).say(vec![Op::RoleEpoch(epoch)]);
        let welcome = Welcome { role: SECOND, epoch: EpochId([9; 32]), to: stage.author(ann), sealed: vec![0; 48] };
        let act = stage.at(FOUNDER).say(vec![Op::Welcome(welcome)]);
        refused(&stage, act, F::NotAReader)
    }),
    (K5Introduced, "what is handed on was introduced", || {
        let mut stage = plain();
        let to = stage.author(FOUNDER);
        let welcome = Welcome { role: RoleId::EVERYONE, epoch: EpochId([9; 32]), to, sealed: vec![0; 48] };
        let act = stage.at(FOUNDER).say(vec![Op::Welcome(welcome)]);
        refused(&stage, act, F::BadKeys)
    }),
    (K5Gone, "and to nobody who is known to be gone", || {
        let mut stage = plain();
        let ann = stage.newcomer(FOUNDER, SECOND);
        stage.at(FOUNDER).remove(ann);
        let to = stage.author(ann);
        let welcome = Welcome { role: RoleId::EVERYONE, epoch: stage.epoch, to, sealed: vec![0; 48] };
        let act = stage.at(FOUNDER).say(vec![Op::Welcome(welcome)]);
        refused(&stage, act, F::BadKeys)
    }),
];

/// The first op of an entry.
fn said(stage: &Stage, id: EntryId) -> Op {
    let Content::Public(ops) = &stage.entry(id).body().content else { unreachable!("a public entry") };
    ops[0].clone()
}

fn first_epoch(stage: &Stage) -> crate::op::RoleEpoch {
    let Op::RoleEpoch(epoch) = said(stage, stage.order()[1]) else { unreachable!("the founder's second entry") };
    epoch
}
