import { NodeHttpHandler } from '@smithy/node-http-handler';

/** More than the slowest call of ours takes, and short enough for a function to see several end before its own time. */
const ANSWER_MS = 20_000;

/** The SDK waits for an answer without an end, and a connection that a NAT has forgotten gives none. */
class ImpatientHandler extends NodeHttpHandler {
  override handle(...[request, options]: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    return super.handle(request, { ...options, abortSignal: AbortSignal.timeout(ANSWER_MS) });
  }
}

/** What every AWS client is made with. Each attempt of a call ends within 20 s, its answer included. */
export const awsClientConfig = () => ({ requestHandler: new ImpatientHandler() });
