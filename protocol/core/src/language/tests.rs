//! The language as a whole: the examples, each error with its place, and that printing and parsing are inverse.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::day::Day;
use crate::founding::starting_rules;
use crate::id::RoleId;
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};

/// As in the posts of 2019, word for word.
const EXAMPLE: &str = "\
leader   { assign tasks worker   cansee tasks worker   assign labels worker   cancreate labels }
worker   { }
redactor { claim tasks redaction   comment tasks redaction   finish tasks redaction with review of verifier not-self }
member   { remove member with 2 of member not-self }
";

fn role(id: u16, name: &str, rank: u8) -> Role {
    Role { id: RoleId(id), name: name.into(), rank }
}

const fn line(role: u16, verb: Verb, over: u16) -> Rule {
    let object = Object::Role(RoleId(over));
    Rule { role: RoleId(role), verb, object, conditions: Conditions::ALWAYS, quorum: None }
}

fn table(text: &str) -> RuleTable {
    parse(text).unwrap_or_else(|error| panic!("{error}\n{text}")).table
}

#[test]
fn the_example() {
    let parsed = parse(EXAMPLE).expect("word for word");
    let roles = vec![
        role(1, "leader", 0),
        role(2, "worker", 1),
        role(3, "redactor", 2),
        role(4, "member", 3),
        role(5, "redaction", 4),
        role(6, "verifier", 4),
    ];
    let reviewed = Conditions { review: Some(RoleId(6)), ..Conditions::NOT_SELF };
    let rules = vec![
        line(1, Verb::Assign, 2),
        line(1, Verb::See, 2),
        line(1, Verb::Label, 2),
        Rule { object: Object::NewLabels, ..line(1, Verb::Label, 0) },
        line(3, Verb::Claim, 5),
        line(3, Verb::Comment, 5),
        Rule { conditions: reviewed, ..line(3, Verb::Finish, 5) },
        Rule {
            conditions: Conditions::NOT_SELF,
            quorum: Some(Quorum { count: 2, of: RoleId(4) }),
            ..line(4, Verb::Remove, 4)
        },
    ];
    assert_eq!(parsed.table, RuleTable { roles, rules });
    let mentioned: Vec<u16> = parsed.mentions.iter().map(|mention| mention.role.0).collect();
    assert_eq!(mentioned, [5, 6]);
    assert_eq!(parsed.mentions[0].place, Place { line: 3, column: 24 });
    let places: Vec<(u32, u32)> = parsed.places.iter().map(|place| (place.line, place.column)).collect();
    assert_eq!(places, [(1, 12), (1, 34), (1, 56), (1, 79), (3, 12), (3, 36), (3, 62), (4, 12)]);
    for text in EXAMPLE.lines() {
        parse(text).unwrap_or_else(|error| panic!("alone: {error}"));
    }
}

#[test]
fn printed() {
    let text = "\
role leader rank 0
role worker rank 1
role redactor rank 2
role member rank 3
role redaction rank 4
role verifier rank 4

leader {
  assign tasks worker
  see tasks worker
  label tasks worker
  create labels
}

redactor {
  claim tasks redaction
  comment tasks redaction
  finish tasks redaction with review of verifier not-self
}

member {
  remove member with 2 of member not-self
}
";
    assert_eq!(print(&table(EXAMPLE)), text);
    assert_eq!(table(text), table(EXAMPLE));
    assert_eq!(parse(text).map(|parsed| parsed.mentions), Ok(Vec::new()));
    assert_eq!(table(&print(&starting_rules())), starting_rules());
    assert_eq!(print(&RuleTable::default()), "");
    assert_eq!(table(""), RuleTable::default());
}

#[test]
fn synonyms() {
    for (said, same) in [
        ("a1 { cansee tasks a1 }", "a1 { see tasks a1 }"),
        ("a1 { kick a1 with 2 of a1 }", "a1 { remove a1 with 2 of a1 }"),
        ("a1 { assign labels a1 }", "a1 { label tasks a1 }"),
        ("a1 { cancreate labels }", "a1 { label labels }"),
        ("a1 { create labels }", "a1 { label over labels }"),
        ("a1 { cancreate tasks a1 }", "a1 { create tasks a1 }"),
        ("a1 { remove a1 consensus 2 }", "a1 { remove a1 with 2 of a1 }"),
        ("a1 { amend rules with majority of a1 }", "a1 { amend rules with a majority of a1 }"),
        ("@creator { edit tasks everyone }", "everyone { edit tasks everyone own }"),
        ("b { } @granter { revoke b }", "b { } everyone { revoke b own }"),
        ("\"a1\" { file tasks \"a1\" }", "a1 { file tasks a1 }"),
        ("a1 { file tasks @1 }", "a1 { file tasks a1 }"),
        ("a1{file tasks a1;;reopen tasks a1};", "a1 # comment { \"\n{ file\ttasks\r\na1 reopen tasks a1 }"),
        ("\u{feff}a1 { }", "a1 rank 0 number 1 { }"),
        ("role a1 rank 3  b { }", "a1 rank 3 { } b rank 4 { }"),
        ("a1 { file tasks a1 } b { } a1 { edit tasks b }", "role a1 role b a1 { file tasks a1 edit tasks b }"),
        (
            "a1 { edit tasks a1 after 2026-12-31 limit 5/day probation 9 own }",
            "a1 { edit tasks a1 own probation 9 limit 5/day after 2026-12-31 }",
        ),
    ] {
        assert_eq!(table(said), table(same), "{said}");
    }
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{3,9}",
        1 => "[a-z]{2,5} [a-z]{2,5}",
        1 => prop::sample::select(vec!["own", "rules", "Größe", "with \"quotes\" \\ and", "{;}", "2nd", "@creator", "工人"])
            .prop_map(String::from),
    ]
}

/// What can be of a line, with meaning or without.
fn any_line(roles: u16) -> impl Strategy<Value = Rule> {
    let role = move || (0..=roles).prop_map(RoleId);
    let object = prop_oneof![
        6 => role().prop_map(Object::Role),
        1 => Just(Object::Relays),
        1 => Just(Object::Rules),
        1 => Just(Object::NewLabels),
    ];
    let day = (0_u32..3_000_000).prop_map(|days| Day::from_first(days));
    let conditions = (
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, role()),
        prop::option::weighted(0.2, 1..=u16::MAX),
        prop::option::weighted(0.2, 1..=u16::MAX),
        prop::option::weighted(0.2, day),
    )
        .prop_map(|(own, not_self, review, probation, daily, after)| Conditions {
            own,
            not_self,
            review,
            probation,
            daily,
            after: after.flatten(),
        });
    let quorum = prop::option::weighted(0.4, (0_u16..9, role()).prop_map(|(count, of)| Quorum { count, of }));
    (role(), prop::sample::select(Verb::ALL.to_vec()), object, conditions, quorum)
        .prop_map(|(role, verb, object, conditions, quorum)| Rule { role, verb, object, conditions, quorum })
}

/// A table as a genesis or a state holds one: names that differ, no line twice.
pub(super) fn any_table() -> impl Strategy<Value = RuleTable> {
    let roles = prop::collection::vec((names(), any::<u8>(), prop::option::weighted(0.2, 100_u16..)), 1..9);
    roles.prop_flat_map(|roles| {
        let count = roles.len() as u16;
        (Just(roles), prop::collection::vec(any_line(count), 0..40)).prop_map(|(given, lines)| {
            let mut seen = names::Names::default();
            seen.look_alike("everyone");
            let mut roles: Vec<Role> = Vec::new();
            let mut number_of = vec![RoleId::EVERYONE];
            for (index, (name, rank, number)) in given.into_iter().enumerate() {
                let name = if seen.look_alike(&name).is_some() { format!("role number {index} x") } else { name };
                let number = number.filter(|number| roles.iter().all(|role| role.id.0 != *number));
                let id = RoleId(number.unwrap_or(index as u16 + 1));
                roles.push(Role { id, name, rank });
                number_of.push(id);
            }
            let of = |id: RoleId| number_of[usize::from(id.0)];
            let mut rules: Vec<Rule> = Vec::new();
            for line in lines {
                let object = match line.object {
                    Object::Role(id) => Object::Role(of(id)),
                    other => other,
                };
                let conditions = Conditions { review: line.conditions.review.map(of), ..line.conditions };
                let quorum = line.quorum.map(|quorum| Quorum { of: of(quorum.of), ..quorum });
                let rule = Rule { role: of(line.role), object, conditions, quorum, ..line };
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
            RuleTable { roles, rules }
        })
    })
}

fn with_meaning(table: &RuleTable) -> RuleTable {
    let rules = table.rules.iter().filter(|rule| meaning(rule).is_ok()).copied().collect();
    RuleTable { roles: table.roles.clone(), rules }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_undoes_printing(any in any_table()) {
        let valid = with_meaning(&any);
        let text = print(&valid);
        let again = parse(&text).map(|parsed| parsed.table);
        prop_assert_eq!(again.as_ref(), Ok(&valid), "{}", text);
        prop_assert_eq!(print(&again.expect("just compared")), text);
        // What is in force is taken as it is, whatever it means.
        let text = print(&any);
        let again = parse_amending(&text, &any).map(|parsed| parsed.table);
        prop_assert_eq!(again.as_ref(), Ok(&any), "{}", text);
    }

    #[test]
    fn words_in_any_order_end(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..60)) {
        let text = words.join(" ");
        if let Ok(parsed) = parse(&text) {
            let printed = print(&parsed.table);
            let again = parse(&printed).map(|parsed| parsed.table);
            prop_assert_eq!(again.as_ref(), Ok(&parsed.table));
            prop_assert!(parsed.table.rules.iter().all(|rule| meaning(rule).is_ok()));
        }
        let _ = parse_amending(&text, &starting_rules());
    }

    #[test]
    fn any_text_ends(text in "\\PC{0,80}") {
        let _ = parse(&text);
    }
}

/// Which texts are put together of.
const WORDS: [&str; 60] = [
    "{",
    "}",
    "{",
    "}",
    ";",
    "role",
    "rank",
    "number",
    "0",
    "1",
    "2",
    "7",
    "leader",
    "worker",
    "\"first aid\"",
    "everyone",
    "@creator",
    "@granter",
    "@1",
    "@2",
    "assign",
    "create",
    "label",
    "see",
    "invite",
    "remove",
    "amend",
    "claim",
    "finish",
    "pin",
    "checkpoint",
    "tasks",
    "tasks",
    "tasks",
    "labels",
    "relays",
    "rules",
    "over",
    "own",
    "not-self",
    "with",
    "with",
    "of",
    "of",
    "a",
    "majority",
    "review",
    "consensus",
    "probation",
    "limit",
    "5/day",
    "after",
    "2026-12-31",
    "organiser",
    "member",
    "# x\n",
    "\n",
    "\"",
    "via",
    "grant",
];
