// The sample pursuance with everything as long as it may be: names without a space, in other scripts and directions, long rules, long texts.
import type { Person, Role, Rule } from './bindings';
import { ALWAYS, fakeId, RULES, type FakePursuance } from './fake-world';

const MEMBER_CHARS = 64;
const NAMES = ['M'.repeat(MEMBER_CHARS), 'مجموعةالميناءالشرقيلكلالناسالذينيعيشونحوله'.slice(0, 40), '港口東岸居民聯合會秘書處及其所有附屬工作小組總協調', 'W'.repeat(MEMBER_CHARS), `Anna ${'i'.repeat(70)}`, 'אגודתתושביהרציףהמזרחישלהנמל'];
const LONG_WORD = 'Verkehrswegeplanungsbeschleunigungsgesetzesänderungsantragsformular';
const LONG_TITLE = `${LONG_WORD} ${'and everything that belongs to it, '.repeat(8)}${LONG_WORD.repeat(3)}`;
const LONG_TEXT = `${'What we know, since when, and from whom. '.repeat(9)}${LONG_WORD.repeat(2)}`;

/** Makes everything long. */
export function long(data: FakePursuance): void {
  const names = new Map<string, string>();
  const roles = new Map<number, string>([[1, `Hafenkoordinationsbeauftragte${'n'.repeat(40)}`], [2, `منسقالميناء${'ا'.repeat(30)}`]]);
  const name = (person: Person): Person => {
    if (!names.has(person.member)) names.set(person.member, NAMES[names.size % NAMES.length] as string);
    return { ...person, name: names.get(person.member) as string };
  };
  const grown = grow(structuredClone(data), name, (role) => ({ ...role, name: roles.get(role.id) ?? role.name })) as FakePursuance;
  Object.assign(data, grown);
  data.name = data.row.name = `${LONG_WORD}${LONG_WORD}`.slice(0, 118);
  data.mission = LONG_TEXT;
  data.rules = [...RULES, ...LONG_RULES];
  data.decisions = data.decisions.map((each, i) => (i === 3 ? { ...each, change: { kind: 'rename', name: data.name }, rules: [RULES.length + 1, RULES.length + 2] } : each));
  data.held = data.held.map((each) => ({ ...each, words: each.words.map((words) => ({ ...words, task: LONG_TITLE, text: LONG_TEXT })) }));
  data.members = data.members.map((each, i) => (i > 1 ? each : { ...each, falseSeals: [{ role: 1, to: data.members.map((one) => one.person) }, { role: 2, to: [] }] }));
  data.invites = data.invites.map((row) => ({ ...row, invite: { ...row.invite, note: LONG_TEXT } }));
  data.tasks = data.tasks.map((task, i) => (i > 3 ? task : { ...task, title: LONG_TITLE, body: `${LONG_TEXT}\n\n${LONG_WORD.repeat(9)}`, labels: [LONG_WORD, `${LONG_WORD}2`], ownerText: LONG_WORD, origin: { file: `${LONG_WORD}.json`, source: LONG_TEXT, id: LONG_WORD, by: LONG_WORD, created: LONG_WORD.slice(0, 32), people: [{ part: 'took' as const, name: LONG_WORD }] }, thread: task.thread.map((comment, at) => ({ ...comment, quoted: at === 0 ? { by: LONG_WORD, claimedSeconds: 1 } : null, text: `${LONG_TEXT} ${LONG_WORD.repeat(9)}` })) }));
  data.tasks.push(...data.tasks.slice(0, 1).map((task) => ({ ...task, task: fakeId(16, 'long below'), parent: task.task })));
}

/** Every person and every role in it anew. */
function grow(value: unknown, person: (person: Person) => Person, role: (role: Role) => Role): unknown {
  if (Array.isArray(value)) return value.map((each) => grow(each, person, role));
  if (typeof value !== 'object' || value === null) return value;
  if ('member' in value && 'mark' in value) return person(value as Person);
  if ('rank' in value && 'id' in value) return role(value as Role);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, grow(each, person, role)]));
}

const LONG_RULES: Rule[] = [
  { role: 1, verb: 'removeRetroactive', object: { over: 'role', role: 2 }, conditions: { ...ALWAYS, notSelf: true }, quorum: { count: 3, of: 1 } },
  { role: 2, verb: 'finish', object: { over: 'role', role: 1 }, conditions: { own: true, notSelf: true, review: 2, probation: 12, daily: 3, after: '2026-12-31' }, quorum: null },
];
