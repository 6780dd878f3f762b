// The fake's tree in pages: what shows with a folding and a filter, fifty rows at a time.
import type { Query, TreeRow, TreeView } from './bindings';
import { matcher } from './fake-filter';
import { detailsOf, marksOf } from './fake-details';
import type { FakeTask } from './fake-world';

const MAX_TREE_ROWS = 50;

/** What is asked for. */
export type TreeQuery = Extract<Query, { kind: 'tree' }>;
/** The part of the view that tasks decide. */
export type TreePage = Pick<TreeView, 'done' | 'total' | 'dropped' | 'first' | 'shown' | 'matching' | 'rows' | 'opened'>;

type Node = { row: TreeRow; below: Node[]; matches: boolean; shows: boolean };

/** Every task as a row, in reading order, with what is below it counted. */
function nodes(tasks: readonly FakeTask[], matches: (task: FakeTask) => boolean, dropped: boolean): Node[] {
  const below = new Map<string | null, FakeTask[]>();
  for (const task of tasks) {
    const siblings = below.get(task.parent);
    if (siblings === undefined) below.set(task.parent, [task]);
    else siblings.push(task);
  }
  const walk = (parent: string | null, grandparent: string | null, depth: number): Node[] => {
    let above: string | null = null;
    return (below.get(parent) ?? []).map((task) => {
      const inside = walk(task.task, parent, depth + 1);
      const matching = matches(task) && (dropped || task.status !== 'dropped');
      const node: Node = { row: rowOf(task, depth), below: inside, matches: matching, shows: matching || inside.some((each) => each.shows) };
      Object.assign(node.row, { above, grandparent, matches: matching, hasChildren: inside.some((each) => each.shows) });
      for (const each of inside) {
        node.row.doneBelow += each.row.doneBelow + (each.row.status === 'done' ? 1 : 0);
        node.row.totalBelow += each.row.totalBelow + (each.row.status === 'dropped' ? 0 : 1);
      }
      if (task.status !== 'dropped') above = task.task;
      return node;
    });
  };
  return walk(null, null, 0);
}

/** One page of the tree. */
export function treePage(tasks: readonly FakeTask[], query: TreeQuery): TreePage {
  const roots = nodes(tasks, matcher(query.filter), query.dropped);
  const opened: string[] = [];
  const parents = new Map(tasks.map((task) => [task.task, task.parent]));
  for (let above = query.around === null ? null : (parents.get(query.around) ?? null); above !== null; above = parents.get(above) ?? null) {
    if (query.folded.includes(above)) opened.push(above);
  }
  const folded = new Set(query.filter.trim() === '' ? query.folded.filter((task) => !opened.includes(task)) : []);
  const shown: TreeRow[] = [];
  let matching = 0;
  const show = (each: readonly Node[], hidden: boolean): void => {
    for (const node of each) {
      if (node.matches) matching += 1;
      if (!node.shows) continue;
      node.row.folded = folded.has(node.row.task);
      if (!hidden) shown.push(node.row);
      show(node.below, hidden || node.row.folded);
    }
  };
  show(roots, false);
  const place = query.around === null ? -1 : shown.findIndex((row) => row.task === query.around);
  const first = Math.min(shown.length, place === -1 ? query.first : Math.floor(place / MAX_TREE_ROWS) * MAX_TREE_ROWS);
  return {
    done: roots.reduce((sum, node) => sum + node.row.doneBelow + (node.row.status === 'done' ? 1 : 0), 0),
    total: roots.reduce((sum, node) => sum + node.row.totalBelow + (node.row.status === 'dropped' ? 0 : 1), 0),
    dropped: tasks.filter((task) => task.status === 'dropped').length,
    first, shown: shown.length, matching, rows: shown.slice(first, first + MAX_TREE_ROWS), opened,
  };
}

/** All rows that show, matching or above what matches. */
export function shownRows(tasks: readonly FakeTask[], query: { filter: string; dropped: boolean; folded?: readonly string[] }): TreeRow[] {
  const folded = new Set(query.filter.trim() === '' ? query.folded : []);
  const rows: TreeRow[] = [];
  const show = (each: readonly Node[]): void => {
    for (const node of each) {
      if (!node.shows) continue;
      rows.push(node.row);
      if (!folded.has(node.row.task)) show(node.below);
    }
  };
  show(nodes(tasks, matcher(query.filter), query.dropped));
  return rows;
}

/** The row of one task, as it stands in its tree. */
export function rowIn(tasks: readonly FakeTask[], task: string): TreeRow | null {
  const look = (each: readonly Node[]): TreeRow | null => {
    for (const node of each) {
      const found = node.row.task === task ? node.row : look(node.below);
      if (found !== null) return found;
    }
    return null;
  };
  return look(nodes(tasks, () => true, true));
}

function rowOf(task: FakeTask, depth: number): TreeRow {
  return {
    task: task.task, parent: task.parent, depth, title: task.title, status: task.status, twoAnswers: task.twoAnswers, claim: task.claim, assignees: task.assignees,
    ownerText: task.ownerText, labels: task.labels, comments: task.thread.length, doneBelow: 0, totalBelow: 0, filed: task.filed ?? false, delivery: task.delivery, ...marksOf(detailsOf(task)),
    home: task.readers?.roles[0] ?? 0, opened: task.readers === undefined ? 0 : task.readers.roles.length - 1 + task.readers.persons.length, hasChildren: false, folded: false, matches: true, above: null, grandparent: null, due: task.due, priority: task.priority,
  };
}
