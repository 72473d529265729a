import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  nodePolicy,
  withLimits,
  type BlockedReport,
  type LimitOptions,
  type Loop,
  type Transport,
} from '../src/index.js';
import { BufferedRecorder, pattern, Recorder } from './recorder.js';

let loop: Loop;
let uncaught: unknown[];

beforeEach(() => {
  loop = nodePolicy.newLoop();
  uncaught = [];
  loop.onUncaught((error) => uncaught.push(error));
});
afterEach(() => loop.close());

interface Ends {
  readonly client: Recorder;
  /** The one that is limited, and what it was given for its transport. */
  readonly server: Recorder;
  readonly transport: Transport;
}

async function connect(options: LimitOptions, server = new Recorder()): Promise<Ends> {
  const listening = await loop.listen(
    withLimits(() => server, options),
    'tcp://127.0.0.1:0',
  );
  const client = new Recorder();
  await loop.connect(() => client, listening.address);
  await server.until(() => server.events.length > 0);
  return { client, server, transport: server.transport };
}

describe.each<[string, LimitOptions]>([
  ['silence', { idleMs: 60_000 }],
  ['the rate of writing', { bytesPerSec: { write: 1e9 } }],
  ['the rate of reading', { bytesPerSec: { read: 1e9 } }],
  ['everything', { idleMs: 60_000, bytesPerSec: 1e9, total: 5, perPeer: 5 }],
])('a transport with a limit of %s', (_, options) => {
  test('passes on what is written in any way, gives chunks back, and ends its side', async () => {
    const { client, transport } = await connect(options);
    const returned: Uint8Array[] = [];
    const owner = { recycle: (chunk: Uint8Array) => void returned.push(chunk) };
    const chunks = [pattern(10), pattern(20), pattern(30), pattern(40)] as const;
    transport.write(chunks[0]);
    transport.write(chunks[1], owner);
    transport.writeMany([chunks[2]]);
    transport.writeMany([chunks[3]], owner);
    transport.writeEof();
    expect(await client.lost).toBe(null);
    expect(client.byteCount).toBe(100);
    expect(returned.map(({ length }) => length)).toEqual([20, 40]);
    expect(transport.bufferedBytes).toBe(0);
  });

  test('pauses and resumes reading until it is closing, and then ignores both', async () => {
    const { client, server, transport } = await connect(options);
    transport.pauseReading();
    client.transport.write(pattern(100));
    await new Promise<void>((resolve) => loop.callLater(5, resolve));
    expect(server.byteCount).toBe(0);
    transport.resumeReading();
    await server.until(() => server.byteCount === 100);
    transport.close();
    transport.pauseReading();
    transport.resumeReading();
    expect(transport.isClosing).toBe(true);
    expect(await server.lost).toBe(null);
  });

  test('tells the protocol to pause and to resume by the watermarks that it sets', async () => {
    const { client, server, transport } = await connect(options);
    transport.setWriteWatermarks({ highWaterBytes: 10, lowWaterBytes: 0 });
    transport.write(pattern(11));
    await server.until(() => server.story.includes('resumeWriting'));
    expect(server.story.filter((name) => name.endsWith('Writing'))).toEqual(['pauseWriting', 'resumeWriting']);
    await client.until(() => client.byteCount === 11);
  });

  test('a callback that throws something else than an Error loses its connection with an Error', async () => {
    const thrower = new Recorder({
      onData: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a program may do
        throw 'text';
      },
    });
    const { client, server } = await connect(options, thrower);
    client.transport.write(pattern(1));
    expect(await server.lost).toMatchObject({ message: 'a callback threw', cause: 'text' });
    expect(uncaught).toEqual(['text']);
  });
});

test('a pause that throws something else than an Error loses a connection whose rate is limited', async () => {
  const thrower = new Recorder({
    onPause: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a program may do
      throw 'text';
    },
  });
  const { server, transport } = await connect({ bytesPerSec: { write: 10 } }, thrower);
  transport.setWriteWatermarks({ highWaterBytes: 10, lowWaterBytes: 0 });
  transport.write(pattern(5000));
  expect(await server.lost).toMatchObject({ message: 'a callback threw', cause: 'text' });
  await new Promise<void>((resolve) => loop.callLater(1, resolve));
  expect(uncaught).toEqual(['text']);
});

test('watching names the callbacks of a buffered protocol', async () => {
  const seen = new Set<string>();
  const onBlocked = ({ callback }: BlockedReport): void => void seen.add(callback);
  const stop = loop.watch({ blockedMs: 1, onBlocked });
  const busy = (): void => {
    for (const from = loop.now(); loop.now() - from < 2;) continue;
  };
  class Busy extends BufferedRecorder {
    override getBuffer(hintBytes: number): Uint8Array {
      busy();
      return super.getBuffer(hintBytes);
    }
    override bufferUpdated(byteCount: number): void {
      busy();
      super.bufferUpdated(byteCount);
    }
  }
  const echo = new Recorder({
    onData: (chunk, transport) => {
      transport.write(chunk);
    },
  });
  const listening = await loop.listen(() => echo, 'tcp://127.0.0.1:0');
  const { protocol, transport } = await loop.connect(() => new Busy(new Recorder(), 100), listening.address);
  transport.write(pattern(100));
  await protocol.recorder.until(() => protocol.recorder.byteCount === 100);
  await new Promise<void>((resolve) => loop.callLater(1, resolve)); // the callback has ended
  stop();
  expect([...seen]).toEqual(expect.arrayContaining(['Busy.getBuffer', 'Busy.bufferUpdated']));
});
