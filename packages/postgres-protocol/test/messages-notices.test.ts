import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServerMessageFields } from '../src/index.js';
import * as notices from '../src/messages/notices.js';
import { BACKEND_TYPES } from '../src/messages/names.js';
import { describeMessages, int32s, name, opened, spec, text, written, type MessageSpec } from './message-codec.js';
import { concat, cstring } from './wire.js';

const full: ServerMessageFields = {
  severity: 'FEHLER',
  severityCode: 'ERROR',
  sqlState: '23505',
  message: 'm',
  detail: 'd',
  hint: 'h',
  position: 12,
  internalPosition: 3,
  internalQuery: 'q',
  where: 'w',
  schema: 's',
  table: 't',
  column: 'c',
  dataType: 'y',
  constraint: 'n',
  file: 'f.c',
  line: '42',
  routine: 'r',
};
const FULL = `
  53 4645484c4552 00  56 4552524f52 00  43 3233353035 00  4d 6d 00  44 64 00  48 68 00  50 3132 00  70 33 00
  71 71 00  57 77 00  73 73 00  74 74 00  63 63 00  64 79 00  6e 6e 00  46 662e63 00  4c 3432 00  52 72 00  00`;

const optional = fc.option(text, { nil: undefined });
const position = fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { nil: undefined });
const arbitraryFields: fc.Arbitrary<ServerMessageFields> = fc.record({
  severity: name,
  severityCode: name,
  sqlState: fc.stringMatching(/^[0-9A-Z]{5}$/),
  message: text,
  detail: optional,
  hint: optional,
  position,
  internalPosition: position,
  internalQuery: optional,
  where: optional,
  schema: optional,
  table: optional,
  column: optional,
  dataType: optional,
  constraint: optional,
  file: optional,
  line: optional,
  routine: optional,
});

function response(
  messageName: string,
  type: string,
  encode: typeof notices.encodeErrorResponse,
  decode: typeof notices.decodeErrorResponse,
): MessageSpec<ServerMessageFields> {
  return {
    name: messageName,
    bytes: `${type} 0000004c ${FULL}`,
    fields: full,
    encode,
    decode,
    arbitrary: arbitraryFields,
    refusals: [
      ['no severity', { ...full, severity: '' }, /severity must not be empty/],
      ['a code of four characters', { ...full, sqlState: '2350' }, /sqlState has five characters/],
      ['a code in small letters', { ...full, sqlState: '42p01' }, /sqlState has five characters/],
      ['U+0000 in a field', { ...full, hint: 'a\0' }, /NUL/],
      ['a position of 0', { ...full, position: 0 }, /position must be an integer from 1/],
      ['half a position', { ...full, internalPosition: 1.5 }, /internalPosition must be an integer .* got 1.5/],
      ['a position above int', { ...full, position: 2 ** 31 }, /got 2147483648/],
    ],
  };
}

const NotificationResponse: MessageSpec<notices.Notification> = {
  name: 'NotificationResponse',
  bytes: '41 0000000c fffffffe 6300 7000',
  fields: { processId: -2, channel: 'c', payload: 'p' },
  encode: (out, { processId, channel, payload }) => {
    notices.encodeNotificationResponse(out, processId, channel, payload);
  },
  decode: notices.decodeNotificationResponse,
  arbitrary: fc.record({ processId: int32s, channel: text, payload: text }),
  refusals: [
    ['a process of 33 bits', { processId: 2 ** 31, channel: '', payload: '' }, /Int32/],
    ['U+0000 in the channel', { processId: 1, channel: '\0', payload: '' }, /NUL/],
    ['U+0000 in the payload', { processId: 1, channel: '', payload: '\0' }, /NUL/],
  ],
};

describeMessages('backend', [
  spec(response('ErrorResponse', '45', notices.encodeErrorResponse, notices.decodeErrorResponse)),
  spec(response('NoticeResponse', '4e', notices.encodeNoticeResponse, notices.decodeNoticeResponse)),
  spec(NotificationResponse),
]);

describe('errors and notices', () => {
  const decode = (...fields: string[]): ServerMessageFields =>
    notices.decodeErrorResponse(
      opened('backend', BACKEND_TYPES.ErrorResponse, concat(cstring(...fields), new Uint8Array(1))),
    );

  test('need a severity, a code and a message, and no more', () => {
    const short = { severity: 'NOTICE', sqlState: '00000', message: '' };
    const chunk = written((out) => {
      notices.encodeNoticeResponse(out, short);
    });
    const input = opened('backend', BACKEND_TYPES.NoticeResponse, chunk.subarray(5));
    expect(notices.decodeNoticeResponse(input)).toEqual(notices.bareFields('NOTICE', '00000', ''));
  });

  test('of unknown fields are read without them, and without known ones', () => {
    expect(decode('SERROR', 'Xnew', 'C42P01', '!', 'Mno table')).toEqual(
      notices.bareFields('ERROR', '42P01', 'no table'),
    );
    expect(decode()).toEqual(notices.bareFields('', '', ''));
  });

  test('have no position where digits are missing or too many', () => {
    for (const digits of ['', 'x', '-1', '1.5', '12345678901']) {
      expect(decode(`P${digits}`, `p${digits}`)).toMatchObject({ position: undefined, internalPosition: undefined });
    }
  });
});
