// A filter with a layout under a name: kept, shown, forgotten.
import { layOut } from '../model/several';
import type { Column, SavedView, Session } from '../model/types';
import { GROUPS, LIST_COLUMNS, type Layout } from '../model/work.svelte';
import { t } from '../words';

const LAYOUTS: readonly Layout[] = ['tree', 'list', 'board'];
const SORTS: readonly Column[] = ['tree', 'title', ...LIST_COLUMNS];

/** Keeps what is to be seen now under a name. */
export async function saveView(session: Session, name: string): Promise<void> {
  if (session.pursuance === null) return;
  const { layout, sort, direction, group } = session.work;
  const view: SavedView = { name, filter: session.tree.filter, how: [layout, sort, direction, group].join(' ') };
  const { trouble } = await session.own.change(session.pursuance, { kind: 'saveView', view });
  session.say(trouble, trouble === null ? t('saved.done', { name }) : '');
}

/** Keeps it no more. */
export async function dropView(session: Session, name: string): Promise<void> {
  if (session.pursuance === null) return;
  const { trouble } = await session.own.change(session.pursuance, { kind: 'dropView', name });
  session.say(trouble);
}

/** Shows a view; what is not understood of it is left as it is. */
export async function showView(session: Session, view: SavedView): Promise<void> {
  const [layout, sort, direction, group] = view.how.split(' ');
  const { work } = session;
  work.sort = SORTS.find((each) => each === sort) ?? 'tree';
  work.direction = direction === 'down' ? 'down' : 'up';
  work.group = GROUPS.find((each) => each === group) ?? 'tree';
  await layOut(session, LAYOUTS.find((each) => each === layout) ?? 'tree');
  await session.tree.setFilter(view.filter);
}
