import type { DatagramProtocol } from '../datagram.js';
import type { BlockedReport } from '../loop.js';
import type { ConnectionCallbacks } from '../protocol.js';
import type { ChunkOwner } from '../transport.js';
import type { NodeLoop } from './node-loop.js';

type CallbackName = keyof ConnectionCallbacks | keyof DatagramProtocol | keyof ChunkOwner;
type Callable = Record<CallbackName, (first: unknown, second: unknown) => unknown>;
type AnyTransport = NonNullable<BlockedReport['transport']>;

/**
 * Calls `owner[method]` on behalf of a transport: what it writes leaves at its end, what it throws ends the transport and
 * is reported once, and how long it takes is measured while somebody watches.
 *
 * @returns What it returned; `undefined` if it threw.
 */
export function tell(
  loop: NodeLoop,
  transport: AnyTransport,
  owner: object,
  method: CallbackName,
  first?: unknown,
  second?: unknown,
): unknown {
  const { watchdog } = loop;
  const startedAt = watchdog === undefined ? 0 : watchdog.begin();
  loop.enter();
  try {
    return (owner as Callable)[method](first, second);
  } catch (error) {
    loop.failed(error, transport);
    return undefined;
  } finally {
    if (watchdog !== undefined) watchdog.endMethod(startedAt, owner, method, transport);
    loop.leave();
  }
}

/** As {@link tell}, for a callback that takes more than a call. */
export function runAs(loop: NodeLoop, transport: AnyTransport, owner: object, method: string, fn: () => void): void {
  const { watchdog } = loop;
  const startedAt = watchdog === undefined ? 0 : watchdog.begin();
  loop.runCallback(fn, transport);
  if (watchdog !== undefined) watchdog.endMethod(startedAt, owner, method, transport);
}
