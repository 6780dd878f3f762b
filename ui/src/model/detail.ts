// Efforts and repeats as people type them.
import type { Repeat, Unit } from './types';

const MINUTES = { m: 1, h: 60, d: 24 * 60 } as const;
/** As the node takes it: a year of days and nights. */
const MAX_EFFORT_MINUTES = 366 * 24 * 60;
const MAX_REPEAT_EVERY = 400;
const UNITS: Record<string, Unit> = { d: 'days', w: 'weeks', m: 'months', y: 'years' };

/** `45 min`, `2h`, `1 h 30`, `3 days`: minutes; `null` for anything else. */
export function readEffort(typed: string): number | null {
  const text = typed.trim().toLowerCase();
  const one = /^(\d{1,6}) ?(m|min|mins|minutes?|h|hours?|d|days?)$/.exec(text);
  const two = /^(\d{1,4}) ?h(?:ours?)? ?(\d{1,2})(?: ?m(?:in(?:ute)?s?)?)?$/.exec(text);
  const minutes = one !== null ? Number(one[1]) * MINUTES[(one[2] ?? 'm').charAt(0) as keyof typeof MINUTES]
    : two !== null && Number(two[2]) < 60 ? Number(two[1]) * MINUTES.h + Number(two[2]) : 0;
  return minutes > 0 && minutes <= MAX_EFFORT_MINUTES ? minutes : null;
}

/** `week`, `every 2 weeks`, `3 months`; `null` for anything else. */
export function readRepeat(typed: string): Repeat | null {
  const found = /^(?:every )?(?:(\d{1,3}) ?)?(days?|weeks?|months?|years?)$/.exec(typed.trim().toLowerCase());
  const unit = UNITS[(found?.[2] ?? '').charAt(0)];
  const every = Number(found?.[1] ?? 1);
  return unit === undefined || every < 1 || every > MAX_REPEAT_EVERY ? null : { every, unit };
}
