// The way of operations to the wire. They wait in one queue, are composed when their turn comes, and are answered in the
// order in which they were sent. Everything that is issued in one tick leaves in one write: an operation only joins the
// queue, and the queue is sent when the loop's current callback and its microtasks are over.
//
// What waits goes on waiting while an operation holds the line (its answer decides what comes next), while as much is in
// flight as may be, while the transport has enough to write, and while the gate of the session is shut.
import type { Loop, Transport } from '@millrace/loop-policy';
import type { TransactionStatus } from '@millrace/postgres-protocol';
import { OperationQueue } from './operation-queue.js';
import type { Operation, Wire } from './operation.js';

const MAX_IN_FLIGHT = 100;
const MAX_IN_FLIGHT_BYTES = 64 * 1024;

/** What the pipeline asks its session. */
export interface PipelineHost extends Wire {
  /** Whether operations may be sent now. */
  readonly isSendingAllowed: boolean;
  /** The operation is over, one way or another, or was given up. */
  settled(operation: Operation): void;
  /** There may be nothing left to do. */
  mayBeIdle(): void;
}

/** The operations of one session that are not over, and the one place where bytes are handed to its transport. */
export class Pipeline {
  transport: Transport | undefined;
  private readonly _loop: Loop;
  private readonly _host: PipelineHost;
  private readonly _waiting = new OperationQueue();
  private readonly _inFlight = new OperationQueue();
  /** In flight, but still in the machine's output. */
  private readonly _composed: Operation[] = [];
  private _inFlightBytes = 0;
  private _abandonedCount = 0;
  private _holder: Operation | undefined;
  private _lastTurn = 0;
  private _isScheduled = false;
  private _isWritingPaused = false;

  constructor(loop: Loop, host: PipelineHost) {
    this._loop = loop;
    this._host = host;
  }

  /** The operation that is being answered. */
  get head(): Operation | undefined {
    return this._inFlight.first;
  }

  get hasAbandoned(): boolean {
    return this._abandonedCount > 0;
  }

  get isEmpty(): boolean {
    return this._waiting.count === 0 && this._inFlight.count === 0;
  }

  /** Lets `operation` wait for its turn. */
  issue(operation: Operation): void {
    operation.turn = this._lastTurn += 1;
    this._waiting.push(operation);
    this.schedule();
  }

  /** Sends `operation` at once, whatever waits. */
  sendNow(operation: Operation): void {
    this._compose(operation);
    this.flush();
  }

  /** Forgets `operation`, if it was not sent yet; `inFlight` if it was, and is now known to be given up. */
  abandon(operation: Operation): 'removed' | 'inFlight' | 'unknown' {
    if (this._waiting.remove(operation)) return 'removed';
    if (operation.links.queue !== this._inFlight || operation.isAbandoned) return 'unknown';
    operation.isAbandoned = true;
    this._abandonedCount += 1;
    return 'inFlight';
  }

  /** The round of the operation at the head is over. */
  finishRound(statusBefore: TransactionStatus, statusAfter: TransactionStatus, cancelMayHaveHit: boolean): void {
    const operation = this._inFlight.shift();
    if (operation === undefined) return;
    this._inFlightBytes -= operation.byteCount;
    if (operation === this._holder) this._holder = undefined;
    if (operation.isAbandoned) this._abandonedCount -= 1;
    const next = operation.ready({ statusBefore, statusAfter, cancelMayHaveHit });
    if (next === 'again') this._waiting.putBack(operation);
    else this._host.settled(operation);
  }

  /** Ends everything with an error of its own. */
  failAll(errorFor: (operation: Operation) => Error): void {
    for (const queue of [this._inFlight, this._waiting]) {
      for (let lost = queue.shift(); lost !== undefined; lost = queue.shift()) lost.fail(errorFor(lost));
    }
    this._abandonedCount = 0;
    this._holder = undefined;
  }

  pauseWriting(): void {
    this._isWritingPaused = true;
  }

  resumeWriting(): void {
    this._isWritingPaused = false;
    this.schedule();
  }

  /** Sends what may be sent when the current callback and its microtasks are over. */
  schedule(): void {
    if (this._isScheduled) return;
    this._isScheduled = true;
    this._loop.callSoon(() => {
      this._isScheduled = false;
      this._send();
    });
  }

  /** Hands what the machine has written to the transport. */
  flush(): void {
    const { output } = this._host.machine;
    // A session that is over may be left with an answer of the machine's own that it cannot send any more.
    if (output.length === 0 || this.transport === undefined || this.transport.isClosing) return;
    for (const operation of this._composed) operation.hasLeft = true;
    this._composed.length = 0;
    this.transport.write(output.take(), output);
  }

  private _send(): void {
    for (let next = this._waiting.first; next !== undefined && this._maySend(next); next = this._waiting.first) {
      this._waiting.remove(next);
      this._compose(next);
    }
    this.flush();
    this._host.mayBeIdle();
  }

  private _maySend(next: Operation): boolean {
    if (!this._host.isSendingAllowed || this._holder !== undefined || this._isWritingPaused) return false;
    if (this._inFlight.count === 0) return true;
    return !next.needsIdle && this._inFlight.count < MAX_IN_FLIGHT && this._inFlightBytes < MAX_IN_FLIGHT_BYTES;
  }

  private _compose(operation: Operation): void {
    const { output } = this._host.machine;
    const before = output.length;
    try {
      const composed = operation.compose(this._host);
      if (composed === 'settled') {
        this._host.settled(operation);
        return;
      }
      if (composed === 'holding') this._holder = operation;
    } catch (error) {
      operation.fail(error as Error);
      this._host.settled(operation);
      return;
    }
    operation.byteCount = output.length - before;
    this._inFlightBytes += operation.byteCount;
    this._inFlight.push(operation);
    this._composed.push(operation);
  }
}
