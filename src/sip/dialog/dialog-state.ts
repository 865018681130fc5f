import { parseAddress, tagOf } from '../message/address.ts';
import {
  callIdOf,
  cseqOf,
  type Header,
  headerOf,
  listOf,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../message/message.ts';
import { parseUri } from '../message/uri.ts';

/** A dialog's state (RFC 3261 section 12) as an immutable value; the functions below give the next one. */
export interface DialogState {
  readonly phase: 'early' | 'confirmed';
  /** We sent its first INVITE. */
  readonly isCaller: boolean;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To values of requests that we send, tags included. */
  readonly local: string;
  readonly remote: string;
  readonly localSequence: number;
  /** null until the peer has sent a request. */
  readonly remoteSequence: number | null;
  /** The peer's Contact. */
  readonly remoteTarget: string;
  /** Route values, next hop first. */
  readonly routeSet: readonly string[];
}

/** The dialog that our response with `localTag` makes of a request (12.1.1); null when it lacks Contact or From tag. */
export function dialogOfServer(request: SipRequest, localTag: string, phase: DialogState['phase']): DialogState | null {
  const remoteTarget = contactOf(request);
  const remote = headerOf(request, 'from') ?? '';
  const remoteTag = tagOf(remote);
  if (remoteTarget === null || remoteTag === undefined) return null;
  return {
    phase,
    isCaller: false,
    callId: callIdOf(request),
    localTag,
    remoteTag,
    local: withTag(headerOf(request, 'to') ?? '', localTag),
    remote,
    localSequence: 0,
    remoteSequence: cseqOf(request)?.number ?? null,
    remoteTarget,
    routeSet: listOf(request, 'record-route'),
  };
}

/** The dialog that a response to our request makes (12.1.2); null when it lacks a To tag or Contact. */
export function dialogOfClient(request: SipRequest, response: SipResponse): DialogState | null {
  const remote = headerOf(response, 'to') ?? '';
  const local = headerOf(request, 'from') ?? '';
  const remoteTag = tagOf(remote);
  const localTag = tagOf(local);
  const remoteTarget = contactOf(response) ?? (response.status < 200 ? request.uri : null);
  if (remoteTag === undefined || localTag === undefined || remoteTarget === null) return null;
  return {
    phase: response.status < 200 ? 'early' : 'confirmed',
    isCaller: true,
    callId: callIdOf(request),
    localTag,
    remoteTag,
    local,
    remote,
    localSequence: cseqOf(request)?.number ?? 1,
    remoteSequence: null,
    remoteTarget,
    routeSet: listOf(response, 'record-route').reverse(),
  };
}

/** Target refresh (12.2.1.2, 12.2.2): a re-INVITE or UPDATE, or the 2xx to one, moves the remote target. */
export function refreshTarget(state: DialogState, message: SipMessage): DialogState {
  const remoteTarget = contactOf(message);
  return remoteTarget === null ? state : { ...state, remoteTarget };
}

/** Takes the peer's CSeq; null when it is out of order, to be answered 500 (12.2.2). */
export function acceptSequence(state: DialogState, request: SipRequest): DialogState | null {
  const number = cseqOf(request)?.number ?? 0;
  if (state.remoteSequence !== null && number < state.remoteSequence) return null;
  return { ...state, remoteSequence: number };
}

export interface RequestParts {
  readonly uri: string;
  /** From Route to CSeq. */
  readonly headers: readonly Header[];
  /** Where it goes, when not by its top Route or Request-URI: to a strict router. */
  readonly nextHop: string | null;
}

/** Request-URI and headers of a request inside the dialog (12.2.1.1). */
export function requestParts(state: DialogState, method: string, sequence: number): RequestParts {
  const first = state.routeSet[0];
  const firstUri = first === undefined ? undefined : parseAddress(first)?.uri;
  const isLoose = firstUri === undefined || (parseUri(firstUri)?.params.has('lr') ?? false);
  const routes = isLoose ? state.routeSet : [...state.routeSet.slice(1), `<${state.remoteTarget}>`];
  return {
    uri: isLoose ? state.remoteTarget : firstUri,
    nextHop: isLoose ? null : firstUri,
    headers: [
      ...routes.map((value) => ({ name: 'route', value })),
      { name: 'max-forwards', value: '70' },
      { name: 'from', value: state.local },
      { name: 'to', value: state.remote },
      { name: 'call-id', value: state.callId },
      { name: 'cseq', value: `${sequence} ${method}` },
    ],
  };
}

function withTag(value: string, tag: string): string {
  return tagOf(value) === undefined ? `${value};tag=${tag}` : value;
}

function contactOf(message: SipMessage): string | null {
  const contact = listOf(message, 'contact')[0];
  return contact === undefined ? null : (parseAddress(contact)?.uri ?? null);
}
