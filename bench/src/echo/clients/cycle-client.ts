// Opens and closes connections: cycle-client.js <net | loop> <port>; on `run <cycles>` it has a message echoed over each.
import { connect } from 'node:net';
import { getLoop, type Protocol, type Transport } from '@millrace/loop-policy';
import { answerCommands } from '../commands.js';

const PARALLEL = 50;
const MESSAGE = new Uint8Array(64).fill(120);
const [, , kind = '', port = ''] = process.argv;

function cycleOfNet(): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true }, () => socket.write(MESSAGE));
    socket.on('data', (chunk) => {
      received += chunk.length;
      if (received === MESSAGE.length) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (received === MESSAGE.length) resolve();
      else reject(new Error(`a connection ended after ${received} bytes`));
    });
  });
}

class Cycle implements Protocol {
  private _received = 0;
  private _transport: Transport | undefined;
  private _settle: ((error: Error | null) => void) | undefined;
  readonly ended = new Promise<void>((resolve, reject) => {
    this._settle = (error) => {
      const isWhole = this._received === MESSAGE.length;
      if (error === null && isWhole) resolve();
      else reject(error ?? new Error(`a connection ended after ${this._received} bytes`));
    };
  });
  connectionMade(transport: Transport): void {
    this._transport = transport;
    transport.write(MESSAGE);
  }
  dataReceived(chunk: Uint8Array): void {
    this._received += chunk.length;
    if (this._received === MESSAGE.length) this._transport?.close();
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
    this._settle?.(error);
  }
}

async function cycleOfLoop(): Promise<void> {
  const { protocol } = await getLoop().connect(() => new Cycle(), `tcp://127.0.0.1:${port}`);
  await protocol.ended;
}

const cycle = kind === 'net' ? cycleOfNet : cycleOfLoop;
answerCommands('ready', async (count) => {
  let left = count;
  const repeat = async (): Promise<void> => {
    while (left-- > 0) await cycle();
  };
  await Promise.all(Array.from({ length: PARALLEL }, repeat));
});
