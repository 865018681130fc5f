import { basename } from 'node:path';
import type { Response } from 'express';
import type { RecordReader } from '../records/contract.ts';

/**
 * Sends a call's sound, whole or the range asked for. The file's name comes from the call's record, never from the URL, and
 * must be a plain name within the directory. False when there is none.
 */
export async function sendRecording(
  response: Response,
  reader: RecordReader,
  recordingsDirectory: string,
  callId: string,
): Promise<boolean> {
  const name = (await reader.getCall(callId))?.recording ?? null;
  if (name === null || name === '' || name !== basename(name) || name.startsWith('.')) return false;
  return new Promise((resolve, reject) => {
    const headers = { 'Cache-Control': 'private, no-cache' };
    const options = { root: recordingsDirectory, dotfiles: 'deny', cacheControl: false, headers } as const;
    response.sendFile(name, options, (error) => {
      // A browser that seeks drops the old request; once bytes went out there is nothing left to answer.
      if (error === undefined || response.headersSent) resolve(true);
      else if ('status' in error && error.status === 404) resolve(false);
      else if ('status' in error && error.status === 416) {
        response.status(416).end();
        resolve(true);
      } else reject(error);
    });
  });
}
