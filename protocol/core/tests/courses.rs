//! Generated courses in which roles are given and taken, tasks opened and closed, devices stolen and taken out: who reads what was said is
//! held against who read it by what its author knew (docs/protocol/03-keys.md, K13 to K18).

mod people;

use people::reading::{CellKeys, Record, cell_keys, readers_of};
use people::{REDACTOR, STEWARD, VERIFIER, World, at, comment, desks, exchange, opens, settle, settle_seen, take};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::id::{EntryId, MemberId, RoleId, TaskId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::logs::Standing;
use pursuance_core::replica::Replica;
use rand::RngExt;

/// Steps of a course.
const STEPS: usize = 120;
/// Copies of devices that are made in a course.
const MAX_THIEVES: usize = 6;

/// A copy of all that a device held at some moment, by somebody who gets whatever is written later.
struct Thief {
    copy: Replica,
    member: MemberId,
}

/// The same device once more, with all that it holds.
fn copy(of: &Replica) -> Replica {
    let mut copy = Replica::new(of.pursuance(), DeviceKeys::from_seed(*of.device().seed()));
    copy.take_up_epochs(of.authority().epochs().keys().filter_map(|(id, _)| of.epoch(*id).cloned()));
    of.logs().iter().for_each(|entry| drop(copy.append(entry.clone())));
    copy
}

/// A course of a group in which everybody knows only what they happened to hear.
struct Course {
    world: World,
    members: Vec<Replica>,
    /// Whose device each of these is.
    whose: Vec<MemberId>,
    /// What was said, given and taken, and what each knew and held whenever that changed.
    record: Record,
    tasks: Vec<(RoleId, TaskId)>,
    /// How many entries each had then.
    seen: Vec<usize>,
    thieves: Vec<Thief>,
    /// What links carry.
    links: Vec<InviteSecret>,
}

/// How much a course tried: a run that tried nothing proves nothing.
#[derive(Default)]
struct Tally {
    said: usize,
    /// Things that a thief opened, as the device could that was copied.
    stolen: usize,
    /// Things that a thief did not open: said by somebody who knew that the device reads no more.
    kept: usize,
}

impl Course {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed);
        let mut maya = world.founder_with(desks());
        let (mut members, mut links) = (Vec::new(), Vec::new());
        let founder = maya.me().expect("the founder");
        let mut whose = vec![founder];
        for (role, name) in
            [(VERIFIER, "Ann"), (REDACTOR, "Ben"), (VERIFIER, "Kim"), (REDACTOR, "Zoe"), (STEWARD, "Ola")]
        {
            let comes_as = if role == STEWARD { REDACTOR } else { role };
            // Some links are good for one more.
            let uses = if name == "Kim" { 2 } else { 1 };
            let invite = world.commit(&mut maya, &Command::Invite { role: comes_as, uses, reviewed: false });
            let (_, secret) = invite.invite.as_ref().expect("an invite");
            links.push(InviteSecret::new(*secret.as_bytes()));
            members.push(world.joiner(&mut maya, &invite, name));
            let member = members.last().and_then(Replica::me).expect("just came");
            whose.push(member);
            if role == STEWARD {
                world.commit(&mut maya, &Command::Grant { member, role });
            }
        }
        members.insert(0, maya);
        settle(&world, &mut members);
        // Ann and Ben have another computer each.
        for first in [1, 2] {
            let device = world.device();
            let added = members[first].add_device(&device, world.now_seconds).expect("room");
            take(&mut members[first], &[added]);
            let mut second = Replica::new(members[first].pursuance(), device);
            exchange(&mut members[first], &mut second);
            members.insert(members.len() - 1, second);
            whose.insert(whose.len() - 1, whose[first]);
        }
        settle(&world, &mut members);
        let (record, tasks, thieves) = Default::default();
        let seen = vec![0; members.len()];
        let mut course = Self { world, members, whose, record, tasks, seen, thieves, links };
        course.look();
        course
    }

    /// Notes what each knows and holds now of whom that changed.
    fn look(&mut self) {
        for who in 0..self.members.len() {
            let known = self.members[who].logs().iter().count();
            if known != self.seen[who] {
                self.seen[who] = known;
                self.record.look(&self.members[who], self.whose[who]);
            }
        }
    }

    fn step(&mut self) {
        let who = self.world.rng.random_range(0..self.members.len());
        let other = self.world.rng.random_range(0..self.members.len());
        match self.world.rng.random_range(0..108) {
            0..34 if who != other => {
                let (a, b) = (who.min(other), who.max(other));
                let (left, right) = self.members.split_at_mut(b);
                exchange(&mut left[a], &mut right[0]);
            }
            34..44 => {
                let home = if self.world.rng.random() { VERIFIER } else { REDACTOR };
                self.say(who, home, &at(home, "Something"));
            }
            44..50 if !self.tasks.is_empty() => {
                let (home, task) = self.tasks[self.world.rng.random_range(0..self.tasks.len())];
                let role = if self.world.rng.random() { VERIFIER } else { REDACTOR };
                let member = self.whose[other];
                let command = match self.world.rng.random_range(0..5) {
                    0 => Command::Widen { task, role },
                    1 | 2 => Command::WidenTo { task, member },
                    3 => Command::Narrow { task, role },
                    _ => Command::NarrowTo { task, member },
                };
                self.say(who, home, &command);
            }
            50..70 if !self.tasks.is_empty() => {
                let (home, task) = self.tasks[self.world.rng.random_range(0..self.tasks.len())];
                self.say(who, home, &comment(task, "More"));
            }
            70..78 => {
                let role = if self.world.rng.random() { VERIFIER } else { REDACTOR };
                let member = self.whose[other];
                let by = self.steward();
                if let Some(entry) = self.does(by, &Command::Grant { member, role }) {
                    self.record.given.push((member, role, entry));
                }
            }
            78..86 => {
                let by = self.steward();
                let held = &self.members[by].authority().members()[&self.whose[other]].grants;
                if let Some(grant) = held.last().map(|grant| grant.at) {
                    self.takes(by, self.whose[other], &Command::RevokeGrant { grant });
                }
            }
            86..88 => {
                let (by, member) = (self.steward(), self.whose[other]);
                self.takes(by, member, &Command::RemoveMember { member, roles: Vec::new() });
            }
            100..104 if self.thieves.len() < MAX_THIEVES => self.steal(other),
            104..108 => {
                // Whoever has another computer takes it out.
                let second = (0..self.members.len()).find(|at| *at != who && self.whose[*at] == self.whose[who]);
                if let Some(second) = second {
                    let author = self.members[second].device().author();
                    self.takes(who, self.whose[who], &Command::RemoveDevice { author });
                }
            }
            _ => {
                let to = self.members[who].unwelcomed().first().copied();
                let welcome = to.and_then(|to| self.members[who].welcome(to, self.world.now_seconds));
                welcome.into_iter().for_each(|welcome| take(&mut self.members[who], &[welcome]));
            }
        }
        self.rotate(who);
        self.look();
    }

    /// One of two, who do not know at once what the other does.
    fn steward(&mut self) -> usize {
        if self.world.rng.random() { 0 } else { self.members.len() - 1 }
    }

    fn steal(&mut self, from: usize) {
        let (of, copy) = (&self.members[from], copy(&self.members[from]));
        for said in &self.record.said {
            assert_eq!(
                opens(of, &said.entry),
                opens(&copy, &said.entry),
                "the control: a copy opens what the device does"
            );
        }
        self.thieves.push(Thief { copy, member: self.whose[from] });
    }

    fn rotate(&mut self, who: usize) {
        if self.members[who].needs_epoch() {
            let mut seed = Seed::new(self.world.rng.random());
            let made = self.members[who].rotate(self.world.now_seconds, &mut seed);
            made.into_iter().for_each(|made| take(&mut self.members[who], &[made]));
        }
    }

    fn does(&mut self, who: usize, command: &Command) -> Option<EntryId> {
        let authored = self.world.act(&self.members[who], command).ok()?;
        take(&mut self.members[who], &authored.entries);
        authored.entries.last().map(Entry::id)
    }

    fn takes(&mut self, who: usize, from: MemberId, command: &Command) {
        let taken = self.does(who, command);
        self.record.taken.extend(taken.map(|by| (from, by)));
    }

    fn say(&mut self, who: usize, role: RoleId, command: &Command) {
        // As a node does before anything is said.
        self.rotate(who);
        let Ok(authored) = self.world.act(&self.members[who], command) else { return };
        let about = match command {
            Command::Comment { task, .. }
            | Command::Widen { task, .. }
            | Command::WidenTo { task, .. }
            | Command::Narrow { task, .. }
            | Command::NarrowTo { task, .. } => *task,
            _ => authored.task.expect("a new one"),
        };
        // Whom it is taken from reads that it was.
        let before = readers_of(&self.members[who], about).unwrap_or_default();
        take(&mut self.members[who], &authored.entries);
        self.tasks.extend(authored.task.map(|task| (role, task)));
        let entry = authored.entries.into_iter().last().expect("something was said");
        match command {
            Command::Widen { role, .. } => self.record.opened.push((about, entry.id(), Ok(*role))),
            Command::WidenTo { member, .. } => self.record.opened.push((about, entry.id(), Err(*member))),
            _ => {}
        }
        self.record.say(&self.members[who], about, entry, before);
    }

    /// All that is wrong at the end.
    fn wrong(&mut self, tally: &mut Tally) -> Vec<String> {
        self.settle();
        for who in 0..self.members.len() {
            self.rotate(who);
        }
        self.settle();
        tally.said += self.record.said.len();
        [self.wrong_among_members(), self.wrong_of_thieves(tally), self.wrong_of_links()].concat()
    }

    fn settle(&mut self) {
        let mut members = core::mem::take(&mut self.members);
        let mut moments = Vec::new();
        settle_seen(&self.world, &mut members, |members| {
            moments.extend(members.iter().zip(&self.whose).map(|(member, whose)| self.record.moment(member, *whose)));
        });
        self.members = members;
        self.record.moments.append(&mut moments);
    }

    fn wrong_among_members(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (member, me) in self.members.iter().zip(&self.whose) {
            let device = member.device().author();
            for (place, said) in self.record.said.iter().enumerate() {
                let name = &member.authority().members()[me].name;
                let (may, can) = (said.readers.contains(&device), opens(member, &said.entry));
                let id = said.entry.id();
                if can && !may && !self.record.given_later(member.pursuance(), said, device, *me) {
                    wrong.push(format!("{place} {id:?} {:?}: read by {name}, who was no reader", said.roles));
                }
                let readers =
                    self.members.iter().find_map(|one| readers_of(one, said.task)).unwrap_or_default().devices;
                let reads_now = |one: &Replica| one.is_here() && readers.contains(&one.device().author());
                let counts = member.logs().standing(id) == Some(Standing::Counts);
                // What only those could read who are gone is lost.
                let others = || self.members.iter().any(|one| reads_now(one) && opens(one, &said.entry));
                if reads_now(member) && counts && !can && others() {
                    wrong.push(format!("{place} {id:?} {:?}: not read by {name}, a reader", said.roles));
                }
            }
        }
        wrong
    }

    /// Whoever copied a device opens nothing that was said by somebody who knew that it, or its member, reads no more; and no cell of
    /// somebody who knew that it is out.
    fn wrong_of_thieves(&mut self, tally: &mut Tally) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut thieves = core::mem::take(&mut self.thieves);
        for (number, Thief { copy, member }) in thieves.iter_mut().enumerate() {
            for other in &self.members {
                other.logs().iter().for_each(|entry| drop(copy.append(entry.clone())));
            }
            let (device, held) = (copy.device().author(), cell_keys(&copy.cell_keys()));
            for (place, said) in self.record.said.iter().enumerate() {
                let (may, can) = (said.readers.contains(&device), opens(copy, &said.entry));
                tally.stolen += usize::from(can);
                tally.kept += usize::from(!can && !may);
                if can && !may && !self.record.given_later(copy.pursuance(), said, device, *member) {
                    wrong.push(format!("{place} {:?} {:?}: opened by thief {number}", said.entry.id(), said.roles));
                }
                let back = self.record.comes_back(said, *member, copy);
                if !said.here.contains(&device) && !back && !held.is_disjoint(&said.cells) {
                    wrong.push(format!("{place} {:?}: thief {number} opens its cells", said.entry.id()));
                }
            }
        }
        wrong
    }

    /// Whoever holds a link and did not join opens nothing that was said, with whatever the link gives and all entries at hand.
    fn wrong_of_links(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        let of_links: CellKeys = self.links.iter().map(|link| *CellKey::of_invite(&link.cell_secret()).id()).collect();
        let mut holder = Replica::new(self.members[0].pursuance(), self.world.device());
        for link in &self.links {
            holder.learn_epoch(EpochSecret::new(*link.as_bytes()));
            holder.learn_epoch(EpochSecret::new(link.cell_secret()));
        }
        for other in &self.members {
            other.logs().iter().for_each(|entry| drop(holder.append(entry.clone())));
        }
        if holder.authority().epochs().keys().any(|(id, _)| holder.epoch(*id).is_some()) {
            wrong.push("an epoch is opened by the holder of a link".into());
        }
        for (place, said) in self.record.said.iter().enumerate() {
            if opens(&holder, &said.entry) || !of_links.is_disjoint(&said.cells) {
                wrong.push(format!("{place} {:?}: opened by the holder of a link", said.entry.id()));
            }
        }
        wrong
    }
}

#[test]
fn nobody_reads_what_was_said_without_them_and_every_reader_reads_all() {
    let worlds = std::env::var("PURSUANCE_ROLE_WORLDS").map_or(90, |count| count.parse().expect("a number"));
    let mut tally = Tally::default();
    for seed in 0..worlds {
        let mut course = Course::new(seed);
        for _ in 0..STEPS {
            course.step();
        }
        let wrong = course.wrong(&mut tally);
        assert!(wrong.is_empty(), "world {seed}: {wrong:#?}");
    }
    let Tally { said, stolen, kept } = tally;
    println!("{worlds} worlds: {said} things said, {stolen} opened by thieves, {kept} not");
    let least = 5 * usize::try_from(worlds).expect("a number of worlds");
    assert!([said, stolen, kept].iter().all(|tried| *tried >= least), "a run that tried nothing proves nothing");
}
