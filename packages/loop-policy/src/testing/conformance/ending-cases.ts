import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

const MEBIBYTE = 1 << 20;

/** How connections end: gracefully, at once, and by half. */
export const endingCases: readonly ConformanceCase[] = [
  {
    name: 'ending: close() sends what is queued, then both ends hear of an end without an error',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(4 * MEBIBYTE));
      pair.client.close();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal(server.bytes, lab.pattern(4 * MEBIBYTE), 'what the server received');
      lab.equal(server.story, ['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost'], 'the order');
    },
  },
  {
    name: 'ending: close() twice, and close() after the end, do nothing more',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.close();
      pair.client.close();
      lab.equal(client.events, ['connectionMade'], 'what was called before close() returned');
      await client.lost;
      pair.client.close();
      pair.client.abort(new Error('too late'));
      await lab.settle(pair.loop);
      lab.equal(client.events, ['connectionMade', 'connectionLost'], 'what the client heard');
    },
  },
  {
    name: 'ending: after close() there is no data and no end of data, and what still comes resets nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.write(lab.pattern(MEBIBYTE));
      pair.client.write(lab.pattern(100_000));
      pair.client.close();
      pair.server.write(lab.pattern(MEBIBYTE));
      lab.equal(await client.lost, null, 'how it ended for the client');
      await server.lost;
      lab.equal(client.count('dataReceived') + client.count('eofReceived'), 0, 'data and ends of data at the client');
      lab.equal(server.bytes, lab.pattern(100_000), 'what the server received');
    },
  },
  {
    name: 'ending: close() waits for a peer that does not read yet',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(8 * MEBIBYTE));
      pair.client.close();
      await lab.settle(pair.loop);
      lab.check(!client.isLost, 'the connection to be open while bytes wait');
      lab.check(pair.client.bufferedBytes > 0, 'bytes to wait');
      pair.server.resumeReading();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal(server.byteCount, 8 * MEBIBYTE, 'bytes that the server received');
    },
  },
  {
    name: 'ending: close() comes to an end although the peer keeps its side open',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder({ onEof: () => true })];
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(10));
      pair.client.close();
      lab.equal(await client.lost, null, 'how it ended for the client');
      lab.equal(server.byteCount, 10, 'bytes that the server received');
    },
  },
  {
    name: 'ending: abort(error) discards what is queued, and tells its error once, not before it returns',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(8 * MEBIBYTE));
      await lab.settle(pair.loop);
      const reason = new Error('enough');
      pair.client.abort(reason);
      pair.client.abort(new Error('again'));
      pair.client.close();
      lab.check(!client.isLost, 'connectionLost not to be called before abort() returns');
      lab.check((await client.lost) === reason, 'connectionLost to be told the error of the first abort()');
      pair.server.resumeReading();
      await server.lost;
      lab.check(server.byteCount < 8 * MEBIBYTE, 'what was queued to be discarded');
      await lab.settle(pair.loop);
      lab.equal([client.count('connectionLost'), server.count('connectionLost')], [1, 1], 'ends told');
    },
  },
  {
    name: 'ending: abort() without an error tells null',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.abort();
      lab.equal(await client.lost, null, 'what connectionLost was told');
      await server.lost;
    },
  },
  {
    name: 'ending: abort(error) while closing cuts the rest off, and tells its error',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(8 * MEBIBYTE));
      pair.client.close();
      await lab.settle(pair.loop);
      const reason = new Error('no more patience');
      pair.client.abort(reason);
      lab.check((await client.lost) === reason, 'connectionLost to be told the error');
      pair.server.abort();
      await server.lost;
    },
  },
  ...(['close', 'abort', 'writeEof'] as const).map((end): ConformanceCase => ({
    name: `ending: write and writeMany after ${end}() throw TransportClosedError, and the chunk stays the caller’s`,
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder({ onEof: () => true })];
      const pair = await lab.connectPair(client, server);
      const recycled: Uint8Array[] = [];
      const owner = { recycle: (chunk: Uint8Array) => recycled.push(chunk) };
      pair.client[end]();
      lab.equal(pair.client.isClosing, end !== 'writeEof', 'isClosing');
      lab.throws(
        () => {
          pair.client.write(lab.pattern(1), owner);
        },
        'TransportClosedError',
        'write to throw',
      );
      lab.throws(
        () => {
          pair.client.writeMany([lab.pattern(1)], owner);
        },
        'TransportClosedError',
        'writeMany to throw',
      );
      pair.server.abort();
      await client.lost;
      lab.throws(
        () => {
          pair.client.write(lab.pattern(1), owner);
        },
        'TransportClosedError',
        'write to throw at the end',
      );
      await lab.settle(pair.loop);
      lab.equal([recycled.length, server.byteCount], [0, 0], 'chunks recycled, and bytes received');
    },
  })),
  {
    name: 'ending: writeEof() sends what is queued and the end of data, and the answer still arrives',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.recorder({ onEof: () => true });
      const pair = await lab.connectPair(client, server);
      pair.client.setWriteWatermarks({ highWaterBytes: MEBIBYTE, lowWaterBytes: 0 });
      pair.client.write(lab.pattern(MEBIBYTE));
      pair.client.writeEof();
      pair.client.writeEof();
      await server.until(() => server.events.includes('eofReceived'));
      lab.equal(server.byteCount, MEBIBYTE, 'bytes before the end of data');
      await lab.settle(pair.loop);
      lab.check(!server.isLost && !client.isLost, 'the connection to be open in one direction');
      pair.server.write(lab.pattern(MEBIBYTE));
      await client.until(() => client.byteCount === MEBIBYTE);
      pair.server.close();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal(client.story, ['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost'], 'the order');
    },
  },
  {
    name: 'ending: writeEof() while closing and after the end does nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(10));
      pair.client.close();
      pair.client.writeEof();
      lab.equal(await client.lost, null, 'how it ended');
      pair.client.writeEof();
      await server.lost;
      lab.equal(server.byteCount, 10, 'bytes that the server received');
    },
  },
  {
    name: 'ending: eofReceived that does not return true closes, after what it wrote is sent',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder({ onEof: () => true });
      const server = lab.recorder({
        onEof: () => {
          server.transport.write(lab.pattern(2 * MEBIBYTE));
          return undefined;
        },
      });
      const pair = await lab.connectPair(client, server);
      pair.client.writeEof();
      await client.until(() => client.events.includes('eofReceived'));
      lab.equal(client.bytes, lab.pattern(2 * MEBIBYTE), 'what was written in eofReceived');
      lab.check(pair.server.isClosing, "the server's transport to be closing");
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
    },
  },
  {
    name: 'ending: writeEof() on both sides ends the connection without an error',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const keep = { onEof: () => true };
      const [client, server] = [lab.recorder(keep), lab.recorder(keep)];
      const pair = await lab.connectPair(client, server);
      pair.client.writeEof();
      await server.until(() => server.events.includes('eofReceived'));
      pair.server.write(lab.pattern(100));
      pair.server.writeEof();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal([client.byteCount, client.count('eofReceived')], [100, 1], 'bytes and ends of data at the client');
    },
  },
  {
    name: 'ending: writeEof() on both sides at the same time ends the connection without an error',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const keep = { onEof: () => true };
      const [client, server] = [lab.recorder(keep), lab.recorder(keep)];
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(1000));
      pair.server.write(lab.pattern(1000));
      pair.client.writeEof();
      pair.server.writeEof();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal([client.byteCount, server.byteCount], [1000, 1000], 'bytes received');
    },
  },
  {
    name: 'ending: close() on both sides at the same time ends the connection without an error',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.close();
      pair.server.close();
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal([client.events, server.events].flat().includes('eofReceived'), false, 'an end of data to be told');
    },
  },
  {
    name: 'ending: who still writes hears of the loss as a ConnectionLostError with its cause',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder({ onEof: () => true }), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(8 * MEBIBYTE));
      await lab.settle(pair.loop);
      pair.server.abort();
      const error = await client.lost;
      lab.equal(error?.name, 'ConnectionLostError', 'the error of connectionLost');
      lab.check(error?.cause instanceof Error, 'the error to have its cause');
      lab.check(pair.client.isClosing, 'isClosing after the loss');
    },
  },
  {
    name: 'ending: bufferedBytes is nothing at first, and at the end, however it came',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      for (const end of ['close', 'abort'] as const) {
        const [client, server] = [lab.recorder(), lab.recorder()];
        const pair = await lab.connectPair(client, server);
        lab.equal(pair.client.bufferedBytes, 0, 'bytes that wait at first');
        pair.client.write(lab.pattern(MEBIBYTE));
        pair.client[end]();
        await client.lost;
        lab.equal(pair.client.bufferedBytes, 0, `bytes that wait after ${end}()`);
      }
    },
  },
  {
    name: 'ending: a connection that is made and closed at once by the server ends for the client, too',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [
        lab.recorder(),
        lab.recorder({
          onMade: (transport) => {
            transport.close();
          },
        }),
      ];
      await lab.connectPair(client, server);
      lab.equal(await Promise.all([client.lost, server.lost]), [null, null], 'how it ended');
      lab.equal(client.story, ['connectionMade', 'eofReceived', 'connectionLost'], 'what the client heard');
    },
  },
  {
    name: 'ending: two hundred connections made and ended leave none behind',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      for (let i = 0; i < 200; i++) {
        const client = lab.recorder();
        await loop.connect(() => client, lab.endpointOf(server));
        if (i % 3 === 0) client.transport.abort();
        else client.transport.close();
        await client.lost;
      }
      await lab.until(loop, () => server.connectionCount === 0);
      lab.equal(loop.metrics().openConnections, 0, 'open connections');
      lab.equal(loop.metrics().totalConnections, 400, 'connections in total');
    },
  },
];
