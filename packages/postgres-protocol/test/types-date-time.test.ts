import { describe, expect, test } from 'vitest';
import { decodeValue, encodeValue, toHex } from './fixtures/value-wire.js';

const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

describe('date', () => {
  test('every seventh day of 1600 years has the date that Date gives it', () => {
    const days = new DataView(new ArrayBuffer(4));
    for (let day = -300_000; day < 300_000; day += 7) {
      days.setInt32(0, day);
      const expected = new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(0, 10);
      expect(decodeValue(DATE, new Uint8Array(days.buffer))).toBe(expected);
      expect(toHex(encodeValue(DATE, expected))).toBe(toHex(new Uint8Array(days.buffer)));
    }
  });

  test.each([
    ['+010000-01-01', '10000-01-01'],
    ['-000043-03-15', '0044-03-15 BC'],
    ['+000000-12-31', '0001-12-31 BC'],
  ])('%s, as toISOString prints it, is %s', (iso, value) => {
    expect(decodeValue(DATE, encodeValue(DATE, iso))).toBe(value);
  });

  test.each([
    ['2024-02-30', 'got a date that does not exist'],
    ['2023-02-29', 'got a date that does not exist'],
    ['1900-02-29', 'got a date that does not exist'],
    ['2024-13-01', 'got a date that does not exist'],
    ['2024-00-10', 'got a date that does not exist'],
    ['2024-04-31', 'got a date that does not exist'],
    ['2024-01-00', 'got a date that does not exist'],
    ['0000-01-01', 'got a year that does not exist'],
    ['-000000-01-01', 'got a year that does not exist'],
    ['-000001-01-01 BC', 'got a year that does not exist'],
    ['4714-11-23 BC', 'expected a date from 4714-11-24 BC to 5874897-12-31, got one out of range'],
    ['5874898-01-01', 'got one out of range'],
    ['2024-02-29T00:00', 'got a date with a time'],
    ['2024-2-9', 'got a string of another form'],
    ['24-02-09', 'got a string of another form'],
    ['2024-02-29 ', 'got a string of another form'],
    ['2024-02-29\n', 'got a string of another form'],
    ['today', 'got a string of another form'],
    ['Infinity', 'got a string of another form'],
    ['', 'got a string of another form'],
  ])('%j is refused', (value, message) => {
    expect(() => encodeValue(DATE, value)).toThrow(RangeError);
    expect(() => encodeValue(DATE, value)).toThrow(message);
  });
});

describe('timestamp', () => {
  test.each([
    ['2024-02-29', '2024-02-29T00:00:00'],
    ['2024-02-29 12:34', '2024-02-29T12:34:00'],
    ['2024-02-29T12:34:56.120', '2024-02-29T12:34:56.12'],
    ['+012024-02-29T12:34:56', '12024-02-29T12:34:56'],
  ])('%s is %s', (source, value) => {
    expect(decodeValue(TIMESTAMP, encodeValue(TIMESTAMP, source))).toBe(value);
  });

  test.each([
    ['2024-02-29T24:00:00', 'got a time of day that does not exist'],
    ['2024-02-29T23:60', 'got a time of day that does not exist'],
    ['2024-02-29T23:59:60', 'got a time of day that does not exist'],
    ['2024-02-30T00:00', 'got a date that does not exist'],
    ['2024-02-29T12:34:56.1234567', 'got a fraction finer than microseconds'],
    ['2024-02-29T12:34:56Z', 'got a string with an offset'],
    ['2024-02-29T12:34:56+01:00', 'got a string with an offset'],
    ['294277-01-01T00:00:00', 'got one out of range'],
    ['4714-11-23T23:59:59.999999 BC', 'got one out of range'],
    ['2024-02-29T12', 'got a string of another form'],
    ['2024-02-29T12:34:56.', 'got a string of another form'],
  ])('%s is refused', (value, message) => {
    expect(() => encodeValue(TIMESTAMP, value)).toThrow(RangeError);
    expect(() => encodeValue(TIMESTAMP, value)).toThrow(message);
  });
});

describe('timestamptz', () => {
  test.each([
    ['2024-02-29T12:34:56.789Z', '2024-02-29T12:34:56.789Z'],
    ['2024-02-29 12:34:56+00', '2024-02-29T12:34:56.000Z'],
    ['2024-02-29T12:34:56+05:30', '2024-02-29T07:04:56.000Z'],
    ['2024-02-29T12:34:56-0330', '2024-02-29T16:04:56.000Z'],
    ['1899-12-31T12:00:00+00:17:30', '1899-12-31T11:42:30.000Z'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
    ['2024-02-29T12:34:56.789999Z', '2024-02-29T12:34:56.789Z'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999Z'],
  ])('%s is the instant %s', (source, instant) => {
    expect((decodeValue(TIMESTAMPTZ, encodeValue(TIMESTAMPTZ, source)) as Date).toISOString()).toBe(instant);
  });

  test('the strings for the infinities are those numbers', () => {
    expect(decodeValue(TIMESTAMPTZ, encodeValue(TIMESTAMPTZ, 'infinity'))).toBe(Infinity);
    expect(decodeValue(TIMESTAMPTZ, encodeValue(TIMESTAMPTZ, '-infinity'))).toBe(-Infinity);
  });

  test.each([
    ['2024-02-29T12:34:56', 'got a string without an offset, which would depend on a time zone'],
    ['2024-02-29', 'got a string without an offset'],
    ['2024-02-29T12:34:56+16:00', 'got an offset that does not exist'],
    ['2024-02-29T12:34:56+01:60', 'got an offset that does not exist'],
    ['4714-11-24T00:00:00+01:00 BC', 'got one out of range'],
    ['294276-12-31T23:59:59-01:00', 'got one out of range'],
    ['Thu, 29 Feb 2024 12:34:56 GMT', 'got a string of another form'],
  ])('%s is refused', (value, message) => {
    expect(() => encodeValue(TIMESTAMPTZ, value)).toThrow(RangeError);
    expect(() => encodeValue(TIMESTAMPTZ, value)).toThrow(message);
  });

  test('a Date before the first timestamp is refused', () => {
    expect(() => encodeValue(TIMESTAMPTZ, new Date(-8.64e15))).toThrow(
      'parameter $1 (timestamptz): expected a time from 4714-11-24 BC to 294276-12-31, got one out of range',
    );
  });

  test('an instant after the last Date is refused, in an array too', () => {
    const late = encodeValue(TIMESTAMPTZ, '275760-09-13T00:00:00.001Z');
    expect(() => decodeValue(TIMESTAMPTZ, late)).toThrow(RangeError);
    expect(() => decodeValue(TIMESTAMPTZ, late)).toThrow('column "value" (timestamptz): the value is outside');
    const array = encodeValue(1185, ['275760-09-13T00:00:00.001Z']);
    expect(() => decodeValue(1185, array)).toThrow(RangeError);
  });
});
