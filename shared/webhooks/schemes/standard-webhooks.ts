import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Secret } from '#shared/secret.ts';
import { type Received, rejected, type Scheme, type Verdict, verified } from '#shared/webhooks/scheme.ts';
import { fromBase64, isFresh, isSignedBy, MAX_SIGNATURES } from '#shared/webhooks/schemes/signature.ts';

/**
 * Standard Webhooks 1.0.0: `v1` (HMAC-SHA256) and `v1a` (ed25519) over `id.timestamp.body`. Source: the specification,
 * "Signature scheme", and tickets-and-rotation.md 1.1.
 */

const SHARED_PREFIX = 'whsec_';
const PUBLIC_PREFIX = 'whpk_';
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** Header of an ed25519 public key in DER. Source: RFC 8410, sections 4 and 10.1. */
const DER_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** The fullstop separates the signed parts, so an id that contains one could shift text between them. */
const ID = /^[^.\s]{1,256}$/;
const TIMESTAMP = /^\d{1,12}$/;

type Key = { readonly kind: 'shared'; readonly bytes: Buffer } | { readonly kind: 'public'; readonly key: KeyObject };

const decode = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : undefined;
};

const parseKey = (key: Secret): Key | undefined => {
  const text = key.reveal();
  if (text.startsWith(SHARED_PREFIX)) {
    const bytes = decode(text.slice(SHARED_PREFIX.length));
    const isUsable = bytes !== undefined && bytes.length >= MIN_KEY_BYTES && bytes.length <= MAX_KEY_BYTES;
    return isUsable ? { kind: 'shared', bytes } : undefined;
  }
  if (!text.startsWith(PUBLIC_PREFIX)) return undefined;
  const bytes = decode(text.slice(PUBLIC_PREFIX.length));
  if (bytes?.length !== PUBLIC_KEY_BYTES) return undefined;
  return {
    kind: 'public',
    key: createPublicKey({ key: Buffer.concat([DER_HEADER, bytes]), format: 'der', type: 'spki' }),
  };
};

interface Signatures {
  readonly v1: readonly Buffer[];
  readonly v1a: readonly Buffer[];
}

/** Skips signatures of unknown versions, as the specification demands. */
const parseSignatures = (header: string): Signatures | undefined => {
  const all = header.split(' ').filter((one) => one !== '');
  if (all.length === 0 || all.length > MAX_SIGNATURES) return undefined;
  const pairs = all.map((one) => one.split(','));
  // Two headers that API Gateway joined by a comma.
  if (pairs.some(({ length }) => length !== 2)) return undefined;
  const of = (wanted: string): Buffer[] =>
    pairs.flatMap(([version, text = '']) => (version === wanted ? (fromBase64(text) ?? []) : []));
  return { v1: of('v1'), v1a: of('v1a') };
};

const isSigned = (key: Key, content: readonly (string | Uint8Array)[], { v1, v1a }: Signatures): boolean => {
  if (key.kind === 'shared') return isSignedBy(key.bytes, content, v1);
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  return v1a.some((signature) => signature.length === SIGNATURE_BYTES && verify(null, bytes, key.key, signature));
};

export const standardWebhooks: Scheme = {
  keyProblem: (key) =>
    parseKey(key) === undefined
      ? `use ${SHARED_PREFIX} and the base64 of ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} random bytes, or ${PUBLIC_PREFIX} and the base64 of an ed25519 public key`
      : undefined,
  verify({ headers, body }: Received, keys, now): Verdict {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': header } = headers;
    if (id === undefined || timestamp === undefined || header === undefined) return rejected('missing');
    const signatures = parseSignatures(header);
    if (!ID.test(id) || !TIMESTAMP.test(timestamp) || signatures === undefined) return rejected('malformed');
    const signedAt = Number(timestamp) * 1000;
    const content = [`${id}.${timestamp}.`, body];
    const usable = keys.map(parseKey).filter((key) => key !== undefined);
    if (!usable.some((key) => isSigned(key, content, signatures))) return rejected('mismatch');
    // After the signature, so that a reason never helps a forger.
    return isFresh(signedAt, now) ? verified(signedAt) : rejected('expired');
  },
};
