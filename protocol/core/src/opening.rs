//! Role entries are opened as far as the secrets held allow, and tasks are made again when what counts changes
//! (docs/protocol/02-log.md, "What is held").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::authority::Verdict;
use crate::entry::{Content, Entry, RolePart};
use crate::id::{EntryId, MemberId, TaskId};
use crate::logs::Standing;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{ItemHint, Where, open_audience, open_item, task_id};
use crate::shelf::{ItemNote, Shelf, Touch, WHOLE_ENTRY};
use crate::task_keys::Brought;
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
}

/// What became of an entry's lists.
enum Lists {
    /// No epoch is held by which one opens.
    Sealed,
    /// One line for each item, of those that opened.
    Open(Vec<Line>),
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
            if let Lists::Open(lines) = self.open_lists(&entry) {
                tasks.extend(lines.into_iter().map(|line| line.task));
            }
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
        let Lists::Open(lines) = self.open_lists(&entry) else { return };
        let mut made_again = BTreeSet::new();
        for line in lines {
            if made_again.contains(&line.task) {
                continue;
            }
            let was_there = self.tasks.task(line.task).map(Task::home);
            let marks = self.tasks.task(line.task).map_or(0, |task| task.marks.len());
            self.open_item(&entry, line, arrival, shelf);
            let is_there = self.tasks.task(line.task).map(Task::home);
            let marks_now = self.tasks.task(line.task).map_or(0, |task| task.marks.len());
            // Others may have waited for this: for the key, or for the creation, or for somebody to find it good.
            if line.brings_key || was_there != is_there || (arrival == Arrival::Late && marks != marks_now) {
                let touches = self.touching(line.task, shelf);
                if touches.keys().any(|touch| (touch.entry, touch.item) != (id, line.item)) {
                    self.make_again(line.task, &touches, shelf);
                    made_again.insert(line.task);
                }
            }
        }
    }

    /// Opens an entry's lists, takes the keys that they bring, and notes which tasks its items are about.
    fn open_lists(&mut self, entry: &Entry) -> Lists {
        let (id, standing) = (entry.id(), self.logs.standing(entry.id()));
        let Content::Role(part) = &entry.body().content else { return Lists::Open(Vec::new()) };
        let Some(at) = self.place_of(entry).filter(|_| opens(standing)) else { return Lists::Open(Vec::new()) };
        let mut sealed = true;
        let mut lines: Vec<Line> = Vec::new();
        for audience in &part.audiences {
            let Some(epoch) = self.epochs.get(&audience.epoch) else { continue };
            sealed = false;
            let Ok(hints) = open_audience(at, audience, epoch, part.items.len()) else {
                for item in 0..part.items.len() {
                    self.note_refused(id, number(item), standing); // K8
                }
                continue;
            };
            for (index, hint) in hints.into_iter().enumerate() {
                let ItemHint { task, generation, key } = hint;
                let item = number(index);
                let has_key = key.is_some();
                // A task's first key is taken only from where the task was created: there, and only there, the id shows that it
                // is the one (T1). Whatever else somebody hands out as that is ignored.
                let is_first = |key: &_| task_id(at, item, key) == task;
                let known = |key: &_| self.task_keys.of_generation(task, 0).any(|known| known == key);
                let key = key.filter(|key| generation > 0 || is_first(key) || known(key));
                // Whoever reads any of the lists may have found it there.
                let to = part.audiences.iter().map(|audience| (audience.role, audience.epoch));
                let brought = key.map_or(Brought::Nothing, |key| self.task_keys.take(task, generation, key, to));
                if brought != Brought::Nothing {
                    self.tasks.note_change(task);
                }
                self.touches.entry(task).or_default().insert((id, item));
                let brings_key = brought == Brought::Key;
                match lines.iter_mut().find(|line| (line.item, line.task) == (item, task)) {
                    Some(line) => line.brings_key |= brings_key,
                    None => lines.push(Line { item, task, generation, has_key, brings_key }),
                }
            }
        }
        if !sealed {
            return Lists::Open(lines);
        }
        self.tasks.note(id, WHOLE_ENTRY, ItemNote::Waits);
        for audience in &part.audiences {
            self.sealed.entry(audience.epoch).or_default().insert(id);
        }
        Lists::Sealed
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
        let mut found = Vec::new();
        for audience in &part.audiences {
            let Some(epoch) = self.epochs.get(&audience.epoch) else { continue };
            let Ok(hints) = open_audience(at, audience, epoch, part.items.len()) else { continue };
            for (index, hint) in hints.into_iter().enumerate() {
                found.push((number(index), hint.task, hint.generation));
            }
        }
        found
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

    /// What an entry's list says of an item.
    fn line_of(&self, entry: &Entry, task: TaskId, item: u16) -> Option<Line> {
        let (at, Content::Role(part)) = (self.place_of(entry)?, &entry.body().content) else { return None };
        part.audiences.iter().find_map(|audience| {
            let epoch = self.epochs.get(&audience.epoch)?;
            let hints = open_audience(at, audience, epoch, part.items.len()).ok()?;
            let hint = hints.get(usize::from(item)).filter(|hint| hint.task == task)?;
            let (generation, has_key) = (hint.generation, hint.key.is_some());
            Some(Line { item, task, generation, has_key, brings_key: false })
        })
    }

    /// All items about a task that are known here, whether their entries count or not.
    fn touching(&self, task: TaskId, shelf: &dyn Shelf) -> BTreeMap<Touch, Standing> {
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

fn number(index: usize) -> u16 {
    u16::try_from(index).expect("at most MAX_ITEMS")
}

#[cfg(test)]
mod tests;
