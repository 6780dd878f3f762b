// What pressing a row does, however tasks are laid out.
import { MAX_CHOSEN } from '../model/chosen.svelte';
import type { Session, TreeRow } from '../model/types';
import type { ListColumn } from '../model/work.svelte';
import { focusWork } from './focus';

/** Columns of the list beside an open task, which says the rest. */
const COLUMNS_BESIDE_A_TASK = 2;

/** The columns of the list for which there is room. */
export function shownColumns(session: Session): readonly ListColumn[] {
  const beside = session.openTask !== null && session.chosen.count === 0;
  return beside ? session.work.columns.slice(0, COLUMNS_BESIDE_A_TASK) : session.work.columns;
}

/** A press on a row: opens it; with Ctrl it is chosen too, with Shift everything up to it. The focus stays with the tasks, so that keys go on from here. */
export function pressRow(session: Session, row: TreeRow, position: number, event: MouseEvent): void {
  void focusWork();
  if (event.shiftKey) {
    event.preventDefault();
    chooseTo(session, row.task, position);
  } else if (event.ctrlKey || event.metaKey) {
    session.rows.select(row.task);
    session.chosen.toggle(row.task, position);
  } else {
    session.chosen.clear();
    void session.peek(row.task);
  }
}

/** Chooses everything from where the range begins to a row. */
export function chooseTo(session: Session, task: string, position: number): void {
  session.keys.do(async () => {
    const { rows } = session;
    const from = session.chosen.from(rows.at === -1 ? position : rows.at);
    rows.select(task);
    session.chosen.set(await rows.between(from, position, MAX_CHOSEN));
  });
}

/** Moves the selection by one, and chooses everything from where the range begins. */
export function extend(session: Session, by: 1 | -1): void {
  session.keys.do(async () => {
    const { rows } = session;
    const from = session.chosen.from(rows.at);
    await rows.step(by);
    if (from !== -1 && rows.at !== -1) session.chosen.set(await rows.between(from, rows.at, MAX_CHOSEN));
  });
}
