// Names, roles and labels are completed while one types, by keys alone, and what is put in is what is read again.
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { completed, completionAt, IN_TEXT, MAX_CHOICES, type Meant } from '../src/model/complete';
import { readQuickAdd } from '../src/model/quickadd';
import { person } from '../src/host/fake-world';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

const BENS = [person('Ben', true, 'a3f1'), person('Ben', false, '07c9')];
const OTHERS = ['Ilse van der Meer', 'Il', 'Maya', 'Ana Fofana'].map((name) => person(name));
const MEANT: Meant = { people: [...BENS, ...OTHERS], roles: [{ role: 3, name: 'press desk', members: 2 }, { role: 0, name: '', members: 9 }], labels: ['press', 'photo', 'two words', 'quay'] };

/** What is proposed at the end of a line. */
const proposed = (line: string, meant = MEANT): string[] => completionAt(line, line.length, meant)?.choices.map((choice) => choice.text) ?? [];

describe('what is being typed', () => {
  it('is looked for from the sign on, at the beginning of names and of their words', () => {
    expect(proposed('Ask @be')).toEqual(['@Ben~a3f1', '@Ben~07c9']);
    expect(proposed('Ask @ilse van')).toEqual(['@Ilse van der Meer']);
    expect(proposed('@')).toHaveLength(6);
    expect(proposed('@FOFA')).toEqual(['@Ana Fofana']);
    expect(proposed('For @@press d')).toEqual(['@@press desk']);
    expect(proposed('#p')).toEqual(['#press', '#photo']);
  });

  it('is nothing where no name can stand, and where a whole one does', () => {
    for (const line of ['', 'Ask', 'mail a@b', 'mail (@b', '@@@pr', 'x#p', '@Nobody', '@Maya', '@Maya ', '@ben\nIl', '#two', '#press d', `@${'B'.repeat(61)}`]) expect(proposed(line), line).toEqual([]);
    // One name begins like another: the list goes away with the blank behind the shorter one.
    expect(proposed('@Il')).toEqual(['@Il', '@Ilse van der Meer']);
    expect(proposed('@Il ')).toEqual([]);
  });

  it('stands behind a bracket in a text, and there are neither roles nor labels in one', () => {
    const text = { people: MEANT.people, after: IN_TEXT };
    expect(proposed('see (@ma', text)).toEqual(['@Maya']);
    expect(proposed('@@pr', text)).toEqual([]);
    expect(proposed('#p', text)).toEqual([]);
  });

  it('gives a few of many, and of the nameless none', () => {
    expect(proposed('@', { people: Array.from({ length: 60 }, (_, n) => person(`Kim ${n}`)) })).toHaveLength(MAX_CHOICES);
    expect(proposed('@@', MEANT)).toEqual(['@@press desk']);
  });

  it('becomes what is read as that very one', () => {
    for (const [line, cursor, at] of [['Ask @be, or not', 7, 1], ['@il', 3, 0], ['Ask @fof about it', 8, 0]] as const) {
      const completion = completionAt(line, cursor, MEANT);
      const choice = completion?.choices[at];
      if (completion == null || choice === undefined) throw new Error(line);
      const whole = completed(line, cursor, completion, choice);
      expect(readQuickAdd(whole.line, MEANT.people, '2026-11-21').people).toEqual([choice.person]);
      expect(whole.line.slice(0, whole.cursor)).toMatch(/ $/);
      expect(whole.line).toContain(line.slice(cursor).trim());
    }
  });
});

/** Types at the end of a field. */
async function type(testid: string, text: string): Promise<void> {
  const field = by<HTMLInputElement>(testid);
  await fill(testid, field.value + text);
  field.setSelectionRange(field.value.length, field.value.length);
  await press('Shift');
}

/** What the field says is marked, and what the list says. */
function marked(testid: string): string {
  const id = by(testid).getAttribute('aria-activedescendant');
  const options = all('suggest-choice').filter((option) => option.getAttribute('aria-selected') === 'true');
  expect(options.map((option) => option.id)).toEqual([id]);
  expect(by('suggest').id).toBe(by(testid).getAttribute('aria-controls'));
  return options[0]?.textContent ?? '';
}

async function wrongs(): Promise<unknown[]> {
  const result = await axe.run(document.body, { rules: { region: { enabled: false }, 'color-contrast': { enabled: false } } });
  return result.violations;
}

describe.each([['quick-add'], ['comment-input']])('in %s', (field) => {
  async function begin() {
    const opened = await openWindow({ busy: true });
    if (field === 'comment-input') await click(rowOf('Book the canteen'));
    by(field).focus();
    await settled();
    return opened;
  }

  it('arrows mark one, Enter takes it, and the focus stays in the field', async () => {
    const { host } = await begin();
    const before = host.requests.length;
    await type(field, 'Ask @');
    const choices = all('suggest-choice').map((option) => option.textContent ?? '');
    expect(choices.length).toBeGreaterThan(2);
    expect(marked(field)).toBe(choices[0]);
    await press('ArrowDown');
    expect(marked(field)).toBe(choices[1]);
    await press('ArrowUp');
    await press('ArrowUp');
    expect(marked(field)).toBe(choices.at(-1));
    expect(await wrongs()).toEqual([]);
    await press('ArrowDown');
    await press('ArrowDown');
    await press('Enter');
    const name = (choices[1] ?? '').split(' · ');
    expect(by<HTMLInputElement>(field).value).toBe(`Ask @${name.join('~')} `);
    expect(document.activeElement).toBe(by(field));
    expect(all('suggest')).toHaveLength(0);
    expect(by(field).hasAttribute('aria-activedescendant')).toBe(false);
    expect(host.requests.filter((request) => request.kind === 'act')).toHaveLength(0);
    expect(host.requests.length).toBe(before);
  });

  it('Escape closes the list and nothing else, and what is typed next opens it again', async () => {
    await begin();
    await type(field, '@');
    expect(all('suggest-count').map((count) => count.textContent).join('')).toMatch(/fit/);
    await press('Escape');
    expect(all('suggest')).toHaveLength(0);
    expect(document.activeElement).toBe(by(field));
    expect(by<HTMLInputElement>(field).value).toBe('@');
    await type(field, 'm');
    expect(marked(field)).toBe('Maya');
    // The focus goes on: no list waits behind it.
    by('tree').focus();
    await settled();
    expect(all('suggest')).toHaveLength(0);
  });

  it('tells two apart who are called the same, or look so', async () => {
    await begin();
    await type(field, '@b');
    const choices = all('suggest-choice').map((option) => option.textContent ?? '');
    expect(choices.filter((name) => / · [0-9a-f]{4}$/.test(name)).length).toBeGreaterThan(1);
    expect(new Set(choices).size).toBe(choices.length);
    await press('Tab');
    expect(by<HTMLInputElement>(field).value).toMatch(/^@\S.*~[0-9a-f]{4} $/);
  });
});

it('labels in use are proposed in quick add', async () => {
  await openWindow();
  by('quick-add').focus();
  await settled();
  await type('quick-add', 'Paint the gate #');
  expect(all('suggest-choice').length).toBeGreaterThan(1);
  const label = marked('quick-add');
  await press('Enter');
  expect(by<HTMLInputElement>('quick-add').value).toBe(`Paint the gate #${label} `);
  expect(by('chip-label').textContent).toBe(label);
});

it('a hostile name is shown as what it is, and put in as it is', async () => {
  await openWindow({ busy: true, hostile: '\u202eevil\u200b' });
  by('quick-add').focus();
  await settled();
  await type('quick-add', '@');
  const shown = all('suggest-choice')[0]?.textContent ?? '';
  expect(shown).toContain('[U+202E]');
  await press('Enter');
  expect(by<HTMLInputElement>('quick-add').value).toContain('\u202e');
  expect(by('chip-person').textContent).toContain('[U+202E]');
});
