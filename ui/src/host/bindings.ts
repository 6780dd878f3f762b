// The types of the window's door, generated from Rust by `./x bindings`; do not edit by hand.

/**
 * A task of somebody who is to be removed.
 */
export type AffectedTask = { 
/**
 * Which.
 */
task: string, 
/**
 * Its title.
 */
title: string, 
/**
 * Whether they have taken it; otherwise they are asked to do it.
 */
taken: boolean, };

/**
 * The answer to *could somebody with these roles do this to that?*
 */
export type Answer = { 
/**
 * The most that a line allows.
 */
may: May, 
/**
 * Every line that says so, alone or together, by number; their conditions have to hold.
 */
lines: Array<Line>, 
/**
 * Lines of these roles that name it, and do not reach: whoever it is done to stands too high.
 */
tooHigh: Array<Line>, 
/**
 * Where nothing allows it: the first line that gives it to another role.
 */
elsewhere: Line | null, };

/**
 * The frame around everything.
 */
export type AppView = { 
/**
 * Grows by one with every change of anything shown.
 */
seq: number, 
/**
 * Where the vault stands.
 */
stage: Stage, 
/**
 * The data folder, as shown to the person.
 */
dataFolder: string, 
/**
 * Pursuances and open invites, by name.
 */
pursuances: Array<PursuanceRow>, 
/**
 * Whether the person chose to stay offline.
 */
offline: boolean, 
/**
 * A relay is wanted that is reached by Tor, and the person did not say yet whether Tor may be used ([`Request::SetOffline`]).
 */
asksTor: boolean, 
/**
 * Whether relays are substituted by loopback addresses (demo and tests).
 */
loopback: boolean, 
/**
 * This computer's clock differs from what relays' slots say, by this many seconds (positive: it is ahead).
 */
clockOffSeconds: number | null, 
/**
 * The import that is on its way.
 */
import: ImportState | null, 
/**
 * The folder proposed for files that a person wants written; it may not exist.
 */
saveFolder: string, 
/**
 * What is wrong with the disk or the database while it is open.
 */
storage: StorageTrouble | null, 
/**
 * Keys that this person chose.
 */
keys: Array<ChosenKey>, 
/**
 * After how many minutes without a key or a pointer the window locks; `null`: never.
 */
lockAfter: number | null, 
/**
 * When posts leave this computer.
 */
sending: Sending, 
/**
 * The bridges by which Tor is reached; empty while locked.
 */
bridges: BridgesView, 
/**
 * The witnesses that this person named; empty while locked.
 */
witnesses: Array<WitnessView>, };

/**
 * An import of which not all tasks are here yet.
 */
export type Arriving = { 
/**
 * Who imports.
 */
by: Person, 
/**
 * Tasks that are here.
 */
arrived: number, 
/**
 * Tasks that there are.
 */
of: number, };

/**
 * The bridges that Tor is reached by, if there are any.
 */
export type BridgesView = { 
/**
 * As they were given, line by line.
 */
lines: string, 
/**
 * One of them speaks obfs4, and no program on this computer does.
 */
lacksProgram: boolean, };

/**
 * How a member came.
 */
export type CameBy = { "kind": "founder" } | { "kind": "invite", 
/**
 * Whoever made the invite.
 */
inviter: Person, 
/**
 * More came by this invite than it says.
 */
surplus: boolean, };

/**
 * A verb that is refused to me, and the reason.
 */
export type Cannot = { 
/**
 * The verb.
 */
verb: Verb, 
/**
 * Why not.
 */
refusal: Refusal, };

/**
 * A change of who is who, and of what the rules say.
 */
export type Change = { "kind": "rename", 
/**
 * Not empty.
 */
name: string, } | { "kind": "defineRole", 
/**
 * Not empty.
 */
name: string, 
/**
 * 0 is the highest.
 */
rank: number, 
/**
 * Whether those who come to read it read only what is written after that.
 */
sinceJoining?: boolean, } | { "kind": "retireRole", 
/**
 * Which.
 */
role: RoleId, } | { "kind": "setRule", 
/**
 * The whole line.
 */
rule: Rule, 
/**
 * Whether it stands there from now on.
 */
present: boolean, } | { "kind": "grant", 
/**
 * To whom.
 */
member: string, 
/**
 * Which role; never *everyone*.
 */
role: RoleId, } | { "kind": "revokeGrant", 
/**
 * Which grant.
 */
grant: GrantRef, } | { "kind": "remove", 
/**
 * Who.
 */
member: string, 
/**
 * From which roles; none: from all, and the pursuance.
 */
roles?: Array<RoleId>, 
/**
 * Decided together only: what stays of what they did, these entries and what these know; none: all that is known here.
 */
pins?: Array<string>, } | { "kind": "suspendDevice", 
/**
 * Which.
 */
author: string, } | { "kind": "checkpoint" } | { "kind": "setRelays", 
/**
 * `<onion>.onion/<log key>` each.
 */
relays: Array<string>, } | { "kind": "revokeInvite", 
/**
 * Which.
 */
invite: GrantRef, };

/**
 * A line of a checklist.
 */
export type CheckView = { 
/**
 * Which.
 */
check: string, 
/**
 * What is to be done.
 */
text: string, 
/**
 * Whether it is.
 */
done: boolean, };

/**
 * A key that a person chose for something, instead of the one that there is. What it means is the window's own.
 */
export type ChosenKey = { 
/**
 * What it does.
 */
action: string, 
/**
 * The key.
 */
key: string, };

/**
 * Whoever took a task.
 */
export type ClaimView = { 
/**
 * Who.
 */
person: Person, 
/**
 * The latest claimed time of what they said about it, seconds since 1970.
 */
heardOfSeconds: number, 
/**
 * From when on others may take it over, if nothing is heard until then; seconds since 1970.
 */
lapsesSeconds: number, };

/**
 * What became of a code.
 */
export type CodeState = { "state": "open" } | { "state": "answered" } | { "state": "refused", 
/**
 * Why.
 */
refusal: Refusal, };

/**
 * A code for one more computer of mine.
 */
export type CodeView = { 
/**
 * The code.
 */
code: string, 
/**
 * The same as a QR code: one string a row, `#` dark and ` ` light.
 */
qr: Array<string>, 
/**
 * Seconds since 1970 until when it is taken.
 */
untilSeconds: number, 
/**
 * What became of it.
 */
state: CodeState, };

/**
 * By what a list is sorted or grouped.
 */
export type Column = "tree" | "title" | "status" | "due" | "priority" | "who" | "label";

/**
 * One wish; planning it against the state gives ops, or a [`Refusal`](crate::refusal::Refusal).
 */
export type Command = { "kind": "createTask", 
/**
 * The only required text.
 */
title: string, 
/**
 * `null` puts it below the mission.
 */
parent: string | null, 
/**
 * Members who are to do it.
 */
assignees: Array<string>, 
/**
 * Labels, each at most `MAX_LABEL_BYTES`.
 */
labels: Array<string>, 
/**
 * The day by which it should be done, `YYYY-MM-DD`.
 */
due?: string | null, 
/**
 * 0 none, 1 urgent, 2 high, 3 normal, 4 low.
 */
priority?: number, 
/**
 * The role that is to read it; as its parent, where none is named.
 */
home?: RoleId | null, } | { "kind": "suggestTask", 
/**
 * The only text.
 */
title: string, 
/**
 * `null` puts it below the mission.
 */
parent: string | null, } | { "kind": "review", 
/**
 * Which task.
 */
task: string, 
/**
 * Whether it is.
 */
good: boolean, } | { "kind": "setFiled", 
/**
 * Which task.
 */
task: string, 
/**
 * Whether it is out of sight from now on.
 */
filed: boolean, } | { "kind": "setTitle", 
/**
 * Which task.
 */
task: string, 
/**
 * Not empty.
 */
title: string, } | { "kind": "setBody", 
/**
 * Which task.
 */
task: string, 
/**
 * May be empty.
 */
body: string, } | { "kind": "setStatus", 
/**
 * Which task.
 */
task: string, 
/**
 * Where it goes.
 */
status: Status, } | { "kind": "moveTask", 
/**
 * Which task.
 */
task: string, 
/**
 * `null` puts it below the mission.
 */
parent: string | null, } | { "kind": "assign", 
/**
 * Which task.
 */
task: string, 
/**
 * Who.
 */
member: string, } | { "kind": "unassign", 
/**
 * Which task.
 */
task: string, 
/**
 * Who.
 */
member: string, } | { "kind": "claim", 
/**
 * Which task.
 */
task: string, } | { "kind": "giveBack", 
/**
 * Which task.
 */
task: string, } | { "kind": "comment", 
/**
 * Which task.
 */
task: string, 
/**
 * Not empty.
 */
text: string, } | { "kind": "addLabel", 
/**
 * Which task.
 */
task: string, 
/**
 * Which label.
 */
label: string, } | { "kind": "removeLabel", 
/**
 * Which task.
 */
task: string, 
/**
 * Which label.
 */
label: string, } | { "kind": "setDue", 
/**
 * Which task.
 */
task: string, 
/**
 * `YYYY-MM-DD`, or `null` for none.
 */
due: string | null, } | { "kind": "setPriority", 
/**
 * Which task.
 */
task: string, 
/**
 * 0 none, 1 urgent, 2 high, 3 normal, 4 low.
 */
priority: number, } | { "kind": "setDetail", 
/**
 * Which task.
 */
task: string, 
/**
 * What.
 */
detail: Detail, } | { "kind": "setElement", 
/**
 * Which task.
 */
task: string, 
/**
 * Which.
 */
element: Element, 
/**
 * Whether it is there from now on.
 */
there: boolean, } | { "kind": "addCheck", 
/**
 * Which task.
 */
task: string, 
/**
 * Not empty.
 */
text: string, 
/**
 * The line after which it stands; `null`: at the end.
 */
after?: string | null, } | { "kind": "setCheck", 
/**
 * Which task.
 */
task: string, 
/**
 * Which line.
 */
check: string, 
/**
 * What it says.
 */
text: string, } | { "kind": "tick", 
/**
 * Which task.
 */
task: string, 
/**
 * Which line.
 */
check: string, 
/**
 * Whether it is done.
 */
done: boolean, } | { "kind": "takeOver", 
/**
 * Which task.
 */
task: string, 
/**
 * From whom.
 */
from: string, } | { "kind": "repeat", 
/**
 * Which task is repeated.
 */
task: string, } | { "kind": "widen", 
/**
 * Which task.
 */
task: string, 
/**
 * Which role.
 */
role: RoleId, } | { "kind": "widenTo", 
/**
 * Which task.
 */
task: string, 
/**
 * Who.
 */
member: string, } | { "kind": "narrow", 
/**
 * Which task.
 */
task: string, 
/**
 * Which role.
 */
role: RoleId, } | { "kind": "narrowTo", 
/**
 * Which task.
 */
task: string, 
/**
 * Who.
 */
member: string, } | { "kind": "invite", 
/**
 * The role offered.
 */
role: RoleId, 
/**
 * How many may come by it, 1 to `MAX_INVITE_USES`.
 */
uses: number, 
/**
 * Whoever comes by it waits until somebody lets them in.
 */
reviewed?: boolean, } | { "kind": "setRelays", 
/**
 * `<onion>.onion/<log key>` each.
 */
relays: Array<string>, } | { "kind": "rename", 
/**
 * Not empty.
 */
name: string, } | { "kind": "defineRole", 
/**
 * Not empty.
 */
name: string, 
/**
 * 0 is the highest; it never changes.
 */
rank: number, 
/**
 * Whether those who come to read it read only what is written after that; it never changes either.
 */
sinceJoining?: boolean, } | { "kind": "retireRole", 
/**
 * Which.
 */
role: RoleId, } | { "kind": "setRule", 
/**
 * The whole line.
 */
rule: Rule, 
/**
 * Whether it stands there from now on.
 */
present: boolean, } | { "kind": "grant", 
/**
 * To whom.
 */
member: string, 
/**
 * Which role; never *everyone*.
 */
role: RoleId, } | { "kind": "revokeGrant", 
/**
 * Which grant.
 */
grant: GrantRef, } | { "kind": "removeMember", 
/**
 * Who.
 */
member: string, 
/**
 * From which roles; none: from all, and the pursuance.
 */
roles?: Array<RoleId>, } | { "kind": "leave" } | { "kind": "suspendDevice", 
/**
 * Which.
 */
author: string, } | { "kind": "removeDevice", 
/**
 * Which.
 */
author: string, } | { "kind": "propose", 
/**
 * The role.
 */
of: RoleId, 
/**
 * What is to be decided.
 */
change: Change, } | { "kind": "decide", 
/**
 * What is to be done, or decided.
 */
change: Change, } | { "kind": "approve", 
/**
 * The entry that proposes it.
 */
proposal: string, } | { "kind": "withdrawApproval", 
/**
 * The entry that proposes it.
 */
proposal: string, } | { "kind": "ratify", 
/**
 * Which.
 */
entries: Array<string>, } | { "kind": "revokeInvite", 
/**
 * Which.
 */
invite: GrantRef, } | { "kind": "admit", 
/**
 * Who.
 */
member: string, } | { "kind": "vouch", 
/**
 * Whom.
 */
member: string, 
/**
 * How, in a few words; may be empty.
 */
note?: string, };

/**
 * One line of a thread.
 */
export type CommentView = { 
/**
 * The entry it came with.
 */
entry: string, 
/**
 * Who wrote it, or brought it here.
 */
by: Person, 
/**
 * Who wrote it elsewhere, as they say; `null` where they wrote it themselves.
 */
quoted: QuotedView | null, 
/**
 * The text.
 */
text: string, 
/**
 * Claimed time, seconds since 1970.
 */
claimedSeconds: number, 
/**
 * How far it has come, if mine.
 */
delivery: Delivery | null, };

/**
 * When a rule applies: all that is set must hold. How many must agree stands beside it, as [`Quorum`].
 */
export type Conditions = { 
/**
 * Only what one created oneself; of people, whom one let in or gave the role.
 */
own: boolean, 
/**
 * Only others, never oneself: not on what one created; where others agree, not by one's own agreement.
 */
notSelf: boolean, 
/**
 * Of task verbs: only after a holder of this role found it good.
 */
review: RoleId | null, 
/**
 * Only once one's own log has so many entries.
 */
probation: number | null, 
/**
 * Advice: so often a day.
 */
daily: number | null, 
/**
 * Advice: not before that day.
 */
after: string | null, };

/**
 * That a witness signed a relay's checkpoint.
 */
export type CosignedView = { 
/**
 * The witness's name.
 */
name: string, 
/**
 * Name and key.
 */
key: string, 
/**
 * Seconds since 1970 at the end of the slot whose checkpoint it is: the newest one of which this is known.
 */
slotEndedSeconds: number, 
/**
 * Seconds since 1970 when it signed, by its own clock.
 */
signedSeconds: number, };

/**
 * The answer about one command.
 */
export type Could = { 
/**
 * Why not; `null` where I may.
 */
refusal: Refusal | null, 
/**
 * The numbers of the lines that allow it, from 1, ascending; of a proposal, those by which it could be carried.
 */
rules: Array<number>, 
/**
 * Of a proposal: how many must sign it, as far as is known here.
 */
needed: number | null, 
/**
 * Of a proposal: how many hold the role asked.
 */
holders: number | null, };

/**
 * Why no way leads from one table to another.
 */
export type CourseError = { "kind": "roleChanged", 
/**
 * Which.
 */
role: RoleId, };

/**
 * Something that some decide together.
 */
export type DecisionView = { 
/**
 * The entry that proposes it.
 */
proposal: string, 
/**
 * What is to be decided.
 */
change: Change, 
/**
 * Whoever proposed it.
 */
proposer: Person, 
/**
 * The role whose holders decide.
 */
of: RoleId, 
/**
 * Those of them who signed.
 */
signed: Array<Person>, 
/**
 * How many must sign, as far as is known here.
 */
needed: number, 
/**
 * Whether it is decided.
 */
decided: boolean, 
/**
 * Whether I signed it.
 */
mine: boolean, 
/**
 * The numbers of the lines by which it can be decided, from 1; none where no line is needed.
 */
rules: Array<number>, 
/**
 * Claimed time of the proposal, seconds since 1970.
 */
proposedSeconds: number, 
/**
 * Claimed time of the signature that decided it, seconds since 1970.
 */
decidedSeconds: number | null, };

/**
 * How far an own change is known to have come; `None` in a view means it is somebody else's.
 */
export type Delivery = "kept" | "handed" | "seen";

/**
 * One value of one field; the last one written is shown.
 */
export type Detail = { "field": "why", "value": string } | { "field": "start", "value": string | null } | { "field": "notBefore", "value": string | null } | { "field": "keepUntil", "value": string | null } | { "field": "effort", "value": number } | { "field": "helpWanted", "value": boolean } | { "field": "places", "value": number } | { "field": "kind", "value": Kind } | { "field": "repeat", "value": Repeat | null };

/**
 * What is said of a task beside what its row has.
 */
export type DetailsView = { 
/**
 * Fields of which something is said, in the order of their numbers.
 */
said: Array<Detail>, 
/**
 * Other values that were written at the same time.
 */
contested: Array<Detail>, 
/**
 * Who is to look at it when it is done.
 */
reviewers: Array<Person>, 
/**
 * Roles whose holders are asked to do it.
 */
asked: Array<Role>, 
/**
 * What one has to know for it.
 */
skills: Array<string>, 
/**
 * How it is related to others, and others to it.
 */
relations: Array<RelationView>, 
/**
 * Its checklist.
 */
checks: Array<CheckView>, 
/**
 * Whoever took it, senior first.
 */
claims: Array<ClaimView>, 
/**
 * The task that it repeats, if that can be read here.
 */
repeats: string | null, 
/**
 * The task that repeats it.
 */
repeated: string | null, };

/**
 * One device of a member.
 */
export type DeviceView = { 
/**
 * The key that signs its log.
 */
author: string, 
/**
 * Claimed time at which it was added, seconds since 1970; `null` for the device the member came with.
 */
addedSeconds: number | null, 
/**
 * Whether it is this device.
 */
mine: boolean, 
/**
 * It shows two histories.
 */
twoHistories: boolean, };

/**
 * My computers in a pursuance.
 */
export type DevicesView = { 
/**
 * The one I came with first, then as they were added; none that is out.
 */
devices: Array<DeviceView>, 
/**
 * I declared a recovery key, so that there is a phrase.
 */
hasRecovery: boolean, 
/**
 * The code shown for one more, if there is one.
 */
code: CodeView | null, };

/**
 * See [`HistoryRow`]. Where something stood there before, and that was not long before, it is named.
 */
export type Did = { "kind": "created" } | { "kind": "moved", 
/**
 * That task's title; empty for one that cannot be read; `null`: below the mission.
 */
below: string | null, } | { "kind": "titled", 
/**
 * Which.
 */
text: string, 
/**
 * The one before.
 */
before: string | null, } | { "kind": "described", 
/**
 * The whole of it.
 */
text: string, 
/**
 * The one before.
 */
before: string | null, } | { "kind": "status", 
/**
 * How far.
 */
status: Status, } | { "kind": "reopened" } | { "kind": "took" } | { "kind": "gaveBack" } | { "kind": "released", 
/**
 * For whom.
 */
person: Person, } | { "kind": "asked", 
/**
 * Whom.
 */
person: Person, 
/**
 * Whether they are asked.
 */
there: boolean, } | { "kind": "label", 
/**
 * Which.
 */
label: string, 
/**
 * Whether it is there.
 */
there: boolean, } | { "kind": "commented", 
/**
 * The text.
 */
text: string, } | { "kind": "due", 
/**
 * By when.
 */
day: string | null, 
/**
 * Whether it is known what stood there before.
 */
known: boolean, 
/**
 * What stood there before.
 */
before: string | null, } | { "kind": "priority", 
/**
 * 0 none, 1 urgent to 4 low.
 */
priority: number, 
/**
 * What stood there before.
 */
before: number | null, } | { "kind": "said", 
/**
 * What.
 */
detail: Detail, 
/**
 * What stood there before.
 */
before: Detail | null, } | { "kind": "check", 
/**
 * The line.
 */
text: string, 
/**
 * The one before.
 */
before: string | null, } | { "kind": "ticked", 
/**
 * The line, where it was written not long before.
 */
text: string, 
/**
 * Whether it is done.
 */
done: boolean, } | { "kind": "element", 
/**
 * Which.
 */
element: Element, 
/**
 * Whom, where it is a member.
 */
person: Person | null, 
/**
 * The title of the other task, where it is a relation.
 */
other: string, 
/**
 * Whether it is there.
 */
there: boolean, } | { "kind": "reviewed", 
/**
 * Whether it is.
 */
good: boolean, } | { "kind": "filed", 
/**
 * Whether it is.
 */
filed: boolean, } | { "kind": "readers", 
/**
 * The role.
 */
role: RoleId | null, 
/**
 * The member.
 */
person: Person | null, 
/**
 * Whether they read it.
 */
there: boolean, } | { "kind": "imported" } | { "kind": "cameFrom", 
/**
 * The file that was read, or empty.
 */
file: string, 
/**
 * The program or board that it was in before, or empty.
 */
source: string, 
/**
 * What it was called there, or empty.
 */
id: string, } | { "kind": "quoted", 
/**
 * How many.
 */
count: number, 
/**
 * Who wrote all of them, as it is said; empty where several did, or nobody is named.
 */
by: string, 
/**
 * Where the task comes from, as is said now: the program or board, else the file, or empty.
 */
source: string, } | { "kind": "newer" };

/**
 * From one table to another.
 */
export type Difference = { 
/**
 * Roles that there were not.
 */
newRoles: Array<Role>, 
/**
 * Roles that end.
 */
goneRoles: Array<Role>, 
/**
 * Lines that come, with their numbers in the new table.
 */
come: Array<Line>, 
/**
 * Lines that go, with their numbers in the old table.
 */
go: Array<Line>, 
/**
 * What a member with one role, and *everyone*, gains and loses; roles for which nothing changes are left out.
 */
roles: Array<RoleDifference>, };

/**
 * Which way a list is sorted. What has nothing to be sorted by stands at the end either way.
 */
export type Direction = "up" | "down";

/**
 * A text that was not sent yet. What it belongs to is the window's own.
 */
export type Draft = { 
/**
 * In which pursuance.
 */
pursuance: string, 
/**
 * What it is to be, and on what.
 */
at: string, 
/**
 * The text.
 */
text: string, };

/**
 * What removing a member from some roles, or from all, would do as far as is known here.
 */
export type EffectsView = { 
/**
 * Whom.
 */
person: Person, 
/**
 * Roles that they would hold no more, senior first.
 */
lost: Array<Role>, 
/**
 * Roles that they would go on holding; none: they would be gone.
 */
kept: Array<Role>, 
/**
 * Tasks not ended that they have taken, or are asked to do, in the order of the tree.
 */
tasks: Array<AffectedTask>, 
/**
 * Open invites of theirs that nobody could come by any more.
 */
invites: Array<InviteView>, 
/**
 * Who waits to be let in by one of those.
 */
waiting: Array<Person>, 
/**
 * Entries by them that are known here and would stay.
 */
entries: number, 
/**
 * Roles other than everyone whose tasks they read now: what is said to them so far they go on having, whether I can read it or
 * not.
 */
reads: Array<Readers>, 
/**
 * Of those roles, the ones that they would go on reading.
 */
goesOnReading: Array<RoleId>, 
/**
 * Tasks known here that they could read so far and whose contents they go on having.
 */
readableTasks: number, 
/**
 * Lines in the threads of those.
 */
readableComments: number, };

/**
 * What a task has several of; each is there, or not.
 */
export type Element = { "kind": "reviewer", 
/**
 * Who.
 */
member: string, } | { "kind": "asked", 
/**
 * Which.
 */
role: RoleId, } | { "kind": "skill", 
/**
 * In a word or two; not empty.
 */
skill: string, } | { "kind": "relation", 
/**
 * In which way.
 */
relation: Relation, 
/**
 * The other one.
 */
task: string, };

/**
 * Whether an entry counts, in one word.
 */
export type EntryStanding = "counts" | "refused" | "needsNewer" | "held";

/**
 * What can stand somewhere.
 */
export type Expected = "role" | "roleName" | "blockBegin" | "blockEnd" | "verb" | "tasks" | "labels" | "relays" | "rules" | "condition" | "number" | "rank" | "of" | "majority" | "review" | "timesADay" | "day" | "escape" | "separator";

/**
 * A form in which tasks are written.
 */
export type ExportFormat = "csv" | "json" | "iCalendar";

/**
 * Epochs that somebody made for a role and that do not open for everybody they are for.
 */
export type FalseSealsView = { 
/**
 * For which role.
 */
role: RoleId, 
/**
 * For whom they do not open; nobody, where only this computer was found to be left out.
 */
to: Array<Person>, };

/**
 * In what way a relay broke its word.
 */
export type Fault = "forked" | "rolledBack" | "brokenReceipt" | "garbage" | "wrongOrigin" | "stale" | "withholds";

/**
 * Tasks that were found, those that have not ended first; at most `MAX_FOUND_ROWS`.
 */
export type FindView = { 
/**
 * The tasks.
 */
rows: Array<FoundRow>, 
/**
 * How many there are.
 */
of: number, };

/**
 * A task that was found.
 */
export type FoundRow = { 
/**
 * In which pursuance.
 */
pursuance: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Which task.
 */
task: string, 
/**
 * Its title.
 */
title: string, 
/**
 * Its status.
 */
status: Status, 
/**
 * The line in which most of the words stand.
 */
excerpt: string, };

/**
 * A grant, or an invite: the entry that made it and the op in it.
 */
export type GrantRef = { 
/**
 * The entry.
 */
entry: string, 
/**
 * The op's index in it.
 */
op: number, };

/**
 * See [`ListGroup::of`].
 */
export type GroupOf = { "kind": "status", 
/**
 * Which.
 */
status: Status, } | { "kind": "due", 
/**
 * When.
 */
when: When, } | { "kind": "priority", 
/**
 * 0 none, 1 urgent, 2 high, 3 normal, 4 low.
 */
priority: number, } | { "kind": "who", 
/**
 * Who; `null` for nobody.
 */
person: Person | null, 
/**
 * The owner that an import named, where there is nobody; empty for none.
 */
owner: string, } | { "kind": "label", 
/**
 * Which; empty for none.
 */
label: string, };

/**
 * What one person did that has no effect now.
 */
export type HeldChanges = { 
/**
 * Who did it.
 */
by: Person, 
/**
 * The entries; at most `MAX_RATIFIED` together.
 */
entries: Array<string>, 
/**
 * Whether it is how they came, and not what they wrote.
 */
joined: boolean, 
/**
 * Why it has no effect.
 */
refusal: Refusal, 
/**
 * What they say, as far as it can be read here; at most `MAX_HELD_WORDS`.
 */
words: Array<HeldWords>, };

/**
 * What a held entry does to a task.
 */
export type HeldWhat = "created" | "commented" | "titled" | "taken" | "ended" | "changed";

/**
 * One thing that a held entry says about a task.
 */
export type HeldWords = { 
/**
 * The entry that says it.
 */
entry: string, 
/**
 * The task's title as it is shown here; empty for a task that is not there without these entries.
 */
task: string, 
/**
 * What is done to it.
 */
what: HeldWhat, 
/**
 * The text given: of a comment, a title, a body, a label. Otherwise empty.
 */
text: string, };

/**
 * One thing that somebody did to a task.
 */
export type HistoryRow = { 
/**
 * The entry that says it.
 */
entry: string, 
/**
 * By whom.
 */
by: Person, 
/**
 * Claimed time, seconds since 1970.
 */
claimedSeconds: number, 
/**
 * Whether it counts.
 */
standing: EntryStanding, 
/**
 * What.
 */
did: Did, };

/**
 * A page of what was done to a task, newest first.
 */
export type HistoryView = { 
/**
 * What was done.
 */
rows: Array<HistoryRow>, 
/**
 * Where the next page begins; `None` at the end.
 */
older: number | null, };

/**
 * How a change would be made.
 */
export type How = { "how": "alone" } | { "how": "together", 
/**
 * Which role.
 */
of: RoleId, } | { "how": "refused", 
/**
 * Why.
 */
refusal: Refusal, };

/**
 * A column of the file.
 */
export type ImportColumn = { 
/**
 * As the file calls it.
 */
header: string, 
/**
 * What it becomes; `null` when it is left out.
 */
field: ImportField | null, };

/**
 * What a column becomes.
 */
export type ImportField = "id" | "title" | "body" | "status" | "owner" | "started" | "finished" | "labels" | "parent" | "due" | "priority" | "claimedBy" | "asked" | "created" | "creator";

/**
 * A kind of file that is imported.
 */
export type ImportFormat = "csv" | "json" | "trello" | "taskwarrior";

/**
 * What an import would do.
 */
export type ImportPreview = { 
/**
 * What kind of file it is.
 */
format: ImportFormat, 
/**
 * Tasks that would be created.
 */
tasks: number, 
/**
 * How many of them stand below another.
 */
nested: number, 
/**
 * Comments that would be quoted.
 */
comments: number, 
/**
 * The columns of a table and what they become.
 */
columns: Array<ImportColumn>, 
/**
 * The first rows as they would appear, at most `IMPORT_PREVIEW_ROWS`.
 */
rows: Array<ImportRow>, 
/**
 * What the file has and no task gets, on purpose.
 */
leftOut: Array<LeftOut>, 
/**
 * Rows that cannot be taken, with the reason.
 */
problems: Array<ImportProblem>, 
/**
 * Why the rules do not let me import any of it.
 */
refusal: Refusal | null, };

/**
 * A row that cannot be taken.
 */
export type ImportProblem = { 
/**
 * Line of the file, from 1; 0 where a task is named.
 */
line: number, 
/**
 * Which task of a file that has no line for each, from 1.
 */
task: number | null, 
/**
 * Why.
 */
reason: ImportReason, };

/**
 * Why a row cannot be taken.
 */
export type ImportReason = "notCsv" | "noTitleColumn" | "noTitle" | "unknownStatus" | "unknownParent" | "cycle" | "duplicateId" | "tooLong" | "tooMany" | "notADay" | "notAPriority" | "fieldTwice" | "notJson" | "unknownFile" | "newerFile" | "wrongValue" | "unknownTask";

/**
 * One row as it would appear.
 */
export type ImportRow = { 
/**
 * Steps below the top.
 */
depth: number, 
/**
 * Title.
 */
title: string, 
/**
 * Status.
 */
status: Status, 
/**
 * Owner as text.
 */
owner: string | null, 
/**
 * Labels.
 */
labels: Array<string>, };

/**
 * How far an import is. Nothing of it is saved before all of it is planned.
 */
export type ImportState = { 
/**
 * Into which pursuance.
 */
pursuance: string, 
/**
 * Tasks planned.
 */
done: number, 
/**
 * All its tasks.
 */
of: number, };

/**
 * What waits for me in one pursuance.
 */
export type InboxOf = { 
/**
 * Which.
 */
pursuance: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What is mine to decide.
 */
inbox: InboxView, 
/**
 * Where others named me; at most `MAX_MENTIONS`.
 */
mentions: Array<MentionRow>, 
/**
 * What is new about tasks that I watch.
 */
watched: Array<WatchedRow>, };

/**
 * What waits for me in one pursuance; only what I may do something about.
 */
export type InboxView = { 
/**
 * Open proposals that I may sign and have not signed.
 */
decisions: Array<DecisionView>, 
/**
 * Who waits to be let in, where I may let them in.
 */
waiting: Array<MemberView>, 
/**
 * Who came by an invite that had been used up meanwhile, and was handed nothing yet.
 */
surplus: Array<MemberView>, 
/**
 * What others wrote that is held, where I may give it effect again.
 */
held: Array<HeldChanges>, 
/**
 * The same, where I said that it is to stay without effect.
 */
refused: Array<HeldChanges>, };

/**
 * An invite with its link, where it was made here.
 */
export type InviteRow = { 
/**
 * What the pursuance knows of it.
 */
invite: InviteView, 
/**
 * The link; `null` when it was made on another computer.
 */
link: string | null, 
/**
 * The link as a QR code: one string a row, `#` dark and ` ` light; empty without a link.
 */
qr: Array<string>, 
/**
 * A relay signed for the preview, so that the link works for others.
 */
handed: boolean, };

/**
 * An invite as its pursuance knows it.
 */
export type InviteView = { 
/**
 * The entry that made it.
 */
invite: string, 
/**
 * The op of that entry, from 0.
 */
op: number, 
/**
 * Whoever made it.
 */
inviter: Person, 
/**
 * The role offered.
 */
role: Role, 
/**
 * How many may come by it.
 */
uses: number, 
/**
 * How many came.
 */
used: number, 
/**
 * Whether one can still come by it, as long as it is not used up.
 */
open: boolean, 
/**
 * Whether whoever comes by it waits to be let in.
 */
reviewed: boolean, 
/**
 * What its maker noted; whoever has the link can read it.
 */
note: string, 
/**
 * Who became a member by it, oldest first; also those who are gone by now.
 */
came: Array<Person>, 
/**
 * Who came by it and waits to be let in.
 */
waiting: Array<Person>, };

/**
 * What kind of task it is. It means nothing to the rules.
 */
export type Kind = "task" | "intake" | "redaction" | "release" | "event" | "decision";

/**
 * What a file has and no task gets.
 */
export type LeftOut = { 
/**
 * What.
 */
what: LeftOutKind, 
/**
 * How many there are.
 */
count: number, };

/**
 * See [`LeftOut`].
 */
export type LeftOutKind = "attachments" | "customFields" | "templates" | "history" | "hours" | "patterns" | "dates" | "relations" | "filed";

/**
 * A rule and its number.
 */
export type Line = { 
/**
 * Its place in the table, from 1.
 */
number: number, 
/**
 * What it says.
 */
rule: Rule, };

/**
 * Rows that belong together.
 */
export type ListGroup = { 
/**
 * What they have in common.
 */
of: GroupOf, 
/**
 * Place of its first row, of all that show.
 */
first: number, 
/**
 * How many rows it has.
 */
rows: number, };

/**
 * A page of a list.
 */
export type ListView = { 
/**
 * The rows, and what stands around them as around a page of the tree.
 */
page: TreeView, 
/**
 * The groups that have rows on this page, in order; none where there are no groups.
 */
groups: Array<ListGroup>, };

/**
 * One entry.
 */
export type LogRow = { 
/**
 * Its id.
 */
entry: string, 
/**
 * The device that wrote it.
 */
author: string, 
/**
 * Its place in that device's log.
 */
seq: number, 
/**
 * As whom it was written, where that is known.
 */
by: Person | null, 
/**
 * Claimed time, seconds since 1970.
 */
claimedSeconds: number, 
/**
 * What became of it.
 */
standing: EntryStanding, 
/**
 * Why it does not count, where that is said of the whole entry.
 */
refusal: Refusal | null, 
/**
 * Numbers of the reasons for which items of it were refused.
 */
itemsRefused: Array<number>, 
/**
 * The other entry at its place, where its device shows two histories.
 */
beside: string | null, 
/**
 * What it says, in order.
 */
says: Array<Saying>, };

/**
 * A page of the log.
 */
export type LogView = { 
/**
 * Entries in the order in which they came here, newest first.
 */
rows: Array<LogRow>, 
/**
 * Where the next page begins; `None` at the end.
 */
older: number | null, 
/**
 * Entries in the log.
 */
entries: number, 
/**
 * Of those: entries that do not count, as a whole or in part.
 */
troubles: number, 
/**
 * Entries that others name and that have not arrived.
 */
announced: number, };

/**
 * How far somebody may do something.
 */
export type May = "alone" | "together" | "no";

/**
 * What of a line has no meaning with its verb.
 */
export type Meaningless = "over" | "overEveryone" | "own" | "ownAndNotSelf" | "notSelf" | "review" | "others" | "majority" | "ofEveryone" | "alone" | "otherRole" | "conditions";

/**
 * Tasks that a filter means.
 */
export type MeantView = { 
/**
 * The first `MAX_MANY` of them, in the order of the tree.
 */
tasks: Array<string>, 
/**
 * All of them.
 */
of: number, };

/**
 * One member.
 */
export type MemberView = { 
/**
 * Who.
 */
person: Person, 
/**
 * Whether they belong to the pursuance.
 */
presence: Presence, 
/**
 * Roles held, senior first.
 */
roles: Array<Role>, 
/**
 * The grants by which they hold them, in the same order.
 */
grants: Array<GrantRef>, 
/**
 * Who gave each of them, in the same order: one alone, or those who decided it; nobody, where they came with it.
 */
givenBy: Array<Array<Person>>, 
/**
 * Who vouched for them.
 */
vouchedBy: Array<Person>, 
/**
 * How they came.
 */
cameBy: CameBy, 
/**
 * Claimed time of their newest entry, seconds since 1970.
 */
heardOfSeconds: number, 
/**
 * A device of theirs shows two histories.
 */
twoHistories: boolean, 
/**
 * Epochs that they made and that do not open for everybody they are for.
 */
falseSeals: Array<FalseSealsView>, 
/**
 * Their devices, the one they came with first.
 */
devices: Array<DeviceView>, };

/**
 * Somebody whom an import names.
 */
export type Mention = { 
/**
 * As what.
 */
part: Part, 
/**
 * A name; not empty.
 */
name: string, };

/**
 * A text that names me.
 */
export type MentionRow = { 
/**
 * The entry that says it.
 */
entry: string, 
/**
 * In which task.
 */
task: string, 
/**
 * Its title.
 */
title: string, 
/**
 * By whom.
 */
by: Person, 
/**
 * Whether it is a comment; else it is what the task says.
 */
comment: boolean, 
/**
 * The beginning of the text.
 */
excerpt: string, };

/**
 * Why something is for me.
 */
export type Mine = "taken" | "asked" | "roleAsked" | "toReview";

/**
 * One of many changes that was not made.
 */
export type NotDone = { 
/**
 * Its place among those asked for, from 0.
 */
index: number, 
/**
 * Why not.
 */
refusal: Refusal, };

/**
 * Over whom or what a rule reaches.
 */
export type Object = { "over": "role", "role": RoleId } | { "over": "relays" } | { "over": "rules" } | { "over": "newLabels" };

/**
 * A role that a task could be opened to.
 */
export type Openable = { 
/**
 * Who reads what is said to the role.
 */
readers: Readers, 
/**
 * Those of them who cannot read the task yet.
 */
new: number, };

/**
 * What an import says of a task that it made. All of it is text that somebody wrote; none of it is known to be so.
 */
export type Origin = { 
/**
 * The file that was read here, or empty.
 */
file: string, 
/**
 * Where it was before that, a program or a board, or empty.
 */
source: string, 
/**
 * What it was called there, or empty.
 */
id: string, 
/**
 * Who created it there, or empty.
 */
by: string, 
/**
 * When, as text, or empty.
 */
created: string, 
/**
 * Who had to do with it, ascending, each once; nobody of them need be a member here.
 */
people: Array<Mention>, };

/**
 * A text that was written at the same time as the one shown.
 */
export type OtherText = { 
/**
 * What it says.
 */
text: string, 
/**
 * Who wrote it.
 */
by: Person, };

/**
 * A change of what I keep for myself about the tasks of a pursuance.
 */
export type OwnChange = { "kind": "note", 
/**
 * Which task.
 */
task: string, 
/**
 * At most `MAX_NOTE_BYTES`.
 */
text: string, } | { "kind": "watch", 
/**
 * Which task.
 */
task: string, 
/**
 * Whether it does.
 */
watched: boolean, } | { "kind": "seenTask", 
/**
 * Which task.
 */
task: string, } | { "kind": "snooze", 
/**
 * Which task.
 */
task: string, 
/**
 * That day; `null`: no more.
 */
until: string | null, } | { "kind": "saveView", 
/**
 * Which.
 */
view: SavedView, } | { "kind": "dropView", 
/**
 * Its name.
 */
name: string, } | { "kind": "seen", 
/**
 * The entry that says it.
 */
entry: string, };

/**
 * What I keep for myself.
 */
export type OwnView = { 
/**
 * Views, in the order in which they were kept.
 */
views: Array<SavedView>, 
/**
 * My note about the task; empty where there is none.
 */
note: string, 
/**
 * Whether I watch it.
 */
watched: boolean, 
/**
 * The day before which it is not among what is for me.
 */
snoozed: string | null, };

/**
 * Why a text is not taken: the first thing that is wrong.
 */
export type ParseError = { 
/**
 * Where it begins.
 */
place: Place, 
/**
 * What stands there, at most `MAX_SHOWN_CHARS` characters; nothing at the end of the text.
 */
found: string, 
/**
 * What is wrong with it.
 */
problem: Problem, };

/**
 * As what an import names somebody.
 */
export type Part = "took" | "asked" | "reviewer" | "askedRole" | "foundGood" | "foundNotYet";

/**
 * Past which neighbour a task goes.
 */
export type Past = "before" | "after";

/**
 * Members, roles and rules.
 */
export type PeopleView = { 
/**
 * Members who are here, senior first.
 */
members: Array<MemberView>, 
/**
 * Those who wait to be let in, and those who are gone.
 */
others: Array<MemberView>, 
/**
 * All roles in force.
 */
roles: Array<Role>, 
/**
 * All rules in force, in their numbers' order.
 */
rules: Array<Rule>, 
/**
 * What was proposed to be decided together, oldest first.
 */
decisions: Array<DecisionView>, 
/**
 * Of each role whose tasks somebody may see: who does.
 */
readers: Array<ReadersView>, 
/**
 * What I may not do here and why (invite, amend).
 */
cannot: Array<Cannot>, };

/**
 * A member as named on a row.
 */
export type Person = { 
/**
 * Who.
 */
member: string, 
/**
 * The name they chose.
 */
name: string, 
/**
 * Four characters that tell two people of one name apart; empty when the name is unique here.
 */
mark: string, 
/**
 * Whether this is me.
 */
me: boolean, };

/**
 * What changes for a member.
 */
export type PersonDifference = { 
/**
 * Who.
 */
person: Person, 
/**
 * What.
 */
rights: RightsDifference, };

/**
 * What to compare aloud with somebody.
 */
export type PhraseView = { 
/**
 * Four words.
 */
words: Array<string>, 
/**
 * When I noted last that they were the same, by this computer's clock, seconds since 1970.
 */
comparedSeconds: number | null, };

/**
 * A place in a text.
 */
export type Place = { 
/**
 * From 1.
 */
line: number, 
/**
 * From 1, in characters.
 */
column: number, };

/**
 * Whether somebody belongs to the pursuance.
 */
export type Presence = "here" | "waiting" | "gone";

/**
 * How far the preview of an invite has come.
 */
export type PreviewState = { "state": "looking" } | { "state": "here", 
/**
 * What it shows.
 */
preview: PreviewView, } | { "state": "coming", 
/**
 * Seconds since 1970 when the code was answered.
 */
sinceSeconds: number, 
/**
 * A relay signed for the answer.
 */
handed: boolean, } | { "state": "waiting", 
/**
 * What it showed.
 */
preview: PreviewView, 
/**
 * Seconds since 1970 when I joined.
 */
sinceSeconds: number, 
/**
 * A relay signed for my join.
 */
handed: boolean, };

/**
 * What an invite shows before it is accepted.
 */
export type PreviewView = { 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Its mission.
 */
mission: string, 
/**
 * All roles.
 */
roles: Array<Role>, 
/**
 * All rules, in their numbers' order.
 */
rules: Array<Rule>, 
/**
 * The role offered.
 */
role: Role, 
/**
 * The name of whoever invites.
 */
invitedBy: string, 
/**
 * Whether as many have joined as the invite says.
 */
usedUp: boolean, 
/**
 * Whether whoever comes by it waits until somebody lets them in.
 */
reviewed: boolean, 
/**
 * What its maker noted.
 */
note: string, };

/**
 * What is wrong; numbers are those of docs/protocol/09-rules-text.md.
 */
export type Problem = { "kind": "expected", 
/**
 * Any of these.
 */
expected: Array<Expected>, 
/**
 * A word that is known and much like what was found.
 */
nearest: string | null, } | { "kind": "notClosed" } | { "kind": "textTooLong", 
/**
 * The limit.
 */
maxBytes: number, } | { "kind": "tooManyRules", 
/**
 * The limit.
 */
max: number, } | { "kind": "tooManyRoles", 
/**
 * The limit.
 */
max: number, } | { "kind": "forbiddenCharacter" } | { "kind": "whiteSpaceInName" } | { "kind": "emptyName" } | { "kind": "nameTooLong", 
/**
 * The limit.
 */
maxBytes: number, } | { "kind": "looksAlike", 
/**
 * The other one.
 */
other: string, } | { "kind": "noSuchRole", 
/**
 * A role with a name much like it.
 */
nearest: string | null, } | { "kind": "numberTaken" } | { "kind": "rankIs", 
/**
 * Its rank.
 */
rank: number, } | { "kind": "fullHistory" } | { "kind": "nameIs", 
/**
 * Its name.
 */
name: string, } | { "kind": "twice", 
/**
 * Its number.
 */
rule: number, } | { "kind": "conditionTwice" } | { "kind": "meaningless", 
/**
 * The verb.
 */
verb: Verb, 
/**
 * What has no meaning with it.
 */
why: Meaningless, } | { "kind": "noLinks" } | { "kind": "notInThisVersion" };

/**
 * One pursuance in the left rail.
 */
export type PursuanceRow = { 
/**
 * Which.
 */
pursuance: string, 
/**
 * Its name; empty while an invite's preview has not arrived.
 */
name: string, 
/**
 * How I stand in it.
 */
standing: Standing, 
/**
 * The one status sentence.
 */
status: StatusLine, 
/**
 * The last change can be undone.
 */
canUndo: boolean, 
/**
 * It is there to look around in, and nothing of it ever leaves this computer.
 */
sample: boolean, };

/**
 * What the window may look at.
 */
export type Query = { "kind": "app" } | { "kind": "drafts" } | { "kind": "tree", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * The first row wanted, of those that show, from 0.
 */
first: number, 
/**
 * Tasks below which nothing is shown; at most `MAX_FOLDED` are looked at.
 */
folded: Array<string>, 
/**
 * The filter line; empty for all tasks.
 */
filter: string, 
/**
 * Whether dropped tasks show.
 */
dropped: boolean, 
/**
 * A task that is wanted: the page that holds it.
 */
around: string | null, } | { "kind": "list", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * The first row wanted, from 0.
 */
first: number, 
/**
 * The filter line; empty for all tasks.
 */
filter: string, 
/**
 * Whether dropped tasks show.
 */
dropped: boolean, 
/**
 * A task that is wanted: the page that holds it.
 */
around: string | null, 
/**
 * Only tasks of this status.
 */
status: Status | null, 
/**
 * By what it is sorted.
 */
sort: Column, 
/**
 * Which way.
 */
direction: Direction, 
/**
 * By what it is grouped first; *tree* for not at all.
 */
group: Column, } | { "kind": "meant", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * As in the tree.
 */
folded: Array<string>, 
/**
 * The filter line.
 */
filter: string, 
/**
 * Whether dropped tasks show.
 */
dropped: boolean, } | { "kind": "rows", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which.
 */
tasks: Array<string>, } | { "kind": "couldMany", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * As in [`Request::ActAll`].
 */
commands: Array<Command>, } | { "kind": "labels", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "task", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which task.
 */
task: string, } | { "kind": "people", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "devices", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "invites", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "could", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which.
 */
commands: Array<Command>, } | { "kind": "effects", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Whom.
 */
member: string, 
/**
 * From which roles; none: from all, and the pursuance.
 */
roles?: Array<RoleId>, } | { "kind": "inbox", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "inboxes" } | { "kind": "own", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which task.
 */
task: string | null, } | { "kind": "history", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which task.
 */
task: string, 
/**
 * `HistoryView.older` of the page before.
 */
before?: number | null, } | { "kind": "weeks", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "today" } | { "kind": "find", 
/**
 * The words.
 */
text: string, } | { "kind": "relays", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "log", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Entries before this page's last one: `LogView.older` of that page.
 */
before?: number | null, 
/**
 * Only what does not count, as a whole or in part.
 */
trouble: boolean, } | { "kind": "rules", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "rulesDraft", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * The text.
 */
text: string, } | { "kind": "try", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Who.
 */
member: string, 
/**
 * What.
 */
verb: Verb, 
/**
 * Over whom or what.
 */
object: Object, } | { "kind": "phrase", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * With whom.
 */
member: string, } | { "kind": "preview", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "importPreview", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * What the file is called; tasks say that they come from it. May be empty.
 */
file?: string, 
/**
 * The file's text.
 */
text: string, 
/**
 * What each column of a table becomes, in the file's order; `null`: as guessed.
 */
fields: Array<ImportField | null> | null, };

/**
 * How many must agree.
 */
export type Quorum = { 
/**
 * How many holders of the role; 0 is more than half of them.
 */
count: number, 
/**
 * The role.
 */
of: RoleId, };

/**
 * Of a comment that was written elsewhere.
 */
export type QuotedView = { 
/**
 * By whom, or empty.
 */
by: string, 
/**
 * When, seconds since 1970.
 */
claimedSeconds: number, };

/**
 * A role that can read, and how many hold it now.
 */
export type Readers = { 
/**
 * Which role; 0 is everyone.
 */
role: RoleId, 
/**
 * Its name; empty for everyone.
 */
name: string, 
/**
 * Members who read what is said to it now; of a task, who read it.
 */
members: number, 
/**
 * Whether whoever comes later reads only what is made after that.
 */
sinceJoining?: boolean, };

/**
 * Who reads what is said to a role.
 */
export type ReadersView = { 
/**
 * Which role.
 */
role: RoleId, 
/**
 * The roles by which they do.
 */
by: Array<RoleId>, 
/**
 * Members who do now, senior first.
 */
people: Array<Person>, };

/**
 * A numbered reason; the window shows one sentence for each and keeps what was typed.
 */
export type Refusal = { "code": "notAllowed", 
/**
 * What was tried.
 */
verb: Verb, 
/**
 * The number of the first rule that gives the verb to some role, if there is one.
 */
rule: number | null, 
/**
 * The role that this rule names.
 */
allowedRole: number | null, } | { "code": "onlyOwn", 
/**
 * What was tried.
 */
verb: Verb, 
/**
 * The rule with the condition.
 */
rule: number, } | { "code": "noSuchTask" } | { "code": "noSuchMember" } | { "code": "noSuchRole" } | { "code": "empty" } | { "code": "tooLong", 
/**
 * The limit.
 */
maxBytes: number, } | { "code": "tooMany", 
/**
 * The limit.
 */
max: number, } | { "code": "cycle" } | { "code": "noSuchStep" } | { "code": "claimedByOther" } | { "code": "notClaimed" } | { "code": "inviteUsedUp" } | { "code": "rankAboveOwn" } | { "code": "notARelayAddress" } | { "code": "grantNotHeld" } | { "code": "needsNewer" } | { "code": "nothingToChange" } | { "code": "notWelcomedYet" } | { "code": "badKeys" } | { "code": "notACreation" } | { "code": "notADay" } | { "code": "overtakenElsewhere" } | { "code": "noSuchPriority" } | { "code": "notSenior" } | { "code": "needsQuorum", 
/**
 * What was tried.
 */
verb: Verb, 
/**
 * The rule that asks for others.
 */
rule: number, 
/**
 * How many must agree; 0 is more than half of them.
 */
count: number, 
/**
 * The role whose holders decide.
 */
of: number, } | { "code": "noSuchProposal" } | { "code": "lastAmender" } | { "code": "noSuchDevice" } | { "code": "notTwoHistories" } | { "code": "notAdmitted" } | { "code": "notProposable" } | { "code": "removed" } | { "code": "deviceRemoved" } | { "code": "roleRetired" } | { "code": "ruleTakenBack" } | { "code": "sealedOff" } | { "code": "inviteClosed" } | { "code": "leansOnHeld" } | { "code": "onlyOthers", 
/**
 * What was tried.
 */
verb: Verb, 
/**
 * The rule with the condition.
 */
rule: number, } | { "code": "needsReview", 
/**
 * What was tried.
 */
verb: Verb, 
/**
 * The rule that asks for it.
 */
rule: number, 
/**
 * How many must have agreed; 0 where a line asks for what no task can show.
 */
count: number, 
/**
 * The role whose holders they are.
 */
of: number, } | { "code": "onProbation", 
/**
 * What was tried.
 */
verb: Verb, 
/**
 * The rule that asks for it.
 */
rule: number, 
/**
 * How many entries one's own log must have.
 */
entries: number, } | { "code": "notAReader" } | { "code": "notBefore", 
/**
 * The rule that says so.
 */
rule: number, 
/**
 * `YYYY-MM-DD`.
 */
day: string, } | { "code": "enoughToday", 
/**
 * The rule that says so.
 */
rule: number, 
/**
 * How often.
 */
times: number, } | { "code": "noRecoveryKey" } | { "code": "otherRecoveryKey" } | { "code": "notLapsed" };

/**
 * How one task is related to another.
 */
export type Relation = "waitsFor" | "related" | "duplicates" | "follows" | "evidenceFor";

/**
 * How two tasks are related.
 */
export type RelationView = { 
/**
 * In which way.
 */
relation: Relation, 
/**
 * The other task.
 */
task: string, 
/**
 * It is the other one that says so.
 */
pointsHere: boolean, 
/**
 * Its title; `null` where it cannot be read here.
 */
title: string | null, 
/**
 * Its status.
 */
status: Status | null, };

/**
 * A relay of a pursuance.
 */
export type RelayView = { 
/**
 * Its address.
 */
address: string, 
/**
 * Seconds since 1970 when it was last reached.
 */
reachedSeconds: number | null, 
/**
 * Cells it holds, as far as known.
 */
cells: number, 
/**
 * Cells of it read here.
 */
read: number, 
/**
 * Posts it signed for.
 */
handed: number, 
/**
 * Posts waiting for it.
 */
waiting: number, 
/**
 * Entries of this pursuance that came by another relay and not by this one, as far as that is known.
 */
lacks: number, 
/**
 * How it broke its word.
 */
fault: Fault | null, 
/**
 * The last try came to nothing.
 */
failing: boolean, 
/**
 * Seconds since 1970 at the end of the newest slot for which another computer is known to have been shown the same log.
 */
agreedSeconds: number | null, 
/**
 * Witnesses that signed a checkpoint of it too, each with the newest one of which this is known; the newest first.
 */
cosigned: Array<CosignedView>, 
/**
 * There is a proof of that, for anybody.
 */
hasProof: boolean, 
/**
 * The pursuance posts to it. One that was left is still read: whoever was away may have posted there.
 */
used: boolean, };

/**
 * Every so many days, weeks, months or years.
 */
export type Repeat = { 
/**
 * 1 to `MAX_REPEAT_EVERY`.
 */
every: number, 
/**
 * Of what.
 */
unit: Unit, };

/**
 * What a request led to.
 */
export type Reply = { "kind": "done" } | { "kind": "pursuance", 
/**
 * Which.
 */
pursuance: string, } | { "kind": "task", 
/**
 * Which.
 */
task: string, } | { "kind": "acted", 
/**
 * How many changed something.
 */
done: number, 
/**
 * The others, with the reasons.
 */
refused: Array<NotDone>, } | { "kind": "invite", 
/**
 * The link to hand over.
 */
link: string, } | { "kind": "recoveryPhrase", 
/**
 * Its words, to be written on paper.
 */
words: Array<string>, } | { "kind": "imported", 
/**
 * How many tasks.
 */
tasks: number, } | { "kind": "written", 
/**
 * Where.
 */
path: string, 
/**
 * How long it is, in bytes.
 */
bytes: number, } | { "kind": "merged", 
/**
 * Entries that are new here.
 */
entries: number, 
/**
 * Parts that the file has.
 */
parts: number, 
/**
 * Of those, how many do not open here: they are for others, or damaged.
 */
closed: number, } | { "kind": "rescued", 
/**
 * Lists written.
 */
pursuances: number, 
/**
 * Tasks in them.
 */
tasks: number, 
/**
 * Changes that could not be read, or whose predecessors could not; as far as they can be counted.
 */
lost: number, };

/**
 * What the window may ask to be done.
 */
export type Request = { "kind": "createVault", 
/**
 * At least `MIN_PASSPHRASE_CHARS`.
 */
passphrase: string, } | { "kind": "unlock", 
/**
 * The passphrase it was made with.
 */
passphrase: string, } | { "kind": "lock" } | { "kind": "changePassphrase", 
/**
 * The passphrase it opens with now.
 */
old: string, 
/**
 * At least `MIN_PASSPHRASE_CHARS`.
 */
new: string, } | { "kind": "startPursuance", 
/**
 * Its name.
 */
name: string, 
/**
 * What it is for.
 */
mission: string, 
/**
 * The founder's pseudonym in it.
 */
myName: string, 
/**
 * A relay address, if one is known already.
 */
relay: string | null, 
/**
 * Which roles and rules it starts with.
 */
template?: Template, } | { "kind": "openInvite", 
/**
 * The link as pasted.
 */
link: string, } | { "kind": "join", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * My pseudonym in it.
 */
myName: string, } | { "kind": "dropInvite", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "act", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * What.
 */
command: Command, } | { "kind": "actAll", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * What, one after the other.
 */
commands: Array<Command>, 
/**
 * Whether it is about the same tasks as the last change and is taken back together with that.
 */
joins?: boolean, } | { "kind": "startSample", 
/**
 * Its name.
 */
name: string, 
/**
 * What it is for.
 */
mission: string, 
/**
 * The founder's pseudonym in it.
 */
myName: string, } | { "kind": "changeOwn", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * What.
 */
change: OwnChange, } | { "kind": "reorder", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which task.
 */
task: string, 
/**
 * Past which neighbour.
 */
past: Past, } | { "kind": "setKeys", 
/**
 * At most `MAX_KEYS`.
 */
keys: Array<ChosenKey>, } | { "kind": "setLockAfter", 
/**
 * One of `LOCK_MINUTES`.
 */
minutes: number | null, } | { "kind": "setSending", 
/**
 * When.
 */
sending: Sending, } | { "kind": "setBridges", 
/**
 * At most `MAX_BRIDGES`, of `MAX_BRIDGE_BYTES` together.
 */
lines: string, } | { "kind": "addWitness", 
/**
 * Its name and key, as they are handed around: `<name>+<key id>+<key>`. At most `MAX_WITNESSES` are kept.
 */
key: string, } | { "kind": "removeWitness", 
/**
 * Name and key, as they are kept.
 */
key: string, } | { "kind": "keepDrafts", 
/**
 * At most `MAX_DRAFTS`, of `MAX_DRAFT_BYTES` together.
 */
drafts: Array<Draft>, } | { "kind": "undo", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "import", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * What the file is called; tasks say that they come from it. May be empty.
 */
file?: string, 
/**
 * The file's text.
 */
text: string, 
/**
 * What each column of a table becomes, in the file's order; `null`: as guessed.
 */
fields: Array<ImportField | null> | null, } | { "kind": "cancelImport" } | { "kind": "export", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * In which form.
 */
format: ExportFormat, 
/**
 * Where: an absolute path, in a folder that exists, of a file that does not. Without the ending of its form it gets it.
 */
path: string, } | { "kind": "exportBundle", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Where: as with `Export`; the ending is `bundle`.
 */
path: string, } | { "kind": "importBundle", 
/**
 * The file: an absolute path.
 */
path: string, } | { "kind": "exportEvidence", 
/**
 * The relay's address.
 */
relay: string, 
/**
 * Where: as with `Export`; the ending is `evidence`.
 */
path: string, } | { "kind": "backup", 
/**
 * Where: an absolute path, in a folder that exists, of a file that does not.
 */
path: string, 
/**
 * What opens it: at least `MIN_PASSPHRASE_CHARS`.
 */
passphrase: string, } | { "kind": "restore", 
/**
 * The backup's file.
 */
path: string, 
/**
 * What opens it.
 */
backupPassphrase: string, 
/**
 * The vault's from now on: at least `MIN_PASSPHRASE_CHARS`.
 */
passphrase: string, } | { "kind": "rescue", 
/**
 * The vault's.
 */
passphrase: string, 
/**
 * Where: an absolute path of a folder that exists.
 */
folder: string, } | { "kind": "changeRules", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * The text.
 */
text: string, } | { "kind": "phraseCompared", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * With whom.
 */
member: string, } | { "kind": "makeRecoveryPhrase", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "declareRecovery", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * The whole phrase.
 */
phrase: string, } | { "kind": "showCode", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "closeCode", 
/**
 * Which pursuance.
 */
pursuance: string, } | { "kind": "answerCode", 
/**
 * The code as pasted.
 */
code: string, 
/**
 * The recovery phrase.
 */
phrase: string, } | { "kind": "recover", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * The recovery phrase.
 */
phrase: string, } | { "kind": "letIn", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Whom.
 */
member: string, } | { "kind": "setRefused", 
/**
 * Which pursuance.
 */
pursuance: string, 
/**
 * Which; at most `MAX_RATIFIED`.
 */
entries: Array<string>, 
/**
 * Whether they are.
 */
refused: boolean, } | { "kind": "setOffline", 
/**
 * Whether to stay away.
 */
offline: boolean, };

/**
 * What somebody found of how a task was done.
 */
export type ReviewView = { 
/**
 * Who.
 */
by: Person, 
/**
 * The role with which they said it.
 */
role: RoleId, 
/**
 * Whether it is done well.
 */
good: boolean, };

/**
 * One thing that some roles may do, and by which lines.
 */
export type Right = { 
/**
 * What.
 */
verb: Verb, 
/**
 * Over whom or what.
 */
object: Object, 
/**
 * By which lines, by number.
 */
lines: Array<Line>, };

/**
 * What changes for somebody.
 */
export type RightsDifference = { 
/**
 * What they could not do at all before; numbers are those of the new table.
 */
gained: Array<Right>, 
/**
 * What they can do no more; numbers are those of the old table.
 */
lost: Array<Right>, 
/**
 * What they can do under other conditions than before.
 */
changed: Array<Shift>, };

/**
 * A role as defined; its rank never changes (0 highest).
 */
export type Role = { 
/**
 * Its number, from 1; 0 is *everyone* and never defined.
 */
id: RoleId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its rank.
 */
rank: number, 
/**
 * Whether those who come to read it read only what is written after that (K26). It never changes.
 */
sinceJoining?: boolean, };

/**
 * See [`Difference::roles`].
 */
export type RoleDifference = { 
/**
 * Which; *everyone* stands for members without another role.
 */
role: RoleId, 
/**
 * What changes for them.
 */
rights: RightsDifference, };

/**
 * A role's number within its pursuance; 0 is the built-in role *everyone*.
 */
export type RoleId = number;

/**
 * One line: role, verb, over what, condition, and with how many. Its number is its place in the table, from 1.
 */
export type Rule = { 
/**
 * Who may.
 */
role: RoleId, 
/**
 * What they may.
 */
verb: Verb, 
/**
 * Over whom or what.
 */
object: Object, 
/**
 * When.
 */
conditions: Conditions, 
/**
 * Only together with others, or `None` where one is enough.
 */
quorum: Quorum | null, };

/**
 * What a text would make of the rules; nothing is signed by looking.
 */
export type RulesDraft = { "state": "wrong", 
/**
 * Where, and what was expected.
 */
error: ParseError, } | { "state": "noWay", 
/**
 * Why.
 */
error: CourseError, } | { "state": "same" } | { "state": "changes", 
/**
 * Lines that come and go, and what each role gains and loses.
 */
difference: Difference, 
/**
 * Members for whom something changes, each with what.
 */
people: Array<PersonDifference>, 
/**
 * What has to be signed, in this order, and how. Steps that name a new role are known once it has its number.
 */
steps: Array<Step>, 
/**
 * Proposals that are open and lean on a line that goes.
 */
decisions: number, 
/**
 * Tasks to which lines that come or go apply.
 */
tasks: number, };

/**
 * Roles and rules, and how they came to be.
 */
export type RulesView = { 
/**
 * As a text (docs/protocol/09-rules-text.md).
 */
text: string, 
/**
 * The roles.
 */
roles: Array<Role>, 
/**
 * The rules, in the order of their numbers.
 */
rules: Array<Rule>, 
/**
 * Changes since the beginning, oldest first.
 */
versions: Array<VersionView>, };

/**
 * A filter with a layout, under a name.
 */
export type SavedView = { 
/**
 * Its name.
 */
name: string, 
/**
 * The filter line.
 */
filter: string, 
/**
 * How tasks are laid out; what it means is the window's own.
 */
how: string, };

/**
 * One thing that an entry says.
 */
export type Saying = { "kind": "founded" } | { "kind": "changed", 
/**
 * What.
 */
change: Change, 
/**
 * Whom it is about, if anybody.
 */
about: Person | null, } | { "kind": "proposed", 
/**
 * Which role.
 */
of: RoleId, 
/**
 * What.
 */
change: Change, 
/**
 * Whom it is about, if anybody.
 */
about: Person | null, } | { "kind": "approved" } | { "kind": "withdrew" } | { "kind": "invited", 
/**
 * Which role.
 */
role: RoleId, 
/**
 * To how many.
 */
uses: number, } | { "kind": "joined", 
/**
 * By the name.
 */
name: string, } | { "kind": "admitted", 
/**
 * Whom.
 */
about: Person | null, } | { "kind": "vouched", 
/**
 * Whom.
 */
about: Person | null, } | { "kind": "left" } | { "kind": "addedDevice" } | { "kind": "removedDevice" } | { "kind": "madeRecoveryKey" } | { "kind": "recovered" } | { "kind": "keys" } | { "kind": "ratified", 
/**
 * How many.
 */
entries: number, } | { "kind": "tasks", 
/**
 * Titles of those that can be read here, at most `MAX_LOG_TITLES`.
 */
titles: Array<string>, 
/**
 * How many items there are.
 */
items: number, } | { "kind": "sawRelay" } | { "kind": "newer" };

/**
 * When posts leave this computer.
 */
export type Sending = "atOnce" | "withinMinutes" | "withinHour" | "steady";

/**
 * One thing that can be done under other conditions.
 */
export type Shift = { 
/**
 * What.
 */
verb: Verb, 
/**
 * Over whom or what.
 */
object: Object, 
/**
 * The lines before, with their numbers in the old table.
 */
before: Array<Line>, 
/**
 * The lines after, with their numbers in the new table.
 */
after: Array<Line>, 
/**
 * Which way.
 */
turn: Turn, };

/**
 * A task that is for me, and put off.
 */
export type SnoozedRow = { 
/**
 * The day on which it shows again.
 */
until: string, 
/**
 * The task.
 */
row: TodayRow, };

/**
 * Where the vault stands.
 */
export type Stage = "fresh" | "locked" | "open";

/**
 * How I stand in a pursuance.
 */
export type Standing = "invited" | "waiting" | "member";

/**
 * Where a task stands; fixed, so that two pursuances understand each other.
 */
export type Status = "suggested" | "open" | "doing" | "review" | "done" | "dropped";

/**
 * The status sentence, as a code with its numbers.
 */
export type StatusLine = { "code": "noRelay", 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "offline", 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "torUnasked", 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "torStarting", 
/**
 * 0 to 100.
 */
percent: number, 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "torUnreachable", 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "connecting", 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "reading", 
/**
 * Cells read of those known.
 */
read: number, 
/**
 * Cells known.
 */
of: number, } | { "code": "fine", 
/**
 * Relays reached.
 */
reached: number, 
/**
 * Relays there are.
 */
of: number, 
/**
 * Seconds since 1970 of the last visit.
 */
atSeconds: number, 
/**
 * Own changes not handed over.
 */
kept: number, } | { "code": "unreachable", 
/**
 * Seconds since 1970 since when.
 */
sinceSeconds: number, 
/**
 * Own changes not handed over.
 */
kept: number, 
/**
 * Seconds until the next try.
 */
retrySeconds: number, } | { "code": "relayFault", 
/**
 * What.
 */
fault: Fault, } | { "code": "gap", 
/**
 * How many.
 */
entries: number, 
/**
 * The author's name, where it is one author only.
 */
by: string | null, } | { "code": "overtaken" } | { "code": "removed", 
/**
 * Own changes that still have to be handed over, so that the others know that I went.
 */
kept: number, } | { "code": "deviceRemoved" } | { "code": "twoHistories", 
/**
 * Its owner's name.
 */
by: string, } | { "code": "needsNewer", 
/**
 * How many.
 */
entries: number, };

/**
 * One thing to sign.
 */
export type Step = { 
/**
 * What.
 */
change: Change, 
/**
 * How.
 */
how: How, };

/**
 * What is wrong with the disk or the database while it is open. What was said to be kept is kept.
 */
export type StorageTrouble = "full" | "readOnly" | "failing" | "damaged";

/**
 * One task in full.
 */
export type TaskView = { 
/**
 * The row of the tree.
 */
row: TreeRow, 
/**
 * Titles from the mission's child down to the parent.
 */
path: Array<string>, 
/**
 * Its body, markdown as plain text.
 */
body: string, 
/**
 * Other values written at the same time for the title, if any.
 */
otherTitles: Array<OtherText>, 
/**
 * Other values written at the same time for the body, if any.
 */
otherBodies: Array<OtherText>, 
/**
 * Who created it.
 */
creator: Person, 
/**
 * Claimed time of the creation, seconds since 1970.
 */
createdSeconds: number, 
/**
 * The day an import says it was started, as text.
 */
started: string | null, 
/**
 * The day an import says it was finished, as text.
 */
finished: string | null, 
/**
 * Where it comes from, as an import says.
 */
origin: Origin | null, 
/**
 * Who found it done well, or not yet, since it was last opened again: the last word of each, oldest first.
 */
reviews: Array<ReviewView>, 
/**
 * What else is said of it.
 */
details: DetailsView, 
/**
 * The thread, oldest first.
 */
thread: Array<CommentView>, 
/**
 * Roles that can read it, with the number of members in each: the one at which it is at home first.
 */
readers: Array<Readers>, 
/**
 * Members it was opened to by name, who are here.
 */
persons: Array<Person>, 
/**
 * All who can read it, each once.
 */
readBy: number, 
/**
 * Whether what is said about it now is not for me: it was closed to me, or I lost the role by which I read it.
 */
closed: boolean, 
/**
 * Roles that it could be opened to: somebody reads what is said to them.
 */
openable: Array<Openable>, 
/**
 * Members who read what is said now to a role that it is for, and not this task: they came later.
 */
cameLater: Array<Person>, 
/**
 * What I may not do to this task and why; a verb that is absent is allowed.
 */
cannot: Array<Cannot>, };

/**
 * A set of roles and rules that somebody can start with.
 */
export type Template = "plain" | "affinityGroup" | "leakDesk" | "volunteerCampaign" | "openCall";

/**
 * A task that is for me.
 */
export type TodayRow = { 
/**
 * In which pursuance.
 */
pursuance: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Why it is for me.
 */
why: Array<Mine>, 
/**
 * The task.
 */
row: TreeRow, };

/**
 * What is for me to do: what is due comes first, then what presses; at most `MAX_TODAY_ROWS`.
 */
export type TodayView = { 
/**
 * The tasks.
 */
rows: Array<TodayRow>, 
/**
 * How many there are.
 */
of: number, 
/**
 * Tasks that I put off to a later day, beside those; at most `MAX_TODAY_ROWS`.
 */
snoozed: Array<SnoozedRow>, };

/**
 * One task in the tree.
 */
export type TreeRow = { 
/**
 * Which task.
 */
task: string, 
/**
 * The role at which it is at home: who reads it; 0 is everyone.
 */
home: RoleId, 
/**
 * Its parent, or `null` below the mission.
 */
parent: string | null, 
/**
 * The parent's parent: where it goes when it moves out.
 */
grandparent: string | null, 
/**
 * The task before it below the same parent that is not dropped: where it goes when it moves in.
 */
above: string | null, 
/**
 * Steps below the mission, from 0.
 */
depth: number, 
/**
 * Something that shows is below it.
 */
hasChildren: boolean, 
/**
 * What is below it is folded away.
 */
folded: boolean, 
/**
 * The filter is for it, and not only for something below it; true without a filter.
 */
matches: boolean, 
/**
 * Its title.
 */
title: string, 
/**
 * Its status.
 */
status: Status, 
/**
 * Two different endings at once.
 */
twoAnswers: boolean, 
/**
 * Whoever took it.
 */
claim: Person | null, 
/**
 * Whoever is asked to do it.
 */
assignees: Array<Person>, 
/**
 * The owner an import named, as text.
 */
ownerText: string | null, 
/**
 * Labels in order.
 */
labels: Array<string>, 
/**
 * The day by which it should be done, `YYYY-MM-DD`.
 */
due: string | null, 
/**
 * How it presses: 0 none, 1 urgent, 2 high, 3 normal, 4 low.
 */
priority: number, 
/**
 * Lines in its thread.
 */
comments: number, 
/**
 * Done tasks below it (all depths).
 */
doneBelow: number, 
/**
 * Tasks below it (all depths) that are not dropped.
 */
totalBelow: number, 
/**
 * It waits for a task that has not ended.
 */
blocked: boolean, 
/**
 * What kind of task it is.
 */
kind: Kind, 
/**
 * The day on which it begins, `YYYY-MM-DD`.
 */
start: string | null, 
/**
 * Its doers ask others to help.
 */
helpWanted: boolean, 
/**
 * It is done again and again.
 */
repeats: boolean, 
/**
 * Lines of its checklist that are done.
 */
checksDone: number, 
/**
 * Lines of its checklist.
 */
checks: number, 
/**
 * Whether it was put out of sight.
 */
filed: boolean, 
/**
 * How many roles and members it was opened to, beside its home.
 */
opened: number, 
/**
 * How far the newest own change of it has come.
 */
delivery: Delivery | null, };

/**
 * A page of the tree of tasks in reading order.
 */
export type TreeView = { 
/**
 * The pursuance's name.
 */
name: string, 
/**
 * Its mission, the root of the tree.
 */
mission: string, 
/**
 * Ended tasks (done), of all that are not dropped.
 */
done: number, 
/**
 * All tasks that are not dropped.
 */
total: number, 
/**
 * Dropped tasks.
 */
dropped: number, 
/**
 * Which of the rows that show is the first one here, from 0.
 */
first: number, 
/**
 * How many rows show, with what is folded and filtered.
 */
shown: number, 
/**
 * How many tasks the filter is for, folded away or not; all that may show without a filter.
 */
matching: number, 
/**
 * Rows in reading order, parents before children.
 */
rows: Array<TreeRow>, 
/**
 * Folded tasks that count as open, because they stand above the one asked for.
 */
opened: Array<string>, 
/**
 * Imports of others of which not all tasks are here yet.
 */
arriving: Array<Arriving>, 
/**
 * What I may not do here and why, by verb; a verb that is absent is allowed.
 */
cannot: Array<Cannot>, 
/**
 * Roles for which I may create a task, by who reads them.
 */
homes: Array<Readers>, 
/**
 * Roles that I read, and of whose tasks I was not handed all keys yet.
 */
awaited: Array<Readers>, };

/**
 * Why a request or query was not carried out.
 */
export type Trouble = { "code": "refused", 
/**
 * Why.
 */
refusal: Refusal, } | { "code": "wrongPassphrase" } | { "code": "passphraseTooShort", 
/**
 * The limit.
 */
minChars: number, } | { "code": "vaultExists" } | { "code": "noVault" } | { "code": "locked" } | { "code": "damaged" } | { "code": "newerFile", 
/**
 * Its version.
 */
found: number, 
/**
 * The newest one known here.
 */
known: number, } | { "code": "inUse" } | { "code": "disk" } | { "code": "diskFull" } | { "code": "readOnly" } | { "code": "linkTruncated" } | { "code": "notAnInvite" } | { "code": "linkNewer" } | { "code": "notARecoveryPhrase", 
/**
 * The first word that stands in no list, from 1; none where all do, and they do not belong together.
 */
word: number | null, } | { "code": "notThePhraseShown" } | { "code": "notACode" } | { "code": "alreadyMember" } | { "code": "noSuchPursuance" } | { "code": "nothingToUndo" } | { "code": "importProblems", 
/**
 * How many.
 */
problems: number, } | { "code": "importCancelled" } | { "code": "importRunning" } | { "code": "notABackup" } | { "code": "backupRunning" } | { "code": "noSuchFile" } | { "code": "fileExists" } | { "code": "noSuchFolder" } | { "code": "notABundle" } | { "code": "bundleTooLong" } | { "code": "nothingToBundle" } | { "code": "notABridge", 
/**
 * Which, from 1 on.
 */
line: number, } | { "code": "bridgeTransport", 
/**
 * Which, from 1 on.
 */
line: number, } | { "code": "notAWitness" } | { "code": "witnessOfAnotherKind" } | { "code": "witnessChanged" } | { "code": "witnessThere" } | { "code": "tooManyWitnesses", 
/**
 * The limit.
 */
most: number, } | { "code": "noEvidence" } | { "code": "malformed" };

/**
 * Which way a right changes.
 */
export type Turn = "widened" | "narrowed" | "otherwise";

/**
 * What [`Repeat`] counts.
 */
export type Unit = "days" | "weeks" | "months" | "years";

/**
 * What a rule may allow; the numbers are reserved for ever.
 */
export type Verb = "see" | "invite" | "admit" | "grant" | "revoke" | "remove" | "vouch" | "contact" | "amend" | "dissolve" | "checkpoint" | "removeRetroactive" | "suggest" | "create" | "claim" | "assign" | "edit" | "comment" | "finish" | "review" | "reopen" | "file" | "widen" | "label" | "attach" | "publish" | "link" | "send" | "accept" | "splinter" | "export";

/**
 * One change of the rules that counts.
 */
export type VersionView = { 
/**
 * The entry that made or proposed it.
 */
entry: string, 
/**
 * Who signed it.
 */
signed: Array<Person>, 
/**
 * Claimed time of the entry, seconds since 1970.
 */
claimedSeconds: number, 
/**
 * What changed.
 */
changes: Array<Change>, };

/**
 * What is to be seen.
 */
export type View = { "kind": "app", "view": AppView } | { "kind": "drafts", "view": Array<Draft> } | { "kind": "tree", "view": TreeView } | { "kind": "list", "view": ListView } | { "kind": "meant", "view": MeantView } | { "kind": "rows", "view": Array<TreeRow> } | { "kind": "couldMany", "view": Array<NotDone> } | { "kind": "labels", "view": Array<string> } | { "kind": "task", "view": TaskView } | { "kind": "people", "view": PeopleView } | { "kind": "devices", "view": DevicesView } | { "kind": "invites", "view": Array<InviteRow> } | { "kind": "could", "view": Array<Could> } | { "kind": "effects", "view": EffectsView } | { "kind": "inbox", "view": InboxView } | { "kind": "inboxes", "view": Array<InboxOf> } | { "kind": "own", "view": OwnView } | { "kind": "history", "view": HistoryView } | { "kind": "weeks", "view": WeeksView } | { "kind": "today", "view": TodayView } | { "kind": "find", "view": FindView } | { "kind": "relays", "view": Array<RelayView> } | { "kind": "log", "view": LogView } | { "kind": "rules", "view": RulesView } | { "kind": "rulesDraft", "view": RulesDraft } | { "kind": "try", "view": Answer | null } | { "kind": "phrase", "view": PhraseView | null } | { "kind": "preview", "view": PreviewState } | { "kind": "importPreview", "view": ImportPreview };

/**
 * A watched task about which others said something since I looked.
 */
export type WatchedRow = { 
/**
 * Which task.
 */
task: string, 
/**
 * Its title.
 */
title: string, 
/**
 * How many changes.
 */
changes: number, };

/**
 * One week.
 */
export type WeekRow = { 
/**
 * Its Monday.
 */
first: string, 
/**
 * Tasks opened in it, whatever became of them.
 */
opened: number, 
/**
 * Tasks finished in it, that are still so.
 */
finished: number, 
/**
 * Tasks dropped in it, that are still so.
 */
dropped: number, };

/**
 * What was opened and what was finished of late, of the tasks that can be read here and as they stand now.
 */
export type WeeksView = { 
/**
 * [`WEEKS`] of them, the earliest first; they begin on Mondays, in UTC.
 */
weeks: Array<WeekRow>, 
/**
 * Tasks that are to be done and have not ended.
 */
open: number, };

/**
 * When something is due, as seen from today.
 */
export type When = "overdue" | "today" | "week" | "later" | "past" | "never";

/**
 * A witness that this person named.
 */
export type WitnessView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Name and key, as they were given.
 */
key: string, };
