//! Entries: strict decoding and the form of a body (E1 to E10, E13).

use pursuance_core::entry::Entry;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::op::{AddDevice, Op};
use serde_json::json;

use super::raw::{V, head, wide_head};
use super::{Cast, Shelf, at, body_tree, envelope, hex, signed};

/// Fields of a body.
pub mod field {
    pub const VERSION: usize = 0;
    pub const SUITE: usize = 1;
    pub const AUTHOR: usize = 2;
    pub const SEQ: usize = 3;
    pub const PREV: usize = 4;
    pub const HEADS: usize = 5;
    pub const BY: usize = 6;
    pub const CLAIMED: usize = 7;
    pub const CHECKPOINTS: usize = 8;
    pub const OPS: usize = 9;
    pub const PART: usize = 10;
}

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    whole(cast, shelf);
    envelopes(cast, shelf);
    values(cast, shelf);
    form(cast, shelf);
    ops(cast, shelf);
    parts(cast, shelf);
}

/// A bad entry that Maya signed: a known body with something changed in it.
fn bent(cast: &Cast, shelf: &mut Shelf, case: &str, of: usize, error: &str, bend: impl FnOnce(&mut Vec<V>)) {
    let mut tree = body_tree(&cast.entries[of]);
    bend(tree.list());
    refused(cast, shelf, case, &signed(&cast.maya_keys(), cast.pursuance, &tree.encode()), error);
}

pub fn refused(cast: &Cast, shelf: &mut Shelf, case: &str, bytes: &[u8], error: &str) {
    let given = json!({"pursuance": hex(&cast.pursuance.0), "entry": hex(bytes)});
    shelf.add("entry", &format!("bad-{case}"), given, json!({"at": "decode", "error": error}));
}

pub fn accepted(cast: &Cast, shelf: &mut Shelf, case: &str, bytes: &[u8]) {
    let given = json!({"pursuance": hex(&cast.pursuance.0), "entry": hex(bytes)});
    let found = shelf.add_frozen("entry", &format!("ok-{case}"), given);
    assert!(found.get("ok").is_some(), "{case}: {found}");
    let unknown = found["ok"]["says"]["unknown"].as_array().is_some_and(|ops| !ops.is_empty());
    assert_eq!(unknown, case.ends_with("is-kept"), "{case}: {found}");
}

fn whole(cast: &Cast, shelf: &mut Shelf) {
    let names = [
        (at::GENESIS, "genesis"),
        (at::EPOCH, "epoch-and-key-package"),
        (at::INVITE, "invite"),
        (at::TASK, "sealed-task"),
        (at::JOIN, "join"),
        (at::WELCOME, "welcome"),
        (at::CLAIM, "with-heads"),
        (at::COMMENT, "sealed-comment"),
    ];
    for (of, name) in names {
        accepted(cast, shelf, name, cast.entries[of].bytes());
    }
    let change = |bend: &dyn Fn(&mut Vec<V>)| {
        let mut tree = body_tree(&cast.entries[at::COMMENT]);
        bend(tree.list());
        signed(&cast.maya_keys(), cast.pursuance, &tree.encode())
    };
    accepted(
        cast,
        shelf,
        "with-checkpoints",
        &change(&|f| {
            f[field::CHECKPOINTS] = V::Array(vec![seen(1), seen(2)]);
        }),
    );
    // Any entry may begin a log by its form; whether its author may is for the members to judge.
    let begins = change(&|f| {
        f[field::SEQ] = V::Uint(0);
        f[field::PREV] = V::Bytes(vec![]);
    });
    accepted(cast, shelf, "begins-with-sealed-items", &begins);
    let added = AddDevice::new(cast.pursuance, cast.maya.me().expect("a member"), &DeviceKeys::from_seed([0x12; 32]));
    let adds = cast.says(&cast.maya, vec![Op::AddDevice(added)]);
    accepted(cast, shelf, "add-device", adds.bytes());
    let bent_adds = |bend: &dyn Fn(&mut Vec<V>)| {
        let mut tree = body_tree(&adds);
        let op = tree.list()[field::OPS].list()[0].list();
        let mut arguments = V::parse(op[1].blob());
        bend(arguments.list());
        op[1] = V::Bytes(arguments.encode());
        signed(&cast.maya_keys(), cast.pursuance, &tree.encode())
    };
    let later = bent_adds(&|a| a[1].list()[0] = V::Uint(3));
    accepted(cast, shelf, "add-device-with-an-unknown-package-is-kept", &later);
    let structure = "Decode(Structure)";
    refused(cast, shelf, "add-device-of-31-bytes", &bent_adds(&|a| a[0].blob().truncate(31)), structure);
    refused(cast, shelf, "add-device-of-two", &bent_adds(&|a| drop(a.pop())), structure);
    refused(
        cast,
        shelf,
        "add-device-with-a-short-package",
        &bent_adds(&|a| a[1].list()[1].blob().truncate(9)),
        structure,
    );
    refused(cast, shelf, "add-device-with-a-short-signature", &bent_adds(&|a| a[2].blob().truncate(63)), structure);
    accepted(cast, shelf, "absurd-claimed-time", &change(&|f| f[field::CLAIMED] = V::Uint(u64::MAX)));
    accepted(cast, shelf, "sixteen-heads", &change(&|f| f[field::HEADS] = heads(1..17)));
    accepted(
        cast,
        shelf,
        "unknown-op-is-kept",
        &change(&|f| {
            f[field::OPS] = V::Array(vec![op(900, &[1, 2, 3])]);
            f[field::PART] = V::Array(vec![]);
        }),
    );
    for (case, uses) in [("invite-for-nobody-is-kept", 0), ("invite-for-too-many-is-kept", 10_001)] {
        let mut tree = body_tree(&cast.entries[at::INVITE]);
        let op = tree.list()[field::OPS].list()[0].list();
        let mut arguments = V::parse(op[1].blob());
        arguments.list()[1] = V::Uint(uses);
        op[1] = V::Bytes(arguments.encode());
        accepted(cast, shelf, case, &signed(&cast.maya_keys(), cast.pursuance, &tree.encode()));
    }
    accepted(
        cast,
        shelf,
        "reserved-op-is-kept",
        &change(&|f| {
            f[field::OPS] = V::Array(vec![op(26, &[0x80])]);
            f[field::PART] = V::Array(vec![]);
        }),
    );
}

fn envelopes(cast: &Cast, shelf: &mut Shelf) {
    let good = cast.entries[at::INVITE].bytes();
    let V::Array(parts) = V::parse(good) else { panic!("an envelope is an array") };
    let [V::Bytes(body), V::Bytes(signature)] = &parts[..] else { panic!("of two byte strings") };
    let structure = "Decode(Structure)";
    refused(cast, shelf, "empty", &[], structure);
    refused(cast, shelf, "cut-in-half", &good[..good.len() / 2], structure);
    refused(cast, shelf, "last-byte-missing", &good[..good.len() - 1], structure);
    refused(cast, shelf, "trailing-byte", &[good, &[0]].concat(), "Decode(Trailing)");
    refused(cast, shelf, "two-entries-in-one", &[good, good].concat(), "Decode(Trailing)");
    refused(cast, shelf, "envelope-of-one", &V::Array(parts[..1].to_vec()).encode(), structure);
    let three = V::Array(vec![parts[0].clone(), parts[1].clone(), V::Bytes(vec![])]);
    refused(cast, shelf, "envelope-of-three", &three.encode(), structure);
    refused(cast, shelf, "envelope-map", &[&[0xa1][..], &good[1..]].concat(), structure);
    refused(cast, shelf, "envelope-indefinite", &[&[0x9f][..], &good[1..], &[0xff]].concat(), structure);
    refused(cast, shelf, "envelope-tagged", &[&[0xd9, 0xd9, 0xf7][..], good].concat(), structure);
    refused(cast, shelf, "envelope-length-not-minimal", &[&[0x98, 2][..], &good[1..]].concat(), "Decode(NotCanonical)");
    let wide_body = [&[0x82][..], &wide_head(2, body.len() as u64, 4), body, &head(2, 64), signature].concat();
    refused(cast, shelf, "body-length-not-minimal", &wide_body, "Decode(NotCanonical)");
    let chunked = [&[0x82, 0x5f][..], &head(2, body.len() as u64), body, &[0xff], &head(2, 64), signature].concat();
    refused(cast, shelf, "body-indefinite", &chunked, structure);
    let text_body = [&[0x82][..], &head(3, body.len() as u64), body, &head(2, 64), signature].concat();
    refused(cast, shelf, "body-as-text", &text_body, structure);
    refused(
        cast,
        shelf,
        "body-of-absurd-length",
        &[0x82, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
        structure,
    );
    refused(
        cast,
        shelf,
        "envelope-of-absurd-length",
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        structure,
    );
    refused(cast, shelf, "signature-of-63-bytes", &envelope(body, &signature[..63]), structure);
    refused(cast, shelf, "signature-of-65-bytes", &envelope(body, &[&signature[..], &[0]].concat()), structure);
    refused(cast, shelf, "signature-missing", &envelope(body, &[]), structure);
    refused(cast, shelf, "body-empty", &envelope(&[], signature), structure);
    let trailing = [&body[..], &[0]].concat();
    refused(
        cast,
        shelf,
        "trailing-byte-in-body",
        &signed(&cast.maya_keys(), cast.pursuance, &trailing),
        "Decode(Trailing)",
    );
}

fn values(cast: &Cast, shelf: &mut Shelf) {
    let of = at::INVITE;
    let raw = |bytes: &[u8]| V::Raw(bytes.to_vec());
    let structure = "Decode(Structure)";
    let mut seq = |case: &str, error: &str, value: V| bent(cast, shelf, case, of, error, |f| f[field::SEQ] = value);
    seq("seq-not-minimal", "Decode(NotCanonical)", V::Raw(wide_head(0, 2, 1)));
    seq("seq-in-eight-bytes", "Decode(NotCanonical)", V::Raw(wide_head(0, 2, 8)));
    seq("seq-negative", structure, raw(&[0x20]));
    seq("seq-float", structure, raw(&[0xf9, 0x40, 0x00]));
    seq("seq-tagged", structure, raw(&[0xc1, 0x02]));
    seq("seq-null", structure, raw(&[0xf6]));
    seq("seq-undefined", structure, raw(&[0xf7]));
    seq("seq-true", structure, raw(&[0xf5]));
    seq("seq-map", structure, raw(&[0xa0]));
    seq("seq-big-number", structure, raw(&[0xc2, 0x41, 0x02]));
    seq("seq-reserved-width", structure, raw(&[0x1c]));
    seq("seq-beyond-32-bits", "Decode(UnknownNumber)", V::Uint(1 << 32));
    seq("seq-as-bytes", structure, V::Bytes(vec![2]));
    let author = cast.maya_keys().author().0;
    bent(cast, shelf, "author-of-31-bytes", of, structure, |f| f[field::AUTHOR] = V::Bytes(author[..31].into()));
    bent(cast, shelf, "author-of-33-bytes", of, structure, |f| f[field::AUTHOR].blob().push(0));
    bent(cast, shelf, "author-length-not-minimal", of, "Decode(NotCanonical)", |f| {
        f[field::AUTHOR] = V::Raw([&wide_head(2, 32, 2)[..], &author].concat());
    });
    bent(cast, shelf, "author-indefinite", of, structure, |f| {
        f[field::AUTHOR] = V::Raw([&[0x5f, 0x58, 32][..], &author, &[0xff]].concat());
    });
    bent(cast, shelf, "prev-of-31-bytes", of, structure, |f| f[field::PREV].blob().truncate(31));
    bent(cast, shelf, "prev-of-absurd-length", of, structure, |f| {
        f[field::PREV] = raw(&[0x5a, 0xff, 0xff, 0xff, 0xff])
    });
    bent(cast, shelf, "by-of-one", of, structure, |f| drop(f[field::BY].list().pop()));
    bent(cast, shelf, "by-of-three", of, "Decode(TooLong)", |f| f[field::BY].list().push(V::Uint(0)));
    bent(cast, shelf, "by-op-beyond-16-bits", of, "Decode(UnknownNumber)", |f| {
        f[field::BY].list()[1] = V::Uint(65_536)
    });
    bent(cast, shelf, "body-of-ten", of, structure, |f| drop(f.pop()));
    bent(cast, shelf, "body-of-twelve", of, structure, |f| f.push(V::Uint(0)));
    bent(cast, shelf, "heads-of-absurd-length", of, "Decode(TooLong)", |f| {
        f[field::HEADS] = raw(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    });
    bent(cast, shelf, "heads-indefinite", of, structure, |f| f[field::HEADS] = raw(&[0x9f, 0xff]));
    bent(cast, shelf, "heads-length-not-minimal", of, "Decode(NotCanonical)", |f| f[field::HEADS] = raw(&[0x98, 0]));
    bent(cast, shelf, "head-of-33-bytes", of, structure, |f| f[field::HEADS] = V::Array(vec![V::Bytes(vec![1; 33])]));
    bent(cast, shelf, "seventeen-heads", of, "Decode(TooLong)", |f| f[field::HEADS] = heads(1..18));
    bent(cast, shelf, "five-checkpoints", of, "Decode(TooLong)", |f| {
        f[field::CHECKPOINTS] = V::Array((1..6).map(seen).collect());
    });
    bent(cast, shelf, "checkpoint-of-two", of, structure, |f| {
        f[field::CHECKPOINTS] = V::Array(vec![V::Array(vec![V::Bytes(vec![1; 32]), V::Uint(1)])]);
    });
    bent(cast, shelf, "nested-deep", of, structure, |f| f[field::HEADS] = raw(&[0x81; 4_000]));
    bent(cast, shelf, "unknown-version", of, "Newer { version: 2, suite: 1 }", |f| f[field::VERSION] = V::Uint(2));
    bent(cast, shelf, "unknown-suite", of, "Newer { version: 1, suite: 9 }", |f| f[field::SUITE] = V::Uint(9));
    bent(cast, shelf, "unknown-version-of-another-form", of, "Newer { version: 3, suite: 1 }", |f| {
        f[field::VERSION] = V::Uint(3);
        f.truncate(2);
        f.push(V::Text(b"whatever comes then".to_vec()));
    });
}

fn form(cast: &Cast, shelf: &mut Shelf) {
    let of = at::INVITE;
    let id = |entry: &Entry| V::Bytes(entry.id().0.to_vec());
    let prev = id(&cast.entries[at::EPOCH]);
    bent(cast, shelf, "seq-0-with-prev", of, "SeqAndPrev", |f| f[field::SEQ] = V::Uint(0));
    bent(cast, shelf, "seq-2-without-prev", of, "SeqAndPrev", |f| f[field::PREV] = V::Bytes(vec![]));
    let two = |a: u8, b: u8| V::Array(vec![V::Bytes(vec![a; 32]), V::Bytes(vec![b; 32])]);
    bent(cast, shelf, "heads-unsorted", of, "NotSorted", |f| f[field::HEADS] = two(2, 1));
    bent(cast, shelf, "heads-repeated", of, "NotSorted", |f| f[field::HEADS] = two(1, 1));
    bent(cast, shelf, "head-is-prev", of, "NotSorted", |f| f[field::HEADS] = V::Array(vec![prev]));
    bent(cast, shelf, "checkpoints-unsorted", of, "NotSorted", |f| {
        f[field::CHECKPOINTS] = V::Array(vec![seen(2), seen(1)])
    });
    bent(cast, shelf, "checkpoints-repeated", of, "NotSorted", |f| {
        f[field::CHECKPOINTS] = V::Array(vec![seen(1), seen(1)])
    });
    let mut part = body_tree(&cast.entries[at::TASK]).list()[field::PART].clone();
    bent(cast, shelf, "mixed-layers", of, "MixedLayers", |f| f[field::PART] = part.clone());
    bent(cast, shelf, "says-nothing", of, "Empty", |f| f[field::OPS] = V::Array(vec![]));
    let audience = part.list()[0].list()[0].clone();
    bent(cast, shelf, "audience-repeated", at::TASK, "NotSorted", |f| f[field::PART].list()[0].list().push(audience));

    let op_of = |of: usize| body_tree(&cast.entries[of]).list()[field::OPS].list()[0].clone();
    let (genesis, join, invite) = (op_of(at::GENESIS), op_of(at::JOIN), op_of(at::INVITE));
    let beginning = "Beginning";
    bent(cast, shelf, "genesis-in-the-middle", of, beginning, |f| f[field::OPS] = V::Array(vec![genesis.clone()]));
    bent(cast, shelf, "join-in-the-middle", of, beginning, |f| f[field::OPS] = V::Array(vec![join.clone()]));
    bent(cast, shelf, "join-as-second-op", of, beginning, |f| f[field::OPS].list().push(join));
    bent(cast, shelf, "join-with-a-second-op", at::JOIN, beginning, |f| f[field::OPS].list().push(op(17, &[0x80])));
    bent(cast, shelf, "genesis-with-a-second-op", at::GENESIS, beginning, |f| {
        f[field::OPS].list().push(op(17, &[0x80]))
    });
    bent(cast, shelf, "begins-with-an-unknown-op", at::GENESIS, beginning, |f| {
        f[field::OPS] = V::Array(vec![op(900, &[])])
    });
    bent(cast, shelf, "begins-with-an-invite", at::GENESIS, beginning, |f| f[field::OPS] = V::Array(vec![invite]));
    bent(cast, shelf, "genesis-twice", at::GENESIS, beginning, |f| f[field::OPS].list().push(genesis));
    bent(cast, shelf, "genesis-leans-on-something", at::GENESIS, beginning, |f| {
        f[field::BY] = V::Array(vec![V::Bytes(vec![1; 32]), V::Uint(0)]);
    });
    bent(cast, shelf, "genesis-with-heads", at::GENESIS, beginning, |f| f[field::HEADS] = heads(1..2));
    bent(cast, shelf, "leans-on-nothing", of, beginning, |f| f[field::BY] = V::Array(vec![]));
    // Of a newer version it may be; a beginning it is not.
    let unknown_package = |mut op: V| {
        let arguments = op.list()[1].blob();
        let mut inner = V::parse(arguments);
        inner.list()[1].list()[0] = V::Uint(3);
        *arguments = inner.encode();
        op
    };
    let later_join = unknown_package(op_of(at::JOIN));
    bent(cast, shelf, "unknown-join-in-the-middle", of, beginning, |f| f[field::OPS] = V::Array(vec![later_join]));
}

fn ops(cast: &Cast, shelf: &mut Shelf) {
    let structure = "Decode(Structure)";
    let mut arguments = |case: &str, of: usize, error: &str, bend: &dyn Fn(&mut Vec<V>)| {
        bent(cast, shelf, case, of, error, |f| {
            let op = f[field::OPS].list()[0].list();
            let mut inner = V::parse(op[1].blob());
            bend(inner.list());
            op[1] = V::Bytes(inner.encode());
        });
    };
    let text = |text: &str| V::Text(text.into());
    arguments("genesis-without-name", at::GENESIS, structure, &|a| a[0] = text(""));
    arguments("genesis-name-too-long", at::GENESIS, "Decode(TooLong)", &|a| a[0] = text(&"n".repeat(121)));
    arguments("genesis-name-not-utf-8", at::GENESIS, structure, &|a| a[0] = V::Text(vec![0xff, 0xfe]));
    arguments("genesis-name-with-escape", at::GENESIS, "Decode(ForbiddenCharacter)", &|a| a[0] = text("a\u{1b}[2J"));
    arguments("genesis-name-as-bytes", at::GENESIS, structure, &|a| a[0] = V::Bytes(b"name".to_vec()));
    arguments("genesis-name-that-turns-the-line", at::GENESIS, "Decode(ForbiddenCharacter)", &|a| {
        a[0] = text("a\u{202e}b")
    });
    arguments("genesis-mission-too-long", at::GENESIS, "Decode(TooLong)", &|a| a[1] = text(&"m".repeat(1_001)));
    arguments("genesis-without-roles", at::GENESIS, structure, &|a| a[3] = V::Array(vec![]));
    arguments("genesis-rank-beyond-8-bits", at::GENESIS, "Beginning", &|a| a[3].list()[0].list()[1] = V::Uint(256));
    arguments("genesis-65-roles", at::GENESIS, "Decode(TooLong)", &|a| {
        a[3] = V::Array((0..65).map(|_| V::Array(vec![text("r"), V::Uint(1)])).collect());
    });
    arguments("rule-of-an-unknown-verb", at::GENESIS, "Beginning", &|a| a[4].list()[0].list()[1] = V::Uint(99));
    arguments("rule-over-an-unknown-role", at::GENESIS, "Beginning", &|a| a[4].list()[0].list()[3] = V::Uint(9));
    arguments("rule-of-an-unknown-role", at::GENESIS, "Beginning", &|a| a[4].list()[0].list()[0] = V::Uint(9));
    arguments("rule-with-an-unknown-condition", at::GENESIS, "Beginning", &|a| {
        a[4].list()[0].list()[4] = V::Array(vec![V::Array(vec![V::Uint(8)])]);
    });
    arguments("rule-over-an-unknown-object", at::GENESIS, "Beginning", &|a| a[4].list()[0].list()[2] = V::Uint(4));
    arguments("relay-that-is-no-key", at::GENESIS, "Decode(NotARelay)", &|a| {
        a[5].list()[0].list()[0] = V::Bytes([&[2][..], &[0; 31]].concat());
    });
    arguments("relay-with-a-weak-key", at::GENESIS, "Decode(NotARelay)", &|a| {
        a[5].list()[0].list()[1] = V::Bytes([&[1][..], &[0; 31]].concat());
    });
    arguments("five-relays", at::GENESIS, "Decode(TooLong)", &|a| {
        let relay = a[5].list()[0].clone();
        a[5] = V::Array(vec![relay; 5]);
    });
    arguments("genesis-of-eight", at::GENESIS, structure, &|a| a.push(V::Uint(0)));
    arguments("invite-key-of-31-bytes", at::INVITE, structure, &|a| a[2].blob().truncate(31));
    arguments("invite-note-too-long", at::INVITE, "Decode(TooLong)", &|a| a[4] = text(&"n".repeat(501)));
    arguments("invite-role-not-minimal", at::INVITE, "Decode(NotCanonical)", &|a| a[0] = V::Raw(wide_head(0, 2, 2)));
    arguments("join-without-name", at::JOIN, structure, &|a| a[0] = text(""));
    arguments("join-name-too-long", at::JOIN, "Decode(TooLong)", &|a| a[0] = text(&"n".repeat(81)));
    arguments("join-with-an-unknown-package", at::JOIN, "Beginning", &|a| a[1].list()[0] = V::Uint(3));
    arguments("join-with-a-short-package", at::JOIN, structure, &|a| a[1].list()[1].blob().truncate(1_215));
    arguments("join-package-of-another-suite", at::JOIN, structure, &|a| a[1].list()[0] = V::Uint(2));
    arguments("epoch-parents-unsorted", at::EPOCH, "Decode(NotSorted)", &|a| {
        a[2] = V::Array(vec![V::Bytes(vec![2; 32]), V::Bytes(vec![1; 32])]);
    });
    arguments("epoch-seal-too-long", at::EPOCH, "Decode(TooLong)", &|a| {
        a[4].list()[0].list()[1] = V::Bytes(vec![0; 2_049]);
    });
    arguments("epoch-with-801-readers", at::EPOCH, "Decode(TooLong)", &|a| {
        let seal = V::Array(vec![V::Bytes(vec![0; 8]), V::Bytes(vec![])]);
        a[4] = V::Array(vec![seal; 801]);
    });
    arguments("epoch-with-backlinks-of-later", at::EPOCH, structure, &|a| a[5] = V::Array(vec![V::Uint(0)]));
    arguments("welcome-of-three", at::WELCOME, structure, &|a| drop(a.pop()));

    bent(cast, shelf, "trailing-byte-in-op", at::INVITE, "Decode(Trailing)", |f| {
        f[field::OPS].list()[0].list()[1].blob().push(0)
    });
    bent(cast, shelf, "op-of-one", at::INVITE, structure, |f| drop(f[field::OPS].list()[0].list().pop()));
    bent(cast, shelf, "op-of-three", at::INVITE, structure, |f| f[field::OPS].list()[0].list().push(V::Uint(0)));
    bent(cast, shelf, "op-number-beyond-16-bits", at::INVITE, "Decode(UnknownNumber)", |f| {
        f[field::OPS].list()[0].list()[0] = V::Uint(65_536);
    });
    bent(cast, shelf, "65-ops", at::INVITE, "Decode(TooLong)", |f| {
        f[field::OPS] = V::Array((0..65).map(|_| op(900, &[])).collect());
    });
    bent(cast, shelf, "op-arguments-as-text", at::INVITE, structure, |f| f[field::OPS].list()[0].list()[1] = text("x"));
}

fn parts(cast: &Cast, shelf: &mut Shelf) {
    let of = at::TASK;
    let structure = "Decode(Structure)";
    let item = |nonce: usize| V::Array(vec![V::Bytes(vec![0; 32]), V::Bytes(vec![0; nonce]), V::Bytes(vec![0; 16])]);
    let mut part = |case: &str, error: &str, bend: &dyn Fn(&mut Vec<V>)| {
        bent(cast, shelf, case, of, error, |f| bend(f[field::PART].list()));
    };
    part("part-of-one", structure, &|p| drop(p.pop()));
    part("part-of-three", "Decode(TooLong)", &|p| p.push(V::Uint(0)));
    part("no-audience", structure, &|p| p[0] = V::Array(vec![]));
    part("no-item", structure, &|p| p[1] = V::Array(vec![]));
    part("five-audiences", "Decode(TooLong)", &|p| {
        let audience = p[0].list()[0].clone();
        p[0] = V::Array(vec![audience; 5]);
    });
    part("65-items", "Decode(TooLong)", &|p| p[1] = V::Array(vec![item(24); 65]));
    part("item-nonce-of-23-bytes", structure, &|p| p[1] = V::Array(vec![item(23)]));
    part("item-commit-of-33-bytes", structure, &|p| p[1].list()[0].list()[0].blob().push(0));
    part("audience-of-three", structure, &|p| drop(p[0].list()[0].list().pop()));
    part("audience-role-beyond-16-bits", "Decode(UnknownNumber)", &|p| p[0].list()[0].list()[0] = V::Uint(65_536));
}

fn heads(range: std::ops::Range<u8>) -> V {
    V::Array(range.map(|byte| V::Bytes(vec![byte; 32])).collect())
}

fn seen(byte: u8) -> V {
    V::Array(vec![V::Bytes(vec![byte; 32]), V::Uint(7), V::Bytes(vec![byte; 32])])
}

pub fn op(number: u64, arguments: &[u8]) -> V {
    V::Array(vec![V::Uint(number), V::Bytes(arguments.into())])
}
