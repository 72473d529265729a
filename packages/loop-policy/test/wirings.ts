import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomChunks } from '@millrace/testkit';
import { nodePolicy, type Endpoint } from '../src/index.js';
import { memoryTransportPair, type Chunking } from '../src/testing.js';
import type { Wiring } from './recorder.js';

function sockets(name: string, endpoint: () => { endpoint: Endpoint; remove: () => void }): Wiring {
  return {
    name,
    connect: async (client, server) => {
      const loop = nodePolicy.newLoop();
      const made = endpoint();
      const listening = await loop.listen(() => server, made.endpoint);
      const { address } = listening;
      const accepted = new Promise<void>((resolve) => {
        const original = server.connectionMade.bind(server);
        server.connectionMade = (transport) => {
          resolve();
          original(transport);
        };
      });
      const target = address.path === undefined ? { host: address.host, port: address.port } : { path: address.path };
      await loop.connect(() => client, target);
      await accepted;
      return {
        [Symbol.asyncDispose]: async () => {
          await loop.close();
          made.remove();
        },
      };
    },
  };
}

const memory = (name: string, chunking: Chunking): Wiring => ({
  name,
  connect: (client, server) => {
    const loop = nodePolicy.newLoop();
    const pair = memoryTransportPair({ chunking, loop });
    pair.server.attach(server);
    pair.client.attach(client);
    return Promise.resolve({ [Symbol.asyncDispose]: () => loop.close() });
  },
});

/** Every way in which two protocols can be connected. */
export const wirings: readonly Wiring[] = [
  sockets('TCP', () => ({ endpoint: 'tcp://127.0.0.1:0', remove: () => {} })),
  sockets('a unix socket', () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-loop-'));
    return {
      endpoint: { path: join(dir, 'socket') },
      remove: () => {
        rmSync(dir, { recursive: true });
      },
    };
  }),
  memory('memory', 'whole'),
  memory('memory, 7 bytes at a time', 7),
  memory('memory, in random pieces', (bytes) => randomChunks(bytes, { seed: 11, maxBytes: 4096 })),
];
