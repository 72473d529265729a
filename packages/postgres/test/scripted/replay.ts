import type { Protocol, Transport } from '@millrace/loop-policy';
import { ScriptedServer, step } from '@millrace/postgres-protocol/testing';
import type { Chunking, Step } from '@millrace/postgres-protocol/testing';
import type { Event } from './cassette.js';
import { ServerProtocol } from './server-protocol.js';
import { VirtualLoop, type VirtualNetwork } from './virtual-loop.js';

/**
 * Plays what was recorded to a client that does the same again.
 *
 * Each connection is a script: the client's messages are expected one by one, and each thing that the server says waits
 * at a stall. The stalls are ended here, in the order of the recording over all connections: what the client had said
 * before must have been said, what it had heard before must have been delivered, and as much time must have passed.
 * So nothing is heard too early; a client that is ahead of the recording is no mistake, since nothing made it wait.
 */
export class Replay implements VirtualNetwork {
  readonly loop: VirtualLoop = new VirtualLoop(this);
  private readonly _timers: Pick<VirtualLoop, 'callLater'>;
  private readonly _events: readonly Event[];
  private readonly _server: ScriptedServer;
  /** How many steps of its connection's script are done once event n has happened. */
  private readonly _positions: readonly number[];
  private readonly _transports: Pick<Transport, 'bufferedBytes'>[] = [];
  private readonly _left = new Set<number>();
  private readonly _actions: string[] = [];
  private _next = 0;
  private _isDue = false;
  private _isScheduled = false;
  /** The connection to which something is on its way. */
  private _delivering: Pick<Transport, 'bufferedBytes'> | undefined;
  private _isAdvancing = false;

  /** @param timers - What delays are counted by. Default: `loop`. */
  constructor(recorded: readonly Event[], chunking: Chunking, timers?: Pick<VirtualLoop, 'callLater'>) {
    this._timers = timers ?? this.loop;
    const events = mergeHeard(recorded);
    const { scripts, positions } = scriptsOf(events, chunking);
    this._events = events;
    this._positions = positions;
    this._server = new ScriptedServer(scripts);
  }

  accept(_endpoint: unknown, transport: Pick<Transport, 'bufferedBytes'>): Protocol {
    this._transports.push(transport);
    return new ServerProtocol(this._server);
  }

  /** A connection is over before its recording is: what there is left of it will not happen, and nobody waits for it. */
  leave(transport: Pick<Transport, 'bufferedBytes'>): void {
    this._left.add(this._transports.indexOf(transport));
    this.progress();
  }

  /** The test does something to the link. */
  act(name: string): void {
    this._actions.push(name);
    this.progress();
  }

  /** @throws {Error} If the client has not done all that was recorded, or something else. */
  finish(): void {
    this._server.finish();
    const event = this._events[this._next];
    if (event === undefined) return;
    throw new Error(`expected event ${this._next + 1} of ${this._events.length} to happen: ${JSON.stringify(event)}`);
  }

  progress(): void {
    if (this._isAdvancing) return;
    this._isAdvancing = true;
    while (this._hasArrived() && this._happen()) this._next += 1;
    this._isAdvancing = false;
  }

  idle(): boolean {
    // The client has paused reading: what it had heard after that in the recording will not be delivered before.
    if (this._delivering === undefined) return false;
    this._delivering = undefined;
    this.progress();
    return true;
  }

  private _hasArrived(): boolean {
    const transport = this._delivering;
    if (transport !== undefined && transport.bufferedBytes > 0) return false;
    this._delivering = undefined;
    return true;
  }

  /** @returns Whether the next event has happened. */
  private _happen(): boolean {
    const event = this._events[this._next];
    if (event === undefined) return false;
    if (event.kind === 'action') {
      if (this._actions[0] !== event.name) return false;
      this._actions.shift();
      return true;
    }
    if (this._left.has(event.connection)) return true;
    const backend = this._server.backends[event.connection];
    if (event.kind === 'open') return backend !== undefined;
    if (backend === undefined) return false;
    const position = this._positions[this._next] ?? 0;
    if (event.kind === 'said' || event.kind === 'left') return backend.position >= position;
    if (!this._isTime(event.delayMs ?? 0)) return false;
    this._server.resume(nameOf(this._next));
    this._delivering = this._transports[event.connection];
    return true;
  }

  private _isTime(delayMs: number): boolean {
    if (delayMs === 0 || this._isDue) {
      this._isDue = false;
      this._isScheduled = false;
      return true;
    }
    if (this._isScheduled) return false;
    this._isScheduled = true;
    this._timers.callLater(delayMs, () => {
      this._isDue = true;
    });
    return false;
  }
}

const nameOf = (index: number): string => `event ${index + 1}`;

/** What came in one chunk comes in one again, unless it is to be cut. */
function mergeHeard(events: readonly Event[]): Event[] {
  const merged: Event[] = [];
  let parts: Uint8Array[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    const isMore = event.kind === 'heard' && event.delayMs === undefined && last?.kind === 'heard';
    if (isMore && last.connection === event.connection) {
      parts.push(event.bytes);
      continue;
    }
    if (last?.kind === 'heard') merged[merged.length - 1] = { ...last, bytes: Buffer.concat(parts) };
    parts = event.kind === 'heard' ? [event.bytes] : [];
    merged.push(event);
  }
  const last = merged.at(-1);
  if (last?.kind === 'heard') merged[merged.length - 1] = { ...last, bytes: Buffer.concat(parts) };
  return merged;
}

function scriptsOf(events: readonly Event[], chunking: Chunking): { scripts: Step[][]; positions: number[] } {
  const scripts: Step[][] = [];
  const positions: number[] = [];
  events.forEach((event, index) => {
    if (event.kind === 'action') {
      positions.push(0);
      return;
    }
    const script = (scripts[event.connection] ??= [step.split(chunking)]);
    switch (event.kind) {
      case 'open':
        break;
      case 'said':
        script.push(step.expectBytes(event.bytes));
        break;
      case 'left':
        script.push(step.expectEnd());
        break;
      case 'heard':
        script.push(step.stall(nameOf(index)), step.send(event.bytes));
        break;
      case 'closed':
        script.push(step.stall(nameOf(index)), step.close());
        break;
      case 'lost':
        script.push(step.stall(nameOf(index)), step.cut());
        break;
    }
    positions.push(script.length);
  });
  return { scripts, positions };
}
