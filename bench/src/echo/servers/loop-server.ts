import { getLoop, type Protocol, type Transport } from '@millrace/loop-policy';
import { BACKLOG, listenEndpoint, serveCommands } from './listening.js';

class Echo implements Protocol {
  #transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(chunk: Uint8Array): void {
    this.#transport?.write(chunk);
  }
  eofReceived(): void {
    return;
  }
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

const server = await getLoop().listen(() => new Echo(), listenEndpoint(), { backlog: BACKLOG });
serveCommands(server.address.port ?? 0);
