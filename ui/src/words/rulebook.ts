// The book of rules and the log, in sentences.
import type { LogRow, ParseError, PeopleView, Person, Refusal, Right, Role, Saying } from '../host/bindings';
import { t } from './index';
import { changeWords } from './people';
import { holders, manyOf, rightSentence, roleName, verbWords } from './rules';
import { nameOf, refusalSentence } from './sentences';

/** What is wrong with a text of rules, and where. */
export function parseSentence(error: ParseError): string {
  const problem = error.problem;
  const words = { ...problem, verb: problem.kind === 'meaningless' ? verbWords(problem.verb) : '' };
  const { expected: _expected, nearest: _nearest, why: _why, kind: _kind, ...values } = words as Record<string, unknown>;
  const what = t(`parse.${problem.kind}`, values as Record<string, string | number>);
  const nearest = 'nearest' in problem && problem.nearest !== null ? t('book.nearest', { nearest: problem.nearest }) : '';
  const found = error.found === '' ? '' : t('book.found', { found: error.found });
  return t('book.wrong', { line: error.place.line, column: error.place.column, what }) + found + nearest;
}

/** What some rights come to. */
export function rightsWords(rights: readonly { lines: Right['lines'] }[], roles: readonly Role[]): string {
  return rights.flatMap((right) => right.lines.slice(0, 1).map((line) => rightSentence(line.rule, roles))).join('; ');
}

function whom(about: Person | null): string {
  return about === null ? t('say.somebody') : nameOf(about);
}

/** One thing that an entry says, after who said it. */
export function sayingWords(saying: Saying, people: PeopleView): string {
  switch (saying.kind) {
    case 'changed': return t('say.changed', { change: changeWords(saying.change, people) });
    case 'proposed': return t('say.proposed', { of: holders(saying.of, people.roles), change: changeWords(saying.change, people) });
    case 'invited': return t('say.invited', { uses: saying.uses, role: roleName(saying.role, people.roles) });
    case 'joined': return t('say.joined', { name: saying.name });
    case 'admitted':
    case 'vouched': return t(`say.${saying.kind}`, { about: whom(saying.about) });
    case 'ratified': return t('say.ratified', { n: saying.entries });
    case 'tasks': {
      if (saying.titles.length === 0) return t('say.tasksSealed', { n: saying.items });
      const titles = saying.titles.map((title) => `“${title}”`).join(', ');
      const more = saying.items - saying.titles.length;
      return more > 0 ? t('say.tasksMore', { titles, n: more }) : t('say.tasks', { titles });
    }
    default: return t(`say.${saying.kind}`);
  }
}

/** Why an entry has no effect, in the same words for its author and for everybody else. */
export function whyWords(refusal: Refusal, roles: readonly Role[]): string {
  switch (refusal.code) {
    case 'notAllowed': {
      const verb = verbWords(refusal.verb);
      if (refusal.rule === null || refusal.allowedRole === null) return t('log.why.noRule', { verb });
      return t('log.why.rule', { role: manyOf(refusal.allowedRole, roles), verb, rule: refusal.rule });
    }
    case 'onlyOwn':
    case 'onlyOthers':
    case 'onProbation': return t(`log.why.${refusal.code}`, { ...refusal, verb: verbWords(refusal.verb) });
    case 'grantNotHeld':
    case 'notClaimed':
    case 'notSenior':
    case 'rankAboveOwn': return t(`log.why.${refusal.code}`);
    default: return refusalSentence(refusal, roles);
  }
}

/** An entry as a line of a table that holds no name, no title, no text and no role: codes, numbers and its claimed day. */
export function plainRow(row: LogRow): string {
  const why = row.refusal === null ? '' : `${row.refusal.code}${'rule' in row.refusal && row.refusal.rule !== null ? ` (rule ${row.refusal.rule})` : ''}`;
  const parts = row.itemsRefused.map((number) => `F${number}`);
  const day = new Date(row.claimedSeconds * 1000).toISOString().slice(0, 10);
  return [day, row.author.slice(0, 6), row.seq, row.says.map((saying) => saying.kind).join(' '), row.standing, [why, ...parts, row.beside === null ? '' : 'twoHistories'].filter((each) => each !== '').join(' ')].join(',');
}

/** Where an entry stands in its device's log; the device by the first letters of its key. */
export function placeWords(row: LogRow): string {
  return t('log.place', { device: row.author.slice(0, 6), seq: row.seq });
}
