import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

const MEBIBYTE = 1 << 20;
/** More than a system buffers for a peer that does not read. */
const FLOOD_BYTES = 8 * MEBIBYTE;

/** Notes what it gets back, and whether that was inside a call of ours. */
class Owner {
  readonly recycled: Uint8Array[] = [];
  isInCall = false;
  cameInCall = false;

  recycle(chunk: Uint8Array): void {
    this.recycled.push(chunk);
    this.cameInCall ||= this.isInCall;
  }

  /** Runs `fn`, and notes chunks that come back before it returns. */
  during(fn: () => void): void {
    this.isInCall = true;
    fn();
    this.isInCall = false;
  }
}

/** How written chunks come back to their owners. */
export const recyclingCases: readonly ConformanceCase[] = [
  ...(['close', 'abort', 'loss'] as const).map((end): ConformanceCase => ({
    name: `recycling: each chunk comes back exactly once, never inside a call, when the connection ends by ${end}`,
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder({ onEof: () => true }), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const owner = new Owner();
      const chunks = [lab.pattern(10), new Uint8Array(0), lab.pattern(FLOOD_BYTES), lab.pattern(10), lab.pattern(1)];
      if (end !== 'close') pair.server.pauseReading();
      owner.during(() => {
        pair.client.write(chunks[0] as Uint8Array, owner);
        pair.client.writeMany(chunks.slice(1), owner);
        if (end !== 'loss') pair.client[end]();
      });
      if (end === 'loss') {
        await lab.settle(pair.loop);
        pair.server.abort();
      }
      await client.lost;
      await lab.until(pair.loop, () => owner.recycled.length >= chunks.length);
      await lab.settle(pair.loop);
      lab.equal(owner.recycled.length, chunks.length, 'chunks that came back');
      lab.check(
        chunks.every((chunk) => owner.recycled.includes(chunk)),
        'each chunk to come back as the same object',
      );
      lab.check(!owner.cameInCall, 'no chunk to come back inside a call');
    },
  })),
  {
    name: 'recycling: chunks come back in the order in which they were written',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const owner = new Owner();
      const chunks = Array.from({ length: 60 }, (_, i) => lab.pattern(i % 7 === 0 ? 0 : i * 500));
      for (const chunk of chunks) pair.client.write(chunk, owner);
      await lab.until(pair.loop, () => owner.recycled.length === chunks.length);
      lab.check(
        chunks.every((chunk, i) => chunk === owner.recycled[i]),
        'the order of writing',
      );
    },
  },
  {
    name: 'recycling: an empty chunk comes back, too, while the connection stays open',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const owner = new Owner();
      owner.during(() => {
        pair.client.write(new Uint8Array(0), owner);
      });
      await lab.until(pair.loop, () => owner.recycled.length === 1);
      lab.check(!owner.cameInCall, 'the chunk not to come back inside write()');
      lab.equal(server.byteCount, 0, 'bytes that the server received');
    },
  },
  {
    name: 'recycling: a chunk written twice comes back twice, and chunks without an owner to nobody',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const owner = new Owner();
      const chunk = lab.pattern(100);
      pair.client.write(chunk, owner);
      pair.client.write(chunk);
      pair.client.writeMany([chunk], owner);
      await server.until(() => server.byteCount === 300);
      await lab.until(pair.loop, () => owner.recycled.length >= 2);
      await lab.settle(pair.loop);
      lab.equal(owner.recycled.length, 2, 'chunks that came back');
    },
  },
  {
    name: 'recycling: each owner gets its own chunks',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const [one, two] = [new Owner(), new Owner()];
      for (let i = 0; i < 20; i++) pair.client.write(lab.pattern(i), i % 2 === 0 ? one : two);
      await lab.until(pair.loop, () => one.recycled.length + two.recycled.length === 20);
      lab.check(
        one.recycled.every((chunk) => chunk.length % 2 === 0) && two.recycled.every((chunk) => chunk.length % 2 === 1),
        'no chunk to come back to the other owner',
      );
    },
  },
  {
    name: 'recycling: memory that is written again whenever it comes back carries a long message unchanged',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(2 * MEBIBYTE);
      let at = 0;
      const owner = {
        recycle: (memory: Uint8Array): void => {
          const part = sent.subarray(at, at + memory.length);
          if (part.length === 0) return;
          at += part.length;
          memory.set(part);
          pair.client.write(part.length === memory.length ? memory : memory.subarray(0, part.length), owner);
        },
      };
      owner.recycle(new Uint8Array(10_000));
      owner.recycle(new Uint8Array(3000));
      await server.until(() => server.byteCount === sent.length);
      lab.equal(server.bytes, sent, 'what the server received');
    },
  },
];
