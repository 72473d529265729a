import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IncompleteReadError, StreamLimitError, StreamReader } from '../src/index.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A peer whose bytes come only while nobody has paused it. */
class Peer {
  isPaused = false;
  #wake: (() => void) | undefined;

  pauseReading(): void {
    if (this.isPaused) throw new Error('paused twice');
    this.isPaused = true;
  }

  resumeReading(): void {
    if (!this.isPaused) throw new Error('resumed although it was not paused');
    this.isPaused = false;
    this.#wake?.();
  }

  async send(reader: StreamReader, chunks: readonly Uint8Array[], turns: readonly number[]): Promise<void> {
    for (const [i, chunk] of chunks.entries()) {
      await this.#open();
      const borrowed = Uint8Array.from(chunk);
      reader.feed(borrowed);
      borrowed.fill(0xee);
      for (let turn = turns[i % turns.length] ?? 0; turn > 0; turn--) await Promise.resolve();
    }
    await this.#open();
    reader.feedEof();
  }

  async #open(): Promise<void> {
    while (this.isPaused) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** What a read must come to, given all bytes that are left; `taken` is how many of them are gone then. */
type Outcome =
  { readonly value: unknown; readonly taken: number } | { readonly limit: true } | { readonly partial: Uint8Array };

const DELIMITERS = [';', '\r\n', '\n'] as const;

const ask = fc.record({
  kind: fc.constantFrom('read', 'exactly', 'until', 'line', 'peek', 'into', 'chunk', 'lines'),
  count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1500 })),
  delimiter: fc.constantFrom(...DELIMITERS),
  how: fc.constantFrom('wait', 'wait', 'wait', 'try', 'abort'),
  turns: fc.integer({ min: 0, max: 6 }),
});
type Ask = typeof ask extends fc.Arbitrary<infer T> ? T : never;

function untilOutcome(left: Uint8Array, delimiter: string, maxBytes: number): Outcome {
  const at = text(left).indexOf(delimiter); // all of it is ASCII
  const end = at + delimiter.length;
  if (at >= 0 && end <= maxBytes) return { value: left.slice(0, end), taken: end };
  return left.length >= maxBytes ? { limit: true } : { partial: left };
}

function lineOutcome(left: Uint8Array, maxBytes: number): Outcome {
  const at = text(left).indexOf('\n');
  if (at >= 0 && at < maxBytes) return { value: text(left.subarray(0, at)).replace(/\r$/, ''), taken: at + 1 };
  if (left.length >= maxBytes) return { limit: true };
  return left.length === 0 ? { value: undefined, taken: 0 } : { value: text(left), taken: left.length };
}

/** `undefined` where it depends on what has arrived: any bytes will do. */
function expected({ kind, count, delimiter }: Ask, left: Uint8Array): Outcome | undefined {
  switch (kind) {
    case 'exactly':
      return left.length < count ? { partial: left } : { value: left.slice(0, count), taken: count };
    case 'until':
      return untilOutcome(left, delimiter, count);
    case 'line':
    case 'lines':
      return lineOutcome(left, count);
    case 'peek':
      return { value: left.slice(0, count), taken: 0 };
    default:
      return undefined;
  }
}

async function stepOf<T>(iterator: AsyncIterableIterator<T>): Promise<T | undefined> {
  for await (const value of iterator) return value;
  return undefined;
}

function begin(reader: StreamReader, { kind, count, delimiter }: Ask, signal?: AbortSignal): Promise<unknown> {
  switch (kind) {
    case 'exactly':
      return reader.readExactly(count, { signal });
    case 'until':
      return reader.readUntil(delimiter, { maxBytes: count, signal });
    case 'line':
      return reader.readLine({ maxBytes: count, signal });
    case 'lines':
      return stepOf(reader.lines({ maxBytes: count, signal }));
    case 'peek':
      return reader.peek(count, { signal });
    case 'chunk':
      return stepOf(reader.chunks({ signal }));
    case 'into': {
      const target = new Uint8Array(count);
      return reader.readInto(target, { signal }).then((length) => target.subarray(0, length));
    }
    default:
      return reader.read(count, { signal });
  }
}

function attempt(reader: StreamReader, { kind, count, delimiter }: Ask): unknown {
  if (kind === 'exactly') return reader.tryReadExactly(count);
  if (kind === 'until') return reader.tryReadUntil(delimiter, { maxBytes: count });
  if (kind === 'line' || kind === 'lines') return reader.tryReadLine({ maxBytes: count });
  return reader.tryRead(count);
}

/** Checks what one read came to, and returns how many bytes it took. */
function judge(asked: Ask, left: Uint8Array, came: { value: unknown } | { error: unknown }): number {
  const model = asked.how === 'try' && asked.kind === 'peek' ? undefined : expected(asked, left);
  if ('error' in came) {
    if (came.error instanceof StreamLimitError) expect(model).toEqual({ limit: true });
    else if (came.error instanceof IncompleteReadError) {
      expect(model).toEqual({ partial: came.error.partial });
      return came.error.partial.length;
    } else throw came.error;
    return 0;
  }
  const { value } = came;
  if (asked.how === 'try' && value === undefined) return 0;
  if (model === undefined) {
    const bytes = (value ?? new Uint8Array(0)) as Uint8Array;
    expect(bytes.length).toBeLessThanOrEqual(asked.kind === 'chunk' && asked.how !== 'try' ? Infinity : asked.count);
    if (bytes.length === 0) expect(left).toHaveLength(0);
    expect(text(bytes)).toBe(text(left.subarray(0, bytes.length)));
    return bytes.length;
  }
  expect(model).toEqual({ value, taken: expect.any(Number) as number });
  return 'taken' in model ? model.taken : 0;
}

async function run(reader: StreamReader, asked: Ask, left: Uint8Array): Promise<number> {
  if (asked.how === 'try') {
    try {
      return judge(asked, left, { value: attempt(reader, asked) });
    } catch (error) {
      return judge(asked, left, { error });
    }
  }
  const stop = new AbortController();
  const read = begin(reader, asked, stop.signal).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const reason = new Error('enough');
  if (asked.how === 'abort') {
    for (let turn = 0; turn < asked.turns; turn++) await Promise.resolve();
    stop.abort(reason);
  }
  const came = await read;
  return 'error' in came && came.error === reason ? 0 : judge(asked, left, came);
}

const piece = fc.string({
  unit: fc.constantFrom('a', 'b', ';', '\r', '\n', '\r\n', 'long '.repeat(40)),
  maxLength: 40,
});

describe('StreamReader, against a model', () => {
  test('every read comes to what the bytes say, whatever arrives when, is called off or paused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 14 }),
        fc.array(ask, { maxLength: 25 }),
        fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 1200 }),
        async (pieces, asks, turns, limitBytes) => {
          const chunks = pieces.map((each) => new TextEncoder().encode(each));
          const all = new TextEncoder().encode(pieces.join(''));
          const peer = new Peer();
          const reader = new StreamReader(peer, { limitBytes });
          const sending = peer.send(reader, chunks, turns);
          let at = 0;
          for (const asked of asks) at += await run(reader, asked, all.subarray(at));
          for await (const chunk of reader) {
            expect(text(chunk)).toBe(text(all.subarray(at, at + chunk.length)));
            at += chunk.length;
          }
          await sending;
          expect(at).toBe(all.length);
          expect(reader.isAtEnd).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
