import { daysOf, isDate, SECONDS_PER_DAY } from './calendar.js';

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
const TIME = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?`;
const OFFSET = String.raw`(Z|([+-])(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)`;
const ISO = new RegExp(`^${DATE}(?:[T ]${TIME}${OFFSET}?)?( BC)?$`);

const MAX_FRACTION_DIGITS = 6;
const MAX_OFFSET_SECONDS = 16 * 3600 - 1; // MAX_TZDISP_HOUR in datetime.h is 15

/**
 * Reads an ISO 8601 date or date and time, as the server prints it (`T` or a space between them, ` BC` at the end) or
 * as `toISOString()` does.
 *
 * @returns What it says, or words for what is wrong with it.
 */
export function parseIsoDateTime(source: string): IsoDateTime | string {
  const match = ISO.exec(source);
  if (match === null) return 'a string of another form';
  const [, yearDigits = '', monthDigits, dayDigits, hourDigits, minutes, secondDigits = 0, fraction = ''] = match;
  const [zone, zoneSign, zoneHours, zoneMinutes = 0, zoneSeconds = 0, bc] = match.slice(8);

  const year = astronomicalYear(yearDigits, bc !== undefined);
  if (year === undefined) return 'a year that does not exist';
  const month = Number(monthDigits);
  const day = Number(dayDigits);
  if (!isDate(year, month, day)) return 'a date that does not exist';

  const hour = Number(hourDigits ?? 0);
  const minute = Number(minutes ?? 0);
  const second = Number(secondDigits);
  if (hour > 23 || minute > 59 || second > 59) return 'a time of day that does not exist';
  if (fraction.length > MAX_FRACTION_DIGITS) return 'a fraction finer than microseconds';

  let offsetSeconds: number | undefined;
  if (zone !== undefined) {
    offsetSeconds = zone === 'Z' ? 0 : Number(zoneHours) * 3600 + Number(zoneMinutes) * 60 + Number(zoneSeconds);
    const isReal = offsetSeconds <= MAX_OFFSET_SECONDS && Number(zoneMinutes) <= 59 && Number(zoneSeconds) <= 59;
    if (!isReal) return 'an offset that does not exist';
    if (zoneSign === '-') offsetSeconds = -offsetSeconds;
  }
  return {
    days: daysOf(year, month, day),
    seconds: hour * 3600 + minute * 60 + second,
    microseconds: Number(fraction.padEnd(MAX_FRACTION_DIGITS, '0')),
    hasTime: hourDigits !== undefined,
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
