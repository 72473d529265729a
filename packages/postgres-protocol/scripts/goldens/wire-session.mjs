import { connect } from 'node:net';
import { FrameCutter } from './frames.mjs';

const LIMIT_MS = 20_000;

/** A connection to a real server, whose messages are cut and noted one by one. */
export class WireSession {
  /** Of the last BackendKeyData. */
  key = { processId: 0, secretKey: Buffer.alloc(0) };
  #encoders;
  #note;
  #socket;
  #cutter = new FrameCutter('B');
  #isAnswerOwed = false;
  #received = [];
  #isOver = false;
  #wake = () => {};

  /**
   * @param {number} port of the server
   * @param {Record<string, Function>} encoders
   * @param {(from: 'F' | 'B', bytes: Buffer) => void} [note] is told of each message, in their order
   */
  constructor(port, encoders, note = () => {}) {
    this.#encoders = encoders;
    this.#note = note;
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      const frames = this.#isAnswerOwed ? [this.#cutter.pushAnswer(chunk)] : this.#cutter.push(chunk);
      this.#isAnswerOwed = false;
      for (const frame of frames) this.#receive(Buffer.from(frame));
      this.#wake();
    });
    this.#socket.on('error', () => {}); // 'close' follows
    this.#socket.on('close', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /**
   * Sends messages in one write.
   *
   * @param {...[name: string, ...fields: unknown[]]} calls what follows `encode` in an encoder's name, and its fields
   */
  send(...calls) {
    const messages = calls.map(([name, ...fields]) => {
      const out = new this.#encoders.WriteBuffer();
      this.#encoders[`encode${name}`](out, ...fields);
      return Buffer.from(out.take());
    });
    for (const bytes of messages) this.#note('F', bytes);
    this.#socket.write(Buffer.concat(messages));
  }

  /** Sends a request that is answered by one byte, and waits for it. */
  async request(name) {
    this.#isAnswerOwed = true;
    this.send([name]);
    await this.#next();
  }

  /**
   * Waits for a message of the server; what comes before is skipped.
   *
   * @param {string} type its type byte
   * @returns {Promise<Buffer>} its payload
   */
  async until(type) {
    for (;;) {
      const bytes = await this.#next();
      if (bytes[0] === type.charCodeAt(0)) return bytes.subarray(5);
    }
  }

  /** Waits until the server has closed the connection. */
  async ended() {
    while (!this.#isOver) await this.#wait();
    if (this.#cutter.rest.length > 0) throw new Error('the server closed in the middle of a message');
  }

  /** Says good-bye. */
  async leave() {
    if (!this.#isOver) this.send(['Terminate']);
    await this.ended();
  }

  #receive(bytes) {
    if (bytes[0] === 'K'.charCodeAt(0)) this.key = { processId: bytes.readInt32BE(5), secretKey: bytes.subarray(9) };
    this.#note('B', bytes);
    this.#received.push(bytes);
  }

  async #next() {
    while (this.#received.length === 0) {
      if (this.#isOver) throw new Error('the server closed the connection');
      await this.#wait();
    }
    return this.#received.shift();
  }

  async #wait() {
    let limit;
    const late = new Promise((_, reject) => {
      limit = setTimeout(() => reject(new Error('the server says nothing')), LIMIT_MS);
    });
    await Promise.race([new Promise((resolve) => (this.#wake = resolve)), late]);
    clearTimeout(limit);
  }
}
