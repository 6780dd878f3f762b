// Which field of a task is being said.
import type { Detail, Element, Session } from '../model/types';

/** A field, or a kind of element. */
export type DetailField = Detail['field'] | Element['kind'] | 'check';

/** Opens the list of a field; without one, the list of all. */
export function openDetail(session: Session, field: DetailField | null): void {
  session.detailField = field;
  session.overlay = 'detail';
}
