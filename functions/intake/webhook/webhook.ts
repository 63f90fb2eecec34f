import type { RelayConfig } from '#shared/config/schema.ts';
import { asRelayError, type RelayError } from '#shared/errors.ts';
import type { TicketChanged } from '#shared/messages/ticket-changed.ts';
import type { Rejection, Verdict } from '#shared/webhooks/scheme.ts';
import { schemeOf } from '#shared/webhooks/schemes.ts';
import type { WebhookAnswer, WebhookRequest } from '#shared/workflows/tickets.ts';
import { createKeys, type KeysDependencies } from './keys.ts';

export interface WebhookDependencies {
  readonly webhooks: RelayConfig['webhooks'];
  readonly readKeys: KeysDependencies['read'];
  /** Sends a message to the queue of tickets. Raises if it does not accept it. */
  readonly send: (message: TicketChanged) => Promise<void>;
  /** Counts an answer. `too-long`: a verified request whose body is too long, so the state of a ticket is lost. */
  readonly measure: (route: string, rejection: Rejection | 'too-long' | 'failed' | undefined) => Promise<void>;
  /** Called if a request could not be verified or queued, so that its sender has to repeat it. */
  readonly onFailure: (route: string, error: RelayError) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const KIB = 1024;

/** Answers without a body: a forger learns nothing from them. */
const ACCEPTED = { statusCode: 202 } as const;
const REJECTED = { statusCode: 401 } as const;
const TOO_LONG = { statusCode: 413 } as const;
const TRY_AGAIN = { statusCode: 503 } as const;
const NO_ROUTE = { statusCode: 404 } as const;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a body; undefined if it is not UTF-8, so that it cannot be JSON either. */
const textOf = (body: Uint8Array): string | undefined => {
  try {
    return decoder.decode(body);
  } catch {
    return undefined;
  }
};

/**
 * Verifies a request over its raw bytes before anything is parsed, and queues it. Answers 202 only once the queue has
 * it. Keys that cannot be read, and a queue that does not answer, are 503: a sender repeats that, and not 401.
 */
export const createWebhook = (dependencies: WebhookDependencies) => {
  const { webhooks, readKeys, send, measure, onFailure, now } = dependencies;
  const keysOf = createKeys({ read: readKeys, now });

  const verify = async (
    { signature }: RelayConfig['webhooks'][string],
    received: Parameters<ReturnType<typeof schemeOf>['verify']>[0],
  ): Promise<Verdict> => {
    const scheme = schemeOf(signature);
    const live = await keysOf(signature.keys, scheme);
    const verdict = scheme.verify(received, live.keys, now());
    if (verdict.verified || verdict.rejection !== 'mismatch' || !live.mayBeOld) return verdict;
    const { keys } = await keysOf(signature.keys, scheme, { isRetry: true });
    return scheme.verify(received, keys, now());
  };

  return async ({ routeKey, headers, body = '', isBase64Encoded }: WebhookRequest): Promise<WebhookAnswer> => {
    const route = /^POST \/([a-z][a-z0-9-]*)$/.exec(routeKey)?.[1] ?? '';
    const webhook = Object.hasOwn(webhooks, route) ? webhooks[route] : undefined;
    if (webhook === undefined) return NO_ROUTE;
    const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
    try {
      const verdict = await verify(webhook, { headers, body: bytes });
      if (verdict.verified && bytes.length > webhook.maxBodyKib * KIB) {
        await measure(route, 'too-long');
        return TOO_LONG;
      }
      const text = verdict.verified ? textOf(bytes) : undefined;
      if (!verdict.verified || text === undefined) {
        await measure(route, verdict.verified ? 'malformed' : verdict.rejection);
        return REJECTED;
      }
      const { signedAt } = verdict;
      await send({
        route,
        receivedAt: new Date(now()).toISOString(),
        ...(signedAt !== undefined && { signedAt: new Date(signedAt).toISOString() }),
        body: text,
      });
      await measure(route, undefined);
      return ACCEPTED;
    } catch (thrown) {
      onFailure(route, asRelayError(thrown, 'Handling a webhook'));
      await measure(route, 'failed');
      return TRY_AGAIN;
    }
  };
};
