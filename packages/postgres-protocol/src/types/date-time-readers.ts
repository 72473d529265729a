import { FIRST_DAY_AD, formatDate, POSTGRES_EPOCH_DAYS, SECONDS_PER_DAY } from './calendar.js';
import { checkLength } from './malformed-value-error.js';
import { instant, plainDate, plainDateTime, temporalNamespace } from './temporal.js';
import { formatTime } from './time-of-day.js';
import type { ValueOptions } from './value-options.js';
import type { ValueReader } from './wire-type.js';

// A date is an int32 of days, a timestamp an int64 of microseconds, both from 2000-01-01; the extremes are infinite.

export const INT32_MAX = 0x7fffffff;
export const INT32_MIN = -0x80000000;
export const EPOCH_SECONDS: number = POSTGRES_EPOCH_DAYS * SECONDS_PER_DAY;
const MICROSECONDS = 1_000_000;
const DATE_LIMIT_MS = 8.64e15; // ECMAScript: 100,000,000 days around 1970

/** Dates as strings, or as Temporal.PlainDate. */
export function dateReader({ temporal }: ValueOptions): ValueReader {
  if (temporal !== true) return readDate;
  const namespace = temporalNamespace();
  return (bytes, view, start, end) => {
    checkLength('date', 4, end - start);
    return plainDate(namespace, view.getInt32(start)) ?? readDate(bytes, view, start, end);
  };
}

/** Timestamps as strings, or as Temporal.PlainDateTime. */
export function timestampReader({ temporal }: ValueOptions): ValueReader {
  if (temporal !== true) return readTimestamp;
  const namespace = temporalNamespace();
  return (bytes, view, start, end) => {
    checkLength('timestamp', 8, end - start);
    const high = view.getInt32(start);
    const low = view.getUint32(start + 4);
    const made = plainDateTime(namespace, secondsFrom(high, low), microsecondsFrom(high, low));
    return made ?? readTimestamp(bytes, view, start, end);
  };
}

/** Instants as Dates, as strings, or as Temporal.Instant. */
export function timestamptzReader({ temporal, timestamptz }: ValueOptions): ValueReader {
  if (temporal !== true) return timestamptz === 'string' ? readTimestamptzText : readTimestamptz;
  const namespace = temporalNamespace();
  return (bytes, view, start, end) => {
    checkLength('timestamptz', 8, end - start);
    const high = view.getInt32(start);
    const low = view.getUint32(start + 4);
    const made = instant(namespace, secondsFrom(high, low), microsecondsFrom(high, low));
    return made ?? readTimestamptzText(bytes, view, start, end);
  };
}

function readDate(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('date', 4, end - start);
  const days = view.getInt32(start);
  if (days === INT32_MAX) return 'infinity';
  if (days === INT32_MIN) return '-infinity';
  return days < FIRST_DAY_AD ? `${formatDate(days)} BC` : formatDate(days);
}

function readTimestamp(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('timestamp', 8, end - start);
  return formatTimestamp(view, start, '');
}

/** All microseconds of it, in UTC whatever the session's time zone is. */
function readTimestamptzText(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('timestamptz', 8, end - start);
  return formatTimestamp(view, start, 'Z');
}

function formatTimestamp(view: DataView, at: number, zone: string): string {
  const high = view.getInt32(at);
  const low = view.getUint32(at + 4);
  const infinity = infinityOf(high, low);
  if (infinity !== 0) return infinity > 0 ? 'infinity' : '-infinity';
  const seconds = secondsFrom(high, low);
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const time = formatTime(seconds - days * SECONDS_PER_DAY, microsecondsFrom(high, low));
  return `${formatDate(days)}T${time}${zone}${days < FIRST_DAY_AD ? ' BC' : ''}`;
}

function readTimestamptz(_bytes: Uint8Array, view: DataView, start: number, end: number): Date | number {
  checkLength('timestamptz', 8, end - start);
  const high = view.getInt32(start);
  const low = view.getUint32(start + 4);
  const infinity = infinityOf(high, low);
  if (infinity !== 0) return infinity;
  const milliseconds = Math.floor(microsecondsFrom(high, low) / 1000);
  const sinceEpochMs = (secondsFrom(high, low) + EPOCH_SECONDS) * 1000 + milliseconds;
  if (Math.abs(sinceEpochMs) > DATE_LIMIT_MS) {
    throw new RangeError("the value is outside the range of Date; ask for timestamptz as 'string'");
  }
  return new Date(sinceEpochMs);
}

function infinityOf(high: number, low: number): number {
  if (high === INT32_MAX && low === 0xffffffff) return Infinity;
  return high === INT32_MIN && low === 0 ? -Infinity : 0;
}

// 2^32 microseconds are 4294 s and 967296 us: that keeps every intermediate result below 2^53 without a bigint.
function secondsFrom(high: number, low: number): number {
  return high * 4294 + Math.floor((high * 967_296 + low) / MICROSECONDS);
}

/** What is left of {@link secondsFrom}, 0 to 999999. */
function microsecondsFrom(high: number, low: number): number {
  const rest = (high * 967_296 + low) % MICROSECONDS;
  return rest < 0 ? rest + MICROSECONDS : rest;
}
