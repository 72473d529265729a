import { twoDigits } from './calendar.js';

// How a time of day and an offset from UTC are written, within a timestamp or alone. The digits of a fraction and of an
// offset are those that the server prints: no more than needed.

/** Groups: hours, minutes, seconds or nothing, digits of the fraction or nothing. */
export const TIME_SOURCE: string = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?`;
/** Groups: all of it, the sign, hours, minutes or nothing, seconds or nothing; only the first where it is Z. */
export const OFFSET_SOURCE: string = String.raw`(Z|([+-])(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)`;

/** East or west of UTC: MAX_TZDISP_HOUR in datetime.h is 15. */
export const MAX_OFFSET_SECONDS: number = 16 * 3600 - 1;

const MAX_FRACTION_DIGITS = 6;

type Group = string | undefined;

/** Seconds of the day from what {@link TIME_SOURCE} matched; 24:00:00 is 86400. Words where no clock shows that. */
export function secondsOfTime(hours: Group, minutes: Group = '0', seconds: Group = '0'): number | string {
  const second = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const isReal = second <= 86_400 && Number(minutes) <= 59 && Number(seconds) <= 59;
  return isReal ? second : 'a time of day that does not exist';
}

/** Microseconds from the digits of a fraction; words where there are too many. */
export function microsecondsOfFraction(digits: Group = ''): number | string {
  if (digits.length > MAX_FRACTION_DIGITS) return 'a fraction finer than microseconds';
  return Number(digits.padEnd(MAX_FRACTION_DIGITS, '0'));
}

/** Seconds east of UTC from what {@link OFFSET_SOURCE} matched; words for an offset that no zone has. */
export function secondsOfOffset([zone, sign, hours, minutes = '0', seconds = '0']: readonly Group[]): number | string {
  if (zone === 'Z') return 0;
  const second = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const isReal = second <= MAX_OFFSET_SECONDS && Number(minutes) <= 59 && Number(seconds) <= 59;
  if (!isReal) return 'an offset that does not exist';
  return sign === '-' ? 0 - second : second;
}

/** As the server prints it: `04:05:06.7`, no trailing zeros in the fraction. */
export function formatTime(secondOfDay: number, microseconds: number): string {
  const hours = Math.floor(secondOfDay / 3600);
  const minutes = Math.floor((secondOfDay % 3600) / 60);
  const time = `${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(secondOfDay % 60)}`;
  if (microseconds === 0) return time;
  return `${time}.${microseconds.toString().padStart(6, '0').replace(/0+$/, '')}`;
}

/** As the server prints it: `+05:30`, minutes and seconds only where they are not zero. */
export function formatOffset(secondsEast: number): string {
  const distance = Math.abs(secondsEast);
  const minutes = Math.floor(distance / 60) % 60;
  const seconds = distance % 60;
  const hours = `${secondsEast < 0 ? '-' : '+'}${twoDigits(Math.floor(distance / 3600))}`;
  if (seconds !== 0) return `${hours}:${twoDigits(minutes)}:${twoDigits(seconds)}`;
  return minutes === 0 ? hours : `${hours}:${twoDigits(minutes)}`;
}
