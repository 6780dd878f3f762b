// The types of the window's door, generated from Rust; do not edit by hand.

export type RoleId = number;

export type Status = "suggested" | "open" | "doing" | "review" | "done" | "dropped";

export type Verb = "see" | "invite" | "amend" | "create" | "claim" | "assign" | "edit" | "comment" | "finish" | "reopen" | "label";

export type Object = { "over": "role", "role": RoleId } | { "over": "relays" };

export type Condition = "always" | "own";

export type Rule = { role: RoleId, verb: Verb, object: Object, condition: Condition, };

export type Role = { id: RoleId, name: string, rank: number, };

export type RuleTable = { roles: Array<Role>, rules: Array<Rule>, };

export type Command = { "kind": "createTask", title: string, parent: string | null, assignees: Array<string>, labels: Array<string>, } | { "kind": "setTitle", task: string, title: string, } | { "kind": "setBody", task: string, body: string, } | { "kind": "setStatus", task: string, status: Status, } | { "kind": "moveTask", task: string, parent: string | null, } | { "kind": "assign", task: string, member: string, } | { "kind": "unassign", task: string, member: string, } | { "kind": "claim", task: string, } | { "kind": "giveBack", task: string, } | { "kind": "comment", task: string, text: string, } | { "kind": "addLabel", task: string, label: string, } | { "kind": "removeLabel", task: string, label: string, } | { "kind": "invite", role: RoleId, uses: number, } | { "kind": "setRelays", relays: Array<string>, };

export type Refusal = { "code": "notAllowed", verb: Verb, rule: number | null, allowedRole: number | null, } | { "code": "onlyOwn", verb: Verb, rule: number, } | { "code": "noSuchTask" } | { "code": "noSuchMember" } | { "code": "noSuchRole" } | { "code": "empty" } | { "code": "tooLong", maxBytes: number, } | { "code": "tooMany", max: number, } | { "code": "cycle" } | { "code": "noSuchStep" } | { "code": "claimedByOther" } | { "code": "notClaimed" } | { "code": "inviteUsedUp" } | { "code": "rankAboveOwn" } | { "code": "notARelayAddress" } | { "code": "grantNotHeld" } | { "code": "needsNewer" } | { "code": "nothingToChange" } | { "code": "notWelcomedYet" } | { "code": "badKeys" } | { "code": "notACreation" };

export type Delivery = "kept" | "handed" | "seen";

export type Cannot = { verb: Verb, refusal: Refusal, };

export type Person = { member: string, name: string, mark: string, me: boolean, };

export type TreeRow = { task: string, parent: string | null, depth: number, title: string, status: Status, twoAnswers: boolean, claim: Person | null, assignees: Array<Person>, ownerText: string | null, labels: Array<string>, comments: number, doneBelow: number, totalBelow: number, delivery: Delivery | null, };

export type TreeView = { name: string, mission: string, done: number, total: number, rows: Array<TreeRow>, cannot: Array<Cannot>, };

export type CommentView = { entry: string, by: Person, text: string, claimedSeconds: number, delivery: Delivery | null, };

export type Readers = { role: RoleId, name: string, members: number, };

export type TaskView = { row: TreeRow, path: Array<string>, body: string, otherTitles: Array<string>, otherBodies: Array<string>, creator: Person, createdSeconds: number, started: string | null, finished: string | null, thread: Array<CommentView>, readers: Array<Readers>, cannot: Array<Cannot>, };

export type CameBy = { "kind": "founder" } | { "kind": "invite", inviter: Person, surplus: boolean, };

export type MemberView = { person: Person, roles: Array<Role>, cameBy: CameBy, heardOfSeconds: number, twoHistories: boolean, };

export type PeopleView = { members: Array<MemberView>, roles: Array<Role>, rules: Array<Rule>, cannot: Array<Cannot>, };

export type InviteView = { invite: string, inviter: Person, role: Role, uses: number, used: number, };

export type PreviewView = { pursuance: string, name: string, mission: string, roles: Array<Role>, rules: Array<Rule>, role: Role, invitedBy: string, usedUp: boolean, };

export type Request = { "kind": "createVault", passphrase: string, } | { "kind": "unlock", passphrase: string, } | { "kind": "lock" } | { "kind": "startPursuance", name: string, mission: string, myName: string, relay: string | null, } | { "kind": "openInvite", link: string, } | { "kind": "join", pursuance: string, myName: string, } | { "kind": "dropInvite", pursuance: string, } | { "kind": "act", pursuance: string, command: Command, } | { "kind": "undo", pursuance: string, } | { "kind": "import", pursuance: string, csv: string, } | { "kind": "setOffline", offline: boolean, };

export type Reply = { "kind": "done" } | { "kind": "pursuance", pursuance: string, } | { "kind": "task", task: string, } | { "kind": "invite", link: string, } | { "kind": "imported", tasks: number, };

export type Query = { "kind": "app" } | { "kind": "tree", pursuance: string, } | { "kind": "task", pursuance: string, task: string, } | { "kind": "people", pursuance: string, } | { "kind": "invites", pursuance: string, } | { "kind": "relays", pursuance: string, } | { "kind": "preview", pursuance: string, } | { "kind": "importPreview", pursuance: string, csv: string, };

export type View = { "kind": "app", "view": AppView } | { "kind": "tree", "view": TreeView } | { "kind": "task", "view": TaskView } | { "kind": "people", "view": PeopleView } | { "kind": "invites", "view": Array<InviteRow> } | { "kind": "relays", "view": Array<RelayView> } | { "kind": "preview", "view": PreviewState } | { "kind": "importPreview", "view": ImportPreview };

export type AppView = { seq: number, stage: Stage, dataFolder: string, pursuances: Array<PursuanceRow>, offline: boolean, loopback: boolean, clockOffSeconds: number | null, };

export type Stage = "fresh" | "locked" | "open";

export type PursuanceRow = { pursuance: string, name: string, standing: Standing, status: StatusLine, canUndo: boolean, };

export type Standing = "invited" | "waiting" | "member";

export type StatusLine = { "code": "noRelay", kept: number, } | { "code": "offline", kept: number, } | { "code": "torStarting", percent: number, kept: number, } | { "code": "torUnreachable", kept: number, } | { "code": "connecting", kept: number, } | { "code": "reading", read: number, of: number, } | { "code": "fine", reached: number, of: number, atSeconds: number, kept: number, } | { "code": "unreachable", sinceSeconds: number, kept: number, retrySeconds: number, } | { "code": "relayFault", fault: Fault, } | { "code": "gap", entries: number, by: string | null, } | { "code": "twoHistories", by: string, } | { "code": "needsNewer", entries: number, };

export type Fault = "forked" | "rolledBack" | "brokenReceipt" | "garbage" | "wrongOrigin" | "stale";

export type RelayView = { address: string, reachedSeconds: number | null, cells: number, read: number, handed: number, waiting: number, fault: Fault | null, };

export type InviteRow = { invite: InviteView, link: string | null, qr: Array<string>, handed: boolean, };

export type PreviewState = { "state": "looking" } | { "state": "here", preview: PreviewView, } | { "state": "waiting", preview: PreviewView, sinceSeconds: number, handed: boolean, };

export type ImportPreview = { tasks: number, nested: number, columns: Array<ImportColumn>, rows: Array<ImportRow>, problems: Array<ImportProblem>, };

export type ImportColumn = { header: string, field: ImportField | null, };

export type ImportField = "id" | "title" | "body" | "status" | "owner" | "started" | "finished" | "labels" | "parent";

export type ImportRow = { depth: number, title: string, status: Status, owner: string | null, labels: Array<string>, };

export type ImportProblem = { line: number, reason: ImportReason, };

export type ImportReason = "notCsv" | "noTitleColumn" | "noTitle" | "unknownStatus" | "unknownParent" | "cycle" | "duplicateId" | "tooLong" | "tooMany";

export type Trouble = { "code": "refused", refusal: Refusal, } | { "code": "wrongPassphrase" } | { "code": "passphraseTooShort", minChars: number, } | { "code": "vaultExists" } | { "code": "noVault" } | { "code": "locked" } | { "code": "damaged" } | { "code": "newerFile", found: number, known: number, } | { "code": "inUse" } | { "code": "disk" } | { "code": "linkTruncated" } | { "code": "notAnInvite" } | { "code": "linkNewer" } | { "code": "alreadyMember" } | { "code": "noSuchPursuance" } | { "code": "nothingToUndo" } | { "code": "importProblems", problems: number, } | { "code": "malformed" };
