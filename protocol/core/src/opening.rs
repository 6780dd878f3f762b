//! Role entries are opened as far as the secrets held allow, and tasks are made again when what counts changes
//! (docs/protocol/02-log.md, "What is held").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::authority::Verdict;
use crate::entry::{AudienceSeal, Content, Entry, RolePart};
use crate::id::{EntryId, MemberId, RoleId, TaskId};
use crate::keys::EpochSecret;
use crate::logs::Standing;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{Finder, ItemHint, TaskKey, Where, open_audience, open_item, open_list_secret, task_id};
use crate::shelf::{ItemNote, Shelf, Touch, WHOLE_ENTRY};
use crate::task_keys::{Brought, Given};
use crate::task_op::{HandedOn, TaskOp};
use crate::tasks::{Opened, Task};

/// Bytes of entries fetched in long work after which the shelf takes what changed.
const HEAVY_BYTES: usize = if cfg!(test) { 2 << 10 } else { 1 << 20 };

/// What an entry weighs in memory beside its own bytes, about.
const ENTRY_WEIGHT_BYTES: usize = 1 << 10;

/// When an item comes to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// After everything that is compared with it: nothing there has it in its past.
    InOrder,
    /// Later, when a key or its task's creation came.
    Late,
}

/// An entry of mine that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldEntry {
    /// Which.
    pub entry: EntryId,
    /// As whom it was written.
    pub by: Option<MemberId>,
    /// Why, where the verdict is in memory.
    pub refusal: Option<Refusal>,
}

/// A line of an entry's list, as far as it matters for an item.
#[derive(Clone, Copy)]
struct Line {
    item: u16,
    task: TaskId,
    generation: u32,
    /// The list has a key for it.
    has_key: bool,
    /// That key was not known before.
    brings_key: bool,
    /// It was found before its list could be opened, and taken then.
    was_taken: bool,
}

impl Replica {
    /// Lets entries stand as said from now on, and makes the tasks again that they are about. An entry whose standing is as it was
    /// may be among them: its tasks are judged again.
    ///
    /// Between counting and being held the state is one function of what stands how, whatever came before. Costs: each of these
    /// entries is looked up once, and each task that they are about is read once with all entries about it that count. Nothing is said here of the
    /// public layer.
    pub fn restand(&mut self, flipped: &[(EntryId, Standing)], shelf: &dyn Shelf) {
        let mut tasks = BTreeSet::new();
        for (id, standing) in flipped {
            let touched = self.logs.entry(*id).map_or_else(|| shelf.touched_by(*id), |_| Vec::new());
            if !touched.is_empty() {
                self.logs.restand(*id, *standing);
                tasks.extend(touched);
                continue;
            }
            // Not on the shelf yet, or nothing of it could be opened.
            self.logs.fetch(*id, shelf);
            self.logs.set_standing(*id, *standing);
            let Some(entry) = self.logs.entry(*id).cloned() else { continue };
            let lines = self.open_lists(&entry, Arrival::Late, shelf);
            tasks.extend(lines.into_iter().map(|line| line.task));
            self.lighten(&entry, shelf);
        }
        for task in tasks {
            let touches = self.touching(task, shelf);
            self.make_again(task, &touches, shelf);
        }
    }

    /// Role entries of my own devices that are held, at most so many.
    #[must_use]
    pub fn held(&self, most: usize, shelf: &dyn Shelf) -> Vec<HeldEntry> {
        let me = self.me().and_then(|me| self.authority.members().get(&me));
        let mut devices: BTreeSet<_> = me.iter().flat_map(|member| member.devices.keys().copied()).collect();
        devices.insert(self.device.author());
        let mut held: Vec<HeldEntry> = Vec::new();
        for author in devices {
            let on_shelf = shelf.held_by(author, most).into_iter();
            let ids: BTreeSet<EntryId> = on_shelf.chain(self.logs.held_by(author)).collect();
            for id in ids {
                let kept = self.logs.entry(id).cloned().or_else(|| Some(shelf.entry(id)?.entry));
                let Some(entry) = kept.filter(|entry| matches!(entry.body().content, Content::Role(_))) else {
                    continue;
                };
                // What a shelf says may be older than what is known here.
                if self.logs.standing(id).is_none_or(|standing| standing == Standing::Held) {
                    let refusal = match self.authority.verdict(id) {
                        Some(Verdict::Held(refusal)) => Some(refusal.clone()),
                        _ => None,
                    };
                    held.push(HeldEntry { entry: id, by: self.authority.speaker(&entry), refusal });
                }
            }
        }
        held.truncate(most);
        held
    }

    /// Opens a role entry as far as the secrets held allow; the rest waits. Of one that is held, only keys are taken.
    pub(crate) fn open_entry(&mut self, id: EntryId, arrival: Arrival, shelf: &dyn Shelf) {
        let Some(entry) = self.logs.entry(id).cloned() else { return };
        let lines = self.open_lists(&entry, arrival, shelf);
        let mut made_again = BTreeSet::new();
        for line in lines {
            if made_again.contains(&line.task) || (line.was_taken && !line.brings_key) {
                continue;
            }
            let was_there = self.tasks.task(line.task).map(Task::home);
            let marks = self.tasks.task(line.task).map_or(0, |task| task.marks.len());
            self.open_item(&entry, line, arrival, shelf);
            let is_there = self.tasks.task(line.task).map(Task::home);
            let marks_now = self.tasks.task(line.task).map_or(0, |task| task.marks.len());
            // Others may have waited for this: for the key, or for the creation, or for somebody to find it good.
            if line.brings_key || was_there != is_there || (arrival == Arrival::Late && marks != marks_now) {
                let mut touches = self.touching(line.task, shelf);
                if touches.keys().any(|touch| (touch.entry, touch.item) != (id, line.item)) {
                    if line.brings_key {
                        self.take_lines_again(line.task, shelf);
                        touches = self.touching(line.task, shelf);
                    }
                    self.make_again(line.task, &touches, shelf);
                    made_again.insert(line.task);
                }
            }
        }
    }

    /// Opens an entry's lists, takes the keys that they bring, and notes which tasks its items are about. Items of an entry whose lists
    /// are not for me are found by the keys that others have too.
    fn open_lists(&mut self, entry: &Entry, arrival: Arrival, shelf: &dyn Shelf) -> Vec<Line> {
        let (id, standing) = (entry.id(), self.logs.standing(entry.id()));
        let Content::Role(part) = &entry.body().content else { return Vec::new() };
        let Some(at) = self.place_of(entry).filter(|_| opens(standing)) else { return Vec::new() };
        let mut sealed = true;
        let mut lines: Vec<Line> = Vec::new();
        // Somebody may have said where an item is before its list could be opened.
        let found_before = if arrival == Arrival::Late { shelf.touched_by(id) } else { Vec::new() };
        for audience in &part.audiences {
            let Some(secret) = self.secret_of(at, audience, arrival) else { continue };
            let hints = match open_audience(at, audience, &secret, part.items.len()) {
                Ok(hints) => hints,
                // Whoever it was sealed to can go by another list, as all others do.
                Err(_) if audience.role == RoleId::DEVICES => continue,
                Err(_) => {
                    sealed = false;
                    for item in 0..part.items.len() {
                        self.note_refused(id, number(item), standing); // K8
                    }
                    continue;
                }
            };
            sealed = false;
            for (index, hint) in hints.into_iter().enumerate() {
                let known = self.touches.get(&hint.task).is_some_and(|known| known.contains(&(id, number(index))));
                let was_taken = arrival == Arrival::Late && (known || found_before.contains(&hint.task));
                let line = Line { was_taken, ..self.take_line(at, part, number(index), hint, shelf) };
                self.touches.entry(line.task).or_default().insert((id, line.item));
                match lines.iter_mut().find(|known| (known.item, known.task) == (line.item, line.task)) {
                    Some(known) => known.brings_key |= line.brings_key,
                    None => lines.push(line),
                }
            }
        }
        if !sealed {
            return lines;
        }
        let finder = self.task_keys.finder(self.task_keys.shared().iter());
        lines = found_in(part, &finder);
        for line in &mut lines {
            let is_new = self.touches.entry(line.task).or_default().insert((id, line.item));
            line.brings_key = self.take_found(at, part, *line, shelf);
            line.was_taken = arrival == Arrival::Late && (!is_new || found_before.contains(&line.task));
        }
        if lines.len() < part.items.len() {
            self.tasks.note(id, WHOLE_ENTRY, ItemNote::Waits);
            for audience in &part.audiences {
                self.sealed.entry(audience.epoch).or_default().insert(id);
            }
        }
        lines
    }

    /// What opens a list, if it is for me. Whether one for single devices is, is tried when it comes.
    fn secret_of(&mut self, at: Where, audience: &AudienceSeal, arrival: Arrival) -> Option<EpochSecret> {
        if audience.role != RoleId::DEVICES {
            return self.epochs.get(&audience.epoch).cloned();
        }
        if let Some(secret) = self.list_secrets.get(&audience.epoch) {
            return Some(secret.clone());
        }
        if arrival == Arrival::Late {
            return None;
        }
        let secret = open_list_secret(at, audience, &self.device).ok().flatten()?;
        self.list_secrets.insert(audience.epoch, secret.clone());
        self.learned_lists.push(secret.clone());
        Some(secret)
    }

    /// What a list says of an item: its key is taken, and what the item hands on with it.
    fn take_line(&mut self, at: Where, part: &RolePart, item: u16, hint: ItemHint, shelf: &dyn Shelf) -> Line {
        let ItemHint { task, generation, key } = hint;
        let line = Line { item, task, generation, has_key: key.is_some(), brings_key: false, was_taken: false };
        // What is handed to others in another list is handed out too.
        let others = || {
            let held = self.task_keys.of_generation(task, generation).map(|key| (key, ()));
            Some(Finder::new(held).find(part.items.get(usize::from(item))?)?.0.clone())
        };
        let key = key.or_else(|| if part.audiences.len() > 1 { others() } else { None });
        let Some(key) = key else { return line };
        let is_first = generation == 0 && task_id(at, item, &key) == task;
        // Whoever reads any of the lists may have found it there.
        let roles = part.audiences.iter().filter(|audience| audience.role != RoleId::DEVICES);
        let mut given: Vec<Given> = roles.map(|audience| Given::Role(audience.role, audience.epoch)).collect();
        let mut handed = None;
        if !is_first {
            let ops = open_item(at, usize::from(item), &part.items[usize::from(item)], &key);
            let ops = ops.and_then(Result::ok).unwrap_or_default();
            handed = { ops }.into_iter().find_map(|op| match op {
                TaskOp::HandOn(handed) => Some(handed),
                _ => None,
            });
            given.extend(handed.iter().flat_map(|handed| &handed.devices).map(|device| Given::Device(*device)));
        }
        if part.audiences.iter().any(|audience| audience.role == RoleId::DEVICES)
            && handed.as_ref().is_none_or(|handed| handed.devices.is_empty())
        {
            // To devices that it does not name.
            given.push(Given::Onward);
        }
        // A task's first key is taken only where it is shown that the task's id commits to it (T1): from the entry that created the
        // task, or from one that says which that is. Whatever else somebody hands out as that is ignored.
        let known = |key: &_| self.task_keys.of_generation(task, 0).any(|known| known == key);
        let proven = generation > 0 || is_first || known(&key);
        let proven = proven || handed.as_ref().is_some_and(|handed| self.commits_to(handed.created, task, &key, shelf));
        if !proven {
            return line;
        }
        let mut brought = self.task_keys.take(task, generation, key, given.into_iter());
        if let Some(handed) = handed {
            brought = brought.max(self.take_handed(task, handed, shelf));
        }
        if brought != Brought::Nothing {
            self.tasks.note_change(task);
            if self.task_keys.shared().contains(&task) {
                self.newly_shared.insert(task);
            }
        }
        Line { brings_key: brought == Brought::Key, ..line }
    }

    /// Takes what an item hands on that was found without its list: to whom its key went, so that nobody hands them the same again. Whether it
    /// brought a key.
    fn take_found(&mut self, at: Where, part: &RolePart, line: Line, shelf: &dyn Shelf) -> bool {
        let Some(key) = self.key_of(part, line) else { return false };
        let (index, sealed) = (usize::from(line.item), &part.items[usize::from(line.item)]);
        let says = open_item(at, index, sealed, &key).and_then(Result::ok).unwrap_or_default();
        if !says.iter().any(|op| matches!(op, TaskOp::HandOn(_))) {
            self.note_lists(part, line, key);
            return false;
        }
        let hint = ItemHint { task: line.task, generation: line.generation, key: Some(key) };
        self.take_line(at, part, line.item, hint, shelf).brings_key
    }

    /// Looks once more to whom a task's keys were handed in what was opened before these were held: whether a key may still be used (K14)
    /// follows from all entries that can be opened, whichever came first.
    ///
    /// Rounds, until one brings no more keys; each that does brings at least one.
    fn take_lines_again(&mut self, task: TaskId, shelf: &dyn Shelf) {
        let mut brings_key = true;
        while core::mem::take(&mut brings_key) {
            for touch in self.touching(task, shelf).into_keys() {
                self.logs.fetch(touch.entry, shelf);
                let Some(entry) = self.logs.entry(touch.entry).cloned() else { continue };
                brings_key |= self.take_line_again(&entry, task, touch.item, shelf);
                self.lighten(&entry, shelf);
            }
        }
    }

    /// The same of one item; whether it brought a key.
    fn take_line_again(&mut self, entry: &Entry, task: TaskId, item: u16, shelf: &dyn Shelf) -> bool {
        let Content::Role(part) = &entry.body().content else { return false };
        let Some(at) = self.place_of(entry).filter(|_| opens(self.logs.standing(entry.id()))) else { return false };
        let all = part.audiences.iter().flat_map(|audience| self.hints_of(at, part, audience));
        let hints: Vec<ItemHint> =
            all.filter(|(of, hint)| (*of, hint.task) == (item, task)).map(|(_, hint)| hint).collect();
        if hints.is_empty() {
            return self.line_by_key(entry, task, item).is_some_and(|line| self.take_found(at, part, line, shelf));
        }
        let mut brings_key = false;
        for hint in hints {
            brings_key |= self.take_line(at, part, item, hint, shelf).brings_key;
        }
        brings_key
    }

    /// Takes older keys of a task, and looks for what was said about it where it is said to be (K16).
    fn take_handed(&mut self, task: TaskId, handed: HandedOn, shelf: &dyn Shelf) -> Brought {
        let mut brought = Brought::Nothing;
        for (generation, key) in handed.keys {
            if generation > 0 || self.commits_to(handed.created, task, &key, shelf) {
                brought = brought.max(self.task_keys.take(task, generation, key, core::iter::once(Given::Onward)));
            }
        }
        for (entry, item) in core::iter::once(handed.created).chain(handed.places) {
            if self.touches.get(&task).is_some_and(|known| known.contains(&(entry, item))) {
                continue;
            }
            self.logs.fetch(entry, shelf);
            let Some(named) = self.logs.entry(entry).cloned() else { continue };
            let found = self.line_by_key(&named, task, item);
            if let Some(line) = found {
                self.touches.entry(task).or_default().insert((entry, item));
                brought = Brought::Key;
                if let Content::Role(part) = &named.body().content
                    && let Some(key) = self.key_of(part, line)
                {
                    self.note_lists(part, line, key);
                }
            }
            self.lighten(&named, shelf);
        }
        brought
    }

    /// The key that an item is sealed with, of those that are held.
    fn key_of(&self, part: &RolePart, line: Line) -> Option<TaskKey> {
        let held = self.task_keys.of_generation(line.task, line.generation).map(|key| (key, ()));
        Finder::new(held).find(part.items.get(usize::from(line.item))?).map(|(key, ())| key.clone())
    }

    /// For whom an entry's lists are, of which an item was found without them: whoever was handed a key alone can tell from them who else may
    /// have it, where not all who read now do (K29).
    fn note_lists(&mut self, part: &RolePart, line: Line, key: TaskKey) {
        if self.authority.has_since_joining() {
            let roles = part.audiences.iter().filter(|audience| audience.role != RoleId::DEVICES);
            let given: Vec<Given> = roles.map(|audience| Given::Role(audience.role, audience.epoch)).collect();
            self.task_keys.take(line.task, line.generation, key, given.into_iter());
        }
    }

    /// Whether a task's id commits to this as its first key, if it was created there (T1).
    fn commits_to(&mut self, (entry, item): (EntryId, u16), task: TaskId, key: &TaskKey, shelf: &dyn Shelf) -> bool {
        self.logs.fetch(entry, shelf);
        let at = self.logs.entry(entry).and_then(|created| self.place_of(created));
        at.is_some_and(|at| task_id(at, item, key) == task)
    }

    /// Looks for items of tasks that were shared just now in the entries whose lists are not for me.
    ///
    /// Whoever hands a task on names what was said before; this finds what others said meanwhile, who did not know. It costs as
    /// much as there is that I cannot read, each time a task is shared with me or by me.
    pub(crate) fn find_shared(&mut self, shelf: &dyn Shelf) {
        let tasks = core::mem::take(&mut self.newly_shared);
        if tasks.is_empty() {
            return;
        }
        let here = self.sealed.values().flatten().copied();
        let unread: BTreeSet<EntryId> = here.chain(shelf.unread()).collect();
        let mut found = BTreeSet::new();
        for id in unread {
            self.logs.fetch(id, shelf);
            let Some(entry) = self.logs.entry(id).cloned() else { continue };
            let Content::Role(part) = &entry.body().content else { continue };
            let finder = self.task_keys.finder(tasks.iter());
            let lines = found_in(part, &finder);
            for line in lines {
                if self.touches.entry(line.task).or_default().insert((id, line.item)) {
                    found.insert(line.task);
                    if let Some(at) = self.place_of(&entry) {
                        self.take_found(at, part, line, shelf);
                    }
                }
            }
            self.lighten(&entry, shelf);
        }
        for task in found {
            let touches = self.touching(task, shelf);
            self.make_again(task, &touches, shelf);
        }
    }

    /// Opens one item and lets it have its effect, if its entry counts.
    fn open_item(&mut self, entry: &Entry, line: Line, arrival: Arrival, shelf: &dyn Shelf) {
        let id = entry.id();
        self.logs.fetch(id, shelf);
        let Content::Role(RolePart { items, .. }) = &entry.body().content else { return };
        let Some(at) = self.place_of(entry).filter(|_| self.logs.standing(id) == Some(Standing::Counts)) else {
            return;
        };
        let speaker = self.authority.speaker(entry).zip(self.authority.leant_on(entry));
        let Some(speaker) = speaker else { return };
        let index = usize::from(line.item);
        let mut keys = self.task_keys.of_generation(line.task, line.generation).peekable();
        let is_known = keys.peek().is_some();
        let fitting = keys.find_map(|key| Some((key, open_item(at, index, &items[index], key)?)));
        let Some((key, opened)) = fitting else {
            // There is one first key, and a list says which is meant; of a later generation another may come.
            let is_wrong = is_known && (line.generation == 0 || line.has_key);
            let note = if is_wrong { ItemNote::Refused(Refusal::BadKeys) } else { ItemNote::Waits }; // K8
            return self.tasks.note(id, line.item, note);
        };
        let Ok(ops) = opened else {
            return self.tasks.note(id, line.item, ItemNote::Refused(Refusal::BadKeys)); // K8
        };
        let own_id = task_id(at, line.item, key);
        let opened = Opened::new(entry, line.item, speaker, line.task, own_id, ops);
        if arrival == Arrival::Late {
            // The writes that it may come before.
            let compared: Vec<EntryId> =
                self.tasks.task(line.task).into_iter().flat_map(|task| task.entries()).collect();
            compared.into_iter().for_each(|entry| self.logs.fetch(entry, shelf));
        }
        self.tasks.take(&self.authority, &self.logs, &opened);
    }

    /// Items of a role entry that can be found here: item, task, generation of its key.
    pub(crate) fn lines_about(&self, entry: &Entry) -> Vec<(u16, TaskId, u32)> {
        let (Some(at), Content::Role(part)) = (self.place_of(entry), &entry.body().content) else { return Vec::new() };
        let hints = part.audiences.iter().flat_map(|audience| self.hints_of(at, part, audience));
        let mut found: Vec<_> = hints.map(|(item, hint)| (item, hint.task, hint.generation)).collect();
        if found.is_empty() {
            let finder = self.task_keys.finder(self.task_keys.shared().iter());
            found.extend(found_in(part, &finder).into_iter().map(|line| (line.item, line.task, line.generation)));
        }
        found
    }

    /// The lines of a list that can be opened with what is held.
    fn hints_of(&self, at: Where, part: &RolePart, audience: &AudienceSeal) -> impl Iterator<Item = (u16, ItemHint)> {
        let held = if audience.role == RoleId::DEVICES { &self.list_secrets } else { &self.epochs };
        let secret = held.get(&audience.epoch);
        let hints = secret.and_then(|secret| open_audience(at, audience, secret, part.items.len()).ok());
        hints.into_iter().flatten().enumerate().map(|(index, hint)| (number(index), hint))
    }

    /// Makes a task again from all that counts, in an order in which nothing comes before what it has in its past.
    fn make_again(&mut self, task: TaskId, touches: &BTreeMap<Touch, Standing>, shelf: &dyn Shelf) {
        self.tasks.empty(task);
        let mut early: Vec<&Touch> = Vec::new();
        for (touch, standing) in touches {
            self.tasks.note(touch.entry, touch.item, ItemNote::Nothing);
            if *standing != Standing::Counts {
                continue;
            }
            self.take_again(task, touch, Arrival::InOrder, shelf);
            if self.tasks.task(task).is_none() {
                early.push(touch);
            } else {
                // Whoever wrote these did not have the creation in their past.
                for touch in core::mem::take(&mut early) {
                    self.tasks.note(touch.entry, touch.item, ItemNote::Nothing);
                    self.take_again(task, touch, Arrival::Late, shelf);
                }
            }
        }
    }

    fn take_again(&mut self, task: TaskId, touch: &Touch, arrival: Arrival, shelf: &dyn Shelf) {
        self.logs.fetch(touch.entry, shelf);
        let Some(entry) = self.logs.entry(touch.entry).cloned() else { return };
        if let Some(line) = self.line_of(&entry, task, touch.item) {
            self.open_item(&entry, line, arrival, shelf);
        }
        self.lighten(&entry, shelf);
    }

    /// What an entry's list says of an item; where no list is for me, what the item itself shows.
    fn line_of(&self, entry: &Entry, task: TaskId, item: u16) -> Option<Line> {
        let (at, Content::Role(part)) = (self.place_of(entry)?, &entry.body().content) else { return None };
        let said = part.audiences.iter().find_map(|audience| {
            let mut hints = self.hints_of(at, part, audience);
            let (_, hint) = hints.find(|(of, hint)| (*of, hint.task) == (item, task))?;
            let (generation, has_key) = (hint.generation, hint.key.is_some());
            Some(Line { item, task, generation, has_key, brings_key: false, was_taken: false })
        });
        said.or_else(|| self.line_by_key(entry, task, item))
    }

    /// What an item shows by the key with which it is sealed.
    fn line_by_key(&self, entry: &Entry, task: TaskId, item: u16) -> Option<Line> {
        let Content::Role(part) = &entry.body().content else { return None };
        let held = self.task_keys.of(task).iter().map(|held| (&held.key, held.generation));
        let (_, generation) = Finder::new(held).find(part.items.get(usize::from(item))?)?;
        Some(Line { item, task, generation, has_key: false, brings_key: false, was_taken: false })
    }

    /// All items about a task that are known here, whether their entries count or not.
    pub(crate) fn touching(&self, task: TaskId, shelf: &dyn Shelf) -> BTreeMap<Touch, Standing> {
        let here = self.touches.get(&task).into_iter().flatten();
        let here = here.filter_map(|(entry, item)| {
            let touch = Touch { depth: self.logs.depth(*entry)?, entry: *entry, item: *item };
            Some((touch, self.logs.standing(*entry)?))
        });
        let newer = |touch: &Touch, standing| self.logs.standing(touch.entry).unwrap_or(standing);
        let there = shelf.touching(task).into_iter().map(|(touch, standing)| (touch, newer(&touch, standing)));
        here.chain(there).collect()
    }

    fn note_refused(&mut self, id: EntryId, item: u16, standing: Option<Standing>) {
        let counts = standing == Some(Standing::Counts);
        let note = if counts { ItemNote::Refused(Refusal::BadKeys) } else { ItemNote::Nothing };
        self.tasks.note(id, item, note);
    }

    /// Has the shelf take what changed, when much was read since the last time.
    pub(crate) fn lighten(&mut self, read: &Entry, shelf: &dyn Shelf) {
        self.heavy_bytes += read.bytes().len() + ENTRY_WEIGHT_BYTES;
        if self.heavy_bytes >= HEAVY_BYTES {
            self.heavy_bytes = 0;
            shelf.lighten(self);
        }
    }

    pub(crate) fn place_of(&self, entry: &Entry) -> Option<Where> {
        let body = entry.body();
        Some(Where { pursuance: self.pursuance, author: body.author, seq: body.seq, by: body.by? })
    }
}

/// Whether the lists of such an entry are opened: it counts, or it can again, and the keys that it brings are known.
const fn opens(standing: Option<Standing>) -> bool {
    matches!(standing, Some(Standing::Counts | Standing::Held))
}

/// Items that are sealed with one of these keys.
fn found_in(part: &RolePart, finder: &Finder<'_, (TaskId, u32)>) -> Vec<Line> {
    if finder.is_empty() {
        return Vec::new();
    }
    let found = part.items.iter().enumerate().filter_map(|(index, item)| {
        let (_, (task, generation)) = finder.find(item)?;
        Some(Line { item: number(index), task, generation, has_key: false, brings_key: false, was_taken: false })
    });
    found.collect()
}

fn number(index: usize) -> u16 {
    u16::try_from(index).expect("at most MAX_ITEMS")
}

#[cfg(test)]
pub(crate) mod tests;
