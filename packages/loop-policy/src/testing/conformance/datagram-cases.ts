import type { DatagramAddress } from '../contract.js';
import type { ConformanceCase } from './case.js';
import { datagramEndingCases } from './datagram-ending-cases.js';
import { datagramNetworkCases } from './datagram-network-cases.js';
import { ECHO, HERE, openRecorder } from './datagram-recorder.js';
import type { Lab } from './lab.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

/** How a loop sends and receives datagrams. */
export const datagramCases: readonly ConformanceCase[] = [
  {
    name: 'UDP: connectionMade runs before openDatagram() resolves, and the socket has a port',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const { recorder, transport } = await openRecorder(lab.newLoop());
      lab.equal(recorder.events, ['connectionMade'], 'the callbacks so far');
      lab.check(recorder.transport === transport, 'connectionMade to be given the transport');
      lab.equal(transport.localAddress.host, '127.0.0.1', 'the local host');
      lab.check(transport.localAddress.port > 0, 'the local port to be known');
      lab.equal(transport.remoteAddress, undefined, 'the remote address');
    },
  },
  {
    name: 'UDP: a datagram arrives whole, with the address of its sender',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      sender.transport.send(lab.pattern(1000), receiver.transport.localAddress);
      await lab.until(loop, () => receiver.recorder.datagrams.length > 0);
      lab.equal(receiver.recorder.datagrams[0]?.data, lab.pattern(1000), 'the bytes');
      lab.equal(receiver.recorder.datagrams[0]?.from, sender.transport.localAddress, 'the sender');
    },
  },
  {
    name: 'UDP: what is being received may be sent back to its sender',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [echo, client] = [await openRecorder(loop, ECHO), await openRecorder(loop)];
      for (let i = 1; i <= 20; i++) client.transport.send(lab.pattern(i * 40), echo.transport.localAddress);
      await lab.until(loop, () => client.recorder.datagrams.length === 20);
      for (const [i, { data }] of client.recorder.datagrams.entries()) {
        lab.equal(data, lab.pattern((i + 1) * 40), `answer ${i}`);
      }
    },
  },
  {
    name: 'UDP: datagrams are neither joined nor cut, and keep their order',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      for (let i = 0; i < 50; i++) {
        sender.transport.send(new Uint8Array(i + 1).fill(i), receiver.transport.localAddress);
      }
      await lab.until(loop, () => receiver.recorder.datagrams.length === 50);
      for (const [i, { data }] of receiver.recorder.datagrams.entries()) {
        lab.equal(data, new Uint8Array(i + 1).fill(i), `datagram ${i}`);
      }
    },
  },
  {
    name: 'UDP: an empty datagram arrives, also before close()',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      sender.transport.send(bytes(), receiver.transport.localAddress);
      sender.transport.send(bytes(7), receiver.transport.localAddress);
      await lab.until(loop, () => receiver.recorder.datagrams.length === 2);
      sender.transport.send(bytes(), receiver.transport.localAddress);
      sender.transport.close();
      await lab.until(loop, () => receiver.recorder.datagrams.length === 3);
      lab.equal(receiver.recorder.firstBytes, [-1, 7, -1], 'the first bytes');
      lab.equal(await sender.recorder.lost, null, 'the error');
    },
  },
  {
    name: 'UDP: the longest datagram is 65507 bytes, a longer one is refused',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      const to = receiver.transport.localAddress;
      const send = (): void => {
        sender.transport.send(new Uint8Array(65508), to);
      };
      lab.throws(send, 'RangeError', 'a datagram of 65508 bytes');
      lab.equal(sender.transport.bufferedBytes, 0, 'bufferedBytes after it was refused');
      sender.transport.send(lab.pattern(65507), to);
      await lab.until(loop, () => receiver.recorder.datagrams.length > 0);
      lab.equal(receiver.recorder.datagrams[0]?.data, lab.pattern(65507), 'the bytes');
    },
  },
  {
    name: 'UDP: a transport with a remote address sends there, and is told it',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const receiver = await openRecorder(loop, ECHO);
      const remote = receiver.transport.localAddress;
      const sender = await openRecorder(loop, {}, { remote });
      lab.equal(sender.transport.remoteAddress, remote, 'the remote address');
      sender.transport.send(bytes(1));
      await lab.until(loop, () => sender.recorder.datagrams.length > 0);
      lab.equal(sender.recorder.datagrams[0]?.from, remote, 'the sender of the answer');
    },
  },
  {
    name: 'UDP: a transport with a remote address hears nobody else',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [friend, stranger] = [await openRecorder(loop), await openRecorder(loop)];
      const one = await openRecorder(loop, {}, { local: HERE, remote: friend.transport.localAddress });
      const to = one.transport.localAddress;
      stranger.transport.send(bytes(66), to);
      friend.transport.send(bytes(1), to);
      await lab.until(loop, () => one.recorder.datagrams.length > 0);
      await lab.settle(loop);
      lab.equal(one.recorder.firstBytes, [1], 'the first bytes');
    },
  },
  {
    name: 'UDP: send() without an address needs a remote one, and with one refuses another',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const open = await openRecorder(loop);
      const to = open.transport.localAddress;
      const bound = await openRecorder(loop, {}, { remote: to });
      const sendNowhere = (): void => {
        open.transport.send(bytes(1));
      };
      const sendElsewhere = (): void => {
        bound.transport.send(bytes(1), to);
      };
      lab.throws(sendNowhere, 'TypeError', 'send() without an address');
      lab.throws(sendElsewhere, 'TypeError', 'send() with an address too many');
    },
  },
  {
    name: 'UDP: send() refuses what is no address or no bytes, and sends nothing',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { transport, recorder } = await openRecorder(loop);
      const { port } = transport.localAddress;
      const send =
        (data: unknown, to: unknown): (() => void) =>
        () => {
          transport.send(data as Uint8Array, to as DatagramAddress);
        };
      lab.throws(send('text', transport.localAddress), 'TypeError', 'text instead of bytes');
      for (const host of ['', '::1', undefined])
        lab.throws(send(bytes(1), { host, port }), 'TypeError', `host ${String(host)}`);
      for (const wrong of [0, 65536, 1.5, -1, undefined]) {
        lab.throws(send(bytes(1), { host: '127.0.0.1', port: wrong }), 'RangeError', `port ${String(wrong)}`);
      }
      lab.equal(transport.bufferedBytes, 0, 'bufferedBytes');
      await lab.settle(loop);
      lab.equal(recorder.events, ['connectionMade'], 'the callbacks');
    },
  },
  {
    name: 'UDP: a refusal by the remote host is an error that the transport survives',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const gone = await openRecorder(loop);
      const remote = gone.transport.localAddress;
      gone.transport.close();
      await gone.recorder.lost;
      const { recorder, transport } = await openRecorder(loop, {}, { remote });
      transport.send(bytes(1));
      await lab.until(loop, () => recorder.errors.length > 0);
      lab.equal((recorder.errors[0] as { code?: unknown }).code, 'ECONNREFUSED', "the error's code");
      const back = await openRecorder(loop, {}, { local: remote });
      transport.send(bytes(2));
      await lab.until(loop, () => back.recorder.datagrams.length > 0);
      lab.equal(recorder.count('connectionLost'), 0, 'how often the socket was lost');
    },
  },
  {
    name: 'UDP: a name is looked up, and what is sent after it does not overtake it',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      const { host, port } = receiver.transport.localAddress;
      for (let i = 0; i < 12; i++) {
        sender.transport.send(bytes(i), { host: i % 3 === 0 ? 'localhost' : host, port });
      }
      await lab.until(loop, () => receiver.recorder.datagrams.length === 12);
      lab.equal(receiver.recorder.firstBytes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 'the first bytes');
    },
  },
  {
    name: 'UDP: a name that nobody has is an error, and the next datagrams leave',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      const { host, port } = receiver.transport.localAddress;
      sender.transport.send(bytes(1), { host: 'nowhere.invalid', port });
      sender.transport.send(bytes(2), { host, port });
      await lab.until(loop, () => receiver.recorder.datagrams.length > 0);
      lab.equal(receiver.recorder.firstBytes, [2], 'the first bytes');
      lab.equal(sender.recorder.errors.length, 1, 'the number of errors');
      lab.equal(sender.transport.bufferedBytes, 0, 'bufferedBytes afterwards');
    },
  },
  {
    name: 'UDP: more than highWaterBytes pauses writing inside send(), and resumes once it is sent',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const receiver = await openRecorder(loop);
      const watermarks = { highWaterBytes: 1500, lowWaterBytes: 0 };
      const { recorder, transport } = await openRecorder(loop, {}, { local: HERE, watermarks });
      const to = receiver.transport.localAddress;
      transport.send(lab.pattern(1000), to);
      lab.equal(transport.bufferedBytes, 1000, 'bufferedBytes after one');
      lab.equal(recorder.count('pauseWriting'), 0, 'how often it was paused after one');
      transport.send(lab.pattern(1000), to);
      lab.equal(recorder.count('pauseWriting'), 1, 'how often it was paused after two');
      await lab.until(loop, () => recorder.count('resumeWriting') === 1);
      lab.equal(transport.bufferedBytes, 0, 'bufferedBytes at the end');
      lab.equal(recorder.events, ['connectionMade', 'pauseWriting', 'resumeWriting'], 'the callbacks');
    },
  },
  {
    name: 'UDP: watermarks that are set later count at once, bad ones are refused',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { recorder, transport } = await openRecorder(loop);
      transport.send(lab.pattern(1000), transport.localAddress);
      transport.setWriteWatermarks({ highWaterBytes: 500, lowWaterBytes: 100 });
      lab.equal(recorder.count('pauseWriting'), 1, 'how often it was paused');
      const refuse = (): void => {
        transport.setWriteWatermarks({ highWaterBytes: 1, lowWaterBytes: 2 });
      };
      lab.throws(refuse, 'RangeError', 'a low mark above the high one');
      await lab.until(loop, () => recorder.count('resumeWriting') === 1);
    },
  },
  {
    name: 'UDP: metrics count sockets and the bytes of datagrams',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      lab.equal(loop.metrics().openDatagrams, 2, 'openDatagrams');
      sender.transport.send(lab.pattern(300), receiver.transport.localAddress);
      await lab.until(loop, () => receiver.recorder.datagrams.length > 0);
      lab.equal(loop.metrics().bytesRead, 300, 'bytesRead');
      lab.equal(loop.metrics().bytesWritten, 300, 'bytesWritten');
      lab.equal(loop.metrics().openConnections, 0, 'openConnections');
    },
  },
  ...datagramNetworkCases,
  {
    name: 'UDP: ref() and unref() change nothing while the loop turns',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { recorder, transport } = await openRecorder(loop);
      transport.unref();
      transport.send(bytes(1), transport.localAddress);
      await lab.until(loop, () => recorder.datagrams.length === 1);
      transport.ref();
      transport.send(bytes(2), transport.localAddress);
      await lab.until(loop, () => recorder.datagrams.length === 2);
    },
  },
  ...datagramEndingCases,
];
