// The sample world of the fake host: one pursuance that looks lived in, its people, rules and tasks.
import type { Arriving, CommentView, Conditions, DecisionView, DetailsView, DeviceView, HeldChanges, InviteRow, MemberView, Origin, OtherText, Person, PursuanceRow, ReadersView, RelayView, Role, Rule, Status, Verb } from './bindings';

import type { FakeComputers } from './fake-computers';
import { nothingOwn, type FakeOwn } from './fake-own';

/** Where one task is said to come from. */
const ORIGIN: Origin = { file: 'board-2026.json', source: 'Trello: Oostkade', id: 'aB3dEf9h', by: 'Jo Bakker', created: '2026-08-02T09:00:00Z', people: [{ part: 'asked', name: 'Jo Bakker' }, { part: 'asked', name: 'Sam' }] };

/** No condition. */
export const ALWAYS: Conditions = { own: false, notSelf: false, review: null, probation: null, daily: null, after: null };

/** A task as the fake keeps it; rows and views are made of it. */
export type FakeTask = {
  /** The role at which it is at home, and the roles and members that it was opened to; everyone's where nothing is said. */
  readers?: { roles: number[]; persons: Person[]; later?: Person[] };
  task: string;
  parent: string | null;
  title: string;
  body: string;
  status: Status;
  claim: Person | null;
  assignees: Person[];
  ownerText: string | null;
  labels: string[];
  thread: CommentView[];
  filed?: boolean;
  delivery: 'kept' | 'handed' | 'seen' | null;
  started: string | null;
  finished: string | null;
  otherTitles: OtherText[];
  twoAnswers: boolean;
  due: string | null;
  priority: number;
  creator: Person;
  createdSeconds: number;
  details?: Partial<DetailsView>;
  origin?: Origin;
};

/** A pursuance as the fake keeps it. */
export type FakePursuance = {
  row: PursuanceRow;
  name: string;
  mission: string;
  roles: Role[];
  rules: Rule[];
  members: MemberView[];
  /** Who waits to be let in, and who is gone. */
  others: MemberView[];
  decisions: DecisionView[];
  /** Of each role whose tasks somebody may see: who does. */
  readers: ReadersView[];
  held: HeldChanges[];
  refusedHeld: HeldChanges[];
  /** Surplus members who were handed the key all the same. */
  letIn: string[];
  /** My phrase and my code. */
  computers: FakeComputers;
  myRole: number;
  tasks: FakeTask[];
  invites: InviteRow[];
  relays: RelayView[];
  arriving: Arriving[];
  /** States before each of my last changes, newest last. */
  undo: FakeTask[][];
  /** What I keep for myself. */
  own: FakeOwn;
};

const ORGANISER: Role = { id: 1, name: 'organiser', rank: 0 };
const MEMBER: Role = { id: 2, name: 'member', rank: 1 };
/** The roles every fake pursuance has. */
export const ROLES: Role[] = [ORGANISER, MEMBER];

function rule(role: number, verb: Verb, over: number | 'relays' | 'rules' = 0, own = false): Rule {
  return { role, verb, object: typeof over === 'string' ? { over } : { over: 'role', role: over }, conditions: { ...ALWAYS, own }, quorum: null };
}

/** More than half of the organisers. */
const MOST = { count: 0, of: 1 };

/** Rules in the order of their numbers, as a pursuance starts with. */
export const RULES: Rule[] = [
  rule(0, 'see'), rule(0, 'create'), rule(0, 'claim'), rule(0, 'comment'), rule(0, 'finish'), rule(0, 'reopen'), rule(0, 'edit', 0, true), rule(0, 'label', 0, true),
  rule(1, 'edit'), rule(1, 'label'), rule(1, 'assign'), rule(1, 'invite', 2), rule(1, 'amend', 'relays'),
  rule(1, 'amend', 'rules'), { ...rule(1, 'amend', 'rules'), quorum: MOST }, rule(1, 'admit', 2), rule(1, 'grant', 2), rule(1, 'grant', 1), rule(1, 'revoke', 2), rule(1, 'remove', 2),
  { ...rule(1, 'remove', 1), conditions: { ...ALWAYS, notSelf: true }, quorum: MOST }, { ...rule(1, 'checkpoint', 1), quorum: MOST }, rule(0, 'vouch', 2), rule(0, 'vouch', 1),
];

/** An id that looks like the real ones. */
export function fakeId(bytes: number, seed: string): string {
  let state = 2_166_136_261;
  for (const char of seed) state = Math.imul(state ^ char.charCodeAt(0), 16_777_619) >>> 0;
  let id = '';
  while (id.length < bytes * 2) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    id += (state >>> 8).toString(16).padStart(6, '0');
  }
  return id.slice(0, bytes * 2);
}

/** A person. */
export function person(name: string, me = false, mark = ''): Person {
  return { member: fakeId(32, `member ${name}${mark}`), name, mark, me };
}

/** A device; `more` says what is unusual about it. */
export function device(n: number, more: Partial<DeviceView> = {}): DeviceView {
  return { author: fakeId(32, `device ${n}`), addedSeconds: null, mine: false, twoHistories: false, ...more };
}

const DAY = 86_400;
const now = (): number => Math.floor(Date.now() / 1000);
/** The day so many days from now. */
const inDays = (days: number): string => new Date((now() + days * DAY) * 1000).toISOString().slice(0, 10);
/** A relay address of the right form; nobody answers there. */
export const RELAY = `${'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx'.slice(0, 56)}.onion/${'mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpiydcmrtgq2t'.slice(0, 52)}`;

type Sketch = [depth: number, title: string, status: Status, more?: Partial<FakeTask>];

/** The pursuance a visitor of the fake sees first. */
export function harbour(myRole: number): FakePursuance {
  const me = person(myRole === 1 ? 'Noor' : 'Sam', true);
  const maya = person('Maya');
  const ben = person('Ben', false, 'a3f1');
  const otherBen = person('Ben', false, '07c9');
  const ilse = person('Ilse van der Meer');
  const comment = (by: Person, text: string, hours: number, delivery: CommentView['delivery'] = null): CommentView => ({
    entry: fakeId(32, text), by, quoted: null, text, claimedSeconds: now() - hours * 3_600, delivery,
  });
  const sketches: Sketch[] = [
    [0, 'Find out who owns the east quay', 'doing', {
      claim: maya, labels: ['research'], due: inDays(5), priority: 2,
      body: 'The register names a holding in Rotterdam since 2019.\n\nWe need to know who signs for it, and since when. Copies of the pages, not photographs of the screen.',
      thread: [
        comment(maya, 'The register office is open Tuesday and Thursday mornings only.', 51),
        comment(ilse, 'I can lend you my reader’s card. The holding changed its name twice, ask for both: Oostkade Beheer and OKB.', 26),
        comment(me, 'Thank you. I will bring the numbers of the files on Thursday.', 3, 'handed'),
      ],
    }],
    [1, 'Get copies of the land register pages', 'done', { claim: maya, labels: ['research'] }],
    [1, 'Ask the chamber of commerce for the signatories', 'review', { claim: ilse, thread: [comment(ilse, 'Two names, one of them already known to us.', 30)] }],
    [1, 'Compare with the 2021 council minutes', 'open', { assignees: [me], labels: ['research'], delivery: 'kept', due: inDays(-2) }],
    [0, 'Open evening on 3 December', 'open', { labels: ['event'], due: inDays(12), body: 'In the canteen of the old shipyard, doors at 19:00.', details: {
      said: [{ field: 'why', value: 'So that people who live here hear of the plan from us, and not from the owner.' }, { field: 'start', value: inDays(4) }, { field: 'effort', value: 330 }, { field: 'helpWanted', value: true }, { field: 'kind', value: 'event' }, { field: 'repeat', value: { every: 3, unit: 'months' } }],
      contested: [{ field: 'effort', value: 240 }], reviewers: [maya], skills: ['speaks Turkish'],
      relations: [{ relation: 'waitsFor', task: fakeId(16, 'unread'), pointsHere: false, title: null, status: null }],
      checks: [{ check: fakeId(8, 'check 1'), text: 'The canteen is booked and paid', done: true }, { check: fakeId(8, 'check 2'), text: 'Somebody opens the gate at 18:00', done: false }, { check: fakeId(8, 'check 3'), text: 'Leaflets in both languages lie at the door', done: false }],
    } }],
    [1, 'Book the canteen', 'done', { claim: ben }],
    [1, 'Invite the neighbours of Sluisstraat', 'doing', { claim: me, delivery: 'seen', thread: [comment(otherBen, 'I have 120 leaflets left from last time.', 8)] }],
    [2, 'Print leaflets', 'done', { claim: otherBen, labels: ['print'], origin: ORIGIN, thread: [{ ...comment(maya, 'The printer on the Dam is open on Saturdays.', 400), quoted: { by: 'Jo Bakker', claimedSeconds: now() - 90 * 86_400 } }] }],
    [2, 'Walk the streets north of the lock', 'open', { assignees: [ben, otherBen] }],
    [2, 'Walk the streets south of the lock', 'open', { due: inDays(1) }],
    [1, 'Somebody who can interpret Turkish and Arabic', 'open', { labels: ['help wanted', 'event'] }],
    [1, 'Photograph the model of the harbour plan', 'suggested', { labels: ['photo'], creator: ben }],
    [0, 'Objection to the building permit', 'open', { labels: ['legal', 'deadline'], assignees: [ilse], due: inDays(20), priority: 1 }],
    [1, 'Collect signatures of residents within 500 metres', 'doing', { claim: ben, thread: [comment(ben, '83 so far.', 70), comment(ben, '117.', 20)] }],
    [1, 'Have the draft read by somebody who knows environmental law', 'open', { labels: ['legal', 'help wanted'], due: inDays(-6), priority: 2 }],
    [1, 'Measure noise on the quay at night', 'done', { ownerText: 'J. Bakker', due: inDays(-60), started: '2026-09-02', finished: '2026-09-19', labels: ['research'] }],
    [1, 'Hand in the objection at the town hall', 'open', { otherTitles: [{ text: 'Hand in the objection by registered post', by: ilse }] }],
    [0, 'Website with the documents we may publish', 'suggested', { labels: ['web'], priority: 4 }],
    [0, 'Thank-you cards for the shipyard', 'dropped'],
  ];
  return {
    row: {
      pursuance: fakeId(32, 'harbour'), name: 'Harbour for all', standing: 'member', canUndo: false, sample: false,
      status: { code: 'fine', reached: 2, of: 3, atSeconds: now() - 4 * 60, kept: 0 },
    },
    name: 'Harbour for all',
    mission: 'Keep the east quay open to everyone who lives around it',
    roles: ROLES,
    rules: RULES,
    myRole,
    members: [
      { person: myRole === 1 ? me : person('Noor'), presence: 'here', roles: [ORGANISER], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'founder' }, heardOfSeconds: now() - 60, twoHistories: false, falseSeals: [], devices: [device(1, { mine: myRole === 1 })] },
      { person: maya, presence: 'here', roles: [ORGANISER], grants: [], givenBy: [[myRole === 1 ? me : person('Noor')]], vouchedBy: [], cameBy: { kind: 'invite', inviter: myRole === 1 ? me : person('Noor'), surplus: false }, heardOfSeconds: now() - 3 * 3_600, twoHistories: false, falseSeals: [], devices: [device(2), device(22, { addedSeconds: now() - 20 * DAY })] },
      { person: ben, presence: 'here', roles: [MEMBER], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'invite', inviter: maya, surplus: false }, heardOfSeconds: now() - 2 * DAY, twoHistories: false, falseSeals: [], devices: [device(3)] },
      { person: otherBen, presence: 'here', roles: [MEMBER], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'invite', inviter: maya, surplus: true }, heardOfSeconds: now() - 8 * 3_600, twoHistories: false, falseSeals: [], devices: [device(4)] },
      { person: ilse, presence: 'here', roles: [MEMBER], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'invite', inviter: maya, surplus: false }, heardOfSeconds: now() - 12 * DAY, twoHistories: false, falseSeals: [], devices: [device(5)] },
      ...(myRole === 2 ? [{ person: me, presence: 'here' as const, roles: [MEMBER], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'invite' as const, inviter: maya, surplus: false }, heardOfSeconds: now() - 60, twoHistories: false, falseSeals: [], devices: [device(6, { mine: true })] }] : []),
    ],
    others: [], decisions: [], readers: [], held: [], refusedHeld: [], letIn: [], computers: { recovery: false, code: null, shown: false },
    tasks: grow(sketches, maya),
    invites: [],
    arriving: [],
    relays: [
      { address: RELAY, reachedSeconds: now() - 4 * 60, cells: 412, read: 412, handed: 37, waiting: 0, lacks: 0, fault: null, failing: false, agreedSeconds: Math.floor(now() / 86_400) * 86_400, cosigned: [], hasProof: false, used: true },
      { address: RELAY.replace(/^a/, 'q'), reachedSeconds: now() - 26 * 60, cells: 405, read: 405, handed: 35, waiting: 2, lacks: 7, fault: null, failing: true, agreedSeconds: null, cosigned: [], hasProof: false, used: true },
    ],
    undo: [],
    own: nothingOwn(),
  };
}

/** A second, almost empty one: for empty states and long names. */
export function garden(): FakePursuance {
  const me = person('Noor', true);
  return {
    row: { pursuance: fakeId(32, 'garden'), name: 'Kitchen garden behind the library', standing: 'member', canUndo: false, sample: false, status: { code: 'noRelay', kept: 3 } },
    name: 'Kitchen garden behind the library', mission: 'Vegetables for whoever waters them', roles: ROLES, rules: RULES, myRole: 1,
    members: [{ person: me, presence: 'here', roles: [ORGANISER], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'founder' }, heardOfSeconds: now(), twoHistories: false, falseSeals: [], devices: [device(7, { mine: true })] }],
    others: [], decisions: [], readers: [], held: [], refusedHeld: [], letIn: [], computers: { recovery: false, code: null, shown: false }, tasks: [], invites: [], relays: [], arriving: [], undo: [], own: nothingOwn(),
  };
}

function grow(sketches: readonly Sketch[], creator: Person): FakeTask[] {
  const above: string[] = [];
  return sketches.map(([depth, title, status, more]) => {
    const task = fakeId(16, `task ${title}`);
    above.length = depth;
    const parent = above[depth - 1] ?? null;
    above.push(task);
    return newTask({ task, parent, title, status, creator, createdSeconds: now() - 9 * DAY, ...more });
  });
}

/** A task with nothing but what is given. */
export function newTask(given: Partial<FakeTask> & Pick<FakeTask, 'task' | 'parent' | 'title' | 'creator'>): FakeTask {
  return {
    body: '', status: 'open', claim: null, assignees: [], ownerText: null, labels: [], thread: [], delivery: null, started: null, finished: null,
    otherTitles: [], twoAnswers: false, due: null, priority: 0, createdSeconds: now(), ...given,
  };
}

/** Many tasks, to try how the tree bears them. */
export function forest(count: number, creator: Person): FakeTask[] {
  const tasks: FakeTask[] = [];
  const statuses: Status[] = ['open', 'doing', 'done', 'open', 'review', 'suggested', 'done'];
  const owners = [null, 'J. Bakker', null, 'w07', null, 'Ilse van der Meer', null, null];
  const subjects = ['permits', 'letters to the council', 'invoices of the yard', 'photographs', 'minutes', 'maps', 'leases'];
  const above: string[] = [];
  for (let i = 0; i < count; i++) {
    const depth = i % 9 === 0 ? 0 : i % 9 < 3 || i % 3 === 0 ? 1 : 2;
    const task = fakeId(16, `forest ${i}`);
    above.length = depth;
    tasks.push(newTask({
      task, parent: above[depth - 1] ?? null, title: depth === 0 ? `Folder ${i + 1}: ${subjects[(i / 9) % subjects.length] ?? 'other'}` : `Folder ${i + 1}: read and note what it holds`,
      status: statuses[i % statuses.length] ?? 'open', creator, labels: i % 4 === 0 ? ['archive'] : i % 11 === 0 ? ['scan', 'names'] : [],
      ownerText: owners[i % owners.length] ?? null, due: i % 7 === 3 ? inDays((i % 61) - 9) : null, priority: i % 13 === 5 ? 1 + (i % 4) : 0,
    }));
    above.push(task);
  }
  return tasks;
}

/** Something that looks like a QR code; a fake link needs no real one. */
export function fakeQr(text: string): string[] {
  const SIDE = 41;
  const bits = fakeId((SIDE * SIDE) / 8 + 8, text);
  const finder = (x: number, y: number): boolean | null => {
    for (const [fx, fy] of [[0, 0], [SIDE - 7, 0], [0, SIDE - 7]] as const) {
      const dx = x - fx;
      const dy = y - fy;
      if (dx < -1 || dx > 7 || dy < -1 || dy > 7) continue;
      const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
      return ring === 3 || ring <= 1;
    }
    return null;
  };
  return Array.from({ length: SIDE }, (_, y) => Array.from({ length: SIDE }, (_, x) => {
    const nibble = parseInt(bits.charAt(((y * SIDE + x) >> 2) % bits.length), 16);
    return (finder(x, y) ?? ((nibble >> ((y * SIDE + x) & 3)) & 1) === 1) ? '#' : ' ';
  }).join(''));
}
