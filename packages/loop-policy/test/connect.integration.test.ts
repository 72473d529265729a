import type { LookupAddress } from 'node:dns';
import net from 'node:net';
import { TestClock } from '@millrace/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { Dial } from '../src/node/connect.js';
import { nodeHost, type Host } from '../src/node/host.js';
import type { ConnectOptions } from '../src/index.js';

const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A race to a name with these addresses, of which only those in `answering` do. */
async function race(
  found: LookupAddress[] | Error,
  {
    answering = [],
    hanging = [],
    options = {},
  }: { answering?: string[]; hanging?: string[]; options?: ConnectOptions },
) {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as net.AddressInfo;
  const tried: string[] = [];
  const sockets: net.Socket[] = [];
  let answerLookup = (): void => {};
  const fakes = {
    dns: {
      lookup: (_name: string, _options: object, done: (error: Error | null, found?: LookupAddress[]) => void) => {
        answerLookup = () => {
          if (found instanceof Error) done(found);
          else done(null, found);
        };
      },
    },
    net: {
      isIP: net.isIP,
      connect: (how: net.TcpNetConnectOpts) => {
        const address = how.host ?? '';
        tried.push(address);
        let socket: net.Socket;
        if (hanging.includes(address)) socket = new net.Socket();
        else socket = net.connect({ host: '127.0.0.1', port: answering.includes(address) ? port : 1 });
        sockets.push(socket);
        return socket;
      },
    },
  };
  const clock = new TestClock();
  const host = Object.create(nodeHost(), {
    dns: { value: fakes.dns },
    net: { value: fakes.net },
  }) as Host;
  let dial: Dial | undefined;
  const outcome = new Promise<net.Socket | { cause: unknown }>((resolve) => {
    dial = new Dial(host, {
      endpoint: { kind: 'tcp', host: 'name.example', port },
      options,
      tls: undefined,
      makeOnread: () => undefined,
      timers: clock,
      connected: resolve,
      failed: (cause) => {
        resolve({ cause });
      },
    });
    dial.start();
  });
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return {
    clock,
    tried,
    sockets,
    outcome,
    dial: dial!,
    resolveName: () => {
      answerLookup();
    },
  };
}

describe('connecting to a host with several addresses', () => {
  test('takes turns between the families, beginning with the one that the resolver prefers', async () => {
    const found = [v6('::a'), v6('::b'), v6('::c'), v4('10.0.0.1'), v4('10.0.0.2')];
    const { tried, outcome, resolveName } = await race(found, {});
    resolveName();
    expect(await outcome).toHaveProperty('cause');
    expect(tried).toEqual(['::a', '10.0.0.1', '::b', '10.0.0.2', '::c']);
  });

  test('tries the next address beside one that does not answer in 250 ms, and drops the loser', async () => {
    const found = [v6('::a'), v4('10.0.0.1')];
    const { clock, tried, sockets, outcome, resolveName } = await race(found, {
      hanging: ['::a'],
      answering: ['10.0.0.1'],
    });
    resolveName();
    clock.advance(249);
    expect(tried).toEqual(['::a']);
    clock.advance(1);
    expect(tried).toEqual(['::a', '10.0.0.1']);
    expect(sockets[0]?.destroyed).toBe(false);
    expect(await outcome).toBe(sockets[1]);
    expect(sockets[0]?.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('waits attemptDelayMs instead, where that is given', async () => {
    const { clock, tried, resolveName } = await race([v4('10.0.0.1'), v4('10.0.0.2'), v4('10.0.0.3')], {
      hanging: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      options: { attemptDelayMs: 10 },
    });
    resolveName();
    clock.advance(9);
    expect(tried).toHaveLength(1);
    clock.advance(11);
    expect(tried).toHaveLength(3);
  });

  test('tries the next address at once when one fails', async () => {
    const { tried, sockets, outcome, resolveName } = await race([v4('10.0.0.1'), v4('10.0.0.2')], {
      answering: ['10.0.0.2'],
    });
    resolveName();
    expect(await outcome).toBe(sockets[1]);
    expect(tried).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('keeps waiting for a slow attempt when the ones after it fail', async () => {
    const { clock, tried, sockets, outcome, resolveName } = await race([v4('10.0.0.1'), v4('10.0.0.2')], {
      hanging: ['10.0.0.1'],
    });
    resolveName();
    clock.advance(250);
    expect(tried).toHaveLength(2);
    await new Promise((resolve) => sockets[1]?.once('close', resolve));
    sockets[0]?.emit('connect');
    expect(await outcome).toBe(sockets[0]);
  });

  test('fails with the errors of all addresses, or the only one', async () => {
    const both = await race([v4('10.0.0.1'), v4('10.0.0.2')], {});
    both.resolveName();
    const { cause } = (await both.outcome) as { cause: AggregateError };
    expect(cause).toBeInstanceOf(AggregateError);
    expect(cause.errors).toMatchObject([{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }]);
    const one = await race([v4('10.0.0.1')], {});
    one.resolveName();
    expect(await one.outcome).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    const none = await race(new Error('no such name'), {});
    none.resolveName();
    expect(await none.outcome).toEqual({ cause: new Error('no such name') });
  });

  test('leaves no attempt and no timer behind when it is cancelled, at whatever point', async () => {
    const before = await race([v4('10.0.0.1')], { answering: ['10.0.0.1'] });
    before.dial.cancel();
    before.resolveName(); // the resolver answers late
    expect(before.tried).toEqual([]);
    const during = await race([v4('10.0.0.1'), v4('10.0.0.2')], { hanging: ['10.0.0.1', '10.0.0.2'] });
    during.resolveName();
    during.clock.advance(250);
    during.dial.cancel();
    during.dial.cancel();
    expect(during.sockets.map((socket) => socket.destroyed)).toEqual([true, true]);
    expect(during.clock.pending).toBe(0);
    const told: unknown[] = [];
    void during.outcome.then((outcome) => told.push(outcome));
    await Promise.all(during.sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    expect(told).toEqual([]);
  });
});
