//! What other members send: entries, cells, fragments, sealed lists, links (docs/protocol/02-log.md to 07-joining.md).
//!
//! Bytes that are sealed or signed are changed before they are sealed or signed, so that what lies behind is reached too.

use std::sync::LazyLock;

use pursuance_core::cell::{CellContent, open_cell};
use pursuance_core::code::{Answer, DeviceCode};
use pursuance_core::crypto::{self, Seed, label};
use pursuance_core::day::Day;
use pursuance_core::entry::{Content, Entry, ItemSeal, UnverifiedEntry};
use pursuance_core::founding::starting_rules;
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{PursuanceId, RoleId, TaskId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::language::{parse, parse_amending, print};
use pursuance_core::limits::{FRAGMENT_BYTES, MAX_OPS, MAX_PENDING_FRAGMENT_BYTES};
use pursuance_core::link::InviteLink;
use pursuance_core::op::{Op, number};
use pursuance_core::replica::Replica;
use pursuance_core::seal::{TaskKey, Where, open_audience, open_item};
use pursuance_core::task_op::{decode_ops, encode_ops};
use pursuance_wire::Cell;
use pursuance_wire::cell::CELL_PLAIN_BYTES;

use super::{Target, seeds, text};
use crate::formats::make::cell::{long_entry, seal_plain};
use crate::formats::make::raw::V;
use crate::formats::make::sealed::{item_associated, seal_hints};
use crate::formats::make::{Cast, at, authority, body_tree, envelope, signed};

/// Of the cast, what threads can share: not what a client holds, which remembers what it looked at.
struct Shared {
    pursuance: PursuanceId,
    eve_seed: [u8; 32],
    epoch: EpochSecret,
    invite_secret: InviteSecret,
    entries: Vec<Entry>,
    task: TaskId,
}

static CAST: LazyLock<Shared> = LazyLock::new(|| {
    let Cast { pursuance, eve_seed, epoch, invite_secret, entries, task, .. } = Cast::new();
    Shared { pursuance, eve_seed, epoch, invite_secret, entries, task }
});
static MAYA: LazyLock<DeviceKeys> = LazyLock::new(|| Cast::new().maya_keys());
static BEN: LazyLock<DeviceKeys> = LazyLock::new(|| Cast::new().ben_keys());

/// A target that finds the cast there: making it is no cost of reading.
fn target(name: &'static str, seeds: Vec<Vec<u8>>, read: fn(&[u8]) -> bool) -> Target {
    LazyLock::force(&CAST);
    LazyLock::force(&MAYA);
    LazyLock::force(&BEN);
    Target::new(name, seeds, read)
}

#[test]
fn entry() {
    let target = target("entry", seeds::field("entry", "entry"), |bytes| {
        let Ok(entry) = UnverifiedEntry::decode(bytes) else { return false };
        assert_eq!(V::parse(bytes).encode(), bytes, "there is one form only");
        entry.verify(CAST.pursuance).inspect(|entry| assert_eq!(entry.bytes(), bytes)).is_ok()
    });
    // Whatever the length, there can be as many ops as an entry may have.
    Target { base_bytes: target.base_bytes + 2 * MAX_OPS * size_of::<Op>(), ..target }.run();
}

/// Of what happened, and of one entry for each op of authority.
fn bodies() -> Vec<Vec<u8>> {
    let authority = authority::entries(&Cast::new());
    CAST.entries.iter().chain(authority.iter().map(|(_, entry)| entry)).map(|entry| body_tree(entry).encode()).collect()
}

/// One op, `number u16 | arguments`, in an entry where it may stand, which is decoded and nothing more.
#[test]
fn op() {
    const OPS: usize = 9;
    static PLACES: LazyLock<[V; 3]> =
        LazyLock::new(|| [at::GENESIS, at::JOIN, at::INVITE].map(|place| body_tree(&CAST.entries[place])));
    let ops = bodies().into_iter().flat_map(|body| V::parse(&body).list()[OPS].list().clone());
    let seeds = ops.map(|mut op| {
        let [V::Uint(number), V::Bytes(arguments)] = &op.list()[..] else { panic!("an op") };
        [&(*number as u16).to_be_bytes()[..], arguments].concat()
    });
    let read: fn(&[u8]) -> bool = |bytes| {
        let Some((number, arguments)) = bytes.split_first_chunk::<2>() else { return false };
        let number = u16::from_be_bytes(*number);
        let place = match number {
            number::GENESIS => 0,
            number::JOIN | number::RECOVER => 1,
            _ => 2,
        };
        let mut body = PLACES[place].clone();
        body.list()[OPS] = V::Array(vec![V::Array(vec![V::Uint(number.into()), V::Bytes(arguments.into())])]);
        let Ok(entry) = UnverifiedEntry::decode(&envelope(&body.encode(), &[0; 64])) else { return false };
        let Content::Public(ops) = &entry.body().content else { panic!("it has an op") };
        let known = !matches!(ops[..], [Op::Unknown { .. }]);
        if known {
            assert_eq!(V::parse(arguments).encode(), arguments, "there is one form only");
        }
        known
    };
    Target { base_bytes: 64 << 10, copies: 64, ..target("op", seeds.collect(), read) }.run();
}

/// Signed as Maya or Ben, whoever the body names; `None` where it is refused before that.
fn signed_by_author(body: &[u8]) -> Option<Entry> {
    // Signing takes longer than refusing: only what is well formed is signed.
    let author = UnverifiedEntry::decode(&envelope(body, &[0; 64])).ok()?.body().author;
    let device = [&*MAYA, &*BEN].into_iter().find(|device| device.author() == author)?;
    let bytes = signed(device, CAST.pursuance, body);
    let entry = UnverifiedEntry::decode(&bytes).expect("as strict as before").verify(CAST.pursuance).ok()?;
    if entry.body().seq > 0 || entry.body().by.is_some() {
        let again = Entry::sign(&device.signing, Some(CAST.pursuance), entry.body());
        assert_eq!(again.bytes(), bytes, "written as it was read");
    }
    Some(entry)
}

#[test]
fn signed_entry() {
    let target = target("signed entry", bodies(), |body| signed_by_author(body).is_some());
    Target { micros: 1_000, copies: 16, base_bytes: 16 << 10, ..target }.run();
}

/// Bodies after their lengths, signed and appended to a whole log, whose views are read afterwards.
#[test]
fn log() {
    let seeds = bodies().into_iter().map(|body| [&(body.len() as u16).to_be_bytes()[..], &body].concat()).collect();
    let read: fn(&[u8]) -> bool = |bytes| {
        let mut replica = Replica::new(CAST.pursuance, DeviceKeys::from_seed(CAST.eve_seed));
        CAST.entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
        let mut rest = bytes;
        let mut any = false;
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let (body, after) = after.split_at(length.min(after.len()));
            rest = after;
            if let Some(entry) = signed_by_author(body) {
                replica.append(entry);
                any = true;
            }
        }
        let _ = (replica.digest(), replica.people(), replica.tree(&|_| true), replica.cell_keys());
        let _ = (replica.unwelcomed(), replica.logs().announced(), replica.needs_newer());
        any
    };
    let target = target("log", seeds, read);
    Target { micros: 20_000, base_bytes: 1 << 20, copies: 64, share: 20, ..target }.run();
}

#[test]
fn cell() {
    static KEYS: LazyLock<[CellKey; 2]> =
        LazyLock::new(|| [CAST.epoch.cell_key(), CellKey::of_invite(&CAST.invite_secret.cell_secret())]);
    target("cell", seeds::field("opened-cell", "cell"), |bytes| {
        let Ok(cell) = Cell::try_from(bytes) else { return false };
        KEYS.iter().any(|key| open_cell(key, &cell).is_some())
    })
    .run();
}

/// The texts in the cells of the vectors.
fn plain_texts() -> Vec<Vec<u8>> {
    let key = crypto::derive_key(label::EPOCH_CELL, CAST.epoch.as_bytes());
    let associated = [label::CELL_AD, &CAST.epoch.id().0].concat();
    let cells = seeds::field("opened-cell", "cell").into_iter().filter_map(|bytes| Cell::try_from(&bytes[..]).ok());
    cells.filter_map(|cell| crypto::open(&key, cell.nonce(), &associated, cell.sealed()).ok()).collect()
}

/// What a reader of the epoch finds in a cell with this text, which is cut or filled up with zeros.
fn opened(text: &[u8]) -> (Vec<u8>, Option<CellContent>) {
    let mut plain = text.to_vec();
    plain.resize(CELL_PLAIN_BYTES, 0);
    let cell = seal_plain(&CAST.epoch, &plain, [7; 24], &CAST.epoch.id().0);
    let content = open_cell(&CAST.epoch.cell_key(), &cell);
    (plain, content)
}

#[test]
fn cell_text() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let (plain, content) = opened(bytes);
        let mut again = match &content {
            None => return false,
            Some(CellContent::Entries(entries)) => {
                let each = entries.iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes()[..], entry].concat());
                [0].into_iter().chain(each).collect()
            }
            Some(CellContent::Fragment(part)) => {
                assert!(part.index < part.count && part.bytes.len() <= FRAGMENT_BYTES);
                let numbers = [part.count, part.index, part.bytes.len() as u16].map(u16::to_be_bytes).concat();
                [&[1][..], &part.entry.0, &numbers, &part.bytes].concat()
            }
        };
        again.resize(CELL_PLAIN_BYTES, 0);
        assert_eq!(again, plain, "there is one form only");
        true
    };
    // Texts of nothing but the smallest entries, each kept by itself.
    let target = target("cell text", plain_texts(), read);
    Target { base_bytes: 128 << 10, micros: 500, ..target }.run();
}

/// Fragments one after another, each `entry 32 | count u16 | index u16 | length u16 | bytes`: sealed, opened, put together.
#[test]
fn fragments() {
    let (id, long) = long_entry(&Cast::new(), 4_000);
    let parts: Vec<Vec<u8>> = (0..)
        .zip(long.chunks(FRAGMENT_BYTES))
        .map(|(index, part)| {
            let numbers = [3, index, part.len() as u16].map(u16::to_be_bytes).concat();
            [&id.0[..], &numbers, part].concat()
        })
        .collect();
    let orders: [&[usize]; 4] = [&[0, 1, 2], &[2, 1, 0], &[0, 0, 2, 1, 2], &[1, 2]];
    let seeds = orders.map(|order| order.iter().flat_map(|at| parts[*at].clone()).collect()).into();
    let read: fn(&[u8]) -> bool = |bytes| {
        let mut fragments = Fragments::default();
        let mut whole = false;
        let mut rest = bytes;
        while let Some((head, after)) = rest.split_first_chunk::<38>() {
            let length = usize::from(u16::from_be_bytes([head[36], head[37]]));
            let (part, after) = after.split_at(length.min(after.len()));
            rest = after;
            let Some(CellContent::Fragment(part)) = opened(&[&[1][..], head, part].concat()).1 else { continue };
            let named = part.entry;
            if let Assembly::Whole(entry) = fragments.insert(part) {
                assert_eq!(entry.id(), named);
                whole = true;
            }
            assert!(fragments.pending_bytes() <= MAX_PENDING_FRAGMENT_BYTES);
        }
        whole
    };
    // Each part is kept as it is, and entries are tried in several combinations.
    let target = target("fragments", seeds, read);
    Target { base_bytes: 128 << 10, copies: 64, micros: 5_000, ..target }.run();
}

#[test]
fn task_ops() {
    let target = target("task ops", seeds::field("task-ops", "ops"), |bytes| {
        decode_ops(bytes).inspect(|ops| assert_eq!(encode_ops(ops), bytes)).is_ok()
    });
    Target { base_bytes: 16 << 10, copies: 32, ..target }.run();
}

#[test]
fn day() {
    let seeds =
        ["2028-02-29", "0001-01-01", "9999-12-31", "2027-02-29", "2026-11-21T00:00"].map(|day| day.into()).into();
    target("day", seeds, |bytes| {
        let given = text(bytes);
        Day::parse(&given).inspect(|day| assert_eq!(day.to_string(), given)).is_ok()
    })
    .run();
}

/// Where Ben's next entry stands.
fn place() -> Where {
    let by = CAST.entries[at::CLAIM].body().by.expect("it leans on a grant");
    Where { pursuance: CAST.pursuance, author: BEN.author(), seq: 2, by }
}

#[test]
fn audience_list() {
    let line = |key: Vec<u8>| V::Array(vec![V::Bytes(CAST.task.0.to_vec()), V::Uint(0), V::Bytes(key)]);
    let lists = [vec![line(vec![])], vec![line(vec![7; 32])], vec![line(vec![7; 32]), line(vec![])], vec![]];
    let seeds = lists.map(|lines| V::Array(lines).encode()).into();
    let read: fn(&[u8]) -> bool = |bytes| {
        let seal = seal_hints(place(), RoleId::EVERYONE, &CAST.epoch, bytes, &mut Seed::new([3; 32]));
        let items = usize::from(bytes.first().map_or(0, |head| head & 0x1f));
        let Ok(hints) = open_audience(place(), &seal, &CAST.epoch, items) else { return false };
        assert_eq!(hints.len(), items);
        assert_eq!(V::parse(bytes).encode(), bytes, "there is one form only");
        true
    };
    Target { base_bytes: 16 << 10, ..target("audience list", seeds, read) }.run();
}

/// The ops of an item, changed before they are sealed, and then the seal as it came.
#[test]
fn item() {
    const KEY: [u8; 32] = [9; 32];
    let seeds = seeds::field("task-ops", "ops");
    let read: fn(&[u8]) -> bool = |bytes| {
        let (key, nonce) = (TaskKey::new(KEY), [5; 24]);
        let sealed =
            crypto::seal(&crypto::derive_key(label::ITEM_KEY, &KEY), &nonce, &item_associated(place(), 1), bytes);
        let commit = crypto::keyed_hash(&crypto::derive_key(label::ITEM_COMMIT, &KEY), &nonce);
        let as_it_came = ItemSeal { commit, nonce, sealed: bytes.to_vec() };
        assert!(matches!(open_item(place(), 1, &as_it_came, &key), Some(Err(_))), "nobody sealed this");
        match open_item(place(), 1, &ItemSeal { commit, nonce, sealed }, &key).expect("the key is the item's") {
            Ok(ops) => {
                assert_eq!(encode_ops(&ops), bytes);
                true
            }
            Err(_) => false,
        }
    };
    Target { base_bytes: 16 << 10, copies: 32, ..target("item", seeds, read) }.run();
}

/// Text of people, read by itself and beside rules that are in force.
#[test]
fn rules_text() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let given = text(bytes);
        let _ = parse_amending(&given, &starting_rules());
        let Ok(parsed) = parse(&given) else { return false };
        let printed = print(&parsed.table);
        assert_eq!(parse(&printed).map(|again| again.table).as_ref(), Ok(&parsed.table), "printed and read");
        true
    };
    Target { base_bytes: 64 << 10, copies: 32, ..target("rules text", seeds::corpus("rules"), read) }.run();
}

#[test]
fn link() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let given = text(bytes);
        let Ok(link) = InviteLink::parse(&given) else { return false };
        // White space and capitals are allowed for.
        let plain = given.split_whitespace().collect::<String>().to_lowercase();
        assert_eq!(*link.to_text(), plain);
        true
    };
    Target { base_bytes: 16 << 10, ..target("link", seeds::field("link", "text"), read) }.run();
}

#[test]
fn code() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let given = text(bytes);
        let Ok(code) = DeviceCode::parse(&given) else { return false };
        let plain = given.split_whitespace().collect::<String>().to_lowercase();
        assert_eq!(*code.to_text(), plain);
        true
    };
    Target { base_bytes: 16 << 10, ..target("code", seeds::field("code", "text"), read) }.run();
}

#[test]
fn answer() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let Ok(answer) = Answer::decode(bytes) else { return false };
        assert_eq!(answer.encode(), bytes, "there is one form only");
        true
    };
    target("answer", seeds::field("answer", "answer"), read).run();
}

#[test]
fn link_with_its_checksum() {
    let texts = seeds::field("link", "text").into_iter();
    let bodies = texts.filter_map(|text| {
        let code = String::from_utf8(text).ok()?.strip_prefix("pursuance:")?.to_uppercase();
        let mut bytes = data_encoding::BASE32_NOPAD.decode(code.as_bytes()).ok()?;
        bytes.truncate(bytes.len().checked_sub(4)?);
        Some(bytes)
    });
    let read: fn(&[u8]) -> bool = |body| {
        let sum = crypto::hash(label::LINK_CHECKSUM, &[body]);
        let code = data_encoding::BASE32_NOPAD.encode(&[body, &sum[..4]].concat()).to_lowercase();
        let text = format!("pursuance:{code}");
        InviteLink::parse(&text).inspect(|link| assert_eq!(*link.to_text(), text)).is_ok()
    };
    Target { base_bytes: 16 << 10, ..target("link with its checksum", bodies.collect(), read) }.run();
}
