import { calendarDate, POSTGRES_EPOCH_DAYS, SECONDS_PER_DAY } from './calendar.js';
import { checkLength } from './malformed-value-error.js';
import type { ValueReader } from './wire-type.js';

// Temporal is looked for where a reader is made, and never imported: not every runtime has it, and a polyfill may come
// late. What it cannot hold comes as without the option: infinities, what is after the year 275760, 24:00:00.

/** As much of the namespace as is made here. */
export interface TemporalNamespace {
  readonly PlainDate: new (year: number, month: number, day: number) => object;
  readonly PlainTime: new (...fields: number[]) => object;
  readonly PlainDateTime: new (year: number, month: number, day: number, ...time: number[]) => object;
  readonly Instant: new (epochNanoseconds: bigint) => object;
  readonly Duration: new (...fields: number[]) => object;
}

/**
 * Returns the Temporal of this runtime.
 *
 * @throws {TypeError} If it has none.
 */
export function temporalNamespace(): TemporalNamespace {
  const { Temporal } = globalThis as { Temporal?: TemporalNamespace };
  if (Temporal !== undefined) return Temporal;
  throw new TypeError('the option temporal: true needs globalThis.Temporal, which this runtime does not have');
}

/** Whether a value is an object of one of Temporal's classes, of whichever realm or polyfill. */
export function isTemporal(value: unknown, className: string): boolean {
  return Object.prototype.toString.call(value) === `[object Temporal.${className}]`;
}

/** The ISO 8601 text of an object of that class, in the ISO calendar whatever its own is; `undefined` for anything else. */
export function temporalText(value: unknown, className: string): string | undefined {
  if (!isTemporal(value, className)) return undefined;
  const text = (value as { toString(options: { calendarName: 'never' }): string }).toString({ calendarName: 'never' });
  // Temporal has a year 0000, 1 BC; in the strings of PostgreSQL only a year of six digits and a sign may be zero.
  return text.replace(/^0000-/, '+000000-');
}

/** Temporal has so many days after 1970, and as many before. */
const LAST_EPOCH_DAY = 1e8;

const MICROSECONDS_PER_DAY = SECONDS_PER_DAY * 1_000_000;

/** Makes PlainTime of microseconds since midnight. */
export function temporalTimeReader(
  microsecondsAt: (view: DataView, at: number) => number,
  otherwise: ValueReader,
): ValueReader {
  const { PlainTime } = temporalNamespace();
  return (bytes, view, start, end) => {
    checkLength('time', 8, end - start);
    const microseconds = microsecondsAt(view, start);
    if (microseconds === MICROSECONDS_PER_DAY) return otherwise(bytes, view, start, end);
    return new PlainTime(...clockFields(Math.floor(microseconds / 1_000_000), microseconds % 1_000_000));
  };
}

/** Makes a PlainDate of days from 2000-01-01, or `undefined` where it holds none. */
export function plainDate(temporal: TemporalNamespace, days: number): object | undefined {
  if (Math.abs(days + POSTGRES_EPOCH_DAYS) > LAST_EPOCH_DAY) return undefined;
  const { year, month, day } = calendarDate(days);
  return new temporal.PlainDate(year, month, day);
}

/** Makes a PlainDateTime of seconds from 2000-01-01 and microseconds, or `undefined` where it holds none. */
export function plainDateTime(temporal: TemporalNamespace, seconds: number, microseconds: number): object | undefined {
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  if (Math.abs(days + POSTGRES_EPOCH_DAYS) > LAST_EPOCH_DAY) return undefined;
  const { year, month, day } = calendarDate(days);
  return new temporal.PlainDateTime(year, month, day, ...clockFields(seconds - days * SECONDS_PER_DAY, microseconds));
}

/** Makes an Instant of seconds from 2000-01-01 and microseconds, or `undefined` where it holds none. */
export function instant(temporal: TemporalNamespace, seconds: number, microseconds: number): object | undefined {
  const sinceEpoch = seconds + POSTGRES_EPOCH_DAYS * SECONDS_PER_DAY;
  const lastSecond = LAST_EPOCH_DAY * SECONDS_PER_DAY;
  if (Math.abs(sinceEpoch) >= lastSecond && (Math.abs(sinceEpoch) > lastSecond || microseconds > 0)) return undefined;
  return new temporal.Instant((BigInt(sinceEpoch) * 1_000_000n + BigInt(microseconds)) * 1000n);
}

/** Hours, minutes, seconds, milliseconds, microseconds. */
function clockFields(secondOfDay: number, microseconds: number): number[] {
  return [
    Math.floor(secondOfDay / 3600),
    Math.floor(secondOfDay / 60) % 60,
    secondOfDay % 60,
    Math.floor(microseconds / 1000),
    microseconds % 1000,
  ];
}
