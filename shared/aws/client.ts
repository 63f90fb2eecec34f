import { Agent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** More than the slowest call of ours takes, and short enough for a function to see several end before its own time. */
const ANSWER_MS = 20_000;

/**
 * A connection that did not answer for so long is not used again. No timer of the process sees the time for which a function is
 * frozen, and what AWS has closed meanwhile, or a NAT has forgotten, costs the next call an attempt, or all of its time.
 */
const MAX_SILENCE_MS = 60_000;

/** As the SDK makes its own agents. */
const KEPT_OPEN: AgentOptions = { keepAlive: true, maxSockets: 50 };

type Clock = () => number;

/** The SDK waits for an answer without an end, and a connection that a NAT has forgotten gives none. */
class ImpatientHandler extends NodeHttpHandler {
  readonly #agents: readonly Agent[];
  readonly #now: Clock;
  /** When a connection gave its last answer, by the wall clock. */
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

  /** Node tells an agent of each connection whose answer is complete, and asks whether to keep it. */
  #watch(agent: Agent): void {
    const keepSocketAlive = agent.keepSocketAlive.bind(agent);
    agent.keepSocketAlive = (socket) => {
      this.#answeredAtMs.set(socket, this.#now());
      return keepSocketAlive(socket);
    };
  }

  /** Only those that wait for a call: one that is in use may answer yet. */
  #dropSilent(): void {
    const waiting = this.#agents.flatMap(({ freeSockets }) => Object.values(freeSockets)).flatMap((some) => some ?? []);
    for (const socket of waiting) {
      const silenceMs = this.#now() - (this.#answeredAtMs.get(socket) ?? Number.NEGATIVE_INFINITY);
      // A clock that was set back tells nothing of how long it was.
      if (silenceMs < 0 || silenceMs >= MAX_SILENCE_MS) socket.destroy();
    }
  }
}

/**
 * What every AWS client is made with. Each attempt of a call ends within 20 s, its answer included, and begins on a connection that
 * has answered within the last minute, or on a new one. `now` is the wall clock, epoch milliseconds.
 */
export const awsClientConfig = (now: Clock = Date.now) => ({ requestHandler: new ImpatientHandler(now) });
