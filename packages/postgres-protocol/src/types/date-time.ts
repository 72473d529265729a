import type { WriteBuffer } from '@millrace/write-buffer';
import { SECONDS_PER_DAY } from './calendar.js';
import {
  dateReader,
  EPOCH_SECONDS,
  INT32_MAX,
  INT32_MIN,
  timestampReader,
  timestamptzReader,
} from './date-time-readers.js';
import { parseIsoDateTime, secondsOf } from './iso-date-time.js';
import type { IsoDateTime } from './iso-date-time.js';
import { outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';
import { isTemporal, temporalText } from './temporal.js';
import type { WireType } from './wire-type.js';

// `date` and `timestamp` name no instant, so they are strings: a Date in either direction would bring in a time zone.

/**
 * `date` as `'YYYY-MM-DD'`, with ` BC` behind where it is; or `'infinity'`, `'-infinity'`. With `temporal: true` as a
 * Temporal.PlainDate, and what that cannot hold, the infinite ones and those after the year 275760, as before.
 */
export const date: WireType = {
  oid: 1082, // pg_type.dat, as every OID of this file
  name: 'date',
  reader: dateReader,
  write: writeDate,
};

/**
 * `timestamp` as `'YYYY-MM-DDTHH:MM:SS'` with up to six digits of a fraction, ` BC`, or `'infinity'`, `'-infinity'`.
 * With `temporal: true` as a Temporal.PlainDateTime, and what that cannot hold as before.
 */
export const timestamp: WireType = {
  oid: 1114,
  name: 'timestamp',
  reader: timestampReader,
  write: writeTimestamp,
};

/**
 * `timestamptz` as a Date (rounded down to milliseconds) or the numbers `Infinity` and `-Infinity`; with
 * `timestamptz: 'string'` as a timestamp in UTC with a `Z` behind the time. With `temporal: true` as a Temporal.Instant,
 * and what that cannot hold as such a string.
 */
export const timestamptz: WireType = {
  oid: 1184,
  name: 'timestamptz',
  reader: timestamptzReader,
  write: writeTimestamptz,
};

const MICROSECONDS = 1_000_000;

// What the server accepts: IS_VALID_DATE and IS_VALID_TIMESTAMP in timestamp.h, from 4714-11-24 BC on.
const FIRST_DAY = -2_451_545;
const LAST_DAY_OF_DATE = 2_145_031_948; // 5874897-12-31
const LAST_SECOND_OF_TIMESTAMP = 9_223_371_331_199; // 294276-12-31T23:59:59

function writeDate(out: WriteBuffer, value: unknown): void {
  const expected = "'YYYY-MM-DD', 'infinity' or '-infinity'";
  const source = temporalText(value, 'PlainDate') ?? value;
  const days = parse(source, expected, 'write value.toISOString().slice(0, 10) for its day in UTC');
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
    temporalText(value, 'PlainDateTime') ?? value,
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
  const parsed = parse(instantText(value) ?? value, expected, '');
  if (typeof parsed !== 'number' && parsed.offsetSeconds === undefined) {
    throw outOfRange(expected, 'a string without an offset, which would depend on a time zone');
  }
  writeMicroseconds(out, parsed);
}

/** The text of an instant of Temporal, that of a ZonedDateTime included. */
function instantText(value: unknown): string | undefined {
  const isZoned = isTemporal(value, 'ZonedDateTime');
  return temporalText(isZoned ? (value as { toInstant(): unknown }).toInstant() : value, 'Instant');
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
