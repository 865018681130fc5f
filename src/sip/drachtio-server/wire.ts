import type { Hop } from '../transport/transport.ts';

/** The leaders (first lines) of what the server sends to an application, token by token as drachtio-server v0.9.10 has them. */

export interface NetworkLeader {
  readonly bytes: number;
  readonly from: Hop;
  readonly time: string;
  readonly transactionId: string;
  /** Empty outside of a dialog. */
  readonly dialogId: string;
  /** Set for requests outside of a dialog only. */
  readonly receivedOn: { readonly address: string; readonly port: number } | null;
}

/** A request or response from the network. */
export function networkLeader(leader: NetworkLeader): string {
  const { bytes, from, time, transactionId, dialogId, receivedOn } = leader;
  const on = receivedOn === null ? '' : `${receivedOn.address}|${receivedOn.port}|`;
  return `sip|network|${bytes}|${from.protocol}|${from.address}|${from.port}|${time}|${transactionId}|${dialogId}|${on}`;
}

/** A final response that the server made itself, for want of one from the network. */
export function localFinalLeader(time: string, transactionId: string, dialogId: string): string {
  return `sip|network|0|udp||0|${time}|${transactionId}|${dialogId}|`;
}

/** BYE of a dialog that the server ended. */
export function unsolicitedLeader(bytes: number, time: string, dialogId: string): string {
  return `sip|application|${bytes}|udp||0|${time}|unsolicited|${dialogId}|`;
}

/** The answer to a command: `OK` or `NOK` and what belongs to it. */
export function commandAnswer(commandId: string, ...rest: readonly string[]): string {
  return ['response', commandId, ...rest].join('|');
}

/** The echo of a response as it was sent: one field (the dialog id) more than that of a request. */
export function responseEcho(
  commandId: string,
  bytes: number,
  to: Hop,
  time: string,
  transactionId: string,
  dialogId: string,
): string {
  const place = `${to.protocol}|${to.address}|${to.port}`;
  return commandAnswer(commandId, `OK|application|${bytes}|${place}|${time}|${transactionId}|${dialogId}||Msg sent:|`);
}

/** The echo of a request as it was sent. */
export function requestEcho(commandId: string, bytes: number, local: Hop, time: string, transactionId: string): string {
  const place = `${local.protocol}|${local.address}|${local.port}`;
  return commandAnswer(commandId, `OK|application|${bytes}|${place}|${time}|${transactionId}|Msg sent:|`);
}

/** `HH:MM:SS.uuuuuu`, UTC. */
export function wireTime(wallMs: number): string {
  const ms = Math.floor(wallMs) % 86_400_000;
  const two = (value: number) => (value < 10 ? `0${value}` : `${value}`);
  const rest = String(ms % 1_000).padStart(3, '0');
  return `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1_000) % 60)}.${rest}000`;
}
