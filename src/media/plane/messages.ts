import type { ErrorRecord } from '../../runtime/errors.ts';
import type {
  MediaEvents,
  MediaPlaneOptions,
  NegotiatedMedia,
  OpenedSession,
  OpenSession,
  SessionStats,
} from '../contract.ts';

/** What the thread is started with. */
export interface PlaneWorkerData {
  readonly options: MediaPlaneOptions;
  readonly logLevel: string;
}

/** Main to media thread; each is answered with one `PlaneAnswer` of the same id. */
export type PlaneRequest =
  | { readonly kind: 'open'; readonly session: OpenSession }
  | { readonly kind: 'start'; readonly callId: string }
  | { readonly kind: 'update'; readonly callId: string; readonly media: NegotiatedMedia }
  | { readonly kind: 'pauseRecording'; readonly callId: string; readonly isPaused: boolean }
  | { readonly kind: 'say'; readonly callId: string; readonly text: string }
  | { readonly kind: 'play'; readonly callId: string; readonly samples: Float32Array }
  | { readonly kind: 'close'; readonly callId: string };

export interface ClosedSession {
  readonly stats: SessionStats;
  readonly recording: string | null;
}

/** What each kind of request is answered with. */
export interface PlaneResults {
  readonly open: OpenedSession;
  readonly start: null;
  readonly update: null;
  readonly pauseRecording: null;
  readonly say: null;
  readonly play: null;
  readonly close: ClosedSession;
}

export interface NumberedRequest {
  readonly id: number;
  readonly request: PlaneRequest;
}

type EventNotice = {
  [Name in keyof MediaEvents]: {
    readonly kind: 'event';
    readonly name: Name;
    readonly event: Parameters<MediaEvents[Name]>[0];
  };
}[keyof MediaEvents];

/** Media thread to main. */
export type PlaneReport =
  | { readonly kind: 'done'; readonly id: number; readonly result: PlaneResults[keyof PlaneResults] }
  | { readonly kind: 'refused'; readonly id: number; readonly error: ErrorRecord }
  | { readonly kind: 'log'; readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }
  | EventNotice;
