// The tree on screen, in pages: rows by their place among those shown, kept only around what is in sight, asked for when they are needed.
import type { Query, TreeRow, TreeView } from '../host/bindings';

/** What is asked of the host for one page. */
export type PageQuery = Omit<Extract<Query, { kind: 'tree' }>, 'kind' | 'pursuance'>;
/** Answers a page, or `null` where it could not be had (which was said already). */
export type PageSource = (query: PageQuery) => Promise<TreeView | null>;

/** Rows of one page; the host answers no more. */
export const PAGE_ROWS = 50;
/** Rows taken to be in sight before a list says how many are. */
const ROWS_BEFORE_A_LIST = 40;
/** Pages kept on either side of those in sight. */
const SPARE_PAGES = 3;
/** Typing in the filter asks once for each pause as long as this. */
const FILTER_PAUSE_MILLISECONDS = 60;
/** How often a step is tried again while the tree changes under it. */
const STEP_TRIES = 4;

/** What one page's asking is doing: at most one is under way, and one more follows it if somebody wants a newer one. */
type Flight = { again: boolean; asked: number; landed: Promise<TreeView | null> };
/** `anew`: the tree may have changed, so other pages that are kept are dropped. `keep`: a page that stays although it is out of sight. */
type Bringing = { anew?: boolean; keep?: number };

/** Pages, selection, folding and filter of the open tree. */
export class TreeModel {
  /** The newest page's frame: mission, progress, what may not be done; its rows are not to be read from here. */
  view = $state.raw<TreeView | null>(null);
  /** How many rows show. */
  shown = $state(0);
  selected = $state<string | null>(null);
  /** Where the selected row stands; -1 where that is not known. */
  at = $state(-1);
  /** The selected row as it was last seen. */
  selectedRow = $state.raw<TreeRow | null>(null);
  folded = $state.raw<ReadonlySet<string>>(new Set());
  /** The filter as it stands in its field, and as it was asked with. */
  filterText = $state('');
  filter = $state('');
  showDropped = $state(false);
  /** Something else is being shown than what was asked for last: an answer is on its way. */
  waiting = $state(false);
  /** Grows when the list should begin at its top again. */
  beginnings = $state(0);
  /** The task whose title is being edited in its row, and what was typed. */
  editing = $state<string | null>(null);
  editText = $state('');
  /** The task below which quick add puts the next one. */
  addBelow = $state.raw<{ task: string; title: string; home: number } | null>(null);

  #source: PageSource;
  /** Whether a task is open beside the rows: it stays selected, though it show nowhere. */
  #isOpen: (task: string) => boolean;
  /** The selected task, where it is open and shows nowhere. */
  #away: string | null = null;
  #pages = $state.raw<ReadonlyMap<number, readonly TreeRow[]>>(new Map());
  /** Where each task stands, of those kept. */
  #places = new Map<string, number>();
  /** Grows with folding, filter and dropped: an answer for an older one is not used. */
  #asked = 0;
  /** What the pages are for. */
  #pagesFor = 0;
  #flights = new Map<number, Flight>();
  #firstInSight = 0;
  #lastInSight = ROWS_BEFORE_A_LIST;
  /** Where the selection was last seen. */
  #lastAt = 0;
  /** A task that the next refresh shows and selects. */
  #sought: string | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(source: PageSource, isOpen: (task: string) => boolean = () => false) {
    this.#source = source;
    this.#isOpen = isOpen;
  }

  /** Whether a task is among the rows that are here. */
  has(task: string): boolean {
    return this.#places.has(task);
  }

  /** The row at a place, if its page is here. */
  rowAt(place: number): TreeRow | null {
    return this.#pages.get(Math.floor(place / PAGE_ROWS))?.[place % PAGE_ROWS] ?? null;
  }

  /** How many rows are kept. */
  get kept(): number {
    return [...this.#pages.values()].reduce((count, rows) => count + rows.length, 0);
  }

  /** The list says which rows are in sight. */
  see(first: number, last: number): void {
    this.#firstInSight = first;
    this.#lastInSight = last;
    if (this.view !== null) void this.#fill();
  }

  /** Asks again for what is in sight, and finds the selection wherever it went. */
  async refresh(): Promise<void> {
    const sought = this.#sought;
    this.#sought = null;
    if (sought !== null) { await this.#show(sought); return; }
    await this.#renew();
  }

  /** The next refresh shows this task: opens what hides it, and selects it. */
  seek(task: string): void {
    this.#sought = task;
  }

  /** Forgets everything. */
  clear(): void {
    this.#asked += 1;
    this.#pages = new Map();
    this.#places = new Map();
    this.at = -1;
    this.#sought = null;
    this.#lastAt = 0;
    this.#firstInSight = 0;
    this.#lastInSight = ROWS_BEFORE_A_LIST;
    this.beginnings += 1;
    clearTimeout(this.#pause);
    this.view = null;
    this.shown = 0;
    this.selected = null;
    this.selectedRow = null;
    this.folded = new Set();
    this.filterText = '';
    this.filter = '';
    this.waiting = false;
    this.editing = null;
    this.addBelow = null;
  }

  /** Selects a task, wherever it stands. */
  select(task: string | null): void {
    const at = task === null ? -1 : (this.#places.get(task) ?? -1);
    this.selected = task;
    this.at = at;
    if (at !== -1) this.#lastAt = at;
    const row = at === -1 ? null : this.rowAt(at);
    if (row !== null || this.selectedRow?.task !== task) this.selectedRow = row;
  }

  /** Selects a task that may be out of sight, and brings it there. */
  go(task: string): Promise<void> | undefined {
    this.select(task);
    return this.at === -1 || this.waiting ? this.#findSelected() : undefined;
  }

  /** Moves the selection by some rows. Answers the task now selected; later where a page has to come first. */
  step(by: number): string | null | Promise<string | null> {
    const to = this.#stepTo(by);
    const row = to === null ? null : this.rowAt(to);
    if (row === null) return this.#stepLater(by);
    this.select(row.task);
    return row.task;
  }

  /** The place a step leads to; `null` where that is not known yet. */
  #stepTo(by: number): number | null {
    if (this.waiting || this.shown === 0) return null;
    if (this.selected === null) return by > 0 ? 0 : this.shown - 1;
    // Where it stood stands what came after it.
    if (this.at === -1 && this.#away === this.selected) return Math.min(this.shown - 1, Math.max(0, this.#lastAt + (by > 0 ? by - 1 : by)));
    return this.at === -1 ? null : Math.min(this.shown - 1, Math.max(0, this.at + by));
  }

  async #stepLater(by: number): Promise<string | null> {
    for (let i = 0; i < STEP_TRIES; i++) {
      if (this.waiting) await this.#bring(this.#pagesInSight());
      if (this.selected !== null && this.at === -1) await this.#findSelected();
      const to = this.#stepTo(by);
      if (to === null) { if (this.shown === 0) return null; continue; }
      const page = Math.floor(to / PAGE_ROWS);
      if (this.rowAt(to) === null) await this.#bring([page], { keep: page });
      const row = this.rowAt(to);
      if (row !== null) { this.select(row.task); return row.task; }
    }
    return this.selected;
  }

  /** Other rows show, in another order, from the top. */
  async rearrange(): Promise<void> {
    this.beginnings += 1;
    this.#lastInSight -= this.#firstInSight;
    this.#firstInSight = 0;
    await this.#askAnew();
  }

  /** The tasks between two places, both counted; at most `most` of them, from the first place on. */
  async between(from: number, to: number, most: number): Promise<string[]> {
    const step = to < from ? -1 : 1;
    const places = Array.from({ length: Math.min(most, Math.abs(to - from) + 1) }, (_, i) => from + i * step);
    const asked = this.#asked;
    const pages = new Map<number, readonly TreeRow[]>();
    for (const page of new Set(places.map((place) => Math.floor(place / PAGE_ROWS)))) {
      const rows = this.#pages.get(page) ?? (await this.#source(this.#query(page, null)))?.rows ?? [];
      pages.set(page, rows);
    }
    // Meanwhile other rows show: which ones were meant is not known any more.
    if (asked !== this.#asked) return [];
    return places.flatMap((place) => pages.get(Math.floor(place / PAGE_ROWS))?.[place % PAGE_ROWS]?.task ?? []);
  }

  /** Lets the title of a row be edited in it. */
  edit(row: TreeRow): void {
    this.editing = row.task;
    this.editText = row.title;
  }

  /** Folds or unfolds a task. A filter shows everything that it finds, so then there is nothing to fold. */
  toggle(task: string): void {
    if (this.filter !== '') return;
    const next = new Set(this.folded);
    if (!next.delete(task)) next.add(task);
    this.folded = next;
    void this.#askAnew();
  }

  /** Shows dropped tasks too, or not. */
  toggleDropped(): void {
    this.showDropped = !this.showDropped;
    void this.#askAnew();
  }

  /** The filter's field has another text; it is asked for when the typing pauses. */
  type(text: string): void {
    this.filterText = text;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.applyFilter(), FILTER_PAUSE_MILLISECONDS);
  }

  /** Sets the filter at once. */
  setFilter(text: string): Promise<void> {
    this.filterText = text;
    return this.applyFilter();
  }

  /** Asks with the filter as it stands in its field. */
  async applyFilter(): Promise<void> {
    clearTimeout(this.#pause);
    const filter = this.filterText.trim();
    if (filter === this.filter) return;
    this.filter = filter;
    this.beginnings += 1;
    this.#lastInSight -= this.#firstInSight;
    this.#firstInSight = 0;
    await this.#askAnew();
  }

  /** Other rows show from now on: what is here stays until the answer comes. */
  async #askAnew(): Promise<void> {
    this.#asked += 1;
    this.waiting = true;
    await this.#renew();
  }

  async #renew(): Promise<void> {
    const wanted = new Set(this.#pagesInSight());
    if (this.selected !== null && !this.waiting) wanted.add(Math.floor(this.#lastAt / PAGE_ROWS));
    await this.#bring([...wanted], { anew: true });
    await this.#fill();
    await this.#findSelected();
  }

  /** Asks for pages in sight that are not here. */
  async #fill(): Promise<void> {
    const missing = this.#pagesInSight().filter((page) => !this.#pages.has(page));
    if (missing.length > 0) await this.#bring(missing);
  }

  #pagesInSight(): number[] {
    const last = Math.max(this.#firstInSight, this.#lastInSight);
    const end = this.view === null ? 0 : Math.max(0, Math.ceil(this.shown / PAGE_ROWS) - 1);
    const pages: number[] = [];
    for (let page = Math.floor(this.#firstInSight / PAGE_ROWS); page <= Math.min(end, Math.floor(last / PAGE_ROWS)); page++) pages.push(page);
    return pages.length === 0 ? [end] : pages;
  }

  /** Asks for pages and takes their answers together. */
  async #bring(pages: readonly number[], how: Bringing = {}): Promise<void> {
    const asked = this.#asked;
    const views = await Promise.all(pages.map((page) => this.#one(page, how)));
    if (asked !== this.#asked) return;
    this.#take(views.filter((view) => view !== null), how);
    // Fewer rows than there were: what was in sight is past the end now.
    const last = Math.ceil(this.shown / PAGE_ROWS) - 1;
    if (this.shown > 0 && !pages.includes(last) && views.every((view) => view?.rows.length === 0)) await this.#bring([last], how);
  }

  #one(page: number, how: Bringing): Promise<TreeView | null> {
    const flying = this.#flights.get(page);
    if (flying !== undefined) {
      // What is under way may have been answered already, and before the newest change.
      if (how.anew === true || flying.asked !== this.#asked) flying.again = true;
      return flying.landed;
    }
    const flight: Flight = { again: false, asked: this.#asked, landed: Promise.resolve(null) };
    flight.landed = (async () => {
      try {
        for (;;) {
          flight.again = false;
          flight.asked = this.#asked;
          const view = await this.#source(this.#query(page, null));
          if (!flight.again) return view;
        }
      } finally {
        this.#flights.delete(page);
      }
    })();
    this.#flights.set(page, flight);
    return flight.landed;
  }

  #query(page: number, around: string | null): PageQuery {
    return { first: page * PAGE_ROWS, folded: [...this.folded], filter: this.filter, dropped: this.showDropped, around };
  }

  #take(views: readonly TreeView[], { anew = false, keep }: Bringing): void {
    const newest = views[views.length - 1];
    if (newest === undefined) return;
    const pages = new Map(anew || this.#pagesFor !== this.#asked ? [] : this.#pages);
    // A page past the end comes empty, and its place is the end.
    for (const view of views) if (view.rows.length > 0) pages.set(Math.floor(view.first / PAGE_ROWS), view.rows);
    this.view = newest;
    this.shown = newest.shown;
    this.#pagesFor = this.#asked;
    this.waiting = false;
    // Kept is what is in sight, what is near it, and what the selection is in.
    const near = this.#pagesInSight();
    const selection = this.selected === null ? -1 : Math.floor(this.#lastAt / PAGE_ROWS);
    for (const page of pages.keys()) {
      const spare = page >= (near[0] ?? 0) - SPARE_PAGES && page <= (near[near.length - 1] ?? 0) + SPARE_PAGES;
      if (page * PAGE_ROWS >= this.shown || !(spare || page === selection || page === keep || views.some((view) => view.first === page * PAGE_ROWS))) pages.delete(page);
    }
    this.#pages = pages;
    this.#places = new Map();
    for (const [page, rows] of pages) rows.forEach((row, i) => this.#places.set(row.task, page * PAGE_ROWS + i));
    this.select(this.selected);
  }

  /** After a change: the selection stays on its task, or goes to what stands in its place. */
  async #findSelected(): Promise<void> {
    const task = this.selected;
    if (task === null || this.at !== -1 || this.view === null) return;
    const view = await this.#around(task);
    if (view === null || this.selected !== task || this.at !== -1) return;
    const isHere = view.opened.length === 0 && view.rows.some((row) => row.task === task);
    this.#away = !isHere && this.#isOpen(task) ? task : null;
    if (this.#away !== null) return;
    if (view.opened.length > 0) { await this.#selectFold(view.opened); return; }
    if (isHere) { this.#take([view], {}); return; }
    if (this.shown === 0) { this.select(null); return; }
    const place = this.filter === '' ? Math.min(this.#lastAt, this.shown - 1) : 0;
    const page = Math.floor(place / PAGE_ROWS);
    if (this.rowAt(place) === null) await this.#bring([page], { keep: page });
    if (this.selected === task) this.select(this.firstMatch(place)?.task ?? null);
  }

  /** The row at a place; in a filtered tree the first one from there that matches by itself. */
  firstMatch(place = 0): TreeRow | null {
    for (let i = place; i < place + PAGE_ROWS; i++) {
      const row = this.rowAt(i);
      if (row?.matches === true) return row;
    }
    return this.rowAt(place);
  }

  /** The selection was folded away: the folded task that shows takes its place. */
  async #selectFold(opened: readonly string[]): Promise<void> {
    const here = opened.find((task) => this.#places.has(task));
    if (here !== undefined) { this.select(here); return; }
    for (const task of opened) {
      const view = await this.#around(task);
      if (view === null || view.opened.length > 0) continue;
      this.selected = task;
      this.#take([view], {});
      return;
    }
  }

  async #around(task: string): Promise<TreeView | null> {
    const asked = this.#asked;
    const view = await this.#source(this.#query(Math.floor(this.#lastAt / PAGE_ROWS), task));
    return asked === this.#asked ? view : null;
  }

  /** Shows a task: what is folded above it opens, and a filter that hides it goes. */
  async #show(task: string): Promise<void> {
    let view = await this.#around(task);
    if (view !== null && this.filter !== '' && !view.rows.some((row) => row.task === task)) {
      this.filterText = '';
      this.filter = '';
      this.#asked += 1;
      view = await this.#around(task);
    }
    if (view?.rows.some((row) => row.task === task) !== true) { await this.#renew(); return; }
    if (view.opened.length > 0) {
      const opened = view.opened;
      this.folded = new Set([...this.folded].filter((each) => !opened.includes(each)));
      this.#asked += 1;
    }
    this.selected = task;
    this.#take([view], { anew: true });
    await this.#fill();
  }
}
