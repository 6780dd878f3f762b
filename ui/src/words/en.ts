// Every English word of the window. Keys are stable; a translation is a second file of the same shape.
import { about } from './en-about';
import { computers } from './en-computers';
import { details } from './en-details';
import { exchange } from './en-exchange';
import { history } from './en-history';
import { people } from './en-people';
import { progress } from './en-progress';
import { relays } from './en-relays';
import { rulebook } from './en-rulebook';
import { screens } from './en-screens';
import { sentences } from './en-sentences';
import { tree } from './en-tree';
import { work } from './en-work';

/** All words. */
export const en = { ...about, ...rulebook, ...screens, ...tree, ...details, ...exchange, ...history, ...work, ...people, ...progress, ...computers, ...relays, ...sentences } as const;
