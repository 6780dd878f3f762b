// What the window shows over all pursuances: what is for me, what waits for me, and what is found.
import type { FindView, InboxOf, PeopleView, Query, TodayView, Trouble } from '../host/bindings';
import { asTrouble, type ViewOf } from '../host';

type Look = <Kind extends Query['kind']>(query: Extract<Query, { kind: Kind }>) => Promise<ViewOf[Kind]>;

/** Asked for while one of its screens shows. */
export class All {
  /** What is for me to do. */
  today = $state.raw<TodayView | null>(null);
  /** What waits for me, by pursuance. */
  inboxes = $state.raw<InboxOf[] | null>(null);
  /** Members, roles and rules of those in which something waits, for their sentences. */
  people = $state.raw<ReadonlyMap<string, PeopleView>>(new Map());
  /** What is looked for. */
  text = $state('');
  /** What was found for it. */
  found = $state.raw<FindView | null>(null);
  readonly #look: Look;
  readonly #say: (trouble: Trouble) => void;

  constructor(look: Look, say: (trouble: Trouble) => void) {
    this.#look = look;
    this.#say = say;
  }

  /** Looks again at what is for me. */
  async refreshToday(): Promise<void> {
    try {
      this.today = await this.#look<'today'>({ kind: 'today' });
    } catch (thrown) {
      this.#say(asTrouble(thrown));
    }
  }

  /** How many lines wait for me. */
  readonly waiting: number = $derived((this.inboxes ?? []).reduce((sum, of) => sum + linesOf(of), 0));

  /** Looks again at what waits for me. */
  async refreshInboxes(): Promise<void> {
    try {
      this.inboxes = await this.#look<'inboxes'>({ kind: 'inboxes' });
    } catch (thrown) {
      this.#say(asTrouble(thrown));
    }
  }

  /** Looks at the people of pursuances in which something is to be decided. */
  async refreshPeople(): Promise<void> {
    const asked = (this.inboxes ?? []).filter((of) => linesOf(of) > 0 || of.inbox.refused.length > 0).map((of) => of.pursuance);
    try {
      this.people = new Map(await Promise.all(asked.map(async (pursuance) => [pursuance, await this.#look<'people'>({ kind: 'people', pursuance })] as const)));
    } catch (thrown) {
      this.#say(asTrouble(thrown));
    }
  }

  /** Looks for what is typed; an answer that comes after another one was asked for is dropped. */
  async find(): Promise<void> {
    const text = this.text;
    if (text.trim() === '') { this.found = null; return; }
    try {
      const found = await this.#look<'find'>({ kind: 'find', text });
      if (this.text === text) this.found = found;
    } catch (thrown) {
      this.#say(asTrouble(thrown));
    }
  }

  /** Drops everything shown. */
  clear(): void {
    this.today = null;
    this.inboxes = null;
    this.people = new Map();
    this.text = '';
    this.found = null;
  }
}

/** How many lines of a pursuance wait for me. */
export function linesOf({ inbox, mentions, watched }: InboxOf): number {
  return inbox.decisions.length + inbox.waiting.length + inbox.surplus.length + inbox.held.length + mentions.length + watched.length;
}
