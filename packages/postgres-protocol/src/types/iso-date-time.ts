import { daysOf, isDate, SECONDS_PER_DAY } from './calendar.js';
import { microsecondsOfFraction, OFFSET_SOURCE, secondsOfOffset, secondsOfTime, TIME_SOURCE } from './time-of-day.js';

/** A date and time that was read from a string. */
export interface IsoDateTime {
  /** Whole days from 2000-01-01. */
  readonly days: number;
  /** Seconds of the day; 0 where the string has no time. */
  readonly seconds: number;
  /** 0 to 999999. */
  readonly microseconds: number;
  readonly hasTime: boolean;
  /** Seconds east of UTC; `undefined` where the string names no offset. */
  readonly offsetSeconds: number | undefined;
}

// year-month-day, then perhaps a time with perhaps an offset, then perhaps BC. Years are PostgreSQL's (four digits or
// more, never 0, with BC behind) or those of Date.prototype.toISOString (sign and six digits, astronomical).
const DATE = String.raw`([+-]\d{6}|\d{4,7})-(\d{2})-(\d{2})`;
const ISO = new RegExp(`^${DATE}(?:[T ]${TIME_SOURCE}${OFFSET_SOURCE}?)?( BC)?$`);

/**
 * Reads an ISO 8601 date or date and time, as the server prints it (`T` or a space between them, ` BC` at the end) or
 * as `toISOString()` does.
 *
 * @returns What it says, or words for what is wrong with it.
 */
export function parseIsoDateTime(source: string): IsoDateTime | string {
  const match = ISO.exec(source);
  if (match === null) return 'a string of another form';
  const [, yearDigits = '', monthDigits, dayDigits, hours, minutes, secondDigits, fraction] = match;

  const year = astronomicalYear(yearDigits, match[13] !== undefined);
  if (year === undefined) return 'a year that does not exist';
  const month = Number(monthDigits);
  const day = Number(dayDigits);
  if (!isDate(year, month, day)) return 'a date that does not exist';

  const seconds = hours === undefined ? 0 : secondsOfTime(hours, minutes, secondDigits);
  if (typeof seconds === 'string') return seconds;
  if (seconds === SECONDS_PER_DAY) return 'a time of day that does not exist'; // a timestamp has a next day for it
  const microseconds = microsecondsOfFraction(fraction);
  if (typeof microseconds === 'string') return microseconds;
  const offsetSeconds = match[8] === undefined ? undefined : secondsOfOffset(match.slice(8, 13));
  if (typeof offsetSeconds === 'string') return offsetSeconds;
  return {
    days: daysOf(year, month, day),
    seconds,
    microseconds,
    hasTime: hours !== undefined,
    offsetSeconds,
  };
}

/** Seconds from 2000-01-01T00:00:00; without an offset as if in UTC. */
export function secondsOf(dateTime: IsoDateTime): number {
  return dateTime.days * SECONDS_PER_DAY + dateTime.seconds - (dateTime.offsetSeconds ?? 0);
}

function astronomicalYear(digits: string, isBc: boolean): number | undefined {
  const year = Number(digits);
  if (!/^[+-]/.test(digits)) return year === 0 ? undefined : isBc ? 1 - year : year;
  // ISO 8601 and ECMAScript: year zero has no sign but plus.
  return isBc || digits === '-000000' ? undefined : year;
}
