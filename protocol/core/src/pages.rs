//! The tree in pages: what is folded away, filtered, dropped, and which rows one page has (docs/protocol/05-tasks.md, "Pages").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::detail::Kind;
use crate::detailing::{reviewers, skills};
use crate::filter::{Filter, Named, Subject};
use crate::id::{MemberId, TaskId};
use crate::limits::MAX_TREE_ROWS;
use crate::order::Order;
use crate::origin::Origin;
use crate::replica::Replica;
use crate::task::Status;
use crate::tasks::Task;
use crate::view::{Arriving, Person, TreeView};
use crate::views::{Handed, Names, RowPlace, count, there};

/// Which page of the tree.
pub struct PageQuery<'a> {
    /// The first row wanted, of those that show, from 0.
    pub first: u32,
    /// Tasks below which nothing is shown; not looked at with a filter.
    pub folded: &'a BTreeSet<TaskId>,
    /// Which tasks; what stands above them shows too.
    pub filter: &'a Filter,
    /// Whether dropped tasks show, and not only those with something below that does.
    pub dropped: Dropped,
    /// A task that is wanted: then the page is the one that holds it, and `first` is not looked at.
    pub around: Option<TaskId>,
    /// Where all tasks stand.
    pub all: &'a Places,
}

/// Where the tree has all tasks in memory, and their statuses: what every page is taken from. True until something changes; whoever asks
/// for several pages meanwhile makes it once.
pub struct Places {
    places: Vec<RowPlace>,
    statuses: Vec<Status>,
}

/// What becomes of dropped tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// They show.
    Shown,
    /// They show only above something that does.
    Hidden,
}

impl Places {
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&RowPlace, &Status)> {
        self.places.iter().zip(&self.statuses)
    }

    /// Where one task stands, and the tasks above it from the mission down.
    pub(crate) fn of(&self, task: TaskId) -> Option<(&RowPlace, Vec<TaskId>)> {
        let at = self.places.iter().position(|place| place.task == task)?;
        let place = &self.places[at];
        let mut above: Vec<TaskId> = Vec::new();
        let mut wanted = place.parent;
        // In reading order a task stands before all that is below it.
        for earlier in self.places[..at].iter().rev() {
            if wanted == Some(earlier.task) {
                above.push(earlier.task);
                wanted = earlier.parent;
            }
        }
        above.reverse();
        Some((place, above))
    }
}

impl Replica {
    /// One page of the tree, with all tasks in memory.
    #[must_use]
    pub fn tree_page(&self, query: &PageQuery<'_>, handed: Handed<'_>) -> TreeView {
        let opened = self.above(query);
        let kept = self.kept(query, &opened);
        let matching = count(kept.iter().filter(|place| place.matches).count());
        let shown = unfolded(kept);
        let at = query.around.and_then(|task| shown.iter().position(|place| place.task == task)).map(count);
        let first = at.map_or(query.first, |at| at - at % MAX_TREE_ROWS).min(count(shown.len()));
        let page: Vec<RowPlace> = shown.iter().skip(first as usize).take(MAX_TREE_ROWS as usize).copied().collect();
        TreeView {
            first,
            shown: count(shown.len()),
            matching,
            rows: self.rows(&page, handed),
            opened,
            ..self.around_page(query.all)
        }
    }

    /// What stands around a page, of all tasks in memory.
    pub(crate) fn around_page(&self, all: &Places) -> TreeView {
        let counted = |with: fn(Status) -> bool| count(all.statuses.iter().filter(|status| with(**status)).count());
        TreeView {
            done: counted(|status| status == Status::Done),
            total: counted(|status| status != Status::Dropped),
            dropped: counted(|status| status == Status::Dropped),
            arriving: self.arriving(),
            ..self.frame()
        }
    }

    /// Where all tasks stand now, as the reader arranged those below one parent.
    #[must_use]
    pub fn all_places(&self, order: &Order) -> Places {
        let (places, statuses) = self.places_in(order);
        Places { places, statuses }
    }

    /// The rows that show in the tree.
    pub(crate) fn shown_places(&self, query: &PageQuery<'_>) -> Vec<RowPlace> {
        unfolded(self.kept(query, &self.above(query)))
    }

    /// Whether a task is meant by the filter itself, and not only by what is below it.
    pub(crate) fn is_meant(&self, query: &PageQuery<'_>, task: &Task, status: Status, names: &Names) -> bool {
        let alive = query.dropped == Dropped::Shown || status != Status::Dropped;
        alive
            && (query.filter.is_empty()
                || query.filter.matches(&self.subject(task, status, &|member| self.person(member, names)).as_subject()))
    }

    /// All labels in use, in order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let labels: BTreeSet<&String> = self.tasks.iter().flat_map(|(_, task)| there(&task.labels)).collect();
        labels.into_iter().cloned().collect()
    }

    /// Folded tasks above the one that is wanted, which count as open.
    fn above(&self, query: &PageQuery<'_>) -> Vec<TaskId> {
        let Some(wanted) = query.around.filter(|_| query.filter.is_empty()) else { return Vec::new() };
        let parents: BTreeMap<TaskId, Option<TaskId>> =
            query.all.places.iter().map(|place| (place.task, place.parent)).collect();
        let above =
            core::iter::successors(parents.get(&wanted).copied().flatten(), |task| parents.get(task).copied()?);
        above.filter(|task| query.folded.contains(task)).collect()
    }

    /// The rows that show, and those that are folded away.
    fn kept(&self, query: &PageQuery<'_>, opened: &[TaskId]) -> Vec<RowPlace> {
        let names = self.names();
        let everything = query.filter.is_empty();
        let folded = |task: TaskId| everything && query.folded.contains(&task) && !opened.contains(&task);
        let mut kept: Vec<Option<RowPlace>> = Vec::with_capacity(query.all.places.len());
        // From the end: a row shows if it is meant itself, or if something below it shows. By depth, whether that is so.
        let mut below: Vec<bool> = Vec::new();
        for (place, status) in query.all.iter().rev() {
            let depth = usize::from(place.depth);
            let has_children = below.get(depth + 1) == Some(&true);
            below.resize(depth + 1, false);
            let matches = self.tasks.task(place.task).is_some_and(|task| self.is_meant(query, task, *status, &names));
            let shows = matches || has_children;
            below[depth] |= shows;
            kept.push(shows.then_some(RowPlace { has_children, matches, folded: folded(place.task), ..*place }));
        }
        kept.into_iter().rev().flatten().collect()
    }

    /// A task as a filter sees it.
    fn subject<'a>(&self, task: &'a Task, status: Status, person: &dyn Fn(MemberId) -> Person) -> Shown<'a> {
        let rank = |member| self.authority.seniority(member);
        let text = |shown: Option<&'a String>| shown.map_or("", String::as_str);
        Shown {
            title: text(task.title.shown(rank)),
            labels: there(&task.labels).map(String::as_str).collect(),
            people: task.claimant(rank).into_iter().chain(there(&task.assignees).copied()).map(person).collect(),
            owner: text(task.owner.shown(rank)),
            origin: task.origin.shown(rank),
            status,
            due: task.due.shown(rank).copied().flatten(),
            priority: task.priority.shown(rank).copied().unwrap_or(0),
            start: self.start_of(task),
            kind: self.kind_of(task),
            blocked: self.is_blocked(task),
            help_wanted: self.wants_help(task),
            repeats: self.repeats(task),
            skills: skills(task).collect(),
            reviewers: reviewers(task).map(person).collect(),
        }
    }

    /// Imports of which not all tasks are here.
    fn arriving(&self) -> Vec<Arriving> {
        let mut counted: BTreeMap<(MemberId, [u8; 16], u32), u32> = BTreeMap::new();
        for (_, task) in self.tasks.iter() {
            if let (Some((import, of)), Some(created)) = (task.import, &task.created) {
                *counted.entry((created.by, import, of)).or_default() += 1;
            }
        }
        let names = self.names();
        let partly = counted.into_iter().filter(|((.., of), arrived)| arrived < of);
        partly.map(|((by, _, of), arrived)| Arriving { by: self.person(by, &names), arrived, of }).collect()
    }
}

/// Without what is folded away.
fn unfolded(kept: Vec<RowPlace>) -> Vec<RowPlace> {
    let mut hidden_below = u16::MAX;
    let mut shown = Vec::new();
    for place in kept {
        if place.depth <= hidden_below {
            hidden_below = if place.folded { place.depth } else { u16::MAX };
            shown.push(place);
        }
    }
    shown
}

/// What a filter sees of a task, with the people in it.
struct Shown<'a> {
    title: &'a str,
    labels: Vec<&'a str>,
    people: Vec<Person>,
    owner: &'a str,
    origin: Option<&'a Origin>,
    status: Status,
    due: Option<crate::day::Day>,
    priority: u8,
    start: Option<crate::day::Day>,
    kind: Kind,
    blocked: bool,
    help_wanted: bool,
    repeats: bool,
    skills: Vec<&'a str>,
    reviewers: Vec<Person>,
}

fn named(people: &[Person]) -> Vec<Named<'_>> {
    people.iter().map(|person| Named { name: &person.name, me: person.me }).collect()
}

impl Shown<'_> {
    fn as_subject(&self) -> Subject<'_> {
        Subject {
            title: self.title,
            labels: self.labels.clone(),
            names: named(&self.people),
            owner: self.owner,
            origin: self.origin.map_or([""; 2], |origin| [&origin.file, &origin.source]),
            mentioned: self
                .origin
                .map_or_else(Vec::new, |origin| origin.people.iter().map(|mention| mention.name.as_str()).collect()),
            status: self.status,
            due: self.due,
            priority: self.priority,
            start: self.start,
            kind: self.kind,
            blocked: self.blocked,
            help_wanted: self.help_wanted,
            repeats: self.repeats,
            skills: self.skills.clone(),
            reviewers: named(&self.reviewers),
        }
    }
}
