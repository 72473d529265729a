// What holds for every message: its bytes, both ways, whole and in pieces, cut short and hostile.
import { BufferUnderflowError, ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import { everySplit, hex } from '@millrace/testkit';
import { WriteBuffer } from '@millrace/write-buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../src/index.js';
import { readBackendMessageName, readFrontendMessageName } from '../src/messages/names.js';
import type { AuthenticationAnswerName } from '../src/messages/names.js';
import { concat, int32 } from './wire.js';

/** Who sends a message; `startup` is a client's first one, without a type byte. */
export type Sender = 'backend' | 'frontend' | 'startup';

/** One message, by the manual's name. */
export interface MessageSpec<T> {
  readonly name: string;
  /** Worked out by hand from the manual. */
  readonly bytes: string;
  readonly fields: T;
  readonly encode: (out: WriteBuffer, fields: T) => void;
  readonly decode: (input: ReadBuffer) => T;
  readonly arbitrary: fc.Arbitrary<T>;
  /** It ends with as many bytes as there are, so that a shorter one may be whole. */
  readonly isOpenEnded?: boolean;
  /** Fields that do not fit, and what the error says. */
  readonly refusals?: readonly (readonly [why: string, fields: T, error: RegExp])[];
}

/** Forgets the type of the fields, so that messages can be listed. */
export function spec<T>(message: MessageSpec<T>): MessageSpec<unknown> {
  return message as unknown as MessageSpec<unknown>;
}

/** A message without fields: there is nothing to decode. */
export interface BareSpec {
  readonly name: string;
  readonly bytes: string;
  readonly encode: (out: WriteBuffer) => void;
}

/** States what holds for the messages of `sender` that have no fields. */
export function describeBareMessages(sender: Sender, messages: readonly BareSpec[]): void {
  describe.each(messages)('$name', ({ name: messageName, bytes: digits, encode }) => {
    test('has the bytes of the manual', () => {
      expect(written(encode)).toEqual(hex(digits));
    });

    test('is known by its bytes, in every split, and has no fields', () => {
      for (const chunks of everySplit(hex(digits))) {
        const input = new ReadBuffer({ frame: layoutOf(sender) });
        for (const chunk of chunks) input.feed(chunk);
        expect(input.takeFrame()).toBe(true);
        expect(nameOf(sender, input)).toBe(messageName);
        expect(input.length).toBe(0);
      }
    });
  });
}

/** Text that a C string can hold. */
export const text: fc.Arbitrary<string> = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('', 'é', '€uro', '😀', '%s', '\u0001'))
  .map((value) => value.replaceAll('\0', ''));
export const name: fc.Arbitrary<string> = text.map((value) => (value === '' ? 'n' : value));
export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 20 });
export const rawValue: fc.Arbitrary<Uint8Array | null> = fc.option(bytes);
export const int32s: fc.Arbitrary<number> = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
export const oid: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 32 - 1 });
export const format: fc.Arbitrary<0 | 1> = fc.constantFrom(0, 1);

const SENTINEL = Uint8Array.of(1, 2, 3);
const ANSWERS: readonly string[] = ['PasswordMessage', 'SASLInitialResponse', 'SASLResponse', 'GSSResponse'];

/** The frames of a sender. */
export function layoutOf(sender: Sender): FrameLayout {
  return {
    typeBytes: sender === 'startup' ? 0 : 1,
    lengthBytes: 4,
    lengthIncludes: 'length',
    maxFrameBytes: 2 ** 31 - 1,
  };
}

/** What `encode` writes. */
export function written(encode: (out: WriteBuffer) => void): Uint8Array {
  const out = new WriteBuffer();
  out.atomic(() => {
    encode(out);
  });
  return out.view().slice();
}

/** A buffer in the frame that `payload` makes, its name read as a machine does. */
export function opened(sender: Sender, type: number, payload: Uint8Array, messageName?: string): ReadBuffer {
  const header = sender === 'startup' ? new Uint8Array(0) : Uint8Array.of(type);
  const input = new ReadBuffer({ frame: layoutOf(sender) });
  input.feed(concat(header, int32(payload.length + 4), payload));
  expect(input.takeFrame()).toBe(true);
  readName(sender, input, messageName);
  return input;
}

/** Whether `error` is one that a machine blames on its peer. */
export function isPeersFault(error: unknown): boolean {
  return error instanceof RemoteProtocolError || error instanceof BufferUnderflowError;
}

/** What `run` throws. */
export function thrown(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** States what holds for every message of `sender`. */
export function describeMessages(sender: Sender, messages: readonly MessageSpec<unknown>[]): void {
  describe.each(messages)('$name', (message) => {
    const whole = hex(message.bytes);
    const typeBytes = layoutOf(sender).typeBytes;
    const type = whole[0] ?? 0;
    const payload = whole.subarray(typeBytes + 4);
    const open = (cut: Uint8Array): ReadBuffer => opened(sender, type, cut, message.name);

    test('has the bytes of the manual', () => {
      expect(encoded(message, message.fields)).toEqual(whole);
    });

    test('is read from its bytes in every split, and keeps none of them', () => {
      for (const chunks of everySplit(whole)) {
        expect(decodeChunks(sender, message, chunks)).toEqual(message.fields);
      }
    });

    test('is the same after encoding and decoding', () => {
      fc.assert(
        fc.property(message.arbitrary, (fields) => {
          const chunk = encoded(message, fields);
          expect(decodeChunks(sender, message, [chunk])).toEqual(fields);
        }),
        { numRuns: 60 },
      );
    });

    test('cut short anywhere, is the fault of the peer', () => {
      for (let length = 0; length < payload.length; length++) {
        const error = thrown(() => {
          const input = open(payload.subarray(0, length));
          message.decode(input);
        });
        if (message.isOpenEnded !== true || error !== undefined) expect(error).toSatisfy(isPeersFault);
      }
    });

    test('leaves what follows its fields', () => {
      const input = open(concat(payload, SENTINEL));
      message.decode(input);
      expect(input.length).toBe(message.isOpenEnded === true ? 0 : SENTINEL.length);
    });

    test('of hostile bytes, is the fault of the peer or whole', () => {
      const hostile = fc.oneof(fc.uint8Array({ maxLength: 40 }), mutationsOf(payload));
      fc.assert(
        fc.property(hostile, (cut) => {
          const error = thrown(() => {
            message.decode(open(cut));
          });
          if (error !== undefined) expect(error).toSatisfy(isPeersFault);
        }),
        { numRuns: 150 },
      );
    });

    test.each(message.refusals ?? [])('with %s is refused, and nothing is written', (_, fields, expected) => {
      const out = new WriteBuffer();
      out.writeBytes(SENTINEL);
      const error = thrown(() => {
        out.atomic(() => {
          message.encode(out, fields);
        });
      });
      expect(error).toSatisfy((it) => it instanceof RangeError || it instanceof TypeError);
      expect((error as Error).message).toMatch(expected);
      expect(out.view()).toEqual(SENTINEL);
    });
  });
}

function encoded(message: MessageSpec<unknown>, fields: unknown): Uint8Array {
  return written((out) => {
    message.encode(out, fields);
  });
}

function decodeChunks(sender: Sender, message: MessageSpec<unknown>, chunks: readonly Uint8Array[]): unknown {
  const input = new ReadBuffer({ frame: layoutOf(sender) });
  let isTaken = false;
  for (const chunk of chunks) {
    expect(isTaken).toBe(false);
    input.feedBorrowed(chunk);
    isTaken = input.takeFrame();
    if (isTaken) break;
    input.endBorrow();
  }
  expect(isTaken).toBe(true);
  readName(sender, input, message.name);
  const fields = message.decode(input);
  expect(input.length).toBe(0);
  input.endBorrow();
  for (const chunk of chunks) chunk.fill(0xee); // they were borrowed
  return fields;
}

function readName(sender: Sender, input: ReadBuffer, expected: string | undefined): void {
  if (sender === 'startup') return;
  const seen = nameOf(sender, input, expected);
  // A hostile authentication request may be another one.
  if (input.type !== 0x52 && expected !== undefined) expect(seen).toBe(expected);
}

function nameOf(sender: Sender, input: ReadBuffer, expected?: string): string {
  if (sender === 'backend') return readBackendMessageName(input);
  const isAnswer = expected !== undefined && ANSWERS.includes(expected);
  return readFrontendMessageName(input, isAnswer ? (expected as AuthenticationAnswerName) : undefined);
}

/** The bytes with some of them changed, and cut or not. */
function mutationsOf(payload: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(
    fc.nat({ max: Math.max(0, payload.length - 1) }),
    fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xfe, 0xff),
  );
  return fc.tuple(fc.array(change, { maxLength: 4 }), fc.nat({ max: payload.length })).map(([changes, cut]) => {
    const mutated = new Uint8Array(payload);
    for (const [at, byte] of changes) mutated.fill(byte, at, at + 1);
    return mutated.subarray(0, payload.length - (cut % 3 === 0 ? cut : 0));
  });
}
