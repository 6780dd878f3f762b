// What the fake host says of the last weeks: when its tasks were opened and ended.
import type { WeeksView } from './bindings';
import type { FakeTask } from './fake-world';

const WEEKS = 12;
const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;
/** 1 January 1970 was a Thursday. */
const MONDAY_SECONDS = 4 * DAY_SECONDS;

/** The last twelve weeks; what has ended did so a few days after it was made, the sample says no more. */
export function weeksView(tasks: readonly FakeTask[], nowSeconds = Math.floor(Date.now() / 1000)): WeeksView {
  const monday = (seconds: number): number => Math.floor((seconds - MONDAY_SECONDS) / WEEK_SECONDS) * WEEK_SECONDS + MONDAY_SECONDS;
  const begin = monday(nowSeconds) - (WEEKS - 1) * WEEK_SECONDS;
  const weeks = Array.from({ length: WEEKS }, (_, n) => ({ first: new Date((begin + n * WEEK_SECONDS) * 1000).toISOString().slice(0, 10), opened: 0, finished: 0, dropped: 0 }));
  let open = 0;
  for (const task of tasks) {
    if (task.status === 'suggested') continue;
    const week = (seconds: number) => weeks[Math.floor((seconds - begin) / WEEK_SECONDS)];
    const [made, ended] = [week(task.createdSeconds), week(Math.min(nowSeconds, task.createdSeconds + 5 * DAY_SECONDS))];
    if (made !== undefined) made.opened += 1;
    if (task.status !== 'done' && task.status !== 'dropped') open += 1;
    else if (ended !== undefined) ended[task.status === 'done' ? 'finished' : 'dropped'] += 1;
  }
  return { weeks, open };
}
