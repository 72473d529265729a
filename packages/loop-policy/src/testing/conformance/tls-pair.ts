import { testCertificates } from '../certificates.js';
import type { AnyProtocol, Loop, Server, TlsClientOptions, TlsServerOptions, Transport } from '../contract.js';
import type { Lab, Pair } from './lab.js';
import type { Recorder } from './recorder.js';

/** A server that is 127.0.0.1, and a client that knows its authority. */
export const SERVER: TlsServerOptions = testCertificates.server;
export const CLIENT: TlsClientOptions = { ca: testCertificates.ca };

/** Two protocols that are connected by TLS from the first byte. */
export function securePair(
  lab: Lab,
  client: AnyProtocol,
  server: AnyProtocol,
  options: { readonly client?: TlsClientOptions; readonly server?: TlsServerOptions } = {},
): Promise<Pair> {
  return lab.connectPair(client, server, {
    connect: { tls: { ...CLIENT, ...options.client } },
    listen: { tls: { ...SERVER, ...options.server } },
  });
}

/** Two protocols that were connected in the clear, and changed to TLS. */
export async function upgradedPair(lab: Lab, client: AnyProtocol, server: AnyProtocol): Promise<Pair> {
  const pair = await lab.connectPair(client, server);
  await Promise.all([pair.server.startTls({ side: 'server', ...SERVER }), pair.client.startTls(CLIENT)]);
  return pair;
}

/** A server with TLS, and a way to connect to it that is expected to fail. */
export async function refusingServer(
  lab: Lab,
  options: TlsServerOptions = {},
): Promise<{ readonly loop: Loop; readonly server: Server; readonly accepted: Recorder[] }> {
  const loop = lab.newLoop();
  const accepted: Recorder[] = [];
  const factory = (): Recorder => {
    const recorder = lab.recorder();
    accepted.push(recorder);
    return recorder;
  };
  const server = await lab.listen(loop, factory, 'tcp', { tls: { ...SERVER, ...options } });
  return { loop, server, accepted };
}

/** Connects with TLS, and expects that to fail; the protocol must not be made then. */
export async function refused(lab: Lab, loop: Loop, server: Server, tls: TlsClientOptions): Promise<Error> {
  let protocols = 0;
  const factory = (): Recorder => {
    protocols++;
    return lab.recorder();
  };
  const connecting = loop.connect(factory, lab.endpointOf(server), { tls: { ...CLIENT, ...tls } });
  const error = await lab.rejects(connecting, 'TlsError', 'connect() to fail');
  lab.equal(protocols, 0, 'protocols that were made');
  return error;
}

/** The bytes in PEM. */
export function derOf(pem: string): Uint8Array {
  const binary = atob(pem.replace(/-----[^-]+-----|\s/g, ''));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** Sends `bytes` and expects the peer to get all of them. */
export async function carries(lab: Lab, from: Transport, to: Recorder, bytes: Uint8Array): Promise<void> {
  const before = to.byteCount;
  from.write(bytes);
  await to.until(() => to.byteCount >= before + bytes.length);
  lab.equal(to.bytes.subarray(before), bytes, 'the bytes that arrived');
}
