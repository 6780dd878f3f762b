//! A further computer of a member: codes, answers, and the keys of both and of a recovery phrase (J10 to J13).

use pursuance_core::code::{Answer, CodeSecret, DeviceCode};
use pursuance_core::crypto::{self, label};
use pursuance_core::id::MemberId;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::op::AddDevice;
use pursuance_core::recovery::RecoverySecret;
use serde_json::{Value, json};

use super::{Cast, Shelf, at, hex};

fn recovery_secret() -> RecoverySecret {
    RecoverySecret::new([0x61; 16])
}

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    for (name, seed) in [("zeros", [0; 32]), ("ones", [1; 32]), ("counting", core::array::from_fn(|at| at as u8))] {
        shelf.add_frozen("derivation", &format!("ok-code-of-{name}"), json!({"of": "code", "seed": hex(&seed)}));
        let given = json!({"of": "recovery", "seed": hex(&seed), "pursuance": hex(&cast.pursuance.0)});
        shelf.add_frozen("derivation", &format!("ok-recovery-of-{name}"), given);
    }
    codes(cast, shelf);
}

/// The code that Maya shows for another computer, and what answers it.
fn codes(cast: &Cast, shelf: &mut Shelf) {
    let code = DeviceCode {
        pursuance: cast.pursuance,
        member: MemberId(cast.entries[at::GENESIS].id().0),
        recovery: recovery_secret().key(cast.pursuance).author().0,
        relay: cast.relay,
        since_index: 12,
        from_index: 77,
        secret: CodeSecret::new([0x62; 32]),
    };
    let text = code.to_text().to_string();
    let body = [
        &[1][..],
        &code.pursuance.0,
        &code.member.0,
        &code.recovery,
        cast.relay.onion(),
        cast.relay.log_key().as_bytes(),
        &12_u64.to_be_bytes(),
        &77_u64.to_be_bytes(),
        code.secret.as_bytes(),
    ]
    .concat();
    let write = |body: &[u8]| {
        let sum = crypto::hash(label::CODE_CHECKSUM, &[body]);
        let whole = [body, &sum[..4]].concat();
        format!("pursuance-computer:{}", data_encoding::BASE32_NOPAD.encode(&whole).to_lowercase())
    };
    assert_eq!(write(&body), text, "the maker writes codes as the room does");
    let found = shelf.add_frozen("code", "ok-as-written", json!({"text": text}));
    assert_eq!(found["ok"]["member"], json!(hex(&code.member.0)));
    let untidy = format!(" {}\r\n{} ", &text[..70], &text[70..]).to_uppercase();
    assert_eq!(shelf.add_frozen("code", "ok-in-capitals-with-line-breaks", json!({"text": untidy})), found);
    let with = |at: usize, bytes: &[u8]| {
        let mut body = body.clone();
        body[at..at + bytes.len()].copy_from_slice(bytes);
        write(&body)
    };
    let error = |name: &str| json!({"error": name});
    let mut add = |case: &str, text: &str, expect: Value| shelf.add("code", case, json!({"text": text}), expect);
    add("bad-last-letter-missing", &text[..text.len() - 1], error("NotWhole"));
    add("bad-one-letter-more", &format!("{text}a"), error("NotWhole"));
    add("bad-only-the-beginning", "pursuance-computer:", error("NotWhole"));
    add("bad-empty", "", error("NotACode"));
    add("bad-invite-link", &format!("pursuance:{}", "a".repeat(277)), error("NotACode"));
    add("bad-newer", &with(0, &[2]), error("Newer"));
    add("bad-older", &with(0, &[0]), error("Newer"));
    add("bad-body-too-short", &write(&body[..body.len() - 1]), error("NotWhole"));
    add("bad-body-too-long", &write(&[&body[..], &[0]].concat()), error("NotWhole"));
    add("bad-recovery-key-is-weak", &with(65, &[&[1][..], &[0; 31]].concat()), error("NotWhole"));
    add("bad-onion-is-no-key", &with(97, &[&[2][..], &[0; 31]].concat()), error("NotWhole"));
    answers(&code, &text, shelf);
}

fn answers(code: &DeviceCode, text: &str, shelf: &mut Shelf) {
    let device = DeviceKeys::from_seed([0x63; 32]);
    let answer = code.answer(&device, &recovery_secret()).expect("the phrase");
    let bytes = answer.encode();
    let given = |bytes: &[u8]| json!({"code": text, "answer": hex(bytes)});
    let found = shelf.add_frozen("answer", "ok-as-written", given(&bytes));
    assert_eq!(found["ok"]["author"], json!(hex(&device.author().0)));
    let other = DeviceKeys::from_seed([0x64; 32]);
    let of_other = code.answer(&other, &recovery_secret()).expect("the phrase");
    let elsewhere = DeviceCode { secret: CodeSecret::new([0x65; 32]), ..code.clone() };
    let elsewhere = elsewhere.answer(&device, &recovery_secret()).expect("the phrase");
    let thief = RecoverySecret::new([0x66; 16]);
    let thiefs = DeviceCode { recovery: thief.key(code.pursuance).author().0, ..code.clone() };
    let thiefs = thiefs.answer(&device, &thief).expect("its own phrase");
    let disagrees = |case: &str, answer: &Answer, shelf: &mut Shelf| {
        shelf.add("answer", case, given(&answer.encode()), json!({"error": "NotAgreed"}));
    };
    disagrees("bad-for-another-code", &elsewhere, shelf);
    disagrees("bad-signed-by-another-phrase", &thiefs, shelf);
    disagrees("bad-device-of-another-answer", &Answer { device: of_other.device.clone(), ..answer.clone() }, shelf);
    let unagreed = AddDevice { signature: of_other.device.signature, ..answer.device.clone() };
    disagrees("bad-device-did-not-agree", &Answer { device: unagreed, ..answer.clone() }, shelf);
    let swapped = Answer { recovery: answer.device.signature, ..answer.clone() };
    disagrees("bad-signatures-swapped", &swapped, shelf);
    let mut refuse = |case: &str, bytes: &[u8], name: &str| {
        shelf.add("answer", case, given(bytes), json!({"error": name}));
    };
    refuse("bad-cut", &bytes[..bytes.len() - 1], "Structure");
    refuse("bad-one-byte-more", &[&bytes[..], &[0]].concat(), "Trailing");
    refuse("bad-newer", &[&bytes[..1], &[2], &bytes[2..]].concat(), "UnknownNumber");
    refuse("bad-version-written-longer", &[&bytes[..1], &[0x18, 1], &bytes[2..]].concat(), "NotCanonical");
}
