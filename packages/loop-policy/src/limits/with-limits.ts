import { checkFunction, checkObject, checkWatermarks } from '../check-options.js';
import type { AnyProtocol } from '../protocol.js';
import type { WriteWatermarks } from '../transport.js';
import { Admission, type Refusal } from './admission.js';
import { LimitCounters, type LimitStats } from './limit-counters.js';
import { LimitedConnection } from './limited-connection.js';
import type { Limits } from './limits.js';

/** Options of {@link withLimits}; what is left out is not limited. */
export interface LimitOptions {
  /** Open connections, 1 or more, of everything that uses the factory. */
  readonly total?: number | undefined;
  /**
   * Open connections of one peer, 1 or more: of one IPv4 address, or of one IPv6 network of 64 bits. Connections that
   * have no address, those on unix sockets, only count for `total`.
   */
  readonly perPeer?: number | undefined;
  /**
   * Bytes per second of each connection and direction, more than 0, or of each direction by itself. On average: a tenth
   * of it may pass at once after a silence, and a read by the loop (64 KiB, say) is never cut.
   */
  readonly bytesPerSec?:
    number | { readonly read?: number | undefined; readonly write?: number | undefined } | undefined;
  /**
   * Milliseconds without a byte either way, more than 0, after which a connection is aborted with an
   * {@link IdleTimeoutError}. A chunk counts when it arrives, and when it has left completely. Not while a throttle is
   * what holds bytes back.
   */
  readonly idleMs?: number | undefined;
  /** Where writing is throttled: what decides instead of the watermarks of `listen()` or `connect()`. */
  readonly watermarks?: WriteWatermarks | undefined;
  /** Told of each connection that was over a limit, after it was aborted. What it throws is reported by the loop. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/** A factory for {@link Loop.listen} or {@link Loop.connect}, and what its limits did. */
export interface LimitedFactory {
  (): AnyProtocol;
  readonly stats: LimitStats;
}

/**
 * Makes a factory whose connections keep to limits. Used for several servers, it limits all of them together.
 *
 * A connection that is over a limit is aborted at once, and `factory` is not called for it. The others' protocols get a
 * transport that throttles. It is what `connectionMade` is given; the one that `connect()` returns is the one beneath,
 * and so is the protocol.
 *
 * @param factory - Makes the protocol of a connection that was let in. What it throws loses that connection, and is
 * reported by the loop.
 * @throws {TypeError} If `factory` or `onRefused` is no function.
 * @throws {RangeError} If a limit is out of its range.
 * @remarks
 * Lifetime: as without limits, also for borrowed chunks.
 * Cost: no timer is touched per chunk. Each connection has one timer for silence, and at most one for each direction while
 * it is throttled, which fires 20 times per second at most. Written bytes that wait for the rate are copied once.
 * @example
 * const server = await loop.listen(withLimits(() => new Echo(), { total: 1000, perPeer: 10, idleMs: 60_000 }), endpoint);
 */
export function withLimits(factory: () => AnyProtocol, options: LimitOptions = {}): LimitedFactory {
  checkFunction(factory, 'factory');
  checkObject(options);
  const limits = readOptions(factory, options);
  return Object.assign(() => new LimitedConnection(limits), { stats: limits.stats });
}

function readOptions(factory: () => AnyProtocol, options: LimitOptions): Limits {
  const { total, perPeer, bytesPerSec, idleMs, watermarks, onRefused } = options;
  const rates = typeof bytesPerSec === 'object' ? bytesPerSec : { read: bytesPerSec, write: bytesPerSec };
  if (watermarks !== undefined) checkWatermarks(watermarks);
  if (onRefused !== undefined) checkFunction(onRefused, 'onRefused');
  const admission = new Admission(checkCount(total, 'total'), checkCount(perPeer, 'perPeer'));
  const stats = new LimitCounters(admission);
  return {
    factory,
    admission,
    stats,
    readBytesPerSec: checkAmount(rates.read, 'bytesPerSec for reading'),
    writeBytesPerSec: checkAmount(rates.write, 'bytesPerSec for writing'),
    idleMs: checkAmount(idleMs, 'idleMs'),
    watermarks,
    refused: (refusal) => {
      if (refusal.reason === 'total') stats.refusedTotal++;
      else stats.refusedPerPeer++;
      onRefused?.(refusal);
    },
  };
}

function checkCount(value: number | undefined, what: string): number {
  if (value === undefined) return Infinity;
  if (value === Infinity || (Number.isInteger(value) && value >= 1)) return value;
  throw new RangeError(`expected ${what} to be an integer of 1 or more, got ${String(value)}`);
}

function checkAmount(value: number | undefined, what: string): number | undefined {
  if (value === undefined || value === Infinity) return undefined;
  if (typeof value === 'number' && value > 0) return value;
  throw new RangeError(`expected ${what} to be more than 0, got ${String(value)}`);
}
