// What keys and buttons do to tasks: one request each, one sentence about it.
import { couldMany, rowsOf } from '../model/several';
import type { Command, NotDone, Session, Status, TreeRow, Trouble, Verb } from '../model/types';
import { t } from '../words';
import { dayWords, priorityWord, refusalSentence, statusKey, troubleSentence } from '../words/sentences';
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
  // Of several, some may be mine to change: which ones, is said before it is done.
  if (session.chosen.count > 0 || !refuse(session, LIST_VERBS[list])) session.overlay = list;
}

/** Says why something is not mine to do with the selected task; whether it was said. */
export function refuse(session: Session, verb: Verb): boolean {
  const open = session.taskView !== null && session.taskView.row.task === session.target?.task ? session.taskView : session.treeView;
  const refusal = session.cannot(verb, open?.cannot);
  if (refusal !== null) session.say({ code: 'refused', refusal });
  return refusal !== null;
}

/** The command for one task, or none where it is like that already. */
type Wish = (task: string, row: TreeRow | null) => Command | null;

/** Does something to all targets: at once where several are chosen, else to the selected one by `alone`. */
async function toTargets(session: Session, row: TreeRow | null, wish: Wish, alone: (row: TreeRow) => Promise<unknown>, rows: readonly TreeRow[] = []): Promise<void> {
  if (session.chosen.count > 0) await many(session, session.targets.flatMap((task) => wish(task, rows.find((each) => each.task === task) ?? null) ?? []));
  else if (row !== null) await alone(row);
  else session.say(null, t('notice.noTask'));
}

/** Many changes: at once where all can be made, else a person is told before which ones cannot. */
export async function many(session: Session, commands: Command[]): Promise<void> {
  const refused = commands.length === 0 ? [] : await couldMany(session, commands);
  if (refused === null) return;
  const out = new Set(refused.map((each) => each.index));
  const stay = refused.filter((each) => each.refusal.code !== 'nothingToChange').map(({ index, refusal }) => ({ task: taskOf(commands[index]), refusal }));
  const rest = commands.filter((_, index) => !out.has(index));
  if (stay.length > 0) { session.pending = { commands: rest, same: Math.max(0, session.chosen.count - rest.length - stay.length), stay }; session.overlay = 'many'; }
  else if (rest.length === 0) session.say(null, t('many.done.already'));
  else await carryOut(session, rest);
}

/** Makes many changes, and says what became of them. */
export async function carryOut(session: Session, commands: Command[]): Promise<void> {
  if (session.pursuance === null) return;
  // Changes of the same tasks, one after the other, are taken back as one.
  const joins = session.chosen.acted > 0 && session.row?.canUndo === true;
  const { reply, trouble } = await session.request({ kind: 'actAll', pursuance: session.pursuance, commands, joins });
  if (trouble !== null) { session.say(trouble); return; }
  session.chosen.acted = joins ? session.chosen.acted + 1 : 1;
  if (reply.kind === 'acted') session.say(null, actedSentence(session, reply.done, reply.refused, session.chosen.acted));
}

/** What became of many. */
export function actedSentence(session: Session, done: number, refused: readonly NotDone[], acts = 1): string {
  const why = refused[0];
  if (why === undefined && acts > 1) return t('many.done.together', { n: done, m: acts });
  return why === undefined ? t('many.done.changed', { n: done }) : t('many.done.partly', { n: done, m: refused.length, why: refusalSentence(why.refusal, session.roles) });
}

function taskOf(command: Command | undefined): string {
  return command !== undefined && 'task' in command ? command.task : '';
}

/** Takes my last change back, be it one or many. */
export async function undo(session: Session): Promise<void> {
  if (session.pursuance === null) return;
  const { reply, trouble } = await session.request({ kind: 'undo', pursuance: session.pursuance });
  session.say(trouble, reply?.kind === 'acted' ? actedSentence(session, reply.done, reply.refused) : t('notice.undone'));
}

/** I take it. */
export async function claim(session: Session, row: TreeRow | null): Promise<void> {
  await toTargets(session, row, (task) => ({ kind: 'claim', task }), ({ task, title }) => session.actNow({ kind: 'claim', task }, t('notice.claimed', { title })));
}

/** I give it back. */
export async function giveBack(session: Session, row: TreeRow | null): Promise<void> {
  await toTargets(session, row, (task) => ({ kind: 'giveBack', task }), ({ task, title }) => session.actNow({ kind: 'giveBack', task }, t('notice.givenBack', { title })));
}

/** Another status. */
export async function setStatus(session: Session, row: TreeRow | null, status: Status, rows: readonly TreeRow[] = []): Promise<void> {
  const wish: Wish = (task, known) => (known?.status === status && !known.twoAnswers ? null : { kind: 'setStatus', task, status });
  await toTargets(session, row, wish, ({ task, title }) => session.actNow({ kind: 'setStatus', task, status }, statusText(title, status)), rows);
}

function statusText(title: string, status: Status): string {
  return status === 'dropped' ? t('notice.dropped', { title }) : t('notice.status', { title, status: t(statusKey(status)) });
}

/** Another day by which it should be done, or none. */
export async function setDue(session: Session, row: TreeRow | null, due: string | null, rows: readonly TreeRow[] = []): Promise<void> {
  const text = (title: string): string => (due === null ? t('notice.dueNone', { title }) : t('notice.due', { title, day: dayWords(due, todayOf(session.now)) }));
  const wish: Wish = (task, known) => (known !== null && known.due === due ? null : { kind: 'setDue', task, due });
  await toTargets(session, row, wish, ({ task, title }) => session.actNow({ kind: 'setDue', task, due }, text(title)), rows);
}

/** Another priority, or none. */
export async function setPriority(session: Session, row: TreeRow | null, priority: number, rows: readonly TreeRow[] = []): Promise<void> {
  const wish: Wish = (task, known) => (known?.priority === priority ? null : { kind: 'setPriority', task, priority });
  await toTargets(session, row, wish, ({ task, title }) => session.actNow({ kind: 'setPriority', task, priority }, t('notice.priority', { title, word: priorityWord(priority) })), rows);
}

/** Moves a task below the one above it. */
export async function indent(session: Session, row: TreeRow): Promise<void> {
  // As it stands in the tree: my order is no part of what the panel shows.
  const shown = session.tree.selectedRow?.task === row.task ? session.tree.selectedRow : row;
  if (shown.above === null) session.say(null, t('tree.noIndent'));
  else await move(session, row.task, shown.above);
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

/** Moves all targets below another task, or the mission. What stands below another one that is moved goes along with it. */
export async function moveBelow(session: Session, row: TreeRow | null, parent: string | null, rows: readonly TreeRow[]): Promise<void> {
  const moved = new Set(session.targets);
  const wish: Wish = (task, known) => (task === parent || (known !== null && known.parent !== null && moved.has(known.parent)) ? null : { kind: 'moveTask', task, parent });
  await toTargets(session, row, wish, ({ task }) => move(session, task, parent), rows);
}

/** Asks somebody, or takes that back; where several are chosen, it is taken back where all of them are asked. */
export async function toggleAssign(session: Session, row: TreeRow | null, member: string, rows: readonly TreeRow[] = []): Promise<void> {
  const isAsked = (one: TreeRow): boolean => one.assignees.some((person) => person.member === member);
  const command = (task: string, asked: boolean): Command => ({ kind: asked ? 'unassign' : 'assign', task, member });
  const all = rows.length > 0 && rows.every(isAsked);
  await toTargets(session, row, (task, known) => (known !== null && isAsked(known) !== all ? null : command(task, all)), (one) => session.actNow(command(one.task, isAsked(one))), rows);
}

/** Sets a label, or removes it; where several are chosen, it is removed where all of them have it. */
export async function toggleLabel(session: Session, row: TreeRow | null, label: string, rows: readonly TreeRow[] = []): Promise<void> {
  const command = (task: string, has: boolean): Command => ({ kind: has ? 'removeLabel' : 'addLabel', task, label });
  const all = rows.length > 0 && rows.every((one) => one.labels.includes(label));
  const wish: Wish = (task, known) => (known !== null && known.labels.includes(label) !== all ? null : command(task, all));
  await toTargets(session, row, wish, (one) => session.actNow(command(one.task, one.labels.includes(label))), rows);
}

/** Moves cards of the board to the next column, or the one before: another status for all targets. */
export async function moveAcross(session: Session, row: TreeRow, step: 1 | -1): Promise<void> {
  const status = session.board.beside(step);
  if (status !== null) await moveTo(session, row, status);
}

/** Moves cards to a column of the board. */
export async function moveTo(session: Session, row: TreeRow, status: Status): Promise<void> {
  if (row.status === status && session.chosen.count === 0) return;
  if (session.chosen.count > 0) { await setStatus(session, row, status); return; }
  const text = statusText(row.title, status);
  const before = session.board.at;
  session.board.follow(status, row.task);
  if (!(await session.actNow({ kind: 'setStatus', task: row.task, status }, text))) session.board.select(before, row.task);
}

/** Puts a task past its neighbour in my own order. */
export async function reorder(session: Session, row: TreeRow, past: 'before' | 'after'): Promise<void> {
  if (session.work.layout !== 'tree' || session.tree.filter !== '') { session.say(null, t('view.noOrder')); return; }
  if (session.pursuance === null) return;
  const { trouble } = await session.request({ kind: 'reorder', pursuance: session.pursuance, task: row.task, past }, row.task);
  if (trouble?.code === 'refused' && trouble.refusal.code === 'nothingToChange') session.say(null, t('view.atEnd'));
  else session.say(trouble);
}

/** Copies the titles of all targets, one a line, what stands below another one further in. */
export async function copyTitles(session: Session): Promise<void> {
  const rows = await rowsOf(session, session.targets);
  const least = Math.min(...rows.map((row) => row.depth));
  const text = rows.map((row) => '  '.repeat(row.depth - least) + row.title).join('\n');
  if (text === '') return;
  if (toClipboard(text)) session.say(null, t('many.done.copied', { n: rows.length }));
  else { session.copied = text; session.overlay = 'copied'; }
}

/** Copies the address of a link, which nothing here opens. */
export function copyAddress(session: Session, address: string): void {
  if (toClipboard(address)) session.say(null, t('text.addressCopied'));
  else { session.copied = address; session.overlay = 'copied'; }
}

/** Whether a text could be put on the clipboard; it may be closed to the page. */
function toClipboard(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  field.focus();
  field.select();
  let copied = false;
  try { copied = document.execCommand('copy'); } catch { copied = false; }
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return copied;
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

/** Shows a task of any pursuance where it stands. */
export async function openIn(session: Session, pursuance: string, task: string): Promise<void> {
  const row = session.app?.pursuances.find((each) => each.pursuance === pursuance);
  if (row === undefined) return;
  await session.enter(row);
  await session.tree.go(task);
  await session.peek(task);
}

/** Keeps the title that is shown for all, where two were written at once. */
export async function settleTitle(session: Session, row: TreeRow): Promise<void> {
  await session.actNow({ kind: 'setTitle', task: row.task, title: row.title }, t('notice.settled', { title: row.title }));
}

/** Carries a command out in any pursuance; a trouble becomes the notice. */
export async function actIn(session: Session, pursuance: string, command: Command, text = ''): Promise<void> {
  const { trouble } = await session.request({ kind: 'act', pursuance, command });
  session.say(trouble, trouble === null ? text : '');
}

/** Shows a pursuance that was just founded or opened. */
export async function enterById(session: Session, pursuance: string): Promise<void> {
  const row = session.app?.pursuances.find((each) => each.pursuance === pursuance);
  if (row !== undefined) await session.enter(row);
}
