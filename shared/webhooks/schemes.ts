import type { RelayConfig } from '#shared/config/schema.ts';
import type { Scheme } from '#shared/webhooks/scheme.ts';
import { bodyHmac, pagerDuty, zendesk } from '#shared/webhooks/schemes/hmac-sha256.ts';
import { basic, sharedHeader } from '#shared/webhooks/schemes/shared-value.ts';
import { standardWebhooks } from '#shared/webhooks/schemes/standard-webhooks.ts';

type Signature = RelayConfig['webhooks'][string]['signature'];

/** Scheme of a sender. Pure. */
export const schemeOf = (signature: Signature): Scheme => {
  switch (signature.type) {
    case 'standard-webhooks':
      return standardWebhooks;
    case 'hmac-sha256':
      return bodyHmac(signature.header);
    case 'pagerduty':
      return pagerDuty;
    case 'zendesk':
      return zendesk;
    case 'header':
      return sharedHeader(signature.header);
    case 'basic':
      return basic;
  }
};

/** True if the sender signs anything. Without it, only a client certificate tells the sender from a listener. Pure. */
export const signsBody = ({ type }: Pick<Signature, 'type'>): boolean => type !== 'header' && type !== 'basic';

/** True if the signature covers the time of the attempt. Pure. */
export const signsTime = ({ type }: Pick<Signature, 'type'>): boolean =>
  type === 'standard-webhooks' || type === 'zendesk';
