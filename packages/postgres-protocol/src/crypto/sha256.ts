const PRIMES = firstPrimes(64);

/** First 32 bits of the fractional part of `root(prime)`; the roots fit a double with bits to spare. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

/** FIPS 180-4, section 5.3.3: from the square roots of the first eight primes. */
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));

/** FIPS 180-4, section 4.2.2: from the cube roots of the first 64 primes. */
const ROUNDS = Int32Array.from(PRIMES, (p) => fraction(Math.cbrt(p)));

/** The schedule of the block in work. One for all: every use ends before it returns. */
const schedule = new Int32Array(64);

/**
 * Computes the SHA-256 digest of `data`.
 *
 * @param data - Bytes to hash; not modified.
 * @returns 32 bytes, owned by the caller.
 * @remarks Cost: synchronous; long inputs take about 8 times as long as with OpenSSL and the SHA instructions of a CPU.
 * @see {@link https://csrc.nist.gov/pubs/fips/180-4/upd1/final | FIPS 180-4}
 */
export function sha256(data: Uint8Array): Uint8Array {
  return digestBytes(absorbLast(initialState(), data, 0));
}

/** A fresh chaining state: eight words. */
export function initialState(): Int32Array {
  return INITIAL.slice();
}

/**
 * Absorbs `data` and the padding into `state`.
 *
 * @param before - Bytes that `state` has absorbed already; a multiple of 64.
 * @returns `state`
 */
export function absorbLast(state: Int32Array, data: Uint8Array, before: number): Int32Array {
  const rest = data.length % 64;
  const whole = data.length - rest;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < whole; at += 64) absorbBlock(state, view, at);

  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(data.subarray(whole));
  tail[rest] = 0x80;
  const tailView = new DataView(tail.buffer);
  const total = before + data.length;
  tailView.setUint32(tail.length - 8, Math.floor(total / 2 ** 29));
  tailView.setUint32(tail.length - 4, (total * 8) >>> 0);
  for (let at = 0; at < tail.length; at += 64) absorbBlock(state, tailView, at);
  return state;
}

/** Absorbs the 64 bytes at `at`. */
export function absorbBlock(state: Int32Array, block: DataView, at: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = block.getInt32(at + i * 4);
  compress(state);
}

/** Absorbs one block that holds eight words of a digest, behind `before` bytes: the inner loop of PBKDF2. */
export function absorbDigest(state: Int32Array, digest: Int32Array, before: number): void {
  schedule.set(digest);
  schedule.fill(0, 8, 16);
  schedule[8] = 0x80000000 | 0;
  schedule[15] = (before + 32) * 8;
  compress(state);
}

/** The words of a state as bytes. */
export function digestBytes(state: Int32Array): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 8; i++) view.setInt32(i * 4, state[i] as number);
  return bytes;
}

function compress(state: Int32Array): void {
  const w = schedule;
  expand(w);
  // perf: one by one; an array pattern goes through the iterator, which costs more than the rounds.
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/** Makes the words 16 to 63 of the first 16. */
function expand(w: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
  }
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((p) => n % p !== 0)) primes.push(n);
  }
  return primes;
}
