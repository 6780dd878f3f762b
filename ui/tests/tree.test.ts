// The tree in pages: nothing is skipped and no key is lost, few rows exist, few questions are asked, and the selection stays on its task.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tick } from 'svelte';
import type { Query } from '../src/host/bindings';
import { newTask } from '../src/host/fake-world';
import { PAGE_ROWS } from '../src/model/tree.svelte';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const MAX_ROWS_AT_ONCE = 80;
const treeQueries = (queries: Query[]) => queries.filter((query) => query.kind === 'tree');

/** A key without waiting for what it leads to. */
function tap(key: string, more: KeyboardEventInit = {}): void {
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
}

/** Something to let go of later. */
function gate(): { until: Promise<void>; open: () => void } {
  let open = (): void => {};
  const until = new Promise<void>((resolve) => { open = resolve; });
  return { until, open };
}

afterEach(() => { vi.unstubAllGlobals(); });

describe('pages', () => {
  it('shows each of 5,000 rows once, from the first to the last, by keyboard', async () => {
    const ROWS = 5_000;
    const { session, host } = await openWindow({ rows: ROWS });
    const placeOf = new Map<string, string>();
    const taskAt = new Map<string, string>();
    let most = 0;
    const arrived = async (place: number): Promise<void> => {
      while (session.tree.at !== place) await new Promise((resolve) => setTimeout(resolve, 0));
      await tick();
      expect(document.getElementById(`row-${session.tree.selected}`)?.getAttribute('aria-selected')).toBe('true');
      const rows = document.getElementsByClassName('row');
      most = Math.max(most, rows.length);
      for (const row of rows) {
        const task = row.getAttribute('data-task') ?? '';
        const at = row.getAttribute('aria-posinset') ?? '';
        if ((placeOf.get(task) ?? at) !== at || (taskAt.get(at) ?? task) !== task) throw new Error(`place ${at} is shown twice`);
        placeOf.set(task, at);
        taskAt.set(at, task);
      }
    };
    let at = 0;
    await arrived(at);
    for (const [key, by, steps] of [['j', 1, 60], ['PageDown', 12, ROWS], ['End', ROWS, 1]] as const) {
      for (let i = 0; i < steps && at < ROWS - 1; i++) {
        tap(key);
        at = Math.min(ROWS - 1, at + by);
        await arrived(at);
      }
    }
    expect(taskAt.size).toBe(ROWS);
    expect(placeOf.size).toBe(ROWS);
    expect(most).toBeLessThanOrEqual(MAX_ROWS_AT_ONCE);
    expect(session.tree.kept).toBeLessThanOrEqual(10 * PAGE_ROWS);
    // Each page about once: it is asked for when its first row comes near.
    expect(treeQueries(host.queries).length).toBeLessThanOrEqual(ROWS / PAGE_ROWS + 10);
  }, 180_000);

  it('has at most 80 rows in a window of any height', async () => {
    vi.stubGlobal('ResizeObserver', class { constructor(private readonly changed: () => void) {} observe(): void { this.changed(); } disconnect(): void {} });
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(20_000);
    await openWindow({ rows: 3_127 });
    expect(all('tree-row').length).toBeGreaterThan(PAGE_ROWS);
    for (const key of ['End', 'PageUp', 'Home', 'PageDown']) {
      await press(key);
      expect(all('tree-row').length, key).toBeLessThanOrEqual(MAX_ROWS_AT_ONCE);
    }
    vi.restoreAllMocks();
  });

  it('applies keys in their order while a page is on its way, and takes one command for one key', async () => {
    const { session, host } = await openWindow({ rows: 3_127 });
    const { until, open } = gate();
    host.hold(until);
    host.requests.length = 0;
    for (const key of ['End', 'k', 'k', 'i', 'PageUp', 'j', 'Delete']) tap(key);
    await settled();
    expect(host.requests).toHaveLength(0);
    open();
    host.hold(null);
    await settled();
    const title = (n: number): RegExp => new RegExp(`^Folder ${n}: `);
    const commands = host.requests.flatMap((request) => (request.kind === 'act' && 'task' in request.command ? [request.command] : []));
    expect(commands.map((command) => command.kind)).toEqual(['claim', 'setStatus']);
    const view = await host.view({ kind: 'tree', pursuance: session.pursuance ?? '', first: 3_100, folded: [], filter: '', dropped: false, around: null });
    const claimed = view.kind === 'tree' ? view.view.rows.find((row) => row.claim?.me) : undefined;
    expect(claimed?.task).toBe(commands[0]?.task);
    expect(claimed?.title).toMatch(title(3_125));
    expect(session.tree.shown).toBe(3_126);
    expect(session.tree.selectedRow?.title).toMatch(title(3_115));
  });

  it('takes at most one command for any key', async () => {
    const { session, host } = await openWindow();
    session.tree.select(rowOf('Walk the streets south of the lock').dataset.task ?? null);
    by('tree').focus();
    for (const [key, more] of [['j', {}], ['k', {}], ['Home', {}], ['End', {}], ['i', {}], ['I', { shiftKey: true }], ['Delete', {}], ['z', { ctrlKey: true }], ['z', {}], ['ArrowRight', { altKey: true }], ['ArrowLeft', { altKey: true }], ['Enter', {}]] as [string, KeyboardEventInit][]) {
      const before = host.requests.length;
      by('tree').focus();
      await press(key, more);
      expect(host.requests.length - before, key).toBeLessThanOrEqual(1);
    }
  });

  it('asks for a page again only when its answer has come', async () => {
    const { host } = await openWindow({ rows: 3_127 });
    const under = new Map<number, number>();
    let most = 0;
    const view = host.view;
    host.view = async (query) => {
      if (query.kind !== 'tree') return view(query);
      const count = (under.get(query.first) ?? 0) + 1;
      under.set(query.first, count);
      most = Math.max(most, count);
      try { return await view(query); } finally { under.set(query.first, (under.get(query.first) ?? 1) - 1); }
    };
    host.queries.length = 0;
    const { until, open } = gate();
    host.hold(until);
    for (let i = 0; i < 40; i++) {
      host.arrive((data) => { const task = data.tasks[0]; if (task !== undefined) task.title = `Renamed ${i}`; });
      if (i % 10 === 0) await settled();
    }
    open();
    host.hold(null);
    await settled();
    expect(most).toBe(1);
    expect(treeQueries(host.queries).length).toBeLessThan(10);
    expect(rowOf('Renamed 39')).toBeTruthy();
  });
});

function rowById(task: string | undefined): HTMLElement {
  const row = all('tree-row').find((each) => each.dataset.task === task);
  if (row === undefined) throw new Error('this task has no row on the screen');
  return row;
}

describe('selection', () => {
  it('stays on its task when others add tasks above it', async () => {
    const { session, host } = await openWindow({ rows: 300 });
    for (let i = 0; i < 20; i++) tap('j');
    await settled();
    const task = session.tree.selected;
    expect(session.tree.at).toBe(20);
    host.arrive((data) => {
      const creator = data.members[1]!.person;
      data.tasks.unshift(...Array.from({ length: 120 }, (_, i) => newTask({ task: `above ${i}`, parent: null, title: `Above ${i}`, creator })));
    });
    await settled();
    expect(session.tree.selected).toBe(task);
    expect(session.tree.at).toBe(140);
    expect(rowById(task ?? '').getAttribute('aria-selected')).toBe('true');
    await press('j');
    expect(session.tree.at).toBe(141);
  });

  it('goes to what stands in its place when its task is hidden', async () => {
    const { session, host } = await openWindow();
    session.tree.select(rowOf('Walk the streets north of the lock').dataset.task ?? null);
    host.arrive((data) => { for (const task of data.tasks) if (task.title === 'Walk the streets north of the lock') task.status = 'dropped'; });
    await settled();
    expect(session.tree.selectedRow?.title).toBe('Walk the streets south of the lock');
  });

  it('stays on a task that is open beside the tree, and a list on what it was opened for', async () => {
    const { host, session } = await openWindow();
    const [shut, opened] = ['Get copies of the land register pages', 'Book the canteen'].map((title) => rowOf(title).dataset.task ?? '');
    const drop = (task: string | undefined): void => host.arrive((data) => { for (const each of data.tasks) if (each.task === task) each.status = 'dropped'; });
    session.tree.select(shut ?? '');
    by('tree').focus();
    await press('s');
    drop(shut);
    await settled();
    expect(all('tree-row').some((each) => each.dataset.task === shut)).toBe(false);
    await click(by('status-option-doing'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'setStatus', task: shut } });

    await click(rowOf('Book the canteen'));
    const place = session.tree.at;
    drop(opened);
    await settled();
    expect([session.target?.task, session.openTask, session.tree.at]).toEqual([opened, opened, -1]);
    await press('ArrowDown');
    expect([session.tree.at, session.openTask]).toEqual([place, session.tree.selected]);
    await press('ArrowUp');
    await press('Escape');
    drop(session.tree.selected ?? undefined);
    await settled();
    expect(session.tree.at).toBeGreaterThan(-1);
  });

  it('goes to the folded task when it is folded away, and folding is not sent as a command', async () => {
    const { session, host } = await openWindow();
    session.tree.select(rowOf('Print leaflets').dataset.task ?? null);
    host.requests.length = 0;
    const parent = rowOf('Open evening on 3 December');
    await click(parent.querySelector('.turn') as HTMLElement);
    expect(host.requests).toHaveLength(0);
    expect(session.tree.selectedRow?.title).toBe('Open evening on 3 December');
    expect(rowOf('Open evening on 3 December').getAttribute('aria-expanded')).toBe('false');
    expect(all('tree-row').map((row) => row.dataset.title)).not.toContain('Print leaflets');
    await press('z');
    expect(rowOf('Print leaflets')).toBeTruthy();
  });

  it('shows a new task wherever it stands, and opens what hides it', async () => {
    const { session } = await openWindow({ rows: 3_127 });
    await fill('quick-add', 'At the very end');
    await press('Enter');
    expect(rowOf('At the very end').getAttribute('aria-selected')).toBe('true');
    by('tree').focus();
    await press('Home');
    const top = session.tree.selected ?? '';
    await press('z');
    expect(rowById(top).getAttribute('aria-expanded')).toBe('false');
    await press('o');
    await fill('quick-add', 'Inside the folded one');
    await press('Enter');
    expect(rowOf('Inside the folded one').dataset.depth).toBe('1');
    expect(rowById(top).getAttribute('aria-expanded')).toBe('true');
    await fill('tree-filter', 'folder');
    await new Promise((resolve) => setTimeout(resolve, 80));
    await fill('quick-add', 'Not matching');
    await press('Enter');
    expect(by<HTMLInputElement>('tree-filter').value).toBe('');
    expect(rowOf('Not matching')).toBeTruthy();
  });

  it('goes to the new end when what was in sight is gone', async () => {
    const { session, host } = await openWindow({ rows: 600 });
    await press('End');
    expect(session.tree.at).toBe(599);
    host.arrive((data) => { for (const task of data.tasks.slice(20)) task.status = 'dropped'; });
    await settled();
    expect(session.tree.shown).toBe(20);
    expect(all('tree-row')).toHaveLength(20);
    expect(session.tree.at).toBe(19);
    host.arrive((data) => { for (const task of data.tasks) task.status = 'dropped'; });
    await settled();
    expect(session.tree.shown).toBe(0);
    expect(session.tree.selected).toBeNull();
    expect(by('tree-empty')).toBeTruthy();
  });

  it('keeps what is typed in a row while others change the tree', async () => {
    const { session, host } = await openWindow({ rows: 300 });
    await press('j');
    await press('e');
    await fill('row-edit', 'Half a title');
    host.arrive((data) => { data.tasks.unshift(newTask({ task: 'new on top', parent: null, title: 'On top', creator: data.members[1]!.person })); });
    await settled();
    expect(by<HTMLInputElement>('row-edit').value).toBe('Half a title');
    expect(session.tree.at).toBe(2);
  });
});

describe('the filter', () => {
  it('asks once for a pause of typing, and drops answers to older texts', async () => {
    const { host } = await openWindow({ rows: 3_127 });
    host.queries.length = 0;
    for (const text of ['f', 'fo', 'fol', 'folder 31']) await fill('tree-filter', text);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await settled();
    const filters = treeQueries(host.queries).map((query) => ('filter' in query ? query.filter : ''));
    expect(filters.every((filter) => filter === 'folder 31')).toBe(true);
    // A slow answer to an older text comes after that to a newer one.
    const view = host.view;
    const { until, open } = gate();
    host.view = async (query) => { if (query.kind === 'tree' && query.filter === 'slow') await until; return view(query); };
    await fill('tree-filter', 'slow');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await fill('tree-filter', 'folder 3127');
    await new Promise((resolve) => setTimeout(resolve, 100));
    open();
    await settled();
    expect(rowOf('Folder 3127: read and note what it holds')).toBeTruthy();
    expect(by('tree-matching').dataset.matching).toBe('1');
  });

  it('is focused by F, says how many match, and Escape clears it', async () => {
    await openWindow();
    await press('f');
    expect(document.activeElement).toBe(by('tree-filter'));
    await fill('tree-filter', 'walk streets');
    await new Promise((resolve) => setTimeout(resolve, 80));
    await settled();
    expect(by('tree-matching').textContent?.trim()).toBe('2 tasks match');
    expect(rowOf('Open evening on 3 December').classList.contains('context')).toBe(true);
    await press('Enter');
    expect(document.activeElement).toBe(by('tree'));
    expect(document.querySelector<HTMLElement>('[aria-selected="true"]')?.dataset.title).toBe('Walk the streets north of the lock');
    await press('f');
    await press('Escape');
    expect(by<HTMLInputElement>('tree-filter').value).toBe('');
    expect(rowOf('Book the canteen')).toBeTruthy();
    await fill('tree-filter', 'no such thing');
    await new Promise((resolve) => setTimeout(resolve, 80));
    await settled();
    expect(by('tree-empty').textContent).toContain('no such thing');
    await click(by('tree-clear-filter'));
    expect(rowOf('Book the canteen')).toBeTruthy();
  });

  it('has chips that write words into its text and take them out again', async () => {
    await openWindow();
    await click(by('filter-mine'));
    expect(by<HTMLInputElement>('tree-filter').value).toBe('@me');
    await click(by('filter-overdue'));
    expect(by<HTMLInputElement>('tree-filter').value).toBe('@me due:overdue');
    expect(by('tree-matching').dataset.matching).toBe('1');
    await click(by('filter-mine'));
    await click(by('filter-label'));
    await fill('picker-input', 'help');
    await press('Enter');
    expect(by<HTMLInputElement>('tree-filter').value).toBe('due:overdue label:"help wanted"');
    expect(by('filter-label').getAttribute('aria-pressed')).toBe('true');
    await click(by('filter-overdue'));
    await click(by('filter-priority'));
    await fill('picker-input', '2');
    await press('Enter');
    expect(by<HTMLInputElement>('tree-filter').value).toBe('label:"help wanted" priority:2');
    expect(by('tree-matching').dataset.matching).toBe('1');
  });
});
