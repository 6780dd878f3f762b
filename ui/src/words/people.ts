// What people decide, as sentences.
import type { Change, HeldChanges, HeldWords, MemberView, PeopleView, Person, Rule } from '../host/bindings';
import { t } from './index';
import { holders, manyOf, roleName, ruleSentence } from './rules';
import { listed, nameOf } from './sentences';

/** Names put one after another as one text, each isolated by itself. */
export function names(persons: readonly Person[]): string {
  return listed(persons.map(nameOf));
}

/** A member who is here, waits, or is gone. */
export function memberOf(people: PeopleView, id: string): MemberView | undefined {
  return [...people.members, ...people.others].find((member) => member.person.member === id);
}

function nameIn(people: PeopleView, id: string): string {
  const found = memberOf(people, id);
  return found === undefined ? t('change.somebody') : nameOf(found.person);
}

/** What a proposal changes. */
export function changeWords(change: Change, people: PeopleView): string {
  const roles = people.roles;
  switch (change.kind) {
    case 'rename': return t('change.rename', { name: change.name });
    case 'defineRole': return newRoleWords(change);
    case 'retireRole': return t('change.retireRole', { role: roleName(change.role, roles) });
    case 'setRule': return t(change.present ? 'change.addRule' : 'change.dropRule', { rule: ruleSentence(change.rule, roles) });
    case 'grant': return t('change.grant', { name: nameIn(people, change.member), role: roleName(change.role, roles) });
    case 'revokeGrant': return revokeWords(change.grant, people);
    case 'remove': {
      const from = change.roles ?? [];
      const less = (change.pins ?? []).length > 0 ? t('change.removePins') : '';
      const name = nameIn(people, change.member);
      if (from.length === 0) return t('change.remove', { name }) + less;
      return t('change.removeRoles', { name, roles: from.map((role) => roleName(role, roles)).join(', ') }) + less;
    }
    case 'suspendDevice': {
      const whose = people.members.find((member) => member.devices.some((device) => device.author === change.author));
      return whose === undefined ? t('change.suspendGone') : t('change.suspend', { name: nameOf(whose.person) });
    }
    case 'checkpoint': return t('change.checkpoint');
    case 'setRelays': return t('change.relays', { n: change.relays.length });
    case 'revokeInvite': return t('change.closeInviteGone');
  }
}

function revokeWords(grant: { entry: string; op: number }, people: PeopleView): string {
  for (const member of people.members) {
    const at = member.grants.findIndex((each) => each.entry === grant.entry && each.op === grant.op);
    const role = member.roles[at];
    if (role !== undefined) return t('change.revoke', { role: role.name, name: nameOf(member.person) });
  }
  return t('change.revokeGone');
}

/** "needs 2 of 3 organisers, you are 1". */
export function proposeWords(needed: number, held: number, of: number, people: PeopleView): string {
  return t('remove.propose', { needed, holders: held, of: manyOf(of, people.roles) });
}

/** Those who decide, at the beginning of a sentence. */
export function deciders(of: number, people: PeopleView): string {
  const words = holders(of, people.roles);
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** Rules cited by their numbers and sentences. */
export function cited(numbers: readonly number[], rules: readonly Rule[], people: PeopleView): { rule: number; sentence: string }[] {
  return numbers.flatMap((number) => {
    const rule = rules[number - 1];
    return rule === undefined ? [] : [{ rule: number, sentence: ruleSentence(rule, people.roles) }];
  });
}

/** Whether changes wait because whoever made them was removed, and is gone. */
export function heldByRemoval(held: HeldChanges, people: PeopleView | null | undefined): boolean {
  return !held.joined && held.refusal.code === 'removed' && people?.members.some((each) => each.person.member === held.by.member) !== true;
}

/** What waits because it was written before somebody was removed, or a computer of theirs, or lost its effect otherwise. */
export function heldSentence(held: HeldChanges, people: PeopleView | null | undefined): string {
  const said = { n: held.entries.length, name: nameOf(held.by) };
  if (held.joined) return t('inbox.heldJoin', said);
  if (held.refusal.code === 'deviceRemoved') return t('inbox.heldDevice', said);
  return t(heldByRemoval(held, people) ? 'inbox.held' : 'inbox.heldOther', said);
}

/** One thing that a held entry says. */
export function heldWords(words: HeldWords): string {
  const task = words.task === '' ? t('held.unknown') : words.task;
  return t(`held.${words.what}`, { task, text: words.text });
}


/** What a role is, of which nothing is in force yet; who comes to it later, and reads what. */
export function newRoleWords(role: { name: string; rank: number; sinceJoining?: boolean | undefined }): string {
  return t('change.defineRole', { name: role.name, rank: role.rank }) + t(role.sinceJoining === true ? 'change.sinceJoining' : 'change.fromTheBeginning');
}
