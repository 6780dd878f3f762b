// Words for keys: fills a sentence with numbers and with other people's texts, which stay isolated.
import { en } from './en';
import { shown } from '../text/shown';

/** A sentence that exists. */
export type Key = keyof typeof en;
/** What fills a sentence. */
export type Values = Record<string, string | number>;

const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';
const MARKS_OF_DIRECTION = /[\u061c\u200e\u200f\u2066-\u2069]/g;
const PLURALS = new Intl.PluralRules('en');

/**
 * The sentence for a key. In it, `{n}` is a value of ours, `{~name}` is text that somebody wrote (isolated, so that
 * its direction cannot spill over), and `{n:# change|# changes}` picks by number.
 */
export function t(key: Key, values: Values = {}): string {
  const sentence: string = en[key];
  return sentence.replace(/\{(~?)(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, tilde: string, name: string, one?: string, other?: string) => {
    const value = values[name] ?? '';
    if (one !== undefined && other !== undefined) {
      return (PLURALS.select(Number(value)) === 'one' ? one : other).replaceAll('#', number(Number(value)));
    }
    if (tilde) return isolated(String(value));
    return typeof value === 'number' ? number(value) : value;
  });
}

/** Text that somebody wrote, made safe to stand inside a sentence of ours. */
export function isolated(text: string): string {
  return FIRST_STRONG_ISOLATE + shown(text).replace(MARKS_OF_DIRECTION, '') + POP_ISOLATE;
}

/** A number as people write it. */
export function number(value: number): string {
  return value.toLocaleString('en');
}
