//! A table as text: reading it gives the same table again (docs/protocol/09-rules-text.md, "Printing").

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use super::names::is_bare;
use super::words::{is_out_of_form, word};
use crate::id::RoleId;
use crate::rule::{Object, Quorum, Rule, RuleTable, Verb};

/// G13: the roles, one a line, and then the rules in their order: those that follow each other and are for one role stand in one
/// block.
#[must_use]
pub fn print(table: &RuleTable) -> String {
    let names = Printed::of(table);
    let mut text = String::new();
    for (index, role) in table.roles.iter().enumerate() {
        text += &format!("role {} rank {}", written(&role.name), role.rank);
        // By its place it would have this one.
        let usual = u16::try_from(index + 1).is_ok_and(|usual| RoleId(usual) == role.id);
        if !usual || names.is_ambiguous(&role.name) {
            text += &format!(" number {}", role.id.0);
        }
        if role.since_joining {
            text += " since-joining";
        }
        text.push('\n');
    }
    let mut rules = table.rules.iter().peekable();
    while let Some(first) = rules.peek().copied() {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &format!("{} {{\n", names.of_role(first.role));
        while let Some(rule) = rules.next_if(|rule| rule.role == first.role) {
            text += &format!("  {}\n", names.line(rule));
        }
        text += "}\n";
    }
    text
}

/// How the roles of a table are written.
struct Printed<'t> {
    names: BTreeMap<RoleId, &'t str>,
    /// How many have a name.
    counts: BTreeMap<&'t str, usize>,
}

impl<'t> Printed<'t> {
    fn of(table: &'t RuleTable) -> Self {
        let mut counts = BTreeMap::new();
        for role in &table.roles {
            *counts.entry(role.name.as_str()).or_default() += 1;
        }
        Self { names: table.roles.iter().map(|role| (role.id, role.name.as_str())).collect(), counts }
    }

    fn is_ambiguous(&self, name: &str) -> bool {
        self.counts.get(name).is_some_and(|count| *count > 1)
    }

    fn of_role(&self, id: RoleId) -> String {
        match self.names.get(&id) {
            _ if id == RoleId::EVERYONE => "everyone".into(),
            Some(name) if !self.is_ambiguous(name) => written(name),
            _ => format!("@{}", id.0),
        }
    }

    /// One line, without its role.
    fn line(&self, rule: &Rule) -> String {
        let Rule { verb, object, conditions: when, quorum, .. } = rule;
        let own = |object: &Object| match object {
            Object::Role(role) => self.of_role(*role),
            Object::Relays => "relays".into(),
            Object::Rules => "rules".into(),
            Object::NewLabels => "labels".into(),
        };
        let mut text = match (verb, object) {
            _ if is_out_of_form(rule) => format!("{} over {}", word(*verb), own(object)),
            (Verb::Label, Object::NewLabels) => "create labels".into(),
            (_, Object::Role(_)) if super::words::Form::of(*verb) != super::words::Form::Members => {
                format!("{} tasks {}", word(*verb), own(object))
            }
            _ => format!("{} {}", word(*verb), own(object)),
        };
        let conditions = [
            when.own.then(|| "own".to_string()),
            quorum.map(|Quorum { count, of }| match count {
                0 => format!("with a majority of {}", self.of_role(of)),
                count => format!("with {count} of {}", self.of_role(of)),
            }),
            when.review.map(|of| format!("with review of {}", self.of_role(of))),
            when.not_self.then(|| "not-self".to_string()),
            when.probation.map(|entries| format!("probation {entries}")),
            when.daily.map(|times| format!("limit {times}/day")),
            when.after.map(|day| format!("after {day}")),
        ];
        for condition in conditions.into_iter().flatten() {
            text.push(' ');
            text += &condition;
        }
        text
    }
}

/// A name as it is read again.
fn written(name: &str) -> String {
    if is_bare(name) {
        return name.into();
    }
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' => text += "\\\"",
            '\\' => text += "\\\\",
            '\n' => text += "\\n",
            '\t' => text += "\\t",
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
