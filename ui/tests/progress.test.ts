// What was opened and finished over time, and what the history says of things that came from a list.
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import type { HistoryRow } from '../src/host/bindings';
import { person } from '../src/host/fake-world';
import { didWords } from '../src/words/history';
import { all, by, click, openWindow, press, rowOf, settled } from './open';

/** Without the marks around what people wrote. */
const plain = (text: string | null | undefined): string => (text ?? '').replace(/[\u2068\u2069]/g, '');

describe('opened against finished', () => {
  it('is a sentence, a picture with words, and the same numbers as a table', async () => {
    const { host } = await openWindow({ rows: 40 });
    await press('g');
    await press('o');
    await settled();
    expect(by('nav-progress').getAttribute('aria-current')).toBe('page');
    expect(host.queries.some((query) => query.kind === 'weeks')).toBe(true);
    const said = by('weeks-said');
    expect(said.textContent).toMatch(/In the last 12 weeks [\d,]+ tasks were opened and [\d,]+ finished\. [\d,]+ are open now\./);
    expect(by('weeks').querySelector('[role="img"]')?.getAttribute('aria-label')).toContain('In the last 12 weeks');
    const rows = all('week');
    expect(rows).toHaveLength(12);
    const column = (n: number): number => rows.reduce((sum, row) => sum + Number(row.querySelectorAll('td')[n]?.textContent), 0);
    expect([String(column(0)), String(column(1))]).toEqual([said.dataset.opened, said.dataset.finished]);
    // The latest week is read first.
    expect([...rows].map((row) => row.dataset.first).sort().reverse()).toEqual(rows.map((row) => row.dataset.first));
    const result = await axe.run(document.body, { rules: { region: { enabled: false }, 'color-contrast': { enabled: false } } });
    expect(result.violations).toEqual([]);
  });

  it('has no picture and no table where nothing happened', async () => {
    const { host, session } = await openWindow();
    const view = host.view.bind(host);
    host.view = async (query) => {
      const answer = await view(query);
      return answer.kind === 'weeks' ? { ...answer, view: { open: 3, weeks: answer.view.weeks.map((week) => ({ ...week, opened: 0, finished: 0, dropped: 0 })) } } : answer;
    };
    await session.go('progress');
    await settled();
    expect(by('weeks-said').textContent).toBe('In the last 12 weeks nothing was opened or finished. 3 are open now.');
    expect(all('weeks-table')).toHaveLength(0);
    expect(by('weeks').querySelector('[role="img"]')).toBeNull();
  });
});

describe('the history of what came from a list', () => {
  const words = (did: HistoryRow['did']): string => plain(didWords({ entry: '', by: person('Maya'), claimedSeconds: 0, standing: 'counts', did }, '2026-11-22', []));

  it('says where it comes from, as far as that is known', () => {
    const from = (file: string, source: string, id: string): string => words({ kind: 'cameFrom', file, source, id });
    expect(from('board.json', '', '17')).toBe('Maya took it over from board.json, where it is called 17');
    expect(from('board.json', '', '')).toBe('Maya took it over from board.json');
    expect(from('board.json', 'Trello: Quay', 'aB3')).toBe('Maya took it over from Trello: Quay, where it is called aB3, out of the file board.json');
    expect(from('board.json', 'Trello: Quay', '')).toBe('Maya took it over from Trello: Quay, out of the file board.json');
    expect(from('', 'Trello: Quay', '')).toBe('Maya took it over from Trello: Quay');
    expect(from('', '', '17')).toBe('Maya took it over from a list, where it is called 17');
    expect(from('', '', '')).toBe('Maya took it over from a list');
  });

  it('says how many comments were brought, from where, and whose they are said to be', () => {
    const brought = (count: number, by: string, source: string): string => words({ kind: 'quoted', count, by, source });
    expect(brought(12, '', 'Trello: Quay')).toBe('Maya brought 12 comments from Trello: Quay');
    expect(brought(12, 'Ben', 'Trello: Quay')).toBe('Maya brought 12 comments from Trello: Quay, which Ben is said to have written');
    expect(brought(1, 'Ben', '')).toBe('Maya brought 1 comment that Ben is said to have written elsewhere');
    expect(brought(1, '', '')).toBe('Maya brought 1 comment that was written elsewhere');
    expect(brought(2, '', '')).toBe('Maya brought 2 comments that were written elsewhere');
  });

  it('is on the screen of such a task', async () => {
    await openWindow();
    await click(rowOf('Print leaflets'));
    await click(by('history-toggle'));
    const rows = all('history-row').map((row) => [row.dataset.kind, plain(row.textContent)]);
    expect(rows.find(([kind]) => kind === 'quoted')?.[1]).toMatch(/brought 1 comment/);
    expect(rows.find(([kind]) => kind === 'cameFrom')?.[1]).toMatch(/took it over from/);
  });
});
