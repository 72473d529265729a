import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

/** How reading is paused and resumed. */
export const readingCases: readonly ConformanceCase[] = [
  {
    name: 'reading: after pauseReading() there is no data, and after resumeReading() all of it',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.pauseReading();
      pair.server.write(lab.pattern(300_000));
      await lab.settle(pair.loop);
      lab.equal(client.events, ['connectionMade'], 'what the client heard while paused');
      pair.client.resumeReading();
      await client.until(() => client.byteCount === 300_000);
      lab.equal(client.bytes, lab.pattern(300_000), 'what the client received');
    },
  },
  {
    name: 'reading: resumeReading() does not deliver before it returns',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder({
        onData: (_chunk, transport) => {
          transport.pauseReading();
        },
      });
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      pair.client.pauseReading();
      pair.server.write(lab.pattern(10));
      await lab.settle(pair.loop);
      pair.client.resumeReading();
      lab.equal(client.events, ['connectionMade'], 'what the client heard');
      await client.until(() => client.byteCount === 10);
    },
  },
  {
    name: 'reading: paused in connectionMade it stays paused, on both sides',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const paused = {
        onMade: (transport: { pauseReading(): void }) => {
          transport.pauseReading();
        },
      };
      const [client, server] = [lab.recorder(paused), lab.recorder(paused)];
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(10));
      pair.server.write(lab.pattern(10));
      await lab.settle(pair.loop);
      lab.equal([client.byteCount, server.byteCount], [0, 0], 'bytes received while paused');
      pair.client.resumeReading();
      pair.server.resumeReading();
      await client.until(() => client.byteCount === 10);
      await server.until(() => server.byteCount === 10);
    },
  },
  {
    name: 'reading: paused in dataReceived there is nothing more until it is resumed, chunk by chunk',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder({
        onData: (_chunk, transport) => {
          transport.pauseReading();
        },
      });
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(400_000);
      pair.server.write(sent);
      while (client.byteCount < sent.length) {
        const heard = client.events.length;
        await client.until(() => client.events.length > heard || client.byteCount === sent.length);
        const before = client.events.length;
        await lab.settle(pair.loop);
        lab.equal(client.events.length, before, 'callbacks while paused');
        pair.client.resumeReading();
      }
      lab.equal(client.bytes, sent, 'what the client received');
    },
  },
  {
    name: 'reading: pausing twice takes one resumption, and resuming what is not paused does nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.resumeReading();
      pair.client.pauseReading();
      pair.client.pauseReading();
      pair.client.resumeReading();
      pair.client.resumeReading();
      pair.server.write(lab.pattern(10));
      await client.until(() => client.byteCount === 10);
      lab.equal(client.count('dataReceived') > 0, true, 'data to arrive');
    },
  },
  {
    name: 'reading: pausing and resuming in every callback loses and changes nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder({
        onData: (chunk, transport) => {
          transport.pauseReading();
          if (chunk.length % 2 === 0) transport.resumeReading();
          else
            transport.loop.callSoon(() => {
              transport.resumeReading();
            });
        },
      });
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      const sent = lab.pattern(1_000_001);
      for (let at = 0; at < sent.length; at += 12_345) pair.server.write(sent.subarray(at, at + 12_345));
      await client.until(() => client.byteCount === sent.length);
      lab.equal(client.bytes, sent, 'what the client received');
    },
  },
  {
    name: 'reading: the end of data waits, too, while reading is paused',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(10));
      pair.client.writeEof();
      await lab.settle(pair.loop);
      lab.equal(server.events, ['connectionMade'], 'what the server heard while paused');
      pair.server.resumeReading();
      lab.equal(server.events, ['connectionMade'], 'what the server heard before resumeReading() returned');
      lab.equal(await server.lost, null, 'how it ended');
      lab.equal(server.story, ['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost'], 'the order');
    },
  },
  {
    name: 'reading: paused in the last dataReceived, the end of data waits until it is resumed',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const server = lab.recorder({
        onData: (_chunk, transport) => {
          if (server.byteCount === 10) transport.pauseReading();
        },
      });
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(10));
      pair.client.close();
      await server.until(() => server.byteCount === 10);
      await lab.settle(pair.loop);
      lab.equal(server.story, ['connectionMade', 'dataReceived'], 'what the server heard while paused');
      pair.server.resumeReading();
      await server.lost;
      lab.equal(server.count('eofReceived'), 1, 'ends of data');
    },
  },
  ...(['resumeReading', 'close', 'abort'] as const).map((act): ConformanceCase => ({
    name: `reading: both ends were over while it was paused, and ${act}() brings the end`,
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder({ onEof: () => true }), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.server.writeEof();
      pair.client.writeEof();
      await lab.settle(pair.loop);
      lab.equal(server.events, ['connectionMade'], 'what the server heard while paused');
      pair.server[act]();
      lab.equal(server.events, ['connectionMade'], `what the server heard before ${act}() returned`);
      lab.equal(await server.lost, null, 'how it ended');
      const told = act === 'resumeReading' ? ['eofReceived', 'connectionLost'] : ['connectionLost'];
      lab.equal(server.events, ['connectionMade', ...told], 'what the server heard');
    },
  })),
  {
    name: 'reading: who does not read stops who writes',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.pauseReading();
      pair.client.write(lab.pattern(8 << 20));
      await lab.settle(pair.loop);
      lab.equal(client.story, ['connectionMade', 'pauseWriting'], 'what the writer heard');
      lab.check(pair.client.bufferedBytes > 65_536, 'bytes to wait while nobody reads');
      pair.server.resumeReading();
      await client.until(() => client.events.includes('resumeWriting'));
      await server.until(() => server.byteCount === 8 << 20);
    },
  },
  {
    name: 'reading: pausing or resuming while closing changes nothing, and the end comes',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(1000));
      pair.client.close();
      pair.client.pauseReading();
      pair.client.resumeReading();
      pair.client.pauseReading();
      lab.equal(await client.lost, null, 'how it ended');
      pair.client.pauseReading();
      pair.client.resumeReading();
      await server.lost;
      lab.equal(server.byteCount, 1000, 'bytes that the server received');
    },
  },
];
