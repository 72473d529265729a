import type { Transport } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import type { Recorder } from './recorder.js';

const MEBIBYTE = 1 << 20;

/** More than the system takes while the peer does not read. */
const STUCK_BYTES = 16 * MEBIBYTE;

interface Requested {
  readonly recorder: Recorder;
  readonly requests: string[];
}

/** A recorder that is asked to finish, and what it was asked. */
function finisher(lab: Lab, onRequest: (transport: Transport) => void = () => undefined, isWhole = true): Requested {
  const requests: string[] = [];
  const recorder = lab.recorder({ isWhole });
  const closeRequested = (): void => {
    requests.push('closeRequested');
    onRequest(recorder.transport);
  };
  return { recorder: Object.assign(recorder, { closeRequested }), requests };
}

/** How servers close. */
export const serverCloseCases: readonly ConformanceCase[] = [
  {
    name: 'server: close() without connections resolves with an empty report, and refuses who comes then',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      const report = await server.close();
      lab.equal(report, { drained: 0, cut: 0, cutPeers: [] }, 'the report');
      const late = loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.rejects(late, 'ConnectError', 'a connection that comes too late');
    },
  },
  {
    name: 'server: close() closes the transports of protocols without closeRequested, and sends what is queued',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.server.write(lab.pattern(4 * MEBIBYTE));
      const report = await pair.listener.close();
      lab.equal(report, { drained: 1, cut: 0, cutPeers: [] }, 'the report');
      lab.equal(await pair.listener.closed, report, 'what `closed` resolves with');
      lab.equal(await client.lost, null, 'how it ended');
      lab.equal(client.bytes, lab.pattern(4 * MEBIBYTE), 'what the client received');
    },
  },
  {
    name: 'server: close() asks protocols with closeRequested once, and lets them finish by themselves',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const { recorder, requests } = finisher(lab);
      const pair = await lab.connectPair(client, recorder);
      const closed = pair.listener.close();
      void pair.listener.close();
      await lab.settle(pair.loop);
      lab.equal(requests, ['closeRequested'], 'what the protocol was asked');
      lab.equal(pair.server.isClosing, false, 'whether its transport is closing');
      pair.client.write(lab.pattern(1000));
      await recorder.until(() => recorder.byteCount === 1000);
      pair.server.write(lab.pattern(10));
      pair.server.close();
      lab.equal(await closed, { drained: 1, cut: 0, cutPeers: [] }, 'the report');
      lab.equal(client.bytes, lab.pattern(10), 'what the client received');
    },
  },
  {
    name: 'server: closeRequested goes to the protocol that the connection has by then',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const first = finisher(lab, undefined, false);
      const second = finisher(
        lab,
        () => {
          first.recorder.transport.close();
        },
        false,
      );
      const pair = await lab.connectPair(lab.recorder(), first.recorder);
      pair.server.setProtocol(second.recorder);
      await pair.listener.close();
      lab.equal([first.requests, second.requests], [[], ['closeRequested']], 'who was asked');
    },
  },
  {
    name: 'server: closeRequested is not called on a transport that is closing already',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const { recorder, requests } = finisher(lab);
      const pair = await lab.connectPair(lab.recorder(), recorder);
      pair.server.close();
      const report = await pair.listener.close();
      lab.equal(requests, [], 'what the protocol was asked');
      lab.equal(report.cut, 0, 'how many were cut');
    },
  },
  {
    name: 'server: a protocol that throws in closeRequested loses its own connection, and is reported once',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('not now');
      const faulty = finisher(lab, () => {
        throw failure;
      });
      const sound = finisher(lab, (transport) => {
        transport.write(lab.pattern(10));
        transport.close();
      });
      const protocols = [faulty.recorder, sound.recorder];
      const server = await lab.listen(loop, () => protocols.shift() ?? lab.recorder());
      const clients = [lab.recorder(), lab.recorder()];
      for (const client of clients) await loop.connect(() => client, lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 2);
      await server.close();
      lab.equal(lab.uncaught(loop), [failure], 'what the loop reported');
      lab.equal(await faulty.recorder.lost, failure, 'how it ended for the one that threw');
      lab.equal(await sound.recorder.lost, null, 'how it ended for the other one');
      await clients[1]?.lost;
      lab.equal(clients[1]?.bytes, lab.pattern(10), 'what its client received');
    },
  },
  {
    name: 'server: close() cuts who has not sent everything when the grace period ends, and says whom',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      pair.client.pauseReading();
      pair.server.write(lab.pattern(STUCK_BYTES));
      await lab.settle(pair.loop);
      const report = await pair.listener.close({ graceMs: 20 });
      lab.equal([report.drained, report.cut], [0, 1], 'how many were drained and cut');
      lab.equal(report.cutPeers[0]?.remotePort, pair.client.info.localPort, 'whose connection was cut');
      lab.equal(await server.lost, null, 'how it ended for the server');
      pair.client.resumeReading();
      await client.lost;
    },
  },
  {
    name: 'server: close() cuts who was asked to finish and does not, and nobody else',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const slow = finisher(lab);
      const quick = finisher(lab, (transport) => {
        transport.close();
      });
      const protocols = [slow.recorder, quick.recorder];
      const server = await lab.listen(loop, () => protocols.shift() ?? lab.recorder());
      const slowClient = await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 2);
      const report = await server.close({ graceMs: 30 });
      lab.equal([report.drained, report.cut], [1, 1], 'how many were drained and cut');
      const ports = report.cutPeers.map((peer) => peer.remotePort);
      lab.equal(ports, [slowClient.transport.info.localPort], 'whose connection was cut');
    },
  },
  {
    name: 'server: one that has sent what it owed, and waits for the end of its peer, is not counted as cut',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder({ onEof: () => true });
      const server = lab.recorder();
      const pair = await lab.connectPair(client, server);
      pair.server.write(lab.pattern(1000));
      const closed = pair.listener.close({ graceMs: 50 });
      lab.equal(await closed, { drained: 1, cut: 0, cutPeers: [] }, 'the report');
      await client.until(() => client.byteCount === 1000);
      pair.client.close();
    },
  },
  {
    name: 'server: close({ graceMs: 0 }) cuts at once',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const { recorder } = finisher(lab);
      const pair = await lab.connectPair(lab.recorder(), recorder);
      const report = await pair.listener.close({ graceMs: 0 });
      lab.equal([report.drained, report.cut], [0, 1], 'how many were drained and cut');
    },
  },
  {
    name: 'server: a further close() with a shorter grace period counts, and gets the same report',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const { recorder } = finisher(lab);
      const pair = await lab.connectPair(lab.recorder(), recorder);
      const closing = [
        pair.listener.close({ graceMs: Infinity }),
        pair.listener.close({ graceMs: 3_600_000 }),
        pair.listener.close({ graceMs: 20 }),
      ];
      const [first, ...others] = await Promise.all(closing);
      lab.equal(first?.cut, 1, 'how many were cut');
      for (const other of others) lab.equal(other, first, 'the report of a further call');
    },
  },
  {
    name: 'server: a further close() with a longer grace period changes nothing',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const { recorder } = finisher(lab);
      const pair = await lab.connectPair(lab.recorder(), recorder);
      const closed = pair.listener.close({ graceMs: 20 });
      void pair.listener.close({ graceMs: Infinity });
      lab.equal((await closed).cut, 1, 'how many were cut');
    },
  },
  {
    name: 'server: close() refuses a grace period that is none, and goes on',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => lab.recorder());
      for (const graceMs of [-1, NaN]) {
        await lab.rejects(server.close({ graceMs }), 'RangeError', `a grace period of ${graceMs} ms`);
      }
      await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 1);
    },
  },
  {
    name: 'server: close() resolves after the last connectionLost, when its count is 0',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const accepted: Recorder[] = [];
      const server = await lab.listen(loop, () => {
        const recorder = lab.recorder();
        accepted.push(recorder);
        return recorder;
      });
      for (let i = 0; i < 10; i++) await loop.connect(() => lab.recorder(), lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 10);
      for (const recorder of accepted.slice(0, 3)) recorder.transport.pauseReading();
      for (const recorder of accepted.slice(3, 6)) recorder.transport.abort();
      const report = await server.close({ graceMs: 30 });
      lab.equal(accepted.filter((recorder) => !recorder.isLost).length, 0, 'how many had not ended');
      lab.equal([server.connectionCount, report.cut], [0, 0], 'what is open, and how many were cut');
    },
  },
  {
    name: 'server: close() inside a callback of one of its connections lets that one finish its callback',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const client = lab.recorder();
      const reports: unknown[] = [];
      const server = lab.recorder({
        onData: (_, transport) => {
          void pair.listener.close().then((report) => reports.push(report));
          if (!transport.isClosing) transport.write(lab.pattern(10));
        },
      });
      const pair = await lab.connectPair(client, server);
      pair.client.write(lab.pattern(1));
      await Promise.all([client.lost, server.lost]);
      await lab.until(pair.loop, () => reports.length === 1);
      lab.equal(reports, [{ drained: 1, cut: 0, cutPeers: [] }], 'the report');
    },
  },
  {
    name: 'server: closing leaves the connections of other servers, and those to elsewhere, alone',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const other = await lab.connectPair(lab.recorder(), lab.recorder(), { loop });
      const closing = await lab.listen(loop, () => lab.recorder());
      await loop.connect(() => lab.recorder(), lab.endpointOf(closing));
      await lab.until(loop, () => closing.connectionCount === 1);
      await closing.close({ graceMs: 0 });
      await lab.settle(loop);
      lab.equal([other.client.isClosing, other.server.isClosing], [false, false], 'whether the others are closing');
      lab.equal(loop.metrics().openServers, 1, 'open servers');
    },
  },
  {
    name: 'server: leaving its scope (Symbol.asyncDispose) closes it',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await lab.connectPair(client, server);
      await pair.listener[Symbol.asyncDispose]();
      lab.equal([await server.lost, await client.lost], [null, null], 'how it ended');
    },
  },
  {
    name: 'server: closing the loop closes its servers at once, which `closed` and close() tell',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const { recorder } = finisher(lab);
      const pair = await lab.connectPair(lab.recorder(), recorder);
      await pair.loop.close();
      lab.equal((await pair.listener.closed).cut, 1, 'how many were cut');
      lab.equal((await pair.listener.close()).cut, 1, 'the report of a further call');
    },
  },
  {
    name: 'server: under load, with protocols that finish what they are at, nobody is cut and no answer is lost',
    needs: ['tcp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const server = await lab.listen(loop, () => answering(lab));
      const clients = Array.from({ length: 40 }, () => asking(lab));
      for (const client of clients) await loop.connect(() => client, lab.endpointOf(server));
      await lab.until(loop, () => server.connectionCount === 40);
      await clients[0]?.until(() => (clients[0]?.byteCount ?? 0) >= 20 * ANSWER_BYTES);
      const report = await server.close();
      await Promise.all(clients.map((client) => client.lost));
      lab.equal(report, { drained: 40, cut: 0, cutPeers: [] }, 'the report');
      for (const client of clients) {
        lab.equal(client.byteCount % ANSWER_BYTES, 0, 'bytes of an answer that broke off');
        lab.check(client.byteCount > 0, 'each client to have been answered');
      }
    },
  },
];

const ANSWER_BYTES = 10_000;

/** Answers each byte, and ends after the next answer once it is asked to. */
function answering(lab: Lab): Recorder {
  let isLast = false;
  const recorder = lab.recorder({
    onData: (chunk, transport) => {
      transport.writeMany(Array.from(chunk, () => lab.pattern(ANSWER_BYTES)));
      if (isLast) transport.close();
    },
  });
  return Object.assign(recorder, {
    closeRequested: () => {
      isLast = true;
    },
  });
}

/** Asks as soon as it was answered. */
function asking(lab: Lab): Recorder {
  let answered = 0;
  return lab.recorder({
    onMade: (transport) => {
      transport.write(new Uint8Array(1));
    },
    onData: (chunk, transport) => {
      const before = Math.floor(answered / ANSWER_BYTES);
      answered += chunk.length;
      if (Math.floor(answered / ANSWER_BYTES) > before && !transport.isClosing) transport.write(new Uint8Array(1));
    },
  });
}
