//! What waits for me in all pursuances: also where I was named, and what is new about what I watch (docs/protocol/08-node.md, section 9).

use std::collections::BTreeMap;

use pursuance_core::id::{EntryId, PursuanceId, TaskId};
use pursuance_core::mentions::Called;

use crate::api::{InboxOf, MentionRow, Trouble, WatchedRow};
use crate::engine::Open;
use crate::held::Held;
use crate::store::KeptStanding;

/// Mentions of one pursuance that are shown, the newest.
pub const MAX_MENTIONS: usize = 50;
/// Lines of threads with an `@` in them that are looked through for mentions, the newest.
pub(crate) const MENTION_LINES: u32 = 2_000;
/// Characters of a text that are shown of it.
const EXCERPT_CHARS: usize = 160;

impl Open {
    pub(crate) fn inboxes(&mut self) -> Result<Vec<InboxOf>, Trouble> {
        let members = |held: &&Held| held.standing == KeptStanding::Member;
        let mut known: Vec<(String, PursuanceId)> =
            self.held.values().filter(members).map(|held| (held.name(), held.id)).collect();
        known.sort_by_key(|(name, id)| (name.to_lowercase(), *id));
        let mut all = Vec::new();
        for (name, pursuance) in known {
            let inbox = self.inbox(pursuance)?;
            let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
            let (mentions, watched) = (self.mentions(held)?, self.watched(held)?);
            all.push(InboxOf { pursuance, name, inbox, mentions, watched });
        }
        Ok(all)
    }

    fn mentions(&self, held: &Held) -> Result<Vec<MentionRow>, Trouble> {
        let Some(called) = held.replica.called() else { return Ok(Vec::new()) };
        let mut found: Vec<(u64, MentionRow)> = Vec::new();
        let mut titles: BTreeMap<TaskId, Option<String>> = BTreeMap::new();
        let mut title = |task: TaskId| titles.entry(task).or_insert_with(|| held.replica.title_of(task)).clone();
        for line in self.store.lines_with_at(held.number, MENTION_LINES)? {
            if !is_new(held, &called, line.at.entry, &line.comment) || held.replica.me() == Some(line.by) {
                continue;
            }
            let Some(title) = title(line.task) else { continue };
            found.push((
                line.claimed_seconds,
                MentionRow {
                    entry: line.at.entry,
                    task: line.task,
                    title,
                    by: held.replica.person_of(line.by),
                    comment: true,
                    excerpt: excerpt(&line.comment),
                },
            ));
        }
        for named in held.replica.named_in_texts(&called) {
            if held.own.seen.contains(&named.entry) {
                continue;
            }
            let Some(title) = title(named.task) else { continue };
            let by = held.replica.person_of(named.by);
            let excerpt = excerpt(&named.text);
            found.push((0, MentionRow { entry: named.entry, task: named.task, title, by, comment: false, excerpt }));
        }
        // The order is for reading only; nothing follows from what somebody claims.
        found.sort_by_key(|(claimed, row)| (std::cmp::Reverse(*claimed), row.entry));
        found.truncate(MAX_MENTIONS);
        Ok(found.into_iter().map(|(_, row)| row).collect())
    }

    fn watched(&self, held: &Held) -> Result<Vec<WatchedRow>, Trouble> {
        let mut rows = Vec::new();
        for (task, seen) in &held.own.watched {
            let changes = self.store.others_about(held.number, *task, *seen)?;
            if let Some(title) = held.replica.title_of(*task).filter(|_| changes > 0) {
                rows.push(WatchedRow { task: *task, title, changes });
            }
        }
        Ok(rows)
    }
}

fn is_new(held: &Held, called: &Called, entry: EntryId, text: &str) -> bool {
    !held.own.seen.contains(&entry) && called.is_in(text)
}

fn excerpt(text: &str) -> String {
    let line = |c: char| if c.is_whitespace() { ' ' } else { c };
    let mut excerpt: String = text.chars().take(EXCERPT_CHARS).map(line).collect();
    if text.chars().nth(EXCERPT_CHARS).is_some() {
        excerpt.push('…');
    }
    excerpt
}
