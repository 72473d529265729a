import { nodePolicy, type Loop } from '@millrace/loop-policy';
import { memoryTransportPair, type MemoryTransportPairOptions } from '@millrace/loop-policy/testing';
import { StreamProtocol, type StreamConnection } from '../src/index.js';

/** A loop whose connections a test uses; what it reports fails the test when it is closed. */
export class TestLoop {
  readonly loop: Loop = nodePolicy.newLoop();
  readonly uncaught: unknown[] = [];

  constructor() {
    this.loop.onUncaught((error) => this.uncaught.push(error));
  }

  /** Two stream connections, joined in memory. */
  pair(options: Omit<MemoryTransportPairOptions, 'loop'> = {}): { client: StreamConnection; server: StreamConnection } {
    const ends = memoryTransportPair({ ...options, loop: this.loop });
    const server = ends.server.attach(new StreamProtocol()).connection;
    const client = ends.client.attach(new StreamProtocol()).connection;
    return { client, server };
  }

  /** Lets everything that is on its way within the process arrive. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise<void>((resolve) => {
        this.loop.callSoon(resolve);
      });
    }
  }

  async close(): Promise<void> {
    await this.loop.close();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.uncaught.length > 0) throw this.uncaught[0];
  }
}

/** What `promise` is rejected with; fails if it is not. */
export async function failure(promise: Promise<unknown> | undefined): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, saw ${String(value)}`);
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function decode(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** Everything that `source` gives, as text. */
export async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of source) text += decode(chunk) ?? '';
  return text;
}

/** Bytes that look different everywhere. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
}
