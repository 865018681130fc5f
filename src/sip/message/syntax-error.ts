import type { SipRequest } from './message.ts';

export type SyntaxCode =
  | 'EMPTY'
  | 'HEAD_UNFINISHED'
  | 'HEAD_TOO_LONG'
  | 'LINE_TOO_LONG'
  | 'LINE_ENDING'
  | 'CONTROL_CHARACTER'
  | 'TOO_MANY_HEADERS'
  | 'BODY_TOO_LONG'
  | 'START_LINE'
  | 'VERSION'
  | 'REQUEST_URI'
  | 'HEADER_LINE'
  | 'HEADER_MISSING'
  | 'HEADER_REPEATED'
  | 'HEADER_VALUE'
  | 'CSEQ'
  | 'CONTENT_LENGTH';

/** A message that the parser refuses. */
export class SipSyntaxError extends Error {
  override readonly name = 'SipSyntaxError';
  readonly code: SyntaxCode;
  /** The request as far as it could be read, when it holds what a 400 needs (Via, From, To, Call-ID, CSeq); else null. */
  readonly answerable: SipRequest | null;

  constructor(code: SyntaxCode, detail: string, answerable: SipRequest | null = null) {
    // A flood of garbage must not cost a stack trace each; nobody reads them.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${detail}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.answerable = answerable;
  }

  /** The status of the answer (RFC 3261 sections 21.4.1, 21.4.14, 21.5.6). */
  get status(): { readonly status: number; readonly reason: string } {
    if (this.code === 'VERSION') return { status: 505, reason: 'Version Not Supported' };
    return { status: 400, reason: `Bad Request (${this.code.toLowerCase().replaceAll('_', ' ')})` };
  }
}
