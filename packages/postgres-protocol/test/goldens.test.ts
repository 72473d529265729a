import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import {
  BACKEND_TYPES,
  FRONTEND_TYPES,
  readBackendMessageName,
  readFrontendMessageName,
  type AuthenticationAnswerName,
} from '../src/messages/names.js';
import { GOLDENS } from './fixtures/goldens/index.js';
import { namedMessages, type NamedMessage } from './golden-messages.js';
import { BACKEND_TRANSCODERS, FRONTEND_TRANSCODERS, type Transcoder } from './transcoders.js';

/** Messages of the manual's chapter that no golden has, and why. */
const NOT_IN_GOLDENS: Readonly<Record<string, string>> = {
  AuthenticationKerberosV5: 'no server since PostgreSQL 9.3 sends it',
  AuthenticationGSS: 'needs Kerberos',
  AuthenticationGSSContinue: 'needs Kerberos or SSPI',
  AuthenticationSSPI: 'needs a server on Windows',
  GSSResponse: 'needs Kerberos or SSPI',
};

const UNTYPED = ['StartupMessage', 'SSLRequest', 'GSSENCRequest', 'CancelRequest'];
const isUntyped = ({ name }: NamedMessage): boolean => UNTYPED.includes(name);

/** A buffer in the frame of a message. */
function open(message: NamedMessage): ReadBuffer {
  const typeBytes = isUntyped(message) ? 0 : 1;
  const input = new ReadBuffer({
    frame: { typeBytes, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 2 ** 20 },
  });
  input.feed(message.bytes.slice());
  expect(input.takeFrame()).toBe(true);
  expect(input.bufferedBytes).toBe(input.payloadLength);
  return input;
}

function transcode(message: NamedMessage): Uint8Array {
  const input = open(message);
  const out = new WriteBuffer();
  if (message.from === 'B') expect(readBackendMessageName(input)).toBe(message.name);
  else if (!isUntyped(message)) expect(frontendName(input, message)).toBe(message.name);
  transcoderOf(message)(input, out);
  expect(input.length).toBe(0);
  return out.take();
}

const frontendName = (input: ReadBuffer, { name }: NamedMessage): string =>
  readFrontendMessageName(input, name as AuthenticationAnswerName);

function transcoderOf({ from, name }: NamedMessage): Transcoder {
  const transcoders: Readonly<Record<string, Transcoder>> = from === 'F' ? FRONTEND_TRANSCODERS : BACKEND_TRANSCODERS;
  const transcoder = transcoders[name];
  if (transcoder === undefined) throw new Error(`nothing decodes and encodes ${name}`);
  return transcoder;
}

const all = GOLDENS.flatMap((golden) => namedMessages(golden));

describe.each(GOLDENS)('PostgreSQL $major: $name', (golden) => {
  test('each message is decoded whole, and encoded to the bytes that it came as', () => {
    const messages = namedMessages(golden).filter(({ name }) => name !== 'answer');
    for (const message of messages) expect(transcode(message)).toEqual(message.bytes);
  });
});

describe('the goldens', () => {
  test('have each message of the manual, apart from those that these servers cannot be made to send or ask for', () => {
    const seen = new Set(all.map(({ from, name }) => `${from} ${name}`));
    const known = [
      ...[...UNTYPED, ...Object.keys(FRONTEND_TYPES)].map((name) => `F ${name}`),
      ...Object.keys(BACKEND_TYPES).map((name) => `B ${name}`),
    ];
    const missing = known.filter((name) => !seen.has(name)).map((name) => name.slice(2));
    expect(missing.sort()).toEqual(Object.keys(NOT_IN_GOLDENS).sort());
  });

  test('are of both servers, and of the same conversations but for a key that only one of them has', () => {
    const namesOf = (major: number): string[] => GOLDENS.filter((golden) => golden.major === major).map((g) => g.name);
    expect(namesOf(18)).toEqual(expect.arrayContaining(namesOf(13)));
    expect(namesOf(18).filter((name) => !namesOf(13).includes(name))).toEqual([
      'a query that is cancelled with a long key',
    ]);
  });
});
