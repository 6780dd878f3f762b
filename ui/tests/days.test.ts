// Days and priorities: how they are typed, how they are shown, and that overdue alone has a colour.
import { describe, expect, it } from 'vitest';
import { firstRows } from '../src/model/csv';
import { plusDays, readDay, readDayWord, todayOf } from '../src/model/day';
import { filterWords, labelOf, labelWord, toggleWord } from '../src/model/filter';
import { readQuickAdd } from '../src/model/quickadd';
import { dayWords, wholeDay } from '../src/words/sentences';
import { all, by, click, fill, openWindow, press, rowOf, settled } from './open';

/** A Saturday. */
const TODAY = '2026-11-21';

describe('a day as it is typed', () => {
  it.each([
    ['today', '2026-11-21'], ['tomorrow', '2026-11-22'], ['fri', '2026-11-27'], ['Friday', '2026-11-27'], ['sat', '2026-11-28'], ['next mon', '2026-11-23'],
    ['next week', '2026-11-23'], ['3 dec', '2026-12-03'], ['dec 3', '2026-12-03'], ['3 november', '2027-11-03'], ['21 nov', '2026-11-21'], ['3. dec', '2026-12-03'],
    ['3 dec 2028', '2028-12-03'], ['31.12.', '2026-12-31'], ['1.2.2027', '2027-02-01'], ['in 3 days', '2026-11-24'], ['2 weeks', '2026-12-05'], ['+1w', '2026-11-28'],
    ['2028-02-29', '2028-02-29'], ['2027-02-29', null], ['31 feb', null], ['fr', null], ['', null], ['soon', null], ['in 99999 days', null], ['0000-01-01', null],
  ])('%s', (typed, day) => { expect(readDay(typed, TODAY)).toBe(day); });

  it('is the day here, not elsewhere', () => {
    expect(todayOf(new Date(2026, 10, 21, 23, 59).getTime() / 1000)).toBe(TODAY);
    expect(todayOf(new Date(2026, 10, 22, 0, 1).getTime() / 1000)).toBe('2026-11-22');
    expect(plusDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(readDayWord('month', TODAY)).toBeNull();
  });

  it.each([
    ['2026-11-21', 'today'], ['2026-11-22', 'tomorrow'], ['2026-11-20', 'yesterday'], ['2026-11-27', 'Fri 27 Nov'], ['2026-11-28', '28 Nov'], ['2027-01-03', '3 Jan 2027'],
  ])('%s is shown as %s', (day, words) => { expect(dayWords(day, TODAY)).toBe(words); });

  it('is shown in full with how far away it is', () => {
    expect(wholeDay('2026-12-03', TODAY)).toBe('Thu 3 Dec 2026 · in 12 days');
    expect(wholeDay('2026-11-18', TODAY)).toBe('Wed 18 Nov 2026 · 3 days ago');
  });
});

describe('quick add', () => {
  const read = (line: string, kept: string[] = []) => { const { title, due, priority, labels } = readQuickAdd(line, [], TODAY, new Set(kept)); return [title, due, priority, labels]; };
  it('reads a day, a written date anywhere, and a priority', () => {
    expect(read('Photograph the permits #field !2 fri')).toEqual(['Photograph the permits', '2026-11-27', 2, ['field']]);
    expect(read('Hand in 2026-12-31 at the town hall')).toEqual(['Hand in at the town hall', '2026-12-31', 0, []]);
    expect(read('Call tomorrow !1 #phone')).toEqual(['Call', '2026-11-22', 1, ['phone']]);
  });
  it('leaves words that only look like it', () => {
    expect(read('today')).toEqual(['today', null, 0, []]);
    expect(read('The sun is too bright')).toEqual(['The sun is too bright', null, 0, []]);
    expect(read('Photograph the sun', ['sun'])).toEqual(['Photograph the sun', null, 0, []]);
    expect(read('Wow !5 a!2 !2b 2026-02-31')).toEqual(['Wow !5 a!2 !2b 2026-02-31', null, 0, []]);
  });

  it('shows chips, lets a day be a word, and sends one command', async () => {
    const { host } = await openWindow();
    await fill('quick-add', 'Photograph the quay !1 2026-12-31');
    expect(by('chip-due').dataset.due).toBe('2026-12-31');
    expect(by('chip-priority').textContent).toBe('Urgent');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'createTask', title: 'Photograph the quay', due: '2026-12-31', priority: 1 } });
    expect(rowOf('Photograph the quay').dataset.due).toBe('2026-12-31');
    await fill('quick-add', 'Paint the sun');
    await click(by('chip-due-keep'));
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { title: 'Paint the sun', due: null } });
  });
});

describe('on a task', () => {
  const TITLE = 'Walk the streets south of the lock';

  it('is set, changed and taken away by keys, each with one command', async () => {
    const { host, session } = await openWindow();
    session.tree.select(rowOf(TITLE).dataset.task ?? null);
    by('tree').focus();
    const before = host.requests.length;
    await press('d');
    await fill('picker-input', '3 dec 2030');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'setDue', due: '2030-12-03' } });
    await press('p');
    await fill('picker-input', '1');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'setPriority', priority: 1 } });
    expect(host.requests.length).toBe(before + 2);
    expect(rowOf(TITLE).dataset).toMatchObject({ due: '2030-12-03', priority: '1' });
    await press('d');
    await fill('picker-input', 'no day');
    await press('Enter');
    expect(host.requests.at(-1)).toMatchObject({ command: { kind: 'setDue', due: null } });
    await press('d');
    await fill('picker-input', 'whenever');
    expect(by('picker').textContent).toContain('This is not a day');
  });

  it('has a colour only when it is overdue and not ended', async () => {
    const { host } = await openWindow();
    const late = 'Have the draft read by somebody who knows environmental law';
    expect(rowOf(late).querySelector('.due')?.classList.contains('ask')).toBe(true);
    expect(rowOf(late).textContent).toContain('was due');
    expect(rowOf('Measure noise on the quay at night').querySelector('.due')?.classList.contains('ask')).toBe(false);
    expect(rowOf('Find out who owns the east quay').querySelector('.due')?.classList.contains('ask')).toBe(false);
    await click(rowOf(late));
    expect(by('task-due').classList.contains('ask')).toBe(true);
    expect(by('task-priority').dataset.priority).toBe('2');
    expect(host.requests).toHaveLength(0);
  });

  it('is not for those whom no rule lets edit it, and says which rule', async () => {
    await openWindow({ role: 2 });
    await click(rowOf('Find out who owns the east quay'));
    expect(by('due-set').getAttribute('aria-disabled')).toBe('true');
    expect(by('due-set').title).toContain('rule 7');
    // Pressed all the same, it says so and leads to the rule; no list opens.
    await click(by('due-set'));
    expect(all('picker')).toHaveLength(0);
    expect(by('notice').textContent).toContain('(rule 7)');
    expect(by('notice-rule').textContent).toBe('Read rule 7');
    await click(by('notice-rule'));
    expect(by('rule-cited').textContent).toMatch(/^7/);
    expect(all('notice')).toHaveLength(0);
    await click(by('nav-rules'));
    expect(all('rule-cited')).toHaveLength(0);
    await settled();
  });
});

describe('words of the filter', () => {
  it('keeps quotes together and toggles words', () => {
    expect(filterWords('a "b c" label:"d e" -#f')).toEqual(['a', '"b c"', 'label:"d e"', '-#f']);
    expect(toggleWord('walk', '@me')).toBe('walk @me');
    expect(toggleWord('walk @ME due:any', '@me')).toBe('walk due:any');
    expect(toggleWord('priority:1 x', 'priority:2', (other) => other.startsWith('priority:'))).toBe('x priority:2');
    expect(labelOf(labelWord('help wanted'))).toBe('help wanted');
    expect(labelOf(labelWord('print'))).toBe('print');
  });
});

describe('examples of a file', () => {
  it('reads quotes, line ends within them, and other separators', () => {
    expect(firstRows('\ufefftitle;owner\r\n"a ""b""\nc";Maya\r\nd;\r\n', 3)).toEqual([['a "b"\nc', 'Maya'], ['d', '']]);
    expect(firstRows('title', 3)).toEqual([]);
  });
});
