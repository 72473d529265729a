import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import * as functionCall from '../src/messages/function-call.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from '../src/messages/names.js';
import { describeMessages, format, oid, opened, rawValue, spec, thrown, type MessageSpec } from './message-codec.js';
import { concat, int16, int32 } from './wire.js';

const call: functionCall.FunctionCall = {
  functionOid: 0x8000_0001,
  argumentFormats: [1],
  arguments: [Uint8Array.of(0, 7), null],
  resultFormat: 1,
};

const FunctionCall: MessageSpec<functionCall.FunctionCall> = {
  name: 'FunctionCall',
  bytes: '46 0000001a 80000001 0001 0001 0002 00000002 0007 ffffffff 0001',
  fields: call,
  encode: (out, { functionOid, argumentFormats, arguments: values, resultFormat }) => {
    functionCall.encodeFunctionCall(out, functionOid, argumentFormats, values, resultFormat);
  },
  decode: functionCall.decodeFunctionCall,
  arbitrary: fc
    .record({ functionOid: oid, arguments: fc.array(rawValue, { maxLength: 4 }), resultFormat: format, each: format })
    .map(({ each, ...rest }) => ({ ...rest, argumentFormats: each === 0 ? [] : rest.arguments.map(() => each) })),
  refusals: [
    ['an oid of 33 bits', { ...call, functionOid: 2 ** 32 }, /Uint32/],
    ['three formats for two arguments', { ...call, argumentFormats: [0, 1, 0] }, /0, 1 or 2 .* got 3/],
    ['an argument format that is none', { ...call, argumentFormats: [2 as 1] }, /0 or 1, got 2/],
    ['a result format that is none', { ...call, resultFormat: undefined as unknown as 1 }, /0 or 1, got undefined/],
    [
      '65536 arguments',
      { ...call, argumentFormats: [], arguments: new Array<null>(65_536).fill(null) },
      /at most 65535 values, got 65536/,
    ],
  ],
};

const response = (bytes: string, fields: Uint8Array | null): MessageSpec<Uint8Array | null> => ({
  name: 'FunctionCallResponse',
  bytes,
  fields,
  encode: functionCall.encodeFunctionCallResponse,
  decode: functionCall.decodeFunctionCallResponse,
  arbitrary: rawValue,
  refusals: [['a value that is no bytes', 5 as unknown as Uint8Array, /Uint8Array/]],
});

describeMessages('frontend', [spec(FunctionCall)]);
describeMessages('backend', [
  spec(response('56 0000000a 00000002 6869', Uint8Array.of(0x68, 0x69))),
  spec(response('56 00000008 ffffffff', null)),
]);

describe('hostile function calls', () => {
  test.each([
    ['a length of -2', [int16(0), int16(1), int32(-2), int16(0)], 'got -2'],
    ['two formats for one argument', [int16(2, 0, 0), int16(1), int32(-1), int16(0)], 'for 1 values, got 2'],
    ['a result format of 2', [int16(0), int16(0), int16(2)], 'a format code is 0 or 1, got 2'],
    ['arguments that are not there', [int16(0), int16(-1), int16(0)], 'announces 65535 values and has 2 bytes'],
  ] as const)('with %s are the fault of the client', (_, parts, expected) => {
    const payload = concat(int32(1), ...parts);
    const error = thrown(() =>
      functionCall.decodeFunctionCall(opened('frontend', FRONTEND_TYPES.FunctionCall, payload)),
    );
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain(expected);
  });

  test('a result of length -7 is the fault of the server', () => {
    const input = opened('backend', BACKEND_TYPES.FunctionCallResponse, int32(-7));
    expect(thrown(() => functionCall.decodeFunctionCallResponse(input))).toBeInstanceOf(RemoteProtocolError);
  });
});
