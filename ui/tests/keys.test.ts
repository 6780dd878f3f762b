// The keyboard map, and what keys ask of the host: one request and one refresh for each press.
import { describe, expect, it } from 'vitest';
import { actionOf, type Where } from '../src/model/keys';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const IN_TREE: Where = { typing: false, inTree: true, onControl: false, treeScreen: true, after: null, rightToLeft: false };
const key = (name: string, more: { ctrl?: boolean; shift?: boolean; alt?: boolean } = {}) => ({ key: name, ctrl: false, shift: false, alt: false, ...more });

describe('the map', () => {
  it.each([
    [key('k', { ctrl: true }), 'palette'], [key('l', { ctrl: true }), 'lock'], [key('z', { ctrl: true }), 'undo'], [key('c'), 'add'], [key('/'), 'find'], [key('f'), 'filter'],
    [key('?', { shift: true }), 'help'], [key('Escape'), 'escape'], [key('F6'), 'nextRegion'], [key('F6', { shift: true }), 'previousRegion'], [key('g'), 'goPrefix'],
    [key('j'), 'next'], [key('k'), 'previous'], [key('ArrowDown'), 'next'], [key('ArrowUp'), 'previous'], [key('Enter'), 'peek'], [key('z'), 'collapse'], [key('o'), 'subtask'],
    [key('e'), 'edit'], [key('s'), 'status'], [key('a'), 'assign'], [key('i'), 'claim'], [key('I', { shift: true }), 'giveBack'], [key('n'), 'comment'], [key('b'), 'label'],
    [key('Delete'), 'drop'], [key('d'), 'due'], [key('p'), 'priority'], [key('f'), 'filter'], [key('ArrowRight', { alt: true }), 'indent'], [key('ArrowLeft', { alt: true }), 'outdent'],
  ] as const)('%j is %s', (pressed, action) => { expect(actionOf(pressed, IN_TREE)).toBe(action); });

  it('lets a field keep its letters, its Tab and its undo', () => {
    const typing = { ...IN_TREE, typing: true, inTree: false };
    for (const name of ['c', 'j', 's', 'Delete', '/', '?', 'g', 'Enter', 'Tab', 'ArrowDown']) expect(actionOf(key(name), typing), name).toBeNull();
    expect(actionOf(key('z', { ctrl: true }), typing)).toBeNull();
    expect(actionOf(key('k', { ctrl: true }), typing)).toBe('palette');
    expect(actionOf(key('ArrowRight', { alt: true }), typing)).toBe('indent');
  });

  it('leaves Tab and a button’s own Enter alone', () => {
    expect(actionOf(key('Tab'), IN_TREE)).toBeNull();
    expect(actionOf(key('Enter'), { ...IN_TREE, inTree: false, onControl: true })).toBeNull();
  });

  it('turns around where the page reads from right to left', () => {
    expect(actionOf(key('ArrowRight', { alt: true }), { ...IN_TREE, rightToLeft: true })).toBe('outdent');
  });

  it('goes with G and a letter', () => {
    const go = { ...IN_TREE, after: 'go' as const };
    expect(['t', 'p', 'v', 'r', 'm', 's', 'x'].map((name) => actionOf(key(name), go))).toEqual(['goTree', 'goPeople', 'goInvites', 'goRelays', 'goImport', 'goSettings', null]);
  });
});

describe('keys in the window', () => {
  it('moves, peeks, takes, gives back and undoes', async () => {
    const { host, session } = await openWindow();
    expect(document.activeElement?.getAttribute('role')).toBe('tree');
    await press('j');
    await press('j');
    await press('j');
    expect(session.tree.selectedRow?.title).toBe('Compare with the 2021 council minutes');
    await press('Enter');
    expect(by('task-title').textContent).toBe('Compare with the 2021 council minutes');
    await press('i');
    expect(host.requests.at(-1)).toMatchObject({ kind: 'act', command: { kind: 'claim' } });
    expect(by('give-back')).toBeTruthy();
    await press('I', { shiftKey: true });
    expect(by('claim')).toBeTruthy();
    await press('z', { ctrlKey: true });
    expect(host.requests.at(-1)?.kind).toBe('undo');
    await press('Escape');
    await press('Escape');
    expect(all('task-panel')).toHaveLength(0);
  });

  it('asks once and looks once for one key', async () => {
    const { host, session } = await openWindow();
    session.tree.select(rowOf('Walk the streets south of the lock').dataset.task ?? null);
    await settled();
    host.requests.length = 0;
    host.queries.length = 0;
    await press('i');
    expect(host.requests).toHaveLength(1);
    expect(host.queries.map((query) => query.kind)).toEqual(['app', 'tree', 'inboxes']);
  });

  it('drops with Delete and brings back with Ctrl Z', async () => {
    await openWindow();
    await press('j');
    const title = 'Get copies of the land register pages';
    expect(rowOf(title).dataset.status).toBe('done');
    for (let i = 0; i < 8; i++) await press('j');
    const gone = document.querySelector<HTMLElement>('[aria-selected="true"]')?.dataset.title ?? '';
    await press('Delete');
    expect(all('tree-row').map((row) => row.dataset.title)).not.toContain(gone);
    await press('z', { ctrlKey: true });
    expect(rowOf(gone)).toBeTruthy();
  });

  it('moves in and out while a title is edited, and keeps what was typed', async () => {
    const { host, session } = await openWindow();
    session.tree.select(rowOf('Walk the streets south of the lock').dataset.task ?? null);
    await settled();
    await press('e');
    await fill('row-edit', 'Walk the streets by the water');
    await press('Tab');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'moveTask' } });
    expect(by<HTMLInputElement>('row-edit').value).toBe('Walk the streets by the water');
    await press('Tab', { shiftKey: true });
    await press('Enter');
    expect(rowOf('Walk the streets by the water')).toBeTruthy();
  });

  it('goes everywhere with G', async () => {
    await openWindow();
    for (const [letter, screen] of [['p', 'people'], ['v', 'invites'], ['r', 'relays'], ['m', 'import'], ['s', 'settings'], ['t', 'tree']]) {
      await press('Escape');
      (document.activeElement as HTMLElement | null)?.blur();
      await press('g');
      await press(letter as string);
      expect(by('window').dataset.screen).toBe(screen);
    }
  });

  it('finds everything in the palette', async () => {
    await openWindow();
    await press('k', { ctrlKey: true });
    await fill('picker-input', 'relays');
    await press('Enter');
    expect(by('window').dataset.screen).toBe('relays');
  });

  it('sets a status, asks somebody and labels by lists', async () => {
    const { host, session } = await openWindow();
    const title = 'Walk the streets south of the lock';
    session.tree.select(rowOf(title).dataset.task ?? null);
    await settled();
    await press('s');
    await fill('picker-input', 'don');
    await press('Enter');
    expect(rowOf(title).dataset.status).toBe('done');
    await press('a');
    await fill('picker-input', 'ilse');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'assign' } });
    await press('b');
    await fill('picker-input', 'night');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'addLabel', label: 'night' } });
    expect(rowOf(title).textContent).toContain('night');
  });

  it('locks and forgets', async () => {
    const { session } = await openWindow();
    await fill('quick-add', 'half a thought');
    await press('l', { ctrlKey: true });
    expect(by('unlock')).toBeTruthy();
    expect(session.drafts).toEqual({});
    expect(session.treeView).toBeNull();
    expect(document.title).not.toContain('half');
    expect(document.body.innerHTML).not.toContain('half a thought');
  });

  it('adds a sub-task with O', async () => {
    const { host } = await openWindow();
    await press('j');
    await press('o');
    expect(document.activeElement).toBe(by('quick-add'));
    await fill('quick-add', 'Ask for the key #event');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'createTask', title: 'Ask for the key', labels: ['event'] } });
    expect(rowOf('Ask for the key').dataset.depth).toBe('2');
  });

  it('shows a row’s panel when it is pressed', async () => {
    await openWindow();
    await click(rowOf('Print leaflets'));
    expect(by('task-title').textContent).toBe('Print leaflets');
  });
});
