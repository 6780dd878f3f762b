// Who may do what to whom in the fake host, and what becomes of it: enough of the real rules for every screen about people.
import type { Change, Command, Could, DecisionView, EffectsView, HeldChanges, InboxView, MemberView, Person, Refusal, Role, Rule, Verb } from './bindings';
import { fakeId, type FakePursuance } from './fake-world';

/** Commands about people and rules. */
export type Governing = Extract<Command, { kind: 'grant' | 'revokeGrant' | 'removeMember' | 'leave' | 'suspendDevice' | 'propose' | 'approve' | 'withdrawApproval' | 'ratify' | 'revokeInvite' | 'admit' | 'vouch' }>;

const NOW = (): number => Math.floor(Date.now() / 1000);

/** Whether a command is about people. */
export function governs(command: Command): command is Governing {
  return ['grant', 'revokeGrant', 'removeMember', 'leave', 'suspendDevice', 'propose', 'approve', 'withdrawApproval', 'ratify', 'revokeInvite', 'admit', 'vouch'].includes(command.kind);
}

const no = (refusal: Refusal): Could => ({ refusal, rules: [], needed: null, holders: null });
const yes = (rules: number[] = []): Could => ({ refusal: null, rules, needed: null, holders: null });

function me(data: FakePursuance): MemberView {
  return (data.members.find((member) => member.person.me) ?? data.members[0]) as MemberView;
}

function rankOf(member: MemberView): number {
  return Math.min(...member.roles.map((role) => role.rank), 255);
}

/** Lines that give a verb over a role to one of mine; `of`: with a number of signatures of that role. */
function lines(data: FakePursuance, verb: Verb, over: number | null, of: number | null): number[] {
  const mine = me(data).roles.map((role) => role.id);
  const fits = (rule: Rule): boolean => rule.verb === verb && (rule.role === 0 || mine.includes(rule.role)) && (of === null ? rule.quorum === null : rule.quorum?.of === of) && (over === null ? rule.object.over === 'rules' : rule.object.over === 'role' && rule.object.role === over);
  return data.rules.flatMap((rule, index) => (fits(rule) ? [index + 1] : []));
}

function needing(data: FakePursuance, verb: Verb, overs: readonly (number | null)[], of: number | null): Could {
  const found = overs.map((over) => lines(data, verb, over, of));
  if (found.every((some) => some.length > 0)) return yes([...new Set(found.flat())].sort((a, b) => a - b));
  const missing = overs[found.findIndex((some) => some.length === 0)];
  const about = (rule: Rule): boolean => (missing === null ? rule.object.over === 'rules' : rule.object.over === 'role' && rule.object.role === missing);
  const elsewhere = data.rules.findIndex((rule) => rule.verb === verb && rule.quorum === null && about(rule));
  return no({ code: 'notAllowed', verb, rule: elsewhere === -1 ? null : elsewhere + 1, allowedRole: data.rules[elsewhere]?.role ?? null });
}

function find(data: FakePursuance, id: string): MemberView | undefined {
  return [...data.members, ...data.others].find((member) => member.person.member === id);
}

/** What a change asks for: a verb, over which roles. */
function asks(data: FakePursuance, change: Change): { verb: Verb; over: (number | null)[] } {
  switch (change.kind) {
    case 'remove': return { verb: 'remove', over: change.roles?.length ? change.roles : (find(data, change.member)?.roles ?? []).map((role) => role.id) };
    case 'grant': return { verb: 'grant', over: [change.role] };
    case 'revokeGrant': return { verb: 'revoke', over: [holderOf(data, change.grant.entry)?.role.id ?? 0] };
    default: return { verb: 'amend', over: [null] };
  }
}

function holderOf(data: FakePursuance, entry: string): { member: MemberView; role: Role } | null {
  for (const member of data.members) {
    const at = member.grants.findIndex((grant) => grant.entry === entry);
    const role = member.roles[at];
    if (role !== undefined) return { member, role };
  }
  return null;
}

/** Whether a command would be carried out, and by which lines. */
export function could(data: FakePursuance, command: Command): Could {
  if (data.row.status.code === 'removed') return no({ code: 'removed' });
  const my = me(data);
  switch (command.kind) {
    case 'grant': {
      const to = find(data, command.member);
      if (to?.roles.some((role) => role.id === command.role)) return no({ code: 'nothingToChange' });
      return needing(data, 'grant', [command.role], null);
    }
    case 'revokeGrant': {
      const held = holderOf(data, command.grant.entry);
      if (held === null) return no({ code: 'grantNotHeld' });
      const may = needing(data, 'revoke', [held.role.id], null);
      return may.refusal === null && rankOf(held.member) <= rankOf(my) ? no({ code: 'notSenior' }) : may;
    }
    case 'removeMember': {
      const whom = find(data, command.member);
      if (whom === undefined || whom.presence !== 'here') return no({ code: 'noSuchMember' });
      const may = needing(data, 'remove', asks(data, { kind: 'remove', member: command.member, roles: command.roles ?? [] }).over, null);
      if (rankOf(whom) <= rankOf(my) && rankOf(my) === 0) return no({ code: 'notSenior' });
      return may;
    }
    case 'propose': {
      const asked = asks(data, command.change);
      const may = needing(data, asked.verb, asked.over, command.of);
      const holders = data.members.filter((member) => member.roles.some((role) => role.id === command.of)).length;
      if (may.refusal !== null || !my.roles.some((role) => role.id === command.of)) return may.refusal === null ? no({ code: 'notProposable' }) : may;
      return { ...may, needed: Math.floor(holders / 2) + 1, holders };
    }
    case 'approve': {
      const decision = data.decisions.find((each) => each.proposal === command.proposal);
      if (decision === undefined) return no({ code: 'noSuchProposal' });
      if (decision.mine || decision.decided) return no({ code: 'nothingToChange' });
      if (!my.roles.some((role) => role.id === decision.of)) return no({ code: 'notAllowed', verb: 'remove', rule: decision.rules[0] ?? null, allowedRole: decision.of });
      if (decision.change.kind === 'remove' && decision.change.member === my.person.member) return no({ code: 'nothingToChange' });
      return yes(decision.rules);
    }
    case 'withdrawApproval': {
      const decision = data.decisions.find((each) => each.proposal === command.proposal);
      return decision !== undefined && decision.mine && !decision.decided ? yes() : no({ code: 'nothingToChange' });
    }
    case 'admit': {
      const waits = data.others.some((member) => member.person.member === command.member && member.presence === 'waiting');
      return waits ? needing(data, 'admit', [2], null) : no({ code: 'nothingToChange' });
    }
    case 'vouch': {
      if (command.member === my.person.member) return no({ code: 'nothingToChange' });
      return needing(data, 'vouch', [(find(data, command.member)?.roles[0] ?? { id: 2 }).id], null);
    }
    case 'leave': return rankOf(my) === 0 && data.members.filter((member) => rankOf(member) === 0).length < 2 ? no({ code: 'lastAmender' }) : yes();
    case 'suspendDevice': {
      const whose = data.members.find((member) => member.devices.some((device) => device.author === command.author && device.twoHistories));
      return whose === undefined ? no({ code: 'notTwoHistories' }) : rankOf(my) > rankOf(whose) ? no({ code: 'notSenior' }) : yes();
    }
    case 'ratify': return rankOf(my) === 0 ? yes() : no({ code: 'notSenior' });
    case 'revokeInvite': {
      const row = data.invites.find((each) => each.invite.invite === command.invite.entry);
      if (row === undefined || !row.invite.open) return no({ code: 'nothingToChange' });
      return row.invite.inviter.me || rankOf(my) < row.invite.role.rank ? yes() : no({ code: 'notSenior' });
    }
    default: return yes();
  }
}

/** Carries a command out; whether it may be was asked before. */
export function carryOut(data: FakePursuance, command: Governing): void {
  const my = me(data).person;
  const roleOf = (id: number): Role[] => data.roles.filter((role) => role.id === id);
  switch (command.kind) {
    case 'grant': return effect(data, { ...command }, [my]);
    case 'revokeGrant': return effect(data, { ...command }, [my]);
    case 'removeMember': return effect(data, { kind: 'remove', member: command.member, roles: command.roles ?? [] }, [my]);
    case 'leave':
      data.row.status = { code: 'removed', kept: 0 };
      return effect(data, { kind: 'remove', member: my.member }, [my]);
    case 'suspendDevice':
      for (const member of data.members) {
        member.devices = member.devices.filter((device) => device.author !== command.author);
        member.twoHistories = member.devices.some((device) => device.twoHistories);
      }
      return;
    case 'propose': {
      const may = could(data, command);
      data.decisions = [...data.decisions, {
        proposal: fakeId(32, `proposal ${data.decisions.length}`), change: command.change, proposer: my, of: command.of, signed: [my], needed: may.needed ?? 2, decided: false, mine: true, rules: may.rules, proposedSeconds: NOW(), decidedSeconds: null,
      }];
      return settle(data);
    }
    case 'approve':
      data.decisions = data.decisions.map((each) => (each.proposal === command.proposal ? { ...each, signed: [...each.signed, my], mine: true } : each));
      return settle(data);
    case 'withdrawApproval':
      data.decisions = data.decisions.map((each) => (each.proposal === command.proposal ? { ...each, signed: each.signed.filter((by) => !by.me), mine: false } : each));
      return;
    case 'ratify': {
      data.held = withEntries(data.held, (entry) => !command.entries.includes(entry));
      data.refusedHeld = withEntries(data.refusedHeld, (entry) => !command.entries.includes(entry));
      return;
    }
    case 'revokeInvite':
      data.invites = data.invites.map((row) => (row.invite.invite === command.invite.entry ? { ...row, invite: { ...row.invite, open: false } } : row));
      return;
    case 'admit': {
      const waits = data.others.find((member) => member.person.member === command.member);
      if (waits === undefined) return;
      data.others = data.others.filter((member) => member !== waits);
      data.members = [...data.members, { ...waits, presence: 'here', roles: roleOf(2), grants: [{ entry: fakeId(32, `came ${command.member}`), op: 0 }], givenBy: [[]] }];
      return;
    }
    case 'vouch':
      data.members = data.members.map((member) => (member.person.member === command.member ? { ...member, vouchedBy: [...member.vouchedBy, my] } : member));
  }
}

/** Proposals with enough signatures take effect. */
function settle(data: FakePursuance): void {
  data.decisions = data.decisions.map((each): DecisionView => {
    if (each.decided || each.signed.length < each.needed) return each;
    effect(data, each.change, each.signed);
    return { ...each, decided: true, decidedSeconds: NOW() };
  });
}

function effect(data: FakePursuance, change: Change, by: Person[]): void {
  switch (change.kind) {
    case 'grant':
      data.members = data.members.map((member) => (member.person.member === change.member ? {
        ...member, roles: [...member.roles, ...data.roles.filter((role) => role.id === change.role)].sort((a, b) => a.rank - b.rank),
        grants: [...member.grants, { entry: fakeId(32, `grant ${change.member} ${change.role}`), op: 0 }], givenBy: [...member.givenBy, by],
      } : member));
      return;
    case 'revokeGrant': {
      const held = holderOf(data, change.grant.entry);
      if (held !== null) drop(data, held.member, [held.role.id]);
      return;
    }
    case 'remove': {
      const whom = find(data, change.member);
      if (whom !== undefined) drop(data, whom, change.roles?.length ? change.roles : whom.roles.map((role) => role.id));
      return;
    }
    case 'rename': data.name = data.row.name = change.name; return;
    case 'setRule': data.rules = change.present ? [...data.rules, change.rule] : data.rules.filter((rule) => JSON.stringify(rule) !== JSON.stringify(change.rule)); return;
    default:
  }
}

function drop(data: FakePursuance, whom: MemberView, roles: readonly number[]): void {
  const kept = whom.roles.flatMap((role, at) => (roles.includes(role.id) ? [] : [at]));
  const left: MemberView = { ...whom, roles: kept.map((at) => whom.roles[at] as Role), grants: kept.flatMap((at) => whom.grants[at] ?? []), givenBy: kept.map((at) => whom.givenBy[at] ?? []) };
  if (left.roles.length > 0) {
    data.members = data.members.map((member) => (member === whom ? left : member));
    return;
  }
  data.members = data.members.filter((member) => member !== whom);
  data.others = [...data.others, { ...left, presence: 'gone' }];
  data.invites = data.invites.map((row) => (row.invite.inviter.member === whom.person.member ? { ...row, invite: { ...row.invite, open: false } } : row));
}

/** What removing somebody would touch. */
export function effects(data: FakePursuance, id: string, roles: readonly number[]): EffectsView | null {
  const whom = find(data, id);
  if (whom === undefined) return null;
  const goes = (role: Role): boolean => roles.length === 0 || roles.includes(role.id);
  const kept = whom.roles.filter((role) => !goes(role));
  const open = data.tasks.filter((task) => task.status !== 'done' && task.status !== 'dropped');
  const invites = data.invites.map((row) => row.invite).filter((invite) => invite.open && invite.inviter.member === id && kept.length === 0);
  const reads = data.readers.filter((each) => each.people.some((one) => one.member === id));
  return {
    person: whom.person, lost: whom.roles.filter(goes), kept,
    tasks: open.flatMap((task) => {
      const taken = task.claim?.member === id;
      return taken || task.assignees.some((each) => each.member === id) ? [{ task: task.task, title: task.title, taken }] : [];
    }),
    invites, waiting: invites.flatMap((invite) => invite.waiting), entries: 41,
    reads: reads.map(({ role, people }) => ({ role, name: data.roles.find((each) => each.id === role)?.name ?? '', members: people.length })),
    goesOnReading: reads.filter(({ by }) => kept.some((role) => by.includes(role.id))).map(({ role }) => role),
    readableTasks: data.tasks.length, readableComments: data.tasks.reduce((sum, task) => sum + task.thread.length, 0),
  };
}

/** What waits for me. */
export function inbox(data: FakePursuance): InboxView {
  const may = (command: Command): boolean => could(data, command).refusal === null;
  return {
    decisions: data.decisions.filter((each) => each.signed.length > 0 && may({ kind: 'approve', proposal: each.proposal })),
    waiting: data.others.filter((member) => may({ kind: 'admit', member: member.person.member })),
    surplus: data.members.filter((member) => member.cameBy.kind === 'invite' && member.cameBy.surplus && !data.letIn.includes(member.person.member) && !member.person.me),
    held: may({ kind: 'ratify', entries: [] }) ? data.held : [],
    refused: may({ kind: 'ratify', entries: [] }) ? data.refusedHeld : [],
  };
}

function withEntries(held: readonly HeldChanges[], which: (entry: string) => boolean): HeldChanges[] {
  return held.map((each) => ({ ...each, entries: each.entries.filter(which), words: each.words.filter((words) => which(words.entry)) })).filter((each) => each.entries.length > 0);
}

/** Held entries are to stay without effect, or wait again. */
export function setRefused(data: FakePursuance, entries: readonly string[], refused: boolean): void {
  const from = refused ? data.held : data.refusedHeld;
  const moved = withEntries(from, (entry) => entries.includes(entry));
  const left = withEntries(from, (entry) => !entries.includes(entry));
  data.held = refused ? left : [...data.held, ...moved];
  data.refusedHeld = refused ? [...data.refusedHeld, ...moved] : left;
}
