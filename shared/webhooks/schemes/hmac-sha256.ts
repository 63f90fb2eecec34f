import type { Secret } from '#shared/secret.ts';
import { rejected, type Scheme, verified } from '#shared/webhooks/scheme.ts';
import { fromBase64, fromHex, isFresh, isSignedBy, MAX_SIGNATURES } from '#shared/webhooks/schemes/signature.ts';

/** Schemes whose key is a text of the operator's choice. Source: tickets-and-rotation.md 1. */

const MIN_KEY_CHARACTERS = 16;

const keyProblem = (key: Secret): string | undefined =>
  key.reveal().length < MIN_KEY_CHARACTERS ? `use at least ${MIN_KEY_CHARACTERS} random characters` : undefined;

/**
 * `sha256=` and the hex of the HMAC over the body, in one header. Jira, GitHub and many others. Jira reserves other
 * methods than sha256 for later; they are refused.
 */
export const bodyHmac = (header: string): Scheme => ({
  keyProblem,
  verify({ headers, body }, keys) {
    const text = headers[header];
    if (text === undefined) return rejected('missing');
    const signature = text.startsWith('sha256=') ? fromHex(text.slice('sha256='.length)) : undefined;
    if (signature === undefined) return rejected('malformed');
    return keys.some((key) => isSignedBy(key.reveal(), [body], [signature])) ? verified() : rejected('mismatch');
  },
});

/** PagerDuty: a list of `v1=` and the hex of the HMAC over the body, one for each live key. */
export const pagerDuty: Scheme = {
  keyProblem,
  verify({ headers, body }, keys) {
    const text = headers['x-pagerduty-signature'];
    if (text === undefined) return rejected('missing');
    const all = text.split(',').map((one) => one.trim());
    const signatures = all.flatMap((one) => (one.startsWith('v1=') ? (fromHex(one.slice('v1='.length)) ?? []) : []));
    if (signatures.length === 0 || all.length > MAX_SIGNATURES) return rejected('malformed');
    return keys.some((key) => isSignedBy(key.reveal(), [body], signatures)) ? verified() : rejected('mismatch');
  },
};

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$/;

/** Zendesk: the base64 of the HMAC over the timestamp of the attempt and the body. */
export const zendesk: Scheme = {
  keyProblem,
  verify({ headers, body }, keys, now) {
    const text = headers['x-zendesk-webhook-signature'];
    const timestamp = headers['x-zendesk-webhook-signature-timestamp'];
    if (text === undefined || timestamp === undefined) return rejected('missing');
    const signature = fromBase64(text);
    const signedAt = INSTANT.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
    if (signature === undefined || Number.isNaN(signedAt)) return rejected('malformed');
    if (!keys.some((key) => isSignedBy(key.reveal(), [timestamp, body], [signature]))) return rejected('mismatch');
    return isFresh(signedAt, now) ? verified(signedAt) : rejected('expired');
  },
};
