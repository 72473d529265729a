import type { Protocol, Transport } from '@millrace/loop-policy';

/** Sends back what it gets. One per connection. */
export class EchoProtocol implements Protocol {
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
