//! How others hand a new secret to a group: openmls (RFC 9420), p2panda-encryption (a secret for each pair), beekem (a tree that
//! bears concurrent changes). Each group is new: only the one who measures has a key of their own in the tree.

use std::collections::BTreeSet;
use std::hint::black_box;

use beekem::cgka::Cgka;
use beekem::id::TreeId;
use beekem::keys::ShareKeyMap;
use beekem::test_utils::member;
use future_form::Local;
use futures::executor::block_on;
use keyhive_crypto::share_key::ShareSecretKey;
use keyhive_crypto::signer::memory::MemorySigner;
use openmls::prelude::*;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use p2panda_core::cbor::encode_cbor;
use p2panda_encryption::Rng;
use p2panda_encryption::crypto::x25519::SecretKey;
use p2panda_encryption::data_scheme::dcgka::{Dcgka, DcgkaState};
use p2panda_encryption::data_scheme::test_utils::dgm::TestDgm;
use p2panda_encryption::data_scheme::{DirectMessage, GroupSecret, SecretBundle};
use p2panda_encryption::key_bundle::Lifetime;
use p2panda_encryption::key_manager::KeyManager;
use p2panda_encryption::key_registry::KeyRegistry;
use p2panda_encryption::test_utils::MessageId;
use p2panda_encryption::traits::{GroupMembership, PreKeyManager};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::clock::{median, thread_nanos};

const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519;

/// Prints what each takes for so many readers.
pub fn compare(readers: usize, rounds: usize) {
    openmls(readers, rounds);
    p2panda(readers, rounds);
    beekem(readers, rounds);
}

fn line(who: &str, readers: usize, rotate: (Vec<f64>, usize), add: (Vec<f64>, usize)) {
    let [nanos, one_more] = [rotate.0, add.0].map(median);
    println!(
        "    {who:32} {:9.2} ms, {:4} bytes; one more {:9.2} ms, {} bytes in all",
        nanos / 1e6,
        rotate.1 / readers,
        one_more / 1e6,
        add.1,
    );
}

fn openmls(readers: usize, rounds: usize) {
    let provider = OpenMlsRustCrypto::default();
    let person = |number: usize| {
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm()).expect("random");
        let credential = BasicCredential::new(number.to_be_bytes().to_vec()).into();
        let with_key = CredentialWithKey { credential, signature_key: signer.to_public_vec().into() };
        (signer, with_key)
    };
    let package = |number: usize| {
        let (signer, with_key) = person(number);
        let package = KeyPackage::builder().build(SUITE, &provider, &signer, with_key).expect("a package");
        package.key_package().clone()
    };
    let (signer, with_key) = person(0);
    let config = MlsGroupCreateConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .ciphersuite(SUITE)
        .build();
    let mut group = MlsGroup::new(&provider, &signer, &config, with_key).expect("a group");
    let others: Vec<KeyPackage> = (1..readers).map(package).collect();
    group.add_members(&provider, &signer, &others).expect("added");
    group.merge_pending_commit(&provider).expect("merged");
    let (mut rotations, mut adds, mut bytes, mut add_bytes) = (Vec::new(), Vec::new(), 0, 0);
    let one_more = package(readers);
    for _ in 0..rounds {
        let before = thread_nanos();
        let commit = group.self_update(&provider, &signer, LeafNodeParameters::default()).expect("updated");
        rotations.push(thread_nanos() - before);
        bytes = commit.commit().to_bytes().expect("written").len();
        group.clear_pending_commit(provider.storage()).expect("in memory");
        let before = thread_nanos();
        let (commit, welcome, _) =
            group.add_members(&provider, &signer, std::slice::from_ref(&one_more)).expect("added");
        adds.push(thread_nanos() - before);
        add_bytes = commit.to_bytes().expect("written").len() + welcome.to_bytes().expect("written").len();
        group.clear_pending_commit(provider.storage()).expect("in memory");
    }
    line("openmls 0.9.2, new tree", readers, (rotations, bytes), (adds, add_bytes));
}

type Panda = DcgkaState<usize, MessageId, KeyRegistry<usize>, TestDgm<usize, MessageId>, KeyManager>;
type PandaMessage = DirectMessage<usize, MessageId, TestDgm<usize, MessageId>>;

fn p2panda(readers: usize, rounds: usize) {
    let rng = Rng::from_seed([3; 32]);
    let manager = || {
        let secret = SecretKey::from_bytes(rng.random_array().expect("random"));
        KeyManager::init_and_generate_prekey(&secret, Lifetime::default(), &rng).expect("a key")
    };
    let mine = manager();
    let mut registry = KeyRegistry::init();
    // One more than there are at first.
    for number in 0..=readers {
        let other = if number == 0 { mine.clone() } else { manager() };
        let bundle = KeyManager::prekey_bundle(&other).expect("a bundle");
        registry = KeyRegistry::add_longterm_bundle(registry, number, bundle).expect("a valid bundle");
    }
    let everybody: Vec<usize> = (0..readers).collect();
    let dgm = TestDgm::<usize, MessageId>::create(0, &everybody).expect("never");
    let begin: Panda = Dcgka::init(0, mine, registry, dgm);
    let secret = GroupSecret::new([7; 32], 1_790_000_000);
    let written = |messages: &[PandaMessage]| -> usize {
        messages.iter().map(|message| encode_cbor(message).expect("written").len()).sum()
    };
    let (mut first, mut rotations, mut adds) = (Vec::new(), Vec::new(), Vec::new());
    let (mut first_bytes, mut bytes, mut add_bytes) = (0, 0, 0);
    for _ in 0..rounds {
        let state = begin.clone();
        let before = thread_nanos();
        let (state, out) = Dcgka::create(state, everybody.clone(), &secret, &rng).expect("sealed");
        first.push(thread_nanos() - before);
        first_bytes = written(&out.direct_messages);
        let before = thread_nanos();
        let (state, out) = Dcgka::update(state, &secret, &rng).expect("sealed");
        rotations.push(thread_nanos() - before);
        assert_eq!(out.direct_messages.len(), readers - 1);
        bytes = written(&out.direct_messages);
        let bundle = SecretBundle::insert(SecretBundle::init(), secret.clone());
        let before = thread_nanos();
        let (_, out) = black_box(Dcgka::add(state, readers, &bundle, &rng).expect("sealed"));
        adds.push(thread_nanos() - before);
        add_bytes = written(&out.direct_messages);
    }
    line("p2panda-encryption 0.6.1, first", readers, (first, first_bytes), (adds.clone(), add_bytes));
    line("p2panda-encryption 0.6.1, next", readers, (rotations, bytes), (adds, add_bytes));
}

fn beekem(readers: usize, rounds: usize) {
    let mut rng = StdRng::seed_from_u64(3);
    let tree = MemorySigner::generate(&mut rng);
    let me = member(&mut rng);
    let mut keys = ShareKeyMap::new();
    keys.insert(me.pk, me.sk);
    let mut group = Cgka::new(TreeId::from(&tree.0), me.id, keys);
    let add = |group: &mut Cgka, who: &beekem::test_utils::Member| {
        let done = block_on(group.add::<Local, _>(who.id, who.pk, None, BTreeSet::new(), &me.signer));
        done.expect("added").expect("new")
    };
    add(&mut group, &me);
    for _ in 1..readers {
        add(&mut group, &member(&mut rng));
    }
    let one_more = member(&mut rng);
    let (mut rotations, mut adds, mut bytes, mut add_bytes) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..rounds {
        let mut group = group.clone();
        let before = thread_nanos();
        let secret = ShareSecretKey::generate(&mut rng);
        let public = secret.share_key();
        let done = block_on(group.update::<Local, _, StdRng>(public, secret, &me.signer, &mut rng));
        rotations.push(thread_nanos() - before);
        bytes = done.expect("updated").1.signed().encoded().len();
        let before = thread_nanos();
        let added = add(&mut group, &one_more);
        adds.push(thread_nanos() - before);
        add_bytes = added.signed().encoded().len();
    }
    line("beekem 0.7.0, new tree", readers, (rotations, bytes), (adds, add_bytes));
}
