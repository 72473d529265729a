import type { ConformanceCase } from './case.js';
import { ECHO, openRecorder } from './datagram-recorder.js';
import type { Lab } from './lab.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

/** What of the network datagrams make use of: IPv6, multicast, the time to live. */
export const datagramNetworkCases: readonly ConformanceCase[] = [
  {
    name: 'UDP: works over IPv6',
    needs: ['udp', 'ipv6'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const local = { host: '::1', port: 0 };
      const [echo, client] = [await openRecorder(loop, ECHO, { local }), await openRecorder(loop, {}, { family: 6 })];
      client.transport.send(lab.pattern(100), echo.transport.localAddress);
      await lab.until(loop, () => client.recorder.datagrams.length > 0);
      lab.equal(client.recorder.datagrams[0]?.from, echo.transport.localAddress, 'the sender of the answer');
      const sendToIpv4 = (): void => {
        client.transport.send(bytes(1), { host: '127.0.0.1', port: 9 });
      };
      lab.throws(sendToIpv4, 'TypeError', 'an IPv4 address');
    },
  },
  {
    name: 'UDP: members of a multicast group receive what is sent to it, until they leave',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const loop = lab.newLoop();
      const group = '239.255.71.83';
      const receiver = await openRecorder(loop, {}, { family: 4 });
      const sender = await openRecorder(loop, {}, { family: 4 });
      try {
        receiver.transport.joinGroup(group, '127.0.0.1');
        sender.transport.setMulticastInterface('127.0.0.1');
      } catch (error) {
        lab.skip(`no multicast on 127.0.0.1: ${String(error)}`);
      }
      sender.transport.setMulticastLoopback(true);
      sender.transport.setTimeToLive({ multicast: 1 });
      const { port } = receiver.transport.localAddress;
      sender.transport.send(bytes(1), { host: group, port });
      await lab.until(loop, () => receiver.recorder.datagrams.length === 1);
      receiver.transport.leaveGroup(group, '127.0.0.1');
      sender.transport.send(bytes(2), { host: group, port });
      sender.transport.send(bytes(3), { host: '127.0.0.1', port });
      await lab.until(loop, () => receiver.recorder.datagrams.length === 2);
      lab.equal(receiver.recorder.firstBytes, [1, 3], 'the first bytes');
    },
  },
  {
    name: 'UDP: the time to live is checked before anything is set',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const { transport } = await openRecorder(lab.newLoop());
      for (const options of [{ unicast: 0 }, { unicast: 256 }, { multicast: -1 }, { unicast: 1, multicast: 1.5 }]) {
        const set = (): void => {
          transport.setTimeToLive(options);
        };
        lab.throws(set, 'RangeError', JSON.stringify(options));
      }
      transport.setTimeToLive({ unicast: 1, multicast: 255 });
      transport.setTimeToLive({});
    },
  },
  {
    name: 'UDP: a time to live of 0 is allowed for multicast, which then stays on this machine',
    needs: ['udp'],
    run: async (lab: Lab) => {
      const { transport } = await openRecorder(lab.newLoop());
      transport.setTimeToLive({ multicast: 0 });
    },
  },
];
