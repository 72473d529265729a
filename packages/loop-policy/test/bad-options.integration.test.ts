import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  nodePolicy,
  withLimits,
  type ConnectOptions,
  type DatagramOptions,
  type DatagramProtocol,
  type ListenOptions,
  type Loop,
  type Protocol,
  type Server,
  type Transport,
} from '../src/index.js';
import { Recorder } from './recorder.js';

/** Hands over what the compiler would not let pass. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- inferred from where it is used
const untyped = <T>(value: unknown): T => value as T;

let loop: Loop;
let server: Server;
let made = 0;
const uncaught: unknown[] = [];

beforeAll(async () => {
  loop = nodePolicy.newLoop();
  loop.onUncaught((error) => uncaught.push(error));
  server = await loop.listen(() => new Recorder(), 'tcp://127.0.0.1:0');
});

afterAll(async () => {
  await loop.close();
  expect(uncaught).toEqual([]);
});

const factory = (): Recorder => {
  made++;
  return new Recorder();
};
const target = (): { host: string; port: number } => ({ host: '127.0.0.1', port: server.address.port ?? 0 });

async function refused(promise: Promise<unknown>): Promise<Error> {
  const before = made;
  const error: unknown = await promise.then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  expect(made).toBe(before); // what is wrong is told before a protocol is made
  return error as Error;
}

function thrown(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    return error as Error;
  }
  return new Error('it was taken');
}

const CONNECTION: [string, object][] = [
  ['TypeError', { noDelay: 'yes' }],
  ['RangeError', { keepAliveMs: NaN }],
  ['RangeError', { keepAliveMs: -1 }],
  ['RangeError', { keepAliveMs: '5' }],
  ['TypeError', { watermarks: 5 }],
  ['TypeError', { watermarks: null }],
  ['RangeError', { watermarks: { highWaterBytes: '5', lowWaterBytes: '1' } }],
  ['RangeError', { watermarks: { highWaterBytes: 1, lowWaterBytes: 2 } }],
  ['TypeError', { tls: false }],
  ['TypeError', { tls: null }],
  ['TypeError', { tls: { ca: 5 } }],
  ['TypeError', { tls: { alpn: 'h2' } }],
  ['TypeError', { tls: { alpn: [5] } }],
];

describe('connect', () => {
  test.each<[string, unknown]>([
    ...CONNECTION,
    ['TypeError', null],
    ['TypeError', 5],
    ['RangeError', { attemptDelayMs: '50' }],
    ['RangeError', { attemptDelayMs: 5 }],
    ['TypeError', { localAddress: 5 }],
    ['TypeError', { localAddress: 'nonsense' }],
    ['TypeError', { tls: { serverName: 5 } }],
  ])('refuses with a %s the options %j', async (name, options) => {
    const error = await refused(loop.connect(factory, target(), untyped<ConnectOptions>(options)));
    expect([error.name, error.message]).toEqual([name, expect.stringMatching(/^expected /)]);
  });

  test.each([undefined, null, 5, {}])('refuses %s as a factory', async (bad) => {
    const error = await refused(loop.connect(untyped(bad), target()));
    expect([error.name, error.message]).toEqual(['TypeError', expect.stringMatching(/^expected factory to be a func/)]);
  });

  test.each(['connectionMade', 'eofReceived', 'pauseWriting', 'resumeWriting', 'connectionLost', 'dataReceived'])(
    'refuses a protocol without %s',
    async (missing) => {
      const protocol = Object.assign(new Recorder(), { [missing]: undefined });
      await expect(loop.connect(() => protocol, target())).rejects.toThrow(
        new RegExp(`^expected a protocol with .*${missing}`),
      );
    },
  );
});

describe('listen', () => {
  test.each<[string, unknown]>([
    ...CONNECTION,
    ['TypeError', null],
    ['TypeError', 5],
    ['RangeError', { backlog: '5' }],
    ['TypeError', { reusePort: 'yes' }],
    ['TypeError', { exclusive: 1 }],
    ['TypeError', { ipv6Only: 1 }],
    ['TypeError', { tls: true }],
    ['TypeError', { tls: { cert: 5, key: 5 } }],
  ])('refuses with a %s the options %j, before a client comes', async (name, options) => {
    const error = await refused(loop.listen(factory, 'tcp://127.0.0.1:0', untyped<ListenOptions>(options)));
    expect([error.name, error.message]).toEqual([name, expect.stringMatching(/^expected /)]);
  });

  test.each([undefined, null, 5])('refuses %s as a factory, before a client comes', async (bad) => {
    const error = await refused(loop.listen(untyped(bad), 'tcp://127.0.0.1:0'));
    expect([error.name, error.message]).toEqual(['TypeError', expect.stringMatching(/^expected factory to be a func/)]);
  });

  test.each([NaN, -1, '5', {}])('the server refuses to close within %s ms', async (graceMs) => {
    await expect(server.close({ graceMs: untyped(graceMs) })).rejects.toThrow(/^expected graceMs to be 0 or more/);
    await expect(loop.connect(factory, target())).resolves.toBeDefined(); // it goes on
  });
});

describe('openDatagram', () => {
  test.each<[string, unknown]>([
    ['TypeError', null],
    ['TypeError', { broadcast: 1 }],
    ['TypeError', { ipv6Only: 1 }],
    ['TypeError', { reuseAddress: 1 }],
    ['TypeError', { reusePort: 1 }],
    ['TypeError', { remote: null }],
    ['TypeError', { local: 5 }],
    ['TypeError', { watermarks: 5 }],
    ['RangeError', { family: '4' }],
  ])('refuses with a %s the options %j', async (name, options) => {
    const error = await refused(
      loop.openDatagram(untyped<() => DatagramProtocol>(factory), untyped<DatagramOptions>(options)),
    );
    expect([error.name, error.message]).toEqual([name, expect.stringMatching(/^expected /)]);
  });

  test.each([undefined, () => null, () => 5, () => ({})])('refuses what is no protocol: %s', async (bad) => {
    await expect(loop.openDatagram(untyped(bad))).rejects.toThrow(/^expected (factory|a protocol)/);
    expect(loop.metrics().openDatagrams).toBe(0);
  });
});

describe('a loop', () => {
  test.each<[string, (loop: Loop) => unknown]>([
    [
      'callSoon',
      (loop) => {
        loop.callSoon(untyped(5));
      },
    ],
    ['callLater', (loop) => loop.callLater(5, untyped(undefined))],
    ['onUncaught', (loop) => loop.onUncaught(untyped('console'))],
    ['watch', (loop) => loop.watch({ onBlocked: untyped(5) })],
  ])('%s refuses what is no function, at once', (_, call) => {
    expect(thrown(() => call(loop))).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(/^expected /) as string,
    });
  });

  test.each([0, NaN, '5', null])('watch refuses to report what blocks for %s ms', (blockedMs) => {
    expect(() => loop.watch({ blockedMs: untyped(blockedMs) })).toThrow(RangeError);
  });

  test('withLimits refuses an onRefused that is no function', () => {
    expect(() => withLimits(factory, { onRefused: untyped(5) })).toThrow(/^expected onRefused to be a function/);
  });
});

describe('a transport', () => {
  const connected = async (): Promise<Transport> =>
    (await loop.connect((): Protocol => new Recorder(), target())).transport;

  test.each([5, {}, null, { recycle: true }])('refuses %j as an owner before anything is queued', async (owner) => {
    const transport = await connected();
    for (const write of [
      () => {
        transport.write(new Uint8Array(1), untyped(owner));
      },
      () => {
        transport.writeMany([new Uint8Array(1)], untyped(owner));
      },
    ]) {
      expect(thrown(write)).toMatchObject({ name: 'TypeError', message: 'expected an owner with recycle()' });
    }
    expect([transport.bufferedBytes, transport.isClosing]).toEqual([0, false]);
    transport.close();
  });

  test.each([
    null,
    undefined,
    5,
    { highWaterBytes: '9', lowWaterBytes: '10' },
    { highWaterBytes: 9, lowWaterBytes: NaN },
  ])('refuses the watermarks %j', async (watermarks) => {
    const transport = await connected();
    expect(
      thrown(() => {
        transport.setWriteWatermarks(untyped(watermarks));
      }).message,
    ).toMatch(/^expected /);
    transport.close();
  });
});
