import { getLoop, type Protocol, type Transport } from '@millrace/loop-policy';
import { serveCpuUsage } from './cpu-usage.js';

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

const server = await getLoop().listen(() => new Echo(), 'tcp://127.0.0.1:0');
serveCpuUsage(server.address.port ?? 0);
