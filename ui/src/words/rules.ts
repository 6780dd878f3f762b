// Rules as sentences, and what a role could read and do.

import type { PreviewView, Quorum, Role, Rule, Verb } from '../host/bindings';
import { EVERYONE, asksNothing, isAboutTasks } from './rule';
import { t } from './index';

/** What a verb is, after "may". */
export function verbWords(verb: Verb): string {
  return t(`verb.${verb}`);
}

/** A role's name; 0 is everyone. */
export function roleName(id: number, roles: readonly Role[]): string {
  if (id === EVERYONE) return t('rule.everyone');
  return roles.find((role) => role.id === id)?.name ?? String(id);
}

/** Those who hold a role, in English: "members", "organisers". A name that is no plain English word stays as it is. */
export function manyOf(id: number, roles: readonly Role[]): string {
  const name = roleName(id, roles);
  if (id === EVERYONE || !/[a-z]$/.test(name) || name.endsWith('s')) return name;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}

/** Those who decide together: "the organisers", "all members". */
export function holders(id: number, roles: readonly Role[]): string {
  return id === EVERYONE ? t('rule.allMembers') : t('rule.holders', { role: manyOf(id, roles) });
}

/** Whether whoever comes to read for a role reads only what is written after that. */
export function hasHistorySince(id: number, roles: readonly Role[]): boolean {
  return roles.some((role) => role.id === id && role.sinceJoining === true);
}

/** A rule in one sentence; others say who must agree, and that it is not for oneself. */
export function ruleSentence(rule: Rule, roles: readonly Role[]): string {
  return ruleWords(rule, roles) + limits('rule', rule, roles);
}

/** Told of a rule, to whoever has the right, or of somebody who has it. */
type Kind = 'rule' | 'can' | 'their';

/** What a rule asks for besides its verb. */
function limits(whose: Kind, rule: Rule, roles: readonly Role[]): string {
  const { notSelf, review, probation, daily, after } = rule.conditions;
  const kind = whose === 'rule' ? 'rule' : 'can';
  const about = isAboutTasks(rule.verb);
  const agreed = rule.quorum !== null || review !== null;
  return [
    rule.verb === 'see' && rule.object.over === 'role' && hasHistorySince(rule.object.role, roles) ? t(`${whose}.sinceJoining`) : '',
    notSelf ? t(`${whose}.${about && agreed ? 'notSelfAgree' : about ? 'others' : 'notSelf'}`) : '',
    rule.quorum === null ? '' : quorumWords(kind, rule.quorum, roles),
    review === null ? '' : t(`${kind}.reviewed`, { of: holders(review, roles) }),
    probation === null ? '' : t(`${whose}.probation`, { n: probation }),
    daily === null ? '' : t(`${kind}.daily`, { n: daily }),
    after === null ? '' : t(`${kind}.after`, { day: after }),
  ].join('');
}

function quorumWords(kind: 'rule' | 'can', quorum: Quorum, roles: readonly Role[]): string {
  const of = holders(quorum.of, roles);
  return quorum.count === 0 ? t(`${kind}.most`, { of }) : t(`${kind}.some`, { count: quorum.count, of });
}

/** Whom a rule about people reaches: "members", "anybody". */
function whom(id: number, roles: readonly Role[]): string {
  return id === EVERYONE ? t('rule.anybody') : manyOf(id, roles);
}

function ruleWords(rule: Rule, roles: readonly Role[]): string {
  const role = capital(manyOf(rule.role, roles));
  if (rule.verb === 'checkpoint') return t('rule.checkpoint', { role });
  if (rule.object.over === 'relays') return t('rule.relays', { role });
  if (rule.object.over === 'rules') return t(rule.verb === 'amend' ? 'rule.rules' : 'rule.other', { role, verb: t(`verb.${rule.verb}`) });
  if (rule.object.over === 'newLabels') return t('rule.newLabels', { role });
  const over = roleName(rule.object.role, roles);
  const toAll = rule.object.role === EVERYONE;
  switch (rule.verb) {
    case 'see': return toAll ? t('rule.read', { role }) : t('rule.readFor', { role, over });
    case 'invite': return t('rule.invite', { role, over: manyOf(rule.object.role, roles) });
    case 'amend': return t('rule.amend', { role, over });
    case 'grant':
    case 'revoke': return t(`rule.${rule.verb}`, { role, over });
    case 'admit':
    case 'remove':
    case 'vouch':
    case 'removeRetroactive': return t(`rule.${rule.verb}`, { role, over: whom(rule.object.role, roles) });
    case 'contact':
    case 'dissolve':
    case 'attach':
    case 'publish':
    case 'link':
    case 'send':
    case 'accept':
    case 'splinter':
    case 'export': return t('rule.other', { role, verb: t(`verb.${rule.verb}`) });
    default: return t(`rule.${rule.verb}`, { role, of: ofWords('rule', rule.object.role, rule.conditions.own, over) });
  }
}

function ofWords(kind: Kind, over: number, own: boolean, name: string): string {
  if (over === EVERYONE) return own ? t(`${kind}.ofOwn`) : '';
  if (!own) return t('rule.ofRole', { over: name });
  return t(`${kind}.ofRoleOwn`, { over: name });
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** Over whom or what a line reaches. */
export function overWords(rule: Rule, roles: readonly Role[]): string {
  if (rule.object.over !== 'role') return t(`over.${rule.object.over}`);
  const toAll = rule.object.role === EVERYONE;
  if (isAboutTasks(rule.verb)) return toAll ? t('over.allTasks') : t('over.tasks', { role: roleName(rule.object.role, roles) });
  return whom(rule.object.role, roles);
}

/** When a line applies. */
export function whenWords(rule: Rule, roles: readonly Role[]): string {
  const own = rule.conditions.own ? t('over.own') : '';
  return (own + limits('rule', rule, roles)).trim();
}

/** What a line lets somebody do, and when. */
export function rightSentence(rule: Rule, roles: readonly Role[]): string {
  return rightWords('their', rule, roles) + limits('their', rule, roles);
}

/** A right somebody would have, and the rule that gives it. */
export type Right = { text: string; rule: number | null };

/** What the role of an invite could read, and what it could do: two columns, never one. */
export function rightsOf(preview: PreviewView): { read: Right[]; act: Right[] } {
  const read: Right[] = [{ text: t('can.always'), rule: null }];
  const act: Right[] = [];
  const applies = (rule: Rule): boolean => rule.role === preview.role.id || rule.role === EVERYONE;
  preview.rules.forEach((rule, index) => {
    if (!applies(rule)) return;
    // What one may always, one need not be told one may with one's own.
    const wider = rule.conditions.own && preview.rules.some((each) => applies(each) && asksNothing(each) && each.verb === rule.verb && sameObject(each, rule));
    if (wider) return;
    const right = { text: rightWords('can', rule, preview.roles) + limits('can', rule, preview.roles), rule: index + 1 };
    (rule.verb === 'see' ? read : act).push(right);
  });
  return { read, act };
}

function sameObject(a: Rule, b: Rule): boolean {
  if (a.object.over === 'role' && b.object.over === 'role') return a.object.role === b.object.role;
  return a.object.over === b.object.over;
}

function rightWords(whose: 'can' | 'their', rule: Rule, roles: readonly Role[]): string {
  if (rule.verb === 'checkpoint') return t('can.checkpoint');
  if (rule.object.over === 'relays') return t('can.relays');
  if (rule.object.over === 'rules') return rule.verb === 'amend' ? t('can.rules') : capital(t(`verb.${rule.verb}`));
  if (rule.object.over === 'newLabels') return t('can.newLabels');
  const over = roleName(rule.object.role, roles);
  switch (rule.verb) {
    case 'see': return rule.object.role === EVERYONE ? t('can.read') : t('can.readFor', { over });
    case 'invite': return t('can.invite', { over: manyOf(rule.object.role, roles) });
    case 'amend': return t('can.amend', { over });
    case 'grant':
    case 'revoke': return t(`can.${rule.verb}`, { over });
    case 'admit':
    case 'remove':
    case 'vouch':
    case 'removeRetroactive': return t(`can.${rule.verb}`, { over: whom(rule.object.role, roles) });
    case 'contact':
    case 'dissolve':
    case 'attach':
    case 'publish':
    case 'link':
    case 'send':
    case 'accept':
    case 'splinter':
    case 'export': return capital(t(`verb.${rule.verb}`));
    default: return t(`can.${rule.verb}`, { of: ofWords(whose, rule.object.role, rule.conditions.own, over) });
  }
}
