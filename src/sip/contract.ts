/**
 * What the rest of the gateway sees of SIP: calls that come in, calls that are placed, dialogs. Everything below (messages,
 * transactions, the drachtio wire protocol) stays inside src/sip.
 */
import type { RegisteredContact } from './registrar/binding.ts';
import type { TrunkSelector } from './trunks/trunk-table.ts';

export interface SipSource {
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp' | 'tls';
}

export interface SipUserAgent {
  /** One handler; an INVITE that comes while there is none is answered 480. */
  onInvite(handler: (invite: IncomingInvite) => void): void;
  /**
   * Calls a SIP URI, or the name of a registered user: all of its devices ring, and the first that answers has the call. Resolves when
   * the 2xx came and was acknowledged.
   * @throws SIP_CALL_FAILED with the final status, SIP_NOT_REGISTERED, SIP_NUMBER_REFUSED where the store's file does not allow the number
   */
  placeCall(target: string, options: PlaceCallOptions): Promise<SipDialog>;
  /** The devices under a registered name, each with what `placeCall` takes: its URI, and its `route`. */
  contactsOf(name: string): readonly RegisteredContact[];
  /** The connection to the SIP server is gone (calls with it) or is back. */
  onServerState(listener: (state: 'connected' | 'lost') => void): void;
  /** Host and port at which the SIP server listens, e.g. `udp/127.0.0.1:5060`. */
  readonly listening: readonly string[];
  close(): Promise<void>;
}

export interface PlaceCallOptions {
  readonly sdpOffer: string;
  /** Id of the trunk for whose caller it is placed, which must have `transfer: true` and the number on its list. */
  readonly trunk?: string;
  /** SIP URI of the next hop, where that is not the target's own. */
  readonly route?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers one 401 or 407 by Digest, SHA-256 where the peer has it, else MD5. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Ends the attempt with CANCEL when aborted. */
  readonly signal?: AbortSignal;
  readonly onProvisional?: (status: number, sdp: string | null) => void;
}

export interface IncomingInvite {
  /** The Call-ID header. */
  readonly sipCallId: string;
  readonly source: SipSource;
  /** User part of the Request-URI; empty when there is none. */
  readonly requestUser: string;
  readonly from: string;
  /** null: an INVITE without an offer; the 200 must carry ours. */
  readonly sdpOffer: string | null;
  header(name: string): string | undefined;
  /** Sends 180 Ringing. */
  ring(): void;
  /** Sends 183 with this SDP (early media), reliably where the caller can (RFC 3262); the 200 must carry the same SDP. */
  progress(sdp: string): void;
  /** The caller makes another offer before the call is answered (UPDATE, PRACK). Without a handler: 488. */
  onOffer(handler: OfferHandler): void;
  /** Sends 200 with this SDP; resolves when it is sent (not at the ACK); rejects with SIP_CALL_CANCELLED if the caller gave up. */
  answer(sdp: string): Promise<SipDialog>;
  reject(status: number, reason: string, headers?: Readonly<Record<string, string>>): void;
  onCancel(listener: () => void): void;
}

/** `null`: the peer wants to hear our offer. */
export type OfferHandler = (sdp: string | null) => { sdp: string } | { status: number; reason: string };

export interface SipDialog {
  readonly sipCallId: string;
  /** The peer's last SDP. */
  readonly remoteSdp: string;
  /** The ACK of our 200 came. Called at once when it came already. */
  onAck(listener: () => void): void;
  /** The dialog ended, by the peer or by the SIP layer (ACK time-out, SIP server gone): once, with the reason. */
  onEnd(listener: (reason: string) => void): void;
  /** A re-INVITE or UPDATE came. Return the answer's SDP, or a status to refuse with. Without a handler: 488. */
  onOffer(handler: OfferHandler): void;
  /** INFO and MESSAGE: devices say with either that a car came or a digit was pressed. */
  onInfo(listener: (contentType: string, body: string) => void): void;
  /**
   * The peer asks us to call `target` (REFER). False declines it with 603, as without a handler; true takes it (202), and `report` then
   * tells the peer each response of that call, the last one final. The peer hangs up after that.
   */
  onRefer(handler: (target: string, report: (status: number, reason: string) => void) => boolean): void;
  /**
   * Offers other media by re-INVITE; resolves with the peer's answer. Glare (491) is tried again as RFC 3261 14.1 says.
   * @throws SIP_OFFER_REFUSED with the status
   */
  reinvite(sdp: string): Promise<string>;
  /**
   * Asks the peer to call `target` (`sip:`, `sips:` or `tel:`, which is passed on as it is) in place of this call: REFER, RFC 3515.
   * Resolves when the peer says that the target answered, after our BYE; the call goes on when it rejects.
   * @throws SIP_TRANSFER_FAILED with the status; 408 when the peer says nothing final within 60 s
   */
  refer(target: string, onProgress?: (status: number, reason: string) => void): Promise<void>;
  /** Sends BYE, with `Reason: SIP;cause=…;text="…"` when given; resolves at its final response or after 2 s. */
  bye(reason?: { readonly cause: number; readonly text: string }): Promise<void>;
}

/** TLS with a certificate of our own, PEM files; they are looked at again every 30 s. */
export interface SipTlsOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities for the certificates of peers that we call; null: those that Node knows. */
  readonly caFile: string | null;
  /** False: a peer that we call may have any certificate (self-signed intercoms). */
  readonly verifyPeers: boolean;
}

/** Who must show a password: requests of this trunk, by Digest (MD5 or SHA-256, qop auth). */
export interface SipTrunkUsers extends TrunkSelector {
  /** Empty: the address is enough. */
  readonly users: readonly { readonly user: string; readonly password: string }[];
}

/** Where a SIP server listens and whom it serves. */
export interface SipServerOptions {
  /** Local address of the sockets, IPv4 or IPv6. */
  readonly bind: string;
  /** UDP. 0: any free one (tests, the phone). */
  readonly port: number;
  /** TCP beside UDP. 0: any free one; absent or null: none. */
  readonly tcpPort?: number | null;
  /** Absent or null: none. */
  readonly tls?: SipTlsOptions | null;
  /** A second local address, of the other family. */
  readonly bind6?: string | null;
  /** Address for Via and Contact where it differs from `bind` (NAT, 0.0.0.0). */
  readonly externalAddress: string | null;
  /** Addresses and ranges (`192.168.1.0/24`) that may send requests; all others are dropped without an answer. null: anybody. */
  readonly allow: readonly string[] | null;
  /** Absent: nobody is asked for a password. */
  readonly trunkUsers?: readonly SipTrunkUsers[];
  /** File in which registrations outlive a restart; absent or null: none. */
  readonly registrationsFile?: string | null;
  /** How much one address may ask, by the first entry that holds it; absent or none: 2,000 requests a second. */
  readonly rates?: readonly SourceRate[];
}

export interface SourceRate {
  readonly allow: readonly string[];
  readonly requestsPerSecond: number;
}

/** Figures of one SIP server since its start, by name: plain numbers that cross a process border. */
export type SipCounters = Readonly<Record<string, number>>;

/** A SIP server of our own that speaks the drachtio wire protocol on loopback. */
export interface EmbeddedSipServer {
  /** What a user agent connects to: `drachtio://:secret@127.0.0.1:port`. */
  readonly url: string;
  /** E.g. `udp/127.0.0.1:5060`. */
  readonly listening: readonly string[];
  counters(): SipCounters;
  /** Devices that are registered now, the newest first. */
  registrations(): readonly RegisteredContact[];
  /** Sends BYE on all dialogs, waits for their answers for at most 2 s, and closes the sockets. */
  close(): Promise<void>;
}

/** The same server as a child process that is started again when it dies. */
export interface SipServerProcess {
  /** null while it is not running; a restart gives a new one. */
  readonly url: string | null;
  readonly listening: readonly string[];
  readonly pid: number | null;
  counters(): SipCounters;
  /** Devices that are registered now, the newest first. */
  registrations(): readonly RegisteredContact[];
  onState(listener: (state: 'connected' | 'lost') => void): void;
  onLoopLag(listener: (sample: { readonly p99Ms: number; readonly maxMs: number }) => void): void;
  stop(): Promise<void>;
}
