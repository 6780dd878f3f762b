//! Logs with tasks of one role: who may seal to it, and what becomes of that for who reads it and who does not (K3, K5, K13, K14, T14).

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::founding::MEMBER;
use pursuance_core::id::{EpochId, RoleId};
use pursuance_core::op::{Op, RoleEpoch, Welcome};
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_core::seal::{GivesKey, Item, TaskKey, Where, seal_items};
use pursuance_core::task_op::TaskOp;
use serde_json::{Value, json};

use super::{Cast, Shelf, act, hex, hexes, take};

pub fn make(cast: &Cast, shelf: &mut Shelf) {
    let desk = Desk::new(cast);
    let reader = desk.seen_by(shelf, "ok-task-of-a-role", &cast.ben_seed, &[]);
    assert_eq!(reader["tasks"], 2);
    let other = desk.seen_by(shelf, "ok-task-of-a-role-by-who-does-not-read-it", &cast.maya_seed, &[]);
    assert_eq!((&other["tasks"], &other["refused_items"]), (&json!(1), &json!([])));

    let say = |op| cast_says(cast, &desk.maya, Content::Public(vec![op]));
    let sealed = vec![0; 1_168];
    let (maya, ben) = (cast.maya_keys().author(), cast.ben_keys().author());
    let welcome = |to| Op::Welcome(Welcome { role: MEMBER, epoch: desk.epoch, to, sealed: sealed.clone() });
    desk.verdict(shelf, "bad-welcome-by-who-does-not-read-the-role", &say(welcome(ben)), refused("notAReader"));
    let handed = cast_says(cast, &desk.ben, Content::Public(vec![welcome(maya)]));
    desk.verdict(shelf, "bad-welcome-to-who-does-not-read-the-role", &handed, refused("badKeys"));
    let epoch = RoleEpoch { epoch: EpochId([9; 32]), ..desk.made.clone() };
    desk.verdict(shelf, "bad-epoch-by-who-does-not-read-the-role", &say(Op::RoleEpoch(epoch)), refused("notAReader"));
    let twice = RoleEpoch { epoch: cast.epoch.id(), ..desk.made.clone() };
    let twice = cast_says(cast, &desk.ben, Content::Public(vec![Op::RoleEpoch(twice)]));
    desk.verdict(shelf, "bad-epoch-of-two-roles", &twice, refused("badKeys"));

    // Seals as nobody honest makes them: the roles stand in the open, whatever is inside.
    let part = |replica: &Replica, role: RoleId| {
        let author = replica.device().author();
        let seq = replica.logs().tip(author).expect("written").seq + 1;
        let by = replica.authority().members()[&replica.me().expect("a member")].grant;
        let place = Where { pursuance: cast.pursuance, author, seq, by };
        let ops = vec![TaskOp::Claim];
        let item = Item { task: cast.task, generation: 0, key: desk.key.clone(), gives_key: GivesKey::No, ops };
        let epoch = desk.ben.usable_epoch_of(role).expect("she reads it");
        seal_items(place, role, epoch, &[item], &mut Seed::new([0x63; 32]))
    };
    let unread = cast_says(cast, &desk.maya, Content::Role(part(&desk.maya, MEMBER)));
    desk.verdict(shelf, "bad-item-by-who-does-not-read-the-role", &unread, refused("notAReader"));
    let mut other_role = part(&desk.ben, RoleId::EVERYONE);
    other_role.audiences[0].epoch = desk.epoch;
    let other_role = cast_says(cast, &desk.ben, Content::Role(other_role));
    desk.verdict(shelf, "bad-item-with-the-epoch-of-another-role", &other_role, refused("badKeys"));
    // It names a role over which more is allowed; the task is not at home there, and lines over its home decide.
    let elsewhere = cast_says(cast, &desk.ben, Content::Role(part(&desk.ben, MEMBER)));
    let found = desk.seen_by(shelf, "ok-item-to-another-role-is-judged-at-home", &cast.ben_seed, &[&elsewhere]);
    assert_eq!((&found["newer_items"], &found["refused_items"]), (&json!([]), &json!([])));
    let mut both = part(&desk.ben, RoleId::EVERYONE);
    both.audiences.extend(part(&desk.ben, MEMBER).audiences);
    let both = cast_says(cast, &desk.ben, Content::Role(both));
    let found = desk.seen_by(shelf, "ok-item-to-two-roles", &cast.ben_seed, &[&both]);
    assert_eq!((&found["newer_items"], &found["refused_items"]), (&json!([]), &json!([])));

    desk.later_keys(cast, shelf);
}

/// A desk of members: they see, create and claim its tasks, and organisers do not. Ben makes one.
pub(super) struct Desk {
    pub entries: Vec<Entry>,
    pub maya: Replica,
    pub ben: Replica,
    epoch: EpochId,
    made: RoleEpoch,
    /// The key of the cast's task.
    key: TaskKey,
}

impl Desk {
    pub(super) fn new(cast: &Cast) -> Self {
        let (mut maya, mut ben) = (copy(cast, cast.maya_keys()), copy(cast, cast.ben_keys()));
        let mut entries = cast.entries.clone();
        for (seed, verb) in [(0x71, Verb::See), (0x72, Verb::Create), (0x73, Verb::Claim)] {
            let (role, object, conditions) = (MEMBER, Object::Role(MEMBER), Conditions::ALWAYS);
            let rule = Rule { role, verb, object, conditions, quorum: None };
            let written = act(&maya, seed, &Command::SetRule { rule, present: true });
            take(&mut maya, &written.entries, &mut entries);
            ben.append(entries.last().expect("just taken").clone());
        }
        let create = Command::create_task_for(MEMBER, "Count the crates");
        let created = act(&ben, 0x74, &create);
        take(&mut ben, &created.entries, &mut entries);
        created.entries.iter().for_each(|entry| drop(maya.append(entry.clone())));
        let Content::Public(ops) = &created.entries[0].body().content else { panic!("the epoch comes first") };
        let [Op::RoleEpoch(made)] = &ops[..] else { panic!("alone") };
        let key = TaskKey::new(super::sealed::task_key(cast));
        Self { entries, maya, ben, epoch: made.epoch, made: made.clone(), key }
    }

    /// All of it and some more, delivered to a device.
    pub(super) fn seen_by(&self, shelf: &mut Shelf, case: &str, device_seed: &[u8; 32], extra: &[&Entry]) -> Value {
        let given = json!({
            "pursuance": hex(&self.maya.pursuance().0),
            "device_seed": hex(device_seed),
            "deliver": hexes(self.entries.iter().chain(extra.iter().copied())),
        });
        let found = shelf.add_frozen("log", case, given)["ok"].clone();
        if let Some(last) = extra.last() {
            assert_eq!(found["verdicts"][hex(&last.id().0)], "counts", "{case}");
        }
        found
    }

    pub(super) fn verdict(&self, shelf: &mut Shelf, case: &str, extra: &Entry, expected: Value) {
        let given = json!({
            "pursuance": hex(&self.maya.pursuance().0),
            "device_seed": hex(&self.ben.device().seed()[..]),
            "deliver": hexes(self.entries.iter().chain([extra])),
        });
        let found = shelf.add_frozen("log", case, given);
        assert_eq!(found["ok"]["verdicts"][hex(&extra.id().0)], expected, "{case}");
    }

    /// Ben goes: what is said about a task he could read is sealed with a key of the next generation.
    fn later_keys(&self, cast: &Cast, shelf: &mut Shelf) {
        let mut maya = copy(cast, cast.maya_keys());
        self.entries.iter().for_each(|entry| drop(maya.append(entry.clone())));
        let member = self.ben.me().expect("a member");
        let mut after = Vec::new();
        let removed = act(&maya, 0x75, &Command::RemoveMember { member, roles: Vec::new() });
        take(&mut maya, &removed.entries, &mut after);
        let made = maya.rotate(super::NOW_SECONDS + 6, &mut Seed::new([0x76; 32])).expect("she is here");
        take(&mut maya, &[made], &mut after);
        let said = act(&maya, 0x77, &Command::Comment { task: cast.task, text: "He is not to read this".into() });
        take(&mut maya, &said.entries, &mut after);
        assert_eq!(maya.task_keys().of(cast.task).iter().map(|held| held.generation).max(), Some(1));
        let after: Vec<&Entry> = after.iter().collect();
        let found = self.seen_by(shelf, "ok-key-of-the-next-generation", &cast.maya_seed, &after);
        assert_eq!(found["refused_items"], json!([]));
        self.seen_by(shelf, "ok-key-of-the-next-generation-by-who-went", &cast.ben_seed, &after);
    }
}

pub(super) fn copy(cast: &Cast, device: pursuance_core::keys::DeviceKeys) -> Replica {
    let mut replica = Replica::new(cast.pursuance, device);
    cast.entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
    replica
}

pub(super) fn cast_says(cast: &Cast, replica: &Replica, content: Content) -> Entry {
    Entry::sign(&replica.device().signing, Some(cast.pursuance), &cast.next_body(replica, content))
}

fn refused(code: &str) -> Value {
    json!({"refused": {"code": code}})
}
