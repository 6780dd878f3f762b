// All labels in use, for lists of them.
import { asTrouble } from '../host';
import type { Session } from './session.svelte';

/** Asks for them; a trouble is said. */
export async function lookAtLabels(session: Session): Promise<void> {
  const pursuance = session.pursuance;
  if (pursuance === null) return;
  try {
    const labels = await session.look<'labels'>({ kind: 'labels', pursuance });
    if (session.pursuance === pursuance) session.labels = labels;
  } catch (thrown) {
    session.say(asTrouble(thrown));
  }
}
