// What the window shows over all pursuances: what is for me, and what is found.
import type { FindView, Query, TodayView, Trouble } from '../host/bindings';
import { asTrouble, type ViewOf } from '../host';

type Look = <Kind extends Query['kind']>(query: Extract<Query, { kind: Kind }>) => Promise<ViewOf[Kind]>;

/** Asked for while one of its screens shows. */
export class All {
  /** What is for me to do. */
  today = $state.raw<TodayView | null>(null);
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
    this.text = '';
    this.found = null;
  }
}
