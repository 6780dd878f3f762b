// Puts the focus on a named element, once it is there.
import { tick } from 'svelte';

/** Focuses the element with this test id, after what is pending has been drawn; selects a field's text if asked to. */
export async function focusOn(testid: string): Promise<void> {
  await tick();
  const element = document.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
  element?.focus();
}

/** Focuses the tasks, as a tree, a list or a board. */
export async function focusWork(): Promise<void> {
  await tick();
  document.querySelector<HTMLElement>('[data-work]')?.focus({ preventScroll: true });
}

/** Moves to the next region of the window (or the one before). */
export function nextRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')];
  if (regions.length === 0) return;
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(at + step + regions.length) % regions.length];
  const inside = next?.querySelector<HTMLElement>('[data-first], [data-work], [aria-current], button, input, textarea');
  (inside ?? next)?.focus();
}
