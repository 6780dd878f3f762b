// What I may do about people: alone, or by proposing it to those who decide; and what became of it.
import type { Change, Command, Could, PeopleView, Session, Verb } from '../model/types';
import { t } from '../words';
import { refusalSentence } from '../words/sentences';

/** One thing that might be done: how, by which rules, or why not. */
export type May = {
  /** What to ask for: the act, or its proposal. */
  command: Command;
  /** Why it cannot be done; empty where it can. */
  why: string;
  /** Numbers of the rules that allow it. */
  rules: number[];
  /** Of a proposal: how many must sign, of how many who hold which role. */
  asks: { needed: number; holders: number; of: number } | null;
};

/** Something that somebody might want to do: alone, or by a decision, and the right that it needs. */
export type Wish = { alone: Command; together: Change | null; verb: Verb };

/** Roles whose holders decide about something together, by the rules. */
function deciding(people: PeopleView, verb: Verb): number[] {
  return [...new Set(people.rules.flatMap((rule) => (rule.verb === verb && rule.quorum !== null ? [rule.quorum.of] : [])))];
}

/** Whether commands would be carried out, and by which rules; nothing is known where the host does not answer. */
async function could(session: Session, commands: Command[]): Promise<Could[]> {
  if (session.pursuance === null) return [];
  try {
    return await session.look<'could'>({ kind: 'could', pursuance: session.pursuance, commands });
  } catch {
    return [];
  }
}

/** For each wish, how I may do it: alone if I may, otherwise by a proposal, otherwise not, and why. */
export async function ways(session: Session, wishes: readonly Wish[]): Promise<May[]> {
  const people = session.people;
  if (people === null) return [];
  const asked = wishes.map(({ alone, together, verb }) => ({
    alone, tries: together === null ? [] : deciding(people, verb).map((of) => ({ of, command: { kind: 'propose', of, change: together } satisfies Command })),
  }));
  const answers = await could(session, asked.flatMap(({ alone, tries }) => [alone, ...tries.map((one) => one.command)]));
  let at = 0;
  const next = (): Could | undefined => answers[at++];
  return asked.map(({ alone, tries }) => {
    const first = next();
    const others = tries.map((one) => ({ ...one, could: next() }));
    const refusal = first?.refusal ?? null;
    if (first !== undefined && refusal === null) return { command: alone, why: '', rules: first.rules, asks: null };
    const way = others.find((one) => one.could?.refusal === null);
    if (way?.could !== undefined) {
      return { command: way.command, why: '', rules: way.could.rules, asks: { needed: way.could.needed ?? 1, holders: way.could.holders ?? 1, of: way.of } };
    }
    return { command: alone, why: refusal === null ? '' : refusalSentence(refusal, session.roles), rules: [], asks: null };
  });
}

/** Does what may be done; what is only proposed says so. */
export async function carry(session: Session, way: May, done: string): Promise<boolean> {
  return session.actNow(way.command, way.asks === null || way.asks.needed <= 1 ? done : t('person.done.proposed'));
}

/** Does what somebody wants as it may be done now: a button can be pressed before its own answer is there. */
export async function carryOut(session: Session, wish: Wish, done: string): Promise<boolean> {
  const [way] = await ways(session, [wish]);
  return way !== undefined && carry(session, way, done);
}
