// What keys and buttons do to tasks: one request each, one sentence about it.
import type { Session, Status, TreeRow, Trouble, Verb } from '../model/types';
import { t } from '../words';
import { dayWords, priorityWord, statusKey, troubleSentence } from '../words/sentences';
import { todayOf } from '../model/day';

/** The sentence for a trouble, with the roles of the open pursuance; empty for none. */
export function sentenceOf(session: Session, trouble: Trouble | null): string {
  return trouble === null ? '' : troubleSentence(trouble, session.roles);
}

/** The task that keys act on: the selected one. Says so when there is none. */
export function target(session: Session): TreeRow | null {
  const row = session.target;
  if (row === null) session.say(null, t('notice.noTask'));
  return row;
}

/** The right that each list needs as a whole. */
const LIST_VERBS = { assign: 'assign', label: 'label', due: 'edit', priority: 'edit' } as const satisfies Record<string, Verb>;

/** Opens a list for the selected task, or says which rule stands in the way. */
export function pick(session: Session, list: keyof typeof LIST_VERBS): void {
  if (!refuse(session, LIST_VERBS[list])) session.overlay = list;
}

/** Says why something is not mine to do with the selected task; whether it was said. */
export function refuse(session: Session, verb: Verb): boolean {
  const open = session.taskView !== null && session.taskView.row.task === session.target?.task ? session.taskView : session.treeView;
  const refusal = session.cannot(verb, open?.cannot);
  if (refusal !== null) session.say({ code: 'refused', refusal });
  return refusal !== null;
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

/** Another day by which it should be done, or none. */
export async function setDue(session: Session, row: TreeRow, due: string | null): Promise<void> {
  const text = due === null ? t('notice.dueNone', { title: row.title }) : t('notice.due', { title: row.title, day: dayWords(due, todayOf(session.now)) });
  await session.actNow({ kind: 'setDue', task: row.task, due }, text);
}

/** Another priority, or none. */
export async function setPriority(session: Session, row: TreeRow, priority: number): Promise<void> {
  await session.actNow({ kind: 'setPriority', task: row.task, priority }, t('notice.priority', { title: row.title, word: priorityWord(priority) }));
}

/** Moves a task below the one above it. */
export async function indent(session: Session, row: TreeRow): Promise<void> {
  if (row.above === null) session.say(null, t('tree.noIndent'));
  else await move(session, row.task, row.above);
}

/** Moves a task to where its parent stands. */
export async function outdent(session: Session, row: TreeRow): Promise<void> {
  if (row.parent === null) session.say(null, t('tree.noOutdent'));
  else await move(session, row.task, row.grandparent);
}

/** Wherever it goes, it is shown there. */
async function move(session: Session, task: string, parent: string | null): Promise<void> {
  await session.actNow({ kind: 'moveTask', task, parent }, '', task);
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
  session.tree.addBelow = { task: row.task, title: row.title, home: row.home };
}

/** Stops my import before anything of it is written. */
export async function cancelImport(session: Session): Promise<void> {
  session.say((await session.request({ kind: 'cancelImport' })).trouble);
}

/** A file in the folder that is proposed for files. */
export function proposedPath(session: Session, name: string): string {
  const folder = session.app?.saveFolder ?? '';
  const separator = folder.includes('\\') ? '\\' : '/';
  const plain = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '');
  return folder === '' ? '' : `${folder.replace(/[\\/]$/, '')}${separator}${plain}`;
}
