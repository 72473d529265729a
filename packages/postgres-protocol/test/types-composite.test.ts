import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { TypeRegistry } from '../src/types/type-registry.js';
import { catalogRow, composite, decodeTyped, encodeTyped } from './fixtures/typed-values.js';
import { toHex } from './fixtures/value-wire.js';

const RECORD = 2249;
const PAIR = 20_000;
const TREE = 20_001;
const TREES = 20_002;
const FORWARD = 20_003;

/** PostgreSQL allows no type within itself; the registry does not care. */
function newTypes(): TypeRegistry {
  const types = new TypeRegistry();
  types.learn([
    composite(FORWARD, 'forward', { pair: PAIR, tree: TREE }),
    composite(PAIR, 'pair', { a: 23, b: 25 }),
    composite(TREE, 'tree', { value: 23, children: TREES }),
    catalogRow({ oid: TREES, name: '_tree', element: TREE, send: 'array_send' }),
  ]);
  return types;
}

const types = newTypes();

function int32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

const PAIR_WIRE = `00000002 ${int32(23)} 00000004 00000007 ${int32(25)} 00000001 78`;

describe('a composite', () => {
  test('is an object by attribute names, in both directions', () => {
    expect(decodeTyped(types, PAIR, hex(PAIR_WIRE))).toStrictEqual({ a: 7, b: 'x' });
    expect(toHex(encodeTyped(types, PAIR, { b: 'x', a: 7 }))).toBe(PAIR_WIRE.replaceAll(' ', ''));
    const empty = `00000002 ${int32(23)} ffffffff ${int32(25)} 00000000`;
    expect(decodeTyped(types, PAIR, hex(empty))).toStrictEqual({ a: null, b: '' });
    expect(toHex(encodeTyped(types, PAIR, { a: null, b: '' }))).toBe(empty.replaceAll(' ', ''));
  });

  test('may use types that were learnt after it', () => {
    const late = new TypeRegistry();
    late.learn([composite(FORWARD, 'forward', { pair: PAIR })]);
    expect(late.missing([FORWARD])).toEqual([PAIR]);
    const wire = hex(`00000001 ${int32(PAIR)} ${int32(25)} ${PAIR_WIRE}`);
    const early = late.typeOf(FORWARD);
    expect(() => decodeTyped(late, FORWARD, wire)).toThrow(`field "pair": type ${PAIR} is not known`);
    expect(() => encodeTyped(late, FORWARD, { pair: {} })).toThrow(`attribute "pair": type ${PAIR} is not known`);
    late.learn([composite(PAIR, 'pair', { a: 23, b: 25 })]);
    expect(late.missing([FORWARD])).toEqual([]);
    expect(decodeTyped(late, FORWARD, wire)).toEqual({ pair: { a: 7, b: 'x' } });
    // The type that was made before knows it now, too.
    const read = early?.reader({});
    expect(read?.(wire, new DataView(wire.buffer, wire.byteOffset), 0, wire.length)).toEqual({
      pair: { a: 7, b: 'x' },
    });
  });

  test.each<[what: string, value: unknown, message: string]>([
    ['an array', [7, 'x'], 'parameter $1 (pair): expected an object with the attributes of pair, got an array'],
    ['a string', '(7,x)', 'got a string'],
    ['one attribute too few', { a: 7 }, 'got one without "b"; null is SQL NULL'],
    ['an inherited attribute', Object.create({ a: 7, b: 'x' }), 'got one without "a"'],
    ['attributes too many', { a: 7, b: 'x', c: 1, d: 2 }, 'got one with 2 more'],
    ['undefined', { a: undefined, b: 'x' }, 'attribute "a": expected a value, or null for NULL, got undefined'],
    ['another kind of value', { a: 7, b: 8 }, 'attribute "b": expected a string, got a number'],
  ])('refuses %s', (_, value, message) => {
    expect(() => encodeTyped(types, PAIR, value)).toThrow(message);
    expect(() => encodeTyped(types, PAIR, value)).toThrow(TypeError);
  });

  test.each<[what: string, wire: string, message: string]>([
    ['no count', '0000', 'a record is at least 4 bytes long, got 2'],
    ['a count below zero', 'ffffffff', 'a record has no -1 fields in 0 bytes'],
    ['a count beyond the bytes', `7fffffff ${int32(23)} ffffffff`, 'a record has no 2147483647 fields in 8 bytes'],
    [
      'an end within a field',
      `00000002 ${int32(23)} 00000004 00000007 00000019`,
      'field "b": the record ends before it',
    ],
    [
      'a length beyond the end',
      `00000002 ${int32(23)} 00000009 ${'00'.repeat(8)}`,
      'field "a": its length is 9 with 8',
    ],
    ['a length below -1', `00000002 ${int32(23)} fffffffe ${int32(25)} ffffffff`, 'field "a": its length is -2'],
    ['bytes behind it', `${PAIR_WIRE} 00`, 'the record goes on for 1 bytes behind it'],
    ['a field of another length', `00000002 ${int32(23)} 00000002 0000 ${int32(25)} ffffffff`, 'field "a": int4 is 4'],
  ])('with %s is malformed', (_, wire, message) => {
    expect(() => decodeTyped(types, PAIR, hex(wire))).toThrow(MalformedValueError);
    expect(() => decodeTyped(types, PAIR, hex(wire))).toThrow(message);
  });

  test.each<[what: string, wire: string]>([
    ['fewer attributes', `00000001 ${int32(23)} ffffffff`],
    ['more attributes', `00000003 ${`${int32(23)} ffffffff`.repeat(3)}`],
    ['an attribute of another type', `00000002 ${int32(23)} ffffffff ${int32(20)} 00000008 ${'00'.repeat(8)}`],
  ])('with %s was altered, which is nobody’s fault', (_, wire) => {
    expect(() => decodeTyped(newTypes(), PAIR, hex(wire))).toThrow(RangeError);
    const own = newTypes();
    const before = own.revision;
    expect(() => decodeTyped(own, PAIR, hex(wire))).toThrow('composite type pair was changed since it was learnt');
    expect(own.missing([])).toEqual([PAIR]);
    expect(own.revision).not.toBe(before);
  });

  test('without attributes is an empty object', () => {
    const own = new TypeRegistry();
    own.learn([composite(PAIR, 'nothing', {})]);
    expect(decodeTyped(own, PAIR, hex('00000000'))).toStrictEqual({});
    expect(toHex(encodeTyped(own, PAIR, {}))).toBe('00000000');
    expect(() => decodeTyped(own, PAIR, hex('00000000 00'))).toThrow(MalformedValueError);
  });

  test('that holds itself nests as far as 64 levels, in both directions', () => {
    interface Tree {
      value: number;
      children: Tree[];
    }
    const nest = (levels: number): Tree => ({ value: levels, children: levels === 1 ? [] : [nest(levels - 1)] });
    expect(decodeTyped(types, TREE, encodeTyped(types, TREE, nest(64)))).toEqual(nest(64));
    expect(() => encodeTyped(types, TREE, nest(65))).toThrow('at most 64 levels of composites, got more');
    const cyclic: Tree = { value: 1, children: [] };
    cyclic.children.push(cyclic);
    expect(() => encodeTyped(types, TREE, cyclic)).toThrow(RangeError);
    // Neither refusal counts for what comes later.
    expect(decodeTyped(types, TREE, encodeTyped(types, TREE, nest(64)))).toEqual(nest(64));
  });
});

describe('an anonymous record', () => {
  test('has the fields f1, f2 and so on, of the types that it names', () => {
    expect(decodeTyped(types, RECORD, hex(PAIR_WIRE))).toStrictEqual({ f1: 7, f2: 'x' });
    const wire = hex(`00000001 ${int32(PAIR)} ${int32(25)} ${PAIR_WIRE}`);
    expect(decodeTyped(types, RECORD, wire)).toStrictEqual({ f1: { a: 7, b: 'x' } });
    expect(decodeTyped(types, RECORD, hex('00000000'))).toStrictEqual({});
  });

  test('is no parameter', () => {
    expect(() => encodeTyped(types, RECORD, { f1: 1 })).toThrow('PostgreSQL takes no anonymous record');
  });

  test('of an unknown type is refused, and the type is named and asked for', () => {
    const own = newTypes();
    const wire = hex(`00000001 ${int32(99_999)} 00000001 00`);
    expect(() => decodeTyped(own, RECORD, wire)).toThrow(RangeError);
    expect(() => decodeTyped(own, RECORD, wire)).toThrow(
      'field "f1": type 99999 is not known: run catalogQuery([99999])',
    );
    expect(own.missing([PAIR])).toEqual([99_999]);
    own.learn([], [99_999]);
    expect(own.missing([PAIR])).toEqual([]);
    expect(decodeTyped(own, RECORD, hex(`00000001 ${int32(99_999)} ffffffff`))).toEqual({ f1: null });
  });

  test('cannot make the list of unknown types grow without end', () => {
    const own = newTypes();
    for (let oid = 30_000; oid < 31_000; oid++) {
      expect(() => decodeTyped(own, RECORD, hex(`00000001 ${int32(oid)} 00000000`))).toThrow(RangeError);
    }
    expect(own.missing([])).toHaveLength(256);
  });

  test('of hostile depth is refused and leaves the stack alone', () => {
    const nest = (levels: number): string => {
      let wire = '00000000';
      for (let i = 1; i < levels; i++) wire = `00000001${int32(RECORD)}${int32(wire.length / 2)}${wire}`;
      return wire;
    };
    expect(() => decodeTyped(types, RECORD, hex(nest(64)))).not.toThrow();
    expect(() => decodeTyped(types, RECORD, hex(nest(65)))).toThrow('composites are nested deeper than 64 levels');
    expect(() => decodeTyped(types, RECORD, hex(nest(3000)))).toThrow(RangeError);
    expect(decodeTyped(types, RECORD, hex(nest(64)))).toHaveProperty('f1');
  });
});

const tree = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.record(
    {
      value: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      children: fc.option(fc.array(fc.option(tie('tree') as fc.Arbitrary<object>), { maxLength: 3 })),
    },
    { noNullPrototype: true },
  ),
})).tree;
const pair = fc.record(
  { a: fc.option(fc.integer({ min: 0, max: 9 })), b: fc.option(fc.string({ unit: 'grapheme' })) },
  { noNullPrototype: true },
);
const forward = fc.record(
  { pair: fc.option(pair), tree: fc.option(tree as fc.Arbitrary<object>) },
  { noNullPrototype: true },
);

test('whatever is nested comes back', () => {
  fc.assert(
    fc.property(forward, (value) => {
      expect(decodeTyped(types, FORWARD, encodeTyped(types, FORWARD, value))).toStrictEqual(value);
    }),
  );
});

test('changed bytes are a value, malformed or refused, and nothing else', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xff) });
  fc.assert(
    fc.property(forward, fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(3), (value, changes, cut) => {
      const bytes = encodeTyped(types, FORWARD, value).slice();
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      for (const oid of [FORWARD, RECORD]) {
        try {
          decodeTyped(newTypes(), oid, bytes.subarray(0, bytes.length - cut));
        } catch (error) {
          if (!(error instanceof MalformedValueError || error instanceof RangeError)) throw error;
          if (error.message.includes('call stack')) throw error;
        }
      }
    }),
  );
});
