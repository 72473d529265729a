// The load's `echo` mode on Millrace's loop, for connections whose both ends it holds: loop-load.js echo tcp:<port> <bytes> <connections>
import { getLoop, type Protocol, type Transport } from '@millrace/loop-policy';
import { answerCommands } from '../commands.js';
import { patternAt, verifyPattern } from '../pattern.js';

const [target = '', bytes, connections] = process.argv.slice(3);
const MESSAGE_BYTES = Number(bytes);
const CONNECTING_AT_ONCE = 100;

class Ping implements Protocol {
  private _transport: Transport | undefined;
  private _received = 0;
  private _target = 0;
  private _done: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  run(messages: number): Promise<void> {
    if (messages === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this._done = { resolve, reject };
      this._target += messages * MESSAGE_BYTES;
      this._send();
    });
  }
  connectionMade(transport: Transport): void {
    this._transport = transport;
  }
  dataReceived(chunk: Uint8Array): void {
    verifyPattern(chunk, this._received);
    this._received += chunk.length;
    if (this._received === this._target) this._done?.resolve();
    else if (this._received % MESSAGE_BYTES === 0) this._send();
  }
  eofReceived(): void {
    return;
  }
  pauseWriting(): void {
    return;
  }
  resumeWriting(): void {
    return;
  }
  connectionLost(error: Error | null): void {
    this._done?.reject(error ?? new Error('a connection was closed'));
  }
  private _send(): void {
    this._transport?.write(patternAt(this._received, MESSAGE_BYTES));
  }
}

const pings: Ping[] = [];
while (pings.length < Number(connections)) {
  const count = Math.min(CONNECTING_AT_ONCE, Number(connections) - pings.length);
  const made = await Promise.all(
    Array.from({ length: count }, () =>
      getLoop().connect(() => new Ping(), `tcp://127.0.0.1:${target.slice('tcp:'.length)}`),
    ),
  );
  pings.push(...made.map(({ protocol }) => protocol));
}
answerCommands('ready', async (messages) => {
  const share = Math.floor(messages / pings.length);
  await Promise.all(pings.map((ping, i) => ping.run(share + (i < messages % pings.length ? 1 : 0))));
});
