import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readStoreConfig } from '../config/store.ts';
import { type CallTrace, readTrace } from '../records/call-traces.ts';
import type { LadderLine } from '../sip/trace/ladder-line.ts';

const HELP = `Usage: speakerpost trace CALL [--config FILE] [--json]

Shows a call's SIP messages as a ladder, with times and the headers that matter, and what is known of its RTP: no sound, no words, no
passwords or keys. CALL is the id that the log and the pages show (c_...), the SIP Call-ID, or "last". Calls that run are shown as they
were some seconds ago, refused ones with the reason. The last 500 are kept.

  --config FILE   the store's file (default: config/store.yaml)
  --json          the whole trace as JSON
`;

export async function runTrace(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: 'config/store.yaml' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [call] = positionals;
  const isHelp = values.help === true;
  if (isHelp || call === undefined || positionals.length > 1) {
    (isHelp ? process.stdout : process.stderr).write(HELP);
    return isHelp ? 0 : 2;
  }
  const trace = readTrace(join(readStoreConfig(values.config).dataDirectory, 'traces'), call);
  process.stdout.write(values.json ? `${JSON.stringify(trace, null, 2)}\n` : showTrace(trace));
  return 0;
}

/** The trace as text: the ladder, peer on the left, gateway on the right. */
export function showTrace(trace: CallTrace): string {
  const { callId, sipCallId, source, trunk, lane, startedWallMs, endedWallMs, refused, ladder } = trace;
  const state = endedWallMs === null ? 'still runs' : `${seconds(endedWallMs - startedWallMs)} s`;
  const lines = [
    `${callId}  ${new Date(startedWallMs).toISOString()}  ${state}${refused === null ? '' : `  refused: ${refused}`}`,
    `from ${source}, trunk ${trunk ?? '(none)'}, lane ${lane ?? '(none)'}, Call-ID ${sipCallId}`,
    '',
    ...ladder.lines.flatMap((line) => showLine(line, ladder.lines[0]?.atWallMs ?? startedWallMs, source)),
    ...(ladder.more > 0 ? [`${' '.repeat(10)}... and ${ladder.more} more messages`] : []),
    ...(ladder.lines.length === 0 ? ['no SIP messages: a drachtio-server keeps its own log'] : []),
    '',
    ...showSound(trace),
  ];
  return `${lines.join('\n')}\n`;
}

function showLine(
  { atWallMs, direction, peer, what, details, isAgain }: LadderLine,
  startMs: number,
  source: string,
): string[] {
  const arrow = direction === 'in' ? '──▶' : '◀──';
  const other = peer === source ? '' : `  [${peer}]`;
  const again = isAgain ? '  (again)' : '';
  const head = `${`+${seconds(atWallMs - startMs)}`.padStart(9)}  ${arrow} ${what}${again}${other}`;
  return isAgain ? [head] : [head, ...details.map((each) => `${' '.repeat(15)}${each}`)];
}

function showSound({ media, stats }: CallTrace): string[] {
  if (media === null) return ['no sound was agreed'];
  const { codec, payloadType, ptimeMs, direction, remote, srtp } = media;
  const lines = [
    `sound  ${codec} as ${payloadType}, ${ptimeMs} ms a packet, ${direction}, SRTP ${srtp ?? 'none'}, SDP names ${remote}`,
  ];
  if (stats === null) return [...lines, 'RTP    not measured yet'];
  const { packetsReceived, packetsSent, packetsLost, packetsLate, packetsDuplicate, packetsRefused } = stats;
  const expected = packetsReceived + packetsLost;
  const share = expected === 0 ? 0 : (100 * packetsLost) / expected;
  lines.push(
    `RTP    in ${packetsReceived} packets, lost ${packetsLost} (${share.toFixed(1)} %), late ${packetsLate}, twice ${packetsDuplicate}, refused ${packetsRefused}, jitter ${stats.jitterMs.toFixed(1)} ms; out ${packetsSent}`,
  );
  if (packetsReceived === 0)
    lines.push('       -> no packet came: look at the SDP address above, at NAT and at firewalls');
  return lines;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
