// Days as people type them. A day is text, `YYYY-MM-DD`, without an hour and without a place on earth.

const DAY_MILLISECONDS = 86_400_000;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const SHORTEST_NAME_CHARS = 3;
/** Farther ahead than this is taken for a slip of the keys. */
const MAX_DAYS_AHEAD = 36_500;

/** The day it is here, at this time. */
export function todayOf(seconds: number): string {
  const here = new Date(seconds * 1000);
  return text(here.getFullYear(), here.getMonth() + 1, here.getDate()) ?? '1970-01-01';
}

/** So many days later, or earlier. */
export function plusDays(day: string, days: number): string {
  return new Date(at(day) + days * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(day: string): number {
  return new Date(at(day)).getUTCDay();
}

/** A day that is one word: `today`, `fri`, `2026-12-31`. A weekday is the next one after today. */
export function readDayWord(word: string, today: string): string | null {
  const lower = word.toLowerCase();
  if (lower === 'today') return today;
  if (lower === 'tomorrow') return plusDays(today, 1);
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(lower);
  if (iso !== null) return text(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const weekday = named(WEEKDAYS, lower);
  return weekday === -1 ? null : plusDays(today, ((weekday - weekdayOf(today) + 6) % 7) + 1);
}

/** A day in any form that people type: also `3 dec`, `dec 3 2027`, `31.12.`, `in 3 days`, `2 weeks`, `next week`. */
export function readDay(typed: string, today: string): string | null {
  const words = typed.trim().toLowerCase().replace(/,/g, ' ').replace(/\s+/g, ' ');
  const word = readDayWord(words.replace(/^(on|by|next) (?=[a-z]+$)/, ''), today);
  if (word !== null) return word;
  if (words === 'next week') return readDayWord('monday', today);
  const ahead = /^(?:in |\+)?(\d{1,5}) ?(d|days?|w|weeks?)$/.exec(words);
  if (ahead !== null) {
    const days = Number(ahead[1]) * (ahead[2]?.startsWith('w') ? 7 : 1);
    return days > MAX_DAYS_AHEAD ? null : plusDays(today, days);
  }
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(words);
  if (dotted !== null) return comingDay(Number(dotted[1]), Number(dotted[2]), dotted[3], today);
  const dayFirst = /^(\d{1,2})\.? ([a-z]+)(?: (\d{4}))?$/.exec(words);
  if (dayFirst !== null) return comingDay(Number(dayFirst[1]), named(MONTHS, dayFirst[2] ?? '') + 1, dayFirst[3], today);
  const monthFirst = /^([a-z]+) (\d{1,2})(?: (\d{4}))?$/.exec(words);
  if (monthFirst !== null) return comingDay(Number(monthFirst[2]), named(MONTHS, monthFirst[1] ?? '') + 1, monthFirst[3], today);
  return null;
}

/** Without a year the next such day, today included. */
function comingDay(day: number, month: number, year: string | undefined, today: string): string | null {
  if (year !== undefined) return text(Number(year), month, day);
  const thisYear = Number(today.slice(0, 4));
  const soon = text(thisYear, month, day);
  return soon !== null && soon >= today ? soon : text(thisYear + 1, month, day);
}

function named(names: readonly string[], word: string): number {
  return word.length < SHORTEST_NAME_CHARS ? -1 : names.findIndex((name) => name.startsWith(word));
}

/** The text of a day, or `null` where the calendar has no such day. */
function text(year: number, month: number, day: number): string | null {
  if (year < 1 || month < 1 || month > 12 || day < 1) return null;
  const written = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  const date = new Date(`${written}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== written ? null : written;
}

function at(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
