//! What follows from what was said: the plain effect of all that counts, and what a case says otherwise.

use pursuance_core::entry::{Content, GrantRef};
use pursuance_core::id::{EntryId, RoleId};
use pursuance_core::op::Op;
use pursuance_core::rule::{Role, Rule};
use pursuance_tests::vectors::authority_logs::{compare, line, of_role};
use pursuance_tests::vectors::core_kinds::hex;
use serde_json::{Map, Value, json};

use super::super::super::Shelf;
use super::{Stage, Who, first};

/// What follows, where it is not the plain thing.
impl Stage {
    /// Never counts, for this reason.
    pub fn refused(&mut self, entry: EntryId, why: &str) -> &mut Self {
        self.judged(entry, json!({"refused": why}))
    }

    /// Was permitted, and has no effect.
    pub fn held(&mut self, entry: EntryId, why: &str) -> &mut Self {
        self.judged(entry, json!({"held": why}))
    }

    /// A newer version will tell.
    pub fn needs_newer(&mut self, entry: EntryId) -> &mut Self {
        self.judged(entry, json!("needs newer"))
    }

    fn judged(&mut self, entry: EntryId, verdict: Value) -> &mut Self {
        let name = self.said(entry).name.clone();
        assert!(self.verdicts.insert(name, verdict).is_none(), "{}: judged twice", self.case);
        self
    }

    /// Holds no role any more.
    pub fn gone(&mut self, who: Who) -> &mut Self {
        self.gone.insert(self.person(who));
        self
    }

    /// Was not admitted yet.
    pub fn waits(&mut self, who: Who) -> &mut Self {
        self.waiting.insert(self.person(who));
        self
    }

    /// A grant gives nothing any more.
    pub fn loses(&mut self, grant: GrantRef) -> &mut Self {
        self.lost.insert(grant.entry);
        self
    }

    /// A decision gave a role.
    pub fn holds(&mut self, who: Who, role: RoleId, proposal: EntryId) -> &mut Self {
        self.decided.push((self.person(who), role, proposal));
        self
    }

    /// A device speaks for nobody any more.
    pub fn taken(&mut self, device: Who) -> &mut Self {
        self.taken.insert(device);
        self
    }

    /// Nobody joins by an invite any more.
    pub fn closed(&mut self, invite: GrantRef) -> &mut Self {
        self.closed.insert(invite.entry);
        self
    }

    /// A line is in force at the end of the table, or is not in it.
    pub fn in_force(&mut self, rule: Rule, present: bool) -> &mut Self {
        self.rules.retain(|one| *one != rule);
        if present {
            self.rules.push(rule);
        }
        self
    }

    /// A role is defined.
    pub fn defined(&mut self, role: Role) -> &mut Self {
        self.roles.push(role);
        self.roles.sort_by_key(|role| role.id);
        self
    }

    /// A role is retired.
    pub fn retired(&mut self, role: RoleId) -> &mut Self {
        self.roles.retain(|one| one.id != role);
        self
    }

    /// The name in force.
    pub fn named(&mut self, name: &str) -> &mut Self {
        self.name = name.into();
        self
    }

    /// What another implementation could make of it, and must not.
    pub fn misread(&mut self, reading: &'static str, says: Value) -> &mut Self {
        self.readings.push((reading, says));
        self
    }

    /// Puts the case and its wrong readings on the shelf.
    pub fn shelve(&self, shelf: &mut Shelf) {
        let follows = self.follows();
        let entries: Vec<Value> =
            self.said.iter().map(|said| json!({"name": said.name, "bytes": hex(said.entry.bytes())})).collect();
        let pursuance = hex(&self.pursuance.0);
        let given = json!({"pursuance": pursuance, "entries": entries});
        shelf.add_with("authority", &format!("ok-{}", self.case), self.comment, given.clone(), json!({"ok": follows}));
        assert!(!self.readings.is_empty(), "{}: nothing to get wrong", self.case);
        for (name, reading) in &self.readings {
            let mut given = given.clone();
            given["reading"] = reading.clone();
            let mut not_so = Vec::new();
            compare(reading, &follows, "", &mut not_so);
            assert!(not_so.len() == leaves(reading), "{}: {name} is right: {not_so:?}", self.case);
            let case = format!("bad-{}-{name}", self.case);
            shelf.add_with("authority", &case, self.comment, given, json!({"error": {"not so": not_so}}));
        }
    }

    fn counts(&self, entry: EntryId) -> bool {
        !self.verdicts.contains_key(&self.said(entry).name)
    }

    fn rank(&self, role: RoleId) -> u8 {
        let now = self.roles.iter().chain(&self.genesis.table.roles).find(|one| one.id == role);
        now.expect("a role").rank
    }

    /// What somebody holds: role and the entry that gave it.
    fn held_by(&self, person: usize) -> Vec<(RoleId, EntryId)> {
        let about = &self.people[person];
        if self.gone.contains(&person) || self.waiting.contains(&person) || !self.counts(about.id) {
            return Vec::new();
        }
        let mut held = vec![(about.role, about.id)];
        for said in &self.said {
            let (id, Content::Public(ops)) = (said.entry.id(), &said.entry.body().content) else { continue };
            if let [Op::Grant(grant)] = &ops[..]
                && grant.member.0 == about.id.0
                && self.counts(id)
            {
                held.push((grant.role, id));
            }
        }
        held.extend(self.decided.iter().filter(|one| one.0 == person).map(|one| (one.1, one.2)));
        held.retain(|(_, by)| !self.lost.contains(by));
        held.sort_by_key(|(role, _)| self.rank(*role));
        held
    }

    fn follows(&self) -> Value {
        let verdicts: Map<String, Value> = self
            .said
            .iter()
            .map(|said| (said.name.clone(), self.verdicts.get(&said.name).cloned().unwrap_or_else(|| json!("counts"))))
            .collect();
        assert_eq!(verdicts.len(), self.said.len(), "{}: a name twice", self.case);
        let mut members = Map::new();
        for (number, person) in self.people.iter().enumerate() {
            let refused = self.verdicts.get(&person.came).is_some_and(|verdict| verdict.get("held").is_none());
            if refused {
                continue;
            }
            let held = self.held_by(number);
            let presence = match (held.is_empty(), self.waiting.contains(&number)) {
                (false, _) => "here",
                (true, true) => "waiting",
                (true, false) => "gone",
            };
            let told = self.gone.contains(&number) || !self.counts(person.id);
            assert_eq!(presence == "gone", told, "{}: {} holds {held:?}", self.case, person.name);
            let roles = held.iter().map(|(role, by)| json!({"role": role.0, "by": self.said(*by).name}));
            let about = json!({
                "name": person.name,
                "presence": presence,
                "roles": roles.collect::<Vec<_>>(),
                "devices": self.devices_of(number),
            });
            members.insert(person.came.clone(), about);
        }
        let roles = self.roles.iter().map(|role| (role.id.0.to_string(), of_role(role)));
        let rules = self.rules.iter().zip(1u16..).map(|(rule, number)| (line(rule), json!(number)));
        json!({
            "verdicts": verdicts,
            "members": members,
            "roles": roles.collect::<Map<_, _>>(),
            "rules": rules.collect::<Map<_, _>>(),
            "invites": self.invites_now(),
            "name": self.name,
            "relays": [],
        })
    }

    fn devices_of(&self, person: usize) -> Vec<String> {
        let mut devices = Vec::new();
        for (number, device) in self.devices.iter().enumerate() {
            let author = device.signing.author();
            let made = self.said.iter().any(|said| {
                let Content::Public(ops) = &said.entry.body().content else { return false };
                let adds = ops.iter().any(|op| match op {
                    Op::Genesis(_) | Op::Join(_) | Op::Recover(_) => said.entry.body().author == author,
                    Op::AddDevice(added) => added.author == author,
                    _ => false,
                });
                adds && self.counts(said.entry.id())
            });
            if device.person == Some(person) && made && !self.taken.contains(&Who(number)) {
                devices.push(hex(&author.0));
            }
        }
        devices.sort();
        devices
    }

    fn invites_now(&self) -> Map<String, Value> {
        let mut invites = Map::new();
        for said in &self.said {
            let (id, Content::Public(ops)) = (said.entry.id(), &said.entry.body().content) else { continue };
            let [Op::Invite(invite)] = &ops[..] else { continue };
            if !self.counts(id) {
                continue;
            }
            let joins = self.said.iter().filter(|join| {
                let (body, Content::Public(ops)) = (join.entry.body(), &join.entry.body().content) else {
                    return false;
                };
                matches!(ops[..], [Op::Join(_)]) && body.by == Some(first(id)) && self.counts(join.entry.id())
            });
            let mut joins: Vec<&str> = joins.map(|join| &join.name[..]).collect();
            joins.sort_unstable();
            let by = said.entry.body().by.expect("an invite leans on a grant");
            let held = (0..self.people.len()).any(|person| self.held_by(person).iter().any(|one| one.1 == by.entry));
            let offered = self.roles.iter().any(|role| role.id == invite.role);
            let open = held && offered && !self.closed.contains(&id);
            invites.insert(said.name.clone(), json!({"role": invite.role.0, "open": open, "joins": joins}));
        }
        invites
    }
}

/// Statements of a reading.
fn leaves(reading: &Value) -> usize {
    match reading.as_object() {
        Some(parts) if !parts.contains_key("held") && !parts.contains_key("refused") => {
            parts.values().map(leaves).sum()
        }
        _ => 1,
    }
}
