// What else is said of a task, as words.
import type { Detail, Relation } from '../host/bindings';
import { t } from './index';
import { wholeDay } from './sentences';

/** A field's value, as it is shown beside its name. */
export function detailWords(detail: Detail, today: string): string {
  switch (detail.field) {
    case 'why': return detail.value;
    case 'start': case 'notBefore': case 'keepUntil': return detail.value === null ? t('detail.nothing') : wholeDay(detail.value, today);
    case 'effort': return effortWords(detail.value);
    case 'helpWanted': return detail.value ? t('detail.helpYes') : t('detail.nothing');
    case 'places': return t('detail.placesOf', { n: detail.value });
    case 'kind': return t(`detail.kind.${detail.value}`);
    case 'repeat': return detail.value === null ? t('detail.nothing') : t(`detail.repeat.${detail.value.unit}`, { n: detail.value.every });
  }
}

const MINUTES_OF_AN_HOUR = 60;
const MINUTES_OF_A_DAY = 24 * MINUTES_OF_AN_HOUR;

/** How long something takes. */
export function effortWords(effort: number): string {
  const days = Math.floor(effort / MINUTES_OF_A_DAY);
  const hours = Math.floor((effort % MINUTES_OF_A_DAY) / MINUTES_OF_AN_HOUR);
  const minutes = effort % MINUTES_OF_AN_HOUR;
  const parts = [
    ...(days > 0 ? [t('detail.effortDays', { n: days })] : []),
    ...(hours > 0 ? [t('detail.effortHours', { n: hours })] : []),
    ...(minutes > 0 ? [t('detail.effortMinutes', { n: minutes })] : []),
  ];
  return parts.length === 0 ? t('detail.nothing') : parts.join(' ');
}

/** How one task is related to another, read from either end. */
export function relationWords(relation: Relation, pointsHere: boolean): string {
  switch (relation) {
    case 'waitsFor': return t(pointsHere ? 'relation.waitsForBack' : 'relation.waitsFor');
    case 'follows': return t(pointsHere ? 'relation.followsBack' : 'relation.follows');
    case 'evidenceFor': return t(pointsHere ? 'relation.evidenceForBack' : 'relation.evidenceFor');
    case 'related': return t('relation.related');
    case 'duplicates': return t('relation.duplicates');
  }
}
