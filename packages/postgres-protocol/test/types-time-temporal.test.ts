import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { date, timestamp, timestamptz } from '../src/types/date-time.js';
import { interval } from '../src/types/interval.js';
import type { TemporalNamespace } from '../src/types/temporal.js';
import { time } from '../src/types/time-types.js';
import { fakeTemporal } from './fixtures/fake-temporal.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

const host = globalThis as { Temporal?: TemporalNamespace | undefined };
const own = Object.getOwnPropertyDescriptor(globalThis, 'Temporal');
/** The real one where there is one. */
const Temporal = host.Temporal ?? fakeTemporal;

beforeAll(() => {
  Object.defineProperty(globalThis, 'Temporal', { value: Temporal, configurable: true, writable: true });
});

afterAll(() => {
  if (own === undefined) delete host.Temporal;
  else Object.defineProperty(globalThis, 'Temporal', own);
});

const options = { temporal: true };
const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

describe.each([
  { type: date, source: '2024-02-29', tag: 'Temporal.PlainDate', text: '2024-02-29' },
  { type: date, source: '4714-11-24 BC', tag: 'Temporal.PlainDate', text: '-004713-11-24' },
  { type: date, source: '0001-12-31 BC', tag: 'Temporal.PlainDate', text: '0000-12-31' },
  { type: date, source: '275760-09-13', tag: 'Temporal.PlainDate', text: '+275760-09-13' },
  { type: time, source: '00:00:00', tag: 'Temporal.PlainTime', text: '00:00:00' },
  { type: time, source: '23:59:59.999999', tag: 'Temporal.PlainTime', text: '23:59:59.999999' },
  { type: time, source: '12:34:56.000001', tag: 'Temporal.PlainTime', text: '12:34:56.000001' },
  { type: timestamp, source: '2011-12-30T12:34:56.123456', tag: 'Temporal.PlainDateTime', text: undefined },
  { type: timestamp, source: '1969-12-31T23:59:59.999999', tag: 'Temporal.PlainDateTime', text: undefined },
  { type: timestamp, source: '4714-11-24T00:00:00 BC', tag: 'Temporal.PlainDateTime', text: '-004713-11-24T00:00:00' },
  {
    type: timestamp,
    source: '275760-09-13T23:59:59.999999',
    tag: 'Temporal.PlainDateTime',
    text: '+275760-09-13T23:59:59.999999',
  },
  { type: timestamptz, source: '2018-11-04T03:04:05.678901Z', tag: 'Temporal.Instant', text: undefined },
  { type: timestamptz, source: '1969-12-31T23:59:59.999999Z', tag: 'Temporal.Instant', text: undefined },
  { type: timestamptz, source: '4714-11-24T00:00:00Z BC', tag: 'Temporal.Instant', text: '-004713-11-24T00:00:00Z' },
  { type: timestamptz, source: '275760-09-13T00:00:00Z', tag: 'Temporal.Instant', text: '+275760-09-13T00:00:00Z' },
  { type: interval, source: 'P1Y2M3DT4H5M6.789001S', tag: 'Temporal.Duration', text: undefined },
  { type: interval, source: '-1 years -1 mons -02:00:00', tag: 'Temporal.Duration', text: '-P1Y1MT2H' },
  { type: interval, source: '00:00:00', tag: 'Temporal.Duration', text: 'PT0S' },
  { type: interval, source: '-00:00:00.000001', tag: 'Temporal.Duration', text: '-PT0.000001S' },
  {
    type: interval,
    source: 'P178956970Y7M2147483647DT2562047788H54.775806S',
    tag: 'Temporal.Duration',
    text: undefined,
  },
])('$type.name $source', ({ type, source, tag, text = source }) => {
  test(`is a ${tag}, and written from it`, () => {
    const wire = writeHex(type, source);
    const value = readHex(type, wire, options);
    expect([tagOf(value), String(value)]).toEqual([tag, text]);
    expect(writeHex(type, value)).toBe(wire);
  });
});

describe.each([
  { type: date, value: 'infinity' },
  { type: date, value: '-infinity' },
  { type: date, value: '275760-09-14' },
  { type: date, value: '5874897-12-31' },
  { type: time, value: '24:00:00' },
  { type: timestamp, value: 'infinity' },
  { type: timestamp, value: '-infinity' },
  { type: timestamp, value: '275760-09-14T00:00:00' },
  { type: timestamptz, value: 'infinity' },
  { type: timestamptz, value: '-infinity' },
  { type: timestamptz, value: '275760-09-13T00:00:00.000001Z' },
  { type: timestamptz, value: '294276-12-31T23:59:59.999999Z' },
  { type: interval, value: Infinity },
  { type: interval, value: -Infinity },
  { type: interval, value: { months: 1, days: -1, microseconds: 0n } },
  { type: interval, value: { months: 0, days: 1, microseconds: -1n } },
])('$type.name $value', ({ type, value }) => {
  test('is no Temporal object, and comes as without the option', () => {
    const wire = writeHex(type, value);
    expect(readHex(type, wire, options)).toStrictEqual(value);
  });
});

describe('a Temporal object', () => {
  const { PlainDate, PlainTime, PlainDateTime, Instant, Duration } = Temporal;

  test.each([
    ['PlainDateTime', date, new PlainDateTime(2024, 2, 29, 0, 0)],
    ['PlainDate', timestamp, new PlainDate(2024, 2, 29)],
    ['Instant', timestamp, new Instant(0n)],
    ['PlainDateTime', timestamptz, new PlainDateTime(2024, 2, 29, 0, 0)],
    ['PlainDateTime', time, new PlainDateTime(2024, 2, 29, 0, 0)],
    ['PlainTime', interval, new PlainTime(1)],
  ])('%s is refused by %o, which it is no value of', (_, type, value) => {
    expect(() => writeHex(type, value)).toThrow(`got a ${tagOf(value)}`);
  });

  test.each([
    ['PlainTime', time, new PlainTime(1, 2, 3, 4, 5, 6)],
    ['PlainDateTime', timestamp, new PlainDateTime(2024, 2, 29, 1, 2, 3, 4, 5, 6)],
    ['Instant', timestamptz, new Instant(1n)],
    ['Duration', interval, new Duration(0, 0, 0, 0, 0, 0, 0, 0, 0, 1)],
  ])('%s finer than microseconds is refused', (_, type, value) => {
    expect(() => writeHex(type, value)).toThrow('finer than microseconds');
  });

  test('of weeks and nanoseconds is a duration in days and microseconds', () => {
    const value = new Duration(1, 2, 3, 4, 0, 0, 0, 0, 1, 2000);
    expect(readHex(interval, writeHex(interval, value))).toEqual({ months: 14, days: 25, microseconds: 3n });
  });

  test('that knows its time zone is its instant', () => {
    const zoned = { [Symbol.toStringTag]: 'Temporal.ZonedDateTime', toInstant: () => new Instant(1_000_000n) };
    expect(writeHex(timestamptz, zoned)).toBe(writeHex(timestamptz, '1970-01-01T00:00:00.001Z'));
  });

  test('of another calendar is asked for its ISO date', () => {
    const hebrew = {
      [Symbol.toStringTag]: 'Temporal.PlainDate',
      toString: ({ calendarName = 'auto' } = {}) => `2024-02-29${calendarName === 'never' ? '' : '[u-ca=hebrew]'}`,
    };
    expect(writeHex(date, hebrew)).toBe(writeHex(date, '2024-02-29'));
  });
});

test('a runtime without Temporal refuses the option, by its name, where a reader is made', () => {
  host.Temporal = undefined;
  try {
    for (const type of [date, time, timestamp, timestamptz, interval]) {
      expect(() => type.reader(options)).toThrow(
        new TypeError('the option temporal: true needs globalThis.Temporal, which this runtime does not have'),
      );
      expect(() => type.reader({ temporal: false })).not.toThrow();
    }
  } finally {
    host.Temporal = Temporal;
  }
});
