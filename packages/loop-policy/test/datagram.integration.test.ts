import dgram from 'node:dgram';
import { once } from 'node:events';
import { TimeoutError } from '@millrace/timeouts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ListenError, nodePolicy, TransportClosedError, type Loop } from '../src/index.js';
import { DatagramRecorder, HERE, openRecorder } from '../src/testing/conformance/datagram-recorder.js';

let loop: Loop;
beforeEach(() => {
  loop = nodePolicy.newLoop();
});
afterEach(() => loop.close());

/** Resolves as soon as `isMet` holds. */
async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise<void>((resolve) => loop.callLater(1, resolve));
}

/** A socket that is not ours. */
async function foreign(type: 'udp4' | 'udp6' = 'udp4'): Promise<{ socket: dgram.Socket; port: number } & Disposable> {
  const socket = dgram.createSocket(type);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port, [Symbol.dispose]: () => socket.close() };
}

describe('a datagram transport', () => {
  test('talks to sockets that are not ours, both ways', async () => {
    using peer = await foreign();
    const { recorder, transport } = await openRecorder(loop);
    transport.send(Uint8Array.of(1, 2, 3), { host: '127.0.0.1', port: peer.port });
    const [data, from] = (await once(peer.socket, 'message')) as [Buffer, dgram.RemoteInfo];
    expect([...data]).toEqual([1, 2, 3]);
    expect({ host: from.address, port: from.port }).toEqual(transport.localAddress);
    peer.socket.send(Buffer.from('answer'), from.port, from.address);
    await until(() => recorder.datagrams.length === 1);
    expect(new TextDecoder().decode(recorder.datagrams[0]?.data)).toBe('answer');
    expect(recorder.datagrams[0]?.from).toEqual({ host: '127.0.0.1', port: peer.port });
  });

  test('hands out plain bytes, whose slice is a copy', async () => {
    let received: unknown;
    const { transport } = await openRecorder(loop, { onDatagram: (data) => (received = data) });
    transport.send(Uint8Array.of(1), transport.localAddress);
    await until(() => received !== undefined);
    expect(Object.getPrototypeOf(received)).toBe(Uint8Array.prototype);
  });

  test('accepts a Buffer, and a view into larger memory', async () => {
    const { recorder, transport } = await openRecorder(loop);
    transport.send(Buffer.from('abc'), transport.localAddress);
    transport.send(Uint8Array.of(9, 1, 2, 9).subarray(1, 3), transport.localAddress);
    await until(() => recorder.datagrams.length === 2);
    expect(recorder.datagrams.map(({ data }) => [...data])).toEqual([
      [97, 98, 99],
      [1, 2],
    ]);
  });

  test('what a datagram makes a protocol write to a connection leaves at the end of the callback', async () => {
    const chunks: number[] = [];
    const sink = {
      connectionMade: () => undefined,
      dataReceived: (chunk: Uint8Array): void => {
        chunks.push(chunk.length);
      },
      eofReceived: () => undefined,
      pauseWriting: () => undefined,
      resumeWriting: () => undefined,
      connectionLost: () => undefined,
    };
    const server = await loop.listen(() => sink, { host: '127.0.0.1', port: 0 });
    const made = await loop.connect(() => ({ ...sink }), { host: '127.0.0.1', port: server.address.port ?? 0 });
    const { transport } = await openRecorder(loop, {
      onDatagram: () => {
        for (let i = 0; i < 4; i++) made.transport.write(new Uint8Array(10));
      },
    });
    const before = loop.metrics().flushes;
    transport.send(Uint8Array.of(1), transport.localAddress);
    await until(() => chunks.reduce((sum, length) => sum + length, 0) === 40);
    expect(loop.metrics().flushes - before).toBe(1);
  });

  test('tells of a datagram that is too long for the way, and goes on', async () => {
    const { recorder, transport } = await openRecorder(loop, {}, { family: 6 });
    // 65527 bytes fit into IPv6, but not into the IPv4 that such an address stands for.
    const to = { host: '::ffff:127.0.0.1', port: transport.localAddress.port };
    transport.send(new Uint8Array(65527), to);
    await until(() => recorder.errors.length === 1);
    expect(recorder.errors[0]).toMatchObject({ code: 'EMSGSIZE' });
    transport.send(Uint8Array.of(1), to);
    await until(() => recorder.datagrams.length === 1);
    expect(recorder.datagrams[0]?.from.host).toBe('::ffff:127.0.0.1');
    expect(() => {
      transport.send(new Uint8Array(65528), to);
    }).toThrow(/at most 65527 bytes, got 65528/);
  });

  test('sends many datagrams in the order of the calls while names are looked up', async () => {
    const { recorder, transport } = await openRecorder(loop);
    const { host, port } = transport.localAddress;
    const sent: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 5; i++) {
        const n = round * 5 + i;
        sent.push(n);
        transport.send(Uint8Array.of(n), { host: n % 7 === 3 ? 'localhost' : host, port });
      }
      await new Promise<void>((resolve) => {
        loop.callSoon(resolve);
      });
    }
    await until(() => recorder.datagrams.length === sent.length);
    expect(recorder.firstBytes).toEqual(sent);
  });

  test('broadcasts if it is told that it may, and is refused otherwise', async () => {
    const to = { host: '255.255.255.255', port: 9 };
    const shy = await openRecorder(loop, {}, { family: 4 });
    shy.transport.send(Uint8Array.of(1), to);
    await until(() => shy.recorder.errors.length === 1);
    expect(shy.recorder.errors[0]).toMatchObject({ code: 'EACCES' });
    const loud = await openRecorder(loop, {}, { family: 4, broadcast: true });
    loud.transport.send(Uint8Array.of(1), to);
    await until(() => loud.transport.bufferedBytes === 0);
    // Without a network there may be no way to anywhere; it is the permission that counts.
    expect(loud.recorder.errors.filter((error) => (error as { code?: string }).code === 'EACCES')).toEqual([]);
  });

  test('tells the system about multicast that it does not like', async () => {
    const { transport } = await openRecorder(loop);
    expect(() => {
      transport.joinGroup('10.0.0.1');
    }).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => {
      transport.leaveGroup('239.255.71.84', '127.0.0.1');
    }).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL' }));
    expect(() => {
      transport.setMulticastInterface('203.0.113.7');
    }).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL' }));
  });

  test('has been closed for good when it is lost', async () => {
    const { recorder, transport } = await openRecorder(loop);
    transport.close();
    await recorder.lost;
    transport.abort();
    transport.ref();
    transport.unref();
    transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
    expect(() => {
      transport.setTimeToLive({ unicast: 1 });
    }).toThrow(TransportClosedError);
    expect(() => {
      transport.setMulticastLoopback(false);
    }).toThrow(TransportClosedError);
    expect(recorder.events).toEqual(['connectionMade', 'connectionLost']);
  });

  test('is named by the watchdog', async () => {
    const reports: { callback: string; transport: unknown }[] = [];
    const { transport } = await openRecorder(loop, {
      onDatagram: () => {
        const from = loop.now();
        while (loop.now() - from < 4) continue;
      },
    });
    loop.watch({ blockedMs: 3, onBlocked: (report) => reports.push(report) });
    transport.send(Uint8Array.of(1), transport.localAddress);
    await until(() => reports.some((report) => report.transport === transport));
    const [report] = reports.filter((each) => each.transport === transport);
    expect(report?.callback).toBe('DatagramRecorder.datagramReceived');
  });
});

describe('Loop.openDatagram', () => {
  test('takes a free port of all addresses unless told otherwise', async () => {
    const { transport } = await openRecorder(loop, {}, {});
    expect(transport.localAddress.host).toBe('0.0.0.0');
    expect(transport.localAddress.port).toBeGreaterThan(0);
  });

  test('takes the family of what names resolve to', async () => {
    using peer = await foreign();
    const remote = { host: 'localhost', port: peer.port };
    const { transport } = await openRecorder(loop, {}, { remote, family: 4 });
    expect(transport.remoteAddress).toEqual({ host: '127.0.0.1', port: peer.port });
    const either = await openRecorder(loop, {}, { local: { host: 'localhost', port: 0 } });
    expect(['127.0.0.1', '::1']).toContain(either.transport.localAddress.host);
    const far = await openRecorder(loop, {}, { remote });
    expect(['127.0.0.1', '::1']).toContain(far.transport.remoteAddress?.host);
  });

  test('lets two sockets have one address if both allow it', async () => {
    const options = { local: { host: '0.0.0.0', port: 0 }, reuseAddress: true };
    const { transport } = await openRecorder(loop, {}, options);
    const local = { host: '0.0.0.0', port: transport.localAddress.port };
    const second = await openRecorder(loop, {}, { local, reuseAddress: true });
    expect(second.transport.localAddress.port).toBe(local.port);
    await expect(openRecorder(loop, {}, { local })).rejects.toThrow(
      `cannot listen on udp://0.0.0.0:${local.port}: address in use (EADDRINUSE)`,
    );
  });

  test('names the address that is not ours', async () => {
    await expect(openRecorder(loop, {}, { local: { host: '203.0.113.7', port: 5 } })).rejects.toMatchObject({
      name: 'ListenError',
      endpoint: 'udp://203.0.113.7:5',
      reason: 'EADDRNOTAVAIL',
    });
    await expect(openRecorder(loop, {}, { local: { host: '2001:db8::7', port: 5 } })).rejects.toThrow(
      'cannot listen on udp://[2001:db8::7]:5',
    );
    await expect(openRecorder(loop, {}, { local: { host: '203.0.113.7', port: 0 } })).rejects.toBeInstanceOf(
      ListenError,
    );
  });

  test('names the remote address that cannot be reached from the local one', async () => {
    const remote = { host: '203.0.113.7', port: 5 };
    await expect(openRecorder(loop, {}, { local: HERE, remote })).rejects.toMatchObject({
      name: 'ConnectError',
      endpoint: 'udp://203.0.113.7:5',
    });
  });

  test('sets the sizes of the buffers', async () => {
    const options = { local: HERE, receiveBufferBytes: 50_000, sendBufferBytes: 40_000 };
    const { recorder, transport } = await openRecorder(loop, {}, options);
    transport.send(new Uint8Array(1000), transport.localAddress);
    await until(() => recorder.datagrams.length === 1);
    await expect(openRecorder(loop, {}, { sendBufferBytes: 0 })).rejects.toThrow(
      'expected sendBufferBytes to be an integer from 1 to 2147483647, got 0',
    );
  });

  test('gives up in time', async () => {
    const opening = loop.openDatagram(() => new DatagramRecorder(), { local: HERE, timeoutMs: 0 });
    await expect(opening).rejects.toBeInstanceOf(TimeoutError);
    expect(loop.metrics().openDatagrams).toBe(0);
  });

  test('refuses watermarks that make no sense, and keeps nothing open', async () => {
    const watermarks = { highWaterBytes: 1, lowWaterBytes: 2 };
    await expect(openRecorder(loop, {}, { local: HERE, watermarks })).rejects.toBeInstanceOf(RangeError);
    expect(loop.metrics().openDatagrams).toBe(0);
  });

  test('refuses a family that there is not, and hosts that are none', async () => {
    await expect(openRecorder(loop, {}, { family: 5 as 4 })).rejects.toThrow('expected family to be 4 or 6, got 5');
    for (const host of ['', 'a\0b', 7]) {
      const local = { host: host as string, port: 0 };
      await expect(openRecorder(loop, {}, { local })).rejects.toBeInstanceOf(TypeError);
    }
  });

  test('a factory that closes the loop opens nothing', async () => {
    const other = nodePolicy.newLoop();
    const recorder = new DatagramRecorder();
    const opening = other.openDatagram(() => {
      void other.close();
      return recorder;
    });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_LOOP_POLICY_LOOP_CLOSED' });
    expect(recorder.events).toEqual([]);
    expect(other.metrics().openDatagrams).toBe(0);
  });
});
