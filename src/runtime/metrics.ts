import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The gateway's metrics, all in main: other threads and processes report figures, main keeps them. Each help text says what an
 * operator should do. Buckets lie around the 20 ms packet and the 80 ms frame.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    calls: new Counter({
      name: 'speakerpost_calls_total',
      help: 'Calls by outcome. A rising share of "failed" means guests heard the apology: look at the alerts on the page.',
      labelNames: ['lane', 'outcome'],
      registers,
    }),
    callsRefused: new Counter({
      name: 'speakerpost_calls_refused_total',
      help: 'INVITEs refused, by SIP status. 486: add lanes. 488: set the intercom to PCMU or PCMA. 404 and 403: check lanes and trunks.',
      labelNames: ['status'],
      registers,
    }),
    callsLive: new Gauge({
      name: 'speakerpost_calls_live',
      help: 'Calls that are up. Near engine.lanes, new cars get a busy tone: add lanes.',
      registers,
    }),
    answerSeconds: new Histogram({
      name: 'speakerpost_answer_seconds',
      help: 'INVITE to 200. Over 0.05: the machine is short of CPU; free a core.',
      buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
      registers,
    }),
    firstFrameSeconds: new Histogram({
      name: 'speakerpost_first_frame_seconds',
      help: "ACK to the model's first frame sent. Over 0.3: the engine is overloaded; lower engine.lanes or add cores.",
      buckets: [0.02, 0.04, 0.08, 0.16, 0.3, 0.6, 1.2],
      registers,
    }),
    frameMs: new Gauge({
      name: 'speakerpost_frame_ms',
      help: "A frame's way through the engine, last call second, by quantile. p99 above 80 means stutter: lower engine.lanes.",
      labelNames: ['lane', 'quantile'],
      registers,
    }),
    engineMs: new Gauge({
      name: 'speakerpost_engine_ms',
      help: 'In an engine process over the last second, by stage: wait (ready to started), run, total (ready to done), open (a lane). total p99 near 80: lower engine.lanes.',
      labelNames: ['engine', 'stage', 'quantile'],
      registers,
    }),
    engineMemory: new Gauge({
      name: 'speakerpost_engine_memory_bytes',
      help: 'Memory of an engine process on the host, and in use on its card by all. It must not grow while calls come and go: report it if it does.',
      labelNames: ['engine', 'where'],
      registers,
    }),
    deadlineMisses: new Counter({
      name: 'speakerpost_deadline_misses_total',
      help: 'Frames answered more than 80 ms after they came, by lane of the model. Any steady rise: lower engine.lanes or add cores.',
      labelNames: ['lane'],
      registers,
    }),
    underruns: new Counter({
      name: 'speakerpost_underruns_total',
      help: "20 ms packets of filler sent because the model's frame was late. Any steady rise: free a core for the media thread.",
      labelNames: ['lane'],
      registers,
    }),
    packetsLost: new Counter({
      name: 'speakerpost_rtp_lost_total',
      help: "RTP packets from intercoms that never came. Above 1 %: check the store's network.",
      labelNames: ['lane'],
      registers,
    }),
    laneFailures: new Counter({
      name: 'speakerpost_lane_failures_total',
      help: 'Calls whose model failed, by error code. Each guest was sent to the window: read docs/errors.md for the code.',
      labelNames: ['code'],
      registers,
    }),
    tickets: new Counter({
      name: 'speakerpost_tickets_total',
      help: 'Tickets committed, by whether they need review. Many reviews: listen to those calls, then mend menu or persona.',
      labelNames: ['review'],
      registers,
    }),
    deliverySteps: new Counter({
      name: 'speakerpost_delivery_steps_total',
      help: 'Delivery steps. "attention" and "dead": the POS did not take an order; print it and check the POS.',
      labelNames: ['what'],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'speakerpost_delivery_seconds',
      help: 'Commit to the acknowledgement of the POS. Over 0.5: the POS or the queue is slow.',
      buckets: [0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 5, 20, 60],
      registers,
    }),
    alerts: new Counter({
      name: 'speakerpost_alerts_total',
      help: 'Alerts raised, by error code. docs/errors.md says what to do about each.',
      labelNames: ['code'],
      registers,
    }),
    loopLagMs: new Gauge({
      name: 'speakerpost_loop_lag_ms',
      help: 'Event-loop lag over the last 5 s (engine: 1 s) by thread and quantile. Above 20 in "media": free a core; in "main": a page is too slow.',
      labelNames: ['thread', 'quantile'],
      registers,
    }),
    sip: new Gauge({
      name: 'speakerpost_sip',
      help: 'Counters of the embedded SIP server by name. Rising "dropped": somebody scans the port, or a trunk is missing.',
      labelNames: ['counter'],
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
