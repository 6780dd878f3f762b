//! Every rule of authority by name, so that a test can leave one out and see that it is missed (docs/protocol/04-authority.md).
//!
//! Outside of tests all rules hold, and asking costs nothing.

use crate::refusal::Refusal;

macro_rules! switches {
    ($($(#[doc = $sentence:literal])+ $name:ident,)+) => {
        /// A rule, or a part of one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Switch {
            $($(#[doc = $sentence])+ $name,)+
        }

        #[cfg(test)]
        impl Switch {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

switches! {
    // Seniority
    /// A lesser rank number is senior to a greater one.
    R1Rank,
    /// Within a rank, who let somebody in is senior to them.
    R1Path,
    /// A device is senior to the devices that it added.
    R1Device,
    /// Leaving stands just before what is done with the grant leaned on.
    R1Before,
    /// Recovering stands just before that.
    R1Recovery,

    // Stage one: who acts
    /// What has an op of a newer version needs a newer version.
    R2NewerOp,
    /// What leans on something that needs a newer version needs one too.
    R2NewerLeans,
    /// The grant leaned on is held there.
    R2GrantActive,
    /// Who came by a reviewed invite acts only once somebody let them in.
    R2Admitted,
    /// Nothing is allowed unless a line says so.
    R2Allowed,
    /// A line with *own* allows it on one's own only.
    R2Own,
    /// A line with a number of signatures allows nothing to one alone.
    R2Together,
    /// A line with *not oneself* allows nothing on one's own, and asks others to agree.
    R2NotSelf,
    /// A line with *probation* allows nothing before one's log is so long.
    R2Probation,
    /// A line with *review* allows nothing before somebody who may found it good.
    R2Reviewed,
    /// A role entry is for roles that its author reads.
    R2Reads,
    /// An epoch that a role entry is sealed with was declared in its past.
    R2EpochDeclared,
    /// Leaving, and what is about one's devices, leans on the first of one's grants.
    R2LeansOnFirst,

    // Stage one: each op
    /// A role is defined once.
    R2RoleNew,
    /// A role is defined below one's own.
    R2RoleBelow,
    /// There are at most `MAX_ROLES` roles.
    R2RolesLimit,
    /// A role is retired once.
    R2RetireOnce,
    /// A role is retired from above.
    R2RetireBelow,
    /// A line is written only where that changes something.
    R2RuleNews,
    /// Lines are written for lower roles only.
    R2RuleBelow,
    /// Lines that let somebody govern a role are written from above that role.
    R2RuleOverBelow,
    /// A line that lets a role decide over a senior one is made at rank 0.
    R2RuleSuccession,
    /// There are at most `MAX_RULES` lines.
    R2RulesLimit,
    /// No retired role is granted.
    R2GrantLiving,
    /// No role above one's own is granted.
    R2GrantRank,
    /// A role is granted to somebody who came, and whose coming counts.
    R2GrantMember,
    /// A role is granted to who does not hold it.
    R2GrantNews,
    /// Seniority goes `MAX_SENIORITY_DEPTH` steps deep, for grants, given by one or proposed.
    R2GrantDepth,
    /// A grant is taken back while it is held.
    R2RevokeHeld,
    /// A grant is taken back from who stands lower.
    R2RevokeBelow,
    /// Who is removed is known.
    R2RemoveKnown,
    /// Who is removed holds one of the roles named.
    R2RemoveNews,
    /// One removes only members all of whose roles stand lower.
    R2RemoveBelow,
    /// What a removal says is to stay is in its past.
    R2PinsKnown,
    /// Only together is less left than what was known.
    R2PinsTogether,
    /// No retired role is offered.
    R2InviteLiving,
    /// No role above one's own is offered.
    R2InviteRank,
    /// An invite is closed while it is open.
    R2CloseOpen,
    /// The invite of another is closed from above the role it offers.
    R2CloseSenior,
    /// Somebody is let in while they wait.
    R2AdmitWaits,
    /// Nobody is let into a role above one's own.
    R2AdmitRank,
    /// Nobody vouches for themselves.
    R2VouchOther,

    // Stage two
    /// A removal takes the member's acts away.
    R3Member,
    /// A removal from some roles leaves the others.
    R3MemberRoles,
    /// A grant taken back takes what was done with it away.
    R3Grant,
    /// A retired role takes what was done with it away.
    R3Role,
    /// A device removed or suspended takes what it did away.
    R3Device,
    /// Recovery takes away what the other devices did.
    R3OtherDevices,
    /// A line taken back takes away what used it.
    R3Line,
    /// An invite closed takes away joins by it.
    R3Invite,
    /// Who is removed takes the joins by their invites along.
    R3InviterGone,
    /// A retired role takes the joins to it along.
    R3InviteRole,
    /// What has no effect restricts nothing.
    R4Counts,
    /// Only what is strictly senior restricts.
    R4Strict,
    /// What an act leans on is judged as the act is: by what stands before the act.
    R4Limit,
    /// What leans on something that does not count does not count.
    R4Leans,
    /// An act leans on its device too.
    R4LeansDevice,
    /// Who was let in leans on that.
    R4LeansAdmit,
    /// A grant and an invite lean on the definition of the role.
    R4LeansRole,
    /// A grant leans on how its holder came.
    R4LeansJoin,
    /// A role is not held against a removal that the grant did not know.
    R5Removed,
    /// A grant that knows a removal stands against it.
    R5Knows,
    /// A proposal that was not carried is no removal to know.
    R5KnowsDecided,
    /// Of lines written and taken back at once, taking back wins.
    R6DenyWins,
    /// A later write replaces those it knows.
    R6Replaced,
    /// Of two definitions under one number the senior one is the role.
    R6RoleSenior,
    /// What a removal has in its past stays.
    R7Covered,
    /// Where a removal says what stays, only that stays.
    R7Pinned,
    /// Of two removals of a member the senior one says what stays.
    R7Senior,

    // Together
    /// A signature to a decision is judged by what stands before the decision only.
    R8JudgedAsDecision,
    /// Who signs knows the proposal.
    R8ProposalInPast,
    /// Who signs holds the role asked.
    R8RoleAsked,
    /// A signature comes alone.
    R8SignsAlone,
    /// Nobody signs twice.
    R8SignsOnce,
    /// Where a line says so, the one it is about does not sign.
    R8NotSelf,
    /// A signature is withdrawn while nothing is decided.
    R8WithdrawOpen,
    /// A signature is withdrawn by who gave it.
    R8WithdrawOwn,
    /// A proposal comes alone.
    R8ProposesAlone,
    /// Rules are changed by a majority at least.
    R8RulesByMajority,
    /// Of several things needed, each is asked.
    R8EachAsked,
    /// A majority that decides about a senior role stands before that role.
    R8BeforeSenior,
    /// Holders are counted over the union of the pasts of the signatures.
    R8Union,
    /// The first signatures that carry it decide; later ones change nothing.
    R8First,
    /// Of one member as many signatures are looked at as a member has devices.
    R8PerMember,
    /// Who signs holds the role there.
    R8Active,
    /// Where no line is needed, all roles of the rank are asked together.
    R8ByRank,
    /// Who came by themselves signs only once somebody senior vouched for them.
    R8Vouched,
    /// Only the word of a strict senior makes that so, and of an equal one who may sign.
    R8VouchedSenior,
    /// So it is with who lets somebody in, or gives them the role.
    R8LetIn,
    /// A signature withdrawn is none.
    R8Withdrawn,
    /// Only who withdrew knowing the signature withdrew it.
    R8WithdrawalKnows,
    /// Before fewer stands only what more than half signed.
    R8MajorityPlace,
    /// Fewer decide where a line says so.
    R8FewerPlace,
    /// The line that allows it is in force for those who sign.
    R8LineInForce,
    /// As many sign as the line says.
    R8Count,

    // Checkpoints
    /// A checkpoint is decided, never done by one.
    R9OnlyDecided,
    /// Two thirds decide it.
    R9TwoThirds,
    /// It takes away what it does not contain.
    R9Seals,
    /// Whoever knows it acts on.
    R9Known,

    // Two histories
    /// A device is suspended only where two histories of it are known.
    R10Proof,
    /// Nobody suspends a device of their own.
    R10Other,
    /// One alone suspends it from the same rank or above.
    R10Rank,
    /// Together the next rank that has holders suspends it.
    R10NextRank,
    /// It stands before what the member of the device does.
    R10Before,

    // Names, ratifying, the last right
    /// A later name replaces those it knows.
    R11Replaced,
    /// Of names given at once the senior one is shown.
    R11Senior,
    /// What was ratified counts.
    R12Counts,
    /// Only a strict senior's word does that.
    R12Senior,
    /// What is ratified is known.
    R12Known,
    /// Of what is public only a join is ratified.
    R12Joins,
    /// What counts is not ratified.
    R12Held,
    /// What is in a role entry is ratified by a senior rank.
    R12SeniorRank,
    /// Retiring a role leaves somebody who may change the rules.
    R13Retire,
    /// Taking back a grant leaves somebody who may change the rules.
    R13Revoke,
    /// Removing leaves somebody who may change the rules.
    R13Remove,
    /// Leaving leaves somebody who may change the rules.
    R13Leave,
    /// Taking back a line leaves somebody who may change the rules.
    R13Line,
    /// Where nobody is left who may, two thirds of the first rank may.
    R13Fallback,
    /// Two thirds, not fewer.
    R13TwoThirds,

    // Devices
    /// A device agrees to be its member's.
    D1Agreed,
    /// Nobody's device is added a second time.
    D2New,
    /// An entry does not add one device twice.
    D2Once,
    /// A member has at most `MAX_DEVICES` devices.
    D2Limit,
    /// Devices add each other `MAX_SENIORITY_DEPTH` steps deep.
    D2Depth,
    /// The author is a device of who holds the grant leaned on.
    D3Speaks,
    /// A device is removed by one that is senior to it, or by itself.
    D6Senior,
    /// A device that was removed speaks no more.
    D6Gone,
    /// A member has one recovery key.
    D7Once,
    /// The recovery key agrees to be the member's.
    D7KeyAgreed,
    /// Recovering leans on the first of the member's grants.
    D7LeansOnFirst,
    /// The recovery key and the new device agree.
    D7Agreed,
    /// The device is a new one.
    D7New,
    /// Recovery puts out the devices that it knows, and no later one.
    D7Known,

    // Joining
    /// A join is agreed to by the invite's key.
    J7Agreed,
    /// An invite that was closed lets nobody in.
    J7Open,
    /// Nor does that of somebody who is gone.
    J7InviterHere,
    /// An invite is used as often as it says.
    J7Uses,
    /// Seniority goes `MAX_SENIORITY_DEPTH` steps deep, for joins.
    J7Depth,

    // Keys
    /// A key package is a key.
    K1IsKey,
    /// A device publishes so many.
    K20Most,
    /// Who makes an epoch reads it.
    K3Reads,
    /// An epoch is introduced once.
    K3New,
    /// The readers of an epoch are those of its past.
    K3Readers,
    /// Each has a seal.
    K3Seals,
    /// Nothing is sealed to whoever came by a used invite and was let in by nobody.
    K3Place,
    /// An epoch of a role with history since joining leads back to none.
    K26Backlinks,
    /// What was said once of a role's history is not taken back by another definition of it.
    K26Stays,
    /// Nor is it said by whoever does not stand above the role.
    K26Above,
    /// Who hands an epoch on reads it.
    K5Reads,
    /// What is handed on was introduced.
    K5Introduced,
    /// It is handed to nobody who is known to read no more.
    K5Gone,
}

/// Whether a rule holds.
#[cfg(not(test))]
pub(crate) const fn on(_: Switch) -> bool {
    true
}

#[cfg(test)]
pub(crate) use for_tests::{on, without};

/// Something a rule asks for.
pub(crate) fn asks(switch: Switch, holds: bool) -> bool {
    holds || !on(switch)
}

/// Something a rule rules out.
pub(crate) fn bars(switch: Switch, holds: bool) -> bool {
    holds && on(switch)
}

/// Something a rule asks for, or else this refusal.
pub(crate) fn require(switch: Switch, holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if asks(switch, holds) { Ok(()) } else { Err(refusal) }
}

#[cfg(test)]
mod for_tests {
    use core::cell::Cell;

    use super::Switch;

    std::thread_local! {
        static OFF: Cell<Option<Switch>> = const { Cell::new(None) };
    }

    /// Whether a rule holds.
    pub(crate) fn on(switch: Switch) -> bool {
        OFF.get() != Some(switch)
    }

    /// Does something while a rule does not hold, and all do again afterwards, even where that panics.
    pub(crate) fn without<T>(switch: Switch, does: impl FnOnce() -> T) -> T {
        struct Back;
        impl Drop for Back {
            fn drop(&mut self) {
                OFF.set(None);
            }
        }
        OFF.set(Some(switch));
        let _back = Back;
        does()
    }
}
