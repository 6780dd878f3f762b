// Hands the session down to every view without naming it at each step.
import { createContext } from 'svelte';
import type { Session } from './session.svelte';

const [theSession, giveSession] = createContext<Session>();
export { giveSession, theSession };
