// People: roster, a person's panel, removal by a rule, leaving, "someone was arrested". Each security sentence appears when it is true, and only then.
import axe from 'axe-core';
import { describe, expect, it, vi } from 'vitest';
import { ALWAYS } from '../src/words/rule';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const AFTER = 'What members write once this has reached them';
const HAS = 'That cannot be taken back.';

async function open(choices: Parameters<typeof openWindow>[0] = {}) {
  const opened = await openWindow(choices);
  await click(by('nav-people'));
  return opened;
}

function row(name: string): HTMLElement {
  const found = all('member').find((each) => each.dataset.name === name);
  if (found === undefined) throw new Error(`nobody is called ${name}`);
  return found;
}

async function meet(name: string): Promise<void> {
  await click(row(name).querySelector('button') as HTMLElement);
}

async function clean(): Promise<string[]> {
  const result = await axe.run(document.body, { rules: { region: { enabled: false }, 'color-contrast': { enabled: false } } });
  return result.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

describe('the roster', () => {
  it('shows the senior role first, and marks where two have one name', async () => {
    await open();
    const names = all('member').map((each) => each.dataset.name);
    expect(names.slice(0, 2)).toEqual(['Noor', 'Maya']);
    expect(all('member').filter((each) => each.dataset.name === 'Ben').map((each) => each.querySelector('.mark')?.textContent)).toEqual(['a3f1', '07c9']);
    expect(by('same-name').textContent).toContain('tell them apart');
    expect(row('Ilse van der Meer').querySelector('.mark')).toBeNull();
  });

  it('says nothing of equal names where there are none', async () => {
    await openWindow();
    await click(all('rail-pursuance')[1] as HTMLElement);
    await click(by('nav-people'));
    expect(all('same-name')).toHaveLength(0);
    expect(all('waiting-room')).toHaveLength(0);
    expect(all('former')).toHaveLength(0);
  });

  it('shows devices only where they matter', async () => {
    await open({ busy: true });
    expect(row('Maya').querySelector('[data-testid="devices"]')).not.toBeNull();
    expect(row('Ilse van der Meer').querySelector('[data-testid="devices"]')).toBeNull();
    const ben = all('member').find((each) => each.dataset.name === 'Ben');
    expect(ben?.textContent).toContain('two histories');
  });

  it('says who gave a role, and keeps those who are gone apart', async () => {
    await open({ busy: true });
    expect(all('member').find((each) => each.dataset.name?.startsWith('Maximiliane'))?.textContent).toMatch(/given by \u2068Noor\u2069, \u2068Maya\u2069/);
    expect(by('former').textContent).toContain('Kees');
  });
});

describe('a person', () => {
  it('is given a role, and it is taken back', async () => {
    const { host } = await open();
    await meet('Ilse van der Meer');
    await click(by('give-role'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'grant', role: 1 } });
    expect(by('notice').textContent).toContain('now holds');
    expect(all('person-role')).toHaveLength(2);
    // An organiser now: nobody takes that back alone, and no rule lets it be proposed.
    const first = all('person-take-back')[0] as HTMLElement;
    expect(first.getAttribute('aria-disabled')).toBe('true');
    expect(first.title).toMatch(/no rule|rule \d+|F\d+/);
    const before = host.requests.length;
    await click(first);
    expect(host.requests).toHaveLength(before);
  });

  it('greys what a member may not do, and says why with the rule', async () => {
    const { host } = await open({ role: 2 });
    await meet('Ilse van der Meer');
    const give = by('give-role');
    expect(give.getAttribute('aria-disabled')).toBe('true');
    expect(give.title).toMatch(/organisers.*may give roles \(rule \d+/s);
    await click(by('person-remove'));
    expect(by('remove-submit').getAttribute('aria-disabled')).toBe('true');
    expect(by('remove-why').textContent).toMatch(/rule 20/);
    const before = host.requests.length;
    await click(by('remove-submit'));
    expect(host.requests).toHaveLength(before);
    expect(document.body.textContent).not.toMatch(/denied|forbidden|illegal|you must/i);
  });

  it('is vouched for with a note', async () => {
    const { host } = await open();
    await meet('Ilse van der Meer');
    expect(by('person-panel').textContent).toContain('by nobody yet');
    await click(by('vouch'));
    await fill('vouch-note', 'We met at the gate');
    await click(by('vouch-submit'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'vouch', note: 'We met at the gate' } });
    expect(by('person-panel').textContent).toContain('Noor');
    expect(all('vouch')).toHaveLength(0);
  });

  it('who is one too many is let in by hand', async () => {
    const { host } = await open();
    await click(all('member').filter((each) => each.dataset.name === 'Ben')[1]?.querySelector('button') as HTMLElement);
    expect(by('person-surplus').textContent).toContain('can read nothing yet');
    await click(by('person-let-in'));
    expect(host.requests.at(-1)).toMatchObject({ kind: 'letIn' });
    expect(by('person-surplus').textContent).not.toContain('can read nothing yet');
    expect(all('person-let-in')).toHaveLength(0);
  });

  it('a device with two histories is stopped, and no other', async () => {
    const { host } = await open({ busy: true });
    await meet('Maya');
    expect(all('suspend')).toHaveLength(0);
    await meet('Ben');
    await click(by('suspend'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'suspendDevice' } });
    expect(all('suspend')).toHaveLength(0);
  });

  it('leaving says what it means first, and the last organiser cannot', async () => {
    const { host } = await open();
    await meet('Noor');
    await click(by('leave-open'));
    expect(by('leave').textContent).toContain('What you wrote stays.');
    expect(host.requests).toHaveLength(0);
    await click(by('leave-submit'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'leave' } });
    expect(by('status-line').textContent).toBe('You are no longer a member. 1 change is kept here until a relay is reached, so the others may not know yet.');
  });

  it('whoever is out has it gone from this computer, after what goes and what stays was said', async () => {
    const { host, session } = await openWindow({ status: { code: 'removed', kept: 0 } });
    const out = session.pursuance ?? '';
    session.drafts[session.locking.key('comment', 'a task')] = 'begun';
    await click(by('forget-open'));
    expect(document.activeElement).toBe(by('forget-submit'));
    expect(by('gone-line').textContent).toContain('A relay keeps sealed cells until it drops them.');
    await click(by('forget-cancel'));
    expect(host.requests).toHaveLength(0);
    await click(by('forget-open'));
    await click(by('forget-submit'));
    expect(host.requests).toEqual([{ kind: 'dropInvite', pursuance: out }]);
    expect(session.app?.pursuances.some((row) => row.pursuance === out)).toBe(false);
    expect(session.drafts).toEqual({});
    expect(all('gone-line')).toHaveLength(0);
  });

  it('whose leaving no relay has yet cannot forget it, and is told why', async () => {
    const { host } = await openWindow({ status: { code: 'removed', kept: 1 } });
    await click(by('forget-open'));
    expect(all('forget-submit')).toHaveLength(0);
    expect(by('gone-line').textContent).toContain('A relay must have your last changes there first');
    expect(host.requests).toHaveLength(0);
  });

  it('who would leave nobody who may change the rules is told so', async () => {
    await openWindow();
    await click(all('rail-pursuance')[1] as HTMLElement);
    await click(by('nav-people'));
    await meet('Noor');
    expect(by('leave-open').title).toContain('F28');
  });
});

describe('removing', () => {
  it('cites the rule and lists what it touches before anything is signed', async () => {
    const { host } = await open();
    await click(all('member').filter((each) => each.dataset.name === 'Ben')[0]?.querySelector('button') as HTMLElement);
    await click(by('person-remove'));
    expect(all('remove-dialog')).toHaveLength(1);
    expect(by('remove-rules').textContent).toContain('Rule 20');
    expect(by('remove-rules').textContent).toMatch(/Organisers.* may remove .*members.*; what they did before stays\./);
    expect(by('remove-lost').textContent).toContain('member');
    expect(by('remove-tasks').textContent).toContain('Collect signatures of residents within 500 metres');
    expect(by('remove-after').textContent).toContain(AFTER);
    expect(by('remove-has').textContent).toContain(HAS);
    expect(by('remove-submit').textContent).toBe('Remove');
    expect(host.requests).toHaveLength(0);
    await click(by('remove-submit'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'removeMember', roles: [] } });
    expect(all('remove-dialog')).toHaveLength(0);
    expect(by('former').textContent).toContain('Ben');
    expect(by('person-gone').textContent).toContain('What they wrote stays');
  });

  it('is proposed where several decide, with the count', async () => {
    const { host } = await open();
    await meet('Maya');
    await click(by('person-remove'));
    expect(by('remove-rules').textContent).toContain('Rule 21');
    expect(by('remove-submit').textContent).toMatch(/Propose: needs 2 of 2 organisers, you are 1/);
    await click(by('remove-submit'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'propose', of: 1, change: { kind: 'remove' } } });
    expect(by('notice').textContent).toContain('It waits for the others under Decisions.');
    expect(row('Maya')).toBeTruthy();
  });

  it('from one role only leaves the reading, and does not say that nothing can be opened', async () => {
    await open({ busy: true });
    await click(all('member').find((each) => each.dataset.name?.startsWith('Maximiliane'))?.querySelector('button') as HTMLElement);
    await click(by('person-remove'));
    expect(by('remove-after').textContent).toContain(AFTER);
    await click(by('remove-from-1'));
    expect(by('remove-after').textContent).not.toContain(AFTER);
    expect(by('remove-after').textContent).toContain('goes on reading');
    expect(by('remove-effects').textContent).toContain('stays a member as');
  });

  it('from one role only removes from no more, however soon it is pressed, and says what was done', async () => {
    const { host } = await open();
    host.arrive((data) => {
      const press = { ...data.roles[1], id: 3, name: 'press' } as (typeof data.roles)[number];
      data.roles = [...data.roles, press];
      data.rules = [...data.rules, { role: 1, verb: 'remove', object: { over: 'role', role: 3 }, conditions: ALWAYS, quorum: null }];
      data.members = data.members.map((one) => (one.person.name === 'Ben' ? { ...one, roles: [...one.roles, press] } : one));
    });
    await settled();
    await click(row('Ben').querySelector('button') as HTMLElement);
    await click(by('person-remove'));
    let answer: (nothing: unknown) => void = () => {};
    host.hold(new Promise((resolve) => { answer = resolve; }));
    await click(by('remove-from-3'));
    await click(by('remove-submit'));
    expect(host.requests).toHaveLength(0);
    answer(null);
    host.hold(null);
    await settled();
    await click(by('remove-submit'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'removeMember', roles: [3] } });
    expect(by('notice').textContent).toMatch(/no longer holds “.*press/);
  });

  it('works by keyboard alone, and Escape gives up', async () => {
    const { host } = await open();
    (row('Ilse van der Meer').querySelector('button') as HTMLElement).focus();
    (document.activeElement as HTMLElement).click();
    await settled();
    by('person-remove').focus();
    by('person-remove').click();
    await settled();
    expect(by('remove-dialog').contains(document.activeElement)).toBe(true);
    await press('Escape');
    expect(all('remove-dialog')).toHaveLength(0);
    expect(document.activeElement).toBe(by('person-remove'));
    (document.activeElement as HTMLElement).blur();
    await press('Escape');
    expect(all('person-panel')).toHaveLength(0);
    expect(host.requests).toHaveLength(0);
  });
});

describe('someone was arrested', () => {
  it('leads through removing and what then waits, and promises nothing more', async () => {
    await open({ busy: true });
    await click(by('arrested-open'));
    expect(all('arrested-not')).toHaveLength(0);
    const who = by<HTMLSelectElement>('arrested-who');
    const kees = [...who.options].find((option) => option.text === 'Kees');
    who.value = kees?.value ?? '';
    who.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    expect(by('arrested-removed').textContent).toContain('Kees');
    expect(by('held').dataset.name).toBe('Kees');
    expect(all('arrested-nothing')).toHaveLength(0);
    const ilse = [...who.options].find((option) => option.text.startsWith('Ilse'));
    who.value = ilse?.value ?? '';
    who.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    expect(by('arrested-not').textContent).toContain('It takes nothing back from that computer');
    expect(all('arrested-removed')).toHaveLength(0);
    await click(by('arrested-remove'));
    await click(by('remove-submit'));
    expect(by('arrested-removed').textContent).toContain('Ilse');
    expect(by('arrested-nothing').textContent).toContain('Nothing by');
    expect(document.body.textContent).not.toMatch(/\b(safe|secure|wiped|deleted everywhere)\b/i);
  });
});

it('screens about people are found well by axe', async () => {
  await open({ busy: true });
  await meet('Ben');
  expect(await clean()).toEqual([]);
  await click(by('person-remove'));
  expect(await clean()).toEqual([]);
  await press('Escape');
  await click(by('arrested-open'));
  expect(await clean()).toEqual([]);
});

describe('who can read a task', () => {
  const TITLE = 'Book the canteen';
  const toOpen = async () => {
    const { host } = await openWindow();
    host.arrive((data) => {
      data.readers = [{ role: 1, by: [1], people: data.members.filter((one) => one.roles.some((role) => role.id === 1)).map((one) => one.person) }];
      data.rules = [...data.rules, { role: 1, verb: 'widen', object: { over: 'role', role: 1 }, conditions: ALWAYS, quorum: null }];
      for (const task of data.tasks) if (task.title === TITLE) task.readers = { roles: [1], persons: [] };
    });
    await settled();
    await click(rowOf(TITLE));
    by('tree').focus();
    await press('w');
    return host;
  };

  it('counts whoever comes in while the question is read', async () => {
    const host = await toOpen();
    await click(all('readers-role')[0] as HTMLElement);
    expect([by('readers-warning').getAttribute('role'), by('readers-dialog').contains(document.activeElement)]).toEqual(['alert', true]);
    const before = Number(/(\d+) people now/.exec(by('readers-warning').textContent ?? '')?.[1]);
    expect(before).toBeGreaterThan(1);
    host.arrive((data) => {
      const [like] = data.members.filter((each) => !each.person.me);
      if (like !== undefined) data.members = [...data.members, { ...like, person: { ...like.person, member: 'f'.repeat(like.person.member.length), name: 'Somebody new' } }];
    });
    await settled();
    expect(by('readers-warning').textContent).toContain(`${before + 1} people now`);
  });

  it('stays about its task when that one goes out of sight', async () => {
    const host = await toOpen();
    const task = rowOf(TITLE).dataset.task;
    await click(all('readers-role')[0] as HTMLElement);
    host.arrive((data) => { for (const each of data.tasks) if (each.task === task) each.status = 'dropped'; });
    await settled();
    expect(all('tree-row').some((each) => each.dataset.task === task)).toBe(false);
    expect(by('readers-dialog').textContent).toContain(TITLE);
    await click(by('readers-submit'));
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'widen', task } });
  });

  it('names every role that reads it', async () => {
    const host = await toOpen();
    await press('Escape');
    expect(by('row-home').title).toMatch(/^Only .organiser. can read this$/);
    host.arrive((data) => { data.readers = data.readers.map((one) => ({ ...one, by: [2, 1] })); });
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 60_000);
    host.arrive(() => {});
    await settled();
    vi.restoreAllMocks();
    expect(by('row-home').title).toMatch(/^Only .organiser., .member. can read this$/);
    expect(by('task-readers').textContent).toMatch(/.organiser., .member.: \d+ people now/);
    host.arrive((data) => { for (const task of data.tasks) if (task.title === TITLE) task.readers = { roles: [1, 2], persons: [] }; });
    await settled();
    expect(by('row-home').title).toMatch(/^Made for .organiser., .member., and opened to others$/);
  });

  it('asks no more about a role that reads it meanwhile', async () => {
    const host = await toOpen();
    const choices = all('readers-role').length;
    await click(all('readers-role')[1] as HTMLElement);
    expect(all('readers-submit')).toHaveLength(1);
    host.arrive((data) => { for (const task of data.tasks) if (task.title === TITLE) task.readers = { roles: [1, 2], persons: [] }; });
    await settled();
    expect(all('readers-submit')).toHaveLength(0);
    expect(all('readers-role')).toHaveLength(choices - 1);
  });
});
