// The fake's reading of the filter's text: every word must hold. The real one is the core's.
import type { FakeTask } from './fake-world';

const WORDS = /-?(?:"[^"]*"?|[^\s"])+/g;
const WEEK_DAYS = 7;
const DAY_MILLISECONDS = 86_400_000;

/** Whether a task matches; without words every one does. */
export function matcher(filter: string): (task: FakeTask) => boolean {
  const tests = (filter.match(WORDS) ?? []).map((word) => {
    const negated = word.length > 1 && word.startsWith('-');
    const test = wordTest((negated ? word.slice(1) : word).replaceAll('"', '').toLowerCase());
    return negated ? (task: FakeTask) => !test(task) : test;
  });
  return (task) => tests.every((test) => test(task));
}

function wordTest(word: string): (task: FakeTask) => boolean {
  const [, name = '', value = ''] = /^(\w+):(.+)$/.exec(word) ?? [];
  if (word.length > 1 && word.startsWith('#')) return (task) => task.labels.some((label) => label.toLowerCase() === word.slice(1));
  if (word === '@me') return (task) => people(task).some((person) => person.me);
  if (word.length > 1 && word.startsWith('@')) return (task) => people(task).some((person) => person.name.toLowerCase().startsWith(word.slice(1)));
  if (name === 'label') return (task) => task.labels.some((label) => label.toLowerCase() === value);
  if (name === 'status' && value === 'active') return (task) => !ended(task);
  if (name === 'status' && value === 'ended') return ended;
  if (name === 'status' && /^(suggested|open|doing|review|done|dropped)$/.test(value)) return (task) => task.status === value;
  if (name === 'priority' && value === 'none') return (task) => task.priority === 0;
  if (name === 'priority' && /^[<>]?\d$/.test(value)) return (task) => task.priority !== 0 && compare(String(task.priority), value);
  if (name === 'origin') return (task) => [task.origin?.file ?? '', task.origin?.source ?? ''].some((text) => text.toLowerCase().includes(value));
  if (name === 'due') {
    const test = dueTest(value);
    if (test !== null) return test;
  }
  return (task) => [task.title, ...task.labels, ...people(task).map((person) => person.name), task.ownerText ?? ''].some((text) => text.toLowerCase().includes(word));
}

function dueTest(value: string): ((task: FakeTask) => boolean) | null {
  const today = new Date().toISOString().slice(0, 10);
  const week = new Date(Date.now() + WEEK_DAYS * DAY_MILLISECONDS).toISOString().slice(0, 10);
  switch (value) {
    case 'none': return (task) => task.due === null;
    case 'any': return (task) => task.due !== null;
    case 'overdue': return (task) => task.due !== null && task.due < today && !ended(task);
    case 'today': return (task) => task.due === today;
    case 'week': return (task) => task.due !== null && task.due >= today && task.due <= week;
    default: return /^[<>]?\d{4}-\d{2}-\d{2}$/.test(value) ? (task) => task.due !== null && compare(task.due, value) : null;
  }
}

function compare(text: string, wanted: string): boolean {
  if (wanted.startsWith('<')) return text < wanted.slice(1);
  return wanted.startsWith('>') ? text > wanted.slice(1) : text === wanted;
}

function people(task: FakeTask) {
  return task.claim === null ? task.assignees : [task.claim, ...task.assignees];
}

function ended(task: FakeTask): boolean {
  return task.status === 'done' || task.status === 'dropped';
}
