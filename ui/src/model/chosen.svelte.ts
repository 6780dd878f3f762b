// Tasks chosen together: what is done to one is done to all of them, at once.

/** As many as are changed at once; the host takes no more. */
export const MAX_CHOSEN = 500;

/** The tasks that are chosen; none means that keys act on the one that is selected. */
export class Chosen {
  tasks = $state.raw<ReadonlySet<string>>(new Set());
  /** How many were meant, where that is more than can be chosen; else 0. */
  meant = $state(0);
  /** How many changes were made to just these tasks, one after the other, with nothing between. */
  acted = $state(0);
  /** Where a range begins: the place of the row that was chosen by itself last. */
  #anchor = -1;

  get count(): number {
    return this.tasks.size;
  }

  has(task: string): boolean {
    return this.tasks.has(task);
  }

  /** Chooses one more, or one less. */
  toggle(task: string, place: number): void {
    const next = new Set(this.tasks);
    if (!next.delete(task)) next.add(task);
    this.#anchor = place;
    this.#take(next);
  }

  /** Chooses these and no others; `meant` is how many there are of their kind. */
  set(tasks: readonly string[], meant = tasks.length): void {
    this.#take(new Set(tasks), meant);
  }

  /** Where a range to a place begins. */
  from(place: number): number {
    if (this.#anchor === -1 || this.count === 0) this.#anchor = place;
    return this.#anchor;
  }

  clear(): void {
    this.#anchor = -1;
    this.#take(new Set());
  }

  #take(tasks: ReadonlySet<string>, meant = tasks.size): void {
    this.acted = 0;
    this.tasks = tasks.size <= MAX_CHOSEN ? tasks : new Set([...tasks].slice(0, MAX_CHOSEN));
    this.meant = meant > this.tasks.size ? meant : 0;
  }
}
