import { SpeakerpostError } from '../runtime/errors.ts';
import type { CallReport } from './call-report.ts';
import type { CallVoice, SayingKind } from './contract.ts';

export interface AgentVoiceOptions {
  readonly callId: string;
  readonly report: CallReport;
  readonly isTalking: () => boolean;
  readonly sinceAckMs: () => number;
  /** Hands the words to the lane; resolves when the last one has come from the model. */
  readonly say: (text: string) => Promise<void>;
}

/** The gateway's words in the agent's voice; all of them, and whether they were said, stand in the call's log. */
export class AgentVoice implements CallVoice {
  readonly #options: AgentVoiceOptions;

  constructor(options: AgentVoiceOptions) {
    this.#options = options;
  }

  async say(text: string, kind: SayingKind): Promise<void> {
    const { callId, report, isTalking, sinceAckMs, say } = this.#options;
    if (!isTalking()) throw new SpeakerpostError('CALL_NOT_TALKING', { callId });
    report.line(sinceAckMs(), kind, text);
    try {
      await say(text);
    } catch (error) {
      // A guest who drives off, or a lane that is lost, ends the words too: the log has that already.
      if (isTalking()) report.trouble(sinceAckMs(), `${kind}_failed`, error);
      throw error;
    }
  }
}
