// Style 1, for protocol authors: the loop calls, six callbacks answer. The fastest, and nothing is copied.
import { withLimits, type Loop, type Protocol, type Server, type Transport } from '@millrace/loop-policy';
import type { ServeOptions } from './serve-options.js';

class EchoProtocol implements Protocol {
  #transport: Transport | undefined;

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  // The chunk is ours only until we return, but writing it is fine: the transport keeps what it could not send yet.
  dataReceived(chunk: Uint8Array): void {
    this.#transport?.write(chunk);
  }

  // Returning nothing lets the transport close once everything is sent.
  eofReceived(): void {
    return;
  }

  // Back-pressure: a client that does not read its echoes is not read from either.
  pauseWriting(): void {
    this.#transport?.pauseReading();
  }

  resumeWriting(): void {
    this.#transport?.resumeReading();
  }

  connectionLost(): void {
    this.#transport = undefined;
  }
}

export function serve(loop: Loop, { endpoint, limits, ...options }: ServeOptions): Promise<Server> {
  const factory = (): Protocol => new EchoProtocol();
  return loop.listen(withLimits(factory, limits), endpoint, options);
}
