import type { DatagramProtocol, DatagramTransport } from '../contract.js';
import type { ConformanceCase } from './case.js';
import { DatagramRecorder, HERE, openRecorder } from './datagram-recorder.js';
import type { Lab } from './lab.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

/** How sockets for datagrams fail to open, and how they end. */
export const datagramEndingCases: readonly ConformanceCase[] = [
  {
    name: 'UDP: close() sends what is queued, then ends without an error, once',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      const { port } = receiver.transport.localAddress;
      for (let i = 0; i < 5; i++) sender.transport.send(bytes(i), { host: i === 1 ? 'localhost' : '127.0.0.1', port });
      sender.transport.close();
      sender.transport.close();
      lab.check(sender.transport.isClosing, 'isClosing to be true');
      lab.equal(sender.recorder.count('connectionLost'), 0, 'how often the socket was lost inside close()');
      lab.equal(await sender.recorder.lost, null, 'the error');
      await lab.until(loop, () => receiver.recorder.datagrams.length === 5);
      await lab.settle(loop);
      lab.equal(sender.recorder.count('connectionLost'), 1, 'how often the socket was lost');
    },
  },
  {
    name: 'UDP: nothing is received after close(), not even while it sends',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      const to = receiver.transport.localAddress;
      sender.transport.send(bytes(1), to);
      receiver.transport.send(bytes(2), { host: 'localhost', port: sender.transport.localAddress.port });
      receiver.transport.close();
      await receiver.recorder.lost;
      await lab.settle(loop);
      lab.equal(receiver.recorder.events, ['connectionMade', 'connectionLost'], 'the callbacks');
    },
  },
  {
    name: 'UDP: abort() discards what is queued, and ends with its error, not inside the call',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const [receiver, sender] = [await openRecorder(loop), await openRecorder(loop)];
      const failure = new Error('on purpose');
      const { port } = receiver.transport.localAddress;
      for (let i = 0; i < 3; i++) sender.transport.send(bytes(i), { host: 'localhost', port });
      sender.transport.abort(failure);
      sender.transport.abort(new Error('another'));
      lab.equal(sender.recorder.count('connectionLost'), 0, 'how often the socket was lost inside abort()');
      lab.check((await sender.recorder.lost) === failure, 'connectionLost to be given the error');
      await lab.settle(loop);
      lab.equal(sender.recorder.count('connectionLost'), 1, 'how often the socket was lost');
      lab.equal(receiver.recorder.datagrams.length, 0, 'the number of datagrams that arrived');
    },
  },
  {
    name: 'UDP: abort() ends a close() that still sends',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const { recorder, transport } = await openRecorder(lab.newLoop());
      const failure = new Error('on purpose');
      transport.send(bytes(1), { host: 'localhost', port: transport.localAddress.port });
      transport.close();
      transport.abort(failure);
      lab.check((await recorder.lost) === failure, 'connectionLost to be given the error');
    },
  },
  {
    name: 'UDP: a transport that is closing refuses to send and to join groups',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const { recorder, transport } = await openRecorder(lab.newLoop());
      transport.close();
      const send = (): void => {
        transport.send(bytes(1), transport.localAddress);
      };
      const join = (): void => {
        transport.joinGroup('239.255.71.83');
      };
      lab.throws(send, 'TransportClosedError', 'send() after close()');
      await recorder.lost;
      lab.throws(send, 'TransportClosedError', 'send() after connectionLost');
      lab.throws(join, 'TransportClosedError', 'joinGroup() after connectionLost');
      transport.abort();
    },
  },
  {
    name: 'UDP: datagramReceived that throws loses its own socket and no other',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('on purpose');
      const broken = await openRecorder(loop, {
        onDatagram: () => {
          throw failure;
        },
      });
      const other = await openRecorder(loop);
      other.transport.send(bytes(1), broken.transport.localAddress);
      lab.check((await broken.recorder.lost) === failure, 'connectionLost to be given the error');
      other.transport.send(bytes(2), other.transport.localAddress);
      await lab.until(loop, () => other.recorder.datagrams.length === 1);
      lab.equal(lab.uncaught(loop), [failure], 'the errors that were reported');
    },
  },
  {
    name: 'UDP: every other callback that throws loses its socket too, reported once',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const failure = new Error('on purpose');
      const fail = (): never => {
        throw failure;
      };
      const made = await openRecorder(loop, { onMade: fail });
      lab.check((await made.recorder.lost) === failure, 'connectionMade that throws to lose the socket');
      const paused = await openRecorder(loop, { onPause: fail });
      paused.transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
      paused.transport.send(bytes(1), paused.transport.localAddress);
      lab.check((await paused.recorder.lost) === failure, 'pauseWriting that throws to lose the socket');
      const resumed = await openRecorder(loop, { onResume: fail });
      resumed.transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
      resumed.transport.send(bytes(1), paused.transport.localAddress);
      lab.check((await resumed.recorder.lost) === failure, 'resumeWriting that throws to lose the socket');
      const told = await openRecorder(loop, { onError: fail });
      told.transport.send(bytes(1), { host: 'nowhere.invalid', port: 9 });
      lab.check((await told.recorder.lost) === failure, 'errorReceived that throws to lose the socket');
      const lost = await openRecorder(loop, { onLost: fail });
      lost.transport.close();
      await lost.recorder.lost;
      await lab.settle(loop);
      lab.equal(lab.uncaught(loop).length, 5, 'the number of errors that were reported');
    },
  },
  {
    name: 'UDP: send, close and abort may be called inside every callback',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const receiver = await openRecorder(loop);
      const to = receiver.transport.localAddress;
      let sender: DatagramTransport | undefined;
      const { recorder } = await openRecorder(loop, {
        onMade: (transport) => {
          sender = transport;
          transport.setWriteWatermarks({ highWaterBytes: 1, lowWaterBytes: 0 });
          transport.send(bytes(1, 1), to);
        },
        onPause: () => {
          sender?.send(bytes(2), to);
        },
        onResume: () => {
          sender?.send(bytes(3), to);
          sender?.close();
        },
        onLost: () => {
          sender?.close();
          sender?.abort();
        },
      });
      lab.equal(await recorder.lost, null, 'the error');
      await lab.until(loop, () => receiver.recorder.datagrams.length === 3);
      lab.equal(receiver.recorder.firstBytes, [1, 2, 3], 'the first bytes');
    },
  },
  {
    name: 'UDP: close() inside datagramReceived brings no more datagrams',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const receiver = await openRecorder(loop, {
        onDatagram: (_, from, transport) => {
          transport.send(bytes(99), from);
          transport.close();
        },
      });
      const sender = await openRecorder(loop);
      for (let i = 0; i < 10; i++) sender.transport.send(bytes(i), receiver.transport.localAddress);
      await receiver.recorder.lost;
      await lab.until(loop, () => sender.recorder.datagrams.length === 1);
      lab.equal(receiver.recorder.firstBytes, [0], 'the first bytes');
    },
  },
  {
    name: 'UDP: an address that is taken is a ListenError',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { transport } = await openRecorder(loop);
      const opening = loop.openDatagram(() => new DatagramRecorder(), { local: transport.localAddress });
      const error = await lab.rejects(opening, 'ListenError', 'a port that is taken');
      lab.equal((error as { reason?: unknown }).reason, 'EADDRINUSE', 'the reason');
      lab.equal(loop.metrics().openDatagrams, 1, 'openDatagrams');
    },
  },
  {
    name: 'UDP: a local name that nobody has is a ListenError, a remote one a ConnectError',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const nowhere = { host: 'nowhere.invalid', port: 9 };
      const open = (): DatagramRecorder => new DatagramRecorder();
      await lab.rejects(loop.openDatagram(open, { local: nowhere }), 'ListenError', 'a local name that nobody has');
      await lab.rejects(loop.openDatagram(open, { remote: nowhere }), 'ConnectError', 'a remote name that nobody has');
      lab.equal(loop.metrics().openDatagrams, 0, 'openDatagrams');
    },
  },
  {
    name: 'UDP: addresses of two families and ports out of range are refused before anything is opened',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const factory = (): DatagramProtocol => lab.skip('the factory was called');
      const ipv6 = { host: '::1', port: 9 };
      await lab.rejects(loop.openDatagram(factory, { local: HERE, remote: ipv6 }), 'TypeError', 'two families');
      await lab.rejects(loop.openDatagram(factory, { family: 4, remote: ipv6 }), 'TypeError', 'another family');
      await lab.rejects(loop.openDatagram(factory, { remote: HERE }), 'RangeError', 'remote port 0');
      const far = { host: '127.0.0.1', port: 65536 };
      await lab.rejects(loop.openDatagram(factory, { local: far }), 'RangeError', 'local port 65536');
      for (const receiveBufferBytes of [0, -1, 1.5]) {
        const opening = loop.openDatagram(factory, { receiveBufferBytes });
        await lab.rejects(opening, 'RangeError', `receiveBufferBytes ${receiveBufferBytes}`);
      }
    },
  },
  {
    name: 'UDP: openDatagram() rejects with what the factory throws, and frees the port',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { recorder, transport } = await openRecorder(loop);
      const local = transport.localAddress;
      transport.close();
      await recorder.lost;
      const failure = new Error('on purpose');
      const fail = (): never => {
        throw failure;
      };
      await lab.rejects(loop.openDatagram(fail, { local }), failure, 'a factory that throws');
      await openRecorder(loop, {}, { local });
      lab.equal(loop.metrics().openDatagrams, 1, 'openDatagrams');
    },
  },
  {
    name: 'UDP: openDatagram() ends with its signal, before and while it opens, and leaves nothing open',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const reason = new Error('changed my mind');
      const factory = (): DatagramProtocol => lab.skip('the factory was called');
      const before = loop.openDatagram(factory, { local: HERE, signal: AbortSignal.abort(reason) });
      await lab.rejects(before, reason, 'a signal that was aborted before');
      const controller = new AbortController();
      const opening = loop.openDatagram(factory, { local: HERE, signal: controller.signal });
      controller.abort(reason);
      await lab.rejects(opening, reason, 'a signal that is aborted meanwhile');
      await lab.settle(loop);
      lab.equal(loop.metrics().openDatagrams, 0, 'openDatagrams');
    },
  },
  {
    name: 'UDP: the close of the loop ends sockets without an error, and rejects what is being opened',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const { recorder, transport } = await openRecorder(loop);
      transport.send(bytes(1), { host: 'localhost', port: transport.localAddress.port });
      const opening = loop.openDatagram(() => new DatagramRecorder(), { local: HERE });
      const closing = loop.close();
      await lab.rejects(opening, 'LoopClosedError', 'openDatagram while the loop is closed');
      await closing;
      lab.equal(recorder.events, ['connectionMade', 'connectionLost'], 'the callbacks');
      lab.equal(await recorder.lost, null, 'the error');
      lab.equal(loop.metrics().openDatagrams, 0, 'openDatagrams');
    },
  },
];
