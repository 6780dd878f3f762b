//! Kinds of vectors about the standards that keys rest on (docs/protocol/03-keys.md): what others published, run through the
//! functions that the product calls.

use hkdf::Hkdf;
use pursuance_core::crypto::aead::{NONCE_BYTES, SHORT_NONCE_BYTES, open_short, seal_short};
use pursuance_core::crypto::kem::{KemError, SEAL_RANDOM_BYTES, is_public_key, seal_base};
use pursuance_core::crypto::{self, KemSecret, KeySuite, Seed, SigningKey};
use pursuance_node::backup::hkdf_sha256;
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Kind;
use super::core_kinds::{hex, named};
use super::given::{Given, Malformed};

/// Name and function of each.
pub const KINDS: &[(&str, Kind)] = &[
    ("blake3", blake3),
    ("chacha20-poly1305", chacha20_poly1305),
    ("ed25519", ed25519),
    ("ed25519-batch", ed25519_batch),
    ("ed25519-signing", ed25519_signing),
    ("hkdf-sha256", hkdf),
    ("hpke", hpke),
    ("hpke-public", hpke_public),
    ("x-wing", x_wing),
    ("xchacha20-poly1305", xchacha20_poly1305),
];

/// Most bytes that a vector may ask a derivation for.
const MAX_OUTPUT_BYTES: usize = 1 << 16;
/// Most signatures of one batch.
const MAX_SIGNATURES: usize = 1_024;

fn suite(given: &Given<'_>) -> Result<KeySuite, Malformed> {
    match given.text("suite")? {
        "x-wing" => Ok(KeySuite::XWing),
        "x25519" => Ok(KeySuite::X25519),
        _ => Err(Malformed::missing("suite")),
    }
}

fn output(given: &Given<'_>) -> Result<Vec<u8>, Malformed> {
    let bytes: usize = given.number("bytes")?;
    if bytes > MAX_OUTPUT_BYTES {
        return Err(Malformed::missing("bytes"));
    }
    Ok(vec![0; bytes])
}

/// As many random bytes as the suite takes.
fn randomness(suite: KeySuite, given: &Given<'_>) -> Result<[u8; SEAL_RANDOM_BYTES], Malformed> {
    let mut all = [0; SEAL_RANDOM_BYTES];
    match suite {
        KeySuite::XWing => all = given.exact("randomness")?,
        KeySuite::X25519 => all[..32].copy_from_slice(&given.exact::<32>("randomness")?),
    }
    Ok(all)
}

/// Opened with the private key; then, where the sender's randomness is known, sealed again.
fn hpke(given: &Given<'_>) -> Result<Value, Malformed> {
    let suite = suite(given)?;
    let secret = KemSecret::from_private(suite, Zeroizing::new(given.exact("private")?));
    let (info, associated) = (given.bytes("info")?, given.bytes("associated")?);
    let sealed = [given.bytes("encapsulated")?, given.bytes("sealed")?].concat();
    let random = given.has("randomness").then(|| randomness(suite, given)).transpose()?;
    let public = secret.public();
    let plain = match secret.open_base(&info, &associated, &sealed) {
        Err(error) => return Ok(named(error)),
        Ok(plain) => plain,
    };
    let again = random.map(|random| seal_base(suite, &public, &info, &associated, &plain, &random));
    let again = again.transpose().map_err(|_| Malformed::missing("private"))?;
    Ok(json!({"ok": {"public": hex(&public), "plain": hex(&plain), "sealed_again": again.map(|again| hex(&again))}}))
}

fn hpke_public(given: &Given<'_>) -> Result<Value, Malformed> {
    let is_key = is_public_key(suite(given)?, &given.bytes("public")?);
    Ok(if is_key { json!({"ok": {}}) } else { named(KemError::BadPublicKey) })
}

/// An X-Wing shared secret never leaves HPKE, so it is looked at from both sides: what is sealed to the key, with the randomness
/// given, opens under the key that RFC 9180 makes of the shared secret; and what is sealed under that key opens with the
/// private one.
fn x_wing(given: &Given<'_>) -> Result<Value, Malformed> {
    const INFO: &[u8] = b"info";
    const PLAIN: &[u8] = b"plain";
    let secret = KemSecret::from_private(KeySuite::XWing, Zeroizing::new(given.exact("private")?));
    let random = randomness(KeySuite::XWing, given)?;
    let encapsulated: [u8; 1120] = given.exact("encapsulated")?;
    let (key, nonce) = x_wing_schedule(&given.exact("shared_secret")?, INFO);
    let public = secret.public();
    let sent =
        seal_base(KeySuite::XWing, &public, INFO, &[], PLAIN, &random).map_err(|_| Malformed::missing("private"))?;
    let (again, body) = sent.split_at(encapsulated.len());
    if open_short(&key, &nonce, body).is_err() {
        return Ok(json!({"error": "SharedSecret"}));
    }
    let received = [&encapsulated[..], &seal_short(&key, &nonce, PLAIN)].concat();
    Ok(match secret.open_base(INFO, &[], &received) {
        Err(error) => named(error),
        Ok(_) => json!({"ok": {"public": hex(&public), "encapsulated_again": hex(again)}}),
    })
}

/// Key and first nonce of RFC 9180, 5.1, in base mode.
fn x_wing_schedule(shared_secret: &[u8; 32], info: &[u8]) -> ([u8; 32], [u8; SHORT_NONCE_BYTES]) {
    // X-Wing, HKDF-SHA256, ChaCha20-Poly1305.
    const SUITE: &[u8] = b"HPKE\x64\x7a\x00\x01\x00\x03";
    let extract = |salt: &[u8], label: &[u8], secret: &[u8]| {
        Hkdf::<Sha256>::extract(Some(salt), &[b"HPKE-v1", SUITE, label, secret].concat())
    };
    let mut context = vec![0]; // base mode
    context.extend_from_slice(&extract(&[], b"psk_id_hash", &[]).0);
    context.extend_from_slice(&extract(&[], b"info_hash", info).0);
    let (_, secret) = extract(shared_secret, b"secret", &[]);
    let expand = |label: &[u8], out: &mut [u8]| {
        let bytes = u16::try_from(out.len()).expect("a key or a nonce").to_be_bytes();
        secret.expand(&[&bytes[..], b"HPKE-v1", SUITE, label, &context].concat(), out).expect("a key or a nonce");
    };
    let (mut key, mut nonce) = ([0; 32], [0; SHORT_NONCE_BYTES]);
    expand(b"key", &mut key);
    expand(b"base_nonce", &mut nonce);
    (key, nonce)
}

fn xchacha20_poly1305(given: &Given<'_>) -> Result<Value, Malformed> {
    let (key, nonce) = (given.exact("key")?, given.exact::<NONCE_BYTES>("nonce")?);
    let associated = given.bytes("associated")?;
    Ok(match crypto::open(&key, &nonce, &associated, &given.bytes("sealed")?) {
        Err(error) => named(error),
        Ok(plain) => {
            json!({"ok": {"plain": hex(&plain), "sealed_again": hex(&crypto::seal(&key, &nonce, &associated, &plain))}})
        }
    })
}

/// Backups alone use it, without associated data.
fn chacha20_poly1305(given: &Given<'_>) -> Result<Value, Malformed> {
    let (key, nonce) = (given.exact("key")?, given.exact::<SHORT_NONCE_BYTES>("nonce")?);
    Ok(match open_short(&key, &nonce, &given.bytes("sealed")?) {
        Err(error) => named(error),
        Ok(plain) => json!({"ok": {"plain": hex(&plain), "sealed_again": hex(&seal_short(&key, &nonce, &plain))}}),
    })
}

fn hkdf(given: &Given<'_>) -> Result<Value, Malformed> {
    let mut out = output(given)?;
    Ok(match hkdf_sha256(&given.bytes("secret")?, &given.bytes("salt")?, &given.bytes("info")?, &mut out) {
        Err(error) => named(error),
        Ok(()) => json!({"ok": {"output": hex(&out)}}),
    })
}

fn blake3(given: &Given<'_>) -> Result<Value, Malformed> {
    let input = given.bytes("input")?;
    if given.has("key") {
        return Ok(json!({"ok": {"output": hex(&crypto::keyed_hash(&given.exact("key")?, &input))}}));
    }
    let (label, mut out) = (given.text("label")?, output(given)?);
    // In one part and in two it must be the same.
    let (first, second) = input.split_at(input.len() / 2);
    crypto::hash_stream(label, &[first, second], &mut out);
    let hash = crypto::hash(label, &[&input]);
    Ok(json!({"ok": {"hash": hex(&hash), "output": hex(&out)}}))
}

/// A signature with what it is to be checked against, as a vector gives it.
struct GivenSignature {
    key: [u8; 32],
    message: Vec<u8>,
    signature: [u8; 64],
}

impl GivenSignature {
    fn read(given: &Given<'_>) -> Result<Self, Malformed> {
        Ok(Self { key: given.exact("key")?, message: given.bytes("message")?, signature: given.exact("signature")? })
    }

    fn is_good(&self) -> bool {
        crypto::verify(&self.key, &self.message, &self.signature).is_ok()
    }
}

/// What checks all at once says of them; the seed is public here, as nobody gains by a guess.
fn all_good(signatures: &[GivenSignature]) -> bool {
    let all = signatures.iter().map(|one| (&one.key, &one.message[..], &one.signature));
    crypto::verify_all(all, &mut Seed::new([1; 32])).is_ok()
}

fn ed25519(given: &Given<'_>) -> Result<Value, Malformed> {
    let one = [GivenSignature::read(given)?];
    Ok(match (one[0].is_good(), all_good(&one)) {
        (true, true) => json!({"ok": {"weak": crypto::is_weak(&one[0].key)}}),
        (false, false) => named(crypto::BadSignature),
        _ => json!({"error": "SingleAndBatchDisagree"}),
    })
}

fn ed25519_batch(given: &Given<'_>) -> Result<Value, Malformed> {
    let signatures = given.objects("signatures")?;
    if signatures.len() > MAX_SIGNATURES {
        return Err(Malformed::missing("signatures"));
    }
    let signatures = signatures.iter().map(GivenSignature::read).collect::<Result<Vec<_>, _>>()?;
    let bad: Vec<usize> = (0..signatures.len()).filter(|at| !signatures[*at].is_good()).collect();
    let weak = signatures.iter().filter(|one| crypto::is_weak(&one.key)).count();
    Ok(match (all_good(&signatures), bad.is_empty()) {
        (true, true) => json!({"ok": {"good": signatures.len(), "weak": weak}}),
        (false, false) => json!({"error": "BadSignature", "bad": bad}),
        _ => json!({"error": "SingleAndBatchDisagree", "bad": bad}),
    })
}

fn ed25519_signing(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = SigningKey::from_seed(&Zeroizing::new(given.exact("seed")?));
    let signature = key.sign(&given.bytes("message")?);
    Ok(json!({"ok": {"key": hex(&key.author().0), "signature": hex(&signature)}}))
}
