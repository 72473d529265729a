import type { WriteBuffer } from '@millrace/write-buffer';

const FrontendType = { Query: 0x51 } as const;

/** Appends a Query: any number of statements in one text, without parameters. */
export function encodeQuery(out: WriteBuffer, sql: string): void {
  const frame = out.beginFrame(FrontendType.Query);
  out.writeCString(sql);
  out.endFrame(frame);
}
