// What the fake host answers over all its pursuances: what is for me, and what has some words.
import type { FindView, FoundRow, Mine, TodayRow, TodayView } from './bindings';
import { detailsOf } from './fake-details';
import type { FakeGroup } from './fake-group';
import { rowIn } from './fake-tree';

/** Tasks that are for me, by day. */
export function todayView(groups: readonly FakeGroup[]): TodayView {
  const today = new Date().toISOString().slice(0, 10);
  const all: TodayRow[] = groups.flatMap(({ data }) => data.tasks.flatMap((task) => {
    const row = rowIn(data.tasks, task.task);
    if (row === null || task.status === 'done' || task.status === 'dropped') return [];
    const why: Mine[] = [];
    if (task.claim?.me === true) why.push('taken');
    else if (task.assignees.some((person) => person.me)) why.push('asked');
    if (task.status === 'review' && detailsOf(task).reviewers.some((person) => person.me)) why.push('toReview');
    return why.length === 0 ? [] : [{ pursuance: data.row.pursuance, name: data.name, why, row }];
  }));
  const until = (row: TodayRow): string => groups.find(({ data }) => data.row.pursuance === row.pursuance)?.data.own.snoozed[row.row.task] ?? '';
  const rows = all.filter((row) => until(row) <= today);
  const snoozed = all.filter((row) => until(row) > today).map((row) => ({ until: until(row), row }));
  rows.sort((a, b) => (a.row.due ?? '9').localeCompare(b.row.due ?? '9') || (a.row.priority === 0 ? 9 : a.row.priority) - (b.row.priority === 0 ? 9 : b.row.priority) || a.row.title.localeCompare(b.row.title));
  return { rows, of: rows.length, snoozed };
}

/** Tasks that have all these words somewhere. */
export function findView(groups: readonly FakeGroup[], text: string): FindView {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const rows: FoundRow[] = groups.flatMap(({ data }) => data.tasks.flatMap((task) => {
    const texts = [task.title, task.body, ...task.labels, ...task.thread.map((comment) => comment.text), task.origin?.file ?? '', task.origin?.source ?? ''];
    const has = (each: string, word: string): boolean => each.toLowerCase().includes(word);
    if (words.length === 0 || !words.every((word) => texts.some((each) => has(each, word)))) return [];
    const most = [...texts].sort((a, b) => words.filter((word) => has(b, word)).length - words.filter((word) => has(a, word)).length)[0] ?? '';
    return [{ pursuance: data.row.pursuance, name: data.name, task: task.task, title: task.title, status: task.status, excerpt: most.slice(0, 120) }];
  }));
  return { rows: rows.slice(0, 50), of: rows.length };
}
