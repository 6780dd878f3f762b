// The book of rules and the log: three views of one table, a draft that says what it changes before it is signed, and every entry in words.
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../src/host/bindings';
import { whyWords } from '../src/words/rulebook';
import { all, by, click, fill, openWindow, press, settled } from './open';

async function book(): Promise<Awaited<ReturnType<typeof openWindow>>> {
  const opened = await openWindow();
  await press('g');
  await press('u');
  await settled();
  return opened;
}

describe('the book of rules', () => {
  it('is three views of one table', async () => {
    await book();
    const sentences = all('rules')[0]?.querySelectorAll('li').length ?? 0;
    expect(sentences).toBeGreaterThan(10);
    await click(by('book-table'));
    expect(by('rule-table').querySelectorAll('tbody tr')).toHaveLength(sentences);
    await click(by('book-text'));
    expect(by<HTMLTextAreaElement>('rules-text').value).toContain('role organiser rank 0');
    expect(by('rules-same')).toBeTruthy();
    expect(all('rules-sign')).toHaveLength(0);
  });

  it('points at what cannot be read, and offers nothing to sign', async () => {
    await book();
    await click(by('book-text'));
    await fill('rules-text', 'role organiser rank 0\norganiser {\n  bad tasks everyone\n}\n');
    await settled();
    expect(by('rules-text-fault').textContent).toMatch(/^Line 3, column 3: .* Found .*bad.*Did you mean .*add/);
    expect(all('rules-sign')).toHaveLength(0);
    expect(by<HTMLTextAreaElement>('rules-text').value).toContain('bad tasks');
  });

  it('says who gains what, and that it waits for others, before it is signed', async () => {
    const { host } = await book();
    await click(by('book-text'));
    await fill('rules-text', 'member { remove member with 2 of member not-self }');
    await settled();
    expect(by('rules-come').textContent?.replace(/[\u2068\u2069]/g, '')).toContain('may remove members');
    // It has no number before it is in force.
    expect(by('rules-come').textContent).not.toMatch(/\d+:/);
    expect(all('rules-gains').length).toBeGreaterThan(0);
    expect(by('rules-gains').textContent).toContain('never for themselves');
    expect(by('rules-changes').textContent).not.toContain('yourself');
    expect(by('rules-how').textContent).toContain('Waits for others');
    expect(host.requests.some((request) => request.kind === 'changeRules')).toBe(false);
    await click(by('rules-sign'));
    await settled();
    expect(host.requests.at(-1)).toMatchObject({ kind: 'changeRules', text: 'member { remove member with 2 of member not-self }' });
  });

  it('says of each new role what whoever comes later reads', async () => {
    await book();
    await click(by('book-text'));
    await fill('rules-text', 'role organiser rank 0\nrole press rank 1 since-joining\nrole field rank 1');
    await settled();
    expect(all('rules-new-role').map((each) => each.textContent?.replace(/[\u2068\u2069]/g, ''))).toEqual([
      'Make the role “press”, rank 1. Whoever comes to read its tasks later reads those that are made after they come. That stays so for ever',
      'Make the role “field”, rank 1. Whoever comes to read its tasks later reads from the beginning',
    ]);
  });

  it('answers whether somebody could do something, with the line that says so', async () => {
    await book();
    const verb = by<HTMLSelectElement>('try-verb');
    verb.value = 'comment';
    verb.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    expect(by('try-answer').dataset.may).toBe('alone');
    expect(by('try-answer').textContent).toContain('may comment');
    verb.value = 'checkpoint';
    verb.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    expect(by('try-answer').textContent).toContain('No. No line says so.');
  });
});

describe('the phrase', () => {
  it('is shown beside somebody else, never beside oneself, and the day is said only once it was compared', async () => {
    const { session } = await openWindow();
    await press('g');
    await press('p');
    await settled();
    const members = session.people?.members ?? [];
    await session.meet(members.find((each) => each.person.me)?.person.member ?? null);
    await settled();
    expect(all('phrase')).toHaveLength(0);
    await session.meet(members.find((each) => !each.person.me)?.person.member ?? null);
    await settled();
    expect(by('phrase-words').textContent?.split(' ')).toHaveLength(4);
    expect(all('phrase-compared')).toHaveLength(0);
    await click(by('phrase-same'));
    await settled();
    expect(by('phrase-compared').textContent).toMatch(/^Phrase compared on \d+ \w+ \d{4}$/);
  });
});

describe('the log', () => {
  it('tells every entry in words, and why one has no effect', async () => {
    await openWindow();
    await press('g');
    await press('l');
    await settled();
    expect(all('log-row').length).toBeGreaterThan(2);
    expect(all('log-why').map((why) => why.textContent)).toEqual([expect.stringContaining('(F33)')]);
    await click(by('log-trouble'));
    await settled();
    expect(all('log-row')).toHaveLength(1);
  });

  it('shows what was asked for last, whichever answer comes first', async () => {
    const { host } = await openWindow();
    const view = host.view.bind(host);
    let late = (): void => { throw new Error('the whole log was not asked for'); };
    host.view = async (query) => {
      const answer = await view(query);
      if (query.kind === 'log' && !query.trouble) await new Promise<void>((resolve) => { late = resolve; });
      return answer;
    };
    await press('g');
    await press('l');
    await settled();
    expect(all('log-row')).toHaveLength(0);
    // The choice itself is there once a log is.
    late();
    await settled();
    await click(by('log-trouble'));
    await click(by('log-all'));
    await click(by('log-trouble'));
    late();
    await settled();
    expect(all('log-row')).toHaveLength(1);
  });

  it('is handed on without a name, a title, a role or a text', async () => {
    const { session } = await openWindow({ busy: true });
    await press('g');
    await press('l');
    await settled();
    expect(all('log-plain-text')).toHaveLength(0);
    await click(by('log-plain-make'));
    const lines = by<HTMLTextAreaElement>('log-plain-text').value.split('\n');
    expect(lines[0]).toBe('day,device,entry,what,standing,reason');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d,bbbbbb,3,tasks,held,removed$/);
    const people = session.people!;
    const theirs = [...people.members.map((member) => member.person.name), ...people.roles.map((role) => role.name), 'chamber', 'Harbour'];
    for (const word of theirs) expect(lines.join('\n')).not.toContain(word);
  });

  it('says why in the same words to the author and to all others', () => {
    const roles = [{ id: 1, name: 'organiser', rank: 0 }];
    const plain = (refusal: Refusal): string => whyWords(refusal, roles).replace(/[\u2068\u2069]/g, '');
    expect(plain({ code: 'notAllowed', verb: 'grant', rule: 3, allowedRole: 1 })).toBe('Not accepted: only organisers may give roles (rule 3).');
    expect(plain({ code: 'notAllowed', verb: 'grant', rule: null, allowedRole: null })).toBe('Not accepted: no rule says who may do this (give roles).');
    expect(plain({ code: 'onlyOwn', verb: 'edit', rule: 6 })).toBe('Not accepted: they may edit tasks only where a task is their own (rule 6).');
    for (const code of ['notSenior', 'rankAboveOwn', 'grantNotHeld', 'notClaimed'] as const) expect(plain({ code })).toMatch(/^Not accepted: (?!.*\byou)/);
  });
});
