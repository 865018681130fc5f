/** One row of the error table: `{name}` placeholders are filled from the error's details. */
export interface ErrorRow {
  /** What happened, with the offending value. */
  readonly message: string;
  /** What the operator should do. */
  readonly remedy: string;
}
