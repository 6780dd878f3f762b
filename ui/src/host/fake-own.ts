// The fake's side of what one keeps for oneself, of what waits over all pursuances, and of the history of a task.
import type { HistoryRow, HistoryView, InboxOf, MentionRow, OwnChange, OwnView, SavedView, Trouble } from './bindings';
import type { FakeGroup } from './fake-group';
import { inbox } from './fake-people';
import { fakeId, type FakePursuance, type FakeTask } from './fake-world';

/** What one keeps for oneself in one pursuance. */
export type FakeOwn = {
  views: SavedView[];
  notes: Record<string, string>;
  /** Changes by others since it was looked at. */
  watched: Record<string, number>;
  snoozed: Record<string, string>;
  seen: string[];
};

const MAX_NOTE_BYTES = 4_096;
const MAX_VIEWS = 40;
const EXCERPT_CHARS = 160;
const HISTORY_ROWS = 6;

/** Nothing yet. */
export function nothingOwn(): FakeOwn {
  return { views: [], notes: {}, watched: {}, snoozed: {}, seen: [] };
}

/** Changes it, within the same limits. */
export function changeOwn({ own }: FakePursuance, change: OwnChange): void {
  switch (change.kind) {
    case 'note':
      if (new TextEncoder().encode(change.text).length > MAX_NOTE_BYTES) throw { code: 'malformed' } satisfies Trouble;
      if (change.text.trim() === '') delete own.notes[change.task];
      else own.notes[change.task] = change.text;
      return;
    case 'watch':
      if (change.watched) own.watched[change.task] = 0;
      else delete own.watched[change.task];
      return;
    case 'seenTask': own.watched[change.task] = 0; return;
    case 'snooze':
      if (change.until === null) delete own.snoozed[change.task];
      else own.snoozed[change.task] = change.until;
      return;
    case 'saveView':
      if (change.view.name.trim() === '' || own.views.length >= MAX_VIEWS) throw { code: 'malformed' } satisfies Trouble;
      own.views = [...own.views.filter((view) => view.name !== change.view.name), change.view];
      return;
    case 'dropView': own.views = own.views.filter((view) => view.name !== change.name); return;
    case 'seen': own.seen = [...own.seen, change.entry];
  }
}

/** What is kept about a task, and the views. */
export function ownView({ own }: FakePursuance, task: string | null): OwnView {
  return { views: own.views, note: own.notes[task ?? ''] ?? '', watched: task !== null && own.watched[task] !== undefined, snoozed: own.snoozed[task ?? ''] ?? null };
}

/** What waits in all of them. */
export function inboxesView(groups: readonly FakeGroup[]): InboxOf[] {
  const all = groups.filter(({ data }) => data.row.standing === 'member').map(({ data, me }) => ({
    pursuance: data.row.pursuance,
    name: data.name,
    inbox: inbox(data),
    mentions: data.tasks.flatMap((task) => mentions(data, task, me.name)),
    watched: data.tasks.flatMap((task) => { const changes = data.own.watched[task.task] ?? 0; return changes > 0 ? [{ task: task.task, title: task.title, changes }] : []; }),
  }));
  return all.sort((a, b) => a.name.localeCompare(b.name));
}

function mentions({ own }: FakePursuance, { task, title, thread }: FakeTask, me: string): MentionRow[] {
  return thread.filter((comment) => !comment.by.me && !own.seen.includes(comment.entry) && comment.text.includes(`@${me}`)).map(({ entry, by, text }) => ({ entry, task, title, by, comment: true, excerpt: text.slice(0, EXCERPT_CHARS) }));
}

/** What was done to a task, as it may have been. */
export function historyView(task: FakeTask, before: number | null): HistoryView {
  const rows: HistoryRow[] = [];
  const at = (seconds: number, by: HistoryRow['by'], did: HistoryRow['did']): void => { rows.push({ entry: fakeId(32, `${task.task} ${rows.length}`), by, claimedSeconds: seconds, standing: 'counts', did }); };
  const { creator, createdSeconds } = task;
  at(createdSeconds, creator, { kind: 'created' });
  at(createdSeconds, creator, { kind: 'titled', text: task.title, before: null });
  for (const label of task.labels) at(createdSeconds + 60, creator, { kind: 'label', label, there: true });
  if (task.body !== '') {
    at(createdSeconds + 90, creator, { kind: 'described', text: `${task.body.slice(0, 40)}…`, before: null });
    at(createdSeconds + 3_600, creator, { kind: 'described', text: task.body, before: `${task.body.slice(0, 40)}…` });
  }
  if (task.due !== null) {
    at(createdSeconds + 120, creator, { kind: 'due', day: '2026-03-06', known: true, before: null });
    at(createdSeconds + 7_200, task.claim ?? creator, { kind: 'due', day: task.due, known: true, before: '2026-03-06' });
  }
  if (task.origin != null) at(createdSeconds + 30, creator, { kind: 'cameFrom', file: task.origin.file, source: task.origin.source, id: task.origin.id });
  for (const comment of task.thread) at(comment.claimedSeconds, comment.by, comment.quoted === null ? { kind: 'commented', text: comment.text } : { kind: 'quoted', count: 1, by: comment.quoted.by, source: task.origin?.source ?? '' });
  if (task.status !== 'open') at(createdSeconds + 9_000, task.claim ?? creator, { kind: 'status', status: task.status });
  const end = before ?? rows.length;
  const from = Math.max(0, end - HISTORY_ROWS);
  return { rows: rows.slice(from, end).reverse(), older: from > 0 ? from : null };
}
