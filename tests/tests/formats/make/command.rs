//! Commands: the entry that they become, or the numbered refusal (F1 to F24).

use serde_json::{Value, json};

use super::{Cast, NOW_SECONDS, Shelf, at, hex, hexes};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    let task = hex(&cast.task.0);
    let stranger = "09".repeat(16);
    let maya = hex(&cast.maya.me().expect("a member").0);
    let about = |kind: &str, more: Value| {
        let mut command = json!({"kind": kind, "task": task});
        for (key, value) in more.as_object().expect("an object") {
            command[key] = value.clone();
        }
        command
    };
    let create = |title: &str, parent: Value| json!({"kind": "createTask", "title": title, "parent": parent, "assignees": [], "labels": []});
    let mut as_maya = |case: &str, command: Value, refusal: Value| {
        refused(shelf, case, given(cast, &cast.maya_seed, &cast.entries.len(), command), refusal)
    };
    as_maya("no-such-task", json!({"kind": "claim", "task": stranger}), json!({"code": "noSuchTask"}));
    as_maya("no-such-parent", create("x", json!(stranger)), json!({"code": "noSuchTask"}));
    as_maya("no-such-member", about("assign", json!({"member": "09".repeat(32)})), json!({"code": "noSuchMember"}));
    as_maya("no-such-role", json!({"kind": "invite", "role": 9, "uses": 1}), json!({"code": "noSuchRole"}));
    as_maya("invite-everyone", json!({"kind": "invite", "role": 0, "uses": 1}), json!({"code": "noSuchRole"}));
    as_maya("title-empty", about("setTitle", json!({"title": " \n\t"})), json!({"code": "empty"}));
    as_maya("comment-empty", about("comment", json!({"text": "\u{1}\n "})), json!({"code": "empty"}));
    as_maya(
        "title-too-long",
        about("setTitle", json!({"title": "t".repeat(1_001)})),
        json!({"code": "tooLong", "maxBytes": 1_000}),
    );
    as_maya(
        "body-too-long",
        about("setBody", json!({"body": "b".repeat((64 << 10) + 1)})),
        json!({"code": "tooLong", "maxBytes": 64 << 10}),
    );
    as_maya(
        "label-too-long",
        about("addLabel", json!({"label": "l".repeat(81)})),
        json!({"code": "tooLong", "maxBytes": 80}),
    );
    as_maya(
        "too-many-labels",
        json!({"kind": "createTask", "title": "x", "parent": null, "assignees": [], "labels": vec!["l"; 33]}),
        json!({"code": "tooMany", "max": 32}),
    );
    as_maya(
        "too-many-assignees",
        json!({"kind": "createTask", "title": "x", "parent": null, "assignees": vec![&maya; 17], "labels": []}),
        json!({"code": "tooMany", "max": 16}),
    );
    as_maya(
        "too-many-relays",
        json!({"kind": "setRelays", "relays": vec![cast.relay.to_string(); 5]}),
        json!({"code": "tooMany", "max": 4}),
    );
    as_maya(
        "invite-for-nobody",
        json!({"kind": "invite", "role": 2, "uses": 0}),
        json!({"code": "tooMany", "max": 10_000}),
    );
    as_maya("below-itself", about("moveTask", json!({"parent": task})), json!({"code": "cycle"}));
    as_maya("back-to-suggested", about("setStatus", json!({"status": "suggested"})), json!({"code": "noSuchStep"}));
    as_maya("taken-by-another", about("claim", json!({})), json!({"code": "claimedByOther"}));
    as_maya("not-mine-to-give-back", about("giveBack", json!({})), json!({"code": "notClaimed"}));
    as_maya(
        "invite-to-the-own-rank-without-a-rule",
        json!({"kind": "invite", "role": 1, "uses": 1}),
        json!({"code": "notAllowed", "verb": "invite", "rule": null, "allowedRole": null}),
    );
    for (case, relay) in [
        ("relay-clearnet", "relay.example.org"),
        ("relay-loopback", "127.0.0.1:8080"),
        ("relay-without-log-key", &cast.relay.onion_host()),
        ("relay-with-scheme", &format!("http://{}", cast.relay)),
    ] {
        as_maya(case, json!({"kind": "setRelays", "relays": [relay]}), json!({"code": "notARelayAddress"}));
    }
    as_maya(
        "same-title",
        about("setTitle", json!({"title": " Photograph the permits "})),
        json!({"code": "nothingToChange"}),
    );
    as_maya(
        "same-relays",
        json!({"kind": "setRelays", "relays": [cast.relay.to_string()]}),
        json!({"code": "nothingToChange"}),
    );
    for (case, due) in [
        ("due-that-is-no-day", "2026-02-29"),
        ("due-empty", ""),
        ("due-in-words", "next week"),
        ("due-in-another-order", "31-12-2026"),
    ] {
        as_maya(case, about("setDue", json!({"due": due})), json!({"code": "notADay"}));
    }
    as_maya("same-due", about("setDue", json!({"due": null})), json!({"code": "nothingToChange"}));
    as_maya("no-such-priority", about("setPriority", json!({"priority": 5})), json!({"code": "noSuchPriority"}));
    as_maya("same-priority", about("setPriority", json!({"priority": 0})), json!({"code": "nothingToChange"}));
    let mut pressing = create("x", Value::Null);
    pressing["priority"] = json!(9);
    as_maya("create-with-no-such-priority", pressing.clone(), json!({"code": "noSuchPriority"}));
    pressing["due"] = json!("2026-13-01");
    as_maya("create-due-on-no-day", pressing, json!({"code": "notADay"}));
    as_maya("label-not-there", about("removeLabel", json!({"label": "press"})), json!({"code": "nothingToChange"}));

    let mut as_ben = |case: &str, entries: usize, command: Value, refusal: Value| {
        refused(shelf, case, given(cast, &cast.ben_seed, &entries, command), refusal)
    };
    let all = cast.entries.len();
    let not_allowed =
        |verb: &str, rule: u16| json!({"code": "notAllowed", "verb": verb, "rule": rule, "allowedRole": 1});
    as_ben("member-assigns", all, about("assign", json!({"member": maya})), not_allowed("assign", 11));
    as_ben("member-invites", all, json!({"kind": "invite", "role": 2, "uses": 1}), not_allowed("invite", 12));
    as_ben("member-sets-relays", all, json!({"kind": "setRelays", "relays": []}), not_allowed("amend", 13));
    as_ben(
        "member-edits-anothers",
        all,
        about("setTitle", json!({"title": "Mine"})),
        json!({"code": "onlyOwn", "verb": "edit", "rule": 7}),
    );
    as_ben(
        "member-sets-anothers-due",
        all,
        about("setDue", json!({"due": "2026-12-31"})),
        json!({"code": "onlyOwn", "verb": "edit", "rule": 7}),
    );
    as_ben(
        "member-labels-anothers",
        all,
        about("addLabel", json!({"label": "press"})),
        json!({"code": "onlyOwn", "verb": "label", "rule": 8}),
    );
    as_ben(
        "member-moves-anothers",
        all,
        about("moveTask", json!({"parent": null})),
        json!({"code": "nothingToChange"}),
    );
    as_ben("claims-twice", all, about("claim", json!({})), json!({"code": "nothingToChange"}));
    as_ben("not-welcomed-yet", at::WELCOME, create("x", Value::Null), json!({"code": "notWelcomedYet"}));
    as_ben("knows-nothing-yet", 0, create("x", Value::Null), json!({"code": "notWelcomedYet"}));
    let eve = given(cast, &cast.eve_seed, &all, create("x", Value::Null));
    refused(shelf, "a-stranger", eve, json!({"code": "notWelcomedYet"}));

    let mut done = |case: &str, command: Value, seed: &[u8; 32]| {
        let found = shelf.add_frozen("command", &format!("ok-{case}"), given(cast, seed, &all, command));
        assert_eq!(found["ok"]["entries"].as_array().map(Vec::len), Some(1), "{case}");
    };
    done("create", create("Bring a lens", json!(task)), &cast.ben_seed);
    done("comment", about("comment", json!({"text": "two\r\nlines  "})), &cast.ben_seed);
    done("give-back", about("giveBack", json!({})), &cast.ben_seed);
    done("finish", about("setStatus", json!({"status": "done"})), &cast.ben_seed);
    done("set-body", about("setBody", json!({"body": "**bold**"})), &cast.maya_seed);
    done("assign", about("assign", json!({"member": maya})), &cast.maya_seed);
    done("label", about("addLabel", json!({"label": "press"})), &cast.maya_seed);
    done("due", about("setDue", json!({"due": " 2026-12-31 "})), &cast.maya_seed);
    done("priority", about("setPriority", json!({"priority": 1})), &cast.maya_seed);
    let mut pressing = create("Ask the clerk", Value::Null);
    pressing["due"] = json!("2026-12-31");
    pressing["priority"] = json!(1);
    done("create-with-due-and-priority", pressing, &cast.ben_seed);
    done("invite", json!({"kind": "invite", "role": 2, "uses": 10_000}), &cast.maya_seed);
    done("no-relays", json!({"kind": "setRelays", "relays": []}), &cast.maya_seed);
}

fn refused(shelf: &mut Shelf, case: &str, given: Value, refusal: Value) {
    shelf.add("command", &format!("bad-{case}"), given, json!({"refused": refusal}));
}

fn given(cast: &Cast, device: &[u8; 32], entries: &usize, command: Value) -> Value {
    json!({
        "pursuance": hex(&cast.pursuance.0),
        "device_seed": hex(device),
        "deliver": hexes(&cast.entries[..*entries]),
        "command": command,
        "seed": "4a".repeat(32),
        "now_seconds": NOW_SECONDS + 100,
    })
}
