// Words for lists: what a group is called.
import { t } from '.';
import { nameOf, priorityWord, statusKey } from './sentences';
import type { GroupOf } from '../host/bindings';

/** What the rows of a group have in common. */
export function groupWord(of: GroupOf): string {
  switch (of.kind) {
    case 'status': return t(statusKey(of.status));
    case 'due': return t(`view.group.${of.when}`);
    case 'priority': return of.priority === 0 ? t('view.group.noPriority') : priorityWord(of.priority);
    case 'who': return of.person === null ? (of.owner === '' ? t('view.group.nobody') : of.owner) : nameOf(of.person);
    case 'label': return of.label === '' ? t('view.group.noLabel') : of.label;
  }
}
