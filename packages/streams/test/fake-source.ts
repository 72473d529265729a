import { StreamReader, type StreamReaderOptions } from '../src/index.js';

/** What a reader asks of its transport, written down. */
export class FakeSource {
  readonly calls: string[] = [];

  pauseReading(): void {
    this.calls.push('pause');
  }

  resumeReading(): void {
    this.calls.push('resume');
  }
}

/** A reader, what it asked of its source, and a way to bring it bytes whose memory is not left to it. */
export function makeReader(options?: StreamReaderOptions): {
  reader: StreamReader;
  source: FakeSource;
  arrive: (bytes: string | Uint8Array) => void;
} {
  const source = new FakeSource();
  const reader = new StreamReader(source, options);
  const arrive = (bytes: string | Uint8Array): void => {
    const chunk = typeof bytes === 'string' ? encode(bytes) : Uint8Array.from(bytes);
    reader.feed(chunk);
    chunk.fill(0xee);
  };
  return { reader, source, arrive };
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

/** What became of a promise so far: after all microtasks that are due. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let seen: unknown = 'pending';
  promise.then(
    (value) => {
      seen = value;
    },
    (error: unknown) => {
      seen = error;
    },
  );
  for (let i = 0; i < 20; i++) await Promise.resolve();
  return seen;
}
