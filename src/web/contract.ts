import type { Registry } from 'prom-client';
import type { Access } from '../access/access.ts';
import type { CallDesk } from '../calls/contract.ts';
import type { DeliveryPlane } from '../orders/contract.ts';
import type { MenuBook } from '../orders/menu/menu-book.ts';
import type { RecordReader } from '../records/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { CertificateFiles } from './certificate.ts';

export interface WebOptions {
  /** IP address or `localhost`. */
  readonly bind: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where `CallDetail.recording` lies. */
  readonly recordingsDirectory: string;
  readonly storeName: string;
  /** IANA name; times of day are shown in it. */
  readonly timezone: string;
  /** Bearer token for /metrics; null: only a peer on loopback may read them. */
  readonly metricsToken: string | null;
  /** PEM files; null: plain HTTP, on loopback or behind a proxy. */
  readonly tls: CertificateFiles | null;
  /** A proxy in front terminates TLS: cookies are Secure, and no peer counts as local. */
  readonly behindTlsProxy: boolean;
}

export interface WebDeps {
  readonly desk: CallDesk;
  readonly reader: RecordReader;
  readonly delivery: Pick<DeliveryPlane, 'resend' | 'commit'>;
  readonly menus: MenuBook;
  readonly registry: Registry;
  readiness(): Promise<Readiness>;
  readonly log: Log;
  readonly clock: Clock;
  readonly access: Access;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface WebServer {
  /** `http://address:port` or `https://...`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /**
   * A URL that signs one browser on this machine in and shows `path`; it works once, for ten minutes.
   * @throws WEB_SIGN_IN_LINK_NOT_LOCAL unless the pages are served on loopback without a proxy.
   */
  signInLink(path: string): string;
  /** Ends event streams and connections. */
  close(): Promise<void>;
}
