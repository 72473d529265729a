import type { Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import { TlsError } from '../errors.js';
import type { TlsInfo } from '../tls.js';
import type { Host } from './host.js';
import type { NodeLoop } from './node-loop.js';
import { handshakeFailure } from './tls-failure.js';
import type { ClientTls, ServerTls, TlsSettings } from './tls-settings.js';

/** A socket that speaks TLS, which has been read by nobody yet. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly info: TlsInfo;
}

const RAW = Symbol('raw');
type Wrapped = Socket & { [RAW]?: Socket };

/** Whether `socket` was made for TLS; its handshake may not be done. */
export function speaksTls(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket;
}

/** What to reset `socket` by: itself, or what is below TLS; `undefined` where the platform keeps that to itself. */
export function rawSocketOf(socket: Socket): Socket | undefined {
  return speaksTls(socket) ? (socket as Wrapped)[RAW] : socket;
}

/** Told once how a handshake went; after an error the socket is destroyed. */
export type HandshakeDone = (outcome: Secured | TlsError) => void;

/**
 * Wraps `raw`, a connected socket without other readers, in TLS, and shakes hands.
 *
 * @param done - Is not called inside this call. Whatever is to hear of data or of the end must be attached in it.
 * @remarks Cancellation: destroying `raw` gives up; `done` is told.
 */
export function shakeHands(loop: NodeLoop, host: Host, raw: Socket, settings: TlsSettings, done: HandshakeDone): void {
  // Else a peer that leaves in the middle would be waited for: its end is no half-close yet.
  raw.allowHalfOpen = false;
  const counted: HandshakeDone = (outcome) => {
    if (outcome instanceof TlsError) loop.countFailedHandshake();
    else (outcome.socket as Wrapped)[RAW] = raw;
    done(outcome);
  };
  if (settings.side === 'client') {
    watchHandshake(host.tls.connect({ ...settings.options, socket: raw }), settings, counted);
  } else acceptTls(loop, host, raw, settings, counted);
}

/** As {@link shakeHands}, for a client's socket that was opened with TLS and is connected now. */
export function awaitHandshake(loop: NodeLoop, socket: TLSSocket, settings: ClientTls, done: HandshakeDone): void {
  socket.allowHalfOpen = false;
  watchHandshake(socket, settings, (outcome) => {
    if (outcome instanceof TlsError) loop.countFailedHandshake();
    done(outcome);
  });
}

function watchHandshake(socket: TLSSocket, settings: ClientTls, done: HandshakeDone): void {
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure ??= error;
    socket.destroy();
  };
  const onClose = (): void => {
    done(handshakeFailure(failure ?? new Error('the connection was closed')));
  };
  socket.on('error', onError);
  socket.once('close', onClose);
  socket.once('secureConnect', () => {
    socket.off('close', onClose);
    socket.allowHalfOpen = true;
    done({ socket, info: describe(socket, settings.isVerified && socket.authorized) });
    socket.off('error', onError);
  });
}

/** Handshakes of one `tls.Server`, found again by the two ends' addresses: it does not say whose socket it wrapped. */
interface Accepting {
  readonly server: TlsServer;
  readonly waiting: Map<string, Waiting>;
}

interface Waiting {
  readonly raw: Socket;
  failure: Error | undefined;
  secured(socket: TLSSocket): void;
}

const shared = new WeakMap<ServerTls, Accepting>();

function acceptTls(loop: NodeLoop, host: Host, raw: Socket, settings: ServerTls, done: HandshakeDone): void {
  const key = addressesOf(raw);
  const { server, waiting } = key === '' ? accepting(settings.makeServer()) : sharedAccepting(settings);
  const onClose = (): void => {
    timer.cancel();
    // The platform may say why only after the socket is closed.
    host.setImmediate(() => {
      waiting.delete(key);
      done(handshakeFailure(entry.failure ?? new Error('the connection was closed')));
    });
  };
  const timer = loop.callLater(settings.handshakeTimeoutMs, () => {
    entry.failure ??= new Error(`the client took longer than ${settings.handshakeTimeoutMs} ms`);
    raw.destroy();
  });
  const entry: Waiting = {
    raw,
    failure: undefined,
    secured: (socket) => {
      entry.failure = badCertificate(socket, settings);
      if (entry.failure !== undefined) {
        socket.destroy();
        return;
      }
      waiting.delete(key);
      timer.cancel();
      raw.off('close', onClose);
      socket.disableRenegotiation();
      socket.allowHalfOpen = true;
      done({ socket, info: describe(socket, socket.authorized) });
    },
  };
  waiting.set(key, entry);
  raw.once('close', onClose);
  server.emit('connection', raw);
}

function sharedAccepting(settings: ServerTls): Accepting {
  let found = shared.get(settings);
  if (found === undefined) shared.set(settings, (found = accepting(settings.shared)));
  return found;
}

function accepting(server: TlsServer): Accepting {
  const waiting = new Map<string, Waiting>();
  server.on('secureConnection', (socket) => {
    const entry = waiting.get(addressesOf(socket));
    if (entry === undefined) socket.destroy();
    else entry.secured(socket);
  });
  server.on('tlsClientError', (error, socket) => {
    // A socket that is destroyed may have no address any more; the first one without a reason is its own then, or one
    // that failed in the same turn.
    const entry = waiting.get(addressesOf(socket)) ?? firstDestroyed(waiting);
    if (entry !== undefined) entry.failure ??= certificateError(socket) ?? error;
    socket.destroy();
  });
  return { server, waiting };
}

function firstDestroyed(waiting: ReadonlyMap<string, Waiting>): Waiting | undefined {
  for (const entry of waiting.values()) if (entry.raw.destroyed && entry.failure === undefined) return entry;
  return undefined;
}

/** Empty on unix sockets, and where the peer is gone already. */
function addressesOf(socket: Socket): string {
  if (socket.remoteAddress === undefined) return '';
  return `${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort}`;
}

/** Where certificates are optional, the platform lets bad ones pass. */
function badCertificate(socket: TLSSocket, settings: ServerTls): Error | undefined {
  if (!settings.refusesBadCertificates || socket.authorized || peerCertificate(socket) === undefined) return undefined;
  return certificateError(socket);
}

function certificateError(socket: TLSSocket): Error | undefined {
  const code: unknown = socket.authorizationError; // a code, whatever its declared type says
  if (typeof code !== 'string') return undefined;
  return Object.assign(new Error(`the client's certificate was refused (${code})`), { code });
}

function peerCertificate(socket: TLSSocket): Uint8Array | undefined {
  const raw = socket.getPeerX509Certificate()?.raw;
  return raw === undefined ? undefined : new Uint8Array(raw);
}

function describe(socket: TLSSocket, isVerified: boolean): TlsInfo {
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    peerCertificateDer: peerCertificate(socket),
    isVerified,
  };
}
