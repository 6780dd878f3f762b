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
use crate::limits::{MAX_NAME_BYTES, MAX_ROLES, MAX_RULES, MAX_RULES_TEXT_BYTES, MAX_SHOWN_CHARS};
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};

/// As in the posts of 2019, word for word.
const EXAMPLE: &str = "\
leader   { assign tasks worker   cansee tasks worker   assign labels worker   cancreate labels }
worker   { }
redactor { claim tasks redaction   comment tasks redaction   finish tasks redaction with review of verifier not-self }
member   { remove member with 2 of member not-self }
";

fn role(id: u16, name: &str, rank: u8) -> Role {
    Role { id: RoleId(id), name: name.into(), rank, since_joining: false }
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

/// What is wrong with a text, if something is: line, column, what stands there, and why.
fn error(text: &str, in_force: Option<&RuleTable>) -> Option<(u32, u32, String, Problem)> {
    let read = in_force.map_or_else(|| parse(text), |table| parse_amending(text, table));
    let ParseError { place, found, problem } = read.err()?;
    Some((place.line, place.column, found, problem))
}

fn wrong(text: &str, in_force: Option<&RuleTable>) -> (u32, u32, String, Problem) {
    error(text, in_force).expect(text)
}

#[test]
fn errors_say_where_and_what_was_expected() {
    use Expected as E;
    let expected = |expected: &[Expected]| Problem::Expected { expected: expected.to_vec(), nearest: None };
    let near = |expected: &[Expected], near: &str| Problem::Expected {
        expected: expected.to_vec(),
        nearest: Some(near.into()),
    };
    let nothing = |verb, why| Problem::Meaningless { verb, why };
    let alike = |other: &str| Problem::LooksAlike { other: other.into() };
    let after_rule = [E::Condition, E::Verb, E::BlockEnd];
    let mut others = Vec::new();
    for (text, line, column, found, problem) in [
        ("}", 1, 1, "}", expected(&[E::Role])),
        ("a1", 1, 3, "", expected(&[E::BlockBegin])),
        ("a1 {", 1, 4, "{", Problem::NotClosed),
        ("a1 {\n see tasks a1\n", 1, 4, "{", Problem::NotClosed),
        ("a1 { } \"b", 1, 8, "\"", Problem::NotClosed),
        ("\"a\nb\" { }", 1, 1, "\"", Problem::NotClosed),
        ("\"a\\x\" { }", 1, 3, "\\", expected(&[E::Escape])),
        ("\"a\"b { }", 1, 4, "b", expected(&[E::Separator])),
        ("own { }", 1, 1, "own", expected(&[E::Role])),
        ("2nd { }", 1, 1, "2nd", expected(&[E::Role])),
        ("工人 { } own { }", 1, 8, "own", expected(&[E::Role])),
        ("role everyone", 1, 6, "everyone", expected(&[E::RoleName])),
        ("everyone rank 3 { }", 1, 10, "rank", expected(&[E::BlockBegin])),
        ("a1 rank 256 { }", 1, 9, "256", expected(&[E::Rank])),
        ("a1 rank 03 { }", 1, 9, "03", expected(&[E::Rank])),
        ("a1 number 0 { }", 1, 11, "0", expected(&[E::Number])),
        ("a1 rank 1 { } a1 rank 2 { }", 1, 23, "2", Problem::RankIs { rank: 1 }),
        ("a1 number 1 { } b number 1 { }", 1, 26, "1", Problem::NumberTaken),
        ("a1 number 2 { } b { }", 1, 11, "2", Problem::NumberTaken),
        ("a1 number 2 { } a1 number 3 { }", 1, 27, "3", Problem::NumberTaken),
        ("a1 {\n  asign tasks a1 }", 2, 3, "asign", near(&[E::Verb, E::BlockEnd], "assign")),
        ("a1 { see tasks a1 probationn 3 }", 1, 19, "probationn", near(&after_rule, "probation")),
        ("a1 { see tasks a1 a1 }", 1, 19, "a1", expected(&after_rule)),
        ("a1 { see a1 }", 1, 10, "a1", expected(&[E::Tasks])),
        ("a1 { assign }", 1, 13, "}", expected(&[E::Tasks, E::Labels])),
        ("a1 { assign tasks with 2 of a1 }", 1, 19, "with", expected(&[E::Role])),
        ("a1 { assign labels }", 1, 20, "}", expected(&[E::Role])),
        ("a1 { remove tasks a1 }", 1, 13, "tasks", expected(&[E::Role])),
        ("a1 { amend a1 }", 1, 12, "a1", expected(&[E::Relays, E::Rules])),
        ("a1 { dissolve a1 }", 1, 15, "a1", expected(&[E::Rules])),
        ("a1 { invite over relays }", 1, 18, "relays", expected(&[E::Role])),
        ("a1 { create over labels }", 1, 18, "labels", expected(&[E::Tasks])),
        ("a1 { see tasks ; }", 1, 16, ";", expected(&[E::Role])),
        ("a1 { edit tasks a1 with }", 1, 25, "}", expected(&[E::Number, E::Majority, E::Review])),
        ("a1 { edit tasks a1 with 0 of a1 }", 1, 25, "0", expected(&[E::Number, E::Majority, E::Review])),
        ("a1 { edit tasks a1 with 2 a1 }", 1, 27, "a1", expected(&[E::Of])),
        ("a1 { edit tasks a1 with a a1 }", 1, 27, "a1", expected(&[E::Majority])),
        ("a1 { edit tasks a1 with review a1 }", 1, 32, "a1", expected(&[E::Of])),
        ("a1 { edit tasks a1 consensus }", 1, 30, "}", expected(&[E::Number])),
        ("a1 { edit tasks a1 probation 65536 }", 1, 30, "65536", expected(&[E::Number])),
        ("a1 { edit tasks a1 limit 5 }", 1, 26, "5", expected(&[E::TimesADay])),
        ("a1 { edit tasks a1 limit 0/day }", 1, 26, "0/day", expected(&[E::TimesADay])),
        ("a1 { edit tasks a1 after 2027-02-29 }", 1, 26, "2027-02-29", expected(&[E::Day])),
        ("a1 { edit tasks a1 own own }", 1, 24, "own", Problem::ConditionTwice),
        ("@creator { edit tasks everyone own }", 1, 32, "own", Problem::ConditionTwice),
        ("a1 { edit tasks a1 consensus 2 with 2 of a1 }", 1, 32, "with", Problem::ConditionTwice),
        ("a1 { see tasks a1\n see tasks a1 }", 2, 2, "see", Problem::Twice { rule: 1 }),
        ("a1 { send tasks a1 via harbour }", 1, 20, "via", Problem::NoLinks),
        ("@assignee { edit tasks everyone }", 1, 1, "@assignee", Problem::NotInThisVersion),
        ("a1 { edit tasks @reviewer }", 1, 17, "@reviewer", Problem::NotInThisVersion),
        ("a1 { edit tasks @7 }", 1, 17, "@7", Problem::NoSuchRole { nearest: None }),
        ("a1 { edit tasks @x }", 1, 17, "@x", expected(&[E::Role])),
        ("a1 { } \u{202e}b { }", 1, 8, "\u{202e}", Problem::ForbiddenCharacter),
        ("a1 { } # \u{2066}", 1, 10, "\u{2066}", Problem::ForbiddenCharacter),
        ("a1 {\r}", 1, 5, "\r", Problem::ForbiddenCharacter),
        ("a1 {\n\0}", 2, 1, "\0", Problem::ForbiddenCharacter),
        ("\"\" { }", 1, 1, "", Problem::EmptyName),
        ("\" a\" { }", 1, 1, " a", Problem::WhiteSpaceInName),
        ("\"a\\nb\" { }", 1, 1, "a\nb", Problem::WhiteSpaceInName),
        ("é { } Member { }\nmember { }", 2, 1, "member", alike("Member")),
        ("\"everyone\" { }", 1, 1, "everyone", alike("everyone")),
        ("every\u{200b}one { }", 1, 1, "every\u{200b}one", alike("everyone")),
        ("role b role b", 1, 13, "b", alike("b")),
        ("worker { claim tasks wоrker }", 1, 22, "wоrker", alike("worker")),
        // What would never do what it says.
        ("a1 { see tasks a1 own }", 1, 19, "own", nothing(Verb::See, Meaningless::Conditions)),
        ("a1 { see tasks a1 limit 3/day }", 1, 6, "see", nothing(Verb::See, Meaningless::Conditions)),
        ("a1 { create tasks a1 own }", 1, 22, "own", nothing(Verb::Create, Meaningless::Own)),
        ("a1 { create tasks a1 not-self }", 1, 22, "not-self", nothing(Verb::Create, Meaningless::NotSelf)),
        ("a1 { create tasks a1 with review of a1 }", 1, 22, "with", nothing(Verb::Create, Meaningless::Review)),
        ("a1 { create tasks a1 with 2 of a1 }", 1, 22, "with", nothing(Verb::Create, Meaningless::Others)),
        ("a1 { edit tasks a1 own not-self }", 1, 24, "not-self", nothing(Verb::Edit, Meaningless::OwnAndNotSelf)),
        ("a1 { edit tasks a1 with a majority of a1 }", 1, 20, "with", nothing(Verb::Edit, Meaningless::Majority)),
        ("a1 { amend rules own }", 1, 18, "own", nothing(Verb::Amend, Meaningless::Own)),
        ("@granter { amend rules }", 1, 1, "@granter", nothing(Verb::Amend, Meaningless::Own)),
        ("a1 { remove a1 with review of a1 }", 1, 16, "with", nothing(Verb::Remove, Meaningless::Review)),
        ("a1 { remove a1 not-self }", 1, 16, "not-self", nothing(Verb::Remove, Meaningless::NotSelf)),
        ("a1 { remove everyone }", 1, 13, "everyone", nothing(Verb::Remove, Meaningless::OverEveryone)),
        ("a1 { remove a1 with 2 of everyone }", 1, 16, "with", nothing(Verb::Remove, Meaningless::OfEveryone)),
        ("everyone { remove a1 consensus 2 }", 1, 22, "consensus", nothing(Verb::Remove, Meaningless::OfEveryone)),
        ("a1 { invite a1 with 2 of a1 }", 1, 16, "with", nothing(Verb::Invite, Meaningless::Others)),
        ("a1 { checkpoint a1 }", 1, 6, "checkpoint", nothing(Verb::Checkpoint, Meaningless::Alone)),
        ("a1 { pin a1 }", 1, 6, "pin", nothing(Verb::RemoveRetroactive, Meaningless::Alone)),
        ("a1 { checkpoint a1 with 2 of b }", 1, 20, "with", nothing(Verb::Checkpoint, Meaningless::OtherRole)),
    ] {
        let said = error(text, None);
        if said != Some((line, column, found.into(), problem)) {
            others.push(format!("{text}: {said:?}"));
        }
    }
    assert!(others.is_empty(), "said something else: {others:#?}");
}

#[test]
fn amending() {
    let table = starting_rules();
    let text = print(&table);
    let of = |text: &str| wrong(text, Some(&table));
    assert_eq!(parse_amending(&text, &table).map(|parsed| parsed.table).as_ref(), Ok(&table));
    // A slip of the hand makes no role.
    let nearest = Some(String::from("member"));
    let more = "everyone { vouch membr }";
    assert_eq!(of(more), (1, 18, "membr".into(), Problem::NoSuchRole { nearest }));
    let rank = "member rank 2 { }";
    assert_eq!(of(rank), (1, 13, "2".into(), Problem::RankIs { rank: 1 }));
    let name = "workers number 2 { }";
    assert_eq!(of(name), (1, 16, "2".into(), Problem::NameIs { name: "member".into() }));
    let alike = "Organiser { } role organiser";
    assert_eq!(of(alike), (1, 1, "Organiser".into(), Problem::LooksAlike { other: "organiser".into() }));
    // A new one takes a number that nobody has; one that exists keeps its own, wherever it stands.
    let parsed = parse_amending("guard { invite member } member { } ", &table).expect("good").table;
    assert_eq!(parsed.roles, [role(3, "guard", 0), role(2, "member", 1)]);
    assert_eq!(parsed.rules, [line(3, Verb::Invite, 2)]);
    // Of one that has ended, lines that are in force may stay.
    let mut ended = table.clone();
    ended.roles.pop();
    let text = print(&ended);
    assert!(text.contains("\n  remove @2\n"), "{text}");
    assert_eq!(parse_amending(&text, &ended).map(|parsed| parsed.table).as_ref(), Ok(&ended));
    assert_eq!(wrong("organiser { edit tasks @2 }", Some(&ended)).3, Problem::NoSuchRole { nearest: None });
    // What came in by a changed client is shown, and may be left as it is.
    let mut strange = table.clone();
    strange.roles.push(role(3, "Member", 1));
    strange.roles.push(role(9, "member", 1));
    strange.roles.push(role(5, "every\none", 1));
    strange.rules.push(Rule { object: Object::NewLabels, ..line(9, Verb::Create, 0) });
    strange.rules.push(Rule { object: Object::Relays, ..line(3, Verb::Invite, 0) });
    let text = print(&strange);
    assert_eq!(parse_amending(&text, &strange).map(|parsed| parsed.table).as_ref(), Ok(&strange), "{text}");
    assert!(parse(&text).is_err());
}

#[test]
fn limits() {
    let many = |count: usize, piece: &dyn Fn(usize) -> String| (1..=count).map(piece).collect::<String>();
    let roles = |count| many(count, &|at| format!("role r{at}\n"));
    assert_eq!(table(&roles(MAX_ROLES)).roles.len(), MAX_ROLES);
    let (line, column, found, problem) = wrong(&roles(MAX_ROLES + 1), None);
    assert_eq!((line, column, found.as_str()), (65, 6, "r65"));
    assert_eq!(problem, Problem::TooManyRoles { max: MAX_ROLES as u32 });
    let rules = |count| format!("a1 {{\n{}}}", many(count, &|at| format!("claim tasks a1 probation {at}\n")));
    assert_eq!(table(&rules(MAX_RULES)).rules.len(), MAX_RULES);
    let (line, column, found, problem) = wrong(&rules(MAX_RULES + 1), None);
    assert_eq!((line, column, found.as_str()), (514, 1, "claim"));
    assert_eq!(problem, Problem::TooManyRules { max: MAX_RULES as u32 });
    let max_bytes = MAX_NAME_BYTES as u32;
    for (name, column) in [("x".repeat(MAX_NAME_BYTES), 0), ("x".repeat(MAX_NAME_BYTES + 1), 6)] {
        for text in [format!("role {name}"), format!("role \"{name}\"")] {
            let found = parse(&text).err().map(|error| (error.place.column, error.problem));
            assert_eq!(found, (column > 0).then_some((column, Problem::NameTooLong { max_bytes })), "{text}");
        }
    }
    let long = "#".repeat(MAX_RULES_TEXT_BYTES + 1);
    assert_eq!(parse(&long[1..]).map(|parsed| parsed.table), Ok(RuleTable::default()));
    let (_, _, found, problem) = wrong(&long, None);
    assert_eq!(found.chars().count(), MAX_SHOWN_CHARS);
    assert_eq!(problem, Problem::TextTooLong { max_bytes: MAX_RULES_TEXT_BYTES as u32 });
}

/// The longest there can be: every line in a block of its own, with all conditions, of names that have to be escaped.
#[test]
fn the_longest_table_fits() {
    let name = |at: usize| format!("{at:03}{}", "\"".repeat(MAX_NAME_BYTES - 3));
    let roles = (0..MAX_ROLES).map(|at| role(60_000 + at as u16, &name(at), 200)).collect();
    let of = |at: usize| RoleId(60_000 + (at % MAX_ROLES) as u16);
    let rule = |at: usize| Rule {
        role: of(at),
        verb: Verb::Publish,
        object: Object::Role(of(at + 1)),
        conditions: Conditions {
            own: true,
            not_self: true,
            review: Some(of(at + 2)),
            probation: Some(u16::MAX - at as u16),
            daily: Some(u16::MAX),
            after: Day::parse("9999-12-31").ok(),
        },
        quorum: Some(Quorum { count: 0, of: of(at + 3) }),
    };
    let whole = RuleTable { roles, rules: (0..MAX_RULES).map(rule).collect() };
    let text = print(&whole);
    assert!(text.len() <= MAX_RULES_TEXT_BYTES, "{} bytes", text.len());
    assert_eq!(table(&text), whole);
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
pub(super) fn any_line(roles: u16) -> impl Strategy<Value = Rule> {
    let role = move || (0..=roles).prop_map(RoleId);
    let object = prop_oneof![
        6 => role().prop_map(Object::Role),
        1 => Just(Object::Relays),
        1 => Just(Object::Rules),
        1 => Just(Object::NewLabels),
    ];
    let day = (0_u32..3_000_000).prop_map(Day::from_first);
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
                roles.push(Role { id, name, rank, since_joining: false });
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
