//! The tasks of a pursuance as a list: what an export writes, and what an import makes the same tasks of
//! (docs/protocol/05-tasks.md, "Imports").

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::day::Day;
use crate::detail::Element;
use crate::detailing::{reviewers, skills};
use crate::id::TaskId;
use crate::importing::ImportTask;
use crate::limits::{
    MAX_BODY_BYTES, MAX_CHECK_BYTES, MAX_COMMENT_BYTES, MAX_DAY_BYTES, MAX_LABEL_BYTES, MAX_ORIGIN_NAME_BYTES,
    MAX_OWNER_BYTES, MAX_SKILL_BYTES, MAX_TITLE_BYTES,
};
use crate::origin::{Mention, Origin, Part, Quote};
use crate::plan::{line, text};
use crate::replica::Replica;
use crate::tasks::{Comment, Said, Task};
use crate::view::Person;
use crate::views::{Names, there};

/// What a task is called whose title is not one: nothing can be made of a task without one.
const NO_TITLE: &str = "?";

/// The tasks of a pursuance as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskList {
    /// Which tasks.
    pub ids: Vec<TaskId>,
    /// What is said of them.
    pub tasks: Vec<ImportTask>,
}

impl Replica {
    /// The tasks that can be read here, in the order of their creation, each by its place in the list; with the thread of each, as a
    /// shelf keeps it. What is said is as it is shown; what stands beside it is left out.
    #[must_use]
    pub fn listed(&self, mut thread: impl FnMut(TaskId) -> Vec<Comment>) -> TaskList {
        let parents = self.parents();
        let known = self.tasks.iter().filter(|(id, _)| parents.contains_key(id));
        let mut tasks: Vec<(TaskId, &Task)> = known.collect();
        tasks.sort_by(|(_, a), (_, b)| a.created.cmp(&b.created));
        let places: BTreeMap<TaskId, usize> = tasks.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let place = |id: TaskId| places.get(&self.tasks.shown_for(id)).copied();
        let names = self.names();
        let mut list = TaskList { ids: Vec::with_capacity(tasks.len()), tasks: Vec::with_capacity(tasks.len()) };
        for (at, (id, task)) in tasks.into_iter().enumerate() {
            let parent = parents.get(&id).copied().flatten().and_then(place);
            let instance_of = task.instance_of.and_then(|(of, since)| Some((place(of)?, since)));
            let relations = there(&task.elements).filter_map(|element| match element {
                Element::Relation { relation, task } => Some((*relation, place(*task)?)),
                _ => None,
            });
            let mut relations: Vec<_> = relations.filter(|(_, other)| *other != at).collect();
            relations.sort_unstable();
            relations.dedup();
            list.ids.push(id);
            list.tasks.push(ImportTask {
                parent,
                relations,
                instance_of: instance_of.filter(|(of, _)| *of < at),
                quotes: self.quotes(thread(id), &names),
                ..self.listed_alone(task, &names)
            });
        }
        list
    }

    /// What a task says of itself.
    fn listed_alone(&self, task: &Task, names: &Names) -> ImportTask {
        let rank = |member| self.authority.seniority(member);
        // Whatever others put into the log, what is written here can be read again.
        let some = |text: Option<&String>, max_bytes: usize| text.and_then(|text| line(text, max_bytes).ok());
        let details = task.details.values().filter_map(|register| register.shown(rank));
        let checks = task
            .checks
            .values()
            .filter_map(|check| Some((line(check.text.shown(rank)?, MAX_CHECK_BYTES).ok()?, check.done.is_there())));
        ImportTask {
            title: some(task.title.shown(rank), MAX_TITLE_BYTES).unwrap_or_else(|| NO_TITLE.into()),
            body: task.body.shown(rank).and_then(|body| text(body, MAX_BODY_BYTES).ok()).unwrap_or_default(),
            status: Some(self.status_of(task)),
            owner: some(task.owner.shown(rank), MAX_OWNER_BYTES),
            started: some(task.started.shown(rank), MAX_DAY_BYTES),
            finished: some(task.finished.shown(rank), MAX_DAY_BYTES),
            due: task.due.shown(rank).copied().flatten().map(|day| alloc::format!("{day}")),
            priority: task.priority.shown(rank).copied().unwrap_or(0),
            labels: lines(there(&task.labels).map(String::as_str), MAX_LABEL_BYTES),
            filed: task.filed.is_there(),
            details: details.filter(|detail| **detail != detail.unsaid()).cloned().collect(),
            skills: lines(skills(task), MAX_SKILL_BYTES),
            checks: checks.collect(),
            origin: self.origin_of(task, names),
            ..ImportTask::default()
        }
    }

    /// Where it comes from: as its import said, or from here; with all people, members or not.
    fn origin_of(&self, task: &Task, names: &Names) -> Origin {
        let rank = |member| self.authority.seniority(member);
        let mut origin = task.origin.shown(rank).cloned().unwrap_or_default();
        if origin.by.is_empty()
            && origin.created.is_empty()
            && let Some(created) = &task.created
        {
            origin.by = called(&self.person(created.by, names));
            origin.created = Day::written_moment(created.claimed_seconds);
        }
        let of = |part: Part| move |name: String| Mention { part, name };
        let name = |member| called(&self.person(member, names));
        let roles = there(&task.elements).filter_map(|element| match element {
            Element::Asked { role } => self.authority.role(*role).map(|role| role.name.clone()),
            _ => None,
        });
        let mut people: BTreeSet<Mention> = core::mem::take(&mut origin.people).into_iter().collect();
        people.extend(task.claimants(rank).into_iter().map(name).map(of(Part::Took)));
        people.extend(there(&task.assignees).copied().map(name).map(of(Part::Asked)));
        people.extend(reviewers(task).map(name).map(of(Part::Reviewer)));
        people.extend(roles.map(of(Part::AskedRole)));
        for by in task.marks.iter().map(|mark| mark.by).collect::<BTreeSet<_>>() {
            let part = match task.last_said(by) {
                Some(Said::Good) => Part::FoundGood,
                Some(Said::NotYet) => Part::FoundNotYet,
                Some(Said::Again) | None => continue,
            };
            people.insert(Mention { part, name: name(by) });
        }
        let clean = |Mention { part, name }| Some(Mention { part, name: line(&name, MAX_ORIGIN_NAME_BYTES).ok()? });
        origin.people = people.into_iter().filter_map(clean).collect::<BTreeSet<_>>().into_iter().collect();
        origin
    }

    fn quotes(&self, mut thread: Vec<Comment>, names: &Names) -> Vec<Quote> {
        thread.sort();
        let said = |comment: Comment| {
            let (by, claimed_seconds) = match comment.quoted {
                Some(quoted) => (quoted.by, quoted.claimed_seconds),
                None => (called(&self.person(comment.by, names)), comment.claimed_seconds),
            };
            let text = text(&comment.text, MAX_COMMENT_BYTES).ok().filter(|text| !text.is_empty())?;
            Some(Quote { by, claimed_seconds, text })
        };
        thread.into_iter().filter_map(said).collect()
    }
}

/// Each once, ascending.
fn lines<'a>(texts: impl Iterator<Item = &'a str>, max_bytes: usize) -> Vec<String> {
    texts.filter_map(|text| line(text, max_bytes).ok()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A name as it is written, with the mark that tells two apart.
fn called(person: &Person) -> String {
    let name =
        if person.mark.is_empty() { person.name.clone() } else { alloc::format!("{} ({})", person.name, person.mark) };
    line(&name, MAX_ORIGIN_NAME_BYTES).unwrap_or_default()
}
