// A field in which names are completed: which choice is marked, and what its keys do. The list itself is drawn by `Suggest.svelte`.
import type { Choice, Completion } from './complete';

type Field = HTMLInputElement | HTMLTextAreaElement;

export class Completing {
  /** Where the cursor stands. */
  cursor = $state(0);
  /** The choice that is marked. */
  at = $state(0);
  #closed = $state(true);
  readonly #read: (cursor: number) => Completion | null;

  constructor(read: (cursor: number) => Completion | null) {
    this.#read = read;
  }

  /** What may be completed now. */
  readonly current: Completion | null = $derived.by(() => (this.#closed ? null : this.#read(this.cursor)));

  /** Something was typed. */
  typed(field: Field): void {
    this.cursor = field.selectionStart ?? field.value.length;
    this.at = 0;
    this.#closed = false;
  }

  /** The cursor may have gone elsewhere. */
  moved(field: Field): void {
    const cursor = field.selectionStart ?? this.cursor;
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    this.at = 0;
  }

  /** Shows nothing more until something is typed. */
  close(): void {
    this.#closed = true;
  }

  /** What a key does while choices show: one that is chosen; whether it was used up. */
  key(event: KeyboardEvent): Choice | boolean {
    const choices = this.current?.choices ?? [];
    if (choices.length === 0 || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) this.at = (this.at + step + choices.length) % choices.length;
    else if (event.key === 'Escape') this.close();
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) {
      event.preventDefault();
      return choices[this.at] ?? true;
    } else return false;
    event.preventDefault();
    return true;
  }
}
