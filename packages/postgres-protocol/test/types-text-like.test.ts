import { describe, expect, test } from 'vitest';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { RefusedValueError } from '../src/types/refused-value-error.js';
import { TEXT_LIKE_TYPES } from '../src/types/text-like-types.js';
import type { WireType } from '../src/types/wire-type.js';
import { readMutations } from './fixtures/mutations.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';

function typeOf(name: string): WireType {
  const type = TEXT_LIKE_TYPES.find(([{ name: known }]) => known === name)?.[0];
  if (type === undefined) throw new Error(`there is no type ${name}`);
  return type;
}

/** int32 dimensions, int32 "has NULLs", the element's OID, int32 size, int32 lower bound, elements with their lengths. */
const int2s = '0000000100000000000000150000000200000000000000020001000000027fff';
const oids = '00000001000000000000001a000000020000000000000004ffffffff0000000400000002';

describe.each<[name: string, wire: string, value: unknown]>([
  ['xml', '3c612f3e', '<a/>'],
  ['refcursor', 'c3a9', 'é'],
  ['cstring', '', ''],
  ['jsonpath', '01242e226122', '$."a"'],
  ['int2vector', int2s, [1, 32767]],
  ['oidvector', oids, [4294967295, 2]],
])('%s', (name, wire, value) => {
  const type = typeOf(name);

  test('is read as the server sends it, and written so', () => {
    expect(readHex(type, wire)).toStrictEqual(value);
    expect(writeHex(type, value)).toBe(wire);
  });

  test('with any bytes changed is a value or malformed, and nothing else', () => {
    readMutations(type, wire, 74, 300);
  });

  test('is not written from a number', () => {
    expect(() => writeHex(type, 1)).toThrow(/^expected .*, got a number$/);
  });
});

test.each([
  [`<?xml version="1.0" encoding='latin1'?><a>é</a>`, '<?xml version="1.0" encoding="UTF-8"?><a>é</a>'],
  ['<?xml version="1.0"?><a encoding="x"/>', '<?xml version="1.0"?><a encoding="x"/>'],
  ['<a b="encoding=\'x\'"/>', '<a b="encoding=\'x\'"/>'],
])('xml is sent in UTF-8 and says so: %s', (given, sent) => {
  expect(readHex(typeOf('xml'), writeHex(typeOf('xml'), given))).toBe(sent);
});

test.each([
  ['jsonpath', '', 'jsonpath is at least 1 byte long, got 0'],
  ['jsonpath', '0224', 'jsonpath is of version 1, got 2'],
  ['int2vector', int2s.slice(2), 'int2vector is 20 bytes and 6 per element, got 31'],
  ['int2vector', int2s.replace('00000015', '00000017'), 'int2vector of 2 elements has another header: 1, 0, 23, 2, 0'],
  ['oidvector', oids.replace('0000001a00000002', '0000001a00000001'), 'oidvector of 2 elements has another header'],
  ['oidvector', oids.replace('00000004ffff', 'ffffffffffff'), 'an element of oidvector has length -1'],
])('a malformed %s is named: $2', (name, wire, message) => {
  expect(() => readHex(typeOf(name), wire)).toThrow(MalformedValueError);
  expect(() => readHex(typeOf(name), wire)).toThrow(message);
});

test.each<[name: string, value: unknown, message: string]>([
  ['jsonpath', '$\ud800', 'expected a well-formed string, got a string with a lone surrogate'],
  ['xml', '\ud800', 'expected a well-formed string'],
  ['int2vector', [], 'expected an array of integers from -32768 to 32767, not empty, got an empty array'],
  ['int2vector', [32768], 'expected an array of integers from -32768 to 32767, got another number'],
  ['int2vector', ['1'], 'expected an array of integers from -32768 to 32767, got a string'],
  ['oidvector', [1.5], 'expected an array of integers from 0 to 4294967295, got another number'],
  ['oidvector', [-1], 'got another number'],
])('a %s that the server does not take is refused: $2', (name, value, message) => {
  expect(() => writeHex(typeOf(name), value)).toThrow(RefusedValueError);
  expect(() => writeHex(typeOf(name), value)).toThrow(message);
});

const unwritable = TEXT_LIKE_TYPES.map(([{ name }]) => name).filter((name) => name.startsWith('pg_'));

test.each(unwritable)('%s can be read alone', (name) => {
  const read = readHex(typeOf(name), '6100');
  expect(read).toStrictEqual(name === 'pg_node_tree' ? 'a\0' : Uint8Array.of(0x61, 0));
  expect(() => writeHex(typeOf(name), 'a')).toThrow(`expected no value: the server takes none of type ${name}`);
});
