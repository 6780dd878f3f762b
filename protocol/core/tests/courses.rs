//! Generated courses in which roles are given and taken, tasks opened and closed, devices stolen and taken out: who reads what was said is
//! held against who read it by what its author knew (docs/protocol/03-keys.md, K13 to K18).

mod people;

use std::collections::{BTreeMap, BTreeSet};

use people::{REDACTOR, STEWARD, VERIFIER, World, at, comment, desks, exchange, opens, settle, settle_seen, take};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Content, Entry};
use pursuance_core::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId, TaskId};
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::logs::Standing;
use pursuance_core::replica::Replica;
use pursuance_core::seal::{TaskKey, Where, open_item};
use pursuance_core::task_keys::Given;
use rand::RngExt;

/// Steps of a course.
const STEPS: usize = 120;
/// Copies of devices that are made in a course.
const MAX_THIEVES: usize = 6;

/// Ids of the keys under which cells stand, or by which somebody opens them.
type CellKeys = BTreeSet<[u8; 32]>;

/// Something that was said about a task, and who read that by what its author knew.
struct Said {
    entry: Entry,
    role: RoleId,
    task: TaskId,
    readers: BTreeSet<AuthorId>,
    /// The roles whose readers these are.
    roles: BTreeSet<RoleId>,
    /// Devices of all who were here by what its author knew.
    here: BTreeSet<AuthorId>,
    /// The keys under which its cells are sealed.
    cells: CellKeys,
    /// What its author knew of all that gives somebody a task, or takes it away.
    heard: BTreeSet<EntryId>,
    /// The epochs under which its key was handed out, as its author knew.
    ways: BTreeSet<EpochId>,
}

/// What somebody's computer knew and held at some moment of the course, as far as it tells whom they may hand something to.
struct Moment {
    of: MemberId,
    /// What is known of all that gives somebody a task.
    heard: BTreeSet<EntryId>,
    /// What took something away, and has no effect by what is known.
    undone: BTreeSet<EntryId>,
    epochs: BTreeSet<(EpochId, RoleId)>,
    /// Devices of those who read what is said to a role.
    by_role: BTreeMap<RoleId, BTreeSet<AuthorId>>,
    tasks: BTreeMap<TaskId, Known>,
}

/// What is known of a task at some moment.
struct Known {
    readers: BTreeSet<AuthorId>,
    roles: BTreeSet<RoleId>,
    keys: Vec<TaskKey>,
}

/// A copy of all that a device held at some moment, by somebody who gets whatever is written later.
struct Thief {
    copy: Replica,
    member: MemberId,
}

/// Devices of those who read a task by what somebody knows; `None` of whoever knows nothing of it.
fn readers_of(replica: &Replica, task: TaskId) -> Option<BTreeSet<AuthorId>> {
    let known = replica.tasks().task(task)?;
    let by_role = known.read_by().flat_map(|role| replica.authority().readers(role));
    let persons: BTreeSet<MemberId> = known.read_by_persons().collect();
    let by_person = replica.authority().present().filter(|(id, _)| persons.contains(id));
    Some(by_role.chain(by_person).flat_map(|(_, member)| member.devices.keys().copied()).collect())
}

/// Whether a key opens any item of an entry.
fn fits(pursuance: PursuanceId, entry: &Entry, key: &TaskKey) -> bool {
    let (body, Content::Role(part)) = (entry.body(), &entry.body().content) else { return false };
    let Some(by) = body.by else { return false };
    let at = Where { pursuance, author: body.author, seq: body.seq, by };
    part.items.iter().enumerate().any(|(index, item)| open_item(at, index, item, key).is_some())
}

fn cell_keys(keys: &[CellKey]) -> CellKeys {
    keys.iter().map(|key| *key.id()).collect()
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
    said: Vec<Said>,
    /// Roles that were given, each by which entry.
    given: Vec<(MemberId, RoleId, EntryId)>,
    tasks: Vec<(RoleId, TaskId)>,
    /// Tasks that were opened to a role or to a member, each by which entry: from then on these read all of it.
    opened: Vec<(TaskId, EntryId, Result<RoleId, MemberId>)>,
    /// What took a role, or a device, from whom.
    taken: Vec<(MemberId, EntryId)>,
    /// What each knew and held, whenever that changed.
    moments: Vec<Moment>,
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
        let (said, given, tasks, opened, taken, thieves, moments) = Default::default();
        let seen = vec![0; members.len()];
        let mut course =
            Self { world, members, whose, said, given, tasks, opened, taken, moments, seen, thieves, links };
        course.look();
        course
    }

    /// Notes what each knows and holds now of whom that changed.
    fn look(&mut self) {
        for who in 0..self.members.len() {
            let known = self.members[who].logs().iter().count();
            if known != self.seen[who] {
                self.seen[who] = known;
                self.moments.push(self.moment(&self.members[who], self.whose[who]));
            }
        }
    }

    fn moment(&self, of: &Replica, whose: MemberId) -> Moment {
        let undone = |by: &EntryId| of.logs().standing(*by) == Some(Standing::Held);
        let by_role = [VERIFIER, REDACTOR].map(|role| {
            let readers = of.authority().readers(role);
            (role, readers.flat_map(|(_, member)| member.devices.keys().copied()).collect())
        });
        let known = |(_, task): &(RoleId, TaskId)| {
            let roles = of.tasks().task(*task)?.read_by().collect();
            let keys = of.task_keys().of(*task).iter().map(|held| held.key.clone()).collect();
            Some((*task, Known { readers: readers_of(of, *task)?, roles, keys }))
        };
        Moment {
            of: whose,
            heard: self.heard_by(of),
            undone: self.taken.iter().map(|(_, by)| *by).filter(undone).collect(),
            epochs: of.authority().epochs().keys().filter(|(id, _)| of.epoch(*id).is_some()).copied().collect(),
            by_role: by_role.into(),
            tasks: self.tasks.iter().filter_map(known).collect(),
        }
    }

    /// What somebody knows of all that gives somebody a task, or takes it away. An entry that opens a task is heard of by whoever can
    /// read it.
    fn heard_by(&self, of: &Replica) -> BTreeSet<EntryId> {
        let is_heard = |by: &EntryId| of.logs().entry(*by).is_some();
        let is_read = |by: &EntryId| of.logs().entry(*by).is_some_and(|entry| opens(of, entry));
        let public = self.given.iter().map(|(.., by)| *by).chain(self.taken.iter().map(|(_, by)| *by));
        public.filter(is_heard).chain(self.opened.iter().map(|(_, by, _)| *by).filter(is_read)).collect()
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
                    self.given.push((member, role, entry));
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
        for said in &self.said {
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
        self.taken.extend(taken.map(|by| (from, by)));
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
        let speaker = &self.members[who];
        let mut readers = readers_of(speaker, about).expect("its author reads it");
        let roles = speaker.tasks().task(about).expect("its author reads it").read_by().collect();
        readers.extend(before);
        let entry = authored.entries.into_iter().last().expect("something was said");
        match command {
            Command::Widen { role, .. } => self.opened.push((about, entry.id(), Ok(*role))),
            Command::WidenTo { member, .. } => self.opened.push((about, entry.id(), Err(*member))),
            _ => {}
        }
        let heard = self.heard_by(speaker);
        let here = speaker.authority().present().flat_map(|(_, member)| member.devices.keys().copied()).collect();
        let cells = cell_keys(&speaker.cell_keys_for(&entry));
        let held = speaker.task_keys().of(about).iter().filter(|held| fits(speaker.pursuance(), &entry, &held.key));
        let ways = held.flat_map(|held| &held.given).filter_map(|given| match given {
            Given::Role(_, epoch) => Some(*epoch),
            Given::Device(_) | Given::Onward => None,
        });
        let ways = ways.collect();
        self.said.push(Said { entry, role, task: about, readers, roles, here, cells, heard, ways });
    }

    /// Whether a device may open what was said by somebody who took it for none of a reader's: by what its author did not know, then
    /// or later.
    ///
    /// By the rules (K14 to K18, and "Who reads" of the tasks) whoever is given a role, or a task, is handed all of it from the beginning,
    /// by whoever holds it and takes them for readers at that moment; and who says something cannot know what was handed out unknown to
    /// them. So one of these is true:
    /// - There was a moment at which somebody else took the device for one of a reader's because of something that the author had not heard
    ///   of, and held what leads to what was said: its key, or an epoch of the role under which that key stands.
    /// - Somebody held its key who knew of an opening to a role of which the author had not heard, and so handed it to those who hold an
    ///   epoch of that role; and somebody who holds that epoch too took the device for one of the role's readers. An epoch stands whatever
    ///   becomes of who made it, and of the opening (K4).
    ///
    /// What has no effect, because of something that the author had not heard of, is as if nobody had said it: so a device comes back that
    /// its owner took out with a role that was being taken from them. Nothing else excuses: not what one was given at another time, nor what
    /// others hand on who know that it was taken back.
    fn given_later(&self, said: &Said, device: AuthorId, to: MemberId) -> bool {
        // Verifiers read the redactors' tasks, because they are asked for agreement.
        let reads = |role: RoleId, read: &RoleId| role == *read || (role == VERIFIER && *read == REDACTOR);
        let pursuance = self.members[0].pursuance();
        let others = || self.moments.iter().filter(|moment| moment.of != to);
        let is_news = |moment: &Moment, by: &EntryId| moment.heard.contains(by) && !said.heard.contains(by);
        let comes_back = |moment: &Moment| {
            let mut taken = self.taken.iter().filter(|(from, by)| *from == to && said.heard.contains(by));
            taken.any(|(_, by)| moment.undone.contains(by))
        };
        let is_given = |moment: &Moment, roles: &BTreeSet<RoleId>| {
            let mut given = self.given.iter().filter(|(whom, _, by)| *whom == to && is_news(moment, by));
            given.any(|(_, given, _)| roles.iter().any(|read| reads(*given, read))) || comes_back(moment)
        };
        let opened = |moment: &Moment| {
            let opened = self.opened.iter().filter(|(task, by, _)| *task == said.task && is_news(moment, by));
            opened.map(|(_, _, whom)| *whom).collect::<BTreeSet<_>>()
        };
        let is_read_by = |moment: &Moment, role: &RoleId| moment.by_role[role].contains(&device);
        let by_epoch = |moment: &Moment| {
            moment.epochs.iter().any(|(epoch, _)| said.ways.contains(epoch))
                && said.roles.iter().any(|role| is_read_by(moment, role))
                && is_given(moment, &said.roles)
        };
        let by_key = |moment: &Moment| {
            let Some(known) = moment.tasks.get(&said.task) else { return false };
            let opened = opened(moment);
            let is_opened = || {
                opened.contains(&Err(to)) || { known.roles.iter() }
                    .any(|role| opened.contains(&Ok(*role)) && is_read_by(moment, role))
            };
            let reads_here = known.readers.contains(&device) && (is_opened() || is_given(moment, &known.roles));
            // Through an epoch of a role that the task was opened to there.
            let onward = |role: &RoleId| {
                let shares = |other: &Moment| {
                    { other.epochs.iter() }.any(|epoch| epoch.1 == *role && moment.epochs.contains(epoch))
                };
                opened.contains(&Ok(*role)) && others().any(|other| is_read_by(other, role) && shares(other))
            };
            (reads_here || known.roles.iter().any(onward))
                && known.keys.iter().any(|key| fits(pursuance, &said.entry, key))
        };
        others().any(|moment| by_epoch(moment) || by_key(moment))
    }

    /// All that is wrong at the end.
    fn wrong(&mut self, tally: &mut Tally) -> Vec<String> {
        self.settle();
        for who in 0..self.members.len() {
            self.rotate(who);
        }
        self.settle();
        tally.said += self.said.len();
        [self.wrong_among_members(), self.wrong_of_thieves(tally), self.wrong_of_links()].concat()
    }

    fn settle(&mut self) {
        let mut members = core::mem::take(&mut self.members);
        let mut moments = Vec::new();
        settle_seen(&self.world, &mut members, |members| {
            moments.extend(members.iter().zip(&self.whose).map(|(member, whose)| self.moment(member, *whose)));
        });
        self.members = members;
        self.moments.append(&mut moments);
    }

    fn wrong_among_members(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (member, me) in self.members.iter().zip(&self.whose) {
            let device = member.device().author();
            for (place, said) in self.said.iter().enumerate() {
                let name = &member.authority().members()[me].name;
                let (may, can) = (said.readers.contains(&device), opens(member, &said.entry));
                let id = said.entry.id();
                if can && !may && !self.given_later(said, device, *me) {
                    wrong.push(format!("{place} {id:?} {:?}: read by {name}, who was no reader", said.role));
                }
                let readers = self.members.iter().find_map(|one| readers_of(one, said.task)).unwrap_or_default();
                let reads_now = |one: &Replica| one.is_here() && readers.contains(&one.device().author());
                let counts = member.logs().standing(id) == Some(Standing::Counts);
                // What only those could read who are gone is lost.
                let others = || self.members.iter().any(|one| reads_now(one) && opens(one, &said.entry));
                if reads_now(member) && counts && !can && others() {
                    wrong.push(format!("{place} {id:?} {:?}: not read by {name}, a reader", said.role));
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
            for (place, said) in self.said.iter().enumerate() {
                let (may, can) = (said.readers.contains(&device), opens(copy, &said.entry));
                tally.stolen += usize::from(can);
                tally.kept += usize::from(!can && !may);
                if can && !may && !self.given_later(said, device, *member) {
                    wrong.push(format!("{place} {:?} {:?}: opened by thief {number}", said.entry.id(), said.role));
                }
                let given = { self.given.iter() }.any(|(to, _, by)| to == member && !said.heard.contains(by));
                let undone = |by: &EntryId| copy.logs().standing(*by) == Some(Standing::Held);
                let back = given || { self.taken.iter() }.any(|(from, by)| from == member && undone(by));
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
        for (place, said) in self.said.iter().enumerate() {
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
