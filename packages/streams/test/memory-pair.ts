import { nodePolicy, type Loop } from '@millrace/loop-policy';
import { memoryTransportPair, type Chunking } from '@millrace/loop-policy/testing';
import { StreamProtocol, type StreamConnection, type StreamOptions } from '../src/index.js';

/** Two connections of streams that are each other's peer, in memory. */
export interface StreamPair extends AsyncDisposable {
  readonly client: StreamConnection;
  readonly server: StreamConnection;
  readonly loop: Loop;
}

export function makePair(options: StreamOptions = {}, chunking: Chunking = 'whole'): StreamPair {
  const loop = nodePolicy.newLoop();
  const pair = memoryTransportPair({ loop, chunking });
  return {
    loop,
    server: pair.server.attach(new StreamProtocol(options)).connection,
    client: pair.client.attach(new StreamProtocol(options)).connection,
    [Symbol.asyncDispose]: () => loop.close(),
  };
}

/** Resolves after everything that is ready now has been delivered, several times over. */
export async function settle(loop: Loop, turns = 30): Promise<void> {
  for (let i = 0; i < turns; i++) {
    await new Promise<void>((resolve) => {
      loop.callSoon(resolve);
    });
  }
}

export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
