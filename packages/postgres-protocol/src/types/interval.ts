import type { WriteBuffer } from '@millrace/write-buffer';
import { intervalFromText } from './interval-text.js';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import { isTemporal, temporalNamespace } from './temporal.js';
import type { ValueReader, WireType } from './wire-type.js';

/**
 * A value of the type `interval`: three counts that say nothing about each other, as a month has no fixed number of days
 * and a day none of hours. Each has its own sign.
 */
export interface Interval {
  /** An int32; a year is 12 of them. */
  readonly months: number;
  /** An int32. */
  readonly days: number;
  /** An int64; an hour is 3,600,000,000 of them. */
  readonly microseconds: bigint;
}

/**
 * `interval` as an {@link Interval}, or the numbers `Infinity` and `-Infinity`, which PostgreSQL has from version 17 on
 * and which older ones take for their longest intervals.
 *
 * Written from those (a field that is left out is 0), from ISO 8601 (`'P1DT2H'`), from what the server prints by default
 * (`'1 day 02:00:00'`) and from a Temporal.Duration.
 */
export const interval: WireType = {
  oid: 1186, // pg_type.dat
  name: 'interval',
  reader: (options) => (options.temporal === true ? temporalDurationReader() : readInterval),
  write: writeInterval,
};

// INTERVAL_NOBEGIN and INTERVAL_NOEND in timestamp.h: every field at its extreme.
const INT32_MAX = 0x7fffffff;
const INT32_MIN = -0x80000000;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** An int64 of microseconds, an int32 of days, an int32 of months. */
function readInterval(_bytes: Uint8Array, view: DataView, start: number, end: number): Interval | number {
  checkLength('interval', 16, end - start);
  const microseconds = view.getBigInt64(start);
  const days = view.getInt32(start + 8);
  const months = view.getInt32(start + 12);
  if (months === INT32_MAX && days === INT32_MAX && microseconds === INT64_MAX) return Infinity;
  if (months === INT32_MIN && days === INT32_MIN && microseconds === INT64_MIN) return -Infinity;
  return { months, days, microseconds };
}

/** Durations have one sign for all of their fields: intervals of several stay as they are, and so do infinite ones. */
function temporalDurationReader(): ValueReader {
  const { Duration } = temporalNamespace();
  return (bytes, view, start, end) => {
    const value = readInterval(bytes, view, start, end);
    if (typeof value === 'number' || !hasOneSign(value)) return value;
    const { months, days, microseconds } = value;
    const seconds = Number(microseconds / 1_000_000n);
    const rest = Number(microseconds % 1_000_000n);
    const date = [Math.trunc(months / 12), months % 12, 0, days];
    const time = [Math.trunc(seconds / 3600), Math.trunc((seconds % 3600) / 60), seconds % 60];
    const fields = [...date, ...time, Math.trunc(rest / 1000), rest % 1000];
    return new Duration(...fields.map((field) => field + 0)); // never -0
  };
}

function hasOneSign({ months, days, microseconds }: Interval): boolean {
  const isNegative = months < 0 || days < 0 || microseconds < 0n;
  const isPositive = months > 0 || days > 0 || microseconds > 0n;
  return !(isNegative && isPositive);
}

function writeInterval(out: WriteBuffer, value: unknown): void {
  const { months, days, microseconds } = intervalFrom(value);
  const isReal =
    Math.abs(months + 0.5) < 2 ** 31 &&
    Math.abs(days + 0.5) < 2 ** 31 &&
    BigInt.asIntN(64, microseconds) === microseconds;
  if (!isReal) throw outOfRange('int32 months, int32 days and int64 microseconds', 'more of them');
  out.writeInt32(16);
  out.writeBigInt64(microseconds);
  out.writeInt32(days);
  out.writeInt32(months);
}

const EXPECTED =
  "{ months, days, microseconds }, 'P1Y2M3DT4H5M6.7S', '1 day 02:03:04', a Temporal.Duration or Infinity";

/** With integers in it, perhaps too large. */
function intervalFrom(value: unknown): Interval {
  switch (typeof value) {
    case 'string':
      if (value === 'infinity') return endless(1);
      if (value === '-infinity') return endless(-1);
      return intervalFromText(value) ?? refuse('a string of another form; others are text: write $1::text::interval');
    case 'number':
      // Seconds or milliseconds? An interval says it.
      if (Math.abs(value) !== Infinity) throw wrongKind(EXPECTED, value);
      return endless(value);
    case 'object':
      if (isTemporal(value, 'Duration')) return intervalFromDuration(value as Duration);
      return intervalFromFields(value as Record<string, unknown>);
    default:
      throw wrongKind(EXPECTED, value);
  }
}

function endless(sign: number): Interval {
  return sign > 0
    ? { months: INT32_MAX, days: INT32_MAX, microseconds: INT64_MAX }
    : { months: INT32_MIN, days: INT32_MIN, microseconds: INT64_MIN };
}

function refuse(got: string): never {
  throw outOfRange(EXPECTED, got);
}

const FIELDS = new Set(['months', 'days', 'microseconds']);

function intervalFromFields(value: Record<string, unknown>): Interval {
  const names = Object.keys(value);
  // `{ hours: 1 }` is not an interval of nothing.
  if (Array.isArray(value) || names.length === 0) throw wrongKind(EXPECTED, value);
  if (names.some((name) => !FIELDS.has(name))) throw wrongKind(EXPECTED, value);
  const { months = 0, days = 0, microseconds = 0n } = value;
  if (!isInteger(months) || !isInteger(days)) refuse('months or days that are no integer');
  if (typeof microseconds !== 'bigint' && !Number.isSafeInteger(microseconds)) {
    refuse('microseconds that are neither a bigint nor a safe integer');
  }
  return { months, days, microseconds: BigInt(microseconds as bigint | number) };
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

/** What a Temporal.Duration has: integers of one sign. */
interface Duration {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
  readonly microseconds: number;
  readonly nanoseconds: number;
}

function intervalFromDuration(value: Duration): Interval {
  const seconds = BigInt(value.hours) * 3600n + BigInt(value.minutes) * 60n + BigInt(value.seconds);
  const microseconds = seconds * 1_000_000n + BigInt(value.milliseconds) * 1000n + BigInt(value.microseconds);
  const nanoseconds = BigInt(value.nanoseconds);
  if (nanoseconds % 1000n !== 0n) refuse('a Temporal.Duration finer than microseconds');
  return {
    months: value.years * 12 + value.months,
    days: value.weeks * 7 + value.days,
    microseconds: microseconds + nanoseconds / 1000n,
  };
}
