import { hex } from '@millrace/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import { BACKEND_TYPES } from '../src/messages/names.js';
import * as startup from '../src/messages/startup.js';
import {
  describeBareMessages,
  describeMessages,
  int32s,
  name,
  opened,
  spec,
  text,
  thrown,
  written,
  type MessageSpec,
} from './message-codec.js';
import { concat, cstring, int32 } from './wire.js';

type Of<Kind> = Extract<startup.StartupPacket, { readonly kind: Kind }>;

const V3_2 = { major: 3, minor: 2 };
const started = (parameters: startup.StartupMessage['parameters'], protocolVersion = V3_2): Of<'StartupMessage'> => ({
  kind: 'StartupMessage',
  protocolVersion,
  parameters,
});
const minor = fc.integer({ min: 0, max: 0xffff });

const startupMessage = (digits: string, fields: Of<'StartupMessage'>): MessageSpec<startup.StartupPacket> => ({
  name: 'StartupMessage',
  bytes: digits,
  fields,
  encode: (out, packet) => {
    const { protocolVersion, parameters } = packet as Of<'StartupMessage'>;
    startup.encodeStartupMessage(out, protocolVersion, parameters);
  },
  decode: startup.decodeStartupPacket,
  arbitrary: fc.record({
    kind: fc.constant('StartupMessage' as const),
    protocolVersion: fc.record({ major: fc.constant(3), minor }),
    parameters: fc.array(fc.tuple(name, text), { maxLength: 4 }),
  }),
  refusals: [
    ['an empty name, which would end it', started([['', 'x']]), /name of a parameter must not be empty/],
    ['U+0000 in a name', started([['a\0', 'x']]), /NUL/],
    ['U+0000 in a value', started([['a', '\0']]), /NUL/],
    ['a version of 17 bits', started([], { major: 3, minor: 0x10000 }), /Uint16/],
    ['more than servers take', started([['a', 'x'.repeat(9993)]]), /at most 10004 bytes, these parameters need 10005/],
  ],
});

const secretKey = fc.uint8Array({ minLength: 4, maxLength: 256 });
const keys = fc.record({ processId: int32s, secretKey });
const KEY = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);

const CancelRequest: MessageSpec<startup.StartupPacket> = {
  name: 'CancelRequest',
  bytes: '00000010 04d2162e fffffff9 deadbeef',
  fields: { kind: 'CancelRequest', processId: -7, secretKey: KEY },
  encode: (out, packet) => {
    const { processId, secretKey: key } = packet as Of<'CancelRequest'>;
    startup.encodeCancelRequest(out, processId, key);
  },
  decode: startup.decodeStartupPacket,
  arbitrary: keys.map((fields) => ({ kind: 'CancelRequest', ...fields })),
  isOpenEnded: true,
  refusals: [
    ['a process of 33 bits', { kind: 'CancelRequest', processId: 2 ** 31, secretKey: KEY }, /Int32/],
    ['a key of 3 bytes', { kind: 'CancelRequest', processId: 1, secretKey: new Uint8Array(3) }, /4 to 256 .* has 3/],
  ],
};

const BackendKeyData: MessageSpec<startup.BackendKeyData> = {
  name: 'BackendKeyData',
  bytes: '4b 0000000c 00003039 deadbeef',
  fields: { processId: 12_345, secretKey: KEY },
  encode: (out, fields) => {
    startup.encodeBackendKeyData(out, fields.processId, fields.secretKey);
  },
  decode: startup.decodeBackendKeyData,
  arbitrary: keys,
  isOpenEnded: true,
  refusals: [
    ['a process of 33 bits', { processId: -(2 ** 31) - 1, secretKey: KEY }, /Int32/],
    ['a key of 3 bytes', { processId: 1, secretKey: new Uint8Array(3) }, /4 to 256 bytes, this one has 3/],
    ['a key of 257 bytes', { processId: 1, secretKey: new Uint8Array(257) }, /4 to 256 bytes, this one has 257/],
  ],
};

const NegotiateProtocolVersion: MessageSpec<startup.NegotiateProtocolVersion> = {
  name: 'NegotiateProtocolVersion',
  bytes: '76 00000018 00030000 00000002 5f70712e6100 5f70712e6200',
  fields: { protocolVersion: { major: 3, minor: 0 }, options: ['_pq.a', '_pq.b'] },
  encode: (out, { protocolVersion, options }) => {
    startup.encodeNegotiateProtocolVersion(out, protocolVersion, options);
  },
  decode: startup.decodeNegotiateProtocolVersion,
  arbitrary: fc.record({
    protocolVersion: fc.record({ major: minor, minor }),
    options: fc.array(text, { maxLength: 4 }),
  }),
  refusals: [
    ['U+0000 in an option', { protocolVersion: V3_2, options: ['\0'] }, /NUL/],
    ['a version of 17 bits', { protocolVersion: { major: 3, minor: -1 }, options: [] }, /Uint16/],
    ['options above the limit of libpq', { protocolVersion: V3_2, options: ['x'.repeat(1988)] }, /at most 2000/],
  ],
};

const ParameterStatus: MessageSpec<{ readonly name: string; readonly value: string }> = {
  name: 'ParameterStatus',
  bytes: '53 0000000a 5454 00 7578 00',
  fields: { name: 'TT', value: 'ux' },
  encode: (out, fields) => {
    startup.encodeParameterStatus(out, fields.name, fields.value);
  },
  decode: startup.decodeParameterStatus,
  arbitrary: fc.record({ name: text, value: text }),
  refusals: [
    ['U+0000 in the name', { name: '\0', value: '' }, /NUL/],
    ['U+0000 in the value', { name: '', value: '\0' }, /NUL/],
    [
      'a value above the limit of libpq',
      { name: 'n', value: 'x'.repeat(29_994) },
      /at most 30000, this one needs 30001/,
    ],
  ],
};

const ready = (digits: string, fields: startup.TransactionStatus): MessageSpec<startup.TransactionStatus> => ({
  name: 'ReadyForQuery',
  bytes: digits,
  fields,
  encode: startup.encodeReadyForQuery,
  decode: startup.decodeReadyForQuery,
  arbitrary: fc.constantFrom('I', 'T', 'E'),
  refusals: [
    ['another status', 'X' as 'I', /I, T or E, got X/],
    ['two of them', 'IT' as 'I', /I, T or E, got IT/],
  ],
});

describeMessages('startup', [
  spec(startupMessage('00000009 00030000 00', started([], { major: 3, minor: 0 }))),
  spec(
    startupMessage(
      '00000014 00030002 7573657200 c3a900 6f00 00 00',
      started([
        ['user', 'é'],
        ['o', ''],
      ]),
    ),
  ),
  spec(CancelRequest),
]);
describeMessages('backend', [
  spec(BackendKeyData),
  spec(NegotiateProtocolVersion),
  spec(ParameterStatus),
  spec(ready('5a 00000005 49', 'I')),
  spec(ready('5a 00000005 54', 'T')),
  spec(ready('5a 00000005 45', 'E')),
]);
describeBareMessages('frontend', [{ name: 'Terminate', bytes: '58 00000004', encode: startup.encodeTerminate }]);

describe('the first message of a client', () => {
  test.each([
    ['SSLRequest', '00000008 04d2162f', startup.encodeSSLRequest],
    ['GSSENCRequest', '00000008 04d21630', startup.encodeGSSENCRequest],
  ] as const)('may be %s, which is a number alone', (kind, digits, encode) => {
    expect(written(encode)).toEqual(hex(digits));
    const input = opened('startup', -1, hex(digits).subarray(4));
    expect(startup.decodeStartupPacket(input)).toEqual({ kind });
    expect(input.length).toBe(0);
  });

  test.each([
    ['2.0', 2 << 16],
    ['4.0', 4 << 16],
    ['1234.5676', (1234 << 16) | 5676],
    ['65535.65535', -1],
  ])('of version %s has a format that is not known', (version, code) => {
    const error = thrown(() => startup.decodeStartupPacket(opened('startup', -1, concat(int32(code), cstring('')))));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain(`version ${version}, only 3.x is known`);
  });

  test('may be as long as servers take', () => {
    const chunk = written((out) => {
      startup.encodeStartupMessage(out, V3_2, [['a', 'x'.repeat(9992)]]);
    });
    expect(chunk.length).toBe(startup.MAX_STARTUP_BYTES);
  });
});

describe('keys and versions', () => {
  test.each([0, 3, 257])('a secret key of %d bytes is the fault of the peer', (length) => {
    const key = new Uint8Array(length);
    const cancel = concat(int32(80_877_102, 1), key);
    for (const decode of [
      () => startup.decodeStartupPacket(opened('startup', -1, cancel)),
      () => startup.decodeBackendKeyData(opened('backend', BACKEND_TYPES.BackendKeyData, concat(int32(1), key))),
    ]) {
      const error = thrown(decode);
      expect(error).toBeInstanceOf(RemoteProtocolError);
      expect(String(error)).toContain(`a secret key has 4 to 256 bytes, this one has ${length}`);
    }
  });

  test('a count of options that the message cannot hold is not believed', () => {
    const payload = concat(int32(3 << 16, -1), cstring('_pq_.a'));
    const error = thrown(() =>
      startup.decodeNegotiateProtocolVersion(opened('backend', BACKEND_TYPES.NegotiateProtocolVersion, payload)),
    );
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain('announces 4294967295 options and has 7 bytes for them');
  });

  test('a transaction status of another byte is the fault of the server', () => {
    const input = opened('backend', BACKEND_TYPES.ReadyForQuery, Uint8Array.of(0x69));
    expect(String(thrown(() => startup.decodeReadyForQuery(input)))).toContain('I, T or E, got byte 105');
  });
});
