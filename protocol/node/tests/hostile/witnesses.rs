//! Witnesses that a person named, and a relay whose checkpoints they sign, or seem to (docs/protocol/08-node.md, N66).

use std::net::SocketAddr;

use data_encoding::{BASE64, HEXLOWER};
use pursuance_core::id::PursuanceId;
use pursuance_node::api::{RelayView, Request, Trouble};
use pursuance_node::witnesses::{CosignedView, MAX_WITNESSES};
use pursuance_wire::log::{Checkpoint, LogSigner, NodeHash, SlotNumber};
use sha2::{Digest, Sha256};

use crate::harbour::Sailor;
use crate::liar::{Liar, Shared, address};

/// What a request may ask a relay for.
const ASKED: [&str; 6] = ["/policy", "/checkpoint", "/tile/", "/blocks/", "/stream", "/post"];

/// Key id, and the key as it is handed around, of the witness with this seed and name.
fn witness(seed: u8, name: &str) -> (Vec<u8>, String) {
    let typed = [&[4], &LogSigner::from_seed(&[seed; 32]).key().as_bytes()[..]].concat();
    let id = Sha256::new().chain_update(name).chain_update(b"\n").chain_update(&typed).finalize()[..4].to_vec();
    let key = format!("{name}+{}+{}", HEXLOWER.encode(&id), BASE64.encode(&typed));
    (id, key)
}

fn key(seed: u8, name: &str) -> String {
    witness(seed, name).1
}

/// The line with which it signs a checkpoint. What stands behind the key id in the line of a note's signer is its signature.
pub fn line(seed: u8, name: &str, seconds: u64, checkpoint: &Checkpoint) -> String {
    let message = format!("cosignature/v1\ntime {seconds}\n{}", checkpoint.note().text());
    let signed = LogSigner::from_seed(&[seed; 32]).sign(&message).unwrap().as_bytes().to_vec();
    let signed = String::from_utf8(signed).unwrap();
    let signature = BASE64.decode(signed.trim_end().rsplit(' ').next().unwrap().as_bytes()).unwrap();
    let blob = [&witness(seed, name).0[..], &seconds.to_be_bytes(), &signature[4..]].concat();
    format!("\u{2014} {name} {}\n", BASE64.encode(&blob))
}

/// It signs at the end of the slot, of a second.
fn prompt(seed: u8, name: &str, checkpoint: &Checkpoint) -> String {
    line(seed, name, checkpoint.slot().0 + 1, checkpoint)
}

async fn add(sailor: &Sailor, key: &str) -> Result<(), Trouble> {
    sailor.ask(Request::AddWitness { key: key.into() }).await.map(|_| ())
}

/// Somebody with a pursuance of their own at this relay.
async fn aboard(at: SocketAddr) -> (Sailor, PursuanceId) {
    let sailor = Sailor::aboard(&[(address(), at)]).await;
    let pursuance = sailor.found(Some(&address())).await;
    sailor.until_async("reached", async || relay(&sailor, pursuance).await.reached_seconds.is_some()).await;
    (sailor, pursuance)
}

async fn relay(sailor: &Sailor, pursuance: PursuanceId) -> RelayView {
    let mut relays = sailor.relays(pursuance).await;
    assert_eq!(relays.len(), 1);
    relays.remove(0)
}

async fn cosigned(sailor: &Sailor, pursuance: PursuanceId) -> Vec<CosignedView> {
    let relay = relay(sailor, pursuance).await;
    assert_eq!((relay.fault, relay.has_proof), (None, false), "nobody lied");
    relay.cosigned
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_named_witness_signed_is_shown_until_it_is_removed() {
    let adds = |checkpoint: &Checkpoint| prompt(7, "quay.example/w", checkpoint);
    let (shared, at): (Shared, SocketAddr) = Liar { adds: Some(Box::new(adds)), ..Liar::honest(40) }.serve().await;
    let (maya, harbour) = aboard(at).await;
    assert_eq!(cosigned(&maya, harbour).await, [], "no witness was named");
    let key = key(7, "quay.example/w");

    // What came before it was named counts too.
    add(&maya, &format!("  {key}\n")).await.unwrap();
    let shown = cosigned(&maya, harbour).await;
    assert_eq!(shown.len(), 1);
    assert_eq!((&*shown[0].name, &shown[0].key), ("quay.example/w", &key));
    assert_eq!(shown[0].signed_seconds, shown[0].slot_ended_seconds);
    // And what comes.
    let first = shown[0].slot_ended_seconds;
    let later = async || cosigned(&maya, harbour).await[0].slot_ended_seconds > first;
    maya.until_async("a later slot", later).await;
    let named = maya.app().await.witnesses;
    assert_eq!(named.iter().map(|one| (&*one.name, &*one.key)).collect::<Vec<_>>(), [("quay.example/w", &*key)]);

    // It is kept, and nobody sees it while the vault is locked.
    let maya = maya.restart().await;
    assert_eq!(cosigned(&maya, harbour).await.len(), 1);
    maya.ask(Request::Lock).await.unwrap();
    assert_eq!(maya.app().await.witnesses, []);
    maya.ask(Request::Unlock { passphrase: crate::harbour::PASSPHRASE.into() }).await.unwrap();
    assert_eq!(maya.app().await.witnesses.len(), 1);

    maya.ask(Request::RemoveWitness { key: key.clone() }).await.unwrap();
    assert_eq!(cosigned(&maya, harbour).await, []);
    assert_eq!(maya.ask(Request::RemoveWitness { key: key.clone() }).await, Err(Trouble::Malformed));
    let maya = maya.restart().await;
    assert_eq!((maya.app().await.witnesses, cosigned(&maya, harbour).await), (vec![], vec![]));

    // Of the relay the same was asked as ever.
    let asked = shared.lock().unwrap().asked.clone();
    assert!(asked.iter().all(|path| ASKED.iter().any(|known| path.starts_with(known))), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_word_of_a_witness_is_not_shown() {
    let adds = |checkpoint: &Checkpoint| {
        let other = Checkpoint::sign(&LogSigner::from_seed(&[2; 32]), checkpoint.slot(), 5, NodeHash([9; 32]));
        let seconds = checkpoint.slot().0 + 1;
        [
            // Signed for another tree, by another key, for the day after tomorrow; twice; and by a stranger.
            line(11, "altered", seconds, &other),
            line(66, "forged", seconds, checkpoint).replace(&blob_id(66, "forged"), &blob_id(12, "forged")),
            line(13, "ahead", seconds + 2 * 86_400, checkpoint),
            line(14, "twice", seconds, checkpoint),
            line(14, "twice", seconds + 1, checkpoint),
            line(15, "stranger", seconds, checkpoint),
            line(16, "honest", seconds, checkpoint),
        ]
        .concat()
    };
    let (_, at) = Liar { adds: Some(Box::new(adds)), ..Liar::honest(40) }.serve().await;
    let (ben, harbour) = aboard(at).await;
    for (seed, name) in [(11, "altered"), (12, "forged"), (13, "ahead"), (14, "twice"), (16, "honest")] {
        add(&ben, &key(seed, name)).await.unwrap();
    }
    // In the note in which the honest one is seen stand all the others.
    let shown = cosigned(&ben, harbour).await;
    assert_eq!(shown.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["honest"]);
    let first = shown[0].slot_ended_seconds;
    let later = async || cosigned(&ben, harbour).await[0].slot_ended_seconds > first;
    ben.until_async("a later slot", later).await;
    assert_eq!(cosigned(&ben, harbour).await.len(), 1);
}

/// The beginning of a line's base64 that its key id decides, since a time of these days begins with zeros.
fn blob_id(seed: u8, name: &str) -> String {
    BASE64.encode(&[&witness(seed, name).0[..], &[0, 0]].concat())[..6].into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_is_signed_later_is_the_same_slot() {
    // One slot, and one tree, whatever is posted.
    let mut still = Liar { shown: Some(40), ..Liar::honest(40) };
    still.slot = Some(still.slot());
    let slot = still.slot.expect("a moment ago");
    let (shared, at) = still.serve().await;
    let (maya, harbour) = aboard(at).await;
    add(&maya, &key(7, "late")).await.unwrap();
    assert_eq!(cosigned(&maya, harbour).await, []);
    for seconds in [slot + 5, slot + 9] {
        shared.lock().unwrap().adds = Some(Box::new(move |checkpoint| line(7, "late", seconds, checkpoint)));
        // On the stream it is known already; the next visit asks for it as it always does.
        for offline in [true, false] {
            maya.ask(Request::SetOffline { offline }).await.unwrap();
        }
        let signed = async || {
            let shown = cosigned(&maya, harbour).await;
            shown.iter().any(|one| (one.slot_ended_seconds, one.signed_seconds) == (slot + 1, seconds))
        };
        maya.until_async("signed", signed).await;
    }
    // Without its line, and with that of another, it is the same slot too; and what was seen was seen.
    add(&maya, &key(8, "another")).await.unwrap();
    shared.lock().unwrap().adds = Some(Box::new(move |checkpoint| line(8, "another", slot + 1, checkpoint)));
    for offline in [true, false] {
        maya.ask(Request::SetOffline { offline }).await.unwrap();
    }
    let both = async || {
        let shown = cosigned(&maya, harbour).await;
        let shown: Vec<_> = shown.iter().map(|one| (&*one.name, one.signed_seconds)).collect();
        shown == [("late", slot + 9), ("another", slot + 1)]
    };
    maya.until_async("both", both).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_day_before_it_is_seen_as_well() {
    // Nobody signs what is new; what is of yesterday was signed meanwhile.
    let midnight = crate::rogue::now_seconds() / 86_400 * 86_400;
    let adds = move |checkpoint: &Checkpoint| match checkpoint.slot() {
        SlotNumber(slot) if slot < midnight => line(7, "late", slot + 60, checkpoint),
        _ => String::new(),
    };
    let (_, at) = Liar { adds: Some(Box::new(adds)), ..Liar::honest(40) }.serve().await;
    let (maya, harbour) = aboard(at).await;
    let seen = async || {
        let shown = cosigned(&maya, harbour).await;
        shown.iter().map(|one| (one.slot_ended_seconds, one.signed_seconds)).collect::<Vec<_>>()
    };
    add(&maya, &key(7, "late")).await.unwrap();
    maya.until_async("signed", async || seen().await == [(midnight, midnight + 59)]).await;
    let maya = maya.restart().await;
    assert_eq!(cosigned(&maya, harbour).await[0].slot_ended_seconds, midnight);
}

#[tokio::test]
async fn what_is_no_witness_is_refused_and_there_are_eight_at_most() {
    let maya = Sailor::aboard(&[]).await;
    let good = key(7, "quay.example/w");
    let as_log = LogSigner::from_seed(&[7; 32]).key().vkey();
    for (text, trouble) in [
        ("", Trouble::NotAWitness),
        ("quay.example/w", Trouble::NotAWitness),
        (&*"w".repeat(1 << 20), Trouble::NotAWitness),
        (&*good.replace("quay", "wharf"), Trouble::WitnessChanged),
        (&*as_log, Trouble::WitnessOfAnotherKind),
    ] {
        assert_eq!(add(&maya, text).await, Err(trouble), "{text:.40}");
    }
    assert_eq!(maya.app().await.witnesses, []);
    for seed in 1..=u8::try_from(MAX_WITNESSES).unwrap() {
        add(&maya, &key(seed, "quay.example/w")).await.unwrap();
        assert_eq!(add(&maya, &key(seed, "quay.example/w")).await, Err(Trouble::WitnessThere));
    }
    assert_eq!(add(&maya, &key(99, "one/more")).await, Err(Trouble::TooManyWitnesses { most: 8 }));
    maya.ask(Request::RemoveWitness { key: good }).await.unwrap();
    add(&maya, &key(99, "one/more")).await.unwrap();
    let maya = maya.restart().await;
    let kept: Vec<String> = maya.app().await.witnesses.into_iter().map(|one| one.key).collect();
    let wanted = (1..=8).filter(|seed| *seed != 7).map(|seed| key(seed, "quay.example/w"));
    assert_eq!(kept, wanted.chain([key(99, "one/more")]).collect::<Vec<_>>());
}
