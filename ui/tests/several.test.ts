// Several tasks at once, the list, the board, my order, and keys of one's own.
import { beforeEach, describe, expect, it } from 'vitest';
import { actionOf, conflictOf, readChosen, type Where } from '../src/model/keys';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const IN_ROWS: Where = { typing: false, inTree: true, onControl: false, treeScreen: true, after: null, rightToLeft: false };
const key = (name: string, more: { ctrl?: boolean; shift?: boolean; alt?: boolean } = {}) => ({ key: name, ctrl: false, shift: false, alt: false, ...more });
const titles = (testid: string): (string | undefined)[] => all(testid).map((row) => row.dataset.title);
const chosen = (): number => Number(by('chosen').dataset.chosen);
async function pause(): Promise<void> { await new Promise((resolve) => setTimeout(resolve, 90)); await settled(); }

describe('the map', () => {
  it.each([
    [key('x'), 'choose'], [key('a', { ctrl: true }), 'chooseAll'], [key('ArrowDown', { shift: true }), 'chooseNext'], [key('ArrowUp', { shift: true }), 'choosePrevious'], [key('.'), 'verbs'], [key('y'), 'copy'], [key('m'), 'move'],
    [key('ArrowUp', { alt: true }), 'earlier'], [key('ArrowDown', { alt: true }), 'later'], [key('v'), 'viewPrefix'],
  ] as const)('%j is %s', (pressed, action) => { expect(actionOf(pressed, IN_ROWS)).toBe(action); });

  it('leaves a field its own Ctrl A and its arrows', () => {
    const typing = { ...IN_ROWS, typing: true, inTree: false };
    expect([key('a', { ctrl: true }), key('ArrowUp', { alt: true }), key('ArrowDown', { shift: true })].map((pressed) => actionOf(pressed, typing))).toEqual([null, null, null]);
  });

  it('shows tasks as V and a letter say', () => {
    expect(['t', 'l', 'b', 'x'].map((name) => actionOf(key(name), { ...IN_ROWS, after: 'view' }))).toEqual(['viewTree', 'viewList', 'viewBoard', null]);
  });

  it('takes a key that was chosen instead of the one that there was', () => {
    const mine = { claim: 'u', status: '1' };
    expect(actionOf(key('u'), IN_ROWS, mine)).toBe('claim');
    expect(actionOf(key('U', { shift: true }), IN_ROWS, mine)).toBe('giveBack');
    expect(actionOf(key('1'), IN_ROWS, mine)).toBe('status');
    expect([actionOf(key('i'), IN_ROWS, mine), actionOf(key('s'), IN_ROWS, mine)]).toEqual([null, null]);
    expect(actionOf(key('s'), { ...IN_ROWS, after: 'go' }, mine)).toBe('goSettings');
  });

  it('gives no key to two things, and none away that always does the same', () => {
    expect(conflictOf('a', 'status', {})).toBe('assign');
    expect(conflictOf('a', 'status', { assign: 'q' })).toBeNull();
    expect(conflictOf('q', 'status', { assign: 'q' })).toBe('assign');
    expect([conflictOf('?', 'status', {}), conflictOf('Enter', 'status', {}), conflictOf(' ', 'status', {}), conflictOf('s', 'status', {})]).toEqual(['taken', 'notOne', 'notOne', null]);
    expect(readChosen([{ action: 'status', key: 'q' }, { action: 'assign', key: 'q' }, { action: 'fly', key: 'w' }, { action: 'due', key: 'F1' }])).toEqual({ status: 'q' });
  });
});

describe('several tasks at once', () => {
  it('chooses one, another, and lets them go', async () => {
    const { session } = await openWindow();
    await press('j');
    await press('x');
    await press('j');
    await press('j');
    await press('x');
    expect([chosen(), [...document.querySelectorAll('[aria-selected="true"]')].length]).toEqual([2, 2]);
    await press('x');
    expect(chosen()).toBe(1);
    await press('Escape');
    expect([chosen(), session.chosen.count]).toEqual([0, 0]);
  });

  it('chooses everything between, by arrows and by a press', async () => {
    await openWindow();
    await press('Home');
    await press('ArrowDown', { shiftKey: true });
    await press('ArrowDown', { shiftKey: true });
    expect(chosen()).toBe(3);
    await press('ArrowUp', { shiftKey: true });
    expect(chosen()).toBe(2);
    rowOf('Book the canteen').dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true }));
    await settled();
    expect(chosen()).toBe(all('tree-row').findIndex((row) => row.dataset.title === 'Book the canteen') + 1);
    await click(rowOf('Book the canteen'));
    expect([chosen(), all('task-panel').length]).toEqual([0, 1]);
  });

  it('chooses all that the filter means, here already or not, and as many as can be changed at once', async () => {
    const { host, session } = await openWindow({ rows: 700 });
    await press('a', { ctrlKey: true });
    expect([session.chosen.count, session.chosen.meant, all('tree-row').length < 100]).toEqual([500, 700, true]);
    await press('Escape');
    await fill('tree-filter', '@me');
    await pause();
    await press('Enter');
    await press('a', { ctrlKey: true });
    expect(session.chosen.count).toBe(session.tree.view?.matching);
    expect(host.queries.at(-1)).toMatchObject({ kind: 'meant', filter: '@me' });
  });

  it('changes all of them by one request, and takes it back by one', async () => {
    const { host } = await openWindow();
    const before = all('tree-row').map((row) => row.dataset.priority);
    await press('a', { ctrlKey: true });
    host.requests.length = 0;
    await press('p');
    await click(by('priority-option-3'));
    expect(host.requests.map((request) => request.kind)).toEqual(['actAll']);
    expect(all('tree-row').every((row) => row.dataset.priority === '3')).toBe(true);
    await press('z', { ctrlKey: true });
    expect(all('tree-row').map((row) => row.dataset.priority)).toEqual(before);
    expect(host.requests.map((request) => request.kind)).toEqual(['actAll', 'undo']);
  });

  it('asks for what is not like that already, and for nothing where everything is', async () => {
    const { host } = await openWindow();
    await press('a', { ctrlKey: true });
    await press('s');
    await click(by('status-option-done'));
    const asked = host.requests.at(-1);
    expect(asked?.kind === 'actAll' && asked.commands.length).toBe(14);
    host.requests.length = 0;
    await press('s');
    await click(by('status-option-done'));
    expect(host.requests).toEqual([]);
  });

  it('says before which ones are not mine to change, and changes the others', async () => {
    const { host } = await openWindow({ role: 2 });
    await press('a', { ctrlKey: true });
    host.requests.length = 0;
    await press('p');
    await click(by('priority-option-3'));
    expect([host.requests.length, all('many-reason').length]).toEqual([0, 1]);
    expect(document.activeElement?.getAttribute('data-testid')).toBe('many-submit');
    await click(by('many-submit'));
    const asked = host.requests.at(-1);
    expect(asked?.kind === 'actAll' && asked.commands.length > 0 && asked.commands.length < 18).toBe(true);
    expect(by('notice').textContent).toContain('Ctrl Z');
  });

  it('leaves everything as it is when that is what is wanted', async () => {
    const { host } = await openWindow({ role: 2 });
    await press('a', { ctrlKey: true });
    host.requests.length = 0;
    await press('p');
    await click(by('priority-option-3'));
    await click(by('many-leave'));
    expect([host.requests.length, chosen()]).toEqual([0, 18]);
  });

  it('goes on with those chosen when none of them shows any more', async () => {
    const { host, session } = await openWindow();
    await press('Home');
    await press('x');
    await fill('tree-filter', 'nothing such');
    await pause();
    (document.activeElement as HTMLElement).blur();
    await press('p');
    await click(by('priority-option-4'));
    expect([host.requests.at(-1)?.kind, session.chosen.count]).toEqual(['actAll', 1]);
  });

  it('moves below another task, which is found by its title', async () => {
    const { host } = await openWindow();
    await press('Home');
    await press('m');
    await fill('picker-input', 'canteen');
    await pause();
    expect(all('move-option').map((each) => each.textContent)).toEqual([expect.stringContaining('Book the canteen')]);
    await click(by('move-option'));
    expect(host.requests.at(-1)).toMatchObject({ kind: 'act', command: { kind: 'moveTask', parent: rowOf('Book the canteen').dataset.task } });
  });

  it('copies titles, what stands below further in', async () => {
    let copied = '';
    document.execCommand = () => { copied = (document.activeElement as HTMLTextAreaElement).value; return true; };
    await openWindow();
    await press('Home');
    await press('ArrowDown', { shiftKey: true });
    await press('y');
    expect(copied).toBe('Find out who owns the east quay\n  Get copies of the land register pages');
    expect(document.activeElement?.getAttribute('role')).toBe('tree');
  });

  it('finds tasks from the palette and goes there', async () => {
    const { session } = await openWindow();
    await press('k', { ctrlKey: true });
    await fill('picker-input', 'north of');
    await pause();
    await click(by('palette-task'));
    await settled();
    expect(by('task-title').textContent).toBe('Walk the streets north of the lock');
    expect(session.tree.selectedRow?.title).toBe('Walk the streets north of the lock');
  });

  it('lists what can be done, with keys as they are now', async () => {
    const { session } = await openWindow();
    await session.request({ kind: 'setKeys', keys: [{ action: 'status', key: 'q' }] });
    await press('j');
    await press('.');
    expect(by('picker').textContent).toMatch(/Set status\s*Q/);
    await fill('picker-input', 'priority');
    await press('Enter');
    expect(session.overlay).toBe('priority');
  });
});

describe('my order', () => {
  it('goes past the neighbour, and back', async () => {
    const { host } = await openWindow();
    const before = titles('tree-row');
    const moved = 'Walk the streets south of the lock';
    await click(rowOf(moved));
    by('tree').focus();
    await press('ArrowUp', { altKey: true });
    expect(host.requests.at(-1)).toMatchObject({ kind: 'reorder', past: 'before' });
    expect(titles('tree-row').indexOf(moved)).toBe(before.indexOf(moved) - 1);
    await press('ArrowDown', { altKey: true });
    expect(titles('tree-row')).toEqual(before);
  });
});

describe('the list', () => {
  beforeEach(async () => { await openWindow(); await press('v'); await press('l'); });

  it('has every task once, without levels, and keys work on it', () => {
    expect([all('list-row').length, by('list').dataset.rows, document.activeElement?.getAttribute('role')]).toEqual([18, '18', 'grid']);
  });

  it('sorts by a press on a heading, the other way, and not at all', async () => {
    const before = titles('list-row');
    await click(by('head-title'));
    const sorted = titles('list-row');
    expect(sorted).toEqual([...sorted].sort((a, b) => (a ?? '').localeCompare(b ?? '')));
    expect(by('head-title').closest('[role="columnheader"]')?.getAttribute('aria-sort')).toBe('ascending');
    await click(by('head-title'));
    expect(titles('list-row')).toEqual([...sorted].reverse());
    await click(by('head-title'));
    expect(titles('list-row')).toEqual(before);
  });

  it('groups, and says where a group begins', async () => {
    await click(by('list-group'));
    await click(by('group-status'));
    expect(all('list-group-name').map((each) => each.textContent?.trim())).toEqual(['Suggested 2', 'Open 8', 'Doing 3', 'Review 1', 'Done 4']);
  });

  it('edits the field where the cursor is', async () => {
    await press('ArrowDown');
    await press('ArrowRight');
    await press('ArrowRight');
    await press('e');
    expect(by('picker').getAttribute('aria-label')).toBe('Due');
    await press('Escape');
    await press('ArrowLeft');
    await press('ArrowLeft');
    await press('e');
    await fill('row-edit', 'Another title');
    await press('Enter');
    expect(titles('list-row')).toContain('Another title');
    expect(document.activeElement?.getAttribute('role')).toBe('grid');
  });

  it('shows the columns that are wanted', async () => {
    await click(by('list-columns'));
    await click(by('column-priority'));
    expect(all('head-priority')).toHaveLength(0);
    expect(document.querySelectorAll('[role="columnheader"]')).toHaveLength(5);
  });

  it('chooses as the tree does', async () => {
    await press('Home');
    await press('ArrowDown', { shiftKey: true });
    expect([chosen(), document.querySelectorAll('[data-testid="list-row"][data-chosen="true"]').length]).toEqual([2, 2]);
  });
});

describe('the board', () => {
  it('has a column for each status, moves a card by Alt and an arrow, and stays with it', async () => {
    const { host, session } = await openWindow();
    await press('v');
    await press('b');
    await settled();
    expect(all('board-column').map((column) => column.dataset.cards)).toEqual(['2', '8', '3', '1', '4', '1']);
    const first = session.board.row?.title;
    await press('ArrowRight', { altKey: true });
    await settled();
    expect(host.requests.at(-1)).toMatchObject({ kind: 'act', command: { kind: 'setStatus' } });
    expect(session.board.row?.title).toBe(first);
    expect(all('board-column').map((column) => Number(column.dataset.cards)).reduce((sum, count) => sum + count, 0)).toBe(19);
  });

  it('keeps keys on the card that is open, wherever it goes', async () => {
    const { host, session } = await openWindow();
    await press('v');
    await press('b');
    await settled();
    const card = all('card').find((each) => each.dataset.status === 'open') as HTMLElement;
    const task = card.dataset.task ?? '';
    await click(card);
    expect(session.openTask).toBe(task);
    await press('s');
    await click(by('status-option-doing'));
    expect([session.board.at, session.board.row?.task]).toEqual(['doing', task]);
    host.arrive((data) => { for (const each of data.tasks) if (each.task === task) each.status = 'done'; });
    await settled();
    expect([session.board.at, session.target?.task]).toEqual(['done', task]);
    await press('p');
    await click(by('priority-option-1'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'setPriority', task } });
    await click(by('detail-more'));
    expect(all('detail-field-why')).toHaveLength(1);
  });

  it('explains what is refused, and leaves the card', async () => {
    const { session } = await openWindow();
    await press('v');
    await press('b');
    await settled();
    await press('ArrowLeft');
    await settled();
    session.board.select('open', all('card').find((card) => card.dataset.status === 'open')?.dataset.task ?? '');
    const row = session.board.row;
    await press('ArrowLeft', { altKey: true });
    await settled();
    expect(by('notice').dataset.code).toBe('refused');
    expect([session.board.at, session.board.row?.task]).toEqual(['open', row?.task]);
  });

  it('follows the filter', async () => {
    await openWindow();
    await press('v');
    await press('b');
    await fill('tree-filter', 'canteen');
    await pause();
    expect(titles('card')).toEqual(['Book the canteen']);
  });
});

describe('thousands of tasks', () => {
  it('are a few rows of the list, and a few cards of each column', async () => {
    const { host } = await openWindow({ rows: 3_000 });
    host.queries.length = 0;
    await press('v');
    await press('l');
    await settled();
    expect([by('list').dataset.rows, all('list-row').length > 10, all('list-row').length <= 80]).toEqual(['3000', true, true]);
    await press('v');
    await press('b');
    await settled();
    for (const column of all('board-column')) expect(column.querySelectorAll('[data-testid="card"]').length).toBeLessThanOrEqual(80);
    expect(host.queries.every((query) => query.kind !== 'tree')).toBe(true);
  });
});

describe('keys of one’s own', () => {
  it('are chosen in the settings, work at once, and go back', async () => {
    const { host, session } = await openWindow();
    await press('g');
    await press('s');
    await settled();
    await click(by('key-status'));
    await press('q');
    await settled();
    expect(host.requests.at(-1)).toEqual({ kind: 'setKeys', keys: [{ action: 'status', key: 'q' }] });
    expect(document.querySelector('[data-testid="keymap-cap"][data-action="status"]')?.textContent).toBe('Q');
    (document.activeElement as HTMLElement).blur();
    await press('g');
    await press('t');
    await settled();
    await press('j');
    await press('q');
    expect(session.overlay).toBe('status');
    await press('Escape');
    await session.go('settings');
    await settled();
    await click(by('keymap-reset'));
    expect(host.requests.at(-1)).toEqual({ kind: 'setKeys', keys: [] });
  });
});
