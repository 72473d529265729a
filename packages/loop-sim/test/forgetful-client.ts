import type { Loop, Protocol, Transport } from '@millrace/loop-policy';

/** Frames are a length byte and that many bytes. A server that answers each with itself. */
export class FrameEcho implements Protocol {
  #transport: Transport | undefined;
  #unread: number[] = [];
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(chunk: Uint8Array): void {
    this.#unread.push(...chunk);
    for (let length = this.#unread[0]; length !== undefined && this.#unread.length > length; length = this.#unread[0]) {
      this.#transport?.write(Uint8Array.from(this.#unread.splice(0, length + 1)));
    }
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
  connectionLost(): void {
    this.#transport = undefined;
  }
}

/**
 * A client that connects again when its connection breaks, and asks again what was not answered.
 *
 * With `isForgetful` it has a bug that hardly any test would find: it takes a question off its list when the first byte
 * of the answer arrives, so that one whose answer is torn by the end of the connection is never asked again.
 */
export class FrameClient implements Protocol {
  readonly #loop: Loop;
  readonly #isForgetful: boolean;
  #transport: Transport | undefined;
  #asked: { readonly question: Uint8Array; readonly answer: (bytes: Uint8Array) => void }[] = [];
  #current: ((bytes: Uint8Array) => void) | undefined;
  #unread: number[] = [];
  #isClosed = false;

  constructor(loop: Loop, isForgetful: boolean) {
    this.#loop = loop;
    this.#isForgetful = isForgetful;
  }

  ask(question: Uint8Array): Promise<Uint8Array> {
    return new Promise((answer) => {
      this.#asked.push({ question, answer });
      if (this.#transport?.isClosing === false) this.#transport.write(question);
    });
  }

  async connect(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#loop.connect(() => this, 'tcp://server:7000', { timeoutMs: 1000 });
        return;
      } catch {
        await new Promise<void>((resolve) => this.#loop.callLater(100, resolve));
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#transport?.close();
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.#unread = [];
    this.#current = undefined;
    for (const { question } of this.#asked) transport.write(question);
  }

  dataReceived(chunk: Uint8Array): void {
    this.#unread.push(...chunk);
    for (let length = this.#unread[0]; length !== undefined; length = this.#unread[0]) {
      if (this.#isForgetful) this.#current ??= this.#asked.shift()?.answer;
      if (this.#unread.length <= length) return;
      const frame = Uint8Array.from(this.#unread.splice(0, length + 1));
      const answer = this.#isForgetful ? this.#current : this.#asked.shift()?.answer;
      this.#current = undefined;
      answer?.(frame);
    }
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

  connectionLost(): void {
    this.#transport = undefined;
    if (!this.#isClosed) void this.connect();
  }
}
