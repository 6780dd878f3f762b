//! Kinds of vectors about what is true (docs/protocol/02-log.md to 07-joining.md).

use std::fmt::Debug;

use data_encoding::HEXLOWER;
use pursuance_core::authority::Verdict;
use pursuance_core::cell::{CellContent, Fragment, open_cell};
use pursuance_core::code::{Answer, CodeSecret, DeviceCode};
use pursuance_core::command::Command;
use pursuance_core::crypto::{self, Seed, label};
use pursuance_core::entry::{AudienceSeal, Body, Content, Entry, GrantRef, ItemSeal, UnverifiedEntry};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{AuthorId, EntryId, EpochId, PursuanceId, RoleId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::limits::MAX_ITEMS;
use pursuance_core::link::InviteLink;
use pursuance_core::logs::Append;
use pursuance_core::op::Op;
use pursuance_core::plan::Circumstances;
use pursuance_core::recovery::RecoverySecret;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::seal::{TaskKey, Where, open_audience, open_item, task_id};
use pursuance_core::task_op::decode_ops;
use pursuance_wire::Cell;
use serde_json::{Map, Value, json};

use super::Kind;
use super::given::{Given, Malformed};

/// Name and function of each.
pub const KINDS: &[(&str, Kind)] = &[
    ("answer", answer),
    ("code", code),
    ("command", command),
    ("derivation", derivation),
    ("entry", entry),
    ("epoch-seal", epoch_seal),
    ("fragments", fragments),
    ("link", link),
    ("log", log),
    ("opened-cell", opened_cell),
    ("role-part", role_part),
    ("task-ops", task_ops),
];

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The outcome of a refused input: the error by its name in the code, with its data.
#[must_use]
pub fn named(error: impl Debug) -> Value {
    json!({"error": format!("{error:?}")})
}

fn entry(given: &Given<'_>) -> Result<Value, Malformed> {
    let pursuance = PursuanceId(given.exact("pursuance")?);
    Ok(read_entry(pursuance, &given.bytes("entry")?)
        .map_or_else(|refused| refused, |entry| json!({"ok": describe(&entry)})))
}

/// Decodes and verifies; what fails is told with the step at which it did.
pub(super) fn read_entry(pursuance: PursuanceId, bytes: &[u8]) -> Result<Entry, Value> {
    let unverified =
        UnverifiedEntry::decode(bytes).map_err(|error| json!({"at": "decode", "error": format!("{error:?}")}))?;
    unverified.verify(pursuance).map_err(|error| json!({"at": "verify", "error": format!("{error:?}")}))
}

fn describe(entry: &Entry) -> Value {
    let body: &Body = entry.body();
    let says = match &body.content {
        Content::Public(ops) => {
            let unknown = ops.iter().filter(|op| matches!(op, Op::Unknown { .. }));
            json!({
                "ops": ops.iter().map(Op::number).collect::<Vec<_>>(),
                "unknown": unknown.map(Op::number).collect::<Vec<_>>(),
            })
        }
        Content::Role(part) => json!({
            "audiences": part.audiences.iter().map(|audience| audience.role.0).collect::<Vec<_>>(),
            "items": part.items.len(),
        }),
    };
    json!({
        "id": hex(&entry.id().0),
        "author": hex(&body.author.0),
        "seq": body.seq,
        "prev": body.prev.map(|prev| hex(&prev.0)),
        "heads": body.heads.iter().map(|head| hex(&head.0)).collect::<Vec<_>>(),
        "by": body.by.map(|by| json!({"entry": hex(&by.entry.0), "op": by.op})),
        "claimed_seconds": body.claimed_seconds,
        "checkpoints": body.checkpoints.len(),
        "says": says,
    })
}

fn replica(given: &Given<'_>) -> Result<Replica, Malformed> {
    let mut replica =
        Replica::new(PursuanceId(given.exact("pursuance")?), DeviceKeys::from_seed(given.exact("device_seed")?));
    for secret in given.byte_lists("epoch_secrets")? {
        let secret = secret.try_into().map_err(|_| Malformed::missing("epoch_secrets"))?;
        replica.learn_epoch(EpochSecret::new(secret));
    }
    Ok(replica)
}

fn log(given: &Given<'_>) -> Result<Value, Malformed> {
    let mut replica = replica(given)?;
    let mut appends = Vec::new();
    for bytes in given.byte_lists("deliver")? {
        appends.push(match read_entry(replica.pursuance(), &bytes) {
            Err(refused) => refused,
            Ok(entry) => append(&replica.append(entry).append),
        });
    }
    let mut verdicts = Map::new();
    for (id, verdict) in replica.authority().verdicts() {
        verdicts.insert(
            hex(&id.0),
            match verdict {
                Verdict::Counts => json!("counts"),
                Verdict::Refused(refusal) => json!({"refused": refused(refusal)}),
                Verdict::NeedsNewer => json!("needs newer"),
                Verdict::Held(refusal) => json!({"held": refused(refusal)}),
            },
        );
    }
    let items: Vec<Value> = replica
        .tasks()
        .refused()
        .iter()
        .map(|((id, item), refusal)| json!({"entry": hex(&id.0), "item": item, "refused": refused(refusal)}))
        .collect();
    Ok(json!({"ok": {
        "appends": appends,
        "verdicts": verdicts,
        "refused_items": items,
        "newer_items": replica.tasks().needs_newer().keys().map(|id| hex(&id.0)).collect::<Vec<_>>(),
        "forked": replica.logs().forked().map(|author| hex(&author.0)).collect::<Vec<_>>(),
        "members": replica.authority().members().len(),
        "tasks": replica.tasks().iter().count(),
        "digest": hex(&replica.digest()),
    }}))
}

fn append(append: &Append) -> Value {
    match append {
        Append::Appended => json!("appended"),
        Append::Duplicate => json!("duplicate"),
        Append::Gap { missing } => json!({"gap": missing.iter().map(|id| hex(&id.0)).collect::<Vec<_>>()}),
        Append::Equivocation { other } => json!({"equivocation": hex(&other.0)}),
        Append::Malformed => json!("malformed"),
        Append::Refused(refusal) => json!({"refused": refused(refusal)}),
        Append::Full => json!("full"),
    }
}

fn refused(refusal: &Refusal) -> Value {
    serde_json::to_value(refusal).expect("refusals go to the window as JSON")
}

fn command(given: &Given<'_>) -> Result<Value, Malformed> {
    let mut replica = replica(given)?;
    for bytes in given.byte_lists("deliver")? {
        let entry = read_entry(replica.pursuance(), &bytes).map_err(|_| Malformed::missing("deliver"))?;
        replica.append(entry);
    }
    let command: Command =
        serde_json::from_value(given.field("command")?.clone()).map_err(|_| Malformed::missing("command"))?;
    let mut seed = Seed::new(given.exact("seed")?);
    let mut with = Circumstances { now_seconds: given.number("now_seconds")?, seed: &mut seed, since: Vec::new() };
    Ok(match replica.command(&command, &mut with) {
        Err(refusal) => json!({"refused": refused(&refusal)}),
        Ok(authored) => json!({"ok": {
            "entries": authored.entries.iter().map(|entry| hex(entry.bytes())).collect::<Vec<_>>(),
            "task": authored.task.map(|task| hex(&task.0)),
            "undo": authored.undo.len(),
        }}),
    })
}

fn cell_key(given: &Given<'_>) -> Result<CellKey, Malformed> {
    let key = given.object("key")?;
    if key.has("invite") {
        return Ok(CellKey::of_invite(&InviteSecret::new(key.exact("invite")?).cell_secret()));
    }
    Ok(EpochSecret::new(key.exact("epoch")?).cell_key())
}

fn opened_cell(given: &Given<'_>) -> Result<Value, Malformed> {
    let key = cell_key(given)?;
    let cell = match Cell::try_from(&given.bytes("cell")?[..]) {
        Err(error) => return Ok(named(error)),
        Ok(cell) => cell,
    };
    Ok(match open_cell(&key, &cell) {
        None => json!("nothing"),
        Some(CellContent::Entries(entries)) => {
            json!({"ok": {"entries": entries.iter().map(|bytes| hex(bytes)).collect::<Vec<_>>()}})
        }
        Some(CellContent::Fragment(part)) => json!({"ok": {"fragment": {
            "entry": hex(&part.entry.0),
            "count": part.count,
            "index": part.index,
            "bytes": hex(&part.bytes),
        }}}),
    })
}

fn fragments(given: &Given<'_>) -> Result<Value, Malformed> {
    let mut fragments = Fragments::default();
    let mut outcomes = Vec::new();
    for part in given.objects("fragments")? {
        let fragment = Fragment {
            entry: EntryId(part.exact("entry")?),
            count: part.number("count")?,
            index: part.number("index")?,
            bytes: part.bytes("bytes")?,
        };
        outcomes.push(match fragments.insert(fragment) {
            Assembly::Kept => json!("kept"),
            Assembly::Ignored => json!("ignored"),
            Assembly::Whole(entry) => json!({"whole": hex(&entry.id().0)}),
        });
    }
    Ok(json!({"ok": outcomes}))
}

fn link(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(match InviteLink::parse(given.text("text")?) {
        Err(error) => named(error),
        Ok(link) => json!({"ok": {
            "pursuance": hex(&link.pursuance.0),
            "invite": hex(&link.invite.0),
            "relay": link.relay.to_string(),
            "from_index": link.from_index,
            "secret": hex(link.secret.as_bytes()),
        }}),
    })
}

fn code(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(match DeviceCode::parse(given.text("text")?) {
        Err(error) => named(error),
        Ok(code) => json!({"ok": {
            "pursuance": hex(&code.pursuance.0),
            "member": hex(&code.member.0),
            "recovery": hex(&code.recovery),
            "relay": code.relay.to_string(),
            "since_index": code.since_index,
            "from_index": code.from_index,
            "secret": hex(code.secret.as_bytes()),
        }}),
    })
}

fn answer(given: &Given<'_>) -> Result<Value, Malformed> {
    let code = DeviceCode::parse(given.text("code")?).map_err(|_| Malformed::missing("code"))?;
    Ok(match Answer::decode(&given.bytes("answer")?) {
        Err(error) => named(error),
        Ok(answer) if code.is_answered_by(&answer) => json!({"ok": {
            "author": hex(&answer.author().0),
            "package_id": hex(&answer.device.package.id()),
            "message": hex(&code.enrol_message(&answer.device)),
        }}),
        Ok(_) => json!({"error": "NotAgreed"}),
    })
}

fn task_ops(given: &Given<'_>) -> Result<Value, Malformed> {
    Ok(match decode_ops(&given.bytes("ops")?) {
        Err(error) => named(error),
        Ok(ops) => json!({"ok": ops.iter().map(|op| format!("{op:?}")).collect::<Vec<_>>()}),
    })
}

fn place(given: &Given<'_>) -> Result<Where, Malformed> {
    Ok(Where {
        pursuance: PursuanceId(given.exact("pursuance")?),
        author: AuthorId(given.exact("author")?),
        seq: given.number("seq")?,
        by: GrantRef { entry: EntryId(given.exact("by_entry")?), op: given.number("by_op")? },
    })
}

fn role_part(given: &Given<'_>) -> Result<Value, Malformed> {
    let at = place(given)?;
    let epoch = EpochSecret::new(given.exact("epoch_secret")?);
    let audience = given.object("audience")?;
    let audience = AudienceSeal {
        role: RoleId(audience.number("role")?),
        epoch: EpochId(audience.exact("epoch")?),
        nonce: audience.exact("nonce")?,
        sealed: audience.bytes("sealed")?,
    };
    let items = given.objects("items")?;
    if items.len() > MAX_ITEMS {
        return Err(Malformed::missing("items"));
    }
    let hints = match open_audience(at, &audience, &epoch, items.len()) {
        Err(error) => return Ok(json!({"at": "audience", "error": format!("{error:?}")})),
        Ok(hints) => hints,
    };
    let mut read = Vec::new();
    for (index, (item, hint)) in items.iter().zip(hints).enumerate() {
        let item =
            ItemSeal { commit: item.exact("commit")?, nonce: item.exact("nonce")?, sealed: item.bytes("sealed")? };
        let says = match hint.key.and_then(|key| open_item(at, index, &item, &key)) {
            None => json!("not this key"),
            Some(Err(error)) => named(error),
            Some(Ok(ops)) => json!({"ok": ops.iter().map(|op| format!("{op:?}")).collect::<Vec<_>>()}),
        };
        read.push(json!({"task": hex(&hint.task.0), "generation": hint.generation, "says": says}));
    }
    Ok(json!({"ok": read}))
}

fn epoch_seal(given: &Given<'_>) -> Result<Value, Malformed> {
    let device = DeviceKeys::from_seed(given.exact("device_seed")?);
    let (pursuance, role) = (PursuanceId(given.exact("pursuance")?), RoleId(given.number("role")?));
    let epoch = EpochId(given.exact("epoch")?);
    Ok(match EpochSecret::open_seal(pursuance, role, epoch, &device, &given.bytes("sealed")?) {
        Err(error) => named(error),
        Ok(secret) => {
            // Sealing takes no randomness but the secret, so a disputed seal can be made again.
            let again =
                secret.seal_to(pursuance, role, device.key_package()).map_err(|_| Malformed::missing("device_seed"))?;
            json!({"ok": {"secret": hex(secret.as_bytes()), "sealed_again": hex(&again)}})
        }
    })
}

fn derivation(given: &Given<'_>) -> Result<Value, Malformed> {
    let derived = match given.text("of")? {
        "device" => {
            let seed = given.exact("seed")?;
            let device = DeviceKeys::from_seed(seed);
            json!({
                "signing_seed": hex(&crypto::derive_key(label::DEVICE_SIGN, &seed)),
                "author": hex(&device.author().0),
                "suite": device.key_package().suite as u8,
                "package": hex(&device.key_package().public),
                "package_id": hex(&device.key_package().id()),
            })
        }
        "epoch" => {
            let seed = given.exact("seed")?;
            let epoch = EpochSecret::new(seed);
            json!({
                "id": hex(&epoch.id().0),
                "cell_key_id": hex(epoch.cell_key().id()),
                "cell_key": hex(&crypto::derive_key(label::EPOCH_CELL, &seed)),
                "detection_key": hex(&crypto::derive_key(label::EPOCH_DETECT, &seed)),
                "wrap_key": hex(&crypto::derive_key(label::EPOCH_WRAP, &seed)),
            })
        }
        "invite" => {
            let invite = InviteSecret::new(given.exact("seed")?);
            let cells = invite.cell_secret();
            json!({
                "key": hex(&invite.signing().author().0),
                "cell_secret": hex(&cells),
                "cell_key_id": hex(CellKey::of_invite(&cells).id()),
                "cell_key": hex(&crypto::derive_key(label::INVITE_CELL, &cells)),
                "detection_key": hex(&crypto::derive_key(label::INVITE_DETECT, &cells)),
            })
        }
        "recovery" => {
            let entropy: [u8; 32] = given.exact("seed")?;
            let entropy = *entropy.first_chunk().expect("a phrase says less");
            let pursuance = PursuanceId(given.exact("pursuance")?);
            json!({"key": hex(&RecoverySecret::new(entropy).key(pursuance).author().0)})
        }
        "code" => {
            let secret = given.exact("seed")?;
            json!({
                "cell_key_id": hex(CodeSecret::new(secret).cell_key().id()),
                "cell_key": hex(&crypto::derive_key(label::CODE_CELL, &secret)),
                "detection_key": hex(&crypto::derive_key(label::CODE_DETECT, &secret)),
            })
        }
        "task" => {
            json!({"id": hex(&task_id(place(given)?, given.number("item")?, &TaskKey::new(given.exact("seed")?)).0)})
        }
        _ => return Err(Malformed::missing("of")),
    };
    Ok(json!({"ok": derived}))
}
