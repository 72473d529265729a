import { cut } from '../chunking.js';
import { seeded } from '../seeded.js';

export const COLUMNS = 10;
/** The number of rows is chosen so that the last one ends with the last chunk or before. */
export const ROWS = 5000;
export const DATA_ROW = 0x44;
export const LAYOUT = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 20 } as const;

/** What the columns of a typical table hold as text. */
function values(row: number, random: () => number): string[] {
  const day = String(1 + ((random() >>> 8) % 28)).padStart(2, '0');
  return [
    String(row),
    `customer ${random() % 100_000}`,
    `user${random() % 10_000}@example.com`,
    String((random() % 1_000_000) / 100),
    random() % 2 === 0 ? 't' : 'f',
    `2026-11-${day} 12:34:56.789+00`,
    ['new', 'paid', 'shipped', 'returned'][(random() >>> 8) % 4] ?? '',
    String(random()),
    `${random().toString(16).padStart(8, '0')}-0000-4000-8000-${String(row).padStart(12, '0')}`,
    'DE',
  ];
}

/** DataRow messages of ten text columns in 64 KiB chunks. */
export function textRowChunks(): Buffer[] {
  const random = seeded(10);
  const frames: Buffer[] = [];
  for (let row = 0; row < ROWS; row++) {
    const texts = values(row, random).map((text) => Buffer.from(text));
    const frame = Buffer.alloc(7 + texts.reduce((sum, text) => sum + 4 + text.length, 0));
    frame.writeUInt8(DATA_ROW, 0);
    frame.writeInt32BE(frame.length - 1, 1);
    let at = frame.writeInt16BE(COLUMNS, 5);
    for (const text of texts) {
      at = frame.writeInt32BE(text.length, at);
      at += text.copy(frame, at);
    }
    frames.push(frame);
  }
  return cut(Buffer.concat(frames));
}
