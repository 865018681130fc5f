import type { EventEmitter } from 'node:events';
import Srf from 'drachtio-srf';
import { sdpOf } from '../message/sdp-body.ts';

/**
 * The part of drachtio-srf 5.0.29 that is used, typed as it behaves (its own typings are thin). Its Dialog class, `createUAS`
 * and `createUAC` are left alone: `modify` hangs after one refusal, hold is answered `sendrecv`, an offerless re-INVITE throws.
 */
export interface SrfRequest extends EventEmitter {
  readonly method: string;
  readonly uri: string;
  readonly body: string | undefined;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  readonly stackDialogId: string | undefined;
  get(name: string): string | undefined;
  cancel(done: (error: unknown) => void): void;
}

export interface SrfResponse extends EventEmitter {
  readonly status: number;
  readonly reason: string;
  readonly body: string | undefined;
  readonly stackDialogId: string | undefined;
  get(name: string): string | undefined;
  send(
    status: number,
    reason: string,
    options: SrfMessageOptions,
    done?: (error: unknown, sent?: { get(name: string): string | undefined }) => void,
  ): void;
}

export interface SrfMessageOptions {
  headers?: Record<string, string>;
  body?: string;
}

export interface SrfRequestOptions extends SrfMessageOptions {
  method: string;
  /** Required outside of a dialog. */
  uri?: string;
  stackDialogId?: string;
  /** SIP URI of the next hop. */
  proxy?: string;
}

export interface SrfApplication {
  on(name: 'connect', listener: (error: Error | null, hostPorts: string) => void): void;
  on(name: 'error', listener: (error: Error) => void): void;
  on(name: 'close', listener: () => void): void;
  use(handler: (request: SrfRequest, response: SrfResponse, next: () => void) => void): void;
  invite(handler: (request: SrfRequest, response: SrfResponse, next: () => void) => void): void;
  connect(options: { host: string; port: number; secret: string; reconnect: { maxAttempts: number } }): void;
  disconnect(): void;
  readonly app: {
    request(options: SrfRequestOptions, done: (error: unknown, request?: SrfRequest) => void): void;
    readonly client: { readonly wp: EventEmitter };
  };
}

/** The session description that a message carries; null when there is none. */
export function sdpIn(message: {
  readonly body: string | undefined;
  get(name: string): string | undefined;
}): string | null {
  return sdpOf(message.get('content-type') ?? '', message.body ?? '');
}

/** An application without a connection; each connection gets a new one, so that reconnecting stays in our hands. */
export function createSrf(): SrfApplication {
  return new Srf() as unknown as SrfApplication;
}
