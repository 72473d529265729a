import type { Endpoint, Loop, Server, Transport } from '../contract.js';
import type { ConformanceCase } from './case.js';
import type { Lab } from './lab.js';
import { CLIENT, SERVER, carries, securePair } from './tls-pair.js';

/** A line on which somebody sits who passes everything on, and cannot read it. */
interface Line {
  readonly endpoint: Endpoint;
  /** Ends the connection to the client, below TLS. */
  cut(): void;
}

/** Passes everything on to `target` and back, in pieces of 10 bytes. */
async function openLine(lab: Lab, loop: Loop, target: Server): Promise<Line> {
  const near = lab.recorder({ onEof: () => true });
  const far = lab.recorder({ onEof: () => true });
  near.onMade = (transport) => {
    transport.pauseReading();
    near.onData = passTo(loop, () => far.transport);
    far.onData = passTo(loop, () => transport);
    void loop
      .connect(() => far, lab.endpointOf(target))
      .then(() => {
        transport.resumeReading();
      });
  };
  const server = await lab.listen(loop, () => near);
  return {
    endpoint: lab.endpointOf(server),
    cut: () => {
      near.transport.close();
    },
  };
}

function passTo(loop: Loop, transport: () => Transport): (chunk: Uint8Array) => void {
  const pieces: Uint8Array[] = [];
  const pass = (): void => {
    const piece = pieces.shift();
    if (piece === undefined || transport().isClosing) return;
    transport().write(piece);
    loop.callSoon(pass);
  };
  return (chunk) => {
    if (pieces.length === 0) loop.callSoon(pass);
    for (let at = 0; at < chunk.length; at += 10) pieces.push(new Uint8Array(chunk.subarray(at, at + 10)));
  };
}

/** What happens on the line below TLS, and at its ends. */
export const tlsLineCases: readonly ConformanceCase[] = [
  {
    name: 'TLS: what both ends write in connectionMade arrives, after connectionMade of the other',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const greet = (transport: Transport): void => {
        transport.write(lab.pattern(1000));
      };
      const [client, server] = [lab.recorder({ onMade: greet }), lab.recorder({ onMade: greet })];
      await securePair(lab, client, server);
      for (const end of [client, server]) {
        await end.until(() => end.byteCount === 1000);
        lab.equal(end.story, ['connectionMade', 'dataReceived'], 'what an end heard');
        lab.equal(end.bytes, lab.pattern(1000), 'what an end received');
      }
    },
  },
  {
    name: 'TLS: close() while reading is paused comes to an end, on both sides',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const [client, server] = [lab.recorder(), lab.recorder()];
      const pair = await securePair(lab, client, server);
      pair.client.pauseReading();
      pair.server.write(lab.pattern(1000));
      await lab.settle(pair.loop);
      pair.client.write(lab.pattern(10));
      pair.client.close();
      await Promise.all([client.lost, server.lost]);
      lab.equal(client.events, ['connectionMade', 'connectionLost'], 'what the client heard');
      lab.equal(server.bytes, lab.pattern(10), 'what the server received');
    },
  },
  {
    name: 'TLS: a handshake and data that arrive in small pieces are understood',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [client, server] = [lab.recorder(), lab.recorder()];
      const line = await openLine(lab, loop, await lab.listen(loop, () => server, 'tcp', { tls: SERVER }));
      const { transport } = await loop.connect(() => client, line.endpoint, { tls: CLIENT });
      await server.until(() => server.events.length > 0);
      await carries(lab, transport, server, lab.pattern(1000));
      await carries(lab, server.transport, client, lab.pattern(1000));
    },
  },
  {
    name: 'TLS: a connection that ends below it, without its own end, is an end of data like any other',
    needs: ['tcp', 'tls'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [client, server] = [lab.recorder(), lab.recorder()];
      const line = await openLine(lab, loop, await lab.listen(loop, () => server, 'tcp', { tls: SERVER }));
      await loop.connect(() => client, line.endpoint, { tls: CLIENT });
      await server.until(() => server.events.length > 0);
      await carries(lab, server.transport, client, lab.pattern(100));
      line.cut();
      await client.lost;
      lab.equal(client.story, ['connectionMade', 'dataReceived', 'eofReceived', 'connectionLost'], 'the order');
    },
  },
];
