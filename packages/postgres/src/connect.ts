import { getLoop, ConnectError as LoopConnectError } from '@millrace/loop-policy';
import type { Loop } from '@millrace/loop-policy';
import { openCancelScope, TimeoutError } from '@millrace/timeouts';
import type { CancelScope, Op } from '@millrace/timeouts';
import { atCaller } from './caller-stack.js';
import { resolveOptions } from './connection-options.js';
import type { ConnectOptions, ResolvedOptions } from './connection-options.js';
import { Connection } from './connection.js';
import { ConnectError, ConnectionLostError, PostgresError } from './errors.js';
import { Session } from './session.js';

/**
 * Connects to a server.
 *
 * @param target - A `postgres://` URL, or options. What neither says comes from the `PG*` environment variables.
 * @param op - Limits, besides `connectTimeoutMs`.
 * @returns The connection, ready for use. Close it, or declare it with `await using`.
 * @throws {TypeError | RangeError} For options that make no sense, by name; nothing was sent.
 * @throws {ConnectError} If nobody answers there, or not as a PostgreSQL server.
 * @throws {PostgresError} If the server refuses: `28P01` is a wrong password, `3D000` an unknown database.
 * @throws {TimeoutError} or the signal's reason. In every case no socket is left behind.
 * @remarks Cancellation: the limits cover name lookup, the socket and authentication.
 */
export async function connect(target: string | URL | ConnectOptions = {}, op?: Op): Promise<Connection> {
  const options = resolveOptions(target);
  const loop = (typeof target === 'object' && 'loop' in target ? target.loop : undefined) ?? getLoop();
  const timers = op?.timers ?? op?.scope?.timers ?? op?.deadline?.timers ?? loop;
  const outer = openCancelScope({ ...op, timers }, 'connect');
  const scope = openCancelScope({ scope: outer, timeoutMs: options.connectTimeoutMs, timers }, 'connect');
  try {
    scope.throwIfCancelled();
    return await open(loop, options, scope);
  } catch (error) {
    throw atCaller(translate(error, options.address, scope), op);
  } finally {
    scope.close();
    outer.close();
  }
}

async function open(loop: Loop, options: ResolvedOptions, scope: CancelScope): Promise<Connection> {
  const { address, user, database } = options;
  const { protocol: session } = await loop.connect(() => new Session(loop, options), options.endpoint, { scope });
  try {
    await scope.race(session.start());
  } catch (error) {
    session.terminate(); // or the socket would stay open until the server loses patience
    throw error;
  }
  return new Connection(session, { address, user, database });
}

/** The one error for each way in which no session comes about. */
function translate(error: unknown, address: string, scope: CancelScope): unknown {
  if (scope.isCancelled || error instanceof TimeoutError || error instanceof PostgresError) return error;
  if (error instanceof LoopConnectError)
    return new ConnectError(address, error.reason ?? error.message, { cause: error.cause });
  if (error instanceof ConnectionLostError) {
    if (error.cause instanceof PostgresError) return error.cause;
    return new ConnectError(address, error.cause.message, { cause: error.cause });
  }
  return error;
}
