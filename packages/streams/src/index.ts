/**
 * `StreamReader` and `StreamWriter` over any transport, framed connections, and adapters.
 *
 * @packageDocumentation
 */

export {};
