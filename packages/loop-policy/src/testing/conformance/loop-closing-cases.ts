import type { Loop } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';

/** How a loop ends. */
export const loopClosingCases: readonly ConformanceCase[] = [
  {
    name: 'loop: close() loses all connections without an error, and closes all servers, before it resolves',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const { loop } = await lab.connectPair(client, server);
      await loop.close();
      lab.equal([client.isLost, server.isLost], [true, true], 'who lost its connection');
      lab.equal(await client.lost, null, "the client's error");
      lab.equal(pickOpen(loop), [0, 2, 0], 'connections that are open, those there ever were, and servers');
    },
  },
  {
    name: 'loop: close() ends connections to servers of other loops',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [mine, other] = [lab.newLoop(), lab.newLoop()];
      const [client, server] = [lab.recorder(), lab.recorder()];
      const listener = await lab.listen(other, () => server);
      await mine.connect(() => client, lab.endpointOf(listener));
      await mine.close();
      lab.equal(client.isLost, true, 'whether the connection was lost');
      lab.equal(await client.lost, null, 'the error');
      await server.lost;
      await lab.until(other, () => other.metrics().openConnections === 0);
    },
  },
  {
    name: 'loop: close() may be called again, and is what `await using` does',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      await Promise.all([loop.close(), loop.close()]);
      await loop[Symbol.asyncDispose]();
      const other = lab.newLoop();
      await other[Symbol.asyncDispose]();
      lab.throws(() => other.callLater(0, () => undefined), 'LoopClosedError', 'callLater on a disposed loop');
    },
  },
  {
    name: 'loop: a closed loop refuses to schedule, connect and listen',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      await loop.close();
      const nothing = (): void => undefined;
      const recorder = (): never => lab.skip('a factory was called on a closed loop');
      lab.throws(() => loop.callLater(1, nothing), 'LoopClosedError', 'callLater on a closed loop');
      lab.throws(() => { loop.callSoon(nothing); }, 'LoopClosedError', 'callSoon on a closed loop'); // prettier-ignore
      const endpoint = { host: '127.0.0.1', port: 1 };
      await lab.rejects(loop.connect(recorder, endpoint), 'LoopClosedError', 'connect on a closed loop');
      await lab.rejects(loop.listen(recorder, endpoint), 'LoopClosedError', 'listen on a closed loop');
      await lab.rejects(loop.openDatagram(recorder), 'LoopClosedError', 'openDatagram on a closed loop');
    },
  },
  {
    name: 'loop: what was scheduled before close() still runs, and can schedule nothing more',
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const ran: string[] = [];
      loop.callSoon(() => {
        ran.push('soon');
        lab.throws(() => loop.callLater(0, () => undefined), 'LoopClosedError', 'callLater after close()');
      });
      loop.callLater(1, () => ran.push('later'));
      await loop.close();
      const other = lab.newLoop();
      await lab.until(other, () => ran.length === 2);
      await lab.settle(other);
      lab.equal(ran, ['soon', 'later'], 'what ran');
    },
  },
  {
    name: 'loop: close() rejects what is being connected',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [mine, other] = [lab.newLoop(), lab.newLoop()];
      const server = await lab.listen(other, () => lab.recorder());
      const connecting = mine.connect(() => lab.recorder(), lab.endpointOf(server));
      const closing = mine.close();
      await lab.rejects(connecting, 'LoopClosedError', 'connect while the loop is closed');
      await closing;
      await lab.settle(other);
    },
  },
  {
    name: 'loop: close() inside a callback brings no more data',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      let closing: Promise<void> | undefined;
      const server = lab.recorder({
        onData: (_, transport) => {
          closing ??= transport.loop.close();
        },
      });
      const other = lab.newLoop();
      const listener = await lab.listen(lab.newLoop(), () => server);
      const { transport } = await other.connect(() => lab.recorder(), lab.endpointOf(listener));
      for (let i = 0; i < 5; i++) transport.write(lab.pattern(100_000));
      await server.lost;
      await closing;
      lab.equal(server.count('dataReceived'), 1, 'how often there was data');
      lab.equal(server.count('connectionLost'), 1, 'how often the connection was lost');
    },
  },
  {
    name: 'loop: close() leaves other loops alone',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const pair = await lab.connectPair(client, lab.recorder({ onData: (chunk, transport) => { transport.write(chunk); } })); // prettier-ignore
      await lab.newLoop().close();
      pair.client.write(lab.pattern(10));
      await client.until(() => client.byteCount === 10);
    },
  },
];

/** Connections that are open, those there ever were, and servers. */
export function pickOpen(loop: Loop): number[] {
  const { openConnections, totalConnections, openServers } = loop.metrics();
  return [openConnections, totalConnections, openServers];
}
