import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStatement } from '../src/index.js';
import { arrayLowerBounds } from '../src/types/array-lower-bounds.js';
import { catalogQuery, catalogQueryByName } from '../src/types/catalog.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import type { TypeCodec } from '../src/types/type-codec.js';
import { parseTypeName } from '../src/types/type-name.js';
import { TypeRegistry } from '../src/types/type-registry.js';
import { catalogRow, composite, decodeTyped, encodeTyped } from './fixtures/typed-values.js';
import { dataRow, decodeMessage, field } from './fixtures/value-wire.js';

const MOOD = 20_000;
const MOODS = 20_001;
const OTHER_MOOD = 20_002;
const DOMAIN = 20_003;
const ODD = 20_004;
const ODDS = 20_005;
const HOLDER = 20_006;

function newTypes(): TypeRegistry {
  const types = new TypeRegistry();
  types.learn([
    catalogRow({ oid: MOOD, name: 'mood', kind: 'e', send: 'enum_send' }),
    catalogRow({ oid: MOODS, name: '_mood', element: MOOD, send: 'array_send' }),
    catalogRow({ oid: OTHER_MOOD, name: 'mood', schema: 'other', visible: false, kind: 'e', send: 'enum_send' }),
    catalogRow({ oid: DOMAIN, name: 'feeling', kind: 'd', base: MOOD }),
    catalogRow({ oid: ODD, name: 'odd', send: 'odd_send', delimiter: ';' }),
    catalogRow({ oid: ODDS, name: '_odd', element: ODD, delimiter: ';' }),
    composite(HOLDER, 'holder', { odds: ODDS }),
  ]);
  return types;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const shout: TypeCodec = {
  format: 'text',
  decode: (text) => text.toUpperCase(),
  encode: (value) => String(value).toLowerCase(),
};

describe('what is missing', () => {
  test('is what is neither built in nor learnt, with all that it consists of, once', () => {
    const types = new TypeRegistry();
    expect(types.missing([0, 23, 1007, 3904, 2249, 2287, 1034, 2277, MOODS, MOODS, 25])).toEqual([MOODS]);
    types.learn([catalogRow({ oid: MOODS, name: '_mood', element: MOOD })], [MOODS]);
    expect(types.missing([MOODS])).toEqual([MOOD]);
    types.learn([], [MOOD]);
    expect(types.missing([MOODS])).toEqual([]);
  });

  test('is again what was forgotten', () => {
    const types = newTypes();
    types.forget([MOOD]);
    expect(types.missing([MOODS, OTHER_MOOD])).toEqual([MOOD]);
    types.forget();
    expect(types.missing([MOODS, OTHER_MOOD])).toEqual([MOODS, OTHER_MOOD]);
  });

  test('by name is what was not asked for', () => {
    const types = new TypeRegistry();
    types.learn([catalogRow({ oid: MOOD, name: 'mood', kind: 'e', askedNames: ['mood'] })], ['mood', 'none']);
    expect(types.missingNames(['mood', 'none', 'more', 'more'])).toEqual(['more']);
    expect([types.oidOf('mood'), types.oidOf('none'), types.oidOf('more')]).toEqual([MOOD, undefined, undefined]);
    types.forget([MOOD]);
    expect(types.missingNames(['mood', 'none'])).toEqual(['mood']);
    types.forget();
    expect(types.missingNames(['none'])).toEqual(['none']);
  });
});

describe('learning', () => {
  test.each<[what: string, row: Record<string, unknown>]>([
    ['nothing', {}],
    ['text results', { ...catalogRow({ oid: MOOD, name: 'mood' }), oid: '20000' }],
    ['attributes without types', catalogRow({ oid: MOOD, name: 'mood', attributeNames: ['a'] })],
    [
      'attribute names of another kind',
      { ...catalogRow({ oid: MOOD, name: 'mood' }), attributeNames: [1], attributeOids: [1] },
    ],
    ['no list', { ...catalogRow({ oid: MOOD, name: 'mood' }), askedNames: null }],
    ['a send function of another kind', { ...catalogRow({ oid: MOOD, name: 'mood' }), send: 0 }],
  ])('refuses rows with %s, and learns none', (_, row) => {
    const types = new TypeRegistry();
    expect(() => {
      types.learn([catalogRow({ oid: ODD, name: 'odd' }), row], [ODD]);
    }).toThrow(TypeError);
    expect(types.missing([ODD])).toEqual([ODD]);
  });

  test('takes typed arrays', () => {
    const types = new TypeRegistry();
    const row = { ...composite(HOLDER, 'holder', { a: 23 }), attributeOids: Uint32Array.of(23) };
    types.learn([row]);
    expect(decodeTyped(types, HOLDER, hex('00000001 00000017 00000004 00000005'))).toEqual({ a: 5 });
  });

  test('of a chain or a circle of types without end ends', () => {
    const types = new TypeRegistry();
    const chain = Array.from({ length: 5000 }, (_, i) => {
      return catalogRow({ oid: 30_000 + i, name: 'd', kind: 'd', base: 30_001 + i });
    });
    types.learn([...chain, catalogRow({ oid: MOODS, name: '_a', element: MOODS })]);
    expect(types.typeOf(30_000)).toBeUndefined();
    expect(types.typeOf(MOODS)).toBeUndefined();
    expect(types.missing([30_000])).toEqual([35_000]);
  });

  test('does not change built-in types', () => {
    const types = new TypeRegistry();
    types.learn([catalogRow({ oid: 23, name: 'int4', schema: 'pg_catalog', kind: 'e' })]);
    expect(decodeTyped(types, 23, hex('00000005'))).toBe(5);
  });
});

test('queries are one text with one array as parameter', () => {
  expect(catalogQuery([1, 2])).toMatchObject({ parameterOids: [1028], values: [[1, 2]] });
  expect(catalogQueryByName(['a'])).toMatchObject({ parameterOids: [1009], values: [['a']] });
  expect(catalogQuery([1]).text).toBe(catalogQuery([2]).text);
});

describe('names', () => {
  test.each([
    ['Mood', undefined, 'mood', false],
    ['Public.MOOD[]', 'public', 'mood', true],
    ['"Odd"."a ""b"".c"', 'Odd', 'a "b".c', false],
    ['bigint', 'pg_catalog', 'int8', false],
    [' timestamp  with time zone [] ', 'pg_catalog', 'timestamptz', true],
    ['"char"', undefined, 'char', false],
    ['char', 'pg_catalog', 'bpchar', false],
    ['größe', undefined, 'größe', false],
  ])('%s is taken apart', (source, schema, name, isArray) => {
    expect(parseTypeName(source)).toEqual({ schema, name, isArray });
  });

  test.each(['', 'a b', 'a.b.c', '"a', '1a', 'a[][]', '.a'])('%j is none', (source) => {
    expect(() => parseTypeName(source)).toThrow(TypeError);
  });
});

describe('a codec', () => {
  test('by name holds for what the search path finds, by schema for that schema, by OID before both', () => {
    const types = newTypes();
    types.setTypeCodec('mood', shout);
    expect([decodeTyped(types, MOOD, utf8('ok')), decodeTyped(types, OTHER_MOOD, utf8('ok'))]).toEqual(['OK', 'ok']);
    types.setTypeCodec('other.mood', { ...shout, decode: () => 'other' });
    types.setTypeCodec('public.mood', { ...shout, decode: () => 'public' });
    expect(decodeTyped(types, OTHER_MOOD, utf8('ok'))).toBe('other');
    expect(decodeTyped(types, MOOD, utf8('ok'))).toBe('public');
    types.setTypeCodec(MOOD, { ...shout, decode: () => 'oid' });
    expect(decodeTyped(types, MOOD, utf8('ok'))).toBe('oid');
    types.setTypeCodec(MOOD, undefined);
    types.setTypeCodec('public.mood', null);
    expect(decodeTyped(types, MOOD, utf8('ok'))).toBe('OK');
  });

  test('may be set before the type is known', () => {
    const types = new TypeRegistry();
    types.setTypeCodec('mood', shout);
    expect(types.missing([MOOD])).toEqual([MOOD]);
    types.learn([catalogRow({ oid: MOOD, name: 'mood', kind: 'e' })]);
    expect(decodeTyped(types, MOOD, utf8('ok'))).toBe('OK');
  });

  test('holds within arrays and domains, and for them by their own names', () => {
    const types = newTypes();
    types.setTypeCodec('mood', shout);
    expect(decodeTyped(types, DOMAIN, utf8('ok'))).toBe('OK');
    const bytes = encodeTyped(types, MOODS, ['OK', null]);
    expect(decodeTyped(newTypes(), MOODS, bytes)).toEqual(['ok', null]);
    expect(decodeTyped(types, MOODS, bytes)).toEqual(['OK', null]);
    types.setTypeCodec('mood[]', { format: 'binary', decode: (own) => own.length, encode: () => new Uint8Array(2) });
    expect(decodeTyped(types, MOODS, bytes)).toBe(bytes.length);
    types.setTypeCodec('int4[]', { format: 'binary', decode: () => 'mine', encode: () => new Uint8Array() });
    expect(decodeTyped(types, 1007, bytes)).toBe('mine');
  });

  test('of format binary gets bytes of its own, and its bytes are copied', () => {
    const types = new TypeRegistry();
    const kept: Uint8Array[] = [];
    const mine = Uint8Array.of(1, 2, 3, 4);
    types.setTypeCodec('integer', {
      format: 'binary',
      decode: (bytes) => kept.push(bytes),
      encode: () => mine,
    });
    decodeTyped(types, 23, hex('00000007'));
    expect(kept[0]?.buffer.byteLength).toBe(4);
    const written = encodeTyped(types, 23, {});
    mine.fill(0);
    expect([...written]).toEqual([1, 2, 3, 4]);
    expect(encodeTyped(types, 1007, [{}]).length).toBe(28);
  });

  test('of format text goes with jsonb’s version, and is told of no other', () => {
    const types = new TypeRegistry();
    types.setTypeCodec('jsonb', { format: 'text', decode: (text) => text, encode: (value: string) => value });
    expect(decodeTyped(types, 3802, hex('01 5b31 5d'))).toBe('[1]');
    expect([...encodeTyped(types, 3802, '{}')]).toEqual([1, 0x7b, 0x7d]);
    expect(() => decodeTyped(types, 3802, hex('02 7b7d'))).toThrow(MalformedValueError);
    expect(() => decodeTyped(types, 3802, hex(''))).toThrow(MalformedValueError);
  });

  test('that throws is named with its cause, and the value is not', () => {
    const types = newTypes();
    const cause = new Error('no');
    const fail = (): never => {
      throw cause;
    };
    for (const format of ['text', 'binary'] as const) {
      types.setTypeCodec('mood', { format, decode: fail, encode: fail });
      const decode = (): unknown => decodeTyped(types, MOOD, utf8('secret'));
      expect(decode).toThrow(
        new RangeError('column "value" (mood): the codec that was set for mood could not decode the value'),
      );
      expect(causesOf(decode)).toContain(cause);
      const encode = (): unknown => encodeTyped(types, MOODS, ['secret']);
      expect(encode).toThrow(
        'parameter $1 (mood[]): element [0]: the codec that was set for mood could not encode the value',
      );
      expect(encode).toThrow(TypeError);
      expect(causesOf(encode)).toContain(cause);
    }
  });

  test('that gives another kind of result is refused', () => {
    const types = newTypes();
    types.setTypeCodec('mood', { format: 'text', decode: String, encode: () => 5 as unknown as string });
    expect(() => encodeTyped(types, MOOD, 'x')).toThrow(
      'expected a string from the codec that was set for mood, got a number',
    );
    types.setTypeCodec('mood', { format: 'binary', decode: String, encode: () => 'x' as unknown as Uint8Array });
    expect(() => encodeTyped(types, MOOD, 'x')).toThrow('expected a Uint8Array from the codec that was set for mood');
  });

  test.each([{}, { format: 'csv', decode: String, encode: String }, { format: 'text', decode: String }])(
    'that is none is refused',
    (codec) => {
      expect(() => {
        new TypeRegistry().setTypeCodec('mood', codec as TypeCodec);
      }).toThrow(TypeError);
    },
  );

  test('set later does not change the statements that there are', () => {
    const types = newTypes();
    types.setTypeCodec('mood', shout);
    const fields = [field('value', MOODS)];
    const statement = createStatement({ name: '', parameterOids: [], fields, types });
    const row = dataRow([encodeTyped(types, MOODS, ['ok'])]);
    types.setTypeCodec('mood', null);
    types.forget();
    expect(decodeMessage(statement, [row])).toEqual({ value: ['OK'] });
  });
});

function causesOf(call: () => unknown): unknown[] {
  const causes: unknown[] = [];
  try {
    call();
  } catch (error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) causes.push(at);
  }
  return causes;
}

describe('types of which only the text is known', () => {
  const types = newTypes();

  test('are strings; what holds them in a composite makes that a string', () => {
    expect(decodeTyped(types, ODD, utf8('a b'))).toBe('a b');
    expect(encodeTyped(types, ODD, 5n)).toEqual(utf8('5'));
    expect(types.typeOf(HOLDER)?.format).toBe(0);
    expect(decodeTyped(types, HOLDER, utf8('("{a;b}")'))).toBe('("{a;b}")');
  });

  test.each<[string, unknown, bounds?: number[]]>([
    ['{}', []],
    ['{a;NULL;"NULL";"";"\\"\\\\;"}', ['a', null, 'NULL', '', '"\\;']],
    [
      '{{a;b};{c;NULL}}',
      [
        ['a', 'b'],
        ['c', null],
      ],
    ],
    ['[0:1]={a;b}', ['a', 'b'], [0]],
    ['[-2:-1][3:3]={{a};{b}}', [['a'], ['b']], [-2, 3]],
    ['{"{a}";null,}', ['{a}', 'null,']],
  ])('are elements of %s', (source, array, bounds) => {
    const read = decodeTyped(types, ODDS, utf8(source));
    expect(read).toEqual(array);
    expect(arrayLowerBounds(read)).toEqual(bounds);
    const again = decodeTyped(types, ODDS, encodeTyped(types, ODDS, read));
    expect(again).toEqual(array);
    expect(arrayLowerBounds(again)).toEqual(bounds);
  });

  test.each([
    '',
    'a',
    '{',
    '{a',
    '{a;',
    '{a;}',
    '{;}',
    '{a}b',
    '{"a}',
    '{"a"b}',
    '{{a};b}',
    '{{a}',
    '[0:1]',
    '[0:1={a}',
  ])('%s is no array', (source) => {
    expect(() => decodeTyped(types, ODDS, utf8(source))).toThrow(MalformedValueError);
  });

  test.each([`[0:1][1:1]={a}`, `${'{'.repeat(7)}a${'}'.repeat(7)}`, '{'.repeat(100_000)])('nor is %#', (source) => {
    expect(() => decodeTyped(types, ODDS, utf8(source))).toThrow(MalformedValueError);
  });

  test.each<[unknown, string]>([
    [5, 'expected an array of odd, got a number'],
    [[['a'], ['b', 'c']], 'element [1]: expected an array of 1 elements as its first sibling, got an array of 2'],
    [[['a'], 'b'], 'element [1]: expected an array of 1 elements as its first sibling, got a string'],
    [['a', ['b']], 'element [1]: expected no array, as its first sibling, got an array'],
    [['a', undefined], 'element [1]: expected a value, or null for NULL, got undefined'],
    [[{}], 'element [0]: expected a string in'],
    [[[[[[[['a']]]]]]], 'at most 6 dimensions'],
  ])('%j is refused', (value, message) => {
    expect(() => encodeTyped(types, ODDS, value)).toThrow(message);
  });

  test('are empty however nested, and take PostgreSQL’s own syntax', () => {
    expect(encodeTyped(types, ODDS, [[], []])).toEqual(utf8('{}'));
    expect(encodeTyped(types, ODDS, '{a;b}')).toEqual(utf8('{a;b}'));
  });

  test('come back in arrays, whatever they hold', () => {
    const text = fc.option(fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '')));
    const row = fc.tuple(text, text);
    fc.assert(
      fc.property(fc.oneof(fc.array(text), fc.array(row, { minLength: 1 })), (array) => {
        expect(decodeTyped(types, ODDS, encodeTyped(types, ODDS, array))).toEqual(array);
      }),
    );
  });
});
