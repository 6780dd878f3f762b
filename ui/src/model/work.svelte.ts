// How the tasks of the open pursuance are laid out: as a tree, as a list, on a board; and how the list is arranged.
import type { Column, Direction, ListGroup, ListView, Query, Status, TreeRow, TreeView } from '../host/bindings';
import { PAGE_ROWS, TreeModel, type PageQuery } from './tree.svelte';

/** The ways in which tasks are laid out. */
export type Layout = 'tree' | 'list' | 'board';
/** The columns of the list beside the title. */
export type ListColumn = Exclude<Column, 'tree' | 'title'>;
/** Answers a page of a list, or `null` where it could not be had. */
export type ListSource = (query: Omit<Extract<Query, { kind: 'list' }>, 'kind' | 'pursuance'>) => Promise<ListView | null>;

/** All of them, in the order in which they stand. */
export const LIST_COLUMNS: readonly ListColumn[] = ['status', 'due', 'priority', 'who', 'label'];
/** The columns of the board, from left to right. */
export const STATUSES: readonly Status[] = ['suggested', 'open', 'doing', 'review', 'done', 'dropped'];
/** What a list can be grouped by. */
export const GROUPS: readonly Column[] = ['tree', 'status', 'who', 'label', 'due', 'priority'];

/** Layout, and arrangement of the list. */
export class Work {
  layout = $state<Layout>('tree');
  sort = $state<Column>('tree');
  direction = $state<Direction>('up');
  group = $state<Column>('tree');
  columns = $state.raw<readonly ListColumn[]>(LIST_COLUMNS);
  /** Where the cursor stands in a row of the list: 0 is the title. */
  cell = $state(0);
  /** The groups of the pages that came last, by page. */
  #groups = $state.raw<ReadonlyMap<number, readonly ListGroup[]>>(new Map());
  #source: ListSource;

  constructor(source: ListSource) {
    this.#source = source;
  }

  /** A page for the tree's model, which walks the list as it walks the tree. */
  async page(query: PageQuery): Promise<TreeView | null> {
    const { first, filter, dropped, around } = query;
    const flat = this.layout === 'board';
    const view = await this.#source({ first, filter, dropped, around, status: null, sort: flat ? 'tree' : this.sort, direction: this.direction, group: flat ? 'tree' : this.group });
    if (view === null) return null;
    const groups = new Map(this.#groups);
    groups.set(Math.floor(view.page.first / PAGE_ROWS), view.groups);
    this.#groups = groups;
    return view.page;
  }

  /** A page of one column of the board. */
  async column(status: Status, query: PageQuery): Promise<TreeView | null> {
    const { first, filter, around } = query;
    const view = await this.#source({ first, filter, dropped: true, around, status, sort: 'tree', direction: 'up', group: 'tree' });
    return view?.page ?? null;
  }

  /** The group to which a row belongs, by its place; `null` where there are none, or it is not known yet. */
  groupAt(place: number): ListGroup | null {
    return this.#groups.get(Math.floor(place / PAGE_ROWS))?.find((group) => place >= group.first && place < group.first + group.rows) ?? null;
  }

  /** Sorts by a column; by the same one once more, the other way round, and then as the tree has them. */
  sortBy(column: Column): void {
    if (this.sort !== column) { this.sort = column; this.direction = 'up'; }
    else if (this.direction === 'up') this.direction = 'down';
    else { this.sort = 'tree'; this.direction = 'up'; }
  }

  /** Shows a column, or hides it. */
  toggleColumn(column: ListColumn): void {
    this.columns = LIST_COLUMNS.filter((each) => (each === column) !== this.columns.includes(each));
    this.cell = Math.min(this.cell, this.columns.length);
  }

  /** Forgets what was of another pursuance. */
  clear(): void {
    this.#groups = new Map();
    this.cell = 0;
  }
}

/** The columns of the board, each a list of its own, and where the selection is. */
export class Board {
  readonly columns: ReadonlyMap<Status, TreeModel>;
  at = $state<Status>('open');
  #isOpen: (task: string) => boolean;

  /** `isOpen`: whether a task is open beside the board. */
  constructor(page: (status: Status, query: PageQuery) => Promise<TreeView | null>, isOpen: (task: string) => boolean) {
    this.#isOpen = isOpen;
    this.columns = new Map(STATUSES.map((status) => [status, new TreeModel((query) => page(status, query), isOpen)]));
  }

  /** The column in which the selection is. */
  get here(): TreeModel {
    return this.columns.get(this.at) as TreeModel;
  }

  /** Whether there is a card in any column. */
  get hasCards(): boolean {
    return [...this.columns.values()].some((column) => column.shown > 0 || column.waiting);
  }

  /** The selected card, as it was seen last. */
  get row(): TreeRow | null {
    return this.here.selectedRow;
  }

  /** Asks again for all columns, with the filter as it stands. */
  async refresh(filter: string): Promise<void> {
    await Promise.all([...this.columns.values()].map((column) => (column.filter === filter ? column.refresh() : column.setFilter(filter))));
    this.settle();
  }

  /** Something is selected where there is something. */
  settle(): void {
    const { selected } = this.here;
    if (selected !== null && this.#isOpen(selected)) {
      // The selection goes where the open card went.
      const status = STATUSES.find((each) => this.columns.get(each)?.has(selected) === true);
      if (status !== undefined) this.select(status, selected);
      return;
    }
    if (this.here.shown > 0 && this.here.selected === null) this.here.select(this.here.rowAt(0)?.task ?? null);
    if (this.here.shown > 0) return;
    const other = STATUSES.find((status) => (this.columns.get(status)?.shown ?? 0) > 0);
    if (other !== undefined) this.go(other);
  }

  /** Goes to the next column that has cards. */
  across(step: 1 | -1): void {
    const from = STATUSES.indexOf(this.at);
    for (let i = from + step; i >= 0 && i < STATUSES.length; i += step) {
      const status = STATUSES[i] as Status;
      if ((this.columns.get(status)?.shown ?? 0) > 0) { this.go(status, Math.max(0, this.here.at)); return; }
    }
  }

  /** Goes to a column, near a place. */
  go(status: Status, place = 0): void {
    this.at = status;
    const { here } = this;
    const row = here.rowAt(Math.min(place, here.shown - 1)) ?? here.rowAt(0);
    if (row !== null) here.select(row.task);
  }

  /** Selects a card. */
  select(status: Status, task: string): void {
    this.at = status;
    this.here.select(task);
  }

  /** After a card went to another column, the selection goes along. */
  follow(status: Status, task: string): void {
    this.at = status;
    this.here.seek(task);
  }

  /** The neighbour of a column. */
  beside(step: 1 | -1): Status | null {
    return STATUSES[STATUSES.indexOf(this.at) + step] ?? null;
  }

  clear(): void {
    this.columns.forEach((column) => column.clear());
    this.at = 'open';
  }
}
