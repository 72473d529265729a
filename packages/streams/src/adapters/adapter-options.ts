import type { AnyProtocol, Loop, Transport, WriteWatermarks } from '@millrace/loop-policy';
import { StreamConnection } from '../stream-connection.js';
import { checkLimit } from '../stream-inflow.js';
import { StreamProtocol, type StreamOptions } from '../stream-protocol.js';
import type { Conduit } from './conduit.js';
import { ConduitTransport } from './conduit-transport.js';

/** Options of whatever makes a connection of a foreign stream. */
export interface FromOptions extends StreamOptions {
  /** Whose callbacks the bytes arrive in. Default: the current loop. */
  readonly loop?: Loop | undefined;
}

/** Options of whatever makes a transport of a foreign stream. */
export interface TransportOfOptions {
  /** Whose callbacks these are. Default: the current loop. */
  readonly loop?: Loop | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
}

/** What `Loop.connect` gives, too. */
export interface TransportAndProtocol<P extends AnyProtocol> {
  readonly transport: Transport;
  readonly protocol: P;
}

/** Makes a transport of a conduit. The factory comes first: if it throws, nobody has touched the stream. */
export function transportOver<P extends AnyProtocol>(
  makeConduit: () => Conduit,
  factory: () => P,
  options: TransportOfOptions,
): TransportAndProtocol<P> {
  const protocol = factory();
  return { transport: new ConduitTransport(makeConduit, protocol, options), protocol };
}

/** Makes a stream connection of a conduit. */
export function connectionOver(makeConduit: () => Conduit, options: FromOptions): StreamConnection {
  const { limitBytes, loop, timers, watermarks } = options;
  if (limitBytes !== undefined) checkLimit(limitBytes);
  const protocol = new StreamProtocol({ limitBytes, timers });
  transportOver(makeConduit, () => protocol, { loop, watermarks });
  return protocol.connection;
}
