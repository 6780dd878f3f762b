// Screens over the fake host: each way in, refusals that keep what was typed, sentences, hostile texts.
import { describe, expect, it } from 'vitest';
import type { StatusLine } from '../src/host/bindings';
import { RELAY } from '../src/host/fake';
import { readQuickAdd } from '../src/model/quickadd';
import { statusSentence } from '../src/words/sentences';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const LINK = `pursuance:${'k'.repeat(120)}`;
const CSV = 'id,parent,title,status,owner\n1,,Rent a hall,done,Maya\n2,1,Ask the shipyard,open,\n';

describe('the way in', () => {
  it('says what a kind of group begins with, and warns only where somebody could rely on what is not there', async () => {
    await openWindow();
    await click(by('rail-start'));
    const told = (id: string): string => all(id)[0]?.textContent ?? '';
    expect(told('start-caution')).toBe('');
    expect(told('start-lone')).toContain('While you are the only one of the organisers');
    for (const [kind, caution] of [['affinityGroup', 'Until you are three'], ['leakDesk', 'A task is read by every member'], ['volunteerCampaign', 'Newcomers can read'], ['openCall', 'Callers can read']] as const) {
      await click(by(`start-template-${kind}`));
      expect(told('start-caution')).toContain(caution);
    }
    await fill('start-name', 'Harbour');
    await fill('start-mission', 'Keep the quay open');
    await fill('start-my-name', 'Noor');
    await click(by('start-submit'));
    await settled();
    expect(document.body.textContent).toContain('Be three: find two more stewards');
    expect(document.body.textContent).toContain('Charter');
  });

  it('goes from welcome to the first task', async () => {
    await openWindow({ stage: 'fresh', empty: true });
    expect(by('data-folder').textContent).toContain('pursuance');
    await click(by('welcome-start'));
    await fill('passphrase', 'short');
    await fill('passphrase-again', 'short');
    await click(by('vault-create'));
    expect(by('passphrase-fault').textContent).toBe('Use at least 12 characters.');
    expect(by<HTMLInputElement>('passphrase').value).toBe('short');
    await fill('passphrase', 'seven wet horses');
    await fill('passphrase-again', 'seven wet horses!');
    await click(by('vault-create'));
    expect(by('passphrase-again-fault').textContent).toBe('The two are not the same.');
    await fill('passphrase-again', 'seven wet horses');
    await click(by('vault-create'));
    await fill('start-name', 'Harbour');
    await fill('start-mission', 'Keep the quay open');
    await fill('start-my-name', 'Noor');
    await fill('start-relay', 'relay.example.org');
    await click(by('start-submit'));
    expect(by('start-relay-fault').textContent).toContain('F15');
    expect(by<HTMLInputElement>('start-name').value).toBe('Harbour');
    await fill('start-relay', RELAY);
    await click(by('start-submit'));
    expect(by('mission').textContent).toBe('Keep the quay open');
    await fill('quick-add', 'First');
    await press('Enter');
    expect(rowOf('First')).toBeTruthy();
    expect(document.documentElement.dataset.viewSeq).toMatch(/^\d+$/);
  });

  it('unlocks, and says when the passphrase is wrong', async () => {
    await openWindow({ stage: 'locked' });
    await fill('passphrase', 'wrong');
    await click(by('unlock-submit'));
    expect(by('passphrase-fault').textContent).toContain('Nothing was changed');
    expect(document.activeElement).toBe(by('passphrase'));
    await fill('passphrase', 'right');
    await click(by('unlock-submit'));
    expect(by('tree')).toBeTruthy();
  });

  it.each([
    [{ code: 'damaged' as const }, 'damaged'],
    [{ code: 'newerFile' as const, found: 7, known: 1 }, 'version 7; this one reads up to 1'],
    [{ code: 'inUse' as const }, 'Another Pursuance has this folder open'],
    [{ code: 'disk' as const }, 'Nothing was changed'],
    [{ code: 'diskFull' as const }, 'free some space'],
    [{ code: 'readOnly' as const }, 'allow writing to it'],
  ])('has a sentence for %j', async (trouble, words) => {
    await openWindow({ trouble });
    expect(by('start-trouble').textContent).toContain(words);
  });

  it('opens an invite, shows reading and doing apart, joins and waits', async () => {
    const { host } = await openWindow({ empty: true });
    await click(by('welcome-invite'));
    for (const [link, words] of [['https://example.org', 'not an invite link'], ['pursuance:kk', 'not whole']] as const) {
      await fill('join-link', link);
      await click(by('join-open'));
      expect(by('join-link-fault').textContent).toContain(words);
      expect(by<HTMLTextAreaElement>('join-link').value).toBe(link);
    }
    await fill('join-link', `  ${LINK}\n`);
    await click(by('join-open'));
    expect(by('preview-name').textContent).toBe('Harbour archive');
    expect(by('preview-can-read').textContent).toContain('Tasks');
    expect(by('preview-can-read').textContent).not.toContain('Create');
    expect(by('preview-can-do').textContent).toContain('Create tasks');
    expect(by('preview-can-do').textContent).not.toContain('Invite');
    expect(all('rules')[0]?.textContent).toMatch(/Organisers\u2069 may invite \u2068members/);
    await click(by('preview-join'));
    expect(by('preview-my-name-fault').textContent).toContain('F6');
    await fill('preview-my-name', 'Sam');
    await click(by('preview-join'));
    expect(by('waiting').dataset.handed).toBe('false');
    expect(host.requests.at(-1)).toMatchObject({ kind: 'join', myName: 'Sam' });
  });

  it('shows an invite that is opened outside of the window, at once or after the lock, and opens none by itself', async () => {
    const { host, session } = await openWindow();
    host.open('pursuance:one');
    await settled();
    expect(by<HTMLTextAreaElement>('join-link').value).toBe('pursuance:one');
    host.open('pursuance:two');
    await settled();
    expect(by<HTMLTextAreaElement>('join-link').value).toBe('pursuance:two');
    await session.lock();
    await settled();
    host.open('pursuance:three');
    await settled();
    expect(all('join-link')).toHaveLength(0);
    await fill('passphrase', 'anything at all');
    await click(by('unlock-submit'));
    await settled();
    expect(by<HTMLTextAreaElement>('join-link').value).toBe('pursuance:three');
    expect(host.requests.some((request) => request.kind === 'openInvite')).toBe(false);
  });

  it('does not let anyone join by a used-up invite, and says why', async () => {
    const { host } = await openWindow({ empty: true, invite: 'usedUp' });
    await fill('preview-my-name', 'Sam');
    await click(by('preview-join'));
    expect(host.requests).toHaveLength(0);
    expect(by('preview').textContent).toContain('Ask');
  });

  it('says nothing of being in already to somebody who was let in meanwhile', async () => {
    const { host, session } = await openWindow({ empty: true, invite: 'waiting' });
    const view = host.view.bind(host);
    host.view = (query) => (query.kind === 'preview' ? Promise.reject({ code: 'alreadyMember' }) : view(query));
    await session.refresh();
    await settled();
    expect(all('notice')).toHaveLength(0);
    // Anything else is said.
    host.view = (query) => (query.kind === 'preview' ? Promise.reject({ code: 'disk' }) : view(query));
    await session.refresh();
    await settled();
    expect(by('notice').dataset.code).toBe('disk');
  });
});

describe('refusals', () => {
  it('keeps a title that is too long, in the row and in quick add', async () => {
    await openWindow();
    const long = 'x'.repeat(1_001);
    await fill('quick-add', long);
    await press('Enter');
    expect(by('quick-add-fault').textContent).toContain('F7');
    expect(by<HTMLInputElement>('quick-add').value).toBe(long);
  });

  it('keeps a comment that is refused, and one of another task apart', async () => {
    await openWindow();
    await click(rowOf('Print leaflets'));
    await fill('comment-input', '   ');
    await click(by('comment-send'));
    expect(by('comment-fault').textContent).toContain('F6');
    expect(by<HTMLTextAreaElement>('comment-input').value).toBe('   ');
    await fill('comment-input', 'half a thought');
    await click(rowOf('Book the canteen'));
    expect(by<HTMLTextAreaElement>('comment-input').value).toBe('');
    await click(rowOf('Print leaflets'));
    expect(by<HTMLTextAreaElement>('comment-input').value).toBe('half a thought');
    await click(by('comment-send'));
    expect(by<HTMLTextAreaElement>('comment-input').value).toBe('');
    expect(all('comment-text').at(-1)?.textContent).toBe('half a thought');
    expect(all('comment-delivery').at(-1)?.textContent).toBe('kept here');
  });

  it('names the rule: only organisers may ask others, and disabled buttons say so', async () => {
    const { host } = await openWindow({ role: 2 });
    await click(rowOf('Print leaflets'));
    expect(by('assign').getAttribute('aria-disabled')).toBe('true');
    expect(by('assign').title).toMatch(/only .*organisers.* may ask others to do tasks \(rule 11\)/);
    const before = host.requests.length;
    await click(by('assign'));
    await click(by('task-title-edit'));
    expect(host.requests).toHaveLength(before);
    expect(by('task-title-edit').title).toContain('rule 7');
  });

  it('shows a refused key in one sentence, and Escape takes it away', async () => {
    await openWindow();
    await click(rowOf('Book the canteen'));
    by('tree').focus();
    await press('i');
    expect(by('notice').textContent).toContain('F11');
    await press('Escape');
    expect(all('notice')).toHaveLength(0);
  });
});

describe('import', () => {
  it('previews what was put there by script, and takes it in one request', async () => {
    const { host } = await openWindow();
    await click(by('nav-import'));
    by<HTMLTextAreaElement>('import-text').value = CSV;
    await click(by('import-preview'));
    expect(by('import-result').dataset.tasks).toBe('2');
    await click(by('import-commit'));
    expect(host.requests.filter((request) => request.kind === 'import')).toHaveLength(1);
    expect(by('notice').textContent).toContain('2 tasks imported.');
    expect(rowOf('Ask the shipyard').dataset.depth).toBe('1');
  });

  it('takes nothing while a row cannot be taken', async () => {
    const { host } = await openWindow();
    await click(by('nav-import'));
    by<HTMLTextAreaElement>('import-text').value = `${CSV}3,9,Lost,open,\n`;
    await click(by('import-preview'));
    expect(by('import-problems').textContent).toContain('Line 4 names a parent that is not in the file.');
    await click(by('import-commit'));
    expect(host.requests.filter((request) => request.kind === 'import')).toHaveLength(0);
    expect(by<HTMLTextAreaElement>('import-text').value).toContain('Lost');
  });
});

describe('invites and relays', () => {
  it('makes a link with a code and says whether it works for others yet', async () => {
    await openWindow();
    await click(by('nav-invites'));
    await fill('invite-uses', '3');
    await click(by('invite-create'));
    expect(by<HTMLTextAreaElement>('invite-link').value).toMatch(/^pursuance:/);
    expect(by('qr').querySelector('path')?.getAttribute('d')).toMatch(/^M/);
    expect(by('invite-row').dataset.handed).toBe('false');
  });

  it('needs a relay for a link, and keeps a wrong address', async () => {
    await openWindow();
    await click(all('rail-pursuance')[1] as HTMLElement);
    await click(by('nav-invites'));
    expect(by('invite-create').title).toContain('names a relay');
    await click(by('nav-relays'));
    await fill('relay-address', 'http://127.0.0.1');
    await click(by('relay-add'));
    expect(by('relay-address-fault').textContent).toContain('F15');
    expect(by<HTMLTextAreaElement>('relay-address').value).toBe('http://127.0.0.1');
    await fill('relay-address', RELAY);
    await click(by('relay-add'));
    expect(by('relay').dataset.address).toBe(RELAY);
  });
});

describe('status sentences', () => {
  const now = Math.floor(new Date(2026, 10, 21, 14, 30).getTime() / 1000);
  it.each<[StatusLine, string]>([
    [{ code: 'fine', reached: 2, of: 3, atSeconds: now - 240, kept: 0 }, 'Nothing newer known · 2 of 3 relays · 4 min ago'],
    [{ code: 'torStarting', percent: 40, kept: 0 }, 'Connecting through Tor (40 %). You can keep working.'],
    [{ code: 'offline', kept: 6 }, 'Offline by your choice · 6 changes kept here'],
    [{ code: 'unreachable', sinceSeconds: now - 1_200, kept: 6, retrySeconds: 120 }, 'No relay reached since 14:10 · 6 changes kept here · next try in 2 min'],
    [{ code: 'gap', entries: 1, by: 'Maya' }, '1 entry by \u2068Maya\u2069 is announced but has not arrived'],
    [{ code: 'noRelay', kept: 1 }, 'No relay is set · 1 change kept here'],
    [{ code: 'relayFault', fault: 'forked' }, 'A relay showed two different logs. Look'],
  ])('%j', (line, sentence) => { expect(statusSentence(line, now)).toBe(sentence); });

  it('has a colour only when a person should act', async () => {
    await openWindow({ status: { code: 'torStarting', percent: 40, kept: 0 } });
    expect(by('status-line').tagName).toBe('P');
    document.body.innerHTML = '';
    await openWindow({ status: { code: 'twoHistories', by: 'Ben' } });
    expect(by('status-line').tagName).toBe('BUTTON');
  });
});

describe('hostile texts and many rows', () => {
  it('shows markup as text and keeps directions isolated', async () => {
    await openWindow();
    const evil = '<img src=x onerror=alert(1)> \u202Eevil';
    await fill('quick-add', evil);
    await press('Enter');
    const title = rowOf(evil).querySelector('bdi.title');
    expect(title?.textContent).toBe('<img src=x onerror=alert(1)> [U+202E]evil');
    expect(document.querySelector('img')).toBeNull();
    await click(rowOf(evil));
    await press('Delete');
    expect(by('notice').textContent).not.toContain('\u202E');
  });

  it('never has more than 80 rows, of 3,127', async () => {
    const { session } = await openWindow({ rows: 3_127 });
    expect(session.tree.shown).toBe(3_127);
    expect(all('tree-row').length).toBeLessThanOrEqual(80);
    await session.tree.setFilter('folder 3127');
    await settled();
    expect(rowOf('Folder 3127: read and note what it holds')).toBeTruthy();
  });
});

describe('quick add', () => {
  const person = (name: string, mark = '') => ({ member: name + mark, name, mark, me: false });
  const members = [person('Ben', 'a3f1'), person('Ben', '07c9'), person('Ilse van der Meer'), person('Il')];

  it('reads names with spaces and marks, labels, and leaves the unknown in the title', () => {
    expect(readQuickAdd('Photograph the permits @Ilse van der Meer #field @nobody 3@4 @ben~07c9', members, '2026-11-21')).toEqual({
      title: 'Photograph the permits @nobody 3@4', people: [members[2], members[1]], labels: ['field'], home: null, unknown: ['nobody'], due: null, dueWord: '', priority: 0,
    });
    const desk = { role: 3, name: 'press desk', members: 2 };
    const homes = [{ role: 0, name: '', members: 9 }, { role: 4, name: 'press', members: 3 }, desk];
    const read = (line: string) => { const { title, home, unknown } = readQuickAdd(line, members, '2026-11-21', new Set(), homes); return [title, home, unknown]; };
    expect(read('Call them @@press desk now')).toEqual(['Call them now', desk, []]);
    expect(read('Call @@stewards')).toEqual(['Call @@stewards', null, ['@stewards']]);
  });

  it('keeps everything as words of a suggestion, and says so before it is sent', async () => {
    const { host } = await openWindow();
    host.arrive((data) => { data.rules = data.rules.map((rule) => (rule.verb === 'create' ? { ...rule, verb: 'suggest' } : rule)); });
    await settled();
    await fill('quick-add', 'Paint the gate');
    expect(all('quick-add-only-words')).toHaveLength(0);
    await fill('quick-add', 'Paint the gate  @Maya #field !2 fri');
    expect(by('quick-add-only-words').textContent).toContain('\u2068@Maya #field !2 fri\u2069');
    expect([...all('chip-person'), ...all('chip-label'), ...all('chip-due'), ...all('chip-priority')]).toHaveLength(0);
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'suggestTask', title: 'Paint the gate @Maya #field !2 fri' } });
    expect(rowOf('Paint the gate @Maya #field !2 fri').dataset.status).toBe('suggested');
  });
});
