// Import and export, backup and restore, and what is said when disk, file or folder fail: each sentence where it belongs, and only there.
import { describe, expect, it } from 'vitest';
import type { Refusal, Rule } from '../src/host/bindings';
import { en } from '../src/words/en';
import { ALWAYS } from '../src/words/rule';
import { ruleSentence } from '../src/words/rules';
import { refusalSentence, statusSentence, troubleSentence } from '../src/words/sentences';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const CSV = 'nr,what,state,by\n1,Rent a hall,done,2026-12-24\n2,Ask the shipyard,open,\n';
const PASSPHRASE = 'seven wet horses';

async function change(testid: string, value: string): Promise<void> {
  const select = by<HTMLSelectElement>(testid);
  select.value = value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  await settled();
}

/** Waits for what takes its time. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

describe('import', () => {
  it('lets each column become something else, and sends that along', async () => {
    const { host } = await openWindow();
    await click(by('nav-import'));
    by<HTMLTextAreaElement>('import-text').value = CSV;
    await click(by('import-preview'));
    expect(by('import-problems').textContent).toContain('has no column that becomes the title');
    expect(by('import-columns').textContent).toContain('Rent a hall · Ask the shipyard');
    await change('import-field-1', 'title');
    expect(by('import-result').dataset.tasks).toBe('2');
    await change('import-field-2', 'title');
    expect(by('import-problems').textContent).toContain('Line 1 has two columns that become the same.');
    expect(by('import-commit').getAttribute('aria-disabled')).toBe('true');
    await change('import-field-2', 'status');
    await change('import-field-3', 'due');
    await click(by('import-commit'));
    expect(host.requests.find((request) => request.kind === 'import')).toMatchObject({ fields: [null, 'title', 'status', 'due'] });
    expect(by('notice').textContent).toContain('2 tasks imported.');
    expect(rowOf('Rent a hall').dataset).toMatchObject({ status: 'done', due: '2026-12-24' });
  });

  it('shows how far it is on every screen, and can be cancelled with nothing written', async () => {
    const { host, session } = await openWindow({ importStep: 40 });
    await click(by('nav-import'));
    by<HTMLTextAreaElement>('import-text').value = `title\n${Array.from({ length: 200 }, (_, i) => `Task ${i}`).join('\n')}`;
    await click(by('import-preview'));
    by('import-commit').click();
    await eventually(() => Number(all('import-running')[0]?.dataset.done ?? 0) > 0);
    expect(by('import-running').dataset.of).toBe('200');
    await click(by('nav-tree'));
    expect(by('import-running').textContent).toContain('of 200 tasks');
    await click(by('nav-import'));
    await click(by('import-cancel'));
    await eventually(() => all('import-running').length === 0);
    await settled();
    expect(host.requests.filter((request) => request.kind === 'cancelImport')).toHaveLength(1);
    await click(by('nav-tree'));
    expect(session.tree.view?.total).toBe(18);
  });

  it('lets one import of mine be under way, and says so', async () => {
    const { session } = await openWindow({ importStep: 30 });
    const csv = 'title\nOne\nTwo\n';
    const first = session.request({ kind: 'import', pursuance: session.pursuance ?? '', text: csv, fields: null });
    await settled();
    await click(by('nav-import'));
    by<HTMLTextAreaElement>('import-text').value = csv;
    await click(by('import-preview'));
    expect(all('import-commit')).toHaveLength(0);
    const { trouble } = await session.request({ kind: 'import', pursuance: session.pursuance ?? '', text: csv, fields: null });
    expect(troubleSentence(trouble!, [])).toContain('An import of yours is under way');
    await click(by('import-cancel'));
    expect(troubleSentence((await first).trouble!, [])).toBe('The import was cancelled. Nothing was imported.');
  });

  it('says how much of somebody else’s import has arrived, and nothing once all has', async () => {
    const { host } = await openWindow({ arriving: true });
    expect(by('arriving').textContent?.trim()).toBe('Import by \u2068Maya\u2069: 812 of 3,127 tasks have arrived');
    host.arrive((data) => { data.arriving = []; });
    await settled();
    expect(all('arriving')).toHaveLength(0);
  });
});

describe('export', () => {
  it('proposes a file, says who can read it, and never writes over one', async () => {
    await openWindow();
    await click(by('nav-import'));
    expect(by<HTMLInputElement>('export-path').value).toBe('/home/noor/Documents/harbour-for-all-tasks.csv');
    expect(by('export').textContent).toContain('anybody who has it can read it');
    for (const [path, words] of [['/home/noor/there.csv', 'There is a file of this name already'], ['/nowhere/a.csv', 'There is no such folder for files']] as const) {
      await fill('export-path', path);
      await click(by('export-write'));
      expect(by('export-path-fault').textContent).toContain(words);
      expect(by<HTMLInputElement>('export-path').value).toBe(path);
    }
    await fill('export-path', '/home/noor/new.csv');
    await click(by('export-write'));
    expect(by('export-done').textContent).toBe('Written: \u2068/home/noor/new.csv\u2069 (418 kB)');
  });
});

describe('a change of passphrase', () => {
  it('asks for the one now and the new one twice; from then on the new one opens', async () => {
    const { host } = await openWindow();
    await click(by('nav-settings'));
    await click(by('passphrase-open'));
    expect(by('passphrase-form').textContent).not.toContain('The disk');
    const change = async (now: string, fresh: string, again: string): Promise<void> => {
      await fill('passphrase-now', now);
      await fill('passphrase-new', fresh);
      await fill('passphrase-new-again', again);
      await click(by('passphrase-submit'));
    };
    await change(PASSPHRASE, 'quite another', 'quite an other');
    expect(by('passphrase-new-again-fault').textContent).toBe('The two are not the same.');
    expect(host.requests.some((request) => request.kind === 'changePassphrase')).toBe(false);
    await change(PASSPHRASE, 'short', 'short');
    expect(by('passphrase-new-fault').textContent).toBe('Use at least 12 characters.');
    await change('wrong', 'quite another', 'quite another');
    expect(by('passphrase-now-fault').textContent).toContain('does not open it');
    expect(document.activeElement).toBe(by('passphrase-now'));
    await change(PASSPHRASE, 'quite another', 'quite another');
    expect(by('passphrase-done').textContent).toContain('opens this folder now');
    expect(all('passphrase-form')).toHaveLength(0);
    await click(by('passphrase-open'));
    expect(by<HTMLInputElement>('passphrase-new').value).toBe('');
    await click(by('settings-lock'));
    await fill('passphrase', PASSPHRASE);
    await click(by('unlock-submit'));
    expect(by('passphrase-fault').textContent).toContain('does not open it');
    await fill('passphrase', 'quite another');
    await click(by('unlock-submit'));
    expect(by('window').dataset.stage).toBe('open');
  });
});

describe('backup and restore', () => {
  it('makes a backup with a passphrase typed twice, and says what the copy is', async () => {
    const { host } = await openWindow();
    await click(by('nav-settings'));
    expect(by('backup-section').textContent).toContain('The copy becomes a device of its own');
    await click(by('backup-open'));
    expect(by<HTMLInputElement>('backup-path').value).toMatch(/^\/home\/noor\/Documents\/pursuance-\d{4}-\d{2}-\d{2}\.age$/);
    await fill('backup-passphrase', 'short');
    await fill('backup-again', 'short');
    await click(by('backup-submit'));
    expect(by('backup-passphrase-fault').textContent).toBe('Use at least 12 characters.');
    await fill('backup-passphrase', PASSPHRASE);
    await fill('backup-again', `${PASSPHRASE}!`);
    expect(by('backup-again-fault').textContent).toBe('The two are not the same.');
    await click(by('backup-submit'));
    await fill('backup-again', PASSPHRASE);
    await fill('backup-path', '/media/there.age');
    await click(by('backup-submit'));
    expect(by('backup-path-fault').textContent).toContain('There is a file of this name already');
    expect(by<HTMLInputElement>('backup-passphrase').value).toBe(PASSPHRASE);
    await fill('backup-path', '/media/stick/new.age');
    await click(by('backup-submit'));
    expect(by('backup-done').textContent).toContain('/media/stick/new.age');
    expect(host.requests.filter((request) => request.kind === 'backup')).toHaveLength(3);
  });

  it('restores from the first screen, with each fault at its field', async () => {
    await openWindow({ stage: 'fresh', empty: true });
    await click(by('welcome-restore'));
    expect(by('restore').textContent).toContain('becomes a device of its own');
    const tryWith = async (path: string, backup: string, fresh: string): Promise<void> => {
      await fill('restore-path', path);
      await fill('restore-backup-passphrase', backup);
      await fill('passphrase', fresh);
      await fill('passphrase-again', fresh);
      await click(by('restore-submit'));
    };
    await tryWith('/nowhere/a.age', PASSPHRASE, PASSPHRASE);
    expect(by('restore-path-fault').textContent).toContain('There is no such file');
    await tryWith('/media/picture.png', PASSPHRASE, PASSPHRASE);
    expect(by('restore-path-fault').textContent).toContain('not a backup made by Pursuance');
    await tryWith('/media/a.age', 'wrong one indeed', PASSPHRASE);
    expect(by('restore-backup-passphrase-fault').textContent).toContain('does not open it');
    await tryWith('/media/a.age', PASSPHRASE, 'short');
    expect(by('passphrase-fault').textContent).toContain('at least 12');
    expect(by<HTMLInputElement>('restore-path').value).toBe('/media/a.age');
    await tryWith('/media/a.age', PASSPHRASE, PASSPHRASE);
    expect(by('mission').textContent).toContain('east quay');
    expect(by('notice').textContent).toContain('Restored.');
  });

  it('shows a member’s devices where there is more than one', async () => {
    const { host } = await openWindow();
    await click(by('nav-people'));
    expect(all('devices')).toHaveLength(1);
    expect(by('devices').dataset.devices).toBe('2');
    expect(by('devices').textContent).toMatch(/the one they came with.*added \d+ \w+ 2\d{3}/s);
    host.arrive((data) => { const device = data.members[1]?.devices[1]; if (device !== undefined) device.twoHistories = true; });
    await settled();
    expect(by('devices').textContent).toContain('shows two histories');
  });
});

describe('a damaged file', () => {
  it('says what happened and offers two ways out when it is unlocked', async () => {
    await openWindow({ stage: 'locked', unlock: { code: 'damaged' } });
    await fill('passphrase', PASSPHRASE);
    await click(by('unlock-submit'));
    expect(by('damaged').textContent).toContain('Nothing was deleted');
    expect(by('damaged').textContent).toContain('Restore a backup');
    // The passphrase that was typed is enough.
    expect(all('passphrase')).toHaveLength(0);
    await fill('rescue-folder', '/nowhere');
    await click(by('rescue-submit'));
    expect(by('rescue-folder-fault').textContent).toContain('There is no such folder');
    await fill('rescue-folder', '/home/noor/saved');
    await click(by('rescue-submit'));
    expect(by('rescue-done').textContent).toBe('1,204 tasks of 2 pursuances written to \u2068/home/noor/saved\u2069. 17 changes could not be read.');
  });

  it('is not said of a passphrase that is merely wrong', async () => {
    await openWindow({ stage: 'locked' });
    await fill('passphrase', 'wrong');
    await click(by('unlock-submit'));
    expect(all('damaged')).toHaveLength(0);
  });
});

describe('lines that stay until it is over', () => {
  it.each([
    ['full', 'diskFull', 'The disk is full'], ['readOnly', 'readOnly', 'cannot be written to'], ['failing', 'disk', 'does not write'],
  ] as const)('%s: what was typed is kept, the line goes by itself', async (storage, code, words) => {
    const { host } = await openWindow();
    expect(all('storage-line')).toHaveLength(0);
    host.setStorage(storage);
    await settled();
    expect(by('storage-line').dataset.code).toBe(storage);
    expect(by('storage-line').textContent).toContain(words);
    await fill('quick-add', 'Not lost');
    await press('Enter');
    expect(by('quick-add-fault').textContent).toBe(en[`trouble.${code}`]);
    expect(by<HTMLInputElement>('quick-add').value).toBe('Not lost');
    await click(by('nav-people'));
    expect(by('storage-line')).toBeTruthy();
    host.setStorage(null);
    await settled();
    expect(all('storage-line')).toHaveLength(0);
    await click(by('nav-tree'));
    await fill('quick-add', by<HTMLInputElement>('quick-add').value);
    await press('Enter');
    expect(rowOf('Not lost')).toBeTruthy();
  });

  it('a switch that could not be kept shows what is so', async () => {
    const { host } = await openWindow();
    await click(by('nav-settings'));
    host.setStorage('full');
    await settled();
    const [offline, steadily, never] = [by<HTMLInputElement>('offline'), by<HTMLInputElement>('sending-steady'), by<HTMLInputElement>('lock-after-0')];
    await click(offline);
    expect([by('notice').dataset.code, offline.checked]).toEqual(['diskFull', false]);
    await click(steadily);
    await click(by('lock-after-5'));
    expect([steadily.checked, by<HTMLInputElement>('sending-atOnce').checked, never.checked]).toEqual([false, true, true]);
    host.setStorage(null);
    await settled();
    await click(offline);
    await click(steadily);
    expect([offline.checked, steadily.checked]).toEqual([true, true]);
    await click(by('nav-tree'));
    await click(rowOf('Book the canteen'));
    await fill('check-input', 'Ask for the key');
    await press('Enter');
    const tick = all('check-tick').at(-1) as HTMLInputElement;
    host.setStorage('full');
    await settled();
    await click(tick);
    expect([by('notice').dataset.code, tick.checked]).toEqual(['diskFull', false]);
  });

  it('leads from a damaged file to the backup', async () => {
    await openWindow({ storage: 'damaged' });
    expect(by('storage-line').textContent).toContain('Nothing was deleted');
    await click(by('storage-backup'));
    expect(by('backup-open')).toBeTruthy();
  });

  it('says that a copy of the folder is in use only when it is', async () => {
    await openWindow();
    expect(all('overtaken-line')).toHaveLength(0);
    document.body.innerHTML = '';
    await openWindow({ status: { code: 'overtaken' } });
    expect(by('overtaken-line').textContent).toContain('this one signs nothing more');
    await fill('quick-add', 'Not signed');
    await press('Enter');
    expect(by('quick-add-fault').textContent).toContain('(F23)');
    expect(by<HTMLInputElement>('quick-add').value).toBe('Not signed');
    expect(statusSentence({ code: 'overtaken' }, 0)).toBe('A copy of this folder is in use elsewhere. This one signs nothing more');
    expect(statusSentence({ code: 'removed', kept: 0 }, 0)).toBe('You are no longer a member. What you wrote stays here.');
    expect(statusSentence({ code: 'deviceRemoved' }, 0)).toBe('This device was taken out. What it wrote stays here.');
  });

  it.each([[{ code: 'inUse' as const }, 'Pursuance is open already'], [{ code: 'newerFile' as const, found: 7, known: 1 }, 'This folder needs a newer Pursuance'], [{ code: 'disk' as const }, 'Pursuance could not open its folder']])('%j has a title and a way to try again', async (trouble, title) => {
    await openWindow({ trouble });
    expect(by('start-trouble').querySelector('h1')?.textContent).toBe(title);
    expect(by('start-again')).toBeTruthy();
  });
});

describe('refusals of days and priorities', () => {
  it.each([[{ kind: 'setDue' as const, due: '2026-02-31' }, 'F22'], [{ kind: 'setPriority' as const, priority: 9 }, 'F24']])('%j is refused with %s', async (wish, number) => {
    const { session } = await openWindow();
    const { trouble } = await session.act({ ...wish, task: rowOf('Print leaflets').dataset.task ?? '' });
    expect(trouble?.code === 'refused' ? refusalSentence(trouble.refusal, []) : '').toContain(`(${number})`);
  });
});

describe('refusals and rules of authority', () => {
  const roles = [{ id: 1, name: 'organiser', rank: 0 }, { id: 2, name: 'member', rank: 1 }];
  const plain = (text: string): string => text.replace(/[\u2068\u2069]/g, '');

  it('has a sentence for each, with its number', () => {
    const codes = ['notSenior', null, 'noSuchProposal', 'lastAmender', 'noSuchDevice', 'notTwoHistories', 'notAdmitted', 'notProposable', 'removed', 'deviceRemoved', 'roleRetired', 'ruleTakenBack', 'sealedOff', 'inviteClosed', 'leansOnHeld'] as const;
    codes.forEach((code, index) => {
      if (code !== null) expect(refusalSentence({ code }, roles), code).toMatch(new RegExp(`^[A-Z].*\\(F${25 + index}\\)\\.$`));
    });
  });

  it('says who must agree, and by which rule', () => {
    const refusal: Refusal = { code: 'needsQuorum', verb: 'remove', rule: 15, count: 3, of: 1 };
    expect(plain(refusalSentence(refusal, roles))).toBe('Not done: to remove people, at least 3 of the organisers must agree (rule 15). Propose it.');
    expect(plain(refusalSentence({ ...refusal, count: 0, of: 0 }, roles))).toBe('Not done: to remove people, more than half of all members must agree (rule 15). Propose it.');
  });

  it.each<[Partial<Rule>, string]>([
    [{ verb: 'amend', object: { over: 'rules' } }, 'Organisers may change the name, the roles and the rules.'],
    [{ verb: 'amend', object: { over: 'relays' } }, 'Organisers may change which relays carry this pursuance.'],
    [{ verb: 'grant', conditions: { ...ALWAYS, notSelf: true } }, 'Organisers may give the role member. Never for themselves.'],
    [{ verb: 'revoke' }, 'Organisers may take the role member back.'],
    [{ verb: 'admit' }, 'Organisers may admit members.'],
    [{ verb: 'vouch', role: 0, object: { over: 'role', role: 0 } }, 'Everyone may vouch for anybody.'],
    [{ verb: 'remove', quorum: { count: 2, of: 1 } }, 'Organisers may remove members; what they did before stays. At least 2 of the organisers must agree.'],
    [{ verb: 'removeRetroactive', quorum: { count: 0, of: 0 } }, 'Organisers may remove members and say how much of what they did stays. More than half of all members must agree.'],
    [{ verb: 'checkpoint', object: { over: 'rules' } }, 'Organisers may agree on a checkpoint.'],
  ])('%j reads as one sentence, and one for each limit', (given, words) => {
    const rule: Rule = { role: 1, verb: 'grant', object: { over: 'role', role: 2 }, conditions: ALWAYS, quorum: null, ...given };
    expect(plain(ruleSentence(rule, roles))).toBe(words);
  });
});
