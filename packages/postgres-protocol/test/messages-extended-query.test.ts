import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import * as extendedQuery from '../src/messages/extended-query.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from '../src/messages/names.js';
import {
  describeBareMessages,
  describeMessages,
  format,
  oid,
  opened,
  rawValue,
  spec,
  text,
  thrown,
  type MessageSpec,
} from './message-codec.js';
import { concat, cstring, int16, int32 } from './wire.js';

const Parse: MessageSpec<extendedQuery.Parse> = {
  name: 'Parse',
  bytes: '50 0000001a 7300 73656c65637420243100 0002 00000017 fffffffe',
  fields: { name: 's', sql: 'select $1', parameterOids: [23, 0xffff_fffe] },
  encode: (out, { name, sql, parameterOids }) => {
    extendedQuery.encodeParse(out, name, sql, parameterOids);
  },
  decode: extendedQuery.decodeParse,
  arbitrary: fc.record({ name: text, sql: text, parameterOids: fc.array(oid, { maxLength: 5 }) }),
  refusals: [
    ['U+0000 in its name', { name: '\0', sql: '', parameterOids: [] }, /NUL/],
    ['U+0000 in its text', { name: '', sql: 'a\0', parameterOids: [] }, /NUL/],
    ['an oid of 33 bits', { name: '', sql: '', parameterOids: [1, 2 ** 32] }, /Uint32/],
    [
      '65536 parameters',
      { name: '', sql: '', parameterOids: new Array<number>(65_536).fill(23) },
      /at most 65535 parameters, got 65536/,
    ],
  ],
};

const oneValue: extendedQuery.Bind = {
  portal: 'p',
  statement: 's',
  parameterFormats: [0, 1, 0],
  values: [Uint8Array.of(0x61), null, new Uint8Array(0)],
  resultFormats: [1],
};
const arbitraryBind = fc
  .record({
    portal: text,
    statement: text,
    values: fc.array(rawValue, { maxLength: 5 }),
    resultFormats: fc.array(format, { maxLength: 5 }),
    formats: fc.array(format, { minLength: 5, maxLength: 5 }),
    howMany: fc.constantFrom(...(['none', 'one', 'each'] as const)),
  })
  .map(({ formats, howMany, ...bind }) => {
    const count = { none: 0, one: 1, each: bind.values.length }[howMany];
    return { ...bind, parameterFormats: formats.slice(0, count) };
  });

const Bind: MessageSpec<extendedQuery.Bind> = {
  name: 'Bind',
  bytes: `42 00000023 7000 7300 0003 0000 0001 0000
    0003 00000001 61 ffffffff 00000000 0001 0001`,
  fields: oneValue,
  encode: (out, { portal, statement, parameterFormats, values, resultFormats }) => {
    extendedQuery.encodeBind(out, portal, statement, parameterFormats, values, resultFormats);
  },
  decode: extendedQuery.decodeBind,
  arbitrary: arbitraryBind,
  refusals: [
    ['U+0000 in the name of the portal', { ...oneValue, portal: '\0' }, /NUL/],
    ['U+0000 in the name of the statement', { ...oneValue, statement: '\0' }, /NUL/],
    ['two formats for three values', { ...oneValue, parameterFormats: [0, 1] }, /0, 1 or 3 .* for 3 values, got 2/],
    ['two formats for no value', { ...oneValue, values: [], parameterFormats: [0, 1] }, /0, 1 or 0 .* got 2/],
    ['a parameter format that is none', { ...oneValue, parameterFormats: [-1 as 1] }, /0 or 1, got -1/],
    ['a result format that is none', { ...oneValue, resultFormats: [0, 3 as 1] }, /0 or 1, got 3/],
    [
      '65536 values',
      { ...oneValue, parameterFormats: [], values: new Array<null>(65_536).fill(null) },
      /at most 65535 values, got 65536/,
    ],
    [
      '65536 result formats',
      { ...oneValue, resultFormats: new Array<0>(65_536).fill(0) },
      /at most 65535 format codes, got 65536/,
    ],
  ],
};

const LONG = 'x'.repeat(10_000);
type Named = ReturnType<typeof extendedQuery.decodeDescribe>;
const named = fc.record({ what: fc.constantFrom('statement', 'portal'), name: text }) as fc.Arbitrary<Named>;

const Describe: MessageSpec<Named> = {
  name: 'Describe',
  bytes: '44 00000008 53 737400',
  fields: { what: 'statement', name: 'st' },
  encode: (out, { what, name }) => {
    extendedQuery.encodeDescribe(out, what, name);
  },
  decode: extendedQuery.decodeDescribe,
  arbitrary: named,
  refusals: [
    ['U+0000 in the name', { what: 'portal', name: '\0' }, /NUL/],
    ['a name above the limit of servers', { what: 'portal', name: LONG }, /Describe has a length of at most 10000/],
    ['neither a statement nor a portal', { what: 'table' as 'portal', name: '' }, /Uint8|undefined/],
  ],
};

const Close: MessageSpec<Named> = {
  name: 'Close',
  bytes: '43 00000006 50 00',
  fields: { what: 'portal', name: '' },
  encode: (out, { what, name }) => {
    extendedQuery.encodeClose(out, what, name);
  },
  decode: extendedQuery.decodeClose,
  arbitrary: named,
  refusals: [
    ['U+0000 in the name', { what: 'statement', name: '\0' }, /NUL/],
    ['a name above the limit of servers', { what: 'statement', name: LONG }, /Close has a length of at most 10000/],
  ],
};

const Execute: MessageSpec<ReturnType<typeof extendedQuery.decodeExecute>> = {
  name: 'Execute',
  bytes: '45 0000000a 7000 00000102',
  fields: { portal: 'p', maxRows: 258 },
  encode: (out, { portal, maxRows }) => {
    extendedQuery.encodeExecute(out, portal, maxRows);
  },
  decode: extendedQuery.decodeExecute,
  arbitrary: fc.record({ portal: text, maxRows: fc.integer({ min: 0, max: 2 ** 31 - 1 }) }),
  refusals: [
    ['U+0000 in the name', { portal: '\0', maxRows: 0 }, /NUL/],
    ['a name above the limit of servers', { portal: LONG, maxRows: 0 }, /Execute has a length of at most 10000/],
    ['less than no rows', { portal: '', maxRows: -1 }, /maxRows must be 0 \(all\) or more, got -1/],
    ['NaN rows', { portal: '', maxRows: NaN }, /got NaN/],
    ['2^31 rows', { portal: '', maxRows: 2 ** 31 }, /Int32/],
    ['half a row', { portal: '', maxRows: 0.5 }, /Int32/],
  ],
};

const ParameterDescription: MessageSpec<readonly number[]> = {
  name: 'ParameterDescription',
  bytes: '74 0000000e 0002 00000017 80000000',
  fields: [23, 2 ** 31],
  encode: extendedQuery.encodeParameterDescription,
  decode: extendedQuery.decodeParameterDescription,
  arbitrary: fc.array(oid, { maxLength: 5 }),
  refusals: [
    ['an oid that is no integer', [1.5], /Uint32/],
    ['65536 parameters', new Array<number>(65_536).fill(23), /at most 65535 parameters, got 65536/],
  ],
};

describeMessages('frontend', [spec(Parse), spec(Bind), spec(Describe), spec(Close), spec(Execute)]);
describeMessages('backend', [spec(ParameterDescription)]);
describeBareMessages('frontend', [
  { name: 'Sync', bytes: '53 00000004', encode: extendedQuery.encodeSync },
  { name: 'Flush', bytes: '48 00000004', encode: extendedQuery.encodeFlush },
]);
describeBareMessages('backend', [
  { name: 'ParseComplete', bytes: '31 00000004', encode: extendedQuery.encodeParseComplete },
  { name: 'BindComplete', bytes: '32 00000004', encode: extendedQuery.encodeBindComplete },
  { name: 'CloseComplete', bytes: '33 00000004', encode: extendedQuery.encodeCloseComplete },
  { name: 'NoData', bytes: '6e 00000004', encode: extendedQuery.encodeNoData },
  { name: 'PortalSuspended', bytes: '73 00000004', encode: extendedQuery.encodePortalSuspended },
]);

describe('hostile extended queries', () => {
  const names = cstring('', '');
  const bindOf = (...parts: Uint8Array[]): Error =>
    thrown(() => extendedQuery.decodeBind(opened('frontend', FRONTEND_TYPES.Bind, concat(...parts)))) as Error;

  test.each([
    ['format codes that are not there', [names, int16(0xffff), int32(0)], 'announces 65535 format codes'],
    ['values that are not there', [names, int16(0), int16(0x8000), int32(-1)], 'announces 32768 values'],
    ['a length of -2', [names, int16(0), int16(1), int32(-2, 0)], 'got -2'],
    ['a format code of -1', [names, int16(1, -1), int16(1), int32(-1), int16(0)], 'a format code is 0 or 1, got 65535'],
    ['two format codes for one value', [names, int16(2, 0, 0), int16(1), int32(-1), int16(0)], 'for 1 values, got 2'],
    ['a result format of 7', [names, int16(0), int16(0), int16(1, 7)], 'a format code is 0 or 1, got 7'],
  ] as const)('a Bind with %s is the fault of the client', (_, parts, expected) => {
    const error = bindOf(...parts);
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error.message).toContain(expected);
  });

  test.each([
    ['Parse', () => extendedQuery.decodeParse(opened('frontend', FRONTEND_TYPES.Parse, concat(names, int16(0xffff))))],
    [
      'ParameterDescription',
      () => extendedQuery.decodeParameterDescription(opened('backend', BACKEND_TYPES.ParameterDescription, int16(-1))),
    ],
  ] as const)('a count of parameters that a %s cannot hold is not believed', (_, decode) => {
    const error = thrown(decode) as Error;
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error.message).toContain('announces 65535 parameters and has 0 bytes for them');
  });

  test('65535 values and parameters are as many as fit', () => {
    const values = new Array<null>(65_535).fill(null);
    const bind = concat(names, int16(0), int16(-1), new Uint8Array(4 * values.length).fill(0xff), int16(0));
    expect(extendedQuery.decodeBind(opened('frontend', FRONTEND_TYPES.Bind, bind)).values).toEqual(values);
  });

  test('Describe and Close of neither a statement nor a portal are the fault of the client', () => {
    for (const decode of [extendedQuery.decodeDescribe, extendedQuery.decodeClose]) {
      const error = thrown(() => decode(opened('frontend', FRONTEND_TYPES.Close, concat(Uint8Array.of(0x54), names))));
      expect(error).toBeInstanceOf(RemoteProtocolError);
      expect(String(error)).toContain('a statement (S) or a portal (P), got byte 84');
    }
  });

  test('an Execute of less than no rows is one of all rows, as servers have it', () => {
    const input = opened('frontend', FRONTEND_TYPES.Execute, concat(cstring('p'), int32(-5)));
    expect(extendedQuery.decodeExecute(input)).toEqual({ portal: 'p', maxRows: 0 });
  });
});
