// The one line of quick add: a title with `@name`, `@@role`, `#label`, a day and `!1` to `!4` in it. Pure, so that chips can follow every letter.
import type { Person, Readers } from '../host/bindings';
import { typedName } from './complete';
import { readDayWord } from './day';

/** What a line means. */
export type QuickAdd = {
  title: string;
  people: Person[];
  labels: string[];
  /** The role that is to read it, where one is named. */
  home: Readers | null;
  /** `@names` that nobody here has, and roles for which nothing can be made; they stay in the title. */
  unknown: string[];
  /** `YYYY-MM-DD`. */
  due: string | null;
  /** The word that says so. */
  dueWord: string;
  /** 0 none, 1 urgent to 4 low. */
  priority: number;
};

const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Reads a line. Names may hold spaces: the longest name that fits counts. A written date counts anywhere, the word for a day only
 * as the last one of the title, and not where it was said to be a word (`kept`).
 */
export function readQuickAdd(line: string, members: readonly Person[], today: string, kept: ReadonlySet<string> = new Set(), homes: readonly Readers[] = []): QuickAdd {
  const people: Person[] = [];
  let home: Readers | null = null;
  const labels: string[] = [];
  const unknown: string[] = [];
  let title = '';
  let priority = 0;
  let i = 0;
  while (i < line.length) {
    const char = line.charAt(i);
    const begins = i === 0 || /\s/.test(line.charAt(i - 1));
    if (begins && line.startsWith('@@', i)) {
      const role = longest(line.slice(i + 2), homes, (readers) => readers.name);
      if (role !== null) {
        home = role.found;
        i += 2 + role.chars;
        continue;
      }
      const word = /^[^\s@#]+/.exec(line.slice(i + 2))?.[0];
      if (word !== undefined) unknown.push(`@${word}`);
    } else if (begins && char === '@') {
      const person = longest(line.slice(i + 1), members, typedName);
      if (person !== null) {
        if (!people.includes(person.found)) people.push(person.found);
        i += 1 + person.chars;
        continue;
      }
      const word = /^[^\s@#]+/.exec(line.slice(i + 1))?.[0];
      if (word !== undefined) unknown.push(word);
    } else if (begins && char === '#') {
      const label = /^[^\s#@]+/.exec(line.slice(i + 1))?.[0];
      if (label !== undefined) {
        if (!labels.includes(label)) labels.push(label);
        i += 1 + label.length;
        continue;
      }
    } else if (begins && char === '!') {
      const level = /^!([1-4])(?=\s|$)/.exec(line.slice(i))?.[1];
      if (level !== undefined) {
        priority = Number(level);
        i += 2;
        continue;
      }
    }
    title += char;
    i += 1;
  }
  const words = title.split(/\s+/).filter((word) => word !== '');
  const written = words.findIndex((word) => ISO_DAY.test(word) && readDayWord(word, today) !== null && !kept.has(word));
  const at = written !== -1 ? written : words.length - 1;
  const dueWord = words[at] ?? '';
  const due = words.length < 2 || kept.has(dueWord) ? null : readDayWord(dueWord, today);
  if (due !== null) words.splice(at, 1);
  return { title: words.join(' '), people, labels, home, unknown, due, dueWord: due === null ? '' : dueWord, priority };
}

/** The longest name with which a text begins. */
export function longest<T>(text: string, all: readonly T[], nameOf: (one: T) => string): { found: T; chars: number } | null {
  const lower = text.toLocaleLowerCase();
  let best: { found: T; chars: number } | null = null;
  for (const found of all) {
    const name = nameOf(found).toLocaleLowerCase();
    const after = lower.charAt(name.length);
    const ends = after === '' || /[\s.,;:!?#@()"'’”]/.test(after);
    if (name !== '' && lower.startsWith(name) && ends && name.length > (best?.chars ?? 0)) best = { found, chars: name.length };
  }
  return best;
}
