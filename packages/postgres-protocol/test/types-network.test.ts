import { describe, expect, test } from 'vitest';
import { cidr, inet, NETWORK_TYPES } from '../src/types/network-types.js';
import { macaddr, macaddr8 } from '../src/types/mac-address.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { RefusedValueError } from '../src/types/refused-value-error.js';
import { isValue, readMutations } from './fixtures/mutations.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

/** What a live PostgreSQL 18 sends for each, and prints. */
const goldens = [
  [inet, '022000040a010203', '10.1.2.3'],
  [inet, '021000040a010000', '10.1.0.0/16'],
  [inet, '0380001000000000000000000000000000000001', '::1'],
  [inet, '0340001000000000000000000000000001020304', '::1.2.3.4/64'],
  [inet, '0380001000000000000000000000ffff01020304', '::ffff:1.2.3.4'],
  [inet, '0340001000010000000000020000000000000000', '1:0:0:2::/64'],
  [inet, '0380001000000000000000000005000000000000', '::5:0:0:0'],
  [cidr, '020801040a000000', '10.0.0.0/8'],
  [cidr, '02040104e0000000', '224.0.0.0/4'],
  [cidr, '0380011000000000000000000000000000000001', '::1/128'],
  [macaddr, '08002b010203', '08:00:2b:01:02:03'],
  [macaddr8, '08002bfffe010203', '08:00:2b:ff:fe:01:02:03'],
] as const;

describe.each(goldens)('%# of $0.name', (type, wire, printed) => {
  test('is read as the server prints it and written as the server sends it', () => {
    expect(readHex(type, wire)).toBe(printed);
    expect(writeHex(type, printed)).toBe(wire);
  });

  test('cut short anywhere is malformed', () => {
    for (let length = 0; length < wire.length; length += 2) expect(isValue(type, wire.slice(0, length))).toBe(false);
    expect(isValue(type, `${wire}00`)).toBe(false);
  });

  test('with any bytes changed is a value or malformed, and nothing else', () => {
    readMutations(type, wire, 71, 300);
  });
});

test.each([
  ['a length between', inet, '0220000500000000ff', 'inet is 8 or 20 bytes long, got 9'],
  ['another family', inet, '0420000400000000', 'inet of 8 bytes has another header: 4200004'],
  ['too long a prefix', inet, '0221000400000000', 'another header'],
  ['another number of bytes', inet, '0220001000000000', 'another header'],
  ['bits behind the prefix of a cidr', cidr, '020801040a000001', 'cidr has bits behind its prefix of 8'],
  ['a short macaddr', macaddr, '0000000000', 'macaddr is 6 bytes long, got 5'],
  ['a short macaddr8', macaddr8, '000000000000', 'macaddr8 is 8 bytes long, got 6'],
])('%s is malformed', (_, type, wire, message) => {
  expect(() => readHex(type, wire)).toThrow(MalformedValueError);
  expect(() => readHex(type, wire)).toThrow(message);
});

test('the flag of a cidr that comes as inet says nothing', () => {
  expect(readHex(inet, '020801040a000000')).toBe('10.0.0.0/8');
});

test.each([
  [inet, '10.1/16', '10.1.0.0/16'],
  [inet, '010.1.2.3/08', '10.1.2.3/8'],
  [inet, 'FFFF::0001/64', 'ffff::1/64'],
  [inet, '1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  [cidr, '10', '10.0.0.0/8'],
  [cidr, '130', '130.0.0.0/16'],
  [cidr, '192.168.1', '192.168.1.0/24'],
  [cidr, '230', '230.0.0.0/8'],
  [cidr, '240', '240.0.0.0/32'],
  [cidr, '10/24', '10.0.0.0/24'],
  [macaddr, '8-0-2B-1-2-3', '08:00:2b:01:02:03'],
  [macaddr, '08002b:010203', '08:00:2b:01:02:03'],
  [macaddr, '0800.2b01.0203', '08:00:2b:01:02:03'],
  [macaddr, '0800-2b01-0203', '08:00:2b:01:02:03'],
  [macaddr8, '08002b0102030405', '08:00:2b:01:02:03:04:05'],
  [macaddr8, '08-00-2b-01-02-03', '08:00:2b:ff:fe:01:02:03'],
])('%# other spellings are written: $1', (type, spelling, printed) => {
  expect(readHex(type, writeHex(type, spelling))).toBe(printed);
});

test.each([
  [inet, ['', '10', '10.1', '1.2.3.4.5', '1.2.3.256', '10.1/24', '1.2.3.4/33', '1.2.3.4/8/8', '1.2.3.4/', ' 1.2.3.4']],
  [
    inet,
    [':', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7', '12345::', '::1/129', '::1/08'],
  ],
  [inet, ['::1.2.3', '::1.2.3.04', '1.2.3.4::', '::1.2.3.4:5', '::g']],
  [cidr, ['10.0.0.1/8', '::1/64', '256', '']],
  [macaddr, ['', '08:00:2b:01:02', '08:00-2b:01:02:03', '08002b01020', '08:00:2b:01:02:0g']],
  [macaddr8, ['', '08:00:2b:01:02:03:04', '08:00-2b:01:02:03', '0:8:00:2b:01:02:03', '08:00:2b:01:02:03:04:05:06']],
])('%# what is none is refused without being quoted', (type, refused) => {
  for (const text of refused) {
    expect(() => writeHex(type, text), text).toThrow(RefusedValueError);
    expect(() => writeHex(type, text)).toThrow(/^expected an? .*, got (?:another string|one with bits set .*)$/);
  }
});

test('only strings are written', () => {
  for (const [type] of NETWORK_TYPES) {
    expect(() => writeHex(type, 7)).toThrow(/^expected an? .*, got a number$/);
  }
});
