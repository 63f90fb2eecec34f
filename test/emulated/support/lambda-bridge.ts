import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { InvocationResult } from '#local/aws/functions/protocol.ts';

/** The fields of a payload that identify a call. */
const payloadSchema = z.looseObject({ run: z.string(), batch: z.int().optional() });

export interface Invocation {
  readonly functionArn: string;
  readonly payload: z.output<typeof payloadSchema>;
}

export type Answer = (invocation: Invocation) => InvocationResult | Promise<InvocationResult>;

/** Answers the Invoke calls of Lambda in this process. */
export interface LambdaBridge {
  readonly port: number;
  /** Sets the function that answers the calls of one run. */
  answer(run: string, answer: Answer): void;
  close(): Promise<void>;
}

/** Starts the endpoint of moto's own calls to AWS. It supports only Invoke. */
export const startLambdaBridge = async (): Promise<LambdaBridge> => {
  const answers = new Map<string, Answer>();

  const invoke = async (request: IncomingMessage): Promise<InvocationResult> => {
    const [, functionArn] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    if (functionArn === undefined) throw new Error(`The bridge has no answer to ${request.url}.`);
    const payload = payloadSchema.parse(JSON.parse(await text(request)));
    const answer = answers.get(payload.run);
    if (answer === undefined) throw new Error(`The run ${payload.run} has no answers.`);
    return answer({ functionArn: decodeURIComponent(functionArn), payload });
  };

  const server = createServer((request, response) => {
    invoke(request).then(
      (result) => {
        if (!result.ok) response.setHeader('x-amz-function-error', 'Unhandled');
        response.end(result.ok ? result.payload : JSON.stringify(result.failure));
      },
      // A dropped connection is never mistaken for a failure of the function.
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The bridge has no port.');

  return {
    port: address.port,
    answer: (run, answer) => void answers.set(run, answer),
    async close() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
};
