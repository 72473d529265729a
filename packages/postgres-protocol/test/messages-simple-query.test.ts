import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BACKEND_TYPES } from '../src/messages/names.js';
import * as simpleQuery from '../src/messages/simple-query.js';
import {
  describeBareMessages,
  describeMessages,
  format,
  int32s,
  oid,
  opened,
  rawValue,
  spec,
  text,
  thrown,
  type MessageSpec,
} from './message-codec.js';
import { RemoteProtocolError } from '../src/index.js';
import { int16, int32, concat } from './wire.js';

const column: simpleQuery.FieldDescription = {
  name: 'é',
  tableOid: 0xffff_fffe,
  columnNumber: -2,
  typeOid: 23,
  typeSize: 4,
  typeModifier: -1,
  format: 1,
};
const int16s = fc.integer({ min: -0x8000, max: 0x7fff });
const fieldDescription = fc.record({
  name: text,
  tableOid: oid,
  columnNumber: int16s,
  typeOid: oid,
  typeSize: int16s,
  typeModifier: int32s,
  format,
});

const Query: MessageSpec<string> = {
  name: 'Query',
  bytes: '51 0000000d 73656c6563742031 00',
  fields: 'select 1',
  encode: simpleQuery.encodeQuery,
  decode: simpleQuery.decodeQuery,
  arbitrary: text,
  refusals: [['U+0000 in the text', 'a\0b', /NUL/]],
};

const RowDescription: MessageSpec<readonly simpleQuery.FieldDescription[]> = {
  name: 'RowDescription',
  bytes: `54 0000002e 0002
    c3a900 fffffffe fffe 00000017 0004 ffffffff 0001
    00     00000000 0000 00000019 ffff 00000000 0000`,
  fields: [column, { name: '', tableOid: 0, columnNumber: 0, typeOid: 25, typeSize: -1, typeModifier: 0, format: 0 }],
  encode: simpleQuery.encodeRowDescription,
  decode: simpleQuery.decodeRowDescription,
  arbitrary: fc.array(fieldDescription, { maxLength: 5 }),
  refusals: [
    ['U+0000 in a name', [column, { ...column, name: '\0' }], /NUL/],
    ['a format that is none', [column, { ...column, format: 2 as 1 }], /a format code is 0 or 1, got 2/],
    ['a column number of 17 bits', [{ ...column, columnNumber: 0x8000 }], /Int16/],
    ['an oid of 33 bits', [column, { ...column, typeOid: 2 ** 32 }], /Uint32/],
    ['a negative oid', [{ ...column, tableOid: -1 }], /Uint32/],
    ['a modifier of 33 bits', [{ ...column, typeModifier: 2 ** 31 }], /Int32/],
    ['65536 columns', new Array<simpleQuery.FieldDescription>(65_536).fill(column), /at most 65535 columns, got 65536/],
  ],
};

const DataRow: MessageSpec<readonly (Uint8Array | null)[]> = {
  name: 'DataRow',
  bytes: '44 00000015 0003 00000003 616263 ffffffff 00000000',
  fields: [Uint8Array.of(0x61, 0x62, 0x63), null, new Uint8Array(0)],
  encode: simpleQuery.encodeDataRow,
  decode: simpleQuery.decodeDataRow,
  arbitrary: fc.array(rawValue, { maxLength: 6 }),
  refusals: [
    ['65536 values', new Array<null>(65_536).fill(null), /at most 65535 values, got 65536/],
    ['a value that is no bytes', [null, 'text' as unknown as Uint8Array], /Uint8Array/],
    ['undefined for a value', [undefined as unknown as null], /Uint8Array/],
  ],
};

const CommandComplete: MessageSpec<string> = {
  name: 'CommandComplete',
  bytes: '43 0000000d 53454c4543542031 00',
  fields: 'SELECT 1',
  encode: simpleQuery.encodeCommandComplete,
  decode: simpleQuery.decodeCommandComplete,
  arbitrary: text,
  refusals: [
    ['U+0000 in the tag', '\0', /NUL/],
    ['a tag above the limit of libpq', 'x'.repeat(30_000), /CommandComplete has a length of at most 30000/],
  ],
};

describeMessages('frontend', [spec(Query)]);
describeMessages('backend', [spec(RowDescription), spec(DataRow), spec(CommandComplete)]);
describeBareMessages('backend', [
  { name: 'EmptyQueryResponse', bytes: '49 00000004', encode: simpleQuery.encodeEmptyQueryResponse },
]);

describe('hostile rows', () => {
  const decodeRow = (...parts: Uint8Array[]): unknown =>
    thrown(() => {
      simpleQuery.decodeDataRow(opened('backend', BACKEND_TYPES.DataRow, concat(...parts)));
    });

  test.each([-2, -0x8000_0000])('a value of length %d is neither NULL nor a value', (length) => {
    const error = decodeRow(int16(1), int32(length), int32(0));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain(`got ${length}`);
  });

  test('a value longer than the message is not waited for', () => {
    expect(decodeRow(int16(1), int32(0x7fff_ffff))).toMatchObject({ name: 'BufferUnderflowError' });
  });

  test.each([
    ['values', BACKEND_TYPES.DataRow, simpleQuery.decodeDataRow],
    ['columns', BACKEND_TYPES.RowDescription, simpleQuery.decodeRowDescription],
  ] as const)('a count of %s that the message cannot hold is not believed', (things, type, decode) => {
    const error = thrown(() => decode(opened('backend', type, concat(int16(0xffff), int32(-1, -1)))));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain(`announces 65535 ${things} and has 8 bytes for them`);
  });

  test('a column in a third format is the fault of the server', () => {
    const columns = concat(int16(1), new Uint8Array(1), new Uint8Array(16), int16(2));
    const error = thrown(() => {
      simpleQuery.decodeRowDescription(opened('backend', BACKEND_TYPES.RowDescription, columns));
    });
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain('a format code is 0 or 1, got 2');
  });
});
