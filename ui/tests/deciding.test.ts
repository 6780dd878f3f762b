// Decisions, the inbox, the waiting room and invites: what waits, why, and what the two answers do.
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { all, by, click, openWindow, press, settled } from './open';

const HELD = '2 changes by \u2068Kees\u2069, written before \u2068Kees\u2069 was removed, wait for your decision:';

async function go(letter: string): Promise<void> {
  (document.activeElement as HTMLElement | null)?.blur();
  await press('g');
  await press(letter);
}

async function clean(): Promise<string[]> {
  const result = await axe.run(document.body, { rules: { region: { enabled: false }, 'color-contrast': { enabled: false } } });
  return result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

describe('decisions', () => {
  it('shows how many signed, who, by which rule; signing decides', async () => {
    const { host } = await openWindow({ busy: true });
    await go('d');
    expect(by('decisions')).toBeTruthy();
    const open = all('decision').find((each) => each.textContent?.includes('Remove \u2068Maximiliane')) as HTMLElement;
    expect(open.querySelector('[data-testid="decision-count"]')?.textContent).toBe('1 of 2');
    expect(open.textContent).toContain('Rule 21');
    expect(open.querySelector('[data-testid="decision-signed"]')?.textContent).toContain('Maya');
    expect(open.querySelector('[data-testid="decision-outcome"]')).toBeNull();
    await click(open.querySelector('[data-testid="decision-sign"]') as HTMLElement);
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'approve' } });
    expect(by('notice').textContent).toContain('It is decided and takes effect.');
    const kept = by('decisions-kept');
    expect(kept.textContent).toContain('Maximiliane');
    expect(kept.textContent).toMatch(/Decided \d+ \w+ \d{4}/);
  });

  it('is withdrawn only while open, and by who signed', async () => {
    const { host } = await openWindow({ busy: true });
    await go('d');
    const mine = all('decision').find((each) => each.textContent?.includes('Harbour for everyone')) as HTMLElement;
    expect(mine.querySelector('[data-testid="decision-sign"]')).toBeNull();
    await click(mine.querySelector('[data-testid="decision-withdraw"]') as HTMLElement);
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'withdrawApproval' } });
    expect(by('decisions-kept').textContent).toContain('Withdrawn, not decided');
    expect(by('decisions-kept').querySelectorAll('button')).toHaveLength(0);
  });

  it('who may not sign sees why', async () => {
    await openWindow({ busy: true, role: 2 });
    await go('d');
    const sign = all('decision-sign')[0] as HTMLElement;
    expect(sign.getAttribute('aria-disabled')).toBe('true');
    expect(sign.title).toMatch(/organisers.*rule/);
  });

  it('says what appears here while nothing is', async () => {
    await openWindow();
    await go('d');
    expect(by('decisions-none').textContent).toContain('Nothing is being decided.');
    expect(all('decision')).toHaveLength(0);
    expect(await clean()).toEqual([]);
  });
});

describe('the inbox', () => {
  it('has one line for each thing, says why, and counts in the rail', async () => {
    await openWindow({ busy: true });
    expect(by('nav-inbox-count').textContent).toBe('8');
    await go('i');
    expect(by('inbox-decision').textContent).toContain('1 of 2 have signed');
    expect(all('inbox-waiting')).toHaveLength(2);
    expect(by('inbox-surplus').textContent).toContain('used up meanwhile');
    expect(all('held')).toHaveLength(2);
    expect(await clean()).toEqual([]);
  });

  it('is empty and says so, and the rail shows no count', async () => {
    const { host } = await openWindow();
    host.arrive((data) => { data.letIn = data.members.map((each) => each.person.member); });
    await settled();
    await go('i');
    expect(by('inbox-empty').textContent).toContain('Nothing waits for you.');
    expect(all('nav-inbox-count')).toHaveLength(0);
    expect(all('inbox-held')).toHaveLength(0);
  });

  it('shows nothing to whoever may not decide', async () => {
    await openWindow({ busy: true, role: 2 });
    await go('i');
    expect(all('held')).toHaveLength(0);
    expect(all('inbox-decision')).toHaveLength(0);
  });

  it('keeps what was written before a removal', async () => {
    const { host } = await openWindow({ busy: true });
    await go('i');
    const first = all('held')[0] as HTMLElement;
    expect(first.querySelector('[data-testid="held-sentence"]')?.textContent).toBe(HELD);
    expect(first.querySelector('.answers')?.textContent?.replace(/\s+/g, '')).toBe('keep/refuse');
    expect(first.textContent).toContain('The guard changes at six');
    await click(first.querySelector('[data-testid="held-keep"]') as HTMLElement);
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'ratify' } });
    expect(all('held')).toHaveLength(1);
    expect(by('held').textContent).not.toContain('was removed');
  });

  it('keeps one line of several, and refuses the other', async () => {
    const { host } = await openWindow({ busy: true });
    await go('i');
    expect(all('held-keep-one').map((each) => each.getAttribute('aria-label'))).toEqual([expect.stringContaining('The guard changes at six'), expect.stringContaining('crane driver')]);
    await click(all('held-keep-one')[0] as HTMLElement);
    expect((host.requests.at(-1) as { command: { entries: string[] } }).command.entries).toHaveLength(1);
    // What is left is decided about as a whole.
    expect(by('held').dataset.entries).toBe('1');
    expect(by('held').textContent).not.toContain('The guard changes at six');
    expect(all('held-refuse-one')).toHaveLength(0);
    await click(by('held-refuse'));
    expect(by('inbox-refused').textContent).toContain('crane driver');
  });

  it('refuses it here, sends nothing, and can decide again', async () => {
    const { host } = await openWindow({ busy: true });
    await go('i');
    await click(all('held-refuse')[0] as HTMLElement);
    expect(host.requests.at(-1)).toMatchObject({ kind: 'setRefused', refused: true });
    expect(by('inbox-refused').textContent).toContain('2 changes by');
    expect(by('nav-inbox-count').textContent).toBe('7');
    await click(by('held-again'));
    expect(host.requests.at(-1)).toMatchObject({ kind: 'setRefused', refused: false });
    expect(all('inbox-refused')).toHaveLength(0);
    expect(all('held').map((each) => each.dataset.name)).toContain('Kees');
  });
});

describe('the waiting room', () => {
  it('shows by whose invite, the note, and lets in', async () => {
    const { host } = await openWindow({ busy: true });
    await go('p');
    const kim = all('waits').find((each) => each.dataset.name === 'Kim') as HTMLElement;
    expect(kim.textContent).toMatch(/by an invite of .*Maya.*, as .*member/);
    expect(kim.querySelector('[data-testid="waits-note"]')?.textContent).toContain('For the neighbours of Sluisstraat');
    await click(kim.querySelector('[data-testid="admit"]') as HTMLElement);
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'admit' } });
    expect(all('waits').map((each) => each.dataset.name)).not.toContain('Kim');
    expect(all('member').map((each) => each.dataset.name)).toContain('Kim');
  });

  it('tells a newcomer the truth: a person has to do it, or nobody', async () => {
    await openWindow({ empty: true, invite: 'reviewed' });
    expect(by('waiting-text').textContent).toContain('a person has to let you in');
    expect(by('waiting-text').textContent).not.toContain('nobody has to press anything');
    expect(by('waiting').textContent).toContain('A member who may admit has let you in');
  });

  it('does not speak of a review where there is none', async () => {
    await openWindow({ empty: true, invite: 'waiting' });
    expect(by('waiting-text').textContent).toContain('nobody has to press anything');
    expect(by('waiting').textContent).not.toMatch(/review|admit/);
  });

  it('says before joining that one will wait, and only then', async () => {
    await openWindow({ empty: true, invite: 'review' });
    expect(by('preview-reviewed').textContent).toContain('you wait until a member lets you in');
  });

  it('says nothing of it for another invite', async () => {
    await openWindow({ empty: true, invite: 'here' });
    expect(all('preview-reviewed')).toHaveLength(0);
  });
});

describe('invites', () => {
  it('asks for a review, and says what the link shows', async () => {
    const { host } = await openWindow();
    await go('v');
    expect(by('invite-reads').textContent).toContain('Before joining: the name');
    expect(all('invite-reads-waiting')).toHaveLength(0);
    await click(by('invite-review-yes'));
    expect(all('invite-reads-waiting')).toHaveLength(1);
    await click(by('invite-create'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'invite', reviewed: true } });
    expect(by('invite-row').textContent).toContain('with review');
  });

  it('shows uses left and who came, closes one, and keeps it in the list', async () => {
    const { host } = await openWindow({ busy: true });
    await go('v');
    await settled();
    const plain = all('invite-row').find((each) => each.querySelector('[data-testid="invite-came"]')?.textContent?.includes('Ilse') && each.dataset.open === 'true') as HTMLElement;
    expect(plain.textContent).toContain('3 uses left');
    await click(plain.querySelector('[data-testid="invite-close"]') as HTMLElement);
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'revokeInvite' } });
    expect(by('notice').textContent).toContain('Nobody joins by it any more');
    expect(by('invites-past').textContent).toContain('Closed');
    expect(await clean()).toEqual([]);
  });

  it('who may not close it sees why', async () => {
    await openWindow({ busy: true, role: 2 });
    await go('v');
    await settled();
    const close = all('invite-close')[0] as HTMLElement;
    expect(close.getAttribute('aria-disabled')).toBe('true');
    expect(close.title).toContain('F25');
  });
});
