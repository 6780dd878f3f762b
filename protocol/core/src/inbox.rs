//! What waits for me: signatures, people to be let in, and what others wrote that is held (docs/protocol/05-tasks.md, "Views").

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::{Presence, Verdict};
use crate::command::Command;
use crate::crypto::Seed;
use crate::entry::{Content, Entry, RolePart};
use crate::id::{EntryId, MemberId, TaskId};
use crate::limits::MAX_RATIFIED;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::open_item;
use crate::shelf::Shelf;
use crate::task_op::TaskOp;
use crate::view::{DecisionView, MemberView, Person};

/// Words of held entries that are shown of one person, at most.
pub const MAX_HELD_WORDS: usize = 20;

/// What waits for me in one pursuance; only what I may do something about.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct InboxView {
    /// Open proposals that I may sign and have not signed.
    pub decisions: Vec<DecisionView>,
    /// Who waits to be let in, where I may let them in.
    pub waiting: Vec<MemberView>,
    /// Who came by an invite that had been used up meanwhile, and was handed nothing yet.
    pub surplus: Vec<MemberView>,
    /// What others wrote that is held, where I may give it effect again.
    pub held: Vec<HeldChanges>,
    /// The same, where I said that it is to stay without effect.
    pub refused: Vec<HeldChanges>,
}

/// What one person did that has no effect now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct HeldChanges {
    /// Who did it.
    pub by: Person,
    /// The entries; at most `MAX_RATIFIED` together.
    #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
    pub entries: Vec<EntryId>,
    /// Whether it is how they came, and not what they wrote.
    pub joined: bool,
    /// Why it has no effect.
    pub refusal: Refusal,
    /// What they say, as far as it can be read here; at most `MAX_HELD_WORDS`.
    pub words: Vec<HeldWords>,
}

/// One thing that a held entry says about a task.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct HeldWords {
    /// The entry that says it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub entry: EntryId,
    /// The task's title as it is shown here; empty for a task that is not there without these entries.
    pub task: String,
    /// What is done to it.
    pub what: HeldWhat,
    /// The text given: of a comment, a title, a body, a label. Otherwise empty.
    pub text: String,
}

/// What a held entry does to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum HeldWhat {
    /// Creates it.
    Created,
    /// Writes a line in its thread.
    Commented,
    /// Gives it another title.
    Titled,
    /// Takes it, or gives it back.
    Taken,
    /// Ends it, or opens it again.
    Ended,
    /// Anything else.
    Changed,
}

impl Replica {
    /// What waits for me. Brings into memory what is held; have it put down afterwards. `refused`: entries that are to stay without effect.
    #[must_use]
    pub fn inbox(&mut self, refused: &BTreeSet<EntryId>, shelf: &dyn Shelf, seed: &mut Seed) -> InboxView {
        if self.writer().is_err() {
            return InboxView::default();
        }
        let held = self.held_by_others(shelf);
        for entry in held.iter().flat_map(|(_, entries)| entries) {
            self.logs.fetch(*entry, shelf);
        }
        let mut inbox = InboxView::default();
        for (by, entries) in held {
            let (stays, waits): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| refused.contains(entry));
            inbox.held.extend(self.held_changes(by, waits, seed));
            inbox.refused.extend(self.held_changes(by, stays, seed));
        }
        let people = self.people();
        let mut could = |command: Command| self.could(&command, seed).refusal.is_none();
        // One that nobody's signature stands under asks nobody.
        let is_open = |one: &DecisionView| !one.decided && !one.mine && !one.signed.is_empty();
        let open = people.decisions.into_iter().filter(is_open);
        inbox.decisions = open.filter(|open| could(Command::Approve { proposal: open.proposal })).collect();
        let waiting = people.others.iter().filter(|member| member.presence == Presence::Waiting);
        let waiting = waiting.filter(|member| could(Command::Admit { member: member.person.member }));
        inbox.waiting = waiting.cloned().collect();
        let surplus = people.members.into_iter().filter(|member| self.waits_as_surplus(member.person.member));
        inbox.surplus = surplus.collect();
        inbox
    }

    /// Whether a member came by an invite that was used up meanwhile and cannot read anything yet.
    fn waits_as_surplus(&self, member: MemberId) -> bool {
        let lacks = || {
            let devices = self.authority.members().get(&member).map(|member| &member.devices);
            devices.is_some_and(|devices| devices.keys().all(|author| self.lacks_epoch(*author)))
        };
        self.me() != Some(member) && self.is_surplus(member) && lacks()
    }

    /// Held entries of others, by person: role entries, then how somebody came.
    fn held_by_others(&self, shelf: &dyn Shelf) -> Vec<(MemberId, Vec<EntryId>)> {
        let me = self.me();
        let others = self.authority.members().keys().filter(|member| Some(**member) != me);
        let mut found = Vec::new();
        for member in others.filter(|member| self.authority.was_restricted(**member)) {
            let came = EntryId(member.0);
            let join_held = matches!(self.authority.verdict(came), Some(Verdict::Held(_)));
            let mut entries = Vec::new();
            for author in self.authority.all_devices_of(*member) {
                let here: Vec<EntryId> = self.logs.held_by(author).collect();
                let there = shelf.held_by(author, MAX_RATIFIED).into_iter();
                // What a shelf says may be older than what is known here.
                let there = there.filter(|id| self.logs.standing(*id).is_none() && !here.contains(id));
                entries.extend(there.chain(here.iter().copied()).filter(|id| *id != came));
            }
            entries.truncate(MAX_RATIFIED);
            if join_held {
                found.push((*member, vec![came]));
            } else if !entries.is_empty() {
                found.push((*member, entries));
            }
        }
        found
    }

    /// Entries of one person that I may give effect again; none of the public layer but a join.
    fn held_changes(&self, by: MemberId, mut entries: Vec<EntryId>, seed: &mut Seed) -> Option<HeldChanges> {
        let came = EntryId(by.0);
        let is_role =
            |id: &EntryId| self.logs.entry(*id).is_some_and(|entry| matches!(entry.body().content, Content::Role(_)));
        entries.retain(|id| *id == came || is_role(id));
        let first = *entries.first()?;
        let could = self.could(&Command::Ratify { entries: entries.clone() }, seed);
        if could.refusal.is_some() {
            return None;
        }
        let refusal = match self.authority.verdict(first) {
            Some(Verdict::Held(why)) => why.clone(),
            _ => match self.logs.entry(first).map(|entry| self.authority.judge_again(&self.logs, entry)) {
                Some(Verdict::Held(why)) => why,
                _ => Refusal::Removed,
            },
        };
        let mut words: Vec<HeldWords> = Vec::new();
        for entry in entries.iter().filter_map(|id| self.logs.entry(*id)) {
            words.extend(self.words_of(entry));
        }
        words.truncate(MAX_HELD_WORDS);
        Some(HeldChanges { by: self.person(by, &self.names()), joined: first == came, entries, refusal, words })
    }

    /// What an entry says about tasks, as far as the keys held open it.
    fn words_of(&self, entry: &Entry) -> Vec<HeldWords> {
        let Content::Role(RolePart { items, .. }) = &entry.body().content else { return Vec::new() };
        let Some(at) = self.place_of(entry) else { return Vec::new() };
        let rank = |member| self.authority.seniority(member);
        let mut found = Vec::new();
        for (item, task, generation) in self.lines_about(entry) {
            let index = usize::from(item);
            let Some(sealed) = items.get(index) else { continue };
            let mut keys = self.task_keys.of_generation(task, generation);
            let Some(Ok(ops)) = keys.find_map(|key| open_item(at, index, sealed, key)) else { continue };
            let title = |id: TaskId| self.tasks.task(id).and_then(|task| task.title.shown(rank).cloned());
            let (what, text) = said(&ops);
            found.push(HeldWords { entry: entry.id(), task: title(task).unwrap_or_default(), what, text });
        }
        found
    }
}

/// What an item does, in one word, and the text that it gives.
fn said(ops: &[TaskOp]) -> (HeldWhat, String) {
    let text = ops.iter().find_map(|op| match op {
        TaskOp::SetTitle(text) | TaskOp::SetBody(text) | TaskOp::Comment(text) | TaskOp::AddLabel(text) => Some(text),
        TaskOp::Quote(quote) => Some(&quote.text),
        _ => None,
    });
    let what = match ops.first() {
        Some(TaskOp::Create { .. }) => HeldWhat::Created,
        Some(TaskOp::Comment(_) | TaskOp::Quote(_)) => HeldWhat::Commented,
        Some(TaskOp::SetTitle(_)) => HeldWhat::Titled,
        Some(TaskOp::Claim | TaskOp::GiveBack) => HeldWhat::Taken,
        Some(TaskOp::End(_) | TaskOp::Reopen) => HeldWhat::Ended,
        _ => HeldWhat::Changed,
    };
    (what, text.map(ToString::to_string).unwrap_or_default())
}
