//! People who found, invite, join and work together in memory: what the stories of this folder share.

#![allow(dead_code, unused_imports, reason = "each story needs a part of it")]

pub mod group;
pub mod reading;

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry, UnverifiedEntry};
use pursuance_core::founding::{Founding, MEMBER, found_with, starting_rules};
use pursuance_core::id::{RoleId, TaskId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, InviteSecret};
use pursuance_core::logs::Append;
use pursuance_core::op::Op;
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;
use pursuance_core::shelf::Nothing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
pub use reading::{REDACTOR, STEWARD, VERIFIER, desks, opens};

/// Each hands on one thing in a round.
const MAX_ROUNDS: usize = 60;

pub struct World {
    pub rng: StdRng,
    pub now_seconds: u64,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), now_seconds: 1_790_000_000 }
    }

    pub fn device(&mut self) -> DeviceKeys {
        DeviceKeys::from_seed(self.rng.random())
    }

    pub fn act(&mut self, replica: &Replica, command: &Command) -> Result<Authored, Refusal> {
        self.now_seconds += 10;
        let mut seed = Seed::new(self.rng.random());
        replica
            .command(command, &mut Circumstances { now_seconds: self.now_seconds, seed: &mut seed, since: Vec::new() })
    }

    pub fn commit(&mut self, replica: &mut Replica, command: &Command) -> Authored {
        let authored = self.act(replica, command).expect("allowed");
        take(replica, &authored.entries);
        authored
    }

    pub fn founder(&mut self) -> Replica {
        self.founder_with(starting_rules())
    }

    pub fn founder_with(&mut self, rules: RuleTable) -> Replica {
        let device = self.device();
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: "Know what is built there".into(),
            my_name: "Maya".into(),
            relays: Vec::new(),
        };
        let mut seed = Seed::new(self.rng.random());
        let founded = found_with(&founding, rules, &device, self.now_seconds, &mut seed).expect("good texts");
        let mut replica = Replica::new(founded.pursuance, device);
        take(&mut replica, &founded.entries);
        assert!(replica.is_member(), "the founder opens the first epoch by its seal");
        replica
    }

    /// A founder, an invite of hers, and three who came by it; all have heard of each other.
    pub fn four(&mut self) -> (Replica, Authored, [Replica; 3]) {
        let mut maya = self.founder();
        let invite = self.commit(&mut maya, &Command::Invite { role: MEMBER, uses: 9, reviewed: false });
        let mut others = ["Ben", "Zoe", "Kim"].map(|name| self.joiner(&mut maya, &invite, name));
        for _ in 0..2 {
            others.iter_mut().for_each(|member| exchange(&mut maya, member));
        }
        (maya, invite, others)
    }

    /// Joins by an invite of `host` and is welcomed by `host`.
    pub fn joiner(&mut self, host: &mut Replica, invite: &Authored, name: &str) -> Replica {
        let join = self.join(host, invite, name).expect("a use is left");
        let mut replica = Replica::new(host.pursuance(), join.0);
        assert!(matches!(replica.append(join.1.clone()).append, Append::Gap { .. }), "the log is not readable yet");
        take(host, &[join.1]);
        let to = host.unwelcomed();
        assert_eq!(to, [replica.device().author()]);
        let welcome = host.welcome(to[0], self.now_seconds).expect("the epoch is held");
        take(host, std::slice::from_ref(&welcome));
        replica.append(welcome);
        assert_eq!(replica.take_learned().len(), 1);
        for entry in host.logs().iter() {
            replica.append(entry.clone());
        }
        assert!(replica.is_member());
        replica
    }

    pub fn join(&mut self, host: &Replica, invite: &Authored, name: &str) -> Result<(DeviceKeys, Entry), Refusal> {
        let (grant, secret) = invite.invite.as_ref().expect("an invite");
        let mut preview = Preview::new(host.pursuance(), grant.entry, InviteSecret::new(*secret.as_bytes()));
        for entry in host.preview_entries(*grant) {
            preview.add(entry.clone());
        }
        for entry in host.logs().iter().filter(|entry| is_join(entry)) {
            preview.add(entry.clone());
        }
        let view = preview.view().expect("the chain leads to the genesis");
        assert_eq!((view.name.as_str(), view.invited_by.as_str()), ("Harbour watch", "Maya"));
        let device = self.device();
        let entry = preview.join(&device, name, self.now_seconds)?;
        Ok((device, entry))
    }
}

pub fn is_join(entry: &Entry) -> bool {
    matches!(&entry.body().content, Content::Public(ops) if matches!(ops[0], Op::Join(_)))
}

pub fn take(replica: &mut Replica, entries: &[Entry]) {
    for entry in entries {
        // Through bytes, as everything that arrives.
        let entry =
            UnverifiedEntry::decode(entry.bytes()).expect("strict").verify(replica.pursuance()).expect("signed");
        assert_eq!(replica.append(entry).append, Append::Appended);
    }
}

pub fn exchange(a: &mut Replica, b: &mut Replica) {
    let (from_a, from_b): (Vec<_>, Vec<_>) = (a.logs().iter().cloned().collect(), b.logs().iter().cloned().collect());
    from_a.into_iter().for_each(|entry| drop(b.append(entry)));
    from_b.into_iter().for_each(|entry| drop(a.append(entry)));
}

pub fn create(title: &str, parent: Option<TaskId>) -> Command {
    Command::CreateTask {
        title: title.into(),
        parent,
        assignees: vec![],
        labels: vec![],
        due: None,
        priority: 0,
        home: None,
    }
}

/// Everybody tells everybody, and hands on what others lack, until nothing is left to hand on.
pub fn settle(world: &World, members: &mut [Replica]) {
    settle_seen(world, members, |_| {});
}

/// The same, with somebody who looks each time when all have heard of all.
pub fn settle_seen(world: &World, members: &mut [Replica], mut look: impl FnMut(&[Replica])) {
    for _ in 0..MAX_ROUNDS {
        for a in 0..members.len() {
            for b in a + 1..members.len() {
                let (left, right) = members.split_at_mut(b);
                exchange(&mut left[a], &mut right[0]);
            }
        }
        look(members);
        let mut handed_on = false;
        for member in &mut *members {
            if let Some(to) = member.unwelcomed().first().copied()
                && let Some(welcome) = member.welcome(to, world.now_seconds)
            {
                take(member, &[welcome]);
                handed_on = true;
            }
            if let Some(to) = member.unhanded().first().copied() {
                let mut seed = Seed::new(world.now_seconds.to_be_bytes().repeat(4).try_into().expect("32 bytes"));
                let with = &mut Circumstances { now_seconds: world.now_seconds, seed: &mut seed, since: Vec::new() };
                let handed = member.hand_on(to, with, &Nothing);
                take(member, &handed);
                handed_on |= !handed.is_empty();
            }
        }
        if !handed_on {
            return;
        }
    }
    panic!("they never end to welcome each other");
}

pub fn at(home: RoleId, title: &str) -> Command {
    Command::create_task_for(home, title)
}

pub fn comment(task: TaskId, text: &str) -> Command {
    Command::Comment { task, text: text.into() }
}
