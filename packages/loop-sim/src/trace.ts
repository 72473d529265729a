/** Something that happened in a simulation. */
export interface TraceEntry {
  /** Virtual milliseconds since the start. */
  readonly atMs: number;
  /** Whom it concerns: a host, or two with an arrow for a connection. */
  readonly actor: string;
  /** What happened, in a word or two: `data`, `reset`, `partitioned`. */
  readonly what: string;
  /** How many bytes; 0 if there are none. */
  readonly amount: number;
  /** Why, or what else a reader wants to know; no part of the hash. */
  readonly detail: string;
}

/** More names than that are hashed anew each time. */
const MAX_WORDS = 4096;

const time = new DataView(new ArrayBuffer(8));

/**
 * Remembers the last things that happened, and a hash of all of them.
 *
 * The hash is 64-bit FNV-1a in two halves over whole words, with nothing in it but integers: every platform gets the same.
 */
export class Trace {
  private readonly _entries: TraceEntry[] = [];
  private readonly _capacity: number;
  private readonly _words = new Map<string, number>();
  private _next = 0;
  private _high = 0xcbf29ce4;
  private _low = 0x84222325;

  constructor(capacity: number) {
    this._capacity = capacity;
  }

  add(atMs: number, actor: string, what: string, amount: number, detail: string): void {
    time.setFloat64(0, atMs);
    this.mix(time.getUint32(0));
    this.mix(time.getUint32(4));
    this.mix(this._wordOf(actor));
    this.mix(this._wordOf(what));
    this.mix(amount);
    if (this._capacity === 0) return;
    this._entries[this._next] = { atMs, actor, what, amount, detail };
    this._next = (this._next + 1) % this._capacity;
  }

  addBytes(atMs: number, actor: string, what: string, bytes: Uint8Array): void {
    let word = 0;
    for (const byte of bytes) word = (Math.imul(word, 31) + byte) | 0;
    this.mix(word);
    this.add(atMs, actor, what, bytes.length, '');
  }

  get hash(): string {
    return hex(this._high) + hex(this._low);
  }

  /** The last ones, oldest first. */
  entries(): TraceEntry[] {
    return [...this._entries.slice(this._next), ...this._entries.slice(0, this._next)];
  }

  /** Two lanes that stir each other; each step keeps all of the bits that were there. */
  private mix(word: number): void {
    this._low = Math.imul(this._low ^ word, 0x01000193);
    this._high = Math.imul(this._high ^ word ^ (this._low >>> 15), 0x85ebca6b);
  }

  /** Names hash once. */
  private _wordOf(text: string): number {
    let word = this._words.get(text);
    if (word === undefined) {
      word = 0x811c9dc5;
      for (let i = 0; i < text.length; i++) word = Math.imul(word ^ text.charCodeAt(i), 0x01000193);
      if (this._words.size === MAX_WORDS) this._words.clear();
      this._words.set(text, word);
    }
    return word;
  }
}

/** One line for a person: when, who, what, and what there is to say of it. */
export function formatEntry({ atMs, actor, what, amount, detail }: TraceEntry): string {
  const bytes = amount === 0 ? '' : amount === 1 ? '1 byte' : `${amount} bytes`;
  const rest = [bytes, detail].filter((part) => part !== '').join(', ');
  return `${atMs.toFixed(3).padStart(12)} ms  ${actor.padEnd(28)}  ${what.padEnd(11)} ${rest}`.trimEnd();
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
