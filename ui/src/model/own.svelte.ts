// What I keep for myself about tasks: asked for with the task in the panel, and with the list of views.
import type { OwnChange, OwnView, Query, Request } from '../host/bindings';
import { asTrouble, type ViewOf } from '../host';
import type { Outcome } from './screens';

type Look = <Kind extends Query['kind']>(query: Extract<Query, { kind: Kind }>) => Promise<ViewOf[Kind]>;
type Ask = (request: Request) => Promise<Outcome>;

/** As many bytes as a note may have. */
export const MAX_NOTE_BYTES = 4_096;

/** Notes, what is watched, what is put off, and views, of the open pursuance. */
export class Own {
  view = $state.raw<OwnView | null>(null);
  /** The task that it is about. */
  task = $state<string | null>(null);
  readonly #look: Look;
  readonly #ask: Ask;

  constructor(look: Look, ask: Ask) {
    this.#look = look;
    this.#ask = ask;
  }

  /** Looks at it again; an answer about another task than the one asked for last is dropped. */
  async refresh(pursuance: string, task: string | null): Promise<void> {
    this.task = task;
    try {
      const view = await this.#look<'own'>({ kind: 'own', pursuance, task });
      if (this.task === task) this.view = view;
    } catch (thrown) {
      // The pursuance went meanwhile, and all of it with it.
      if (asTrouble(thrown).code === 'noSuchPursuance') this.clear();
      else throw thrown;
    }
  }

  /** Changes something of it. */
  async change(pursuance: string, change: OwnChange): Promise<Outcome> {
    const outcome = await this.#ask({ kind: 'changeOwn', pursuance, change });
    await this.refresh(pursuance, this.task);
    return outcome;
  }

  /** Drops everything shown. */
  clear(): void {
    this.view = null;
    this.task = null;
  }
}
