import { getLoop } from '@millrace/loop-policy';
import type { ConnectOptions, Endpoint, Loop } from '@millrace/loop-policy';
import type { Op } from '@millrace/timeouts';
import type { StreamConnection } from './stream-connection.js';
import { checkLimit } from './stream-inflow.js';
import { StreamProtocol, type StreamOptions } from './stream-protocol.js';

/** Options of {@link connectStreams}. */
export interface ConnectStreamsOptions extends ConnectOptions, Omit<StreamOptions, 'timers'>, Op {
  /** Default: the current loop. */
  readonly loop?: Loop | undefined;
}

/**
 * Opens a connection to read and to write.
 *
 * @example
 * await using connection = await connectStreams('tcp://127.0.0.1:7000', { timeoutMs: 5000 });
 * connection.writer.write(new TextEncoder().encode('hello\n'));
 * console.log(await connection.reader.readLine({ timeoutMs: 1000 }));
 * @throws {RangeError} If `limitBytes` is not an integer of 1 or more.
 * @throws As `Loop.connect` does; nothing is left open then.
 */
export async function connectStreams(
  endpoint: Endpoint,
  options: ConnectStreamsOptions = {},
): Promise<StreamConnection> {
  const { loop = getLoop(), limitBytes, timers } = options;
  // Before there is a connection that could not have a reader.
  if (limitBytes !== undefined) checkLimit(limitBytes);
  const { protocol } = await loop.connect(() => new StreamProtocol({ limitBytes, timers }), endpoint, options);
  return protocol.connection;
}
