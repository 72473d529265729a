import type { DatagramProtocol } from './datagram.js';
import type { AnyProtocol, ConnectionCallbacks, Protocol } from './protocol.js';

const CALLBACKS = ['connectionMade', 'eofReceived', 'pauseWriting', 'resumeWriting', 'connectionLost'] as const;
const DATAGRAM_CALLBACKS = [
  'connectionMade',
  'datagramReceived',
  'errorReceived',
  'pauseWriting',
  'resumeWriting',
  'connectionLost',
] as const satisfies readonly (keyof DatagramProtocol)[];

/**
 * Checks what a factory made: a callback that is missing would else be found out when it is needed, under load say.
 *
 * @throws {TypeError} If it takes bytes in no known way, or a callback is missing.
 */
export function checkProtocol<P extends AnyProtocol>(protocol: P): P {
  if (typeof protocol !== 'object' || (protocol as unknown) === null || !takesBytes(protocol)) {
    throw new TypeError('expected a protocol with dataReceived(), or with getBuffer() and bufferUpdated()');
  }
  checkCallbacks(protocol, CALLBACKS satisfies readonly (keyof ConnectionCallbacks)[]);
  return protocol;
}

/** @throws {TypeError} If a callback is missing. */
export function checkDatagramProtocol<P extends DatagramProtocol>(protocol: P): P {
  if (typeof protocol !== 'object' || (protocol as unknown) === null) {
    throw new TypeError('expected a protocol with datagramReceived()');
  }
  checkCallbacks(protocol, DATAGRAM_CALLBACKS);
  return protocol;
}

/** Whether `protocol` is given chunks; one that takes bytes either way is. */
export function takesChunks(protocol: AnyProtocol): protocol is Protocol {
  return typeof (protocol as Partial<Protocol>).dataReceived === 'function';
}

function takesBytes(protocol: AnyProtocol): boolean {
  const { getBuffer, bufferUpdated } = protocol as unknown as Record<string, unknown>;
  return takesChunks(protocol) || (typeof getBuffer === 'function' && typeof bufferUpdated === 'function');
}

function checkCallbacks(protocol: object, names: readonly string[]): void {
  for (const name of names) {
    if (typeof (protocol as Record<string, unknown>)[name] === 'function') continue;
    throw new TypeError(`expected a protocol with ${name}()`);
  }
}
