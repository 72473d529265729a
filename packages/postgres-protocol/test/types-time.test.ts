import { describe, expect, test } from 'vitest';
import { date, timestamp, timestamptz } from '../src/types/date-time.js';
import { interval } from '../src/types/interval.js';
import { time, timetz, TIME_TYPES } from '../src/types/time-types.js';
import { timeGoldens } from './fixtures/time-goldens.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

const types = new Map([date, timestamp, timestamptz, ...TIME_TYPES.map(([type]) => type)].map((t) => [t.name, t]));

describe.each(timeGoldens)('$typeName $literal', ({ typeName, wire, value }) => {
  const type = types.get(typeName) ?? time;

  test('is read from the bytes of the server, and written to the same', () => {
    expect(type.name).toBe(typeName);
    expect(readHex(type, wire, { timestamptz: 'string' })).toStrictEqual(value);
    expect(writeHex(type, value)).toBe(wire);
  });

  test('of another length is refused, whatever lies behind it', () => {
    for (const hex of ['', wire.slice(2), `${wire}00`]) {
      expect(() => readHex(type, hex)).toThrow(`${typeName} is ${wire.length / 2} bytes long, got ${hex.length / 2}`);
    }
  });
});

describe('time', () => {
  test.each([
    ['04:05', '04:05:00'],
    ['24:00', '24:00:00'],
    ['04:05:06.120000', '04:05:06.12'],
    ['00:00:00.0', '00:00:00'],
  ])('%s is %s', (source, value) => {
    expect(readHex(time, writeHex(time, source))).toBe(value);
  });

  test.each([
    ['24:00:00.000001', 'got a time of day that does not exist'],
    ['24:00:01', 'got a time of day that does not exist'],
    ['25:00:00', 'got a time of day that does not exist'],
    ['23:60:00', 'got a time of day that does not exist'],
    ['23:59:60', 'got a time of day that does not exist'],
    ['23:59:59.1234567', 'got a fraction finer than microseconds'],
    ['4:05:06', 'got a string of another form'],
    ['04:05:06+00', 'got a string of another form'],
    ['04:05:06 PM', 'got a string of another form'],
    ['', 'got a string of another form'],
    [new Date(0), 'got a Date, which is an instant and has an hour only in a time zone'],
    [14_706, 'got a number'],
  ])('%s is refused', (value, message) => {
    expect(() => writeHex(time, value)).toThrow(message);
  });

  test.each(['ffffffffffffffff', '000000141dd76001', '7fffffffffffffff', '8000000000000000'])(
    '%s on the wire is no time of day',
    (wire) => {
      expect(() => readHex(time, wire)).toThrow('a time of day is from 0 to 24 hours');
      expect(() => readHex(timetz, `${wire}00000000`)).toThrow('a time of day is from 0 to 24 hours');
    },
  );
});

describe('timetz', () => {
  test.each([
    ['04:05:06Z', '04:05:06+00'],
    ['04:05-00:00', '04:05:00+00'],
    ['04:05:06+0530', '04:05:06+05:30'],
    ['04:05:06-00:00:30', '04:05:06-00:00:30'],
  ])('%s is %s', (source, value) => {
    expect(readHex(timetz, writeHex(timetz, source))).toBe(value);
  });

  test.each([
    ['04:05:06', 'got a string of another form'],
    ['04:05:06+16:00', 'got an offset that does not exist'],
    ['04:05:06+01:60', 'got an offset that does not exist'],
    ['04:05:06+01:00:60', 'got an offset that does not exist'],
    ['24:00:01+00', 'got a time of day that does not exist'],
    ['04:05:06.0000001Z', 'got a fraction finer than microseconds'],
    [new Date(0), 'got a Date'],
  ])('%s is refused', (value, message) => {
    expect(() => writeHex(timetz, value)).toThrow(message);
  });

  test.each(['0000e100', 'ffff1f00', '80000000', '7fffffff'])('an offset of %s seconds is none', (wire) => {
    expect(() => readHex(timetz, `0000000000000000${wire}`)).toThrow('an offset is less than 16 hours');
  });

  test('is a string with temporal: true as well', () => {
    expect(readHex(timetz, '0000000a0eebb00000009ab0', { temporal: true })).toBe('12:00:00-11');
  });
});

describe('timestamptz as a string', () => {
  test.each([
    ['2024-02-29T12:34:56.789001+05:45', '2024-02-29T06:49:56.789001Z'],
    ['1883-11-18T12:00:00-03:30:52', '1883-11-18T15:30:52Z'],
    ['0001-01-01T00:00:00+00:01', '0001-12-31T23:59:00Z BC'],
  ])('%s is %s', (source, value) => {
    const wire = writeHex(timestamptz, source);
    expect(readHex(timestamptz, wire, { timestamptz: 'string' })).toBe(value);
    expect(writeHex(timestamptz, value)).toBe(wire);
  });

  test('of a Date is its instant, in whichever zone this runs', () => {
    const wire = writeHex(timestamptz, new Date(Date.UTC(2011, 11, 30, 10, 0, 0, 123)));
    expect(readHex(timestamptz, wire, { timestamptz: 'string' })).toBe('2011-12-30T10:00:00.123Z');
  });

  test('is what an instant after the last Date can be asked for as', () => {
    expect(() => readHex(timestamptz, '7fffff5bb3b29fff')).toThrow("ask for timestamptz as 'string'");
    expect(readHex(timestamptz, '7fffffffffffffff')).toBe(Infinity);
  });
});

describe('interval', () => {
  const HOUR = 3_600_000_000n;

  test('at the lowest int64 of microseconds, which the server cannot read as text, is itself', () => {
    const value = { months: 0, days: 0, microseconds: -(2n ** 63n) };
    expect(writeHex(interval, value)).toBe('80000000000000000000000000000000');
    expect(readHex(interval, '80000000000000000000000000000000')).toStrictEqual(value);
  });

  test.each([
    ['P1Y2M3DT4H5M6.789S', 14, 3, 4n * HOUR + 306_789_000n],
    ['P-1Y2W-1DT-1H', -12, 13, -HOUR],
    ['PT-0.5S', 0, 0, -500_000n],
    ['P0D', 0, 0, 0n],
    ['1 day', 0, 1, 0n],
    ['2 weeks -1 day', 0, 13, 0n],
    ['1 year 6 months', 18, 0, 0n],
    ['90 minutes', 0, 0, (3n * HOUR) / 2n],
    ['-1.5 hours', 0, 0, (-3n * HOUR) / 2n],
    ['30 secs', 0, 0, 30_000_000n],
    ['100 milliseconds', 0, 0, 100_000n],
    ['1 microsecond', 0, 0, 1n],
    ['-02:03', 0, 0, -7_380_000_000n],
    ['1 Day 00:00:00.000001', 0, 1, 1n],
  ])('%s is %d months, %d days and %d microseconds', (source, months, days, microseconds) => {
    expect(readHex(interval, writeHex(interval, source))).toStrictEqual({ months, days, microseconds });
  });

  test.each([
    [{ days: 3 }, { months: 0, days: 3, microseconds: 0n }],
    [{ microseconds: 12 }, { months: 0, days: 0, microseconds: 12n }],
    ['infinity', Infinity],
    ['-infinity', -Infinity],
  ])('%o is %o', (source, value) => {
    expect(readHex(interval, writeHex(interval, source))).toStrictEqual(value);
  });

  test.each([
    '',
    'P',
    'PT',
    'P1DT',
    'P1.5D',
    'P1H',
    'PT1.0000001S',
    '1.5 days',
    '0.5 microseconds',
    '1 fortnight',
    '1 day ago',
    '1 day 5',
    '12:60',
    '12:30:60',
    'Infinity',
    '@ 1 day',
    ' 1 day',
    '1 day\n',
  ])('%j is refused', (value) => {
    expect(() => writeHex(interval, value)).toThrow('got a string of another form; others are text');
  });

  test.each([
    [{}, 'got an object'],
    [{ hours: 1 }, 'got an object'],
    [{ days: 1, hours: 1 }, 'got an object'],
    [[1], 'got an array'],
    [new Date(0), 'got a Date'],
    [5, 'got a number'],
    [NaN, 'got a number'],
    [true, 'got a boolean'],
    [{ days: 1.5 }, 'got months or days that are no integer'],
    [{ months: '1' }, 'got months or days that are no integer'],
    [{ microseconds: 1.5 }, 'got microseconds that are neither a bigint nor a safe integer'],
    [{ microseconds: 2 ** 53 }, 'got microseconds that are neither'],
    [{ months: 2 ** 31 }, 'expected int32 months, int32 days and int64 microseconds'],
    [{ months: -(2 ** 31) - 1 }, 'expected int32 months'],
    [{ days: 2 ** 31 }, 'expected int32 months'],
    [{ microseconds: 2n ** 63n }, 'expected int32 months'],
    ['178956971 years', 'expected int32 months'],
    ['99999999999999999999 days', 'expected int32 months'],
  ])('%o is refused', (value, message) => {
    expect(() => writeHex(interval, value)).toThrow(message);
  });

  test('never quotes what it refuses', () => {
    expect(() => writeHex(interval, 'hunter2 days')).toThrow(/^(?!.*hunter2)/);
    expect(() => writeHex(time, 'hunter2')).toThrow(/^(?!.*hunter2)/);
  });
});
