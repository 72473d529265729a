import { describe, expect, test } from 'vitest';
import { encodeParameters, encodeValue } from './fixtures/value-wire.js';

const cyclic: unknown[] = [];
cyclic.push(cyclic);

describe('a parameter of the wrong kind', () => {
  test.each<[typeName: string, typeOid: number, value: unknown, message: string]>([
    ['bool', 16, 1, 'expected a boolean, got a number'],
    ['bool', 16, 'true', 'expected a boolean, got a string'],
    ['int2', 21, '7', 'expected an integer from -32768 to 32767, got a string'],
    ['int4', 23, '7', 'expected an integer from -2147483648 to 2147483647, got a string'],
    ['int4', 23, true, 'expected an integer from -2147483648 to 2147483647, got a boolean'],
    ['oid', 26, {}, 'expected an integer from 0 to 4294967295, got an object'],
    ['int8', 20, new Date(0), 'got a Date'],
    ['float8', 701, '1.5', 'expected a number, got a string'],
    ['float8', 701, 1n, 'expected a number, got a bigint'],
    ['float4', 700, false, 'expected a number, got a boolean'],
    ['numeric', 1700, true, 'expected a decimal number as a string, a bigint or a finite number, got a boolean'],
    ['text', 25, 5, 'expected a string, got a number'],
    ['text', 25, new Map(), 'expected a string, got a Map'],
    ['text', 25, Symbol('s'), 'expected a string, got a symbol'],
    ['varchar', 1043, ['a'], 'expected a string, got an array'],
    ['"char"', 18, 65, 'got a number'],
    ['bytea', 17, 'abc', 'expected a Uint8Array, got a string'],
    ['bytea', 17, new ArrayBuffer(2), 'expected a Uint8Array, got an ArrayBuffer'],
    ['bytea', 17, new Uint16Array(2), 'expected a Uint8Array, got a Uint16Array'],
    ['uuid', 2950, 5n, 'got a bigint'],
    ['json', 114, () => 1, 'expected a value that JSON has, got a function'],
    ['jsonb', 3802, 1n, 'JSON.stringify refused a bigint'],
    ['jsonb', 3802, cyclic, 'JSON.stringify refused an array'],
    ['date', 1082, new Date(0), "expected 'YYYY-MM-DD', 'infinity' or '-infinity', got a Date"],
    ['date', 1082, new Date(0), 'value.toISOString().slice(0, 10)'],
    ['date', 1082, 0, 'got a number'],
    ['timestamp', 1114, new Date(0), 'write value.toISOString().slice(0, -1) for its time in UTC, or use timestamptz'],
    ['timestamptz', 1184, 1700000000000, 'expected a Date'],
    ['timestamptz', 1184, 1700000000000, 'got a number'],
    ['int4[]', 1007, 5, 'expected an array of int4, got a number'],
    ['int4[]', 1007, '{1}', 'expected an array of int4, got a string'],
    ['int4[]', 1007, new Uint8Array(1), 'expected an array of int4, got a Uint8Array'],
    ['int4[]', 1007, [1, 'x'], 'element [1]: expected an integer from -2147483648 to 2147483647, got a string'],
    ['int4[]', 1007, [[1], [undefined]], 'element [1][0]: expected a value, or null for NULL, got undefined'],
    ['int4[]', 1007, [1, , 3], 'element [1]: expected a value, or null for NULL, got undefined'], // eslint-disable-line no-sparse-arrays
    [
      'int4[]',
      1007,
      [[1, 2], [3]],
      'element [1]: expected an array of 2 elements as its first sibling, got an array of 1',
    ],
    ['int4[]', 1007, [[1, 2], 3], 'element [1]: expected an array of 2 elements as its first sibling, got a number'],
    ['int4[]', 1007, [[1, 2], null], 'element [1]: expected an array of 2 elements as its first sibling, got null'],
    ['int4[]', 1007, [1, [2]], 'element [1]: expected no array, as its first sibling, got an array'],
    ['int4[]', 1007, [[], [1]], 'element [1]: expected an array of 0 elements as its first sibling, got an array of 1'],
    ['jsonb[]', 3807, [{}, [1n]], 'element [1]: JSON.stringify refused an array'],
    ['type 70000', 70_000, { x: 1 }, 'got an object'],
    ['type 70000', 70_000, [1, 2], 'got an array'],
    ['type 70000', 70_000, new Date(0), 'got a Date'],
  ])('%s is a TypeError that names both (%#)', (typeName, typeOid, value, message) => {
    const encode = (): unknown => encodeParameters([25, typeOid], ['', value]);
    expect(encode).toThrow(TypeError);
    expect(encode).toThrow(`parameter $2 (${typeName}): `);
    expect(encode).toThrow(message);
  });

  test.each([16, 23, 25, 114, 3802, 1184, 1007, 70_000])('undefined is a TypeError for type %d', (typeOid) => {
    const encode = (): unknown => encodeParameters([typeOid], [undefined]);
    expect(encode).toThrow(TypeError);
    expect(encode).toThrow(/^parameter \$1 \(.*\): got undefined; null is SQL NULL$/);
  });

  test('a hole is undefined too', () => {
    const values: unknown[] = [1];
    values.length = 2;
    expect(() => encodeParameters([23, 23], values)).toThrow('parameter $2 (int4): got undefined');
  });
});

describe('a parameter of the right kind that the type cannot hold', () => {
  test.each<[typeName: string, typeOid: number, value: unknown, message: string]>([
    ['int2', 21, 32768, 'expected an integer from -32768 to 32767, got a number out of range'],
    ['int2', 21, -32769n, 'got a bigint out of range'],
    ['int4', 23, 2147483648, 'got a number out of range'],
    ['int4', 23, 1.5, 'got a number with a fraction'],
    ['int4', 23, NaN, 'got a number that is not finite'],
    ['int4', 23, Infinity, 'got a number that is not finite'],
    ['oid', 26, -1, 'got a number out of range'],
    ['int8', 20, 2 ** 53, 'got a number that is not a safe integer'],
    ['int8', 20, 0.5, 'got a number with a fraction'],
    ['int8', 20, 2n ** 63n, 'got a bigint out of range'],
    ['int8', 20, '9223372036854775808', 'got a string of digits out of range'],
    ['int8', 20, '0x10', 'got a string of another form'],
    ['int8', 20, '', 'got a string of another form'],
    ['int8', 20, '1e3', 'got a string of another form'],
    ['int8', 20, '9'.repeat(1_000_000), 'got a string of another form'],
    ['float4', 700, 1e39, 'got a number out of range'],
    ['float4', 700, -1e-50, 'got a number out of range'],
    ['numeric', 1700, NaN, 'got a number that is not finite'],
    ['numeric', 1700, '', 'got a string of another form'],
    ['numeric', 1700, '.', 'got a string of another form'],
    ['numeric', 1700, '1,5', 'got a string of another form'],
    ['numeric', 1700, ' 1', 'got a string of another form'],
    ['numeric', 1700, '0x10', 'got a string of another form'],
    ['numeric', 1700, '1e131072', 'expected at most 131072 digits before the point and 16383 behind it, got more'],
    ['numeric', 1700, '1e-16384', 'got more'],
    ['numeric', 1700, '0e-16384', 'got more'],
    ['numeric', 1700, '1e9999999', 'got more'],
    ['numeric', 1700, `1${'0'.repeat(131072)}`, 'got more'],
    ['text', 25, 'a\ud800', 'got a string with a lone surrogate'],
    ['type 70000', 70_000, '\udc00', 'got a string with a lone surrogate'],
    ['"char"', 18, 'ab', 'got another string'],
    ['"char"', 18, 'é', 'got another string'],
    ['"char"', 18, '\\400', 'got another string'],
    ['uuid', 2950, '00112233-4455-6677-8899-aabbccddeef', 'got another string'],
    ['uuid', 2950, '0011-2233445566778899aabbccddeeff---', 'got another string'],
    ['uuid', 2950, 'g'.repeat(32), 'got another string'],
    ['timestamptz', 1184, new Date(NaN), 'expected a valid Date, got an invalid one'],
    ['int4[]', 1007, [[[[[[[1]]]]]]], 'expected at most 6 dimensions, got more'],
    ['int4[]', 1007, cyclic, 'expected at most 6 dimensions, got more'],
    ['int2[]', 1005, [0, 40000], 'element [1]: expected an integer from -32768 to 32767, got a number out of range'],
  ])('%s is a RangeError that names the type (%#)', (typeName, typeOid, value, message) => {
    const encode = (): unknown => encodeValue(typeOid, value);
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(`parameter $1 (${typeName}): `);
    expect(encode).toThrow(message);
  });
});

test('no message quotes the value', () => {
  const secrets: [number, unknown][] = [
    [23, 'hunter2'],
    [20, 'hunter2'],
    [1700, 'hunter2'],
    [2950, 'hunter2'],
    [1082, 'hunter2'],
    [1184, 'hunter2'],
    [18, 'hunter2'],
    [17, 'hunter2'],
    [1007, ['hunter2']],
    [70_000, { hunter2: 'hunter2' }],
    [16, ['hunter2']],
  ];
  for (const [typeOid, value] of secrets) {
    expect(() => encodeValue(typeOid, value)).toThrow(/^(?!.*hunter2)/s);
  }
});
