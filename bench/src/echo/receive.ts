import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { getLoop, type AnyProtocol, type BufferedProtocol, type Protocol, type Transport } from '@millrace/loop-policy';
import type { Benchmark, Contender } from '../kit/contender.js';
import { pinned, pinOwnProcess } from './cores.js';
import { LineProcess } from './line-process.js';
import { buildLoad } from './native-build.js';
import { verifyPattern } from './pattern.js';

const SLAB_BYTES = 64 * 1024;
const KIB = 1024;
/** Enough that a chunk out of place would be seen. */
const CHECKED_BYTES = 1_000_003;

/** Asks the source for bytes, and counts the ones that come. */
class Receiver {
  isChecking = false;
  private _send: (request: Uint8Array) => void = () => undefined;
  private _position = 0;
  private _end = 0;
  private _done: (() => void) | undefined;

  connected(send: (request: Uint8Array) => void): void {
    this._send = send;
  }

  receive(bytes: number): Promise<void> {
    const request = Buffer.alloc(8);
    request.writeBigUInt64LE(BigInt(bytes));
    this._end += bytes;
    return new Promise((resolve) => {
      this._done = resolve;
      this._send(request);
    });
  }

  received(chunk: Uint8Array, length: number): void {
    if (this.isChecking) verifyPattern(chunk.subarray(0, length), this._position);
    this._position += length;
    if (this._position === this._end) this._done?.();
  }
}

/** What both kinds of protocols have. */
abstract class Receiving {
  protected readonly _receiver: Receiver;
  constructor(receiver: Receiver) {
    this._receiver = receiver;
  }
  connectionMade(transport: Transport): void {
    this._receiver.connected((request) => {
      transport.write(request);
    });
  }
  eofReceived(): void {
    return;
  }
  pauseWriting(): void {
    return;
  }
  resumeWriting(): void {
    return;
  }
  connectionLost(): void {
    return;
  }
}

class Chunks extends Receiving implements Protocol {
  dataReceived(chunk: Uint8Array): void {
    this._receiver.received(chunk, chunk.length);
  }
}

class OwnMemory extends Receiving implements BufferedProtocol {
  private readonly _memory = new Uint8Array(SLAB_BYTES);
  getBuffer(): Uint8Array {
    return this._memory;
  }
  bufferUpdated(byteCount: number): void {
    this._receiver.received(this._memory, byteCount);
  }
}

function contender(name: string, receiver: Receiver, close: () => unknown): Contender {
  return {
    name,
    check: async () => {
      receiver.isChecking = true;
      await receiver.receive(CHECKED_BYTES);
      receiver.isChecking = false;
      return CHECKED_BYTES;
    },
    run: (count) => receiver.receive(count * KIB),
    close: async () => {
      await close();
    },
  };
}

async function ofNet(name: string, open: (receiver: Receiver) => Socket): Promise<Contender> {
  const receiver = new Receiver();
  const socket = open(receiver);
  await once(socket, 'connect');
  receiver.connected((request) => socket.write(request));
  return contender(name, receiver, () => socket.destroy());
}

async function ofLoop(name: string, port: number, protocol: (receiver: Receiver) => AnyProtocol): Promise<Contender> {
  const receiver = new Receiver();
  const { transport } = await getLoop().connect(() => protocol(receiver), `tcp://127.0.0.1:${port}`);
  return contender(name, receiver, () => {
    transport.abort();
  });
}

const DATA = "node:net 'data'";
const BYTES_AT_ONCE = 'millrace loop';
const OWN = 'millrace loop, protocol with memory of its own';

/** The last contender also ends the source. */
async function open(): Promise<readonly Contender[]> {
  const source = await LineProcess.start(pinned('load', [await buildLoad(), 'source']));
  const port = Number((await source.next()).split(' ')[1]);
  pinOwnProcess('measured');
  const address = { port, host: '127.0.0.1' };
  const data = await ofNet(DATA, (receiver) =>
    connect(address).on('data', (chunk) => {
      receiver.received(chunk, chunk.length);
    }),
  );
  const onread = await ofNet('node:net onread', (receiver) =>
    connect({
      ...address,
      onread: {
        buffer: new Uint8Array(SLAB_BYTES),
        callback: (length, memory) => {
          receiver.received(memory, length);
          return true;
        },
      },
    }),
  );
  const chunks = await ofLoop(BYTES_AT_ONCE, port, (receiver) => new Chunks(receiver));
  const own = await ofLoop(OWN, port, (receiver) => new OwnMemory(receiver));
  const closeAll = async (): Promise<void> => {
    await own.close?.();
    await source.close();
  };
  return [data, onread, chunks, { ...own, close: closeAll }];
}

const oursAllocateLittle = [BYTES_AT_ONCE, OWN].flatMap((name) => [
  { contender: name, atLeast: 1.3, than: DATA, of: 'cpu', by: 'median' } as const,
  // together less than 1 % of what is received
  { contender: name, counter: 'allocated B', atMost: 5 },
  { contender: name, counter: 'off-heap B', atMost: 5 },
]);

/** A client that receives 100 MiB from a source in C. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: 'echo/receive',
    title: '100 MiB received by a client over TCP',
    operation: 'KiB',
    count: 102_400,
    rounds: 21,
    ownProcess: true,
    targets: oursAllocateLittle,
    open,
  },
];
