// Which host this page has: the desktop's, or the fake one of a plain browser.
import type { Host } from './host';

export type { Host, ViewOf } from './host';
export { asTrouble } from './host';

/** The desktop if the page runs in it, otherwise sample data. */
export async function chooseHost(): Promise<Host> {
  if ('__TAURI_INTERNALS__' in window) return (await import('./tauri')).tauriHost();
  const { fakeHost, choicesFromAddress } = await import('./fake');
  return fakeHost(choicesFromAddress(window.location.search));
}
