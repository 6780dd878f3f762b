// A day on which much waits for decisions: who asks to be let in, what is to be signed, what is held.
import type { DecisionView, MemberView, RelayView } from './bindings';
import { ALWAYS, device, fakeId, fakeQr, person, RELAY, ROLES, type FakePursuance } from './fake-world';

const DAY = 86_400;
const now = (): number => Math.floor(Date.now() / 1000);
const LONG_NAME = 'Maximiliane-Wilhelmina Oosterhuis-Vanderlinden of the Lower Quay Residents’ Association (Sluisstraat side)';

/** Fills the sample pursuance with what people decide about. */
export function busy(data: FakePursuance): void {
  const [organiser, member] = ROLES;
  if (organiser === undefined || member === undefined) return;
  const maya = data.members.find((each) => each.person.name === 'Maya');
  const noor = data.members.find((each) => each.person.name === 'Noor');
  const ilse = data.members.find((each) => each.person.name.startsWith('Ilse'));
  if (maya === undefined || noor === undefined || ilse === undefined) return;
  const organisers = data.members.filter((each) => each.roles.some((role) => role.id === organiser.id)).map((each) => each.person);
  data.readers = [{ role: organiser.id, by: [organiser.id], people: [...organisers, person(LONG_NAME)] }];
  const book = data.tasks.find((each) => each.title === 'Book the canteen');
  data.rules = [...data.rules, { role: organiser.id, verb: 'widen', object: { over: 'role', role: organiser.id }, conditions: ALWAYS, quorum: null }];
  if (book !== undefined) book.readers = { roles: [organiser.id], persons: [ilse.person] };
  const owner = data.tasks[0];
  const me = data.members.find((each) => each.person.me)?.person;
  if (owner !== undefined && me !== undefined) owner.thread = [...owner.thread, { entry: fakeId(32, 'named'), by: maya.person, text: `@${me.name} can you bring the **numbers** of the files? See [the register](https://example.org/register).`, claimedSeconds: now() - 1_200, delivery: null, quoted: null }];
  if (book !== undefined) data.own.watched[book.task] = 2;
  const kim = person('Kim');
  const kees = person('Kees');
  const base: MemberView = { person: kim, presence: 'waiting', roles: [], grants: [], givenBy: [], vouchedBy: [], cameBy: { kind: 'invite', inviter: maya.person, surplus: false }, heardOfSeconds: now() - 1_800, twoHistories: false, falseSeals: [], devices: [device(31)] };
  const long: MemberView = { ...base, person: person(LONG_NAME), presence: 'here', roles: [organiser, member], grants: [{ entry: fakeId(32, 'long 1'), op: 0 }, { entry: fakeId(32, 'long 2'), op: 0 }], givenBy: [[noor.person, maya.person], []], vouchedBy: [maya.person], devices: [device(33)] };
  const ben = data.members.find((each) => each.person.mark === 'a3f1');
  data.members = [...data.members.map((each) => (each === ben ? { ...each, twoHistories: true, devices: [device(3, { twoHistories: true })], vouchedBy: [maya.person] } : each)), long];
  data.others = [
    base,
    { ...base, person: person('Tomás Ó Súilleabháin'), cameBy: { kind: 'invite', inviter: noor.person, surplus: false }, devices: [device(32)] },
    { ...base, person: kees, presence: 'gone', heardOfSeconds: now() - 9 * DAY, devices: [device(34)] },
  ];
  const link = (name: string): string => `pursuance:${fakeId(90, name).replace(/[0189]/g, 'k')}`;
  const invite = (name: string, more: Partial<FakePursuance['invites'][number]['invite']>): FakePursuance['invites'][number] => ({
    invite: { invite: fakeId(32, name), op: 0, inviter: noor.person, role: member, uses: 5, used: 2, open: true, reviewed: false, note: '', came: [], waiting: [], ...more },
    link: more.inviter === undefined || more.inviter.me ? link(name) : null, qr: fakeQr(name), handed: true,
  });
  data.invites = [
    invite('plain', { came: ben === undefined ? [] : [ben.person, ilse.person] }),
    invite('reviewed', { inviter: maya.person, reviewed: true, uses: 10, used: 1, waiting: [kim], note: 'For the neighbours of Sluisstraat' }),
    invite('used up', { inviter: maya.person, uses: 1, used: 1, came: [ilse.person] }),
    invite('closed', { uses: 3, used: 1, open: false, came: [kees] }),
  ];
  const decision = (name: string, more: Partial<DecisionView>): DecisionView => ({
    proposal: fakeId(32, name), change: { kind: 'rename', name: 'Harbour for everyone' }, proposer: maya.person, of: 1, signed: [maya.person], needed: 2, decided: false, mine: false, rules: [15], proposedSeconds: now() - 5 * 3_600, decidedSeconds: null, ...more,
  });
  data.decisions = [
    decision('gone', { change: { kind: 'remove', member: kees.member, roles: [] }, signed: [noor.person, maya.person], mine: noor.person.me, decided: true, rules: [21], proposedSeconds: now() - 9 * DAY, decidedSeconds: now() - 8 * DAY }),
    decision('withdrawn', { change: { kind: 'checkpoint' }, rules: [22], signed: [], proposedSeconds: now() - 20 * DAY }),
    decision('long', { change: { kind: 'remove', member: long.person.member, roles: [] }, rules: [20, 21], needed: 2 }),
    decision('mine', { change: { kind: 'rename', name: 'Harbour for everyone' }, proposer: noor.person, signed: [noor.person], mine: noor.person.me }),
  ];
  const forked = { reachedSeconds: now() - 3 * DAY, cells: 391, read: 391, handed: 30, waiting: 0, lacks: 0, fault: 'forked', failing: false, agreedSeconds: null, cosigned: [], hasProof: true } satisfies Partial<RelayView>;
  data.relays = [...data.relays, { ...forked, address: RELAY.replace(/^a/, 'h'), used: true }, { ...forked, address: RELAY.replace(/^a/, 'w'), fault: null, hasProof: false, used: false }];
  data.held = [
    { by: kees, entries: [fakeId(32, 'held 1'), fakeId(32, 'held 2')], joined: false, refusal: { code: 'removed' }, words: [
      { entry: fakeId(32, 'held 1'), task: 'Find out who owns the east quay', what: 'commented', text: 'The guard changes at six. Nobody is at the north gate before seven.' },
      { entry: fakeId(32, 'held 2'), task: '', what: 'created', text: 'Ask the crane driver about the Tuesday delivery' },
    ] },
    { by: person('Ana'), entries: [fakeId(32, 'held 3')], joined: true, refusal: { code: 'inviteClosed' }, words: [] },
  ];
}
