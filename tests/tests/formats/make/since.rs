//! Logs with a role that has history since joining: what who was there reads of it, and who came later (K26 to K30).

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::founding::ORGANISER;
use pursuance_core::id::{EpochId, RoleId, TaskId};
use pursuance_core::op::{Backlink, Op, RoleEpoch};
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use serde_json::{Value, json};

use super::desk::{cast_says, copy};
use super::{Cast, Shelf, act, hex, hexes, take};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    let mut press = Press::new(cast);
    let old = press.creates("Who gave us the ledger");
    press.grant(cast.maya_keys().author());
    let before = press.seen_by(shelf, "ok-older-task-of-a-role-with-history-since-joining", &cast.maya_seed);
    assert_eq!((&before["tasks"], &before["refused_items"]), (&json!(1), &json!([])));
    press.creates("Call the printer");
    let came = press.seen_by(shelf, "ok-history-since-joining-by-who-came-later", &cast.maya_seed);
    assert_eq!((&came["tasks"], &came["refused_items"]), (&json!(2), &json!([])));
    let was_there = press.seen_by(shelf, "ok-history-since-joining-by-who-was-there", &cast.ben_seed);
    assert_eq!(was_there["tasks"], 3);

    // An epoch that leads back is refused, and the same one without that is not.
    let made = press.made.clone().expect("each of his tasks had an epoch of its own");
    let parent = made.epoch;
    let next = RoleEpoch { epoch: EpochId([9; 32]), parents: vec![parent], backlinks: Vec::new(), ..made };
    let backlink = Backlink { parent, nonce: [0x65; 24], sealed: [0x66; 48] };
    let back = RoleEpoch { backlinks: vec![backlink], ..next.clone() };
    let refused = json!({"refused": {"code": "badKeys"}});
    press.verdict(cast, shelf, "bad-epoch-of-history-since-joining-that-leads-back", back, &refused);
    press.verdict(cast, shelf, "ok-epoch-of-history-since-joining", next, &json!("counts"));

    // Opened by name, it is read from its beginning.
    let member = press.maya.me().expect("a member");
    let opened = act(&press.ben, 0x9e, &Command::WidenTo { task: old, member });
    press.hears(&opened.entries);
    assert!(opened.entries.len() > 1, "the older keys stand apart");
    let read = press.seen_by(shelf, "ok-older-task-opened-to-who-came-later", &cast.maya_seed);
    assert_eq!((&read["tasks"], &read["refused_items"]), (&json!(3), &json!([])));
}

/// Ben, who is of the press, and Maya, who comes to it later.
struct Press {
    role: RoleId,
    entries: Vec<Entry>,
    maya: Replica,
    ben: Replica,
    /// The newest epoch of the press.
    made: Option<RoleEpoch>,
    seed: u8,
}

impl Press {
    fn new(cast: &Cast) -> Self {
        let (maya, ben) = (copy(cast, cast.maya_keys()), copy(cast, cast.ben_keys()));
        let entries = cast.entries.clone();
        let mut press = Self { role: RoleId::EVERYONE, entries, maya, ben, made: None, seed: 0x90 };
        press.by_maya(&Command::DefineRole { name: "press".into(), rank: 2, since_joining: true });
        press.role = press.maya.people().roles.iter().find(|role| role.name == "press").expect("just defined").id;
        let line = |role, verb| {
            let object = Object::Role(press.role);
            Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
        };
        let own = [Verb::See, Verb::Create, Verb::Widen].map(|verb| line(press.role, verb));
        let grants = line(ORGANISER, Verb::Grant);
        for rule in own {
            press.by_maya(&Command::SetRule { rule, present: true });
        }
        let change = Change::SetRule { rule: grants, present: true };
        press.by_maya(&Command::Propose { of: ORGANISER, change });
        press.grant(cast.ben_keys().author());
        press
    }

    fn next_seed(&mut self) -> u8 {
        self.seed += 1;
        self.seed
    }

    fn by_maya(&mut self, command: &Command) {
        let seed = self.next_seed();
        let written = act(&self.maya, seed, command);
        self.hears(&written.entries);
    }

    fn grant(&mut self, author: pursuance_core::id::AuthorId) {
        let member = self.maya.authority().member_of(author).expect("a member");
        self.by_maya(&Command::Grant { member, role: self.role });
    }

    /// Ben makes a task of the press.
    fn creates(&mut self, title: &str) -> TaskId {
        let seed = self.next_seed();
        let created = act(&self.ben, seed, &Command::create_task_for(self.role, title));
        self.hears(&created.entries);
        for entry in &created.entries {
            if let Content::Public(ops) = &entry.body().content
                && let [Op::RoleEpoch(made)] = &ops[..]
            {
                self.made = Some(made.clone());
            }
        }
        created.task.expect("a task")
    }

    /// Both hear what was said.
    fn hears(&mut self, said: &[Entry]) {
        take(&mut self.maya, said, &mut self.entries);
        said.iter().for_each(|entry| drop(self.ben.append(entry.clone())));
    }

    fn seen_by(&self, shelf: &mut Shelf, case: &str, device_seed: &[u8; 32]) -> Value {
        let given = json!({
            "pursuance": hex(&self.maya.pursuance().0),
            "device_seed": hex(device_seed),
            "deliver": hexes(&self.entries),
        });
        shelf.add_frozen("log", case, given)["ok"].clone()
    }

    fn verdict(&self, cast: &Cast, shelf: &mut Shelf, case: &str, made: RoleEpoch, expected: &Value) {
        let act = cast_says(cast, &self.ben, Content::Public(vec![Op::RoleEpoch(made)]));
        // By the grant by which he reads it.
        let mut body = act.body().clone();
        let me = self.ben.me().expect("a member");
        let grants = &self.ben.authority().members()[&me].grants;
        body.by = grants.iter().find(|grant| grant.role == self.role).map(|grant| grant.at);
        let act = Entry::sign(&self.ben.device().signing, Some(cast.pursuance), &body);
        let given = json!({
            "pursuance": hex(&self.maya.pursuance().0),
            "device_seed": hex(&self.ben.device().seed()[..]),
            "deliver": hexes(self.entries.iter().chain([&act])),
        });
        let found = shelf.add_frozen("log", case, given);
        assert_eq!(found["ok"]["verdicts"][hex(&act.id().0)], *expected, "{case}");
    }
}
