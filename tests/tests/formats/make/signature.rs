//! Signatures: whose, over what, in which pursuance; ZIP-215's edges and weak keys (E11 to E13).

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar, constants};
use pursuance_core::id::PursuanceId;
use serde_json::json;
use sha2::{Digest, Sha512};

use super::raw::V;
use super::{Cast, Shelf, at, body_tree, envelope, hex, id_of, signed, signed_message, signing_seed};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    whose(cast, shelf);
    edges(cast, shelf);
    weak(cast, shelf);
}

fn refused(shelf: &mut Shelf, case: &str, pursuance: PursuanceId, bytes: &[u8], error: &str) {
    let given = json!({"pursuance": hex(&pursuance.0), "entry": hex(bytes)});
    shelf.add("entry", &format!("bad-{case}"), given, json!({"at": "verify", "error": error}));
}

fn accepted(shelf: &mut Shelf, case: &str, pursuance: PursuanceId, bytes: &[u8]) {
    let given = json!({"pursuance": hex(&pursuance.0), "entry": hex(bytes)});
    let found = shelf.add_frozen("entry", &format!("ok-{case}"), given);
    assert!(found.get("ok").is_some(), "{case}: {found}");
}

fn whose(cast: &Cast, shelf: &mut Shelf) {
    let p = cast.pursuance;
    let good = cast.entries[at::COMMENT].bytes();
    let mut flip = |case: &str, at: usize| {
        let mut bytes = good.to_vec();
        bytes[at] ^= 1;
        refused(shelf, case, p, &bytes, "Signature");
    };
    flip("flipped-bit-in-signature-r", good.len() - 64);
    flip("flipped-bit-in-signature-s", good.len() - 32);
    flip("flipped-bit-in-last-byte", good.len() - 1);
    // The last bytes of the body are the end of its one sealed item.
    flip("flipped-bit-in-sealed-item", good.len() - 64 - 2 - 1);

    let mut tree = body_tree(&cast.entries[at::COMMENT]);
    let mut change = |case: &str, field: usize, value: V| {
        let mut tree = tree.clone();
        tree.list()[field] = value;
        let signature = &good[good.len() - 64..];
        refused(shelf, case, p, &envelope(&tree.encode(), signature), "Signature");
    };
    change("claimed-time-changed-after-signing", 7, V::Uint(5));
    change("author-replaced-after-signing", 2, V::Bytes(cast.ben_keys().author().0.to_vec()));
    change("prev-replaced-after-signing", 4, V::Bytes(vec![7; 32]));
    let signed_by_ben = signed(&cast.ben_keys(), p, &tree.encode());
    refused(shelf, "author-and-key-do-not-match", p, &signed_by_ben, "Signature");
    refused(shelf, "entry-of-another-pursuance", PursuanceId([9; 32]), good, "Signature");
    refused(
        shelf,
        "genesis-of-another-pursuance",
        PursuanceId([9; 32]),
        cast.entries[at::GENESIS].bytes(),
        "ForeignGenesis",
    );
    // Signed over the bare id, as if there were no label and no pursuance.
    let body = tree.encode();
    let bare = cast.maya_keys().signing.sign(&id_of(&body).0);
    refused(shelf, "signed-without-label", p, &envelope(&body, &bare), "Signature");
    tree.list()[2] = V::Bytes(vec![0xff; 32]);
    refused(shelf, "author-is-no-point", p, &signed(&cast.maya_keys(), p, &tree.encode()), "Signature");
}

/// Signs with a chosen point and encoding for R: the equation `s = r + k a` holds for all of them, up to a part of small
/// order, which ZIP-215 multiplies away.
fn sign_with(cast: &Cast, message: &[u8], r: Scalar, encoded: [u8; 32]) -> [u8; 64] {
    let expanded: [u8; 64] = Sha512::digest(*signing_seed(&cast.maya_seed)).into();
    let mut clamped: [u8; 32] = *expanded.first_chunk().expect("64 bytes hold 32");
    clamped[0] &= 248;
    clamped[31] = clamped[31] & 127 | 64;
    let secret = Scalar::from_bytes_mod_order(clamped);
    let author = cast.maya_keys().author().0;
    let hashed: [u8; 64] =
        Sha512::new().chain_update(encoded).chain_update(author).chain_update(message).finalize().into();
    let s = r + Scalar::from_bytes_mod_order_wide(&hashed) * secret;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&encoded);
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

fn edges(cast: &Cast, shelf: &mut Shelf) {
    let p = cast.pursuance;
    let body = body_tree(&cast.entries[at::COMMENT]).encode();
    let message = signed_message(p, &body);
    let r = Scalar::from(12_345_u64);
    let point: EdwardsPoint = constants::ED25519_BASEPOINT_POINT * r;

    let plain = sign_with(cast, &message, r, point.compress().0);
    accepted(shelf, "signature-with-another-nonce", p, &envelope(&body, &plain));
    for (index, torsion) in constants::EIGHT_TORSION.iter().enumerate().skip(1) {
        let encoded = (point + torsion).compress().0;
        let signature = sign_with(cast, &message, r, encoded);
        accepted(shelf, &format!("zip-215-r-with-torsion-{index}"), p, &envelope(&body, &signature));
    }
    let identity = [&[1][..], &[0; 31]].concat().try_into().expect("32 bytes");
    accepted(
        shelf,
        "zip-215-r-of-small-order",
        p,
        &envelope(&body, &sign_with(cast, &message, Scalar::ZERO, identity)),
    );
    let spelled = sign_with(cast, &message, Scalar::ZERO, second_spelling());
    accepted(shelf, "zip-215-r-not-canonical", p, &envelope(&body, &spelled));

    let mut above = plain;
    add_group_order(&mut above[32..]);
    refused(shelf, "signature-s-not-reduced", p, &envelope(&body, &above), "Signature");
    let mut high = plain;
    high[63] |= 0xe0;
    refused(shelf, "signature-s-with-high-bits", p, &envelope(&body, &high), "Signature");
    let mut no_point = plain;
    no_point[..32].copy_from_slice(&[&[2][..], &[0; 31]].concat());
    refused(shelf, "signature-r-is-no-point", p, &envelope(&body, &no_point), "Signature");
    refused(shelf, "signature-of-zeros", p, &envelope(&body, &[0; 64]), "Signature");
}

/// Keys for which anybody can sign: the signature with R of small order and s = 0 holds for every message, and is refused
/// where an author first appears.
fn weak(cast: &Cast, shelf: &mut Shelf) {
    let mut identity_and_zero = [0; 64];
    identity_and_zero[0] = 1;
    for (index, torsion) in constants::EIGHT_TORSION.iter().enumerate() {
        begin_as(cast, shelf, &format!("weak-author-of-small-order-{index}"), torsion.compress().0, &identity_and_zero);
    }
    let spelling = second_spelling();
    assert!(CompressedEdwardsY(spelling).decompress().is_some(), "ZIP-215 reads it");
    begin_as(cast, shelf, "weak-author-not-canonical", spelling, &identity_and_zero);
}

/// A join, and a genesis, by an author whose key is weak.
fn begin_as(cast: &Cast, shelf: &mut Shelf, case: &str, author: [u8; 32], signature: &[u8; 64]) {
    let mut tree = body_tree(&cast.entries[at::JOIN]);
    tree.list()[2] = V::Bytes(author.to_vec());
    refused(shelf, case, cast.pursuance, &envelope(&tree.encode(), signature), "WeakKey");
    let mut tree = body_tree(&cast.entries[at::GENESIS]);
    tree.list()[2] = V::Bytes(author.to_vec());
    let body = tree.encode();
    let own = PursuanceId(id_of(&body).0);
    refused(shelf, &format!("genesis-{case}"), own, &envelope(&body, signature), "WeakKey");
}

/// y = p + 1: the neutral point, written a second way.
fn second_spelling() -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xee;
    bytes[31] = 0x7f;
    bytes
}

/// Adds the order of the group: the same scalar, not reduced.
fn add_group_order(scalar: &mut [u8]) {
    let order = (-Scalar::ONE).to_bytes();
    let mut carry = 1_u16; // the order is one more than -1
    for (byte, add) in scalar.iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }
    assert_eq!(carry, 0, "it still fits in 256 bits");
}
