import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { watchFiles } from '../../runtime/file-watch.ts';
import type { Log } from '../../runtime/log.ts';
import type { SipTlsOptions } from '../contract.ts';

/** What TLS is done with, PEM. */
export interface TlsMaterial {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** Who may sign the certificates of peers that we call; null: the authorities that Node knows. */
  readonly ca: Buffer | null;
}

/** Reads key and certificate and tries them together. @throws SIP_TLS_UNUSABLE */
export function readTlsFiles(files: SipTlsOptions): TlsMaterial {
  const { keyFile, certFile, caFile } = files;
  try {
    const material = {
      key: readFileSync(keyFile),
      cert: readFileSync(certFile),
      ca: caFile === null ? null : readFileSync(caFile),
    };
    createSecureContext({ key: material.key, cert: material.cert, minVersion: 'TLSv1.2' });
    return material;
  } catch (error) {
    const reason = messageOf(error);
    throw new SpeakerpostError('SIP_TLS_UNUSABLE', { cert: certFile, key: keyFile, reason }, error);
  }
}

/** Looks every 30 s whether a file was replaced; what cannot be used (a new key before its certificate) is logged and left. */
export function watchTlsFiles(
  files: SipTlsOptions,
  clock: Clock,
  log: Log,
  onChange: (material: TlsMaterial) => void,
): { stop(): void } {
  return watchFiles([files.keyFile, files.certFile, files.caFile], clock, () => {
    try {
      onChange(readTlsFiles(files));
      log.info({ cert: files.certFile }, 'new TLS certificate in use');
    } catch (error) {
      log.error({ err: error }, 'new TLS certificate not usable: the old one stays');
    }
  });
}
