import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { AddressRefusedError, guardedLookup, refuseHost } from '../../../runtime/address-guard.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { PosAnswer } from '../pos-connector.ts';

/** Enough for an order; a POS that sends more is not read to the end. */
const ANSWER_LIMIT_BYTES = 1_048_576;
/** A longer Retry-After is cut: the order is late by then and attention is raised. */
const RETRY_AFTER_MAX_MS = 60_000;

/** 4xx that say "later", not "never" (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4). */
const laterStatuses = new Set([408, 425, 429]);

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Thrown out of a conversation of several requests: what one of them came to is what the whole attempt came to. */
export class ConversationEnded extends Error {
  readonly answer: PosAnswer;

  constructor(answer: PosAnswer) {
    super(answer.detail);
    this.answer = answer;
  }
}

/**
 * One request and its answer within `timeoutMs` altogether. Redirects are answers like any other, never followed: an order goes to
 * the configured address only. Link-local and metadata addresses are refused, whatever name they have. A body that breaks off
 * does not undo the status.
 */
export async function exchange(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  const url = new URL(request.url);
  refuseHost(url.hostname);
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(timeoutMs);
  const { body = '' } = request;
  const headers = { ...request.headers, ...(body === '' ? {} : { 'content-length': `${Buffer.byteLength(body)}` }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = open(url, { method: request.method, headers, lookup: guardedLookup, signal }, resolve);
    // The same error comes again as the response's when the body breaks off.
    sent.on('error', reject);
    sent.end(body);
  });
  const status = response.statusCode ?? 0;
  const header = response.headers['retry-after'];
  return { status, retryAfter: header ?? null, text: await readAnswer(response) };
}

/** What an answer means unless the POS's own rules say more; null for 2xx. */
export function judgeStatus(answer: HttpAnswer, clock: Clock, reason = answer.text): PosAnswer | null {
  const { status } = answer;
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return null;
  if (status >= 500 || laterStatuses.has(status)) {
    return { kind: 'retry', detail, waitMs: retryAfterMs(answer.retryAfter, clock) };
  }
  return { kind: 'refused', detail: `${detail} ${reason.slice(0, 200)}`.trim() };
}

/** What a failed exchange means. */
export function judgeFailure(error: unknown, timeoutMs: number): PosAnswer {
  if (error instanceof ConversationEnded) return error.answer;
  if (error instanceof AddressRefusedError) return { kind: 'refused', detail: error.message };
  return { kind: 'retry', detail: reasonOf(error, timeoutMs), waitMs: null };
}

/** Seconds, or a date (RFC 9110 10.2.3). */
function retryAfterMs(value: string | null, clock: Clock): number | null {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - clock.wallMs();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : null;
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  return 'code' in error ? String(error.code) : error.message;
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      text += decoder.decode(chunk, { stream: true });
      if (length >= ANSWER_LIMIT_BYTES) break;
    }
  } catch {
    return text;
  }
  return text;
}
