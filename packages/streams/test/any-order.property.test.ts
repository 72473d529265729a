import { struct, u16, u32, utf8 } from '@millrace/codecs';
import { ConnectionLostError, nodePolicy, TransportClosedError } from '@millrace/loop-policy';
import { memoryTransportPair } from '@millrace/loop-policy/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framed, FramedError, IncompleteReadError, StreamProtocol } from '../src/index.js';
import type { Framed, StreamConnection } from '../src/index.js';
import { settle } from './memory-pair.js';

const message = struct({ id: u32, text: utf8(u16) });
type Message = typeof message extends { encode(out: never, value: infer T): void } ? T : never;

const step = fc.record({
  side: fc.nat(1),
  what: fc.constantFrom('frame', 'write', 'write', 'read', 'read', 'end', 'drain', 'close', 'abort', 'wait', 'wait'),
  size: fc.nat(200),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What may be thrown because of what was done before. */
function isExpected(error: unknown): boolean {
  if (error instanceof TransportClosedError || error instanceof ConnectionLostError) return true;
  if (error instanceof IncompleteReadError || error instanceof FramedError || error === CALLED_OFF) return true;
  return error instanceof TypeError && error.message.startsWith('expected one read at a time');
}

const CALLED_OFF = new Error('called off');

/** One end of the connection: bytes at first, perhaps values later. */
class End {
  readonly waits: Promise<unknown>[] = [];
  written = 0;
  recycled = 0;
  readonly #connection: StreamConnection;
  #framed: Framed<Message> | undefined;
  readonly #signal: AbortSignal;

  constructor(connection: StreamConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  do({ what, size }: Step): void {
    const connection = this.#connection;
    const values = this.#framed;
    const op = size % 3 === 0 ? { signal: this.#signal } : {};
    if (what === 'frame') this.#framed ??= framed(connection, message, { limitValues: 2 });
    else if (what === 'write' && values === undefined) {
      connection.writer.write(new Uint8Array(size), { recycle: () => (this.recycled += 1) });
      this.written += 1;
    } else if (what === 'write') this.#waitFor(values?.send({ id: size, text: 'x'.repeat(size) }));
    else if (what === 'read') this.#waitFor(values?.receive(op) ?? connection.reader.readExactly(size, op));
    else if (what === 'end' && values === undefined) connection.writer.writeEof();
    else if (what === 'end') values?.endSending();
    else if (what === 'drain') this.#waitFor(connection.writer.drain(op));
    else if (what === 'close') this.#waitFor((values ?? connection).close(op));
    else if (what === 'abort') (values ?? connection).abort(size % 2 === 0 ? CALLED_OFF : undefined);
  }

  abort(): void {
    this.#connection.abort();
    this.#waitFor(this.#connection.closed);
  }

  #waitFor(promise: Promise<unknown> | undefined): void {
    if (promise === undefined) return;
    this.waits.push(
      promise.catch((error: unknown) => {
        if (!isExpected(error)) throw error;
      }),
    );
  }
}

describe('connections, whatever is done with them in whatever order', () => {
  test('settle all that waits, give back all that was written, and report nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 18 }),
        fc.constantFrom('whole' as const, 1, 5),
        async (steps, chunking) => {
          await using loop = nodePolicy.newLoop();
          const uncaught: unknown[] = [];
          loop.onUncaught((error) => uncaught.push(error));
          const pair = memoryTransportPair({ loop, chunking });
          const stop = new AbortController();
          const ends = [pair.server, pair.client]
            .map((end) => end.attach(new StreamProtocol({ limitBytes: 60 })))
            .map((protocol) => new End(protocol.connection, stop.signal));
          for (const each of steps) {
            try {
              if (each.what === 'wait') await settle(loop, each.size % 4);
              else ends[each.side]?.do(each);
            } catch (error) {
              if (!isExpected(error)) throw error;
            }
          }
          stop.abort(CALLED_OFF);
          for (const end of ends) end.abort();
          for (const end of ends) await Promise.all(end.waits);
          await settle(loop);
          expect(uncaught).toEqual([]);
          for (const end of ends) expect(end.recycled).toBe(end.written);
        },
      ),
      { numRuns: 150 },
    );
  });
});
