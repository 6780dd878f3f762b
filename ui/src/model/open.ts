// Opens the session of this window with the host it has.
import { chooseHost } from '../host';
import { Session } from './session.svelte';

/** A session over this page's host; it has not begun yet. */
export async function openSession(): Promise<Session> {
  return new Session(await chooseHost());
}
