import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { StoreConfig } from '../config/store.ts';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { type Check, failed, ok, warning } from './checks.ts';
import { canBindTcp, canBindUdp } from './try-bind.ts';

const NODE_MAJOR = 24;
const LOW_DISK_BYTES = 2 * 2 ** 30;
/** Signatures of webhooks are refused when clocks differ by 5 minutes; a clock before this date was never set. */
const BUILT_WALL_MS = Date.UTC(2026, 10, 1);

export function machineChecks(config: StoreConfig): readonly Check[] {
  return [
    {
      name: 'Node',
      run: async () =>
        Number(process.versions.node.split('.')[0]) === NODE_MAJOR
          ? ok(process.version)
          : failed(`${process.version}, and the gateway is tested on ${NODE_MAJOR}`, 'Run: npm ci'),
    },
    {
      name: 'clock',
      run: async () =>
        Date.now() > BUILT_WALL_MS
          ? ok(new Date().toISOString())
          : failed(
              `${new Date().toISOString()} lies before this program was built`,
              'Set the clock: timedatectl set-ntp true',
            ),
    },
    { name: 'disk', run: async () => checkDisk(config.dataDirectory) },
    {
      name: 'SIP port',
      run: async () =>
        (await canBindUdp(config.sip.bind, config.sip.port))
          ? ok(`udp/${config.sip.bind}:${config.sip.port} is free`)
          : failed(
              `udp/${config.sip.bind}:${config.sip.port} cannot be bound`,
              'Stop what uses it (ss -lunp), or set sip.bind to an address of this machine and sip.port to a free port',
            ),
    },
    { name: 'RTP ports', run: async () => checkRtpPorts(config) },
    {
      name: 'web port',
      run: async () =>
        config.web.port === 0 || (await canBindTcp(config.web.bind, config.web.port))
          ? ok(`tcp/${config.web.bind}:${config.web.port} is free`)
          : failed(
              `tcp/${config.web.bind}:${config.web.port} cannot be bound`,
              'Stop what uses it (ss -ltnp), or change web.bind or web.port',
            ),
    },
    { name: 'address', run: async () => checkAddress(config) },
  ];
}

function checkDisk(directory: string) {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    const reason = messageOf(error);
    throw new SpeakerpostError('DATA_DIRECTORY_UNUSABLE', { directory, reason }, error);
  }
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const detail = `${(free / 2 ** 30).toFixed(1)} GiB free at ${directory}`;
  return free >= LOW_DISK_BYTES
    ? ok(detail)
    : warning(detail, 'Free some space: tickets cannot be stored on a full disk');
}

async function checkRtpPorts(config: StoreConfig) {
  const { first, last } = config.media.rtpPorts;
  const even = first + (first % 2);
  const wanted = config.engine.lanes;
  const pairs = Math.floor((last - even + 1) / 2);
  let free = 0;
  for (let pair = 0; pair < pairs && free < wanted; pair++)
    if (await canBindUdp(config.sip.bind, even + 2 * pair)) free++;
  const detail = `${first}-${last}: at least ${free} of the ${wanted} that engine.lanes needs are free`;
  return free >= wanted ? ok(detail) : failed(detail, 'Widen media.rtpPorts, two ports a lane');
}

function checkAddress(config: StoreConfig) {
  const { bind, externalAddress } = config.sip;
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((each) => each.address));
  if (externalAddress !== null) {
    return own.includes(externalAddress)
      ? ok(`intercoms are told ${externalAddress}, an address of this machine`)
      : warning(
          `intercoms are told ${externalAddress}, which is no address of this machine`,
          'Right behind NAT when SIP and RTP ports are forwarded; else remove sip.externalAddress',
        );
  }
  return own.includes(bind)
    ? ok(`intercoms are told ${bind}`)
    : failed(`${bind} is no address of this machine`, `Set sip.bind to one of: ${own.join(', ')}`);
}
