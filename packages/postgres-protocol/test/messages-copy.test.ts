import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import * as copy from '../src/messages/copy.js';
import type { FormatCode } from '../src/messages/format-codes.js';
import { BACKEND_TYPES } from '../src/messages/names.js';
import {
  bytes,
  describeBareMessages,
  describeMessages,
  format,
  opened,
  spec,
  text,
  thrown,
  type MessageSpec,
} from './message-codec.js';
import { concat, int16 } from './wire.js';

const arbitraryResponse = fc
  .record({ format, columnFormats: fc.array(format, { maxLength: 5 }) })
  .map((response) => (response.format === 1 ? response : { format: 0, columnFormats: zeros(response.columnFormats) }));

function zeros(formats: readonly FormatCode[]): FormatCode[] {
  return formats.map(() => 0);
}

function response(
  name: string,
  type: string,
  encode: typeof copy.encodeCopyInResponse,
  decode: typeof copy.decodeCopyInResponse,
): MessageSpec<copy.CopyResponse> {
  return {
    name,
    bytes: `${type} 0000000b 01 0002 0001 0000`,
    fields: { format: 1, columnFormats: [1, 0] },
    encode: (out, fields) => {
      encode(out, fields.format, fields.columnFormats);
    },
    decode,
    arbitrary: arbitraryResponse as fc.Arbitrary<copy.CopyResponse>,
    refusals: [
      ['a format that is none', { format: 2 as 1, columnFormats: [] }, /a format code is 0 or 1, got 2/],
      ['a column format that is none', { format: 1, columnFormats: [0, 2 as 1] }, /a format code is 0 or 1, got 2/],
      ['binary columns in text', { format: 0, columnFormats: [0, 1] }, /a COPY in text has text columns only/],
      [
        '65536 columns',
        { format: 0, columnFormats: new Array<0>(65_536).fill(0) },
        /at most 65535 format codes, got 65536/,
      ],
      [
        'columns above the limit of libpq',
        { format: 0, columnFormats: new Array<0>(20_000).fill(0) },
        new RegExp(`${name} has a length of at most 30000, this one needs 40007`),
      ],
    ],
  };
}

const CopyData: MessageSpec<Uint8Array> = {
  name: 'CopyData',
  bytes: '64 00000007 310a00',
  fields: Uint8Array.of(0x31, 0x0a, 0),
  encode: copy.encodeCopyData,
  decode: copy.decodeCopyData,
  arbitrary: bytes,
  isOpenEnded: true,
  refusals: [['what is no bytes', 'text' as unknown as Uint8Array, /Uint8Array/]],
};

const CopyFail: MessageSpec<string> = {
  name: 'CopyFail',
  bytes: '66 00000008 6e6f21 00',
  fields: 'no!',
  encode: copy.encodeCopyFail,
  decode: copy.decodeCopyFail,
  arbitrary: text,
  refusals: [
    ['U+0000 in the reason', 'a\0b', /NUL/],
    ['a reason above the limit of servers', 'x'.repeat(9996), /CopyFail has a length of at most 10000, .* needs 10001/],
  ],
};

describeMessages('backend', [
  spec(response('CopyInResponse', '47', copy.encodeCopyInResponse, copy.decodeCopyInResponse)),
  spec(response('CopyOutResponse', '48', copy.encodeCopyOutResponse, copy.decodeCopyOutResponse)),
  spec(response('CopyBothResponse', '57', copy.encodeCopyBothResponse, copy.decodeCopyBothResponse)),
  spec(CopyData),
]);
describeMessages('frontend', [spec(CopyData), spec(CopyFail)]);
const done = [{ name: 'CopyDone', bytes: '63 00000004', encode: copy.encodeCopyDone }];
describeBareMessages('backend', done);
describeBareMessages('frontend', done);

describe('COPY', () => {
  test.each([
    ['a format of 2', [Uint8Array.of(2), int16(0)], 'a format code is 0 or 1, got 2'],
    ['a column format of 256', [Uint8Array.of(1), int16(1, 256)], 'a format code is 0 or 1, got 256'],
    ['columns that are not there', [Uint8Array.of(0), int16(-1, 0)], 'announces 65535 format codes and has 2 bytes'],
    ['binary columns in text', [Uint8Array.of(0), int16(2, 0, 1)], 'a COPY in text has text columns only'],
  ] as const)('with %s is the fault of the server', (_, parts, expected) => {
    for (const decode of [copy.decodeCopyInResponse, copy.decodeCopyOutResponse, copy.decodeCopyBothResponse]) {
      const error = thrown(() => decode(opened('backend', BACKEND_TYPES.CopyInResponse, concat(...parts))));
      expect(error).toBeInstanceOf(RemoteProtocolError);
      expect(String(error)).toContain(expected);
    }
  });
});
