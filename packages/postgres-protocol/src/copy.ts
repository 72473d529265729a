import type { WriteBuffer } from '@millrace/write-buffer';

const FrontendType = { CopyFail: 0x66 } as const;

/** Appends a CopyFail: the server ends COPY FROM STDIN with an error that quotes `reason`. */
export function encodeCopyFail(out: WriteBuffer, reason: string): void {
  const frame = out.beginFrame(FrontendType.CopyFail);
  out.writeCString(reason);
  out.endFrame(frame);
}
