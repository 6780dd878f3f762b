//! What convicts a relay, checked by somebody who has nothing but the file (rule W27).

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pursuance_wire::LeafHash;
use pursuance_wire::limits::MAX_EVIDENCE_BYTES;
use pursuance_wire::log::{Checkpoint, Evidence, Frontier, LogSigner, NodeHash, Receipt, SlotNumber};

use crate::program::refusal;
use crate::rig::{Rig, cell};

/// In a folder where nothing else is, with nothing from outside.
fn verified(file: &[u8]) -> Output {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("proof"), file).expect("ours");
    verify_in(dir.path(), "proof")
}

fn verify_in(dir: &Path, file: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pursuance-relay"));
    command.args(["verify-evidence", file]).current_dir(dir).env_clear().stdin(Stdio::null());
    let output = command.output().expect("runs");
    let there = fs::read_dir(dir).expect("ours").count();
    assert!(there <= 1, "it wrote something");
    output
}

fn leaf(n: u64) -> LeafHash {
    cell(n).leaf_hash()
}

fn root(leaves: &[LeafHash]) -> NodeHash {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.append(*leaf));
    frontier.root()
}

fn bytes(checkpoint: &Checkpoint) -> Vec<u8> {
    checkpoint.note().as_bytes().to_vec()
}

#[test]
fn a_file_alone_convicts_whoever_signed_both() {
    let signer = LogSigner::from_seed(&[8; 32]);
    let leaves: Vec<LeafHash> = (0..6).map(leaf).collect();
    let signed = |slot, leaves: &[LeafHash]| {
        bytes(&Checkpoint::sign(&signer, SlotNumber(slot), leaves.len() as u64, root(leaves)))
    };
    let receipt = Receipt::sign(&signer, SlotNumber(4), &[leaf(77)]).expect("one leaf");
    let two_trees = Evidence::TwoTrees { one: signed(5, &leaves[..4]), other: signed(5, &leaves[1..]) };
    let broken = Evidence::BrokenReceipt {
        receipt: receipt.note().as_bytes().to_vec(),
        checkpoint: signed(5, &leaves),
        leaves: leaves.clone(),
    };
    for (evidence, of) in [(&two_trees, "two checkpoints"), (&broken, "signed for something")] {
        let output = verified(&evidence.encode());
        let said = String::from_utf8(output.stdout.clone()).expect("text");
        assert!(output.status.success(), "{output:?}");
        assert!(said.starts_with(&format!("convicts {}\nof ", signer.key().origin())), "{said}");
        assert!(said.contains(of), "{said}");
    }

    // Altered in any byte, it convicts nobody: at most some bytes of a name are not part of what is signed.
    let file = two_trees.encode();
    for at in (0..file.len()).step_by(file.len() / 40) {
        let mut bent = file.clone();
        bent[at] ^= 1;
        assert!(refusal(&verified(&bent)).contains("convicts nobody"), "byte {at}");
    }
    // Another's name over a signature of somebody else's.
    let innocent = LogSigner::from_seed(&[9; 32]).key().origin();
    let rename =
        |note: Vec<u8>| String::from_utf8(note).expect("text").replace(&signer.key().origin(), &innocent).into_bytes();
    let forged = Evidence::TwoTrees { one: rename(signed(5, &leaves[..4])), other: rename(signed(5, &leaves[1..])) };
    assert!(refusal(&verified(&forged.encode())).contains("convicts nobody"));
    // Not due yet.
    let early = Evidence::BrokenReceipt {
        receipt: receipt.note().as_bytes().to_vec(),
        checkpoint: signed(3, &leaves),
        leaves: leaves.clone(),
    };
    assert!(refusal(&verified(&early.encode())).contains("honest"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_honest_relay_is_convicted_by_nothing_it_signed() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let empty = rig.end_slot().await;
    let mut client = rig.connect().await;
    let receipt = client.post_cells(&[cell(1)], &rig.address).await;
    let signed = rig.end_slot().await;
    let slow = rig.end_slot().await;
    let all = [&empty, &signed, &slow];
    for one in all {
        for other in all {
            let claim = Evidence::TwoTrees { one: bytes(one), other: bytes(other) };
            assert!(refusal(&verified(&claim.encode())).contains("an honest relay may have signed this"));
        }
    }
    let claim = |checkpoint: &Checkpoint, leaves: Vec<LeafHash>| Evidence::BrokenReceipt {
        receipt: receipt.note().as_bytes().to_vec(),
        checkpoint: bytes(checkpoint),
        leaves,
    };
    assert!(refusal(&verified(&claim(&empty, vec![]).encode())).contains("honest"));
    assert!(refusal(&verified(&claim(&signed, vec![cell(1).leaf_hash()]).encode())).contains("honest"));
    assert!(refusal(&verified(&claim(&signed, vec![cell(2).leaf_hash()]).encode())).contains("leaves"));
    rig.stop().await;
}

#[test]
fn what_is_no_file_of_evidence_is_said() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    assert!(refusal(&verify_in(dir.path(), "missing")).contains("cannot be read"));
    assert!(refusal(&verified(b"")).contains("no evidence file"));
    assert!(refusal(&verified(b"pursuance evidence 1\n\x01")).contains("cut off"));
    // A file of any length is read no further than evidence can go.
    let long = dir.path().join("long");
    let file = fs::File::create(&long).expect("ours");
    file.set_len(MAX_EVIDENCE_BYTES as u64 * 100).expect("a hole");
    assert!(refusal(&verify_in(dir.path(), "long")).contains("too long"));
}
