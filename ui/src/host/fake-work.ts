// The fake's many changes at once, its lists and my order.
import type { ChosenKey, Column, Command, GroupOf, ListGroup, ListView, MeantView, NotDone, Query, Reply, TreeRow, TreeView, Trouble } from './bindings';
import type { FakeGroup } from './fake-group';
import { refused } from './fake-group';
import { shownRows } from './fake-tree';
import type { FakeTask } from './fake-world';

const MAX_TREE_ROWS = 50;
const MAX_MANY = 500;
const WEEK_DAYS = 6;
const DAY_MILLISECONDS = 86_400_000;
const STATUSES = ['suggested', 'open', 'doing', 'review', 'done', 'dropped'];
const WHEN = ['overdue', 'today', 'week', 'later', 'past', 'never'] as const;
/** After every text. */
const LAST = '\u{10ffff}';

type ListQuery = Extract<Query, { kind: 'list' }>;

/** Carries out many: what is refused is left out and named. */
export function actAll(group: FakeGroup, commands: readonly Command[], joins: boolean): Reply {
  if (commands.length > MAX_MANY) throw { code: 'malformed' } satisfies Trouble;
  const { data } = group;
  const before = structuredClone(data.tasks);
  const depth = data.undo.length;
  const notDone = tryAll(group, commands);
  data.undo.length = depth;
  if (notDone.length === commands.length && notDone[0] !== undefined) throw refused(notDone[0].refusal);
  if (!joins || data.undo.length === 0) data.undo.push(before);
  data.row.canUndo = true;
  return { kind: 'acted', done: commands.length - notDone.length, refused: notDone };
}

/** What of many would be refused; nothing is done. */
export function couldMany(group: FakeGroup, commands: readonly Command[]): NotDone[] {
  const { data } = group;
  const before = { tasks: data.tasks, row: structuredClone(data.row), depth: data.undo.length };
  data.tasks = structuredClone(data.tasks);
  try {
    return tryAll(group, commands);
  } finally {
    data.tasks = before.tasks;
    data.row = before.row;
    data.undo.length = before.depth;
  }
}

function tryAll(group: FakeGroup, commands: readonly Command[]): NotDone[] {
  return commands.flatMap((command, index) => {
    try {
      group.act(command);
      return [];
    } catch (thrown) {
      const trouble = thrown as Trouble;
      if (trouble.code !== 'refused') throw thrown;
      return [{ index, refusal: trouble.refusal }];
    }
  });
}

/** Puts a task past its neighbour. */
export function reorder(tasks: FakeTask[], task: string, past: 'before' | 'after'): void {
  const from = tasks.findIndex((each) => each.task === task);
  const moved = tasks[from];
  if (moved === undefined) throw refused({ code: 'noSuchTask' });
  const step = past === 'before' ? -1 : 1;
  let to = from + step;
  while (tasks[to] !== undefined && (tasks[to]?.parent !== moved.parent || tasks[to]?.status === 'dropped')) to += step;
  if (tasks[to] === undefined) throw refused({ code: 'nothingToChange' });
  tasks.splice(from, 1);
  tasks.splice(to, 0, moved);
}

/** One page of the list. */
export function listPage(tasks: readonly FakeTask[], query: ListQuery, around: (rows: TreeRow[]) => TreeView): ListView {
  const today = new Date().toISOString().slice(0, 10);
  const rows = shownRows(tasks, { filter: query.filter ?? '', dropped: query.dropped ?? false }).filter((row) => row.matches && (query.status == null || row.status === query.status));
  const grouped = query.group !== 'tree' && query.group !== 'title';
  const up = query.direction === 'up' ? 1 : -1;
  const keyed = rows.map((row) => ({ row: { ...row, hasChildren: false, folded: false }, group: grouped ? (query.group === 'due' ? WHEN.indexOf(when(row, today)) : keyOf(query.group, row)) : 0, key: keyOf(query.sort, row) }));
  keyed.sort((a, b) => compare(a.group, b.group) || (a.key === LAST || b.key === LAST ? compare(a.key, b.key) : up * compare(a.key, b.key)));
  const place = query.around == null ? -1 : keyed.findIndex((each) => each.row.task === query.around);
  const first = Math.min(keyed.length, place === -1 ? (query.first ?? 0) : Math.floor(place / MAX_TREE_ROWS) * MAX_TREE_ROWS);
  const groups: ListGroup[] = [];
  for (let at = first; grouped && at < Math.min(keyed.length, first + MAX_TREE_ROWS);) {
    const here = keyed[at];
    if (here === undefined) break;
    const begins = keyed.findIndex((each) => each.group === here.group);
    const count = keyed.filter((each) => each.group === here.group).length;
    groups.push({ of: groupOf(query.group, here.row, today), first: begins, rows: count });
    at = begins + count;
  }
  const page = around(keyed.map((each) => each.row).slice(first, first + MAX_TREE_ROWS));
  return { page: { ...page, first, shown: keyed.length, matching: keyed.length, opened: [] }, groups };
}

/** Which tasks are meant, of those that show. */
export function meant(tasks: readonly FakeTask[], query: Extract<Query, { kind: 'meant' }>): MeantView {
  const rows = shownRows(tasks, { filter: query.filter ?? '', dropped: query.dropped ?? false, folded: query.folded }).filter((row) => row.matches);
  return { tasks: rows.slice(0, MAX_MANY).map((row) => row.task), of: rows.length };
}

/** Whether keys are as the host takes them. */
export function checkKeys(keys: readonly ChosenKey[]): void {
  if (keys.length > 100 || keys.some((each) => each.action === '' || each.key === '' || each.key.length > 32)) throw { code: 'malformed' } satisfies Trouble;
}

function compare(a: string | number, b: string | number): number {
  return a === b ? 0 : a < b || b === LAST ? -1 : 1;
}

function who(row: TreeRow): string {
  return (row.claim ?? row.assignees[0])?.name ?? row.ownerText ?? '';
}

function keyOf(column: Column, row: TreeRow): string | number {
  switch (column) {
    case 'tree': return LAST;
    case 'title': return row.title.toLowerCase();
    case 'status': return STATUSES.indexOf(row.status);
    case 'due': return row.due ?? LAST;
    case 'priority': return row.priority === 0 ? LAST : row.priority;
    case 'who': return who(row) === '' ? LAST : who(row).toLowerCase();
    case 'label': return row.labels[0]?.toLowerCase() ?? LAST;
  }
}

function when(row: TreeRow, today: string): (typeof WHEN)[number] {
  if (row.due === null) return 'never';
  if (row.due < today) return row.status === 'done' || row.status === 'dropped' ? 'past' : 'overdue';
  if (row.due === today) return 'today';
  return row.due <= new Date(Date.now() + WEEK_DAYS * DAY_MILLISECONDS).toISOString().slice(0, 10) ? 'week' : 'later';
}

function groupOf(column: Column, row: TreeRow, today: string): GroupOf {
  switch (column) {
    case 'due': return { kind: 'due', when: when(row, today) };
    case 'priority': return { kind: 'priority', priority: row.priority };
    case 'who': { const person = row.claim ?? row.assignees[0] ?? null; return { kind: 'who', person, owner: person === null ? (row.ownerText ?? '') : '' }; }
    case 'label': return { kind: 'label', label: row.labels[0] ?? '' };
    default: return { kind: 'status', status: row.status };
  }
}
