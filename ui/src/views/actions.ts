// What keys and buttons do to tasks: one request each, one sentence about it.
import type { Session, Status, TreeRow, Trouble } from '../model/types';
import { t } from '../words';
import { statusKey, troubleSentence } from '../words/sentences';

/** The sentence for a trouble, with the roles of the open pursuance; empty for none. */
export function sentenceOf(session: Session, trouble: Trouble | null): string {
  return trouble === null ? '' : troubleSentence(trouble, session.roles);
}

/** The task that keys act on: the selected one. Says so when there is none. */
export function target(session: Session): TreeRow | null {
  const row = session.tree.selectedRow ?? null;
  if (row === null) session.say(null, t('notice.noTask'));
  return row;
}

/** I take it. */
export async function claim(session: Session, row: TreeRow): Promise<void> {
  await session.actNow({ kind: 'claim', task: row.task }, t('notice.claimed', { title: row.title }));
}

/** I give it back. */
export async function giveBack(session: Session, row: TreeRow): Promise<void> {
  await session.actNow({ kind: 'giveBack', task: row.task }, t('notice.givenBack', { title: row.title }));
}

/** Another status. */
export async function setStatus(session: Session, row: TreeRow, status: Status): Promise<void> {
  const text = status === 'dropped' ? t('notice.dropped', { title: row.title }) : t('notice.status', { title: row.title, status: t(statusKey(status)) });
  await session.actNow({ kind: 'setStatus', task: row.task, status }, text);
}

/** Moves a task below the one above it. */
export async function indent(session: Session, task: string): Promise<void> {
  const parent = session.tree.indentTarget(task);
  if (parent === null) { session.say(null, t('tree.noIndent')); return; }
  if (await session.actNow({ kind: 'moveTask', task, parent })) session.tree.reveal(task);
}

/** Moves a task to where its parent stands. */
export async function outdent(session: Session, task: string): Promise<void> {
  const parent = session.tree.outdentTarget(task);
  if (parent === undefined) { session.say(null, t('tree.noOutdent')); return; }
  if (await session.actNow({ kind: 'moveTask', task, parent })) session.tree.reveal(task);
}

/** Asks somebody, or takes that back. */
export async function toggleAssign(session: Session, row: TreeRow, member: string): Promise<void> {
  const asked = row.assignees.some((person) => person.member === member);
  await session.actNow({ kind: asked ? 'unassign' : 'assign', task: row.task, member });
}

/** Sets a label, or removes it. */
export async function toggleLabel(session: Session, row: TreeRow, label: string): Promise<void> {
  await session.actNow({ kind: row.labels.includes(label) ? 'removeLabel' : 'addLabel', task: row.task, label });
}

/** Makes the next quick add a sub-task of this one. */
export function addBelow(session: Session, row: TreeRow): void {
  session.tree.addBelow = row.task;
}
