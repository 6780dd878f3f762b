//! Telling of a world that failed: what was said in it line by line, and the least of it that still fails.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::stage::{Stage, Who};
use crate::entry::Content;
use crate::id::EntryId;
use crate::op::Op;

/// What was said, line by line, for whoever looks at a world that failed.
pub(crate) fn describe(stage: &Stage) -> String {
    let number = |id: EntryId| stage.entries.iter().position(|entry| entry.id() == id).unwrap_or(usize::MAX);
    let name = |author| (0..stage.len()).find(|n| stage.author(Who(*n)) == author).unwrap_or(usize::MAX);
    let whose = |member: crate::id::MemberId| number(EntryId(member.0));
    let say = |op: &Op| match op {
        Op::Genesis(_) => "Genesis".into(),
        Op::Join(_) => "Join".into(),
        Op::KeyPackage(_) => "KeyPackage".into(),
        Op::RoleEpoch(_) => "RoleEpoch".into(),
        Op::Invite(invite) => format!("Invite to {} for {}, {}", invite.role.0, invite.uses, invite.reviewed),
        Op::AddDevice(added) => format!("AddDevice {}", name(added.author)),
        Op::RemoveDevice(author) => format!("RemoveDevice {}", name(*author)),
        Op::SuspendDevice(author) => format!("SuspendDevice {}", name(*author)),
        Op::Remove(remove) => format!(
            "Remove m{} {:?} pins {:?}",
            whose(remove.member),
            remove.roles,
            remove.pins.iter().map(|pin| number(*pin)).collect::<Vec<_>>()
        ),
        Op::Grant(grant) => format!("Grant m{} {}", whose(grant.member), grant.role.0),
        Op::Vouch(vouch) => format!("Vouch m{}", whose(vouch.member)),
        Op::Approve(id) => format!("Approve {}", number(*id)),
        Op::WithdrawApproval(id) => format!("Withdraw {}", number(*id)),
        Op::RevokeGrant(at) => format!("RevokeGrant {}", number(at.entry)),
        Op::RevokeInvite(at) => format!("RevokeInvite {}", number(at.entry)),
        Op::Admit(id) => format!("Admit {}", number(*id)),
        Op::Ratify(ids) => format!("Ratify {:?}", ids.iter().map(|id| number(*id)).collect::<Vec<_>>()),
        Op::RecoveryKey(_) => "RecoveryKey".into(),
        Op::SawCheckpoint(_) => "SawCheckpoint".into(),
        Op::Recover(_) => "Recover".into(),
        other => format!("{other:?}"),
    };
    let mut text = String::new();
    for (at, entry) in stage.entries.iter().enumerate() {
        let body = entry.body();
        let said = match &body.content {
            Content::Role(_) => "speaks".into(),
            Content::Public(ops) => ops
                .iter()
                .map(|op| match op {
                    Op::Propose(propose) => {
                        let inner = match &*propose.op {
                            Op::Remove(remove) => format!(
                                "Remove m{} {:?} pins {:?}",
                                whose(remove.member),
                                remove.roles,
                                remove.pins.iter().map(|pin| number(*pin)).collect::<Vec<_>>()
                            ),
                            Op::Grant(grant) => format!("Grant m{} {}", whose(grant.member), grant.role.0),
                            other => format!("{other:?}"),
                        };
                        format!("Propose to {}: {inner}", propose.of.0)
                    }
                    other => say(other),
                })
                .collect::<Vec<String>>()
                .join("; "),
        };
        let names = |ids: &[EntryId]| ids.iter().map(|id| number(*id)).collect::<Vec<_>>();
        let prev = body.prev.map(number);
        let by = body.by.map(|by| number(by.entry));
        let verdict = stage.told.verdict(entry.id());
        text += &format!(
            "{at:3} by {} seq {} after {prev:?} knows {:?} with {by:?}: {said} => {verdict:?}\n",
            name(body.author),
            body.seq,
            names(&body.heads),
        );
    }
    let rules = stage.told.rules().iter().map(|rule| {
        let quorum = rule.quorum.map(|quorum| (quorum.count, quorum.of.0));
        format!("{} {:?} {:?} {:?} {quorum:?}", rule.role.0, rule.verb, rule.object, rule.conditions)
    });
    text + &rules.collect::<Vec<_>>().join("\n")
}
/// The least of a world in which a property still fails: entries go, with all that names them, as long as it does.
pub(crate) fn shrink(stage: &Stage, fails: impl Fn(&Stage) -> bool) -> Stage {
    let mut least = stage.only(&stage.order());
    loop {
        let order = least.order();
        let smaller = order[1..].iter().rev().find_map(|gone| {
            let keeps = |id: &&EntryId| **id != *gone && !least.told.logs.names_in_past(*gone, least.entry(**id));
            let kept: Vec<EntryId> = order.iter().filter(keeps).copied().collect();
            let smaller = least.only(&kept);
            fails(&smaller).then_some(smaller)
        });
        match smaller {
            Some(smaller) => least = smaller,
            None => return least,
        }
    }
}
