/** The one source of chance in a simulation: integer arithmetic only, so that every platform draws the same. */
export class SeededRandom {
  private _a: number;
  private _b: number;
  private _c: number;
  private _counter = 1;

  /** @param seed - Any safe integer. */
  constructor(seed: number) {
    this._a = seed >>> 0;
    this._b = Math.floor(seed / 2 ** 32) >>> 0;
    this._c = 0x9e3779b9;
    for (let i = 0; i < 12; i++) this.uint32(); // so that seeds that differ in one bit have nothing in common
  }

  /** @see {@link https://pracrand.sourceforge.net/RNG_engines.txt | PractRand, RNG engines: sfc32} */
  uint32(): number {
    const drawn = (this._a + this._b + this._counter) >>> 0;
    this._counter = (this._counter + 1) >>> 0;
    this._a = this._b ^ (this._b >>> 9);
    this._b = (this._c + (this._c << 3)) >>> 0;
    this._c = (((this._c << 21) | (this._c >>> 11)) + drawn) >>> 0;
    return drawn;
  }

  /** At least 0, less than 1. */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /** From 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.float() * below);
  }
}
