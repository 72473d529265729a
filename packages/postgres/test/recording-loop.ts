import { getLoop } from '@millrace/loop-policy';
import type { Loop, Transport } from '@millrace/loop-policy';

/** A loop that notes each chunk that is written to any of its transports. */
export function recordingLoop(inner: Loop = getLoop()): { loop: Loop; writes: Uint8Array[]; pauses: () => number } {
  const writes: Uint8Array[] = [];
  let pauseCount = 0;
  const wrap = (transport: Transport): Transport =>
    new Proxy(transport, {
      get(target, key) {
        if (key === 'write') {
          return (chunk: Uint8Array, owner?: Parameters<Transport['write']>[1]) => {
            writes.push(chunk.slice());
            target.write(chunk, owner);
          };
        }
        if (key === 'pauseReading') pauseCount += 1;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  const loop = new Proxy(inner, {
    get(target, key) {
      if (key === 'connect') {
        const connect: Loop['connect'] = (factory, endpoint, options) =>
          target.connect(
            () => {
              const protocol = factory();
              const made = protocol.connectionMade.bind(protocol);
              protocol.connectionMade = (transport: Transport) => {
                made(wrap(transport));
              };
              return protocol;
            },
            endpoint,
            options,
          );
        return connect;
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { loop, writes, pauses: () => pauseCount };
}
