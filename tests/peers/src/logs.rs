//! Entries of several authors: made, and taken in, by us, by p2panda-core and by ssb-validate; processor time of the thread.

use std::hint::black_box;

use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes, batch};
use p2panda_core::cbor::decode_cbor;
use p2panda_core::{Body, Header, Operation, SigningKey, Timestamp, validate_backlink, validate_operation};
use pursuance_core::command::Command;
use pursuance_core::crypto::{Seed, label};
use pursuance_core::entry::{self, Entry, GrantRef, UnverifiedEntry};
use pursuance_core::founding::{Founding, found};
use pursuance_core::id::{EntryId, PursuanceId};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::logs::{Append, Logs};
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;

use crate::clock::{median, thread_nanos};
use crate::ssb;

const AUTHORS: usize = 8;
const ENTRIES: usize = 1_024;
const ROUNDS: usize = 15;

/// Prints what each costs.
pub fn compare() {
    let (pursuance, genesis, template) = template();
    let bodies: Vec<entry::Body> = (0..AUTHORS)
        .map(|_| {
            let by = Some(GrantRef { entry: genesis.id(), op: 0 });
            entry::Body { heads: Vec::new(), by, ..template.body().clone() }
        })
        .collect();
    let ours = write_ours(pursuance, &bodies);
    let payload = ours[0].len() - 130;
    let theirs = write_theirs(payload);
    let bare: Vec<([u8; 32], Vec<u8>, [u8; 64])> = ours
        .iter()
        .map(|bytes| {
            let entry = UnverifiedEntry::decode(bytes).expect("strict");
            let message = [label::ENTRY_SIGNATURE, &pursuance.0, &entry.id().0].concat();
            (entry.body().author.0, message, *bytes.last_chunk().expect("ends with its signature"))
        })
        .collect();
    let messages = ssb::write(AUTHORS, ENTRIES, payload);
    let mut nanos: [Vec<f64>; 9] = Default::default();
    for round in 0..ROUNDS {
        let mut keep = |which: usize, work: &mut dyn FnMut()| {
            let before = thread_nanos();
            work();
            nanos[which].push((thread_nanos() - before) / ENTRIES as f64);
        };
        keep(0, &mut || {
            for (key, message, signature) in black_box(&bare) {
                VerificationKey::try_from(VerificationKeyBytes::from(*key))
                    .and_then(|key| key.verify(&Signature::from(*signature), message))
                    .expect("signed");
            }
        });
        keep(1, &mut || {
            let mut all = batch::Verifier::new();
            for (key, message, signature) in black_box(&bare) {
                all.queue((VerificationKeyBytes::from(*key), Signature::from(*signature), message));
            }
            all.verify(&mut Seed::new([round as u8; 32])).expect("signed");
        });
        keep(2, &mut || {
            let (mut logs, mut released) = (Logs::default(), Vec::new());
            logs.append(genesis.clone(), &mut released);
            for bytes in black_box(&ours) {
                let entry = UnverifiedEntry::decode(bytes).expect("strict").verify(pursuance).expect("signed");
                assert_eq!(logs.append(entry, &mut released), Append::Appended);
            }
        });
        keep(3, &mut || {
            let (mut logs, mut released) = (Logs::default(), Vec::new());
            logs.append(genesis.clone(), &mut released);
            let all = black_box(&ours).iter().map(|bytes| UnverifiedEntry::decode(bytes).expect("strict")).collect();
            for entry in UnverifiedEntry::verify_all(all, pursuance, &mut Seed::new([round as u8; 32])) {
                assert_eq!(logs.append(entry.expect("signed"), &mut released), Append::Appended);
            }
        });
        keep(4, &mut || {
            let mut last: Vec<Option<Header>> = vec![None; AUTHORS];
            for (n, (header, body)) in black_box(&theirs).iter().enumerate() {
                let header: Header = decode_cbor(&header[..]).expect("their CBOR");
                let operation = Operation { hash: header.hash(), header, body: Some(Body::new(body)) };
                validate_operation(&operation).expect("signed");
                if let Some(last) = &last[n % AUTHORS] {
                    validate_backlink(last, &operation.header).expect("a chain");
                }
                last[n % AUTHORS] = Some(operation.header);
            }
        });
        keep(5, &mut || ssb::take_in(AUTHORS, black_box(&messages)));
        keep(6, &mut || ssb::take_in_at_once(AUTHORS, black_box(&messages)));
        keep(7, &mut || drop(black_box(write_ours(pursuance, &bodies))));
        keep(8, &mut || drop(black_box(write_theirs(payload))));
    }
    let [single, batch, ours_single, ours_batch, panda, ssb, ssb_batch, ours_made, panda_made] =
        nanos.map(|nanos| median(nanos) / 1e3);
    println!("{ENTRIES} entries of {AUTHORS} authors, {} bytes each, median of {ROUNDS} rounds", ours[0].len());
    println!("taken in: strictly decoded, signature, links");
    println!("    bare Ed25519, one at a time       {single:6.1} us");
    println!("    bare Ed25519, all at once         {batch:6.1} us");
    println!("    ours, one at a time               {ours_single:6.1} us");
    println!("    ours, a page at once              {ours_batch:6.1} us");
    for (name, theirs) in
        [("p2panda-core 0.6.1", panda), ("ssb-validate 1.4.2", ssb), ("ssb-validate, signatures at once", ssb_batch)]
    {
        let (single, page) = (theirs / ours_single, theirs / ours_batch);
        println!("    {name:33} {theirs:6.1} us   (ours {single:.2} x as fast, a page at once {page:.2} x)");
    }
    println!("made: encoded and signed (ours also decodes and checks what it made)");
    println!("    ours                              {ours_made:6.1} us");
    println!("    p2panda-core 0.6.1                {panda_made:6.1} us");
}

/// A comment, sealed to everyone: what most entries are.
fn template() -> (PursuanceId, Entry, Entry) {
    let device = DeviceKeys::from_seed([1; 32]);
    let founding =
        Founding { name: "Harbour watch".into(), mission: String::new(), my_name: "Maya".into(), relays: Vec::new() };
    let founded = found(&founding, &device, 1_790_000_000, &mut Seed::new([2; 32])).expect("good texts");
    let genesis = founded.entries[0].clone();
    let mut replica = Replica::new(founded.pursuance, device);
    founded.entries.into_iter().for_each(|entry| drop(replica.append(entry)));
    let mut act = |n: u8, command: &Command| {
        let mut seed = Seed::new([n; 32]);
        let mut with = Circumstances { now_seconds: 1_790_000_000, seed: &mut seed, since: Vec::new() };
        let authored = replica.command(command, &mut with).expect("allowed");
        authored.entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
        (authored.entries[0].clone(), authored.task)
    };
    let create = Command::CreateTask {
        title: "Photograph the permits".into(),
        parent: None,
        assignees: vec![],
        labels: vec![],
        due: None,
        priority: 0,
        home: None,
    };
    let task = act(3, &create).1.expect("a task");
    let text = "On my way, and this is a line of what there is to say about it.".into();
    (founded.pursuance, genesis, act(4, &Command::Comment { task, text }).0)
}

fn write_ours(pursuance: PursuanceId, bodies: &[entry::Body]) -> Vec<Vec<u8>> {
    let devices: Vec<DeviceKeys> = (0..AUTHORS).map(|n| DeviceKeys::from_seed([20 + n as u8; 32])).collect();
    let mut last: Vec<Option<EntryId>> = vec![None; AUTHORS];
    (0..ENTRIES)
        .map(|n| {
            let (device, last) = (&devices[n % AUTHORS], &mut last[n % AUTHORS]);
            let seq = (n / AUTHORS) as u32;
            let body = entry::Body { author: device.author(), seq, prev: *last, ..bodies[n % AUTHORS].clone() };
            let entry = Entry::sign(&device.signing, Some(pursuance), &body);
            *last = Some(entry.id());
            entry.bytes().to_vec()
        })
        .collect()
}

fn write_theirs(payload: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let keys: Vec<SigningKey> = (0..AUTHORS).map(|n| SigningKey::from_bytes(&[20 + n as u8; 32])).collect();
    let mut last = vec![None; AUTHORS];
    (0..ENTRIES)
        .map(|n| {
            let body = Body::new(&vec![n as u8; payload]);
            let mut header: Header = Header {
                version: 1,
                verifying_key: keys[n % AUTHORS].verifying_key(),
                signature: None,
                payload_size: body.size(),
                payload_hash: Some(body.hash()),
                timestamp: Timestamp::now(),
                seq_num: (n / AUTHORS) as u64,
                backlink: last[n % AUTHORS],
                extensions: (),
            };
            header.sign(&keys[n % AUTHORS]);
            last[n % AUTHORS] = Some(header.hash());
            (header.to_bytes(), body.to_bytes())
        })
        .collect()
}
