//! Goals K1 to K3: a new secret for so many readers, what it costs one of them, and somebody who comes; processor time of the thread.
//!
//! The bound is HPKE in base mode, by the same crate, once for each reader. Others stand beside it where a group is new: nobody but
//! the one who measures has written a key of their own yet ([`crate::groups`]).

use std::hint::black_box;

use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::crypto::{KeySuite, Seed, derive_key, label};
use pursuance_core::entry::{Content, Entry, GrantRef, UnverifiedEntry};
use pursuance_core::founding::{Founding, MEMBER, ORGANISER, found};
use pursuance_core::id::{MemberId, RoleId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, InviteSecret};
use pursuance_core::op::{KeyPackage, Op, RoleEpoch};
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};

use crate::clock::{median, thread_nanos};
use crate::groups;

/// Readers; the last is the most that an epoch may have.
const READERS: [usize; 3] = [10, 100, 800];
/// Readers for seals alone, and for the others.
const MANY_READERS: usize = 1_000;
/// Roles held by somebody who goes.
const ROLES: usize = 20;
/// Others who hold each of them, where something was said to them.
const HOLDERS: usize = 8;
const ROUNDS: usize = 5;
const NOW_SECONDS: u64 = 1_790_000_000;
/// Bytes that a seal of ours is bound to: pursuance, role, epoch.
const ASSOCIATED: [u8; 66] = [5; 66];
const INFO: &[u8] = label::EPOCH_SEAL_INFO;

/// Prints what each costs.
pub fn compare() {
    println!("\nK1: a new epoch's secret for all readers, median of {ROUNDS} rounds");
    for suite in [KeySuite::X25519, KeySuite::XWing] {
        for readers in READERS {
            rotate(suite, readers);
        }
        seals(suite);
    }
    println!("\nK2: what a new epoch costs one reader; a replica that holds all keys");
    for suite in [KeySuite::X25519, KeySuite::XWing] {
        READERS.iter().for_each(|readers| receive(suite, *readers));
    }
    println!("\nK3: somebody joins by a link and is welcomed; somebody with {ROLES} roles is removed");
    for readers in READERS {
        add(readers);
        // One fewer reads afterwards, and one more has to be there to go.
        for heard in [false, true] {
            remove(readers - 1, heard);
        }
    }
    println!("\nOthers, X25519: a new group's new secret, and one more member; bytes are what is sent for each reader");
    for readers in [READERS[0], READERS[1], MANY_READERS] {
        println!("  {readers} readers");
        let bound = median((0..ROUNDS).map(|_| bound(KeySuite::X25519, &packages(readers))).collect());
        println!("    HPKE base for each               {:9.2} ms", bound / 1e6);
        groups::compare(readers, ROUNDS);
    }
}

/// The same work by the bare crate, in nanoseconds.
fn bound(suite: KeySuite, packages: &[KeyPackage]) -> f64 {
    let before = thread_nanos();
    let mut seed = Seed::new([9; 32]);
    for package in packages {
        match suite {
            KeySuite::X25519 => drop(black_box(seal::<X25519HkdfSha256>(&package.public, &mut seed))),
            KeySuite::XWing => drop(black_box(seal::<XWing>(&package.public, &mut seed))),
        }
    }
    thread_nanos() - before
}

fn seal<K: Kem>(public: &[u8], seed: &mut Seed) -> Vec<u8> {
    let public = K::PublicKey::from_bytes(public).expect("a key");
    let (encapsulated, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeS::Base,
        &public,
        INFO,
        &[7; 32],
        &ASSOCIATED,
        seed,
    )
    .expect("a key");
    [&encapsulated.to_bytes()[..], &sealed].concat()
}

fn open<K: Kem>(private: &[u8; 32], sealed: &[u8]) -> Vec<u8> {
    let private = K::PrivateKey::from_bytes(private).expect("a key");
    let (encapsulated, body) = sealed.split_at(sealed.len() - 48);
    let encapsulated = K::EncappedKey::from_bytes(encapsulated).expect("a key");
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, K>(
        &OpModeR::Base,
        &private,
        &encapsulated,
        INFO,
        body,
        &ASSOCIATED,
    )
    .expect("sealed to it")
}

fn device_seed(number: usize) -> [u8; 32] {
    let mut seed = [5; 32];
    seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    seed
}

fn name(suite: KeySuite) -> &'static str {
    match suite {
        KeySuite::X25519 => "X25519",
        KeySuite::XWing => "X-Wing",
    }
}

/// A founder and those who joined by one link.
struct Group {
    suite: KeySuite,
    founder: Replica,
    entries: Vec<Entry>,
    invite: (GrantRef, InviteSecret),
    packages: Vec<KeyPackage>,
    drawn: u64,
}

impl Group {
    /// So many readers, the founder among them.
    fn new(suite: KeySuite, readers: usize) -> Self {
        let device = DeviceKeys::of_suite(suite, device_seed(0));
        let packages = vec![device.key_package().clone()];
        let founding =
            Founding { name: "Team".into(), mission: String::new(), my_name: "Founder".into(), relays: Vec::new() };
        let founded = found(&founding, &device, NOW_SECONDS, &mut Seed::new([1; 32])).expect("good texts");
        let mut founder = Replica::new(founded.pursuance, device);
        founded.entries.iter().for_each(|entry| drop(founder.append(entry.clone())));
        let mut seed = Seed::new([2; 32]);
        let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
        let link = Command::Invite { role: MEMBER, uses: 9_999, reviewed: false };
        let authored = founder.command(&link, &mut with).expect("allowed");
        let invite = authored.invite.expect("an invite");
        let mut group = Self { suite, founder, entries: founded.entries, invite, packages, drawn: 0 };
        group.take(&authored.entries);
        for number in 1..readers {
            let join = group.join(number);
            let author = join.body().author;
            group.take(&[join]);
            // The welcome has the join in its past: an entry names some heads only, and an epoch is for those in its past.
            let welcome = group.founder.welcome(author, NOW_SECONDS).expect("the founder holds the epoch");
            group.take(&[welcome]);
        }
        group
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.founder.append(entry.clone());
            self.entries.push(entry.clone());
        }
    }

    fn join(&mut self, number: usize) -> Entry {
        let device = DeviceKeys::of_suite(self.suite, device_seed(number));
        self.packages.push(device.key_package().clone());
        let (grant, secret) = &self.invite;
        let mut preview = Preview::new(self.founder.pursuance(), grant.entry, secret.clone());
        self.founder.preview_entries(*grant).into_iter().for_each(|entry| preview.add(entry.clone()));
        preview.join(&device, &format!("Member {number}"), NOW_SECONDS).expect("a use is left")
    }

    fn seed(&mut self) -> Seed {
        self.drawn += 1;
        let mut seed = [3; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        Seed::new(seed)
    }

    fn says(&mut self, command: &Command) -> Authored {
        let mut seed = self.seed();
        let mut with = Circumstances { now_seconds: NOW_SECONDS + self.drawn, seed: &mut seed, since: Vec::new() };
        self.founder.command(command, &mut with).expect("allowed")
    }

    fn rotate(&mut self) -> Entry {
        let mut seed = self.seed();
        self.founder.rotate(NOW_SECONDS, &mut seed).expect("the founder holds the epoch")
    }

    /// Another role, which organisers read and write to as its holders do.
    fn role(&mut self, number: usize, holders: impl Iterator<Item = usize>) -> RoleId {
        let before: Vec<RoleId> = self.founder.people().roles.iter().map(|role| role.id).collect();
        let defined =
            self.says(&Command::DefineRole { name: format!("helper {number}"), rank: 2, since_joining: false });
        self.take(&defined.entries);
        let roles = self.founder.people().roles;
        let role = roles.iter().map(|role| role.id).find(|id| !before.contains(id)).expect("defined");
        let organisers = [Verb::Grant, Verb::Remove, Verb::See, Verb::Create].map(|verb| (ORGANISER, verb));
        for (of, verb) in organisers.into_iter().chain([(role, Verb::See)]) {
            let conditions = Conditions::ALWAYS;
            let rule = Rule { role: of, verb, object: Object::Role(role), conditions, quorum: None };
            let set = self.says(&Command::Propose { of: ORGANISER, change: Change::SetRule { rule, present: true } });
            self.take(&set.entries);
        }
        for holder in holders {
            let given = self.says(&Command::Grant { member: self.member(holder), role });
            self.take(&given.entries);
        }
        role
    }

    /// Something is said to each role: the time it takes, its bytes, and how many epochs it brought.
    fn word_to_each(&mut self, roles: &[RoleId]) -> (f64, usize, usize) {
        let (mut bytes, mut epochs) = (0, 0);
        let before = thread_nanos();
        for role in roles {
            let said = self.says(&Command::create_task_for(*role, "Count the cranes"));
            self.take(&said.entries);
            bytes += said.entries.iter().map(|entry| entry.bytes().len()).sum::<usize>();
            epochs += said.entries.len() - 1;
        }
        (thread_nanos() - before, bytes, epochs)
    }

    /// Who holds this key package.
    fn member(&self, number: usize) -> MemberId {
        let author = DeviceKeys::of_suite(self.suite, device_seed(number)).author();
        self.founder.authority().member_of(author).expect("a member")
    }
}

/// Key packages of devices that are in no group.
fn packages(readers: usize) -> Vec<KeyPackage> {
    (0..readers).map(|at| DeviceKeys::of_suite(KeySuite::X25519, device_seed(at)).key_package().clone()).collect()
}

fn introduced(entry: &Entry) -> &RoleEpoch {
    let Content::Public(ops) = &entry.body().content else { panic!("a public entry") };
    let [Op::RoleEpoch(made)] = &ops[..] else { panic!("an epoch") };
    made
}

/// One whole entry: secret, seals, backlink, hash of the readers, signature, and what is read again before it leaves.
fn rotate(suite: KeySuite, readers: usize) {
    let mut group = Group::new(suite, readers);
    let (mut bare, mut ours, mut ratios, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let bound = bound(suite, &group.packages);
        let before = thread_nanos();
        let entry = black_box(group.rotate());
        let nanos = thread_nanos() - before;
        assert_eq!(introduced(&entry).seals.len(), readers);
        bytes = entry.bytes().len();
        bare.push(bound);
        ours.push(nanos);
        ratios.push(nanos / bound);
    }
    let (bare, ours) = (median(bare) / 1e6, median(ours) / 1e6);
    let most = 88 * readers + 300;
    println!(
        "    {} {readers:4} readers   HPKE {bare:8.2} ms   rotate {ours:8.2} ms   {:.3} x   {bytes} bytes (88 n + 300: {most})",
        name(suite),
        median(ratios),
    );
}

/// Seals alone, for more readers than an entry may have.
fn seals(suite: KeySuite) {
    let packages: Vec<KeyPackage> =
        (0..MANY_READERS).map(|at| DeviceKeys::of_suite(suite, device_seed(at)).key_package().clone()).collect();
    let secret = pursuance_core::keys::EpochSecret::new([7; 32]);
    let pursuance = pursuance_core::id::PursuanceId([1; 32]);
    let (mut bare, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bound = bound(suite, &packages);
        let before = thread_nanos();
        for package in &packages {
            drop(black_box(secret.seal_to(pursuance, RoleId::EVERYONE, package).expect("a key")));
        }
        let nanos = thread_nanos() - before;
        bare.push(bound);
        ours.push(nanos);
        ratios.push(nanos / bound);
    }
    let (bare, ours) = (median(bare) / 1e6, median(ours) / 1e6);
    println!(
        "    {} {MANY_READERS:4} readers   HPKE {bare:8.2} ms   seals  {ours:8.2} ms   {:.3} x",
        name(suite),
        median(ratios)
    );
}

/// From the bytes of the entry to the secret held, at somebody who has read all before it.
fn receive(suite: KeySuite, readers: usize) {
    let mut group = Group::new(suite, readers);
    let number = readers - 1;
    let seed = device_seed(number);
    let mut reader = Replica::new(group.founder.pursuance(), DeviceKeys::of_suite(suite, seed));
    group.entries.iter().for_each(|entry| drop(reader.append(entry.clone())));
    let private = derive_key(label::DEVICE_PACKAGE, &seed);
    let mut draws = Seed::new([9; 32]);
    let sealed = match suite {
        KeySuite::X25519 => seal::<X25519HkdfSha256>(&group.packages[number].public, &mut draws),
        KeySuite::XWing => seal::<XWing>(&group.packages[number].public, &mut draws),
    };
    let (mut bare, mut ours, mut read, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let entry = group.rotate();
        group.take(std::slice::from_ref(&entry));
        let message = [label::ENTRY_SIGNATURE, &group.founder.pursuance().0, &entry.id().0].concat();
        let signature: [u8; 64] = *entry.bytes().last_chunk().expect("an entry ends with its signature");
        let before = thread_nanos();
        match suite {
            KeySuite::X25519 => drop(black_box(open::<X25519HkdfSha256>(&private, &sealed))),
            KeySuite::XWing => drop(black_box(open::<XWing>(&private, &sealed))),
        }
        VerificationKey::try_from(VerificationKeyBytes::from(entry.body().author.0))
            .and_then(|key| key.verify(&Signature::from(signature), &message))
            .expect("signed");
        let bound = thread_nanos() - before;
        let before = thread_nanos();
        let checked =
            UnverifiedEntry::decode(entry.bytes()).expect("strict").verify(reader.pursuance()).expect("signed");
        let middle = thread_nanos();
        reader.append(checked);
        let nanos = thread_nanos() - before;
        let learned = reader.take_learned();
        assert!(learned.iter().any(|secret| secret.id() == introduced(&entry).epoch), "it opened its seal");
        bare.push(bound);
        ours.push(nanos);
        read.push(middle - before);
        ratios.push(nanos / bound);
    }
    let [bare, ours, read] = [bare, ours, read].map(|nanos| median(nanos) / 1e3);
    println!(
        "    {} {readers:4} readers   open and verify {bare:6.0} us   ours {ours:6.0} us, of it {read:.0} decoding and signature   {:.2} x",
        name(suite),
        median(ratios),
    );
}

/// A join as it comes, and the welcome of whoever sees it first.
fn add(readers: usize) {
    let mut group = Group::new(KeySuite::XWing, readers);
    let (mut joins, mut welcomes, mut bytes) = (Vec::new(), Vec::new(), 0);
    for number in readers..readers + ROUNDS {
        let join = group.join(number);
        let author = join.body().author;
        let before = thread_nanos();
        let checked = UnverifiedEntry::decode(join.bytes()).expect("strict").verify(group.founder.pursuance());
        group.take(&[checked.expect("signed")]);
        let middle = thread_nanos();
        let welcome = group.founder.welcome(author, NOW_SECONDS).expect("the founder holds the epoch");
        bytes = join.bytes().len() + welcome.bytes().len();
        group.take(&[welcome]);
        joins.push(middle - before);
        welcomes.push(thread_nanos() - middle);
    }
    let [joins, welcomes] = [joins, welcomes].map(|nanos| median(nanos) / 1e3);
    println!(
        "    {readers:4} readers and one more       join read {joins:6.0} us, welcome {welcomes:6.0} us, {bytes} bytes"
    );
}

/// A removal and the epoch that follows it, beside that epoch alone; and where something was said to the roles before, what the first
/// thing that is said to each of them afterwards costs, beside what it cost before.
fn remove(readers: usize, heard: bool) {
    let mut group = Group::new(KeySuite::XWing, readers + 1);
    let others = if heard { 1..1 + HOLDERS } else { 0..0 };
    let roles: Vec<RoleId> = (0..ROLES).map(|number| group.role(number, others.clone().chain([readers]))).collect();
    if heard {
        group.word_to_each(&roles);
    }
    let word = heard.then(|| group.word_to_each(&roles));
    let member = group.member(readers);
    let before = thread_nanos();
    let removal = group.says(&Command::RemoveMember { member, roles: Vec::new() });
    group.take(&removal.entries);
    let removed = thread_nanos();
    let rotated = group.rotate();
    let both = thread_nanos() - before;
    assert_eq!(introduced(&rotated).seals.len(), readers);
    let bytes: usize = removal.entries.iter().map(|entry| entry.bytes().len()).sum();
    let of_it = removed - before;
    println!(
        "    one of {:4} goes, with {ROLES} roles  removal {:6.0} us, {} entries, {bytes} bytes; with the epoch {:8.2} ms, {} bytes",
        readers + 1,
        of_it / 1e3,
        removal.entries.len(),
        both / 1e6,
        rotated.bytes().len(),
    );
    let Some((word_nanos, word_bytes, 0)) = word else { return };
    group.take(&[rotated]);
    let (nanos, bytes, epochs) = group.word_to_each(&roles);
    assert_eq!(epochs, ROLES, "each role's next word brings an epoch");
    println!(
        "         {} still read each of them  a word to each {:8.2} ms, {word_bytes} bytes; the first after it {:8.2} ms, {bytes} bytes",
        HOLDERS + 1,
        word_nanos / 1e6,
        nanos / 1e6,
    );
}
