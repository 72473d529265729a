import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionLostError, nodePolicy, type Loop } from '../src/index.js';
import { Recorder } from '../src/testing/conformance/recorder.js';
import { DatagramRecorder, HERE, openRecorder } from '../src/testing/conformance/datagram-recorder.js';

let loop: Loop;
beforeEach(() => {
  loop = nodePolicy.newLoop();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await loop.close();
});

/** @returns The sockets of the system's that are made from now on. */
function spyOnSockets(): dgram.Socket[] {
  const made: dgram.Socket[] = [];
  const { createSocket } = dgram;
  vi.spyOn(dgram, 'createSocket').mockImplementation((options: dgram.SocketOptions | dgram.SocketType) => {
    const socket = createSocket(options as dgram.SocketOptions);
    made.push(socket);
    return socket;
  });
  return made;
}

const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWRAP').length;

describe('a datagram transport on Node', () => {
  test('leaves no socket behind, however it ends', async () => {
    const before = openSockets();
    const controller = new AbortController();
    for (let i = 0; i < 20; i++) {
      const closed = await openRecorder(loop);
      closed.transport.close();
      await closed.recorder.lost;
      const aborted = await openRecorder(loop, {}, { remote: { host: '127.0.0.1', port: 9 } });
      aborted.transport.send(new Uint8Array(10));
      aborted.transport.abort();
      await aborted.recorder.lost;
      await openRecorder(loop, {}, { local: { host: '203.0.113.7', port: 0 } }).catch(() => undefined);
      await loop.openDatagram(() => { throw new Error('no protocol'); }).catch(() => undefined); // prettier-ignore
      const opening = loop.openDatagram(() => new DatagramRecorder(), { local: HERE, signal: controller.signal });
      await Promise.resolve();
      controller.abort();
      await opening.catch(() => undefined);
    }
    await new Promise<void>((resolve) => loop.callLater(1, resolve));
    expect(openSockets()).toBe(before);
  });

  test('keeps what a connection receives until a name is looked up, though its memory is used again', async () => {
    const { recorder, transport } = await openRecorder(loop);
    const to = { host: 'localhost', port: transport.localAddress.port };
    const forward = new Recorder({
      onData: (chunk) => {
        transport.send(chunk, to);
        chunk.fill(2); // as the next read would
      },
    });
    const server = await loop.listen(
      () =>
        new Recorder({
          onMade: (peer) => {
            peer.write(new Uint8Array(100).fill(1));
          },
        }),
      { host: '127.0.0.1', port: 0 },
    );
    await loop.connect(() => forward, { host: '127.0.0.1', port: server.address.port ?? 0 });
    while (recorder.datagrams.length === 0) await new Promise<void>((resolve) => loop.callLater(1, resolve));
    expect(recorder.datagrams[0]?.data).toEqual(new Uint8Array(100).fill(1));
  });

  test('tells of a socket that somebody else closed', async () => {
    const made = spyOnSockets();
    const { recorder } = await openRecorder(loop);
    made[0]?.close();
    expect(await recorder.lost).toBeInstanceOf(ConnectionLostError);
    expect(loop.metrics().openDatagrams).toBe(0);
  });

  test('drops what strangers sent before it had its remote address, and all that comes while it closes', async () => {
    const made = spyOnSockets();
    const remote = { host: '127.0.0.1', port: 9 };
    const { recorder, transport } = await openRecorder(loop, {}, { local: HERE, remote });
    const receive = (byte: number, address: string, port: number): void => {
      made[0]?.emit('message', Buffer.of(byte), { address, port, family: 'IPv4', size: 1 });
    };
    receive(1, '127.0.0.2', 9);
    receive(2, '127.0.0.1', 10);
    receive(3, '127.0.0.1', 9);
    transport.send(Uint8Array.of(0));
    transport.close();
    receive(4, '127.0.0.1', 9);
    made[0]?.emit('error', new Error('too late'));
    await recorder.lost;
    expect(recorder.firstBytes).toEqual([3]);
    expect(recorder.events).toEqual(['connectionMade', 'datagramReceived', 'connectionLost']);
  });

  test('refuses to share a port where the runtime would not', async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isAble = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
    const first = await openRecorder(loop, {}, { local: HERE, reusePort: true }).catch((error: unknown) => error);
    if (!isAble) {
      expect(first).toBeInstanceOf(TypeError);
      return;
    }
    const { localAddress } = (first as Awaited<ReturnType<typeof openRecorder>>).transport;
    const second = await openRecorder(loop, {}, { local: localAddress, reusePort: true });
    expect(second.transport.localAddress).toEqual(localAddress);
  });

  test('does not hold the process open after unref(), nor does the measuring of lag', { timeout: 60_000 }, () => {
    const script = `
      import { getLoop } from '@millrace/loop-policy';
      const nothing = () => undefined;
      const protocol = { connectionMade: nothing, datagramReceived: nothing, errorReceived: nothing,
        pauseWriting: nothing, resumeWriting: nothing, connectionLost: nothing };
      const { transport } = await getLoop().openDatagram(() => protocol, { local: { host: '127.0.0.1', port: 0 } });
      getLoop().metrics();
      transport.unref();
      console.log('ends');`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
      timeout: 50_000,
    });
    expect(output).toBe('ends\n');
  });
});
