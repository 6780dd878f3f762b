//! Five people: a steward, and two each of two roles.

use pursuance_core::command::Command;
use pursuance_core::entry::Entry;
use pursuance_core::id::{MemberId, RoleId, TaskId};
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;

use super::World;

pub const MAYA: usize = 0;
pub const ANN: usize = 1;
pub const DAN: usize = 2;
pub const BEN: usize = 3;
pub const KIM: usize = 4;

pub struct Group {
    pub world: World,
    pub members: Vec<Replica>,
}

impl Group {
    /// Maya, a steward; Ann and Dan in the first of these roles; Ben and Kim in the second.
    pub fn new(seed: u64, rules: RuleTable, [first, second]: [RoleId; 2]) -> Self {
        let mut world = World::new(seed);
        let mut maya = world.founder_with(rules);
        let mut come = |world: &mut World, role, name| {
            let invite = world.commit(&mut maya, &Command::Invite { role, uses: 1, reviewed: false });
            world.joiner(&mut maya, &invite, name)
        };
        let (ann, dan) = (come(&mut world, first, "Ann"), come(&mut world, first, "Dan"));
        let (ben, kim) = (come(&mut world, second, "Ben"), come(&mut world, second, "Kim"));
        let mut group = Self { world, members: vec![maya, ann, dan, ben, kim] };
        group.settle();
        group
    }

    /// Everybody tells everybody, and hands on what others lack: then nobody lacks anything that somebody could hand on.
    pub fn settle(&mut self) {
        super::settle(&self.world, &mut self.members);
        for member in &mut self.members {
            assert!(member.unhanded().is_empty() && member.unwelcomed().is_empty());
        }
    }

    pub fn does(&mut self, who: usize, command: &Command) -> Vec<Entry> {
        self.world.commit(&mut self.members[who], command).entries
    }

    pub fn creates(&mut self, who: usize, home: RoleId, title: &str) -> TaskId {
        self.world.commit(&mut self.members[who], &super::at(home, title)).task.unwrap()
    }

    pub fn says(&mut self, who: usize, task: TaskId, text: &str) -> Vec<Entry> {
        self.does(who, &super::comment(task, text))
    }

    pub fn member(&self, who: usize) -> MemberId {
        self.members[who].me().unwrap()
    }

    /// Lines of a task's thread that each of them reads; `None` for whoever reads nothing of it.
    pub fn lines(&self, task: TaskId) -> Vec<Option<u32>> {
        self.members.iter().map(|member| member.tasks().task(task).map(|task| task.comment_count)).collect()
    }
}
