import { ReadBuffer } from '@millrace/read-buffer';
import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import * as authentication from '../src/messages/authentication.js';
import { FRONTEND_TYPES, readBackendMessageName } from '../src/messages/names.js';
import {
  bytes,
  describeMessages,
  layoutOf,
  name,
  opened,
  rawValue,
  spec,
  text,
  thrown,
  written,
  type MessageSpec,
} from './message-codec.js';
import { concat, cstring, int32 } from './wire.js';

const LIMIT = /Authentication has a length of at most 2000/;
const ANSWER_LIMIT = /AuthenticationAnswer has a length of at most 65535/;
const TEXT_BYTES = Uint8Array.of(0x72, 0x3d, 0x61);

const AuthenticationMD5Password: MessageSpec<Uint8Array> = {
  name: 'AuthenticationMD5Password',
  bytes: '52 0000000c 00000005 01020304',
  fields: Uint8Array.of(1, 2, 3, 4),
  encode: authentication.encodeAuthenticationMD5Password,
  decode: authentication.decodeAuthenticationMD5Password,
  arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  refusals: [
    ['a salt of 3 bytes', new Uint8Array(3), /a salt has 4 bytes, got 3/],
    ['a salt of 5 bytes', new Uint8Array(5), /a salt has 4 bytes, got 5/],
  ],
};

const AuthenticationSASL: MessageSpec<readonly string[]> = {
  name: 'AuthenticationSASL',
  bytes: '52 0000000f 0000000a 41 00 422d43 00 00',
  fields: ['A', 'B-C'],
  encode: authentication.encodeAuthenticationSASL,
  decode: authentication.decodeAuthenticationSASL,
  arbitrary: fc.array(name, { maxLength: 4 }),
  refusals: [
    ['an empty name, which would end the list', ['A', ''], /must not be empty/],
    ['U+0000 in a name', ['A', 'B\0'], /NUL/],
    ['names above the limit of libpq', new Array<string>(1000).fill('A'), LIMIT],
  ],
};

function continued(
  messageName: string,
  method: string,
  encode: typeof authentication.encodeAuthenticationSASLContinue,
  decode: typeof authentication.decodeAuthenticationSASLContinue,
): MessageSpec<Uint8Array> {
  return {
    name: messageName,
    bytes: `52 0000000b ${method} 723d61`,
    fields: TEXT_BYTES,
    encode,
    decode,
    arbitrary: bytes,
    isOpenEnded: true,
    refusals: [['more bytes than libpq takes', new Uint8Array(1993), LIMIT]],
  };
}

const PasswordMessage: MessageSpec<string> = {
  name: 'PasswordMessage',
  bytes: '70 00000009 70c3a977 00',
  fields: 'péw',
  encode: authentication.encodePasswordMessage,
  decode: authentication.decodePasswordMessage,
  arbitrary: text,
  refusals: [
    ['U+0000 in the password', 'a\0', /NUL/],
    ['a password above the limit of servers', 'x'.repeat(65_531), ANSWER_LIMIT],
  ],
};

const sasl = (digits: string, data: Uint8Array | null): MessageSpec<authentication.SASLInitialResponse> => ({
  name: 'SASLInitialResponse',
  bytes: digits,
  fields: { mechanism: 'M', data },
  encode: (out, fields) => {
    authentication.encodeSASLInitialResponse(out, fields.mechanism, fields.data);
  },
  decode: authentication.decodeSASLInitialResponse,
  arbitrary: fc.record({ mechanism: name, data: rawValue }),
  refusals: [
    ['U+0000 in the mechanism', { mechanism: 'M\0', data: null }, /NUL/],
    ['no mechanism', { mechanism: '', data: null }, /names no mechanism/],
    ['data above the limit of servers', { mechanism: 'M', data: new Uint8Array(65_530) }, ANSWER_LIMIT],
  ],
});

function answer(
  messageName: string,
  encode: typeof authentication.encodeSASLResponse,
  decode: typeof authentication.decodeSASLResponse,
): MessageSpec<Uint8Array> {
  return {
    name: messageName,
    bytes: '70 00000007 723d61',
    fields: TEXT_BYTES,
    encode,
    decode,
    arbitrary: bytes,
    isOpenEnded: true,
    refusals: [['data above the limit of servers', new Uint8Array(65_532), ANSWER_LIMIT]],
  };
}

describeMessages('backend', [
  spec(AuthenticationMD5Password),
  spec(AuthenticationSASL),
  spec(
    continued(
      'AuthenticationSASLContinue',
      '0000000b',
      authentication.encodeAuthenticationSASLContinue,
      authentication.decodeAuthenticationSASLContinue,
    ),
  ),
  spec(
    continued(
      'AuthenticationSASLFinal',
      '0000000c',
      authentication.encodeAuthenticationSASLFinal,
      authentication.decodeAuthenticationSASLFinal,
    ),
  ),
  spec(
    continued(
      'AuthenticationGSSContinue',
      '00000008',
      authentication.encodeAuthenticationGSSContinue,
      authentication.decodeAuthenticationGSSContinue,
    ),
  ),
]);
describeMessages('frontend', [
  spec(PasswordMessage),
  spec(sasl('70 0000000c 4d 00 00000002 6869', Uint8Array.of(0x68, 0x69))),
  spec(sasl('70 0000000a 4d 00 00000000', new Uint8Array(0))),
  spec(sasl('70 0000000a 4d 00 ffffffff', null)),
  spec(answer('SASLResponse', authentication.encodeSASLResponse, authentication.decodeSASLResponse)),
  spec(answer('GSSResponse', authentication.encodeGSSResponse, authentication.decodeGSSResponse)),
]);

describe('authentication', () => {
  test.each([
    ['AuthenticationOk', '00000000', authentication.encodeAuthenticationOk],
    ['AuthenticationKerberosV5', '00000002', authentication.encodeAuthenticationKerberosV5],
    ['AuthenticationCleartextPassword', '00000003', authentication.encodeAuthenticationCleartextPassword],
    ['AuthenticationGSS', '00000007', authentication.encodeAuthenticationGSS],
    ['AuthenticationSSPI', '00000009', authentication.encodeAuthenticationSSPI],
  ] as const)('%s is its method alone', (messageName, method, encode) => {
    const chunk = written(encode);
    expect(chunk).toEqual(hex(`52 00000008 ${method}`));
    const input = new ReadBuffer({ frame: layoutOf('backend') });
    input.feed(chunk);
    input.takeFrame();
    expect(readBackendMessageName(input)).toBe(messageName);
    expect(input.length).toBe(0);
  });

  test.each([
    ['no mechanism', concat(cstring(''), int32(-1)), 'names no mechanism'],
    ['a length of -3', concat(cstring('M'), int32(-3)), 'got -3'],
  ])('a SASLInitialResponse with %s is the fault of the client', (_, payload, expected) => {
    const input = opened('frontend', FRONTEND_TYPES.SASLInitialResponse, payload, 'SASLInitialResponse');
    const error = thrown(() => authentication.decodeSASLInitialResponse(input));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain(expected);
  });
});
