import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { callDescriptions } from '../calls/call-descriptions.ts';
import { LaneDirectory } from '../calls/lane-directory.ts';
import { readStoreConfig, type StoreConfig, type TrunkConfig } from '../config/store.ts';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import type { SipSource } from '../sip/contract.ts';
import { dryRunRequest } from '../sip/dry-run.ts';
import { headerOf, type SipRequest } from '../sip/message/message.ts';
import { sdpOf } from '../sip/message/sdp-body.ts';
import { parseUri } from '../sip/message/uri.ts';
import { sipServerOptions } from '../sip/server-options.ts';
import { readCapturedInvite } from './captured-invite.ts';

const HELP = `Usage: speakerpost explain FILE [--config FILE] [--source ADDRESS[:PORT]] [--transport udp|tcp|tls]

Says what the gateway makes of a captured INVITE: which trunk and lane would take it, what codec and SRTP would be agreed, or why it is
dropped or refused. FILE holds the message as text, as sngrep and logs save it. It calls nobody and changes nothing; the gateway's own
gate, parser, trunks, lanes and SDP decide. Exit code 0 when the call would be taken.

  --config FILE        the store's file (default: config/store.yaml)
  --source ADDRESS     where the INVITE came from (default: the line before it, else its Via)
  --transport NAME     how it came: SRTP keys are taken over tls only (default: its Via's)
`;

interface Step {
  readonly state: 'ok' | 'no';
  readonly what: string;
  readonly detail: string;
  readonly remedy?: string;
}

export async function runExplain(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: 'config/store.yaml' },
      source: { type: 'string' },
      transport: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [file] = positionals;
  const isHelp = values.help === true;
  if (isHelp || file === undefined || positionals.length > 1) {
    (isHelp ? process.stdout : process.stderr).write(HELP);
    return isHelp ? 0 : 2;
  }
  const config = readStoreConfig(values.config);
  const captured = readCapturedInvite(readText(file), file);
  const source = values.source === undefined ? captured.source : placeOf(values.source);
  if (source === null) throw new SpeakerpostError('INVITE_SOURCE_UNKNOWN', { file });
  const transport = transportOf(values.transport ?? viaTransport(captured.bytes));
  process.stdout.write(`${startLine(captured.bytes)} from ${transport}/${source.address}:${source.port}\n`);
  const steps = await explainInvite(captured.bytes, { ...source, transport }, config);
  for (const { state, what, detail, remedy } of steps) {
    process.stdout.write(`${state}  ${what.padEnd(8)} ${detail}\n`);
    if (remedy !== undefined) process.stdout.write(`             -> ${remedy}\n`);
  }
  return steps.every((step) => step.state === 'ok') ? 0 : 1;
}

/** Every decision over an INVITE in the gateway's order, up to the first that ends it. */
export async function explainInvite(bytes: Uint8Array, source: SipSource, config: StoreConfig): Promise<Step[]> {
  const { allow, trunkUsers = [] } = sipServerOptions(config.sip, config.dataDirectory);
  const dryRun = await dryRunRequest(bytes, source, { allow, trunkUsers });
  if (dryRun.kind === 'dropped') return [droppedStep(dryRun.why, dryRun.detail)];
  if (dryRun.kind === 'refused') {
    const { status, reason, headers } = dryRun;
    const detail = `answered ${status} ${reason}${headers === '' ? '' : ` (${headers})`}`;
    return [{ state: 'no', what: 'request', detail, remedy: 'The INVITE itself is at fault: look at the device' }];
  }
  const { request, asksForPassword } = dryRun;
  const steps: Step[] = [{ state: 'ok', what: 'request', detail: 'well formed, from an address that a trunk allows' }];
  const directory = new LaneDirectory(config.sip.trunks, config.lanes);
  const header = (name: string) => headerOf(request, name);
  const from = header('from') ?? '';
  const requestUser = parseUri(request.uri)?.user ?? '';
  const choice = directory.find({ address: source.address, from, requestUser, header });
  if (choice.kind === 'refused') {
    const { status, reason } = choice;
    const remedy =
      status === 404 ? 'Set lanes[].user to it, or to null for any' : 'Set match of the trunk, or the device';
    return [...steps, { state: 'no', what: 'lane', detail: `answered ${status}: ${reason}`, remedy }];
  }
  const { trunk, lane } = choice;
  const password = asksForPassword
    ? `asked for: one of ${trunk.users.map(({ user }) => user).join(', ')} (answered 401 without)`
    : 'not asked for';
  const user = lane.user === null ? 'takes any user' : `user ${lane.user}`;
  return [
    ...steps,
    { state: 'ok', what: 'trunk', detail: trunk.id },
    { state: 'ok', what: 'password', detail: password },
    { state: 'ok', what: 'lane', detail: `${lane.id}, ${user}` },
    ...mediaSteps(request, trunk, source, config),
  ];
}

function mediaSteps(request: SipRequest, trunk: TrunkConfig, source: SipSource, config: StoreConfig): Step[] {
  const { bind, externalAddress } = config.sip;
  const descriptions = callDescriptions({ address: externalAddress ?? bind, ...trunk }, source.transport);
  const offer = sdpOf(headerOf(request, 'content-type') ?? '', Buffer.from(request.body).toString('utf8'));
  if (offer === null)
    return [{ state: 'ok', what: 'codec', detail: 'no offer: the 200 offers ours, the ACK has to choose' }];
  try {
    const media = descriptions.readOffer(offer);
    const { codec, receivePayloadType, ptimeMs, telephoneEventPayloadType, direction, remote, srtp } = media;
    const keys = telephoneEventPayloadType === null ? 'no RTP events' : `RTP events as ${telephoneEventPayloadType}`;
    const taken = trunk.dtmf.join(', ') || 'none taken';
    return [
      { state: 'ok', what: 'codec', detail: `${codec} as ${receivePayloadType}, ${ptimeMs} ms a packet, ${direction}` },
      { state: 'ok', what: 'srtp', detail: srtp === undefined ? `none (${trunk.srtp})` : srtp.profile },
      { state: 'ok', what: 'keys', detail: `${keys}; the trunk takes ${taken}` },
      {
        state: 'ok',
        what: 'sound',
        detail: `goes to ${remote.address}:${remote.port} until its first packet says better`,
      },
    ];
  } catch (error) {
    const remedy = error instanceof SpeakerpostError ? error.remedy : 'Look at the offer';
    return [{ state: 'no', what: 'codec', detail: `answered 488: ${messageOf(error)}`, remedy }];
  }
}

function droppedStep(why: 'source' | 'scanner' | 'syntax', detail: string): Step {
  const steps = {
    source: {
      detail: `dropped without an answer: no trunk allows ${detail}`,
      remedy: 'Add the address to sip.trunks[].allow if it is a device of the store',
    },
    scanner: {
      detail: `dropped without an answer: ${detail} is a scanner`,
      remedy: 'Nothing; if it is a test of yours, give it another User-Agent',
    },
    syntax: { detail: `not readable: ${detail}`, remedy: 'Look at the device, or at how the message was saved' },
  };
  return { state: 'no', what: 'request', ...steps[why] };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpeakerpostError('INVITE_UNREADABLE', { file, reason: messageOf(error) }, error);
  }
}

function startLine(bytes: Buffer): string {
  return bytes.toString('utf8', 0, bytes.indexOf('\r\n')).replace(' SIP/2.0', '');
}

function viaTransport(bytes: Buffer): string {
  const via =
    bytes
      .toString('utf8')
      .split('\r\n')
      .find((line) => line.toLowerCase().startsWith('via:')) ?? '';
  return via.split('/')[2]?.trim().split(' ')[0]?.toLowerCase() ?? 'udp';
}

function transportOf(name: string): SipSource['transport'] {
  return name === 'tcp' || name === 'tls' ? name : 'udp';
}

/** `10.1.1.5`, `10.1.1.5:5060`, `[2001:db8::1]:5060`. @throws INVITE_SOURCE_UNKNOWN */
function placeOf(text: string): { readonly address: string; readonly port: number } {
  if (isIP(text) !== 0) return { address: text, port: 5060 };
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(0, colon)).replace('[', '').replace(']', '');
  if (isIP(address) === 0) throw new SpeakerpostError('INVITE_SOURCE_UNKNOWN', { file: text });
  return { address, port: Number(text.slice(colon + 1)) || 5060 };
}
