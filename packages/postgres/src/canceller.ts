// Cancelling a statement without ever hitting another one.
//
// A cancel request travels on a connection of its own, names a session and not a statement, and is not answered; it
// takes effect whenever it arrives. So from the moment that one is wanted until the server has certainly forgotten it,
// the session sends nothing new:
//
//   none        nothing was cancelled
//   waiting     a cancelled operation is in flight behind others, which the request would hit: wait for its turn
//   requesting  it is being answered, and the request is on its way: until the cancel connection sees the end of file
//               the signal may not have been raised
//   raised      the signal was raised; the operation's ReadyForQuery is still to come. It is raised again now and then:
//               a signal that overtakes its statement is dropped by the idle server
//   fencing     both came; one more round trip has the server drop a signal that was late
//
// If the server does not play along for `graceMs`, the connection is destroyed.
import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { encodeCancelRequest } from '@millrace/postgres-protocol';
import { openCancelScope } from '@millrace/timeouts';
import type { CancelScope, Timer } from '@millrace/timeouts';
import { WriteBuffer } from '@millrace/write-buffer';
import type { ServerEndpoint } from './connection-options.js';
import { FenceOperation } from './fence-operation.js';
import type { Operation } from './operation.js';

/** What the canceller needs of its session. */
export interface CancelHost {
  readonly loop: Loop;
  readonly endpoint: ServerEndpoint;
  readonly graceMs: number;
  /** The operation that is being answered. */
  readonly head: Operation | undefined;
  /** Whether any operation in flight was given up by its caller. */
  readonly hasAbandoned: boolean;
  sendFence(fence: FenceOperation): void;
  /** Nothing is being cancelled any more. */
  resume(): void;
  lose(cause: Error): void;
}

/** What proves to the server that a request comes from the session's client. */
export interface BackendKey {
  readonly processId: number;
  readonly secretKey: Uint8Array;
}

type CancelState = 'none' | 'waiting' | 'requesting' | 'raised' | 'fencing';

/** How many times a signal is raised within the grace time. */
const ATTEMPTS = 8;

/** Cancels operations of one session, one at a time. */
export class Canceller {
  readonly #host: CancelHost;
  #key: BackendKey | undefined;
  #state: CancelState = 'none';
  /** The operation that the request is meant for. */
  #target: Operation | undefined;
  /** A signal was raised that no fence has absorbed yet. */
  #needsFence = false;
  #fence: FenceOperation | undefined;
  #graceTimer: Timer | undefined;
  #repeatTimer: Timer | undefined;
  #request: CancelScope | undefined;
  #isStopped = false;

  constructor(host: CancelHost) {
    this.#host = host;
  }

  set key(key: BackendKey) {
    this.#key = key;
  }

  /** Whether new operations must wait. */
  get isCancelling(): boolean {
    return this.#state !== 'none';
  }

  /** Whether a 57014 may be due to a request. */
  get mayHit(): boolean {
    return this.#needsFence || this.#state === 'requesting';
  }

  /** Looks at the session again: an operation was given up, or one was answered. */
  advance(): void {
    if (this.#isStopped || this.#state === 'requesting') return;
    const { head } = this.#host;
    if (this.#state === 'raised' && head === this.#target) return;
    this.#stopTimers();
    if (head?.isAbandoned === true) this.#begin(head);
    else if (this.#host.hasAbandoned) this.#state = 'waiting';
    else if (this.#needsFence) this.#awaitFence(head);
    else {
      const wasCancelling = this.isCancelling;
      this.#state = 'none';
      if (wasCancelling) this.#host.resume();
    }
  }

  /** The session is over. */
  stop(): void {
    this.#isStopped = true;
    this.#stopTimers();
    this.#request?.cancel();
  }

  #begin(target: Operation): void {
    this.#target = target;
    this.#fence = undefined;
    this.#startGrace();
    this.#raise();
  }

  #raise(): void {
    const key = this.#key;
    if (key === undefined) {
      // Some poolers hand out no key. The statement may still end by itself within the grace time.
      this.#state = 'raised';
      return;
    }
    this.#state = 'requesting';
    this.#needsFence = true;
    this.#request = openCancelScope({ timers: this.#host.loop });
    requestCancel(this.#host.loop, this.#host.endpoint, key, this.#request).then(
      () => {
        this.#raised();
      },
      (cause: unknown) => {
        // Whether the request arrives, and when, is unknown now: the session cannot be used any more.
        if (!this.#isStopped) this.#host.lose(new Error('a cancel request could not be delivered', { cause }));
      },
    );
  }

  #raised(): void {
    this.#request?.close();
    this.#request = undefined;
    this.#state = 'raised';
    this.advance();
    if (this.#isStopped || (this.#state as CancelState) !== 'raised') return;
    this.#repeatTimer = this.#host.loop.callLater(this.#host.graceMs / ATTEMPTS, () => {
      this.#raise();
    });
  }

  #awaitFence(head: Operation | undefined): void {
    this.#state = 'fencing';
    if (this.#fence === undefined) {
      const fence = (this.#fence = new FenceOperation());
      this.#host.sendFence(fence);
      fence.promise.then(
        () => {
          this.#fenced(fence);
        },
        () => undefined,
      );
    }
    // What is in front of the fence may take its time, the fence may not.
    if (head === undefined || head === this.#fence) this.#startGrace();
  }

  #fenced(fence: FenceOperation): void {
    if (this.#fence !== fence) return;
    this.#fence = undefined;
    this.#needsFence = false;
    this.#target = undefined;
    this.advance();
  }

  #startGrace(): void {
    const { loop, graceMs } = this.#host;
    this.#graceTimer ??= loop.callLater(graceMs, () => {
      this.#host.lose(new Error(`the server did not give up a cancelled statement within ${graceMs} ms`));
    });
  }

  #stopTimers(): void {
    this.#graceTimer?.cancel();
    this.#graceTimer = undefined;
    this.#repeatTimer?.cancel();
    this.#repeatTimer = undefined;
  }
}

/** Sends a cancel request, and waits until the server has closed the connection: the signal is raised then. */
async function requestCancel(loop: Loop, endpoint: ServerEndpoint, key: BackendKey, scope: CancelScope): Promise<void> {
  const { protocol, transport } = await loop.connect(() => new CancelProtocol(key), endpoint, { scope });
  await scope.race(protocol.closed, () => {
    transport.abort();
  });
}

class CancelProtocol implements Protocol {
  readonly closed: Promise<void>;
  readonly #key: BackendKey;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor(key: BackendKey) {
    this.#key = key;
    this.closed = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.closed.catch(() => undefined); // whoever waits for it hears of it
  }

  connectionMade(transport: Transport): void {
    const out = new WriteBuffer();
    encodeCancelRequest(out, this.#key.processId, this.#key.secretKey);
    transport.write(out.take(), out);
  }

  dataReceived(): void {
    // A server says nothing here; what a stranger says does not matter.
  }

  eofReceived(): void {
    // Returning nothing closes our side.
  }

  pauseWriting(): void {
    // 16 bytes.
  }

  resumeWriting(): void {
    // As above.
  }

  connectionLost(error: Error | null): void {
    if (error === null) this.#resolve();
    else this.#reject(error);
  }
}
