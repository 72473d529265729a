import type { WriteBuffer } from '@millrace/write-buffer';
import type { WireType } from './wire-type.js';
import { FIRST_DAY_AD, formatDate, POSTGRES_EPOCH_DAYS, SECONDS_PER_DAY, twoDigits } from './calendar.js';
import { parseIsoDateTime, secondsOf } from './iso-date-time.js';
import type { IsoDateTime } from './iso-date-time.js';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';

// A date is an int32 of days, a timestamp an int64 of microseconds, both from 2000-01-01; the extremes are infinite.
// `date` and `timestamp` name no instant, so they are strings: a Date in either direction would bring in a time zone.

/** `date` as `'YYYY-MM-DD'`, with ` BC` behind where it is; or `'infinity'`, `'-infinity'`. */
export const date: WireType = {
  oid: 1082, // pg_type.dat, as every OID of this file
  name: 'date',
  reader: () => readDate,
  write: writeDate,
};

/** `timestamp` as `'YYYY-MM-DDTHH:MM:SS'` with up to six digits of a fraction, ` BC`, or `'infinity'`, `'-infinity'`. */
export const timestamp: WireType = {
  oid: 1114,
  name: 'timestamp',
  reader: () => readTimestamp,
  write: writeTimestamp,
};

/** `timestamptz` as a Date (rounded down to milliseconds) or the numbers `Infinity` and `-Infinity`. */
export const timestamptz: WireType = {
  oid: 1184,
  name: 'timestamptz',
  reader: () => readTimestamptz,
  write: writeTimestamptz,
};

const INT32_MAX = 0x7fffffff;
const INT32_MIN = -0x80000000;
const MICROSECONDS = 1_000_000;
const EPOCH_SECONDS = POSTGRES_EPOCH_DAYS * SECONDS_PER_DAY;
const DATE_LIMIT_MS = 8.64e15; // ECMAScript: 100,000,000 days around 1970

// What the server accepts: IS_VALID_DATE and IS_VALID_TIMESTAMP in timestamp.h, from 4714-11-24 BC on.
const FIRST_DAY = -2_451_545;
const LAST_DAY_OF_DATE = 2_145_031_948; // 5874897-12-31
const LAST_SECOND_OF_TIMESTAMP = 9_223_371_331_199; // 294276-12-31T23:59:59

function readDate(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('date', 4, end - start);
  const days = view.getInt32(start);
  if (days === INT32_MAX) return 'infinity';
  if (days === INT32_MIN) return '-infinity';
  return days < FIRST_DAY_AD ? `${formatDate(days)} BC` : formatDate(days);
}

function readTimestamp(_bytes: Uint8Array, view: DataView, start: number, end: number): string {
  checkLength('timestamp', 8, end - start);
  const high = view.getInt32(start);
  const low = view.getUint32(start + 4);
  const infinity = infinityOf(high, low);
  if (infinity !== 0) return infinity > 0 ? 'infinity' : '-infinity';
  const seconds = secondsFrom(high, low);
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const time = formatTime(seconds - days * SECONDS_PER_DAY, microsecondsFrom(high, low));
  return `${formatDate(days)}T${time}${days < FIRST_DAY_AD ? ' BC' : ''}`;
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
    throw new RangeError('the value is outside the range of Date; cast it to text in the query');
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

/** As the server prints it: no trailing zeros in the fraction. */
function formatTime(secondOfDay: number, microseconds: number): string {
  const hours = Math.floor(secondOfDay / 3600);
  const minutes = Math.floor((secondOfDay % 3600) / 60);
  const time = `${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(secondOfDay % 60)}`;
  if (microseconds === 0) return time;
  return `${time}.${microseconds.toString().padStart(6, '0').replace(/0+$/, '')}`;
}

function writeDate(out: WriteBuffer, value: unknown): void {
  const expected = "'YYYY-MM-DD', 'infinity' or '-infinity'";
  const days = parse(value, expected, 'write value.toISOString().slice(0, 10) for its day in UTC');
  if (typeof days !== 'number' && days.hasTime) throw outOfRange(expected, 'a date with a time');
  const number = typeof days === 'number' ? (days > 0 ? INT32_MAX : INT32_MIN) : days.days;
  if (typeof days !== 'number' && !(number >= FIRST_DAY && number <= LAST_DAY_OF_DATE)) {
    throw outOfRange('a date from 4714-11-24 BC to 5874897-12-31', 'one out of range');
  }
  out.writeInt32(4);
  out.writeInt32(number);
}

function writeTimestamp(out: WriteBuffer, value: unknown): void {
  const expected = "'YYYY-MM-DDTHH:MM:SS[.ffffff]', 'infinity' or '-infinity'";
  const parsed = parse(
    value,
    expected,
    'write value.toISOString().slice(0, -1) for its time in UTC, or use timestamptz',
  );
  if (typeof parsed !== 'number' && parsed.offsetSeconds !== undefined) {
    throw outOfRange(`${expected} without an offset (the server would ignore it)`, 'a string with an offset');
  }
  writeMicroseconds(out, parsed);
}

function writeTimestamptz(out: WriteBuffer, value: unknown): void {
  const expected = "a Date, 'YYYY-MM-DDTHH:MM:SS[.ffffff]' with Z or an offset, Infinity or -Infinity";
  if (isDateObject(value)) {
    writeDateObject(out, value);
    return;
  }
  if (typeof value === 'number') {
    // Seconds or milliseconds? new Date(value) says it.
    if (Math.abs(value) !== Infinity) throw wrongKind(expected, value);
    writeMicroseconds(out, value);
    return;
  }
  const parsed = parse(value, expected, '');
  if (typeof parsed !== 'number' && parsed.offsetSeconds === undefined) {
    throw outOfRange(expected, 'a string without an offset, which would depend on a time zone');
  }
  writeMicroseconds(out, parsed);
}

/** Reads a string; the infinite ones as numbers. */
function parse(value: unknown, expected: string, adviceForDate: string): IsoDateTime | number {
  if (isDateObject(value)) {
    const why = 'which is an instant and has a day and an hour only in a time zone';
    throw new RefusedValueError('type', `expected ${expected}, got a Date, ${why}: ${adviceForDate}`);
  }
  if (typeof value !== 'string') throw wrongKind(expected, value);
  if (value === 'infinity') return Infinity;
  if (value === '-infinity') return -Infinity;
  const parsed = parseIsoDateTime(value);
  if (typeof parsed === 'string') throw outOfRange(expected, parsed);
  return parsed;
}

function writeDateObject(out: WriteBuffer, value: Date): void {
  const ms = value.getTime();
  if (Number.isNaN(ms)) throw outOfRange('a valid Date', 'an invalid one');
  const seconds = Math.floor(ms / 1000);
  writeInstant(out, seconds - EPOCH_SECONDS, (ms - seconds * 1000) * 1000);
}

function writeMicroseconds(out: WriteBuffer, value: IsoDateTime | number): void {
  if (typeof value !== 'number') {
    writeInstant(out, secondsOf(value), value.microseconds);
    return;
  }
  out.writeInt32(8);
  out.writeInt32(value > 0 ? INT32_MAX : INT32_MIN);
  out.writeUint32(value > 0 ? 0xffffffff : 0);
}

function writeInstant(out: WriteBuffer, seconds: number, microseconds: number): void {
  if (!(seconds >= FIRST_DAY * SECONDS_PER_DAY && seconds <= LAST_SECOND_OF_TIMESTAMP)) {
    throw outOfRange('a time from 4714-11-24 BC to 294276-12-31', 'one out of range');
  }
  out.writeInt32(8);
  out.writeBigInt64(BigInt(seconds) * BigInt(MICROSECONDS) + BigInt(microseconds));
}

/** Also true for a Date of another realm. */
function isDateObject(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}
