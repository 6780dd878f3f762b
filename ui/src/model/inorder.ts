// Keys in the order in which they were pressed, also while a page that one of them needs is on its way.

/** Does things at once while nothing is being waited for, otherwise after what came before. */
export class InOrder {
  #last: Promise<void> | null = null;

  /** Does something in its turn; what comes next waits for its promise, if it answers one. */
  do(thing: () => unknown): void {
    if (this.#last !== null) { this.#hold(this.#last.then(thing)); return; }
    const begun = thing();
    if (begun instanceof Promise) this.#hold(begun);
  }

  #hold(begun: Promise<unknown>): void {
    const held: Promise<void> = begun.then(() => {}, () => {}).then(() => { if (this.#last === held) this.#last = null; });
    this.#last = held;
  }
}
