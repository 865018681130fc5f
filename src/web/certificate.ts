import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { writePrivate } from '../runtime/synced-file.ts';

/** PEM files of the pages' certificate. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Browsers refuse certificates that are good for more than 825 days (Apple; CA/Browser Forum's older limit). */
const DAYS = 820;
const RENEWED_DAYS_BEFORE = 30;

/** @throws WEB_CERTIFICATE_UNUSABLE */
export function readCertificate({ certFile, keyFile }: CertificateFiles): {
  readonly cert: Buffer;
  readonly key: Buffer;
} {
  try {
    const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    createSecureContext({ ...pair, minVersion: 'TLSv1.2' });
    return pair;
  } catch (error) {
    throw new SpeakerpostError('WEB_CERTIFICATE_UNUSABLE', { file: certFile, reason: messageOf(error) }, error);
  }
}

/**
 * A certificate of the gateway's own for a store without one, in the data directory: browsers ask once per device whether to trust it, and
 * its fingerprint, which the log shows, says whether it is this one. Kept until it names other addresses than the machine has or is
 * about to expire.
 */
export async function ownCertificate(
  dataDirectory: string,
  bind: string,
  nowWallMs: number,
): Promise<CertificateFiles> {
  const files = { certFile: join(dataDirectory, 'web-cert.pem'), keyFile: join(dataDirectory, 'web-key.pem') };
  const names = namesOf(bind);
  if (!isStillGood(files, names, nowWallMs)) {
    const made = await generate([{ name: 'commonName', value: hostname() }], {
      algorithm: 'sha256',
      keyType: 'ec',
      notBeforeDate: new Date(nowWallMs - 86_400_000),
      notAfterDate: new Date(nowWallMs + DAYS * 86_400_000),
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            ...names.dns.map((value) => ({ type: 2 as const, value })),
            ...names.ips.map((ip) => ({ type: 7 as const, ip })),
          ],
        },
      ],
    });
    await writePrivate(files.keyFile, made.private);
    await writePrivate(files.certFile, made.cert);
  }
  return files;
}

/** SHA-256 of the certificate, as browsers show it. */
export function fingerprintOf({ certFile }: CertificateFiles): string {
  return new X509Certificate(readFileSync(certFile)).fingerprint256;
}

function namesOf(bind: string): { readonly dns: readonly string[]; readonly ips: readonly string[] } {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const isAny = bind === '0.0.0.0' || bind === '::';
  const ips = isAny ? own.filter(({ scopeid }) => !scopeid).map(({ address }) => address) : [bind].filter(isAddress);
  return {
    dns: [...new Set([hostname(), `${hostname()}.local`, 'localhost'])],
    ips: [...new Set([...ips, '127.0.0.1'])],
  };
}

function isAddress(text: string): boolean {
  return /^[\d.]+$|:/.test(text);
}

function isStillGood(files: CertificateFiles, names: ReturnType<typeof namesOf>, nowWallMs: number): boolean {
  try {
    readCertificate(files);
    const certificate = new X509Certificate(readFileSync(files.certFile));
    const endsWallMs = certificate.validToDate.getTime();
    return (
      endsWallMs - nowWallMs > RENEWED_DAYS_BEFORE * 86_400_000 &&
      names.dns.every((name) => certificate.checkHost(name) !== undefined) &&
      names.ips.every((ip) => certificate.checkIP(ip) !== undefined)
    );
  } catch {
    return false; // not there, or damaged: it is made anew
  }
}
