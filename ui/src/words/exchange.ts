// Sentences about what was brought here from elsewhere.
import type { Origin, Part, Person } from '../host/bindings';
import { t } from './index';
import { nameOf } from './sentences';

/** Whose words a quoted comment is said to be, and who says so. */
export function quoteSentence(by: string, brought: Person): string {
  if (brought.me) return by === '' ? t('quote.byNobodySelf') : t('quote.bySelf', { name: by });
  return by === '' ? t('quote.byNobody', { who: nameOf(brought) }) : t('quote.by', { name: by, who: nameOf(brought) });
}

/** Where a task comes from, in a word or two; nothing where only people are named. */
export function originName(origin: Origin): string {
  return origin.file === '' ? origin.source : origin.file;
}

const PARTS: readonly Part[] = ['took', 'asked', 'reviewer', 'askedRole', 'foundGood', 'foundNotYet'];

/** Who had to do with a task, as its file says: one line for each part. */
export function originPeople(origin: Origin): string[] {
  const names = (part: Part): string => origin.people.filter((mention) => mention.part === part).map((mention) => mention.name).join(', ');
  return PARTS.filter((part) => names(part) !== '').map((part) => t(`origin.part.${part}`, { names: names(part) }));
}
