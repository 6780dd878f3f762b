// One sentence for each code the node gives: status, trouble, refusal, rule, delivery.
import type { Fault, Openable, PeopleView, Person, Readers, Refusal, Role, StatusLine, Trouble } from '../host/bindings';
import { EVERYONE } from './rule';
import { isolated, t, type Key } from './index';
import { holders, manyOf, verbWords } from './rules';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago something was, in words. */
export function ago(seconds: number, now: number): string {
  const past = Math.max(0, now - seconds);
  if (past < MINUTE) return t('ago.now');
  if (past < HOUR) return t('ago.minutes', { n: Math.floor(past / MINUTE) });
  if (past < DAY) return t('ago.hours', { n: Math.floor(past / HOUR) });
  return t('ago.days', { n: Math.floor(past / DAY) });
}

/** A length of time, in words. */
export function span(seconds: number): string {
  const words = ago(0, Math.abs(seconds));
  return words.replace(/ ago$/, '');
}

/** When somebody was last heard of, coarsely on purpose. */
export function heardOf(seconds: number, now: number): string {
  if (seconds === 0) return t('heard.never');
  const past = now - seconds;
  if (past < DAY) return t('heard.today');
  if (past < 7 * DAY) return t('heard.week');
  return past < 31 * DAY ? t('heard.month') : t('heard.long');
}

/** The time of day, or the date where it was another day. */
export function clockTime(seconds: number, now: number): string {
  const date = new Date(seconds * 1000);
  if (date.toDateString() === new Date(now * 1000).toDateString()) {
    return date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  }
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A day in words. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** A member's name, with the mark that tells two people of one name apart. */
export function nameOf(person: Person): string {
  return person.mark === '' ? person.name : `${person.name} · ${person.mark}`;
}

const BYTES_IN_KILOBYTE = 1_000;
const DAYS_IN_WEEK = 7;

/** A day near enough to be named by its word or weekday, otherwise by its date; the year where it is another one. */
export function dayWords(day: string, today: string): string {
  const away = daysBetween(today, day);
  if (away === 0) return t('day.today');
  if (away === 1) return t('day.tomorrow');
  if (away === -1) return t('day.yesterday');
  const year = day.slice(0, 4) === today.slice(0, 4) ? undefined : 'numeric';
  return dateOf(day, away > 1 && away < DAYS_IN_WEEK ? { weekday: 'short', day: 'numeric', month: 'short', year } : { day: 'numeric', month: 'short', year });
}

/** A day in full, with how far away it is. */
export function wholeDay(day: string, today: string): string {
  const away = daysBetween(today, day);
  const date = dateOf(day, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  if (Math.abs(away) <= 1) return `${date} · ${dayWords(day, today)}`;
  return `${date} · ${away > 0 ? t('day.ahead', { n: away }) : t('day.past', { n: -away })}`;
}

function dateOf(day: string, form: Intl.DateTimeFormatOptions): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { ...form, timeZone: 'UTC' }).replace(',', '');
}

function daysBetween(day: string, other: string): number {
  return Math.round((Date.parse(`${other}T00:00:00Z`) - Date.parse(`${day}T00:00:00Z`)) / (DAY * 1_000));
}

/** How big a file is. */
export function sizeWords(bytes: number): string {
  if (bytes < BYTES_IN_KILOBYTE) return t('size.bytes', { n: bytes });
  if (bytes < BYTES_IN_KILOBYTE ** 2) return t('size.kilobytes', { n: Math.round(bytes / BYTES_IN_KILOBYTE) });
  return t('size.megabytes', { n: Math.round(bytes / BYTES_IN_KILOBYTE ** 2 * 10) / 10 });
}

/** A priority as a word. */
export function priorityWord(priority: number): string {
  return t(`priority.${priority}` as Key);
}

/** The one status sentence. */
export function statusSentence(line: StatusLine, now: number): string {
  const kept = 'kept' in line && line.kept > 0 ? t('status.kept', { kept: line.kept }) : '';
  switch (line.code) {
    case 'noRelay': return t('status.noRelay') + kept;
    case 'offline': return t('status.offline') + kept;
    case 'torUnasked': return t('status.torUnasked') + kept;
    case 'torStarting': return t('status.torStarting', { percent: line.percent }) + kept;
    case 'torUnreachable': return t('status.torUnreachable') + kept;
    case 'connecting': return t('status.connecting') + kept;
    case 'reading': return t('status.reading', { read: line.read, of: line.of });
    case 'fine': return t('status.fine', { reached: line.reached, of: line.of, ago: ago(line.atSeconds, now) }) + kept;
    case 'unreachable': {
      const since = line.sinceSeconds === 0 ? t('status.unreachableNever') : t('status.unreachable', { since: clockTime(line.sinceSeconds, now) });
      return since + kept + t('status.retry', { wait: waitWords(line.retrySeconds) });
    }
    case 'relayFault': return t(`status.${line.fault}`);
    case 'gap': return line.by === null ? t('status.gap', { entries: line.entries }) : t('status.gapBy', { entries: line.entries, by: line.by });
    case 'twoHistories': return t('status.twoHistories', { by: line.by });
    case 'needsNewer': return t('status.needsNewer', { entries: line.entries });
    case 'overtaken': return t('status.overtaken');
    case 'removed': return line.kept > 0 ? t('status.removedKept', { kept: line.kept }) : t('status.removed');
    case 'deviceRemoved': return t('status.deviceRemoved');
  }
}

/** Whether a person should act on the status, which is when it may have a colour. */
export function asksForAction(line: StatusLine): boolean {
  return line.code === 'relayFault' || line.code === 'twoHistories' || line.code === 'needsNewer';
}

function waitWords(seconds: number): string {
  return seconds < 90 ? t('wait.seconds', { n: seconds }) : t('wait.minutes', { n: Math.round(seconds / MINUTE) });
}

/** How a relay broke its word, and what follows. */
export function faultSentence(fault: Fault): string {
  return t(`fault.${fault}`);
}

/** Why something was not done, in one sentence with the rule's number. */
export function refusalSentence(refusal: Refusal, roles: readonly Role[]): string {
  switch (refusal.code) {
    case 'notAllowed': {
      const verb = verbWords(refusal.verb);
      if (refusal.rule === null || refusal.allowedRole === null) return t('refused.noRule', { verb });
      return t('refused.rule', { role: manyOf(refusal.allowedRole, roles), verb, rule: refusal.rule });
    }
    case 'onlyOwn': return t('refused.onlyOwn', { verb: verbWords(refusal.verb), rule: refusal.rule });
    case 'tooLong': return t('refused.tooLong', { maxBytes: refusal.maxBytes });
    case 'tooMany': return t('refused.tooMany', { max: refusal.max });
    case 'needsQuorum': {
      const words = { verb: verbWords(refusal.verb), count: refusal.count, of: holders(refusal.of, roles), rule: refusal.rule };
      return t(refusal.count === 0 ? 'refused.needsMost' : 'refused.needsSome', words);
    }
    case 'onlyOthers':
    case 'onProbation': return t(`refused.${refusal.code}`, { ...refusal, verb: verbWords(refusal.verb) });
    case 'needsReview': return t('refused.needsReview', { verb: verbWords(refusal.verb), count: refusal.count, of: holders(refusal.of, roles), rule: refusal.rule });
    case 'notBefore': return t('refused.notBefore', { rule: refusal.rule, day: refusal.day });
    case 'enoughToday': return t('refused.enoughToday', { rule: refusal.rule, times: refusal.times });
    default: return t(`refused.${refusal.code}`);
  }
}

/** The number of the rule that a trouble names. */
export function ruleOf(trouble: Trouble | null): number | null {
  return trouble?.code === 'refused' && 'rule' in trouble.refusal ? trouble.refusal.rule : null;
}

/** What went wrong, in one sentence. */
export function troubleSentence(trouble: Trouble, roles: readonly Role[]): string {
  switch (trouble.code) {
    case 'refused': return refusalSentence(trouble.refusal, roles);
    case 'passphraseTooShort': return t('trouble.passphraseTooShort', { minChars: trouble.minChars });
    case 'newerFile': return t('trouble.newerFile', { found: trouble.found, known: trouble.known });
    case 'notARecoveryPhrase': return trouble.word === null ? t('trouble.notARecoveryPhrase') : t('trouble.notARecoveryPhraseWord', { word: trouble.word });
    case 'notABridge': return t('trouble.notABridge', { line: trouble.line });
    case 'bridgeTransport': return t('trouble.bridgeTransport', { line: trouble.line });
    case 'tooManyWitnesses': return t('trouble.tooManyWitnesses', { most: trouble.most });
    case 'importProblems': return t('trouble.importProblems', { problems: trouble.problems });
    default: return t(`trouble.${trouble.code}`);
  }
}

/** Everybody who reads what is said to a role: it, and the other roles to which rules give it. `called` says how a role is called. */
export function readingRoles(role: number, people: PeopleView | null, called: (role: number) => string): string {
  const by = people?.readers.find((each) => each.role === role)?.by ?? [];
  return listed([role, ...by.filter((other) => other !== role)].map(called));
}

function readersName(readers: Readers, people: PeopleView | null): string {
  return readingRoles(readers.role, people, (role) => (role === readers.role ? readers.name : people?.roles.find((each) => each.id === role)?.name ?? String(role)));
}

/** Who can read a task: one line for each role. */
export function readersSentence(readers: Readers, people: PeopleView | null): string {
  if (readers.role === EVERYONE) return t('task.readersEveryone', { n: readers.members });
  return t(readers.sinceJoining === true ? 'task.readersRoleSince' : 'task.readersRole', { readers: readersName(readers, people), n: readers.members });
}

/** What it means to open a task to a role. */
export function widenSentence({ readers, new: fresh }: Openable, comments: number, people: PeopleView | null): string {
  const words = readers.role === EVERYONE
    ? t('readers.warnEveryone', { n: readers.members, comments })
    : t(readers.sinceJoining === true ? 'readers.warnRoleSince' : 'readers.warnRole', { readers: readersName(readers, people), n: readers.members, comments });
  const known = readers.members - fresh;
  return known === 0 ? words : `${words} ${t('readers.already', { n: known })}`;
}

/** What it means to open a task to one member. */
export function widenPersonSentence(person: Person, comments: number): string {
  return t('readers.warnPerson', { name: nameOf(person), comments });
}

/** Names put one after another, each isolated. */
export function listed(names: readonly string[]): string {
  return names.map(isolated).join(', ');
}

/** The key of a status word. */
export function statusKey(status: string): Key {
  return `state.${status}` as Key;
}
