// Replays a golden to a machine: what its peer sent is fed in pieces, what it sent itself is asked for.
import { ReadBuffer } from '@millrace/read-buffer';
import { everySplit } from '@millrace/testkit';
import { expect } from 'vitest';
import type { Golden } from './fixtures/goldens/index.js';
import { namedMessages, type NamedMessage } from './golden-messages.js';
import { concat } from './wire.js';

/** Messages that one side of one connection sent, one after the other. */
export interface Run {
  readonly connection: number;
  readonly from: 'F' | 'B';
  readonly messages: readonly NamedMessage[];
  readonly bytes: Uint8Array;
}

/** The runs of a golden, in their order. */
export function runsOf(golden: Golden): Run[] {
  const groups: NamedMessage[][] = [];
  for (const message of namedMessages(golden)) {
    const last = groups.at(-1);
    const previous = last?.[0];
    if (previous?.from === message.from && previous.connection === message.connection) last?.push(message);
    else groups.push([message]);
  }
  return groups.flatMap((messages) => {
    const [first] = messages;
    if (first === undefined) return [];
    const { connection, from } = first;
    return [{ connection, from, messages, bytes: concat(...messages.map(({ bytes }) => bytes)) }];
  });
}

/** How to cut the runs of a conversation. */
export type Cut = (bytes: Uint8Array) => Uint8Array[];

export const whole: Cut = (bytes) => [bytes.slice()];

/**
 * Every split of every run. To split all runs of a replay at once keeps the number of replays down to that of the longest.
 */
export function everyCut(runs: readonly Pick<Run, 'bytes'>[]): Cut[] {
  const splits = new Map(runs.map(({ bytes }) => [bytes, Array.from(everySplit(bytes))]));
  const count = Math.max(...Array.from(splits.values(), ({ length }) => length));
  return Array.from({ length: count }, (_, i): Cut => {
    return (bytes) => {
      const ways = splits.get(bytes) ?? [];
      return (ways[i % ways.length] ?? []).map((chunk) => chunk.slice());
    };
  });
}

/** A buffer in the frame of a message, whose name is read. */
export function openMessage({ from, name, bytes }: NamedMessage): ReadBuffer {
  const typeBytes = from === 'F' && bytes[0] === 0 ? 0 : 1;
  const input = new ReadBuffer({
    frame: { typeBytes, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 2 ** 20 },
  });
  input.feed(bytes.slice());
  input.takeFrame();
  if (name.startsWith('Authentication')) input.readInt32();
  return input;
}

/** As `toEqual` of two byte arrays, which takes too long where there are thousands. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Compares by a text, and in full where that differs. */
export function expectSame(seen: unknown, expected: unknown): void {
  if (JSON.stringify(seen) !== JSON.stringify(expected)) expect(seen).toEqual(expected);
}
