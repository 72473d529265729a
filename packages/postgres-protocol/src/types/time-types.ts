import type { WriteBuffer } from '@millrace/write-buffer';
import { interval } from './interval.js';
import { checkLength, MalformedValueError } from './malformed-value-error.js';
import { outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';
import { temporalText, temporalTimeReader } from './temporal.js';
import {
  formatOffset,
  formatTime,
  MAX_OFFSET_SECONDS,
  microsecondsOfFraction,
  OFFSET_SOURCE,
  secondsOfOffset,
  secondsOfTime,
  TIME_SOURCE,
} from './time-of-day.js';
import type { WireType } from './wire-type.js';

// A time of day is an int64 of microseconds since midnight, 24:00:00 included, and with a time zone an int32 of seconds
// west of UTC behind it.

const MICROSECONDS = 1_000_000;
const MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS;
const TWO_32 = 4_294_967_296;

/** `time` as `'HH:MM:SS'` with up to six digits of a fraction, from `00:00:00` to `24:00:00`. */
export const time: WireType = {
  oid: 1083, // pg_type.dat, as every OID of this file
  name: 'time',
  reader: (options) => (options.temporal === true ? temporalTimeReader(microsecondsAt, readTime) : readTime),
  write: writeTime,
};

/** `timetz` as a time with the offset behind it: `'04:05:06.7+05:30'`. Temporal has no such type: it stays a string. */
export const timetz: WireType = {
  oid: 1266,
  name: 'timetz',
  reader: () => readTimetz,
  write: writeTimetz,
};

/** The types of times of day and of durations, each beside the OID of its array type. */
export const TIME_TYPES: readonly (readonly [WireType, arrayOid: number | undefined])[] = [
  [time, 1183],
  [timetz, 1270],
  [interval, 1187],
];

function readTime(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('time', 8, end - start);
  return formatMicroseconds(microsecondsAt(view, start));
}

function readTimetz(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('timetz', 12, end - start);
  const secondsWest = view.getInt32(start + 8);
  if (Math.abs(secondsWest) > MAX_OFFSET_SECONDS) {
    throw new MalformedValueError(`an offset is less than 16 hours, got ${secondsWest} seconds`);
  }
  return formatMicroseconds(microsecondsAt(view, start)) + formatOffset(-secondsWest);
}

function microsecondsAt(view: DataView, at: number): number {
  // Exact as far as it is a time of day; else it is refused, however it was rounded.
  const microseconds = view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
  if (microseconds >= 0 && microseconds <= MICROSECONDS_PER_DAY) return microseconds;
  throw new MalformedValueError('a time of day is from 0 to 24 hours, got another one');
}

function formatMicroseconds(microseconds: number): string {
  return formatTime(Math.floor(microseconds / MICROSECONDS), microseconds % MICROSECONDS);
}

const TIME = new RegExp(`^${TIME_SOURCE}$`);
const TIMETZ = new RegExp(`^${TIME_SOURCE}${OFFSET_SOURCE}$`);

function writeTime(out: WriteBuffer, value: unknown): void {
  const expected = "'HH:MM:SS[.ffffff]' from 00:00:00 to 24:00:00";
  const source = temporalText(value, 'PlainTime') ?? value;
  const match = matchTime(source, TIME, expected);
  const microseconds = microsecondsOf(match, expected);
  out.writeInt32(8);
  writeInt64(out, microseconds);
}

function writeTimetz(out: WriteBuffer, value: unknown): void {
  const expected = "'HH:MM:SS[.ffffff]' with Z or an offset behind it";
  const match = matchTime(value, TIMETZ, expected);
  const microseconds = microsecondsOf(match, expected);
  const offset = secondsOfOffset(match.slice(5));
  if (typeof offset === 'string') throw outOfRange(expected, offset);
  out.writeInt32(12);
  writeInt64(out, microseconds);
  out.writeInt32(-offset);
}

function matchTime(value: unknown, pattern: RegExp, expected: string): RegExpExecArray {
  if (Object.prototype.toString.call(value) === '[object Date]') {
    const why = 'which is an instant and has an hour only in a time zone';
    throw new RefusedValueError('type', `expected ${expected}, got a Date, ${why}`);
  }
  if (typeof value !== 'string') throw wrongKind(expected, value);
  const match = pattern.exec(value);
  if (match === null) throw outOfRange(expected, 'a string of another form');
  return match;
}

function microsecondsOf(match: RegExpExecArray, expected: string): number {
  const seconds = secondsOfTime(match[1], match[2], match[3]);
  if (typeof seconds === 'string') throw outOfRange(expected, seconds);
  const fraction = microsecondsOfFraction(match[4]);
  if (typeof fraction === 'string') throw outOfRange(expected, fraction);
  const microseconds = seconds * MICROSECONDS + fraction;
  if (microseconds > MICROSECONDS_PER_DAY) throw outOfRange(expected, 'a time of day that does not exist');
  return microseconds;
}

function writeInt64(out: WriteBuffer, value: number): void {
  out.writeInt32(Math.floor(value / TWO_32));
  out.writeUint32(value % TWO_32);
}
