// What was done to a task, as sentences.
import type { HistoryRow, Role } from '../host/bindings';
import { detailWords, relationWords } from './details';
import { t } from './index';
import { roleName } from './rules';
import { dayWords, nameOf, priorityWord, statusKey } from './sentences';

/** One thing that somebody did. */
export function didWords({ by, did }: HistoryRow, today: string, roles: readonly Role[]): string {
  const name = nameOf(by);
  const day = (of: string): string => dayWords(of, today);
  switch (did.kind) {
    case 'created': return t('did.created', { name });
    case 'moved':
      if (did.below === null) return t('did.movedTop', { name });
      return did.below === '' ? t('did.movedUnread', { name }) : t('did.moved', { name, task: did.below });
    case 'titled': return did.before === null ? t('did.titled', { name, text: did.text }) : t('did.titledFrom', { name, text: did.text, before: did.before });
    case 'described':
      if (did.text === '') return t('did.describedAway', { name });
      return t(did.before === null || did.before === '' ? 'did.described' : 'did.describedAgain', { name });
    case 'status': return t('did.status', { name, status: t(statusKey(did.status)) });
    case 'reopened': return t('did.reopened', { name });
    case 'took': return t('did.took', { name });
    case 'gaveBack': return t('did.gaveBack', { name });
    case 'released': return t('did.released', { name, person: nameOf(did.person) });
    case 'asked': return t(did.there ? 'did.asked' : 'did.askedNot', { name, person: nameOf(did.person) });
    case 'label': return t(did.there ? 'did.labelled' : 'did.unlabelled', { name, label: did.label });
    case 'commented': return t('did.commented', { name });
    case 'due': {
      const before = did.known && did.before !== null ? day(did.before) : null;
      if (did.day === null) return before === null ? t('did.dueAway', { name }) : t('did.dueAwayFrom', { name, before });
      return before === null ? t('did.due', { name, day: day(did.day) }) : t('did.dueFrom', { name, day: day(did.day), before });
    }
    case 'priority': {
      const priority = priorityWord(did.priority);
      return did.before === null || did.before === 0 ? t('did.priority', { name, priority }) : t('did.priorityFrom', { name, priority, before: priorityWord(did.before) });
    }
    case 'said': {
      if (did.detail.field === 'why') return t('did.saidWhy', { name });
      const field = t(`detail.${did.detail.field}`);
      const value = detailWords(did.detail, today);
      return did.before === null ? t('did.said', { name, field, value }) : t('did.saidFrom', { name, field, value, before: detailWords(did.before, today) });
    }
    case 'check':
      if (did.text === '') return t('did.checkAway', { name, before: did.before ?? t('did.aLine') });
      return did.before === null ? t('did.check', { name, text: did.text }) : t('did.checkFrom', { name, text: did.text, before: did.before });
    case 'ticked': return t(did.done ? 'did.ticked' : 'did.unticked', { name, text: did.text === '' ? t('did.aLine') : did.text });
    case 'element': return elementWords(did, name, roles);
    case 'reviewed': return t(did.good ? 'did.good' : 'did.notYet', { name });
    case 'filed': return t(did.filed ? 'did.filed' : 'did.unfiled', { name });
    case 'readers': return t(did.there ? 'did.opened' : 'did.closed', { name, who: did.person !== null ? nameOf(did.person) : roleName(did.role ?? 0, roles) });
    case 'imported': return t('did.imported', { name });
    case 'cameFrom': return cameFromWords(did, name);
    case 'quoted': {
      const { count: n, by: writer, source: from } = did;
      if (writer !== '') return from === '' ? t('did.quotedBy', { name, n, writer }) : t('did.quotedByFrom', { name, n, writer, from });
      return from === '' ? t('did.quoted', { name, n }) : t('did.quotedFrom', { name, n, from });
    }
    case 'newer': return t('did.newer', { name });
  }
}

function cameFromWords({ file, source, id }: Extract<HistoryRow['did'], { kind: 'cameFrom' }>, name: string): string {
  const from = source === '' ? file : source;
  if (from === '') return id === '' ? t('did.cameFromElsewhere', { name }) : t('did.cameFromElsewhereAs', { name, id });
  if (source !== '' && file !== '') return id === '' ? t('did.cameFromIn', { name, file, from }) : t('did.cameFromInAs', { name, file, from, id });
  return id === '' ? t('did.cameFrom', { name, from }) : t('did.cameFromAs', { name, from, id });
}

function elementWords({ element, person, other, there }: Extract<HistoryRow['did'], { kind: 'element' }>, name: string, roles: readonly Role[]): string {
  switch (element.kind) {
    case 'reviewer': return t(there ? 'did.reviewer' : 'did.reviewerNot', { name, person: person === null ? '' : nameOf(person) });
    case 'asked': return t(there ? 'did.askedRole' : 'did.askedRoleNot', { name, role: roleName(element.role, roles) });
    case 'skill': return t(there ? 'did.skill' : 'did.skillNot', { name, skill: element.skill });
    case 'relation': return t(there ? 'did.relation' : 'did.relationNot', { name, relation: relationWords(element.relation, false), task: other === '' ? t('did.aTask') : other });
  }
}
