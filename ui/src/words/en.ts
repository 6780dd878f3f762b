// Every English word of the window. Keys are stable; a translation is a second file of the same shape.
import { people } from './en-people';
import { screens } from './en-screens';
import { sentences } from './en-sentences';

/** All words. */
export const en = { ...screens, ...people, ...sentences } as const;
