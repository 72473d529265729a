import { ReadBuffer } from '@millrace/read-buffer';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import {
  AUTHENTICATION_METHODS,
  BACKEND_NAMES,
  BACKEND_TYPES,
  FRONTEND_NAMES,
  FRONTEND_TYPES,
  readBackendMessageName,
  readFrontendMessageName,
} from '../src/messages/names.js';
import { layoutOf, thrown } from './message-codec.js';
import { int32, message } from './wire.js';

function framed(bytes: Uint8Array): ReadBuffer {
  const input = new ReadBuffer({ frame: layoutOf('backend') });
  input.feed(bytes);
  expect(input.takeFrame()).toBe(true);
  return input;
}

const letters = (types: Readonly<Record<string, number>>): string =>
  [...new Set(Object.values(types))]
    .map((byte) => String.fromCharCode(byte))
    .sort()
    .join('');

describe('names of messages', () => {
  test('have the type bytes of the manual', () => {
    expect(letters(FRONTEND_TYPES)).toBe('BCDEFHPQSXcdfp');
    expect(letters(BACKEND_TYPES)).toBe('123ACDEGHIKNRSTVWZcdnstv');
  });

  test.each([
    ['client', FRONTEND_NAMES, FRONTEND_TYPES, 'p'],
    ['server', BACKEND_NAMES, BACKEND_TYPES, 'R'],
  ] as const)('of a %s are found by their bytes, where a byte has one name', (_, names, types, ambiguous) => {
    expect(names).toHaveLength(256);
    for (const [name, byte] of Object.entries(types)) {
      expect(names[byte]).toBe(String.fromCharCode(byte) === ambiguous ? undefined : name);
    }
    const known = names.filter((name) => name !== undefined);
    expect(new Set(known).size).toBe(new Set(Object.values(types)).size - 1);
  });

  test('of authentication requests are found by their method', () => {
    for (const [name, method] of Object.entries(AUTHENTICATION_METHODS)) {
      expect(readBackendMessageName(framed(message('R', int32(method))))).toBe(name);
    }
  });

  test.each([1, 4, 6, 13, -1, 2 ** 31 - 1])('the authentication method %d is the fault of the server', (method) => {
    const error = thrown(() => readBackendMessageName(framed(message('R', int32(method)))));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain(`unsupported authentication method: ${method} (unknown)`);
  });

  test('an authentication request without its method is cut short', () => {
    expect(thrown(() => readBackendMessageName(framed(message('R', new Uint8Array(3)))))).toMatchObject({
      name: 'BufferUnderflowError',
    });
  });

  test.each(['PasswordMessage', 'SASLInitialResponse', 'SASLResponse', 'GSSResponse'] as const)(
    'a message of type p is %s where that is due',
    (name) => {
      const input = framed(message('p', int32(1)));
      expect(readFrontendMessageName(input, name)).toBe(name);
      expect(input.length).toBe(4);
    },
  );

  test('a message of type p is the fault of the client where nothing is due', () => {
    const error = thrown(() => readFrontendMessageName(framed(message('p', int32(1)))));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(String(error)).toContain('answers an authentication request that was not made');
  });

  test('every other byte is the fault of the peer, by its number', () => {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Uint8Array.of(byte, 0, 0, 0, 4);
      if (byte !== 0x52 && BACKEND_NAMES[byte] === undefined) {
        const error = thrown(() => readBackendMessageName(framed(bytes)));
        expect(error).toBeInstanceOf(RemoteProtocolError);
        expect(String(error)).toMatch(/no message of a server has the type byte 0x[0-9a-f]{2}$/);
      }
      if (byte !== 0x70 && FRONTEND_NAMES[byte] === undefined) {
        const error = thrown(() => readFrontendMessageName(framed(bytes), 'PasswordMessage'));
        expect(error).toBeInstanceOf(RemoteProtocolError);
        expect(String(error)).toMatch(/no message of a client has the type byte 0x[0-9a-f]{2}$/);
      }
    }
  });
});
