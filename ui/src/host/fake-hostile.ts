// The sample pursuance written by somebody who means harm: one text of theirs in everything that people name or write.
import type { FakePursuance } from './fake-world';

/** Whose values are texts that people wrote. */
const TEXTS = new Set(['name', 'mission', 'title', 'body', 'text', 'note', 'ownerText', 'skill']);
/** Whose values are lists of such. */
const LISTS = new Set(['labels', 'skills']);
/** A longer text stands in the first of each list only, as one of many would. */
const LONG_CHARS = 5_000;

/** Puts a text behind every text. */
export function hostile(data: FakePursuance, text: string): void {
  const everywhere = text.length <= LONG_CHARS;
  const changed = change(structuredClone({ ...data, undo: [] }), text, everywhere, true) as FakePursuance;
  Object.assign(data, changed);
}

function change(value: unknown, text: string, everywhere: boolean, here: boolean): unknown {
  if (Array.isArray(value)) return value.map((each, i) => change(each, text, everywhere, here && (everywhere || i === 0)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]: [string, unknown]) => {
    if (here && typeof each === 'string' && each !== '' && (TEXTS.has(key) || (key === 'value' && 'field' in value && value.field === 'why'))) return [key, each + text];
    if (here && Array.isArray(each) && LISTS.has(key)) return [key, each.map((one, i) => (typeof one === 'string' && (everywhere || i === 0) ? one + text : one))];
    return [key, change(each, text, everywhere, here)];
  }));
}
