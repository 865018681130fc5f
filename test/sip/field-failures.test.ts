import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';

/**
 * What goes wrong between telephones and gateways in the field (issues of livekit/sip, jambonz, drachtio), and the tests that show that it does
 * not go wrong here: file, and words of its test's name. This test keeps the table true: a test that is renamed or
 * removed is missed.
 */
const FAILURES: readonly {
  readonly what: string;
  readonly shownBy: readonly (readonly [file: string, name: string])[];
}[] = [
  {
    what: '1: no or one-way sound: a private address in the SDP, NAT',
    shownBy: [
      ['media/source-lock.test.ts', 'another source is taken at its fourth packet in order'],
      ['doctor/checks.test.ts', 'each fault has one finding and one remedy'],
      ['records/call-traces.test.ts', 'a call that runs can be looked at'],
    ],
  },
  {
    what: '2: the media time-out ends a call on hold, or one in which nobody talks',
    shownBy: [
      ['media/session-clock.test.ts', 'no RTP for 30 s is told once, again after it came back, and never on hold'],
      ['media/session-clock.test.ts', '45 s with an immediate partner: a packet every 20 ms'],
    ],
  },
  {
    what: '3: a trunk or number that does not match gives a misleading answer',
    shownBy: [
      [
        'calls/lane-directory.test.ts',
        'a stranger is forbidden, an unknown user is not found, and the reason says which',
      ],
      ['cli/explain-invite.test.ts', 'an INVITE is explained step by step, as the gateway decides'],
    ],
  },
  {
    what: '4: hold is answered sendrecv',
    shownBy: [
      ['sip/sipp-scenarios.test.ts', 'hold-and-resume'],
      ['media/sdp/answer.test.ts', 'the direction is mirrored, wherever it stands, and 0.0.0.0 is a hold'],
      ['sip/user-agent/srf-defects.test.ts', '4: the library answers a hold with its old SDP'],
    ],
  },
  {
    what: '5: a re-INVITE at once, session timers, preconditions',
    shownBy: [
      ['sip/sipp-scenarios.test.ts', 're-invite'],
      ['sip/sipp-scenarios.test.ts', 'session-refreshed-by-update'],
      ['sip/sipp-scenarios.test.ts', 'require-unknown'],
      ['cli/explain-invite.test.ts', 'an INVITE is explained step by step, as the gateway decides'],
    ],
  },
  {
    what: '6: choppy sound, clicks between chunks',
    shownBy: [
      ['media/resample/resampler.test.ts', 'how the stream is cut makes no difference'],
      ['media/send/send-ticker.test.ts', 'a seat alone is served at once and then on its own grid'],
      ['media/jitter/jitter-buffer.test.ts', '20 ms of jitter add at most 6 ms to the input'],
    ],
  },
  {
    what: '7: ringing or an answer that comes late',
    shownBy: [['sip/trace/call-tap.test.ts', 'a call is seen as it went over the wire']],
  },
  {
    what: '8: answers on a new TLS connection',
    shownBy: [
      ['sip/transport/tls.test.ts', 'two agents call each other by TLS and know each other by certificate'],
      ['sip/transport/tcp.test.ts', 'a call by TCP: the answers and our BYE go back on its connection'],
    ],
  },
  {
    what: '9: the intercom insists on REGISTER',
    shownBy: [
      ['sip/registrar/registrar.test.ts', 'a device is told its contacts and their time, renews, asks, and leaves'],
      ['interop/baresip-registers.test.ts', 'baresip registers over'],
    ],
  },
  {
    what: '10: REFER: tel: mangled, NOTIFY and BYE in the wrong order, anybody may transfer',
    shownBy: [
      ['sip/transfer.test.ts', 'a call is transferred: REFER with a tel: as it is, NOTIFYs, BYE after the final one'],
      ['sip/user-agent/dial-rules.test.ts', 'with the right, a REFER to a listed number is taken and told of'],
    ],
  },
  {
    what: '11: crashes and leaks: load, a second CANCEL, BYE in a re-INVITE, an application that goes, offer-less INVITE',
    shownBy: [
      ['sip/sipp-scenarios.test.ts', 'cancel-twice'],
      ['sip/sipp-scenarios.test.ts', 'offerless-invite'],
      ['sip/races.test.ts', 'BYE right behind a re-INVITE: both are answered, nothing is left'],
      ['sip/core/calls.test.ts', '200 of 200 calls complete at 10 % packet loss, and nothing is left'],
      ['sip/core/calls.test.ts', 'an application that goes leaves no caller waiting and no dialog up'],
    ],
  },
  {
    what: '12: after 401 or 407 another tag or Call-ID, or no end of it',
    shownBy: [
      ['sip/sipp-scenarios.test.ts', 'called-challenges'],
      ['sip/sipp-scenarios.test.ts', 'called-challenges-twice'],
      ['sip/sipp-scenarios.test.ts', 'called-password-wrong'],
    ],
  },
  {
    what: '13: keys twice or missed',
    shownBy: [
      ['media/rtp/telephone-event.test.ts', 'an event is told once, whichever of its packets are lost'],
      ['media/sdp/codecs.test.ts', 'events are those of the chosen clock'],
      ['calls/info-dtmf.test.ts', 'a key in SIP INFO is read as intercoms write it'],
    ],
  },
  {
    what: "14: an old call's RTP in a new one",
    shownBy: [
      ['media/port-pool.test.ts', 'a released pair rests for 60 s'],
      ['media/source-lock.test.ts', 'once locked, nobody else is heard, even with four packets'],
      ['media/jitter/jitter-buffer.test.ts', 'one stray packet of another stream is not followed'],
    ],
  },
  {
    what: '15: no ACK, BYEs that cross, CANCEL after the 200',
    shownBy: [
      ['sip/sipp-scenarios.test.ts', 'ack-never'],
      ['sip/sipp-scenarios.test.ts', 'byes-cross'],
      ['sip/sipp-scenarios.test.ts', 'cancel-after-200'],
      ['sip/core/calls.test.ts', 'without an ACK the dialog ends after 64*T1 with BYE and a Reason'],
    ],
  },
  {
    what: '16: an application that dies leaves its callers in silence',
    shownBy: [
      ['sip/server-process.test.ts', 'the peer gets BYE when the application is killed with a call up'],
      [
        'calls/desk.test.ts',
        'a lost lane: the order goes for review, the guest hears the apology, then BYE with the reason',
      ],
    ],
  },
];

test('each failure of the field has tests that exist', async (t) => {
  t.equal(FAILURES.length, 16);
  for (const { what, shownBy } of FAILURES) {
    for (const [file, name] of shownBy) {
      const path = join(import.meta.dirname, '..', file);
      t.ok(existsSync(path), `${what}: ${file}`);
      const text = readFileSync(path, 'utf8');
      // A scenario's name is one word, which also stands elsewhere.
      t.ok(text.includes(name.includes(' ') ? name : `'${name}'`), `${what}: ${name}`);
    }
  }
});
