// English for what was opened and finished over time.

/** See `en.ts`. */
export const progress = {
  'nav.progress': 'Progress',
  'weeks.title': 'Opened against finished',
  'weeks.said': 'In the last {n} weeks {opened:# task was|# tasks were} opened and {finished:# finished|# finished}.',
  'weeks.open': '{open:# is|# are} open now.',
  'weeks.nothing': 'In the last {n} weeks nothing was opened or finished.',
  'weeks.counted': 'Counted are the tasks that you can read, as they are now, on the days that people’s clocks and imported lists say. What was opened again is not finished. Suggestions are not counted.',
  'weeks.last': 'The last week is not over.',
  'weeks.table': 'Tasks by week, the latest first',
  'weeks.week': 'Week from',
  'weeks.opened': 'Opened',
  'weeks.finished': 'Finished',
  'weeks.dropped': 'Dropped',
  'weeks.now': 'this week',
} as const;
