// What names me, what I keep for myself, what was done to a task, the sample, and one undo for several changes of the same tasks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/model/version';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

async function go(letter: string): Promise<void> {
  (document.activeElement as HTMLElement | null)?.blur();
  await press('g');
  await press(letter);
  await settled();
}

describe('a mention', () => {
  it('is a row that says who and where, leads there, and goes away', async () => {
    const { host } = await openWindow({ busy: true });
    await go('i');
    const row = by('inbox-mention');
    expect(row.textContent).toMatch(/Maya.* mentioned you in a comment on .*Find out who owns the east quay/);
    expect(by('inbox-watched').textContent).toContain('You watch this task.');
    await click(by('mention-look'));
    expect(host.requests.at(-1)).toMatchObject({ kind: 'changeOwn', change: { kind: 'seen' } });
    expect(by('task-title').textContent).toBe('Find out who owns the east quay');
    expect(by('mention').textContent).toBe('@Noor');
    expect(by('mention').classList.contains('me')).toBe(true);
    expect(by('link-address').textContent).toBe('https://example.org/register');
    await go('i');
    expect(all('inbox-mention')).toHaveLength(0);
    await click(by('watched-away'));
    expect(all('inbox-watched')).toHaveLength(0);
    expect(by('nav-inbox-count').textContent).toBe('6');
  });
});

describe('the inbox over all pursuances', () => {
  it('says of which one each row is', async () => {
    const { host, session } = await openWindow({ busy: true });
    await click(all('rail-pursuance')[1] as HTMLElement);
    await go('i');
    expect(by('inbox-of').textContent).toContain('Harbour for all');
    await click(by('inbox-admit'));
    expect(host.requests.at(-1)).toMatchObject({ kind: 'act', pursuance: session.app?.pursuances.find((row) => row.name === 'Harbour for all')?.pursuance, command: { kind: 'admit' } });
    await click(by('inbox-look'));
    expect(by('window').dataset.screen).toBe('decisions');
    expect(session.row?.name).toBe('Harbour for all');
  });
});

describe('the history of a task', () => {
  it('is asked for when it is opened, in words, a page at a time, with the texts that stood there', async () => {
    const { host } = await openWindow();
    await click(rowOf('Find out who owns the east quay'));
    expect(host.queries.some((query) => query.kind === 'history')).toBe(false);
    await click(by('history-toggle'));
    expect(all('history-row').length).toBeGreaterThan(3);
    await click(by('history-older'));
    const rows = all('history-row').map((row) => row.textContent ?? '');
    expect(rows.some((text) => /moved the due date from .+ to /.test(text))).toBe(true);
    expect(rows.at(-1)).toContain('created it');
    const edited = all('history-row').find((row) => row.textContent?.includes('edited the description')) as HTMLElement;
    await click(edited.querySelector('[data-testid="history-read"]') as HTMLElement);
    expect(by('history-text').textContent).toContain('Copies of the pages');
    expect(by('history-before').textContent).toContain('…');
    // Another task begins with a closed one.
    await click(rowOf('Book the canteen'));
    expect(all('history-row')).toHaveLength(0);
  });
});

describe('what is for me only', () => {
  it('is a note, which stays in its field until it is kept', async () => {
    const { host } = await openWindow();
    await click(rowOf('Book the canteen'));
    await click(by('own-note-edit'));
    await fill('own-note-input', 'Ask **nobody**');
    await click(by('own-note-keep'));
    expect(host.requests.at(-1)).toMatchObject({ kind: 'changeOwn', change: { kind: 'note', text: 'Ask **nobody**' } });
    expect(by('own-note').textContent).toBe('Ask **nobody**');
    await click(rowOf('Find out who owns the east quay'));
    expect(all('own-note')).toHaveLength(0);
  });

  it('puts a task off, and Today shows it apart', async () => {
    await openWindow();
    await go('y');
    const before = all('today-row').length;
    await go('t');
    await click(rowOf('Compare with the 2021 council minutes'));
    await click(by('own-snooze'));
    await click(all('own-snooze-day').at(-1) as HTMLElement);
    expect(by('own-snoozed').textContent).toContain('Not under Today before');
    await go('y');
    expect(all('today-row')).toHaveLength(before - 1);
    expect(by('today-snoozed').textContent).toContain('Compare with the 2021 council minutes');
  });

  it('watches, and no more', async () => {
    const { host } = await openWindow();
    await click(rowOf('Book the canteen'));
    await click(by('own-watch'));
    expect(by('own-watched').textContent).toContain('shows in the inbox');
    await click(by('own-watch'));
    expect(host.requests.at(-1)).toMatchObject({ change: { kind: 'watch', watched: false } });
    expect(all('own-watched')).toHaveLength(0);
  });
});

describe('a view with a name', () => {
  it('is kept with filter and layout, shown from the palette, and forgotten', async () => {
    const { host, session } = await openWindow();
    await press('v');
    await press('l');
    await fill('tree-filter', 'label:research');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await settled();
    await click(by('views'));
    await fill('picker-input', 'Research');
    await click(by('view-save'));
    expect(host.requests.at(-1)).toMatchObject({ change: { kind: 'saveView', view: { name: 'Research', filter: 'label:research', how: 'list tree up tree' } } });
    await fill('tree-filter', '');
    (document.activeElement as HTMLElement).blur();
    await press('v');
    await press('t');
    await click(by('views'));
    await click(by('view-option'));
    await settled();
    expect([session.work.layout, session.tree.filter]).toEqual(['list', 'label:research']);
    await click(by('views'));
    await click(by('view-drop'));
    expect(session.own.view?.views).toEqual([]);
  });
});

describe('several changes of the same tasks', () => {
  it('are taken back as one; a change between parts them', async () => {
    const { host } = await openWindow();
    by('tree').focus();
    await press('a', { ctrlKey: true });
    const choose = async (key: string, option: string): Promise<void> => { await press(key); await settled(); await click(by(option)); };
    await choose('p', 'priority-option-2');
    await choose('s', 'status-option-done');
    const joins = (): unknown[] => host.requests.flatMap((request) => (request.kind === 'actAll' ? [request.joins] : []));
    expect(joins()).toEqual([false, true]);
    expect(by('notice').textContent).toContain('Ctrl Z takes back all 2 changes of these tasks.');
    await press('z', { ctrlKey: true });
    expect(all('tree-row').some((row) => row.dataset.status !== 'done' && row.dataset.priority !== '2')).toBe(true);
    await choose('p', 'priority-option-3');
    expect(joins()).toEqual([false, true, false]);
    // Another selection begins anew.
    await press('x');
    await choose('p', 'priority-option-1');
    expect(joins().at(-1)).toBe(false);
  });
});

describe('the first minutes', () => {
  it('lead into a sample that says so, and out of it by one button', async () => {
    const { host, session } = await openWindow({ empty: true });
    await click(by('welcome-look'));
    await waitFor(() => { rowOf('Book the canteen'); });
    await settled();
    expect(host.requests[0]).toMatchObject({ kind: 'startSample' });
    expect(by('sample-line').textContent).toContain('Nothing of it leaves this computer');
    await click(by('nav-people'));
    expect(all('sample-line')).toHaveLength(1);
    await click(by('sample-remove'));
    expect(session.app?.pursuances).toEqual([]);
    expect(by('welcome')).toBeTruthy();
  });

  it('begin with a passphrase where there is no folder yet', async () => {
    const { host } = await openWindow({ stage: 'fresh', empty: true });
    expect(by('welcome-model').querySelectorAll('li')).toHaveLength(3);
    await click(by('welcome-look'));
    await fill('passphrase', 'seven wet horses');
    await fill('passphrase-again', 'seven wet horses');
    await click(by('vault-create'));
    await waitFor(() => { rowOf('Book the canteen'); });
    expect(host.requests.map((request) => request.kind)).toEqual(['createVault', 'startSample', 'import']);
  });

  it('name the version that the program has', () => {
    const manifest = readFileSync(join(import.meta.dirname, '../../Cargo.toml'), 'utf8');
    expect(/^version = "([^"]+)"/m.exec(manifest)?.[1]).toBe(VERSION);
  });

  it('have a way on from each empty screen', async () => {
    const { host } = await openWindow();
    host.arrive((data) => { data.letIn = data.members.map((each) => each.person.member); });
    await settled();
    await go('i');
    await click(by('inbox-today'));
    expect(by('window').dataset.screen).toBe('today');
    await go('d');
    await click(by('decisions-rules'));
    expect(by('window').dataset.screen).toBe('rules');
  });
});
