import { Agent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Longer than our slowest call, and short enough for several attempts within the time limit of a function. */
const ANSWER_MS = 20_000;

/**
 * A connection that has been silent for this long is not used again, because timers do not run while a function is
 * frozen. If AWS closed the connection in that time, the next call loses one attempt; if a NAT dropped it, the attempt
 * lasts until its time limit.
 */
const MAX_SILENCE_MS = 60_000;

/** Same options as for the agents that the SDK creates itself. */
const KEPT_OPEN: AgentOptions = { keepAlive: true, maxSockets: 50 };

type Clock = () => number;

/** Limits the time of each attempt. The SDK sets no limit, and a connection that a NAT dropped never answers. */
class TimeLimitedHandler extends NodeHttpHandler {
  readonly #agents: readonly Agent[];
  readonly #now: Clock;
  /** Time of the last answer on each connection, by the wall clock. */
  readonly #answeredAtMs = new WeakMap<object, number>();

  constructor(now: Clock) {
    const agents = { httpAgent: new Agent(KEPT_OPEN), httpsAgent: new HttpsAgent(KEPT_OPEN) };
    super(agents);
    this.#now = now;
    this.#agents = Object.values(agents);
    for (const agent of this.#agents) this.#watch(agent);
  }

  override handle(...[request, options]: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    this.#dropSilent();
    return super.handle(request, { ...options, abortSignal: AbortSignal.timeout(ANSWER_MS) });
  }

  /** Node calls `keepSocketAlive` for each connection whose answer is complete. */
  #watch(agent: Agent): void {
    const keepSocketAlive = agent.keepSocketAlive.bind(agent);
    agent.keepSocketAlive = (socket) => {
      this.#answeredAtMs.set(socket, this.#now());
      return keepSocketAlive(socket);
    };
  }

  /** Drops idle connections only. A connection in use can still answer. */
  #dropSilent(): void {
    const idle = this.#agents.flatMap(({ freeSockets }) => Object.values(freeSockets)).flatMap((some) => some ?? []);
    for (const socket of idle) {
      const silenceMs = this.#now() - (this.#answeredAtMs.get(socket) ?? Number.NEGATIVE_INFINITY);
      // If the clock was set back, the real silence is unknown.
      if (silenceMs < 0 || silenceMs >= MAX_SILENCE_MS) socket.destroy();
    }
  }
}

/**
 * Configuration of every AWS client. Each attempt of a call ends within 20 s, including its answer, and uses a new
 * connection or one that answered within the last minute. `now` is the wall clock in epoch milliseconds.
 */
export const awsClientConfig = (now: Clock = Date.now) => ({ requestHandler: new TimeLimitedHandler(now) });
