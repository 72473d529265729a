import type { AnyProtocol, Loop, Transport, WriteWatermarks } from '@millrace/loop-policy';
import { StreamConnection } from '../stream-connection.js';
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

/** Makes a transport of `conduit`. */
export function transportOver<P extends AnyProtocol>(
  conduit: Conduit,
  factory: () => P,
  { loop, watermarks }: TransportOfOptions,
): TransportAndProtocol<P> {
  const protocol = factory();
  const transport = new ConduitTransport(conduit, protocol, loop);
  if (watermarks !== undefined) transport.setWriteWatermarks(watermarks);
  return { transport, protocol };
}

/** Makes a stream connection of `conduit`. */
export function connectionOver(conduit: Conduit, options: FromOptions): StreamConnection {
  const { protocol } = transportOver(conduit, () => new StreamProtocol(options), { loop: options.loop });
  return protocol.connection;
}
