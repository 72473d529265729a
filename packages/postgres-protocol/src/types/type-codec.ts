/** How values of one type are represented, chosen by the application: as text, in the server's syntax for the type. */
export interface TextTypeCodec<T = unknown> {
  readonly format: 'text';
  /** Makes the value of what the server prints. */
  decode(text: string): T;
  /** Prints the value as the server reads it. */
  encode(value: T): string;
}

/** How values of one type are represented, chosen by the application: as the bytes of the type's send function. */
export interface BinaryTypeCodec<T = unknown> {
  readonly format: 'binary';
  /**
   * Makes the value of its bytes.
   *
   * @param bytes - A copy that is the codec's own.
   */
  decode(bytes: Uint8Array): T;
  /** Returns the bytes that the type's receive function reads; they are copied at once. */
  encode(value: T): Uint8Array;
}

/** An application's own representation of a type; see `TypeRegistry.setTypeCodec`. */
export type TypeCodec<T = unknown> = TextTypeCodec<T> | BinaryTypeCodec<T>;
