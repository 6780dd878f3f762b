//! Golden logs of authority: entries in any order, and what follows from them (docs/protocol/04-authority.md).

use std::collections::BTreeMap;

use pursuance_core::authority::{Presence, Verdict};
use pursuance_core::entry::{Entry, GrantRef};
use pursuance_core::id::{EntryId, PursuanceId};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::logs::Append;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Role, Rule};
use serde_json::{Map, Value, json};

use super::Kind;
use super::core_kinds::{hex, read_entry};
use super::given::{Given, Malformed};

/// Name and function.
pub const KINDS: &[(&str, Kind)] = &[("authority", authority)];

/// Orders of arrival beside the given one and its reverse.
const SHUFFLED_ORDERS: u64 = 3;

/// A log, and what follows; or, with a `reading`, what of that reading is not so.
fn authority(given: &Given<'_>) -> Result<Value, Malformed> {
    let pursuance = PursuanceId(given.exact("pursuance")?);
    let mut names = Names::new();
    let mut entries = Vec::new();
    for one in given.objects("entries")? {
        let (name, bytes) = (one.text("name")?, one.bytes("bytes")?);
        match read_entry(pursuance, &bytes) {
            Err(refused) => return Ok(json!({"entry": name, "error": refused})),
            Ok(entry) if names.insert(entry.id(), name).is_none() => entries.push(entry),
            Ok(_) => return Err(Malformed::missing("entries")),
        }
    }
    let (follows, digest) = follow(pursuance, &entries, &names);
    for (name, order) in orders(&entries) {
        if follow(pursuance, &order, &names) != (follows.clone(), digest) {
            return Ok(json!({"error": "the order of arrival changes what follows", "order": name}));
        }
    }
    if !given.has("reading") {
        return Ok(json!({"ok": follows}));
    }
    let mut not_so = Vec::new();
    compare(given.field("reading")?, &follows, "", &mut not_so);
    Ok(if not_so.is_empty() { json!({"ok": "the reading"}) } else { json!({"error": {"not so": not_so}}) })
}

type Names<'a> = BTreeMap<EntryId, &'a str>;

/// The reverse of an order, and others that are the same in every run.
fn orders(entries: &[Entry]) -> Vec<(String, Vec<Entry>)> {
    let mut orders = vec![("reversed".to_owned(), entries.iter().rev().cloned().collect())];
    for number in 1..=SHUFFLED_ORDERS {
        let mut state = number;
        let mut order = entries.to_vec();
        for place in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(place, (state >> 33) as usize % (place + 1));
        }
        orders.push((format!("shuffled {number}"), order));
    }
    orders
}

/// Delivers entries until nothing more finds its place, and says what follows.
fn follow(pursuance: PursuanceId, entries: &[Entry], names: &Names<'_>) -> (Value, [u8; 32]) {
    let mut replica = Replica::new(pursuance, DeviceKeys::from_seed([0x7f; 32]));
    let mut kept_out: BTreeMap<EntryId, Value> = BTreeMap::new();
    let mut waiting: Vec<&Entry> = entries.iter().collect();
    loop {
        let before = waiting.len();
        waiting.retain(|entry| match replica.append((*entry).clone()).append {
            Append::Appended | Append::Equivocation { .. } => false,
            Append::Refused(refusal) => {
                kept_out.insert(entry.id(), json!({"refused": reason(&refusal)}));
                false
            }
            Append::Malformed => {
                kept_out.insert(entry.id(), json!("malformed"));
                false
            }
            // One that waited may be there by now.
            Append::Duplicate => replica.logs().entry(entry.id()).is_none(),
            Append::Gap { .. } | Append::Full => true,
        });
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    let digest = replica.digest();
    (state(&replica, names, &kept_out), digest)
}

fn state(replica: &Replica, names: &Names<'_>, kept_out: &BTreeMap<EntryId, Value>) -> Value {
    let authority = replica.authority();
    let at = |grant: GrantRef| match (names.get(&grant.entry), grant.op) {
        (Some(name), 0) => (*name).to_owned(),
        (Some(name), op) => format!("{name}, op {op}"),
        (None, _) => hex(&grant.entry.0),
    };
    let entry = |id: EntryId| at(GrantRef { entry: id, op: 0 });
    let verdicts = names.iter().map(|(id, name)| {
        let verdict = match authority.verdict(*id) {
            None => kept_out.get(id).cloned().unwrap_or_else(|| json!("waits")),
            Some(Verdict::Counts) => json!("counts"),
            Some(Verdict::NeedsNewer) => json!("needs newer"),
            Some(Verdict::Refused(refusal)) => json!({"refused": reason(refusal)}),
            Some(Verdict::Held(refusal)) => json!({"held": reason(refusal)}),
        };
        ((*name).to_owned(), verdict)
    });
    let members = authority.members().iter().map(|(id, member)| {
        let roles = member.grants.iter().map(|held| json!({"role": held.role.0, "by": at(held.at)}));
        let mut devices: Vec<String> = member.devices.keys().map(|author| hex(&author.0)).collect();
        devices.sort();
        let about = json!({
            "name": member.name,
            "presence": match member.presence {
                Presence::Here => "here",
                Presence::Waiting => "waiting",
                Presence::Gone => "gone",
            },
            "roles": roles.collect::<Vec<_>>(),
            "devices": devices,
        });
        (entry(EntryId(id.0)), about)
    });
    let table = authority.table().cloned().unwrap_or_default();
    let roles = table.roles.iter().map(|role| (role.id.0.to_string(), of_role(role)));
    let rules = table.rules.iter().zip(1u16..).map(|(rule, number)| (line(rule), json!(number)));
    let invites = authority.invites().iter().map(|(invite, open)| {
        let mut joins: Vec<String> = open.joins.iter().map(|join| entry(*join)).collect();
        joins.sort();
        (at(*invite), json!({"role": open.invite.role.0, "open": open.open, "joins": joins}))
    });
    json!({
        "verdicts": verdicts.collect::<Map<_, _>>(),
        "members": members.collect::<Map<_, _>>(),
        "roles": roles.collect::<Map<_, _>>(),
        "rules": rules.collect::<Map<_, _>>(),
        "invites": invites.collect::<Map<_, _>>(),
        "name": authority.name(),
        "relays": authority.relays().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// The number of a refusal and its name; the data with it are our own.
fn reason(refusal: &Refusal) -> String {
    let (said, debug) = (refusal.to_string(), format!("{refusal:?}"));
    let number = said.split(':').next().unwrap_or_default();
    let name = debug.split([' ', '{']).next().unwrap_or_default();
    format!("{number} {name}")
}

/// A line of the rules: its numbers as they are on the wire; each condition after a stroke.
#[must_use]
pub fn line(rule: &Rule) -> String {
    let (kind, over) = match rule.object {
        Object::Role(role) => (0, role.0),
        Object::Relays => (1, 0),
        Object::Rules => (2, 0),
        Object::NewLabels => (3, 0),
    };
    let Conditions { own, not_self, review, probation, daily, after } = rule.conditions;
    let conditions = [
        own.then(|| "0".to_owned()),
        not_self.then(|| "1".to_owned()),
        rule.quorum.map(|quorum| format!("2 {} {}", quorum.count, quorum.of.0)),
        review.map(|of| format!("3 {}", of.0)),
        probation.map(|entries| format!("5 {entries}")),
        daily.map(|times| format!("6 {times}")),
        after.map(|day| format!("7 {}", day.of_first())),
    ];
    let plain = format!("{} {} {kind} {over}", rule.role.0, rule.verb as u8);
    conditions.into_iter().flatten().fold(plain, |line, condition| line + " / " + &condition)
}

/// Puts down, as paths, what a reading says and is not so. What it leaves out, it says nothing about.
pub fn compare(reading: &Value, follows: &Value, path: &str, not_so: &mut Vec<String>) {
    let Some(parts) = reading.as_object() else {
        if reading != follows {
            not_so.push(path.to_owned());
        }
        return;
    };
    // A verdict with its reason is one statement.
    if follows.as_object().is_none_or(|follows| follows.keys().any(|key| key == "held" || key == "refused")) {
        if reading != follows {
            not_so.push(path.to_owned());
        }
        return;
    }
    for (key, part) in parts {
        compare(part, follows.get(key).unwrap_or(&Value::Null), &format!("{path}/{key}"), not_so);
    }
}

/// What is said of a role; of its history only where that is not full.
#[must_use]
pub fn of_role(role: &Role) -> Value {
    let mut said = json!({"name": role.name, "rank": role.rank});
    if role.since_joining {
        said["history"] = json!("since joining");
    }
    said
}
