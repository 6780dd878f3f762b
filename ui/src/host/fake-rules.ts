// Rules, drafts of them and the log, as the fake host knows them: enough to show and test every screen.
import type { Answer, LogView, Object as Over, RulesDraft, RulesView, Rule, Verb } from './bindings';
import type { FakePursuance } from './fake-world';

const TEXT = 'role organiser rank 0\nrole member rank 1\n\neveryone {\n  see tasks everyone\n  create tasks everyone\n}\norganiser {\n  assign tasks everyone\n}\n';

/** The rules; the text is a shorter one than they would have. */
export function rulesView(data: FakePursuance): RulesView {
  const me = data.members.find((member) => member.person.me)?.person;
  const set: Rule | undefined = data.rules[0];
  const versions = set === undefined || me === undefined ? [] : [{ entry: 'a'.repeat(52), signed: [me], claimedSeconds: Math.floor(Date.now() / 1000) - 3 * 86_400, changes: [{ kind: 'setRule' as const, rule: set, present: true }] }];
  return { text: TEXT, roles: data.roles, rules: data.rules, versions };
}

/** What a text would do: nothing as it is, wrong where it says `bad`, otherwise one more line that others must agree to. */
export function rulesDraft(data: FakePursuance, text: string): RulesDraft {
  if (text === TEXT) return { state: 'same' };
  const lines = text.split('\n');
  const line = lines.findIndex((each) => each.includes('bad'));
  if (line !== -1) return { state: 'wrong', error: { place: { line: line + 1, column: (lines[line] ?? '').indexOf('bad') + 1 }, found: 'bad', problem: { kind: 'expected', expected: ['verb'], nearest: 'add' } } };
  const rule: Rule = { role: 2, verb: 'remove', object: { over: 'role', role: 2 }, conditions: { own: false, notSelf: true, review: null, probation: null, daily: null, after: null }, quorum: { count: 2, of: 2 } };
  const come = { number: data.rules.length + 1, rule };
  const gained = [{ verb: rule.verb, object: rule.object, lines: [come] }];
  const people = data.members.filter((member) => !member.person.me).map((member) => ({ person: member.person, rights: { gained, lost: [], changed: [] } }));
  const newRoles = [...text.matchAll(/^role (\w+) rank (\d+)( since-joining)?$/gm)].filter(([, name]) => data.roles.every((role) => role.name !== name))
    .map(([, name = '', rank, since], i) => ({ id: 100 + i, name, rank: Number(rank), ...(since === undefined ? {} : { sinceJoining: true }) }));
  return {
    state: 'changes', difference: { newRoles, goneRoles: [], come: [come], go: [], roles: [{ role: 2, rights: { gained, lost: [], changed: [] } }] }, people,
    steps: [{ change: { kind: 'setRule', rule, present: true }, how: { how: 'together', of: 1 } }], decisions: 0, tasks: 0,
  };
}

/** Whether a line lets somebody do something. */
export function tryRule(data: FakePursuance, member: string, verb: Verb, object: Over): Answer | null {
  const roles = data.members.find((each) => each.person.member === member)?.roles.map((role) => role.id);
  if (roles === undefined) return null;
  const about = data.rules.map((rule, i) => ({ number: i + 1, rule })).filter(({ rule }) => rule.verb === verb && JSON.stringify(rule.object) === JSON.stringify(object));
  const mine = about.filter(({ rule }) => rule.role === 0 || roles.includes(rule.role));
  const may = mine.some(({ rule }) => rule.quorum === null) ? 'alone' : mine.length > 0 ? 'together' : 'no';
  return { may, lines: mine, tooHigh: [], elsewhere: mine.length === 0 ? (about[0] ?? null) : null };
}

/** A short log: the beginning, somebody who came, and one entry that has no effect. */
export function logView(data: FakePursuance, trouble: boolean): LogView {
  const day = 86_400;
  const now = Math.floor(Date.now() / 1000);
  const persons = data.members.map((member) => member.person);
  const [first, second] = [persons[0], persons[1] ?? persons[0]];
  const row = (seq: number, ago: number): Omit<LogView['rows'][number], 'by' | 'says' | 'standing' | 'refusal'> => ({ entry: `${seq}`.repeat(52).slice(0, 52), author: 'b'.repeat(52), seq, claimedSeconds: now - ago * day, itemsRefused: [], beside: null });
  const rows: LogView['rows'] = first === undefined || second === undefined ? [] : [
    { ...row(3, 0), by: second, says: [{ kind: 'tasks', titles: ['Ask the chamber of commerce for the signatories'], items: 2 }], standing: 'held', refusal: { code: 'removed' } },
    { ...row(2, 1), by: second, says: [{ kind: 'joined', name: second.name }], standing: 'counts', refusal: null },
    { ...row(1, 2), by: first, says: [{ kind: 'invited', role: 2, uses: 3 }], standing: 'counts', refusal: null },
    { ...row(0, 2), by: first, says: [{ kind: 'founded' }], standing: 'counts', refusal: null },
  ];
  const shown = trouble ? rows.filter((each) => each.standing !== 'counts') : rows;
  return { rows: shown, older: null, entries: rows.length, troubles: 1, announced: 0 };
}
