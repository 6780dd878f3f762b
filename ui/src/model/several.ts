// What is asked of the host about several tasks at once, and the ways in which they are laid out.
import type { Command, ListView, NotDone, TreeRow } from '../host/bindings';
import { asTrouble } from '../host';
import type { Session } from './session.svelte';
import type { Layout, ListSource } from './work.svelte';

type ListQuery = Parameters<ListSource>[0];

/** Asks something of the open pursuance; a trouble is said, and `none` is the answer. */
async function asked<Answer>(session: Session, none: Answer, ask: (pursuance: string) => Promise<Answer>): Promise<Answer> {
  const pursuance = session.pursuance;
  if (pursuance === null) return none;
  try {
    const answer = await ask(pursuance);
    return session.pursuance === pursuance ? answer : none;
  } catch (thrown) {
    if (session.pursuance === pursuance) session.say(asTrouble(thrown));
    return none;
  }
}

/** A page of a list. */
export function listOf(session: Session, query: ListQuery): Promise<ListView | null> {
  return asked<ListView | null>(session, null, (pursuance) => session.look<'list'>({ kind: 'list', pursuance, ...query }));
}

/** Lays the tasks out in another way; the selection stays on its task. */
export async function layOut(session: Session, layout: Layout): Promise<void> {
  const { board, tree, work } = session;
  const selected = session.rows.selectedRow;
  work.layout = layout;
  if (session.screen !== 'tree') await session.go('tree');
  tree.select(selected?.task ?? null);
  await tree.rearrange();
  if (layout !== 'board') return;
  if (selected !== null) board.follow(selected.status, selected.task);
  await board.refresh(tree.filter);
}

/** Chooses all tasks that show and that the filter means, here already or not. */
export async function chooseAll(session: Session): Promise<void> {
  const { filter, showDropped, folded } = session.tree;
  const hidden = session.work.layout === 'tree' ? [...folded] : [];
  const view = await asked(session, null, (pursuance) => session.look<'meant'>({ kind: 'meant', pursuance, filter, dropped: showDropped, folded: hidden }));
  if (view !== null) session.chosen.set(view.tasks, view.of);
}

/** Rows of tasks by id, in the order of the tree; none where they could not be had. */
export async function rowsOf(session: Session, tasks: string[]): Promise<TreeRow[]> {
  return tasks.length === 0 ? [] : asked<TreeRow[]>(session, [], (pursuance) => session.look<'rows'>({ kind: 'rows', pursuance, tasks }));
}

/** Tasks of the open pursuance with these words in their title or around it. */
export async function findTasks(session: Session, text: string): Promise<readonly TreeRow[]> {
  // In quotes each is a plain word, whatever it looks like.
  const filter = text.split(/\s+/).filter((word) => word !== '').map((word) => `"${word.replaceAll('"', '')}"`).join(' ');
  const view = await listOf(session, { first: 0, filter, dropped: false, around: null, status: null, sort: 'tree', direction: 'up', group: 'tree' });
  return view?.page.rows ?? [];
}

/** What of many commands would be refused; `null` where that cannot be known. */
export function couldMany(session: Session, commands: Command[]): Promise<NotDone[] | null> {
  return asked<NotDone[] | null>(session, null, (pursuance) => session.look<'couldMany'>({ kind: 'couldMany', pursuance, commands }));
}
