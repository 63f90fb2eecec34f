import { SSMClient } from '@aws-sdk/client-ssm';
import { answerRequest } from '#local/aws/json-protocol.ts';
import type { ParameterStore } from '#local/aws/ssm/server.ts';

export interface InProcessOptions {
  readonly caller?: string | undefined;
  /** Awaited before each call, so that a test can delay it or change the store. */
  readonly gate?: ((action: string) => Promise<void> | void) | undefined;
  /** Makes each call, or breaks it before or after its effect. */
  readonly around?: (<Answer>(send: () => Promise<Answer>) => Promise<Answer>) | undefined;
  /** Changes every value on its way to the server. */
  readonly garbles?: boolean | undefined;
  /** As in the SDK. Default: 1. */
  readonly maxAttempts?: number | undefined;
}

/** Connects the SDK's client to a local Parameter Store without a socket. */
export const connectInProcess = (
  store: ParameterStore,
  { caller = 'relay', gate, around, garbles, maxAttempts = 1 }: InProcessOptions = {},
): SSMClient =>
  new SSMClient({
    endpoint: 'http://127.0.0.1',
    region: 'eu-central-1',
    credentials: { accessKeyId: caller, secretAccessKey: 'unused' },
    maxAttempts,
    requestHandler: {
      handle: async (request: { method: string; headers: Record<string, string>; body: Uint8Array }) => {
        const { method, headers } = request;
        await gate?.(String(headers['x-amz-target']).replace('AmazonSSM.', ''));
        const asked = new TextDecoder().decode(request.body);
        const body = garbles === true ? asked.replace('"Value":"', '$&x') : asked;
        const send = async () => answerRequest('AmazonSSM', store.handle, { method, headers, body });
        const answer = await (around?.(send) ?? send());
        return { response: { statusCode: answer.status, headers: answer.headers, body: Buffer.from(answer.body) } };
      },
    },
  });
