export interface Layer {
  readonly imports: readonly string[];
  readonly pure?: boolean;
  readonly private?: boolean;
  readonly host?: boolean;
}
export const layers: Readonly<Record<string, Layer>>;
export const testOnly: readonly string[];
