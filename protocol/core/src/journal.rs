//! The log as somebody reads it: every entry in words, and what became of it (docs/protocol/02-log.md, "What is held").

use alloc::string::String;
use alloc::vec::Vec;

use crate::authority::Verdict;
use crate::change::Change;
use crate::entry::{Content, Entry};
use crate::id::{AuthorId, EntryId, RoleId, TaskId};
use crate::logs::Standing;
use crate::op::Op;
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::view::Person;
use crate::views::Names;

/// Titles of tasks that one entry is shown with.
pub const MAX_LOG_TITLES: usize = 5;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LogRow {
    /// Its id.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub entry: EntryId,
    /// The device that wrote it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub author: AuthorId,
    /// Its place in that device's log.
    pub seq: u32,
    /// As whom it was written, where that is known.
    pub by: Option<Person>,
    /// Claimed time, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub claimed_seconds: u64,
    /// What became of it.
    pub standing: Standing,
    /// Why it does not count, where that is said of the whole entry.
    pub refusal: Option<Refusal>,
    /// Numbers of the reasons for which items of it were refused.
    pub items_refused: Vec<u16>,
    /// The other entry at its place, where its device shows two histories.
    #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
    pub beside: Option<EntryId>,
    /// What it says, in order.
    pub says: Vec<Saying>,
}

/// One thing that an entry says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Saying {
    /// Founded the pursuance.
    Founded,
    /// Changed who is who, or what the rules say.
    Changed {
        /// What.
        change: Change,
        /// Whom it is about, if anybody.
        about: Option<Person>,
    },
    /// Asked the holders of a role to decide.
    Proposed {
        /// Which role.
        of: RoleId,
        /// What.
        change: Change,
        /// Whom it is about, if anybody.
        about: Option<Person>,
    },
    /// Agreed to a proposal.
    Approved,
    /// Took that back.
    Withdrew,
    /// Offered a role to whoever holds a link.
    Invited {
        /// Which role.
        role: RoleId,
        /// To how many.
        uses: u16,
    },
    /// Came.
    Joined {
        /// By the name.
        name: String,
    },
    /// Let somebody in.
    Admitted {
        /// Whom.
        about: Option<Person>,
    },
    /// Said that they know somebody.
    Vouched {
        /// Whom.
        about: Option<Person>,
    },
    /// Went.
    Left,
    /// Added a device of their own.
    AddedDevice,
    /// Took a device of their own out.
    RemovedDevice,
    /// Declared a recovery key.
    MadeRecoveryKey,
    /// Came back with the recovery key.
    Recovered,
    /// Made new keys, or handed some on.
    Keys,
    /// Gave effect again to so many entries.
    Ratified {
        /// How many.
        entries: u32,
    },
    /// Wrote about tasks.
    Tasks {
        /// Titles of those that can be read here, at most `MAX_LOG_TITLES`.
        titles: Vec<String>,
        /// How many items there are.
        items: u32,
    },
    /// Said what a relay has signed, for others to compare.
    SawRelay,
    /// Something that a newer version understands.
    Newer,
}

impl Replica {
    /// An entry as it is shown; `tasks` are those that its items are about, and `items_refused` the numbers of reasons, as far as
    /// both are known.
    #[must_use]
    pub fn log_row(&self, entry: &Entry, standing: Standing, tasks: &[TaskId], items_refused: Vec<u16>) -> LogRow {
        let (id, body, names) = (entry.id(), entry.body(), self.names());
        let says = match &body.content {
            Content::Public(ops) => ops.iter().map(|op| self.saying(op, &names)).collect(),
            Content::Role(part) => {
                let rank = |member| self.authority().seniority(member);
                let known = tasks.iter().filter_map(|task| self.tasks().task(*task)?.title.shown(rank).cloned());
                let titles = known.take(MAX_LOG_TITLES).collect();
                alloc::vec![Saying::Tasks { titles, items: crate::views::count(part.items.len()) }]
            }
        };
        let refusal = match self.authority().verdict(id) {
            Some(Verdict::Refused(refusal) | Verdict::Held(refusal)) => Some(refusal.clone()),
            _ => None,
        };
        let fork = self.logs().fork_of(body.author);
        let beside = fork.and_then(|(one, other)| match id {
            id if id == one => Some(other),
            id if id == other => Some(one),
            _ => None,
        });
        LogRow {
            entry: id,
            author: body.author,
            seq: body.seq,
            by: self.authority().speaker(entry).map(|member| self.person(member, &names)),
            claimed_seconds: body.claimed_seconds,
            standing,
            refusal,
            items_refused,
            beside,
            says,
        }
    }

    fn saying(&self, op: &Op, names: &Names) -> Saying {
        match op {
            Op::Genesis(_) => Saying::Founded,
            Op::Propose(propose) => match Change::of(&propose.op) {
                Some(change) => Saying::Proposed { of: propose.of, about: self.about(&propose.op, names), change },
                None => Saying::Newer,
            },
            Op::Approve(_) => Saying::Approved,
            Op::WithdrawApproval(_) => Saying::Withdrew,
            Op::Invite(invite) => Saying::Invited { role: invite.role, uses: invite.uses },
            Op::Join(join) => Saying::Joined { name: join.name.clone() },
            Op::Admit(_) => Saying::Admitted { about: self.about(op, names) },
            Op::Vouch(_) => Saying::Vouched { about: self.about(op, names) },
            Op::Leave => Saying::Left,
            Op::AddDevice(_) => Saying::AddedDevice,
            Op::RemoveDevice(_) => Saying::RemovedDevice,
            Op::RecoveryKey(_) => Saying::MadeRecoveryKey,
            Op::Recover(_) => Saying::Recovered,
            Op::KeyPackage(_) | Op::RoleEpoch(_) | Op::Welcome(_) => Saying::Keys,
            Op::Ratify(entries) => Saying::Ratified { entries: crate::views::count(entries.len()) },
            Op::SawCheckpoint(_) => Saying::SawRelay,
            Op::Unknown { .. } => Saying::Newer,
            other => match Change::of(other) {
                Some(change) => Saying::Changed { about: self.about(other, names), change },
                None => Saying::Newer,
            },
        }
    }

    /// Whom an op is about.
    fn about(&self, op: &Op, names: &Names) -> Option<Person> {
        let member = match op {
            Op::Grant(grant) => grant.member,
            Op::Remove(remove) => remove.member,
            Op::RevokeGrant(at) => self.authority().granted(*at)?.0,
            Op::Vouch(vouch) => vouch.member,
            Op::Admit(join) => crate::id::MemberId(join.0),
            Op::SuspendDevice(author) => self.authority().member_of(*author)?,
            _ => return None,
        };
        Some(self.person(member, names))
    }
}
