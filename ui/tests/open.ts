// Opens the whole window over a fake host, and waits as a person would: for what is on the screen.
import { render, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { fakeHost, type FakeChoices } from '../src/host/fake';
import { Session } from '../src/model/session.svelte';
import Window from '../src/views/Window.svelte';

/** A window, its session, and everything it asked the host. */
export async function openWindow(choices: Partial<FakeChoices> = {}) {
  const host = fakeHost(choices);
  const session = new Session(host);
  render(Window, { props: { session } });
  await waitFor(() => { if (session.app === null && session.startTrouble === null) throw new Error('not opened yet'); });
  await settled();
  return { host, session };
}

/** After all that is under way has been drawn. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) { await tick(); await new Promise((resolve) => setTimeout(resolve, 0)); }
}

/** The first element with a test id. */
export function by<Kind extends HTMLElement = HTMLElement>(testid: string): Kind {
  const found = document.querySelector<Kind>(`[data-testid="${testid}"]`);
  if (found === null) throw new Error(`there is no ${testid}`);
  return found;
}

/** All elements with a test id. */
export function all(testid: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
}

/** The row of a task by its title. */
export function rowOf(title: string): HTMLElement {
  const found = all('tree-row').find((row) => row.dataset.title === title);
  if (found === undefined) throw new Error(`there is no row ${title}`);
  return found;
}

/** Presses a key where the focus is. */
export async function press(key: string, more: KeyboardEventInit = {}): Promise<void> {
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  await settled();
}

/** Clicks. */
export async function click(element: HTMLElement): Promise<void> {
  element.click();
  await settled();
}

/** Puts a text into a field, as pasting does. */
export async function fill(testid: string, text: string): Promise<void> {
  const field = by<HTMLInputElement | HTMLTextAreaElement>(testid);
  field.focus();
  field.value = text;
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  await settled();
}
