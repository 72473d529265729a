import { ReadBuffer } from '@millrace/read-buffer';
import { randomChunks } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import {
  BACKEND_LENGTHS,
  checkBackendLength,
  checkFrontendLength,
  checkPendingLength,
  FRONTEND_LENGTHS,
} from '../src/messages/lengths.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from '../src/messages/names.js';
import { layoutOf, thrown } from './message-codec.js';
import { concat, int32, message, utf8 } from './wire.js';

const LAYOUT = layoutOf('backend');
const MOST = 2 ** 31 - 1;

const sides = [
  ['server', checkBackendLength, BACKEND_LENGTHS, { Authentication: 0x52, ...BACKEND_TYPES }],
  ['client', checkFrontendLength, FRONTEND_LENGTHS, { AuthenticationAnswer: 0x70, ...FRONTEND_TYPES }],
] as const;

describe.each(sides)('the lengths of a %s', (side, check, lengths, types) => {
  const typeOf = (name: string): number => (types as Readonly<Record<string, number>>)[name] ?? -1;

  test.each(Object.entries(lengths))('hold %s to its range', (name, [least, most]) => {
    const type = typeOf(name);
    expect(least).toBeGreaterThanOrEqual(4);
    for (const length of [least, most]) {
      check(type, length); // does not throw
    }
    for (const length of [least - 1, most + 1, -1, NaN]) {
      const error = thrown(() => {
        check(type, length);
      });
      expect(error).toBeInstanceOf(RemoteProtocolError);
      const range = least === most ? `the length ${least}` : `a length from ${least} to ${most}`;
      expect((error as Error).message).toBe(`${name} has ${range}, this one says ${length}`);
    }
  });

  test('are known of every type, and of no other byte', () => {
    const known = new Set<number>(Object.values(types));
    for (let type = 0; type < 256; type++) {
      const error = thrown(() => {
        check(type, -1);
      }) as Error;
      const isKnown = known.has(type);
      expect(error.message.startsWith(`no message of a ${side} has the type byte 0x`)).toBe(!isKnown);
    }
  });
});

test('limits are those of libpq and of the server', () => {
  const most = (name: keyof typeof BACKEND_LENGTHS): number => BACKEND_LENGTHS[name][1];
  for (const name of ['DataRow', 'CopyData', 'RowDescription', 'ErrorResponse', 'NoticeResponse'] as const) {
    expect(most(name)).toBe(MOST);
  }
  for (const name of ['ParameterStatus', 'CommandComplete', 'CopyInResponse'] as const) expect(most(name)).toBe(30_000);
  expect(most('ReadyForQuery')).toBe(5);
  expect(most('ParseComplete')).toBe(4);
  expect(FRONTEND_LENGTHS.Query[1]).toBe(2 ** 30 - 2);
  expect(FRONTEND_LENGTHS.Describe[1]).toBe(10_000);
  expect(FRONTEND_LENGTHS.AuthenticationAnswer[1]).toBe(65_535);
});

describe('a header whose message is not there yet', () => {
  const pending = (...chunks: Uint8Array[]): ReadBuffer => {
    const input = new ReadBuffer({ frame: LAYOUT });
    for (const chunk of chunks) input.feed(chunk);
    return input;
  };

  test('is refused before its message is waited for', () => {
    const input = pending(message('Z', utf8('I')), utf8('Z'), int32(1_000_000));
    expect(input.takeFrame()).toBe(true);
    expect(input.takeFrame()).toBe(false);
    expect(() => checkPendingLength(input, LAYOUT, checkBackendLength)).toThrow(
      'ReadyForQuery has the length 5, this one says 1000000',
    );
    expect(input.bufferedBytes).toBe(5); // and it stays where it was
  });

  test('is not judged before it is whole', () => {
    const header = concat(utf8('Z'), int32(99));
    for (let length = 0; length < header.length; length++) {
      const input = pending(header.subarray(0, length));
      expect(input.takeFrame()).toBe(false);
      expect(checkPendingLength(input, LAYOUT, checkBackendLength)).toBe(false);
    }
  });

  test('changes nothing for the frames after it, wherever the chunks were cut', () => {
    const payloads = [utf8('first'), new Uint8Array(0), new Uint8Array(3000).fill(7), utf8('last')];
    const stream = concat(...payloads.map((payload) => message('d', payload)));
    for (let seed = 0; seed < 30; seed++) {
      const input = new ReadBuffer({ frame: LAYOUT });
      const seen: Uint8Array[] = [];
      for (const chunk of randomChunks(stream, { seed, maxBytes: 1 + 40 * seed })) {
        input.feedBorrowed(chunk);
        while (input.takeFrame()) seen.push(input.readBytes(input.length));
        checkPendingLength(input, LAYOUT, checkBackendLength);
        input.endBorrow();
        chunk.fill(0xee);
      }
      expect(seen, `seed ${seed}`).toEqual(payloads);
      expect(input.bufferedBytes).toBe(0);
    }
  });

  test('costs no copies when it is judged again and again', () => {
    const copiedBytes = (judge: (input: ReadBuffer) => void): number => {
      const input = new ReadBuffer({ frame: LAYOUT });
      for (const chunk of randomChunks(message('d', new Uint8Array(50_000)), { seed: 1, maxBytes: 999 })) {
        input.feedBorrowed(chunk);
        if (!input.takeFrame()) judge(input);
        input.endBorrow();
      }
      return input.stats.copiedBytes;
    };
    const plain = copiedBytes(() => undefined);
    const judged = copiedBytes((input) => void checkPendingLength(input, LAYOUT, checkBackendLength));
    expect(judged).toBeLessThan(1.1 * plain);
  });
});
