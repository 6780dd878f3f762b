// The tree on screen: which rows show, which is selected, where a task may move to. Pure arithmetic over the view.
import type { TreeRow, TreeView } from '../host/bindings';

/** A row as shown. */
export type ShownRow = { row: TreeRow; hasChildren: boolean; collapsed: boolean };

/** Selection, collapse and filter over the newest tree. */
export class TreeModel {
  rows = $state.raw<readonly TreeRow[]>([]);
  selected = $state<string | null>(null);
  collapsed = $state.raw<ReadonlySet<string>>(new Set());
  filter = $state('');
  showDropped = $state(false);
  /** The task whose title is being edited in its row. */
  editing = $state<string | null>(null);
  /** The task below which quick add puts the next one. */
  addBelow = $state<string | null>(null);

  /** What a filter looks through, one text a row; made at the first letter, not at each. */
  readonly #haystacks: readonly string[] = $derived(this.rows.map(haystack));
  /** Rows that are shown, in order. */
  readonly shown: readonly ShownRow[] = $derived(shownRows(this.rows, this.collapsed, this.filter, this.showDropped, () => this.#haystacks));
  /** How many are dropped. */
  readonly dropped: number = $derived(this.rows.reduce((count, row) => count + (row.status === 'dropped' ? 1 : 0), 0));
  /** Every label in use, in order. */
  readonly labels: readonly string[] = $derived([...new Set(this.rows.flatMap((row) => row.labels))].sort((a, b) => a.localeCompare(b)));

  /** Takes a newer tree; the selection stays on its task, or goes to its neighbour when it is gone. */
  take(view: TreeView): void {
    const at = this.#indexOfSelected();
    this.rows = view.rows;
    if (this.selected !== null && !this.shown.some((each) => each.row.task === this.selected)) {
      const near = this.shown[Math.min(at, this.shown.length - 1)];
      this.selected = near?.row.task ?? null;
    }
    if (this.editing !== null && this.row(this.editing) === undefined) this.editing = null;
    if (this.addBelow !== null && this.row(this.addBelow) === undefined) this.addBelow = null;
  }

  /** Forgets everything. */
  clear(): void {
    this.rows = [];
    this.selected = null;
    this.collapsed = new Set();
    this.filter = '';
    this.editing = null;
    this.addBelow = null;
  }

  /** The row of a task. */
  row(task: string): TreeRow | undefined {
    return this.rows.find((each) => each.task === task);
  }

  /** The selected row. */
  get selectedRow(): TreeRow | undefined {
    return this.selected === null ? undefined : this.row(this.selected);
  }

  #indexOfSelected(): number {
    return Math.max(0, this.shown.findIndex((each) => each.row.task === this.selected));
  }

  /** Moves the selection by some rows; answers the task now selected. */
  step(by: number): string | null {
    if (this.shown.length === 0) return null;
    const at = this.shown.findIndex((each) => each.row.task === this.selected);
    const next = at === -1 ? (by > 0 ? 0 : this.shown.length - 1) : Math.min(this.shown.length - 1, Math.max(0, at + by));
    this.selected = this.shown[next]?.row.task ?? null;
    return this.selected;
  }

  /** Collapses or expands a task. */
  toggle(task: string): void {
    const next = new Set(this.collapsed);
    if (!next.delete(task)) next.add(task);
    this.collapsed = next;
    if (this.selected !== null && !this.shown.some((each) => each.row.task === this.selected)) this.selected = task;
  }

  /** Opens whatever hides a task, and selects it. */
  reveal(task: string): void {
    const next = new Set(this.collapsed);
    for (let parent = this.row(task)?.parent; parent != null; parent = this.row(parent)?.parent) next.delete(parent);
    if (next.size !== this.collapsed.size) this.collapsed = next;
    this.selected = task;
  }

  /** The task that would become the parent when a task moves in: the one above it at the same depth. */
  indentTarget(task: string): string | null {
    const at = this.rows.findIndex((each) => each.task === task);
    const row = this.rows[at];
    if (row === undefined) return null;
    for (let i = at - 1; i >= 0; i--) {
      const above = this.rows[i];
      if (above === undefined || above.depth < row.depth) return null;
      if (above.depth === row.depth && (above.status !== 'dropped' || this.showDropped)) return above.task;
    }
    return null;
  }

  /** Where a task would go when it moves out: `null` is the mission; `undefined` means it cannot. */
  outdentTarget(task: string): string | null | undefined {
    const row = this.row(task);
    if (row === undefined || row.parent === null) return undefined;
    return this.row(row.parent)?.parent ?? null;
  }
}

/** The rows that show: not below a collapsed one, matching the filter (with what stands above a match), dropped ones only if asked for. */
export function shownRows(rows: readonly TreeRow[], collapsed: ReadonlySet<string>, filter: string, showDropped: boolean, haystacks: () => readonly string[]): ShownRow[] {
  const wanted = filter.trim().toLocaleLowerCase();
  const hay = wanted === '' ? [] : haystacks();
  const keep = new Uint8Array(rows.length);
  const parents = new Uint8Array(rows.length);
  const need: boolean[] = [];
  // From the end: a row is kept if it matches itself or something kept stands below it.
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as TreeRow;
    const below = need[row.depth + 1] === true;
    need.length = row.depth + 1;
    const alive = showDropped || row.status !== 'dropped';
    const itself = alive && (wanted === '' || hay[i]?.includes(wanted) === true);
    keep[i] = itself || below ? 1 : 0;
    parents[i] = below ? 1 : 0;
    if (keep[i]) need[row.depth] = true;
  }
  const shown: ShownRow[] = [];
  let hiddenBelow = Number.POSITIVE_INFINITY;
  rows.forEach((row, i) => {
    if (row.depth > hiddenBelow) return;
    hiddenBelow = Number.POSITIVE_INFINITY;
    if (!keep[i]) return;
    const closed = wanted === '' && collapsed.has(row.task);
    shown.push({ row, hasChildren: parents[i] === 1, collapsed: closed });
    if (closed) hiddenBelow = row.depth;
  });
  return shown;
}

function haystack(row: TreeRow): string {
  const people = [...row.assignees, ...(row.claim === null ? [] : [row.claim])].map((person) => `@${person.name}`);
  return [row.title, ...row.labels.map((label) => `#${label}`), ...people, row.ownerText ?? ''].join('\n').toLocaleLowerCase();
}
