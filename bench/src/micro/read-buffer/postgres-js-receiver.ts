/**
 * postgres.js' way to receive, as its connection behaves: frames are cut off the chunk by `subarray`; of one that is
 * incomplete the chunks are kept, without looking at them again until enough bytes are there, and then joined once.
 */
export class PostgresJsReceiver {
  private _joined: Buffer = Buffer.alloc(0);
  private _kept: Buffer[] = [];
  private _missingBytes = 0;
  private readonly _onFrame: (frame: Buffer) => void;

  constructor(onFrame: (frame: Buffer) => void) {
    this._onFrame = onFrame;
  }

  feed(chunk: Buffer): void {
    this._missingBytes -= chunk.length;
    if (this._kept.length > 0) {
      this._kept.push(chunk);
      if (this._missingBytes > 0) return;
      this._joined = Buffer.concat(this._kept);
      this._kept = [];
    } else {
      this._joined = this._joined.length === 0 ? chunk : Buffer.concat([this._joined, chunk]);
    }
    this._cut();
  }

  private _cut(): void {
    while (this._joined.length > 4) {
      const frameBytes = this._joined.readUInt32BE(1) + 1;
      if (frameBytes > this._joined.length) {
        this._missingBytes = frameBytes - this._joined.length;
        this._kept = [this._joined];
        return;
      }
      const frame = this._joined.subarray(0, frameBytes);
      this._joined = this._joined.subarray(frameBytes);
      this._onFrame(frame);
    }
  }
}
