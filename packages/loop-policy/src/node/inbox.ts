import type { Socket } from 'node:net';
import type { AnyProtocol, Protocol } from '../protocol.js';
import { ChunkReceiver, makeReceiver, type BufferReceiver } from '../receiver.js';
import type { Transport } from '../transport.js';
import type { NodeLoop } from './node-loop.js';

/** What an inbox asks of its transport. */
export interface InboxOwner extends Transport {
  readonly loop: NodeLoop;
  /** Runs a callback of the protocol. */
  run(method: string, fn: () => void): void;
  /** The peer's end of data, which was held back, may be told now. */
  socketEnded(): void;
}

/** The chunk that some protocol is being given, and the same memory as its socket read it. */
let deliveredChunk: Uint8Array | undefined;
let deliveredBuffer: Uint8Array | undefined;

/** What to send for `chunk`: the slab is overwritten by the next read of any socket, so what is in it must be copied. */
export function lastingBytes(chunk: Uint8Array, slab: Uint8Array): Uint8Array {
  if (chunk === deliveredChunk && deliveredBuffer !== undefined) return deliveredBuffer;
  return chunk.buffer === slab.buffer ? new Uint8Array(chunk) : chunk;
}

/** What was read: delivered to the protocol, or held while that does not want it. */
export class Inbox {
  /** Whether the socket reads into memory that it shares, or that is the protocol's. */
  readsIntoSlab = false;
  private readonly _owner: InboxOwner;
  private _socket: Socket;
  private _isSocketPaused = true; // it may be going on although reading is paused, but not the other way round
  /** Exactly one of these is set: how the protocol takes its bytes. */
  private _byChunk: Protocol | undefined;
  private _byBuffer: BufferReceiver | undefined;
  private _isOpen = true; // else what arrives is for nobody
  private _isPaused = false; // by the protocol
  private _isFrozen = false; // by a change to TLS, which has the socket for itself
  /** Read but not delivered; the socket stays paused until it is. */
  private _held: Uint8Array | undefined;
  private _endIsHeld = false;

  /** @throws {TypeError} If `protocol` takes bytes in no known way. */
  constructor(owner: InboxOwner, socket: Socket, protocol: AnyProtocol) {
    this._owner = owner;
    this._socket = socket;
    this.setProtocol(protocol);
  }

  /** @throws {TypeError} If `protocol` takes bytes in no known way; the old one stays. */
  setProtocol(protocol: AnyProtocol): void {
    const receiver = makeReceiver(protocol, this._owner.loop.slab.length);
    if (receiver instanceof ChunkReceiver) {
      this._byChunk = receiver.protocol;
      this._byBuffer = undefined;
    } else {
      this._byChunk = undefined;
      this._byBuffer = receiver;
    }
  }

  /** Asks the protocol for memory, if it has its own. */
  prepare(): void {
    const receiver = this._byBuffer;
    if (receiver === undefined) return;
    this._owner.run('getBuffer', () => {
      receiver.start();
    });
  }

  /** Begins to read, unless that was paused. A socket that closes at once must flow too, to see the peer's end. */
  start(): void {
    if (!this._isPaused) this._resumeSocket();
  }

  pause(): void {
    this._isPaused = true;
    // perf: a socket with chunks of its own is stopped by the first one that comes: mostly reading is resumed before.
    if (this.readsIntoSlab && !this._isFrozen) this._pauseSocket();
  }

  resume(): void {
    if (!this._isPaused) return;
    this._isPaused = false;
    if (this._isFrozen) return;
    if (this._held === undefined && !this._endIsHeld) this._resumeSocket();
    else {
      this._owner.loop.runSoon(() => {
        this._deliverHeld();
      });
    }
  }

  /** Delivers nothing more, and drops what is held. */
  close(): void {
    this._isOpen = false;
    this._isPaused = false;
    this._held = undefined;
  }

  /** Lets the socket read into nothing: its end must be seen, and a peer that waits to send must not block us. */
  drain(): void {
    this._resumeSocket();
  }

  /** Leaves the socket to somebody else. */
  freeze(): void {
    this._isFrozen = true;
    this._pauseSocket();
  }

  /** Goes on with another socket, which stays paused until `thaw`. */
  changeSocket(socket: Socket): void {
    this._socket = socket;
    this.readsIntoSlab = false;
    this._pauseSocket();
  }

  thaw(): void {
    this._isFrozen = false;
    this._deliverHeld();
  }

  /** Bytes that arrived and that the protocol has not seen. */
  get unseenBytes(): number {
    return (this._held?.length ?? 0) + this._socket.readableLength;
  }

  /** Whether the peer's end of data came and was not told. */
  get endIsHeld(): boolean {
    return this._endIsHeld;
  }

  /** The peer's end of data came. @returns Whether it can be told now; else it is held. */
  end(): boolean {
    this._endIsHeld = !this._isReading;
    return !this._endIsHeld;
  }

  /** Memory of the protocol's own that the next bytes may go to; `undefined` if they must not. */
  get ownMemory(): Uint8Array | undefined {
    return this._isOpen && this._isReading ? this._byBuffer?.target : undefined;
  }

  /** The socket read `byteCount` bytes to the start of `memory`: the loop's slab, or what {@link ownMemory} was. */
  readInto(memory: Uint8Array, byteCount: number): void {
    const receiver = this._byBuffer;
    const { slab } = this._owner.loop;
    if (receiver?.target !== memory || !this._isOpen || !this._isReading) {
      this._received(memory === slab && byteCount === slab.length ? slab : view(memory, byteCount));
      return;
    }
    this._owner.loop.countRead(byteCount);
    this._owner.run('bufferUpdated', () => {
      receiver.filled(byteCount, () => this._isReadingBy(receiver));
    });
  }

  /** The socket read a chunk of its own. */
  readFromSocket(buffer: Uint8Array): void {
    // A plain Uint8Array: a Buffer's slice does not copy.
    const chunk = view(buffer, buffer.length);
    deliveredChunk = chunk;
    deliveredBuffer = buffer;
    this._received(chunk);
    deliveredChunk = deliveredBuffer = undefined;
  }

  private get _isReading(): boolean {
    return !this._isPaused && this._held === undefined && !this._isFrozen;
  }

  private _isReadingBy(receiver: BufferReceiver): boolean {
    return this._byBuffer === receiver && this._isOpen && !this._isPaused && !this._isFrozen;
  }

  private _received(chunk: Uint8Array): void {
    const owner = this._owner;
    const { loop } = owner;
    loop.countRead(chunk.length);
    const protocol = this._byChunk;
    if (!this._isOpen) return;
    if (protocol === undefined || !this._isReading) {
      this._deliverOrHold(chunk);
      return;
    }
    // perf: the one callback that runs for each chunk has no closure.
    const { watchdog } = loop;
    const startedAt = watchdog === undefined ? 0 : watchdog.begin();
    loop.enter();
    try {
      protocol.dataReceived(chunk);
    } catch (error) {
      loop.failed(error, owner);
    } finally {
      if (watchdog !== undefined) watchdog.endMethod(startedAt, protocol, 'dataReceived', owner);
      loop.leave();
    }
  }

  /** Delivers as much as the protocol, or those that take its place meanwhile, will have; keeps the rest. */
  private _deliverOrHold(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0 && this._isOpen && this._isReading) {
      const receiver = this._byBuffer;
      let delivered = rest.length;
      this._owner.run(receiver === undefined ? 'dataReceived' : 'bufferUpdated', () => {
        if (receiver === undefined) this._byChunk?.dataReceived(rest);
        else delivered = receiver.receive(rest, () => this._isReadingBy(receiver));
      });
      rest = rest.subarray(delivered);
    }
    if (rest.length > 0 && this._isOpen) this._hold(rest);
  }

  private _hold(chunk: Uint8Array): void {
    if (!this._isFrozen) this._pauseSocket();
    const before = this._held;
    if (before === undefined && !this.readsIntoSlab) {
      this._held = chunk; // nobody else has that memory
      return;
    }
    const heldBytes = before?.length ?? 0;
    const held = new Uint8Array(heldBytes + chunk.length);
    if (before !== undefined) held.set(before);
    held.set(chunk, heldBytes);
    this._held = held;
  }

  private _deliverHeld(): void {
    if (!this._isOpen || this._isPaused || this._isFrozen) return;
    const held = this._held;
    this._held = undefined;
    if (held !== undefined) this._deliverOrHold(held);
    if (!(this._isOpen as boolean) || !this._isReading) return; // the protocol may have had enough
    if (this._endIsHeld) this._owner.socketEnded();
    else this._resumeSocket();
  }

  private _pauseSocket(): void {
    this._isSocketPaused = true;
    this._socket.pause();
  }

  private _resumeSocket(): void {
    if (!this._isSocketPaused) return;
    this._isSocketPaused = false;
    this._socket.resume();
  }
}

function view(memory: Uint8Array, byteCount: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset, byteCount);
}
