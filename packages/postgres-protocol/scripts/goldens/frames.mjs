// Cuts streams into messages by hand, so that what the package's own reader does can be held against it.

const LENGTH_BYTES = 4;
const ENCRYPTION_CODES = [80877103, 80877104]; // SSLRequest, GSSENCRequest

/** Whether `frame` is a request for encryption: one byte answers it, and another packet without a type byte follows. */
export const isEncryptionRequest = (frame) => frame.length === 8 && ENCRYPTION_CODES.includes(frame.readInt32BE(4));

/** Takes whole messages from the bytes of one direction. */
export class FrameCutter {
  #rest = Buffer.alloc(0);
  #typeBytes;

  /** @param {'F' | 'B'} direction whose first packets have no type byte if it is `F` */
  constructor(direction) {
    this.#typeBytes = direction === 'F' ? 0 : 1;
  }

  /** What is there of a message that is not whole yet. */
  get rest() {
    return this.#rest;
  }

  /** @returns {Buffer[]} the messages that `chunk` completes */
  push(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames = [];
    for (let bytes = this.#frameBytes(); this.#rest.length >= bytes; bytes = this.#frameBytes()) {
      const frame = this.#take(bytes);
      if (this.#typeBytes === 0 && !isEncryptionRequest(frame)) this.#typeBytes = 1;
      frames.push(frame);
    }
    return frames;
  }

  /** Takes the answer to a request for encryption, which is no message. */
  pushAnswer(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    return this.#take(1);
  }

  #take(bytes) {
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }

  #frameBytes() {
    const headerBytes = this.#typeBytes + LENGTH_BYTES;
    return this.#rest.length < headerBytes ? headerBytes : this.#typeBytes + this.#rest.readInt32BE(this.#typeBytes);
  }
}
