// Locking by itself, what was begun before (kept while locked, there again after, gone once it is sent), when posts leave, and bridges.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { draftKey, draftsToKeep, keyOfDraft, MAX_DRAFT_BYTES, MAX_DRAFTS } from '../src/model/drafts';
import { by, click, fill, openWindow, press, settled } from './open';

const MINUTE = 60_000;
let ahead = 0;

beforeEach(() => {
  ahead = 0;
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => real() + ahead);
});
afterEach(() => { vi.restoreAllMocks(); });

async function lockAfter(minutes: number): Promise<void> {
  await click(by('nav-settings'));
  await click(by(`lock-after-${minutes}`));
}

const stage = (): string | undefined => by('window').dataset.stage;

describe('the window locks by itself', () => {
  it('never, unless it was chosen', async () => {
    const { session } = await openWindow();
    ahead = 100 * 60 * MINUTE;
    session.locking.lockIfIdle();
    await settled();
    expect(stage()).toBe('open');
  });

  it('and says so when the page before it was lost, until it is opened', async () => {
    const { host, session } = await openWindow();
    await session.lock();
    await settled();
    expect(document.querySelector('[data-testid=page-lost]')).toBeNull();
    host.lose();
    await settled();
    expect(by('page-lost').textContent).toContain('texts you had begun since the last lock are gone');
    await fill('passphrase', 'a long enough passphrase');
    await click(by('unlock-submit'));
    expect(stage()).toBe('open');
    await session.lock();
    await settled();
    expect(document.querySelector('[data-testid=page-lost]')).toBeNull();
  });

  it('after the time that was chosen, counted from the last key', async () => {
    const { host, session } = await openWindow();
    await lockAfter(5);
    expect(host.requests.at(-1)).toEqual({ kind: 'setLockAfter', minutes: 5 });
    ahead = 4 * MINUTE;
    await press('Shift');
    ahead = 8 * MINUTE;
    expect(session.locking.lockIfIdle()).toBe(false);
    ahead = 10 * MINUTE;
    expect(session.locking.lockIfIdle()).toBe(true);
    await settled();
    expect(stage()).toBe('locked');
    await lockedSaysNothing();
    await fill('passphrase', 'a long enough passphrase');
    await click(by('unlock-submit'));
    expect(stage()).toBe('open');
    // It is kept, and the time begins anew.
    expect(session.app?.lockAfter).toBe(5);
    expect(session.locking.lockIfIdle()).toBe(false);
  });

  it('by the first key after that time, which does nothing else', async () => {
    const { host } = await openWindow();
    await lockAfter(15);
    await click(by('nav-tree'));
    by('tree').focus();
    await press('j');
    ahead = 15 * MINUTE;
    const before = host.requests.length;
    await press('z', { ctrlKey: true });
    expect(host.requests.slice(before)).toEqual([{ kind: 'lock' }]);
    expect(stage()).toBe('locked');
  });

  it('not while the clock was set back, and not twice', async () => {
    const { host, session } = await openWindow();
    await lockAfter(5);
    ahead = -60 * MINUTE;
    expect(session.locking.lockIfIdle()).toBe(false);
    ahead = -54 * MINUTE;
    expect(session.locking.lockIfIdle()).toBe(true);
    expect(session.locking.lockIfIdle()).toBe(true);
    await settled();
    expect(host.requests.filter((request) => request.kind === 'lock')).toHaveLength(1);
  });
});

async function lockedSaysNothing(): Promise<void> {
  expect(document.title).toBe('');
  expect(document.body.innerHTML).not.toContain('canteen');
}

describe('what was begun', () => {
  async function lockAndUnlock(): Promise<void> {
    await press('l', { ctrlKey: true });
    expect(document.body.innerHTML).not.toContain('half a thought');
    await fill('passphrase', 'a long enough passphrase');
    await click(by('unlock-submit'));
  }

  it('comes back after a lock, and is kept no more once it is sent', async () => {
    const { host, session } = await openWindow();
    await fill('quick-add', 'half a thought');
    await lockAndUnlock();
    expect(by<HTMLTextAreaElement>('quick-add').value).toBe('half a thought');
    expect(host.requests.filter((request) => request.kind === 'keepDrafts')).toEqual([
      { kind: 'keepDrafts', drafts: [{ pursuance: session.pursuance, at: 'add', text: 'half a thought' }] },
    ]);
    await click(by('quick-add-submit'));
    await settled();
    expect(host.requests.at(-1)).toEqual({ kind: 'keepDrafts', drafts: [] });
    await lockAndUnlock();
    expect(by<HTMLTextAreaElement>('quick-add').value).toBe('');
  });

  it('is bounded: the shortest first, of pursuances that are there', () => {
    const drafts: Record<string, string> = { [draftKey('import', 'here', '')]: 'x'.repeat(MAX_DRAFT_BYTES), [draftKey('add', 'gone', '')]: 'no', [draftKey('body', 'here', 't')]: ' ' };
    for (let i = 0; i < MAX_DRAFTS + 3; i++) drafts[draftKey('comment', 'here', String(i))] = 'é'.repeat(i + 1);
    const kept = draftsToKeep(drafts, ['here']);
    expect(kept).toHaveLength(MAX_DRAFTS);
    expect(kept[0]).toEqual({ pursuance: 'here', at: 'comment 0', text: 'é' });
    expect(kept.every((draft) => draft.pursuance === 'here' && draft.at.startsWith('comment'))).toBe(true);
    expect(kept.map(keyOfDraft)).toContain('comment here 5');
    expect(draftsToKeep({ [draftKey('add', 'here', '')]: 'é'.repeat(MAX_DRAFT_BYTES / 2) }, ['here'])).toEqual([]);
  });
});

describe('when posts leave', () => {
  it('is chosen, and each choice says what it costs', async () => {
    const { host, session } = await openWindow();
    await click(by('nav-settings'));
    expect(by<HTMLInputElement>('sending-atOnce').checked).toBe(true);
    expect(by('sending-hint').textContent).toBe('Within two seconds. A relay sees when somebody writes.');
    await click(by('sending-steady'));
    expect(host.requests.at(-1)).toEqual({ kind: 'setSending', sending: 'steady' });
    await settled();
    expect(session.app?.sending).toBe('steady');
    expect(by('sending-hint').textContent).toContain('7 MB a day among 12');
    await click(by('sending-withinHour'));
    await settled();
    expect(by('sending-hint').textContent).toContain('the next hour, while Pursuance is open');
  });
});

describe('bridges', () => {
  it('are taken line by line, and what is none is named and stays in its field', async () => {
    const { host, session } = await openWindow();
    await click(by('nav-settings'));
    const line = '192.0.2.7:443 A0F5B1C2D3E4F5061728394A5B6C7D8E9F001122';
    await fill('bridge-lines', `${line}\nnonsense:`);
    await click(by('bridges-keep'));
    expect(by('bridge-lines-fault').textContent).toBe('Line 2 describes no bridge. Copy it whole: an address with its port, then a fingerprint.');
    expect(by<HTMLTextAreaElement>('bridge-lines').value).toContain('nonsense:');
    await fill('bridge-lines', `snowflake ${line}`);
    await click(by('bridges-keep'));
    expect(by('bridge-lines-fault').textContent).toContain('Line 1 is a bridge of a kind');
    expect(session.app?.bridges.lines).toBe('');
    await fill('bridge-lines', line);
    await click(by('bridges-keep'));
    await settled();
    expect(host.requests.at(-1)).toEqual({ kind: 'setBridges', lines: line });
    expect(by('bridges-done').textContent).toContain('in no other way');
  });

  it('can be given before Tor is used for the first time', async () => {
    await openWindow({ status: { code: 'torUnasked', kept: 0 } });
    await click(by('tor-bridge'));
    expect(by('bridge-lines')).toBeTruthy();
  });
});
