import { afterAll, describe, expect, test } from 'vitest';
import { decodeValue, encodeValue, toHex } from './fixtures/value-wire.js';

const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const zone = process.env['TZ'];

afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

// Behind and ahead of UTC, half an hour off, with daylight saving time, and one that skipped 2011-12-30.
describe.each(['UTC', 'America/St_Johns', 'America/Sao_Paulo', 'Asia/Kathmandu', 'Asia/Kolkata', 'Pacific/Apia'])(
  'with TZ=%s',
  (timeZone) => {
    const inZone = <T>(run: () => T): T => {
      process.env['TZ'] = timeZone; // Node notices and resets its notion of local time
      return run();
    };

    test('the zone is in force', () => {
      const offsets = {
        UTC: 0,
        'America/St_Johns': 150,
        'America/Sao_Paulo': 180,
        'Asia/Kathmandu': -345,
        'Asia/Kolkata': -330,
        'Pacific/Apia': -780,
      };
      expect(inZone(() => new Date('2020-07-01T00:00:00Z').getTimezoneOffset() + 0)).toBe(
        offsets[timeZone as keyof typeof offsets],
      );
    });

    test.each(['2011-12-30', '2018-11-04', '2000-01-01', '0001-01-01', '0001-12-31 BC', '123456-07-08'])(
      'the date %s stays what it is',
      (value) => {
        expect(inZone(() => decodeValue(DATE, encodeValue(DATE, value)))).toBe(value);
      },
    );

    test.each(['2011-12-30T12:00:00', '2018-11-04T00:00:00', '2024-02-29T23:59:59.999999', '0044-03-15T00:00:00.1 BC'])(
      'the timestamp %s stays what it is',
      (value) => {
        expect(inZone(() => decodeValue(TIMESTAMP, encodeValue(TIMESTAMP, value)))).toBe(value);
      },
    );

    test('a timestamptz is the same instant', () => {
      const wire = inZone(() => encodeValue(TIMESTAMPTZ, new Date(Date.UTC(2018, 10, 4, 3, 4, 5, 678))));
      expect(toHex(wire)).toBe(toHex(encodeValue(TIMESTAMPTZ, '2018-11-04T03:04:05.678Z')));
      expect(inZone(() => (decodeValue(TIMESTAMPTZ, wire) as Date).toISOString())).toBe('2018-11-04T03:04:05.678Z');
    });
  },
);
