// What a line of the rules says, as far as screens look at it.

import type { Conditions, Rule, Verb } from '../host/bindings';

/** The built-in role of all members. */
export const EVERYONE = 0;

/** No condition. */
export const ALWAYS: Conditions = { own: false, notSelf: false, review: null, probation: null, daily: null, after: null };

/** All verbs, in the order of the chapter. */
export const VERBS: readonly Verb[] = ['see', 'suggest', 'create', 'claim', 'assign', 'edit', 'comment', 'finish', 'review', 'reopen', 'file', 'label', 'invite', 'admit', 'grant', 'revoke', 'remove', 'removeRetroactive', 'vouch', 'amend', 'checkpoint'];

const ABOUT_TASKS: ReadonlySet<Verb> = new Set<Verb>(['see', 'suggest', 'create', 'claim', 'assign', 'edit', 'comment', 'finish', 'review', 'reopen', 'file', 'widen', 'label']);

/** Whether a verb is done to tasks. */
export function isAboutTasks(verb: Verb): boolean {
  return ABOUT_TASKS.has(verb);
}

/** Whether a line lets somebody do it alone, always, to all that it is over. */
export function asksNothing(rule: Rule): boolean {
  const { own, notSelf, review, probation, daily, after } = rule.conditions;
  return rule.quorum === null && !own && !notSelf && review === null && probation === null && daily === null && after === null;
}
